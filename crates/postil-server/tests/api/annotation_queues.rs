//! Annotation queues as the orq clients call them (contract A.4).

use postil::project::Role;
use serde_json::{Value, json};

use crate::accounts::as_role;
use crate::app::{Client, TestApp};

const QUEUES: &str = "/v2/annotation-queues";

/// A queue of the default project.
async fn queue(client: &Client<'_>, test: &TestApp, name: &str) -> Value {
    let body = json!({"display_name": name, "description": "d", "project_id": test.project_id});
    client.post(QUEUES, body).await.expect(200).json()
}

fn path(queue: &Value) -> String {
    format!("{QUEUES}/{}", queue["_id"].as_str().unwrap())
}

/// Sends traces of one span each, a second apart; their ids as items to add.
async fn traces(client: &Client<'_>, count: u8) -> Vec<Value> {
    let mut items = Vec::new();
    for at in 1..=count {
        let (trace, span) = (format!("{at:032x}"), format!("{at:016x}"));
        let start = 1_795_255_000_000_000_000_i64 + i64::from(at) * 1_000_000_000;
        let attribute = json!({"key": "input.value", "value": {"stringValue": format!("question {at}")}});
        let span_body = json!({"traceId": trace, "spanId": span, "name": format!("call {at}"),
            "startTimeUnixNano": start.to_string(), "endTimeUnixNano": (start + 5_000_000).to_string(),
            "attributes": [attribute]});
        let body = json!({"resourceSpans": [{"scopeSpans": [{"spans": [span_body]}]}]});
        client.post("/v1/traces", body).await.expect(200);
        items.push(json!({"trace_id": trace, "span_id": span}));
    }
    items
}

#[tokio::test]
async fn a_queue_has_the_shape_that_every_client_reads() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    let made = queue(&admin, &test, "Support").await;
    let me = made["created_by_id"].as_str().unwrap();
    assert!(!me.is_empty());
    let expected = json!({"_id": made["_id"], "display_name": "Support", "description": "d",
        "workspace_id": test.workspace_id, "human_review_ids": [], "metadata": {"items_count": 0},
        "project_id": test.project_id, "created_by_id": me, "updated_by_id": me,
        "created": "2026-11-21T10:00:00.000Z", "updated": "2026-11-21T10:00:00.000Z"});
    assert_eq!(made, expected);
    assert_eq!(admin.get(&path(&made)).await.expect(200).json(), made);
    assert!(admin.get(&format!("{QUEUES}/nothing")).await.error(404).contains("nothing"));
}

#[tokio::test]
async fn queues_are_listed_newest_first_by_name_and_by_who_changed_them() {
    let test = TestApp::start().await;
    let (one, two) = (test.admin().await, test.admin().await);
    let mut ids = Vec::new();
    for (client, name) in [(&one, "Support"), (&two, "support again"), (&one, "Sales")] {
        test.clock.advance(1_000_000);
        ids.push(queue(client, &test, name).await["_id"].clone());
    }
    let listed = async |query: &str| {
        let list = one.get(&format!("{QUEUES}?{query}")).await.expect(200).json();
        assert_eq!(list["object"], "list");
        let ids: Vec<Value> = list["data"].as_array().unwrap().iter().map(|queue| queue["_id"].clone()).collect();
        (ids, list["has_more"] == true)
    };
    let [support, again, sales] = [&ids[0], &ids[1], &ids[2]].map(Clone::clone);
    assert_eq!(listed("").await, (vec![sales.clone(), again.clone(), support.clone()], false));
    assert_eq!(listed("limit=1").await, (vec![sales.clone()], true));
    let after = format!("limit=1&starting_after={}", sales.as_str().unwrap());
    assert_eq!(listed(&after).await, (vec![again.clone()], true));
    let before = format!("limit=10&ending_before={}", support.as_str().unwrap());
    assert_eq!(listed(&before).await, (vec![sales.clone(), again.clone()], false));
    assert_eq!(listed("search=SUPPORT").await, (vec![again.clone(), support.clone()], false));
    let second = two.get(&format!("{QUEUES}/{}", again.as_str().unwrap())).await.json()["updated_by_id"].clone();
    let by = format!("updated_by=nobody,{}", second.as_str().unwrap());
    assert_eq!(listed(&by).await, (vec![again], false));
    assert_eq!(one.get(&format!("{QUEUES}?limit=201")).await.expect(400).json()["field"], "limit");
}

