//! Feedback and logs.

use serde_json::{Value, json};

use crate::app::Client;
use crate::reviewed::{SPAN, TRACE, path, rows, say, spans, start, stored};
use crate::telemetry::Span;

const OTHER: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const ROOT: &str = "1000000000000000";
const CALL: &str = "2000000000000000";

async fn give(key: &Client<'_>, property: &str, value: Value, trace_id: &str) -> Value {
    let body = json!({"property": property, "value": value, "trace_id": trace_id});
    key.post("/v2/feedback", body).await.expect(200).json()
}

#[tokio::test]
async fn feedback_on_a_trace_annotates_its_model_call() {
    let test = start().await;
    let key = test.admin().await;
    let answer = give(&key, "rating", json!(["good"]), TRACE).await;
    assert_eq!((&answer["property"], &answer["value"]), (&json!("rating"), &json!(["good"])));
    assert_eq!((&answer["trace_id"], &answer["product"]), (&json!(TRACE), &json!("deployments")));
    assert!(postil::id::is_ulid(answer["id"].as_str().unwrap()));
    assert_eq!(stored(&key).await, [("rating".into(), json!("good"))]);
    let body = json!({"field": "defects", "values": ["spelling"], "trace_id": TRACE, "product": "anything"});
    assert_eq!(key.post("/v2/feedback", body).await.expect(200).json()["product"], "anything");
    assert_eq!(stored(&key).await.len(), 2);
}

#[tokio::test]
async fn feedback_finds_a_span_by_every_id_a_client_may_know() {
    let test = start().await;
    let key = test.admin().await;
    let log = Span { log_id: Some("log-1".into()), ..Span::generation(OTHER, CALL) };
    let call = Span { response_id: Some("chatcmpl-1".into()), parent_span_id: Some(ROOT.into()), ..log };
    spans(&test, vec![Span::root(OTHER, ROOT), call]).await;
    for id in [OTHER.to_owned(), "log-1".into(), format!("{OTHER}-{CALL}"), "chatcmpl-1".into()] {
        give(&key, "rating", json!("good"), &id).await;
        let found = key.get(&path(OTHER, CALL)).await.expect(200).json();
        assert_eq!(found["data"].as_array().unwrap().len(), 1, "{id}");
        key.delete_with(&path(OTHER, CALL), json!({"keys": ["rating"]})).await.expect(200);
    }
    let message = key.post("/v2/feedback", json!({"property": "rating", "value": "good", "trace_id": "x"})).await;
    assert_eq!(message.error(404), format!("Trace with id x for workspace {} was not found.", test.workspace_id));
}

#[tokio::test]
async fn feedback_is_refused_in_the_words_of_the_guide() {
    let test = start().await;
    let key = test.admin().await;
    let workspace = &test.workspace_id;
    for (body, status, message) in [
        (
            json!({"property": "rating", "value": "poor"}),
            400,
            "Invalid value: poor. Valid options are: good, bad.".to_owned(),
        ),
        (
            json!({"property": "none", "value": 1}),
            404,
            format!("The human review with key \"none\" for workspace {workspace} was not found."),
        ),
        (json!({"property": "rating", "value": "good", "id": "x"}), 400, "id must be a ULID.".into()),
        (json!({"property": "rating"}), 400, "value must be given.".into()),
        (json!({"value": "good"}), 400, "property must be given.".into()),
    ] {
        let mut body = body;
        body["trace_id"] = json!(TRACE);
        assert_eq!(key.post("/v2/feedback", body).await.error(status), message);
    }
    let wrong = json!({"property": "rating", "value": {}, "trace_id": TRACE});
    assert_eq!(key.post("/v2/feedback", wrong).await.expect(400).json()["field"], "value");
    assert!(rows(&key).await.is_empty());
}

