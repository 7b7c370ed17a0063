//! What was done in an annotation queue: at one glance, and every answer as a file.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use postil::clock::rfc3339;
use postil::project::{Caller, people};
use postil::queue::review::{self, AnswersPage};
use postil::{Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::annotation_shapes::{AnnotationValue, Names};
use super::caller::{By, READ};
use super::download::download;
use super::error::{ApiResult, ErrorBody};
use super::params::Params;
use super::queue_review_shapes::seconds;
use super::queue_shapes::QueuePerson;
use crate::state::App;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(summary)).routes(routes!(answers))
}

/// What was submitted on one day.
#[derive(Serialize, ToSchema)]
struct QueueDay {
    /// In UTC.
    #[schema(example = "2026-11-21")]
    day: String,
    submitted: i64,
}

/// What one reviewer did.
#[derive(Serialize, ToSchema)]
struct QueueReviewerWork {
    reviewer: QueuePerson,
    submitted: i64,
    skipped: i64,
    declined: i64,
    /// Seconds with an item on the screen, in the middle.
    #[serde(skip_serializing_if = "Option::is_none")]
    median_seconds: Option<f64>,
}

/// How often one value was given.
#[derive(Serialize, ToSchema)]
struct QueueBar {
    #[schema(value_type = AnnotationValue)]
    value: Value,
    count: i64,
}

/// The answers to one human review.
#[derive(Serialize, ToSchema)]
struct QueueBars {
    key: String,
    display_name: String,
    /// The type; none when it is not asked any more.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    /// Answers.
    total: i64,
    /// The most frequent first, up to 50; every chosen option counts by itself, free text not at all.
    values: Vec<QueueBar>,
}

/// An item that somebody should look at.
#[derive(Serialize, ToSchema)]
struct QueueTrouble {
    item_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// How many declined it.
    declines: i64,
    /// How many flagged it.
    flags: i64,
    /// How often its lease lapsed.
    lapses: i64,
    /// What went in, shortened.
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<String>,
    /// What reviewers wrote of it to whoever manages the queue.
    remarks: Vec<QueueRemark>,
}

/// What a reviewer wrote to whoever manages the queue.
#[derive(Serialize, ToSchema)]
struct QueueRemark {
    reviewer: QueuePerson,
    flagged: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    /// Why they declined the item.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// A queue at one glance.
#[derive(Serialize, ToSchema)]
struct QueueSummary {
    /// The days on which something was submitted, in order.
    days: Vec<QueueDay>,
    /// The busiest first.
    reviewers: Vec<QueueReviewerWork>,
    /// Seconds with an item on the screen, in the middle.
    #[serde(skip_serializing_if = "Option::is_none")]
    median_seconds: Option<f64>,
    /// The answers so far; of a blind queue those the caller may know.
    answers: Vec<QueueBars>,
    /// Items that were declined or flagged, or whose lease lapsed more than once; the worst first, up to 100.
    trouble: Vec<QueueTrouble>,
}

impl QueueSummary {
    fn new(summary: review::Summary, names: &Names) -> QueueSummary {
        let work = |work: review::ReviewerWork| QueueReviewerWork {
            reviewer: QueuePerson::named(&work.reviewer, names),
            submitted: work.submitted,
            skipped: work.skipped,
            declined: work.declined,
            median_seconds: work.median_ms.map(seconds),
        };
        let bar = |bar: review::Bar| QueueBar { value: bar.value, count: bar.count };
        let bars = |bars: review::ReviewBars| QueueBars {
            key: bars.key,
            display_name: bars.display_name,
            kind: bars.kind,
            total: bars.total,
            values: bars.values.into_iter().map(bar).collect(),
        };
        let remark = |one: review::Remark| QueueRemark {
            reviewer: QueuePerson::named(&one.reviewer, names),
            flagged: one.flagged,
            note: one.note,
            reason: one.reason,
        };
        let trouble = |one: review::Trouble| QueueTrouble {
            input: one.input,
            remarks: one.remarks.into_iter().map(remark).collect(),
            item_id: one.item_id,
            name: one.name,
            declines: one.declines,
            flags: one.flags,
            lapses: one.lapses,
        };
        QueueSummary {
            days: summary.days.into_iter().map(|day| QueueDay { day: day.day, submitted: day.submitted }).collect(),
            reviewers: summary.reviewers.into_iter().map(work).collect(),
            median_seconds: summary.median_ms.map(seconds),
            answers: summary.answers.into_iter().map(bars).collect(),
            trouble: summary.trouble.into_iter().map(trouble).collect(),
        }
    }
}

/// Sum a queue up
///
/// Throughput by day, the work of each reviewer, the answers so far, and the items that somebody should look at.
#[utoipa::path(get, path = "/v3/queues/{queue_id}/summary", tag = "queues", params(("queue_id" = String, Path)),
    responses((status = 200, body = QueueSummary), (status = "4XX", body = ErrorBody)))]
async fn summary(
    State(app): State<App>,
    By(caller): By<READ>,
    Path(id): Path<String>,
) -> ApiResult<Json<QueueSummary>> {
    let reading = app.db.scan(move |tx| {
        let summary = review::summary(tx, &caller, &id)?;
        let remarks = summary.trouble.iter().flat_map(|one| &one.remarks).map(|remark| remark.reviewer.as_str());
        let ids: Vec<&str> = summary.reviewers.iter().map(|work| work.reviewer.as_str()).chain(remarks).collect();
        let names = people::names(tx, &caller, &ids)?;
        Ok(QueueSummary::new(summary, &names))
    });
    Ok(Json(reading.await?))
}

