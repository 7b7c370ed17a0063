//! SQLite: one writer thread that commits many waiting closures together, and a few reader threads.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::Receiver;
use rusqlite::config::DbConfig;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OpenFlags};

use super::dialect::Dialect;
use super::job::{Job, Verdict};
use super::migrate;
use super::relay::Teller;
use super::tx::Tx;
use super::value::{Row, Value};
use crate::error::{Error, Result};
use crate::event::Event;

/// Reader threads: as many as can be busy beside the writer on a small machine.
const READERS: usize = 4;
/// Closures that share one commit.
const GROUP: usize = 512;
/// A commit waits no longer than this for more closures to join it.
const GROUP_TIME: Duration = Duration::from_millis(15);
/// The write-ahead log is carried over into the database from this size on, beside the writer.
const CHECKPOINT_FROM: u64 = 16 << 20;
/// From this size on the writer waits until the log is carried over, so that it cannot grow without end.
const CHECKPOINT_FORCED: u64 = 256 << 20;

/// A connection and the statements it has rendered.
pub(super) struct SqliteSession {
    connection: Connection,
    rendered: RefCell<HashMap<String, Arc<str>>>,
}

impl SqliteSession {
    fn new(connection: Connection) -> SqliteSession {
        connection.set_prepared_statement_cache_capacity(256);
        // A plan that holds for every value: else SQLite plans joins over partial indexes again whenever one is bound.
        if let Err(cause) = connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true) {
            tracing::warn!(error = %cause, "statements may be planned again on every run");
        }
        SqliteSession { connection, rendered: RefCell::new(HashMap::new()) }
    }

    fn render(&self, sql: &str) -> Arc<str> {
        let mut rendered = self.rendered.borrow_mut();
        if let Some(text) = rendered.get(sql) {
            return Arc::clone(text);
        }
        // Filters make texts without end; the common ones come back quickly.
        if rendered.len() > 1024 {
            rendered.clear();
        }
        let text: Arc<str> = Dialect::Sqlite.render(sql).into();
        rendered.insert(sql.to_owned(), Arc::clone(&text));
        text
    }

    pub(super) fn query(&self, sql: &str, params: &[Value]) -> Result<Vec<Row>> {
        let mut answer = Vec::new();
        self.collect(sql, std::iter::once(params), &mut answer)?;
        Ok(answer)
    }

    /// Runs one query for each set of parameters.
    pub(super) fn query_each(&self, sql: &str, rows: &[Vec<Value>]) -> Result<Vec<Row>> {
        let mut answer = Vec::new();
        self.collect(sql, rows.iter().map(Vec::as_slice), &mut answer)?;
        Ok(answer)
    }

    fn collect<'a>(&self, sql: &str, each: impl Iterator<Item = &'a [Value]>, answer: &mut Vec<Row>) -> Result<()> {
        let text = self.render(sql);
        let failed = |cause: rusqlite::Error| fault(&cause, sql);
        let mut statement = self.connection.prepare_cached(&text).map_err(failed)?;
        let columns = statement.column_count();
        for params in each {
            let mut rows = statement.query(rusqlite::params_from_iter(params)).map_err(failed)?;
            while let Some(row) = rows.next().map_err(failed)? {
                let values = (0..columns).map(|column| row.get_ref(column).map(read_value));
                answer.push(Row(values.collect::<rusqlite::Result<_>>().map_err(failed)?));
            }
        }
        Ok(())
    }

    pub(super) fn execute(&self, sql: &str, params: &[Value]) -> Result<u64> {
        self.run(sql, std::iter::once(params))
    }

    /// Runs one statement for each set of parameters.
    pub(super) fn execute_each(&self, sql: &str, rows: &[Vec<Value>]) -> Result<u64> {
        self.run(sql, rows.iter().map(Vec::as_slice))
    }

    fn run<'a>(&self, sql: &str, each: impl Iterator<Item = &'a [Value]>) -> Result<u64> {
        let text = self.render(sql);
        let failed = |cause: rusqlite::Error| fault(&cause, sql);
        let mut statement = self.connection.prepare_cached(&text).map_err(failed)?;
        let mut changed = 0;
        for params in each {
            changed += statement.execute(rusqlite::params_from_iter(params)).map_err(failed)? as u64;
        }
        Ok(changed)
    }

    fn batch(&self, sql: &str) -> Result<()> {
        let mut statement = self.connection.prepare_cached(sql).map_err(|cause| fault(&cause, sql))?;
        statement.execute([]).map_err(|cause| fault(&cause, sql))?;
        Ok(())
    }
}

impl rusqlite::ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Value::Null => ValueRef::Null,
            Value::Int(value) => ValueRef::Integer(*value),
            Value::Real(value) => ValueRef::Real(*value),
            Value::Text(value) => ValueRef::Text(value.as_bytes()),
            Value::Blob(value) => ValueRef::Blob(value),
        }))
    }
}

