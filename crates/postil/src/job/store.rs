//! The SQL of jobs.

use super::{Job, State};
use crate::db::{Row, Tx};
use crate::error::{Error, Result};
use crate::params;

const COLUMNS: &str = "id, project, kind, state, input, position, total, done, failed, error, cancel_asked, caller,
  created_by, created_at, updated_at, ended_at";

/// How many jobs of a project are listed.
const LISTED: i64 = 1000;

fn read(row: &Row) -> Result<Job> {
    let state = row.text(3)?;
    Ok(Job {
        id: row.text(0)?,
        project: row.int(1)?,
        kind: row.text(2)?,
        state: State::parse(&state).ok_or_else(|| Error::internal(format!("a job is {state}")))?,
        input: row.json(4)?,
        position: row.json(5)?,
        total: row.int(6)?,
        done: row.int(7)?,
        failed: row.int(8)?,
        error: row.opt_text(9)?,
        cancel_asked: row.bool(10)?,
        caller: row.json(11)?,
        created_by: row.text(12)?,
        created_at: row.int(13)?,
        updated_at: row.int(14)?,
        ended_at: row.opt_int(15)?,
    })
}

fn json<T: serde::Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(Error::internal)
}

pub(super) fn count_open(tx: &mut Tx<'_>, project: i64) -> Result<i64> {
    tx.query_one("select count(*) from job where project = $1 and ended_at is null", params![project])?.int(0)
}

pub(super) fn insert(tx: &mut Tx<'_>, job: &Job) -> Result<()> {
    let sql = format!(
        "insert into job ({COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, 0, 0, null, 0, $8, $9, $10, $10, null)"
    );
    tx.execute(
        &sql,
        params![
            &job.id,
            job.project,
            &job.kind,
            job.state.name(),
            json(&job.input)?,
            json(&job.position)?,
            job.total,
            json(&job.caller)?,
            &job.created_by,
            job.created_at
        ],
    )
    .map(drop)
}

pub(super) fn list(tx: &mut Tx<'_>, project: i64) -> Result<Vec<Job>> {
    let sql = format!(
        "select {COLUMNS} from job where project = $1 order by created_at desc, id{{bytes_order}} desc limit {LISTED}"
    );
    tx.query(&sql, params![project])?.iter().map(read).collect()
}

pub(super) fn find(tx: &mut Tx<'_>, id: &str) -> Result<Option<Job>> {
    let sql = format!("select {COLUMNS} from job where id = $1");
    tx.query_opt(&sql, params![id])?.as_ref().map(read).transpose()
}

/// A job that nobody else can change until this transaction ends.
pub(super) fn lock(tx: &mut Tx<'_>, id: &str) -> Result<Option<Job>> {
    let sql = format!("select {COLUMNS} from job where id = $1{{for_update}}");
    tx.query_opt(&sql, params![id])?.as_ref().map(read).transpose()
}

pub(super) fn worker(tx: &mut Tx<'_>, id: &str) -> Result<Option<String>> {
    tx.query_opt("select worker from job where id = $1", params![id])?.map_or(Ok(None), |row| row.opt_text(0))
}

pub(super) fn ask_to_cancel(tx: &mut Tx<'_>, id: &str) -> Result<()> {
    tx.execute("update job set cancel_asked = 1 where id = $1 and ended_at is null", params![id]).map(drop)
}

/// The oldest job whose turn it is.
pub(super) fn next_open(tx: &mut Tx<'_>, now: i64) -> Result<Option<String>> {
    let row = tx.query_opt(
        "select id from job where ended_at is null and (lease_until is null or lease_until < $1)
         order by created_at limit 1{skip_locked}",
        params![now],
    )?;
    row.map(|row| row.text(0)).transpose()
}

pub(super) fn take(tx: &mut Tx<'_>, id: &str, worker: &str, until: i64) -> Result<()> {
    let sql = "update job set state = 'running', worker = $2, lease_until = $3 where id = $1";
    tx.execute(sql, params![id, worker, until]).map(drop)
}

pub(super) fn update(tx: &mut Tx<'_>, job: &Job, lease_until: Option<i64>) -> Result<()> {
    tx.execute(
        "update job set state = $2, position = $3, total = $4, done = $5, failed = $6, error = $7, updated_at = $8,
           ended_at = $9, lease_until = $10
         where id = $1",
        params![
            &job.id,
            job.state.name(),
            json(&job.position)?,
            job.total,
            job.done,
            job.failed,
            &job.error,
            job.updated_at,
            job.ended_at,
            lease_until
        ],
    )
    .map(drop)
}

pub(super) fn release(tx: &mut Tx<'_>, worker: &str) -> Result<()> {
    tx.execute(
        "update job set worker = null, lease_until = null where worker = $1 and ended_at is null",
        params![worker],
    )
    .map(drop)
}

pub(super) fn delete_ended_before(tx: &mut Tx<'_>, before: i64) -> Result<()> {
    tx.execute("delete from job where ended_at < $1", params![before]).map(drop)
}
