//! OTLP over gRPC from the client library of OpenTelemetry, over a real connection.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_client::TraceServiceClient;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use tonic::Code;
use tonic::codec::CompressionEncoding;
use tonic::transport::Channel;

use crate::server::{KEY, Place};

fn request(number: u8, key: &str) -> tonic::Request<ExportTraceServiceRequest> {
    let (start, end) = (1_795_255_100_000_000_000, 1_795_255_101_000_000_000);
    let (trace_id, span_id) = (vec![7; 16], vec![number; 8]);
    let times = Span { start_time_unix_nano: start, end_time_unix_nano: end, ..Span::default() };
    let spans = vec![Span { trace_id, span_id, name: "call".into(), ..times }];
    let scope_spans = vec![ScopeSpans { spans, ..ScopeSpans::default() }];
    let resource_spans = vec![ResourceSpans { scope_spans, ..ResourceSpans::default() }];
    let mut request = tonic::Request::new(ExportTraceServiceRequest { resource_spans });
    request.metadata_mut().insert("authorization", format!("Bearer {key}").parse().unwrap());
    request
}

#[test]
fn a_client_exports_over_one_connection_compressed_or_not() {
    let place = Place::sqlite();
    let server = place.serve();
    let address = server.greeting[1].strip_prefix("otlp grpc on ").unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let channel = Channel::from_shared(format!("http://{address}")).unwrap().connect().await.unwrap();
        let mut client = TraceServiceClient::new(channel);
        assert_eq!(client.export(request(1, KEY)).await.unwrap().into_inner().partial_success, None);
        assert_eq!(client.export(request(1, "sk-wrong")).await.unwrap_err().code(), Code::Unauthenticated);
        let mut zipped = client.send_compressed(CompressionEncoding::Gzip);
        zipped.export(request(2, KEY)).await.unwrap();
    });
    let (status, list) = server.get(&format!("/v3/traces/{}/spans", "07".repeat(16)));
    assert_eq!((status, list["data"].as_array().unwrap().len()), (200, 2));
    assert!(server.stop().success());
}
