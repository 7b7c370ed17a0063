//! Datasets, as the clients of the contract use them (A.6), and what they can do beyond.

use serde_json::{Value, json};

use crate::app::{Client, TestApp};

async fn dataset(key: &Client<'_>, name: &str) -> String {
    let made = key.post("/v2/datasets", json!({"display_name": name})).await.expect(200).json();
    made["_id"].as_str().unwrap().to_owned()
}

fn question(text: &str) -> Value {
    json!({"inputs": {"city": text, "n": 1, "b": true, "z": null}, "expected_output": "yes",
        "messages": [{"role": "system", "content": "Answer."}, {"role": "user", "content": text}]})
}

#[tokio::test]
async fn a_dataset_is_made_listed_changed_and_deleted() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    let made = admin.post("/v2/datasets", json!({"display_name": "Gold"})).await.expect(200).json();
    for name in ["_id", "display_name", "project_id", "workspace_id", "created_by_id", "updated_by_id", "created"] {
        assert!(made[name].as_str().is_some_and(|text| !text.is_empty()), "{name}: {made}");
    }
    assert_eq!(made["metadata"], json!({"total_versions": 0, "datapoints_count": 0}));
    let path = format!("/v2/datasets/{}", made["_id"].as_str().unwrap());
    dataset(&admin, "Other").await;
    let list = admin.get("/v2/datasets?search=gOL").await.expect(200).json();
    assert_eq!((&list["object"], &list["data"]), (&json!("list"), &json!([made])));
    let by_other = admin.get("/v2/datasets?updated_by=nobody,else").await.json();
    assert_eq!(by_other["data"], json!([]));
    let changed = admin.patch(&path, json!({"display_name": "Golden", "path": "Default/support/2026"})).await;
    let changed = changed.expect(200).json();
    assert_eq!((&changed["display_name"], &changed["path"]), (&json!("Golden"), &json!("support/2026")));
    assert_eq!(admin.get(&path).await.expect(200).json(), changed);
    admin.delete(&path).await.expect(204);
    admin.get(&path).await.error(404);
    admin.delete(&path).await.error(404);
}

