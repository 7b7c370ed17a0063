//! A transaction, as the verbs of the domain see it.

use super::dialect::Dialect;
use super::postgres::PostgresSession;
use super::sqlite::SqliteSession;
use super::value::{Row, Value};
use crate::error::{Error, Result};
use crate::event::Event;

/// A running transaction on either database.
pub struct Tx<'a> {
    session: Session<'a>,
    pub(super) events: Vec<Event>,
}

enum Session<'a> {
    Sqlite(&'a SqliteSession),
    Postgres(&'a mut PostgresSession),
}

/// The place in an `insert` where [`Tx::insert_many`] puts its rows.
pub(super) const ROWS: &str = "$rows";

/// How many rows go into one statement on PostgreSQL: few different sizes, so that their statements stay prepared.
const CHUNKS: [usize; 3] = [128, 16, 1];

impl<'a> Tx<'a> {
    pub(super) fn sqlite(session: &'a SqliteSession) -> Tx<'a> {
        Tx { session: Session::Sqlite(session), events: Vec::new() }
    }

    pub(super) fn postgres(session: &'a mut PostgresSession) -> Tx<'a> {
        Tx { session: Session::Postgres(session), events: Vec::new() }
    }

    /// Which database runs this transaction.
    pub fn dialect(&self) -> Dialect {
        match self.session {
            Session::Sqlite(_) => Dialect::Sqlite,
            Session::Postgres(_) => Dialect::Postgres,
        }
    }

    /// All rows of a query.
    pub fn query(&mut self, sql: &str, params: &[Value]) -> Result<Vec<Row>> {
        match &mut self.session {
            Session::Sqlite(session) => session.query(sql, params),
            Session::Postgres(session) => session.query(sql, params),
        }
    }

    /// The first row of a query, if it has one.
    pub fn query_opt(&mut self, sql: &str, params: &[Value]) -> Result<Option<Row>> {
        Ok(self.query(sql, params)?.into_iter().next())
    }

    /// The first row of a query that always has one, such as a count.
    pub fn query_one(&mut self, sql: &str, params: &[Value]) -> Result<Row> {
        self.query_opt(sql, params)?.ok_or_else(|| Error::internal(format!("no row from: {sql}")))
    }

    /// Runs a statement and counts the rows it changed.
    pub fn execute(&mut self, sql: &str, params: &[Value]) -> Result<u64> {
        match &mut self.session {
            Session::Sqlite(session) => session.execute(sql, params),
            Session::Postgres(session) => session.execute(sql, params),
        }
    }

    /// Inserts many rows with one text, `insert into t (a, b) values $rows on conflict …`, and counts the changed rows.
    /// No two rows of one call may collide with each other.
    pub fn insert_many(&mut self, sql: &str, rows: &[Vec<Value>]) -> Result<u64> {
        let Some(columns) = rows.first().map(Vec::len) else { return Ok(0) };
        match &mut self.session {
            Session::Sqlite(session) => session.execute_each(sql, columns, rows),
            Session::Postgres(session) => {
                let mut changed = 0;
                each_chunk(sql, rows, |sql, params| {
                    changed += session.execute(sql, params)?;
                    Ok(())
                })?;
                Ok(changed)
            }
        }
    }

    /// [`Tx::insert_many`] with a `returning` clause: the rows that were returned.
    pub fn insert_many_returning(&mut self, sql: &str, rows: &[Vec<Value>]) -> Result<Vec<Row>> {
        let Some(columns) = rows.first().map(Vec::len) else { return Ok(Vec::new()) };
        match &mut self.session {
            Session::Sqlite(session) => session.query_each(sql, columns, rows),
            Session::Postgres(session) => {
                let mut returned = Vec::new();
                each_chunk(sql, rows, |sql, params| {
                    returned.extend(session.query(sql, params)?);
                    Ok(())
                })?;
                Ok(returned)
            }
        }
    }

    /// Does a part of the work whose failure undoes only itself: the inner result is the part's. The outer one is an error
    /// when the whole transaction is lost.
    pub fn attempt<T>(&mut self, part: impl FnOnce(&mut Tx<'_>) -> Result<T>) -> Result<Result<T>> {
        let events = self.events.len();
        self.batch("savepoint part")?;
        let done = part(self);
        if let Err(Error::Unavailable(_) | Error::Overloaded) = &done {
            return done.map(Ok);
        }
        if done.is_err() {
            self.events.truncate(events);
            self.batch("rollback to savepoint part")?;
        }
        self.batch("release savepoint part")?;
        Ok(done)
    }

    fn batch(&mut self, sql: &str) -> Result<()> {
        match &mut self.session {
            Session::Sqlite(session) => session.batch(sql),
            Session::Postgres(session) => session.batch(sql),
        }
    }

    /// Tells listeners that something happened, once this transaction is committed.
    pub fn emit(&mut self, event: Event) {
        debug_assert!(Event::kind_named(event.kind).is_some(), "{} is not among the kinds of events", event.kind);
        self.events.push(event);
    }
}

/// Cuts rows into statements of a few fixed sizes.
fn each_chunk(sql: &str, rows: &[Vec<Value>], mut run: impl FnMut(&str, &[Value]) -> Result<()>) -> Result<()> {
    let columns = rows.first().map_or(0, Vec::len);
    let mut rest = rows;
    for size in CHUNKS {
        if rest.len() < size {
            continue;
        }
        let text = sql.replace(ROWS, &placeholders(size, columns));
        while rest.len() >= size {
            let (chunk, after) = rest.split_at(size);
            run(&text, &chunk.concat())?;
            rest = after;
        }
    }
    Ok(())
}

pub(super) fn placeholders(rows: usize, columns: usize) -> String {
    let mut text = String::new();
    for row in 0..rows {
        text.push_str(if row == 0 { "(" } else { ", (" });
        for column in 0..columns {
            if column > 0 {
                text.push_str(", ");
            }
            text.push('$');
            text.push_str(&(row * columns + column + 1).to_string());
        }
        text.push(')');
    }
    text
}
