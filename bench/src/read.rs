//! Lists traces, reads one, and looks whether all that was sent is there.

use crate::annotate::*;
use crate::http::*;
use crate::options::*;
use bytes::Bytes;
use hyper::Method;
use loadgen::*;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

pub(crate) fn urlenc(s: &str) -> String {
    let mut o = String::new();
    for b in s.bytes() {
        if b.is_ascii_alphanumeric() || b"-_.~".contains(&b) {
            o.push(b as char)
        } else {
            o.push_str(&format!("%{b:02X}"))
        }
    }
    o
}

pub(crate) async fn list(a: List) {
    let cursor: Rc<RefCell<(u32, Option<String>)>> = Rc::new(RefCell::new((0, None)));
    let (b, c, cur) = (a.clone(), a.c.clone(), cursor.clone());
    let make = move |_i: u64| -> Made {
        let cu = cur.borrow().1.clone();
        let with = |p: String| cu.as_ref().map_or(p.clone(), |x| format!("{p}&cursor={}", urlenc(x)));
        if let Some(p) = &b.path {
            return match &b.body {
                Some(x) => (Method::POST, p.clone(), JSON, Bytes::from(x.clone())),
                None => (Method::GET, p.clone(), None, Bytes::new()),
            };
        }
        match (b.c.target, b.filter) {
            (Target::Phoenix, Filter::None) => (
                Method::GET,
                with(format!("/v1/projects/{}/traces?limit={}", b.c.project, b.limit)),
                None,
                Bytes::new(),
            ),
            (Target::Phoenix, Filter::Attribute) => {
                let f = urlenc(&format!("attributes['app']['tier'] == '{}'", b.value));
                (
                    Method::GET,
                    with(format!("/v1/projects/{}/traces?limit={}&filter={}", b.c.project, b.limit, f)),
                    None,
                    Bytes::new(),
                )
            }
            (Target::Phoenix, Filter::Annotation) => {
                let q = "query($p:ID!,$n:Int!,$f:String){node(id:$p){... on Project{spans(first:$n,sort:{col:startTime,dir:desc},filterCondition:$f){edges{node{id span_id:spanId name spanKind statusCode startTime latencyMs trace{trace_id:traceId} input{value:truncatedValue} output{value:truncatedValue} spanAnnotations{name label score annotatorKind}} cursor} pageInfo{endCursor hasNextPage}}}}}";
                let o = json!({"query": q, "variables": {"p": b.project_id, "n": b.limit, "f": format!("annotations['{}'].label == '{}'", b.key, b.value)}});
                (Method::POST, "/graphql".into(), JSON, Bytes::from(o.to_string()))
            }
            (Target::Phoenix, Filter::TraceAnnotation) => {
                let f = urlenc(&format!(
                    "any(a.name == '{}' and a.label == '{}' for a in span_annotations)",
                    b.key, b.value
                ));
                (
                    Method::GET,
                    with(format!("/v1/projects/{}/traces?limit={}&filter={}", b.c.project, b.limit, f)),
                    None,
                    Bytes::new(),
                )
            }
            (Target::Mlflow, f) => {
                let mut o = json!({"locations":[{"type":"MLFLOW_EXPERIMENT","mlflow_experiment":{"experiment_id":b.c.experiment}}],"max_results":b.limit,"order_by":["timestamp_ms DESC"]});
                match f {
                    Filter::None => {}
                    Filter::Annotation | Filter::TraceAnnotation => {
                        o["filter"] = json!(format!("feedback.{} = '{}'", b.key, b.value))
                    }
                    // MLflow has only LIKE on span attributes (a scan of the span's JSON)
                    Filter::Attribute => o["filter"] = json!(format!("span.attributes.app.tier LIKE '%{}%'", b.value)),
                }
                if let Some(x) = cu {
                    o["page_token"] = json!(x);
                }
                (Method::POST, "/api/3.0/mlflow/traces/search".into(), JSON, Bytes::from(o.to_string()))
            }
            (Target::Ours, f) => {
                let mut o = json!({"from": "2000-01-01T00:00:00Z", "to": "2100-01-01T00:00:00Z", "limit": b.limit});
                match f {
                    Filter::None => {}
                    Filter::Annotation | Filter::TraceAnnotation => {
                        o["filters"] =
                            json!([{"field": format!("annotation.{}", b.key), "op": "eq", "values": [b.value]}])
                    }
                    Filter::Attribute => {
                        o["filters"] = json!([{"field": "attributes.app.tier", "op": "eq", "values": [b.value]}])
                    }
                }
                if let Some(x) = cu {
                    o["page_token"] = json!(x);
                }
                let body = b.body.clone().unwrap_or_else(|| o.to_string());
                (Method::POST, "/v3/traces/search".into(), JSON, Bytes::from(body))
            }
        }
    };
    let (target, pages, cur) = (c.target, a.pages, cursor);
    let check = move |b: &[u8]| -> Result<u64, String> {
        // cheap check by substring; a full parse only when following cursors
        let pat: &[u8] = match target {
            Target::Phoenix => b"\"trace_id\":",
            Target::Mlflow => b"\"trace_location\":",
            Target::Ours => b"\"trace_id\":",
        };
        let n = count_sub(b, pat);
        if pages > 1 {
            let v: Value = serde_json::from_slice(b).map_err(|e| e.to_string())?;
            let nx = ["next_cursor", "next_page_token", "cursor"]
                .iter()
                .find_map(|k| v.get(*k).and_then(|x| x.as_str()).filter(|x| !x.is_empty()).map(String::from));
            let mut z = cur.borrow_mut();
            z.0 += 1;
            if z.0 >= pages || nx.is_none() { *z = (0, None) } else { z.1 = nx }
        }
        Ok(n)
    };
    closed_loop(
        "list",
        &c,
        a.count,
        make,
        check,
        |_| (),
        json!({"filter": format!("{:?}", a.filter), "value": a.value, "limit": a.limit, "pages": a.pages}),
    )
    .await;
}
pub(crate) fn count_sub(h: &[u8], n: &[u8]) -> u64 {
    let mut c = 0;
    let mut i = 0;
    while i + n.len() <= h.len() {
        if &h[i..i + n.len()] == n {
            c += 1;
            i += n.len()
        } else {
            i += 1
        }
    }
    c
}

