//! OTLP over gRPC: calls are read, refused and answered as HTTP requests are.

use std::io::Write;

use axum::body::Body;
use axum::http::{HeaderMap, Request};
use http_body_util::BodyExt;
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message;
use tonic::Code;
use tower::ServiceExt;

use crate::app::TestApp;

const TRACES: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

/// A message behind its prefix.
fn framed(compressed: bool, message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    [&[u8::from(compressed)], &length[..], message].concat()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn request_of(spans: Vec<Span>) -> Vec<u8> {
    let scope_spans = vec![ScopeSpans { spans, ..ScopeSpans::default() }];
    let resource_spans = vec![ResourceSpans { scope_spans, ..ResourceSpans::default() }];
    ExportTraceServiceRequest { resource_spans }.encode_to_vec()
}

fn span(id: u8) -> Span {
    let (start, end) = (1_795_255_100_000_000_000, 1_795_255_101_000_000_000);
    let (trace_id, span_id) = (vec![7; 16], vec![id; 8]);
    Span {
        trace_id,
        span_id,
        name: "call".into(),
        start_time_unix_nano: start,
        end_time_unix_nano: end,
        ..Span::default()
    }
}

/// Calls a method: the code it ends with, and the message it answers.
async fn call(test: &TestApp, path: &str, key: &str, encoding: Option<&str>, body: Vec<u8>) -> (Code, Vec<u8>) {
    let mut request = Request::post(path).header("content-type", "application/grpc").header("te", "trailers");
    if !key.is_empty() {
        request = request.header("authorization", key);
    }
    if let Some(encoding) = encoding {
        request = request.header("grpc-encoding", encoding);
    }
    let router = postil_server::grpc::router(&test.app);
    let response = router.oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
    let code = |headers: &HeaderMap| headers.get("grpc-status").map(|status| Code::from_bytes(status.as_bytes()));
    let in_head = code(response.headers());
    let collected = response.into_body().collect().await.unwrap();
    let in_trailers = collected.trailers().and_then(code);
    let bytes = collected.to_bytes().to_vec();
    (in_head.or(in_trailers).expect("a status"), bytes.get(5..).unwrap_or_default().to_vec())
}

async fn stored(test: &TestApp) -> i64 {
    let count = "select cast(count(*) as bigint) from span";
    test.app.db.read(move |tx| tx.query_one(count, &[])?.int(0)).await.unwrap()
}

#[tokio::test]
async fn spans_come_in_plain_and_compressed_and_the_answer_names_what_is_left_out() {
    let test = TestApp::start().await;
    let key = test.admin().await.authorization();
    let plain = framed(false, &request_of(vec![span(1)]));
    assert_eq!(call(&test, TRACES, &key, None, plain).await, (Code::Ok, Vec::new()));
    let zipped = framed(true, &gzip(&request_of(vec![span(2), Span { span_id: vec![], ..span(3) }])));
    let (code, answer) = call(&test, TRACES, &key, Some("gzip"), zipped).await;
    assert_eq!((code, stored(&test).await), (Code::Ok, 2));
    let answer = ExportTraceServiceResponse::decode(&answer[..]).unwrap();
    assert_eq!(answer.partial_success.unwrap().rejected_spans, 1);
}

#[tokio::test]
async fn what_cannot_be_read_is_the_callers_mistake_and_stores_nothing() {
    let test = TestApp::start().await;
    let key = test.admin().await.authorization();
    let good = framed(false, &request_of(vec![span(1)]));
    let broken: [(Option<&str>, Vec<u8>); 9] = [
        (None, Vec::new()),
        (None, vec![0, 0, 0]),
        (None, framed(false, &[0xff; 40])),
        (None, good[..good.len() - 1].to_vec()),
        (None, [good.clone(), good.clone()].concat()),
        (None, framed(true, &gzip(b""))),
        (Some("gzip"), framed(true, &[1, 2, 3])),
        (Some("gzip"), framed(true, &gzip(b"").repeat(2000))),
        (None, [&[7], &good[1..]].concat()),
    ];
    for (at, (encoding, body)) in broken.into_iter().enumerate() {
        assert_eq!(call(&test, TRACES, &key, encoding, body).await.0, Code::InvalidArgument, "{at}");
    }
    assert_eq!(call(&test, TRACES, &key, Some("br"), good.clone()).await.0, Code::Unimplemented);
    assert_eq!(call(&test, "/opentelemetry.Nothing/Export", &key, None, good.clone()).await.0, Code::Unimplemented);
    assert_eq!(call(&test, TRACES, "", None, good.clone()).await.0, Code::Unauthenticated);
    let reader = test.with_scopes(&["read"]).await.authorization();
    assert_eq!(call(&test, TRACES, &reader, None, good).await.0, Code::PermissionDenied);
    assert_eq!(stored(&test).await, 0);
}

/// Empty spans take two bytes on the wire and hundreds in memory.
#[tokio::test]
async fn a_message_that_would_fill_the_memory_is_refused_before_it_is_decoded() {
    let test = TestApp::start().await;
    let key = test.admin().await.authorization();
    let many = [0x12, 0x00].repeat(4 << 20);
    let wrapped = |tag: u8, message: &[u8]| {
        let mut out = vec![tag];
        prost::encoding::encode_varint(message.len() as u64, &mut out);
        [out, message.to_vec()].concat()
    };
    let message = wrapped(0x0a, &wrapped(0x12, &many));
    let (code, _) = call(&test, TRACES, &key, Some("gzip"), framed(true, &gzip(&message))).await;
    assert_eq!(code, Code::InvalidArgument);
    let (code, _) = call(&test, TRACES, &key, Some("gzip"), framed(true, &gzip(&vec![0; 17 << 20]))).await;
    assert_eq!(code, Code::ResourceExhausted);
    let (code, _) = call(&test, TRACES, &key, None, framed(false, &vec![0; 17 << 20])).await;
    assert_eq!(code, Code::ResourceExhausted);
}

#[tokio::test]
async fn calls_wait_outside_when_the_bodies_of_others_fill_the_memory() {
    let test = TestApp::start().await;
    let key = test.admin().await.authorization();
    let taken: Vec<_> = (0..16).map_while(|_| test.app.room(&HeaderMap::new(), 16 << 20).ok()).collect();
    let good = framed(false, &request_of(vec![span(1)]));
    assert_eq!(call(&test, TRACES, &key, None, good.clone()).await.0, Code::Unavailable);
    drop(taken);
    assert_eq!(call(&test, TRACES, &key, None, good).await.0, Code::Ok);
}
