//! Annotation queues of our own API: settings, items, reviewers.

use postil::project::Role;
use serde_json::{Value, json};

use crate::accounts::{as_role, member, owner};
use crate::app::{Client, TestApp};

const FROM: &str = "2026-11-20T00:00:00Z";
const TO: &str = "2026-11-22T00:00:00Z";

async fn queue(client: &Client<'_>, body: Value) -> Value {
    client.post("/v3/queues", body).await.expect(200).json()
}

fn at(queue: &Value, rest: &str) -> String {
    format!("/v3/queues/{}{rest}", queue["id"].as_str().unwrap())
}

fn trace(at: usize) -> String {
    format!("{at:032x}")
}

/// Sends traces of one span each, a second apart, each with a score of an evaluator.
async fn traces(client: &Client<'_>, count: usize) {
    for at in 1..=count {
        let start = 1_795_255_000_000_000_000_i64 + i64::try_from(at).unwrap() * 1_000_000_000;
        let span = json!({"traceId": trace(at), "spanId": format!("{at:016x}"), "name": format!("call {at}"),
            "attributes": [{"key": "gen_ai.operation.name", "value": {"stringValue": "chat"}}],
            "startTimeUnixNano": start.to_string(), "endTimeUnixNano": (start + 5_000_000).to_string()});
        client.post("/v1/traces", json!({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]})).await.expect(200);
    }
}

