//! OTLP in and out, as pure functions.
//!
//! Requests come as protobuf or as JSON, from OpenTelemetry and from clients that write OTLP by hand; the native JSON
//! of orq's `@traced` becomes OTLP spans here as well. One odd span never costs its batch: it is left out and reported
//! as [`Rejected`], and only a body without a readable envelope is a [`DecodeError`].
//!
//! - [`decode_traces_protobuf`], [`decode_traces_json`], [`decode_orq_json`] and the same for logs read requests;
//! - [`check_traces`] and [`check_logs`] apply the same rules to requests that something else has decoded;
//! - [`split_by_trace`], [`encode_chunks`] and [`decode_chunk`] keep spans as they came, compressed;
//! - [`span_to_json`] shows a kept span;
//! - [`export_response_protobuf`] and [`export_response_json`] answer.

mod answer;
mod check;
mod chunk;
mod json;
mod orq;
mod protobuf;
mod read;
mod render;
mod size;
mod text;

#[cfg(test)]
mod tests;

use opentelemetry_proto::tonic::logs::v1::ResourceLogs;
use opentelemetry_proto::tonic::trace::v1::ResourceSpans;

pub use answer::{Signal, export_response_json, export_response_protobuf, rejection_message};
pub use check::{check_logs, check_span, check_traces};
pub use chunk::{
    Chunk, MAX_CHUNK_BYTES, MAX_CHUNK_SPANS, ReceivedSpan, SourceResource, SourceScope, TraceBatch, decode_chunk,
    encode_chunk, encode_chunks, find_span, split_by_trace,
};
pub use json::{decode_logs_json, decode_traces_json};
pub use orq::{decode_orq_json, is_orq_body};
pub use protobuf::{decode_logs_protobuf, decode_traces_protobuf};
pub use render::{anyvalue_to_json, attributes_to_json, json_to_anyvalue, span_to_json};

/// How many lists or objects of an attribute value may lie inside each other; what is deeper becomes JSON text.
///
/// Protobuf decoding stops at 100 nested messages, and an object inside an object takes three of them: with this limit
/// every value that was read from JSON can be stored as protobuf and read back.
pub const MAX_VALUE_DEPTH: usize = 30;

/// Why a whole body could not be read: what is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct DecodeError {
    /// A sentence for the caller.
    pub message: String,
}

impl DecodeError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }
}

/// One span or log record that was left out of its batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// Its position among all spans (or log records) of the request, counted from 0.
    pub index: usize,
    /// Its span id in hex as far as it could be read; else empty.
    pub span_id: String,
    /// A sentence that names the span and what is wrong with it.
    pub reason: String,
}

impl Rejected {
    /// What is wrong, without the name of the span or record it is wrong with.
    pub fn cause(&self) -> &str {
        self.reason.rsplit_once("': ").map_or(self.reason.as_str(), |(_, cause)| cause)
    }
}

/// The spans of a request, checked.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Decoded {
    /// What can be stored.
    pub resource_spans: Vec<ResourceSpans>,
    /// What cannot.
    pub rejected: Vec<Rejected>,
    /// How many NUL characters were taken out of strings, which PostgreSQL cannot hold.
    pub stripped_nul: u64,
}

/// The log records of a request, checked.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DecodedLogs {
    /// What can be stored.
    pub resource_logs: Vec<ResourceLogs>,
    /// What cannot.
    pub rejected: Vec<Rejected>,
    /// How many NUL characters were taken out of strings, which PostgreSQL cannot hold.
    pub stripped_nul: u64,
}
