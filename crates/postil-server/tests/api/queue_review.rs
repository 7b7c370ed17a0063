//! The work of reviewers over the API.

use axum::http::Method;
use postil::queue::{self, Change, Correction, Question, Wanted};
use serde_json::{Value, json};

use crate::app::{Answer, Client, TestApp};
use crate::reviewed::{self, SPAN};
use crate::telemetry::Span;

const SECOND: i64 = 1_000_000;

fn trace(number: usize) -> String {
    format!("{number:032x}")
}

/// A queue over spans of a new server.
struct Desk {
    test: TestApp,
    id: String,
}

async fn desk(items: usize, change: Change) -> Desk {
    let test = reviewed::start().await;
    reviewed::spans(&test, (0..items).map(|number| Span::generation(&trace(number), SPAN)).collect()).await;
    let (clock, caller) = (test.clock.clone(), test.caller());
    let made = test.app.db.write(move |tx| {
        let change = Change { display_name: Some("Answers".into()), ..change.clone() };
        let queue = queue::create(tx, &clock, &caller, None, &change)?;
        for number in 0..items {
            clock.advance(1);
            let wanted = Wanted { trace_id: trace(number), span_id: Some(SPAN.into()), ..Wanted::default() };
            let added = queue::add(tx, &clock, &caller, &queue.id, &[wanted])?;
            let place = i64::try_from(number).unwrap();
            tx.execute(
                "update queue_item set sort_key = $2 where id = $1",
                postil::params![&added.items[0].id, place],
            )?;
        }
        Ok(queue.id)
    });
    let id = made.await.unwrap();
    Desk { test, id }
}

impl Desk {
    /// Somebody who may review and not read.
    async fn reviewer(&self) -> Client<'_> {
        self.test.with_scopes(&["annotate"]).await
    }

    fn path(&self, rest: &str) -> String {
        format!("/v3/queues/{}/{rest}", self.id)
    }

    async fn claim(&self, who: &Client<'_>) -> Value {
        who.post(&self.path("claim"), json!({})).await.expect(200).json()
    }

    async fn post(&self, who: &Client<'_>, item: &Value, verb: &str, body: Value) -> Answer {
        who.post(&self.path(&format!("items/{}/{verb}", item.as_str().unwrap())), body).await
    }

    async fn submit(&self, who: &Client<'_>, item: &Value, rating: &str) -> Answer {
        let answers = json!([{"key": "rating", "value": rating}]);
        let body = json!({"answers": answers, "submission_id": format!("{item} {rating}"), "active_ms": 4000});
        self.post(who, item, "submit", body).await
    }

    async fn sql(&self, sql: &'static str) {
        self.test.app.db.write(move |tx| tx.execute(sql, &[]).map(drop)).await.unwrap();
    }
}

