//! The SQL of what stands beside a list of traces: annotations, facets, filters.

use std::collections::HashMap;

use serde_json::{Map, Value as Json};

use super::Window;
use super::facet::{AnnotationFilter, EvaluatorFilter};
use super::store::padded;
use crate::db::Tx;
use crate::error::Result;
use crate::params;
use crate::project::Reader;
use crate::trace::filter::SqlBuilder;

/// How many evaluators are listed.
const LISTED_EVALUATORS: usize = 200;

/// An annotation as a list of traces shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct PageAnnotation {
    /// The key of the human review.
    pub key: String,
    /// The value.
    pub value: Json,
    /// Who gave it: `human`, `llm`, `code` or `automation`.
    pub annotator_kind: String,
    /// The span it was given to.
    pub span_id: String,
}

/// The current annotations of these traces, by trace.
pub fn annotations_of(
    tx: &mut Tx<'_>,
    reader: impl Into<Reader>,
    trace_ids: &[String],
) -> Result<HashMap<String, Vec<PageAnnotation>>> {
    let reader = reader.into();
    let mut by_trace: HashMap<String, Vec<PageAnnotation>> = HashMap::new();
    if trace_ids.is_empty() {
        return Ok(by_trace);
    }
    let mut sql = SqlBuilder::default();
    let project = sql.bind(reader.project);
    let list = sql.bind_list(padded(trace_ids));
    let me = reader.me().map(|me| sql.bind(me)).unwrap_or_default();
    let sees = reader.sees(&me);
    let text = format!(
        "select a.trace_id, a.key, a.value, a.annotator_kind, a.span_id from annotation a
         where a.project = {project} and a.trace_id in ({list}) and a.removed_at is null{sees}
         order by a.trace_id{{bytes_order}}, a.span_id{{bytes_order}}, a.key{{bytes_order}}, a.id{{bytes_order}}"
    );
    for row in tx.query(&text, sql.params())? {
        let annotation = PageAnnotation {
            key: row.text(1)?,
            value: row.json(2)?,
            annotator_kind: row.text(3)?,
            span_id: row.text(4)?,
        };
        by_trace.entry(row.text(0)?).or_default().push(annotation);
    }
    Ok(by_trace)
}

/// The start of the oldest of the newest `count` traces of a window; none when it has fewer.
pub(super) fn start_of_newest(tx: &mut Tx<'_>, project: i64, window: Window, count: usize) -> Result<Option<i64>> {
    let row = tx.query_opt(
        "select start_ns from trace where project = $1 and start_ns >= $2 and start_ns < $3
         order by start_ns desc limit 1 offset $4",
        params![project, window.from_ns, window.to_ns, count - 1],
    )?;
    row.map(|row| row.int(0)).transpose()
}

/// The metadata of the newest traces.
pub(super) fn newest_metadata(tx: &mut Tx<'_>, project: i64, count: usize) -> Result<Vec<Map<String, Json>>> {
    let rows = tx.query(
        "select metadata from trace where project = $1 order by start_ns desc limit $2",
        params![project, count],
    )?;
    rows.iter().map(|row| row.json(0)).collect()
}

/// The evaluators that gave verdicts: one step along the index for each.
pub(super) fn evaluators(tx: &mut Tx<'_>, project: i64) -> Result<Vec<EvaluatorFilter>> {
    let mut found: Vec<EvaluatorFilter> = Vec::new();
    while found.len() < LISTED_EVALUATORS {
        let row = tx.query_opt(
            "select evaluator, name, annotator_kind, output_type from evaluator_result
             where project = $1 and evaluator > $2 order by evaluator limit 1",
            params![project, found.last().map_or("", |last| last.id.as_str())],
        )?;
        let Some(row) = row else { break };
        found.push(EvaluatorFilter {
            id: row.text(0)?,
            name: row.text(1)?,
            annotator_kind: row.text(2)?,
            output_type: row.text(3)?,
        });
    }
    Ok(found)
}

/// The human reviews of a project: those with annotations, or all.
pub(super) fn human_reviews(tx: &mut Tx<'_>, project: i64, include_all: bool) -> Result<Vec<AnnotationFilter>> {
    let rows = tx.query(
        "select h.id, h.key, h.display_name, h.type, h.options from human_review h
         where h.project = $1 and h.archived_at is null
           and ($2 = 1 or exists (select 1 from annotation a
             where a.project = h.project and a.key = h.key and a.removed_at is null))
         order by h.position, h.id{bytes_order}",
        params![project, include_all],
    )?;
    rows.iter()
        .map(|row| {
            let options: Vec<Json> = row.json(4)?;
            let value = |option: &Json| option.get("value").and_then(Json::as_str).map(ToOwned::to_owned);
            Ok(AnnotationFilter {
                id: row.text(0)?,
                key: row.text(1)?,
                display_name: row.text(2)?,
                kind: row.text(3)?,
                options: options.iter().filter_map(value).collect(),
            })
        })
        .collect()
}
