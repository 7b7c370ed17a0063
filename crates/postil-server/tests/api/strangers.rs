//! Somebody of one project can neither read nor change another, whatever they send: every operation is tried.

use axum::http::Method;
use postil::project::Role;
use serde_json::json;

use crate::accounts::{PASSWORD, as_role, member, owner, project};
use crate::app::{Client, TestApp};
use crate::operations::{self, Filled, Operation};

/// Stands in everything the other project holds.
const SECRET: &str = "hush-7f3a91";

/// A stranger, and what they did that they may not.
struct Stranger<'a> {
    client: Client<'a>,
    theirs: Filled,
    own: Filled,
    project: String,
    wrong: Vec<String>,
}

impl Stranger<'_> {
    /// Sends one request, and looks that the answer tells nothing.
    async fn attempt(&mut self, client: &Client<'_>, method: &Method, path: &str, body: Option<&String>) -> u16 {
        let answer = client.send(method.clone(), path, body.map(|body| body.clone().into_bytes())).await;
        let said = String::from_utf8_lossy(&answer.bytes);
        // An error may repeat what it was asked for, which the stranger knew.
        if !answer.status.is_client_error() && said.contains(SECRET) {
            self.wrong.push(format!("{method} {path} told {said}"));
        }
        answer.status.as_u16()
    }

    /// Tries one operation in every way that names the other project.
    async fn intrude(&mut self, operation: &Operation) {
        let Operation { method, path: template, .. } = operation;
        let (path, here) = (self.theirs.path(template), self.own.path(template));
        let (client, there) = (self.client.clone(), self.client.header("x-postil-project", &self.project));
        let is_shared =
            ["/v2/workspaces/{key}", "/v3/traces/facets/{field}", "/v2/sessions/{session_id}"].contains(&&**template);
        let is_public = ["/healthz", "/readyz", "/metrics", "/api/", "/v2/api-keys/capabilities"];
        let bodies =
            operation.accepted.iter().chain(&operation.body).map(|body| Some(body.to_string().replace(SECRET, "mine")));
        let values = [self.project.clone(), self.theirs.path("/{trace_id}")[1..].to_owned(), format!("user-{SECRET}")];
        for body in bodies.chain((operation.body.is_none()).then_some(None)) {
            let status = self.attempt(&client, method, &path, body.as_ref()).await;
            if template.contains('{') && !is_shared && ![400, 403, 404, 409].contains(&status) {
                self.wrong.push(format!("{method} {path} {body:?} was answered with {status}"));
            }
            let status = self.attempt(&there, method, &path, body.as_ref()).await;
            if !is_public.iter().any(|free| path.starts_with(free)) && ![400, 401, 403, 404].contains(&status) {
                self.wrong.push(format!("{method} {path} {body:?} in their project was answered with {status}"));
            }
            for name in ["project_id", "project"].into_iter().chain(operation.query.iter().map(String::as_str)) {
                for value in &values {
                    self.attempt(&client, method, &format!("{here}?{name}={value}"), body.as_ref()).await;
                }
            }
        }
    }
}

