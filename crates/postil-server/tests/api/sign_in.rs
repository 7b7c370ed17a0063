//! Signing in and out.

use axum::http::Method;
use postil::project::{Role, member};
use serde_json::json;

use crate::accounts::{PASSWORD, as_role, browser, member as add, sign_in};
use crate::app::TestApp;

const ADA: &str = "ada@example.com";

async fn with_ada(test: &TestApp) -> String {
    add(test, ADA, None, Some(Role::Admin)).await
}

#[tokio::test]
async fn the_cookie_is_out_of_reach_of_scripts_and_other_sites() {
    let test = TestApp::start().await;
    with_ada(&test).await;
    let body = json!({"email": " Ada@Example.com ", "password": PASSWORD});
    let plain = test.anonymous().post("/api/sign-in", body.clone()).await.expect(200);
    let cookie = plain.headers["set-cookie"].to_str().unwrap().to_owned();
    assert!(cookie.starts_with("postil_session="), "{cookie}");
    for flag in ["; HttpOnly", "; SameSite=Lax", "; Path=/", "; Max-Age=2592000"] {
        assert!(cookie.contains(flag), "{cookie}");
    }
    assert!(!cookie.contains("Secure"), "{cookie}");
    let https = test.anonymous().header("x-forwarded-proto", "https").post("/api/sign-in", body.clone()).await;
    assert!(https.headers["set-cookie"].to_str().unwrap().contains("; Secure"));
    test.app.secure_cookies.store(true, std::sync::atomic::Ordering::Relaxed);
    let configured = test.anonymous().post("/api/sign-in", body).await;
    assert!(configured.headers["set-cookie"].to_str().unwrap().contains("; Secure"));
}

