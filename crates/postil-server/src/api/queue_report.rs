//! What was done in an annotation queue: at one glance, and every answer as a file.

use std::io;

use axum::Json;
use axum::body::{Body as HttpBody, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use postil::clock::rfc3339;
use postil::project::{Caller, people};
use postil::queue::review::{self, Answers, AnswersPage};
use postil::{Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::annotation_shapes::{AnnotationValue, Names};
use super::caller::{By, READ};
use super::error::{ApiResult, ErrorBody};
use super::params::Params;
use super::queue_review_shapes::seconds;
use super::queue_shapes::QueuePerson;
use crate::state::App;

/// Parts of a file that wait for a client that reads slowly.
const WAITING: usize = 2;

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
        let trouble = |one: review::Trouble| QueueTrouble {
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
    let reading = app.db.read(move |tx| {
        let summary = review::summary(tx, &caller, &id)?;
        let ids: Vec<&str> = summary.reviewers.iter().map(|work| work.reviewer.as_str()).collect();
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

const COLUMNS: [&str; 12] = [
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
];

/// Read every answer of a queue as a file
///
/// One row per answer: item, trace, span, human review, value, author, comment, version of the definition, seconds and
/// time. Of a blind queue the answers the caller may know.
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
    let first = part(&app, &caller, &id, String::new()).await?;
    let (sender, receiver) = mpsc::channel(WAITING);
    let name =
        format!("attachment; filename=\"answers.{}\"", if matches!(format, Format::Csv) { "csv" } else { "jsonl" });
    tokio::spawn(send(app, caller, id, first, format, sender));
    let mut response = HttpBody::from_stream(ReceiverStream::new(receiver)).into_response();
    let kind = match format {
        Format::Csv => "text/csv; charset=utf-8",
        Format::JsonLines => "application/jsonl; charset=utf-8",
    };
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().insert(header::CONTENT_DISPOSITION, HeaderValue::try_from(name).map_err(Error::internal)?);
    Ok(response)
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

/// Writes the file part by part, as fast as it is read.
async fn send(
    app: App,
    caller: Caller,
    id: String,
    first: (AnswersPage, Names),
    format: Format,
    sender: mpsc::Sender<io::Result<Bytes>>,
) {
    let mut text = match format {
        Format::Csv => format!("{}\r\n", COLUMNS.join(",")),
        Format::JsonLines => String::new(),
    };
    let (mut page, mut names) = first;
    loop {
        for one in &page.data {
            write(&mut text, one, &names, format);
        }
        if sender.send(Ok(Bytes::from(std::mem::take(&mut text)))).await.is_err() {
            return;
        }
        let Some(next) = page.next.take() else { return };
        match part(&app, &caller, &id, next).await {
            Ok(read) => (page, names) = read,
            Err(error) => {
                // A file that breaks off is seen to be broken.
                drop(sender.send(Err(io::Error::other(error.to_string()))).await);
                return;
            }
        }
    }
}

fn write(text: &mut String, one: &Answers, names: &Names, format: Format) {
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
        });
        match format {
            Format::JsonLines => text.push_str(&line.to_string()),
            Format::Csv => {
                let cells: Vec<String> = COLUMNS.iter().map(|column| cell(&line[column])).collect();
                text.push_str(&cells.join(","));
                text.push('\r');
            }
        }
        text.push('\n');
    }
}

/// A value as a cell. Text that a spreadsheet would take for a formula gets an apostrophe in front.
fn cell(value: &Value) -> String {
    let Value::String(text) = value else {
        let plain = value.to_string();
        return if plain.contains(['"', ',']) { quoted(&plain) } else { plain };
    };
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']) && text.parse::<f64>().is_err();
    let text = if is_formula { format!("'{text}") } else { text.clone() };
    if text.contains(['"', ',', '\n', '\r']) { quoted(&text) } else { text }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_no_formula_is_left() {
        for (value, expected) in [
            (json!("good"), "good"),
            (json!("a \"b\", c"), "\"a \"\"b\"\", c\""),
            (json!("two\nlines"), "\"two\nlines\""),
            (json!("=1+1"), "'=1+1"),
            (json!("-5"), "-5"),
            (json!(3.5), "3.5"),
            (json!(true), "true"),
            (json!(["x", "y"]), "\"[\"\"x\"\",\"\"y\"\"]\""),
        ] {
            assert_eq!(cell(&value), expected);
        }
    }
}
