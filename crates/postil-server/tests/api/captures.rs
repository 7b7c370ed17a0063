//! Every captured request of a real tracing client, sent again as it was recorded: to its own path, with its own content
//! type and encoding, over gRPC where it came that way. What the API shows is compared with what the model saw and said.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use axum::http::Method;
use base64::Engine as _;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_client::TraceServiceClient;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans};
use postil_server::grpc;
use prost::Message;
use serde_json::{Map, Value, json};

use crate::app::{Client, TestApp};
use crate::truth;

/// One recorded request.
#[derive(Clone)]
struct Recorded {
    file: String,
    over_grpc: bool,
    method: Method,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// What a test server does not take from a recording: it has keys of its own.
const NOT_SENT: [&str; 4] = ["authorization", "host", "content-length", "transfer-encoding"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../postil/tests/captures")
}

fn read_json(file: &Path) -> Value {
    serde_json::from_slice(&fs::read(file).unwrap()).unwrap_or_else(|cause| panic!("{}: {cause}", file.display()))
}

fn recorded(capture: &str) -> Vec<Recorded> {
    let folder = folder().join(capture);
    let requests = read_json(&folder.join("headers.json"));
    let request = |request: &Value| {
        let text = |key: &str| request[key].as_str().unwrap().to_owned();
        let headers = request["headers"].as_object().unwrap().iter();
        let headers = headers.filter(|(name, _)| !NOT_SENT.contains(&name.as_str()));
        Recorded {
            file: text("file"),
            over_grpc: request["transport"] == "grpc",
            method: text("method").parse().unwrap(),
            path: text("path"),
            headers: headers.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect(),
            body: fs::read(folder.join(text("file"))).unwrap(),
        }
    };
    requests.as_array().unwrap().iter().map(request).collect()
}

impl Recorded {
    /// Side calls, such as uploads of images, are no traces: whether they are answered is another test's question.
    fn is_telemetry(&self) -> bool {
        !self.file.ends_with("-other.json")
    }

    /// The same request, one for each of its spans; itself, if it holds none.
    fn apart(&self) -> Vec<Recorded> {
        let with = |body: Vec<u8>| Recorded { body, ..self.clone() };
        if self.file.ends_with("-traces.pb") {
            protobuf_apart(&self.body).into_iter().map(with).collect()
        } else if self.file.ends_with("-traces.pb.gz") {
            let mut plain = Vec::new();
            flate2::read::GzDecoder::new(&self.body[..]).read_to_end(&mut plain).unwrap();
            protobuf_apart(&plain).iter().map(|body| with(gzip(body))).collect()
        } else if self.file.ends_with("-traces.json") {
            otlp_json_apart(&self.body).into_iter().map(with).collect()
        } else if self.file.ends_with("-nonotlp.json") {
            let whole: Value = serde_json::from_slice(&self.body).unwrap();
            let spans = whole["spans"].as_array().unwrap().iter();
            spans.map(|span| with(json!({"spans": [span]}).to_string().into_bytes())).collect()
        } else {
            vec![self.clone()]
        }
    }
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

fn protobuf_apart(body: &[u8]) -> Vec<Vec<u8>> {
    let mut bodies = Vec::new();
    for resource in ExportTraceServiceRequest::decode(body).unwrap().resource_spans {
        for scope in &resource.scope_spans {
            for span in &scope.spans {
                let scope_spans = vec![ScopeSpans { spans: vec![span.clone()], ..scope.clone() }];
                let resource_spans = vec![ResourceSpans { scope_spans, ..resource.clone() }];
                bodies.push(ExportTraceServiceRequest { resource_spans }.encode_to_vec());
            }
        }
    }
    bodies
}

fn otlp_json_apart(body: &[u8]) -> Vec<Vec<u8>> {
    let with = |holder: &Map<String, Value>, key: &str, item: Value| {
        let mut holder = holder.clone();
        holder.insert(key.to_owned(), json!([item]));
        Value::Object(holder)
    };
    let each = |holder: &Value, key: &str| holder[key].as_array().cloned().unwrap();
    let whole: Value = serde_json::from_slice(body).unwrap();
    let mut bodies = Vec::new();
    for resource in each(&whole, "resourceSpans") {
        for scope in each(&resource, "scopeSpans") {
            for span in each(&scope, "spans") {
                let scope = with(scope.as_object().unwrap(), "spans", span);
                let resource = with(resource.as_object().unwrap(), "scopeSpans", scope);
                bodies.push(json!({"resourceSpans": [resource]}).to_string().into_bytes());
            }
        }
    }
    bodies
}

/// Another order, the same in every run.
fn shuffled(mut requests: Vec<Recorded>) -> Vec<Recorded> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for at in (1..requests.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        requests.swap(at, (state >> 33) as usize % (at + 1));
    }
    requests
}

async fn send(test: &TestApp, admin: &Client<'_>, request: &Recorded) {
    if request.over_grpc {
        return send_over_grpc(test, admin, request).await;
    }
    let token = admin.authorization();
    let token = token.strip_prefix("Bearer ").unwrap();
    // Langfuse's clients send a pair of keys; everyone else one.
    let authorization = if request.path.starts_with("/api/public/") {
        format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("pk-lf-test:{token}")))
    } else {
        format!("Bearer {token}")
    };
    let mut client = test.anonymous().header("authorization", &authorization);
    for (name, value) in &request.headers {
        client = client.header(name, value);
    }
    let answer = client.send(request.method.clone(), &request.path, Some(request.body.clone())).await;
    let told = String::from_utf8_lossy(&answer.bytes).into_owned();
    if request.is_telemetry() {
        assert_eq!(answer.status, 200, "{}: {told}", request.file);
        assert!(!told.contains("rejected"), "{}: {told}", request.file);
    } else {
        assert!(answer.status.as_u16() < 500, "{}: {told}", request.file);
    }
}

