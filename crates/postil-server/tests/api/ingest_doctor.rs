//! What somebody is told who connects an application and misses something.

use serde_json::{Value, json};

use crate::app::{Client, TestApp};

const START: u64 = 1_795_255_100_000_000_000;

fn attribute(key: &str, value: &str) -> Value {
    json!({"key": key, "value": {"stringValue": value}})
}

fn span(number: u8, status: u8, attributes: Vec<Value>) -> Value {
    json!({"traceId": format!("{number:032x}"), "spanId": format!("{number:016x}"), "name": "chat", "kind": 3,
        "startTimeUnixNano": START.to_string(), "endTimeUnixNano": START.to_string(),
        "attributes": attributes, "status": {"code": status}})
}

fn export(scope: &str, spans: Vec<Value>) -> Value {
    let resource = [
        ("telemetry.sdk.name", "opentelemetry"),
        ("telemetry.sdk.language", "python"),
        ("telemetry.sdk.version", "1.45.2"),
    ];
    let resource: Vec<_> = resource.iter().map(|(key, value)| attribute(key, value)).collect();
    json!({"resourceSpans": [{"resource": {"attributes": resource},
        "scopeSpans": [{"scope": {"name": scope, "version": "2.4b0"}, "spans": spans}]}]})
}

fn call(number: u8, status: u8) -> Value {
    span(
        number,
        status,
        vec![
            attribute("gen_ai.operation.name", "chat"),
            attribute("gen_ai.request.model", "gpt-4o-mini"),
            attribute("shop.basket", "17"),
        ],
    )
}

async fn doctor(client: &Client<'_>) -> Value {
    client.get("/v2/ingest/doctor").await.expect(200).json()
}

