//! Invites.

use postil::project::Role;
use serde_json::{Value, json};

use crate::accounts::{as_role, browser, member, owner, project, sign_in};
use crate::app::{Client, TestApp};

async fn invite(test: &TestApp, body: Value) -> (String, String) {
    let made = test.admin().await.post("/api/invites", body).await.expect(200).json();
    assert_eq!(made["path"], format!("/invite/{}", made["token"].as_str().unwrap()));
    (made["id"].as_str().unwrap().into(), made["token"].as_str().unwrap().into())
}

fn at(token: &str) -> String {
    format!("/api/invites/by-token/{token}")
}

fn guest(email: &str) -> Value {
    json!({"name": "Grace", "email": email, "password": "correct horse"})
}

#[tokio::test]
async fn an_invite_makes_a_member_once() {
    let test = TestApp::start().await;
    let (_, token) = invite(&test, json!({"role": "reviewer"})).await;
    let seen = test.anonymous().get(&at(&token)).await.expect(200).json();
    assert_eq!(
        seen,
        json!({"workspace": "Workspace", "project": "Default", "role": "reviewer", "expires_at": "2026-11-28T10:00:00.000Z"})
    );
    let accept = format!("{}/accept", at(&token));
    test.anonymous()
        .post(&accept, json!({"name": "Grace", "email": "g@example.com", "password": "short"}))
        .await
        .error(400);
    test.anonymous()
        .post(&accept, json!({"name": " ", "email": "g@example.com", "password": "correct horse"}))
        .await
        .error(400);
    let answer = test.anonymous().post(&accept, guest("g@example.com")).await.expect(200);
    let me = browser(&test, &answer).get("/api/me").await.expect(200).json();
    assert_eq!(me["projects"][0]["role"], "reviewer");
    assert_eq!(me["projects"][0]["permissions"], json!(["review"]));
    test.anonymous().post(&accept, guest("h@example.com")).await.error(404);
    test.anonymous().get(&at(&token)).await.error(404);
    let list = test.admin().await.get("/api/invites").await.json();
    assert_eq!(list["data"][0]["status"], "used");
    assert!(list["data"][0].get("token").is_none());
}

#[tokio::test]
async fn an_invite_lapses_after_seven_days_or_when_it_says() {
    let test = TestApp::start().await;
    let (_, week) = invite(&test, json!({"role": "viewer"})).await;
    let (_, day) = invite(&test, json!({"role": "viewer", "expires_in_days": 1})).await;
    let admin = test.admin().await;
    admin.post("/api/invites", json!({"role": "viewer", "expires_in_days": 0})).await.error(400);
    admin.post("/api/invites", json!({"role": "viewer", "expires_in_days": 91})).await.error(400);
    test.clock.advance(24 * 3600 * 1_000_000);
    test.anonymous().post(&format!("{}/accept", at(&day)), guest("g@example.com")).await.error(404);
    test.clock.advance(6 * 24 * 3600 * 1_000_000 - 1);
    test.anonymous().get(&at(&week)).await.expect(200);
    test.clock.advance(1);
    test.anonymous().get(&at(&week)).await.error(404);
}

#[tokio::test]
async fn an_invite_for_one_address_works_for_no_other() {
    let test = TestApp::start().await;
    let (_, token) = invite(&test, json!({"role": "viewer", "email": "Grace@Example.com"})).await;
    let accept = format!("{}/accept", at(&token));
    test.anonymous().post(&accept, guest("mallory@example.com")).await.error(403);
    let answer =
        test.anonymous().post(&accept, json!({"name": "Grace", "password": "correct horse"})).await.expect(200);
    assert_eq!(answer.json()["member"]["email"], "grace@example.com");
}

#[tokio::test]
async fn an_invite_can_be_taken_back_by_its_own_project_only() {
    let test = TestApp::start().await;
    let (id, token) = invite(&test, json!({"role": "viewer"})).await;
    let boss = owner(&test).await;
    let other = project(&boss, "Other").await;
    let elsewhere = boss.header("x-postil-project", &other);
    assert_eq!(elsewhere.get("/api/invites").await.json(), json!({"data": []}));
    elsewhere.delete(&format!("/api/invites/{id}")).await.error(404);
    boss.delete(&format!("/api/invites/{id}")).await.expect(204);
    test.anonymous().get(&at(&token)).await.error(404);
}