/// In which form.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct AnswersQuery {
    /// `csv` or `jsonl`; `jsonl` unless given.
    format: Option<String>,
}

/// How a file is written.
#[derive(Clone, Copy)]
enum Format {
    Csv,
    JsonLines,
}

const COLUMNS: [&str; 16] = [
    "item_id",
    "trace_id",
    "span_id",
    "key",
    "value",
    "explanation",
    "reviewer_id",
    "reviewer",
    "definition_version",
    "seconds",
    "submitted_at",
    "annotation_id",
    "note",
    "flagged",
    "input",
    "output",
];

/// Read every answer of a queue as a file
///
/// One row per answer: item, trace, span, human review, value, author, comment, version of the definition, seconds,
/// time, the note to whoever manages the queue, and the beginning of what was asked and answered. Of a blind queue the answers the caller may know.
#[utoipa::path(get, path = "/v3/queues/{queue_id}/answers", tag = "queues", params(("queue_id" = String, Path), AnswersQuery),
    responses((status = 200, description = "The rows.", body = String, content_type = "text/csv"),
        (status = "4XX", body = ErrorBody)))]
async fn answers(
    State(app): State<App>,
    By(caller): By<READ>,
    Path(id): Path<String>,
    Params(query): Params<AnswersQuery>,
) -> ApiResult<Response> {
    let format = match query.format.as_deref() {
        Some("csv") => Format::Csv,
        None | Some("jsonl") => Format::JsonLines,
        Some(_) => return Err(Error::field("invalid_value", "format", "format must be csv or jsonl.").into()),
    };
    // What is wrong is said before the file begins.
    let first = Part { read: part(&app, &caller, &id, String::new()).await?, begun: false };
    let (kind, name) = match format {
        Format::Csv => ("text/csv; charset=utf-8", "answers.csv"),
        Format::JsonLines => ("application/x-ndjson", "answers.jsonl"),
    };
    let reading = app.clone();
    Ok(download(&app, name, kind, first, move |at| {
        let (app, caller, id) = (reading.clone(), caller.clone(), id.clone());
        async move {
            let bytes = lines(&at, format)?;
            let Some(next) = at.read.0.next else { return Ok((bytes, None)) };
            let rest = Part { read: part(&app, &caller, &id, next).await?, begun: true };
            Ok((bytes, Some(rest)))
        }
    }))
}

/// A part of the file that is read and not yet written.
struct Part {
    read: (AnswersPage, Names),
    /// Whether parts were written before.
    begun: bool,
}

async fn part(app: &App, caller: &Caller, id: &str, after: String) -> Result<(AnswersPage, Names)> {
    let (caller, id) = (caller.clone(), id.to_owned());
    let reading = app.db.read(move |tx| {
        let page = review::answers(tx, &caller, &id, &after)?;
        let ids: Vec<&str> = page.data.iter().map(|one| one.reviewer.as_str()).collect();
        let names = people::names(tx, &caller, &ids)?;
        Ok((page, names))
    });
    reading.await
}

fn lines(part: &Part, format: Format) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut table = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    if matches!(format, Format::Csv) && !part.begun {
        table.write_record(COLUMNS).map_err(Error::internal)?;
    }
    let (page, names) = &part.read;
    for one in &page.data {
        let reviewer = names.get(&one.reviewer).unwrap_or(&one.reviewer);
        for (at, row) in one.rows().enumerate() {
            let line = json!({
                "item_id": one.item_id,
                "trace_id": one.trace_id,
                "span_id": one.span_id.as_deref().unwrap_or(""),
                "key": row.said.key,
                "value": row.said.value,
                "explanation": row.said.explanation.as_deref().unwrap_or(""),
                "reviewer_id": one.reviewer,
                "reviewer": reviewer,
                "definition_version": row.version,
                "seconds": seconds(one.active_ms),
                "submitted_at": rfc3339(one.submitted_at),
                "annotation_id": one.given.stored.get(at).map_or("", String::as_str),
                "note": one.note.as_deref().unwrap_or(""),
                "flagged": one.flagged,
                "input": one_line(one.input.as_deref()),
                "output": one_line(one.output.as_deref()),
            });
            match format {
                Format::JsonLines => {
                    serde_json::to_writer(&mut bytes, &line).map_err(Error::internal)?;
                    bytes.push(b'\n');
                }
                Format::Csv => {
                    table.write_record(COLUMNS.iter().map(|column| cell(&line[column]))).map_err(Error::internal)?;
                }
            }
        }
    }
    bytes.extend(table.into_inner().map_err(Error::internal)?);
    Ok(bytes)
}

/// The beginning of a text, so that a row of a table stays a line.
fn one_line(text: Option<&str>) -> String {
    text.unwrap_or("").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A value as a cell. Text that a spreadsheet would take for a formula gets an apostrophe in front.
fn cell(value: &Value) -> String {
    let Value::String(text) = value else { return value.to_string() };
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']) && text.parse::<f64>().is_err();
    if is_formula { format!("'{text}") } else { text.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_formula_is_left() {
        for (value, expected) in [
            (json!("good"), "good"),
            (json!("=1+1"), "'=1+1"),
            (json!("-5"), "-5"),
            (json!(3.5), "3.5"),
            (json!(true), "true"),
            (json!(["x", "y"]), "[\"x\",\"y\"]"),
        ] {
            assert_eq!(cell(&value), expected);
        }
    }
}
