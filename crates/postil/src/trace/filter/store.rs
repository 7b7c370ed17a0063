//! Reads the facts of traces.

use std::collections::HashMap;

use super::facts::{Needs, SpanColumns, TraceFacts, ValueFact};
use super::sql::SqlBuilder;
use crate::db::{Row, Tx};
use crate::error::Result;
use crate::trace::search::padded;
use crate::trace::summary::{self, TraceRow, object, texts};

/// Ids named by one statement.
const AT_ONCE: usize = 250;

/// Everything a filter can look at in one trace; none when the project has no such trace.
pub fn load_facts(tx: &mut Tx<'_>, project: i64, trace_id: &str) -> Result<Option<TraceFacts>> {
    let mut found = load_many(tx, project, &[trace_id.to_owned()], Needs::ALL)?;
    Ok(found.remove(trace_id))
}

/// What filters can look at in some traces, as far as it is needed, by the ids of those that exist.
pub fn load_many(
    tx: &mut Tx<'_>,
    project: i64,
    trace_ids: &[String],
    needs: Needs,
) -> Result<HashMap<String, TraceFacts>> {
    let mut found: HashMap<String, TraceFacts> = HashMap::with_capacity(trace_ids.len());
    for some in trace_ids.chunks(AT_ONCE) {
        let mut sql = SqlBuilder::default();
        let project = sql.bind(project);
        let list = sql.bind_list(padded(some));
        let meant = format!("project = {project} and trace_id in ({list})");
        let text = format!("select {} from trace t where t.{meant}", summary::COLUMNS);
        for row in tx.query(&text, sql.params())? {
            let trace = TraceRow::read(&row)?;
            found.insert(trace.trace_id.clone(), TraceFacts { trace, ..TraceFacts::default() });
        }
        let mut each = |text: String, add: fn(&mut TraceFacts, &Row) -> Result<()>| -> Result<()> {
            for row in tx.query(&text, sql.params())? {
                if let Some(facts) = found.get_mut(&row.text(0)?) {
                    add(facts, &row)?;
                }
            }
            Ok(())
        };
        if needs.spans {
            let attributes = if needs.attributes { "attributes" } else { "null" };
            let text = format!(
                "select trace_id, span_id, name, kind, operation, status, error_message, request_model, response_model,
                   response_id, finish_reasons, deployment_id, deployment_key, log_id, convention, {attributes}
                 from span where {meant}"
            );
            each(text, |facts, row| {
                facts.spans.push(span(row)?);
                Ok(())
            })?;
        }
        if needs.annotations {
            let text = format!(
                "select trace_id, key, subject, value_text, value_number, value from annotation
                 where {meant} and removed_at is null"
            );
            each(text, |facts, row| {
                facts.annotations.push(value(row)?);
                Ok(())
            })?;
        }
        if needs.verdicts {
            let text = format!(
                "select trace_id, evaluator, name, value_text, value_number, value from evaluator_result where {meant}"
            );
            each(text, |facts, row| {
                facts.verdicts.push(value(row)?);
                Ok(())
            })?;
        }
    }
    Ok(found)
}

fn span(row: &Row) -> Result<SpanColumns> {
    Ok(SpanColumns {
        span_id: row.text(1)?,
        name: row.text(2)?,
        kind: row.text(3)?,
        operation: row.opt_text(4)?,
        status: row.text(5)?,
        error_message: row.opt_text(6)?,
        request_model: row.opt_text(7)?,
        response_model: row.opt_text(8)?,
        response_id: row.opt_text(9)?,
        finish_reasons: texts(row.opt_text(10)?),
        deployment_id: row.opt_text(11)?,
        deployment_key: row.opt_text(12)?,
        log_id: row.opt_text(13)?,
        convention: row.text(14)?,
        attributes: object(row.opt_text(15)?),
    })
}

fn value(row: &Row) -> Result<ValueFact> {
    let json = row.opt_text(5)?.filter(|json| json.starts_with('['));
    Ok(ValueFact {
        key: row.text(1)?,
        other_key: row.text(2)?,
        text: row.opt_text(3)?,
        number: row.opt_real(4)?,
        elements: texts(json),
    })
}
