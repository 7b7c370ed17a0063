//! What a project keeps only for a time goes when that is over; what was said of it stays.

use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use postil::annotation::{self, Annotate, Answer, ListFilter, annotate};
use postil::human_review;
use postil::page::PageRequest;
use postil::project::projects::{self, Draft};
use postil::project::{Actor, Caller, Permissions, start};
use postil::trace::intake::{self, Origin};
use postil::trace::price::PriceTable;
use postil::trace::retention::{self, Due, Removed};
use postil::{Db, Error, params};
use serde_json::json;

use crate::bed::{Bed, NOON};

crate::both!(
    a_trace_goes_with_its_spans_and_log_records,
    what_was_said_of_a_trace_stays_with_its_history,
    a_trace_that_still_gets_spans_stays_whole,
    small_steps_remove_everything_in_the_end,
    log_records_without_a_trace_go_as_well,
    other_projects_and_those_that_keep_for_ever_lose_nothing,
    a_trace_that_went_can_come_again,
    a_call_counts_in_the_trace_that_is_left,
    an_image_goes_with_the_last_trace_that_shows_it,
    one_at_a_time_does_the_work,
    days_are_checked_and_can_be_taken_back,
);

const DAY: i64 = 86_400_000_000;
const TRACE_ID: &str = "07070707070707070707070707070707";
const SPAN_ID: &str = "0000000000000101";
const TABLES: [&str; 4] = ["trace", "span", "span_chunk", "log_record"];

fn span(trace: u8, number: u8) -> Span {
    Span {
        trace_id: vec![trace; 16],
        span_id: vec![0, 0, 0, 0, 0, 0, 1, number],
        name: "step".into(),
        start_time_unix_nano: 1_795_255_100_000_000_000 + u64::from(number),
        end_time_unix_nano: 1_795_255_101_000_000_000,
        ..Span::default()
    }
}

/// A call of Anthropic, which counts once however many traces report it.
fn shared_call(trace: u8) -> Span {
    let text = |key: &str, value: &str| attribute(key, Any::StringValue(value.into()));
    let attributes = vec![
        text("gen_ai.operation.name", "chat"),
        text("gen_ai.provider.name", "anthropic"),
        text("gen_ai.request.model", "claude-sonnet-4-5"),
        text("gen_ai.response.id", "msg_1"),
        attribute("gen_ai.usage.input_tokens", Any::IntValue(100)),
    ];
    Span { attributes, ..span(trace, 1) }
}

