//! The SQL of evaluator results.

use super::evaluator::{EvaluatorResult, OutputType, Status, StoredResult};
use super::read_store::annotator;
use crate::db::{Row, Tx};
use crate::error::{Error, Result};
use crate::human_review::value::Accepted;
use crate::params;

/// The span that speaks for the trace of a verdict.
macro_rules! leading {
    () => {
        "(select coalesce(t.leading_span_id, t.root_span_id) from trace t
            where t.project = e.project and t.trace_id = e.trace_id)"
    };
}

/// A verdict on a whole trace, which is stored without a span, is read as one on the span that speaks for the trace.
const COLUMNS: &str = concat!(
    "e.id, e.trace_id, case when e.span_id = '' then coalesce(",
    leading!(),
    ", '') else e.span_id end, e.evaluator, e.name, e.annotator_kind, e.output_type, e.status, e.value_text,
     e.value_number, e.value, e.label, e.passed, e.explanation, e.source, e.created_at, e.updated_at"
);

pub(super) fn read(row: &Row) -> Result<StoredResult> {
    let number = row.opt_real(9)?;
    let value = row.opt_text(10)?;
    let is_number = value.as_ref().is_some_and(|json| json.parse::<f64>().is_ok());
    let text = row.opt_text(8)?;
    let unknown = |what: &str| Error::internal(format!("an evaluator result has an unknown {what}"));
    Ok(StoredResult {
        id: row.text(0)?,
        trace_id: row.text(1)?,
        span_id: row.text(2)?,
        result: EvaluatorResult {
            evaluator: row.text(3)?,
            name: row.text(4)?,
            kind: annotator(&row.text(5)?, String::new())?.kind,
            output_type: OutputType::parse(&row.text(6)?).ok_or_else(|| unknown("type"))?,
            status: Status::parse(&row.text(7)?).ok_or_else(|| unknown("status"))?,
            // The number of a verdict that is no number is its score.
            value: value.map(|json| Accepted { json, text, number: number.filter(|_| is_number) }),
            score: number.filter(|_| !is_number),
            label: row.opt_text(11)?,
            passed: row.opt_int(12)?.map(|passed| passed != 0),
            explanation: row.opt_text(13)?,
            source: row.text(14)?,
        },
        created_at: row.int(15)?,
        updated_at: row.int(16)?,
    })
}

/// Stores or replaces a verdict and returns its id.
pub(super) fn upsert(
    tx: &mut Tx<'_>,
    project: i64,
    (trace_id, span_id): (&str, &str),
    new_id: &str,
    result: &EvaluatorResult,
    now: i64,
) -> Result<String> {
    let value = result.value.as_ref();
    let row = tx.query_one(
        "insert into evaluator_result (project, trace_id, span_id, id, evaluator, name, annotator_kind, output_type,
           status, value_text, value_number, value, label, passed, explanation, source, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $17)
         on conflict (project, trace_id, span_id, evaluator) do update set
           name = excluded.name, annotator_kind = excluded.annotator_kind, output_type = excluded.output_type,
           status = excluded.status, value_text = excluded.value_text, value_number = excluded.value_number,
           value = excluded.value, label = excluded.label, passed = excluded.passed,
           explanation = excluded.explanation, source = excluded.source, updated_at = excluded.updated_at
         returning id",
        params![
            project,
            trace_id,
            span_id,
            new_id,
            &result.evaluator,
            &result.name,
            result.kind.name(),
            result.output_type.name(),
            result.status.name(),
            // A verdict without a short text is looked up by its label.
            value.and_then(|value| value.text.clone()).or_else(|| result.label.clone()),
            value.and_then(|value| value.number).or(result.score),
            value.map(|value| value.json.clone()),
            &result.label,
            result.passed.map(i64::from),
            &result.explanation,
            &result.source,
            now
        ],
    )?;
    row.text(0)
}

pub(super) fn of_trace(
    tx: &mut Tx<'_>,
    project: i64,
    trace_id: &str,
    span_id: Option<&str>,
) -> Result<Vec<StoredResult>> {
    let sql = format!(
        "select {COLUMNS} from evaluator_result e
         where e.project = $1 and e.trace_id = $2
           and ($3 = '' or e.span_id = $3 or (e.span_id = '' and $3 = {leading}))
         order by e.span_id, e.evaluator",
        leading = leading!()
    );
    tx.query(&sql, params![project, trace_id, span_id.unwrap_or("")])?.iter().map(read).collect()
}

/// The verdicts on these traces; `list` is their placeholders from `$2` on.
pub(super) fn of_traces(tx: &mut Tx<'_>, list: &str, params: &[crate::db::Value]) -> Result<Vec<StoredResult>> {
    let sql = format!(
        "select {COLUMNS} from evaluator_result e where e.project = $1 and e.trace_id in ({list})
         order by e.trace_id, e.span_id, e.evaluator"
    );
    tx.query(&sql, params)?.iter().map(read).collect()
}
