//! Saying something about a span, taking it back, and reading it.

use postil::project::Role;
use serde_json::{Value, json};

use crate::accounts::{member, sign_in};
use crate::app::TestApp;
use crate::reviewed::{SPAN, TRACE, define, here, path, rows, say, spans, start, stored};
use crate::telemetry::Span;

async fn with_score(test: &TestApp) {
    let admin = test.admin().await;
    define(&admin, "score", json!({"type": "range", "config": {"min": 0, "max": 10}})).await;
    define(&admin, "note", json!({"type": "text", "config": {"max_length": 200}})).await;
    define(&admin, "flag", json!({"type": "boolean"})).await;
}

#[tokio::test]
async fn success_has_an_empty_body_and_no_content_type() {
    let test = start().await;
    let key = test.admin().await;
    let posted = say(&key, "rating", json!("good")).await.expect(200);
    let deleted = key.delete_with(&here(), json!({"keys": ["rating"]})).await.expect(200);
    for answer in [posted, deleted] {
        assert!(answer.bytes.is_empty());
        assert!(!answer.headers.contains_key("content-type"));
    }
}

#[tokio::test]
async fn values_of_every_type_are_stored() {
    let test = start().await;
    with_score(&test).await;
    let key = test.admin().await;
    for (name, value, expected) in [
        ("rating", json!("good"), json!("good")),
        ("rating", json!(["bad"]), json!("bad")),
        ("defects", json!(["spelling", "grammatical", "spelling"]), json!(["spelling", "grammatical"])),
        ("score", json!(7.0), json!(7)),
        ("score", json!(2.5), json!(2.5)),
        ("flag", json!(false), json!(false)),
        ("note", json!(""), json!("")),
        ("correction", json!("Zażółć 🌵\nمرحبا"), json!("Zażółć 🌵\nمرحبا")),
    ] {
        say(&key, name, value).await.expect(200);
        assert!(stored(&key).await.contains(&(name.into(), expected.clone())), "{name} {expected}");
    }
    assert_eq!(rows(&key).await.len(), 6, "a key has one value");
}

#[tokio::test]
async fn errors_are_in_the_words_of_the_guide_and_store_nothing() {
    let test = start().await;
    with_score(&test).await;
    let key = test.admin().await;
    let workspace = &test.workspace_id;
    for (name, value, status, message) in [
        ("rating", json!("poor"), 400, "Invalid value: poor. Valid options are: good, bad.".to_owned()),
        ("score", json!(15), 400, "Value 15 is out of range [0, 10].".into()),
        ("score", json!(15.0), 400, "Value 15 is out of range [0, 10].".into()),
        ("note", json!("x".repeat(201)), 400, "String value exceeds maximum length of 200 characters.".into()),
        ("correction", json!("x".repeat(3001)), 400, "String value exceeds maximum length of 3000 characters.".into()),
        (
            "nothing",
            json!(1),
            404,
            format!("The human review with key \"nothing\" for workspace {workspace} was not found."),
        ),
    ] {
        let body = json!({"annotations": [{"key": "interactions", "value": ["saved"]}, {"key": name, "value": value}]});
        assert_eq!(key.post(&here(), body).await.error(status), message);
        assert!(stored(&key).await.is_empty());
    }
    let body = json!({"annotations": [{"key": "nothing", "value": "good"}]});
    for (trace, span) in [(TRACE, "ffffffffffffffff"), ("ffffffffffffffffffffffffffffffff", SPAN)] {
        let message = key.post(&path(trace, span), body.clone()).await.error(404);
        assert_eq!(message, format!("Span with id {span} for workspace {workspace} was not found."));
    }
}

