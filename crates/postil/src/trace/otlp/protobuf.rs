//! OTLP as protobuf.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message;

use super::check::{Gate, check_logs, check_traces};
use super::size::{check_logs_size, check_traces_size};
use super::{DecodeError, Decoded, DecodedLogs};

/// Reads an `ExportTraceServiceRequest`.
pub fn decode_traces_protobuf(body: &[u8]) -> Result<Decoded, DecodeError> {
    check_traces_size(body)?;
    match ExportTraceServiceRequest::decode(body) {
        Ok(request) => Ok(check_traces(request.resource_spans)),
        Err(_) => salvage_traces(body),
    }
}

/// Reads an `ExportLogsServiceRequest`.
pub fn decode_logs_protobuf(body: &[u8]) -> Result<DecodedLogs, DecodeError> {
    check_logs_size(body)?;
    match ExportLogsServiceRequest::decode(body) {
        Ok(request) => Ok(check_logs(request.resource_logs)),
        Err(_) => salvage_logs(body),
    }
}

/// A request whose resources, scopes and spans are not looked into. Traces and logs number these fields alike.
#[derive(Clone, PartialEq, Message)]
struct Envelope {
    #[prost(message, repeated, tag = "1")]
    resources: Vec<ResourceEnvelope>,
}

#[derive(Clone, PartialEq, Message)]
struct ResourceEnvelope {
    #[prost(bytes = "vec", optional, tag = "1")]
    resource: Option<Vec<u8>>,
    #[prost(message, repeated, tag = "2")]
    scopes: Vec<ScopeEnvelope>,
    #[prost(bytes = "vec", tag = "3")]
    schema_url: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct ScopeEnvelope {
    #[prost(bytes = "vec", optional, tag = "1")]
    scope: Option<Vec<u8>>,
    #[prost(bytes = "vec", repeated, tag = "2")]
    items: Vec<Vec<u8>>,
    #[prost(bytes = "vec", tag = "3")]
    schema_url: Vec<u8>,
}

/// Reads a request that does not decode as a whole span by span: text that is not UTF-8 or a value nested without end
/// costs only the span it is in.
fn salvage_traces(body: &[u8]) -> Result<Decoded, DecodeError> {
    let mut gate = Gate::default();
    let mut resource_spans = Vec::new();
    for from in open(body)?.resources {
        let mut resource = from.resource.as_deref().map(as_far_as_possible);
        let mut schema_url = text(&from.schema_url);
        gate.tidy_resource(resource.as_mut(), &mut schema_url);
        let mut scope_spans = Vec::with_capacity(from.scopes.len());
        for from in from.scopes {
            let mut scope = from.scope.as_deref().map(as_far_as_possible);
            let mut schema_url = text(&from.schema_url);
            gate.tidy_scope(scope.as_mut(), &mut schema_url);
            let mut spans = Vec::with_capacity(from.items.len());
            for bytes in &from.items {
                let mut span = Span::default();
                let problem = span.merge(bytes.as_slice()).err().map(not_protobuf);
                if gate.admit_span(&mut span, problem) {
                    spans.push(span);
                }
            }
            scope_spans.push(ScopeSpans { scope, spans, schema_url });
        }
        resource_spans.push(ResourceSpans { resource, scope_spans, schema_url });
    }
    Ok(gate.into_decoded(resource_spans))
}

/// [`salvage_traces`] for log records.
fn salvage_logs(body: &[u8]) -> Result<DecodedLogs, DecodeError> {
    let mut gate = Gate::default();
    let mut resource_logs = Vec::new();
    for from in open(body)?.resources {
        let mut resource = from.resource.as_deref().map(as_far_as_possible);
        let mut schema_url = text(&from.schema_url);
        gate.tidy_resource(resource.as_mut(), &mut schema_url);
        let mut scope_logs = Vec::with_capacity(from.scopes.len());
        for from in from.scopes {
            let mut scope = from.scope.as_deref().map(as_far_as_possible);
            let mut schema_url = text(&from.schema_url);
            gate.tidy_scope(scope.as_mut(), &mut schema_url);
            let mut log_records = Vec::with_capacity(from.items.len());
            for bytes in &from.items {
                let mut record = LogRecord::default();
                let problem = record.merge(bytes.as_slice()).err().map(not_protobuf);
                if gate.admit_log(&mut record, problem) {
                    log_records.push(record);
                }
            }
            scope_logs.push(ScopeLogs { scope, log_records, schema_url });
        }
        resource_logs.push(ResourceLogs { resource, scope_logs, schema_url });
    }
    Ok(gate.into_decoded_logs(resource_logs))
}

fn open(body: &[u8]) -> Result<Envelope, DecodeError> {
    Envelope::decode(body).map_err(|error| DecodeError::new(format!("the body is not valid protobuf: {error}")))
}

fn not_protobuf(error: prost::DecodeError) -> String {
    format!("not valid protobuf: {error}")
}

/// What can be read of a message before it becomes unreadable: half a resource is better than none.
fn as_far_as_possible<M: Message + Default>(bytes: &[u8]) -> M {
    let mut message = M::default();
    let _ = message.merge(bytes);
    message
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
