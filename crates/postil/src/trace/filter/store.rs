//! Reads the facts of traces.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::de::{Deserializer as _, IgnoredAny, MapAccess, Visitor};
use serde_json::{Map, Value as Json};

use super::facts::{Keys, Needs, SpanColumns, TraceFacts, ValueFact};
use super::sql::{self, SqlBuilder};
use crate::db::{Row, Tx};
use crate::error::Result;
use crate::project::Reader;
use crate::trace::search::padded;
use crate::trace::summary::{self, TraceRow, texts};

/// Ids named by one statement.
const AT_ONCE: usize = 250;

/// Everything a filter can look at in one trace; none when the project has no such trace.
pub fn load_facts(tx: &mut Tx<'_>, reader: impl Into<Reader>, trace_id: &str) -> Result<Option<TraceFacts>> {
    let mut found = load_many(tx, reader, &[trace_id.to_owned()], &Needs::ALL)?;
    Ok(found.remove(trace_id))
}

/// What filters can look at in some traces, as far as it is needed, by the ids of those that exist.
pub fn load_many(
    tx: &mut Tx<'_>,
    reader: impl Into<Reader>,
    trace_ids: &[String],
    needs: &Needs,
) -> Result<HashMap<String, TraceFacts>> {
    let reader = reader.into();
    let mut found: HashMap<String, TraceFacts> = HashMap::with_capacity(trace_ids.len());
    for some in trace_ids.chunks(AT_ONCE) {
        let mut sql = SqlBuilder::default();
        let project = sql.bind(reader.project);
        let list = sql.bind_list(padded(some));
        let meant = format!("project = {project} and trace_id in ({list})");
        let text = format!("select {} from trace t where t.{meant}", summary::COLUMNS);
        for row in tx.query(&text, sql.params())? {
            let trace = TraceRow::read(&row)?;
            found.insert(trace.trace_id.clone(), TraceFacts { trace, ..TraceFacts::default() });
        }
        let mut each = |text: String, add: &dyn Fn(&mut TraceFacts, &Row) -> Result<()>| -> Result<()> {
            for row in tx.query(&text, sql.params())? {
                if let Some(facts) = found.get_mut(&row.text(0)?) {
                    add(facts, &row)?;
                }
            }
            Ok(())
        };
        if needs.spans {
            let attributes = if needs.attributes.is_empty() { "null" } else { "attributes" };
            let text = format!(
                "select trace_id, {attributes}, span_id, name, kind, operation, status, error_message, request_model,
                   response_model, response_id, finish_reasons, deployment_id, deployment_key, log_id, convention
                 from span where {meant}"
            );
            each(text, &|facts, row| {
                facts.spans.push(SpanColumns { attributes: attributes_of(row, &needs.attributes)?, ..span(row)? });
                Ok(())
            })?;
        } else if !needs.attributes.is_empty() {
            each(format!("select trace_id, attributes from span where {meant}"), &|facts, row| {
                let attributes = attributes_of(row, &needs.attributes)?;
                facts.spans.push(SpanColumns { attributes, ..SpanColumns::default() });
                Ok(())
            })?;
        }
        if needs.verdicts {
            let text = format!(
                "select trace_id, evaluator, name, value_text, value_number, value from evaluator_result where {meant}"
            );
            each(text, &|facts, row| {
                facts.verdicts.push(value(row)?);
                Ok(())
            })?;
        }
        if needs.annotations {
            let sees = sql::seen(&reader, &mut sql);
            let text = format!(
                "select trace_id, key, subject, value_text, value_number, value from annotation a
                 where {meant} and removed_at is null{sees}"
            );
            for row in tx.query(&text, sql.params())? {
                if let Some(facts) = found.get_mut(&row.text(0)?) {
                    facts.annotations.push(value(&row)?);
                }
            }
        }
    }
    Ok(found)
}

/// The attributes of a span that are needed.
fn attributes_of(row: &Row, keys: &Keys) -> Result<Map<String, Json>> {
    let Some(text) = row.opt_text(1)? else { return Ok(Map::new()) };
    if let Keys::Of(keys) = keys
        && !keys.iter().any(|key| text.contains(key.as_str()))
        // A key may be escaped in JSON.
        && !text.contains("\\")
    {
        return Ok(Map::new());
    }
    let mut reading = serde_json::Deserializer::from_str(&text);
    Ok(reading.deserialize_map(Wanted(keys)).unwrap_or_default())
}

/// Reads some members of an object, and passes over the others without keeping anything of them.
struct Wanted<'a>(&'a Keys);

impl<'de> Visitor<'de> for Wanted<'_> {
    type Value = Map<String, Json>;

    fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut found = Map::new();
        while let Some(key) = members.next_key::<Cow<'de, str>>()? {
            if self.0.has(&key) {
                found.insert(key.into_owned(), members.next_value()?);
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }
}

fn span(row: &Row) -> Result<SpanColumns> {
    Ok(SpanColumns {
        span_id: row.text(2)?,
        name: row.text(3)?,
        kind: row.text(4)?,
        operation: row.opt_text(5)?,
        status: row.text(6)?,
        error_message: row.opt_text(7)?,
        request_model: row.opt_text(8)?,
        response_model: row.opt_text(9)?,
        response_id: row.opt_text(10)?,
        finish_reasons: texts(row.opt_text(11)?),
        deployment_id: row.opt_text(12)?,
        deployment_key: row.opt_text(13)?,
        log_id: row.opt_text(14)?,
        convention: row.text(15)?,
        attributes: Map::new(),
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