fn codes(place: &Value) -> Vec<&str> {
    place["advice"].as_array().unwrap().iter().map(|advice| advice["code"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn when_nothing_arrived_it_says_what_to_check() {
    let test = TestApp::start().await;
    let seen = doctor(&test.with_scopes(&["read"]).await).await;
    assert_eq!((&seen["spans"], &seen["sources"]), (&json!(0), &json!([])));
    assert_eq!(codes(&seen), ["nothing_arrived"]);
    assert!(seen["advice"][0]["setting"].as_str().unwrap().contains("OTEL_EXPORTER_OTLP_ENDPOINT"), "{seen}");
}

#[tokio::test]
async fn who_sent_what_is_told_with_the_setting_that_turns_content_on() {
    let test = TestApp::start().await;
    let client = test.admin().await.header("user-agent", "OTel-OTLP-Exporter-Python/1.45.2");
    let scope = "opentelemetry.instrumentation.openai_v2";
    client.post("/v1/traces", export(scope, vec![call(1, 1), call(2, 2)])).await.expect(200);
    test.clock.advance(60_000_000);
    // A second span of a trace is no second trace.
    let mut again = call(2, 1);
    again["spanId"] = json!("00000000000000aa");
    client.post("/v1/traces", export(scope, vec![again])).await.expect(200);

    let seen = doctor(&client).await;
    assert_eq!(seen["spans"], 3);
    let source = &seen["sources"][0];
    assert_eq!(seen["sources"].as_array().unwrap().len(), 1, "{seen}");
    assert_eq!(source["client"], "OTel-OTLP-Exporter-Python/1.45.2");
    assert_eq!(source["sdk"], "opentelemetry python 1.45.2");
    assert_eq!(source["scope"], json!({"name": scope, "version": "2.4b0"}));
    assert_eq!(source["convention"], "otel_genai");
    let counts = ["spans", "traces", "errors", "model_calls", "model_calls_without_content"].map(|key| &source[key]);
    assert_eq!(counts, [&json!(3), &json!(2), &json!(1), &json!(3), &json!(3)]);
    assert_eq!(source["first_seen_at"], "2026-11-21T10:00:00.000Z");
    assert_eq!(source["last_seen_at"], "2026-11-21T10:01:00.000Z");
    assert_eq!(source["unmapped_attributes"], json!([{"key": "shop.basket", "count": 3}]));
    assert_eq!(codes(source), ["content_absent", "unmapped_attributes"]);
    assert_eq!(source["advice"][0]["setting"], "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true");
    assert_eq!(codes(&seen), Vec::<&str>::new());
}

#[tokio::test]
async fn content_that_comes_in_log_records_is_not_missed() {
    let test = TestApp::start().await;
    let client = test.admin().await;
    let scope = "opentelemetry.instrumentation.openai_v2";
    client.post("/v1/traces", export(scope, vec![call(1, 1)])).await.expect(200);
    let record = json!({"traceId": format!("{:032x}", 1), "spanId": format!("{:016x}", 1),
        "eventName": "gen_ai.user.message", "body": {"stringValue": "Where is it?"}});
    let mut logs = export(scope, vec![]);
    let mut resource = logs["resourceSpans"][0].clone();
    resource.as_object_mut().unwrap().remove("scopeSpans");
    resource["scopeLogs"] = json!([{"scope": {"name": scope, "version": "2.4b0"}, "logRecords": [record]}]);
    logs = json!({"resourceLogs": [resource]});
    client.post("/v1/logs", logs).await.expect(200);
    let source = doctor(&client).await["sources"][0].clone();
    assert_eq!((&source["log_records"], &source["model_calls_without_content"]), (&json!(1), &json!(0)), "{source}");
}

#[tokio::test]
async fn what_was_not_stored_is_told_with_its_reason() {
    let test = TestApp::start().await;
    let client = test.admin().await;
    let mut broken = call(1, 1);
    broken["spanId"] = json!("");
    client.post("/v1/traces", export("shop", vec![broken.clone(), broken])).await.expect(200);
    client.post("/v1/traces", json!({"resourceSpans": 7})).await.expect(400);
    let seen = doctor(&client).await;
    let rejected = seen["rejected"].as_array().unwrap();
    let what: Vec<_> =
        rejected.iter().map(|one| (one["what"].as_str().unwrap(), one["count"].as_i64().unwrap())).collect();
    assert_eq!(what, [("span", 2), ("request", 1)], "{seen}");
    assert_eq!(rejected[0]["reason"], "span_id is missing");
    assert_eq!(codes(&seen), ["rejected"]);
}

#[tokio::test]
async fn metrics_alone_are_not_traces() {
    let test = TestApp::start().await;
    let client = test.admin().await;
    client.post("/v1/metrics", json!({})).await.expect(200);
    let seen = doctor(&client).await;
    assert_eq!((&seen["metrics_requests"], codes(&seen)), (&json!(1), vec!["no_spans"]));
}

#[tokio::test]
async fn every_client_has_a_setting_of_its_own() {
    let test = TestApp::start().await;
    let client = test.admin().await;
    let marks = [
        ("openinference.instrumentation.openai", "openinference.span.kind", "LLM", "OPENINFERENCE_HIDE_INPUTS"),
        ("opentelemetry.instrumentation.openai.v1", "llm.request.type", "chat", "TRACELOOP_TRACE_CONTENT"),
        ("langfuse-sdk", "langfuse.observation.type", "generation", "LANGFUSE_OBSERVE_DECORATOR"),
        ("ai", "ai.operationId", "ai.generateText.doGenerate", "recordInputs"),
        ("pydantic-ai", "gen_ai.operation.name", "chat", "include_content=True"),
        ("opentelemetry.util.genai.handler", "gen_ai.operation.name", "chat", "SPAN_AND_EVENT"),
        ("langsmith", "langsmith.span.kind", "llm", "LANGSMITH_HIDE_INPUTS"),
        ("mlflow.tracing.provider", "mlflow.spanType", "\"CHAT_MODEL\"", "mlflow.openai.autolog"),
        ("orq_ai_sdk.traced.decorators", "type", "llm", "capture_input=True"),
    ];
    for (number, (scope, key, value, _)) in (1..).zip(marks) {
        client.post("/v1/traces", export(scope, vec![span(number, 1, vec![attribute(key, value)])])).await.expect(200);
    }
    let seen = doctor(&client).await;
    for (scope, _, _, setting) in marks {
        let source =
            seen["sources"].as_array().unwrap().iter().find(|source| source["scope"]["name"] == scope).unwrap();
        assert_eq!(source["advice"][0]["code"], "content_absent", "{source}");
        assert!(source["advice"][0]["setting"].as_str().unwrap().contains(setting), "{source}");
    }
}

#[tokio::test]
async fn only_the_hours_that_were_asked_for_count_and_only_of_this_project() {
    let test = TestApp::start().await;
    let client = test.admin().await;
    client.post("/v1/traces", export("shop", vec![call(1, 1)])).await.expect(200);
    test.clock.advance(3 * 3_600_000_000);
    assert_eq!(doctor(&client).await["spans"], 1);
    assert_eq!(client.get("/v2/ingest/doctor?hours=2").await.expect(200).json()["spans"], 0);
    for wrong in ["0", "49", "many"] {
        client.get(&format!("/v2/ingest/doctor?hours={wrong}")).await.error(400);
    }
    let other = client.post("/v2/projects", json!({"name": "Other"})).await.expect(200).json();
    let there = client.header("x-postil-project", other["project"]["project_id"].as_str().unwrap());
    assert_eq!(doctor(&there).await["spans"], 0);
    test.with_scopes(&["ingest"]).await.get("/v2/ingest/doctor").await.error(403);
}