#[tokio::test]
async fn feedback_is_taken_back_by_its_id_or_that_of_its_annotation() {
    let test = start().await;
    let key = test.admin().await;
    let own = "01J0000000000000000000000A";
    let body = json!({"id": own, "property": "rating", "value": "good", "trace_id": TRACE});
    for _ in 0..2 {
        assert_eq!(key.post("/v2/feedback", body.clone()).await.expect(200).json()["id"], own, "it can be sent twice");
    }
    let other = json!({"id": own, "property": "defects", "value": ["spelling"], "trace_id": TRACE});
    key.post("/v2/feedback", other).await.error(409);
    assert_eq!(stored(&key).await.len(), 1);
    give(&key, "defects", json!(["spelling"]), TRACE).await;

    let removal = |id: &str, trace: &str| json!({"id": id, "trace_id": trace, "product": "otel"});
    key.post("/v2/feedback/remove", removal("01J0000000000000000000000B", TRACE)).await.error(404);
    key.post("/v2/feedback/remove", removal(own, OTHER)).await.error(404);
    let removed = key.post("/v2/feedback/remove", removal(own, TRACE)).await.expect(200).json();
    assert_eq!(removed, removal(own, TRACE));
    assert_eq!(stored(&key).await, [("defects".into(), json!(["spelling"]))]);
    let id = rows(&key).await[0]["id"].as_str().unwrap().to_owned();
    key.post("/v2/feedback/remove", removal(&id, TRACE)).await.expect(200);
    assert!(rows(&key).await.is_empty());
}

#[tokio::test]
async fn an_evaluation_names_the_human_review_by_its_id() {
    let test = start().await;
    let key = test.admin().await;
    let reviews = key.get("/v2/human-evals").await.expect(200).json();
    let evaluation = |kind: &str, name: &str, value: Value, review: &Value| {
        let mut body = json!({"id": "own", "evaluation_type": "human_review", "human_review_id": review,
            "trace_id": TRACE, "type": kind, "reviewed_at": "2026-09-23T10:04:26.618Z"});
        body[name] = value;
        body
    };
    let body = evaluation("string_array", "values", json!(["spelling"]), &reviews[1]["id"]);
    assert!(key.post("/v2/feedback/evaluation", body).await.expect(200).bytes.is_empty());
    assert_eq!(stored(&key).await, [("defects".into(), json!(["spelling"]))]);
    assert_eq!(rows(&key).await[0]["source"], "orq");
    for (body, status) in [
        (evaluation("number", "value", json!("good"), &reviews[0]["id"]), 400),
        (evaluation("other", "value", json!("good"), &reviews[0]["id"]), 400),
        (evaluation("string", "value", json!("poor"), &reviews[0]["id"]), 400),
        (evaluation("string", "other", json!("good"), &reviews[0]["id"]), 400),
        (evaluation("string", "value", json!("good"), &Value::Null), 400),
        (evaluation("string", "value", json!("good"), &json!("01J0000000000000000000000Z")), 404),
    ] {
        key.post("/v2/feedback/evaluation", body).await.error(status);
    }
    let removal = json!({"id": "own", "trace_id": TRACE});
    assert!(key.post("/v2/feedback/evaluation/remove", removal.clone()).await.expect(200).bytes.is_empty());
    assert!(rows(&key).await.is_empty());
    key.post("/v2/feedback/evaluation/remove", removal).await.error(404);
}

#[tokio::test]
async fn reports_about_the_product_are_kept() {
    let test = start().await;
    let key = test.admin().await;
    let body = json!({"message": "more colours", "category": "idea", "url": "http://127.0.0.1/"});
    let id = key.post("/v3/submit-feedback", body).await.expect(200).json()["feedback_id"].clone();
    assert!(postil::id::is_ulid(id.as_str().unwrap()));
    key.post("/v3/submit-feedback", json!({"message": "x"})).await.error(400);
}

#[tokio::test]
async fn a_log_shows_what_is_said_of_its_span_and_the_other_way_round() {
    let test = start().await;
    let key = test.admin().await;
    let id = format!("{TRACE}-{SPAN}");
    say(&key, "rating", json!("good")).await.expect(200);
    let log = key.get(&format!("/v2/logs/{id}")).await.expect(200).json();
    assert_eq!((&log["id"], &log["_id"]), (&json!(id), &json!(id)));
    assert_eq!(log["feedback"], json!([{"key": "rating", "value": "good"}]));
    assert_eq!((&log["duration_ms"], &log["model"]), (&json!(250.0), &json!("gpt-4o-mini")));
    assert_eq!(log["has_correction"], false);

    let path = format!("/v2/logs/{id}/correction");
    let log = key.post(&path, json!({"value": "Rarely."})).await.expect(200).json();
    assert_eq!(
        (&log["correction"]["value"], &log["correction"]["at"]),
        (&json!("Rarely."), &json!("2026-11-21T10:00:00.000Z"))
    );
    assert!(stored(&key).await.contains(&("correction".into(), json!("Rarely."))));
    let listed = key.get("/v2/logs").await.expect(200).json();
    assert_eq!(listed["data"][0]["has_correction"], true);
    let answer = key.post(&path, json!({"value": "x".repeat(3001)})).await.expect(400).json();
    assert_eq!(
        (&answer["field"], &answer["message"]),
        (&json!("value"), &json!("String value exceeds maximum length of 3000 characters."))
    );
    key.delete(&path).await.expect(204);
    assert_eq!(stored(&key).await, [("rating".into(), json!("good"))]);
    key.get("/v2/logs/01J0000000000000000000000Z").await.error(404);
    key.post("/v2/logs/x-y/correction", json!({"value": "x"})).await.error(404);
}