#[tokio::test]
async fn spans_are_added_once_and_the_answer_holds_the_new_ones_alone() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    let made = queue(&admin, &test, "q").await;
    let (items, at) = (traces(&admin, 3).await, path(&made));
    let add = async |items: Value| admin.post(&format!("{at}/items"), json!({ "items": items })).await;
    let first = add(json!([items[0], items[1], items[0]])).await.expect(200).json();
    assert_eq!(first.as_array().unwrap().len(), 2);
    assert_eq!(first[0]["type"], "span");
    assert_eq!(first[0]["annotation_queue_id"], made["_id"]);
    assert_eq!(first[0]["span_id"], items[0]["span_id"]);
    let capitals = json!({"trace_id": items[0]["trace_id"].as_str().unwrap().to_uppercase(),
        "span_id": items[0]["span_id"]});
    assert_eq!(add(json!([capitals, items[1]])).await.expect(200).json(), json!([]));
    let unknown = json!({"trace_id": "ab".repeat(16), "span_id": "cd".repeat(8)});
    let mixed = json!({"trace_id": items[0]["trace_id"], "span_id": items[1]["span_id"]});
    let third = add(json!([unknown, mixed, items[2]])).await.expect(200).json();
    assert_eq!(third.as_array().unwrap().len(), 1, "unknown spans are passed over");
    assert_eq!(admin.get(&at).await.json()["metadata"]["items_count"], 3);
    assert_eq!(add(json!([])).await.expect(400).json()["field"], "items");
    assert_eq!(add(json!(vec![items[0].clone(); 1001])).await.expect(400).json()["field"], "items");
    let nowhere = json!({"items": [items[0]]});
    admin.post(&format!("{QUEUES}/nothing/items"), nowhere).await.error(404);
}

#[tokio::test]
async fn items_are_listed_in_pages_with_the_human_reviews_that_were_answered() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    let review = json!({"type": "range", "display_name": "Score", "description": "", "key": "score",
        "config": {"min": 0, "max": 5}});
    let review = admin.post("/v2/human-evals", review).await.expect(200).json()["id"].clone();
    let made = queue(&admin, &test, "q").await;
    let (items, at) = (traces(&admin, 5).await, format!("{}/items", path(&made)));
    admin.post(&at, json!({ "items": items })).await.expect(200);
    let text = |item: &Value, name: &str| item[name].as_str().unwrap().to_owned();
    let (trace, span) = (text(&items[1], "trace_id"), text(&items[1], "span_id"));
    let said = json!({"annotations": [{"key": "score", "value": 3}]});
    admin.post(&format!("/v2/traces/{trace}/spans/{span}/annotation"), said).await.expect(200);
    let spans = |list: &Value| -> Vec<String> {
        list["data"].as_array().unwrap().iter().map(|item| text(item, "span_id")).collect()
    };
    let all = admin.get(&at).await.expect(200).json();
    let expected: Vec<String> = items.iter().map(|item| text(item, "span_id")).collect();
    assert_eq!(spans(&all), expected, "the oldest conversation first");
    assert_eq!(all["data"][1]["used_human_review_ids"], json!([review]));
    assert_eq!(all["data"][0]["used_human_review_ids"], json!([]));
    let id = |at: usize| text(&all["data"][at], "_id");
    let page = admin.get(&format!("{at}?limit=2&starting_after={}", id(0))).await.expect(200).json();
    assert_eq!((spans(&page), &page["has_more"]), (expected[1..3].to_vec(), &json!(true)));
    let page = admin.get(&format!("{at}?limit=2&starting_after={}", id(2))).await.expect(200).json();
    assert_eq!((spans(&page), &page["has_more"]), (expected[3..].to_vec(), &json!(false)));
    let page = admin.get(&format!("{at}?limit=2&ending_before={}", id(3))).await.expect(200).json();
    assert_eq!((spans(&page), &page["has_more"]), (expected[1..3].to_vec(), &json!(true)));
    let gone = trace.clone();
    let removing = test.app.db.write(move |tx| {
        tx.execute("delete from span where project = $1 and trace_id = $2", postil::params![1, &gone])
    });
    removing.await.unwrap();
    assert_eq!(spans(&admin.get(&at).await.json()).len(), 4, "an item whose span is gone is left out");
    assert_eq!(admin.get(&format!("{at}/{}", id(1))).await.error(404), admin_gone(&span, &test));
}

