//! The role reviewer: the queues they may review in, and nothing else.

use std::collections::BTreeSet;

use postil::project::Role;
use serde_json::{Value, json};

use crate::accounts::{as_role, browser, member, owner, sign_in};
use crate::app::{Client, TestApp};
use crate::operations;

/// What a reviewer reaches beside their queues: what anybody may call, and what is about themselves.
const OPEN: [&str; 13] = [
    "/healthz",
    "/readyz",
    "/metrics",
    "/openapi.json",
    "/docs",
    "/api/sign-in",
    "/api/sign-out",
    "/api/me",
    "/api/invites/by-token/",
    "/api/sessions",
    "/v3/media/downloads/",
    "/v3/media/uploads/",
    "/v2/api-keys/capabilities",
];
/// What a reviewer may do with queues.
const REVIEW: [&str; 4] = ["GET /v3/queues", "GET /v3/queues/{queue_id}", "/review", "/v3/media/{sha256}"];

async fn queue(client: &Client<'_>, body: Value) -> String {
    client.post("/v3/queues", body).await.expect(200).json()["id"].as_str().unwrap().to_owned()
}

fn ids(list: &Value) -> Vec<String> {
    list["data"].as_array().unwrap().iter().map(|queue| queue["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn every_operation_but_reviewing_is_refused_to_a_reviewer() {
    let test = TestApp::start().await;
    let key = test.key(&postil::project::caller::SCOPES, Some(test.project_id.clone())).await;
    let someone = member(&test, "someone@example.com", None, Some(Role::Viewer)).await;
    let filled = operations::fill(&key, &someone, &test.project_id, "mark", '7').await;
    let reviewer = as_role(&test, Role::Reviewer).await;
    let mut reached = BTreeSet::new();
    for operation in operations::all(&filled.words) {
        let name = format!("{} {}", operation.method, operation.path);
        if OPEN.iter().any(|path| operation.path.starts_with(path)) {
            continue;
        }
        let bodies = operation.accepted.iter().chain(&operation.body).map(Some);
        for body in bodies.chain(operation.body.is_none().then_some(None)) {
            let body = body.map(|body| body.to_string().into_bytes());
            let answer = reviewer.send(operation.method.clone(), &filled.path(&operation.path), body).await;
            if answer.status != 403 {
                reached.insert(format!("{name}: {}", answer.status));
            }
        }
    }
    let is_for_reviewers = |name: &String| {
        let name = name.rsplit_once(": ").unwrap().0;
        REVIEW.iter().any(|may| name == *may || (may.starts_with('/') && name.contains(may))) || reviewing(name)
    };
    let wrong: Vec<_> = reached.iter().filter(|name| !is_for_reviewers(name)).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(reached.contains("GET /v3/queues/{queue_id}: 200 OK"), "{reached:#?}");
}

/// The calls of a review, which the role is for.
fn reviewing(name: &str) -> bool {
    let ends = ["claim", "release", "mine", "heartbeat", "draft", "submit", "skip", "decline", "flag", "undo"];
    let spans = ["/items/{item_id}/spans", "/items/{item_id}/spans/{span_id}"];
    name.contains(" /v3/queues/{queue_id}/")
        && (ends.iter().any(|end| name.ends_with(&format!("/{end}"))) || spans.iter().any(|end| name.ends_with(end)))
}

#[tokio::test]
async fn a_reviewer_sees_queues_that_are_open_to_all_or_name_them() {
    let test = TestApp::start().await;
    let boss = owner(&test).await;
    let open = queue(&boss, json!({"display_name": "open"})).await;
    let closed = queue(&boss, json!({"display_name": "closed", "open_to_all": false})).await;
    let ann = member(&test, "ann@example.com", None, Some(Role::Reviewer)).await;
    let reviewer = sign_in(&test, "ann@example.com").await;
    assert_eq!(ids(&reviewer.get("/v3/queues").await.expect(200).json()), [open.as_str()]);
    reviewer.get(&format!("/v3/queues/{closed}")).await.error(404);
    boss.post(&format!("/v3/queues/{closed}/reviewers/{ann}"), json!({})).await.expect(204);
    let found = reviewer.get(&format!("/v3/queues/{closed}")).await.expect(200).json();
    assert_eq!(found["may_review"], true);
    assert_eq!(found["reviewers"], json!([{"id": ann, "display_name": "Ada"}]));
    assert_eq!(reviewer.get("/v3/queues").await.json()["data"].as_array().unwrap().len(), 2);
    boss.delete(&format!("/v3/queues/{closed}/reviewers/{ann}")).await.expect(204);
    boss.delete(&format!("/v3/queues/{closed}/reviewers/{ann}")).await.error(404);
    reviewer.get(&format!("/v3/queues/{closed}")).await.error(404);
    let nobody = boss.post(&format!("/v3/queues/{closed}/reviewers/nobody"), json!({})).await.expect(400).json();
    assert_eq!(nobody["field"], "member_id");
}

#[tokio::test]
async fn an_invite_to_one_queue_opens_this_queue_and_nothing_else() {
    let test = TestApp::start().await;
    let boss = owner(&test).await;
    let open = queue(&boss, json!({"display_name": "open"})).await;
    let theirs = queue(&boss, json!({"display_name": "theirs", "open_to_all": false})).await;
    let wrong = boss.post("/api/invites", json!({"role": "reviewer", "queue_id": "nothing"})).await;
    assert_eq!(wrong.expect(400).json()["field"], "queue_id");
    let wrong = boss.post("/api/invites", json!({"role": "viewer", "queue_id": theirs})).await;
    assert_eq!(wrong.expect(400).json()["field"], "role");
    let invite = boss.post("/api/invites", json!({"role": "reviewer", "queue_id": theirs})).await.expect(200).json();
    assert_eq!(invite["queue_id"], theirs);
    assert_eq!(boss.get("/api/invites").await.json()["data"][0]["queue_id"], theirs);
    let link = format!("/api/invites/by-token/{}", invite["token"].as_str().unwrap());
    assert_eq!(test.anonymous().get(&link).await.expect(200).json()["queue"], "theirs");
    let accept = format!("{link}/accept");
    let guest = json!({"name": "Ann", "email": "ann@example.com", "password": "correct horse"});
    let answer = test.anonymous().post(&accept, guest).await.expect(200);
    let ann = browser(&test, &answer);
    assert_eq!(ids(&ann.get("/v3/queues").await.expect(200).json()), [theirs.as_str()]);
    ann.get(&format!("/v3/queues/{open}")).await.error(404);
    let me = ann.get("/api/me").await.expect(200).json();
    assert_eq!(me["projects"][0]["permissions"], json!(["review"]));
    ann.post("/v3/traces/search", json!({"from": "2026-11-20T00:00:00Z", "to": "2026-11-22T00:00:00Z"}))
        .await
        .error(403);
    // The role reviewer without a queue opens the others as well.
    let id = me["member"]["id"].as_str().unwrap();
    boss.patch(&format!("/api/members/{id}"), json!({"role": "reviewer"})).await.expect(200);
    ann.get(&format!("/v3/queues/{open}")).await.expect(200);
}

#[tokio::test]
async fn an_invite_to_a_queue_lapses_and_ends_with_its_queue() {
    let test = TestApp::start().await;
    let boss = owner(&test).await;
    let theirs = queue(&boss, json!({"display_name": "theirs"})).await;
    let body = json!({"role": "reviewer", "queue_id": theirs, "expires_in_days": 1});
    let invite = boss.post("/api/invites", body).await.expect(200).json();
    let link = format!("/api/invites/by-token/{}", invite["token"].as_str().unwrap());
    let accept = format!("{link}/accept");
    let guest = json!({"name": "Ann", "email": "ann@example.com", "password": "correct horse"});
    boss.delete(&format!("/v3/queues/{theirs}")).await.expect(204);
    test.anonymous().get(&link).await.error(409);
    test.anonymous().post(&accept, guest.clone()).await.error(409);
    test.clock.advance(86_400_000_000);
    test.anonymous().post(&accept, guest).await.error(404);
}

#[tokio::test]
async fn a_reviewer_gets_the_media_of_their_items_and_no_other() {
    let test = TestApp::start().await;
    let key = test.key(&postil::project::caller::SCOPES, Some(test.project_id.clone())).await;
    let someone = member(&test, "someone@example.com", None, Some(Role::Viewer)).await;
    let filled = operations::fill(&key, &someone, &test.project_id, "mark", '7').await;
    let media = filled.path("/v3/media/{sha256}");
    let reviewer = as_role(&test, Role::Reviewer).await;
    reviewer.get(&media).await.expect(200);
    let queue = filled.words["queue_id"].as_str().unwrap();
    key.patch(&format!("/v3/queues/{queue}"), json!({"open_to_all": false})).await.expect(200);
    reviewer.get(&media).await.error(403);
    key.patch(&format!("/v3/queues/{queue}"), json!({"open_to_all": true})).await.expect(200);
    key.delete(&format!("/v2/annotation-queues/{queue}/clear")).await.expect(204);
    reviewer.get(&media).await.error(403);
}

#[tokio::test]
async fn a_reviewer_hears_of_their_queues_and_of_nothing_else() {
    let test = TestApp::start().await;
    let boss = owner(&test).await;
    let open = queue(&boss, json!({"display_name": "open"})).await;
    let closed = queue(&boss, json!({"display_name": "closed", "open_to_all": false})).await;
    let reviewer = as_role(&test, Role::Reviewer).await;
    let mut stream = reviewer.open("/v3/events").await;
    assert_eq!(stream.next().await.unwrap().event, "open");
    let key = test.admin().await;
    let span = json!({"traceId": "ab".repeat(16), "spanId": "cd".repeat(8), "name": "n",
        "startTimeUnixNano": "1795255200000000000", "endTimeUnixNano": "1795255201000000000"});
    key.post("/v1/traces", json!({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]})).await.expect(200);
    boss.patch(&format!("/v3/queues/{closed}"), json!({"blind": true})).await.expect(200);
    boss.patch(&format!("/v3/queues/{open}"), json!({"blind": true})).await.expect(200);
    let message = stream.next().await.unwrap();
    assert_eq!(message.event, "changes");
    assert_eq!(message.data["events"], json!([{"type": "queue.updated", "queue_id": open}]));
    assert_eq!(message.data["counts"], json!({"queue.updated": 1}));
}

#[tokio::test]
async fn an_invite_to_a_queue_takes_nothing_away_from_who_has_a_part_in_the_project() {
    let test = TestApp::start().await;
    let boss = owner(&test).await;
    let theirs = queue(&boss, json!({"display_name": "theirs", "open_to_all": false})).await;
    let invite = boss.post("/api/invites", json!({"role": "reviewer", "queue_id": theirs})).await.expect(200).json();
    let accept = format!("/api/invites/by-token/{}/accept", invite["token"].as_str().unwrap());
    let viewer = as_role(&test, Role::Viewer).await;
    viewer.post(&accept, json!({})).await.error(409);
    viewer.get("/v2/projects").await.expect(200);
    let developer = as_role(&test, Role::Developer).await;
    let answer = developer.post(&accept, json!({})).await.expect(200);
    let developer = browser(&test, &answer);
    let me = developer.get("/api/me").await.expect(200).json();
    assert_eq!(me["projects"][0]["role"], "developer");
    let named = boss.get(&format!("/v3/queues/{theirs}")).await.json()["reviewers"].clone();
    assert_eq!(named[0]["id"], me["member"]["id"]);
}