fn attribute(key: &str, value: Any) -> KeyValue {
    KeyValue { key: key.into(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
}

fn origin(project: i64, days_ago: i64) -> Origin {
    Origin { project, received_at: NOON - days_ago * DAY, convention_version: None }
}

fn send(db: &Db, project: i64, days_ago: i64, spans: Vec<Span>) {
    let scope_spans = vec![ScopeSpans { spans, ..ScopeSpans::default() }];
    let resource = ResourceSpans { scope_spans, ..ResourceSpans::default() };
    let prepared = intake::prepare(vec![resource], origin(project, days_ago), PriceTable::built_in());
    db.write_blocking(move |tx| intake::store(tx, &prepared, PriceTable::built_in())).unwrap();
}

fn send_record(db: &Db, days_ago: i64, of: &Span) {
    let record = LogRecord {
        trace_id: of.trace_id.clone(),
        span_id: of.span_id.clone(),
        time_unix_nano: 1,
        ..LogRecord::default()
    };
    let scope_logs = vec![ScopeLogs { log_records: vec![record], ..ScopeLogs::default() }];
    let prepared =
        intake::prepare_logs(vec![ResourceLogs { scope_logs, ..ResourceLogs::default() }], origin(1, days_ago));
    db.write_blocking(move |tx| intake::store_logs(tx, &prepared, PriceTable::built_in())).unwrap();
}

fn count(db: &Db, table: &'static str) -> i64 {
    let sql = format!("select cast(count(*) as bigint) from {table}");
    db.read_blocking(move |tx| tx.query_one(&sql, params![])?.int(0)).unwrap()
}

fn due(days: i64) -> Due {
    Due { project: 1, before: retention::limit(NOON, days), now: NOON }
}

/// Removes what is too old, a few spans at a time, and says how much that was and how many steps it took.
fn purge(db: &Db, due: Due, spans: i64) -> (Removed, u32) {
    let mut total = Removed::default();
    for steps in 1..1000 {
        let done = db.write_blocking(move |tx| retention::step(tx, due, spans)).unwrap();
        total.traces += done.traces;
        total.spans += done.spans;
        total.log_records += done.log_records;
        if !done.more {
            return (total, steps);
        }
    }
    panic!("it does not end: {total:?}");
}

fn caller(bed: &Bed) -> Caller {
    let clock = bed.clock.clone();
    let home = bed.db.write_blocking(move |tx| {
        let home = start::home(tx, &clock)?;
        human_review::create_defaults(tx, &clock, 1)?;
        Ok(home)
    });
    let home = home.unwrap();
    Caller {
        workspace_id: home.workspace_id,
        project: home.project,
        bound_to: None,
        actor: Actor::Key { id: "key".into(), name: "key".into() },
        permissions: Permissions::ALL,
        client: None,
    }
}

fn a_trace_goes_with_its_spans_and_log_records(bed: &Bed) {
    send(&bed.db, 1, 8, vec![span(7, 1), span(7, 2)]);
    send_record(&bed.db, 8, &span(7, 1));
    send(&bed.db, 1, 6, vec![span(8, 1)]);
    assert_eq!(bed.db.read_blocking(|tx| retention::count(tx, 1, due(7).before)).unwrap(), 1);
    let (removed, _) = purge(&bed.db, due(7), 1000);
    assert_eq!((removed.traces, removed.spans, removed.log_records), (1, 2, 1));
    assert_eq!(TABLES.map(|table| count(&bed.db, table)), [1, 1, 1, 0]);
    assert!(!bed.db.read_blocking(|tx| retention::is_due(tx, due(7))).unwrap());
    assert_eq!(purge(&bed.db, due(7), 1000).0, Removed::default());
}

fn what_was_said_of_a_trace_stays_with_its_history(bed: &Bed) {
    let caller = caller(bed);
    send(&bed.db, 1, 8, vec![span(7, 1)]);
    let (clock, by) = (bed.clock.clone(), caller.clone());
    let say = move |value: &'static str| {
        let (clock, by) = (clock.clone(), by.clone());
        let answer = Answer { key: Some("rating".into()), value: json!(value), ..Answer::default() };
        let call = Annotate { answers: vec![answer], ..Annotate::default() };
        bed.db.write_blocking(move |tx| annotate(tx, &clock, &by, TRACE_ID, SPAN_ID, &call, 3000).map(drop)).unwrap();
    };
    say("good");
    say("bad");
    assert_eq!(purge(&bed.db, due(7), 1000).0.traces, 1);
    let read = bed.db.read_blocking(move |tx| {
        let of_span = annotation::for_span(tx, &caller, TRACE_ID, SPAN_ID)?;
        let page = PageRequest::new(None, None, None)?;
        let listed = annotation::list(tx, 1, &ListFilter::default(), &page)?.data;
        let history = annotation::history(tx, 1, &listed[0].id)?;
        let other = annotation::for_span(tx, &caller, TRACE_ID, "0000000000000199");
        Ok((of_span, listed, history, other))
    });
    let (of_span, listed, history, other) = read.unwrap();
    assert_eq!((of_span.len(), of_span[0].json()), (1, json!("bad")));
    assert_eq!((listed.len(), history.len()), (1, 2));
    assert!(matches!(other, Err(Error::NotFound { .. })), "nothing was ever said of another span: {other:?}");
}

fn a_trace_that_still_gets_spans_stays_whole(bed: &Bed) {
    send(&bed.db, 1, 8, vec![span(7, 1)]);
    send(&bed.db, 1, 1, vec![span(7, 2)]);
    assert!(!bed.db.read_blocking(|tx| retention::is_due(tx, due(7))).unwrap());
    assert_eq!(purge(&bed.db, due(7), 1000).0, Removed::default());
    assert_eq!(count(&bed.db, "span"), 2);
}

fn small_steps_remove_everything_in_the_end(bed: &Bed) {
    for trace in 1..=20 {
        send(&bed.db, 1, 30, (1..=3).map(|number| span(trace, number)).collect());
    }
    let (removed, steps) = purge(&bed.db, due(7), 6);
    assert_eq!((removed.traces, removed.spans), (20, 60));
    assert!(steps >= 10, "two traces a step, but it took {steps}");
    assert_eq!(TABLES.map(|table| count(&bed.db, table)), [0, 0, 0, 0]);
}

fn log_records_without_a_trace_go_as_well(bed: &Bed) {
    send_record(&bed.db, 8, &span(1, 1));
    send_record(&bed.db, 8, &span(2, 1));
    send_record(&bed.db, 1, &span(3, 1));
    assert!(bed.db.read_blocking(|tx| retention::is_due(tx, due(7))).unwrap());
    assert_eq!(purge(&bed.db, due(7), 1).0.log_records, 2);
    assert_eq!(count(&bed.db, "log_record"), 1);
}

fn other_projects_and_those_that_keep_for_ever_lose_nothing(bed: &Bed) {
    let caller = caller(bed);
    send(&bed.db, 1, 100, vec![span(7, 1)]);
    send(&bed.db, 2, 100, vec![span(7, 1)]);
    assert!(
        bed.db.read_blocking(|tx| retention::due(tx, NOON)).unwrap().is_empty(),
        "for ever unless somebody says so"
    );
    let clock = bed.clock.clone();
    let week = Draft { retention_days: Some(7), ..Draft::default() };
    bed.db.write_blocking(move |tx| projects::update(tx, &clock, &caller, "default", &week).map(drop)).unwrap();
    let found = bed.db.read_blocking(|tx| retention::due(tx, NOON)).unwrap();
    assert_eq!(found, [due(7)]);
    purge(&bed.db, found[0], 1000);
    assert_eq!(count(&bed.db, "trace"), 1);
}

fn a_trace_that_went_can_come_again(bed: &Bed) {
    send(&bed.db, 1, 8, vec![span(7, 1)]);
    purge(&bed.db, due(7), 1000);
    send(&bed.db, 1, 0, vec![span(7, 1), span(7, 2)]);
    assert_eq!((count(&bed.db, "trace"), count(&bed.db, "span")), (1, 2));
}

fn a_call_counts_in_the_trace_that_is_left(bed: &Bed) {
    send(&bed.db, 1, 8, vec![shared_call(1)]);
    send(&bed.db, 1, 0, vec![shared_call(2)]);
    let usage = |db: &Db| {
        let sql = "select usage_input from trace order by trace_id";
        let read = move |tx: &mut postil::Tx<'_>| {
            tx.query(sql, params![])?.iter().map(|row| row.opt_int(0)).collect::<postil::Result<Vec<_>>>()
        };
        db.read_blocking(read).unwrap()
    };
    assert_eq!(usage(&bed.db), [Some(100), None], "the call counts once");
    purge(&bed.db, due(7), 1000);
    assert_eq!(usage(&bed.db), [Some(100)]);
    // And nothing remembers the trace that went.
    let traces = bed.db.read_blocking(|tx| tx.query_one("select traces from model_call", params![])?.text(0)).unwrap();
    assert_eq!(traces, "02".repeat(16));
}

