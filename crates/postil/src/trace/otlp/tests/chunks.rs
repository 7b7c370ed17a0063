use std::sync::Arc;

use opentelemetry_proto::tonic::trace::v1::TracesData;

use super::super::*;
use super::*;

fn one_trace(spans: Vec<Span>) -> Vec<ReceivedSpan> {
    let batches = split_by_trace(vec![group(spans)]);
    assert_eq!(batches.len(), 1);
    batches.into_iter().next().unwrap().spans
}

fn numbered(count: u16) -> Vec<Span> {
    let id = |number: u16| [vec![1; 6], number.to_be_bytes().to_vec()].concat();
    (0..count).map(|number| Span { span_id: id(number), ..span(1, 1, "a") }).collect()
}

#[test]
fn spans_are_sorted_by_trace_and_keep_resource_and_scope() {
    let batches = split_by_trace(vec![
        group(vec![span(0xAB, 1, "a"), span(2, 1, "b"), span(0xAB, 2, "c")]),
        group(vec![span(2, 2, "d")]),
    ]);
    let names = |batch: &TraceBatch| batch.spans.iter().map(|one| one.span.name.clone()).collect::<Vec<_>>();
    assert_eq!(batches.iter().map(names).collect::<Vec<_>>(), [["a", "c"], ["b", "d"]]);
    assert_eq!(batches[0].trace_id, "ab".repeat(16));
    let (first, second) = (&batches[0].spans[0].source, &batches[0].spans[1].source);
    assert!(Arc::ptr_eq(first, second));
    assert_eq!(first.resource.resource, group(vec![]).resource);
    assert_eq!(first.scope.as_ref().unwrap().name, "tests");
}

#[test]
fn of_a_span_that_comes_twice_the_last_one_is_kept() {
    let kept = one_trace(vec![span(1, 1, "old"), span(1, 2, "other"), span(1, 1, "new")]);
    assert_eq!(kept.iter().map(|one| one.span.name.as_str()).collect::<Vec<_>>(), ["new", "other"]);
}

#[test]
fn chunk_reads_back_as_the_message_it_stands_for() {
    let sent = vec![group(vec![span(1, 1, "a"), span(1, 2, "b")]), group(vec![span(1, 3, "c")])];
    let batches = split_by_trace(sent.clone());
    let chunk = encode_chunk(&batches[0].spans);
    assert_eq!(chunk.span_count, 3);
    assert_eq!(decode_chunk(&chunk.bytes).unwrap(), TracesData { resource_spans: sent });
}

#[test]
fn spans_are_found_with_resource_and_scope() {
    let chunk = encode_chunk(&one_trace(vec![span(1, 1, "a"), span(1, 2, "b")]));
    let data = decode_chunk(&chunk.bytes).unwrap();
    let (resource, scope, found) = find_span(&data, &[2; 8]).unwrap();
    assert_eq!(found.name, "b");
    assert_eq!(resource.unwrap().attributes, [text("service.name", "shop")]);
    assert_eq!(scope.unwrap().name, "tests");
    assert!(find_span(&data, &[3; 8]).is_none());
}

#[test]
fn the_same_spans_always_make_the_same_chunk() {
    let chunk = |name: &str| encode_chunk(&one_trace(vec![span(1, 1, name)]));
    assert_eq!(chunk("a"), chunk("a"));
    assert_ne!(chunk("a").id, chunk("b").id);
}

#[test]
fn chunks_keep_to_the_limits_and_the_order() {
    let counts = |spans: &[ReceivedSpan]| encode_chunks(spans).iter().map(|chunk| chunk.span_count).collect::<Vec<_>>();
    assert_eq!(counts(&[]), Vec::<usize>::new());
    assert_eq!(counts(&one_trace(numbered(64))), [64]);
    assert_eq!(counts(&one_trace(numbered(65))), [64, 1]);
    assert_eq!(counts(&one_trace(numbered(200))), [64, 64, 64, 8]);
    let mut large = numbered(5);
    for (span, size) in large.iter_mut().zip([100_000, 100_000, 100_000, 1_000_000, 10]) {
        span.attributes.push(text("k", &"x".repeat(size)));
    }
    let spans = one_trace(large);
    assert_eq!(counts(&spans), [2, 1, 1, 1]);
    let second = decode_chunk(&encode_chunks(&spans)[1].bytes).unwrap();
    assert!(find_span(&second, &spans[2].span.span_id).is_some());
}

#[test]
fn broken_chunks_are_errors() {
    let good = encode_chunk(&one_trace(numbered(20))).bytes;
    decode_chunk(&good[..good.len() - 1]).unwrap_err();
    decode_chunk(&good[..5]).unwrap_err();
    decode_chunk(b"\x0A\xFFabc").unwrap_err();
    // A frame header that announces 2^60 bytes must not make room for them.
    decode_chunk(&[0x28, 0xB5, 0x2F, 0xFD, 0xE0, 0, 0, 0, 0, 0, 0, 0, 0x10, 1, 0, 0]).unwrap_err();
}

#[test]
fn chunk_that_was_stored_uncompressed_is_read_as_well() {
    let data = TracesData { resource_spans: vec![group(vec![span(1, 1, "a")])] };
    assert_eq!(decode_chunk(&data.encode_to_vec()).unwrap(), data);
}

proptest! {
    #[test]
    fn every_span_survives_storage(sent in vec(good_spans(), 1..6)) {
        for batch in split_by_trace(vec![group(sent)]) {
            for chunk in encode_chunks(&batch.spans) {
                let data = decode_chunk(&chunk.bytes).unwrap();
                for received in &batch.spans {
                    let (_, _, stored) = find_span(&data, &received.span.span_id).unwrap();
                    prop_assert_eq!(stored, &received.span);
                }
            }
        }
    }
}