async fn send_over_grpc(test: &TestApp, admin: &Client<'_>, request: &Recorded) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serve = axum::serve(listener, grpc::router(&test.app));
    let serve = serve.with_graceful_shutdown(async { stopped.await.unwrap_or_default() });
    let server = tokio::spawn(serve.into_future());
    let channel = tonic::transport::Endpoint::new(format!("http://{address}")).unwrap().connect().await.unwrap();
    let mut call = tonic::Request::new(ExportTraceServiceRequest::decode(&request.body[..]).unwrap());
    call.metadata_mut().insert("authorization", admin.authorization().parse().unwrap());
    for (name, value) in &request.headers {
        let name: tonic::metadata::MetadataKey<_> = name.parse().unwrap();
        call.metadata_mut().insert(name, value.parse().unwrap());
    }
    let answer = TraceServiceClient::new(channel).export(call).await.unwrap().into_inner();
    assert_eq!(answer.partial_success, None, "{}", request.file);
    stop.send(()).unwrap();
    server.await.unwrap().unwrap();
}

/// Puts the bytes of media in the place of their addresses, as the truth has them.
async fn show_media(admin: &Client<'_>, normalized: &mut Value) {
    let messages = ["input", "output"].map(|side| normalized[side].as_array().cloned().unwrap_or_default());
    for (side, mut messages) in ["input", "output"].into_iter().zip(messages) {
        for part in messages.iter_mut().filter_map(|message| message["parts"].as_array_mut()).flatten() {
            if part["source"] != "stored" {
                continue;
            }
            let bytes = admin.get(part["url"].as_str().unwrap()).await.expect(200).bytes;
            let data = base64::engine::general_purpose::STANDARD.encode(bytes);
            *part = json!({"type": "media", "kind": part["kind"], "mime": part["mime"], "data": data});
        }
        if !messages.is_empty() {
            normalized[side] = json!(messages);
        }
    }
}

async fn check(capture: &str) {
    let requests = recorded(capture);
    let expected = read_json(&folder().join(capture).join("expected.json"));
    let expected = expected.as_array().unwrap();
    let orders = [
        ("as recorded", requests.clone()),
        ("shuffled", shuffled(requests.iter().flat_map(Recorded::apart).collect())),
        ("twice", [requests.clone(), requests].concat()),
    ];
    for (order, requests) in orders {
        let test = TestApp::start().await;
        let admin = test.admin().await;
        for request in &requests {
            send(&test, &admin, request).await;
        }
        let mut shown = Map::new();
        for (id, _) in truth::calls(expected) {
            let (trace_id, span_id) = id.split_once('/').unwrap();
            let path = format!("/v3/traces/{trace_id}/spans/{span_id}");
            let mut normalized = admin.get(&path).await.expect(200).json()["span"]["normalized"].clone();
            show_media(&admin, &mut normalized).await;
            shown.insert(id.clone(), normalized);
        }
        truth::check(capture, order, expected, |id| shown.get(id).cloned());
    }
}

macro_rules! captures {
    ($($test:ident: $name:literal),* $(,)?) => {
        $(#[tokio::test]
        async fn $test() {
            check($name).await;
        })*

        #[test]
        fn no_capture_is_left_out() {
            let mut there: Vec<String> = fs::read_dir(folder())
                .unwrap()
                .map(|entry| entry.unwrap())
                .filter(|entry| entry.path().is_dir())
                .map(|entry| entry.file_name().into_string().unwrap())
                .collect();
            there.sort();
            assert_eq!(there, [$($name),*]);
        }
    };
}

captures! {
    langfuse_v5: "langfuse-v5",
    logfire_pydantic_ai: "logfire-pydantic-ai",
    mlflow: "mlflow",
    openinference_langchain: "openinference-langchain",
    openinference_openai: "openinference-openai",
    orq_native: "orq-native",
    orq_otel: "orq-otel",
    otel_genai_openai_span: "otel-genai-openai-span",
    otel_openai_v2_legacy_events: "otel-openai-v2-legacy-events",
    plain_grpc: "plain-grpc",
    plain_http: "plain-http",
    plain_http_limits: "plain-http-limits",
    traceloop: "traceloop",
    vercel_ai_v6_json: "vercel-ai-v6-json",
    vercel_ai_v7: "vercel-ai-v7",
}
