//! SQLite: one writer thread that commits many waiting closures together, and a few reader threads.

mod group;
mod log;

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use crossbeam_channel::Receiver;
use foldhash::fast::RandomState;
use rusqlite::config::DbConfig;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OpenFlags};

use super::Queues;
use super::dialect::Dialect;
use super::job::Job;
use super::migrate;
use super::relay::Teller;
use super::tx::{ROWS, Tx, placeholders};
use super::value::{Row, Value};
use crate::error::{Error, Result};

/// Threads for what is quickly read: as many as can be busy beside the writer on a small machine.
const READERS: usize = 4;
/// Threads for what looks at much.
const SCANNERS: usize = 2;
/// How much of the database a scanner maps into memory, in bytes. Others map nothing: a map is given up after every
/// commit and must be built again page by page, which only pays for many pages.
const MAPPED: u64 = 1 << 30;
/// A connection and the statements it has rendered.
pub(super) struct SqliteSession {
    connection: Connection,
    rendered: RefCell<HashMap<String, Arc<str>, RandomState>>,
}

impl SqliteSession {
    fn new(connection: Connection) -> SqliteSession {
        connection.set_prepared_statement_cache_capacity(256);
        // A plan that holds for every value: else SQLite plans joins over partial indexes again whenever one is bound.
        if let Err(cause) = connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true) {
            tracing::warn!(error = %cause, "statements may be planned again on every run");
        }
        SqliteSession { connection, rendered: RefCell::default() }
    }

    /// The text that SQLite reads; `columns` is how many parameters stand for `$rows`.
    fn render(&self, sql: &str, columns: usize) -> Arc<str> {
        let mut rendered = self.rendered.borrow_mut();
        if let Some(text) = rendered.get(sql) {
            return Arc::clone(text);
        }
        // Filters make texts without end; the common ones come back quickly.
        if rendered.len() > 1024 {
            rendered.clear();
        }
        let one_row = if columns > 0 { sql.replace(ROWS, &placeholders(1, columns)) } else { sql.to_owned() };
        let text: Arc<str> = Dialect::Sqlite.render(&one_row).into();
        rendered.insert(sql.to_owned(), Arc::clone(&text));
        text
    }

    pub(super) fn query(&self, sql: &str, params: &[Value]) -> Result<Vec<Row>> {
        let mut answer = Vec::new();
        self.collect(sql, 0, std::iter::once(params), &mut answer)?;
        Ok(answer)
    }

    /// Runs one query for each row of so many columns.
    pub(super) fn query_each(&self, sql: &str, columns: usize, rows: &[Vec<Value>]) -> Result<Vec<Row>> {
        let mut answer = Vec::new();
        self.collect(sql, columns, rows.iter().map(Vec::as_slice), &mut answer)?;
        Ok(answer)
    }

    fn collect<'a>(
        &self,
        sql: &str,
        given: usize,
        each: impl Iterator<Item = &'a [Value]>,
        answer: &mut Vec<Row>,
    ) -> Result<()> {
        let text = self.render(sql, given);
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
        self.run(sql, 0, std::iter::once(params))
    }

    /// Runs one statement for each row of so many columns.
    pub(super) fn execute_each(&self, sql: &str, columns: usize, rows: &[Vec<Value>]) -> Result<u64> {
        self.run(sql, columns, rows.iter().map(Vec::as_slice))
    }

    fn run<'a>(&self, sql: &str, columns: usize, each: impl Iterator<Item = &'a [Value]>) -> Result<u64> {
        let text = self.render(sql, columns);
        let failed = |cause: rusqlite::Error| fault(&cause, sql);
        let mut statement = self.connection.prepare_cached(&text).map_err(failed)?;
        let mut changed = 0;
        for params in each {
            changed += statement.execute(rusqlite::params_from_iter(params)).map_err(failed)? as u64;
        }
        Ok(changed)
    }

    pub(super) fn batch(&self, sql: &str) -> Result<()> {
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
    // The engine opens what it may not write for reading, and would fail only at the first write.
    if connection.is_readonly("main").map_err(opening)? {
        let said = format!("{} may not be written: give its user the right to, on it and its folder", path.display());
        return Err(Error::Unavailable(said));
    }
    connection
        .execute_batch(
            // FULL: a commit is on disk when it returns. No automatic checkpoints: they would stall a commit; the
            // checkpoint thread does them. 16 MiB of cache holds the inner pages of a large database; every commit
            // walks the cache once, so a larger one costs more than it saves. Reading beside it is mapped, but not much
            // more than a small database: what is mapped counts as memory of the process.
            "pragma journal_mode = wal; pragma synchronous = full; pragma wal_autocheckpoint = 0;
             pragma foreign_keys = on; pragma busy_timeout = 5000; pragma cache_size = -16384;
             pragma temp_store = memory; pragma journal_size_limit = 268435456; pragma mmap_size = 268435456;",
        )
        .map_err(opening)?;
    Ok(SqliteSession::new(connection))
}

/// Opens a connection that the engine itself keeps from writing.
fn open_reader(path: &Path, mapped: u64) -> Result<SqliteSession> {
    let opening = |cause: rusqlite::Error| Error::Unavailable(format!("{}: {cause}", path.display()));
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(opening)?;
    connection
        .execute_batch(&format!(
            "pragma busy_timeout = 5000; pragma cache_size = -8192; pragma query_only = on; pragma temp_store = memory;
             pragma mmap_size = {mapped};"
        ))
        .map_err(opening)?;
    Ok(SqliteSession::new(connection))
}

/// Migrates the file and starts its threads. They end when the queues are closed.
pub(super) fn start(
    path: &Path,
    queues: Queues,
    teller: &Teller,
    running: crossbeam_channel::Sender<()>,
) -> Result<()> {
    let mut writer = open_writer(path)?;
    migrate::sqlite(&writer.connection)?;
    let log = log::Log::watch(&mut writer.connection)?;
    let (beside, others) = crossbeam_channel::bounded::<()>(0);
    let Queues { writes, reads, scans } = queues;
    let readers = (0..READERS).map(|number| (format!("sqlite-read-{number}"), &reads, 0));
    let scanners = (0..SCANNERS).map(|number| (format!("sqlite-scan-{number}"), &scans, MAPPED));
    for (name, queue, mapped) in readers.chain(scanners) {
        let (queue, session, beside) = (queue.clone(), open_reader(path, mapped)?, beside.clone());
        spawn(&name, move || {
            read_loop(&session, &queue);
            drop((session, beside));
        })?;
    }
    let carrier = log::Carrier::open(path, &log)?;
    spawn("sqlite-checkpoint", move || {
        carrier.carry();
        drop(beside);
    })?;
    let teller = teller.clone();
    spawn("sqlite-write", move || {
        group::write_loop(&writer, &log, &writes, &teller);
        log.end();
        // The last connection takes the files beside the database away, which only one that may write can do.
        let _disconnected = others.recv();
        drop(writer);
        drop(running);
    })
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<()> {
    std::thread::Builder::new().name(name.into()).spawn(work).map(drop).map_err(Error::internal)
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
