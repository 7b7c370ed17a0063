//! Traces, log records and metrics on their way in.

use std::io::Write;

use axum::http::Method;
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse};
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message;
use serde_json::{Value, json};

use crate::app::{Answer, Client, TestApp};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const START: u64 = 1_795_255_100_000_000_000;

fn attribute(key: &str, value: &str) -> Value {
    json!({"key": key, "value": {"stringValue": value}})
}

fn span(span_id: &str, parent: &str, offset_ms: u64, attributes: Vec<Value>) -> Value {
    let start = START + offset_ms * 1_000_000;
    json!({"traceId": TRACE, "spanId": span_id, "parentSpanId": parent, "name": format!("span {span_id}"), "kind": 1,
        "startTimeUnixNano": start.to_string(), "endTimeUnixNano": (start + 5_000_000).to_string(),
        "attributes": attributes, "status": {"code": 1}})
}

fn chat(span_id: &str, parent: &str, offset_ms: u64, question: &str, answer: &str) -> Value {
    let message =
        |role: &str, text: &str| json!([{"role": role, "parts": [{"type": "text", "content": text}]}]).to_string();
    let mut span = span(
        span_id,
        parent,
        offset_ms,
        vec![
            attribute("gen_ai.operation.name", "chat"),
            attribute("gen_ai.provider.name", "openai"),
            attribute("gen_ai.request.model", "gpt-4o-mini"),
            attribute("gen_ai.input.messages", &message("user", question)),
            attribute("gen_ai.output.messages", &message("assistant", answer)),
        ],
    );
    let tokens = [("gen_ai.usage.input_tokens", 12), ("gen_ai.usage.output_tokens", 7)];
    for (key, count) in tokens {
        span["attributes"].as_array_mut().unwrap().push(json!({"key": key, "value": {"intValue": count}}));
    }
    span
}

fn export(spans: Vec<Value>) -> Value {
    json!({"resourceSpans": [{"resource": {"attributes": [attribute("service.name", "shop")]},
        "scopeSpans": [{"scope": {"name": "test"}, "spans": spans}]}]})
}

async fn get_span(client: &Client<'_>, span_id: &str) -> Value {
    client.get(&format!("/v3/traces/{TRACE}/spans/{span_id}")).await.expect(200).json()["span"].clone()
}

async fn tree(client: &Client<'_>) -> Vec<(String, u64)> {
    let list = client.get(&format!("/v3/traces/{TRACE}/spans")).await.expect(200).json();
    let spans = list["data"].as_array().unwrap().iter();
    spans.map(|span| (span["span_id"].as_str().unwrap().to_owned(), span["level"].as_u64().unwrap())).collect()
}

#[tokio::test]
async fn a_conversation_that_was_exported_can_be_read() {
    let test = TestApp::start().await;
    let client = test.admin().await;
    let spans = vec![
        chat("b7ad6b7169203331", "00f067aa0ba902b7", 10, "Where is my order?", "It arrives on Friday."),
        span("00f067aa0ba902b7", "", 0, vec![]),
    ];
    let answer = client.post("/v1/traces", export(spans)).await.expect(200).json();
    assert_eq!(answer, json!({"partialSuccess": {}}));

    assert_eq!(tree(&client).await, [("00f067aa0ba902b7".to_owned(), 0), ("b7ad6b7169203331".to_owned(), 1)]);
    let span = get_span(&client, "b7ad6b7169203331").await;
    assert_eq!(span["summary"]["model"], "gpt-4o-mini");
    assert_eq!(span["summary"]["usage"], json!({"prompt_tokens": 12, "completion_tokens": 7, "total_tokens": 19}));
    assert_eq!(span["attributes"]["gen_ai.provider.name"], "openai");
    assert_eq!(span["normalized"]["output"][0]["parts"][0]["text"], "It arrives on Friday.");
    let conversation = client.get(&format!("/v3/traces/{TRACE}/conversation")).await.expect(200).json();
    let texts: Vec<_> =
        conversation["items"].as_array().unwrap().iter().map(|item| &item["parts"][0]["text"]).collect();
    assert_eq!(texts, ["Where is my order?", "It arrives on Friday."]);
}

