//! Every captured request of a real tracing client, through the database: in the order it was recorded, backwards, span
//! by span in another order, and twice. What is read back is what mapping the request directly gives, which
//! `tests/captures.rs` compares with the truth.

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::logs::v1::{ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans};
use postil::media::{Media, PREFIX, decode_base64};
use postil::trace::intake::{self, Origin};
use postil::trace::model::{MediaSource, Part};
use postil::trace::price::PriceTable;
use postil::trace::{otlp, span};
use postil::{Db, params};
use serde_json::Value;

use crate::bed::{Bed, NOON};
use crate::support::{Capture, NAMES};

crate::both!(captures_come_out_the_same_in_every_order_of_arrival, log_records_that_come_first_wait_for_their_spans,);

const ORIGIN: Origin = Origin { project: 1, received_at: NOON, convention_version: None };

/// One thing that arrives.
#[derive(Clone)]
enum Arrival {
    Spans(Vec<ResourceSpans>),
    Logs(Vec<ResourceLogs>),
}

fn store(db: &Db, arrival: Arrival) {
    let prices = PriceTable::built_in();
    match arrival {
        Arrival::Spans(spans) => {
            let checked = otlp::check_traces(spans);
            assert!(checked.rejected.is_empty(), "{:?}", checked.rejected);
            let prepared = intake::prepare(checked.resource_spans, ORIGIN, prices);
            db.write_blocking(move |tx| intake::store(tx, &prepared, prices)).unwrap();
        }
        Arrival::Logs(logs) => {
            let prepared = intake::prepare_logs(otlp::check_logs(logs).resource_logs, ORIGIN);
            db.write_blocking(move |tx| intake::store_logs(tx, &prepared, prices)).unwrap();
        }
    }
}

/// The spans and records of a capture, each alone.
fn pieces(capture: &Capture) -> Vec<Arrival> {
    let mut pieces = Vec::new();
    for resource in &capture.spans {
        for scope in &resource.scope_spans {
            for span in &scope.spans {
                let alone = ScopeSpans { spans: vec![span.clone()], ..scope.clone() };
                pieces.push(Arrival::Spans(vec![ResourceSpans { scope_spans: vec![alone], ..resource.clone() }]));
            }
        }
    }
    // Records of one span keep their order, which is the order of its messages.
    if !capture.logs.is_empty() {
        let scope_logs = vec![ScopeLogs { log_records: capture.logs.clone(), ..ScopeLogs::default() }];
        pieces.push(Arrival::Logs(vec![ResourceLogs { scope_logs, ..ResourceLogs::default() }]));
    }
    pieces
}

/// Everything that can be read of every trace: normal forms, trees and summaries.
fn everything(db: &Db) -> BTreeMap<String, Value> {
    db.read_blocking(|tx| {
        let mut seen = BTreeMap::new();
        let traces = tx.query("select trace_id from trace where project = 1", params![])?;
        for trace in traces {
            let trace_id = trace.text(0)?;
            for spot in span::tree(tx, 1, &trace_id)? {
                let id = &spot.row.span_id;
                let full = span::full(tx, 1, "w", &trace_id, id, PriceTable::built_in())?;
                assert_eq!(full.tree.level, spot.level, "{trace_id}/{id}");
                assert_eq!(full.tree.has_children, spot.has_children, "{trace_id}/{id}");
                let normalized = serde_json::to_value(&full.normalized).unwrap();
                assert!(!full.raw.to_string().contains(PREFIX), "{trace_id}/{id} is shown as it came");
                seen.insert(format!("{trace_id}/{id} raw"), full.raw);
                seen.insert(format!("{trace_id}/{id}"), normalized);
                seen.insert(format!("{trace_id}/{id} at"), spot.level.into());
            }
            let summary = tx.query_one(
                "select name, status, input_preview, output_preview, models, usage_input, usage_output, usage_total,
                   cost_total, session_id, user_id, tags, metadata, span_count, error_count, root_span_id,
                   leading_span_id, start_ns, end_ns, error_message, service
                 from trace where project = 1 and trace_id = $1",
                params![&trace_id],
            )?;
            seen.insert(trace_id, format!("{summary:?}").into());
        }
        Ok(seen)
    })
    .unwrap()
}

