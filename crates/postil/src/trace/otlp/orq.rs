//! The native JSON of orq's `@traced` decorator, turned into OTLP spans.
//!
//! The scope is named `orq.native`. What the decorator says about a call keeps its structure in attributes under
//! `orq.`; what the user added to `attributes` keeps its own name.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use opentelemetry_proto::tonic::common::v1::{InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::trace::v1::span::Event;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use serde_json::Value;

use super::check::Gate;
use super::read::{Fault, Read, array, each, fields, id, object, string};
use super::render::json_to_anyvalue;
use super::{DecodeError, Decoded, text};
use crate::id::is_ulid;

/// The scope that these spans carry.
const SCOPE: &str = "orq.native";

const NANOS_PER_MILLISECOND: f64 = 1e6;

/// Reads a body `{"spans":[…]}` as orq's Python SDK posts it when no OpenTelemetry is set up.
pub fn decode_orq_json(body: &[u8]) -> Result<Decoded, DecodeError> {
    let Value::Object(root) = text::parse(body)? else {
        return Err(DecodeError::new("the body is not a JSON object"));
    };
    let mut gate = Gate::default();
    let mut spans = Vec::new();
    for (name, value) in root {
        if name != "spans" || value.is_null() {
            continue;
        }
        for item in array(value).map_err(|fault| DecodeError::new(fault.under(name).to_string()))? {
            let mut span = Span::default();
            let problem = read_span(item, &mut span).err().map(|fault| fault.to_string());
            if gate.admit_span(&mut span, problem) {
                spans.push(span);
            }
        }
    }
    let scope = InstrumentationScope { name: SCOPE.into(), ..InstrumentationScope::default() };
    let scope_spans = vec![ScopeSpans { scope: Some(scope), spans, ..ScopeSpans::default() }];
    Ok(gate.into_decoded(vec![ResourceSpans { scope_spans, ..ResourceSpans::default() }]))
}