#[tokio::test]
async fn a_member_accepts_with_their_session_and_loses_nothing() {
    let test = TestApp::start().await;
    let (_, token) = invite(&test, json!({"role": "viewer"})).await;
    member(&test, "dev@example.com", None, Some(Role::Developer)).await;
    let accept = format!("{}/accept", at(&token));
    test.anonymous().post(&accept, guest("dev@example.com")).await.error(409);
    let dev = sign_in(&test, "dev@example.com").await;
    let seen = dev.get(accept.trim_end_matches("/accept")).await.expect(200).json();
    assert_eq!(seen["signed_in"]["email"], dev.get("/api/me").await.json()["member"]["email"]);
    dev.header("x-csrf-token", "").post(&accept, json!({})).await.error(403);
    dev.post(&accept, json!({})).await.expect(200);
    let me = dev.get("/api/me").await.json();
    assert_eq!(me["projects"][0]["role"], "developer");
}

#[tokio::test]
async fn nobody_invites_above_their_own_role() {
    let test = TestApp::start().await;
    let admin = as_role(&test, Role::Admin).await;
    admin.post("/api/invites", json!({"role": "owner"})).await.error(403);
    test.admin().await.post("/api/invites", json!({"role": "owner"})).await.error(403);
    admin.post("/api/invites", json!({"role": "king"})).await.error(400);
    assert_eq!(admin.get("/api/invites").await.json(), json!({"data": []}));
}

#[tokio::test]
async fn an_invite_ends_with_the_right_of_whoever_made_it() {
    let test = TestApp::start().await;
    let boss = owner(&test).await;
    let made_by = async |client: &Client<'_>| {
        let made = client.post("/api/invites", json!({"role": "admin"})).await.expect(200).json();
        made["token"].as_str().unwrap().to_owned()
    };
    let admin = as_role(&test, Role::Admin).await;
    let me = admin.get("/api/me").await.json()["member"]["id"].as_str().unwrap().to_owned();
    let path = format!("/api/members/{me}");
    let token = made_by(&admin).await;
    test.anonymous().get(&at(&token)).await.expect(200);
    boss.patch(&path, json!({"role": "developer"})).await.expect(200);
    test.anonymous().get(&at(&token)).await.error(404);
    test.anonymous().post(&format!("{}/accept", at(&token)), guest("again@example.com")).await.error(404);
    boss.patch(&path, json!({"role": "admin"})).await.expect(200);
    boss.delete(&path).await.expect(204);
    test.anonymous().get(&at(&token)).await.error(404);

    let key = boss.post("/v2/api-keys", json!({"name": "leaked"})).await.expect(200).json();
    let leaked = test.anonymous().header("authorization", &format!("Bearer {}", key["token"].as_str().unwrap()));
    let token = made_by(&leaked).await;
    test.anonymous().get(&at(&token)).await.expect(200);
    let path = format!("/v2/api-keys/{}", key["id"].as_str().unwrap());
    boss.patch(&path, json!({"scopes": ["read"]})).await.expect(200);
    test.anonymous().get(&at(&token)).await.error(404);
    boss.patch(&path, json!({"scopes": ["ingest", "annotate", "read", "admin"]})).await.expect(200);
    test.anonymous().get(&at(&token)).await.expect(200);
    boss.delete(&format!("/v2/api-keys/{}", key["id"].as_str().unwrap())).await;
    test.anonymous().get(&at(&token)).await.error(404);
}

#[tokio::test]
async fn a_key_gives_nobody_a_role_that_may_do_more_than_the_key() {
    let test = TestApp::start().await;
    let viewer = as_role(&test, Role::Viewer).await;
    let path = format!("/api/members/{}", viewer.get("/api/me").await.json()["member"]["id"].as_str().unwrap());
    let key = test.with_scopes(&["admin"]).await;
    for change in [json!({"role": "admin"}), json!({"role": "developer"}), json!({"workspace_role": "admin"})] {
        key.patch(&path, change).await.error(403);
    }
    key.patch(&path, json!({"role": "viewer"})).await.expect(200);
    test.admin().await.patch(&path, json!({"role": "admin"})).await.expect(200);
}

#[tokio::test]
async fn whoever_leaves_a_project_leaves_the_keys_behind_that_are_theirs_there() {
    let test = TestApp::start().await;
    let boss = owner(&test).await;
    let admin = as_role(&test, Role::Admin).await;
    let me = admin.get("/api/me").await.json()["member"]["id"].as_str().unwrap().to_owned();
    let wanted = json!({"name": "mine", "owner": {"type": "user", "user_id": me}});
    let key = admin.post("/v2/api-keys", wanted).await.expect(200).json();
    let token = format!("Bearer {}", key["token"].as_str().unwrap());
    let mine = test.anonymous().header("authorization", &token);
    mine.get("/v2/human-evals").await.expect(200);
    boss.delete(&format!("/api/members/{me}?project_only=true")).await.expect(204);
    mine.get("/v2/human-evals").await.error(401);
}
