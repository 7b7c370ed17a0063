//! Sessions over HTTP.

use postil::Result;
use postil::db::Tx;
use serde_json::{Value, json};

use crate::app::{Client, NOON, TestApp};
use crate::traces::Trace;

const MINUTE: i64 = 60_000_000_000;

/// Two sessions of traces, the second with an id that no URL takes as it is.
fn stock(tx: &mut Tx<'_>) -> Result<()> {
    let traces = [("a", "talk", 50), ("b", "talk", 40), ("c", "a/b c", 5)];
    for (id, session, minutes_ago) in traces {
        let start = NOON * 1000 - minutes_ago * MINUTE;
        let trace = Trace::new(id, start).with("session_id", session).with("user_id", format!("user {id}"));
        let trace = trace.with("usage_total", 10i64).with("cost_total", 0.25).json("tags", &json!(["all", id]));
        trace.insert(tx)?;
    }
    Trace::new("d", NOON * 1000).in_project(2).with("session_id", "theirs").insert(tx)
}

async fn start() -> TestApp {
    let test = TestApp::start().await;
    test.app.db.write(stock).await.unwrap();
    test
}

fn new(external_id: &str, more: Value) -> Value {
    let mut body = json!({
        "external_id": external_id, "duration": 1.5, "contact_ids": [], "traces_count": 0, "tags": [],
        "billing": {"input_cost": 0.1, "output_cost": 0.2, "total_cost": 0.3},
        "usage": {"prompt_tokens": 1, "completion_tokens": 2.0, "total_tokens": 3},
    });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

async fn listed(client: &Client<'_>, filters: Value) -> Vec<String> {
    let mut all = json!({"interval": "SESSION_INTERVAL_ALL_TIME"});
    for (name, value) in filters.as_object().unwrap() {
        all[name] = value.clone();
    }
    let answer = client.post("/v2/sessions/query", json!({"filters": all})).await.expect(200).json();
    let ids: Vec<_> = answer["data"].as_array().unwrap().iter().map(|each| each["external_id"].clone()).collect();
    let count = client.post("/v2/sessions/count", json!({"filters": all})).await.expect(200).json();
    assert_eq!(count["count"], ids.len());
    ids.into_iter().map(|id| id.as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn the_traces_of_a_session_add_up() {
    let test = start().await;
    let client = test.with_scopes(&["read"]).await;
    let talk = client.get("/v2/sessions/talk").await.expect(200).json();
    let expected = json!({
        "_id": "talk", "external_id": "talk", "duration": 600_001.0, "contact_ids": ["user a", "user b"],
        "billing": {"input_cost": 0.0, "output_cost": 0.0, "total_cost": 0.5},
        "usage": {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 20}, "traces_count": 2,
        "tags": ["a", "all", "b"], "project_id": test.project_id, "started_at": "2026-11-21T09:10:00.000Z",
        "updated_at": "2026-11-21T09:20:00.001Z",
    });
    assert_eq!(talk, expected);
    let answer = client.post("/v2/sessions/query", json!({"filters": {"interval": "SESSION_INTERVAL_ALL_TIME"}})).await;
    let odd = answer.expect(200).json()["data"][0].clone();
    assert_eq!(odd["external_id"], "a/b c");
    let again = client.get(&format!("/v2/sessions/{}", odd["_id"].as_str().unwrap())).await.expect(200).json();
    assert_eq!(again, odd);
    assert_eq!(client.get("/v2/sessions/tags").await.expect(200).json(), json!(["a", "all", "b", "c"]));
    client.get("/v2/sessions/theirs").await.error(404);
}

#[tokio::test]
async fn a_list_is_filtered_and_paged() {
    let test = start().await;
    let client = test.admin().await;
    let said = json!({"tags": ["mine"], "client": "app", "kind": "THREAD_KIND_CODING_AGENT"});
    client.post("/v2/sessions", new("said", said)).await.expect(200);
    assert_eq!(listed(&client, json!({})).await, ["said", "a/b c", "talk"]);
    assert_eq!(listed(&client, json!({"interval": "SESSION_INTERVAL_LAST_30_MINUTES"})).await, ["said", "a/b c"]);
    assert_eq!(listed(&client, json!({"tags": ["b", "mine"]})).await, ["said", "talk"]);
    assert_eq!(listed(&client, json!({"client": "app"})).await, ["said"]);
    assert_eq!(listed(&client, json!({"kind": "THREAD_KIND_CONVERSATION"})).await, [""; 0]);
    assert_eq!(listed(&client, json!({"end_date": "2026-11-20"})).await, [""; 0]);
    assert_eq!(listed(&client, json!({"start_date": "2026-11-21", "end_date": "2026-11-21"})).await.len(), 3);
    assert_eq!(listed(&client, json!({"project_id": "another"})).await, [""; 0]);
    let page = |page: i64| json!({"filters": {"interval": "SESSION_INTERVAL_ALL_TIME"}, "limit": 2, "page": page});
    let first = client.post("/v2/sessions/query", page(1)).await.expect(200).json();
    let second = client.post("/v2/sessions/query", page(2)).await.expect(200).json();
    assert_eq!((first["data"].as_array().unwrap().len(), &first["has_more"]), (2, &json!(true)));
    assert_eq!((second["data"][0]["external_id"].as_str(), &second["has_more"]), (Some("talk"), &json!(false)));
    for (field, body) in [("page", page(0)), ("limit", json!({"filters": page(1)["filters"], "limit": 201}))] {
        assert_eq!(client.post("/v2/sessions/query", body).await.expect(400).json()["field"], field);
    }
    client.post("/v2/sessions/query", json!({"filters": {"interval": "EVER"}})).await.error(400);
}

#[tokio::test]
async fn what_a_client_says_is_kept_changed_and_forgotten() {
    let test = start().await;
    let client = test.admin().await;
    let made = client.post("/v2/sessions", new("mine", json!({"title": "A talk", "contact_ids": ["u"]}))).await;
    let made = made.expect(200).json();
    assert_eq!((&made["duration"], &made["usage"]["completion_tokens"]), (&json!(1.5), &json!(2)));
    let path = format!("/v2/sessions/{}", made["_id"].as_str().unwrap());
    assert_eq!(client.get(&path).await.expect(200).json(), made);
    assert_eq!(client.post("/v2/sessions", new("mine", json!({}))).await.expect(409).json()["error"], "session_exists");
    let change = json!({"title": "Other", "tags": ["x"], "clear_contact_ids": true});
    let changed = client.patch(&path, change).await.expect(200).json();
    assert_eq!(
        (&changed["title"], &changed["tags"], &changed["contact_ids"]),
        (&json!("Other"), &json!(["x"]), &json!([]))
    );
    client.delete(&path).await.expect(204);
    client.get(&path).await.error(404);
    client.delete(&path).await.error(404);
}

#[tokio::test]
async fn a_title_stands_beside_the_numbers_of_the_traces() {
    let test = start().await;
    let client = test.admin().await;
    let named = client.patch("/v2/sessions/talk", json!({"title": "A talk", "tags": ["x"]})).await.expect(200).json();
    assert_eq!((&named["title"], &named["traces_count"]), (&json!("A talk"), &json!(2)));
    assert_eq!(named["tags"], json!(["x", "a", "all", "b"]));
    assert_eq!(client.get("/v2/sessions/talk").await.expect(200).json(), named);
    let moved = client.patch("/v2/sessions/talk", json!({"external_id": "other"})).await.expect(409).json();
    assert_eq!(moved["error"], "session_has_traces");
}

#[tokio::test]
async fn a_deleted_session_stays_away_until_a_later_trace() {
    let test = start().await;
    let client = test.admin().await;
    client.patch("/v2/sessions/talk", json!({"title": "A talk"})).await.expect(200);
    client.delete("/v2/sessions/talk").await.expect(204);
    client.get("/v2/sessions/talk").await.error(404);
    assert_eq!(listed(&client, json!({})).await, ["a/b c"]);
    let later = Trace::new("later", NOON * 1000 + MINUTE).with("session_id", "talk");
    test.app.db.write(move |tx| later.insert(tx)).await.unwrap();
    let back = client.get("/v2/sessions/talk").await.expect(200).json();
    assert_eq!((&back["traces_count"], back.get("title")), (&json!(3), None));
}

#[tokio::test]
async fn wrong_sessions_are_refused() {
    let test = start().await;
    let client = test.admin().await;
    for (field, more) in [
        ("started_at", json!({"started_at": "today"})),
        ("project_id", json!({"project_id": "another"})),
        ("tags", json!({"tags": vec!["x"; 101]})),
        ("title", json!({"title": "x".repeat(1001)})),
        ("usage.total_tokens", json!({"usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3.5}})),
        ("external_id", json!({"external_id": ""})),
    ] {
        let refused = client.post("/v2/sessions", new("x", more)).await.expect(400).json();
        assert_eq!(refused["field"], field, "{refused}");
    }
    assert_eq!(client.post("/v2/sessions", json!({})).await.expect(400).json()["field"], "external_id");
    test.with_scopes(&["read"]).await.post("/v2/sessions", new("x", json!({}))).await.error(403);
}
