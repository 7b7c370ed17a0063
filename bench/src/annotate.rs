//! Annotates spans that were sent before.

use crate::http::*;
use crate::options::*;
use bytes::Bytes;
use hyper::Method;
use loadgen::*;
use serde_json::json;
use std::cell::RefCell;
use std::io::Write;

pub(crate) const JSON: Option<&str> = Some("application/json");

pub(crate) fn mlflow_tid(seed: u64, t: u64) -> String {
    format!("tr-{}", hex(&trace_id(seed, t)))
}

/// i-th annotation target: distinct spans, spread over the loaded range
pub(crate) fn pick(i: u64, traces: u64, start: u64) -> (u64, u64) {
    // stride coprime to most sizes, so that the first `traces` picks are distinct traces
    let t = (i.wrapping_mul(7919)) % traces;
    let k = [0u64, 3, 4, 5, 1, 2][(i / traces) as usize % 6];
    (start + t, k)
}

pub(crate) async fn annotate(a: Annotate) {
    let log = a.ack_log.as_ref().map(|p| RefCell::new(std::fs::File::create(p).unwrap()));
    let (b, c) = (a.clone(), a.c.clone());
    let make = move |i: u64| -> Made {
        let i = i + b.offset;
        let (t, k) = pick(i, b.traces, b.start);
        let good = i % 10 != 0; // 90 % good, 10 % bad
        let value = if good { "good" } else { "bad" };
        let sid = hex(&span_id(b.c.seed, t, k));
        match b.c.target {
            Target::Phoenix => {
                let body = json!({"data":[{"span_id":sid,"name":b.key,"annotator_kind":"HUMAN","result":{"label":value,"score":if good {1.0} else {0.0}},"metadata":{}}]});
                (Method::POST, format!("/v1/span_annotations?sync={}", b.sync), JSON, Bytes::from(body.to_string()))
            }
            Target::Mlflow => {
                let tid = mlflow_tid(b.c.seed, t);
                let body = json!({"assessment":{"assessment_name":b.key,"trace_id":tid,"span_id":sid,"source":{"source_type":"HUMAN","source_id":"rater@example.com"},"create_time":"2026-01-01T00:00:00Z","last_update_time":"2026-01-01T00:00:00Z","feedback":{"value":value}}});
                (Method::POST, format!("/api/3.0/mlflow/traces/{tid}/assessments"), JSON, Bytes::from(body.to_string()))
            }
            Target::Ours => {
                let body = json!({"annotations":[{"key":b.key,"value":value}]});
                (
                    Method::POST,
                    format!("/v2/traces/{}/spans/{}/annotation", hex(&trace_id(b.c.seed, t)), sid),
                    JSON,
                    Bytes::from(body.to_string()),
                )
            }
        }
    };
    let b2 = a.clone();
    let on_ok = move |i: u64| {
        if let Some(l) = &log {
            let (t, k) = pick(i + b2.offset, b2.traces, b2.start);
            writeln!(l.borrow_mut(), "{} {}", hex(&trace_id(b2.c.seed, t)), hex(&span_id(b2.c.seed, t, k))).unwrap();
        }
    };
    closed_loop("annotate", &c, a.count, make, |_| Ok(1), on_ok, json!({"sync": a.sync})).await;
}
