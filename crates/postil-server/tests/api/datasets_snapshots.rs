//! Datasets as they were, and what they hold twice.

use serde_json::{Value, json};

use crate::app::{Client, TestApp};

async fn dataset(key: &Client<'_>, expected: &[&str]) -> String {
    let made = key.post("/v2/datasets", json!({"display_name": "Gold"})).await.expect(200).json();
    let id = made["_id"].as_str().unwrap().to_owned();
    let points: Vec<_> = expected.iter().map(|text| json!({"expected_output": text})).collect();
    key.post(&format!("/v2/datasets/{id}/datapoints"), json!(points)).await.expect(200);
    id
}

fn ids(list: &Value) -> Vec<String> {
    list["data"].as_array().unwrap().iter().map(|each| each["_id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_snapshot_is_named_listed_compared_and_exported() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    let id = dataset(&admin, &["a", "b", "c"]).await;
    let (points, snapshots) = (format!("/v2/datasets/{id}/datapoints"), format!("/v3/datasets/{id}/snapshots"));
    let before = admin.get(&points).await.expect(200).json();
    let first = admin.post(&snapshots, json!({"name": " Release 1 "})).await.expect(200).json();
    assert_eq!(
        (&first["name"], &first["number"], &first["datapoints_count"]),
        (&json!("Release 1"), &json!(1), &json!(3))
    );
    let all = ids(&before);
    admin.patch(&format!("{points}/{}", all[0]), json!({"expected_output": "a2"})).await.expect(200);
    admin.delete(&format!("{points}/{}", all[1])).await.expect(204);
    admin.post(&points, json!([{"expected_output": "d"}])).await.expect(200);
    let one = format!("{snapshots}/{}", first["id"].as_str().unwrap());
    assert_eq!(admin.get(&one).await.expect(200).json(), first);
    let held = admin.get(&format!("{one}/datapoints")).await.expect(200).json();
    assert_eq!(held, before, "frozen");
    let second = admin.post(&snapshots, json!({"name": "Release 2"})).await.expect(200).json();
    let list = admin.get(&snapshots).await.expect(200).json();
    assert_eq!(list["data"], json!([second, first]));
    let dataset = admin.get(&format!("/v2/datasets/{id}")).await.expect(200).json();
    assert_eq!(dataset["metadata"]["total_versions"], 2);

    let diff = format!("/v3/datasets/{id}/diff?from={}", first["id"].as_str().unwrap());
    let told = admin.get(&diff).await.expect(200).json();
    let kinds: Vec<_> = told["data"].as_array().unwrap().iter().map(|each| each["change"].clone()).collect();
    assert_eq!(kinds, ["changed", "removed", "added"]);
    let changed = &told["data"][0];
    assert_eq!(
        (&changed["before"]["expected_output"], &changed["after"]["expected_output"]),
        (&json!("a"), &json!("a2"))
    );
    let to = second["id"].as_str().unwrap();
    assert_eq!(admin.get(&format!("{diff}&to={to}")).await.expect(200).json()["data"], told["data"]);
    let part = admin.get(&format!("{diff}&limit=1")).await.expect(200).json();
    assert_eq!((&part["has_more"], &part["next_after"]), (&json!(true), &json!(all[0])));
    let rest = admin.get(&format!("{diff}&limit=2&starting_after={}", all[0])).await.expect(200).json();
    assert_eq!((rest["data"].as_array().unwrap().len(), &rest["has_more"]), (2, &json!(false)));

    let file = admin.get(&format!("/v3/datasets/{id}/export?snapshot_id={}", first["id"].as_str().unwrap())).await;
    let file = file.expect(200);
    assert_eq!(file.headers["content-disposition"], "attachment; filename=\"Gold-Release_1.jsonl\"");
    assert_eq!(String::from_utf8(file.bytes).unwrap().lines().count(), 3);
}

#[tokio::test]
async fn what_is_no_snapshot_is_refused() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    let id = dataset(&admin, &["a"]).await;
    let snapshots = format!("/v3/datasets/{id}/snapshots");
    let made = admin.post(&snapshots, json!({"name": "One"})).await.expect(200).json();
    admin.post(&snapshots, json!({"name": "One"})).await.error(409);
    for name in ["", " ", &"x".repeat(129)] {
        assert_eq!(admin.post(&snapshots, json!({"name": name})).await.expect(400).json()["field"], "name");
    }
    let diff = format!("/v3/datasets/{id}/diff");
    assert_eq!(admin.get(&diff).await.expect(400).json()["field"], "from");
    let from = made["id"].as_str().unwrap();
    assert_eq!(admin.get(&format!("{diff}?from={from}&limit=0")).await.expect(400).json()["field"], "limit");
    admin.get(&format!("{diff}?from=nothing")).await.error(404);
    admin.get(&format!("{snapshots}/nothing")).await.error(404);
    admin.get(&format!("/v3/datasets/{id}/export?snapshot_id=nothing")).await.error(404);
    let other = dataset(&admin, &["b"]).await;
    admin.get(&format!("/v3/datasets/{other}/snapshots/{from}")).await.error(404);
    let reader = test.with_scopes(&["read"]).await;
    reader.post(&snapshots, json!({"name": "Two"})).await.error(403);
    reader.get(&snapshots).await.expect(200);
    reader.delete(&format!("{snapshots}/{from}")).await.error(403);
    admin.delete(&format!("/v3/datasets/{other}/snapshots/{from}")).await.error(404);
    admin.delete(&format!("{snapshots}/{from}")).await.expect(204);
    admin.get(&format!("{snapshots}/{from}")).await.error(404);
    admin.delete(&format!("{snapshots}/{from}")).await.error(404);
    reader.post(&format!("/v3/datasets/{id}/duplicates/remove"), json!({})).await.error(403);
}

#[tokio::test]
async fn what_a_dataset_holds_twice_is_shown_and_removed() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    let id = dataset(&admin, &["a", "b", "a", "a"]).await;
    let all = ids(&admin.get(&format!("/v2/datasets/{id}/datapoints")).await.expect(200).json());
    let path = format!("/v3/datasets/{id}/duplicates");
    let found = admin.get(&path).await.expect(200).json();
    assert_eq!((&found["surplus"], &found["data"][0]["count"]), (&json!(2), &json!(3)));
    assert_eq!(found["data"][0]["datapoint_ids"], json!([all[0], all[2], all[3]]));
    assert_eq!(found["data"][0]["first"]["_id"], all[0]);
    let removed = admin.post(&format!("{path}/remove"), json!({})).await.expect(200).json();
    assert_eq!(removed["removed"], 2);
    assert_eq!(ids(&admin.get(&format!("/v2/datasets/{id}/datapoints")).await.json()), all[..2]);
    assert_eq!(admin.get(&path).await.expect(200).json()["data"], json!([]));
}
