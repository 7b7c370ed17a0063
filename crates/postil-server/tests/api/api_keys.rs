//! API keys.

use serde_json::{Value, json};

use crate::accounts::project;
use crate::app::{Client, TestApp};

async fn made(by: &Client<'_>, body: Value) -> Value {
    by.post("/v2/api-keys", body).await.expect(200).json()
}

fn with<'a>(test: &'a TestApp, key: &Value) -> Client<'a> {
    test.anonymous().header("authorization", &format!("Bearer {}", key["token"].as_str().unwrap()))
}

fn path(key: &Value) -> String {
    format!("/v2/api-keys/{}", key["id"].as_str().unwrap())
}

#[tokio::test]
async fn the_secret_of_a_key_is_shown_once() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    let key = made(&admin, json!({"name": "ci"})).await;
    let token = key["token"].as_str().unwrap();
    assert!(token.starts_with("sk-orq-"), "{token}");
    assert_eq!(key["scopes"], json!(["ingest", "annotate", "read", "admin"]));
    assert_eq!((&key["status"], &key["active"], &key["projects"]), (&json!("active"), &json!(true), &json!([])));
    with(&test, &key).get("/v2/projects").await.expect(200);
    let list = admin.get("/v2/api-keys").await.expect(200);
    assert!(!String::from_utf8_lossy(&list.bytes).contains(token));
    assert_eq!(list.json()[0]["name"], "ci");
    let read = admin.get(&path(&key)).await.expect(200).json();
    assert_eq!(read["token"], key["token_prefix"]);
    assert!(!read["token"].as_str().unwrap().contains(&token[30..]), "{read}");
    assert_eq!(admin.get("/v2/api-keys?source=router").await.json(), json!([]));
}

#[tokio::test]
async fn a_key_may_do_what_its_words_say() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    for (body, scopes, mode) in [
        (json!({"permission_mode": "PERMISSION_MODE_READ_ONLY"}), json!(["read"]), "read_only"),
        (
            json!({"permission_mode": "restricted", "access": {"traces": "write"}}),
            json!(["ingest", "read"]),
            "restricted",
        ),
        (json!({"scopes": ["annotate"]}), json!(["annotate"]), "restricted"),
    ] {
        let mut body = body;
        body["name"] = json!("k");
        let key = made(&admin, body).await;
        assert_eq!((&key["scopes"], &key["permission_mode"]), (&scopes, &json!(mode)));
        with(&test, &key).get("/v2/api-keys").await.error(403);
    }
    for (wrong, field) in [
        (json!({"name": "k", "permission_mode": "root"}), "permission_mode"),
        (json!({"name": "k", "access": {"models": "write"}}), "access.models"),
        (json!({"name": "k", "projects": ["nowhere"]}), "project_scope.project_id"),
        (json!({"name": "k", "projects": ["a", "b"]}), "projects"),
        (json!({"name": "k", "expiration": "tomorrow"}), "expiration"),
        (json!({"name": "k", "constraints": {"expires_at": "2026-11-21T10:00:00Z"}}), "constraints.expires_at"),
        (json!({"name": "k", "owner": {"type": "user", "user_id": "nobody"}}), "owner.user_id"),
        (json!({"name": "k", "project_scope": {"mode": "single"}}), "project_scope"),
        (json!({"name": ""}), "name"),
    ] {
        let answer = admin.post("/v2/api-keys", wrong.clone()).await.expect(400).json();
        assert_eq!(answer["field"], field, "{wrong}");
    }
    admin.post("/v2/api-keys", json!({"name": "k", "colour": "red"})).await.error(400);
    admin.patch("/v2/api-keys/x", json!({"colour": "red"})).await.error(400);
}

#[tokio::test]
async fn a_key_is_switched_off_and_on_and_revoked_for_good() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    let key = made(&admin, json!({"name": "k"})).await;
    let client = with(&test, &key);
    client.get("/v2/projects").await.expect(200);
    let off = admin.patch(&path(&key), json!({"active": false, "name": "K2"})).await.expect(200).json();
    assert_eq!((&off["status"], &off["active"], &off["name"]), (&json!("disabled"), &json!(false), &json!("K2")));
    client.get("/v2/projects").await.error(401);
    admin.patch(&path(&key), json!({"status": "active"})).await.expect(200);
    client.get("/v2/projects").await.expect(200);
    admin.patch(&path(&key), json!({"status": "active", "active": false})).await.error(400);
    admin.patch(&path(&key), json!({"status": "revoked"})).await.expect(200);
    client.get("/v2/projects").await.error(401);
    admin.patch(&path(&key), json!({"active": true})).await.error(409);
    assert!(admin.delete(&path(&key)).await.expect(204).bytes.is_empty());
    admin.get(&path(&key)).await.error(404);
    admin.delete(&path(&key)).await.error(404);
}

