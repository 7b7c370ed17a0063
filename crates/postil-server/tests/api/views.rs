//! Saved views, as the clients of the contract send them.

use serde_json::json;

use crate::app::TestApp;

#[tokio::test]
async fn a_view_is_made_listed_changed_and_deleted() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    let made = admin
        .post(
            "/v3/views",
            json!({"display_name": "Errors", "page": "traces", "filter_by": "status:error", "columns": ["name"],
                "column_labels": {"name": "What"}, "is_private": true, "version": 2, "sort": "cost", "density": "dense",
                "time_range": "24h"}),
        )
        .await
        .expect(200)
        .json()["view"]
        .clone();
    assert_eq!(made["filter_by"], "status:error");
    assert_eq!(made["private_for_ids"].as_array().unwrap().len(), 1);
    let id = made["id"].as_str().unwrap();
    let path = format!("/v3/views/{id}");
    let list = admin.get("/v3/views?page=traces&limit=10").await.expect(200).json();
    assert_eq!((&list["data"][0], &list["has_more"]), (&made, &json!(false)));
    assert_eq!(admin.get("/v3/views?page=logs").await.json()["data"], json!([]));
    let changed = admin
        .patch(&path, json!({"display_name": "Failures", "sort": "latency", "update_mask": "display_name,density"}))
        .await
        .expect(200)
        .json()["view"]
        .clone();
    assert_eq!((&changed["display_name"], &changed["sort"]), (&json!("Failures"), &json!("cost")));
    assert!(changed.get("density").is_none());
    assert_eq!(admin.get(&path).await.json()["view"], changed);
    assert_eq!(admin.delete(&path).await.expect(200).json(), json!({}));
    admin.get(&path).await.error(404);
}

#[tokio::test]
async fn wrong_views_are_refused_by_the_name_of_the_field() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    for (body, field) in [
        (json!({}), "display_name"),
        (json!({"display_name": "  "}), "display_name"),
        (json!({"display_name": "x".repeat(256)}), "display_name"),
        (json!({"display_name": "x", "filter_by": "x".repeat(10_001)}), "filter_by"),
        (json!({"display_name": "x", "columns": vec!["c"; 51]}), "columns"),
        (json!({"display_name": "x", "density": "huge"}), "density"),
        (json!({"display_name": "x", "version": -1}), "version"),
    ] {
        assert_eq!(admin.post("/v3/views", body).await.expect(400).json()["field"], field);
    }
    admin.post("/v3/views", json!({"display_name": "x"})).await.expect(200);
    admin.post("/v3/views", json!({"display_name": "x"})).await.error(409);
    test.with_scopes(&["ingest"]).await.get("/v3/views").await.error(403);
}
