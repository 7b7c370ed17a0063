use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::super::*;
use super::*;

/// How a writer notates what OTLP/JSON leaves open.
#[derive(Debug, Clone, Copy)]
struct Notation {
    snake_case: bool,
    integers_as_numbers: bool,
    names: bool,
    base64_ids: bool,
}

impl Notation {
    fn key(self, camel: &str) -> String {
        if !self.snake_case {
            return camel.into();
        }
        let snake =
            |letter: char| if letter.is_uppercase() { format!("_{}", letter.to_lowercase()) } else { letter.into() };
        camel.chars().map(snake).collect()
    }

    fn object<const N: usize>(self, fields: [(&str, Value); N]) -> Value {
        Value::Object(fields.into_iter().map(|(name, value)| (self.key(name), value)).collect())
    }

    fn integer(self, number: impl Into<i128>) -> Value {
        let number = number.into();
        match u64::try_from(number) {
            Ok(number) if self.integers_as_numbers => json!(number),
            _ if self.integers_as_numbers => json!(i64::try_from(number).unwrap()),
            _ => json!(number.to_string()),
        }
    }

    fn id(self, id: &[u8]) -> Value {
        if self.base64_ids { json!(STANDARD.encode(id)) } else { json!(hex::encode(id)) }
    }

    fn any(self, value: &AnyValue) -> Value {
        match value.value.as_ref() {
            None => json!({}),
            Some(Any::StringValue(text)) => self.object([("stringValue", json!(text))]),
            Some(Any::BoolValue(truth)) => self.object([("boolValue", json!(truth))]),
            Some(Any::IntValue(number)) => self.object([("intValue", self.integer(*number))]),
            Some(Any::DoubleValue(number)) if number.is_infinite() => self.object([("doubleValue", json!("Infinity"))]),
            Some(Any::DoubleValue(number)) => self.object([("doubleValue", json!(number))]),
            Some(Any::BytesValue(bytes)) => self.object([("bytesValue", json!(STANDARD.encode(bytes)))]),
            Some(Any::ArrayValue(list)) => {
                let values: Value = list.values.iter().map(|item| self.any(item)).collect();
                self.object([("arrayValue", json!({ "values": values }))])
            }
            Some(Any::KvlistValue(list)) => {
                self.object([("kvlistValue", json!({ "values": self.attributes(&list.values) }))])
            }
            Some(Any::StringValueStrindex(_)) => unreachable!("not part of traces"),
        }
    }

    fn attributes(self, attributes: &[KeyValue]) -> Value {
        let write = |pair: &KeyValue| json!({ "key": pair.key, "value": self.any(pair.value.as_ref().unwrap()) });
        attributes.iter().map(write).collect()
    }

    fn span(self, span: &Span) -> Value {
        let status = span.status.as_ref().unwrap();
        let kinds =
            ["SPAN_KIND_UNSPECIFIED", "SPAN_KIND_INTERNAL", "server", "CLIENT", "SPAN_KIND_PRODUCER", "consumer"];
        let codes = ["STATUS_CODE_UNSET", "ok", "STATUS_CODE_ERROR"];
        let name = |number: i32, names: &[&str]| {
            if self.names { json!(names[usize::try_from(number).unwrap()]) } else { json!(number) }
        };
        let event = |event: &Event| {
            self.object([
                ("timeUnixNano", self.integer(event.time_unix_nano)),
                ("name", json!(event.name)),
                ("attributes", self.attributes(&event.attributes)),
                ("droppedAttributesCount", json!(event.dropped_attributes_count)),
            ])
        };
        let link = |link: &Link| {
            self.object([
                ("traceId", self.id(&link.trace_id)),
                ("spanId", self.id(&link.span_id)),
                ("flags", json!(link.flags)),
            ])
        };
        self.object([
            ("traceId", self.id(&span.trace_id)),
            ("spanId", self.id(&span.span_id)),
            ("parentSpanId", self.id(&span.parent_span_id)),
            ("name", json!(span.name)),
            ("kind", name(span.kind, &kinds)),
            ("startTimeUnixNano", self.integer(span.start_time_unix_nano)),
            ("endTimeUnixNano", self.integer(span.end_time_unix_nano)),
            ("attributes", self.attributes(&span.attributes)),
            ("events", span.events.iter().map(event).collect()),
            ("links", span.links.iter().map(link).collect()),
            ("status", json!({ "code": name(status.code, &codes), "message": status.message })),
            ("droppedAttributesCount", json!(span.dropped_attributes_count)),
            ("droppedLinksCount", Value::Null),
            ("flags", json!(span.flags)),
            ("somethingNew", json!({ "unknown": [1] })),
        ])
    }