fn error(answer: Answer, status: u16) -> String {
    let body = answer.expect(status).json();
    assert!(!body["message"].as_str().unwrap().is_empty());
    body["error"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_reviewer_claims_judges_and_goes_on() {
    let desk = desk(3, Change::default()).await;
    let ann = desk.reviewer().await;
    let claimed = desk.claim(&ann).await;
    let items = claimed["items"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    assert_eq!((&items[0]["seat_state"], &items[1]["seat_state"]), (&json!("held"), &json!("reserved")));
    assert_eq!(items[0]["item"]["trace_id"], trace(0));
    assert_eq!(items[0]["span"]["summary"]["span_id"], SPAN);
    assert_eq!(items[0]["reviewed_span_id"], SPAN);
    assert_eq!(items[0]["questions"][0]["human_review"]["key"], "rating");
    let progress = json!({"total": 3, "completed": 0, "in_review": 1, "needs_others": 0, "to_do": 2, "orphaned": 0,
        "answers": 0, "mine": {"submitted": 0, "skipped": 0, "declined": 0, "left": 3}});
    assert_eq!(claimed["progress"], progress);
    assert_eq!(claimed["waiting"], json!([]));

    let (first, second) = (items[0]["item"]["id"].clone(), items[1]["item"]["id"].clone());
    let done = desk.submit(&ann, &first, "good").await.expect(200).json();
    assert_eq!(done["item"], json!({"id": first, "state": "completed"}));
    assert_eq!(done["stored"].as_array().unwrap().len(), 1);
    assert_eq!(done["current"], second);
    assert_eq!(done["items"].as_array().unwrap().len(), 1, "what was reserved is not sent again");
    assert_eq!(done["items"][0]["item"]["trace_id"], trace(2));
    assert_eq!(done["progress"]["mine"], json!({"submitted": 1, "skipped": 0, "declined": 0, "left": 2}));

    let mine = ann.get(&desk.path("mine")).await.expect(200).json();
    assert_eq!((&mine["data"][0]["item_id"], &mine["data"][0]["seconds"]), (&first, &json!(4.0)));
    let again = ann.get(&desk.path(&format!("items/{}/review", first.as_str().unwrap()))).await.expect(200).json();
    assert_eq!(
        (&again["seat_state"], &again["questions"][0]["answer"]["value"]),
        (&json!("submitted"), &json!("good"))
    );
    assert_eq!(again["seconds"], 4.0);

    let undone = desk.post(&ann, &first, "undo", json!({})).await.expect(200).json();
    assert_eq!(undone["items"][0]["item"]["id"], first);
    assert_eq!(undone["items"][0]["draft"]["answers"], json!([{"key": "rating", "value": "good"}]));
    assert_eq!(undone["progress"]["completed"], 0);
    desk.submit(&ann, &first, "bad").await.expect(200);
    desk.post(&ann, &second, "skip", json!({})).await.expect(200);
    let third = done["items"][0]["item"]["id"].clone();
    desk.post(&ann, &third, "decline", json!({"reason": "I wrote it"})).await.expect(200);
    let last = desk.submit(&ann, &second, "bad").await.expect(200).json();
    assert!(last.get("current").is_none() && last["items"] == json!([]));
    ann.post(&desk.path("release"), json!({})).await.expect(204);
}

#[tokio::test]
async fn an_empty_answer_says_with_whom_the_rest_is() {
    let desk = desk(1, Change::default()).await;
    let (ann, bob) = (desk.reviewer().await, desk.reviewer().await);
    desk.claim(&ann).await;
    let empty = desk.claim(&bob).await;
    assert_eq!((&empty["items"], empty["waiting"].as_array().unwrap().len()), (&json!([]), 1));
    assert_eq!(empty["waiting"][0]["items"], 1);
    assert_eq!(empty["waiting"][0]["reviewer"]["display_name"], "test annotate");
    assert_eq!(empty["progress"]["mine"]["left"], 1);
}

#[tokio::test]
async fn what_is_typed_is_kept_also_after_the_lease_is_lost() {
    let desk = desk(1, Change::default()).await;
    let (ann, bob) = (desk.reviewer().await, desk.reviewer().await);
    let item = desk.claim(&ann).await["items"][0]["item"]["id"].clone();
    let path = |rest: &str| desk.path(&format!("items/{}/{rest}", item.as_str().unwrap()));
    let put = |body: Value| {
        ann.send(Method::PUT, Box::leak(path("draft").into_boxed_str()), Some(body.to_string().into_bytes()))
    };
    put(json!({"draft": {"rating": "go"}, "active_ms": 2500})).await.expect(200);
    let beat = desk.post(&ann, &item, "heartbeat", json!({"active_ms": 3000})).await.expect(200).json();
    assert_eq!(beat["lease_until"], "2026-11-21T10:05:00.000Z");
    let seen = ann.get(&path("review")).await.expect(200).json();
    assert_eq!((&seen["draft"], &seen["seconds"]), (&json!({"rating": "go"}), &json!(3.0)));

    desk.test.clock.advance(301 * SECOND);
    assert_eq!(desk.claim(&bob).await["items"][0]["item"]["id"], item);
    assert_eq!(error(desk.post(&ann, &item, "heartbeat", json!({})).await, 409), "lease_lost");
    assert_eq!(error(desk.submit(&ann, &item, "good").await, 409), "lease_lost");
    put(json!({"draft": {"rating": "good"}})).await.expect(200);
    assert_eq!(ann.get(&path("review")).await.expect(200).json()["draft"], json!({"rating": "good"}));
    desk.submit(&bob, &item, "bad").await.expect(200);
    assert_eq!(error(desk.submit(&ann, &item, "good").await, 409), "item_complete");
    put(json!({"draft": "text"})).await.error(400);
    put(json!({"draft": {"text": "x".repeat(300_000)}})).await.error(413);
}

#[tokio::test]
async fn mistakes_are_named() {
    let desk = desk(2, Change { correction: Some(Correction::Required), ..Change::default() }).await;
    let (clock, caller, id) = (desk.test.clock.clone(), desk.test.caller(), desk.id.clone());
    let updating = desk.test.app.db.write(move |tx| {
        let known = postil::human_review::of_project(tx, &caller.project, false)?;
        let rating = known.iter().find(|each| each.key == "rating").unwrap().id.clone();
        let questions = Some(vec![Question { human_review_id: rating, required: true }]);
        queue::update(tx, &clock, &caller, &id, &Change { questions, ..Change::default() })
    });
    updating.await.unwrap();
    let ann = desk.reviewer().await;
    let item = desk.claim(&ann).await["items"][0]["item"]["id"].clone();
    let wrong = [
        (json!({"answers": [], "submission_id": "1", "correction": "x"}), "missing_answer", "answers.rating"),
        (
            json!({"answers": [{"key": "rating", "value": "good"}], "submission_id": "1"}),
            "missing_answer",
            "correction",
        ),
        (
            json!({"answers": [{"key": "rating", "value": 9}], "submission_id": "1", "correction": "x"}),
            "invalid_value",
            "answers[0].value",
        ),
        (
            json!({"answers": [{"key": "defects", "value": ["x"]}], "submission_id": "1", "correction": "x"}),
            "not_asked",
            "answers[0].key",
        ),
        (json!({"answers": [], "submission_id": ""}), "invalid_length", "submission_id"),
        (json!({"answers": [], "submission_id": "1", "active_ms": -1}), "invalid_duration", "active_ms"),
        (json!({"answers": [], "submission_id": "1", "ahead": 4}), "invalid_value", "ahead"),
    ];
    for (body, name, field) in wrong {
        let answer = desk.post(&ann, &item, "submit", body).await.expect(400).json();
        assert_eq!((&answer["error"], &answer["field"]), (&json!(name), &json!(field)), "{answer}");
    }
    assert_eq!(
        desk.post(&ann, &item, "submit", json!({"answers": []})).await.expect(400).json()["error"],
        "invalid_body"
    );
    desk.post(&ann, &item, "decline", json!({"reason": " "})).await.error(400);
    desk.post(&ann, &item, "decline", json!({})).await.error(400);
    ann.get(&desk.path("mine?limit=0")).await.error(400);
    ann.post(&desk.path("claim"), json!({"ahead": 9})).await.error(400);

    let nowhere = json!("01ARZ3NDEKTSV4RRFFQ69G5FAV");
    let body = json!({"answers": [], "submission_id": "1"});
    assert_eq!(error(desk.post(&ann, &nowhere, "submit", body.clone()).await, 404), "queue_item_not_found");
    for verb in ["skip", "undo", "heartbeat"] {
        assert_eq!(error(desk.post(&ann, &nowhere, verb, json!({})).await, 404), "queue_item_not_found");
    }
    assert_eq!(error(ann.post("/v3/queues/nowhere/claim", json!({})).await, 404), "queue_not_found");
    let bob = desk.reviewer().await;
    for verb in ["submit", "skip", "undo", "heartbeat"] {
        assert_eq!(error(desk.post(&bob, &item, verb, body.clone()).await, 409), "lease_lost", "{verb}");
    }
    let review = desk.path(&format!("items/{}/review", item.as_str().unwrap()));
    assert_eq!(error(bob.get(&review).await, 409), "lease_lost");
    assert_eq!(error(desk.post(&ann, &item, "undo", json!({})).await, 409), "nothing_to_undo");
    let reader = desk.test.with_scopes(&["read"]).await;
    reader.post(&desk.path("claim"), json!({})).await.error(403);
    reader.get(&review).await.error(403);
    desk.test.anonymous().post(&desk.path("claim"), json!({})).await.error(401);
}

#[tokio::test]
async fn only_the_reviewers_of_a_queue_review_there() {
    let desk = desk(1, Change { open_to_all: Some(false), ..Change::default() }).await;
    let stranger = desk.reviewer().await;
    let refused = stranger.post(&desk.path("claim"), json!({})).await;
    assert!([403, 404].contains(&refused.status.as_u16()));
    desk.test.admin().await.post(&desk.path("claim"), json!({})).await.expect(200);
}

#[tokio::test]
async fn what_vanishes_in_the_middle_of_work_is_explained() {
    let desk = desk(3, Change::default()).await;
    let ann = desk.reviewer().await;
    let claimed = desk.claim(&ann).await;
    let item = claimed["items"][0]["item"]["id"].clone();
    desk.sql("update human_review set archived_at = 1 where key = 'rating'").await;
    assert_eq!(error(desk.submit(&ann, &item, "good").await, 409), "question_gone");
    desk.sql("update human_review set archived_at = null").await;
    desk.sql("delete from span where trace_id = '00000000000000000000000000000000'").await;
    assert_eq!(error(desk.submit(&ann, &item, "good").await, 409), "span_gone");
    let review = desk.path(&format!("items/{}/review", item.as_str().unwrap()));
    let seen = ann.get(&review).await.expect(200).json();
    assert_eq!((&seen["orphaned"], &seen["draft"]["answers"][0]["value"]), (&json!(true), &json!("good")));
    assert!(seen.get("span").is_none());
    let next = desk.post(&ann, &item, "skip", json!({})).await.expect(200).json();
    assert_eq!((&next["current"], &next["progress"]["orphaned"]), (&claimed["items"][1]["item"]["id"], &json!(1)));
    desk.sql("delete from queue").await;
    let item = claimed["items"][1]["item"]["id"].clone();
    assert_eq!(error(desk.submit(&ann, &item, "good").await, 404), "queue_not_found");
}

#[tokio::test]
async fn nobody_gets_the_answer_of_another_before_a_blind_item_is_complete() {
    let desk = desk(1, Change { blind: Some(true), overlap: Some(2), ..Change::default() }).await;
    let test = &desk.test;
    let (ann, bob) = (test.with_scopes(&["annotate", "read"]).await, test.with_scopes(&["annotate", "read"]).await);
    let reader = test.with_scopes(&["read"]).await;
    let (manager, judge) = (test.admin().await, test.admin().await);
    let item = desk.claim(&ann).await["items"][0]["item"]["id"].clone();
    desk.submit(&ann, &item, "good").await.expect(200);
    desk.claim(&bob).await;
    let id = ann.get("/v2/annotations").await.json()["data"][0]["id"].as_str().unwrap().to_owned();
    let paths = [
        format!("/v3/traces/{}/spans/{SPAN}", trace(0)),
        format!("/v2/traces/{}/spans/{SPAN}/annotation", trace(0)),
        "/v2/annotations".to_owned(),
        format!("/v2/annotations/{id}/history"),
        format!("/v2/logs/{}-{SPAN}", trace(0)),
        "/v2/logs".to_owned(),
        desk.path(&format!("items/{}/review", item.as_str().unwrap())),
        desk.path(&format!("items/{}/spans/{SPAN}", item.as_str().unwrap())),
        format!("/v2/annotation-queues/{}/items/{}", desk.id, item.as_str().unwrap()),
    ];
    // The answer as it stands in any of these, and nowhere else in them.
    let tells = |answer: Answer| {
        let body = if answer.status.is_success() { answer.json() } else { Value::Null };
        let text = body.to_string();
        text.contains("\"value\":\"good\",\"version\"") || values(&body).contains(&json!("good"))
    };
    for path in &paths {
        assert!(!tells(bob.get(path).await), "{path} tells Bob");
        assert!(!tells(reader.get(path).await), "{path} tells a reader");
        if !path.contains("/review") && !path.contains("/v3/queues") {
            assert!(tells(ann.get(path).await), "{path} does not tell Ann what she said");
            assert!(tells(manager.get(path).await), "{path} does not tell who manages the queue");
        }
    }
    let traces = json!({"from": "2020-01-01T00:00:00Z", "to": "2030-01-01T00:00:00Z"});
    for (who, expected) in [(&bob, false), (&reader, false), (&manager, true)] {
        let found = who.post("/v3/traces/search", traces.clone()).await.expect(200);
        assert_eq!(tells(found), expected);
    }
    // Whoever manages queues and judges the item itself is a reviewer like any other. Bob gives his seat back first.
    bob.post(&desk.path("release"), json!({})).await.expect(204);
    assert_eq!(desk.claim(&judge).await["items"][0]["item"]["id"], item);
    for path in &paths {
        assert!(!tells(judge.get(path).await), "{path} tells who judges it too");
    }
    judge.post(&desk.path("release"), json!({})).await.expect(204);
    desk.claim(&bob).await;
    desk.submit(&bob, &item, "bad").await.expect(200);
    for path in paths.iter().filter(|path| !path.contains("/v3/queues")) {
        assert!(tells(bob.get(path).await) && tells(reader.get(path).await), "{path} is silent about what is complete");
    }
    let seen = bob.get(&paths[6]).await.expect(200).json();
    assert_eq!((&seen["others"][0]["key"], &seen["others"][0]["value"]), (&json!("rating"), &json!("good")));
}

#[tokio::test]
async fn what_others_wrote_of_a_blind_item_is_not_listed_before_it_is_complete() {
    let desk = desk(1, Change { blind: Some(true), overlap: Some(2), ..Change::default() }).await;
    let test = &desk.test;
    let (ann, reader) = (test.with_scopes(&["annotate", "read"]).await, test.with_scopes(&["read"]).await);
    let (manager, judge) = (test.admin().await, test.admin().await);
    let item = desk.claim(&ann).await["items"][0]["item"]["id"].clone();
    let body = json!({"answers": [{"key": "rating", "value": "good"}], "note": "Clearly good.", "flagged": true,
        "submission_id": "one", "active_ms": 1});
    desk.post(&ann, &item, "submit", body).await.expect(200);
    let told = async |who: &Client<'_>| {
        let items = who.get(&desk.path("items")).await.expect(200).json().to_string();
        let summary = who.get(&desk.path("summary")).await.expect(200).json();
        let flagged = who.get(&desk.path("items?flagged=true")).await.expect(200).json();
        let knows_flag = flagged["data"] != json!([]);
        assert_eq!(knows_flag, summary["trouble"] != json!([]));
        let unflagged = who.get(&desk.path("items?flagged=false")).await.expect(200).json();
        assert_eq!(knows_flag, unflagged["data"] == json!([]));
        assert_eq!(knows_flag, items.contains("Clearly good."));
        (knows_flag, summary.to_string().contains("Clearly good."))
    };
    assert_eq!((told(&ann).await, told(&manager).await), ((true, true), (true, true)));
    assert_eq!(told(&reader).await, (false, false));
    desk.claim(&judge).await;
    assert_eq!(told(&judge).await, (false, false), "who manages and judges it too");
    desk.submit(&judge, &item, "bad").await.expect(200);
    assert_eq!((told(&judge).await, told(&reader).await), ((true, true), (true, true)));
}

#[tokio::test]
async fn no_way_around_leads_to_what_others_said_of_a_blind_item() {
    let desk = desk(1, Change { blind: Some(true), overlap: Some(2), ..Change::default() }).await;
    let test = &desk.test;
    let (ann, bob) = (test.with_scopes(&["annotate", "read"]).await, test.with_scopes(&["annotate", "read"]).await);
    let (trace, manager) = (trace(0), test.admin().await);
    let openly = json!({"annotations": [{"key": "rating", "value": "bad"}]});
    ann.post(&format!("/v2/traces/{trace}/spans/{SPAN}/annotation"), openly).await.expect(200);
    let said = bob.get(&format!("/v2/annotations?trace_id={trace}")).await.expect(200).json();
    let history = format!("/v2/annotations/{}/history", said["data"][0]["id"].as_str().unwrap());
    let item = desk.claim(&ann).await["items"][0]["item"]["id"].clone();
    desk.submit(&ann, &item, "good").await.expect(200);

    let used = async |who: &Client<'_>| {
        let items = who.get(&format!("/v2/annotation-queues/{}/items", desk.id)).await.expect(200).json();
        items["data"][0]["used_human_review_ids"].as_array().unwrap().len()
    };
    assert_eq!((used(&ann).await, used(&bob).await), (1, 0));
    let annotated = async |who: &Client<'_>| {
        let logs = who.get("/v2/logs?annotated=true").await.expect(200).json();
        logs["data"].as_array().unwrap().len()
    };
    assert_eq!((annotated(&ann).await, annotated(&bob).await), (1, 0));
    // To take the item out would uncover the answer.
    bob.post(&desk.path("items/remove"), json!({"item_ids": [item]})).await.error(403);
    let spans = format!("/v2/annotation-queues/{}/items/remove", desk.id);
    bob.post(&spans, json!({"span_ids": [SPAN]})).await.error(403);

    desk.post(&ann, &item, "undo", json!({})).await.expect(200);
    let versions =
        async |who: &Client<'_>| who.get(&history).await.expect(200).json()["data"].as_array().unwrap().len();
    assert_eq!((versions(&ann).await, versions(&manager).await, versions(&bob).await), (3, 3, 1));
    manager.post(&desk.path("items/remove"), json!({"item_ids": [item]})).await.expect(200);
    assert_eq!(versions(&bob).await, 3, "the item is in no blind queue any more");
}

