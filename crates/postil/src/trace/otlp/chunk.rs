//! Raw spans as they are kept: compressed OTLP `TracesData`, the spans of one trace in one request together.

use std::cell::RefCell;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ops::Range;
use std::sync::Arc;

use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, Span, TracesData};
use prost::Message;
use prost::encoding::{WireType, encode_key, encode_varint, message, string};
use sha2::{Digest, Sha256};
use zstd::bulk::{Compressor, Decompressor};
use zstd::zstd_safe::get_frame_content_size;

use super::DecodeError;

/// How many spans a chunk holds at most.
pub const MAX_CHUNK_SPANS: usize = 64;

/// How many bytes of spans a chunk holds at most before compression, unless a single span is larger.
pub const MAX_CHUNK_BYTES: usize = 256 * 1024;

/// The largest chunk that is decompressed: larger than any request body may be.
const MAX_DECOMPRESSED: usize = 128 * 1024 * 1024;

/// Level -1 saves about 1 µs a span and takes a fifth more room on generated traces; level 3 costs 2 µs more and saves
/// one percent.
const COMPRESSION_LEVEL: i32 = 1;

/// How a zstd frame begins; protobuf never begins so.
const ZSTD_MAGIC: [u8; 4] = [0x28, 0xB5, 0x2F, 0xFD];

/// The resource of received spans, shared by all of them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SourceResource {
    /// What the client said about itself.
    pub resource: Option<Resource>,
    /// The schema its attributes follow.
    pub schema_url: String,
}

/// The instrumentation scope of received spans with its resource, shared by all of them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SourceScope {
    /// The resource that the scope belongs to.
    pub resource: Arc<SourceResource>,
    /// The library that made the spans.
    pub scope: Option<InstrumentationScope>,
    /// The schema their attributes follow.
    pub schema_url: String,
}

/// A span together with where it comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct ReceivedSpan {
    /// Its scope and resource.
    pub source: Arc<SourceScope>,
    /// The span itself.
    pub span: Span,
}

/// The spans of one trace in one request, each span id once, in the order they came.
#[derive(Debug, Clone, PartialEq)]
pub struct TraceBatch {
    /// The trace id in lower-case hex.
    pub trace_id: String,
    /// Its spans.
    pub spans: Vec<ReceivedSpan>,
}

/// Spans as they are stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// The beginning of the SHA-256 of the uncompressed bytes: a request that is sent twice makes the same chunks.
    pub id: i64,
    /// The `TracesData` message, compressed.
    pub bytes: Vec<u8>,
    /// How many spans are inside.
    pub span_count: usize,
}

/// An id of up to 16 bytes with its length, as a map key that needs no memory of its own.
type IdKey = ([u8; 16], usize);

fn id_key(id: &[u8]) -> IdKey {
    let mut key = [0; 16];
    let length = id.len().min(key.len());
    key[..length].copy_from_slice(&id[..length]);
    (key, length)
}

/// Sorts checked spans by trace, keeping the order of traces and spans. A span that comes twice is kept once, as it
/// came last.
#[must_use]
pub fn split_by_trace(resource_spans: Vec<ResourceSpans>) -> Vec<TraceBatch> {
    let mut batches: Vec<TraceBatch> = Vec::new();
    let mut traces: HashMap<IdKey, usize> = HashMap::new();
    let mut places: HashMap<(usize, IdKey), usize> = HashMap::new();
    for group in resource_spans {
        let resource = Arc::new(SourceResource { resource: group.resource, schema_url: group.schema_url });
        for group in group.scope_spans {
            let resource = Arc::clone(&resource);
            let source = Arc::new(SourceScope { resource, scope: group.scope, schema_url: group.schema_url });
            for span in group.spans {
                let batch = *traces.entry(id_key(&span.trace_id)).or_insert_with(|| {
                    batches.push(TraceBatch { trace_id: hex::encode(&span.trace_id), spans: Vec::new() });
                    batches.len() - 1
                });
                let spans = &mut batches[batch].spans;
                let place = places.entry((batch, id_key(&span.span_id)));
                let received = ReceivedSpan { source: Arc::clone(&source), span };
                match place {
                    Entry::Occupied(place) => spans[*place.get()] = received,
                    Entry::Vacant(place) => {
                        place.insert(spans.len());
                        spans.push(received);
                    }
                }
            }
        }
    }
    batches
}

/// Encodes all spans of a batch. The chunks follow the order of the spans: the first holds the first
/// [`span_count`](Chunk::span_count) of them, and so on.
#[must_use]
pub fn encode_chunks(spans: &[ReceivedSpan]) -> Vec<Chunk> {
    chunk_ranges(spans).into_iter().map(|range| encode_chunk(&spans[range])).collect()
}

fn chunk_ranges(spans: &[ReceivedSpan]) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let (mut start, mut bytes) = (0, 0_usize);
    for (index, received) in spans.iter().enumerate() {
        let length = received.span.encoded_len();
        if index > start && (index - start == MAX_CHUNK_SPANS || bytes.saturating_add(length) > MAX_CHUNK_BYTES) {
            ranges.push(start..index);
            (start, bytes) = (index, 0);
        }
        bytes = bytes.saturating_add(length);
    }
    if start < spans.len() {
        ranges.push(start..spans.len());
    }
    ranges
}