    fn request(self, groups: &[ResourceSpans]) -> Vec<u8> {
        let scope = |scope: &ScopeSpans| {
            let named = scope.scope.as_ref().unwrap();
            let spans: Value = scope.spans.iter().map(|span| self.span(span)).collect();
            let named = json!({ "name": named.name, "version": named.version });
            self.object([("scope", named), ("spans", spans), ("schemaUrl", json!(scope.schema_url))])
        };
        let group = |group: &ResourceSpans| {
            let attributes = self.attributes(&group.resource.as_ref().unwrap().attributes);
            let scopes: Value = group.scope_spans.iter().map(scope).collect();
            let resource = json!({ "attributes": attributes });
            self.object([("resource", resource), ("scopeSpans", scopes), ("schemaUrl", json!(group.schema_url))])
        };
        let groups: Value = groups.iter().map(group).collect();
        self.object([("resourceSpans", groups)]).to_string().into_bytes()
    }
}

fn notations() -> impl Strategy<Value = Notation> {
    any::<[bool; 4]>().prop_map(|[snake_case, integers_as_numbers, names, base64_ids]| Notation {
        snake_case,
        integers_as_numbers,
        names,
        base64_ids,
    })
}

proptest! {
    #[test]
    fn json_in_any_notation_reads_the_same_as_protobuf(sent in vec(good_spans(), 0..4), notation in notations()) {
        let sent = vec![group(sent)];
        let from_json = decode_traces_json(&notation.request(&sent)).unwrap();
        let from_protobuf = decode_traces_protobuf(&encode(sent)).unwrap();
        prop_assert_eq!(from_json, from_protobuf);
    }
}

fn request(spans: &str) -> String {
    format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{spans}]}}]}}]}}"#)
}

