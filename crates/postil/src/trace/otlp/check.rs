//! What every span and log record must satisfy before it is stored, however it came in.

use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, Span};

use super::{Decoded, DecodedLogs, Rejected};

/// The latest time that fits a signed 64-bit integer, which is what databases hold.
const LATEST_NANOS: u64 = i64::MAX.unsigned_abs();

/// How much of a name is repeated in a message.
const SHOWN_NAME: usize = 60;

/// Applies the rules of [`decode_traces_protobuf`](super::decode_traces_protobuf) to spans that are decoded already,
/// as those of a gRPC request are.
#[must_use]
pub fn check_traces(mut resource_spans: Vec<ResourceSpans>) -> Decoded {
    let mut gate = Gate::default();
    for resource in &mut resource_spans {
        gate.tidy_resource(resource.resource.as_mut(), &mut resource.schema_url);
        for scope in &mut resource.scope_spans {
            gate.tidy_scope(scope.scope.as_mut(), &mut scope.schema_url);
            scope.spans.retain_mut(|span| gate.admit_span(span, None));
        }
    }
    gate.into_decoded(resource_spans)
}

/// Applies the rules of [`decode_logs_protobuf`](super::decode_logs_protobuf) to log records that are decoded already.
#[must_use]
pub fn check_logs(mut resource_logs: Vec<ResourceLogs>) -> DecodedLogs {
    let mut gate = Gate::default();
    for resource in &mut resource_logs {
        gate.tidy_resource(resource.resource.as_mut(), &mut resource.schema_url);
        for scope in &mut resource.scope_logs {
            gate.tidy_scope(scope.scope.as_mut(), &mut scope.schema_url);
            scope.log_records.retain_mut(|record| gate.admit_log(record, None));
        }
    }
    gate.into_decoded_logs(resource_logs)
}

/// Says why a span cannot be stored, if it cannot: its ids are missing or have an impossible size.
///
/// Span ids of 16 bytes are allowed because orq's LangChain callback uses UUIDs. A parent of zeros counts as none.
pub fn check_span(span: &Span) -> Result<(), String> {
    match span.trace_id.len() {
        16 if is_zero(&span.trace_id) => return Err("trace_id is all zeros".into()),
        16 => {}
        0 => return Err("trace_id is missing".into()),
        length => return Err(format!("trace_id has {length} bytes, 16 are needed")),
    }
    match span.span_id.len() {
        8 | 16 if is_zero(&span.span_id) => return Err("span_id is all zeros".into()),
        8 | 16 => {}
        0 => return Err("span_id is missing".into()),
        length => return Err(format!("span_id has {length} bytes, 8 or 16 are needed")),
    }
    match span.parent_span_id.len() {
        0 | 8 | 16 => Ok(()),
        _ if is_zero(&span.parent_span_id) => Ok(()),
        length => Err(format!("parent_span_id has {length} bytes, 8 or 16 are needed")),
    }
}

/// Log records may belong to no span at all, so their ids may be absent but not misshapen.
fn check_log(record: &LogRecord) -> Result<(), String> {
    if !matches!(record.trace_id.len(), 0 | 16) {
        return Err(format!("trace_id has {} bytes, 16 are needed", record.trace_id.len()));
    }
    if !matches!(record.span_id.len(), 0 | 8 | 16) {
        return Err(format!("span_id has {} bytes, 8 or 16 are needed", record.span_id.len()));
    }
    Ok(())
}

fn is_zero(id: &[u8]) -> bool {
    id.iter().all(|byte| *byte == 0)
}

fn clear_zeros(id: &mut Vec<u8>) {
    if is_zero(id) {
        id.clear();
    }
}

fn saturate(nanos: &mut u64) {
    *nanos = (*nanos).min(LATEST_NANOS);
}

/// Lets spans and log records pass one by one, tidies those it admits and remembers those it does not.
#[derive(Default)]
pub(super) struct Gate {
    seen: usize,
    rejected: Vec<Rejected>,
    stripped_nul: u64,
}

impl Gate {
    pub(super) fn into_decoded(self, resource_spans: Vec<ResourceSpans>) -> Decoded {
        Decoded { resource_spans, rejected: self.rejected, stripped_nul: self.stripped_nul }
    }

    pub(super) fn into_decoded_logs(self, resource_logs: Vec<ResourceLogs>) -> DecodedLogs {
        DecodedLogs { resource_logs, rejected: self.rejected, stripped_nul: self.stripped_nul }
    }

