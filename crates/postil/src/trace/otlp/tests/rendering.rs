use serde_json::{Value, json};

use super::super::*;
use super::*;

#[test]
fn values_become_plain_json() {
    let shown = |value: Any| anyvalue_to_json(&value_of(value));
    assert_eq!(shown(Any::IntValue(i64::MIN)).to_string(), i64::MIN.to_string());
    assert_eq!(shown(Any::IntValue((1 << 53) + 1)).to_string(), "9007199254740993");
    assert_eq!(shown(Any::DoubleValue(f64::NAN)), Value::Null);
    assert_eq!(shown(Any::DoubleValue(f64::INFINITY)), Value::Null);
    assert_eq!(shown(Any::DoubleValue(0.5)), json!(0.5));
    assert_eq!(shown(Any::BytesValue(vec![1, 2, 255])), json!("AQL/"));
    assert_eq!(anyvalue_to_json(&AnyValue::default()), Value::Null);
    let repeated = vec![text("k", "first"), text("k", "last"), KeyValue { key: "none".into(), ..KeyValue::default() }];
    assert_eq!(shown(Any::KvlistValue(KeyValueList { values: repeated })), json!({ "k": "last", "none": null }));
}

#[test]
fn repeated_attributes_become_arrays_of_their_values() {
    let list = pair("l", json_to_anyvalue(json!([1])));
    let attributes = [text("t", "a"), list.clone(), text("x", "y"), text("t", "b"), text("t", "c"), list];
    assert_eq!(
        Value::Object(attributes_to_json(&attributes)).to_string(),
        r#"{"t":["a","b","c"],"l":[[1],[1]],"x":"y"}"#
    );
}

#[test]
fn integers_without_room_in_64_bits_are_kept_as_text() {
    assert_eq!(json_to_anyvalue(json!(u64::MAX)), value_of(Any::StringValue(u64::MAX.to_string())));
    assert_eq!(json_to_anyvalue(json!(1e40)), value_of(Any::DoubleValue(1e40)));
}

#[test]
fn values_built_deeper_than_any_decoder_goes_are_shown_in_part() {
    let mut deep = value_of(Any::BoolValue(true));
    for _ in 0..1000 {
        deep = value_of(Any::ArrayValue(ArrayValue { values: vec![deep] }));
    }
    assert!(anyvalue_to_json(&deep).to_string().contains("[null]"));
}

#[test]
fn span_is_shown_in_full() {
    let event = Event { time_unix_nano: 1, name: "e".into(), attributes: vec![text("k", "v")], ..Event::default() };
    let link = Link { trace_id: vec![3; 16], span_id: vec![4; 8], ..Link::default() };
    let status = Some(Status { message: "bad".into(), code: 2 });
    let sent = Span {
        kind: 3,
        start_time_unix_nano: 1_795_299_225_292_000_001,
        events: vec![event],
        links: vec![link],
        status,
        attributes: vec![text("a", "b")],
        dropped_events_count: 7,
        ..span(1, 2, "chat")
    };
    let group = group(vec![sent]);
    let scope = &group.scope_spans[0];
    let shown = span_to_json(group.resource.as_ref(), scope.scope.as_ref(), &scope.spans[0]);
    assert_eq!(shown["trace_id"], json!("01".repeat(16)));
    assert_eq!(shown["parent_span_id"], Value::Null);
    assert_eq!(shown["kind"], json!("client"));
    assert_eq!(shown["start_time"], json!("2026-11-21T22:13:45.292000001Z"));
    assert_eq!(shown["start_time_unix_nano"], json!("1795299225292000001"));
    assert_eq!(shown["end_time"], Value::Null);
    assert_eq!(shown["status"], json!({ "code": "error", "message": "bad" }));
    assert_eq!(shown["events"][0]["time"], json!("1970-01-01T00:00:00.000000001Z"));
    assert_eq!(shown["events"][0]["attributes"], json!({ "k": "v" }));
    assert_eq!(shown["links"][0]["span_id"], json!("04".repeat(8)));
    assert_eq!(shown["dropped_events_count"], json!(7));
    assert_eq!(shown["resource"]["attributes"], json!({ "service.name": "shop" }));
    assert_eq!(shown["scope"]["name"], json!("tests"));
}

#[test]
fn span_without_resource_scope_or_known_kind_is_shown_too() {
    let odd = Span { kind: 99, status: Some(Status { code: -4, message: String::new() }), ..span(1, 1, "") };
    let shown = span_to_json(None, None, &odd);
    assert_eq!((&shown["kind"], &shown["status"]["code"]), (&json!(99), &json!(-4)));
    assert_eq!(shown["resource"]["attributes"], json!({}));
}

fn plain_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e300..1e300).prop_map(Value::from),
        "\\PC{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 32, 4, |inner| {
        let object =
            vec(("[a-z]{0,4}", inner.clone()), 0..4).prop_map(|pairs| Value::Object(pairs.into_iter().collect()));
        prop_oneof![vec(inner, 0..4).prop_map(Value::Array), object]
    })
}

proptest! {
    #[test]
    fn json_becomes_a_value_and_json_again(value in plain_json()) {
        prop_assert_eq!(anyvalue_to_json(&json_to_anyvalue(value.clone())), value);
    }
}