fn admin_gone(span: &str, test: &TestApp) -> String {
    format!("Span with id {span} for workspace {} was not found.", test.workspace_id)
}

#[tokio::test]
async fn an_item_reads_as_one_flat_span() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    let review = json!({"type": "text", "display_name": "Note", "description": "", "key": "note"});
    admin.post("/v2/human-evals", review).await.expect(200);
    let made = queue(&admin, &test, "q").await;
    let (items, at) = (traces(&admin, 1).await, format!("{}/items", path(&made)));
    let item = admin.post(&at, json!({ "items": items })).await.expect(200).json()[0].clone();
    let (trace, span) = (item["trace_id"].as_str().unwrap(), item["span_id"].as_str().unwrap());
    let said = json!({"annotations": [{"key": "note", "value": "fine"}]});
    admin.post(&format!("/v2/traces/{trace}/spans/{span}/annotation"), said).await.expect(200);
    let flat = admin.get(&format!("{at}/{}", item["_id"].as_str().unwrap())).await.expect(200).json();
    assert_eq!(flat["_id"], item["_id"]);
    assert_eq!(flat["type"], "span.generic");
    assert_eq!(flat["context"], json!({"trace_id": trace, "span_id": span}));
    assert_eq!(flat["name"], "call 1");
    assert_eq!(flat["duration"], 5.0);
    assert!(flat["input"].is_object() && flat["output"].is_object(), "{flat}");
    assert_eq!(flat["attributes"]["orq"]["evaluations"][0]["value"], "fine");
    assert_eq!(flat["attributes"]["otel"]["status_code"], "OK");
    assert!(flat["input"].to_string().contains("question 1"), "{flat}");
    admin.get(&format!("{at}/nothing")).await.error(404);
}

#[tokio::test]
async fn spans_are_taken_out_and_a_queue_is_emptied_and_deleted_without_losing_what_was_said() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    let made = queue(&admin, &test, "q").await;
    let (items, at) = (traces(&admin, 3).await, path(&made));
    admin.post(&format!("{at}/items"), json!({ "items": items })).await.expect(200);
    let remove = async |ids: Value| admin.post(&format!("{at}/items/remove"), json!({ "span_ids": ids })).await;
    assert!(remove(json!([items[0]["span_id"], "ffffffffffffffff"])).await.expect(204).bytes.is_empty());
    let count = async || admin.get(&at).await.expect(200).json()["metadata"]["items_count"].clone();
    assert_eq!(count().await, 2);
    assert_eq!(remove(json!([])).await.expect(400).json()["field"], "span_ids");
    admin.delete(&format!("{at}/clear")).await.expect(204);
    assert_eq!(count().await, 0);
    admin.post(&format!("{at}/items"), json!({ "items": items })).await.expect(200);
    admin.delete(&at).await.expect(204);
    admin.get(&at).await.error(404);
    admin.delete(&at).await.error(404);
    let left = test.app.db.read(|tx| tx.query_one("select count(*) from queue_item", &[])?.int(0)).await.unwrap();
    assert_eq!(left, 0);
    let trace = items[0]["trace_id"].as_str().unwrap();
    admin.get(&format!("/v3/traces/{trace}/spans")).await.expect(200);
}

