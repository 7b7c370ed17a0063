//! Annotations that come back in from files.

use axum::http::Method;
use serde_json::{Value, json};

use crate::app::{Answer, Client, TestApp};
use crate::datasets_taken::calls;

async fn upload(key: &Client<'_>, query: &str, file: &str) -> Answer {
    let path = format!("/v3/annotations/import{query}");
    key.header("content-type", "text/plain").send(Method::POST, &path, Some(file.as_bytes().to_vec())).await
}

async fn asked(admin: &Client<'_>) {
    calls(admin, 2).await;
    for review in [
        json!({"type": "range", "display_name": "Score", "description": "", "key": "score", "config": {"min": 0, "max": 5}}),
        json!({"type": "boolean", "display_name": "Safe", "description": "", "key": "safe"}),
        json!({"type": "text", "display_name": "Note", "description": "", "key": "note"}),
        json!({"type": "multi_select", "display_name": "Defects", "description": "", "key": "defects",
            "options": [{"value": "a"}, {"value": "b, c"}]}),
    ] {
        admin.post("/v2/human-evals", review).await.expect(200);
    }
}

async fn said(admin: &Client<'_>) {
    for (at, who) in [(1, "ann"), (1, "bob"), (2, "ann")] {
        let answers = json!([{"key": "score", "value": at}, {"key": "safe", "value": true}, {"key": "note", "value": "12"},
            {"key": "defects", "value": ["a", "b, c"]}]);
        let body = json!({"annotations": answers, "metadata": {"identity_id": who, "source": "shop"}});
        admin.post(&format!("/v2/traces/{at:032x}/spans/{at:016x}/annotation"), body).await.expect(200);
    }
}

async fn exported(key: &Client<'_>, format: &str) -> String {
    let answer = key.get(&format!("/v3/annotations/export?format={format}")).await.expect(200);
    String::from_utf8(answer.bytes).unwrap()
}

/// What lasts of each value, in one order.
async fn lasting(key: &Client<'_>) -> Vec<Value> {
    let names = ["trace_id", "span_id", "key", "value", "annotator_id", "identity_id", "source"];
    let mut lines: Vec<Value> = exported(key, "jsonl")
        .await
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .map(|line| names.iter().map(|name| line[*name].clone()).collect())
        .collect();
    lines.sort_by_key(ToString::to_string);
    lines
}

#[tokio::test]
async fn what_was_exported_is_said_again_by_those_who_said_it() {
    for format in ["jsonl", "csv"] {
        let (from, to) = (TestApp::start().await, TestApp::start().await);
        let (here, there) = (from.admin().await, to.admin().await);
        asked(&here).await;
        said(&here).await;
        asked(&there).await;
        let file = exported(&here, format).await;
        let done = upload(&there, "?keep_authors=true", &file).await.expect(200).json();
        assert_eq!(done, json!({"imported": 12, "skipped": 0, "errors": []}), "{format}");
        assert_eq!(lasting(&there).await, lasting(&here).await, "{format}");
        // Once more changes nothing.
        upload(&there, "?keep_authors=true", &file).await.expect(200);
        assert_eq!(lasting(&there).await, lasting(&here).await, "{format}");
    }
}

#[tokio::test]
async fn without_authors_the_caller_says_everything_and_nothing_twice() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    asked(&admin).await;
    let row = |span: usize, who: &str| {
        json!({"trace_id": format!("{span:032x}"), "span_id": format!("{span:016x}"), "key": "score", "value": 3,
            "annotator_id": who, "identity_id": who})
        .to_string()
    };
    upload(&admin, "", &format!("{}\n{}\n", row(1, "ann"), row(2, "bob"))).await.expect(200);
    let lines = lasting(&admin).await;
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0][4], lines[1][4], "one author");
    assert_eq!((&lines[0][5], &lines[1][5]), (&json!("ann"), &json!("bob")));
    let both = format!("{}\n{}\n", row(1, "ann"), row(1, "bob"));
    assert_eq!(upload(&admin, "", &both).await.expect(400).json()["field"], "rows[2]");
}

#[tokio::test]
async fn one_bad_row_refuses_all_unless_it_is_left_out() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    asked(&admin).await;
    let place = format!("{:032x},{:016x}", 1, 1);
    let file = format!(
        "trace_id,span_id,key,value\n{place},score,3\n{place},score2,3\n{place},safe,perhaps\n\
        {:032x},{:016x},score,3\n,x,score,3\n{place},note,\n",
        9, 9
    );
    assert_eq!(upload(&admin, "", &file).await.expect(400).json()["field"], "rows[2]");
    assert_eq!(lasting(&admin).await.len(), 0);
    let done = upload(&admin, "?skip_bad_rows=true", &file).await.expect(200).json();
    assert_eq!((&done["imported"], &done["skipped"]), (&json!(2), &json!(4)), "{done}");
    let rows: Vec<_> = done["errors"].as_array().unwrap().iter().map(|each| each["row"].clone()).collect();
    assert_eq!(rows, [2, 3, 4, 5].map(|row| json!(row)));
    assert_eq!(lasting(&admin).await.len(), 2);
    upload(&test.with_scopes(&["read"]).await, "", &file).await.error(403);
    assert_eq!(upload(&admin, "", "").await.expect(400).json()["field"], "file");
}