fn read_value(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(value) => Value::Int(value),
        ValueRef::Real(value) => Value::Real(value),
        ValueRef::Text(value) => Value::Text(String::from_utf8_lossy(value).into_owned()),
        ValueRef::Blob(value) => Value::Blob(value.to_vec()),
    }
}

/// Sorts a failure of the engine: what the disk or a lock refuses passes by itself, the rest is a fault of ours.
fn fault(cause: &rusqlite::Error, sql: &str) -> Error {
    use rusqlite::ErrorCode;
    match cause.sqlite_error_code() {
        Some(
            ErrorCode::DiskFull
            | ErrorCode::SystemIoFailure
            | ErrorCode::ReadOnly
            | ErrorCode::CannotOpen
            | ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::OutOfMemory
            | ErrorCode::PermissionDenied,
        ) => Error::Unavailable(cause.to_string()),
        _ => Error::internal(format!("{cause} in: {sql}")),
    }
}

/// Opens the connection that may write, with the settings every write needs.
fn open_writer(path: &Path) -> Result<SqliteSession> {
    let opening = |cause: rusqlite::Error| Error::Unavailable(format!("{}: {cause}", path.display()));
    let connection = Connection::open(path).map_err(opening)?;
    connection
        .execute_batch(
            // FULL: a commit is on disk when it returns. No automatic checkpoints: they would stall a commit; the
            // checkpoint thread does them. 16 MiB of cache holds the inner pages of a large database; every commit
            // walks the cache once, so a larger one costs more than it saves.
            "pragma journal_mode = wal; pragma synchronous = full; pragma wal_autocheckpoint = 0;
             pragma foreign_keys = on; pragma busy_timeout = 5000; pragma cache_size = -16384;
             pragma temp_store = memory; pragma journal_size_limit = 268435456;",
        )
        .map_err(opening)?;
    Ok(SqliteSession::new(connection))
}

/// Opens a connection that the engine itself keeps from writing.
fn open_reader(path: &Path) -> Result<SqliteSession> {
    let opening = |cause: rusqlite::Error| Error::Unavailable(format!("{}: {cause}", path.display()));
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(opening)?;
    connection
        .execute_batch(
            "pragma busy_timeout = 5000; pragma cache_size = -8192; pragma query_only = on; pragma temp_store = memory;
             pragma mmap_size = 1073741824;",
        )
        .map_err(opening)?;
    Ok(SqliteSession::new(connection))
}

/// Migrates the file and starts its threads. They end when the queues are closed.
pub(super) fn start(
    path: &Path,
    writes: Receiver<Box<dyn Job>>,
    reads: Receiver<Box<dyn Job>>,
    teller: &Teller,
    running: crossbeam_channel::Sender<()>,
) -> Result<()> {
    let writer = open_writer(path)?;
    migrate::sqlite(&writer.connection)?;
    let log = log_path(path);
    let (beside, others) = crossbeam_channel::bounded::<()>(0);
    for number in 0..READERS {
        let (queue, path) = (reads.clone(), path.to_owned());
        let session = open_reader(&path)?;
        let beside = beside.clone();
        spawn(&format!("sqlite-read-{number}"), move || {
            read_loop(&session, &queue);
            drop((session, beside));
        })?;
    }
    let alive = Arc::new(());
    let watched = Arc::downgrade(&alive);
    let (checkpoint_path, checkpoint_log) = (path.to_owned(), log.clone());
    spawn("sqlite-checkpoint", move || {
        checkpoint_loop(&checkpoint_path, &checkpoint_log, &watched);
        drop(beside);
    })?;
    let teller = teller.clone();
    spawn("sqlite-write", move || {
        write_loop(&writer, &log, &writes, &teller);
        drop(alive);
        // The last connection takes the files beside the database away, which only one that may write can do.
        let _disconnected = others.recv();
        drop(writer);
        drop(running);
    })
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<()> {
    std::thread::Builder::new().name(name.into()).spawn(work).map(drop).map_err(Error::internal)
}

fn log_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}

fn read_loop(session: &SqliteSession, queue: &Receiver<Box<dyn Job>>) {
    while let Ok(mut job) = queue.recv() {
        let outcome = session.batch("begin").map(|()| {
            job.run(&mut Tx::sqlite(session));
        });
        let ended = if session.connection.is_autocommit() { Ok(()) } else { session.batch("commit") };
        job.finish(outcome.and(ended).err());
    }
}

/// Takes what waits, runs it in one transaction, commits, answers; again and again.
fn write_loop(session: &SqliteSession, log: &Path, queue: &Receiver<Box<dyn Job>>, teller: &Teller) {
    while let Ok(first) = queue.recv() {
        write_group(session, first, queue, teller);
        if file_size(log) > CHECKPOINT_FORCED {
            checkpoint(&session.connection, "restart");
        }
    }
    checkpoint(&session.connection, "truncate");
}

