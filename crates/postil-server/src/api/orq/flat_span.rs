//! A span as one flat object, for clients that check its shape (contract A.4).

use postil::clock::rfc3339_nanos;
use postil::trace::span::FullSpan;
use serde_json::{Map, Value, json};

use crate::api::spans::milliseconds;

/// The one type that asks nothing of a span but its trace and objects for what went in and came out.
const TYPE: &str = "span.generic";

/// A span under the id of its item. Optional fields without a value are left out.
pub fn render(id: &str, full: FullSpan, evaluations: &Value) -> Map<String, Value> {
    let (row, span) = (full.tree.row, full.normalized);
    let attributes = attributes(&full.raw, &row, evaluations);
    let mut flat = Map::new();
    let mut put = |name: &str, value: Value| {
        if !value.is_null() {
            flat.insert(name.to_owned(), value);
        }
    };
    put("_id", json!(id));
    put("trace_id", json!(row.trace_id));
    put("type", json!(TYPE));
    put("name", json!(row.name));
    put("duration", json!(milliseconds(row.end_ns.saturating_sub(row.start_ns).max(0))));
    put("total_tokens", json!(row.usage[2]));
    put("total_cost", json!(row.cost[2]));
    put("billable", json!(row.cost[2].is_some()));
    put("session_id", json!(row.session_id));
    put("context", json!({"trace_id": row.trace_id, "span_id": row.span_id}));
    put("parent_id", json!(row.parent_span_id));
    put("start_time", json!(rfc3339_nanos(row.start_ns)));
    put("end_time", json!(rfc3339_nanos(row.end_ns)));
    put("events", full.raw.get("events").filter(|events| events.is_array()).cloned().unwrap_or_else(|| json!([])));
    put("attributes", attributes);
    put("input", messages_or(json!(span.input), span.input_raw));
    put("output", messages_or(json!(span.output), span.output_raw));
    flat
}

/// Messages, or what a span without messages took or gave: always an object.
fn messages_or(messages: Value, raw: Option<Value>) -> Value {
    if messages.as_array().is_some_and(|messages| !messages.is_empty()) {
        return json!({ "messages": messages });
    }
    match raw {
        Some(Value::Object(object)) => Value::Object(object),
        Some(other) => json!({ "value": other }),
        None => json!({}),
    }
}

/// The groups that clients know; everything else as it came.
fn attributes(raw: &Value, row: &postil::trace::span::SpanRow, evaluations: &Value) -> Value {
    let mut groups = match raw.get("attributes") {
        Some(Value::Object(attributes)) => attributes.clone(),
        _ => Map::new(),
    };
    // Clients read these as objects: whatever else came under the names would be refused.
    for group in ["type", "gen_ai", "agent", "orq", "otel", "otlp", "http", "openresponses", "metadata"] {
        groups.remove(group);
    }
    let mut otel = Map::new();
    otel.insert("status_code".into(), json!(if row.status == "error" { "ERROR" } else { "OK" }));
    if let Some(message) = &row.error_message {
        otel.insert("status_description".into(), json!(message));
    }
    groups.insert("otel".into(), Value::Object(otel));
    groups.insert("orq".into(), json!({ "evaluations": evaluations }));
    Value::Object(groups)
}
