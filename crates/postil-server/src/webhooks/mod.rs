//! Delivers what webhooks are to be told: many at a time, few of one webhook, so that a receiver that is slow keeps
//! nobody else waiting.

pub mod client;
pub mod network;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use postil::event::Event;
use postil::webhook::{self, Claimed, MOST_WAITING, Outcome, Target, message};
use postil::{Error, Result, id};
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio::task::JoinSet;

use crate::state::App;
use client::Client;
use network::Allowed;

/// How many deliveries are tried at a time.
const AT_ONCE: usize = 64;
/// How often is looked for what is due.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long what happens together is gathered before it is looked for.
const GATHER: Duration = Duration::from_millis(20);
/// How long this rests when the database is away or has no time.
const REST: Duration = Duration::from_secs(1);
/// How often it is tried to write down what came of an attempt; then its lease lapses, and it is made again.
const WRITTEN_WITHIN: u32 = 10;

/// Delivers until the server ends, and gives back what it is at.
pub async fn deliver(app: App) {
    let worker = id::secret::<8>();
    let mut desk = match Desk::new(&app, &worker) {
        Ok(desk) => desk,
        Err(error) => return tracing::error!(%error, "webhooks are not delivered"),
    };
    if app.db.dialect() == postil::db::Dialect::Sqlite {
        // Nobody else is at work on this database: what is claimed was claimed by a server that is gone.
        let clock = app.clock.clone();
        report("what was being delivered waits", app.db.write(move |tx| webhook::release_all(tx, &clock)).await);
    }
    loop {
        // Listens first, so that what is written while it looks is not overheard.
        let mut told = app.db.events();
        if let Err(error) = desk.fill(&app).await {
            tracing::debug!(?error, "deliveries wait");
            tokio::time::sleep(REST).await;
        }
        tokio::select! {
            () = app.stopped() => break,
            () = desk.one_ended() => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
            () = until_told(&mut told) => tokio::time::sleep(GATHER).await,
        }
    }
    desk.attempts.abort_all();
    while desk.attempts.join_next().await.is_some() {}
    let clock = app.clock.clone();
    report("deliveries wait for their leases", app.db.write(move |tx| webhook::release(tx, &clock, &worker)).await);
}

/// Delivers everything that is due now, once, and waits for what comes of it.
///
/// # Errors
/// When the database does not answer.
pub async fn deliver_due(app: &App, worker: &str) -> Result<()> {
    let mut desk = Desk::new(app, worker).map_err(Error::internal)?;
    loop {
        desk.fill(app).await?;
        if desk.attempts.is_empty() {
            return Ok(());
        }
        desk.one_ended().await;
    }
}

fn report(what: &str, outcome: Result<()>) {
    if let Err(error) = outcome {
        tracing::debug!(?error, "{what}");
    }
}