#[tokio::test]
async fn the_order_of_arrival_does_not_change_the_result() {
    let spans = [
        span("00f067aa0ba902b7", "", 0, vec![attribute("session.id", "s1")]),
        chat("b7ad6b7169203331", "00f067aa0ba902b7", 10, "One?", "First."),
        chat("b7ad6b7169203332", "00f067aa0ba902b7", 20, "Two?", "Second."),
    ];
    let mut seen = Vec::new();
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0], [1, 0, 2]] {
        let test = TestApp::start().await;
        let client = test.admin().await;
        for at in order {
            client.post("/v1/traces", export(vec![spans[at].clone()])).await.expect(200);
        }
        // Sent twice, nothing changes.
        client.post("/v1/traces", export(spans.to_vec())).await.expect(200);
        let row = test
            .app
            .db
            .read(|tx| {
                let row = tx.query_one(
                    "select name, input_preview, output_preview, span_count, usage_total, session_id, start_ns, end_ns,
                       leading_span_id, root_span_id, models from trace",
                    &[],
                )?;
                Ok(format!("{row:?}"))
            })
            .await
            .unwrap();
        seen.push((row, tree(&client).await));
    }
    assert!(seen.windows(2).all(|pair| pair[0] == pair[1]), "{seen:#?}");
    assert!(seen[0].0.contains("Second.") && seen[0].0.contains("s1"), "{seen:#?}");
}

#[tokio::test]
async fn one_odd_span_does_not_reject_its_batch() {
    let test = TestApp::start().await;
    let client = test.admin().await;
    let mut odd = span("b7ad6b7169203331", "", 0, vec![]);
    odd["traceId"] = json!("abc");
    let good = span("00f067aa0ba902b7", "", 0, vec![]);
    let answer = client.post("/v1/traces", export(vec![odd, good])).await.expect(200).json();
    assert_eq!(answer["partialSuccess"]["rejectedSpans"], "1");
    assert!(answer["partialSuccess"]["errorMessage"].as_str().unwrap().contains("span b7ad6b7169203331"), "{answer}");
    assert_eq!(tree(&client).await.len(), 1);
}

fn protobuf() -> Vec<u8> {
    let text = |key: &str, value: &str| KeyValue {
        key: key.into(),
        value: Some(AnyValue { value: Some(any_value::Value::StringValue(value.into())) }),
        ..Default::default()
    };
    let span = Span {
        trace_id: hex::decode(TRACE).unwrap(),
        span_id: hex::decode("00f067aa0ba902b7").unwrap(),
        name: "chat".into(),
        start_time_unix_nano: START,
        end_time_unix_nano: START + 1,
        attributes: vec![text("gen_ai.request.model", "gpt-4o")],
        ..Default::default()
    };
    let scope_spans = vec![ScopeSpans { spans: vec![span], ..Default::default() }];
    let resource_spans = vec![ResourceSpans { scope_spans, ..Default::default() }];
    ExportTraceServiceRequest { resource_spans }.encode_to_vec()
}

async fn send_protobuf(client: &Client<'_>, path: &str, encoding: Option<&str>, body: Vec<u8>) -> Answer {
    let mut client = client.header("content-type", "application/x-protobuf");
    if let Some(encoding) = encoding {
        client = client.header("content-encoding", encoding);
    }
    client.send(Method::POST, path, Some(body)).await
}

#[tokio::test]
async fn protobuf_comes_in_plain_gzip_and_deflate_on_every_path() {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&protobuf()).unwrap();
    let gzip = gzip.finish().unwrap();
    let mut deflate = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    deflate.write_all(&protobuf()).unwrap();
    let deflate = deflate.finish().unwrap();
    for path in ["/v1/traces", "/v2/otel/v1/traces", "/api/public/otel/v1/traces"] {
        for (encoding, body) in [(None, &protobuf()), (Some("gzip"), &gzip), (Some("deflate"), &deflate)] {
            let test = TestApp::start().await;
            let client = test.admin().await;
            let answer = send_protobuf(&client, path, encoding, body.clone()).await.expect(200);
            assert_eq!(answer.headers["content-type"], "application/x-protobuf");
            let response = ExportTraceServiceResponse::decode(&answer.bytes[..]).unwrap();
            assert_eq!(response.partial_success, None);
            assert_eq!(get_span(&client, "00f067aa0ba902b7").await["summary"]["model"], "gpt-4o");
        }
    }
}

