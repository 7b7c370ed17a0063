//! Definitions and sets of them.

use serde_json::{Value, json};

use crate::app::TestApp;
use crate::reviewed::{define, rows, say, start, stored};

fn options(values: &[&str]) -> Value {
    values.iter().map(|value| json!({"value": value, "sentiment": "neutral", "description": "", "icon": ""})).collect()
}

#[tokio::test]
async fn a_new_project_asks_what_the_guide_asks() {
    let test = start().await;
    let list = test.admin().await.get("/v2/human-evals").await.expect(200).json();
    let list = list.as_array().unwrap();
    let values = |at: usize| -> Vec<_> {
        let options = list[at]["options"].as_array().unwrap();
        options.iter().map(|option| option["value"].as_str().unwrap()).collect()
    };
    let keys: Vec<_> =
        list.iter().map(|each| (each["key"].as_str().unwrap(), each["type"].as_str().unwrap())).collect();
    assert_eq!(
        keys,
        [
            ("rating", "single_select"),
            ("defects", "multi_select"),
            ("interactions", "multi_select"),
            ("correction", "correction")
        ]
    );
    assert_eq!(values(0), ["good", "bad"]);
    assert_eq!(values(1).len(), 8);
    assert_eq!(values(2), ["saved", "selected", "deleted", "shared", "copied", "reported"]);
    assert_eq!(list[0]["options"][0]["description"], "The response was helpful and accurate.");
    assert!(list[3].get("options").is_none() && list[3].get("config").is_none());
}

#[tokio::test]
async fn every_type_can_be_made_read_changed_and_deleted() {
    let test = TestApp::start().await;
    let key = test.admin().await;
    for (kind, more) in [
        ("boolean", json!({})),
        ("correction", json!({})),
        ("text", json!({"config": {"max_length": 200}})),
        ("range", json!({"config": {"min": -5, "max": 5, "step": 0.5}})),
        ("single_select", json!({"options": options(&["yes", "no"])})),
        ("multi_select", json!({"options": options(&["a", "b"])})),
    ] {
        let mut body = more.clone();
        body["type"] = json!(kind);
        let made = define(&key, kind, body.clone()).await;
        let path = format!("/v2/human-evals/{}", made["id"].as_str().unwrap());
        assert_eq!((made["workspace_id"].as_str(), made["version"].as_i64()), (Some(&*test.workspace_id), Some(1)));
        assert_eq!(key.get(&path).await.expect(200).json(), made);
        body["display_name"] = json!("changed");
        body["description"] = json!("more");
        let changed = key.patch(&path, body).await.expect(200).json();
        assert_eq!(
            (&changed["display_name"], &changed["key"], &changed["version"]),
            (&json!("changed"), &made["key"], &json!(2))
        );
        assert_eq!(changed.get("options"), made.get("options"), "options keep their ids");
        let gone = key.delete(&path).await.expect(200).json();
        assert_eq!(gone, json!({"acknowledged": true, "deletedCount": 1}));
        for answer in [key.get(&path).await, key.delete(&path).await, key.get(&format!("{path}/usage")).await] {
            answer.error(404);
        }
    }
    assert_eq!(key.get("/v2/human-evals?include_archived=true").await.expect(200).json(), json!([]));
}

#[tokio::test]
async fn keys_are_unique_and_made_up_where_the_client_has_none() {
    let test = TestApp::start().await;
    let key = test.admin().await;
    define(&key, "tone", json!({"type": "text"})).await;
    let again = json!({"key": "tone", "type": "text", "display_name": "Tone", "description": ""});
    key.post("/v2/human-evals", again).await.error(409);
    let mut keys = Vec::new();
    for given in [None, Some("orq_01kn7yd6q8"), Some("orq_01kn7yd6q8")] {
        let mut body = json!({"type": "text", "display_name": "Star rating", "description": ""});
        if let Some(given) = given {
            body["key"] = json!(given);
        }
        let made = key.post("/v2/human-evals", body.clone()).await.expect(200).json();
        keys.push(made["key"].as_str().unwrap().to_owned());
        let path = format!("/v2/human-evals/{}", made["id"].as_str().unwrap());
        assert_eq!(key.patch(&path, body).await.expect(200).json()["key"], made["key"], "a key stays");
    }
    assert_eq!(keys[0], "star_rating");
    assert!(keys[1].starts_with("star_rating_") && keys[1] != keys[2], "{keys:?}");
}