#[tokio::test]
async fn a_path_names_a_project_for_keys_of_the_workspace_and_a_folder_for_keys_of_a_project() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    let other = admin.post("/v2/projects", json!({"name": "Other shop"})).await.expect(200).json();
    let other = other["project"]["project_id"].as_str().or(other["project_id"].as_str()).unwrap().to_owned();
    let made = admin.post("/v2/datasets", json!({"display_name": "a", "path": "Other shop/x//y/"})).await;
    let made = made.expect(200).json();
    assert_eq!((&made["project_id"], &made["path"]), (&json!(other), &json!("x/y")));
    let unknown = admin.post("/v2/datasets", json!({"display_name": "a", "path": "No such/x"})).await.expect(400);
    assert_eq!(unknown.json()["field"], "path");

    let bound = test.key(&["annotate", "read"], Some(other.clone())).await;
    let inside = bound.post("/v2/datasets", json!({"display_name": "b", "path": "Other shop/x"})).await.expect(200);
    assert_eq!(inside.json()["path"], "x");
    let folder = bound.post("/v2/datasets", json!({"display_name": "c", "path": "Default/x"})).await.expect(200).json();
    assert_eq!((&folder["path"], &folder["project_id"]), (&json!("Default/x"), &json!(other)));
    assert_eq!(bound.get("/v2/datasets").await.json()["data"].as_array().unwrap().len(), 3);
    let default = dataset(&admin, "d").await;
    bound.get(&format!("/v2/datasets/{default}")).await.error(404);
    assert_eq!(admin.get("/v2/datasets").await.json()["data"].as_array().unwrap().len(), 4);
    let only = admin.get(&format!("/v2/datasets?project_id={other}")).await.json();
    assert_eq!(only["data"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn datapoints_come_back_as_they_were_sent_and_in_their_order() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    let path = format!("/v2/datasets/{}/datapoints", dataset(&admin, "Gold").await);
    let sent: Vec<_> = (0..25).map(|at| question(&format!("city {at}"))).collect();
    let made = admin.post(&path, json!(sent)).await.expect(200).json();
    let made = made.as_array().unwrap().clone();
    assert_eq!(made.len(), 25);
    for (made, sent) in made.iter().zip(&sent) {
        assert_eq!(
            (&made["inputs"], &made["messages"], &made["expected_output"]),
            (&sent["inputs"], &sent["messages"], &sent["expected_output"])
        );
        assert!(made["workspace_id"].is_string() && made["created_by_id"].is_string());
        assert!(made.get("evaluations").is_none());
    }
    let first = admin.get(&format!("{path}?limit=20")).await.expect(200).json();
    assert_eq!((first["data"].as_array().unwrap().as_slice(), &first["has_more"]), (&made[..20], &json!(true)));
    let last = first["data"][19]["_id"].as_str().unwrap();
    let rest = admin.get(&format!("{path}?limit=20&starting_after={last}")).await.json();
    assert_eq!((rest["data"].as_array().unwrap().as_slice(), &rest["has_more"]), (&made[20..], &json!(false)));
    let back = admin.get(&format!("{path}?limit=5&ending_before={last}")).await.json();
    assert_eq!(back["data"].as_array().unwrap().as_slice(), &made[14..19]);

    let bulk = admin.post(&format!("{path}/bulk"), json!({"items": [{"expected_output": "only"}]})).await.expect(200);
    assert_eq!(bulk.json()[0]["expected_output"], "only");
    let one = format!("{path}/{}", made[0]["_id"].as_str().unwrap());
    let changed = admin.patch(&one, json!({"expected_output": "no"})).await.expect(200).json();
    assert_eq!((&changed["expected_output"], &changed["messages"]), (&json!("no"), &sent[0]["messages"]));
    assert_eq!(admin.get(&one).await.expect(200).json(), changed);
    admin.delete(&one).await.expect(204);
    admin.get(&one).await.error(404);
    let ids = json!({"item_ids": [made[1]["_id"], made[2]["_id"], "gone"]});
    admin.post(&format!("{path}-bulk-delete"), ids).await.expect(204);
    let counted = |answer: &Value| answer["metadata"]["datapoints_count"].as_i64().unwrap();
    let parent = path.strip_suffix("/datapoints").unwrap();
    assert_eq!(counted(&admin.get(parent).await.json()), 23);
    admin.delete(&format!("{parent}/clear")).await.expect(204);
    assert_eq!(counted(&admin.get(parent).await.json()), 0);
}

#[tokio::test]
async fn wrong_datapoints_are_refused_by_the_name_of_the_field_and_nothing_is_stored() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    let path = format!("/v2/datasets/{}/datapoints", dataset(&admin, "Gold").await);
    let message = |message: Value| json!([question("good"), {"messages": [message]}]);
    for (body, field) in [
        (message(json!("text")), "[1].messages[0]"),
        (message(json!({"role": "robot", "content": "x"})), "[1].messages[0].role"),
        (message(json!({"role": "user"})), "[1].messages[0].content"),
        (message(json!({"role": "user", "content": [{"type": "video"}]})), "[1].messages[0].content[0].type"),
        (message(json!({"role": "user", "content": [{"type": "text"}]})), "[1].messages[0].content[0].text"),
        (message(json!({"role": "tool", "content": "x"})), "[1].messages[0].tool_call_id"),
        (message(json!({"role": "assistant", "tool_calls": [{"id": "a"}]})), "[1].messages[0].tool_calls[0]"),
        (json!([{"expected_output": "x".repeat(7 << 19)}]), "[0]"),
    ] {
        let refused = admin.post(&path, body).await.expect(400).json();
        assert_eq!(refused["field"], field, "{refused}");
    }
    admin.post(&path, json!([])).await.error(400);
    admin.post(&path, json!({"inputs": {}})).await.error(400);
    assert_eq!(admin.get(&path).await.json()["data"], json!([]));
    for name in ["", "  ", &"x".repeat(129)] {
        let refused = admin.post("/v2/datasets", json!({"display_name": name})).await.expect(400).json();
        assert_eq!(refused["field"], "display_name");
    }
    for bad in ["../x", "a/\u{7}b", &"x/".repeat(30)] {
        let refused = admin.post("/v2/datasets", json!({"display_name": "x", "path": bad})).await.expect(400).json();
        assert_eq!(refused["field"], "path", "{bad}");
    }
    test.with_scopes(&["read"]).await.post(&path, json!([question("x")])).await.error(403);
    test.with_scopes(&["ingest"]).await.get(&path).await.error(403);
}

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const SPAN: &str = "b7ad6b7169203331";

