//! Files that become datapoints.

use axum::http::Method;
use serde_json::{Value, json};

use crate::app::{Answer, Client, TestApp};

async fn dataset(key: &Client<'_>) -> String {
    let made = key.post("/v2/datasets", json!({"display_name": "Gold"})).await.expect(200).json();
    made["_id"].as_str().unwrap().to_owned()
}

async fn upload(key: &Client<'_>, path: &str, file: &str) -> Answer {
    key.header("content-type", "text/plain").send(Method::POST, path, Some(file.as_bytes().to_vec())).await
}

async fn points(key: &Client<'_>, id: &str) -> Vec<Value> {
    let list = key.get(&format!("/v2/datasets/{id}/datapoints?limit=200")).await.expect(200).json();
    list["data"].as_array().unwrap().clone()
}

fn encoded(mapping: &Value) -> String {
    mapping.to_string().bytes().map(|byte| format!("%{byte:02x}")).collect()
}

#[tokio::test]
async fn a_table_is_shown_first_and_then_imported() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    let id = dataset(&admin).await;
    let file = "\u{feff}Question;Expected;city;note\r\n\"Where; when?\";\"Here\nNow\";Łódź;x\r\nWho?;;007;\r\n";
    let path = format!("/v3/datasets/{id}/import");
    let mapping = encoded(&json!({"note": "ignore"}));
    let seen = upload(&admin, &format!("{path}/preview?mapping={mapping}"), file).await.expect(200).json();
    assert_eq!(
        seen["columns"],
        json!([{"name": "Question", "target": "messages.user"}, {"name": "Expected", "target": "expected_output"},
            {"name": "city", "target": "inputs.city"}, {"name": "note", "target": "ignore"}])
    );
    assert_eq!((&seen["format"], &seen["rows"], &seen["bad_rows"]), (&json!("csv"), &json!(2), &json!(0)));
    assert_eq!(
        seen["datapoints"],
        json!([{"inputs": {"city": "Łódź"}, "messages": [{"role": "user", "content": "Where; when?"}],
            "expected_output": "Here\nNow"},
            {"inputs": {"city": "007"}, "messages": [{"role": "user", "content": "Who?"}]}])
    );
    assert_eq!(points(&admin, &id).await, Vec::<Value>::new());
    let done = upload(&admin, &format!("{path}?mapping={mapping}"), file).await.expect(200).json();
    assert_eq!(done, json!({"imported": 2, "already_there": 0, "skipped": 0, "errors": []}));
    let stored = points(&admin, &id).await;
    assert_eq!(stored.len(), 2);
    assert_eq!(stored[0]["messages"], seen["datapoints"][0]["messages"]);
    let again = upload(&admin, &format!("{path}?duplicates=skip&mapping={mapping}"), file).await.expect(200).json();
    assert_eq!((&again["imported"], &again["already_there"]), (&json!(0), &json!(2)));
}

#[tokio::test]
async fn nothing_is_imported_while_a_row_is_wrong_unless_those_are_left_out() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    let id = dataset(&admin).await;
    let path = format!("/v3/datasets/{id}/import");
    let file = "{\"inputs\":{\"a\":1}}\n\nnonsense\n{\"messages\":[{\"role\":\"robot\",\"content\":\"x\"}],\"inputs\":{}}\n\
        [1]\n{\"expected_output\":\"a\\u0000b\"}\n{}\n{\"expected_output\":\"fine\"}\n";
    let seen = upload(&admin, &format!("{path}/preview"), file).await.expect(200).json();
    assert_eq!((&seen["rows"], &seen["bad_rows"]), (&json!(7), &json!(5)));
    let places: Vec<_> =
        seen["errors"].as_array().unwrap().iter().map(|each| (each["row"].clone(), each["line"].clone())).collect();
    assert_eq!(places, [(2, 3), (3, 4), (4, 5), (5, 6), (6, 7)].map(|(row, line)| (json!(row), json!(line))));
    assert_eq!(seen["errors"][1]["column"], "messages");
    let refused = upload(&admin, &path, file).await.expect(400).json();
    assert_eq!((&refused["field"], &refused["error"]), (&json!("rows[2]"), &json!("bad_rows")));
    assert_eq!(points(&admin, &id).await.len(), 0);
    let done = upload(&admin, &format!("{path}?skip_bad_rows=true"), file).await.expect(200).json();
    assert_eq!((&done["imported"], &done["skipped"]), (&json!(2), &json!(5)));
    assert_eq!(points(&admin, &id).await.len(), 2);
}

#[tokio::test]
async fn files_that_cannot_be_read_are_refused_by_what_is_wrong_with_them() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    let id = dataset(&admin).await;
    let path = format!("/v3/datasets/{id}/import/preview");
    for (query, file, field) in [
        ("", "", "file"),
        ("", "a,b\n", "file"),
        ("", "a,a\n1,2\n", "file"),
        ("", "[{\"a\":1}]", "format"),
        ("?format=xml", "a\n1\n", "format"),
        ("?mapping=x", "a\n1\n", "mapping"),
        ("?mapping=%7B%22b%22%3A%22ignore%22%7D", "a\n1\n", "mapping.b"),
        ("?mapping=%7B%22a%22%3A%22evaluation%22%7D", "a\n1\n", "mapping.a"),
    ] {
        let refused = upload(&admin, &format!("{path}{query}"), file).await.expect(400).json();
        assert_eq!(refused["field"], field, "{file}: {refused}");
    }
    let long = format!("a\n{}", "1\n".repeat(50_001));
    assert_eq!(upload(&admin, &path, &long).await.expect(400).json()["error"], "too_many_rows");
    let wide: Vec<_> = (0..201).map(|at| format!("c{at}")).collect();
    let wide = format!("{}\n{}\n", wide.join(","), wide.join(","));
    assert_eq!(upload(&admin, &path, &wide).await.expect(400).json()["error"], "too_many_columns");
    let bytes = admin.header("content-type", "text/csv").send(Method::POST, &path, Some(b"a\n\xff\n".to_vec())).await;
    assert_eq!(bytes.expect(200).json()["bad_rows"], 1);
    upload(&admin, "/v3/datasets/nothing/import", "a\n1\n").await.error(404);
    upload(&test.with_scopes(&["read"]).await, &path, "a\n1\n").await.error(403);
}

