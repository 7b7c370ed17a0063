//! OTLP as JSON, as several writers write it: keys in camelCase or snake_case, 64-bit integers as strings or numbers,
//! enums by number or name, ids in hex or base64.

use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs, SeverityNumber};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link, SpanKind};
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use serde_json::Value;

use super::check::Gate;
use super::read::{
    Fault, Read, any_value, array, attributes, each, enumeration, fields, id, string, unsigned, unsigned_32,
};
use super::{DecodeError, Decoded, DecodedLogs, text};

/// Reads an `ExportTraceServiceRequest` written as JSON.
pub fn decode_traces_json(body: &[u8]) -> Result<Decoded, DecodeError> {
    let root = text::parse(body)?;
    let mut gate = Gate::default();
    let resource_spans = groups(root, ["resourceSpans", "resource_spans"], |value| resource_spans(value, &mut gate))?;
    Ok(gate.into_decoded(resource_spans))
}

/// Reads an `ExportLogsServiceRequest` written as JSON.
pub fn decode_logs_json(body: &[u8]) -> Result<DecodedLogs, DecodeError> {
    let root = text::parse(body)?;
    let mut gate = Gate::default();
    let resource_logs = groups(root, ["resourceLogs", "resource_logs"], |value| resource_logs(value, &mut gate))?;
    Ok(gate.into_decoded_logs(resource_logs))
}

/// The groups by resource that make up a request, under one of two spellings of their key.
fn groups<T>(root: Value, names: [&str; 2], read: impl FnMut(Value) -> Read<T>) -> Result<Vec<T>, DecodeError> {
    if !root.is_object() {
        return Err(DecodeError::new("the body is not a JSON object"));
    }
    list_under(root, names, read).map_err(|fault| DecodeError::new(fault.to_string()))
}

fn list_under<T>(value: Value, names: [&str; 2], mut read: impl FnMut(Value) -> Read<T>) -> Read<Vec<T>> {
    let mut groups = Vec::new();
    for (name, value) in fields(value)? {
        if names.contains(&name.as_str()) {
            for (index, item) in array(value).map_err(|fault| fault.under(&name))?.into_iter().enumerate() {
                groups.push(read(item).map_err(|fault| fault.under(format_args!("{name}[{index}]")))?);
            }
        }
    }
    Ok(groups)
}

fn resource_spans(value: Value, gate: &mut Gate) -> Read<ResourceSpans> {
    let mut result = ResourceSpans::default();
    for (name, value) in fields(value)? {
        match name.as_str() {
            "resource" => result.resource = Some(resource(value).map_err(|fault| fault.under(name))?),
            "schemaUrl" | "schema_url" => result.schema_url = string(value).map_err(|fault| fault.under(name))?,
            "scopeSpans" | "scope_spans" | "instrumentationLibrarySpans" => {
                let items = array(value).map_err(|fault| fault.under(&name))?.into_iter().enumerate();
                for (index, item) in items {
                    let scope = scope_spans(item, gate);
                    result.scope_spans.push(scope.map_err(|fault| fault.under(format_args!("{name}[{index}]")))?);
                }
            }
            _ => {}
        }
    }
    gate.tidy_resource(result.resource.as_mut(), &mut result.schema_url);
    Ok(result)
}

fn scope_spans(value: Value, gate: &mut Gate) -> Read<ScopeSpans> {
    let mut result = ScopeSpans::default();
    for (name, value) in fields(value)? {
        match name.as_str() {
            "scope" | "instrumentationLibrary" => {
                result.scope = Some(instrumentation_scope(value).map_err(|fault| fault.under(name))?);
            }
            "schemaUrl" | "schema_url" => result.schema_url = string(value).map_err(|fault| fault.under(name))?,
            "spans" => {
                let items = array(value).map_err(|fault| fault.under(name))?;
                result.spans.reserve(items.len());
                for item in items {
                    let mut read = Span::default();
                    let problem = span(item, &mut read).map(|fault| fault.to_string());
                    if gate.admit_span(&mut read, problem) {
                        result.spans.push(read);
                    }
                }
            }
            _ => {}
        }
    }
    gate.tidy_scope(result.scope.as_mut(), &mut result.schema_url);
    Ok(result)
}

