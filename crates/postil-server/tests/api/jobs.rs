//! Annotating many traces, and the job that does it.

use postil_server::jobs;
use serde_json::{Value, json};

use crate::app::TestApp;

async fn asked(test: &TestApp, traces: std::ops::Range<u64>) {
    let admin = test.admin().await;
    let review = json!({"type": "single_select", "display_name": "Rating", "description": "", "key": "rating",
        "options": [{"value": "good"}, {"value": "bad"}]});
    admin.post("/v2/human-evals", review).await.expect(200);
    let spans: Vec<_> = traces
        .map(|number| {
            let at = 1_795_255_100_000_000_000 + number;
            json!({"traceId": format!("{number:032x}"), "spanId": format!("{number:016x}"), "name": "chat", "kind": 3,
                "startTimeUnixNano": at.to_string(), "endTimeUnixNano": (at + 1000).to_string()})
        })
        .collect();
    admin.post("/v1/traces", json!({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]})).await.expect(200);
}

const EVER: [&str; 2] = ["2000-01-01T00:00:00Z", "2100-01-01T00:00:00Z"];

fn rate(value: &str) -> Value {
    json!({"annotations": [{"key": "rating", "value": value}], "from": EVER[0], "to": EVER[1]})
}

#[tokio::test]
async fn all_traces_that_match_are_annotated_in_the_background() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    asked(&test, 1..124).await;
    let job = admin.post("/v2/annotations/bulk", rate("good")).await.expect(202).json();
    assert_eq!((&job["state"], &job["total"], &job["done"]), (&json!("queued"), &json!(123), &json!(0)));
    jobs::work_off(&test.app, "worker").await.unwrap();
    let path = format!("/v2/jobs/{}", job["id"].as_str().unwrap());
    let ended = admin.get(&path).await.expect(200).json();
    assert_eq!((&ended["state"], &ended["done"]), (&json!("done"), &json!(123)));
    let count = admin
        .post(
            "/v3/traces/aggregate",
            json!({"filters": [{"field": "annotation.rating", "op": "eq", "values": ["good"]}]}),
        )
        .await
        .json();
    assert_eq!(count["data"][0]["metrics"]["count"], 123.0);
    assert_eq!(admin.get("/v2/jobs").await.expect(200).json()["data"][0]["id"], job["id"]);
    // Nothing changes about a job that has ended.
    assert_eq!(admin.post(&format!("{path}/cancel"), json!({})).await.expect(200).json()["state"], "done");
}

#[tokio::test]
async fn only_some_traces_can_be_named() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    asked(&test, 1..4).await;
    let some = json!({"annotations": [{"key": "rating", "value": "bad"}], "trace_ids": [format!("{:032x}", 2)]});
    admin.post("/v2/annotations/bulk", some).await.expect(202);
    jobs::work_off(&test.app, "worker").await.unwrap();
    assert_eq!(admin.get("/v2/annotations").await.json()["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_wrong_request_starts_nothing() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    asked(&test, 1..2).await;
    let both = json!({"annotations": [{"key": "rating", "value": "bad"}], "trace_ids": ["a"], "query": "x"});
    for (body, status, field) in [
        (rate("splendid"), 400, Some("annotations[0].value")),
        (json!({"annotations": [{"key": "nothing", "value": "x"}], "trace_ids": ["a"]}), 404, None),
        (json!({"annotations": [{"key": "rating", "value": "bad"}]}), 400, Some("from")),
        (
            json!({"annotations": [{"parent_annotation_id": "x", "value": "bad"}], "trace_ids": ["a"]}),
            400,
            Some("annotations[0].key"),
        ),
        (both, 400, Some("trace_ids")),
    ] {
        let told = admin.post("/v2/annotations/bulk", body).await.expect(status).json();
        assert_eq!(told.get("field").and_then(Value::as_str), field, "{told}");
    }
    test.with_scopes(&["read"]).await.post("/v2/annotations/bulk", rate("good")).await.error(403);
    assert_eq!(admin.get("/v2/jobs").await.json()["data"], json!([]));
    admin.get("/v2/jobs/01ARZ3NDEKTSV4RRFFQ69G5FAV").await.error(404);
}

#[tokio::test]
async fn a_job_that_waits_is_canceled_at_once() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    asked(&test, 1..4).await;
    let job = admin.post("/v2/annotations/bulk", rate("good")).await.expect(202).json();
    let path = format!("/v2/jobs/{}/cancel", job["id"].as_str().unwrap());
    let reader = test.with_scopes(&["read"]).await;
    reader.post(&path, json!({})).await.error(403);
    assert_eq!(admin.post(&path, json!({})).await.expect(200).json()["state"], "canceled");
    jobs::work_off(&test.app, "worker").await.unwrap();
    assert_eq!(admin.get("/v2/annotations").await.json()["data"], json!([]));
}
