//! The write-ahead log: carried over into the database beside the writer, so that it starts over and stays small.
//!
//! A log starts over only when all of it is carried over at the moment of a write. A thread of its own carries it over
//! until nothing is left, which takes a few rounds while people work, and which a busy writer never allows to anybody
//! else: only then the writer carries over the little that came meanwhile, while everybody waits.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use rusqlite::Connection;

use crate::error::{Error, Result};

/// Pages of the log (4 KiB each) from which on it is carried over. Pages that change again and again are carried once
/// for all of their versions, so a longer log is cheaper, and a shorter one is read faster after a crash.
const FROM: u64 = 16 * 1024;
/// What the writer carries over itself: a few milliseconds of writing.
const REST: u64 = 1024;
/// From this many pages on the writer carries the rest over, because it leaves nobody else the time.
const BUSY: u64 = 24 * 1024;
/// For less than this a checkpoint is not worth its wait for the disk.
const LITTLE: u64 = 64;
/// The thread carries over what came meanwhile so often.
const ROUNDS: usize = 8;
/// From this many pages on (a reader may keep the log from starting over) the writer waits for the readers.
const LONGEST: u64 = 64 * 1024;

/// The length of the log, shared by the writer and the thread that carries it over.
#[derive(Clone)]
pub(super) struct Log(Arc<State>);

struct State {
    /// How many pages it has.
    pages: AtomicU64,
    /// That little of it is left to carry over.
    nearly_done: AtomicBool,
    ended: AtomicBool,
}

impl Log {
    /// Watches the log grow by the commits of one connection.
    pub(super) fn watch(writer: &mut Connection) -> Result<Log> {
        let state =
            State { pages: AtomicU64::new(0), nearly_done: AtomicBool::new(false), ended: AtomicBool::new(false) };
        let log = Log(Arc::new(state));
        let watched = log.clone();
        let hook = move |_: &mut rusqlite::hooks::Wal, pages| {
            watched.0.pages.store(u64::try_from(pages).unwrap_or_default(), Ordering::Relaxed);
            Ok(())
        };
        writer.wal_hook(Some(hook)).map_err(Error::internal)?;
        Ok(log)
    }

    fn pages(&self) -> u64 {
        self.0.pages.load(Ordering::Relaxed)
    }

    /// Between two commits: carries over what is left when it is little, or all when the log has become too long.
    pub(super) fn carry_rest(&self, writer: &Connection) {
        if self.0.nearly_done.swap(false, Ordering::Relaxed) {
            checkpoint(writer, "passive");
        } else if self.pages() > LONGEST {
            checkpoint(writer, "restart");
        }
    }

    /// Carries everything over and empties the log.
    pub(super) fn carry_all(&self, writer: &Connection) {
        checkpoint(writer, "truncate");
    }

    /// Says that the writer has stopped.
    pub(super) fn end(&self) {
        self.0.ended.store(true, Ordering::Relaxed);
    }
}

/// The thread that carries the log over beside the writer.
pub(super) struct Carrier {
    connection: Connection,
    log: Log,
    /// Where the log ended when it was last carried over; it starts over behind the writer's next commit.
    carried: u64,
}

impl Carrier {
    pub(super) fn open(path: &Path, log: &Log) -> Result<Carrier> {
        let connection = Connection::open(path).map_err(|cause| Error::Unavailable(cause.to_string()))?;
        Ok(Carrier { connection, log: log.clone(), carried: 0 })
    }

    /// Carries the log over whenever it is long enough, until the writer has stopped.
    pub(super) fn carry(mut self) {
        while !self.log.0.ended.load(Ordering::Relaxed) {
            std::thread::park_timeout(Duration::from_millis(50));
            self.carry_most();
        }
    }

    fn carry_most(&mut self) {
        let pages = self.log.pages();
        if pages < self.carried {
            self.carried = 0;
        }
        let mut left = pages - self.carried;
        if pages < FROM || left < LITTLE {
            return;
        }
        for _ in 0..ROUNDS {
            self.carried = checkpoint(&self.connection, "passive");
            let before = std::mem::replace(&mut left, self.log.pages().saturating_sub(self.carried));
            // Each round is shorter than the one before, unless the writer is as fast, or a reader is in the way.
            if left == 0 || left >= before {
                break;
            }
        }
        if (1..=REST).contains(&left) && self.log.pages() >= BUSY {
            self.log.0.nearly_done.store(true, Ordering::Relaxed);
        }
    }
}

/// Carries over what readers allow; how many pages of the log are carried now.
fn checkpoint(connection: &Connection, mode: &str) -> u64 {
    let done = connection.query_row(&format!("pragma wal_checkpoint({mode})"), [], |row| row.get::<_, i64>(2));
    match done {
        Ok(carried) => u64::try_from(carried).unwrap_or_default(),
        Err(cause) => {
            tracing::warn!(error = %cause, mode, "a checkpoint failed; the next one will try again");
            0
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::atomic::Ordering;

    use rusqlite::Connection;

    use super::{BUSY, Carrier, FROM, Log};

    fn start(path: &Path) -> (Connection, Log, Carrier) {
        let mut writer = Connection::open(path).unwrap();
        let settings = "pragma journal_mode = wal; pragma wal_autocheckpoint = 0; create table t (x blob)";
        writer.execute_batch(settings).unwrap();
        let log = Log::watch(&mut writer).unwrap();
        let carrier = Carrier::open(path, &log).unwrap();
        (writer, log, carrier)
    }

    fn mebibyte(writer: &Connection) {
        writer.execute("insert into t values (zeroblob(1048576))", []).unwrap();
    }

    #[test]
    fn a_log_starts_over_without_the_writer_when_it_pauses() {
        let folder = tempfile::tempdir().unwrap();
        let (writer, log, mut carrier) = start(&folder.path().join("postil.db"));
        while log.pages() < FROM {
            mebibyte(&writer);
        }
        carrier.carry_most();
        assert!(!log.0.nearly_done.load(Ordering::Relaxed));
        mebibyte(&writer);
        assert!(log.pages() < FROM / 10, "{} pages", log.pages());
    }

    #[test]
    fn a_log_starts_over_once_the_writer_has_carried_the_rest() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("postil.db");
        let (writer, log, mut carrier) = start(&path);
        while log.pages() < BUSY {
            mebibyte(&writer);
            log.carry_rest(&writer);
        }
        // What a reader does not see yet cannot be carried over under its eyes.
        let reader = Connection::open(&path).unwrap();
        reader.execute_batch("begin; select count(*) from t").unwrap();
        mebibyte(&writer);
        carrier.carry_most();
        reader.execute_batch("commit").unwrap();
        let longest = log.pages();
        mebibyte(&writer);
        assert!(log.pages() > longest, "not everything is carried over yet");
        log.carry_rest(&writer);
        mebibyte(&writer);
        assert!(log.pages() < FROM / 10, "{} pages", log.pages());
    }
}
