//! What every target does with what it read: all that the server does with a request before the database, and all that
//! it does with a stored span when somebody looks at it.

use postil::trace::dialect::{SpanView, normalize, unmapped_keys};
use postil::trace::intake::{Origin, prepare, prepare_logs};
use postil::trace::model::NormalizedSpan;
use postil::trace::otlp::{self, Decoded, DecodedLogs};
use postil::trace::price::PriceTable;
use postil::trace::rollup::{facts, rollup};

pub mod span;
#[path = "../../crates/postil/src/trace/dialect/vocabulary.rs"]
pub mod vocabulary;

const ORIGIN: Origin = Origin { project: 1, received_at: 1_795_255_200_000_000, convention_version: Some(4) };

/// Spans of a request.
pub fn traces(decoded: Decoded) {
    let _ = otlp::rejection_message(&decoded.rejected);
    let prices = PriceTable::built_in();
    let batches = otlp::split_by_trace(decoded.resource_spans.clone());
    let prepared = prepare(decoded.resource_spans, ORIGIN, prices);
    assert_eq!(prepared.span_count(), batches.iter().map(|batch| batch.spans.len()).sum::<usize>());
    for batch in &batches {
        for chunk in otlp::encode_chunks(&batch.spans) {
            let stored = otlp::decode_chunk(&chunk.bytes).expect("what was admitted can be stored and read back");
            for received in &batch.spans {
                let Some((resource, scope, span)) = otlp::find_span(&stored, &received.span.span_id) else { continue };
                let _ = otlp::span_to_json(resource, scope, span);
            }
        }
    }
}

/// Log records of a request.
pub fn logs(decoded: DecodedLogs) {
    let _ = otlp::rejection_message(&decoded.rejected);
    let _ = prepare_logs(decoded.resource_logs, ORIGIN);
}

/// One span with its log records.
pub fn mapped(call: &span::Call) {
    let view = SpanView {
        resource: Some(&call.resource),
        scope: Some(&call.scope),
        span: &call.span,
        header_convention_version: call.convention_version,
    };
    let records: Vec<_> = call.records.iter().collect();
    let mut normalized = normalize(&view, &records);
    PriceTable::built_in().apply(&mut normalized);
    assert!(!normalized.display_name.is_empty());
    let facts = facts(&view, &normalized);
    assert!(facts.input_preview.as_ref().is_none_or(|line| line.chars().count() <= 400));
    let _ = rollup(&[facts]);
    let _ = unmapped_keys(&view);

    let json = serde_json::to_string(&normalized).expect("a span is JSON");
    // Mapping copies what is there; it must not be a way to make much of little.
    assert!(json.len() <= 16 * call.size + 4096, "{} bytes became {}", call.size, json.len());
    let back: NormalizedSpan = serde_json::from_str(&json).expect("the JSON of a span is a span");
    assert_eq!(serde_json::to_string(&back).expect("a span is JSON"), json);
}