#[tokio::test]
async fn human_reviews_are_chosen_only_where_those_of_a_project_are_not_asked() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    let mut ids = Vec::new();
    for key in ["a", "b"] {
        let review = json!({"type": "boolean", "display_name": key, "description": "", "key": key});
        ids.push(admin.post("/v2/human-evals", review).await.expect(200).json()["id"].clone());
    }
    let made = queue(&admin, &test, "q").await;
    let at = path(&made);
    let ignored = admin.patch(&at, json!({"human_review_ids": [ids[0]]})).await.expect(200).json();
    assert_eq!((&ignored["human_review_ids"], &ignored["project_id"]), (&json!([]), &json!(test.project_id)));
    let id = made["_id"].as_str().unwrap().to_owned();
    let (clock, caller, first) = (test.clock.clone(), test.caller(), ids[0].as_str().unwrap().to_owned());
    let choosing = test.app.db.write(move |tx| {
        let question = postil::queue::Question { human_review_id: first.clone(), required: true };
        let change = postil::queue::Change { questions: Some(vec![question]), ..Default::default() };
        postil::queue::update(tx, &clock, &caller, &id, &change)
    });
    choosing.await.unwrap();
    let changed =
        admin.patch(&at, json!({"human_review_ids": [ids[1], ids[0]], "display_name": "n"})).await.expect(200);
    let changed = changed.json();
    assert_eq!((&changed["human_review_ids"], &changed["project_id"]), (&json!([ids[1], ids[0]]), &Value::Null));
    assert!(!changed.as_object().unwrap().contains_key("project_id"), "absent, never null");
    let wrong = admin.patch(&at, json!({"human_review_ids": [ids[1], "nothing"]})).await.expect(400).json();
    assert_eq!(wrong["field"], "human_review_ids[1]");
    let back = json!({"project_id": test.project_id, "human_review_ids": [ids[0]]});
    assert_eq!(admin.patch(&at, back).await.expect(200).json()["human_review_ids"], json!([]));
    let elsewhere = admin.patch(&at, json!({"project_id": "elsewhere"})).await.expect(400).json();
    assert_eq!(elsewhere["field"], "project_id");
    for (body, field) in
        [(json!({"display_name": " "}), "display_name"), (json!({"description": "d".repeat(2001)}), "description")]
    {
        assert_eq!(admin.patch(&at, body).await.expect(400).json()["field"], field);
    }
}

#[tokio::test]
async fn only_who_defines_what_is_asked_makes_queues_and_who_annotates_fills_them() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    let made = queue(&admin, &test, "q").await;
    let (items, at) = (traces(&admin, 2).await, path(&made));
    let viewer = as_role(&test, Role::Viewer).await;
    viewer.get(&at).await.expect(200);
    viewer.get(&format!("{at}/items")).await.expect(200);
    viewer.post(&format!("{at}/items"), json!({"items": [items[0]]})).await.error(403);
    viewer.post(&format!("{at}/items/remove"), json!({"span_ids": ["a"]})).await.error(403);
    viewer.delete(&at).await.error(403);
    let annotates = test.with_scopes(&["annotate"]).await;
    annotates.post(&format!("{at}/items"), json!({"items": [items[0]]})).await.expect(200);
    annotates.post(&format!("{at}/items/remove"), json!({"span_ids": [items[0]["span_id"]]})).await.expect(204);
    annotates.delete(&format!("{at}/clear")).await.error(403);
    let body = json!({"display_name": "n", "description": "d", "project_id": test.project_id});
    annotates.post(QUEUES, body).await.error(403);
    let developer = as_role(&test, Role::Developer).await;
    queue(&developer, &test, "by a developer").await;
}

#[tokio::test]
async fn a_queue_of_another_project_is_not_found_and_a_key_of_the_workspace_reaches_it() {
    let test = TestApp::start().await;
    let boss = crate::accounts::owner(&test).await;
    let other = crate::accounts::project(&boss, "Other").await;
    let admin = test.admin().await;
    let body = json!({"display_name": "there", "description": "", "project_id": other});
    let there = admin.post(QUEUES, body).await.expect(200).json();
    assert_eq!(there["project_id"], other);
    admin.get(&path(&there)).await.expect(200);
    assert_eq!(admin.get(QUEUES).await.json()["data"][0]["_id"], there["_id"]);
    let bound = test.key(&["read", "admin"], Some(test.project_id.clone())).await;
    bound.get(&path(&there)).await.error(404);
    bound.delete(&path(&there)).await.error(404);
    assert_eq!(bound.get(QUEUES).await.json()["data"], json!([]));
}
