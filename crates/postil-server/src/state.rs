//! What every handler shares.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, RwLock};

use axum::http::HeaderMap;
use axum::http::header::CONTENT_LENGTH;
use postil::project::Caller;
use postil::trace::arrival::{self, Arrivals, Ledger};
use postil::trace::price::PriceTable;
use postil::{Clock, Db, Error, Result};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use crate::live::Live;
use crate::metrics::Metrics;
use crate::queue_progress::QueueProgress;
use crate::webhooks::network::Allowed;

use crate::attempts::Attempts;

/// How long a caller that was looked up is believed, in microseconds: how long a key that was revoked on another
/// replica may go on working there. On the replica that revokes it, it stops at once.
const BELIEVED: i64 = 2_000_000;

/// How much memory all request bodies that are being read may take together, in KiB.
const BODIES_KIB: u32 = 256 << 10;

/// How many ingest requests are decoded at the same time, and how many may wait for that with their bodies in memory.
const PREPARING: usize = 3;
const PREPARING_WAIT: usize = 64;

/// How many callers are remembered before all are forgotten.
const REMEMBERED: usize = 10_000;

/// Limits of requests, in bytes.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Largest body of an API request.
    pub body: usize,
    /// Largest body of an ingest request, after decompression.
    pub ingest_body: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { body: 4 << 20, ingest_body: 16 << 20 }
    }
}

/// What the operator sets for the whole server, beside [`Limits`].
#[derive(Debug, Clone)]
pub struct Settings {
    /// The default limit of string values in characters, where a human review sets none.
    pub string_limit: usize,
    /// Whether cookies are sent over HTTPS only.
    pub secure_cookies: bool,
    /// Where people reach the server, without a slash at the end; none: where it listens.
    pub public_url: Option<String>,
    /// What models cost.
    pub prices: Arc<PriceTable>,
    /// The networks that webhooks may be in beside the public internet.
    pub webhook_networks: Allowed,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            string_limit: 3000,
            secure_cookies: false,
            public_url: None,
            prices: Arc::new(PriceTable::built_in().clone()),
            webhook_networks: Allowed::default(),
        }
    }
}

/// The shared state; clones are cheap.
#[derive(Clone)]
pub struct App(Arc<Inner>);

/// What [`App`] holds.
pub struct Inner {
    /// The database.
    pub db: Db,
    /// The time.
    pub clock: Clock,
    /// Limits of requests.
    pub limits: Limits,
    /// The default limit of string values in characters, where a human review sets none.
    pub string_limit: usize,
    /// Where people reach the server, without a slash at the end; none: where it listens.
    pub public_url: Option<String>,
    /// What `/metrics` tells.
    pub metrics: Metrics,
    /// What happens, for event streams.
    pub live: Live,
    /// How far large queues are.
    pub queue_progress: QueueProgress,
    /// The networks that webhooks may be in beside the public internet.
    pub webhook_networks: Allowed,
    stopping: watch::Sender<bool>,
    /// What models cost.
    pub prices: Arc<PriceTable>,
    /// What happened since the start, for `/metrics`.
    pub counted: Counted,
    /// What arrived since that was last written.
    arrived: Mutex<Ledger>,
    bodies: Arc<Semaphore>,
    preparing: Semaphore,
    preparing_waits: Semaphore,
    /// Whether session cookies are marked `Secure` even when a request does not look like https.
    pub secure_cookies: AtomicBool,
    /// Who failed to sign in lately.
    pub attempts: Attempts,
    callers: RwLock<HashMap<(String, String), (Caller, i64)>>,
    used_keys: Mutex<HashMap<String, i64>>,
}

/// Counters since the start of the program.
#[derive(Debug, Default)]
pub struct Counted {
    accepted: AtomicU64,
    rejected: AtomicU64,
}

impl Counted {
    /// So many spans were stored.
    pub fn spans_accepted(&self, count: usize) {
        self.accepted.fetch_add(count as u64, Ordering::Relaxed);
    }

    /// So many spans could not be stored.
    pub fn spans_rejected(&self, count: usize) {
        self.rejected.fetch_add(count as u64, Ordering::Relaxed);
    }

    /// Spans stored and spans refused since the start.
    pub fn spans(&self) -> (u64, u64) {
        (self.accepted.load(Ordering::Relaxed), self.rejected.load(Ordering::Relaxed))
    }
}

/// Memory that is set aside for the body of a request; given back when this is dropped.
pub struct Room {
    taken: OwnedSemaphorePermit,
}

impl Room {
    /// Takes as much as `bytes` need.
    ///
    /// # Errors
    /// [`Error::Overloaded`] when there is not as much.
    pub fn new(bodies: &Arc<Semaphore>, bytes: usize) -> Result<Room> {
        let taken = Arc::clone(bodies).try_acquire_many_owned(Room::kib(bytes)).map_err(|_| Error::Overloaded)?;
        Ok(Room { taken })
    }

    /// Takes more, when the body turned out to be larger than it looked.
    ///
    /// # Errors
    /// [`Error::Overloaded`] when there is not as much.
    pub fn grow(&mut self, bytes: usize) -> Result<()> {
        let missing = Room::kib(bytes).saturating_sub(u32::try_from(self.taken.num_permits()).unwrap_or(u32::MAX));
        let more = Arc::clone(self.taken.semaphore()).try_acquire_many_owned(missing);
        self.taken.merge(more.map_err(|_| Error::Overloaded)?);
        Ok(())
    }