#[tokio::test]
async fn the_langfuse_path_takes_basic_credentials() {
    use base64::Engine as _;
    let test = TestApp::start().await;
    let key = test.admin().await.authorization();
    let token = key.strip_prefix("Bearer ").unwrap();
    let basic = base64::engine::general_purpose::STANDARD.encode(format!("pk-lf-1:{token}"));
    let client = test.anonymous().header("authorization", &format!("Basic {basic}"));
    send_protobuf(&client, "/api/public/otel/v1/traces", None, protobuf()).await.expect(200);
}

#[tokio::test]
async fn broken_bodies_are_the_callers_mistake_and_store_nothing() {
    let test = TestApp::start().await;
    let client = test.admin().await;
    let json = client.header("content-type", "application/json");
    for body in ["", "{", "[]", "nonsense", r#"{"resourceSpans": 7}"#, "null"] {
        json.send(Method::POST, "/v1/traces", Some(body.into())).await.error(400);
    }
    send_protobuf(&client, "/v1/traces", None, vec![0xff; 40]).await.error(400);
    send_protobuf(&client, "/v1/traces", Some("gzip"), vec![1, 2, 3]).await.error(400);
    send_protobuf(&client, "/v1/traces", Some("br"), protobuf()).await.error(400);
    client.header("content-type", "text/csv").send(Method::POST, "/v1/traces", Some(vec![1])).await.error(400);
    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    bomb.write_all(&vec![b' '; 17 << 20]).unwrap();
    send_protobuf(&client, "/v1/traces", Some("gzip"), bomb.finish().unwrap()).await.error(413);
    let spans = test.app.db.read(|tx| tx.query_one("select cast(count(*) as bigint) from span", &[])?.int(0)).await;
    assert_eq!(spans.unwrap(), 0);
}

#[tokio::test]
async fn only_a_key_with_the_scope_ingest_may_export() {
    let test = TestApp::start().await;
    test.anonymous().post("/v1/traces", export(vec![])).await.error(401);
    test.with_scopes(&["read", "annotate"]).await.post("/v1/traces", export(vec![])).await.error(403);
    test.with_scopes(&["ingest"]).await.post("/v1/traces", export(vec![])).await.expect(200);
    test.with_scopes(&["ingest"]).await.get(&format!("/v3/traces/{TRACE}/spans")).await.error(403);
}

#[tokio::test]
async fn orq_spans_arrive_once_with_their_parents() {
    let test = TestApp::start().await;
    let client = test.admin().await;
    let span = |id: &str, parent: Option<&str>, kind: &str| {
        let mut span = json!({"context": {"trace_id": TRACE, "span_id": id}, "name": kind, "type": kind,
            "start_time": "2026-11-21T09:00:00.489Z", "end_time": "2026-11-21T09:00:01.489Z",
            "attributes": {"status": "success"}, "events": [], "input": {"question": "why?"}, "output": "because"});
        if let Some(parent) = parent {
            span["parent_id"] = json!(parent);
        }
        span
    };
    let body = json!({"spans": [span("b7ad6b7169203331", Some("00f067aa0ba902b7"), "llm"), span("00f067aa0ba902b7", None, "agent")]});
    for _ in 0..3 {
        client.post("/v2/traces/v1/traces", body.clone()).await.expect(200);
    }
    assert_eq!(tree(&client).await, [("00f067aa0ba902b7".to_owned(), 0), ("b7ad6b7169203331".to_owned(), 1)]);
    assert_eq!(get_span(&client, "00f067aa0ba902b7").await["summary"]["output"], "because");
}

#[tokio::test]
async fn span_ids_of_sixteen_bytes_are_kept() {
    let test = TestApp::start().await;
    let client = test.admin().await;
    client.post("/v2/otel/v1/traces", export(vec![span(TRACE, "", 0, vec![])])).await.expect(200);
    assert_eq!(get_span(&client, TRACE).await["summary"]["span_id"], TRACE);
}

fn log_record(event: &str, text: &str) -> Value {
    json!({"traceId": TRACE, "spanId": "b7ad6b7169203331", "observedTimeUnixNano": START.to_string(), "eventName": event,
        "body": {"kvlistValue": {"values": [attribute("content", text)]}}})
}

