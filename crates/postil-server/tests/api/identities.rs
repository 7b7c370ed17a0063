//! Identities.

use serde_json::{Value, json};

use crate::accounts::project;
use crate::app::TestApp;

fn ids(page: &Value) -> Vec<&str> {
    page["data"].as_array().unwrap().iter().map(|one| one["external_id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn an_identity_is_made_once_and_found_by_either_id() {
    let test = TestApp::start().await;
    let app = test.with_scopes(&["ingest", "read"]).await;
    let body = json!({"external_id": "user-123", "display_name": "Ada", "email": "ada@example.com", "tags": ["vip"]});
    let made = app.post("/v2/identities", body.clone()).await.expect(201).json()["identity"].clone();
    assert_eq!(made["created"], "2026-11-21T10:00:00.000Z");
    app.post("/v2/identities", body).await.error(409);
    for id in ["user-123", made["_id"].as_str().unwrap()] {
        assert_eq!(app.get(&format!("/v2/identities/{id}")).await.expect(200).json()["identity"], made);
    }
    app.get("/v2/identities/nobody").await.error(404);
    let change = json!({"email": "", "tags": [], "metadata": {"plan": "pro"}});
    let changed = app.patch("/v2/identities/user-123", change).await.expect(200).json()["identity"].clone();
    assert!(changed.get("email").is_none());
    assert_eq!((&changed["tags"], &changed["metadata"]), (&json!([]), &json!({"plan": "pro"})));
    assert_eq!(changed["display_name"], "Ada");
    assert_eq!(app.delete("/v2/identities/user-123").await.expect(200).json(), json!({}));
    app.get("/v2/identities/user-123").await.error(404);
}

#[tokio::test]
async fn a_bad_identity_is_refused_and_not_stored() {
    let test = TestApp::start().await;
    let app = test.with_scopes(&["ingest", "read"]).await;
    for (body, field) in [
        (json!({"external_id": ""}), "external_id"),
        (json!({"external_id": "a", "email": "nonsense"}), "email"),
        (json!({"external_id": "a", "tags": ["x".repeat(256)]}), "tags"),
        (json!({"external_id": "a", "display_name": "x".repeat(256)}), "display_name"),
    ] {
        assert_eq!(app.post("/v2/identities", body).await.expect(400).json()["field"], field);
    }
    test.with_scopes(&["annotate", "read"]).await.post("/v2/identities", json!({"external_id": "a"})).await.error(403);
    assert_eq!(app.get("/v2/identities").await.json()["data"], json!([]));
}

#[tokio::test]
async fn identities_are_searched_filtered_sorted_and_paged() {
    let test = TestApp::start().await;
    let app = test.with_scopes(&["ingest", "read"]).await;
    for (id, name, tags) in [
        ("a", "Zoe", json!(["x", "y"])),
        ("b", "mia", json!(["x"])),
        ("c", "Ann", json!(["X"])),
        ("d_", "Bo", json!([])),
    ] {
        test.clock.advance(1_000_000);
        app.post("/v2/identities", json!({"external_id": id, "display_name": name, "tags": tags})).await.expect(201);
    }
    let list = async |query: &str| app.get(&format!("/v2/identities?{query}")).await.expect(200).json();
    assert_eq!(ids(&list("").await), ["d_", "c", "b", "a"]);
    assert_eq!(ids(&list("search=ZO").await), ["a"]);
    assert_eq!(ids(&list("search=_").await), ["d_"]);
    assert_eq!(ids(&list("filter_by.tags=x").await), ["b", "a"]);
    assert_eq!(ids(&list("filter_by.tags=x&filter_by.tags=y").await), ["a"]);
    assert_eq!(ids(&list("sort_by=IDENTITY_SORT_FIELD_DISPLAY_NAME").await), ["c", "d_", "b", "a"]);
    let first = list("limit=2").await;
    assert_eq!((ids(&first), &first["has_more"]), (vec!["d_", "c"], &json!(true)));
    let last = first["data"][1]["_id"].as_str().unwrap();
    let second = list(&format!("limit=2&starting_after={last}")).await;
    assert_eq!((ids(&second), &second["has_more"]), (vec!["b", "a"], &json!(false)));
    let end = second["data"][1]["_id"].as_str().unwrap();
    let before = list(&format!("limit=2&ending_before={end}")).await;
    assert_eq!((ids(&before), &before["has_more"]), (vec!["c", "b"], &json!(true)));
    test.clock.advance(1_000_000);
    app.patch("/v2/identities/a", json!({"display_name": "Zoë"})).await.expect(200);
    assert_eq!(ids(&list("sort_by=IDENTITY_SORT_FIELD_UPDATED&limit=1").await), ["a"]);
    for wrong in ["limit=0", "limit=x", "sort_by=NAME"] {
        app.get(&format!("/v2/identities?{wrong}")).await.error(400);
    }
}

#[tokio::test]
async fn identities_of_one_project_are_unknown_in_another() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    let (one, two) = (project(&admin, "One").await, project(&admin, "Two").await);
    let of_one = test.key(&["ingest", "read"], Some(one)).await;
    let of_two = test.key(&["ingest", "read"], Some(two)).await;
    let made = of_one.post("/v2/identities", json!({"external_id": "u", "email": "u@example.com"})).await.expect(201);
    let id = made.json()["identity"]["_id"].as_str().unwrap().to_owned();
    for path in ["/v2/identities/u".to_owned(), format!("/v2/identities/{id}")] {
        of_two.get(&path).await.error(404);
        of_two.patch(&path, json!({"email": "x@example.com"})).await.error(404);
        of_two.delete(&path).await.error(404);
    }
    assert_eq!(ids(&of_two.get("/v2/identities").await.json()), [""; 0]);
    of_two.post("/v2/identities", json!({"external_id": "u"})).await.expect(201);
    admin.post("/v2/identities", json!({"external_id": "shared"})).await.expect(201);
    of_two.get("/v2/identities/shared").await.expect(200);
    of_two.patch("/v2/identities/shared", json!({"tags": ["x"]})).await.error(403);
    assert_eq!(of_one.get("/v2/identities/u").await.json()["identity"]["email"], "u@example.com");
}
