//! Datapoints in annotation queues.

use serde_json::{Value, json};

use crate::app::{Client, TestApp};
use crate::reviewed;

async fn dataset(key: &Client<'_>, datapoints: Value) -> (String, Vec<Value>) {
    let made = key.post("/v2/datasets", json!({"display_name": "Gold"})).await.expect(200).json();
    let id = made["_id"].as_str().unwrap().to_owned();
    let made = key.post(&format!("/v2/datasets/{id}/datapoints"), datapoints).await.expect(200).json();
    (id, made.as_array().unwrap().iter().map(|datapoint| datapoint["_id"].clone()).collect())
}

async fn queue(key: &Client<'_>) -> String {
    let made = key.post("/v3/queues", json!({"display_name": "Is it right?"})).await.expect(200).json();
    format!("/v3/queues/{}", made["id"].as_str().unwrap())
}

fn counts(added: &Value) -> [i64; 3] {
    ["added", "already_there", "not_found"].map(|name| added[name].as_i64().unwrap())
}

#[tokio::test]
async fn a_datapoint_is_judged_like_a_span() {
    let test = reviewed::start().await;
    let admin = test.admin().await;
    let datapoints = json!([
        {"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Which city?"}],
         "inputs": {"country": "France"}, "expected_output": "Paris"},
        {"inputs": {"question": "How many?", "most": 3}},
    ]);
    let (dataset, ids) = dataset(&admin, datapoints).await;
    let queue = queue(&admin).await;
    let items = json!({"items": [
        {"datapoint_id": ids[0], "priority": 1}, {"datapoint_id": ids[1]}, {"datapoint_id": ids[1]},
        {"datapoint_id": "nothing"},
    ]});
    let added = admin.post(&format!("{queue}/items"), items.clone()).await.expect(200).json();
    assert_eq!(counts(&added), [2, 1, 1]);
    let again = admin.post(&format!("{queue}/items"), items).await.expect(200).json();
    assert_eq!(counts(&again), [0, 3, 1]);

    let listed = admin.get(&format!("{queue}/items")).await.expect(200).json()["data"].clone();
    assert_eq!((&listed[0]["kind"], &listed[0]["datapoint_id"]), (&json!("datapoint"), &ids[0]));
    assert_eq!((&listed[0]["name"], &listed[0]["output"]), (&json!("Gold"), &json!("Paris")));
    assert_eq!(listed[0]["orphaned"], false);

    let reviewer = test.with_scopes(&["annotate"]).await;
    let claimed = reviewer.post(&format!("{queue}/claim"), json!({})).await.expect(200).json();
    let span = &claimed["items"][0]["span"]["normalized"];
    assert_eq!(span["input"][1]["parts"][0]["text"], "Which city?", "{span}");
    assert_eq!(span["output"][0]["parts"][0]["text"], "Paris");
    let second = &claimed["items"][1]["span"]["normalized"];
    assert_eq!(second["input"][0]["parts"][0]["text"], "question: How many?\nmost: 3");
    assert!(second["output"].as_array().is_none_or(Vec::is_empty), "{second}");

    let item = claimed["items"][0]["item"]["id"].as_str().unwrap();
    let body = json!({"answers": [{"key": "rating", "value": "good"}], "submission_id": "1", "active_ms": 10});
    reviewer.post(&format!("{queue}/items/{item}/submit"), body).await.expect(200);
    let answers = admin.get(&format!("{queue}/answers?format=jsonl")).await.expect(200).bytes;
    let line = answers.split(|byte| *byte == b'\n').next().unwrap();
    let answer: Value = serde_json::from_slice(line).unwrap();
    assert_eq!((&answer["key"], &answer["value"]), (&json!("rating"), &json!("good")), "{answer}");

    // Later changes and the end of the dataset take nothing away from what is in the queue.
    admin.delete(&format!("/v2/datasets/{dataset}")).await.expect(204);
    let listed = admin.get(&format!("{queue}/items")).await.expect(200).json()["data"].clone();
    assert_eq!((&listed[0]["state"], &listed[1]["state"]), (&json!("completed"), &json!("in_review")));
}

#[tokio::test]
async fn a_datapoint_that_was_changed_is_judged_as_it_is_when_it_is_added() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    let (dataset, ids) = dataset(&admin, json!([{"inputs": {"q": "?"}, "expected_output": "one"}])).await;
    let (first, second) = (queue(&admin).await, queue(&admin).await);
    let items = json!({"items": [{"datapoint_id": ids[0]}]});
    admin.post(&format!("{first}/items"), items.clone()).await.expect(200);
    let path = format!("/v2/datasets/{dataset}/datapoints/{}", ids[0].as_str().unwrap());
    admin.patch(&path, json!({"expected_output": "two"})).await.expect(200);
    admin.post(&format!("{second}/items"), items).await.expect(200);
    let listed = admin.get(&format!("{second}/items")).await.expect(200).json()["data"].clone();
    assert_eq!(listed[0]["output"], "two");
}

#[tokio::test]
async fn an_item_is_either_of_a_trace_or_a_datapoint_and_of_the_own_project() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    let (_, ids) = dataset(&admin, json!([{"inputs": {"q": "?"}}])).await;
    let queue = queue(&admin).await;
    for item in [json!({}), json!({"trace_id": "1", "datapoint_id": ids[0]})] {
        let refused = admin.post(&format!("{queue}/items"), json!({"items": [item]})).await.expect(400).json();
        assert_eq!(refused["field"], "items[0].trace_id");
    }
    let other = admin.post("/v2/projects", json!({"name": "Other shop"})).await.expect(200).json();
    let other = other["project"]["project_id"].as_str().unwrap().to_owned();
    let stranger = test.key(&["annotate", "read", "admin"], Some(other)).await;
    let made = stranger.post("/v3/queues", json!({"display_name": "theirs"})).await.expect(200).json();
    let path = format!("/v3/queues/{}/items", made["id"].as_str().unwrap());
    let added = stranger.post(&path, json!({"items": [{"datapoint_id": ids[0]}]})).await.expect(200).json();
    assert_eq!(counts(&added), [0, 0, 1]);
    let blind = test.with_scopes(&["annotate"]).await;
    blind.post(&format!("{queue}/items"), json!({"items": [{"datapoint_id": ids[0]}]})).await.error(403);
}
