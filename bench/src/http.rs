//! Connections, requests that share headers, and what a run counts.

use crate::options::Common;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{CONTENT_TYPE, HOST, HeaderName, HeaderValue};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use loadgen::*;
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;

pub(crate) struct Conn {
    pub(crate) addr: String,
    pub(crate) send: Option<SendRequest<Full<Bytes>>>,
    pub(crate) timeout: Duration,
}
impl Conn {
    pub(crate) fn new(url: &str, timeout: f64) -> Self {
        Conn { addr: authority(url), send: None, timeout: Duration::from_secs_f64(timeout) }
    }
    pub(crate) async fn call(&mut self, req: Request<Full<Bytes>>) -> Result<(u16, Bytes), String> {
        if self.send.as_ref().map_or(true, |s| s.is_closed()) {
            let s = TcpStream::connect(&self.addr).await.map_err(|e| format!("connect: {e}"))?;
            s.set_nodelay(true).ok();
            let (tx, conn) = handshake(TokioIo::new(s)).await.map_err(|e| format!("handshake: {e}"))?;
            tokio::task::spawn_local(async move {
                let _ = conn.await;
            });
            self.send = Some(tx);
        }
        let tx = self.send.as_mut().unwrap();
        let fut = async {
            tx.ready().await.map_err(|e| format!("ready: {e}"))?;
            let r = tx.send_request(req).await.map_err(|e| format!("send: {e}"))?;
            let st = r.status().as_u16();
            let b = r.into_body().collect().await.map_err(|e| format!("body: {e}"))?.to_bytes();
            Ok::<_, String>((st, b))
        };
        match tokio::time::timeout(self.timeout, fut).await {
            Ok(Ok(x)) => Ok(x),
            Ok(Err(e)) => {
                self.send = None;
                Err(e)
            }
            Err(_) => {
                self.send = None;
                Err("timeout".into())
            }
        }
    }
}
pub(crate) fn authority(url: &str) -> String {
    let u = url.strip_prefix("http://").expect("http:// URLs only");
    let a = u.split('/').next().unwrap().to_string();
    let host = a.rsplit_once(':').map(|x| x.0).unwrap_or(&a);
    if !(host == "localhost" || host.starts_with("127.") || host == "[::1]") {
        eprintln!("refusing: {host} is not loopback");
        std::process::exit(2);
    }
    if a.contains(':') { a } else { format!("{a}:80") }
}
pub(crate) fn base_path(url: &str) -> String {
    let u = url.strip_prefix("http://").unwrap();
    u.find('/').map(|i| u[i..].trim_end_matches('/').to_string()).unwrap_or_default()
}

/// what every request of a run shares
pub(crate) struct Shape {
    pub(crate) host: HeaderValue,
    pub(crate) base: String,
    pub(crate) extra: Vec<(HeaderName, HeaderValue)>,
}
impl Shape {
    pub(crate) fn new(c: &Common) -> Self {
        let mut extra: Vec<(HeaderName, HeaderValue)> = c
            .headers
            .iter()
            .map(|h| {
                let (k, v) = h.split_once('=').expect("--headers k=v");
                (HeaderName::from_bytes(k.as_bytes()).unwrap(), HeaderValue::from_str(v).unwrap())
            })
            .collect();
        if let Some(t) = &c.token {
            extra.push((hyper::header::AUTHORIZATION, HeaderValue::from_str(&format!("Bearer {t}")).unwrap()));
        }
        Shape { host: HeaderValue::from_str(&authority(&c.url)).unwrap(), base: base_path(&c.url), extra }
    }
    pub(crate) fn req(&self, m: Method, path: &str, ct: Option<&'static str>, body: Bytes) -> Request<Full<Bytes>> {
        let mut b = Request::builder().method(m).uri(format!("{}{}", self.base, path)).header(HOST, self.host.clone());
        if let Some(ct) = ct {
            b = b.header(CONTENT_TYPE, HeaderValue::from_static(ct));
        }
        for (k, v) in &self.extra {
            b = b.header(k.clone(), v.clone());
        }
        b.body(Full::new(body)).unwrap()
    }
}

