//! Datapoints that are taken from spans and traces.

use postil_server::jobs;
use serde_json::{Value, json};

use crate::app::{Client, TestApp};

const FROM: &str = "2000-01-01T00:00:00Z";
const TO: &str = "2100-01-01T00:00:00Z";

fn trace(number: usize) -> String {
    format!("{number:032x}")
}

/// Calls of a model, each in a trace of its own.
pub async fn calls(key: &Client<'_>, count: usize) {
    let span = |number: usize| {
        let text = |key: &str, value: String| json!({"key": key, "value": {"stringValue": value}});
        let at = 1_795_255_100_000_000_000 + number;
        json!({"traceId": trace(number), "spanId": format!("{number:016x}"), "name": "chat m", "kind": 3,
            "startTimeUnixNano": at.to_string(), "endTimeUnixNano": (at + 1000).to_string(),
            "attributes": [text("gen_ai.operation.name", "chat".into()), text("gen_ai.request.model", "m".into()),
                text("input.value", format!("Question {number}")), text("output.value", format!("Answer {number}"))]})
    };
    let spans: Vec<_> = (1..=count).map(span).collect();
    key.post("/v1/traces", json!({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]})).await.expect(200);
}

async fn dataset(key: &Client<'_>) -> String {
    let made = key.post("/v2/datasets", json!({"display_name": "Gold"})).await.expect(200).json();
    made["_id"].as_str().unwrap().to_owned()
}

async fn held(key: &Client<'_>, id: &str) -> i64 {
    let dataset = key.get(&format!("/v2/datasets/{id}")).await.expect(200).json();
    dataset["metadata"]["datapoints_count"].as_i64().unwrap()
}

fn there(taken: &Value) -> Vec<bool> {
    taken.as_array().unwrap().iter().map(|each| each["already_there"] == true).collect()
}

#[tokio::test]
async fn a_span_that_is_there_already_is_named_and_not_added_again() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    calls(&admin, 2).await;
    let review = json!({"type": "correction", "display_name": "Correction", "description": "", "key": "correction"});
    admin.post("/v2/human-evals", review).await.expect(200);
    let id = dataset(&admin).await;
    let path = format!("/v3/datasets/{id}/spans");
    let one = json!({"items": [{"trace_id": trace(1)}]});
    let first = admin.post(&path, one.clone()).await.expect(200).json();
    assert_eq!(there(&first), [false]);
    assert!(first[0].get("already_there").is_none());

    let both = json!({"items": [{"trace_id": trace(1), "span_id": format!("{:016x}", 1)}, {"trace_id": trace(2)},
        {"trace_id": trace(2)}]});
    let second = admin.post(&path, both).await.expect(200).json();
    assert_eq!(there(&second), [true, false, true]);
    assert_eq!((&second[0]["_id"], &second[1]["_id"]), (&first[0]["_id"], &second[2]["_id"]));
    assert_eq!(held(&admin, &id).await, 2);

    // What was changed by hand was still taken from that span.
    let point = format!("/v2/datasets/{id}/datapoints/{}", first[0]["_id"].as_str().unwrap());
    admin.patch(&point, json!({"expected_output": "Mine"})).await.expect(200);
    assert_eq!(there(&admin.post(&path, one.clone()).await.expect(200).json()), [true]);

    // A correction since then is something new; so is what was asked for.
    let here = format!("/v2/traces/{}/spans/{:016x}/annotation", trace(1), 1);
    admin.post(&here, json!({"annotations": [{"key": "correction", "value": "Better"}]})).await.expect(200);
    assert_eq!(there(&admin.post(&path, one.clone()).await.expect(200).json()), [false]);
    let again = json!({"items": [{"trace_id": trace(1)}], "duplicates": "add"});
    assert_eq!(there(&admin.post(&path, again).await.expect(200).json()), [false]);
    assert_eq!(held(&admin, &id).await, 4);

    let wrong = json!({"items": [{"trace_id": trace(1)}], "duplicates": "maybe"});
    assert_eq!(admin.post(&path, wrong).await.expect(400).json()["field"], "duplicates");
}

