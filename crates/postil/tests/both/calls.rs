//! One call that several spans report, in one trace or in two: it counts once, and what belongs together is found.
//!
//! The spans are those that Anthropic's own SDK and Logfire send, cut down to what matters here.

use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue, KeyValueList};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use postil::annotation::log::{self, LogFilter};
use postil::page::PageRequest;
use postil::trace::call::{self, Link};
use postil::trace::intake::{self, Origin};
use postil::trace::price::PriceTable;
use postil::trace::remap::{self, Which};
use postil::trace::span;
use postil::{Db, params};

use crate::bed::{Bed, NOON};

crate::both!(
    a_call_that_two_traces_report_counts_in_the_one_that_shows_messages,
    messages_that_come_late_move_the_count,
    two_servers_that_get_both_at_once_count_once,
    rows_without_keys_get_them_when_they_are_derived_again,
    a_streamed_request_shows_its_reply,
    a_streamed_request_and_its_reply_are_one_log,
    a_streamed_request_finds_its_reply_in_another_trace,
    the_same_question_twice_is_paid_twice,
    other_projects_and_other_providers_are_not_mixed_up,
);

const ORIGIN: Origin = Origin { project: 1, received_at: NOON, convention_version: None };
const ASKED: &str = r#"[{"role":"user","parts":[{"type":"text","content":"Where is my order?"}]}]"#;
const ANSWERED: &str = r#"[{"role":"assistant","parts":[{"type":"text","content":"On its way."}]}]"#;