#[tokio::test]
async fn log_records_join_their_spans_whichever_comes_first() {
    let records =
        json!({"resourceLogs": [{"scopeLogs": [{"logRecords": [log_record("gen_ai.user.message", "Hello?")]}]}]});
    let attributes = vec![attribute("gen_ai.operation.name", "chat"), attribute("gen_ai.request.model", "m")];
    let spans = export(vec![span("b7ad6b7169203331", "", 0, attributes)]);
    for logs_first in [true, false] {
        let test = TestApp::start().await;
        let client = test.admin().await;
        let mut requests = [("/v1/logs", &records), ("/v1/traces", &spans)];
        if !logs_first {
            requests.reverse();
        }
        for (path, body) in requests {
            client.post(path, body.clone()).await.expect(200);
        }
        let span = get_span(&client, "b7ad6b7169203331").await;
        assert_eq!(span["normalized"]["input"][0]["parts"][0]["text"], "Hello?", "logs first: {logs_first}");
        assert_eq!(span["summary"]["input"], "Hello?", "logs first: {logs_first}");
    }
}

#[tokio::test]
async fn metrics_are_accepted_and_dropped() {
    let test = TestApp::start().await;
    let client = test.with_scopes(&["ingest"]).await;
    client.post("/v1/metrics", json!({"resourceMetrics": []})).await.expect(200);
}

#[tokio::test]
async fn an_unknown_span_is_named_in_the_words_of_the_guide() {
    let test = TestApp::start().await;
    let client = test.admin().await;
    let message = client.get(&format!("/v3/traces/{TRACE}/spans/xyz789")).await.error(404);
    assert_eq!(message, format!("Span with id xyz789 for workspace {} was not found.", test.workspace_id));
    client.get(&format!("/v3/traces/{TRACE}/spans")).await.error(404);
    client.get(&format!("/v3/traces/{TRACE}/conversation")).await.error(404);
}

#[tokio::test]
async fn a_span_whose_client_calls_it_by_a_ulid_is_found_by_either_id() {
    let test = TestApp::start().await;
    let client = test.admin().await;
    let (trace, span, hex) =
        ("01M80FHNYP2DS24W5Q33AB7K58", "2D9RW50MA499CMAGHM6DD42DTP", "4d4e385051444a59454234335a413756");
    let inner = "01M80FHNYP2DS24W5Q33AB7K59";
    let of = |span_id: &str, parent: Option<&str>| {
        json!({"context": {"trace_id": trace, "span_id": span_id}, "name": "answer", "type": "agent", "output": "Yes",
            "parent_id": parent, "start_time": "2026-11-21T09:59:00Z", "end_time": "2026-11-21T09:59:01Z"})
    };
    let spans = json!({"spans": [of(span, None), of(inner, Some(span))]});
    client.post("/v2/traces/v1/traces", spans).await.expect(200);

    let list = client.get(&format!("/v3/traces/{trace}/spans")).await.expect(200).json()["data"].clone();
    assert_eq!((&list[0]["span_id"], &list[1]["parent_span_id"]), (&json!(hex), &json!(hex)));
    let trace_hex = list[0]["trace_id"].as_str().unwrap();
    assert_eq!(client.get(&format!("/v3/traces/{trace}")).await.expect(200).json()["trace"]["trace_id"], trace_hex);

    client
        .post("/v2/human-evals", json!({"type": "text", "key": "note", "display_name": "n", "description": ""}))
        .await;
    let said = json!({"annotations": [{"key": "note", "value": "fine"}]});
    client.post(&format!("/v2/traces/{trace}/spans/{span}/annotation"), said.clone()).await.expect(200);
    for (trace, span) in [(trace, span), (trace_hex, hex)] {
        let full = client.get(&format!("/v3/traces/{trace}/spans/{span}")).await.expect(200).json()["span"].clone();
        assert_eq!(full["annotations"][0]["value"], "fine");
        assert_eq!(full["attributes"]["orq.span_id"], "2D9RW50MA499CMAGHM6DD42DTP");
        let rows = client.get(&format!("/v2/traces/{trace}/spans/{span}/annotation")).await.expect(200).json();
        assert_eq!(rows["data"][0]["span_id"], hex);
        let listed = client.get(&format!("/v2/annotations?trace_id={trace}&span_id={span}")).await.expect(200).json();
        assert_eq!(listed["data"].as_array().unwrap().len(), 1);
        let talk = client.get(&format!("/v3/traces/{trace}/conversation?span_id={span}")).await.expect(200).json();
        assert_eq!((&talk["trace_id"], &talk["span_id"]), (&json!(trace_hex), &json!(hex)));
    }
    client.post("/v2/feedback", json!({"property": "note", "value": "better", "trace_id": trace})).await.expect(200);
    client
        .delete_with(&format!("/v2/traces/{trace}/spans/{span}/annotation"), json!({"keys": ["note"]}))
        .await
        .expect(200);
    // What is not there is called what the client called it.
    let missing = "01M80FHNYP2DS24W5Q33AB7K5Z";
    let message = client.post(&format!("/v2/traces/{trace}/spans/{missing}/annotation"), said).await.error(404);
    assert!(message.starts_with(&format!("Span with id {missing} for workspace ")), "{message}");
}

