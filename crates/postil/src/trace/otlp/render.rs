//! OTLP values as plain JSON and back.

use std::collections::HashSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link, SpanKind};
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{Span, Status};
use serde_json::{Map, Value, json};

use super::MAX_VALUE_DEPTH;

/// Beyond this a value is shown as null. Decoding never yields values this deep; only code could build one.
const MAX_SHOWN_DEPTH: usize = 256;

/// An attribute value as plain JSON. Integers stay exact, NaN and infinities become null, bytes become base64; of keys
/// that repeat inside an object the last one wins.
#[must_use]
pub fn anyvalue_to_json(value: &AnyValue) -> Value {
    to_json(value, 0)
}

fn to_json(value: &AnyValue, depth: usize) -> Value {
    if depth > MAX_SHOWN_DEPTH {
        return Value::Null;
    }
    match &value.value {
        None => Value::Null,
        Some(Any::StringValue(text)) => Value::from(text.as_str()),
        Some(Any::BoolValue(truth)) => Value::from(*truth),
        Some(Any::IntValue(number)) => Value::from(*number),
        Some(Any::StringValueStrindex(number)) => Value::from(*number),
        Some(Any::DoubleValue(number)) => Value::from(*number),
        Some(Any::BytesValue(bytes)) => Value::from(STANDARD.encode(bytes)),
        Some(Any::ArrayValue(list)) => list.values.iter().map(|item| to_json(item, depth + 1)).collect(),
        Some(Any::KvlistValue(list)) => {
            let pair = |pair: &KeyValue| (pair.key.clone(), optional_to_json(pair.value.as_ref(), depth + 1));
            Value::Object(list.values.iter().map(pair).collect())
        }
    }
}

fn optional_to_json(value: Option<&AnyValue>, depth: usize) -> Value {
    value.map_or(Value::Null, |value| to_json(value, depth))
}

/// Plain JSON as an attribute value. Integers that do not fit 64 bits with a sign are kept as text, and so is what is
/// nested deeper than [`MAX_VALUE_DEPTH`].
#[must_use]
pub fn json_to_anyvalue(value: Value) -> AnyValue {
    from_json(value, 0)
}

fn from_json(value: Value, depth: usize) -> AnyValue {
    let value = match value {
        Value::Null => None,
        Value::Bool(truth) => Some(Any::BoolValue(truth)),
        Value::String(text) => Some(Any::StringValue(text)),
        Value::Number(number) => Some(match (number.as_i64(), number.as_f64()) {
            (Some(integer), _) => Any::IntValue(integer),
            (None, Some(double)) if !number.is_u64() => Any::DoubleValue(double),
            _ => Any::StringValue(number.to_string()),
        }),
        deep if depth >= MAX_VALUE_DEPTH => Some(Any::StringValue(deep.to_string())),
        Value::Array(items) => {
            let values = items.into_iter().map(|item| from_json(item, depth + 1)).collect();
            Some(Any::ArrayValue(ArrayValue { values }))
        }
        Value::Object(map) => {
            let pair = |(key, item)| KeyValue { key, value: Some(from_json(item, depth + 1)), ..KeyValue::default() };
            Some(Any::KvlistValue(KeyValueList { values: map.into_iter().map(pair).collect() }))
        }
    };
    AnyValue { value }
}

/// Attributes as a JSON object in the order they came. A key that repeats becomes the array of its values.
#[must_use]
pub fn attributes_to_json(attributes: &[KeyValue]) -> Map<String, Value> {
    let mut object = Map::with_capacity(attributes.len());
    let mut repeated: HashSet<&str> = HashSet::new();
    for attribute in attributes {
        let value = optional_to_json(attribute.value.as_ref(), 0);
        match object.get_mut(&attribute.key) {
            None => {
                object.insert(attribute.key.clone(), value);
            }
            Some(Value::Array(values)) if repeated.contains(&attribute.key.as_str()) => values.push(value),
            Some(first) => {
                *first = Value::Array(vec![first.take(), value]);
                repeated.insert(&attribute.key);
            }
        }
    }
    object
}