#[tokio::test]
async fn filters_and_sums_of_traces_do_not_know_what_a_blind_item_hides() {
    let desk = desk(1, Change { blind: Some(true), overlap: Some(2), ..Change::default() }).await;
    let test = &desk.test;
    let (ann, bob) = (test.with_scopes(&["annotate", "read"]).await, test.with_scopes(&["annotate", "read"]).await);
    let (manager, judge) = (test.admin().await, test.admin().await);
    let item = desk.claim(&ann).await["items"][0]["item"]["id"].clone();
    desk.submit(&ann, &item, "good").await.expect(200);
    let (from, to) = ("2020-01-01T00:00:00Z", "2030-01-01T00:00:00Z");
    let rating = ann.get("/v2/human-evals").await.expect(200).json();
    let is_rating = |one: &&Value| one["key"] == "rating";
    let rating = rating.as_array().unwrap().iter().find(is_rating).unwrap()["id"].as_str().unwrap().to_owned();
    // How often the answer is known in each of them.
    let known = async |who: &Client<'_>| {
        let filtered = async |filter: Value| {
            let wanted = json!({"from": from, "to": to, "filters": [filter]});
            let found = who.post("/v3/traces/search", wanted).await.expect(200).json();
            found["data"].as_array().unwrap().iter().filter(|row| row["trace_id"] == json!(trace(0))).count()
        };
        let said = filtered(json!({"field": "annotation.rating", "op": "eq", "values": ["good"]})).await;
        let unsaid = filtered(json!({"field": "annotation.rating", "op": "not_exists"})).await;
        let annotated = filtered(json!({"field": "annotated", "op": "eq", "values": ["true"]})).await;
        let groups = json!({"from": from, "to": to, "group_by": ["annotation.rating"]});
        let sums = who.post("/v3/traces/aggregate", groups).await.expect(200).json();
        let facet = format!("/v3/traces/facets/annotation.rating?from={from}&to={to}");
        let facet = who.get(&facet).await.expect(200).json();
        let usage = who.get(&format!("/v2/human-evals/{}/usage", rating)).await.expect(200).json();
        let trial = json!({"filters": [{"field": "annotation.rating", "op": "eq", "values": ["good"]}], "days": 90});
        let trial = who.post("/v2/automations/dry-run", trial).await.expect(200).json();
        let tried = trial["traces"].as_array().unwrap().iter().filter(|row| row["trace_id"] == json!(trace(0))).count();
        let told = |body: &Value| usize::from(body.to_string().contains("good"));
        (said, tried, 1 - unsaid, annotated, told(&sums), told(&facet), usage["total"].as_u64().unwrap())
    };
    assert_eq!(known(&ann).await, (1, 1, 1, 1, 1, 1, 1));
    assert_eq!(known(&manager).await, (1, 1, 1, 1, 1, 1, 1));
    assert_eq!(known(&bob).await, (0, 0, 0, 0, 0, 0, 0));
    assert_eq!(desk.claim(&judge).await["items"][0]["item"]["id"], item);
    assert_eq!(known(&judge).await, (0, 0, 0, 0, 0, 0, 0));
    desk.submit(&judge, &item, "bad").await.expect(200);
    assert_eq!(known(&bob).await, (1, 1, 1, 1, 1, 1, 2));
}