#[tokio::test]
async fn nobody_reads_or_changes_a_project_they_are_not_of() {
    let test = TestApp::start().await;
    let boss = owner(&test).await;
    let other = project(&boss, SECRET).await;
    let (ann, ben) =
        (member(&test, "a@example.com", None, None).await, member(&test, "b@example.com", None, None).await);
    let change = format!("/api/members/{ben}");
    boss.header("x-postil-project", &other).patch(&change, json!({"role": "viewer"})).await.expect(200);
    let scopes = postil::project::caller::SCOPES;
    let keys = [test.key(&scopes, Some(other.clone())).await, test.key(&scopes, Some(test.project_id.clone())).await];
    let admin = as_role(&test, Role::Admin).await;
    let mut wrong = Vec::new();
    for (round, client) in [keys[1].clone(), admin].into_iter().enumerate() {
        let theirs = operations::fill(&keys[0], &ben, &other, &format!("{SECRET}-{round}"), ['8', '6'][round]).await;
        let own = operations::fill(&keys[1], &ann, &test.project_id, &format!("own-{round}"), '7').await;
        // What arrived is counted in memory until somebody asks.
        test.app.write_arrived().await.unwrap();
        let before = operations::everything(&test, 2, &other).await;
        assert!(before.len() > 12 && before.iter().any(|row| row.contains(SECRET)), "{before:#?}");
        let mut operations = operations::all(&theirs.words);
        // Last, because sending a span under their id makes one's own of that name, which may then be read.
        operations
            .sort_by_key(|operation| ["/v1/", "/v2/traces/v1/"].iter().any(|path| operation.path.starts_with(path)));
        let mut stranger = Stranger { client, theirs, own, project: other.clone(), wrong: Vec::new() };
        for operation in operations {
            // The first would end the stranger's session; links are for whoever holds them.
            let links = ["/api/sign-out", "/api/invites/by-token/", "/v3/media/uploads/", "/v3/media/downloads/"];
            // Says how an upload ended, also one that brought nothing; it goes to the log of the server only.
            let report = operation.method == Method::PATCH && operation.path.starts_with("/api/public/media/");
            if report || links.iter().any(|path| operation.path.starts_with(path)) {
                continue;
            }
            stranger.intrude(&operation).await;
            if before != operations::everything(&test, 2, &other).await {
                panic!("{} {} changed the other project", operation.method, operation.path);
            }
        }
        wrong.extend(stranger.wrong);
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn a_stream_of_another_project_is_not_opened() {
    let test = TestApp::start().await;
    let other = project(&owner(&test).await, "Other").await;
    for stranger in [test.key(&["read"], Some(test.project_id.clone())).await, as_role(&test, Role::Viewer).await] {
        let status = stranger.header("x-postil-project", &other).get("/v3/events").await.status;
        assert!([401, 404].contains(&status.as_u16()), "{status}");
    }
}

#[tokio::test]
async fn no_change_is_made_by_a_cookie_alone() {
    let test = TestApp::start().await;
    let signed_in = owner(&test).await;
    let key = test.key(&postil::project::caller::SCOPES, Some(test.project_id.clone())).await;
    let someone = member(&test, "a@example.com", None, None).await;
    let filled = operations::fill(&key, &someone, &test.project_id, "own", '7').await;
    let foreign = signed_in.header("x-csrf-token", "");
    test.app.write_arrived().await.unwrap();
    let before = operations::everything(&test, 1, &test.project_id).await;
    for operation in operations::all(&filled.words) {
        let is_for_anybody = ["/api/sign-in", "/api/invites/by-token/", "/v3/media/uploads/"]
            .iter()
            .any(|path| operation.path.starts_with(path));
        if operation.method == Method::GET || is_for_anybody {
            continue;
        }
        let body = operation.accepted.first().or(operation.body.as_ref()).map(|body| body.to_string().into_bytes());
        let path = filled.path(&operation.path);
        let answer = foreign.send(operation.method.clone(), &path, body).await;
        assert_eq!(answer.status, 403, "{} {path}", operation.method);
    }
    assert_eq!(before, operations::everything(&test, 1, &test.project_id).await);
}

#[tokio::test]
async fn a_session_that_was_planted_before_the_sign_in_is_not_the_one_after_it() {
    let test = TestApp::start().await;
    owner(&test).await;
    let planted = test.anonymous().header("cookie", &format!("postil_session={}", "ab".repeat(32)));
    let credentials = json!({"email": "boss@example.com", "password": PASSWORD});
    let answer = planted.post("/api/sign-in", credentials).await.expect(200);
    assert!(!answer.headers["set-cookie"].to_str().unwrap().contains(&"ab".repeat(32)));
    planted.get("/api/me").await.error(401);
}