#[tokio::test]
async fn a_wrong_definition_is_refused_with_its_field() {
    let test = TestApp::start().await;
    let key = test.admin().await;
    let twice = json!([{"value": "a"}, {"value": "a"}]);
    for (more, field) in [
        (json!({"type": "stars"}), "type"),
        (json!({"type": "text", "display_name": ""}), "display_name"),
        (json!({"type": "text", "display_name": "x".repeat(256)}), "display_name"),
        (json!({"type": "text", "key": ""}), "key"),
        (json!({"type": "text", "config": {"max_length": 3001}}), "config.max_length"),
        (json!({"type": "range"}), "config.min"),
        (json!({"type": "range", "config": {"min": -101, "max": 1}}), "config.min"),
        (json!({"type": "range", "config": {"min": 0.5, "max": 1}}), "config.min"),
        (json!({"type": "range", "config": {"min": 0, "max": 100_001}}), "config.max"),
        (json!({"type": "range", "config": {"min": 1, "max": 1}}), "config.max"),
        (json!({"type": "range", "config": {"min": 0, "max": 1, "step": 0}}), "config.step"),
        (json!({"type": "single_select"}), "options"),
        (json!({"type": "single_select", "options": []}), "options"),
        (json!({"type": "single_select", "options": [{"value": ""}]}), "options[0].value"),
        (json!({"type": "single_select", "options": [{"value": "a", "sentiment": "sad"}]}), "options[0].sentiment"),
        (json!({"type": "single_select", "options": twice}), "options[1].value"),
    ] {
        let mut body = json!({"display_name": "x", "description": ""});
        more.as_object().unwrap().iter().for_each(|(name, value)| body[name] = value.clone());
        let answer = key.post("/v2/human-evals", body).await.expect(400).json();
        assert_eq!(answer["field"], field, "{answer}");
    }
    key.post("/v2/human-evals", json!({"type": "text", "display_name": "x"})).await.error(400);
    assert_eq!(key.get("/v2/human-evals").await.expect(200).json(), json!([]));
}

#[tokio::test]
async fn values_outlive_changes_and_the_end_of_their_definition() {
    let test = start().await;
    let key = test.admin().await;
    let made = define(&key, "answer", json!({"type": "single_select", "options": options(&["yes", "no"])})).await;
    let path = format!("/v2/human-evals/{}", made["id"].as_str().unwrap());
    say(&key, "answer", json!("yes")).await.expect(200);
    let body =
        json!({"type": "single_select", "display_name": "answer", "description": "", "options": options(&["never"])});
    key.patch(&path, body.clone()).await.expect(200);
    key.patch(&path, body.clone()).await.expect(200);
    assert_eq!(stored(&key).await, [("answer".into(), json!("yes"))]);
    assert_eq!(rows(&key).await[0]["definition_version"], 1);
    say(&key, "answer", json!("yes")).await.error(400);
    say(&key, "answer", json!("never")).await.expect(200);
    assert_eq!(rows(&key).await[0]["definition_version"], 2);
    let versions = key.get(&format!("{path}/versions")).await.expect(200).json();
    assert_eq!(versions["data"].as_array().unwrap().len(), 2, "saying the same again makes no version");
    assert_eq!(versions["data"][1]["options"][0]["value"], "yes");
    let usage = key.get(&format!("{path}/usage")).await.expect(200).json();
    assert_eq!(usage, json!({"total": 1, "options": [{"value": "never", "count": 1}]}));

    let mut renamed = body.clone();
    renamed["key"] = json!("other");
    key.patch(&path, renamed).await.error(409);

    key.delete(&path).await.expect(200);
    let workspace = &test.workspace_id;
    let message = say(&key, "answer", json!("never")).await.error(404);
    assert_eq!(message, format!("The human review with key \"answer\" for workspace {workspace} was not found."));
    assert_eq!(stored(&key).await, [("answer".into(), json!("never"))], "its values stay");
    let listed = |list: Value| list.as_array().unwrap().iter().any(|each| each["key"] == "answer");
    assert!(!listed(key.get("/v2/human-evals").await.expect(200).json()));
    assert!(listed(key.get("/v2/human-evals?include_archived=true").await.expect(200).json()));
    key.delete(&path).await.error(404);

    define(&key, "answer", json!({"type": "text"})).await;
    let mut restored = body;
    restored["archived"] = json!(false);
    key.patch(&path, restored).await.error(409);
}