fn clear(db: &Db) {
    db.write_blocking(|tx| {
        ["trace", "span", "span_chunk", "log_record", "media", "media_use"]
            .iter()
            .try_for_each(|table| tx.execute(&format!("delete from {table}"), params![]).map(drop))
    })
    .unwrap();
}

fn captures_come_out_the_same_in_every_order_of_arrival(bed: &Bed) {
    for name in NAMES {
        let capture = Capture::load(name);
        let whole = vec![
            Arrival::Spans(capture.spans.clone()),
            Arrival::Logs(vec![ResourceLogs {
                scope_logs: vec![ScopeLogs { log_records: capture.logs.clone(), ..ScopeLogs::default() }],
                ..ResourceLogs::default()
            }]),
        ];
        let mut backwards = pieces(&capture);
        backwards.reverse();
        // Another order that is the same in every run: every third piece first.
        let mut strided = Vec::new();
        for offset in 0..3 {
            strided.extend(pieces(&capture).into_iter().skip(offset).step_by(3));
        }
        let twice = [whole.clone(), pieces(&capture)].concat();
        let mut first: Option<BTreeMap<String, Value>> = None;
        for (order, arrivals) in [("whole", whole), ("backwards", backwards), ("strided", strided), ("twice", twice)] {
            clear(&bed.db);
            arrivals.into_iter().for_each(|arrival| store(&bed.db, arrival));
            let seen = everything(&bed.db);
            match &first {
                None => {
                    assert_is_the_direct_mapping(name, &capture, &seen);
                    first = Some(seen);
                }
                Some(first) => {
                    for (key, value) in first {
                        assert_eq!(seen.get(key), Some(value), "{name}, {order}: {key}");
                    }
                    assert_eq!(first.len(), seen.len(), "{name}, {order}");
                }
            }
        }
    }
}

fn assert_is_the_direct_mapping(name: &str, capture: &Capture, seen: &BTreeMap<String, Value>) {
    let direct = capture.normalized();
    assert!(!direct.is_empty());
    for (key, _, mut normalized) in direct {
        PriceTable::built_in().apply(&mut normalized);
        for message in normalized.input.iter_mut().chain(&mut normalized.output) {
            message.parts.iter_mut().for_each(kept_apart);
        }
        let direct = serde_json::to_value(&normalized).unwrap();
        assert_eq!(seen.get(&key), Some(&direct), "{name}: {key}");
    }
    for (resource, scope, span) in capture.views() {
        let key = format!("{}/{} raw", hex::encode(&span.trace_id), hex::encode(&span.span_id));
        assert_eq!(seen.get(&key), Some(&otlp::span_to_json(resource, scope, span)), "{name}: {key}");
    }
}

/// What was stored stands apart from its span, and says what its bytes are.
fn kept_apart(part: &mut Part) {
    if let Part::Media(found) = part
        && let MediaSource::Inline { data } = &found.source
    {
        let media = Media::new(decode_base64(data).unwrap());
        found.source = MediaSource::Stored {
            url: format!("/v3/media/{}", media.sha256),
            size: media.bytes.len() as u64,
            content_type: "image/png".into(),
            sha256: media.sha256,
        };
    }
}

fn log_records_that_come_first_wait_for_their_spans(bed: &Bed) {
    let capture = Capture::load("otel-openai-v2-legacy-events");
    assert!(!capture.logs.is_empty() && !capture.expected.is_empty());
    let mut arrivals = pieces(&capture);
    arrivals.rotate_right(1);
    arrivals.into_iter().for_each(|arrival| store(&bed.db, arrival));
    let seen = everything(&bed.db);
    assert_is_the_direct_mapping("logs first", &capture, &seen);
}