#[tokio::test]
async fn a_deployment_is_the_log_of_the_model_call_below_it() {
    let test = start().await;
    let key = test.admin().await;
    let deployment = Span { deployment_key: Some("gardener".into()), ..Span::generation(OTHER, ROOT) };
    spans(&test, vec![Span { parent_span_id: Some(ROOT.into()), ..Span::generation(OTHER, CALL) }, deployment]).await;
    let logs = key.get("/v2/logs").await.expect(200).json();
    let spans: Vec<_> = logs["data"].as_array().unwrap().iter().map(|log| log["span_id"].as_str().unwrap()).collect();
    assert_eq!(spans, [SPAN, ROOT], "the model call is no log of its own");
    key.get(&format!("/v2/logs/{OTHER}-{CALL}")).await.error(404);
    give(&key, "rating", json!("good"), OTHER).await;
    let log = key.get(&format!("/v2/logs/{OTHER}-{ROOT}")).await.expect(200).json();
    assert_eq!(log["feedback"], json!([{"key": "rating", "value": "good"}]));
    assert_eq!(log["deployment"], json!({"key": "gardener"}));
    key.delete_with(&path(OTHER, ROOT), json!({"keys": ["rating"]})).await.expect(200);
    assert_eq!(key.get(&format!("/v2/logs/{OTHER}-{ROOT}")).await.expect(200).json()["feedback"], json!([]));
}

#[tokio::test]
async fn logs_are_listed_newest_first_paged_and_filtered() {
    let test = start().await;
    let key = test.admin().await;
    for number in 1..=4i64 {
        let mut span = Span::generation(OTHER, &format!("300000000000000{number}"));
        // The last two began at the same moment.
        span.start_ns += number.min(3) * 1_000_000_000;
        span.status = if number == 2 { "error" } else { "ok" };
        span.log_id = (number == 3).then(|| "log-3".into());
        spans(&test, vec![span]).await;
    }
    let ids = |list: &Value| -> Vec<String> {
        list["data"].as_array().unwrap().iter().map(|log| log["id"].as_str().unwrap().to_owned()).collect()
    };
    let all = ids(&key.get("/v2/logs").await.expect(200).json());
    assert_eq!(all.len(), 5);
    assert_eq!(all[0], "log-3");
    for limit in 1..=5 {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = key.get(&format!("/v2/logs?limit={limit}{cursor}")).await.expect(200).json();
            seen.extend(ids(&page));
            if page["has_more"] == false {
                break;
            }
            cursor = format!("&starting_after={}", seen.last().unwrap());
        }
        assert_eq!(seen, all, "pages of {limit}");
    }
    let back = key.get(&format!("/v2/logs?limit=2&ending_before={}", all[3])).await.expect(200).json();
    assert_eq!((ids(&back).as_slice(), &back["has_more"]), (&all[1..3], &json!(true)));
    say(&key, "rating", json!("good")).await.expect(200);
    for (query, count) in [
        ("status=error", 1),
        ("provider=openai", 5),
        ("model=gpt-4o", 0),
        ("annotated=true", 1),
        ("annotated=false", 4),
        ("from=2026-11-21T10:00:02Z", 3),
        ("to=2026-11-21T10:00:02Z", 2),
    ] {
        let found = key.get(&format!("/v2/logs?{query}")).await.expect(200).json();
        assert_eq!(ids(&found).len(), count, "{query}");
    }
    key.get("/v2/logs?starting_after=nothing").await.error(400);
    key.get("/v2/logs?annotated=perhaps").await.error(400);
}