fn write_group(session: &SqliteSession, first: Box<dyn Job>, queue: &Receiver<Box<dyn Job>>, teller: &Teller) {
    if let Err(failure) = session.batch("begin immediate") {
        return first.finish(Some(failure));
    }
    let begun = Instant::now();
    let mut done: Vec<Box<dyn Job>> = Vec::new();
    let mut happened = Vec::new();
    let mut next = Some(first);
    while let Some(mut job) = next {
        match run_in_savepoint(session, job.as_mut()) {
            Ok(job_events) => {
                happened.extend(job_events);
                done.push(job);
            }
            Err(failure) => {
                // The engine rolled back the whole transaction (the disk is full, for one): nobody's work is kept.
                if !session.connection.is_autocommit() {
                    drop(session.batch("rollback"));
                }
                let cause = failure.to_string();
                job.finish(Some(failure));
                done.into_iter().for_each(|job| job.finish(Some(Error::Unavailable(cause.clone()))));
                return;
            }
        }
        let full = done.len() >= GROUP || begun.elapsed() > GROUP_TIME;
        next = if full { None } else { queue.try_recv().ok() };
    }
    let failure = session.batch("commit").err();
    if let Some(failure) = &failure {
        tracing::error!(error = %describe(failure), "a commit failed");
        if !session.connection.is_autocommit() {
            drop(session.batch("rollback"));
        }
    } else {
        teller.tell(happened);
    }
    let cause = failure.map(|failure| describe(&failure));
    done.into_iter().for_each(|job| job.finish(cause.clone().map(Error::Unavailable)));
}

/// Runs one closure so that its failure undoes only itself. An error means that the whole transaction is gone.
fn run_in_savepoint(session: &SqliteSession, job: &mut dyn Job) -> Result<Vec<Event>> {
    session.batch("savepoint verb")?;
    let mut tx = Tx::sqlite(session);
    let verdict = job.run(&mut tx);
    let events = std::mem::take(&mut tx.events);
    if session.connection.is_autocommit() {
        return Err(Error::Unavailable("the transaction was rolled back by the database".into()));
    }
    match verdict {
        Verdict::Commit => {
            session.batch("release verb")?;
            Ok(events)
        }
        Verdict::RollBack => {
            session.batch("rollback to verb")?;
            session.batch("release verb")?;
            Ok(Vec::new())
        }
    }
}

fn describe(failure: &Error) -> String {
    match failure {
        Error::Unavailable(cause) | Error::Internal(cause) => cause.clone(),
        other => other.to_string(),
    }
}

fn file_size(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |metadata| metadata.len())
}

/// Carries the write-ahead log over into the database beside the writer, for as long as the writer lives.
fn checkpoint_loop(path: &Path, log: &Path, alive: &std::sync::Weak<()>) {
    let connection = match Connection::open(path) {
        Ok(connection) => connection,
        Err(cause) => return tracing::error!(error = %cause, "checkpoints need a connection"),
    };
    let mut carried = 0;
    while alive.strong_count() > 0 {
        std::thread::park_timeout(Duration::from_millis(200));
        let size = file_size(log);
        if size > CHECKPOINT_FROM && size != carried {
            checkpoint(&connection, "passive");
            carried = size;
        }
    }
}

fn checkpoint(connection: &Connection, mode: &str) {
    let done = connection.query_row(&format!("pragma wal_checkpoint({mode})"), [], |_| Ok(()));
    if let Err(cause) = done {
        tracing::warn!(error = %cause, mode, "a checkpoint failed; the next one will try again");
    }
}

/// Copies a database while it is in use.
pub(super) fn copy(from: &Path, to: &Path) -> Result<()> {
    if to.exists() {
        return Err(Error::conflict("file_exists", format!("{} exists already.", to.display())));
    }
    let failed = |cause: rusqlite::Error| Error::Unavailable(cause.to_string());
    let source = Connection::open_with_flags(from, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)
        .map_err(failed)?;
    let target = to.to_str().ok_or_else(|| Error::invalid("invalid_path", "The path must be valid UTF-8."))?;
    source.execute("vacuum into ?1", [target]).map_err(failed)?;
    // The copy is a back-up only once it is on disk.
    std::fs::File::open(to).and_then(|file| file.sync_all()).map_err(|cause| Error::Unavailable(cause.to_string()))
}

/// Asks the engine to check every page and index of a file.
pub(super) fn check(path: &Path) -> Result<()> {
    let failed = |cause: rusqlite::Error| Error::Unavailable(cause.to_string());
    let connection =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)
            .map_err(failed)?;
    let answer: String = connection.query_row("pragma integrity_check", [], |row| row.get(0)).map_err(failed)?;
    if answer == "ok" { Ok(()) } else { Err(Error::Internal(answer)) }
}