async fn until_told(told: &mut Receiver<Event>) {
    loop {
        match told.recv().await {
            Ok(event) if event.kind == "webhook.updated" => return,
            Ok(_) => {}
            Err(RecvError::Lagged(_)) => return,
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

/// What is being tried.
struct Desk {
    worker: String,
    client: Client,
    attempts: JoinSet<Target>,
    busy: HashMap<Target, usize>,
}

impl Desk {
    fn new(app: &App, worker: &str) -> anyhow::Result<Desk> {
        let client = Client::new(app.webhook_networks.clone())?;
        Ok(Desk { worker: worker.to_owned(), client, attempts: JoinSet::new(), busy: HashMap::new() })
    }

    /// Begins with what is due, as far as there is room.
    async fn fill(&mut self, app: &App) -> Result<()> {
        let now = app.clock.now();
        if self.attempts.len() >= AT_ONCE {
            return Ok(());
        }
        for (target, most) in app.db.read(move |tx| webhook::due(tx, now)).await? {
            let busy = self.busy.get(&target).copied().unwrap_or(0);
            let room = most.saturating_sub(busy).min(AT_ONCE - self.attempts.len());
            if room == 0 {
                continue;
            }
            let (clock, worker, whose) = (app.clock.clone(), self.worker.clone(), target.clone());
            let claimed = app.db.write(move |tx| webhook::claim(tx, &clock, &worker, &whose, room)).await?;
            for claimed in claimed {
                *self.busy.entry(target.clone()).or_default() += 1;
                self.attempts.spawn(attempt(app.clone(), self.client.clone(), self.worker.clone(), claimed));
            }
        }
        Ok(())
    }

    /// Waits until an attempt has ended; for ever when there is none.
    async fn one_ended(&mut self) {
        let Some(ended) = self.attempts.join_next().await else { return std::future::pending().await };
        match ended {
            Ok(target) => {
                if let Some(count) = self.busy.get_mut(&target) {
                    *count -= 1;
                    if *count == 0 {
                        self.busy.remove(&target);
                    }
                }
            }
            // Whose it was is not known any more. The counts are what keeps others from waiting, so all start over.
            Err(error) => {
                tracing::error!(%error, "a delivery ended by a fault of ours");
                self.busy.clear();
            }
        }
    }
}

/// Tries one delivery, and writes down what came of it.
async fn attempt(app: App, client: Client, worker: String, claimed: Claimed) -> Target {
    let begun = Instant::now();
    let outcome = match send(&client, &claimed).await {
        Ok(answer) => {
            let error = (!(200..300).contains(&answer.status)).then(|| format!("The answer was {}.", answer.status));
            let response = Some(answer.beginning).filter(|text| !text.is_empty());
            Outcome { status_code: Some(i64::from(answer.status)), response, error, duration_ms: 0 }
        }
        Err(error) => Outcome { error: Some(error), ..Outcome::default() },
    };
    let duration_ms = i64::try_from(begun.elapsed().as_millis()).unwrap_or(i64::MAX);
    let outcome = Outcome { duration_ms, ..outcome };
    if let Some(error) = &outcome.error {
        tracing::debug!(webhook = claimed.target.webhook_id, delivery = claimed.id, error, "a delivery failed");
    }
    let target = claimed.target.clone();
    for _ in 0..WRITTEN_WITHIN {
        let (clock, worker, claimed, outcome) = (app.clock.clone(), worker.clone(), claimed.clone(), outcome.clone());
        match app.db.write(move |tx| webhook::conclude(tx, &clock, &worker, &claimed, &outcome)).await {
            Ok(None) => break,
            Ok(Some(because)) => {
                tracing::warn!(webhook = target.webhook_id, because, "a webhook was disabled");
                break;
            }
            Err(Error::Overloaded | Error::Unavailable(_)) => tokio::time::sleep(REST).await,
            Err(error) => {
                tracing::error!(?error, "what came of a delivery is not written down");
                break;
            }
        }
    }
    target
}

async fn send(client: &Client, claimed: &Claimed) -> Result<client::Answer, String> {
    let unsigned = |error: Error| format!("It cannot be signed: {error}");
    let body =
        message::body(&claimed.content_type, &claimed.event_id, &claimed.event, claimed.happened_at, &claimed.metadata);
    let body = body.map_err(unsigned)?;
    let signature = message::sign(&claimed.secret, &body).map_err(unsigned)?;
    let headers = vec![
        ("content-type", claimed.content_type.clone()),
        (message::SIGNATURE_HEADER, signature),
        ("x-postil-event", claimed.event.clone()),
        ("x-postil-delivery", claimed.id.clone()),
    ];
    client.post(&claimed.url, &client::Message { headers, body }).await
}

/// Forgets what ended long ago, and disables webhooks for which too much waits.
///
/// # Errors
/// When the database does not answer.
pub async fn tidy(app: &App) -> Result<()> {
    let clock = app.clock.clone();
    app.db.write(move |tx| webhook::limit(tx, &clock, MOST_WAITING)).await?;
    loop {
        let clock = app.clock.clone();
        if !app.db.write(move |tx| webhook::purge(tx, &clock)).await? {
            return Ok(());
        }
        tokio::time::sleep(GATHER).await;
    }
}

/// Refuses an address that no delivery could reach, as far as that can be told without looking its name up.
///
/// # Errors
/// [`Error::Invalid`] that names the field `url`.
pub fn check_url(allowed: &Allowed, url: Option<&str>) -> Result<()> {
    let uri = url.and_then(|url| url.parse::<axum::http::Uri>().ok());
    let address = uri.as_ref().and_then(|uri| network::literal(uri.host()?));
    if address.is_some_and(|address| !allowed.permits(address)) {
        let message = "url must be on the public internet; the operator can allow other networks (webhook_networks).";
        return Err(Error::field("invalid_url", "url", message));
    }
    Ok(())
}
