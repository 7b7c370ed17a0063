//! Behaviour of the OTLP room, most of it checked with made-up requests of every shape.

mod chunks;
mod json;
mod never_panics;
mod orq;
mod protobuf;
mod rendering;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use proptest::collection::vec;
use proptest::prelude::*;
use prost::Message;

use super::Decoded;

fn value_of(value: Any) -> AnyValue {
    AnyValue { value: Some(value) }
}

fn pair(key: &str, value: AnyValue) -> KeyValue {
    KeyValue { key: key.into(), value: Some(value), ..KeyValue::default() }
}

fn text(key: &str, value: &str) -> KeyValue {
    pair(key, value_of(Any::StringValue(value.into())))
}

fn span(trace: u8, id: u8, name: &str) -> Span {
    Span { trace_id: vec![trace; 16], span_id: vec![id; 8], name: name.into(), ..Span::default() }
}

fn group(spans: Vec<Span>) -> ResourceSpans {
    let resource = Resource { attributes: vec![text("service.name", "shop")], ..Resource::default() };
    let scope = InstrumentationScope { name: "tests".into(), version: "1".into(), ..InstrumentationScope::default() };
    let scope_spans = vec![ScopeSpans { scope: Some(scope), spans, schema_url: "https://example.com/s".into() }];
    ResourceSpans { resource: Some(resource), scope_spans, schema_url: "https://example.com/r".into() }
}

fn encode(resource_spans: Vec<ResourceSpans>) -> Vec<u8> {
    ExportTraceServiceRequest { resource_spans }.encode_to_vec()
}

fn spans(decoded: &Decoded) -> Vec<&Span> {
    decoded.resource_spans.iter().flat_map(|group| &group.scope_spans).flat_map(|scope| &scope.spans).collect()
}

/// The request bodies of real clients, where the checkout has them.
fn captures(suffix: &str) -> Vec<Vec<u8>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/captures");
    let clients = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let files = clients.filter_map(|client| std::fs::read_dir(client.path()).ok()).flatten().flatten();
    let files = files.filter(|file| file.file_name().to_string_lossy().ends_with(suffix));
    files.map(|file| std::fs::read(file.path()).unwrap()).collect()
}

/// Attribute values of every type that protobuf and JSON can both say: NaN is left out because it equals nothing.
fn any_values() -> impl Strategy<Value = AnyValue> {
    let leaf = prop_oneof![
        Just(None),
        "\\PC{0,12}".prop_map(|text| Some(Any::StringValue(text))),
        any::<bool>().prop_map(|truth| Some(Any::BoolValue(truth))),
        any::<i64>().prop_map(|number| Some(Any::IntValue(number))),
        any::<i32>().prop_map(|number| Some(Any::DoubleValue(f64::from(number) / 8.0))),
        Just(Some(Any::DoubleValue(f64::INFINITY))),
        vec(any::<u8>(), 0..6).prop_map(|bytes| Some(Any::BytesValue(bytes))),
    ];
    let leaf = leaf.prop_map(|value| AnyValue { value });
    leaf.prop_recursive(4, 24, 4, |inner| {
        let list = vec(inner.clone(), 0..4).prop_map(|values| value_of(Any::ArrayValue(ArrayValue { values })));
        let pairs = vec(key_values(inner), 0..4);
        prop_oneof![list, pairs.prop_map(|values| value_of(Any::KvlistValue(KeyValueList { values })))]
    })
}

fn key_values(value: impl Strategy<Value = AnyValue>) -> impl Strategy<Value = KeyValue> {
    ("[a-z.]{0,6}", value).prop_map(|(key, value)| pair(&key, value))
}

fn attribute_lists() -> impl Strategy<Value = Vec<KeyValue>> {
    vec(key_values(any_values()), 0..4)
}

fn events() -> impl Strategy<Value = Event> {
    (0..=i64::MAX.unsigned_abs(), "\\PC{0,8}", attribute_lists(), any::<u32>()).prop_map(
        |(time_unix_nano, name, attributes, dropped_attributes_count)| Event {
            time_unix_nano,
            name,
            attributes,
            dropped_attributes_count,
        },
    )
}

/// Well-formed spans.
fn good_spans() -> impl Strategy<Value = Span> {
    let ids = (vec(1..=u8::MAX, 16), prop_oneof![vec(1..=u8::MAX, 8), vec(1..=u8::MAX, 16)], any::<bool>());
    let times = (0..=i64::MAX.unsigned_abs(), 0..=i64::MAX.unsigned_abs());
    let lists = (attribute_lists(), vec(events(), 0..3));
    (ids, "\\PC{0,12}", 0..=5_i32, times, lists, (0..=2_i32, "\\PC{0,8}"), any::<u32>()).prop_map(
        |((trace_id, span_id, child), name, kind, (start, end), (attributes, events), (code, message), count)| Span {
            parent_span_id: if child { span_id.iter().rev().copied().collect() } else { Vec::new() },
            links: vec![Link { trace_id: trace_id.clone(), span_id: span_id.clone(), flags: count, ..Link::default() }],
            trace_id,
            span_id,
            name,
            kind,
            start_time_unix_nano: start,
            end_time_unix_nano: end,
            attributes,
            events,
            status: Some(Status { code, message }),
            dropped_attributes_count: count,
            flags: count,
            ..Span::default()
        },
    )
}