    fn kib(bytes: usize) -> u32 {
        u32::try_from(bytes / 1024 + 1).unwrap_or(BODIES_KIB).min(BODIES_KIB)
    }
}

impl std::ops::Deref for App {
    type Target = Inner;
    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl App {
    /// Shares these parts, with default settings.
    pub fn new(db: Db, clock: Clock, limits: Limits) -> App {
        App::with_settings(db, clock, limits, Settings::default())
    }

    /// Shares these parts.
    pub fn with_settings(db: Db, clock: Clock, limits: Limits, settings: Settings) -> App {
        App(Arc::new(Inner {
            db,
            clock,
            limits,
            string_limit: settings.string_limit,
            public_url: settings.public_url,
            webhook_networks: settings.webhook_networks,
            metrics: Metrics::default(),
            live: Live::default(),
            queue_progress: QueueProgress::default(),
            stopping: watch::Sender::new(false),
            prices: settings.prices,
            counted: Counted::default(),
            arrived: Mutex::default(),
            bodies: Arc::new(Semaphore::new(BODIES_KIB as usize)),
            preparing: Semaphore::new(PREPARING),
            preparing_waits: Semaphore::new(PREPARING_WAIT),
            secure_cookies: AtomicBool::new(settings.secure_cookies),
            attempts: Attempts::default(),
            callers: RwLock::default(),
            used_keys: Mutex::default(),
        }))
    }

    /// Tells everything that runs without end, such as event streams, to end.
    pub fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Waits until the server is about to end.
    pub async fn stopped(&self) {
        let mut stopping = self.stopping.subscribe();
        // The sender lives in `self`, so this cannot fail before it is told.
        drop(stopping.wait_for(|stop| *stop).await);
    }

    /// Sets memory aside for the body of a request: as much as it announces, or `limit` when it does not say.
    ///
    /// # Errors
    /// [`Error::Overloaded`] when the bodies of other requests fill what there is.
    pub fn room_for(&self, request: &axum::extract::Request, limit: usize) -> Result<Room> {
        self.room(request.headers(), limit)
    }

    /// [`App::room_for`] by the headers of the request.
    pub fn room(&self, headers: &HeaderMap, limit: usize) -> Result<Room> {
        let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
        Room::new(&self.bodies, announced.unwrap_or(limit).min(limit))
    }

    /// Runs work that keeps a processor busy on a thread of its own, a few at a time.
    ///
    /// # Errors
    /// [`Error::Overloaded`] when too many requests wait for their turn already.
    pub async fn preparing<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let _waiting = self.preparing_waits.try_acquire().map_err(|_| Error::Overloaded)?;
        let _turn = self.preparing.acquire().await.map_err(Error::internal)?;
        tokio::task::spawn_blocking(work).await.map_err(Error::internal)
    }

    /// A caller that was looked up a moment ago, by the hash of the key and the project that was asked for.
    pub fn remembered(&self, token_hash: &str, project: &str) -> Option<Caller> {
        let callers = self.callers.read().ok()?;
        let (caller, at) = callers.get(&(token_hash.to_owned(), project.to_owned()))?;
        (self.clock.now() - at < BELIEVED).then(|| caller.clone())
    }

    /// Remembers a caller for a moment, and that its key was used.
    pub fn remember(&self, token_hash: &str, project: &str, caller: &Caller) {
        let now = self.clock.now();
        if let Ok(mut callers) = self.callers.write() {
            if callers.len() >= REMEMBERED {
                callers.clear();
            }
            callers.insert((token_hash.to_owned(), project.to_owned()), (caller.clone(), now));
        }
        if let (postil::project::Actor::Key { id, .. }, Ok(mut used)) = (&caller.actor, self.used_keys.lock()) {
            used.insert(id.clone(), now);
        }
    }

    /// Forgets all callers: after every change of keys, members or roles.
    pub fn forget_callers(&self) {
        if let Ok(mut callers) = self.callers.write() {
            callers.clear();
        }
    }

    /// Counts what a caller sent.
    pub fn arrived(&self, caller: &Caller, arrivals: Arrivals) {
        if let Ok(mut ledger) = self.arrived.lock() {
            ledger.add(caller.project.number, self.clock.now(), caller.client.as_deref(), arrivals);
        }
    }

    /// Writes what was counted; what cannot be written now is written the next time.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn write_arrived(&self) -> Result<()> {
        let entries = self.arrived.lock().map(|mut ledger| ledger.take()).unwrap_or_default();
        if entries.is_empty() {
            return Ok(());
        }
        let written = entries.clone();
        let outcome = self.db.write(move |tx| arrival::record(tx, &written)).await;
        if outcome.is_err()
            && let Ok(mut ledger) = self.arrived.lock()
        {
            ledger.put_back(entries);
        }
        outcome
    }

    /// The keys that were used since the last call, with the time of their last use.
    pub fn take_used_keys(&self) -> HashMap<String, i64> {
        self.used_keys.lock().map(|mut used| std::mem::take(&mut *used)).unwrap_or_default()
    }
}
