//! Who may do what.

use axum::http::Method;
use postil::project::Role;
use serde_json::{Value, json};

use crate::accounts::{PASSWORD, as_role, member, owner, project, sign_in};
use crate::app::TestApp;

const ROLES: [Role; 5] = [Role::Viewer, Role::Reviewer, Role::Developer, Role::Admin, Role::Owner];

#[tokio::test]
async fn each_role_may_do_what_it_is_for_and_nothing_more() {
    use Role::{Admin, Developer, Owner, Viewer};
    let test = TestApp::start().await;
    let other = member(&test, "other@example.com", None, Some(Viewer)).await;
    let change = format!("/api/members/{other}");
    let own = format!("/v2/projects/{}", test.project_id);
    let table: Vec<(Method, &str, Option<Value>, Option<Role>)> = vec![
        (Method::GET, "/v2/projects", None, Some(Viewer)),
        (Method::GET, "/v2/workspaces", None, Some(Viewer)),
        (Method::GET, "/v2/identities", None, Some(Viewer)),
        (Method::GET, "/api/members", None, Some(Viewer)),
        (Method::POST, "/v2/identities", Some(json!({"external_id": "ROLE"})), Some(Developer)),
        (Method::GET, "/v2/api-keys", None, Some(Admin)),
        (Method::POST, "/v2/api-keys", Some(json!({"name": "k"})), Some(Admin)),
        (Method::GET, "/api/invites", None, Some(Admin)),
        (Method::POST, "/api/invites", Some(json!({"role": "admin"})), Some(Admin)),
        (Method::POST, "/api/invites", Some(json!({"role": "owner"})), Some(Owner)),
        (Method::PATCH, &change, Some(json!({"role": "viewer"})), Some(Admin)),
        (Method::PATCH, &change, Some(json!({"workspace_role": "admin"})), None),
        (Method::PATCH, &own, Some(json!({"description": "d"})), Some(Admin)),
        (Method::POST, "/v2/projects", Some(json!({"name": "p"})), None),
        (Method::DELETE, &own, None, None),
        (Method::GET, "/v3/users", None, None),
        (Method::PATCH, "/v2/workspaces/default", Some(json!({"display_name": "w"})), None),
    ];
    for role in ROLES {
        let client = as_role(&test, role).await;
        for (method, path, body, least) in &table {
            let body = body.as_ref().map(|body| body.to_string().replace("ROLE", role.name()).into_bytes());
            let answer = client.send(method.clone(), path, body).await;
            // Reviewers reach their queues and nothing else.
            let allowed = role != Role::Reviewer && least.is_some_and(|least| role >= least);
            let case = format!("{} {method} {path}: {}", role.name(), String::from_utf8_lossy(&answer.bytes));
            if allowed {
                assert!(answer.status.is_success(), "{case}")
            } else {
                assert_eq!(answer.status, 403, "{case}")
            }
        }
    }
}

#[tokio::test]
async fn owners_and_admins_of_the_workspace_hold_in_every_project() {
    let test = TestApp::start().await;
    let boss = owner(&test).await;
    let other = project(&boss, "Other").await;
    member(&test, "admin@example.com", Some(Role::Admin), None).await;
    let admin = sign_in(&test, "admin@example.com").await.header("x-postil-project", &other);
    admin.post("/v2/api-keys", json!({"name": "k"})).await.expect(200);
    let me = admin.get("/api/me").await.expect(200).json();
    assert_eq!(me["project_id"], other);
    assert_eq!(me["member"]["workspace_role"], "admin");
    assert_eq!(me["projects"].as_array().unwrap().len(), 2);
    admin.get("/v3/users").await.expect(200);
}

#[tokio::test]
async fn a_project_without_a_role_looks_like_one_that_does_not_exist() {
    let test = TestApp::start().await;
    let boss = owner(&test).await;
    let secret = project(&boss, "Secret").await;
    let viewer = as_role(&test, Role::Viewer).await;
    let hidden = viewer.header("x-postil-project", &secret).get("/v2/identities").await.error(404);
    let missing = viewer.header("x-postil-project", "nowhere").get("/v2/identities").await.error(404);
    assert_eq!(hidden, missing);
    let hidden = viewer.get(&format!("/v2/projects/{secret}")).await.error(404);
    assert_eq!(hidden, viewer.get("/v2/projects/nowhere").await.error(404));
    let list = viewer.get("/v2/projects").await.json();
    assert_eq!(list["data"].as_array().unwrap().len(), 1);
    member(&test, "guest@example.com", None, None).await;
    let guest = sign_in(&test, "guest@example.com").await;
    guest.get("/v2/projects").await.error(404);
    let me = guest.get("/api/me").await.expect(200).json();
    assert_eq!(me["projects"], json!([]));
    assert!(me["csrf_token"].is_string());
}

#[tokio::test]
async fn a_role_in_one_project_is_none_in_another() {
    let test = TestApp::start().await;
    let boss = owner(&test).await;
    let other = project(&boss, "Other").await;
    let id = member(&test, "dev@example.com", None, Some(Role::Admin)).await;
    let there = boss.header("x-postil-project", &other);
    there.patch(&format!("/api/members/{id}"), json!({"role": "viewer"})).await.expect(200);
    let dev = sign_in(&test, "dev@example.com").await;
    dev.get("/v2/api-keys").await.expect(200);
    dev.header("x-postil-project", &other).get("/v2/api-keys").await.error(403);
    dev.patch(&format!("/v2/projects/{other}"), json!({"name": "Mine"})).await.error(403);
    dev.post("/v2/api-keys", json!({"name": "k", "projects": [other]})).await.error(403);
}