fn an_image_goes_with_the_last_trace_that_shows_it(bed: &Bed) {
    // The first bytes of a PNG, and enough zeros behind them to be worth keeping apart.
    let image = format!("data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAA{}", "A".repeat(400));
    let shown =
        |trace| Span { attributes: vec![attribute("input.value", Any::StringValue(image.clone()))], ..span(trace, 1) };
    send(&bed.db, 1, 9, vec![shown(7)]);
    send(&bed.db, 1, 8, vec![shown(8)]);
    assert_eq!((count(&bed.db, "media"), count(&bed.db, "media_use")), (1, 2));
    assert_eq!(purge(&bed.db, due(9), 1000).0.traces, 0);
    assert_eq!(purge(&bed.db, Due { before: due(9).before + 1, ..due(9) }, 1000).0.traces, 1);
    assert_eq!((count(&bed.db, "media"), count(&bed.db, "media_use")), (1, 1));
    assert_eq!(purge(&bed.db, due(7), 1000).0.traces, 1);
    assert_eq!((count(&bed.db, "media"), count(&bed.db, "media_use")), (0, 0));
}

fn one_at_a_time_does_the_work(bed: &Bed) {
    let clock = bed.clock.clone();
    let take = move |who: &'static str| {
        let clock = clock.clone();
        bed.db.write_blocking(move |tx| retention::take(tx, &clock, who, 1_000_000)).unwrap()
    };
    assert!(take("one") && !take("two") && take("one"));
    bed.db.write_blocking(|tx| retention::release(tx, "one")).unwrap();
    assert!(take("two"));
    bed.clock.advance(2_000_000);
    assert!(take("one"), "who died is not waited for");
}

fn days_are_checked_and_can_be_taken_back(bed: &Bed) {
    let caller = caller(bed);
    let (db, clock) = (&bed.db, bed.clock.clone());
    let set = move |days: Option<i64>| {
        let (clock, caller) = (clock.clone(), caller.clone());
        let draft = Draft { retention_days: days, ..Draft::default() };
        db.write_blocking(move |tx| projects::update(tx, &clock, &caller, "default", &draft))
            .map(|project| project.retention_days)
    };
    assert_eq!(set(Some(30)).unwrap(), Some(30));
    assert_eq!(set(None).unwrap(), Some(30), "another change leaves it");
    assert!(matches!(set(Some(3651)), Err(Error::Invalid { .. })));
    assert!(matches!(set(Some(-1)), Err(Error::Invalid { .. })));
    assert_eq!(set(Some(0)).unwrap(), None);
}