async fn send_call(key: &Client<'_>) {
    let messages = json!([
        {"role": "system", "parts": [{"type": "text", "content": "Be brief."}]},
        {"role": "user", "parts": [{"type": "text", "content": "Capital of Australia?"}]},
        {"role": "assistant", "parts": [{"type": "tool_call", "id": "c1", "name": "look", "arguments": {"q": "capital"}}]},
        {"role": "tool", "parts": [{"type": "tool_call_response", "id": "c1", "response": "Canberra"}]}
    ]);
    let answer =
        json!([{"role": "assistant", "parts": [{"type": "text", "content": "Sydney."}], "finish_reason": "stop"}]);
    let text = |key: &str, value: &Value| json!({"key": key, "value": {"stringValue": value.to_string()}});
    let span = json!({"traceId": TRACE, "spanId": SPAN, "name": "chat m", "kind": 3,
        "startTimeUnixNano": "1795255100000000000", "endTimeUnixNano": "1795255101000000000",
        "attributes": [{"key": "gen_ai.operation.name", "value": {"stringValue": "chat"}},
            {"key": "gen_ai.request.model", "value": {"stringValue": "m"}},
            text("gen_ai.input.messages", &messages), text("gen_ai.output.messages", &answer)]});
    key.post("/v1/traces", json!({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]})).await.expect(200);
}

#[tokio::test]
async fn a_corrected_answer_becomes_the_expected_output_and_annotations_come_along() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    send_call(&admin).await;
    for review in [
        json!({"type": "single_select", "display_name": "Rating", "description": "", "key": "rating",
            "options": [{"value": "good"}, {"value": "bad"}]}),
        json!({"type": "correction", "display_name": "Correction", "description": "", "key": "correction"}),
    ] {
        admin.post("/v2/human-evals", review).await;
    }
    let id = dataset(&admin, "Gold").await;
    let take = format!("/v3/datasets/{id}/spans");
    let plain = admin.post(&take, json!({"items": [{"trace_id": TRACE}]})).await.expect(200).json()[0].clone();
    assert_eq!((&plain["expected_output"], &plain["origin"]["answer"]), (&json!("Sydney."), &json!("Sydney.")));
    let here = format!("/v2/traces/{TRACE}/spans/{SPAN}/annotation");
    let said = json!([{"key": "rating", "value": "bad"}, {"key": "correction", "value": "Canberra."}]);
    admin.post(&here, json!({"annotations": said})).await.expect(200);
    let taken = admin.post(&take, json!({"items": [{"trace_id": TRACE, "span_id": SPAN}]})).await.expect(200).json();
    let taken = &taken[0];
    assert_eq!((&taken["expected_output"], &taken["origin"]["answer"]), (&json!("Canberra."), &json!("Sydney.")));
    assert_eq!((&taken["origin"]["trace_id"], &taken["origin"]["span_id"]), (&json!(TRACE), &json!(SPAN)));
    assert_eq!(
        taken["messages"],
        json!([
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Capital of Australia?"},
            {"role": "assistant", "tool_calls": [{"id": "c1", "type": "function",
                "function": {"name": "look", "arguments": "{\"q\":\"capital\"}"}}]},
            {"role": "tool", "tool_call_id": "c1", "content": "Canberra"}
        ])
    );
    let evaluations = taken["evaluations"].as_array().unwrap();
    assert!(evaluations.iter().all(|each| each["evaluation_type"] == "human_review"), "{evaluations:?}");
    assert!(evaluations.iter().any(|each| each["key"] == "rating" && each["value"] == "bad"), "{evaluations:?}");
    // What was taken can be sent again as it is.
    let again = json!([{"messages": taken["messages"], "expected_output": taken["expected_output"]}]);
    admin.post(&format!("/v2/datasets/{id}/datapoints"), again).await.expect(200);
    admin.post(&take, json!({"items": [{"trace_id": "00000000000000000000000000000001"}]})).await.error(404);
}