    /// Admits the next span of the request, unless reading it has met a problem or its ids are unfit.
    pub(super) fn admit_span(&mut self, span: &mut Span, problem: Option<String>) -> bool {
        clear_zeros(&mut span.parent_span_id);
        let verdict = problem.map_or_else(|| check_span(span), Err);
        if let Err(reason) = verdict {
            self.reject("span", &span.name, &span.span_id, &reason);
            return false;
        }
        self.seen += 1;
        self.tidy_span(span);
        true
    }

    /// Admits the next log record of the request, unless reading it has met a problem or its ids are unfit.
    pub(super) fn admit_log(&mut self, record: &mut LogRecord, problem: Option<String>) -> bool {
        clear_zeros(&mut record.trace_id);
        clear_zeros(&mut record.span_id);
        let verdict = problem.map_or_else(|| check_log(record), Err);
        if let Err(reason) = verdict {
            self.reject("log record", &record.event_name, &record.span_id, &reason);
            return false;
        }
        self.seen += 1;
        self.tidy_log(record);
        true
    }

    fn reject(&mut self, what: &str, name: &str, span_id: &[u8], reason: &str) {
        let index = self.seen;
        self.seen += 1;
        let shown: String = name.chars().filter(|c| !c.is_control()).take(SHOWN_NAME).collect();
        let reason = format!("{what} {index} '{shown}': {reason}");
        let span_id = hex::encode(&span_id[..span_id.len().min(16)]);
        self.rejected.push(Rejected { index, span_id, reason });
    }

    pub(super) fn tidy_resource(&mut self, resource: Option<&mut Resource>, schema_url: &mut String) {
        self.strip(schema_url);
        let Some(resource) = resource else { return };
        self.strip_attributes(&mut resource.attributes);
        for entity in &mut resource.entity_refs {
            self.strip(&mut entity.schema_url);
            self.strip(&mut entity.r#type);
            for key in entity.id_keys.iter_mut().chain(&mut entity.description_keys) {
                self.strip(key);
            }
        }
    }

    pub(super) fn tidy_scope(&mut self, scope: Option<&mut InstrumentationScope>, schema_url: &mut String) {
        self.strip(schema_url);
        if let Some(scope) = scope {
            self.strip(&mut scope.name);
            self.strip(&mut scope.version);
            self.strip_attributes(&mut scope.attributes);
        }
    }

    fn tidy_span(&mut self, span: &mut Span) {
        saturate(&mut span.start_time_unix_nano);
        saturate(&mut span.end_time_unix_nano);
        self.strip(&mut span.name);
        self.strip(&mut span.trace_state);
        self.strip_attributes(&mut span.attributes);
        for event in &mut span.events {
            saturate(&mut event.time_unix_nano);
            self.strip(&mut event.name);
            self.strip_attributes(&mut event.attributes);
        }
        for link in &mut span.links {
            self.strip(&mut link.trace_state);
            self.strip_attributes(&mut link.attributes);
        }
        if let Some(status) = &mut span.status {
            self.strip(&mut status.message);
        }
    }

    fn tidy_log(&mut self, record: &mut LogRecord) {
        saturate(&mut record.time_unix_nano);
        saturate(&mut record.observed_time_unix_nano);
        self.strip(&mut record.severity_text);
        self.strip(&mut record.event_name);
        self.strip_attributes(&mut record.attributes);
        if let Some(body) = &mut record.body {
            self.strip_value(body);
        }
    }

    fn strip_attributes(&mut self, attributes: &mut [KeyValue]) {
        for attribute in attributes {
            self.strip(&mut attribute.key);
            if let Some(value) = &mut attribute.value {
                self.strip_value(value);
            }
        }
    }

    fn strip_value(&mut self, value: &mut AnyValue) {
        match &mut value.value {
            Some(any_value::Value::StringValue(text)) => self.strip(text),
            Some(any_value::Value::ArrayValue(list)) => {
                for item in &mut list.values {
                    self.strip_value(item);
                }
            }
            Some(any_value::Value::KvlistValue(list)) => self.strip_attributes(&mut list.values),
            _ => {}
        }
    }

    fn strip(&mut self, text: &mut String) {
        if text.as_bytes().contains(&0) {
            let before = text.len();
            text.retain(|character| character != '\0');
            self.stripped_nul += (before - text.len()) as u64;
        }
    }
}