#[tokio::test]
async fn an_error_names_the_place_of_the_mistake() {
    let test = start().await;
    let key = test.admin().await;
    for (body, field) in [
        (json!({"annotations": []}), "annotations"),
        (json!({"annotations": vec![json!({"key": "rating", "value": "good"}); 11]}), "annotations"),
        (json!({"annotations": [{"value": "good"}]}), "annotations[0]"),
        (json!({"annotations": [{"key": "", "value": "good"}]}), "annotations[0]"),
        (json!({"annotations": [{"key": "rating", "parent_annotation_id": "x", "value": "good"}]}), "annotations[0]"),
        (json!({"annotations": [{"key": "rating", "value": null}]}), "annotations[0].value"),
        (json!({"annotations": [{"key": "rating", "value": {"a": 1}}]}), "annotations[0].value"),
        (json!({"annotations": [{"key": "rating", "value": []}]}), "annotations[0].value"),
        (json!({"annotations": [{"key": "defects", "value": ["spelling", 1]}]}), "annotations[0].value"),
        (json!({"annotations": [{"key": 5, "value": "good"}]}), "annotations[0].key"),
        (
            json!({"annotations": [{"key": "rating", "value": "good"}, {"key": "rating", "value": "bad"}]}),
            "annotations[1].key",
        ),
        (
            json!({"annotations": [{"key": "rating", "value": "good"}], "metadata": {"identity_id": 5}}),
            "metadata.identity_id",
        ),
        (
            json!({"annotations": [{"key": "rating", "value": "good"}], "annotator": {"kind": "robot"}}),
            "annotator.kind",
        ),
        (json!({"annotations": [{"key": "rating", "value": "good"}], "duration_ms": -1}), "duration_ms"),
        (
            json!({"annotations": [{"key": "rating", "value": "good", "explanation": "x".repeat(3001)}]}),
            "annotations[0].explanation",
        ),
    ] {
        let answer = key.post(&here(), body).await.expect(400).json();
        assert_eq!(answer["field"], field, "{answer}");
        assert!(stored(&key).await.is_empty());
    }
}

#[tokio::test]
async fn a_body_that_is_none_is_refused_and_the_message_names_the_fix() {
    let test = start().await;
    let key = test.admin().await;
    say(&key, "rating", json!("good")).await.expect(200);
    for method in ["POST", "DELETE"] {
        for body in [None, Some(Vec::new())] {
            let message = key.send(method.parse().unwrap(), &here(), body).await.error(400);
            assert!(message.contains("requestBody"), "{message}");
        }
        for body in ["{", "[]", "null", "\"x\"", "{}", "{\"annotations\": {}, \"keys\": {}}"] {
            key.send(method.parse().unwrap(), &here(), Some(body.into())).await.error(400);
        }
    }
    assert_eq!(stored(&key).await, [("rating".into(), json!("good"))]);
}

#[tokio::test]
async fn keys_to_take_back_are_counted_and_must_exist() {
    let test = start().await;
    let key = test.admin().await;
    say(&key, "rating", json!("good")).await.expect(200);
    key.delete_with(&here(), json!({"keys": vec!["rating"; 11]})).await.error(400);
    key.delete_with(&here(), json!({"keys": [], "parent_annotation_ids": []})).await.error(400);
    let message = key.delete_with(&here(), json!({"keys": ["rating", "none"]})).await.error(404);
    let workspace = &test.workspace_id;
    assert_eq!(message, format!("The human review with key \"none\" for workspace {workspace} was not found."));
    key.delete_with(&path(TRACE, "ffffffffffffffff"), json!({"keys": ["rating"]})).await.error(404);
    assert_eq!(rows(&key).await.len(), 1);
    for _ in 0..2 {
        key.delete_with(&here(), json!({"keys": ["rating", "defects"]})).await.expect(200);
        assert!(rows(&key).await.is_empty());
    }
}

#[tokio::test]
async fn end_users_do_not_replace_each_other() {
    let test = start().await;
    let key = test.admin().await;
    for (metadata, value) in [
        (json!({"identity_id": "ann"}), "good"),
        (json!({"identityId": "bob"}), "bad"),
        (json!({"identity_id": "ann", "identityId": "x", "more": 1}), "bad"),
        (json!({"identity_id": "ann", "reviewerId": "carol", "source": "app"}), "good"),
        (json!({}), "good"),
    ] {
        let body = json!({"annotations": [{"key": "rating", "value": value}], "metadata": metadata});
        key.post(&here(), body).await.expect(200);
    }
    let rows = rows(&key).await;
    let said: Vec<_> = rows.iter().map(|row| (row["identity_id"].as_str(), row["value"].as_str().unwrap())).collect();
    let mut sorted = said.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, [(None, "good"), (Some("ann"), "bad"), (Some("ann"), "good"), (Some("bob"), "bad")]);
    let carol = rows.iter().find(|row| row["annotator"]["id"] == "carol").expect("a reviewer is the annotator");
    assert_eq!((&carol["identity_id"], &carol["source"]), (&json!("ann"), &json!("app")));

    let body = json!({"keys": ["rating"], "metadata": {"identity_id": "ann"}});
    key.delete_with(&here(), body).await.expect(200);
    assert_eq!(stored(&key).await.len(), 2, "both values that come from ann are gone");
    key.delete_with(&here(), json!({"keys": ["rating"]})).await.expect(200);
    assert!(stored(&key).await.is_empty());
}

