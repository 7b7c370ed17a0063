use serde_json::{Value, json};

use super::super::*;
use super::spans;

fn trace_id() -> String {
    "0a".repeat(16)
}

fn decode_one(fields: &Value) -> Decoded {
    let mut span = json!({ "context": { "trace_id": trace_id(), "span_id": "0b".repeat(8) }, "name": "chat" });
    span.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    decode_orq_json(json!({ "spans": [span] }).to_string().as_bytes()).unwrap()
}

#[test]
fn native_span_becomes_an_otlp_span_that_keeps_its_structure() {
    let decoded = decode_one(&json!({
        "context": { "trace_id": trace_id(), "span_id": "0b".repeat(8), "session_id": "s", "user_id": "u" },
        "parent_id": "0c".repeat(8), "_id": "01", "type": "llm",
        "start_time": "2026-11-21T22:13:45.292Z", "end_time": "1795299225522",
        "input": [{ "role": "user", "content": "Hi" }], "output": "Hello",
        "attributes": {
            "status": "error", "error.message": "429", "team": "blue", "metrics": { "tokens": 27 },
            "request": { "model": "m" }, "metadata": { "tier": "gold" },
        },
        "events": [{ "name": "miss", "timestamp": "2026-11-21T22:13:45.300Z", "attributes": { "k": 2 } }],
    }));
    assert_eq!(decoded.rejected, []);
    let span = spans(&decoded)[0];
    assert_eq!(span.parent_span_id, vec![12; 8]);
    assert_eq!(span.start_time_unix_nano, 1_795_299_225_292_000_000);
    assert_eq!(span.end_time_unix_nano, 1_795_299_225_522_000_000);
    let status = span.status.as_ref().unwrap();
    assert_eq!((status.code, status.message.as_str()), (2, "429"));
    assert_eq!((span.events[0].name.as_str(), span.events[0].time_unix_nano), ("miss", 1_795_299_225_300_000_000));
    assert_eq!(Value::Object(attributes_to_json(&span.events[0].attributes)), json!({ "k": 2 }));
    assert_eq!(
        Value::Object(attributes_to_json(&span.attributes)),
        json!({
            "orq.session_id": "s", "orq.user_id": "u", "orq.log_id": "01", "orq.type": "llm",
            "orq.input": [{ "role": "user", "content": "Hi" }], "orq.output": "Hello",
            "orq.status": "error", "orq.error.message": "429", "team": "blue", "orq.metrics": { "tokens": 27 },
            "orq.request": { "model": "m" }, "orq.metadata": { "tier": "gold" },
        })
    );
    assert_eq!(decoded.resource_spans[0].scope_spans[0].scope.as_ref().unwrap().name, "orq.native");
}

#[test]
fn times_come_as_text_or_milliseconds() {
    let start = |time: Value| {
        let decoded = decode_one(&json!({ "start_time": time }));
        assert_eq!(decoded.rejected, [], "{time}");
        spans(&decoded)[0].start_time_unix_nano
    };
    assert_eq!(start(json!("1970-01-01T00:00:01Z")), 1_000_000_000);
    assert_eq!(start(json!("1970-01-01T01:00:01.000000001+01:00")), 1_000_000_001);
    assert_eq!(start(json!("1970-01-01T00:00:01.5")), 1_500_000_000);
    assert_eq!(start(json!("1500")), 1_500_000_000);
    assert_eq!(start(json!(1500)), 1_500_000_000);
    assert_eq!(start(json!(1500.25)), 1_500_250_000);
    assert_eq!(start(json!(-3)), 0);
    assert_eq!(start(json!(1e300)), i64::MAX as u64);
    assert_eq!(start(json!("1925-01-01T00:00:01Z")), 0);
    assert_eq!(start(Value::Null), 0);
}

