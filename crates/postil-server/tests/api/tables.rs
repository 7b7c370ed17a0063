//! Exports as Parquet, and as folders for Hugging Face.

use std::fs::File;
use std::io::{Cursor, Read, Write};

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Row;
use serde_json::{Value, json};

use crate::app::{Client, TestApp};

async fn dataset(key: &Client<'_>, count: usize) -> String {
    let made = key.post("/v2/datasets", json!({"display_name": "Gold \"1\""})).await.expect(200).json();
    let id = made["_id"].as_str().unwrap().to_owned();
    let point = |at: usize| {
        json!({"messages": [{"role": "user", "content": format!("Łódź {at}?")}],
        "inputs": {"n": at}, "expected_output": format!("Answer {at}")})
    };
    let points: Vec<_> = (0..count).map(point).collect();
    key.post(&format!("/v2/datasets/{id}/datapoints"), json!(points)).await.expect(200);
    id
}

fn rows(bytes: &[u8]) -> Vec<Value> {
    let mut file: File = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    let reader = SerializedFileReader::new(file).unwrap();
    reader.get_row_iter(None).unwrap().map(|row| value(&row.unwrap())).collect()
}

fn value(row: &Row) -> Value {
    let cell = |(name, field): (&String, &parquet::record::Field)| {
        let value = match field {
            parquet::record::Field::Str(text) => json!(text),
            parquet::record::Field::Long(number) | parquet::record::Field::TimestampMicros(number) => json!(number),
            _ => Value::Null,
        };
        (name.clone(), value)
    };
    Value::Object(row.get_column_iter().map(cell).collect())
}

fn files(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let names: Vec<_> = archive.file_names().map(|name| name.unwrap().into_owned()).collect();
    let read = |name: String| {
        let mut content = Vec::new();
        archive.by_name(&name).unwrap().read_to_end(&mut content).unwrap();
        (name, content)
    };
    names.into_iter().map(read).collect()
}

#[tokio::test]
async fn a_dataset_leaves_as_a_table_with_types() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    let id = dataset(&admin, 450).await;
    let export = format!("/v3/datasets/{id}/export");
    let answer = admin.get(&format!("{export}?format=parquet")).await.expect(200);
    assert_eq!(answer.headers["content-disposition"], "attachment; filename=\"Gold__1_.parquet\"");
    let table = rows(&answer.bytes);
    let lines = admin.get(&export).await.expect(200);
    let lines: Vec<Value> =
        std::str::from_utf8(&lines.bytes).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(table.len(), 450);
    for (row, line) in table.iter().zip(&lines) {
        assert_eq!((&row["id"], &row["expected_output"]), (&line["id"], &line["expected_output"]));
        let inputs: Value = serde_json::from_str(row["inputs"].as_str().unwrap()).unwrap();
        let messages: Value = serde_json::from_str(row["messages"].as_str().unwrap()).unwrap();
        assert_eq!((&inputs, &messages), (&line["inputs"], &line["messages"]));
        assert_eq!((&row["trace_id"], &row["created_at"]), (&Value::Null, &json!(crate::app::NOON)));
    }
}

#[tokio::test]
async fn annotations_leave_as_a_table_with_types() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    crate::datasets_taken::calls(&admin, 3).await;
    let review = json!({"type": "range", "display_name": "Score", "description": "", "key": "score", "config": {"min": 0, "max": 5}});
    admin.post("/v2/human-evals", review).await.expect(200);
    for at in 1..=3 {
        let here = format!("/v2/traces/{at:032x}/spans/{at:016x}/annotation");
        admin.post(&here, json!({"annotations": [{"key": "score", "value": at}]})).await.expect(200);
    }
    let table = rows(&admin.get("/v3/annotations/export?format=parquet").await.expect(200).bytes);
    let mut values: Vec<_> =
        table.iter().map(|row| (row["value"].clone(), row["definition_version"].clone())).collect();
    values.sort_by_key(|(value, _)| value.to_string());
    assert_eq!(values, [1, 2, 3].map(|at| (json!(at.to_string()), json!(1))));
    assert_eq!((&table[0]["created_at"], &table[0]["queue_id"]), (&json!(crate::app::NOON), &Value::Null));
}

#[tokio::test]
async fn a_folder_has_a_file_for_each_part_and_a_card_that_names_them() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    let id = dataset(&admin, 300).await;
    let export = format!("/v3/datasets/{id}/export?format=huggingface");
    let answer = admin.get(&format!("{export}&test_percent=20&files=openai")).await.expect(200);
    assert_eq!(answer.headers["content-type"], "application/zip");
    let folder = files(&answer.bytes);
    let names: Vec<_> = folder.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["data/train.jsonl", "data/test.jsonl", "README.md"]);
    let lines = |at: usize| String::from_utf8(folder[at].1.clone()).unwrap().lines().count();
    assert_eq!(lines(0) + lines(1), 300);
    assert!((30..90).contains(&lines(1)), "{}", lines(1));
    let card = String::from_utf8(folder[2].1.clone()).unwrap();
    assert_eq!(
        card,
        "---\npretty_name: \"Gold \\\"1\\\"\"\nconfigs:\n- config_name: default\n  data_files:\n  - split: train\n    \
         path: data/train.jsonl\n  - split: test\n    path: data/test.jsonl\n---\n\n# Gold \"1\"\n\nExported from Postil.\n"
    );
    let tables = files(&admin.get(&format!("{export}&files=parquet")).await.expect(200).bytes);
    assert_eq!(tables[0].0, "data/train.parquet");
    assert_eq!(rows(&tables[0].1).len(), 300);
    // Nobody was corrected: no file, and none is named.
    let pairs = files(&admin.get(&format!("{export}&files=dpo")).await.expect(200).bytes);
    assert_eq!(pairs.len(), 1);
    assert!(!String::from_utf8(pairs[0].1.clone()).unwrap().contains("data/"));
    assert_eq!(admin.get(&format!("{export}&files=csv")).await.expect(400).json()["field"], "files");
}