#[tokio::test]
async fn another_project_of_the_workspace_is_reached_by_its_id_but_not_by_a_bound_key() {
    let test = start().await;
    let other = "01J0000000000000000000000P";
    let workspace = test.workspace_id.clone();
    let insert =
        "insert into project (id, number, workspace_id, key, name, created_at, updated_at, created_by, updated_by)
        values ($1, 2, $2, 'other', 'Other', 0, 0, 'x', 'x')";
    test.app.db.write(move |tx| tx.execute(insert, postil::params![other, &workspace])).await.unwrap();
    let key = test.admin().await;
    let made = define(&key, "tone", json!({"type": "text", "project_id": other})).await;
    assert_eq!(made["project_id"], other);
    let listed = key.get(&format!("/v2/human-evals?project_id={other}")).await.expect(200).json();
    assert_eq!(listed.as_array().unwrap().len(), 1);
    assert_eq!(key.get("/v2/human-evals").await.expect(200).json().as_array().unwrap().len(), 4);
    let path = format!("/v2/human-evals/{}", made["id"].as_str().unwrap());
    key.get(&path).await.expect(200);

    let bound = test.key(&["read", "annotate", "admin"], Some(test.project_id.clone())).await;
    bound.get(&path).await.error(404);
    bound.delete(&path).await.error(404);
    bound.get(&format!("/v2/human-evals?project_id={other}")).await.error(404);
    say(&bound, "tone", json!("x")).await.error(404);
}

#[tokio::test]
async fn sets_are_a_bare_array_and_change_whole() {
    let test = start().await;
    let key = test.admin().await;
    let reviews = key.get("/v2/human-evals").await.expect(200).json();
    let ids = json!([reviews[0]["id"], reviews[1]["id"]]);
    assert_eq!(key.get("/v2/human-eval-sets").await.expect(200).json(), json!([]));
    let by_type = json!({"display_name": "Chats", "human_eval_ids": ids, "filter_type": "span_type",
                         "filter_values": ["span.chat_completion"]});
    let made = key.post("/v2/human-eval-sets", by_type.clone()).await.expect(200).json();
    assert_eq!((&made["human_eval_ids"], &made["filter_values"]), (&ids, &by_type["filter_values"]));
    assert!(made.get("id").is_none() && made.get("description").is_none());
    let path = format!("/v2/human-eval-sets/{}", made["_id"].as_str().unwrap());
    let by_name = json!({"display_name": "Named", "human_eval_ids": [ids[0]], "filter_type": "name",
                         "filter_value": "chat*", "description": "words"});
    let changed = key.patch(&path, by_name).await.expect(200).json();
    assert_eq!((&changed["filter_value"], changed.get("filter_values")), (&json!("chat*"), None));
    assert_eq!(key.get("/v2/human-eval-sets").await.expect(200).json(), json!([changed]));
    for (name, value, field) in [
        ("display_name", json!(""), "display_name"),
        ("display_name", json!("x".repeat(256)), "display_name"),
        ("human_eval_ids", json!([]), "human_eval_ids"),
        ("filter_type", json!("other"), "filter_type"),
        ("filter_values", json!([]), "filter_values"),
    ] {
        let mut body = by_type.clone();
        body[name] = value;
        assert_eq!(key.post("/v2/human-eval-sets", body).await.expect(400).json()["field"], field);
    }
    let mut unknown = by_type;
    unknown["human_eval_ids"] = json!(["01J0000000000000000000000Z"]);
    key.post("/v2/human-eval-sets", unknown).await.error(404);
    assert!(key.delete(&path).await.expect(200).bytes.is_empty());
    key.get(&path).await.error(404);
    key.delete(&path).await.error(404);
}

#[tokio::test]
async fn there_are_no_evaluators_to_list() {
    let test = TestApp::start().await;
    let key = test.admin().await;
    let list = key.get("/v2/evaluators?limit=10").await.expect(200).json();
    assert_eq!(list, json!({"object": "list", "data": [], "has_more": false}));
    key.get("/v2/evaluators/x").await.error(404);
    key.post("/v2/evaluators", json!({})).await.error(404);
    test.anonymous().get("/v2/evaluators").await.error(401);
}
