//! Sends traces.

use crate::http::*;
use crate::options::*;
use bytes::Bytes;
use hyper::Method;
use loadgen::*;
use prost::Message;
use serde_json::json;
use std::cell::{Cell, RefCell};
use std::io::Write;
use std::rc::Rc;
use std::time::{Duration, Instant};

pub(crate) fn build(g: &Gen, a: &Ingest, t0: u64, t1: u64) -> Bytes {
    let v = g.request(t0, t1).encode_to_vec();
    if a.gzip {
        let mut e = flate2::write::GzEncoder::new(Vec::with_capacity(v.len() / 2), flate2::Compression::new(1));
        e.write_all(&v).unwrap();
        Bytes::from(e.finish().unwrap())
    } else {
        Bytes::from(v)
    }
}

pub(crate) async fn ingest(a: Ingest, dry: bool) {
    let per = (a.batch / SPANS_PER_TRACE).max(1);
    let d = match a.dialect {
        DialectArg::Openinference => Dialect::OpenInference,
        DialectArg::Genai => Dialect::GenAi,
    };
    let mut g = Gen::new(a.c.seed, d, &a.c.project);
    if let Some(ago) = a.started_ago {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        g.base_ns = (now.as_secs() - ago) * 1_000_000_000;
    }
    let g = Rc::new(g);
    let n = a.traces.div_ceil(per);
    let range = |i: u64| (a.start + i * per, a.start + (i * per + per).min(a.traces));
    let tb = Instant::now();
    let cpu_b = cpu_s();
    let mut bytes_total = 0u64;
    let bodies: Rc<Vec<Bytes>> = Rc::new(if a.stream {
        vec![]
    } else {
        (0..n)
            .map(|i| {
                let (x, y) = range(i);
                let b = build(&g, &a, x, y);
                bytes_total += b.len() as u64;
                b
            })
            .collect()
    });
    let gen_s = tb.elapsed().as_secs_f64();
    if dry {
        println!(
            "{}",
            json!({"op":"dry","spans":a.traces*SPANS_PER_TRACE,"bytes":bytes_total,"bytes_per_span":bytes_total/(a.traces*SPANS_PER_TRACE),"gen_s":r2(gen_s),"gen_cpu_s":r2(cpu_s()-cpu_b),"spans_s":r2((a.traces*SPANS_PER_TRACE) as f64/gen_s)})
        );
        return;
    }
    let path = a
        .path
        .clone()
        .unwrap_or_else(|| if a.c.target == Target::Ours { "/v2/otel/v1/traces".into() } else { "/v1/traces".into() });
    let mut c = a.c.clone();
    if c.target == Target::Mlflow {
        c.headers.push(format!("x-mlflow-experiment-id={}", c.experiment));
    }
    if a.gzip {
        c.headers.push("content-encoding=gzip".into());
    }
    let shape = Rc::new(Shape::new(&c));
    let st = Rc::new(RefCell::new(Stats::default()));
    let next = Rc::new(Cell::new(0u64));
    let log = a.ack_log.as_ref().map(|p| Rc::new(RefCell::new(std::fs::File::create(p).unwrap())));
    let cpu0 = cpu_s();
    let t = Instant::now();
    let deadline = t + Duration::from_secs_f64(c.max_seconds);
    let mut hs = vec![];
    for _ in 0..c.concurrency {
        let (g, a, c, bodies, shape, st, next, log, path) = (
            g.clone(),
            a.clone(),
            c.clone(),
            bodies.clone(),
            shape.clone(),
            st.clone(),
            next.clone(),
            log.clone(),
            path.clone(),
        );
        hs.push(tokio::task::spawn_local(async move {
            let mut conn = Conn::new(&c.url, c.req_timeout);
            let mut fails = 0;
            'outer: loop {
                let i = next.get();
                if i >= n || Instant::now() >= deadline || fails > 20 {
                    break;
                }
                next.set(i + 1);
                let (x, y) = (a.start + i * per, a.start + (i * per + per).min(a.traces));
                if let Some(rate) = a.rate {
                    let due = t + Duration::from_secs_f64((i * per * SPANS_PER_TRACE) as f64 / rate);
                    tokio::time::sleep_until(due.into()).await;
                }
                let body = if a.stream { build(&g, &a, x, y) } else { bodies[i as usize].clone() };
                let mut tries = 0;
                loop {
                    let t1 = Instant::now();
                    let r =
                        conn.call(shape.req(Method::POST, &path, Some("application/x-protobuf"), body.clone())).await;
                    let us = t1.elapsed().as_micros() as u32;
                    match r {
                        Ok((s, _)) if (200..300).contains(&s) => {
                            let mut z = st.borrow_mut();
                            z.lat_us.push(us);
                            z.ok += 1;
                            z.units += (y - x) * SPANS_PER_TRACE;
                            fails = 0;
                            if let Some(l) = &log {
                                writeln!(l.borrow_mut(), "{x} {y}").unwrap();
                            }
                            break;
                        }
                        Ok((s, _)) if is_retry(s) && tries < a.retry && Instant::now() < deadline => {
                            st.borrow_mut().rejected += 1;
                            let ms = (100u64 << tries.min(6)).min(a.backoff_cap_ms);
                            tries += 1;
                            tokio::time::sleep(Duration::from_millis(ms)).await;
                        }
                        Ok((s, b)) => {
                            let mut z = st.borrow_mut();
                            if z.sample.is_empty() {
                                z.sample = String::from_utf8_lossy(&b).chars().take(300).collect();
                            }
                            z.err(format!("http {s}"));
                            fails += 1;
                            continue 'outer;
                        }
                        Err(e) => {
                            st.borrow_mut().err(e);
                            fails += 1;
                            tokio::time::sleep(Duration::from_millis(20)).await;
                            continue 'outer;
                        }
                    }
                }
            }
        }));
    }
    for h in hs {
        h.await.unwrap();
    }
    let wall = t.elapsed().as_secs_f64();
    let extra = json!({"batch_spans": per*SPANS_PER_TRACE, "spans_offered": a.traces*SPANS_PER_TRACE, "body_bytes_total": bytes_total, "gen_s": r2(gen_s), "dialect": format!("{d:?}"), "gzip": a.gzip});
    Rc::try_unwrap(st).ok().unwrap().into_inner().finish("ingest", &c, wall, cpu0, extra);
}

// ---------------------------------------------------------------- generic closed loop
