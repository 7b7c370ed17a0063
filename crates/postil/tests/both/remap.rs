//! Rows that an older mapping derived are derived again from what is kept of their spans.

use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use postil::trace::intake::{self, Origin};
use postil::trace::price::PriceTable;
use postil::trace::remap::{self, Batch, Outcome, Place, Which};
use postil::{Db, params};

use crate::bed::{Bed, NOON};
use crate::support::Capture;

crate::both!(
    rows_of_an_older_mapping_come_right,
    a_capture_of_a_real_client_comes_right_in_batches_of_any_size,
    spans_that_come_in_between_are_not_lost,
    log_records_that_come_in_between_are_not_lost,
    everything_is_derived_again_from_where_it_was_interrupted,
    what_cannot_be_read_any_more_stays_and_holds_nothing_up,
    a_trace_that_is_given_up_is_not_tried_again,
    new_prices_reach_what_is_stored,
    other_projects_are_left_alone,
    one_at_a_time_does_the_work,
    a_walk_is_taken_up_only_for_the_same_purpose,
);

const TRACE: [u8; 16] = [7; 16];
const TRACE_ID: &str = "07070707070707070707070707070707";

fn origin(project: i64) -> Origin {
    Origin { project, received_at: NOON, convention_version: None }
}

fn attribute(key: &str, value: Any) -> KeyValue {
    KeyValue { key: key.into(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
}

/// A call of a model that used so many tokens.
fn call(trace: [u8; 16], number: u8, tokens: i64) -> Span {
    Span {
        trace_id: trace.to_vec(),
        span_id: vec![0, 0, 0, 0, 0, 0, 1, number],
        name: "chat".into(),
        start_time_unix_nano: 1_795_255_100_000_000_000 + u64::from(number),
        end_time_unix_nano: 1_795_255_101_000_000_000,
        attributes: vec![
            attribute("gen_ai.operation.name", Any::StringValue("chat".into())),
            attribute("gen_ai.request.model", Any::StringValue("gpt-4o-mini".into())),
            attribute("gen_ai.usage.input_tokens", Any::IntValue(tokens)),
        ],
        ..Span::default()
    }
}

fn store(db: &Db, project: i64, spans: Vec<Span>) {
    let scope_spans = vec![ScopeSpans { spans, ..ScopeSpans::default() }];
    store_resources(db, project, vec![ResourceSpans { scope_spans, ..ResourceSpans::default() }]);
}

fn store_resources(db: &Db, project: i64, spans: Vec<ResourceSpans>) {
    let prepared = intake::prepare(spans, origin(project), PriceTable::built_in());
    db.write_blocking(move |tx| intake::store(tx, &prepared, PriceTable::built_in())).unwrap();
}

/// What an older version might have made of it: nothing right.
fn spoil(db: &Db) {
    db.write_blocking(|tx| {
        tx.execute(
            "update span set mapper_version = 0, kind = 'generic', name = 'spoilt', usage_input = 1, cost_total = null,
               input_preview = null, has_messages = 0, parent_span_id = null, response_model = 'spoilt'",
            params![],
        )?;
        tx.execute(
            "update trace set mapper_version = 0, name = 'spoilt', usage_input = 1, cost_total = 99.0, models = '[]',
               input_preview = 'spoilt', span_count = 77",
            params![],
        )
    })
    .unwrap();
}

/// All rows of traces and spans.
fn rows(db: &Db) -> Vec<String> {
    db.read_blocking(|tx| {
        let mut rows = tx.query("select * from span order by project, trace_id, span_id", params![])?;
        rows.extend(tx.query("select * from trace order by project, trace_id", params![])?);
        Ok(rows.iter().map(|row| format!("{row:?}")).collect())
    })
    .unwrap()
}

fn prepare(db: &Db, which: &Which, limit: usize) -> Batch {
    let which = which.clone();
    db.read_blocking(move |tx| remap::prepare(tx, 1, &which, limit, PriceTable::built_in())).unwrap()
}

fn write(db: &Db, batch: Batch) -> Outcome {
    db.write_blocking(move |tx| remap::write(tx, &batch)).unwrap()
}

/// Derives what is older again until nothing is left; so many traces and spans that took.
fn run(db: &Db, limit: usize) -> Outcome {
    let mut total = Outcome::default();
    for _ in 0..10_000 {
        let batch = prepare(db, &Which::Older, limit);
        if batch.is_empty() {
            return total;
        }
        let done = write(db, batch);
        total.traces += done.traces;
        total.spans += done.spans;
        total.unreadable += done.unreadable;
    }
    panic!("it does not end: {total:?}");
}

fn usage(db: &Db, trace_id: &str) -> Option<i64> {
    let trace_id = trace_id.to_owned();
    let sql = "select usage_input from trace where project = 1 and trace_id = $1";
    db.read_blocking(move |tx| tx.query_one(sql, params![&trace_id])?.opt_int(0)).unwrap()
}

fn rows_of_an_older_mapping_come_right(bed: &Bed) {
    store(&bed.db, 1, (1..=5).map(|number| call(TRACE, number, 10)).collect());
    store(&bed.db, 1, vec![call([8; 16], 1, 3)]);
    let right = rows(&bed.db);
    spoil(&bed.db);
    assert_ne!(rows(&bed.db), right);
    let older = bed.db.read_blocking(|tx| remap::remaining(tx, 1, &Which::Older)).unwrap();
    assert_eq!(older, 2);
    let done = run(&bed.db, 100);
    assert_eq!((done.traces, done.spans, done.unreadable), (2, 6, 0));
    assert_eq!(rows(&bed.db), right);
    // Nothing is old any more.
    assert_eq!(run(&bed.db, 100), Outcome::default());
}

fn a_capture_of_a_real_client_comes_right_in_batches_of_any_size(bed: &Bed) {
    for name in ["openinference-langchain", "otel-openai-v2-legacy-events"] {
        let capture = Capture::load(name);
        store_resources(&bed.db, 1, capture.spans.clone());
        if !capture.logs.is_empty() {
            let scope_logs = vec![ScopeLogs { log_records: capture.logs.clone(), ..ScopeLogs::default() }];
            store_logs(&bed.db, vec![ResourceLogs { scope_logs, ..ResourceLogs::default() }]);
        }
    }
    let right = rows(&bed.db);
    for limit in [1, 3, 64, 1000] {
        spoil(&bed.db);
        run(&bed.db, limit);
        assert_eq!(rows(&bed.db), right, "in batches of {limit}");
    }
}

fn spans_that_come_in_between_are_not_lost(bed: &Bed) {
    store(&bed.db, 1, vec![call(TRACE, 1, 10), call(TRACE, 2, 10)]);
    spoil(&bed.db);
    let batch = prepare(&bed.db, &Which::Older, 100);
    // One span is new, one comes again with another content: both after the batch was prepared.
    store(&bed.db, 1, vec![call(TRACE, 2, 200), call(TRACE, 3, 3000)]);
    write(&bed.db, batch);
    assert_eq!(usage(&bed.db, TRACE_ID), Some(3210));
    run(&bed.db, 100);
    assert_eq!(usage(&bed.db, TRACE_ID), Some(3210));
}

fn store_logs(db: &Db, logs: Vec<ResourceLogs>) {
    let prepared = intake::prepare_logs(logs, origin(1));
    db.write_blocking(move |tx| intake::store_logs(tx, &prepared, PriceTable::built_in())).unwrap();
}

fn log_records_that_come_in_between_are_not_lost(bed: &Bed) {
    let span = call(TRACE, 1, 10);
    store(&bed.db, 1, vec![span.clone()]);
    spoil(&bed.db);
    let batch = prepare(&bed.db, &Which::Older, 100);
    let content = KeyValue { key: "content".into(), ..attribute("content", Any::StringValue("Where is it?".into())) };
    let body = Any::KvlistValue(opentelemetry_proto::tonic::common::v1::KeyValueList { values: vec![content] });
    let record = LogRecord {
        trace_id: span.trace_id,
        span_id: span.span_id,
        event_name: "gen_ai.user.message".into(),
        body: Some(AnyValue { value: Some(body) }),
        ..LogRecord::default()
    };
    let scope_logs = vec![ScopeLogs { log_records: vec![record], ..ScopeLogs::default() }];
    store_logs(&bed.db, vec![ResourceLogs { scope_logs, ..ResourceLogs::default() }]);
    assert!(write(&bed.db, batch).again, "the batch knew nothing of the record");
    run(&bed.db, 100);
    let asked = bed.db.read_blocking(|tx| tx.query_one("select input_preview from span", params![])?.opt_text(0));
    assert_eq!(asked.unwrap().as_deref(), Some("Where is it?"));
}

fn everything_is_derived_again_from_where_it_was_interrupted(bed: &Bed) {
    let traces: Vec<[u8; 16]> = (1..=70).map(|number| [number; 16]).collect();
    for trace in &traces {
        store(&bed.db, 1, (1..=3).map(|number| call(*trace, number, 10)).collect());
    }
    let right = rows(&bed.db);
    // As wrong as before, but nothing says that it is old: what new prices leave behind.
    spoil(&bed.db);
    bed.db
        .write_blocking(|tx| {
            tx.execute("update span set mapper_version = 1", params![])?;
            tx.execute("update trace set mapper_version = 1", params![])
        })
        .unwrap();
    assert!(prepare(&bed.db, &Which::Older, 100).is_empty());
    let start = bed.db.read_blocking(|tx| remap::begin(tx, 1)).unwrap();
    // What comes after the walk began is no part of it.
    store(&bed.db, 1, vec![call([0xff; 16], 1, 10)]);
    let right: Vec<_> = rows(&bed.db).into_iter().filter(|row| row.contains("ffffffff")).chain(right).collect();
    let (killed_after, mut place, mut spans) = (20, start, 0);
    for turn in 0.. {
        let Some(here) = place.clone() else { break };
        let batch = prepare(&bed.db, &Which::After(here.clone()), 7);
        let next = batch.next.clone();
        spans += write(&bed.db, batch).spans;
        if turn == killed_after {
            // Killed between the commit and whatever comes next: the place is read back, nothing else is known.
            let noted = next.clone().unwrap();
            let stored = noted.clone();
            bed.db.write_blocking(move |tx| remap::note(tx, "p", 1, &stored)).unwrap();
            let walk = bed.db.write_blocking(|tx| remap::interrupted(tx, "p")).unwrap().unwrap();
            assert_eq!((walk.project, &walk.place), (1, &noted));
            place = Some(walk.place);
        } else {
            place = next;
        }
        assert!(turn < 1000, "it does not end");
    }
    assert_eq!(spans, 210, "each span once");
    assert_eq!(sorted(rows(&bed.db)), sorted(right));
}

fn sorted(mut rows: Vec<String>) -> Vec<String> {
    rows.sort();
    rows
}

fn what_cannot_be_read_any_more_stays_and_holds_nothing_up(bed: &Bed) {
    store(&bed.db, 1, vec![call(TRACE, 1, 10)]);
    store(&bed.db, 1, vec![call([8; 16], 1, 3)]);
    spoil(&bed.db);
    let sql = "delete from span_chunk where trace_id = $1";
    bed.db.write_blocking(move |tx| tx.execute(sql, params![TRACE_ID])).unwrap();
    let done = run(&bed.db, 100);
    assert_eq!((done.spans, done.unreadable), (1, 1));
    assert_eq!(usage(&bed.db, &"08".repeat(16)), Some(3));
    assert_eq!(usage(&bed.db, TRACE_ID), Some(1), "what its row says is all that is left");
}

fn a_trace_that_is_given_up_is_not_tried_again(bed: &Bed) {
    store(&bed.db, 1, vec![call(TRACE, 1, 10)]);
    spoil(&bed.db);
    bed.db.write_blocking(|tx| remap::give_up(tx, 1, &[TRACE_ID.to_owned()])).unwrap();
    assert_eq!(run(&bed.db, 100), Outcome::default());
    assert_eq!(usage(&bed.db, TRACE_ID), Some(1));
}

fn new_prices_reach_what_is_stored(bed: &Bed) {
    store(&bed.db, 1, vec![call(TRACE, 1, 1_000_000)]);
    let house = r#"{"models":[{"model":"gpt-4o-mini","input":7,"output":8}]}"#;
    let prices = PriceTable::from_json(house).unwrap();
    let start = bed.db.read_blocking(|tx| remap::begin(tx, 1)).unwrap().unwrap();
    let batch = bed.db.read_blocking(move |tx| remap::prepare(tx, 1, &Which::After(start.clone()), 10, &prices));
    write(&bed.db, batch.unwrap());
    let sql = "select t.cost_total, s.cost_total from trace t join span s on s.trace_id = t.trace_id";
    let row = bed.db.read_blocking(move |tx| tx.query_one(sql, params![])).unwrap();
    assert_eq!([row.real(0).unwrap(), row.real(1).unwrap()], [7.0, 7.0]);
}

fn other_projects_are_left_alone(bed: &Bed) {
    store(&bed.db, 1, vec![call(TRACE, 1, 10)]);
    store(&bed.db, 2, vec![call(TRACE, 1, 10)]);
    spoil(&bed.db);
    assert_eq!(run(&bed.db, 100).traces, 1);
    let left = bed.db.read_blocking(|tx| remap::remaining(tx, 2, &Which::Older)).unwrap();
    assert_eq!(left, 1);
}

fn one_at_a_time_does_the_work(bed: &Bed) {
    let take = |holder: &'static str| {
        let clock = bed.clock.clone();
        bed.db.write_blocking(move |tx| remap::take(tx, &clock, holder, 1000)).unwrap()
    };
    assert!(take("a") && take("a") && !take("b"));
    bed.clock.advance(1001);
    assert!(take("b") && !take("a"), "who is gone for long is not waited for");
    bed.db.write_blocking(|tx| remap::release(tx, "a")).unwrap();
    assert!(!take("a"), "nobody gives back what another has");
    bed.db.write_blocking(|tx| remap::release(tx, "b")).unwrap();
    assert!(take("a"));
}

fn a_walk_is_taken_up_only_for_the_same_purpose(bed: &Bed) {
    let cheap = PriceTable::from_json(r#"{"models":[{"model":"m","input":1,"output":1}]}"#).unwrap();
    let purposes = [
        remap::purpose(None, PriceTable::built_in()),
        remap::purpose(Some(1), PriceTable::built_in()),
        remap::purpose(None, &cheap),
    ];
    assert!(purposes[0] != purposes[1] && purposes[0] != purposes[2]);
    assert_eq!(purposes[0], remap::purpose(None, &PriceTable::built_in().clone()));
    let interrupted = |purpose: &str| {
        let purpose = purpose.to_owned();
        bed.db.write_blocking(move |tx| remap::interrupted(tx, &purpose)).unwrap().is_some()
    };
    let noted = purposes[0].clone();
    bed.db.write_blocking(move |tx| remap::note(tx, &noted, 1, &Place::default())).unwrap();
    assert_eq!(purposes.clone().map(|purpose| interrupted(&purpose)), [true, false, false]);
    bed.db.write_blocking(remap::forget).unwrap();
    assert!(!interrupted(&purposes[0]));
}
