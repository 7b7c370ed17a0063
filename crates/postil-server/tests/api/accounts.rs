//! People for the tests: members with roles, and browsers in which they are signed in.

use postil::project::{Role, member, password};
use serde_json::json;

use crate::app::{Answer, Client, TestApp};

/// Everybody's password.
pub const PASSWORD: &str = "correct horse";

/// Adds a member with a role in the whole workspace, or in the default project, or nowhere.
pub async fn member(test: &TestApp, email: &str, workspace_role: Option<Role>, role: Option<Role>) -> String {
    let hash = password::hash(PASSWORD).unwrap();
    let (clock, workspace, project) = (test.clock.clone(), test.workspace_id.clone(), test.project_id.clone());
    let email = email.to_owned();
    let adding = test.app.db.write(move |tx| {
        let id = member::add(tx, &clock, &workspace, &email, "Ada", Some(&hash), workspace_role)?;
        if let Some(role) = role {
            member::set_role(tx, &id, &project, role)?;
        }
        Ok(id)
    });
    adding.await.unwrap()
}

/// What a browser keeps of an answer: the cookie, and the token its pages send.
pub fn browser<'a>(test: &'a TestApp, answer: &Answer) -> Client<'a> {
    let cookie = answer.headers["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let csrf = answer.json()["csrf_token"].as_str().unwrap().to_owned();
    test.anonymous().header("cookie", &cookie).header("x-csrf-token", &csrf)
}

/// Signs a member in.
pub async fn sign_in<'a>(test: &'a TestApp, email: &str) -> Client<'a> {
    let answer = test.anonymous().post("/api/sign-in", json!({"email": email, "password": PASSWORD})).await;
    browser(test, &answer.expect(200))
}

/// A member of a role in the default project, signed in.
pub async fn as_role<'a>(test: &'a TestApp, role: Role) -> Client<'a> {
    let email = format!("{}@example.com", role.name());
    member(test, &email, None, Some(role)).await;
    sign_in(test, &email).await
}

/// An owner of the workspace, signed in.
pub async fn owner(test: &TestApp) -> Client<'_> {
    member(test, "boss@example.com", Some(Role::Owner), None).await;
    sign_in(test, "boss@example.com").await
}

/// Makes a project and returns its id.
pub async fn project(by: &Client<'_>, name: &str) -> String {
    let made = by.post("/v2/projects", json!({"name": name})).await.expect(200).json();
    made["project"]["project_id"].as_str().unwrap().to_owned()
}
