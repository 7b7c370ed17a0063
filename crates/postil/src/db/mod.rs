//! The database: the only room that imports a driver.
//!
//! One SQL text runs on SQLite and PostgreSQL (see [`dialect`]). A verb is a plain function of a [`Tx`]; a handler says
//! `db.write(move |tx| …).await` or `db.read(move |tx| …).await`, and this room decides where it runs:
//!
//! - SQLite: one writer thread takes waiting closures from a bounded queue, runs them inside one shared
//!   transaction (a failing one rolls back only itself), commits once, and only then answers them all. A thread carries
//!   the write-ahead log over beside it. Readers are a few threads with read-only connections, some of them for what
//!   takes long (`db.scan(…)`), so that what is quickly read never waits for it.
//! - PostgreSQL: a closure is one transaction on one of a few connections, run again when PostgreSQL reports a
//!   serialisation failure or a deadlock.
//!
//! Nothing is answered before its commit is on disk. When more closures wait than the queue holds, a write fails with
//! [`Error::Overloaded`] at once.

mod dialect;
pub mod health;
pub mod inspect;
mod job;
mod migrate;
mod postgres;
mod relay;
mod sqlite;
mod tx;
mod value;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::broadcast;

pub use dialect::Dialect;
pub use migrate::{Migration, latest as latest_migration};
pub use tx::Tx;
pub use value::{Row, Value};

use crate::error::{Error, Result};
use crate::event::Event;
use job::{Job, Work};
use relay::Teller;

/// Where the data lives.
#[derive(Debug, Clone)]
pub enum Location {
    /// A SQLite file, made when it is missing.
    Sqlite(PathBuf),
    /// A PostgreSQL connection string, `postgres://user:password@host/database`.
    Postgres(String),
}

/// What waits for the threads of a database. They end when the other ends are gone.
struct Queues {
    writes: crossbeam_channel::Receiver<Box<dyn Job>>,
    reads: crossbeam_channel::Receiver<Box<dyn Job>>,
    scans: crossbeam_channel::Receiver<Box<dyn Job>>,
}

/// How many closures may wait for a thread before callers are told to come back later.
const QUEUE_LENGTH: usize = 1024;

/// How many events a slow listener may fall behind before it misses some.
const EVENTS_KEPT: usize = 4096;

/// A handle on the database; clones share it.
#[derive(Clone)]
pub struct Db(Arc<Inner>);

struct Inner {
    dialect: Dialect,
    location: Location,
    writes: crossbeam_channel::Sender<Box<dyn Job>>,
    reads: crossbeam_channel::Sender<Box<dyn Job>>,
    scans: crossbeam_channel::Sender<Box<dyn Job>>,
    events: broadcast::Sender<Event>,
    ended: crossbeam_channel::Receiver<()>,
}

impl Db {
    /// Opens the database, migrates it to the newest schema and starts its threads.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the database cannot be opened, and [`Error::Invalid`] when its schema is newer than
    /// this program or was changed by hand.
    pub fn open(location: &Location) -> Result<Db> {
        let (events, _) = broadcast::channel(EVENTS_KEPT);
        let (writes, write_queue) = crossbeam_channel::bounded(QUEUE_LENGTH);
        let (reads, read_queue) = crossbeam_channel::bounded(QUEUE_LENGTH);
        let (scans, scan_queue) = crossbeam_channel::bounded(QUEUE_LENGTH);
        let queues = Queues { writes: write_queue, reads: read_queue, scans: scan_queue };
        let (alive, ended) = crossbeam_channel::bounded(0);
        let dialect = match location {
            Location::Sqlite(path) => {
                sqlite::start(path, queues, &Teller::here(events.clone()), alive)?;
                Dialect::Sqlite
            }
            Location::Postgres(url) => {
                postgres::start(url, &queues, &events)?;
                Dialect::Postgres
            }
        };
        Ok(Db(Arc::new(Inner { dialect, location: location.clone(), writes, reads, scans, events, ended })))
    }

    /// Which database this is.
    pub fn dialect(&self) -> Dialect {
        self.0.dialect
    }

    /// Where the data lives.
    pub fn location(&self) -> &Location {
        &self.0.location
    }

    /// Everything that happens from now on, told after its commit; on PostgreSQL in other replicas too.
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.0.events.subscribe()
    }

    /// How many closures wait to be written.
    pub fn waiting_writes(&self) -> usize {
        self.0.writes.len()
    }

    /// Lets go of the database and waits, for at most `patience`, until its write-ahead log is carried over. Only the
    /// last clone can wait for that; the log is not needed to keep what was acknowledged, only to leave a single file.
    pub fn close(self, patience: std::time::Duration) {
        let ended = self.0.ended.clone();
        drop(self);
        // Being disconnected is the answer; being too late is no reason to fail.
        let _ended_or_late = ended.recv_timeout(patience);
    }

    /// Runs `work` in a transaction and answers after its commit is on disk. An error rolls it back.
    ///
    /// `work` may run more than once (PostgreSQL asks for that when transactions collide, SQLite when another closure of
    /// the same transaction has failed), so it must have no effect
    /// but on `tx`.
    pub async fn write<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&mut Tx<'_>) -> Result<T> + Send + 'static,
    {
        Self::send(&self.0.writes, work)?.await.map_err(|_| stopped())?
    }

    /// Runs `work` on one consistent state of the data, beside other readers and the writer.
    pub async fn read<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&mut Tx<'_>) -> Result<T> + Send + 'static,
    {
        Self::send(&self.0.reads, work)?.await.map_err(|_| stopped())?
    }

    /// [`Db::read`] for what may look at a large part of the data: such closures wait for each other, and nothing that is
    /// quickly read waits for them.
    pub async fn scan<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&mut Tx<'_>) -> Result<T> + Send + 'static,
    {
        Self::send(&self.0.scans, work)?.await.map_err(|_| stopped())?
    }

    /// [`Db::write`] for threads that may block: the command line and tests.
    pub fn write_blocking<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&mut Tx<'_>) -> Result<T> + Send + 'static,
    {
        Self::send(&self.0.writes, work)?.blocking_recv().map_err(|_| stopped())?
    }

    /// [`Db::read`] for threads that may block: the command line and tests.
    pub fn read_blocking<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&mut Tx<'_>) -> Result<T> + Send + 'static,
    {
        Self::send(&self.0.reads, work)?.blocking_recv().map_err(|_| stopped())?
    }

    fn send<T, F>(
        queue: &crossbeam_channel::Sender<Box<dyn Job>>,
        work: F,
    ) -> Result<tokio::sync::oneshot::Receiver<Result<T>>>
    where
        T: Send + 'static,
        F: Fn(&mut Tx<'_>) -> Result<T> + Send + 'static,
    {
        let (job, answer) = Work::send(work);
        queue.try_send(job).map_err(|refused| match refused {
            crossbeam_channel::TrySendError::Full(_) => Error::Overloaded,
            crossbeam_channel::TrySendError::Disconnected(_) => stopped(),
        })?;
        Ok(answer)
    }
}

/// Copies a SQLite database, while it is in use, into a new file at `to`.
///
/// # Errors
/// When `from` is no database, or `to` exists or cannot be written.
pub fn copy_sqlite(from: &Path, to: &Path) -> Result<()> {
    sqlite::copy(from, to)
}

/// Checks the whole of a SQLite database for damage.
pub fn check_sqlite(path: &Path) -> Result<()> {
    sqlite::check(path)
}

fn stopped() -> Error {
    Error::Unavailable("the database thread has stopped".into())
}