/// What stands under `value` anywhere but in the options of human reviews.
fn values(body: &Value) -> Vec<Value> {
    match body {
        Value::Object(fields) => fields
            .iter()
            .filter(|(name, _)| !["options", "human_review", "config"].contains(&name.as_str()))
            .flat_map(|(name, field)| if name == "value" { vec![field.clone()] } else { values(field) })
            .collect(),
        Value::Array(items) => items.iter().flat_map(values).collect(),
        _ => Vec::new(),
    }
}

#[tokio::test]
async fn an_open_queue_shows_what_others_said() {
    let desk = desk(1, Change { overlap: Some(2), ..Change::default() }).await;
    let (ann, bob) = (desk.reviewer().await, desk.reviewer().await);
    let item = desk.claim(&ann).await["items"][0]["item"]["id"].clone();
    desk.submit(&ann, &item, "good").await.expect(200);
    let seen = desk.claim(&bob).await;
    assert_eq!(seen["items"][0]["others"][0]["value"], "good");
    assert_eq!(seen["items"][0]["item"]["state"], "in_review");
}

#[tokio::test]
async fn the_whole_trace_of_an_item_is_there_for_its_reviewer_only() {
    let desk = desk(2, Change::default()).await;
    let (ann, bob) = (desk.reviewer().await, desk.reviewer().await);
    let item = desk.claim(&ann).await["items"][0]["item"]["id"].clone();
    let spans = desk.path(&format!("items/{}/spans", item.as_str().unwrap()));
    let list = ann.get(&spans).await.expect(200).json();
    assert_eq!(list["data"][0]["span_id"], SPAN);
    let span = ann.get(&format!("{spans}/{SPAN}")).await.expect(200).json();
    assert_eq!(span["span"]["summary"]["trace_id"], trace(0));
    ann.get(&format!("{spans}/0000000000000001")).await.error(404);
    assert_eq!(error(bob.get(&spans).await, 409), "lease_lost");
    ann.get(&format!("/v3/traces/{}/spans/{SPAN}", trace(0))).await.error(403);
}