pub(crate) fn get_req(c: &Common, t: u64) -> Made {
    let tid = hex(&trace_id(c.seed, t));
    match c.target {
        Target::Phoenix => {
            (Method::GET, format!("/v1/projects/{}/spans?trace_id={}&limit=100", c.project, tid), None, Bytes::new())
        }
        Target::Mlflow => (Method::GET, format!("/api/3.0/mlflow/traces/get?trace_id=tr-{tid}"), None, Bytes::new()),
        Target::Ours => (Method::GET, format!("/v3/traces/{tid}/spans"), None, Bytes::new()),
    }
}
pub(crate) fn span_count(_target: Target, b: &[u8]) -> u64 {
    // every target names each span's start time once
    let n = count_sub(b, b"\"started_at\"").max(count_sub(b, b"\"start_time\""));
    if n > 0 {
        return n;
    }
    count_sub(b, b"\"start_time_unix_nano\"").max(count_sub(b, b"\"startTimeUnixNano\""))
}

pub(crate) async fn get(a: Get) {
    let c = a.c.clone();
    let b = a.clone();
    let make = move |i: u64| get_req(&b.c, pick(i * 31 + 17, b.traces, b.start).0);
    let tg = c.target;
    let check = move |b: &[u8]| {
        let n = span_count(tg, b);
        if n >= SPANS_PER_TRACE { Ok(n) } else { Err(format!("only {n} spans")) }
    };
    closed_loop("get", &c, a.count, make, check, |_| (), json!({})).await;
}

pub(crate) async fn verify(a: Verify) {
    let c = &a.c;
    let shape = Shape::new(c);
    let mut conn = Conn::new(&c.url, c.req_timeout);
    let mut want: Vec<u64> = match &a.ack_log {
        Some(p) => {
            let mut v: Vec<u64> = vec![];
            for l in std::fs::read_to_string(p).unwrap().lines() {
                let mut w = l.split(' ').map(|x| x.parse::<u64>().unwrap());
                let (x, y) = (w.next().unwrap(), w.next().unwrap());
                v.extend(x..y);
            }
            v
        }
        None => {
            (0..a.sample).map(|i| a.start + (i * a.traces) / a.sample.max(1)).chain([a.start + a.traces - 1]).collect()
        }
    };
    want.sort_unstable();
    want.dedup();
    let acked = want.len();
    if a.ack_log.is_some() && want.len() as u64 > a.sample && a.sample != 32 {
        let step = want.len() as f64 / a.sample as f64;
        want = (0..a.sample).map(|i| want[(i as f64 * step) as usize]).collect();
    }
    let t = Instant::now();
    let deadline = t + Duration::from_secs_f64(c.max_seconds);
    let total = want.len();
    let mut missing_spans;
    loop {
        let mut still = vec![];
        missing_spans = 0;
        for &x in &want {
            let (m, p, ct, b) = get_req(c, x);
            let n = match conn.call(shape.req(m, &p, ct, b)).await {
                Ok((200, b)) => span_count(c.target, &b),
                _ => 0,
            };
            if n < SPANS_PER_TRACE {
                still.push(x);
                missing_spans += SPANS_PER_TRACE - n;
            }
            if Instant::now() > deadline {
                break;
            }
        }
        want = still;
        if want.is_empty() || !a.wait || Instant::now() > deadline {
            break;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    println!(
        "{}",
        json!({"op":"verify","label":c.label,"acked_traces":acked,"checked_traces": total,"incomplete_traces": want.len(),"missing_spans": missing_spans,"wall_s": r2(t.elapsed().as_secs_f64())})
    );
}
