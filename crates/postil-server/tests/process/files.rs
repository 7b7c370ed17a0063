//! Files in and out by the command line.

use std::process::Output;

use crate::server::Place;

fn told(done: &Output) -> String {
    String::from_utf8_lossy(&done.stderr).into_owned()
}

#[test]
fn a_dataset_comes_in_and_goes_out_by_its_name() {
    let place = Place::sqlite();
    let file = |name: &str| place.path(name).to_string_lossy().into_owned();
    std::fs::write(place.path("good.csv"), "question,expected\nWho?,Me\nWhere?,Here\n").unwrap();
    let done = place.run(&["import", "dataset", "Gold", &file("good.csv")]);
    assert!(done.status.success() && told(&done).contains("2 imported"), "{}", told(&done));
    let done = place.run(&["import", "dataset", "Gold", &file("good.csv"), "--skip-duplicates"]);
    assert!(told(&done).contains("0 imported, 2 were there already"), "{}", told(&done));
    let done = place.run(&["export", "dataset", "Gold", "--format", "openai"]);
    let lines: Vec<_> = std::str::from_utf8(&done.stdout).unwrap().lines().collect();
    assert_eq!(lines.len(), 2);
    let first = r#"{"messages":[{"role":"user","content":"Who?"},{"role":"assistant","content":"Me"}]}"#;
    assert_eq!(lines[0], first);

    let table = file("gold.parquet");
    let export = ["export", "dataset", "Gold", "--format", "parquet", "--output", &table];
    assert!(place.run(&export).status.success());
    assert!(std::fs::read(&table).unwrap().starts_with(b"PAR1"));
    let again = place.run(&export);
    assert!(!again.status.success() && told(&again).contains("gold.parquet"), "what is there is not written over");

    std::fs::write(place.path("bad.jsonl"), "{\"inputs\":{\"a\":1}}\nnonsense\n").unwrap();
    let refused = place.run(&["import", "dataset", "Other", &file("bad.jsonl")]);
    assert!(!refused.status.success() && told(&refused).contains("line 2"), "{}", told(&refused));
    let missing = place.run(&["export", "dataset", "Other"]);
    assert!(!missing.status.success() && told(&missing).contains("\"Other\""), "{}", told(&missing));
}

#[test]
fn annotations_go_out_as_a_table_and_what_is_no_span_is_refused() {
    let place = Place::sqlite();
    let done = place.run(&["export", "annotations", "--format", "csv"]);
    let text = String::from_utf8(done.stdout).unwrap();
    assert!(done.status.success() && text.starts_with("id,trace_id,span_id,"), "{text}");
    let row =
        "trace_id,span_id,key,value,annotator_id\n0af7651916cd43dd8448eb211c80319c,b7ad6b7169203331,rating,good,ann\n";
    std::fs::write(place.path("said.csv"), row).unwrap();
    let file = place.path("said.csv").to_string_lossy().into_owned();
    let refused = place.run(&["import", "annotations", &file]);
    assert!(!refused.status.success() && told(&refused).contains("Row 1, line 2"), "{}", told(&refused));
}