#[tokio::test]
async fn the_history_tells_who_did_what_and_stays_after_removal() {
    let test = start().await;
    let key = test.admin().await.header("user-agent", "test/1");
    say(&key, "rating", json!("good")).await.expect(200);
    say(&key, "rating", json!(["good"])).await.expect(200);
    let body = json!({"annotations": [{"key": "rating", "value": "bad"}], "duration_ms": 1200});
    key.post(&here(), body).await.expect(200);
    let id = rows(&key).await[0]["id"].as_str().unwrap().to_owned();
    key.delete_with(&here(), json!({"keys": ["rating"]})).await.expect(200);
    say(&key, "rating", json!("good")).await.expect(200);
    assert_eq!(rows(&key).await[0]["id"], json!(id), "the id stays");

    let history = key.get(&format!("/v2/annotations/{id}/history")).await.expect(200).json();
    let entries = history["data"].as_array().unwrap();
    let told: Vec<_> =
        entries.iter().map(|entry| (entry["action"].as_str().unwrap(), entry.get("value").cloned())).collect();
    let expected =
        [("set", Some(json!("good"))), ("change", Some(json!("bad"))), ("remove", None), ("set", Some(json!("good")))];
    assert_eq!(told, expected, "what changes nothing is no event");
    assert_eq!(entries[1]["duration_ms"], 1200);
    assert_eq!(entries[0]["client"], "test/1");
    assert!(entries.iter().all(|entry| entry["actor"].as_str().unwrap().starts_with("key:")));
    key.get("/v2/annotations/01J0000000000000000000000Z/history").await.error(404);
}

#[tokio::test]
async fn machines_verdicts_are_kept_apart_and_can_be_corrected() {
    let test = start().await;
    let key = test.admin().await;
    let machine = |key: &str, value: Value| {
        json!({"annotations": [{"key": key, "value": value, "explanation": "because", "passed": true}],
               "annotator": {"kind": "llm", "id": "judge"}})
    };
    key.post(&here(), machine("faithful", json!(true))).await.expect(200);
    key.post(&here(), machine("rating", json!("good"))).await.expect(200);
    let refused = key.post(&here(), machine("rating", json!("poor"))).await.error(400);
    assert_eq!(refused, "Invalid value: poor. Valid options are: good, bad.");
    assert!(rows(&key).await.is_empty(), "verdicts are no annotations");

    let log = format!("/v2/logs/{TRACE}-{SPAN}");
    let evaluations = key.get(&log).await.expect(200).json()["evaluations"].clone();
    let verdict = evaluations.as_array().unwrap().iter().find(|each| each["evaluator_id"] == "faithful").unwrap();
    assert_eq!((&verdict["evaluation_type"], &verdict["value"]), (&json!("evaluator"), &json!(true)));
    let correction = |value: Value| json!({"annotations": [{"parent_annotation_id": verdict["id"], "value": value, "explanation": "no"}]});
    key.post(&here(), correction(json!("no"))).await.error(400);
    key.post(&here(), correction(json!(false))).await.expect(200);
    let unknown = json!({"annotations": [{"parent_annotation_id": "01J0000000000000000000000Z", "value": false}]});
    key.post(&here(), unknown).await.error(404);

    let row = &rows(&key).await[0];
    assert_eq!((&row["parent_annotation_id"], &row["evaluator"]), (&verdict["id"], &json!("faithful")));
    assert_eq!((&row["value"], &row["explanation"], row.get("key")), (&json!(false), &json!("no"), None));
    let evaluations = key.get(&log).await.expect(200).json()["evaluations"].clone();
    let corrected =
        evaluations.as_array().unwrap().iter().find(|each| each["evaluation_type"] == "human_review").unwrap();
    assert_eq!(corrected["output_schema"], "boolean");
    assert!(corrected.get("human_review_id").is_none());

    key.delete_with(&here(), json!({"parent_annotation_ids": [verdict["id"]]})).await.expect(200);
    assert!(rows(&key).await.is_empty());
    key.delete_with(&here(), json!({"parent_annotation_ids": ["x"]})).await.error(404);
}