#[tokio::test]
async fn the_last_owner_stays() {
    let test = TestApp::start().await;
    let boss = owner(&test).await;
    let me = boss.get("/api/me").await.json()["member"]["id"].as_str().unwrap().to_owned();
    let path = format!("/api/members/{me}");
    boss.patch(&path, json!({"workspace_role": "admin"})).await.error(409);
    boss.patch(&path, json!({"workspace_role": "none"})).await.error(409);
    boss.delete(&path).await.error(409);
    boss.delete(&format!("/v3/users/{me}")).await.error(409);
    let second = member(&test, "second@example.com", None, None).await;
    boss.patch(&format!("/api/members/{second}"), json!({"workspace_role": "owner"})).await.expect(200);
    boss.patch(&path, json!({"workspace_role": "admin"})).await.expect(200);
    // Demoted, they stand below the other owner.
    boss.patch(&format!("/api/members/{second}"), json!({"workspace_role": "none"})).await.error(403);
    boss.delete(&format!("/api/members/{second}")).await.error(403);
    boss.patch(&path, json!({"workspace_role": "owner"})).await.error(403);
}

#[tokio::test]
async fn who_is_removed_is_out_at_once_and_can_be_brought_back() {
    let test = TestApp::start().await;
    let boss = owner(&test).await;
    let viewer = as_role(&test, Role::Viewer).await;
    let id = viewer.get("/api/me").await.json()["member"]["id"].as_str().unwrap().to_owned();
    viewer.get("/v2/projects").await.expect(200);
    boss.delete(&format!("/api/members/{id}")).await.expect(204);
    viewer.get("/v2/projects").await.error(401);
    test.anonymous()
        .post("/api/sign-in", json!({"email": "viewer@example.com", "password": PASSWORD}))
        .await
        .error(401);
    boss.delete(&format!("/api/members/{id}")).await.error(404);
    let again = member(&test, "viewer@example.com", None, None).await;
    assert_eq!(again, id);
}

#[tokio::test]
async fn a_project_admin_removes_from_the_project_only() {
    let test = TestApp::start().await;
    let boss = owner(&test).await;
    let other = project(&boss, "Other").await;
    let id = member(&test, "both@example.com", None, Some(Role::Viewer)).await;
    let there = boss.header("x-postil-project", &other);
    there.patch(&format!("/api/members/{id}"), json!({"role": "viewer"})).await.expect(200);
    let admin = as_role(&test, Role::Admin).await;
    let boss_id = boss.get("/api/me").await.json()["member"]["id"].as_str().unwrap().to_owned();
    admin.delete(&format!("/api/members/{boss_id}")).await.error(403);
    admin.delete(&format!("/api/members/{id}")).await.expect(204);
    admin.delete(&format!("/api/members/{id}")).await.error(404);
    let both = sign_in(&test, "both@example.com").await;
    let me = both.get("/api/me").await.json();
    assert_eq!(me["projects"][0]["project_id"], other);
    assert_eq!(me["project_id"], other, "the first project they have a role in");
}

#[tokio::test]
async fn addresses_are_for_admins_and_oneself() {
    let test = TestApp::start().await;
    owner(&test).await;
    let viewer = as_role(&test, Role::Viewer).await;
    let list = viewer.get("/api/members").await.expect(200).json();
    let seen: Vec<_> = list["data"].as_array().unwrap().iter().filter_map(|member| member["email"].as_str()).collect();
    assert_eq!(seen, ["viewer@example.com"]);
}

#[tokio::test]
async fn users_are_members_in_the_words_of_clients() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    let path = format!("/v3/users/{}", test.project_id);
    let body = json!({"emails": ["new@example.com", "Two@example.com"], "roles": ["developer"]});
    let users = admin.post(&path, body.clone()).await.expect(200).json()["users"].clone();
    assert_eq!(users[0]["roles"], json!(["developer"]));
    assert_eq!(users[1]["email"], "two@example.com");
    assert_eq!(admin.post(&path, body).await.expect(200).json()["users"][0]["id"], users[0]["id"]);
    let wrong = admin.post(&path, json!({"emails": ["third@example.com", "nonsense"], "roles": ["viewer"]})).await;
    assert_eq!(wrong.expect(400).json()["field"], "emails[1]");
    assert_eq!(admin.get("/v3/users").await.json()["users"].as_array().unwrap().len(), 2, "all or nothing");
    admin.post(&path, json!({"emails": ["x@example.com"], "roles": ["owner"]})).await.error(403);
    let one = format!("/v3/users/{}", users[0]["id"].as_str().unwrap());
    let changed = admin.patch(&one, json!({"role": "admin", "last_activity": "2026-11-20T00:00:00Z"})).await;
    let changed = changed.expect(200).json()["user"].clone();
    assert_eq!(changed["roles"], json!(["admin"]));
    assert_eq!(changed["last_activity"], "2026-11-20T00:00:00.000Z");
    assert_eq!(admin.delete(&one).await.expect(200).json(), json!({}));
    admin.get(&one).await.error(404);
    let bound = test.key(&["read", "admin"], Some(test.project_id.clone())).await;
    bound.get("/v3/users").await.error(403);
}