#[tokio::test]
async fn a_flag_has_a_note() {
    let desk = desk(1, Change::default()).await;
    let ann = desk.reviewer().await;
    let item = desk.claim(&ann).await["items"][0]["item"]["id"].clone();
    let path = desk.path(&format!("items/{}/flag", item.as_str().unwrap()));
    let flagged = ann.patch(&path, json!({"flagged": true, "note": "odd"})).await.expect(200).json();
    assert_eq!(flagged, json!({"flagged": true, "note": "odd"}));
    assert_eq!(ann.patch(&path, json!({"flagged": true})).await.expect(200).json()["note"], "odd");
    assert_eq!(
        ann.patch(&path, json!({"flagged": false, "note": ""})).await.expect(200).json(),
        json!({"flagged": false})
    );
    ann.patch(&path, json!({"note": "x"})).await.error(400);
    ann.patch(&path, json!({"flagged": true, "note": "x".repeat(4000)})).await.error(400);
}

#[tokio::test]
async fn a_queue_is_summed_up_and_its_answers_are_a_file() {
    let desk = desk(4, Change::default()).await;
    let ann = desk.test.with_scopes(&["annotate", "read"]).await;
    let first = desk.claim(&ann).await["items"][0]["item"]["id"].clone();
    let second = desk.submit(&ann, &first, "good").await.expect(200).json()["current"].clone();
    let answers = json!([{"key": "defects", "value": ["spelling", "grammatical"], "explanation": "=1+1, \"really\""}]);
    let body = json!({"answers": answers, "submission_id": "2", "active_ms": 6000,
        "note": "Ask the pharmacy.", "flagged": true});
    let third = desk.post(&ann, &second, "submit", body).await.expect(200).json()["current"].clone();
    desk.post(&ann, &third, "decline", json!({"reason": "mine"})).await.expect(200);

    let reader = desk.test.with_scopes(&["read"]).await;
    let summary = reader.get(&desk.path("summary")).await.expect(200).json();
    assert_eq!(summary["days"], json!([{"day": "2026-11-21", "submitted": 2}]));
    assert_eq!((&summary["reviewers"][0]["submitted"], &summary["reviewers"][0]["declined"]), (&json!(2), &json!(1)));
    assert_eq!(summary["median_seconds"], 5.0);
    assert_eq!(summary["answers"][0]["values"], json!([{"value": "good", "count": 1}]));
    assert_eq!(summary["answers"][1]["values"].as_array().unwrap().len(), 2);
    let [flagged, declined] = summary["trouble"].as_array().unwrap().as_slice() else { panic!("{summary}") };
    assert_eq!((&flagged["item_id"], &flagged["remarks"][0]["note"]), (&second, &json!("Ask the pharmacy.")));
    assert_eq!((&declined["item_id"], &declined["declines"]), (&third, &json!(1)));
    assert_eq!(declined["remarks"][0]["reason"], "mine");

    let csv = reader.get(&desk.path("answers?format=csv")).await.expect(200);
    assert_eq!(csv.headers["content-type"], "text/csv; charset=utf-8");
    let csv = String::from_utf8(csv.bytes).unwrap();
    assert_eq!(csv.lines().count(), 3, "{csv}");
    assert!(csv.contains("\"'=1+1, \"\"really\"\"\""), "{csv}");
    let lines = reader.get(&desk.path("answers")).await.expect(200);
    let lines = String::from_utf8(lines.bytes).unwrap();
    let rows: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let noted = rows.iter().find(|row| row["key"] == "defects").unwrap();
    assert_eq!((&noted["note"], &noted["flagged"]), (&json!("Ask the pharmacy."), &json!(true)));
    assert!(noted["input"].as_str().is_some_and(|text| !text.is_empty()), "{noted}");
    let row = rows.iter().find(|row| row["key"] == "rating").unwrap();
    assert_eq!((&row["item_id"], &row["value"], &row["seconds"]), (&first, &json!("good"), &json!(4.0)));
    assert_eq!((&row["definition_version"], &row["submitted_at"]), (&json!(1), &json!("2026-11-21T10:00:00.000Z")));
    reader.get(&desk.path("answers?format=xml")).await.error(400);
    reader.get("/v3/queues/nowhere/answers").await.error(404);
    desk.reviewer().await.get(&desk.path("summary")).await.error(403);
}