/// A span in full, as it came: everything OTLP says about it, its resource and its scope.
///
/// Times are given as text (ISO 8601 down to the nanosecond; null when the client set none) and as the nanoseconds
/// they came as, in strings because JavaScript numbers cannot hold them.
#[must_use]
pub fn span_to_json(resource: Option<&Resource>, scope: Option<&InstrumentationScope>, span: &Span) -> Value {
    json!({
        "trace_id": hex::encode(&span.trace_id),
        "span_id": hex::encode(&span.span_id),
        "parent_span_id": parent(&span.parent_span_id),
        "trace_state": span.trace_state,
        "flags": span.flags,
        "name": span.name,
        "kind": kind(span.kind),
        "start_time": time(span.start_time_unix_nano),
        "start_time_unix_nano": span.start_time_unix_nano.to_string(),
        "end_time": time(span.end_time_unix_nano),
        "end_time_unix_nano": span.end_time_unix_nano.to_string(),
        "status": status(span.status.as_ref()),
        "attributes": attributes_to_json(&span.attributes),
        "dropped_attributes_count": span.dropped_attributes_count,
        "events": span.events.iter().map(event).collect::<Value>(),
        "dropped_events_count": span.dropped_events_count,
        "links": span.links.iter().map(link).collect::<Value>(),
        "dropped_links_count": span.dropped_links_count,
        "resource": {
            "attributes": resource.map_or_else(Map::new, |resource| attributes_to_json(&resource.attributes)),
            "dropped_attributes_count": resource.map_or(0, |resource| resource.dropped_attributes_count),
        },
        "scope": {
            "name": scope.map_or("", |scope| &scope.name),
            "version": scope.map_or("", |scope| &scope.version),
            "attributes": scope.map_or_else(Map::new, |scope| attributes_to_json(&scope.attributes)),
            "dropped_attributes_count": scope.map_or(0, |scope| scope.dropped_attributes_count),
        },
    })
}

fn parent(id: &[u8]) -> Value {
    if id.is_empty() { Value::Null } else { Value::from(hex::encode(id)) }
}

fn time(nanos: u64) -> Value {
    match Timestamp::from_nanosecond(i128::from(nanos)) {
        Ok(time) if nanos > 0 => Value::from(time.to_string()),
        _ => Value::Null,
    }
}

/// The name of a kind in lower case; the number itself where it has no name.
fn kind(number: i32) -> Value {
    match SpanKind::try_from(number) {
        Ok(kind) => Value::from(kind.as_str_name().trim_start_matches("SPAN_KIND_").to_ascii_lowercase()),
        Err(_) => Value::from(number),
    }
}

fn status(status: Option<&Status>) -> Value {
    let number = status.map_or(0, |status| status.code);
    let code = match StatusCode::try_from(number) {
        Ok(code) => Value::from(code.as_str_name().trim_start_matches("STATUS_CODE_").to_ascii_lowercase()),
        Err(_) => Value::from(number),
    };
    json!({ "code": code, "message": status.map_or("", |status| &status.message) })
}

fn event(event: &Event) -> Value {
    json!({
        "name": event.name,
        "time": time(event.time_unix_nano),
        "time_unix_nano": event.time_unix_nano.to_string(),
        "attributes": attributes_to_json(&event.attributes),
        "dropped_attributes_count": event.dropped_attributes_count,
    })
}

fn link(link: &Link) -> Value {
    json!({
        "trace_id": hex::encode(&link.trace_id),
        "span_id": hex::encode(&link.span_id),
        "trace_state": link.trace_state,
        "flags": link.flags,
        "attributes": attributes_to_json(&link.attributes),
        "dropped_attributes_count": link.dropped_attributes_count,
    })
}