fn resource_logs(value: Value, gate: &mut Gate) -> Read<ResourceLogs> {
    let mut result = ResourceLogs::default();
    for (name, value) in fields(value)? {
        match name.as_str() {
            "resource" => result.resource = Some(resource(value).map_err(|fault| fault.under(name))?),
            "schemaUrl" | "schema_url" => result.schema_url = string(value).map_err(|fault| fault.under(name))?,
            "scopeLogs" | "scope_logs" | "instrumentationLibraryLogs" => {
                let items = array(value).map_err(|fault| fault.under(&name))?.into_iter().enumerate();
                for (index, item) in items {
                    let scope = scope_logs(item, gate);
                    result.scope_logs.push(scope.map_err(|fault| fault.under(format_args!("{name}[{index}]")))?);
                }
            }
            _ => {}
        }
    }
    gate.tidy_resource(result.resource.as_mut(), &mut result.schema_url);
    Ok(result)
}

fn scope_logs(value: Value, gate: &mut Gate) -> Read<ScopeLogs> {
    let mut result = ScopeLogs::default();
    for (name, value) in fields(value)? {
        match name.as_str() {
            "scope" | "instrumentationLibrary" => {
                result.scope = Some(instrumentation_scope(value).map_err(|fault| fault.under(name))?);
            }
            "schemaUrl" | "schema_url" => result.schema_url = string(value).map_err(|fault| fault.under(name))?,
            "logRecords" | "log_records" | "logs" => {
                let items = array(value).map_err(|fault| fault.under(name))?;
                result.log_records.reserve(items.len());
                for item in items {
                    let mut read = LogRecord::default();
                    let problem = log_record(item, &mut read).map(|fault| fault.to_string());
                    if gate.admit_log(&mut read, problem) {
                        result.log_records.push(read);
                    }
                }
            }
            _ => {}
        }
    }
    gate.tidy_scope(result.scope.as_mut(), &mut result.schema_url);
    Ok(result)
}

fn resource(value: Value) -> Read<Resource> {
    let mut result = Resource::default();
    fill(value, |name, value| {
        match name {
            "attributes" => result.attributes = attributes(value)?,
            "droppedAttributesCount" | "dropped_attributes_count" => {
                result.dropped_attributes_count = unsigned_32(&value)?;
            }
            _ => {}
        }
        Ok(())
    })
    .map_or(Ok(result), Err)
}

fn instrumentation_scope(value: Value) -> Read<InstrumentationScope> {
    let mut result = InstrumentationScope::default();
    fill(value, |name, value| {
        match name {
            "name" => result.name = string(value)?,
            "version" => result.version = string(value)?,
            "attributes" => result.attributes = attributes(value)?,
            "droppedAttributesCount" | "dropped_attributes_count" => {
                result.dropped_attributes_count = unsigned_32(&value)?;
            }
            _ => {}
        }
        Ok(())
    })
    .map_or(Ok(result), Err)
}

/// Hands every field to `take` and answers the first fault. It goes on after a fault so that the name and the ids of a
/// misshapen span are known when it is reported, wherever they stand.
fn fill(value: Value, mut take: impl FnMut(&str, Value) -> Read<()>) -> Option<Fault> {
    let fields = match fields(value) {
        Ok(fields) => fields,
        Err(fault) => return Some(fault),
    };
    let mut first = None;
    for (name, value) in fields {
        if let Err(fault) = take(&name, value) {
            first.get_or_insert(fault.under(name));
        }
    }
    first
}