/// Encodes spans as one chunk, however large. [`encode_chunks`] keeps to the limits.
#[must_use]
pub fn encode_chunk(spans: &[ReceivedSpan]) -> Chunk {
    let plain = encode_traces_data(spans);
    Chunk { id: chunk_id(&plain), bytes: compress(plain), span_count: spans.len() }
}

fn chunk_id(plain: &[u8]) -> i64 {
    let [a, b, c, d, e, f, g, h, ..]: [u8; 32] = Sha256::digest(plain).into();
    i64::from_be_bytes([a, b, c, d, e, f, g, h])
}

/// Writes a `TracesData` message without building one, which would take a copy of every span. Neighbouring spans of
/// one scope share it, and neighbouring scopes of one resource share that.
fn encode_traces_data(spans: &[ReceivedSpan]) -> Vec<u8> {
    let mut data = Vec::new();
    let (mut resource_body, mut scope_body) = (Vec::new(), Vec::new());
    for in_resource in spans.chunk_by(|a, b| Arc::ptr_eq(&a.source.resource, &b.source.resource)) {
        let Some(resource) = in_resource.first().map(|received| &received.source.resource) else { continue };
        resource_body.clear();
        if let Some(resource) = &resource.resource {
            message::encode(1, resource, &mut resource_body);
        }
        for in_scope in in_resource.chunk_by(|a, b| Arc::ptr_eq(&a.source, &b.source)) {
            let Some(source) = in_scope.first().map(|received| &received.source) else { continue };
            scope_body.clear();
            if let Some(scope) = &source.scope {
                message::encode(1, scope, &mut scope_body);
            }
            for received in in_scope {
                message::encode(2, &received.span, &mut scope_body);
            }
            put_text(3, &source.schema_url, &mut scope_body);
            put_bytes(2, &scope_body, &mut resource_body);
        }
        put_text(3, &resource.schema_url, &mut resource_body);
        put_bytes(1, &resource_body, &mut data);
    }
    data
}

fn put_bytes(tag: u32, bytes: &[u8], into: &mut Vec<u8>) {
    encode_key(tag, WireType::LengthDelimited, into);
    encode_varint(bytes.len() as u64, into);
    into.extend_from_slice(bytes);
}

fn put_text(tag: u32, text: &String, into: &mut Vec<u8>) {
    if !text.is_empty() {
        string::encode(tag, text, into);
    }
}

thread_local! {
    /// Setting a compressor up costs more than compressing a chunk with it.
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = RefCell::new(Compressor::new(COMPRESSION_LEVEL).ok());
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = RefCell::new(Decompressor::new().ok());
}

/// Compresses, or answers the bytes as they are should zstd find no memory; [`decode_chunk`] tells the two apart.
fn compress(plain: Vec<u8>) -> Vec<u8> {
    let compressed = COMPRESSOR.with_borrow_mut(|compressor| compressor.as_mut()?.compress(&plain).ok());
    match compressed {
        Some(mut compressed) => {
            compressed.shrink_to_fit();
            compressed
        }
        None => plain,
    }
}

/// Reads a chunk.
pub fn decode_chunk(bytes: &[u8]) -> Result<TracesData, DecodeError> {
    let read = |plain: &[u8]| {
        TracesData::decode(plain).map_err(|error| DecodeError::new(format!("the chunk is not valid protobuf: {error}")))
    };
    if bytes.starts_with(&ZSTD_MAGIC) { read(&decompress(bytes)?) } else { read(bytes) }
}

fn decompress(bytes: &[u8]) -> Result<Vec<u8>, DecodeError> {
    let broken = |what: &str| DecodeError::new(format!("the chunk cannot be decompressed: {what}"));
    let size = get_frame_content_size(bytes).ok().flatten().ok_or_else(|| broken("its size is unknown"))?;
    let size = usize::try_from(size).ok().filter(|size| *size <= MAX_DECOMPRESSED);
    let size = size.ok_or_else(|| broken("it is too large"))?;
    DECOMPRESSOR.with_borrow_mut(|decompressor| match decompressor {
        Some(decompressor) => decompressor.decompress(bytes, size).map_err(|error| broken(&error.to_string())),
        None => Err(broken("out of memory")),
    })
}

/// Finds a span by its id, with its resource and scope. Of several the last one counts, as it does when they are stored.
#[must_use]
pub fn find_span<'a>(
    data: &'a TracesData,
    span_id: &[u8],
) -> Option<(Option<&'a Resource>, Option<&'a InstrumentationScope>, &'a Span)> {
    data.resource_spans.iter().rev().find_map(|resource| {
        resource.scope_spans.iter().rev().find_map(|scope| {
            let span = scope.spans.iter().rev().find(|span| span.span_id == span_id)?;
            Some((resource.resource.as_ref(), scope.scope.as_ref(), span))
        })
    })
}
