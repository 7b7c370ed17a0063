use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceResponse;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use prost::Message;

use super::super::*;
use super::*;

#[test]
fn spans_come_out_as_they_went_in() {
    let sent = vec![group(vec![span(1, 1, "a"), span(1, 2, "b")]), group(vec![span(2, 1, "c")])];
    let decoded = decode_traces_protobuf(&encode(sent.clone())).unwrap();
    assert_eq!(decoded, Decoded { resource_spans: sent, ..Decoded::default() });
}

#[test]
fn empty_body_is_an_empty_request() {
    assert_eq!(decode_traces_protobuf(b"").unwrap(), Decoded::default());
    assert_eq!(decode_logs_protobuf(b"").unwrap(), DecodedLogs::default());
}

#[test]
fn body_without_envelope_is_an_error_that_says_so() {
    let error = decode_traces_protobuf(b"{\"resourceSpans\":[]}").unwrap_err();
    assert!(error.to_string().starts_with("the body is not valid protobuf: "), "{error}");
    decode_logs_protobuf(&[0x0A, 0xFF]).unwrap_err();
}

#[test]
fn span_with_unfit_ids_is_reported_and_the_rest_kept() {
    let mut short = span(1, 3, "chat");
    short.trace_id.truncate(4);
    let zero = span(0, 4, "zero trace");
    let no_id = Span { span_id: Vec::new(), ..span(1, 5, "no id") };
    let zero_id = span(1, 0, "zero id");
    let parent = Span { parent_span_id: vec![1; 3], ..span(1, 6, "odd parent") };
    let sent = vec![group(vec![span(1, 1, "a"), short, zero, no_id, zero_id, parent]), group(vec![span(1, 2, "b")])];
    let decoded = decode_traces_protobuf(&encode(sent)).unwrap();
    assert_eq!(spans(&decoded).iter().map(|span| span.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    let reasons: Vec<&str> = decoded.rejected.iter().map(|rejected| rejected.reason.as_str()).collect();
    assert_eq!(
        reasons,
        [
            "span 1 'chat': trace_id has 4 bytes, 16 are needed",
            "span 2 'zero trace': trace_id is all zeros",
            "span 3 'no id': span_id is missing",
            "span 4 'zero id': span_id is all zeros",
            "span 5 'odd parent': parent_span_id has 3 bytes, 8 or 16 are needed",
        ]
    );
    assert_eq!(decoded.rejected[0].span_id, "0303030303030303");
    assert_eq!(decoded.rejected[0].index, 1);
}

#[test]
fn parent_of_zeros_is_no_parent_and_ids_of_sixteen_bytes_are_fine() {
    let sent = Span { span_id: vec![9; 16], parent_span_id: vec![0; 8], ..span(1, 1, "uuid") };
    check_span(&sent).unwrap();
    let decoded = decode_traces_protobuf(&encode(vec![group(vec![sent])])).unwrap();
    assert_eq!(spans(&decoded)[0].parent_span_id, Vec::<u8>::new());
    assert_eq!(spans(&decoded)[0].span_id, vec![9; 16]);
}

#[test]
fn nul_characters_are_taken_out_of_every_string_and_counted() {
    let nested = value_of(Any::KvlistValue(KeyValueList { values: vec![text("in\0side", "\0\0")] }));
    let list = value_of(Any::ArrayValue(ArrayValue { values: vec![nested] }));
    let event = Event { name: "e\0".into(), attributes: vec![text("k", "\0v")], ..Event::default() };
    let status = Some(Status { message: "bad\0".into(), code: 2 });
    let sent = Span { attributes: vec![pair("a\0b", list)], events: vec![event], status, ..span(1, 1, "na\0me") };
    let mut sent = group(vec![sent]);
    sent.resource.as_mut().unwrap().attributes.push(text("r", "\0"));
    let decoded = decode_traces_protobuf(&encode(vec![sent])).unwrap();
    assert_eq!(decoded.stripped_nul, 9);
    assert!(!format!("{decoded:?}").contains("\\0"));
    assert_eq!(spans(&decoded)[0].name, "name");
}

#[test]
fn times_beyond_a_signed_integer_saturate() {
    let event = Event { time_unix_nano: u64::MAX, ..Event::default() };
    let sent = Span { start_time_unix_nano: u64::MAX, end_time_unix_nano: 5, events: vec![event], ..span(1, 1, "a") };
    let decoded = decode_traces_protobuf(&encode(vec![group(vec![sent])])).unwrap();
    let span = spans(&decoded)[0];
    assert_eq!(span.start_time_unix_nano, i64::MAX as u64);
    assert_eq!(span.end_time_unix_nano, 5);
    assert_eq!(span.events[0].time_unix_nano, i64::MAX as u64);
}

#[test]
fn text_that_is_not_utf_8_costs_only_its_span() {
    let mut body = encode(vec![group(vec![span(1, 1, "fine"), span(1, 2, "qqqq"), span(1, 3, "also fine")])]);
    let place = body.windows(4).position(|window| window == b"qqqq").unwrap();
    body[place] = 0xFF;
    let decoded = decode_traces_protobuf(&body).unwrap();
    assert_eq!(spans(&decoded).iter().map(|span| span.name.as_str()).collect::<Vec<_>>(), ["fine", "also fine"]);
    assert_eq!(decoded.rejected.len(), 1);
    assert_eq!((decoded.rejected[0].index, decoded.rejected[0].span_id.as_str()), (1, "0202020202020202"));
    assert_eq!(decoded.resource_spans[0].resource, group(vec![]).resource);
    assert_eq!(decoded.resource_spans[0].scope_spans[0].schema_url, "https://example.com/s");
}

#[test]
fn value_nested_without_end_costs_only_its_span() {
    let mut deep = value_of(Any::BoolValue(true));
    for _ in 0..200 {
        deep = value_of(Any::ArrayValue(ArrayValue { values: vec![deep] }));
    }
    let bomb = Span { attributes: vec![pair("bomb", deep)], ..span(1, 2, "bomb") };
    let decoded = decode_traces_protobuf(&encode(vec![group(vec![span(1, 1, "fine"), bomb])])).unwrap();
    assert_eq!(spans(&decoded).len(), 1);
    assert!(decoded.rejected[0].reason.starts_with("span 1 'bomb': not valid protobuf: "), "{decoded:?}");
}

#[test]
fn log_records_may_lack_ids_but_not_have_odd_ones() {
    let good =
        LogRecord { trace_id: vec![1; 16], span_id: vec![0; 8], event_name: "a\0".into(), ..LogRecord::default() };
    let odd = LogRecord { trace_id: vec![1; 5], event_name: "odd".into(), ..LogRecord::default() };
    let log_records = vec![LogRecord::default(), odd, good];
    let scope_logs = vec![ScopeLogs { log_records, ..ScopeLogs::default() }];
    let resource_logs = vec![ResourceLogs { scope_logs, ..ResourceLogs::default() }];
    let decoded = decode_logs_protobuf(&ExportLogsServiceRequest { resource_logs }.encode_to_vec()).unwrap();
    let kept = &decoded.resource_logs[0].scope_logs[0].log_records;
    assert_eq!(kept.len(), 2);
    assert_eq!((kept[1].event_name.as_str(), kept[1].span_id.len()), ("a", 0));
    assert_eq!(decoded.stripped_nul, 1);
    assert_eq!(decoded.rejected[0].reason, "log record 1 'odd': trace_id has 5 bytes, 16 are needed");
}

#[test]
fn answers_say_how_many_were_rejected_and_why() {
    assert!(export_response_protobuf(Signal::Traces, 0, "").is_empty());
    assert_eq!(export_response_json(Signal::Metrics, 0, ""), br#"{"partialSuccess":{}}"#);
    let answer = export_response_protobuf(Signal::Traces, 2, "why");
    let partial = ExportTraceServiceResponse::decode(answer.as_slice()).unwrap().partial_success.unwrap();
    assert_eq!((partial.rejected_spans, partial.error_message.as_str()), (2, "why"));
    let answer = export_response_protobuf(Signal::Logs, 1, "");
    assert_eq!(
        ExportLogsServiceResponse::decode(answer.as_slice()).unwrap().partial_success.unwrap().rejected_log_records,
        1
    );
    let answer = export_response_json(Signal::Logs, 2, "say \"no\"");
    assert_eq!(answer, br#"{"partialSuccess":{"rejectedLogRecords":"2","errorMessage":"say \"no\""}}"#);
}

#[test]
fn long_lists_of_rejections_are_cut_short() {
    let rejected = |index: usize| Rejected { index, span_id: String::new(), reason: format!("r{index}") };
    let many: Vec<Rejected> = (0..10).map(rejected).collect();
    assert_eq!(rejection_message(&many), "r0; r1; r2; and 7 more");
    assert_eq!(rejection_message(&many[..2]), "r0; r1");
    assert_eq!(rejection_message(&[]), "");
}

#[test]
fn real_requests_come_out_complete_and_survive_storage() {
    for body in captures("-traces.pb") {
        let sent = ExportTraceServiceRequest::decode(body.as_slice()).unwrap();
        let decoded = decode_traces_protobuf(&body).unwrap();
        assert_eq!(decoded.rejected, []);
        assert_eq!(decoded.stripped_nul, 0);
        assert_eq!(decoded.resource_spans.len(), sent.resource_spans.len());
        for batch in split_by_trace(decoded.resource_spans) {
            let chunks = encode_chunks(&batch.spans);
            assert_eq!(chunks.iter().map(|chunk| chunk.span_count).sum::<usize>(), batch.spans.len());
            for chunk in chunks {
                let data = decode_chunk(&chunk.bytes).unwrap();
                let stored = data.resource_spans.iter().flat_map(|group| &group.scope_spans);
                assert_eq!(stored.map(|scope| scope.spans.len()).sum::<usize>(), chunk.span_count);
            }
        }
    }
    for body in captures("-logs.pb") {
        assert_eq!(decode_logs_protobuf(&body).unwrap().rejected, []);
    }
}

/// A message that holds `count` empty messages in `field`.
fn empties(field: u8, count: usize) -> Vec<u8> {
    [field << 3 | 2, 0].repeat(count)
}

fn wrapped(field: u8, content: Vec<u8>) -> Vec<u8> {
    let mut message = vec![field << 3 | 2];
    prost::encoding::encode_varint(content.len() as u64, &mut message);
    message.extend(content);
    message
}

#[test]
fn small_bodies_that_would_fill_the_memory_are_refused() {
    let spans = wrapped(1, wrapped(2, empties(2, 100_001)));
    let error = decode_traces_protobuf(&spans).unwrap_err();
    assert!(error.message.starts_with("the body has more than 100000 spans or "), "{error}");
    decode_logs_protobuf(&spans).unwrap_err();
    // An unknown group in front does not hide what follows.
    decode_traces_protobuf(&[vec![0x7B, 0x7C], spans].concat()).unwrap_err();
    for field in [9, 11, 13] {
        decode_traces_protobuf(&wrapped(1, wrapped(2, wrapped(2, empties(field, 2_000_001))))).unwrap_err();
    }
    decode_traces_protobuf(&wrapped(1, empties(2, 2_000_001))).unwrap_err();
    decode_traces_json(format!("[{}0]", "0,".repeat(5_000_001)).as_bytes()).unwrap_err();
}

#[test]
fn large_requests_of_ordinary_spans_are_read() {
    let long = Span { attributes: vec![text("k", &"x".repeat(1_000_000))], ..span(1, 1, "long") };
    let decoded = decode_traces_protobuf(&encode(vec![group(vec![long.clone(), long])])).unwrap();
    assert_eq!(spans(&decoded).len(), 2);
}
