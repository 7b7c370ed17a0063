//! Whatever comes in, the answer is a result.

use super::super::*;
use super::*;

/// Runs a body through everything that may see it.
fn read_as_everything(body: &[u8]) {
    let _ = is_orq_body(body);
    let _ = decode_logs_protobuf(body);
    let _ = decode_logs_json(body);
    let _ = decode_chunk(body);
    for decoded in [decode_traces_protobuf(body), decode_traces_json(body), decode_orq_json(body)].into_iter().flatten()
    {
        let _ = rejection_message(&decoded.rejected);
        for batch in split_by_trace(decoded.resource_spans) {
            for chunk in encode_chunks(&batch.spans) {
                let data = decode_chunk(&chunk.bytes).expect("what was admitted can be stored and read back");
                for received in &batch.spans {
                    check_span(&received.span).expect("only fit spans are admitted");
                    let _ = find_span(&data, &received.span.span_id);
                    let scope = received.source.scope.as_ref();
                    let _ = span_to_json(received.source.resource.resource.as_ref(), scope, &received.span);
                }
            }
        }
    }
}

/// A request with a value of every kind.
fn rich_request() -> Vec<ResourceSpans> {
    let value = json_to_anyvalue(serde_json::json!({ "a": [1, 2.5, null, "é😀"], "b": { "c": true } }));
    let bytes = value_of(Any::BytesValue(vec![0, 255, 7]));
    let event = Event { time_unix_nano: 3, name: "e".into(), attributes: vec![text("k", "v")], ..Event::default() };
    let link = Link { trace_id: vec![3; 16], span_id: vec![4; 8], ..Link::default() };
    let status = Some(Status { message: "bad".into(), code: 2 });
    let attributes = vec![pair("value", value), pair("bytes", bytes), text("t", "long enough to be cut in the middle")];
    let span = Span { attributes, events: vec![event], links: vec![link], status, ..span(1, 2, "chat") };
    vec![group(vec![span.clone(), Span { span_id: vec![7; 16], ..span }])]
}

const JSON: &str = r#"{"resourceSpans":[{"resource":{"attributes":[{"key":"k","value":{"intValue":"12"}}]},"scopeSpans":[
{"scope":{"name":"s"},"spans":[{"traceId":"0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a","spanId":"CwsLCwsLCws=","name":"caf\u00e9 \ud83d\ude00",
"kind":"SPAN_KIND_CLIENT","startTimeUnixNano":"1795299411128000000","attributes":[{"key":"d","value":{"doubleValue":-1.5e3}},
{"key":"l","value":{"arrayValue":{"values":[{"bytesValue":"AAEC"},{"kvlistValue":{"values":[{"key":"x"}]}}]}}}],
"events":[{"timeUnixNano":1,"name":"e"}],"status":{"code":2}}]}]}]}"#;

const ORQ: &str = r#"{"spans":[{"context":{"trace_id":"0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a","span_id":"0b0b0b0b0b0b0b0b"},
"name":"chat","type":"llm","start_time":"2026-11-21T22:13:45.292Z","end_time":"1795299225522","parent_id":null,
"attributes":{"status":"success","metrics":{"tokens":27}},"input":["\u00e9",1,-2.5,{"a":null}],
"events":[{"name":"e","timestamp":"2026-11-21T22:13:45Z","attributes":{"k":2}}]}]}"#;

fn samples() -> Vec<Vec<u8>> {
    let batches = split_by_trace(rich_request());
    vec![encode(rich_request()), JSON.into(), ORQ.into(), encode_chunk(&batches[0].spans).bytes]
}

#[test]
fn samples_are_good_requests() {
    assert_eq!(spans(&decode_traces_json(JSON.as_bytes()).unwrap()).len(), 1);
    assert_eq!(spans(&decode_orq_json(ORQ.as_bytes()).unwrap()).len(), 1);
    assert_eq!(spans(&decode_traces_protobuf(&samples()[0]).unwrap()).len(), 2);
}

#[test]
fn every_truncation_is_survived() {
    for sample in samples() {
        for end in 0..=sample.len() {
            read_as_everything(&sample[..end]);
        }
    }
}

#[test]
fn every_flipped_bit_is_survived() {
    for sample in samples() {
        for bit in 0..sample.len() * 8 {
            let mut damaged = sample.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            read_as_everything(&damaged);
        }
    }
}

#[test]
fn damaged_real_requests_are_survived() {
    for sample in [captures(".pb"), captures(".json")].concat() {
        for step in 1..12 {
            let place = sample.len() * step / 12;
            read_as_everything(&sample[..place]);
            let mut damaged = sample.clone();
            damaged[place] ^= 1 << (step % 8);
            read_as_everything(&damaged);
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_are_survived(body in vec(any::<u8>(), 0..200)) {
        read_as_everything(&body);
    }

    #[test]
    fn any_json_like_text_is_survived(body in "[\\[\\]{}\":,\\\\ud8DNaI0-9é\u{1}-]{0,80}") {
        read_as_everything(body.as_bytes());
    }

    #[test]
    fn damaged_samples_are_survived(which in 0..4_usize, damage in vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)) {
        let mut sample = samples().swap_remove(which);
        for (place, byte) in damage {
            let place = place.index(sample.len());
            sample[place] = byte;
        }
        read_as_everything(&sample);
    }
}
