//! The SQL of deriving rows again. Ids are compared in the database's own order here: nobody sees that order, and the
//! primary keys are walked in it.

use std::sync::LazyLock;

use super::Place;
use crate::db::{Tx, Value};
use crate::error::Result;
use crate::params;
use crate::trace::store::{SPAN_COLUMNS, overwrite};

/// A span, and where it is kept as it came.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub(super) span_id: String,
    pub(super) chunk_id: i64,
    pub(super) ingestion_version: Option<u32>,
}

/// How many traces of a project were derived by a version before this one.
pub(super) fn count_older(tx: &mut Tx<'_>, project: i64, version: i64) -> Result<i64> {
    let sql = "select cast(count(*) as bigint) from trace where project = $1 and mapper_version < $2";
    tx.query_one(sql, params![project, version])?.int(0)
}

/// How many traces of a project stand between two, both included.
pub(super) fn count_between(tx: &mut Tx<'_>, project: i64, first: &str, last: &str) -> Result<i64> {
    let sql = "select cast(count(*) as bigint) from trace where project = $1 and trace_id >= $2 and trace_id <= $3";
    tx.query_one(sql, params![project, first, last])?.int(0)
}

/// The last trace of a project.
pub(super) fn last(tx: &mut Tx<'_>, project: i64) -> Result<Option<String>> {
    tx.query_one("select max(trace_id) from trace where project = $1", params![project])?.opt_text(0)
}

/// Some traces of a project that were derived by a version before this one, the oldest versions first.
pub(super) fn older(tx: &mut Tx<'_>, project: i64, version: i64, limit: usize) -> Result<Vec<String>> {
    let rows = tx.query(
        "select trace_id from trace where project = $1 and mapper_version < $2 order by mapper_version limit $3",
        params![project, version, limit],
    )?;
    rows.iter().map(|row| row.text(0)).collect()
}

/// The next traces of a walk, the one of its place included.
pub(super) fn between(tx: &mut Tx<'_>, project: i64, place: &Place, limit: usize) -> Result<Vec<String>> {
    let rows = tx.query(
        "select trace_id from trace where project = $1 and trace_id >= $2 and trace_id <= $3 order by trace_id limit $4",
        params![project, &place.trace_id, &place.until, limit],
    )?;
    rows.iter().map(|row| row.text(0)).collect()
}

/// The next spans of a trace after one, of those derived by a version before this one.
pub(super) fn spans(
    tx: &mut Tx<'_>,
    project: i64,
    trace_id: &str,
    after: &str,
    version: i64,
    limit: usize,
) -> Result<Vec<Kept>> {
    let rows = tx.query(
        "select span_id, chunk_id, ingestion_version from span
         where project = $1 and trace_id = $2 and span_id > $3 and mapper_version < $4 order by span_id limit $5",
        params![project, trace_id, after, version, limit],
    )?;
    let kept = rows.iter().map(|row| {
        let ingestion_version = row.opt_int(2)?.and_then(|version| u32::try_from(version).ok());
        Ok(Kept { span_id: row.text(0)?, chunk_id: row.int(1)?, ingestion_version })
    });
    kept.collect()
}

/// How many log records a trace has. Records are only ever added, so the same count means the same records.
pub(super) fn count_records(tx: &mut Tx<'_>, project: i64, trace_id: &str) -> Result<i64> {
    let sql = "select cast(count(*) as bigint) from log_record where project = $1 and trace_id = $2";
    tx.query_one(sql, params![project, trace_id])?.int(0)
}

/// Overwrites rows of spans, but for those that came again with another content meanwhile: they are newer.
pub(super) fn overwrite_spans(tx: &mut Tx<'_>, rows: &[Vec<Value>]) -> Result<u64> {
    static SQL: LazyLock<String> = LazyLock::new(|| {
        let set = overwrite(SPAN_COLUMNS, &["project", "trace_id", "span_id"]);
        format!(
            "insert into span ({SPAN_COLUMNS}) values $rows on conflict (project, trace_id, span_id) do update set {set}
             where span.chunk_id = excluded.chunk_id"
        )
    });
    tx.insert_many(&SQL, rows)
}

/// Marks a span as derived by a version without changing what its row says.
pub(super) fn mark_span(tx: &mut Tx<'_>, project: i64, trace_id: &str, span_id: &str, version: i64) -> Result<()> {
    let sql = "update span set mapper_version = $4 where project = $1 and trace_id = $2 and span_id = $3";
    tx.execute(sql, params![project, trace_id, span_id, version]).map(drop)
}

/// Marks a trace with its spans as derived by a version without changing what their rows say.
pub(super) fn mark_trace(tx: &mut Tx<'_>, project: i64, trace_id: &str, version: i64) -> Result<()> {
    for table in ["span", "trace"] {
        let sql = format!("update {table} set mapper_version = $3 where project = $1 and trace_id = $2");
        tx.execute(&sql, params![project, trace_id, version])?;
    }
    Ok(())
}

/// The numbers of all projects.
pub(super) fn projects(tx: &mut Tx<'_>) -> Result<Vec<i64>> {
    tx.query("select number from project order by number", params![])?.iter().map(|row| row.int(0)).collect()
}

/// The number of a project by its id or key.
pub(super) fn project(tx: &mut Tx<'_>, name: &str) -> Result<Option<i64>> {
    let sql = "select number from project where id = $1 or key = $1 order by number limit 1";
    tx.query_opt(sql, params![name])?.map(|row| row.int(0)).transpose()
}