/// One span with its scope, as it arrives.
type Arrival = (&'static str, Span);

fn attribute(key: &str, value: Any) -> KeyValue {
    KeyValue { key: key.into(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
}

fn text(key: &str, value: &str) -> KeyValue {
    attribute(key, Any::StringValue(value.into()))
}

fn span(trace: u8, number: u8, parent: Option<u8>, attributes: Vec<KeyValue>) -> Span {
    Span {
        trace_id: vec![trace; 16],
        span_id: vec![number; 8],
        parent_span_id: parent.map_or_else(Vec::new, |parent| vec![parent; 8]),
        name: "call".into(),
        start_time_unix_nano: 1_795_255_100_000_000_000 + u64::from(number),
        end_time_unix_nano: 1_795_255_101_000_000_000,
        attributes,
        ..Span::default()
    }
}

/// What both reports of a call of Anthropic's model say.
fn response(id: &str) -> Vec<KeyValue> {
    vec![
        text("gen_ai.operation.name", "chat"),
        text("gen_ai.system", "anthropic"),
        text("gen_ai.request.model", "claude-sonnet-4-20250514"),
        text("gen_ai.response.id", id),
        attribute("gen_ai.usage.input_tokens", Any::IntValue(100)),
        attribute("gen_ai.usage.output_tokens", Any::IntValue(10)),
    ]
}

/// The span of an instrumentation, with messages.
fn instrumented(trace: u8, number: u8) -> Arrival {
    let messages = vec![text("gen_ai.input.messages", ASKED), text("gen_ai.output.messages", ANSWERED)];
    ("opentelemetry.instrumentation.anthropic", span(trace, number, None, [response("msg_1"), messages].concat()))
}

/// The span that Anthropic's SDK emits by itself: a root, without messages.
fn native(trace: u8, number: u8) -> Arrival {
    ("com.anthropic.sdk.python", span(trace, number, None, response("msg_1")))
}

/// A streamed request as Logfire reports it: it ends at the first byte, with neither answer nor tokens.
fn request(trace: u8, number: u8, parent: Option<u8>) -> Arrival {
    let attributes = vec![
        text("logfire.span_type", "span"),
        text("logfire.msg", "Chat Completion with 'gpt-4o-mini'"),
        text("gen_ai.system", "openai"),
        text("gen_ai.request.model", "gpt-4o-mini"),
        text("gen_ai.input.messages", ASKED),
    ];
    ("logfire.openai", span(trace, number, parent, attributes))
}

/// Its reply: a span without length, with the same input.
fn reply(trace: u8, number: u8, parent: Option<u8>) -> Arrival {
    let attributes = vec![
        text("logfire.span_type", "log"),
        text("logfire.msg", "streaming response from 'gpt-4o-mini' took 0.10s"),
        text("gen_ai.system", "openai"),
        text("gen_ai.request.model", "gpt-4o-mini"),
        text("gen_ai.response.model", "gpt-4o-mini"),
        text("gen_ai.input.messages", ASKED),
        text("gen_ai.output.messages", ANSWERED),
        attribute("gen_ai.usage.input_tokens", Any::IntValue(7)),
        attribute("gen_ai.usage.output_tokens", Any::IntValue(3)),
    ];
    ("logfire.openai", span(trace, number, parent, attributes))
}

fn store_in(db: &Db, project: i64, (scope, span): Arrival) {
    let scope = Some(InstrumentationScope { name: scope.into(), ..InstrumentationScope::default() });
    let scope_spans = vec![ScopeSpans { scope, spans: vec![span], ..ScopeSpans::default() }];
    let spans = vec![ResourceSpans { scope_spans, ..ResourceSpans::default() }];
    let prepared = intake::prepare(spans, Origin { project, ..ORIGIN }, PriceTable::built_in());
    db.write_blocking(move |tx| intake::store(tx, &prepared, PriceTable::built_in())).unwrap();
}

fn store(db: &Db, arrival: Arrival) {
    store_in(db, 1, arrival);
}

fn clear(db: &Db) {
    db.write_blocking(|tx| {
        ["trace", "span", "span_chunk", "log_record", "model_call"]
            .iter()
            .try_for_each(|table| tx.execute(&format!("delete from {table}"), params![]).map(drop))
    })
    .unwrap();
}

fn hex(trace: u8) -> String {
    hex::encode([trace; 16])
}

/// Input tokens of each trace, and whether it has a cost.
fn counted(db: &Db) -> Vec<(String, Option<i64>, bool)> {
    let sql = "select trace_id, usage_input, cost_total from trace where project = 1 order by trace_id";
    let rows = db.read_blocking(move |tx| tx.query(sql, params![])).unwrap();
    let read =
        |row: &postil::db::Row| (row.text(0).unwrap(), row.opt_int(1).unwrap(), row.opt_real(2).unwrap().is_some());
    rows.iter().map(read).collect()
}

fn links(db: &Db, trace: u8) -> Vec<Link> {
    db.read_blocking(move |tx| call::links(tx, 1, &hex(trace))).unwrap()
}

fn link(trace: u8, linked: u8, own: u8, same_response: bool) -> Link {
    let id = |number: u8| hex::encode([number; 8]);
    Link { trace_id: hex(trace), linked_span_id: id(linked), span_id: id(own), same_response }
}

fn a_call_that_two_traces_report_counts_in_the_one_that_shows_messages(bed: &Bed) {
    let (with, without) = (instrumented(9, 1), native(2, 5));
    let once = [with.clone(), without.clone()];
    let backwards = [without.clone(), with.clone()];
    let twice = [without.clone(), with.clone(), without, with];
    for arrivals in [&once[..], &backwards, &twice] {
        clear(&bed.db);
        arrivals.iter().for_each(|arrival| store(&bed.db, arrival.clone()));
        assert_eq!(counted(&bed.db), [(hex(2), None, false), (hex(9), Some(100), true)]);
        assert_eq!(links(&bed.db, 9), [link(2, 5, 1, true)]);
        assert_eq!(links(&bed.db, 2), [link(9, 1, 5, true)]);
    }
}

fn messages_that_come_late_move_the_count(bed: &Bed) {
    let content = text("content", "Where is my order?");
    let body = Some(AnyValue { value: Some(Any::KvlistValue(KeyValueList { values: vec![content] })) });
    let record = LogRecord {
        trace_id: vec![9; 16],
        span_id: vec![1; 8],
        event_name: "gen_ai.user.message".into(),
        body,
        ..LogRecord::default()
    };
    let bare = |trace, number| ("opentelemetry.instrumentation.anthropic", native(trace, number).1);
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0], [0, 2, 1]] {
        clear(&bed.db);
        for arrival in order {
            match arrival {
                0 => store(&bed.db, bare(9, 1)),
                1 => store(&bed.db, native(2, 5)),
                _ => {
                    let scope_logs = vec![ScopeLogs { log_records: vec![record.clone()], ..ScopeLogs::default() }];
                    let logs = vec![ResourceLogs { scope_logs, ..ResourceLogs::default() }];
                    let prepared = intake::prepare_logs(logs, ORIGIN);
                    let storing =
                        bed.db.write_blocking(move |tx| intake::store_logs(tx, &prepared, PriceTable::built_in()));
                    storing.unwrap();
                }
            }
        }
        assert_eq!(counted(&bed.db), [(hex(2), None, false), (hex(9), Some(100), true)], "{order:?}");
    }
}

fn two_servers_that_get_both_at_once_count_once(bed: &Bed) {
    for _ in 0..20 {
        clear(&bed.db);
        std::thread::scope(|scope| {
            scope.spawn(|| store(&bed.db, instrumented(9, 1)));
            scope.spawn(|| store(&bed.db, native(2, 5)));
        });
        assert_eq!(counted(&bed.db), [(hex(2), None, false), (hex(9), Some(100), true)]);
    }
}

fn rows_without_keys_get_them_when_they_are_derived_again(bed: &Bed) {
    store(&bed.db, instrumented(9, 1));
    store(&bed.db, native(2, 5));
    let right = counted(&bed.db);
    bed.db
        .write_blocking(|tx| {
            tx.execute("delete from model_call", params![])?;
            tx.execute("update span set call_key = null, mapper_version = 0", params![])?;
            tx.execute("update trace set usage_input = 100, cost_total = 1.0, mapper_version = 0", params![])
        })
        .unwrap();
    // One trace at a time: the first knows nothing of the second yet.
    for _ in 0..2 {
        let batch = bed.db.read_blocking(|tx| remap::prepare(tx, 1, &Which::Older, 1, PriceTable::built_in())).unwrap();
        bed.db.write_blocking(move |tx| remap::write(tx, &batch)).unwrap();
    }
    assert_eq!(counted(&bed.db), right);
}

fn a_streamed_request_shows_its_reply(bed: &Bed) {
    let root = ("logfire", span(4, 1, None, vec![text("logfire.span_type", "span")]));
    let arrivals = [root, request(4, 2, Some(1)), reply(4, 3, Some(1))];
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
        clear(&bed.db);
        order.iter().for_each(|at| store(&bed.db, arrivals[*at].clone()));
        assert_eq!(counted(&bed.db), [(hex(4), Some(7), true)]);
        let tree = bed.db.read_blocking(|tx| span::tree(tx, 1, &hex(4))).unwrap();
        let (asked, answered) = (&tree[1].row, &tree[2].row);
        assert_eq!(asked.reply_span_id.as_ref(), Some(&answered.span_id));
        assert_eq!(answered.reply_to_span_id.as_ref(), Some(&asked.span_id));
        assert_eq!((asked.output_preview.as_deref(), asked.usage[0]), (Some("On its way."), Some(7)));
        let id = asked.span_id.clone();
        let full =
            bed.db.read_blocking(move |tx| span::full(tx, 1, "w", &hex(4), &id, PriceTable::built_in())).unwrap();
        assert_eq!((full.normalized.input.len(), full.normalized.output.len()), (1, 1));
        assert_eq!(full.normalized.usage.output, Some(3));
        assert_eq!(full.raw["attributes"].get("gen_ai.output.messages"), None, "what came stays as it came");
        assert!(links(&bed.db, 4).is_empty());
    }
}