/// Whether a body is orq's own JSON rather than OTLP: its first telling key is `spans`. The first bytes suffice.
#[must_use]
pub fn is_orq_body(start: &[u8]) -> bool {
    let mut depth = 0_usize;
    let mut position = 0;
    while position < start.len() {
        match start[position] {
            b'"' => {
                let begin = position + 1;
                position = begin;
                while position < start.len() && start[position] != b'"' {
                    position += if start[position] == b'\\' { 2 } else { 1 };
                }
                let Some(word) = start.get(begin..position) else { return false };
                let is_key = start.get(position + 1..).is_some_and(|rest| rest.trim_ascii_start().starts_with(b":"));
                match word {
                    b"spans" if depth == 1 && is_key => return true,
                    b"resourceSpans" | b"resource_spans" if depth == 1 && is_key => return false,
                    _ => {}
                }
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        position += 1;
    }
    false
}

/// Reads one span. The first fault is answered after every field was looked at, so that the report can name the span.
fn read_span(value: Value, span: &mut Span) -> Read<()> {
    let mut first = Ok(());
    for (name, value) in object(value)? {
        if let Err(fault) = read_field(&name, value, span) {
            first = first.and(Err(fault.under(name)));
        }
    }
    first
}

fn read_field(name: &str, value: Value, span: &mut Span) -> Read<()> {
    // What a function returned is told even when it is null; every other null says nothing.
    if value.is_null() && !matches!(name, "input" | "output") {
        return Ok(());
    }
    match name {
        "context" => read_context(value, span)?,
        "name" => span.name = string(value)?,
        "parent_id" | "parentId" => read_parent(&value, span)?,
        "start_time" => span.start_time_unix_nano = time(&value)?,
        "end_time" => span.end_time_unix_nano = time(&value)?,
        "attributes" => read_attributes(value, span)?,
        "events" => span.events = each(value, event)?,
        "_id" => push(span, "orq.log_id", value),
        other => push(span, &format!("orq.{other}"), value),
    }
    Ok(())
}

fn read_context(value: Value, span: &mut Span) -> Read<()> {
    for (name, value) in fields(value)? {
        match name.as_str() {
            "trace_id" | "span_id" => {
                let read = id(&value).map_err(|fault| fault.under(&name))?;
                *(if name == "trace_id" { &mut span.trace_id } else { &mut span.span_id }) = read;
                // Ids are shown in hex; what the client calls the span stays to be read.
                if value.as_str().is_some_and(is_ulid) {
                    push(span, &format!("orq.{name}"), value);
                }
            }
            "parent_id" => read_parent(&value, span).map_err(|fault| fault.under(name))?,
            other => push(span, &format!("orq.{other}"), value),
        }
    }
    Ok(())
}

fn read_parent(value: &Value, span: &mut Span) -> Read<()> {
    span.parent_span_id = id(value)?;
    Ok(())
}

fn read_attributes(value: Value, span: &mut Span) -> Read<()> {
    for (name, value) in object(value)? {
        match name.as_str() {
            "status" => {
                if let Some(code) = value.as_str().and_then(status_code) {
                    span.status.get_or_insert_default().code = code.into();
                }
                push(span, "orq.status", value);
            }
            "error.message" => {
                let message = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                span.status.get_or_insert_default().message = message;
                push(span, "orq.error.message", value);
            }
            "metrics" | "request" | "metadata" => push(span, &format!("orq.{name}"), value),
            _ => push(span, &name, value),
        }
    }
    Ok(())
}

fn status_code(status: &str) -> Option<StatusCode> {
    match status {
        "success" => Some(StatusCode::Ok),
        "error" => Some(StatusCode::Error),
        _ => None,
    }
}

fn push(span: &mut Span, key: &str, value: Value) {
    span.attributes.push(attribute(key.to_owned(), value));
}

fn attribute(key: String, value: Value) -> KeyValue {
    KeyValue { key, value: Some(json_to_anyvalue(value)), ..KeyValue::default() }
}

fn event(value: Value) -> Read<Event> {
    let mut event = Event::default();
    for (name, value) in fields(value)? {
        match name.as_str() {
            "name" => event.name = string(value).map_err(|fault| fault.under(name))?,
            "timestamp" => event.time_unix_nano = time(&value).map_err(|fault| fault.under(name))?,
            "attributes" => {
                let attributes = object(value).map_err(|fault| fault.under(name))?;
                event.attributes = attributes.into_iter().map(|(key, value)| attribute(key, value)).collect();
            }
            _ => {}
        }
    }
    Ok(event)
}

/// A time as ISO 8601 or as milliseconds since 1970, which a span that never ended carries as a string. A text
/// without an offset counts as UTC; times before 1970 as 1970.
fn time(value: &Value) -> Read<u64> {
    let nanos = match value {
        Value::Number(number) => number.to_string().parse().ok().and_then(milliseconds),
        Value::String(text) if text.trim().is_empty() => Some(0),
        Value::String(text) => iso_8601(text.trim()).or_else(|| text.trim().parse().ok().and_then(milliseconds)),
        _ => None,
    };
    let fault = || Fault::new("expected a time as ISO 8601 or in milliseconds since 1970");
    nanos.map(|nanos| u64::try_from(nanos.max(0)).unwrap_or(u64::MAX)).ok_or_else(fault)
}

fn iso_8601(text: &str) -> Option<i128> {
    let with_offset = text.parse::<Timestamp>().ok();
    let time = with_offset.or_else(|| text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok().map(Timestamp::from));
    time.map(Timestamp::as_nanosecond)
}

/// Whole milliseconds stay exact: a double holds them up to 2^53, and the multiplication is done in integers.
fn milliseconds(number: f64) -> Option<i128> {
    if !number.is_finite() {
        return None;
    }
    let whole = (number.trunc() as i128).saturating_mul(1_000_000);
    Some(whole.saturating_add((number.fract() * NANOS_PER_MILLISECOND).round() as i128))
}
