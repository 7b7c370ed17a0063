//! Spans with attributes of any shape under the keys that conventions use: all are stored and shown, and the order they
//! come in changes nothing.

use opentelemetry_proto::tonic::collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse};
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue, KeyValueList};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use prost::Message;
use serde_json::Value;

use crate::app::{Client, TestApp};
use crate::vocabulary::{KEYS, WORDS};

const SPANS: u8 = 4;
const NOON_NS: u64 = 1_795_255_200_000_000_000;

fn any_value() -> impl Strategy<Value = AnyValue> {
    let words = prop_oneof![prop::sample::select(WORDS).prop_map(str::to_owned), any::<String>()].boxed();
    let leaf = prop_oneof![
        Just(None),
        words.clone().prop_map(|text| Some(Any::StringValue(text))),
        any::<bool>().prop_map(|flag| Some(Any::BoolValue(flag))),
        any::<i64>().prop_map(|number| Some(Any::IntValue(number))),
        any::<f64>().prop_map(|number| Some(Any::DoubleValue(number))),
        prop::collection::vec(any::<u8>(), 0..6).prop_map(|bytes| Some(Any::BytesValue(bytes))),
    ]
    .prop_map(|value| AnyValue { value });
    leaf.prop_recursive(4, 24, 4, move |inner| {
        let pair = (words.clone(), prop::option::of(inner.clone()));
        let pair = pair.prop_map(|(key, value)| KeyValue { key, value, ..KeyValue::default() });
        let pairs = prop::collection::vec(pair, 0..4).prop_map(|values| Any::KvlistValue(KeyValueList { values }));
        let list = prop::collection::vec(inner, 0..4).prop_map(|values| Any::ArrayValue(ArrayValue { values }));
        prop_oneof![pairs, list].prop_map(|value| AnyValue { value: Some(value) })
    })
}

fn span() -> impl Strategy<Value = Span> {
    let key = prop_oneof![9 => prop::sample::select(KEYS).prop_map(str::to_owned), 1 => any::<String>()];
    let pair = (key, prop::option::of(any_value()));
    let pair = pair.prop_map(|(key, value)| KeyValue { key, value, ..KeyValue::default() });
    let parts = (prop::collection::vec(pair, 0..10), 0..=SPANS, 0..50_u64, 0..50_u64, 0..3_i32, any::<String>());
    parts.prop_map(|(attributes, parent, start, end, code, name)| Span {
        parent_span_id: if parent == 0 { Vec::new() } else { vec![parent; 8] },
        start_time_unix_nano: NOON_NS - start * 1_000_000,
        end_time_unix_nano: NOON_NS - end * 1_000_000,
        status: Some(Status { code, message: name.clone() }),
        name,
        attributes,
        ..Span::default()
    })
}

async fn send(client: &Client<'_>, spans: Vec<Span>) {
    let scope_spans = vec![ScopeSpans { spans, ..ScopeSpans::default() }];
    let resource_spans = vec![ResourceSpans { scope_spans, ..ResourceSpans::default() }];
    let body = ExportTraceServiceRequest { resource_spans }.encode_to_vec();
    let client = client.header("content-type", "application/x-protobuf");
    let answer = client.send(axum::http::Method::POST, "/v1/traces", Some(body)).await.expect(200);
    assert_eq!(ExportTraceServiceResponse::decode(&answer.bytes[..]).unwrap().partial_success, None);
}

/// Everything the API shows of a trace.
async fn shown(client: &Client<'_>, trace_id: &str) -> Vec<Value> {
    let path = format!("/v3/traces/{trace_id}");
    let mut trace = client.get(&path).await.expect(200).json()["trace"].clone();
    trace.as_object_mut().unwrap().remove("project_id");
    let mut all = vec![trace];
    let list = client.get(&format!("{path}/spans")).await.expect(200).json();
    for summary in list["data"].as_array().unwrap() {
        let id = summary["span_id"].as_str().unwrap();
        all.push(client.get(&format!("{path}/spans/{id}")).await.expect(200).json());
    }
    all
}

#[test]
fn spans_of_any_shape_are_shown_the_same_in_any_order() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (first, second) = runtime.block_on(async { (TestApp::start().await, TestApp::start().await) });
    let (first, second) = runtime.block_on(async { (first.admin().await, second.admin().await) });
    let mut number = 0_u64;
    let mut runner = TestRunner::new(Config { cases: 60, failure_persistence: None, ..Config::default() });
    let spans = prop::collection::vec(span(), usize::from(SPANS));
    let check = |mut spans: Vec<Span>, order: Vec<usize>| {
        number += 1;
        let trace_id = [[7; 8], number.to_be_bytes()].concat();
        for (span, id) in spans.iter_mut().zip(1..=SPANS) {
            span.trace_id.clone_from(&trace_id);
            span.span_id = vec![id; 8];
        }
        let trace_id = hex::encode(trace_id);
        runtime.block_on(async {
            send(&first, spans.clone()).await;
            // Each alone, and some again.
            for at in order {
                send(&second, vec![spans[at].clone()]).await;
            }
            assert_eq!(shown(&first, &trace_id).await, shown(&second, &trace_id).await);
        });
    };
    let check = std::cell::RefCell::new(check);
    let all: Vec<usize> = (0..usize::from(SPANS)).collect();
    let orders = (Just(all).prop_shuffle(), prop::collection::vec(0..usize::from(SPANS), 0..3))
        .prop_map(|(all, again)| [all, again].concat());
    runner
        .run(&(spans, orders), |(spans, order)| {
            check.borrow_mut()(spans, order);
            Ok(())
        })
        .unwrap();
}
