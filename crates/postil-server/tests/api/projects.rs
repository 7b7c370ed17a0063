//! Projects and workspaces.

use serde_json::{Value, json};

use crate::accounts::project;
use crate::app::TestApp;

#[tokio::test]
async fn projects_are_listed_newest_first_in_pages() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    for name in ["One", "Two", "Two"] {
        test.clock.advance(1_000_000);
        project(&admin, name).await;
    }
    let keys = |page: &Value| page["data"].as_array().unwrap().iter().map(|one| one["key"].clone()).collect::<Vec<_>>();
    let all = admin.get("/v2/projects").await.expect(200).json();
    assert_eq!((&all["object"], &all["has_more"]), (&json!("list"), &json!(false)));
    assert_eq!(keys(&all), ["two-2", "two", "one", "default"]);
    let first = admin.get("/v2/projects?limit=2").await.json();
    assert_eq!((keys(&first), &first["has_more"]), (vec![json!("two-2"), json!("two")], &json!(true)));
    let last = first["data"][1]["project_id"].as_str().unwrap();
    let second = admin.get(&format!("/v2/projects?limit=2&starting_after={last}")).await.json();
    assert_eq!((keys(&second), &second["has_more"]), (vec![json!("one"), json!("default")], &json!(false)));
    admin.get(&format!("/v2/projects?starting_after={last}&ending_before={last}")).await.error(400);
    admin.get("/v2/projects?limit=201").await.error(400);
    admin.get("/v2/projects?limit=many").await.error(400);
}

#[tokio::test]
async fn a_project_is_made_changed_and_archived() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    for wrong in [
        json!({"name": " "}),
        json!({"name": "x".repeat(129)}),
        json!({}),
        json!({"name": "x", "description": "x".repeat(501)}),
    ] {
        admin.post("/v2/projects", wrong).await.error(400);
    }
    let id = project(&admin, "Support").await;
    let path = format!("/v2/projects/{id}");
    let bound = test.key(&["read"], Some(id.clone())).await;
    bound.get("/v2/identities").await.expect(200);
    let changed = admin.patch(&path, json!({"description": "Mail", "teams": ["eu"]})).await.expect(200).json();
    assert_eq!(changed["project"]["description"], "Mail");
    assert_eq!(changed["project"]["name"], "Support");
    assert_eq!(admin.delete(&path).await.expect(200).json(), json!({}));
    admin.get(&path).await.error(404);
    bound.get("/v2/identities").await.error(401);
    admin.header("x-postil-project", &id).get("/v2/identities").await.error(401);
    // Its key is free again.
    let again = admin.post("/v2/projects", json!({"name": "Support"})).await.expect(200).json();
    assert_eq!(again["project"]["key"], "support");
}

#[tokio::test]
async fn the_default_project_cannot_be_deleted() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    admin.delete(&format!("/v2/projects/{}", test.project_id)).await.error(409);
    admin.get("/v2/projects/default").await.expect(200);
}

#[tokio::test]
async fn a_key_of_one_project_sees_no_other_project() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    let (own, other) = (project(&admin, "Own").await, project(&admin, "Other").await);
    let bound = test.key(&["ingest", "annotate", "read", "admin"], Some(own.clone())).await;
    let list = bound.get("/v2/projects").await.expect(200).json();
    assert_eq!(list["data"].as_array().unwrap().len(), 1);
    assert_eq!(list["data"][0]["project_id"], own);
    let path = format!("/v2/projects/{other}");
    bound.get(&path).await.error(404);
    bound.patch(&path, json!({"name": "Mine"})).await.error(404);
    bound.delete(&path).await.error(404);
    bound.post("/v2/projects", json!({"name": "More"})).await.error(403);
    bound.header("x-postil-project", &other).get("/v2/projects").await.error(401);
}

#[tokio::test]
async fn a_workspace_is_read_and_changed_by_its_key() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    let list = admin.get("/v2/workspaces").await.expect(200).json();
    assert_eq!(list["data"][0]["id"], test.workspace_id);
    let change =
        json!({"display_name": "Acme", "settings": {"same_project_entities_enabled": true}, "tracing_enabled": true});
    let changed = admin.patch("/v2/workspaces/default", change).await.expect(200).json()["workspace"].clone();
    assert_eq!(changed["display_name"], "Acme");
    assert_eq!(admin.get("/v2/workspaces/default").await.json()["workspace"], changed);
    admin.get("/v2/workspaces/other").await.error(404);
    for wrong in [json!({"archived": true}), json!({"logo_url": "javascript:alert(1)"}), json!({"display_name": ""})] {
        admin.patch("/v2/workspaces/default", wrong).await.error(400);
    }
}
