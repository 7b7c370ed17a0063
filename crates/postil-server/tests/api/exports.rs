//! Annotations as files.

use serde_json::{Value, json};

use crate::app::TestApp;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
/// Enough that their annotations are read in more than one piece.
const SPANS: usize = 260;

async fn judged() -> TestApp {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    let spans: Vec<_> = (1..=SPANS)
        .map(|at| {
            json!({"traceId": TRACE, "spanId": format!("{at:016x}"), "name": "s", "kind": 1,
                "startTimeUnixNano": "1795255100000000000", "endTimeUnixNano": "1795255101000000000"})
        })
        .collect();
    admin.post("/v1/traces", json!({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]})).await.expect(200);
    for review in [
        json!({"type": "text", "display_name": "Note", "description": "", "key": "note"}),
        json!({"type": "multi_select", "display_name": "Defects", "description": "", "key": "defects",
            "options": [{"value": "a"}, {"value": "b, c"}]}),
    ] {
        admin.post("/v2/human-evals", review).await;
    }
    for at in 1..=SPANS {
        let said = json!([{"key": "note", "value": format!("line 1\nline \"2\", of {at} ✓")},
            {"key": "defects", "value": ["a", "b, c"]}]);
        let path = format!("/v2/traces/{TRACE}/spans/{at:016x}/annotation");
        admin.post(&path, json!({"annotations": said, "metadata": {"identity_id": "user-1"}})).await.expect(200);
    }
    test
}

#[tokio::test]
async fn every_value_is_one_line_with_everything_that_is_known_of_it() {
    let test = judged().await;
    let admin = test.admin().await;
    let answer = admin.get("/v3/annotations/export").await.expect(200);
    let text = String::from_utf8(answer.bytes).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2 * SPANS);
    let mut seen: Vec<_> = lines.iter().map(|line| line["id"].as_str().unwrap()).collect();
    assert!(seen.is_sorted_by(|newer, older| newer > older), "newest first, none twice");
    seen.dedup();
    assert_eq!(seen.len(), 2 * SPANS);
    let list = admin.get("/v2/annotations?limit=200").await.expect(200).json();
    for (line, row) in lines.iter().zip(list["data"].as_array().unwrap()) {
        assert_eq!(
            (&line["id"], &line["value"], &line["key"], &line["identity_id"], &line["annotator_id"]),
            (&row["id"], &row["value"], &row["key"], &row["identity_id"], &row["annotator"]["id"]),
        );
    }
    let some = admin.get("/v3/annotations/export?key=note&span_id=0000000000000005").await.expect(200);
    let some: Value = serde_json::from_slice(&some.bytes).unwrap();
    assert_eq!(some["value"], "line 1\nline \"2\", of 5 ✓");
}

#[tokio::test]
async fn a_table_reads_back_as_it_was_said() {
    let test = judged().await;
    let admin = test.admin().await;
    let answer = admin.get("/v3/annotations/export?format=csv").await.expect(200);
    assert_eq!(answer.headers["content-type"], "text/csv; charset=utf-8");
    let mut table = csv::Reader::from_reader(answer.bytes.as_slice());
    let column = |table: &mut csv::Reader<&[u8]>, name: &str| {
        table.headers().unwrap().iter().position(|header| header == name).unwrap()
    };
    let (key, value, span) = (column(&mut table, "key"), column(&mut table, "value"), column(&mut table, "span_id"));
    let mut count = 0;
    for row in table.records() {
        let row = row.unwrap();
        count += 1;
        let at = u64::from_str_radix(&row[span], 16).unwrap();
        let expected = match &row[key] {
            "note" => format!("line 1\nline \"2\", of {at} ✓"),
            _ => "[\"a\",\"b, c\"]".to_owned(),
        };
        assert_eq!(row[value], expected);
    }
    assert_eq!(count, 2 * SPANS);
    for (query, field) in [("format=xml", "format"), ("from=yesterday", "from")] {
        assert_eq!(admin.get(&format!("/v3/annotations/export?{query}")).await.expect(400).json()["field"], field);
    }
    test.with_scopes(&["annotate"]).await.get("/v3/annotations/export").await.error(403);
}
