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

#[tokio::test]
async fn an_archived_project_is_listed_and_comes_back_with_its_keys() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    let id = project(&admin, "Support").await;
    let bound = test.key(&["read"], Some(id.clone())).await;
    admin.post(&format!("/v2/projects/{id}/restore"), json!({})).await.error(404);
    admin.delete(&format!("/v2/projects/{id}")).await.expect(200);
    let archived = admin.get("/v2/projects?archived=true").await.expect(200).json();
    assert_eq!(archived["data"][0]["project_id"], id);
    assert_eq!(archived["data"][0]["is_archived"], true);
    // Meanwhile another one took its name in addresses.
    project(&admin, "Support").await;
    let back = admin.post(&format!("/v2/projects/{id}/restore"), json!({})).await.expect(200).json();
    assert_eq!((&back["project"]["key"], &back["project"]["is_archived"]), (&json!("support-2"), &json!(false)));
    bound.get("/v2/identities").await.expect(200);
    assert_eq!(admin.get("/v2/projects?archived=true").await.json()["data"], json!([]));
    bound.get("/v2/projects?archived=true").await.error(403);
    bound.post(&format!("/v2/projects/{id}/restore"), json!({})).await.error(403);
}

#[tokio::test]
async fn a_project_says_how_long_it_keeps_traces_and_what_would_go() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    let path = "/v2/projects/default";
    assert!(
        admin.get(path).await.json()["project"].get("retention_days").is_none(),
        "for ever unless somebody says so"
    );
    for wrong in [json!({"retention_days": -1}), json!({"retention_days": 3651}), json!({"retention_days": "week"})] {
        admin.patch(path, wrong).await.error(400);
    }
    let changed = admin.patch(path, json!({"retention_days": 30})).await.expect(200).json();
    assert_eq!(changed["project"]["retention_days"], 30);
    assert_eq!(admin.patch(path, json!({"name": "Mine"})).await.json()["project"]["retention_days"], 30);
    assert!(admin.patch(path, json!({"retention_days": 0})).await.json()["project"].get("retention_days").is_none());
    let span = json!({"traceId": "07".repeat(16), "spanId": "01".repeat(8), "name": "step", "kind": 1,
        "startTimeUnixNano": "1795255100000000000", "endTimeUnixNano": "1795255101000000000"});
    let body = json!({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]});
    admin.post("/v1/traces", body).await.expect(200);
    let would = |days: i64| format!("{path}/retention?days={days}");
    assert_eq!(admin.get(&would(1)).await.expect(200).json()["traces"], 0);
    test.clock.advance(2 * 86_400_000_000);
    let preview = admin.get(&would(1)).await.expect(200).json();
    assert_eq!((&preview["traces"], &preview["retention_days"]), (&json!(1), &json!(1)));
    assert_eq!(admin.get(&would(3)).await.json()["traces"], 0);
    for wrong in ["0", "3651", "week"] {
        admin.get(&format!("{path}/retention?days={wrong}")).await.error(400);
    }
    let queue = admin.post("/v3/queues", json!({"display_name": "Triage"})).await.expect(200).json();
    let queue = format!("/v3/queues/{}", queue["id"].as_str().unwrap());
    let items = json!({"items": [{"trace_id": "07".repeat(16)}]});
    assert_eq!(admin.post(&format!("{queue}/items"), items).await.expect(200).json()["added"], 1);
    admin.patch(path, json!({"retention_days": 1})).await.expect(200);
    let removed = postil_server::retention::pass(&test.app, "test").await.unwrap();
    assert_eq!((removed.traces, removed.spans), (1, 1));
    admin.get(&format!("/v3/traces/{}", "07".repeat(16))).await.error(404);
    let progress = admin.get(&queue).await.json()["progress"].clone();
    assert_eq!(
        (&progress["total"], &progress["orphaned"], &progress["to_do"]),
        (&json!(1), &json!(1), &json!(0)),
        "what went is counted, and nobody is given it"
    );
    let metrics = test.anonymous().get("/metrics").await;
    let page = String::from_utf8_lossy(&metrics.bytes).into_owned();
    assert!(
        page.contains("postil_retention_traces_total 1") && page.contains("postil_retention_spans_total 1"),
        "{page}"
    );
}