fn span(value: Value, span: &mut Span) -> Option<Fault> {
    fill(value, |name, value| {
        match name {
            "traceId" | "trace_id" => span.trace_id = id(&value)?,
            "spanId" | "span_id" => span.span_id = id(&value)?,
            "parentSpanId" | "parent_span_id" => span.parent_span_id = id(&value)?,
            "traceState" | "trace_state" => span.trace_state = string(value)?,
            "flags" => span.flags = unsigned_32(&value)?,
            "name" => span.name = string(value)?,
            "kind" => span.kind = enumeration(&value, "SPAN_KIND_", kind_number)?,
            "startTimeUnixNano" | "start_time_unix_nano" => span.start_time_unix_nano = unsigned(&value)?,
            "endTimeUnixNano" | "end_time_unix_nano" => span.end_time_unix_nano = unsigned(&value)?,
            "attributes" => span.attributes = attributes(value)?,
            "droppedAttributesCount" | "dropped_attributes_count" => {
                span.dropped_attributes_count = unsigned_32(&value)?;
            }
            "events" => span.events = each(value, event)?,
            "droppedEventsCount" | "dropped_events_count" => span.dropped_events_count = unsigned_32(&value)?,
            "links" => span.links = each(value, link)?,
            "droppedLinksCount" | "dropped_links_count" => span.dropped_links_count = unsigned_32(&value)?,
            "status" => span.status = Some(status(value)?),
            _ => {}
        }
        Ok(())
    })
}

fn kind_number(name: &str) -> Option<i32> {
    SpanKind::from_str_name(name).map(i32::from)
}

fn status_number(name: &str) -> Option<i32> {
    StatusCode::from_str_name(name).map(i32::from)
}

fn severity_number(name: &str) -> Option<i32> {
    SeverityNumber::from_str_name(name).map(i32::from)
}

fn status(value: Value) -> Read<Status> {
    let mut result = Status::default();
    fill(value, |name, value| {
        match name {
            "code" => result.code = enumeration(&value, "STATUS_CODE_", status_number)?,
            "message" => result.message = string(value)?,
            _ => {}
        }
        Ok(())
    })
    .map_or(Ok(result), Err)
}

fn event(value: Value) -> Read<Event> {
    let mut result = Event::default();
    fill(value, |name, value| {
        match name {
            "timeUnixNano" | "time_unix_nano" => result.time_unix_nano = unsigned(&value)?,
            "name" => result.name = string(value)?,
            "attributes" => result.attributes = attributes(value)?,
            "droppedAttributesCount" | "dropped_attributes_count" => {
                result.dropped_attributes_count = unsigned_32(&value)?;
            }
            _ => {}
        }
        Ok(())
    })
    .map_or(Ok(result), Err)
}

fn link(value: Value) -> Read<Link> {
    let mut result = Link::default();
    fill(value, |name, value| {
        match name {
            "traceId" | "trace_id" => result.trace_id = id(&value)?,
            "spanId" | "span_id" => result.span_id = id(&value)?,
            "traceState" | "trace_state" => result.trace_state = string(value)?,
            "flags" => result.flags = unsigned_32(&value)?,
            "attributes" => result.attributes = attributes(value)?,
            "droppedAttributesCount" | "dropped_attributes_count" => {
                result.dropped_attributes_count = unsigned_32(&value)?;
            }
            _ => {}
        }
        Ok(())
    })
    .map_or(Ok(result), Err)
}

fn log_record(value: Value, record: &mut LogRecord) -> Option<Fault> {
    fill(value, |name, value| {
        match name {
            "timeUnixNano" | "time_unix_nano" => record.time_unix_nano = unsigned(&value)?,
            "observedTimeUnixNano" | "observed_time_unix_nano" => record.observed_time_unix_nano = unsigned(&value)?,
            "severityNumber" | "severity_number" => {
                record.severity_number = enumeration(&value, "SEVERITY_NUMBER_", severity_number)?;
            }
            "severityText" | "severity_text" => record.severity_text = string(value)?,
            "body" => record.body = Some(any_value(value)?),
            "attributes" => record.attributes = attributes(value)?,
            "droppedAttributesCount" | "dropped_attributes_count" => {
                record.dropped_attributes_count = unsigned_32(&value)?;
            }
            "flags" => record.flags = unsigned_32(&value)?,
            "traceId" | "trace_id" => record.trace_id = id(&value)?,
            "spanId" | "span_id" => record.span_id = id(&value)?,
            "eventName" | "event_name" => record.event_name = string(value)?,
            _ => {}
        }
        Ok(())
    })
}
