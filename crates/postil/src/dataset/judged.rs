//! Datapoints as spans, so that people judge them in queues as they judge everything else.
//!
//! What people say is said of spans. A datapoint that is to be judged is therefore written as a span of its own: the
//! messages are what went in, the expected output is what came out. Written again, after the datapoint was changed, it
//! is the same span, and what was said of it stays.

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::datapoint::Datapoint;
use super::{Dataset, datapoint_store as points, store};
use crate::clock::{Clock, rfc3339};
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::project::{Caller, Permission};
use crate::queue::{self, Added, Wanted};
use crate::trace::intake::{self, Origin};
use crate::trace::otlp;
use crate::trace::price::PriceTable;

/// Adds to a queue; what names a datapoint is written as a span first.
///
/// # Errors
/// Those of [`queue::add`]; [`Error::Forbidden`](crate::Error::Forbidden) for datapoints and a caller who may not read them.
pub fn add_to_queue(
    tx: &mut Tx<'_>,
    clock: &Clock,
    caller: &Caller,
    queue_id: &str,
    mut wanted: Vec<Wanted>,
    prices: &PriceTable,
) -> Result<Added> {
    let queue = queue::check_adding(tx, caller, queue_id, &wanted)?;
    let there = Caller { project: queue.project.clone(), ..caller.clone() };
    for one in &mut wanted {
        if let Some(id) = &one.datapoint_id {
            caller.require(Permission::Read)?;
            let (trace_id, span_id) = write(tx, clock, &there, id, prices)?.unwrap_or_default();
            (one.trace_id, one.span_id) = (trace_id, Some(span_id));
        }
    }
    queue::put(tx, clock, caller, &queue, &wanted)
}

/// Writes a datapoint as a span, and says as which. None when the project has no such datapoint.
fn write(
    tx: &mut Tx<'_>,
    clock: &Clock,
    caller: &Caller,
    id: &str,
    prices: &PriceTable,
) -> Result<Option<(String, String)>> {
    let Some(datapoint) = points::find_in_project(tx, caller.project.number, id)? else { return Ok(None) };
    let Some(dataset) = store::find(tx, &caller.workspace_id, Some(&caller.project.id), &datapoint.dataset_id)? else {
        return Ok(None);
    };
    let (trace_id, span_id) = ids(&datapoint.id);
    let span = span(&datapoint, &dataset, (&trace_id, &span_id), clock.now());
    let body = json!({ "spans": [span] }).to_string();
    let decoded = otlp::decode_orq_json(body.as_bytes()).map_err(Error::internal)?;
    let origin = Origin { project: caller.project.number, received_at: clock.now(), convention_version: None };
    intake::store(tx, &intake::prepare(decoded.resource_spans, origin, prices), prices)?;
    Ok(Some((trace_id, span_id)))
}

/// The id of the trace as which a datapoint is judged, whether it was ever written or not.
pub fn judged_trace(datapoint_id: &str) -> String {
    ids(datapoint_id).0
}

/// The ids of the span of a datapoint: always the same.
fn ids(datapoint_id: &str) -> (String, String) {
    let hash = hex::encode(Sha256::digest(format!("datapoint {datapoint_id}")));
    (hash[..32].to_owned(), hash[32..48].to_owned())
}

fn span(datapoint: &Datapoint, dataset: &Dataset, (trace_id, span_id): (&str, &str), now: i64) -> Value {
    let Datapoint { inputs, messages, expected_output, .. } = datapoint;
    let mut metadata = Map::new();
    metadata.insert("dataset".into(), dataset.display_name.clone().into());
    metadata.insert("dataset_id".into(), dataset.id.clone().into());
    metadata.insert("datapoint_id".into(), datapoint.id.clone().into());
    let input = match (messages, inputs) {
        (Some(messages), variables) if !messages.is_empty() => {
            metadata.extend(variables.clone().unwrap_or_default());
            json!(messages)
        }
        (_, Some(variables)) => {
            let lines = variables.iter().map(|(name, value)| match value {
                Value::String(text) => format!("{name}: {text}"),
                other => format!("{name}: {other}"),
            });
            json!([{"role": "user", "content": lines.collect::<Vec<_>>().join("\n")}])
        }
        _ => json!([]),
    };
    let output: Vec<Value> = expected_output.iter().map(|text| json!({"role": "assistant", "content": text})).collect();
    let at = rfc3339(now);
    json!({
        "name": dataset.display_name, "type": "function", "context": {"trace_id": trace_id, "span_id": span_id},
        "start_time": at, "end_time": at, "input": input, "output": output,
        "attributes": {"status": "success", "metadata": metadata},
    })
}