#[tokio::test]
async fn a_session_is_stored_only_as_a_hash() {
    let test = TestApp::start().await;
    with_ada(&test).await;
    let answer = test.anonymous().post("/api/sign-in", json!({"email": ADA, "password": PASSWORD})).await.expect(200);
    let cookie = answer.headers["set-cookie"].to_str().unwrap();
    let secret = cookie.strip_prefix("postil_session=").unwrap().split(';').next().unwrap().to_owned();
    assert_eq!(secret.len(), 64);
    let read = test.app.db.read(|tx| tx.query_one("select token_hash from sign_in", &[])?.text(0)).await.unwrap();
    assert_eq!(read, postil::project::key::hash(&secret));
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_member_get_the_same_answer() {
    let test = TestApp::start().await;
    with_ada(&test).await;
    add(&test, "gone@example.com", None, None).await;
    let remove = "update member set disabled_at = 1 where email = 'gone@example.com'";
    test.app.db.write(move |tx| tx.execute(remove, &[])).await.unwrap();
    let wrong =
        test.anonymous().post("/api/sign-in", json!({"email": ADA, "password": "wrong horse"})).await.error(401);
    for email in ["nobody@example.com", "gone@example.com"] {
        let answer = test.anonymous().post("/api/sign-in", json!({"email": email, "password": PASSWORD})).await;
        assert_eq!(answer.error(401), wrong, "{email}");
    }
}

#[tokio::test]
async fn a_change_needs_the_sessions_csrf_token() {
    let test = TestApp::start().await;
    with_ada(&test).await;
    let ada = sign_in(&test, ADA).await;
    let body = json!({"role": "viewer"});
    let before = ada.post("/api/invites", body.clone()).await.expect(200);
    drop(before);
    for client in [ada.header("x-csrf-token", ""), ada.header("x-csrf-token", "0123")] {
        client.post("/api/invites", body.clone()).await.error(403);
        client.get("/api/invites").await.expect(200);
    }
    for (name, value) in [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example"), ("origin", "null")] {
        ada.header("host", "postil.example").header(name, value).post("/api/invites", body.clone()).await.error(403);
    }
    let own = ada.header("host", "postil.example").header("origin", "https://postil.example");
    own.post("/api/invites", body.clone()).await.expect(200);
    let list = ada.get("/api/invites").await.json();
    assert_eq!(list["data"].as_array().unwrap().len(), 2, "refused changes store nothing");
}

#[tokio::test]
async fn another_site_cannot_sign_anybody_in() {
    let test = TestApp::start().await;
    with_ada(&test).await;
    let foreign = test.anonymous().header("sec-fetch-site", "cross-site");
    foreign.post("/api/sign-in", json!({"email": ADA, "password": PASSWORD})).await.error(403);
}

#[tokio::test]
async fn guessing_is_stopped_and_forgotten_after_a_quarter_of_an_hour() {
    let test = TestApp::start().await;
    with_ada(&test).await;
    let wrong = json!({"email": ADA, "password": "wrong horse"});
    for _ in 0..10 {
        test.anonymous().post("/api/sign-in", wrong.clone()).await.error(401);
    }
    test.clock.advance(60_000_000);
    let right = json!({"email": ADA, "password": PASSWORD});
    let stopped = test.anonymous().post("/api/sign-in", right.clone()).await.expect(429);
    assert_eq!(stopped.headers["retry-after"], "840");
    let unknown = json!({"email": "ADA@example.com ", "password": PASSWORD});
    test.anonymous().post("/api/sign-in", unknown).await.error(429);
    test.clock.advance(840_000_000);
    test.anonymous().post("/api/sign-in", right).await.expect(200);
}

#[tokio::test]
async fn a_link_signs_in_once_and_not_for_long() {
    let test = TestApp::start().await;
    let id = with_ada(&test).await;
    let link = || {
        let (clock, id) = (test.clock.clone(), id.clone());
        test.app.db.write(move |tx| member::sign_in_link(tx, &clock, &id))
    };
    let token = link().await.unwrap();
    let answer = test.anonymous().post("/api/sign-in/link", json!({"token": token})).await.expect(200);
    let me = browser(&test, &answer).get("/api/me").await.expect(200).json();
    assert_eq!(me["member"]["email"], ADA);
    test.anonymous().post("/api/sign-in/link", json!({"token": token})).await.error(401);
    let late = link().await.unwrap();
    test.clock.advance(3600 * 1_000_000);
    test.anonymous().post("/api/sign-in/link", json!({"token": late})).await.error(401);
}

#[tokio::test]
async fn signing_out_ends_this_session_and_everywhere_ends_all() {
    let test = TestApp::start().await;
    with_ada(&test).await;
    let (one, two, three) = (sign_in(&test, ADA).await, sign_in(&test, ADA).await, sign_in(&test, ADA).await);
    for client in [&one, &two, &three] {
        client.get("/v2/projects").await.expect(200);
    }
    let out = one.send(Method::POST, "/api/sign-out", None).await.expect(204);
    assert!(out.headers["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
    one.get("/v2/projects").await.error(401);
    two.post("/api/sign-out-everywhere", json!({})).await.expect(204);
    three.get("/v2/projects").await.error(401);
}

#[tokio::test]
async fn a_session_lasts_thirty_days() {
    let test = TestApp::start().await;
    with_ada(&test).await;
    let ada = sign_in(&test, ADA).await;
    test.clock.advance(30 * 24 * 3600 * 1_000_000 - 1);
    ada.get("/api/me").await.expect(200);
    test.clock.advance(1);
    ada.get("/api/me").await.error(401);
}

#[tokio::test]
async fn a_new_password_needs_the_old_one_and_ends_other_sessions() {
    let test = TestApp::start().await;
    with_ada(&test).await;
    let (ada, other) = (sign_in(&test, ADA).await, sign_in(&test, ADA).await);
    let change = |current: &str, new: &str| json!({"current_password": current, "new_password": new});
    ada.post("/api/me/password", change("wrong horse", "battery staple")).await.error(400);
    let short = ada.post("/api/me/password", change(PASSWORD, "too short")).await.expect(400).json();
    assert_eq!(short["field"], "new_password");
    other.get("/api/me").await.expect(200);
    ada.post("/api/me/password", change(PASSWORD, "battery staple")).await.expect(204);
    ada.get("/api/me").await.expect(200);
    other.get("/api/me").await.error(401);
    test.anonymous().post("/api/sign-in", json!({"email": ADA, "password": PASSWORD})).await.error(401);
    test.anonymous().post("/api/sign-in", json!({"email": ADA, "password": "battery staple"})).await.expect(200);
}

#[tokio::test]
async fn a_key_beats_the_cookie_and_an_empty_cookie_is_none() {
    let test = TestApp::start().await;
    with_ada(&test).await;
    let key = test.admin().await;
    let body = json!({"external_id": "u1"});
    key.header("cookie", "").post("/v2/identities", body).await.expect(201);
    let cookie = format!("postil_session={}", "0".repeat(64));
    key.header("cookie", &cookie).post("/v2/identities", json!({"external_id": "u2"})).await.expect(201);
    test.anonymous().header("cookie", &cookie).get("/v2/projects").await.error(401);
}

#[tokio::test]
async fn a_nul_in_an_address_is_refused() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    for path in ["/v2/identities/a%00b", "/v2/identities?search=a%00b", "/api/invites/by-token/%00"] {
        admin.get(path).await.error(400);
    }
}

#[tokio::test]
async fn what_was_done_by_whom_is_logged_and_no_secret_is() {
    let test = TestApp::start().await;
    with_ada(&test).await;
    let log = tempfile::NamedTempFile::new().unwrap();
    let writer = std::sync::Mutex::new(log.reopen().unwrap());
    // With a single subscriber, other tests' threads, which have none, could decide that nobody wants an event.
    let _second = tracing::Dispatch::new(tracing::subscriber::NoSubscriber::default());
    let subscriber = tracing_subscriber::fmt().json().with_writer(writer).finish();
    let guard = tracing::subscriber::set_default(subscriber);
    let ada = sign_in(&test, ADA).await;
    let made = ada.post("/v2/api-keys", json!({"name": "k"})).await.expect(200);
    drop(guard);
    let text = std::fs::read_to_string(log.path()).unwrap();
    let (key, request) = (made.json(), made.headers["x-request-id"].to_str().unwrap().to_owned());
    let line = text.lines().find(|line| line.contains("api_key.create")).expect("the change is logged");
    for part in [key["id"].as_str().unwrap(), &request, "member:"] {
        assert!(line.contains(part), "{part} is not in {line}");
    }
    for secret in [key["token"].as_str().unwrap(), PASSWORD] {
        assert!(!text.contains(secret), "{text}");
    }
}

#[tokio::test]
async fn anybody_changes_their_own_name_and_preferences() {
    let test = TestApp::start().await;
    let viewer = as_role(&test, Role::Viewer).await;
    assert_eq!(viewer.get("/api/me").await.expect(200).json()["preferences"], json!({}));
    let renamed = viewer.patch("/api/me", json!({"display_name": " Grace "})).await.expect(200).json();
    assert_eq!(renamed["member"]["display_name"], "Grace");
    let chosen = json!({"keys": {"raw": "x"}});
    viewer.patch("/api/me", json!({"preferences": chosen})).await.expect(200);
    let me = viewer.get("/api/me").await.json();
    assert_eq!((&me["preferences"], &me["member"]["display_name"]), (&chosen, &json!("Grace")));
    for wrong in [
        json!({"display_name": " "}),
        json!({"preferences": [1]}),
        json!({"preferences": {"x": "y".repeat(17_000)}}),
        json!({"workspace_role": "owner"}),
    ] {
        viewer.patch("/api/me", wrong).await.error(400);
    }
    assert_eq!(viewer.get("/api/me").await.json()["preferences"], chosen, "what was refused changed nothing");
    test.admin().await.patch("/api/me", json!({"display_name": "Key"})).await.error(401);
    test.anonymous().patch("/api/me", json!({"display_name": "Nobody"})).await.error(401);
}
