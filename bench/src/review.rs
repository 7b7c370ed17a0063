//! Reviewers at work in one annotation queue: each claims, judges and goes on, all of them at once.

use crate::http::*;
use crate::options::*;
use bytes::Bytes;
use hyper::Method;
use loadgen::*;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

const JSON: Option<&str> = Some("application/json");

struct Caller {
    conn: Conn,
    shape: Shape,
}

impl Caller {
    fn new(c: &Common, token: &str) -> Caller {
        let c = Common { token: Some(token.to_owned()), ..c.clone() };
        Caller { conn: Conn::new(&c.url, c.req_timeout), shape: Shape::new(&c) }
    }

    /// The answer, and how long it took.
    async fn post(&mut self, path: &str, body: &Value) -> Result<(Value, u32), String> {
        let request = self.shape.req(Method::POST, path, JSON, Bytes::from(body.to_string()));
        let begun = Instant::now();
        let (status, bytes) = self.conn.call(request).await?;
        let micros = begun.elapsed().as_micros() as u32;
        if !(200..300).contains(&status) {
            return Err(format!("http {status}: {}", String::from_utf8_lossy(&bytes)));
        }
        Ok((serde_json::from_slice(&bytes).unwrap_or_default(), micros))
    }
}

/// A queue of so many spans, and a key for each reviewer.
async fn prepare(a: &Review) -> (String, Vec<String>) {
    let mut admin = Caller::new(&a.c, a.c.token.as_deref().expect("--token"));
    let queue = json!({"display_name": format!("bench {}", a.c.label)});
    let (queue, _) = admin.post("/v3/queues", &queue).await.expect("a queue");
    let path = format!("/v3/queues/{}", queue["id"].as_str().expect("its id"));
    let spans: Vec<_> = (0..a.items).map(|i| (i / SPANS_PER_TRACE, i % SPANS_PER_TRACE)).collect();
    for some in spans.chunks(1000) {
        let item = |(t, k): &(u64, u64)| json!({"trace_id": hex(&trace_id(a.c.seed, *t)), "span_id": hex(&span_id(a.c.seed, *t, *k))});
        let items: Vec<_> = some.iter().map(item).collect();
        admin.post(&format!("{path}/items"), &json!({"items": items})).await.expect("items");
    }
    let mut tokens = Vec::new();
    for at in 0..a.c.concurrency {
        let key = json!({"name": format!("reviewer {at}"), "scopes": ["annotate", "read"]});
        let (key, _) = admin.post("/v2/api-keys", &key).await.expect("a key");
        tokens.push(key["token"].as_str().expect("its token").to_owned());
    }
    (path, tokens)
}

/// Every reviewer claims and gives back, then judges one item after the other.
pub(crate) async fn review(a: Review) {
    let (path, tokens) = prepare(&a).await;
    for op in ["nothing", "claim", "submit"] {
        let st = Rc::new(RefCell::new(Stats::default()));
        let (cpu0, begun) = (cpu_s(), Instant::now());
        let mut hs = vec![];
        for (at, token) in tokens.iter().enumerate() {
            let pauses = Pauses { mean: Duration::from_millis(a.pause_ms), random: Rng::new(a.c.seed ^ at as u64) };
            let caller = Caller::new(&a.c, token);
            let mut reviewer = Reviewer { caller, path: path.clone(), st: st.clone(), pauses };
            let each = a.each;
            hs.push(tokio::task::spawn_local(async move {
                reviewer.pauses.pause().await;
                let done = match op {
                    "nothing" => reviewer.nothing(each).await,
                    "claim" => reviewer.claims(each).await,
                    _ => reviewer.submits(each).await,
                };
                if let Err(error) = done {
                    let mut st = reviewer.st.borrow_mut();
                    st.sample = error.chars().take(600).collect();
                    st.err(error.chars().take(60).collect());
                }
            }));
        }
        for h in hs {
            h.await.unwrap();
        }
        let wall = begun.elapsed().as_secs_f64();
        let st = Rc::try_unwrap(st).ok().unwrap().into_inner();
        st.finish(op, &a.c, wall, cpu0, json!({"items": a.items}));
    }
}

struct Reviewer {
    caller: Caller,
    path: String,
    st: Rc<RefCell<Stats>>,
    pauses: Pauses,
}

/// How long somebody reads: exponentially distributed, as the gaps between independent people are. Pauses of one
/// length would bring everybody into step: whoever is answered together would ask together, again and again.
struct Pauses {
    mean: Duration,
    random: Rng,
}

impl Pauses {
    async fn pause(&mut self) {
        let share = (self.random.next() >> 11) as f64 / (1u64 << 53) as f64;
        tokio::time::sleep(self.mean.mul_f64(-(1.0 - share).ln())).await;
    }
}

impl Reviewer {
    fn count(&self, micros: u32) {
        let mut st = self.st.borrow_mut();
        st.lat_us.push(micros);
        st.ok += 1;
    }

    /// The same cadence without any work: what the machine alone makes of it.
    async fn nothing(&mut self, each: u64) -> Result<(), String> {
        for _ in 0..each {
            for timed in [true, false] {
                let request = self.caller.shape.req(Method::GET, "/healthz", JSON, Bytes::new());
                let begun = Instant::now();
                self.caller.conn.call(request).await?;
                if timed {
                    self.count(begun.elapsed().as_micros() as u32);
                }
            }
            self.pauses.pause().await;
        }
        Ok(())
    }

    async fn claims(&mut self, each: u64) -> Result<(), String> {
        for _ in 0..each {
            let (claimed, micros) = self.caller.post(&format!("{}/claim", self.path), &json!({"ahead": 1})).await?;
            if claimed["items"][0]["item"]["id"].as_str().is_none() {
                return Err("nothing was claimed".into());
            }
            self.count(micros);
            self.caller.post(&format!("{}/release", self.path), &json!({})).await?;
            self.pauses.pause().await;
        }
        Ok(())
    }

    async fn submits(&mut self, each: u64) -> Result<(), String> {
        let (claimed, _) = self.caller.post(&format!("{}/claim", self.path), &json!({"ahead": 1})).await?;
        let mut current = claimed["items"][0]["item"]["id"].as_str().map(ToOwned::to_owned);
        for at in 0..each {
            let item = current.ok_or("nothing was left")?;
            let body = json!({"answers": [{"key": "rating", "value": if at % 10 == 0 { "bad" } else { "good" }}],
                "active_ms": 4000, "submission_id": format!("{item}-{at}"), "ahead": 1});
            let (done, micros) = self.caller.post(&format!("{}/items/{item}/submit", self.path), &body).await?;
            self.count(micros);
            current = done["current"].as_str().map(ToOwned::to_owned);
            self.pauses.pause().await;
        }
        Ok(())
    }
}