#[test]
fn odd_spans_are_reported_and_the_rest_kept() {
    let good = json!({ "context": { "trace_id": trace_id(), "span_id": "0b".repeat(8) }, "name": "good" });
    let no_id = json!({ "context": { "trace_id": trace_id() }, "name": "no id" });
    let time = json!({ "start_time": "noon", "context": good["context"], "name": "time" });
    let id = json!({ "name": "id", "context": { "trace_id": 4 } });
    let decoded = decode_orq_json(json!({ "spans": [no_id, 3, time, id, good] }).to_string().as_bytes()).unwrap();
    assert_eq!(spans(&decoded).len(), 1);
    let reasons: Vec<&str> = decoded.rejected.iter().map(|rejected| rejected.reason.as_str()).collect();
    assert_eq!(
        reasons,
        [
            "span 0 'no id': span_id is missing",
            "span 1 '': expected an object, found 3",
            "span 2 'time': start_time: expected a time as ISO 8601 or in milliseconds since 1970",
            "span 3 'id': context.trace_id: expected an id in hex, found 4",
        ]
    );
    let error = decode_orq_json(br#"{"spans":{}}"#).unwrap_err();
    assert_eq!(error.message, "spans: expected an array, found an object");
}

#[test]
fn body_shape_tells_native_spans_from_otlp() {
    for native in [r#"{"spans":[]}"#, "\u{feff} {\n \"spans\" : [", r#"{"source":{"resourceSpans":1},"spans":["#] {
        assert!(is_orq_body(native.as_bytes()), "{native}");
    }
    for other in [
        r#"{"resourceSpans":[{"scopeSpans":[{"spans":[]}]}]}"#,
        r#"{"resource_spans":[]}"#,
        r#"{"name":"spans","#,
        r#"[{"spans":[]}]"#,
        r#"{"a":"\"spans\":"#,
        "{\"spans\\",
        "",
        "\u{a}\u{8}",
    ] {
        assert!(!is_orq_body(other.as_bytes()), "{other}");
    }
}

#[test]
fn input_nested_without_end_becomes_text() {
    let body = json!({ "spans": [{
        "context": { "trace_id": trace_id(), "span_id": "0b".repeat(8) }, "name": "deep", "input": "DEEP",
    }] });
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let decoded = decode_orq_json(body.to_string().replace("\"DEEP\"", &deep).as_bytes()).unwrap();
    assert_eq!(decoded.rejected, []);
    let batches = split_by_trace(decoded.resource_spans);
    decode_chunk(&encode_chunk(&batches[0].spans).bytes).unwrap();
}

#[test]
fn ids_that_are_ulids_become_their_sixteen_bytes_and_stay_to_be_read() {
    let (trace, span, parent) =
        ("01M80FHNYP2DS24W5Q33AB7K58", "2D9RW50MA499CMAGHM6DD42DTP", "21850M2GA1850M2GA1850M2GA1");
    let decoded = decode_one(&json!({ "context": { "trace_id": trace, "span_id": span }, "parent_id": parent }));
    assert_eq!(decoded.rejected, []);
    let read = spans(&decoded)[0];
    assert_eq!(read.trace_id.len(), 16);
    assert_eq!(read.span_id, b"MN8PQDJYEB43ZA7V");
    assert_eq!(read.parent_span_id, [0x41; 16]);
    let attributes = attributes_to_json(&read.attributes);
    assert_eq!(attributes.get("orq.trace_id"), Some(&json!(trace)));
    assert_eq!(attributes.get("orq.span_id"), Some(&json!(span)));

    let too_large = "8".to_owned() + &span[1..];
    let decoded = decode_one(&json!({ "context": { "trace_id": trace, "span_id": too_large } }));
    assert_eq!(decoded.rejected.len(), 1);
    let hex = decode_one(&json!({}));
    assert_eq!(attributes_to_json(&spans(&hex)[0].attributes).get("orq.span_id"), None);
}

#[test]
fn real_requests_are_read_without_loss() {
    for body in super::captures("-nonotlp.json") {
        assert!(is_orq_body(&body[..32]));
        let sent: Value = serde_json::from_slice(&body).unwrap();
        let decoded = decode_orq_json(&body).unwrap();
        assert_eq!(decoded.rejected, []);
        assert_eq!(spans(&decoded).len(), sent["spans"].as_array().unwrap().len());
        for (span, sent) in spans(&decoded).iter().zip(sent["spans"].as_array().unwrap()) {
            let attributes = attributes_to_json(&span.attributes);
            assert_eq!(attributes.get("orq.input"), sent.get("input"));
            assert_eq!(attributes.get("orq.output"), sent.get("output"));
            assert_eq!(attributes.get("orq.metrics"), sent["attributes"].get("metrics"));
            assert!(span.start_time_unix_nano > 1_700_000_000_000_000_000);
            assert!(span.end_time_unix_nano >= span.start_time_unix_nano);
        }
    }
}