#[tokio::test]
async fn answers_to_human_reviews_are_read_by_their_rules() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    for review in [
        json!({"type": "range", "display_name": "Score", "description": "", "key": "score", "config": {"min": 0, "max": 5}}),
        json!({"type": "single_select", "display_name": "Rating", "description": "", "key": "rating",
            "options": [{"value": "good"}, {"value": "bad"}]}),
    ] {
        admin.post("/v2/human-evals", review).await;
    }
    let id = dataset(&admin).await;
    let mapping = encoded(&json!({"s": "evaluations.rating"}));
    let path = format!("/v3/datasets/{id}/import?mapping={mapping}");
    let refused = upload(&admin, &path, "question,s\nWho?,lovely\n").await.expect(400).json();
    assert_eq!(refused["field"], "rows[1].s");
    upload(&admin, &path, "question,s\nWho?,good\n").await.expect(200);
    let said = points(&admin, &id).await[0]["evaluations"][0].clone();
    assert_eq!((&said["key"], &said["value"], &said["type"]), (&json!("rating"), &json!("good"), &json!("string")));
    let unknown = encoded(&json!({"s": "evaluations.nothing"}));
    let path = format!("/v3/datasets/{id}/import?mapping={unknown}");
    upload(&admin, &path, "question,s\nWho?,good\n").await.error(400);
}

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const SPAN: &str = "b7ad6b7169203331";

/// Judged, corrected and plain ones, with text of every kind.
async fn varied(admin: &Client<'_>) -> String {
    let text = |key: &str, value: &str| json!({"key": key, "value": {"stringValue": value}});
    let span = json!({"traceId": TRACE, "spanId": SPAN, "name": "chat m", "kind": 3,
        "startTimeUnixNano": "1795255100000000000", "endTimeUnixNano": "1795255101000000000",
        "attributes": [text("gen_ai.operation.name", "chat"), text("gen_ai.request.model", "m"),
            text("input.value", "[Where], \"now\"?"), text("output.value", "There.")]});
    admin.post("/v1/traces", json!({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]})).await.expect(200);
    for review in [
        json!({"type": "single_select", "display_name": "Rating", "description": "", "key": "rating",
            "options": [{"value": "good", "sentiment": "positive"}, {"value": "bad", "sentiment": "negative"}]}),
        json!({"type": "correction", "display_name": "Correction", "description": "", "key": "correction"}),
    ] {
        admin.post("/v2/human-evals", review).await;
    }
    let id = dataset(admin).await;
    let take = json!({"items": [{"trace_id": TRACE, "queue_item_id": "01J"}]});
    let here = format!("/v2/traces/{TRACE}/spans/{SPAN}/annotation");
    for (key, value) in [("rating", "bad"), ("correction", "Here.\n=1+1, \"✓\"")] {
        admin.post(&here, json!({"annotations": [{"key": key, "value": value}]})).await.expect(200);
        admin.post(&format!("/v3/datasets/{id}/spans"), take.clone()).await.expect(200);
    }
    let by_hand = json!([
        {"inputs": {"a": 1, "b": [true, null], "c": "x,y"}},
        {"messages": [{"role": "system", "content": "Be brief."},
            {"role": "user", "content": [{"type": "text", "text": "What?"}]},
            {"role": "assistant", "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}]},
            {"role": "tool", "tool_call_id": "c", "content": "{}"}], "expected_output": "That;\tyes"}
    ]);
    admin.post(&format!("/v2/datasets/{id}/datapoints"), by_hand).await.expect(200);
    id
}

/// Without what is new about a copy.
fn lasting(line: &str) -> Value {
    let mut line: Value = serde_json::from_str(line).unwrap();
    for name in ["id", "created_by", "created_at"] {
        line.as_object_mut().unwrap().shift_remove(name);
    }
    line
}

#[tokio::test]
async fn what_leaves_comes_back_in_as_it_went_out() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    let id = varied(&admin).await;
    let export = async |id: &str, format: &str| {
        let answer = admin.get(&format!("/v3/datasets/{id}/export?format={format}")).await.expect(200);
        String::from_utf8(answer.bytes).unwrap()
    };
    let whole: Vec<_> = export(&id, "jsonl").await.lines().map(lasting).collect();
    assert_eq!(whole.len(), 4);
    for format in ["jsonl", "csv", "openai", "dpo", "kto"] {
        let file = export(&id, format).await;
        assert!(!file.is_empty(), "{format}");
        let copy = dataset(&admin).await;
        let done = upload(&admin, &format!("/v3/datasets/{copy}/import"), &file).await.expect(200).json();
        assert!(done["imported"].as_u64().unwrap() > 0, "{format}");
        if format == "jsonl" || format == "csv" {
            let back: Vec<_> = export(&copy, "jsonl").await.lines().map(lasting).collect();
            assert_eq!(back, whole, "{format}");
        } else {
            assert_eq!(export(&copy, format).await, file, "{format}");
        }
    }
}
