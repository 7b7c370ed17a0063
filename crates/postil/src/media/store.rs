//! The SQL of media, of who refers to them, and of links. Reads and writes, decides nothing.

use super::About;
use super::link::Link;
use crate::db::{Row, Tx, Value};
use crate::error::Result;
use crate::params;

/// A span that refers to an item.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Use {
    /// The trace, in lower-case hex.
    pub trace_id: String,
    /// The span, in lower-case hex; empty for a log record that names none.
    pub span_id: String,
    /// The chunk whose text the bytes were cut out of; 0 when they were not cut out of a span.
    pub chunk_id: i64,
    /// The item.
    pub sha256: String,
}

const ABOUT: &str = "sha256, content_type, declared_type, size, created_at";

fn read_about(row: &Row) -> Result<About> {
    Ok(About {
        sha256: row.text(0)?,
        content_type: row.text(1)?,
        declared_type: row.opt_text(2)?,
        size: row.int(3)?,
        created_at: row.int(4)?,
    })
}

pub(super) fn about(tx: &mut Tx<'_>, project: i64, sha256: &str) -> Result<Option<About>> {
    let sql = format!("select {ABOUT} from media where project = $1 and sha256 = $2");
    tx.query_opt(&sql, params![project, sha256])?.as_ref().map(read_about).transpose()
}

/// Whether the item is there; it stays until this transaction ends.
pub(super) fn hold(tx: &mut Tx<'_>, project: i64, sha256: &str) -> Result<bool> {
    let sql = "select 1 from media where project = $1 and sha256 = $2 {for_share}";
    Ok(tx.query_opt(sql, params![project, sha256])?.is_some())
}

/// Removes what a trace refers to, and returns the items.
pub(super) fn remove_uses(tx: &mut Tx<'_>, project: i64, trace_id: &str) -> Result<Vec<String>> {
    let sql = "select sha256 from media_use where project = $1 and trace_id = $2 group by sha256 order by sha256";
    let items = tx.query(sql, params![project, trace_id])?.iter().map(|row| row.text(0)).collect::<Result<Vec<_>>>()?;
    if !items.is_empty() {
        tx.execute("delete from media_use where project = $1 and trace_id = $2", params![project, trace_id])?;
    }
    Ok(items)
}

/// Removes an item that nothing refers to any more.
pub(super) fn remove_unused(tx: &mut Tx<'_>, project: i64, sha256: &str) -> Result<()> {
    // Held before it is judged: whoever is just storing a reference to it goes first, and is then seen.
    let held = "select 1 from media where project = $1 and sha256 = $2 {for_update}";
    if tx.query_opt(held, params![project, sha256])?.is_none() {
        return Ok(());
    }
    let sql = "delete from media where project = $1 and sha256 = $2
      and not exists (select 1 from media_use u where u.project = $1 and u.sha256 = $2)";
    tx.execute(sql, params![project, sha256]).map(drop)
}

pub(super) fn about_short(tx: &mut Tx<'_>, project: i64, id: &str) -> Result<Option<About>> {
    let sql = format!("select {ABOUT} from media where project = $1 and short_id = $2");
    tx.query_opt(&sql, params![project, id])?.as_ref().map(read_about).transpose()
}

pub(super) fn bytes(tx: &mut Tx<'_>, project: i64, sha256: &str) -> Result<Option<Vec<u8>>> {
    let row = tx.query_opt("select body from media where project = $1 and sha256 = $2", params![project, sha256])?;
    row.map(|row| row.blob(0).map(<[u8]>::to_vec)).transpose()
}

pub(super) fn insert(tx: &mut Tx<'_>, rows: &[Vec<Value>]) -> Result<()> {
    tx.insert_many(
        "insert into media (project, sha256, short_id, content_type, declared_type, size, body, created_at)
         values $rows on conflict (project, sha256) do nothing",
        rows,
    )
    .map(drop)
}

pub(super) fn insert_uses(tx: &mut Tx<'_>, project: i64, uses: &[Use]) -> Result<()> {
    let rows: Vec<Vec<Value>> = uses
        .iter()
        .map(|one| params![project, &one.trace_id, &one.span_id, one.chunk_id, &one.sha256].to_vec())
        .collect();
    tx.insert_many(
        "insert into media_use (project, trace_id, span_id, chunk_id, sha256) values $rows
         on conflict (project, trace_id, span_id, chunk_id, sha256) do nothing",
        &rows,
    )
    .map(drop)
}

/// The items that were cut out of a span in one of its chunks.
pub fn uses(tx: &mut Tx<'_>, project: i64, trace_id: &str, span_id: &str, chunk_id: i64) -> Result<Vec<String>> {
    let rows = tx.query(
        "select sha256 from media_use where project = $1 and trace_id = $2 and span_id = $3 and chunk_id = $4",
        params![project, trace_id, span_id, chunk_id],
    )?;
    rows.iter().map(|row| row.text(0)).collect()
}

const LINK: &str = "project, purpose, sha256, content_type, size, trace_id, span_id, expires_at, used_at";

fn read_link(row: &Row) -> Result<Link> {
    Ok(Link {
        project: row.int(0)?,
        purpose: row.text(1)?,
        sha256: row.opt_text(2)?,
        content_type: row.opt_text(3)?,
        size: row.opt_int(4)?,
        trace_id: row.text(5)?,
        span_id: row.text(6)?,
        expires_at: row.int(7)?,
        used_at: row.opt_int(8)?,
    })
}

pub(super) fn link(tx: &mut Tx<'_>, token_hash: &str) -> Result<Option<Link>> {
    let sql = format!("select {LINK} from media_link where token_hash = $1");
    tx.query_opt(&sql, params![token_hash])?.as_ref().map(read_link).transpose()
}

pub(super) fn insert_link(tx: &mut Tx<'_>, token_hash: &str, link: &Link) -> Result<()> {
    tx.execute(
        "insert into media_link (token_hash, project, purpose, sha256, content_type, size, trace_id, span_id, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        params![
            token_hash,
            link.project,
            &link.purpose,
            &link.sha256,
            &link.content_type,
            link.size,
            &link.trace_id,
            &link.span_id,
            link.expires_at
        ],
    )
    .map(drop)
}

/// Marks an upload as done, with what came.
pub(super) fn use_link(tx: &mut Tx<'_>, token_hash: &str, sha256: &str, now: i64) -> Result<()> {
    tx.execute(
        "update media_link set sha256 = $2, used_at = $3 where token_hash = $1",
        params![token_hash, sha256, now],
    )
    .map(drop)
}

/// Forgets links that led to nothing and no longer work.
pub(super) fn forget_expired(tx: &mut Tx<'_>, project: i64, now: i64) -> Result<()> {
    tx.execute(
        "delete from media_link where project = $1 and used_at is null and expires_at < $2",
        params![project, now],
    )
    .map(drop)
}

/// How many links of a project wait for their use.
pub(super) fn waiting(tx: &mut Tx<'_>, project: i64) -> Result<i64> {
    let sql = "select cast(count(*) as bigint) from media_link where project = $1 and used_at is null";
    tx.query_one(sql, params![project])?.int(0)
}
