//! Identities.

use serde_json::{Value, json};

use crate::accounts::project;
use crate::app::{NOON, TestApp};

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

#[tokio::test]
async fn an_answer_says_the_identity_in_the_words_of_old_and_new_clients() {
    let test = TestApp::start().await;
    let app = test.with_scopes(&["ingest", "read"]).await;
    let body = json!({"external_id": "user-1", "tags": ["a"]});
    for answer in [
        app.post("/v2/identities", body).await.expect(201).json(),
        app.get("/v2/identities/user-1").await.expect(200).json(),
        app.patch("/v2/identities/user-1", json!({"display_name": "Ada"})).await.expect(200).json(),
    ] {
        let mut flat = answer.clone();
        let wrapped = flat.as_object_mut().unwrap().remove("identity").unwrap();
        assert_eq!(flat, wrapped);
        assert_eq!((&flat["external_id"], flat.get("metrics")), (&json!("user-1"), None));
    }
}

/// A trace of project 1 that names a user.
async fn used(test: &TestApp, trace: &'static str, user: String, days_ago: i64, is_error: bool) {
    let start = (NOON - days_ago * 86_400_000_000) * 1000;
    let insert =
        "insert into trace (project, trace_id, name, kind, status, start_ns, end_ns, models, providers, user_id,
        tags, metadata, span_count, error_count, usage_input, usage_output, cost_total, received_at)
        values (1, $1, 't', 'llm', $2, $3, $3, '[]', '[]', $4, '[]', '{{}}', 1, 0, 3, 4, 0.25, 0)";
    let status = if is_error { "error" } else { "ok" };
    let write =
        move |tx: &mut postil::Tx<'_>| tx.execute(insert, postil::params![trace, status, start, &user]).map(drop);
    test.app.db.write(write).await.unwrap();
}

#[tokio::test]
async fn metrics_add_up_the_traces_of_the_last_thirty_days() {
    let test = TestApp::start().await;
    let app = test.with_scopes(&["ingest", "read"]).await;
    let nothing = json!({"total_tokens": 0, "total_cost": 0.0, "total_requests": 0, "error_rate": 0.0});
    let made = app.post("/v2/identities", json!({"external_id": "user-1"})).await.expect(201).json();
    app.post("/v2/identities", json!({"external_id": "user-2"})).await.expect(201);
    used(&test, "01", "user-1".into(), 0, false).await;
    used(&test, "02", made["_id"].as_str().unwrap().into(), 29, true).await;
    used(&test, "03", "user-1".into(), 31, false).await;
    used(&test, "04", "somebody".into(), 0, false).await;
    let some = json!({"total_tokens": 14, "total_cost": 0.5, "total_requests": 2, "error_rate": 0.5});
    let rows = app.get("/v2/identities?search=user-").await.expect(200).json()["data"].clone();
    let metrics: Vec<_> = rows.as_array().unwrap().iter().map(|row| (&row["external_id"], &row["metrics"])).collect();
    assert!(metrics.contains(&(&json!("user-1"), &some)), "{metrics:?}");
    assert!(metrics.contains(&(&json!("user-2"), &nothing)), "{metrics:?}");
    let one = app.get("/v2/identities/user-1?include_metrics=true").await.expect(200).json();
    assert_eq!(one["identity"]["metrics"], some);
    assert!(app.get("/v2/identities/user-1").await.json()["identity"].get("metrics").is_none());
}