/// The traces of a queue in their order.
async fn order(client: &Client<'_>, queue: &Value) -> Vec<String> {
    let list = client.get(&at(queue, "/items?limit=200")).await.expect(200).json();
    list["data"].as_array().unwrap().iter().map(|item| item["trace_id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_queue_has_everything_that_was_said_of_it() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    let mut reviews = Vec::new();
    for key in ["a", "b"] {
        let review = json!({"type": "boolean", "display_name": key, "description": "", "key": key});
        reviews.push(admin.post("/v2/human-evals", review).await.expect(200).json()["id"].clone());
    }
    let plain = queue(&admin, json!({"display_name": " plain "})).await;
    assert_eq!(plain["display_name"], "plain");
    assert_eq!((&plain["overlap"], &plain["blind"], &plain["lease_seconds"]), (&json!(1), &json!(false), &json!(300)));
    assert_eq!(
        (&plain["order"]["by"], &plain["correction"], &plain["open_to_all"]),
        (&json!("oldest"), &json!("none"), &json!(true))
    );
    assert_eq!(plain["questions"], json!([]));
    assert!(plain.get("due_at").is_none());
    let body = json!({"display_name": "full", "description": "d", "instructions": "# Read *this*",
        "questions": [{"human_review_id": reviews[1], "required": true}, {"human_review_id": reviews[0]}],
        "overlap": 3, "blind": true, "lease_seconds": 60, "order": {"by": "field", "field": "evaluator.score",
        "descending": true}, "correction": "required", "open_to_all": false, "due_at": "2026-12-01T10:00:00Z",
        "view": {"messages": "last", "system": false, "attributes": ["a"], "metadata": ["m"], "evaluators": "after",
        "masked": ["user.email"]}});
    let full = queue(&admin, body.clone()).await;
    for (field, said) in body.as_object().unwrap() {
        match field.as_str() {
            "questions" => assert_eq!(
                full["questions"],
                json!([
                {"human_review_id": reviews[1], "key": "b", "required": true},
                {"human_review_id": reviews[0], "key": "a", "required": false}])
            ),
            "due_at" => assert_eq!(full["due_at"], "2026-12-01T10:00:00.000Z"),
            _ => assert_eq!(full[field], *said, "{field}"),
        }
    }
    assert_eq!(admin.get(&at(&full, "")).await.expect(200).json(), full);
    let changed = admin.patch(&at(&full, ""), json!({"due_at": null, "overlap": 2})).await.expect(200).json();
    assert!(changed.get("due_at").is_none());
    assert_eq!((&changed["overlap"], &changed["instructions"]), (&json!(2), &full["instructions"]));
    admin.delete(&at(&full, "")).await.expect(204);
    admin.get(&at(&full, "")).await.error(404);
}

#[tokio::test]
async fn what_a_queue_cannot_be_is_refused_by_the_name_of_the_field() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    let long = "x".repeat(20_001);
    let twice = json!([{"human_review_id": "x"}, {"human_review_id": "x"}]);
    for (body, field) in [
        (json!({}), "display_name"),
        (json!({"display_name": ""}), "display_name"),
        (json!({"display_name": "q", "instructions": long}), "instructions"),
        (json!({"display_name": "q", "overlap": 0}), "overlap"),
        (json!({"display_name": "q", "overlap": 11}), "overlap"),
        (json!({"display_name": "q", "lease_seconds": 29}), "lease_seconds"),
        (json!({"display_name": "q", "lease_seconds": 86_401}), "lease_seconds"),
        (json!({"display_name": "q", "order": {"by": "mood"}}), "order.by"),
        (json!({"display_name": "q", "order": {"by": "field"}}), "order.field"),
        (json!({"display_name": "q", "order": {"by": "field", "field": "name"}}), "order.field"),
        (json!({"display_name": "q", "correction": "maybe"}), "correction"),
        (json!({"display_name": "q", "due_at": "tomorrow"}), "due_at"),
        (json!({"display_name": "q", "questions": [{"human_review_id": "x"}]}), "questions[0].human_review_id"),
        (json!({"display_name": "q", "questions": twice}), "questions[1].human_review_id"),
        (json!({"display_name": "q", "view": {"messages": "some"}}), "view.messages"),
        (json!({"display_name": "q", "view": {"masked": [""]}}), "view.masked[0]"),
        (json!({"display_name": "q", "view": {"attributes": vec!["a"; 101]}}), "view.attributes"),
    ] {
        let answer = admin.post("/v3/queues", body.clone()).await.expect(400).json();
        assert_eq!(answer["field"], field, "{body} {answer}");
    }
    assert_eq!(admin.get("/v3/queues").await.json()["data"], json!([]));
}

#[tokio::test]
async fn items_are_spans_and_traces_and_nothing_is_in_a_queue_twice() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    traces(&admin, 3).await;
    let made = queue(&admin, json!({"display_name": "q"})).await;
    let add = async |items: Value| admin.post(&at(&made, "/items"), json!({ "items": items })).await;
    let span = json!({"trace_id": trace(1), "span_id": format!("{:016x}", 1)});
    let first = add(json!([span, {"trace_id": trace(1)}, {"trace_id": trace(2), "priority": 5}, span])).await;
    assert_eq!(first.expect(200).json(), json!({"added": 3, "already_there": 1, "not_found": 0}));
    let again = add(json!([span, {"trace_id": trace(3)}, {"trace_id": trace(9)}])).await;
    assert_eq!(again.expect(200).json(), json!({"added": 1, "already_there": 1, "not_found": 1}));
    assert_eq!(order(&admin, &made).await, [trace(2), trace(1), trace(1), trace(3)], "by priority, then the oldest");
    let list = admin.get(&at(&made, "/items")).await.json();
    let kinds: Vec<_> = list["data"].as_array().unwrap().iter().map(|item| item["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == "span").count(), 1);
    assert_eq!((&list["data"][0]["state"], &list["data"][0]["name"]), (&json!("to_do"), &json!("call 2")));
    for (items, field) in [
        (json!([]), "items"),
        (json!(vec![span.clone(); 1001]), "items"),
        (json!([span, {"trace_id": trace(1), "priority": 1001}]), "items[1].priority"),
        (json!([span, {"trace_id": trace(1), "assignee": "nobody"}]), "items[1].assignee"),
    ] {
        assert_eq!(add(items).await.expect(400).json()["field"], field);
    }
    let progress = admin.get(&at(&made, "")).await.json()["progress"].clone();
    assert_eq!((&progress["total"], &progress["to_do"], &progress["mine"]["left"]), (&json!(4), &json!(4), &json!(4)));
    let ids: Vec<_> = list["data"].as_array().unwrap().iter().map(|item| item["id"].clone()).collect();
    let removed = admin.post(&at(&made, "/items/remove"), json!({"item_ids": [ids[0], "nothing"]})).await;
    assert_eq!(removed.expect(200).json()["removed"], 1);
    assert_eq!(order(&admin, &made).await.len(), 3);
}

#[tokio::test]
async fn the_order_can_be_changed_and_holds_for_what_is_there() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    traces(&admin, 4).await;
    for (at, score) in [(1, 0.5), (2, 0.9), (3, 0.1)] {
        let said = json!({"annotations": [{"key": "score", "value": score}],
            "annotator": {"kind": "llm", "id": "judge"}});
        let path = format!("/v2/traces/{}/spans/{at:016x}/annotation", trace(at));
        admin.post(&path, said).await.expect(200);
    }
    let made = queue(&admin, json!({"display_name": "q", "order": {"by": "newest"}})).await;
    let items: Vec<_> = (1..=4).map(|at| json!({"trace_id": trace(at)})).collect();
    admin.post(&at(&made, "/items"), json!({ "items": items })).await.expect(200);
    assert_eq!(order(&admin, &made).await, [4, 3, 2, 1].map(trace));
    let change = async |order: Value| admin.patch(&at(&made, ""), json!({ "order": order })).await.expect(200);
    change(json!({"by": "oldest"})).await;
    assert_eq!(order(&admin, &made).await, [1, 2, 3, 4].map(trace));
    change(json!({"by": "field", "field": "evaluator.score"})).await;
    assert_eq!(order(&admin, &made).await, [3, 1, 2, 4].map(trace), "without a score last");
    change(json!({"by": "field", "field": "evaluator.score", "descending": true})).await;
    assert_eq!(order(&admin, &made).await, [2, 1, 3, 4].map(trace));
    change(json!({"by": "random"})).await;
    let random = order(&admin, &made).await;
    change(json!({"by": "oldest"})).await;
    change(json!({"by": "random"})).await;
    assert_eq!(order(&admin, &made).await, random, "by chance, and the same each time");
}

#[tokio::test]
async fn items_are_assigned_shared_out_and_put_first() {
    let test = TestApp::start().await;
    let boss = owner(&test).await;
    traces(&test.admin().await, 4).await;
    let ann = member(&test, "ann@example.com", None, Some(Role::Reviewer)).await;
    let bob = member(&test, "bob@example.com", None, Some(Role::Reviewer)).await;
    let made = queue(&boss, json!({"display_name": "q"})).await;
    let items: Vec<_> = (1..=4).map(|at| json!({"trace_id": trace(at)})).collect();
    boss.post(&at(&made, "/items"), json!({ "items": items })).await.expect(200);
    let list =
        async |query: &str| boss.get(&at(&made, &format!("/items?{query}"))).await.expect(200).json()["data"].clone();
    let all = list("").await;
    let last = &all[3]["id"];
    let change = async |body: Value| boss.patch(&at(&made, "/items"), body).await;
    let changed = change(json!({"item_ids": [last], "priority": 10, "assignee": ann})).await.expect(200).json();
    assert_eq!(changed["changed"], 1);
    let first = &list("").await[0];
    assert_eq!((&first["id"], &first["assignee"]["id"]), (last, &json!(ann)));
    assert_eq!(change(json!({"share": [ann, bob]})).await.expect(200).json()["changed"], 3, "what nobody has");
    assert_eq!(list(&format!("assignee={ann}")).await.as_array().unwrap().len(), 3);
    assert_eq!(list(&format!("assignee={bob}")).await.as_array().unwrap().len(), 1);
    change(json!({"item_ids": [last], "assignee": null})).await.expect(200);
    assert_eq!(list("assignee=").await[0]["id"], *last);
    for (body, field) in [
        (json!({"priority": 1}), "item_ids"),
        (json!({"item_ids": [last], "priority": 2000}), "priority"),
        (json!({"item_ids": [last], "assignee": "nobody"}), "assignee"),
        (json!({"item_ids": [last], "share": [ann, "nobody"]}), "share[1]"),
        (json!({"item_ids": [last], "share": [ann], "assignee": bob}), "share"),
        (json!({"item_ids": [], "priority": 1}), "item_ids"),
    ] {
        assert_eq!(change(body.clone()).await.expect(400).json()["field"], field, "{body}");
    }
    assert_eq!(boss.get(&at(&made, "/items?state=odd")).await.expect(400).json()["field"], "state");
    assert_eq!(list("state=to_do").await.as_array().unwrap().len(), 4);
    assert_eq!(list("state=completed").await, json!([]));
}

#[tokio::test]
async fn everything_that_matches_is_added_by_a_job_with_an_exact_count() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    traces(&admin, 250).await;
    let made = queue(&admin, json!({"display_name": "q"})).await;
    admin.post(&at(&made, "/items"), json!({"items": [{"trace_id": trace(1)}]})).await.expect(200);
    let body = json!({"from": FROM, "to": TO, "kind": "trace",
        "filters": [{"field": "name", "op": "neq", "values": ["call 7"]}]});
    let job = admin.post(&at(&made, "/items/matching"), body).await.expect(202).json();
    assert_eq!((&job["kind"], &job["total"]), (&json!("add_to_queue"), &json!(249)));
    assert!(postil_server::jobs::work_off(&test.app, "worker").await.unwrap());
    let job = admin.get(&format!("/v2/jobs/{}", job["id"].as_str().unwrap())).await.json();
    assert_eq!((&job["state"], &job["done"], &job["failed"]), (&json!("done"), &json!(249), &json!(0)));
    assert_eq!(admin.get(&at(&made, "")).await.json()["progress"]["total"], 249);
    let spans = json!({"from": FROM, "to": TO});
    admin.post(&at(&made, "/items/matching"), spans).await.expect(202);
    postil_server::jobs::work_off(&test.app, "worker").await.unwrap();
    assert_eq!(admin.get(&at(&made, "")).await.json()["progress"]["total"], 249 + 250, "spans stand beside traces");
    for (body, field) in [
        (json!({"to": TO}), "from"),
        (json!({"from": FROM, "to": TO, "kind": "datapoint"}), "kind"),
        (json!({"from": FROM, "to": TO, "kind": "dream"}), "kind"),
        (json!({"from": FROM, "to": TO, "filters": [{"field": "odd", "op": "eq", "values": ["x"]}]}), "filters[0]"),
    ] {
        let answer = admin.post(&at(&made, "/items/matching"), body).await.expect(400).json();
        assert!(answer["field"].as_str().unwrap().starts_with(field), "{answer}");
    }
    admin.post("/v3/queues/nothing/items/matching", json!({"from": FROM, "to": TO})).await.error(404);
}

