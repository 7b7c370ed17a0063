//! Deletion on purpose.

use postil_server::{jobs, retention};
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::reviewed::{TRACE, here, say, start};

#[tokio::test]
async fn a_trace_is_deleted_with_what_was_said_of_it_and_the_answer_says_how_much() {
    let test = start().await;
    let admin = test.admin().await;
    say(&admin, "rating", json!("good")).await.expect(200);
    let path = format!("/v3/traces/{TRACE}");
    let extent = admin.get(&format!("{path}/extent")).await.expect(200).json();
    assert_eq!((&extent["spans"], &extent["annotations"], &extent["datapoints"]), (&json!(1), &json!(1), &json!(0)));
    for scopes in [["read"], ["annotate"], ["ingest"]] {
        test.with_scopes(&scopes).await.delete(&path).await.error(403);
    }
    assert_eq!(admin.delete(&path).await.expect(200).json(), extent);
    admin.get(&path).await.error(404);
    admin.get(&here()).await.error(404);
    admin.delete(&path).await.error(404);
    admin.get(&format!("{path}/extent")).await.error(404);
    let page = admin.get("/v2/logs").await.expect(200).json();
    assert_eq!(page["data"], json!([]));
}

/// Traces 1 to 30: of ann the even ones, of bob the odd.
async fn many(test: &TestApp) {
    let admin = test.admin().await;
    let spans: Vec<_> = (1..=30u64)
        .map(|number| {
            let at = 1_795_255_100_000_000_000 + number;
            let user = if number % 2 == 0 { "ann" } else { "bob" };
            json!({"traceId": format!("{number:032x}"), "spanId": format!("{number:016x}"), "name": "chat", "kind": 3,
                "startTimeUnixNano": at.to_string(), "endTimeUnixNano": (at + 1000).to_string(),
                "attributes": [{"key": "user.id", "value": {"stringValue": user}}]})
        })
        .collect();
    admin.post("/v1/traces", json!({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]})).await.expect(200);
}

async fn left(test: &TestApp) -> Vec<Value> {
    let everything = json!({"from": "2000-01-01T00:00:00Z", "to": "2100-01-01T00:00:00Z", "limit": 200});
    let found = test.admin().await.post("/v3/traces/search", everything).await.expect(200).json();
    found["data"].as_array().unwrap().clone()
}

#[tokio::test]
async fn all_traces_that_match_are_deleted_in_the_background() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    many(&test).await;
    let wanted = json!({"from": "2000-01-01T00:00:00Z", "to": "2100-01-01T00:00:00Z",
        "filters": [{"field": "user_id", "op": "eq", "values": ["ann"]}]});
    let job = admin.post("/v3/traces/delete", wanted).await.expect(202).json();
    assert_eq!((&job["kind"], &job["total"]), (&json!("delete_traces"), &json!(15)));
    jobs::work_off(&test.app, "worker").await.unwrap();
    let ended = admin.get(&format!("/v2/jobs/{}", job["id"].as_str().unwrap())).await.expect(200).json();
    assert_eq!((&ended["state"], &ended["done"]), (&json!("done"), &json!(15)));
    assert_eq!(left(&test).await.len(), 15);
    for body in [
        json!({}),
        json!({"trace_ids": []}),
        json!({"trace_ids": ["a"], "query": "b"}),
        json!({"from": "2000-01-01T00:00:00Z", "to": "2100-01-01T00:00:00Z", "filters": [{"field": "no", "op": "eq"}]}),
    ] {
        admin.post("/v3/traces/delete", body).await.error(400);
    }
    test.with_scopes(&["read", "annotate"])
        .await
        .post("/v3/traces/delete", json!({"trace_ids": ["a"]}))
        .await
        .error(403);
    assert_eq!(left(&test).await.len(), 15);
}

#[tokio::test]
async fn what_is_known_of_a_person_is_deleted() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    many(&test).await;
    let known = admin.post("/v2/identities", json!({"external_id": "ann"})).await.expect(201).json();
    let id = known["identity"]["_id"].as_str().unwrap();
    let job = admin.delete(&format!("/v2/identities/{id}/data")).await.expect(202).json();
    assert_eq!((&job["kind"], &job["total"]), (&json!("delete_identity_data"), &json!(15)));
    jobs::work_off(&test.app, "worker").await.unwrap();
    assert!(left(&test).await.iter().all(|trace| !trace.to_string().contains("\"ann\"")));
    assert_eq!(left(&test).await.len(), 15);
    // One that is in no list of identities is known to its traces.
    admin.delete("/v2/identities/bob/data").await.expect(202);
    jobs::work_off(&test.app, "worker").await.unwrap();
    assert!(left(&test).await.is_empty());
    test.with_scopes(&["read"]).await.delete("/v2/identities/ann/data").await.error(403);
}

#[tokio::test]
async fn a_project_that_cannot_come_back_is_emptied_beside_everything_else() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    let made = admin.post("/v2/projects", json!({"name": "Short"})).await.expect(200).json();
    let id = made["project"]["project_id"].as_str().unwrap().to_owned();
    admin.delete(&format!("/v2/projects/{id}")).await.expect(200);
    test.clock.advance(29 * 86_400_000_000);
    retention::pass(&test.app, "holder").await.unwrap();
    admin.post(&format!("/v2/projects/{id}/restore"), json!({})).await.expect(200);
    admin.delete(&format!("/v2/projects/{id}")).await.expect(200);
    test.clock.advance(31 * 86_400_000_000);
    retention::pass(&test.app, "holder").await.unwrap();
    admin.post(&format!("/v2/projects/{id}/restore"), json!({})).await.error(404);
    assert_eq!(admin.get("/v2/projects?archived=true").await.expect(200).json()["data"], json!([]));
}

#[tokio::test]
async fn an_archived_project_is_deleted_at_once_by_those_who_administer_the_workspace() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    let made = admin.post("/v2/projects", json!({"name": "Short"})).await.expect(200).json();
    let id = made["project"]["project_id"].as_str().unwrap().to_owned();
    let there = format!("/v2/projects/{id}/data");
    let bound = test.key(&["admin"], Some(id.clone())).await;
    bound.delete(&there).await.error(403);
    admin.delete(&there).await.error(404);
    admin.delete(&format!("/v2/projects/{id}")).await.expect(200);
    let job = admin.delete(&there).await.expect(202).json();
    assert_eq!((&job["kind"], &job["total"]), (&json!("delete_project"), &json!(0)));
    let archived = admin.get("/v2/projects?archived=true").await.expect(200).json();
    assert!(archived["data"][0]["deleting_since"].is_string(), "{archived}");
    admin.delete(&there).await.error(409);
    admin.post(&format!("/v2/projects/{id}/restore"), json!({})).await.error(409);
    let path = format!("/v2/jobs/{}", job["id"].as_str().unwrap());
    admin.post(&format!("{path}/cancel"), json!({})).await.error(409);
    // Its time is not over, and the job is at it.
    retention::pass(&test.app, "holder").await.unwrap();
    assert_eq!(admin.get(&path).await.expect(200).json()["state"], "queued");
    jobs::work_off(&test.app, "worker").await.unwrap();
    assert_eq!(admin.get(&path).await.expect(200).json()["state"], "done");
    assert_eq!(admin.get("/v2/projects?archived=true").await.expect(200).json()["data"], json!([]));
}