#[tokio::test]
async fn counts_and_costs_without_end_do_not_break_the_sums_of_others() {
    let test = TestApp::start().await;
    let client = test.admin().await;
    for trace in ["0af7651916cd43dd8448eb211c80319c", "0af7651916cd43dd8448eb211c80319d"] {
        let mut huge = span(
            "00f067aa0ba902b7",
            "",
            0,
            vec![attribute("session.id", "s"), attribute("gen_ai.operation.name", "chat")],
        );
        huge["traceId"] = json!(trace);
        let numbers = huge["attributes"].as_array_mut().unwrap();
        numbers.push(json!({"key": "gen_ai.usage.input_tokens", "value": {"intValue": "9223372036854775807"}}));
        numbers.push(json!({"key": "gen_ai.usage.cost", "value": {"doubleValue": 1e308}}));
        client.post("/v1/traces", export(vec![huge])).await.expect(200);
    }
    let everything = json!({"filters": {"interval": "SESSION_INTERVAL_ALL_TIME"}});
    let sessions = client.post("/v2/sessions/query", everything).await.expect(200).json();
    assert_eq!(sessions["data"][0]["traces_count"], 2, "{sessions}");
    let sum = json!({"compute": [{"metric": "cost", "op": "sum"}, {"metric": "total_tokens", "op": "sum"}]});
    let sums = client.post("/v3/traces/aggregate", sum).await.expect(200).json();
    assert!(sums["data"][0]["metrics"]["cost.sum"].is_number(), "{sums}");
    let trace = client.get("/v3/traces/0af7651916cd43dd8448eb211c80319c").await.expect(200).json();
    assert!(trace["trace"]["cost"]["total"].is_number(), "{trace}");
}

#[tokio::test]
async fn a_trace_names_the_other_one_that_reports_the_same_call() {
    let test = TestApp::start().await;
    let client = test.admin().await;
    let mut call = chat("b7ad6b7169203331", "", 0, "Where is it?", "Here.");
    call["attributes"][1] = attribute("gen_ai.provider.name", "anthropic");
    call["attributes"].as_array_mut().unwrap().push(attribute("gen_ai.response.id", "msg_1"));
    let mut native = call.clone();
    native["traceId"] = json!("0000000000000000000000000000000a");
    native["attributes"].as_array_mut().unwrap().retain(|one| !one["key"].as_str().unwrap().ends_with(".messages"));
    client.post("/v1/traces", export(vec![native])).await.expect(200);
    let alone = client.get("/v3/traces/0000000000000000000000000000000a").await.expect(200).json();
    assert_eq!((&alone["trace"]["usage"]["prompt_tokens"], alone.get("linked_traces")), (&json!(12), None));
    client.post("/v1/traces", export(vec![call])).await.expect(200);
    let other = client.get("/v3/traces/0000000000000000000000000000000a").await.expect(200).json();
    assert_eq!(other["trace"].get("usage"), None, "it counts where its messages are");
    let linked = json!([{"trace_id": TRACE, "linked_span_id": "b7ad6b7169203331", "span_id": "b7ad6b7169203331",
        "reason": "same_response"}]);
    assert_eq!(other["linked_traces"], linked);
}