#[tokio::test]
async fn the_answers_of_blind_items_are_summed_up_for_who_manages_the_queue_only() {
    let desk = desk(1, Change { blind: Some(true), overlap: Some(2), ..Change::default() }).await;
    let (ann, reader) = (desk.reviewer().await, desk.test.with_scopes(&["read"]).await);
    let manager = desk.test.admin().await;
    let item = desk.claim(&ann).await["items"][0]["item"]["id"].clone();
    desk.submit(&ann, &item, "good").await.expect(200);
    let rows =
        async |who: &Client<'_>| String::from_utf8(who.get(&desk.path("answers")).await.expect(200).bytes).unwrap();
    assert_eq!((rows(&reader).await.lines().count(), rows(&manager).await.lines().count()), (0, 1));
    assert_eq!(reader.get(&desk.path("summary")).await.expect(200).json()["answers"], json!([]));
    desk.claim(&manager).await;
    assert_eq!(rows(&manager).await, "", "who judges the item too is a reviewer like any other");
}

#[tokio::test]
async fn a_long_answer_can_be_corrected() {
    let desk = desk(1, Change { correction: Some(queue::Correction::Optional), ..Change::default() }).await;
    let ann = desk.test.with_scopes(&["annotate", "read"]).await;
    let item = desk.claim(&ann).await["items"][0]["item"]["id"].clone();
    let with_id = |length: usize| {
        json!({"answers": [{"key": "rating", "value": "bad"}], "correction": "ł".repeat(length),
            "submission_id": format!("s{length}"), "active_ms": 1})
    };
    let refused = desk.post(&ann, &item, "submit", with_id(100_001)).await.expect(400).json();
    assert_eq!(refused["field"], "correction");
    desk.post(&ann, &item, "submit", with_id(100_000)).await.expect(200);
    let said = ann.get(&format!("/v2/annotations?trace_id={}", trace(0))).await.expect(200).json();
    let said = said["data"].as_array().unwrap().iter().find(|one| one["key"] == "correction").unwrap().clone();
    assert_eq!(said["value"].as_str().unwrap().chars().count(), 100_000);
}