#[tokio::test]
async fn who_finds_the_answer_right_takes_nobodys_correction_away() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    calls(&admin, 1).await;
    let review = json!({"type": "correction", "display_name": "Correction", "description": "", "key": "correction"});
    admin.post("/v2/human-evals", review).await.expect(200);
    let id = dataset(&admin).await;
    let path = format!("/v3/datasets/{id}/spans");
    let one = json!({"items": [{"trace_id": trace(1)}], "duplicates": "add"});
    let said = admin.post(&path, one.clone()).await.expect(200).json()[0]["expected_output"].clone();
    let here = format!("/v2/traces/{}/spans/{:016x}/annotation", trace(1), 1);
    let (ann, bob) = (test.with_scopes(&["annotate"]).await, test.with_scopes(&["annotate"]).await);
    for (who, value) in [(&ann, json!("Better")), (&bob, said)] {
        test.clock.advance(1_000_000);
        who.post(&here, json!({"annotations": [{"key": "correction", "value": value}]})).await.expect(200);
    }
    assert_eq!(admin.post(&path, one).await.expect(200).json()[0]["expected_output"], "Better");
}

#[tokio::test]
async fn an_expected_output_is_taken_away_by_an_empty_one_and_teaches_nothing_then() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    let id = dataset(&admin).await;
    let messages = json!([{"role": "user", "content": "Hello?"}]);
    let points = format!("/v2/datasets/{id}/datapoints");
    let given = json!([{"messages": messages, "expected_output": "Hi"}, {"messages": messages, "expected_output": ""}]);
    let made = admin.post(&points, given).await.expect(200).json();
    assert_eq!((&made[0]["expected_output"], made[1].get("expected_output")), (&json!("Hi"), None));
    let one = format!("{points}/{}", made[0]["_id"].as_str().unwrap());
    let kept = admin.patch(&one, json!({"expected_output": null, "inputs": {"a": 1}})).await.expect(200).json();
    assert_eq!(kept["expected_output"], "Hi", "a client that sends null does not mean it");
    let cleared = admin.patch(&one, json!({"expected_output": ""})).await.expect(200).json();
    assert_eq!((cleared.get("expected_output"), &cleared["messages"]), (None, &messages));
    let chats = admin.get(&format!("/v3/datasets/{id}/export?format=openai")).await.expect(200);
    assert_eq!(String::from_utf8(chats.bytes).unwrap(), "");
}

#[tokio::test]
async fn everything_that_matches_is_added_in_the_background_and_nothing_twice() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    calls(&admin, 130).await;
    let id = dataset(&admin).await;
    let path = format!("/v3/datasets/{id}/matching");
    admin.post(&format!("/v3/datasets/{id}/spans"), json!({"items": [{"trace_id": trace(7)}]})).await.expect(200);
    let all = json!({"from": FROM, "to": TO});
    let job = admin.post(&path, all.clone()).await.expect(202).json();
    assert_eq!((&job["kind"], &job["total"], &job["done"]), (&json!("add_to_dataset"), &json!(130), &json!(0)));
    jobs::work_off(&test.app, "worker").await.unwrap();
    let ended = admin.get(&format!("/v2/jobs/{}", job["id"].as_str().unwrap())).await.expect(200).json();
    assert_eq!((&ended["state"], &ended["done"]), (&json!("done"), &json!(130)));
    assert_eq!(held(&admin, &id).await, 130);
    let points = admin.get(&format!("/v2/datasets/{id}/datapoints?limit=2")).await.expect(200).json();
    assert_eq!(points["data"][1]["expected_output"], "Answer 130", "the newest first");

    let canceled = admin.post(&path, all).await.expect(202).json();
    let cancel = format!("/v2/jobs/{}/cancel", canceled["id"].as_str().unwrap());
    assert_eq!(admin.post(&cancel, json!({})).await.expect(200).json()["state"], "canceled");
    assert_eq!(held(&admin, &id).await, 130);
}

#[tokio::test]
async fn what_matches_is_checked_before_a_job_begins() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    let id = dataset(&admin).await;
    let path = format!("/v3/datasets/{id}/matching");
    for (body, field) in [
        (json!({"to": TO}), "from"),
        (
            json!({"from": FROM, "to": TO, "filters": [{"field": "nothing", "op": "eq", "values": ["x"]}]}),
            "filters[0].field",
        ),
        (json!({"from": FROM, "to": TO, "filter_operator": "xor"}), "filter_operator"),
    ] {
        assert_eq!(admin.post(&path, body).await.expect(400).json()["field"], field);
    }
    let all = json!({"from": FROM, "to": TO});
    admin.post("/v3/datasets/nothing/matching", all.clone()).await.error(404);
    test.with_scopes(&["read"]).await.post(&path, all).await.error(403);
}