fn lines(answer: &crate::app::Answer) -> Vec<Value> {
    let text = std::str::from_utf8(&answer.bytes).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn a_dataset_leaves_in_the_forms_that_training_reads() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    send_call(&admin).await;
    for review in [
        json!({"type": "single_select", "display_name": "Rating", "description": "", "key": "rating",
            "options": [{"value": "good", "sentiment": "positive"}, {"value": "bad", "sentiment": "negative"}]}),
        json!({"type": "correction", "display_name": "Correction", "description": "", "key": "correction"}),
    ] {
        admin.post("/v2/human-evals", review).await;
    }
    let id = dataset(&admin, "Gold & \"more\"").await;
    let here = format!("/v2/traces/{TRACE}/spans/{SPAN}/annotation");
    let take = json!({"items": [{"trace_id": TRACE}]});
    let rated = json!({"annotations": [{"key": "rating", "value": "bad"}]});
    admin.post(&here, rated).await.expect(200);
    admin.post(&format!("/v3/datasets/{id}/spans"), take.clone()).await.expect(200);
    let corrected = json!({"annotations": [{"key": "correction", "value": "Canberra.\n=1+1"}]});
    admin.post(&here, corrected).await.expect(200);
    admin.post(&format!("/v3/datasets/{id}/spans"), take).await.expect(200);
    admin.post(&format!("/v2/datasets/{id}/datapoints"), json!([{"inputs": {"a": 1}}])).await.expect(200);
    let export = format!("/v3/datasets/{id}/export");

    let whole = admin.get(&export).await.expect(200);
    assert_eq!(whole.headers["content-type"], "application/x-ndjson");
    assert_eq!(whole.headers["content-disposition"], "attachment; filename=\"Gold____more_.jsonl\"");
    let whole = lines(&whole);
    assert_eq!(whole.len(), 3);
    assert_eq!((&whole[1]["expected_output"], &whole[2]["inputs"]), (&json!("Canberra.\n=1+1"), &json!({"a": 1})));
    let names = |line: &Value| line.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert!(whole.iter().all(|line| names(line) == names(&whole[0])), "{whole:?}");

    let dpo = lines(&admin.get(&format!("{export}?format=dpo")).await.expect(200));
    assert_eq!(dpo.len(), 1);
    assert_eq!(dpo[0]["prompt"], whole[1]["messages"]);
    assert_eq!(dpo[0]["chosen"], json!([{"role": "assistant", "content": "Canberra.\n=1+1"}]));
    assert_eq!(dpo[0]["rejected"], json!([{"role": "assistant", "content": "Sydney."}]));

    let kto = lines(&admin.get(&format!("{export}?format=kto")).await.expect(200));
    let labels: Vec<_> = kto.iter().map(|line| (&line["completion"][0]["content"], &line["label"])).collect();
    assert_eq!(
        labels,
        [
            (&json!("Sydney."), &json!(false)),
            (&json!("Canberra.\n=1+1"), &json!(true)),
            (&json!("Sydney."), &json!(false))
        ]
    );

    let chats = lines(&admin.get(&format!("{export}?format=openai")).await.expect(200));
    assert_eq!(chats.len(), 2);
    assert_eq!(chats[1]["messages"][4], json!({"role": "assistant", "content": "Canberra.\n=1+1"}));

    let csv = admin.get(&format!("{export}?format=csv")).await.expect(200);
    let csv = String::from_utf8(csv.bytes).unwrap();
    assert!(csv.starts_with("id,inputs,messages,expected_output,"), "{csv}");
    assert!(csv.contains("\"Canberra.\n=1+1\"") && csv.contains("\"{\"\"a\"\":1}\""), "{csv}");

    for (query, field) in [("format=xml", "format"), ("split=dev", "split"), ("test_percent=101", "test_percent")] {
        assert_eq!(admin.get(&format!("{export}?{query}")).await.expect(400).json()["field"], field);
    }
    admin.get("/v3/datasets/nothing/export").await.error(404);
}

#[tokio::test]
async fn a_split_is_whole_and_moves_nothing_when_datapoints_are_added() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    let id = dataset(&admin, "Gold").await;
    let (points, export) = (format!("/v2/datasets/{id}/datapoints"), format!("/v3/datasets/{id}/export"));
    let some = |from: usize| (from..from + 500).map(|at| question(&format!("city {at}"))).collect::<Vec<_>>();
    admin.post(&points, json!(some(0))).await.expect(200);
    let half = async |split: &str| {
        let answer = admin.get(&format!("{export}?test_percent=20&split={split}")).await.expect(200);
        lines(&answer).iter().map(|line| line["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let (train, tests) = (half("train").await, half("test").await);
    assert_eq!(train.len() + tests.len(), 500);
    assert!((60..140).contains(&tests.len()), "{}", tests.len());
    admin.post(&points, json!(some(500))).await.expect(200);
    assert_eq!(half("test").await[..tests.len()], tests);
    // The same question stands on the same side, whatever is expected.
    let again = (0..30).map(|at| {
        let mut again = question("city 1");
        again["expected_output"] = json!(format!("Answer {at}"));
        again
    });
    admin.post(&points, json!(again.collect::<Vec<_>>())).await.expect(200);
    let all = lines(&admin.get(&format!("{export}?test_percent=20")).await.expect(200));
    let same: Vec<_> =
        all.iter().filter(|line| line["inputs"]["city"] == "city 1").map(|line| &line["split"]).collect();
    assert_eq!(same.len(), 31);
    assert!(same.iter().all(|split| *split == same[0]));
}