fn a_streamed_request_and_its_reply_are_one_log(bed: &Bed) {
    for order in [[0, 1], [1, 0]] {
        clear(&bed.db);
        let arrivals = [request(4, 2, None), reply(4, 3, None)];
        order.iter().for_each(|at| store(&bed.db, arrivals[*at].clone()));
        let page = PageRequest::new(None, None, None).unwrap();
        let logs = bed.db.read_blocking(move |tx| log::list(tx, 1, &LogFilter::default(), &page)).unwrap().data;
        assert_eq!(logs.len(), 1);
        let asked = span(4, 2, None, Vec::new());
        assert_eq!(logs[0].span_id, asked.span_id.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
        assert_eq!((logs[0].output_preview.as_deref(), logs[0].usage_input), (Some("On its way."), Some(7)));
    }
    // A reply whose request came in another trace stands for itself.
    clear(&bed.db);
    store(&bed.db, reply(6, 3, None));
    let page = PageRequest::new(None, None, None).unwrap();
    let logs = bed.db.read_blocking(move |tx| log::list(tx, 1, &LogFilter::default(), &page)).unwrap().data;
    assert_eq!(logs.len(), 1);
}

fn a_streamed_request_finds_its_reply_in_another_trace(bed: &Bed) {
    for order in [[0, 1], [1, 0]] {
        clear(&bed.db);
        let arrivals = [request(4, 2, None), reply(6, 3, None)];
        order.iter().for_each(|at| store(&bed.db, arrivals[*at].clone()));
        assert_eq!(counted(&bed.db), [(hex(4), None, false), (hex(6), Some(7), true)]);
        assert_eq!(links(&bed.db, 4), [link(6, 3, 2, false)]);
        assert_eq!(links(&bed.db, 6), [link(4, 2, 3, false)]);
    }
}

fn the_same_question_twice_is_paid_twice(bed: &Bed) {
    store(&bed.db, reply(4, 2, None));
    store(&bed.db, reply(6, 3, None));
    assert_eq!(counted(&bed.db), [(hex(4), Some(7), true), (hex(6), Some(7), true)]);
    assert!(links(&bed.db, 4).is_empty());
}

fn other_projects_and_other_providers_are_not_mixed_up(bed: &Bed) {
    store(&bed.db, instrumented(9, 1));
    store_in(&bed.db, 2, native(2, 5));
    let mut elsewhere = native(3, 5);
    elsewhere.1.attributes[1] = text("gen_ai.system", "openai");
    store(&bed.db, elsewhere);
    assert_eq!(counted(&bed.db), [(hex(3), Some(100), true), (hex(9), Some(100), true)]);
    assert!(links(&bed.db, 9).is_empty());
    let sql = "select usage_input from trace where project = 2";
    assert_eq!(bed.db.read_blocking(move |tx| tx.query_one(sql, params![])?.opt_int(0)).unwrap(), Some(100));
}
