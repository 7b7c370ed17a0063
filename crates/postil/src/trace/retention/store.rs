//! The SQL of removing what is kept for a time only.

use super::Due;
use crate::db::Tx;
use crate::error::Result;
use crate::params;
use crate::trace::filter::SqlBuilder;
use crate::trace::search::padded;

/// Ids named by one statement.
const AT_ONCE: usize = 250;

/// The numbers of the projects that keep traces for a time, and for how many days. Archived ones go on losing them.
pub(super) fn kept_days(tx: &mut Tx<'_>) -> Result<Vec<(i64, i64)>> {
    let sql = "select number, retention_days from project where retention_days is not null order by number";
    tx.query(sql, params![])?.iter().map(|row| Ok((row.int(0)?, row.int(1)?))).collect()
}

/// How many traces of a project began to come in before a moment.
pub(super) fn count(tx: &mut Tx<'_>, project: i64, before: i64) -> Result<i64> {
    let sql = "select cast(count(*) as bigint) from trace where project = $1 and received_at < $2";
    tx.query_one(sql, params![project, before])?.int(0)
}

/// Whether a project has traces that came in as a whole before a moment, or log records without one.
pub(super) fn has_old(tx: &mut Tx<'_>, due: Due) -> Result<bool> {
    if !old(tx, due, 1)?.is_empty() {
        return Ok(true);
    }
    let found = tx.query_opt(
        "select 1 from log_record r where r.project = $1 and r.received_at < $2
           and not exists (select 1 from trace t where t.project = r.project and t.trace_id = r.trace_id) limit 1",
        params![due.project, due.before],
    )?;
    Ok(found.is_some())
}

/// Traces that came in as a whole before a moment, with how many spans they have, the oldest first.
pub(super) fn old(tx: &mut Tx<'_>, due: Due, limit: usize) -> Result<Vec<(String, i64)>> {
    let rows = tx.query(
        "select t.trace_id, t.span_count from trace t where t.project = $1 and t.received_at < $2
           and (t.keep_until is null or t.keep_until < $4)
           and not exists (select 1 from span s where s.project = t.project and s.trace_id = t.trace_id
             and s.received_at >= $2)
         order by t.received_at limit $3",
        params![due.project, due.before, limit, due.now],
    )?;
    rows.iter().map(|row| Ok((row.text(0)?, row.int(1)?))).collect()
}

/// Whether all spans of a trace came in before a moment, and nobody asked to keep it for longer.
pub(super) fn is_old(tx: &mut Tx<'_>, due: Due, trace_id: &str) -> Result<bool> {
    let sql = "select 1 from trace t where t.project = $1 and t.trace_id = $2 and (t.keep_until >= $4 or exists
        (select 1 from span s where s.project = t.project and s.trace_id = t.trace_id and s.received_at >= $3))";
    Ok(tx.query_opt(sql, params![due.project, trace_id, due.before, due.now])?.is_none())
}

/// Keeps traces at least until a moment.
pub(super) fn keep(tx: &mut Tx<'_>, project: i64, trace_ids: &[String], until: i64) -> Result<()> {
    for some in trace_ids.chunks(AT_ONCE) {
        let mut sql = SqlBuilder::default();
        let (project, until) = (sql.bind(project), sql.bind(until));
        let text = format!(
            "update trace set keep_until = {until}
             where project = {project} and trace_id in ({}) and (keep_until is null or keep_until < {until})",
            sql.bind_list(padded(some))
        );
        tx.execute(&text, sql.params())?;
    }
    Ok(())
}

/// Removes a trace with all that came with it; says how many traces, spans and log records that were.
pub(super) fn remove(tx: &mut Tx<'_>, project: i64, trace_id: &str) -> Result<(u64, u64, u64)> {
    let mut gone = |table: &str| {
        tx.execute(&format!("delete from {table} where project = $1 and trace_id = $2"), params![project, trace_id])
    };
    let (spans, records) = (gone("span")?, gone("log_record")?);
    gone("span_chunk")?;
    gone("trace_settling")?;
    gone("automation_run")?;
    Ok((gone("trace")?, spans, records))
}

/// Removes some log records that came in before a moment and whose trace never came, or has gone.
pub(super) fn remove_lone_records(tx: &mut Tx<'_>, project: i64, before: i64, limit: i64) -> Result<u64> {
    tx.execute(
        "delete from log_record where project = $1 and received_at < $2 and (trace_id, span_id, record_id) in
           (select r.trace_id, r.span_id, r.record_id from log_record r where r.project = $1 and r.received_at < $2
              and not exists (select 1 from trace t where t.project = r.project and t.trace_id = r.trace_id)
            order by r.received_at limit $3)",
        params![project, before, limit.max(1)],
    )
}