#[tokio::test]
async fn traces_spans_and_logs_tell_in_which_queues_they_are() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    traces(&admin, 2).await;
    let (one, two) =
        (queue(&admin, json!({"display_name": "one"})).await, queue(&admin, json!({"display_name": "two"})).await);
    let span = format!("{:016x}", 1);
    admin.post(&at(&one, "/items"), json!({"items": [{"trace_id": trace(1), "span_id": span}]})).await.expect(200);
    admin.post(&at(&two, "/items"), json!({"items": [{"trace_id": trace(1)}]})).await.expect(200);
    let search = json!({"from": FROM, "to": TO});
    let rows = admin.post("/v3/traces/search", search).await.expect(200).json()["data"].clone();
    let names = |row: &Value| -> Vec<String> {
        row["queues"]
            .as_array()
            .unwrap()
            .iter()
            .map(|queue| queue["display_name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names(&rows[0]), [""; 0]);
    let mut both = names(&rows[1]);
    both.sort();
    assert_eq!(both, ["one", "two"]);
    let detail = admin.get(&format!("/v3/traces/{}/spans/{span}", trace(1))).await.expect(200).json();
    let queues = detail["span"]["queues"].as_array().unwrap();
    assert_eq!(queues.len(), 2);
    let here = queues.iter().find(|queue| queue["id"] == one["id"]).unwrap();
    assert_eq!((&here["state"], &here["span_id"]), (&json!("to_do"), &json!(span)));
    let logs = admin.get("/v2/logs").await.expect(200).json();
    let log = logs["data"].as_array().unwrap().iter().find(|log| log["span_id"] == json!(span)).unwrap();
    assert_eq!(names(log).len(), 2);
    let log = admin.get(&format!("/v2/logs/{}", log["id"].as_str().unwrap())).await.expect(200).json();
    assert_eq!(names(&log).len(), 2);
}

#[tokio::test]
async fn managing_is_for_those_who_define_and_reading_for_those_who_read() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    traces(&admin, 1).await;
    let made = queue(&admin, json!({"display_name": "q"})).await;
    let viewer = as_role(&test, Role::Viewer).await;
    viewer.get("/v3/queues").await.expect(200);
    viewer.get(&at(&made, "/items")).await.expect(200);
    assert_eq!(viewer.get(&at(&made, "")).await.json()["may_review"], false);
    viewer.post("/v3/queues", json!({"display_name": "v"})).await.error(403);
    viewer.post(&at(&made, "/items"), json!({"items": [{"trace_id": trace(1)}]})).await.error(403);
    let annotates = test.with_scopes(&["annotate"]).await;
    annotates.post(&at(&made, "/items"), json!({"items": [{"trace_id": trace(1)}]})).await.expect(200);
    annotates.patch(&at(&made, ""), json!({"blind": true})).await.error(403);
    let sends = test.with_scopes(&["ingest"]).await;
    sends.get("/v3/queues").await.error(403);
    sends.get(&at(&made, "")).await.error(403);
    let developer = as_role(&test, Role::Developer).await;
    assert_eq!(developer.get(&at(&made, "")).await.json()["may_review"], true);
    developer.patch(&at(&made, ""), json!({"blind": true})).await.expect(200);
}
