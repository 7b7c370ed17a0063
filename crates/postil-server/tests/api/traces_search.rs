//! Finding traces over HTTP.

use postil::Result;
use postil::db::Tx;
use serde_json::{Value, json};

use crate::app::{Client, NOON, TestApp};
use crate::traces::{Trace, human_review};

const FROM: &str = "2026-11-21T00:00:00Z";
const TO: &str = "2026-11-22T00:00:00.000Z";
const RATING: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAV";

fn trace(number: i64) -> Trace {
    Trace::new(&format!("{number:032x}"), NOON * 1000 + number * 1_000_000)
}

fn id(number: i64) -> String {
    format!("{number:032x}")
}

/// Five traces; the second is rich.
fn stock(tx: &mut Tx<'_>) -> Result<()> {
    human_review(tx, RATING, "rating", "single_select", &["good", "bad"])?;
    for number in 1..=5 {
        let mut trace = trace(number);
        if number == 2 {
            trace = trace.with("name", "Refund").with("session_id", "s 1").with("user_id", "user-1");
            trace =
                trace.with("root_span_id", "a1").with("leading_span_id", "b2").with("input_preview", "Where is it?");
            trace = trace.with("usage_input", 12i64).with("usage_total", 46i64).with("cost_total", 0.5);
            trace = trace.with("status", "error").with("error_message", "boom").with("agent_name", "helper");
            trace = trace.json("models", &json!(["gpt-4o"])).json("metadata", &json!({"plan": "pro"}));
        }
        trace.insert(tx)?;
        trace.span("b2").with("attributes", r#"{"http.status":500}"#).insert(tx)?;
    }
    trace(2).annotate(tx, "b2", "rating", "anna", &json!("good"))?;
    trace(2).judge(tx, "b2", "tone", &json!("warm"))?;
    Trace::new(&id(9), NOON * 1000).in_project(2).insert(tx)
}

async fn start() -> TestApp {
    let test = TestApp::start().await;
    test.app.db.write(stock).await.unwrap();
    test
}

fn body(more: Value) -> Value {
    let mut body = json!({"from": FROM, "to": TO});
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

async fn found(client: &Client<'_>, more: Value) -> Vec<String> {
    let answer = client.post("/v3/traces/search", body(more)).await.expect(200).json();
    answer["data"].as_array().unwrap().iter().map(|row| row["trace_id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_search_pages_newest_first_and_says_what_it_is_about() {
    let test = start().await;
    let client = test.with_scopes(&["read"]).await;
    let first = client.post("/v3/traces/search", body(json!({"limit": 3}))).await.expect(200).json();
    assert_eq!((&first["object"], &first["has_more"]), (&json!("list"), &json!(true)));
    assert_eq!(first["meta"]["row_count"], 3);
    assert_eq!(first["meta"]["from"], "2026-11-21T00:00:00.000Z");
    assert_eq!(first["data"][0]["trace_id"], id(5));
    let token = &first["next_page_token"];
    let rest =
        client.post("/v2/traces/search", body(json!({"limit": 3, "page_token": token}))).await.expect(200).json();
    assert_eq!((rest["data"].as_array().unwrap().len(), &rest["has_more"]), (2, &json!(false)));
    assert!(rest.get("next_page_token").is_none());
    let other = body(json!({"page_token": token, "query": "refund"}));
    assert!(client.post("/v3/traces/search", other).await.error(400).contains("another query"));
}

#[tokio::test]
async fn a_row_says_everything_that_is_known_and_nothing_else() {
    let test = start().await;
    let client = test.with_scopes(&["read"]).await;
    let row = client.get(&format!("/v3/traces/{}", id(2).to_uppercase())).await.expect(200).json()["trace"].clone();
    let expected = json!({
        "object": "trace", "trace_id": id(2), "root_span_id": "a1", "leading_span_id": "b2", "name": "Refund",
        "kind": "llm", "status": "error", "started_at": "2026-11-21T10:00:00.002000Z",
        "ended_at": "2026-11-21T10:00:00.003000Z", "duration_ms": 1.0, "project_id": test.project_id,
        "identity_id": "user-1", "session_id": "s 1", "thread_id": "s 1", "providers": [], "models": ["gpt-4o"],
        "agent": {"name": "helper"}, "usage": {"prompt_tokens": 12, "total_tokens": 46},
        "cost": {"total": 0.5, "currency": "USD"}, "input": "Where is it?", "error": {"message": "boom"}, "tags": [],
        "metadata": {"plan": "pro"}, "span_count": 1, "error_count": 0,
        "annotations": [{"key": "rating", "value": "good", "annotator_kind": "human", "span_id": "b2"}],
        "queues": [],
    });
    assert_eq!(row, expected);
    let plain = client.get(&format!("/v2/traces/{}", id(1))).await.expect(200).json()["trace"].clone();
    assert!(plain.as_object().unwrap().values().all(|value| !value.is_null()), "{plain}");
    let message = client.get(&format!("/v3/traces/{}", id(9))).await.error(404);
    assert_eq!(message, format!("Trace with id {} for workspace {} was not found.", id(9), test.workspace_id));
}

#[tokio::test]
async fn filters_text_and_sort_choose_the_traces() {
    let test = start().await;
    let client = test.with_scopes(&["read"]).await;
    let by = |field: &str, op: &str, values: &[&str]| json!({"field": field, "op": op, "values": values});
    let rated = [by("annotation.rating", "eq", &["good"]), by(&format!("annotation.{RATING}"), "in", &["good", "x"])];
    for filter in rated {
        assert_eq!(found(&client, json!({"filters": [filter]})).await, [id(2)]);
    }
    assert_eq!(found(&client, json!({"filters": [by("status", "eq", &["error"])]})).await, [id(2)]);
    assert_eq!(found(&client, json!({"filters": [by("attributes.http.status", "gte", &["500"])]})).await.len(), 5);
    let either = json!({"filter_operator": "or",
        "filters": [by("trace_id", "eq", &[&id(1)]), by("name", "eq", &["Refund"])]});
    assert_eq!(found(&client, either).await, [id(2), id(1)]);
    assert_eq!(found(&client, json!({"query": "WHERE IS"})).await, [id(2)]);
    assert_eq!(found(&client, json!({"query": &id(3)[..]})).await, [id(3)]);
    let sorted = json!({"sort": [{"field": "cost", "order": "desc"}], "limit": 1});
    assert_eq!(found(&client, sorted).await, [id(2)]);
    let none = json!({"from": "2026-11-22T00:00:00Z", "to": "2026-11-22T00:00:00Z"});
    assert_eq!(client.post("/v3/traces/search", none).await.expect(200).json()["data"], json!([]));
}

#[tokio::test]
async fn a_query_as_text_finds_and_its_limit_counts_more() {
    let test = start().await;
    let client = test.with_scopes(&["read"]).await;
    let query = |oql: &str| body(json!({"oql": oql, "limit": 4}));
    let answer = client.post("/v3/traces/query", query("fetch traces | limit 2")).await.expect(200).json();
    assert_eq!(answer["object"], "query");
    assert_eq!((answer["search"]["data"].as_array().unwrap().len(), &answer["search"]["has_more"]), (2, &json!(true)));
    let text = "fetch traces | filter annotation.rating = 'good' and not name contains x | sort timestamp asc";
    let answer = client.post("/v2/traces/query", query(text)).await.expect(200).json();
    assert_eq!(answer["search"]["data"][0]["trace_id"], id(2));
    let refused = client.post("/v3/traces/query", query("select * from traces")).await.expect(400).json();
    assert_eq!((&refused["field"], &refused["error"]), (&json!("oql"), &json!("invalid_oql")));
    let message = client.post("/v3/traces/query", query("fetch traces | limit 2000")).await.error(400);
    assert_eq!(message, "limit must be from 1 to 1000.");
}

#[tokio::test]
async fn wrong_requests_are_refused_with_their_field() {
    let test = start().await;
    let client = test.with_scopes(&["read"]).await;
    let one =
        |field: &str, op: &str, values: Value| body(json!({"filters": [{"field": field, "op": op, "values": values}]}));
    let many: Vec<_> = (0..51).map(|_| json!({"field": "name", "op": "exists"})).collect();
    let cases = [
        (json!({"to": TO}), "from"),
        (json!({"from": FROM}), "to"),
        (json!({"from": FROM, "to": "yesterday"}), "to"),
        (json!({"from": TO, "to": FROM}), "to"),
        (body(json!({"limit": 0})), "limit"),
        (body(json!({"limit": 1001})), "limit"),
        (body(json!({"page_token": "nonsense"})), "page_token"),
        (body(json!({"filter_operator": "xor"})), "filter_operator"),
        (body(json!({"sort": [{"field": "name"}]})), "sort[0]"),
        (body(json!({"sort": [{"field": "cost"}, {"field": "cost"}]})), "sort[1]"),
        (body(json!({"filters": [{"op": "eq", "values": ["x"]}]})), "filters[0].field"),
        (body(json!({"filters": many})), "filters"),
        (one("nam", "eq", json!(["x"])), "filters[0].field"),
        (one("attributes.$x", "eq", json!(["x"])), "filters[0].field"),
        (one("name", "gt", json!(["x"])), "filters[0].op"),
        (one("name", "eq", json!([])), "filters[0].values"),
        (one("name", "eq", json!(["a", "b"])), "filters[0].values"),
        (one("cost", "between", json!(["1"])), "filters[0].values"),
        (one("cost", "gt", json!(["much"])), "filters[0].values"),
        (one("cost", "gt", json!(["inf"])), "filters[0].values"),
        (one("started_at", "lt", json!(["today"])), "filters[0].values"),
        (one("annotated", "eq", json!(["yes"])), "filters[0].values"),
        (one("name", "in", json!(vec!["x"; 101])), "filters[0].values"),
        (one("name", "eq", json!(["x".repeat(1001)])), "filters[0].values"),
    ];
    for (body, field) in cases {
        let refused = client.post("/v3/traces/search", body.clone()).await.expect(400).json();
        assert_eq!(refused["field"], field, "{body} {refused}");
    }
    let message = client.post("/v3/traces/search", one("cost", "contains", json!(["x"]))).await.error(400);
    assert!(message.starts_with("cost does not take 'contains'; it takes eq, neq,"), "{message}");
    test.with_scopes(&["ingest"]).await.post("/v3/traces/search", body(json!({}))).await.error(403);
    test.anonymous().get("/v3/traces/fields").await.error(401);
}

#[tokio::test]
async fn sums_and_facets_count_traces() {
    let test = start().await;
    let client = test.with_scopes(&["read"]).await;
    let bare = client.post("/v3/traces/aggregate", json!({})).await.expect(200).json();
    assert_eq!(bare["data"], json!([{"group": {}, "metrics": {"count": 5.0}}]));
    let wanted = json!({"from": FROM, "to": TO, "group_by": ["status", "annotation.rating", "time:hour", "metadata.plan"],
        "compute": [{"metric": "duration_ms", "op": "p95"}, {"op": "count"}]});
    let answer = client.post("/v2/traces/aggregate", wanted).await.expect(200).json();
    let group = json!({"status": "error", "annotation.rating": "good", "metadata.plan": "pro",
        "time:hour": "2026-11-21T10:00:00.000Z"});
    assert_eq!(answer["data"], json!([{"group": group, "metrics": {"duration_ms.p95": 1.0, "count": 1.0}}]));
    for (field, body) in [
        ("group_by[0]", json!({"group_by": ["cost"]})),
        ("compute[0].metric", json!({"compute": [{"metric": "x", "op": "sum"}]})),
        ("compute[0].op", json!({"compute": [{"metric": "cost", "op": "x"}]})),
        ("group_by", json!({"group_by": vec!["name"; 5]})),
    ] {
        assert_eq!(client.post("/v3/traces/aggregate", body).await.expect(400).json()["field"], field);
    }
    let path = format!("/v3/traces/facets/name?from={FROM}&to={TO}&limit=1");
    let values = client.get(&path).await.expect(200).json();
    assert_eq!(values, json!({"field": "name", "values": [{"value": "chat", "count": 4}], "has_more": true}));
    for facet in client.get("/v2/traces/facets").await.expect(200).json()["data"].as_array().unwrap() {
        client.get(&format!("/v2/traces/facets/{}", facet["field"].as_str().unwrap())).await.expect(200);
    }
    client.get("/v3/traces/facets/nonsense").await.error(400);
    client.get("/v3/traces/facets/name?limit=x").await.error(400);
}

#[tokio::test]
async fn fields_and_filters_tell_what_can_be_asked() {
    let test = start().await;
    let client = test.with_scopes(&["read"]).await;
    let fields = client.get("/v3/traces/fields").await.expect(200).json()["data"].as_array().unwrap().clone();
    let status = fields.iter().find(|field| field["name"] == "status").unwrap();
    assert_eq!(status["enum_values"], json!(["ok", "error", "unset"]));
    // Every field takes every operator it says it takes.
    for field in &fields {
        let name = field["name"].as_str().unwrap();
        let name = if field["match"] == "prefix" { format!("{name}k") } else { name.to_owned() };
        for op in field["operators"].as_array().unwrap() {
            let value = match field["type"].as_str().unwrap() {
                "datetime" => "2026-11-21",
                "boolean" => "true",
                _ => "1",
            };
            let count = match op.as_str().unwrap() {
                "exists" | "not_exists" => 0,
                "between" => 2,
                _ => 1,
            };
            found(&client, json!({"filters": [{"field": name, "op": op, "values": vec![value; count]}]})).await;
        }
    }
    let filters = client.get("/v3/traces/filters?include_all=True").await.expect(200).json();
    let rating = json!({"id": RATING, "key": "rating", "display_name": "Title of rating", "type": "single_select",
        "option_values": ["good", "bad"]});
    assert_eq!(filters["annotations"], json!([rating]));
    assert_eq!(filters["metadata"], json!([{"key": "plan", "type": "string"}]));
    assert_eq!(filters["evaluators"][0]["id"], "tone");
    client.get("/v2/traces/filters?include_all=maybe").await.error(400);
}
