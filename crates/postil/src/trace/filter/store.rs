//! Reads the facts of a trace.

use super::facts::{SpanColumns, TraceFacts, ValueFact};
use crate::db::{Row, Tx};
use crate::error::Result;
use crate::params;
use crate::trace::summary::{self, TraceRow, object, texts};

/// Everything a filter can look at in one trace; none when the project has no such trace.
pub fn load_facts(tx: &mut Tx<'_>, project: i64, trace_id: &str) -> Result<Option<TraceFacts>> {
    let text = format!("select {} from trace t where t.project = $1 and t.trace_id = $2", summary::COLUMNS);
    let Some(found) = tx.query_opt(&text, params![project, trace_id])? else { return Ok(None) };
    let spans = tx.query(
        "select span_id, name, kind, operation, status, error_message, request_model, response_model, response_id,
           finish_reasons, deployment_id, deployment_key, log_id, convention, attributes
         from span where project = $1 and trace_id = $2",
        params![project, trace_id],
    )?;
    let annotations = tx.query(
        "select key, subject, value_text, value_number, value from annotation
         where project = $1 and trace_id = $2 and removed_at is null",
        params![project, trace_id],
    )?;
    let verdicts = tx.query(
        "select evaluator, name, value_text, value_number, value from evaluator_result
         where project = $1 and trace_id = $2",
        params![project, trace_id],
    )?;
    Ok(Some(TraceFacts {
        trace: TraceRow::read(&found)?,
        spans: spans.iter().map(span).collect::<Result<_>>()?,
        annotations: annotations.iter().map(value).collect::<Result<_>>()?,
        verdicts: verdicts.iter().map(value).collect::<Result<_>>()?,
    }))
}

fn span(row: &Row) -> Result<SpanColumns> {
    Ok(SpanColumns {
        span_id: row.text(0)?,
        name: row.text(1)?,
        kind: row.text(2)?,
        operation: row.opt_text(3)?,
        status: row.text(4)?,
        error_message: row.opt_text(5)?,
        request_model: row.opt_text(6)?,
        response_model: row.opt_text(7)?,
        response_id: row.opt_text(8)?,
        finish_reasons: texts(row.opt_text(9)?),
        deployment_id: row.opt_text(10)?,
        deployment_key: row.opt_text(11)?,
        log_id: row.opt_text(12)?,
        convention: row.text(13)?,
        attributes: object(row.opt_text(14)?),
    })
}

fn value(row: &Row) -> Result<ValueFact> {
    let json = row.opt_text(4)?.filter(|json| json.starts_with('['));
    Ok(ValueFact {
        key: row.text(0)?,
        other_key: row.text(1)?,
        text: row.opt_text(2)?,
        number: row.opt_real(3)?,
        elements: texts(json),
    })
}