#[tokio::test]
async fn a_key_stops_when_it_expires() {
    let test = TestApp::start().await;
    let key =
        made(&test.admin().await, json!({"name": "k", "constraints": {"expires_at": "2026-11-21T10:00:10Z"}})).await;
    assert_eq!(key["expiration"], "2026-11-21T10:00:10.000Z");
    with(&test, &key).get("/v2/projects").await.expect(200);
    test.clock.advance(10_000_000);
    with(&test, &key).get("/v2/projects").await.error(401);
}

#[tokio::test]
async fn a_key_never_gives_more_than_it_has() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    let weak = test.with_scopes(&["read", "admin"]).await;
    weak.post("/v2/api-keys", json!({"name": "k"})).await.error(403);
    weak.post("/v2/api-keys", json!({"name": "k", "scopes": ["ingest"]})).await.error(403);
    let own = made(&weak, json!({"name": "k", "scopes": ["read"]})).await;
    weak.patch(&path(&own), json!({"permission_mode": "all"})).await.error(403);
    let strong = made(&admin, json!({"name": "strong"})).await;
    weak.patch(&path(&strong), json!({"active": false})).await.expect(200);
    weak.patch(&path(&strong), json!({"active": true})).await.error(403);
    let reading = test.with_scopes(&["read", "ingest", "annotate"]).await;
    reading.post("/v2/api-keys", json!({"name": "k", "scopes": ["read"]})).await.error(403);
}

#[tokio::test]
async fn a_key_of_one_project_knows_only_the_keys_of_that_project() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    let (one, two) = (project(&admin, "One").await, project(&admin, "Two").await);
    let of_two =
        made(&admin, json!({"name": "two", "project_scope": {"mode": "single", "single": {"project_id": two}}})).await;
    assert_eq!(of_two["project_scope"]["project_id"], two);
    let everywhere = made(&admin, json!({"name": "everywhere"})).await;
    let bound = test.key(&["ingest", "annotate", "read", "admin"], Some(one.clone())).await;
    for key in [&of_two, &everywhere] {
        bound.get(&path(key)).await.error(404);
        bound.patch(&path(key), json!({"active": false})).await.error(404);
        bound.delete(&path(key)).await.error(404);
    }
    assert_eq!(bound.get("/v2/api-keys").await.json().as_array().unwrap().len(), 1);
    assert_eq!(bound.get(&format!("/v2/api-keys?project_id={two}")).await.json(), json!([]));
    let child = made(&bound, json!({"name": "child"})).await;
    assert_eq!(child["projects"], json!([one]));
    bound.post("/v2/api-keys", json!({"name": "k", "projects": [two]})).await.error(400);
    bound.post("/v2/api-keys", json!({"name": "k", "project_scope": {"mode": "all"}})).await.error(403);
    bound.patch(&path(&child), json!({"project_scope": {"all": {}}})).await.error(403);
    assert_eq!(admin.get(&format!("/v2/api-keys?project_id={one}")).await.json().as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn the_capabilities_need_no_key() {
    let test = TestApp::start().await;
    let domains = test.anonymous().get("/v2/api-keys/capabilities").await.expect(200).json()["domains"].clone();
    let names: Vec<_> = domains.as_array().unwrap().iter().map(|domain| domain["id"].as_str().unwrap()).collect();
    assert_eq!(names, ["administration", "annotations", "traces"]);
}

#[tokio::test]
async fn clients_of_4_13_are_understood() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    let key = made(&admin, json!({"name": "k", "expires_at": "2026-12-01T00:00:00Z"})).await;
    assert_eq!(key["constraints"]["expires_at"], "2026-12-01T00:00:00.000Z");
    let off = json!({"status": "API_KEY_STATUS_DISABLED", "expires_at": "2026-12-02T00:00:00Z"});
    let changed = admin.patch(&path(&key), off).await.expect(200).json();
    assert_eq!((&changed["status"], &changed["expiration"]), (&json!("disabled"), &json!("2026-12-02T00:00:00.000Z")));
    with(&test, &key).get("/v2/projects").await.error(401);
    admin.patch(&path(&key), json!({"status": "API_KEY_STATUS_ACTIVE"})).await.expect(200);
    with(&test, &key).get("/v2/projects").await.expect(200);
    admin.patch(&path(&key), json!({"status": "API_KEY_STATUS_ODD"})).await.error(400);
    admin.patch(&path(&key), json!({"expires_at": "soon"})).await.error(400);
    let both = json!({"name": "k", "expires_at": "2026-12-01T00:00:00Z", "expiration": "2026-12-01T00:00:00Z"});
    admin.post("/v2/api-keys", both).await.error(400);
}