fn with_ids(rest: &str) -> String {
    format!(r#"{{"traceId":"{}","spanId":"{}"{rest}}}"#, "0a".repeat(16), "0b".repeat(8))
}

fn decode(spans: &str) -> Decoded {
    decode_traces_json(request(spans).as_bytes()).unwrap()
}

#[test]
fn ids_may_be_uuids_of_thirty_two_digits_and_a_root_has_an_empty_parent() {
    let id = "0190F3A1b7c87e1fa5d3c2b1a0f9e8d7";
    let decoded = decode(&format!(r#"{{"traceId":"{id}","spanId":"{id}","parentSpanId":"","name":"root"}}"#));
    assert_eq!(decoded.rejected, []);
    assert_eq!(hex::encode(&spans(&decoded)[0].span_id), id.to_lowercase());
    let dashed = r#"{"traceId":"0190f3a1-b7c8-7e1f-a5d3-c2b1a0f9e8d7","spanId":"0b0b0b0b0b0b0b0b"}"#;
    assert_eq!(hex::encode(&spans(&decode(dashed))[0].trace_id), id.to_lowercase());
}

#[test]
fn repeated_attribute_keys_are_kept() {
    let tag = |tag: &str| format!(r#"{{"key":"langsmith.span.tags","value":{{"stringValue":"{tag}"}}}}"#);
    let decoded = decode(&with_ids(&format!(r#","attributes":[{},{}]"#, tag("a"), tag("b"))));
    assert_eq!(spans(&decoded)[0].attributes, [text("langsmith.span.tags", "a"), text("langsmith.span.tags", "b")]);
}

#[test]
fn doubles_may_be_words_and_integers_may_be_strings() {
    let value = |value: &str| {
        let decoded = decode(&with_ids(&format!(r#","attributes":[{{"key":"k","value":{value}}}]"#)));
        assert_eq!(decoded.rejected, [], "{value}");
        spans(&decoded)[0].attributes[0].value.clone().and_then(|value| value.value)
    };
    assert!(matches!(value(r#"{"doubleValue":"NaN"}"#), Some(Any::DoubleValue(number)) if number.is_nan()));
    assert!(matches!(value(r#"{"doubleValue":NaN}"#), Some(Any::DoubleValue(number)) if number.is_nan()));
    assert_eq!(value(r#"{"doubleValue":"-Infinity"}"#), Some(Any::DoubleValue(f64::NEG_INFINITY)));
    assert_eq!(value(r#"{"doubleValue":-Infinity}"#), Some(Any::DoubleValue(f64::NEG_INFINITY)));
    assert_eq!(value(r#"{"doubleValue":3}"#), Some(Any::DoubleValue(3.0)));
    assert_eq!(value(r#"{"intValue":"9223372036854775807"}"#), Some(Any::IntValue(i64::MAX)));
    assert_eq!(value(r#"{"intValue":3.0}"#), Some(Any::IntValue(3)));
    assert_eq!(value(r#"{"intValue":1e300}"#), Some(Any::IntValue(i64::MAX)));
    assert_eq!(value(r#"{"bytesValue":"-_8"}"#), Some(Any::BytesValue(vec![0xFB, 0xFF])));
    assert_eq!(value(r#"{"stringValue":null}"#), None);
    assert_eq!(value("null"), None);
}

#[test]
fn misshapen_span_is_reported_by_name_and_place_and_the_rest_kept() {
    let odd = [
        with_ids(r#","attributes":[{"key":"k","value":{"intValue":"many"}}],"name":"chat""#),
        r#"{"traceId":"0a0a0a0a","spanId":"0b0b0b0b0b0b0b0b","name":"short"}"#.into(),
        r#"{"traceId":"!","name":"not hex"}"#.into(),
        "5".into(),
        with_ids(r#","events":[{"name":3}]"#),
        with_ids(r#","startTimeUnixNano":[]"#),
    ];
    let decoded = decode(&format!("{},{}", odd.join(","), with_ids("")));
    assert_eq!(spans(&decoded).len(), 1);
    let reasons: Vec<&str> = decoded.rejected.iter().map(|rejected| rejected.reason.as_str()).collect();
    assert_eq!(
        reasons,
        [
            "span 0 'chat': attributes[0].value.intValue: expected an integer, found 'many'",
            "span 1 'short': trace_id has 4 bytes, 16 are needed",
            "span 2 'not hex': traceId: expected an id in hex, found '!'",
            "span 3 '': expected an object, found 5",
            "span 4 '': events[0].name: expected a string, found 3",
            "span 5 '': startTimeUnixNano: expected an integer, found an array",
        ]
    );
    assert_eq!(decoded.rejected[0].span_id, "0b".repeat(8));
}

#[test]
fn broken_envelope_is_an_error_that_says_where() {
    let message = |body: &str| decode_traces_json(body.as_bytes()).unwrap_err().message;
    assert_eq!(
        message(r#"{"resourceSpans":[{"scopeSpans":[{"spans":{}}]}]}"#),
        "resourceSpans[0].scopeSpans[0].spans: expected an array, found an object"
    );
    assert_eq!(
        message(r#"{"resourceSpans":[{"resource":{"attributes":7}}]}"#),
        "resourceSpans[0].resource.attributes: expected an array, found 7"
    );
    assert_eq!(message("[]"), "the body is not a JSON object");
    assert_eq!(message(" "), "the body is empty");
    assert!(message(r#"{"resourceSpans":"#).starts_with("the body is not valid JSON: EOF"));
    assert!(message("resource").starts_with("the body is not valid JSON: "));
}

#[test]
fn missing_and_null_fields_are_fine() {
    assert_eq!(decode_traces_json(b"{}").unwrap(), Decoded::default());
    assert_eq!(decode_traces_json(b"\xEF\xBB\xBF{\"resourceSpans\":null}").unwrap(), Decoded::default());
    let decoded = decode(&with_ids(r#","attributes":null,"status":null,"kind":null,"name":null"#));
    assert_eq!(spans(&decoded), [&Span { trace_id: vec![10; 16], span_id: vec![11; 8], ..Span::default() }]);
}

#[test]
fn lone_surrogates_become_replacement_characters() {
    let name = |written: &str| {
        let decoded = decode(&with_ids(&format!(r#","name":"{written}""#)));
        assert_eq!(decoded.rejected, [], "{written}");
        spans(&decoded)[0].name.clone()
    };
    assert_eq!(name(r"cut \uD83D"), "cut \u{fffd}");
    assert_eq!(name(r"cut \uD83D here"), "cut \u{fffd} here");
    assert_eq!(name(r"\ude00 tail"), "\u{fffd} tail");
    assert_eq!(name(r"\ud83d\ud83d\ude00"), "\u{fffd}\u{1f600}");
    assert_eq!(name(r"\\ud83d \uD83D"), "\\ud83d \u{fffd}");
    assert_eq!(name("line\nfeed"), "line\nfeed");
    assert_eq!(name(r"nul\u0000"), "nul");
    assert_eq!(name(r"NaN [{\ud800"), "NaN [{\u{fffd}");
    decode_traces_json(request(r#"{"name":"\é \u12"}"#).as_bytes()).unwrap_err();
}

#[test]
fn bytes_that_are_not_utf_8_become_replacement_characters() {
    let body = request(&with_ids(r#","name":"caf?""#)).into_bytes();
    let body: Vec<u8> = body.into_iter().map(|byte| if byte == b'?' { 0xE9 } else { byte }).collect();
    assert_eq!(spans(&decode_traces_json(&body).unwrap())[0].name, "caf\u{fffd}");
}

#[test]
fn depth_bombs_are_errors() {
    for body in ["[".repeat(100_000), "{\"a\":".repeat(100_000), "[".repeat(100_000) + &"]".repeat(100_000)] {
        decode_traces_json(body.as_bytes()).unwrap_err();
        decode_logs_json(body.as_bytes()).unwrap_err();
        decode_orq_json(body.as_bytes()).unwrap_err();
    }
}

fn nested(depth: usize) -> String {
    let open = r#"{"kvlistValue":{"values":[{"key":"k","value":"#;
    format!("{}{}{}", open.repeat(depth), r#"{"stringValue":"end"}"#, "}]}}".repeat(depth))
}

#[test]
fn deep_values_cost_at_most_their_span() {
    let with = |depth: usize| with_ids(&format!(r#","attributes":[{{"key":"deep","value":{}}}]"#, nested(depth)));
    let decoded = decode(&[with(100_000), with(20)].join(","));
    assert_eq!(decoded.rejected.len(), 1);
    assert_eq!(spans(&decoded).len(), 1);
}

#[test]
fn values_deeper_than_the_limit_become_text_that_can_be_stored() {
    let list = |depth: usize| {
        let open = r#"{"arrayValue":{"values":["#;
        format!("{}{}{}", open.repeat(depth), r#"{"intValue":1}"#, "]}}".repeat(depth))
    };
    let event = format!(r#","events":[{{"attributes":[{{"key":"deep","value":{}}}]}}]"#, list(MAX_VALUE_DEPTH + 3));
    let decoded = decode(&with_ids(&event));
    assert_eq!(decoded.rejected, []);
    let shown = anyvalue_to_json(spans(&decoded)[0].events[0].attributes[0].value.as_ref().unwrap()).to_string();
    assert_eq!(shown, format!("{}\"[[[1]]]\"{}", "[".repeat(MAX_VALUE_DEPTH), "]".repeat(MAX_VALUE_DEPTH)));
    let batches = split_by_trace(decoded.resource_spans);
    decode_chunk(&encode_chunk(&batches[0].spans).bytes).unwrap();
}

#[test]
fn logs_are_read_with_body_severity_and_event_name() {
    let record = format!(
        r#"{{"timeUnixNano":"5","severityNumber":"INFO","severityText":"Info","eventName":"gen_ai.choice",
            "body":{{"kvlistValue":{{"values":[{{"key":"role","value":{{"stringValue":"user"}}}}]}}}},
            "traceId":"{}","spanId":""}}"#,
        "0a".repeat(16)
    );
    let body = format!(r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{record},{{"body":4}}]}}]}}]}}"#);
    let decoded = decode_logs_json(body.as_bytes()).unwrap();
    let records = &decoded.resource_logs[0].scope_logs[0].log_records;
    assert_eq!(records.len(), 1);
    assert_eq!((records[0].severity_number, records[0].time_unix_nano), (9, 5));
    assert_eq!(anyvalue_to_json(records[0].body.as_ref().unwrap()), json!({ "role": "user" }));
    assert_eq!(decoded.rejected[0].reason, "log record 1 '': body: expected an object, found 4");
}

#[test]
fn real_requests_are_read_without_loss() {
    for body in captures("-traces.json") {
        let decoded = decode_traces_json(&body).unwrap();
        assert_eq!(decoded.rejected, []);
        let sent: Value = serde_json::from_slice(&body).unwrap();
        let scopes = sent["resourceSpans"].as_array().unwrap().iter().flat_map(|group| group["scopeSpans"].as_array());
        let sent: usize = scopes.flatten().map(|scope| scope["spans"].as_array().unwrap().len()).sum();
        assert_eq!(spans(&decoded).len(), sent);
    }
}