#[tokio::test]
async fn annotations_are_listed_newest_first_and_filtered() {
    let test = start().await;
    let key = test.admin().await;
    for number in 1..=3 {
        let span = format!("000000000000000{number}");
        spans(&test, vec![Span::generation(TRACE, &span)]).await;
        test.clock.advance(1_000_000);
        let answers = json!([{"key": "defects", "value": ["spelling", "ambiguity"]}]);
        key.post(&path(TRACE, &span), json!({"annotations": answers})).await.expect(200);
    }
    test.clock.advance(1_000_000);
    say(&key, "rating", json!("good")).await.expect(200);
    let all = key.get("/v2/annotations").await.expect(200).json();
    let keys: Vec<_> = all["data"].as_array().unwrap().iter().map(|row| row["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["rating", "defects", "defects", "defects"]);
    assert_eq!(all["has_more"], false);

    let first = key.get("/v2/annotations?limit=2").await.expect(200).json();
    assert_eq!(first["has_more"], true);
    let last = first["data"][1]["id"].as_str().unwrap();
    let second = key.get(&format!("/v2/annotations?limit=2&starting_after={last}")).await.expect(200).json();
    assert_eq!((second["data"].as_array().unwrap().len(), &second["has_more"]), (2, &json!(false)));
    let start_of_second = second["data"][0]["id"].as_str().unwrap();
    let back = key.get(&format!("/v2/annotations?limit=2&ending_before={start_of_second}")).await.expect(200).json();
    assert_eq!(back["data"], first["data"]);

    for (query, count) in [
        ("key=rating", 1),
        ("value=good", 1),
        ("value=spelling", 3),
        ("value=spell", 0),
        ("span_id=0000000000000002", 1),
        ("annotator_kind=automation", 0),
        ("source=api&key=defects", 3),
        ("from=2026-11-21T10:00:03Z", 2),
        ("to=2026-11-21T10:00:03Z", 2),
        ("trace_id=ffffffffffffffffffffffffffffffff", 0),
    ] {
        let found = key.get(&format!("/v2/annotations?{query}")).await.expect(200).json();
        assert_eq!(found["data"].as_array().unwrap().len(), count, "{query}");
    }
    for (query, field) in [("limit=0", "limit"), ("limit=x", "limit"), ("from=yesterday", "from")] {
        let answer = key.get(&format!("/v2/annotations?{query}")).await.expect(400).json();
        assert_eq!(answer["field"], field, "{answer}");
    }
}

#[tokio::test]
async fn a_key_does_what_its_scopes_say() {
    let test = start().await;
    let body = json!({"annotations": [{"key": "rating", "value": "good"}]});
    test.anonymous().post(&here(), json!({})).await.error(401);
    test.with_scopes(&["read"]).await.post(&here(), body.clone()).await.error(403);
    test.with_scopes(&["annotate"]).await.post(&here(), body).await.expect(200);
    test.with_scopes(&["annotate"]).await.get(&here()).await.error(403);
    test.with_scopes(&["annotate", "read"]).await.post("/v2/human-evals", json!({})).await.error(403);
}

#[tokio::test]
async fn a_member_speaks_for_themself_and_takes_back_only_what_they_said() {
    use postil::annotation::{Annotate, Annotator, AnnotatorKind, Answer, Metadata, Remove, annotate, remove};
    use postil::project::Actor;

    let test = start().await;
    let key = test.admin().await;
    say(&key, "rating", json!("bad")).await.expect(200);
    let member = |id: &str, role: Role| {
        let actor = Actor::Member { id: id.into(), name: id.into() };
        postil::project::Caller { actor, permissions: role.permissions(), ..test.caller() }
    };
    let answers = vec![Answer { key: Some("rating".into()), value: json!("good"), ..Answer::default() }];
    let metadata = Metadata { reviewer_id: Some("somebody".into()), ..Metadata::default() };
    let other = Annotator { kind: AnnotatorKind::Human, id: "other".into() };
    let own = Annotate { answers, metadata, ..Annotate::default() };
    let foreign = Annotate { annotator: Some(other.clone()), ..own.clone() };
    let (clock, ann) = (test.clock.clone(), member("ann", Role::Developer));
    let refused = test.app.db.write(move |tx| {
        annotate(tx, &clock, &ann, TRACE, SPAN, &own, 3000)?;
        Ok(annotate(tx, &clock, &ann, TRACE, SPAN, &foreign, 3000).is_err())
    });
    assert!(refused.await.unwrap());
    let ann =
        rows(&key).await.into_iter().find(|row| row["annotator"]["id"] == "ann").expect("the member is the annotator");
    assert_eq!(ann["source"], "orq");

    let (clock, ann, lead) = (test.clock.clone(), member("ann", Role::Developer), member("lead", Role::Admin));
    let plain = Remove { keys: vec!["rating".into()], ..Remove::default() };
    let named = Remove { annotator: Some(Annotator { kind: AnnotatorKind::Human, id: "ann".into() }), ..plain.clone() };
    let foreign = Remove { annotator: Some(other), ..plain.clone() };
    let counts = test.app.db.write(move |tx| {
        assert!(remove(tx, &clock, &ann, TRACE, SPAN, &foreign).is_err());
        let nothing = remove(tx, &clock, &lead, TRACE, SPAN, &plain)?;
        let of_ann = remove(tx, &clock, &lead, TRACE, SPAN, &named)?;
        Ok((nothing, of_ann, remove(tx, &clock, &ann, TRACE, SPAN, &plain)?))
    });
    assert_eq!(counts.await.unwrap(), (0, 1, 0));
    assert_eq!(rows(&key).await.len(), 1, "what the key said stays");
}

#[tokio::test]
async fn annotators_are_told_by_name_where_they_have_one() {
    let test = start().await;
    let key = test.admin().await.header("user-agent", "test/1");
    let ann = member(&test, "ann@example.com", None, Some(Role::Developer)).await;
    key.post("/v2/identities", json!({"external_id": "user_7", "display_name": "Grace"})).await.expect(201);
    say(&sign_in(&test, "ann@example.com").await, "rating", json!("good")).await.expect(200);
    say(&key, "rating", json!("bad")).await.expect(200);
    for identity in ["user_7", "user_8"] {
        let body = json!({"annotations": [{"key": "rating", "value": "bad"}], "metadata": {"identity_id": identity}});
        key.post(&here(), body).await.expect(200);
    }
    let remove = format!("/api/members/{ann}");
    key.delete(&remove).await.expect(204);

    let said = rows(&key).await;
    let name_of = |id: &str| {
        let row = said.iter().find(|row| row["annotator"]["id"] == id);
        row.expect("they said something")["annotator"].get("name").cloned()
    };
    assert_eq!(name_of(&ann), Some(json!("Ada")), "a name stays when the member goes");
    assert_eq!(name_of("user_7"), Some(json!("Grace")));
    assert_eq!(name_of("user_8"), None, "nobody knows who this is");
    let listed = key.get(&format!("/v2/annotations?annotator_id={ann}")).await.expect(200).json();
    assert_eq!(listed["data"][0]["annotator"]["name"], "Ada");

    let grace = said.iter().find(|row| row["annotator"]["id"] == "user_7").unwrap()["id"].as_str().unwrap();
    let history = key.get(&format!("/v2/annotations/{grace}/history")).await.expect(200).json();
    let entry = &history["data"][0];
    assert_eq!(entry["annotator"]["name"], "Grace");
    assert!(entry["actor_name"].is_string(), "the key that sent it: {entry}");
}