#[derive(Default)]
pub(crate) struct Stats {
    pub(crate) lat_us: Vec<u32>,
    pub(crate) ok: u64,
    pub(crate) units: u64,
    pub(crate) errors: BTreeMap<String, u64>,
    pub(crate) rejected: u64,
    pub(crate) resp_bytes: u64,
    pub(crate) sample: String,
    pub(crate) items_min: Option<u64>,
    pub(crate) items_max: u64,
}
impl Stats {
    pub(crate) fn err(&mut self, e: String) {
        *self.errors.entry(e).or_default() += 1;
    }
    pub(crate) fn note_body(&mut self, b: &[u8]) {
        self.resp_bytes += b.len() as u64;
    }
    pub(crate) fn finish(mut self, op: &str, c: &Common, wall: f64, cpu0: f64, extra: Value) {
        self.lat_us.sort_unstable();
        let mean = if self.lat_us.is_empty() {
            0.0
        } else {
            self.lat_us.iter().map(|x| *x as f64).sum::<f64>() / self.lat_us.len() as f64 / 1000.0
        };
        let mut o = json!({
            "op": op, "label": c.label, "target": format!("{:?}", c.target).to_lowercase(), "concurrency": c.concurrency,
            "ok": self.ok, "req_s": r2(self.ok as f64 / wall), "p50_ms": r2(pct(&self.lat_us, 0.5)), "p99_ms": r2(pct(&self.lat_us, 0.99)),
            "max_ms": r2(self.lat_us.last().copied().unwrap_or(0) as f64 / 1000.0), "mean_ms": r2(mean),
            "errors": self.errors, "rejected_retried": self.rejected, "wall_s": r2(wall),
            "client_cpu_s": r2(cpu_s() - cpu0), "load1": loadavg(),
        });
        let m = o.as_object_mut().unwrap();
        if self.units > 0 {
            m.insert("units_acked".into(), json!(self.units));
            m.insert("units_s".into(), json!(r2(self.units as f64 / wall)));
        }
        if self.resp_bytes > 0 && self.ok > 0 {
            m.insert("resp_bytes_mean".into(), json!(self.resp_bytes / self.ok));
        }
        if let Some(x) = self.items_min {
            m.insert("items_min".into(), json!(x));
            m.insert("items_max".into(), json!(self.items_max));
        }
        if !self.sample.is_empty() {
            m.insert("first_error_body".into(), json!(self.sample));
        }
        if let Value::Object(e) = extra {
            m.extend(e);
        }
        println!("{o}");
    }
}
pub(crate) fn r2(x: f64) -> f64 {
    (x * 1000.0).round() / 1000.0
}
pub(crate) fn is_retry(st: u16) -> bool {
    matches!(st, 429 | 502 | 503 | 504)
}

pub(crate) type Made = (Method, String, Option<&'static str>, Bytes);

pub(crate) async fn closed_loop(
    op: &str,
    c: &Common,
    count: u64,
    make: impl Fn(u64) -> Made + 'static,
    check: impl Fn(&[u8]) -> Result<u64, String> + 'static,
    on_ok: impl Fn(u64) + 'static,
    extra: Value,
) {
    let shape = Rc::new(Shape::new(c));
    let st = Rc::new(RefCell::new(Stats::default()));
    let next = Rc::new(Cell::new(0u64));
    let make = Rc::new(make);
    let check = Rc::new(check);
    let on_ok = Rc::new(on_ok);
    let cpu0 = cpu_s();
    let t = Instant::now();
    let deadline = t + Duration::from_secs_f64(c.max_seconds);
    let mut hs = vec![];
    for _ in 0..c.concurrency {
        let (shape, st, next, make, check, on_ok, c) =
            (shape.clone(), st.clone(), next.clone(), make.clone(), check.clone(), on_ok.clone(), c.clone());
        hs.push(tokio::task::spawn_local(async move {
            let mut conn = Conn::new(&c.url, c.req_timeout);
            let mut fails = 0;
            loop {
                let i = next.get();
                if i >= count || Instant::now() >= deadline || fails > 20 {
                    break;
                }
                next.set(i + 1);
                let (m, p, ct, b) = make(i);
                let r = shape.req(m, &p, ct, b);
                let t1 = Instant::now();
                let r = conn.call(r).await;
                let us = t1.elapsed().as_micros() as u32;
                let mut z = st.borrow_mut();
                match r {
                    Ok((s, b)) if (200..300).contains(&s) => {
                        z.note_body(&b);
                        match check(&b) {
                            Ok(items) => {
                                z.lat_us.push(us);
                                z.ok += 1;
                                z.items_min = Some(z.items_min.map_or(items, |x| x.min(items)));
                                z.items_max = z.items_max.max(items);
                                fails = 0;
                                on_ok(i);
                            }
                            Err(e) => {
                                if z.sample.is_empty() {
                                    z.sample = String::from_utf8_lossy(&b).chars().take(600).collect();
                                }
                                z.err(e);
                                fails += 1;
                            }
                        }
                    }
                    Ok((s, b)) => {
                        if z.sample.is_empty() {
                            z.sample = String::from_utf8_lossy(&b).chars().take(600).collect();
                        }
                        z.err(format!("http {s}"));
                        fails += 1;
                    }
                    Err(e) => {
                        z.err(e);
                        fails += 1;
                    }
                }
            }
        }));
    }
    for h in hs {
        h.await.unwrap();
    }
    let wall = t.elapsed().as_secs_f64();
    drop(make);
    Rc::try_unwrap(st).ok().unwrap().into_inner().finish(op, c, wall, cpu0, extra);
}
