//! The SQL of traces that are to be looked at.

use std::collections::HashSet;

use super::{Cause, Due, Listener};
use crate::db::{Row, Tx, Value};
use crate::error::{Error, Result};
use crate::params;
use crate::trace::filter::SqlBuilder;
use crate::trace::search::padded;

/// Ids named by one statement.
const AT_ONCE: usize = 250;

pub(super) fn listen(tx: &mut Tx<'_>, project: i64, listener: Listener) -> Result<()> {
    if listener == Listener::default() {
        return tx.execute("delete from trace_listener where project = $1", params![project]).map(drop);
    }
    let (quiet, idle) = listener.settled.unzip();
    tx.execute(
        "insert into trace_listener (project, quiet, idle, feedback) values ($1, $2, $3, $4)
         on conflict (project) do update set quiet = excluded.quiet, idle = excluded.idle, feedback = excluded.feedback",
        params![project, quiet, idle, listener.feedback],
    )
    .map(drop)
}

pub(super) fn is_listened(tx: &mut Tx<'_>) -> Result<bool> {
    Ok(tx.query_opt("select 1 from trace_listener limit 1", params![])?.is_some())
}

/// How long the traces of a project are waited for: with a root that has ended, and without.
pub(super) fn times(tx: &mut Tx<'_>, project: i64) -> Result<Option<(i64, i64)>> {
    let sql = "select quiet, idle from trace_listener where project = $1 and quiet is not null";
    tx.query_opt(sql, params![project])?.map(|row| Ok((row.int(0)?, row.int(1)?))).transpose()
}

pub(super) fn touch<'a>(
    tx: &mut Tx<'_>,
    project: i64,
    at: i64,
    (quiet, idle): (i64, i64),
    traces: impl Iterator<Item = (&'a str, bool)>,
) -> Result<()> {
    let row = |(trace_id, ended): (&str, bool)| {
        let due_at = at + if ended { quiet } else { idle };
        params![project, trace_id, Cause::Settled.name(), due_at, at, ended, 0].to_vec()
    };
    let rows: Vec<Vec<Value>> = traces.map(row).collect();
    tx.insert_many(
        "insert into trace_settling (project, trace_id, cause, due_at, since, ended, waited) values $rows
         on conflict (project, trace_id, cause) do update set due_at = excluded.due_at, ended = excluded.ended, waited = 0,
           since = {greatest}(excluded.since, trace_settling.since + 1)",
        &rows,
    )
    .map(drop)
}

pub(super) fn hears_feedback(tx: &mut Tx<'_>, project: i64) -> Result<bool> {
    let sql = "select 1 from trace_listener where project = $1 and feedback = 1";
    Ok(tx.query_opt(sql, params![project])?.is_some())
}

pub(super) fn feedback(tx: &mut Tx<'_>, project: i64, at: i64, trace_id: &str) -> Result<()> {
    tx.execute(
        "insert into trace_settling (project, trace_id, cause, due_at, since, ended, waited)
         select l.project, cast($2 as text), 'feedback', cast($3 as bigint), cast($3 as bigint), 0, 0
         from trace_listener l where l.project = $1 and l.feedback = 1
         on conflict (project, trace_id, cause) do update set due_at = excluded.due_at,
           since = {greatest}(excluded.since, trace_settling.since + 1)",
        params![project, trace_id, at],
    )
    .map(drop)
}

pub(super) fn due(tx: &mut Tx<'_>, now: i64, count: usize) -> Result<Vec<Due>> {
    let rows = tx.query(
        "select project, trace_id, cause, since, ended, waited from trace_settling where due_at <= $1
         order by due_at limit $2",
        params![now, count],
    )?;
    let read = |row: &Row| {
        Ok(Due {
            project: row.int(0)?,
            trace_id: row.text(1)?,
            cause: cause(&row.text(2)?)?,
            since: row.int(3)?,
            ended: row.bool(4)?,
            waited: row.int(5)?,
        })
    };
    rows.iter().map(read).collect()
}

fn cause(text: &str) -> Result<Cause> {
    Cause::parse(text).ok_or_else(|| Error::internal(format!("a trace settles because of {text}")))
}

/// Which rows of these traces there are, and since when. In one order, and past those that somebody else holds.
pub(super) fn hold(tx: &mut Tx<'_>, project: i64, dues: &[&Due]) -> Result<HashSet<(String, Cause, i64)>> {
    let mut held = HashSet::new();
    for some in dues.chunks(AT_ONCE) {
        let mut sql = SqlBuilder::default();
        let project = sql.bind(project);
        let text = format!(
            "select trace_id, cause, since from trace_settling where project = {project} and trace_id in ({})
             order by trace_id{{bytes_order}}, cause{{skip_locked}}",
            ids(some, &mut sql)
        );
        for row in tx.query(&text, sql.params())? {
            held.insert((row.text(0)?, cause(&row.text(1)?)?, row.int(2)?));
        }
    }
    Ok(held)
}

fn ids(dues: &[&Due], sql: &mut SqlBuilder) -> String {
    let ids: Vec<String> = dues.iter().map(|due| due.trace_id.clone()).collect();
    sql.bind_list(padded(&ids))
}

pub(super) fn done(tx: &mut Tx<'_>, dues: &[&Due]) -> Result<()> {
    let mut sorted = dues.to_vec();
    sorted.sort_by_key(|due| (due.project, due.cause.name()));
    for same in sorted.chunk_by(|a, b| (a.project, a.cause) == (b.project, b.cause)) {
        for some in same.chunks(AT_ONCE) {
            let mut sql = SqlBuilder::default();
            let (project, cause) = (sql.bind(some[0].project), sql.bind(some[0].cause.name()));
            let text = format!(
                "delete from trace_settling where project = {project} and trace_id in ({}) and cause = {cause}",
                ids(some, &mut sql)
            );
            tx.execute(&text, sql.params())?;
        }
    }
    Ok(())
}

pub(super) fn again(tx: &mut Tx<'_>, due: &Due, waited: i64, at: i64) -> Result<()> {
    tx.execute(
        "update trace_settling set waited = $5, due_at = $6
         where project = $1 and trace_id = $2 and cause = $3 and since = $4",
        params![due.project, &due.trace_id, due.cause.name(), due.since, waited, at],
    )
    .map(drop)
}
