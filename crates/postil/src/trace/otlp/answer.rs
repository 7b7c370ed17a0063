//! What the sender of an OTLP request is told.

use opentelemetry_proto::tonic::collector::logs::v1::{ExportLogsPartialSuccess, ExportLogsServiceResponse};
use opentelemetry_proto::tonic::collector::metrics::v1::{ExportMetricsPartialSuccess, ExportMetricsServiceResponse};
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTracePartialSuccess, ExportTraceServiceResponse};
use prost::Message;
use serde_json::{Map, Value, json};

use super::Rejected;

/// How many rejections a message spells out.
const SPELLED_OUT: usize = 3;

/// What a request exports; the three answers differ in the name of one field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// Spans.
    Traces,
    /// Log records.
    Logs,
    /// Data points.
    Metrics,
}

/// The answer to a protobuf request. It is empty when nothing was rejected and there is nothing to say.
#[must_use]
pub fn export_response_protobuf(signal: Signal, rejected: usize, message: &str) -> Vec<u8> {
    if rejected == 0 && message.is_empty() {
        return Vec::new();
    }
    let rejected = i64::try_from(rejected).unwrap_or(i64::MAX);
    let error_message = message.to_owned();
    match signal {
        Signal::Traces => {
            let partial_success = Some(ExportTracePartialSuccess { rejected_spans: rejected, error_message });
            ExportTraceServiceResponse { partial_success }.encode_to_vec()
        }
        Signal::Logs => {
            let partial_success = Some(ExportLogsPartialSuccess { rejected_log_records: rejected, error_message });
            ExportLogsServiceResponse { partial_success }.encode_to_vec()
        }
        Signal::Metrics => {
            let partial_success = Some(ExportMetricsPartialSuccess { rejected_data_points: rejected, error_message });
            ExportMetricsServiceResponse { partial_success }.encode_to_vec()
        }
    }
}

/// The answer to a JSON request: `{"partialSuccess":{}}` when nothing was rejected and there is nothing to say.
#[must_use]
pub fn export_response_json(signal: Signal, rejected: usize, message: &str) -> Vec<u8> {
    let mut partial = Map::new();
    if rejected > 0 {
        let field = match signal {
            Signal::Traces => "rejectedSpans",
            Signal::Logs => "rejectedLogRecords",
            Signal::Metrics => "rejectedDataPoints",
        };
        partial.insert(field.into(), Value::from(rejected.to_string()));
    }
    if !message.is_empty() {
        partial.insert("errorMessage".into(), Value::from(message));
    }
    json!({ "partialSuccess": partial }).to_string().into_bytes()
}

/// One message about everything that was rejected: the first few reasons in full, then how many more there are.
#[must_use]
pub fn rejection_message(rejected: &[Rejected]) -> String {
    let mut reasons: Vec<&str> = rejected.iter().take(SPELLED_OUT).map(|one| one.reason.as_str()).collect();
    let more = rejected.len().saturating_sub(SPELLED_OUT);
    let remainder = format!("and {more} more");
    if more > 0 {
        reasons.push(&remainder);
    }
    reasons.join("; ")
}
