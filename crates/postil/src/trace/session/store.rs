//! The SQL of sessions.

use std::collections::{HashMap, HashSet};

use super::{Billing, Said, Usage};
use crate::clock::Clock;
use crate::db::{Row, Tx};
use crate::error::{Error, Result};
use crate::params;
use crate::trace::filter::SqlBuilder;
use crate::trace::summary::milliseconds;

/// How many different tags are listed.
const LISTED_TAGS: usize = 1000;

/// A row of the table `session`.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    pub id: String,
    pub external_id: String,
    pub said: Said,
}

/// What the traces of a session add up to.
#[derive(Debug, Clone)]
pub(super) struct Derived {
    pub external_id: String,
    pub traces_count: i64,
    pub start_ns: i64,
    pub end_ns: i64,
    /// The start of its newest trace.
    pub newest_ns: i64,
    pub usage: Usage,
    pub billing: Billing,
    pub tags: Vec<String>,
    pub contact_ids: Vec<String>,
}

impl Derived {
    pub(super) fn duration_ms(&self) -> f64 {
        milliseconds(self.end_ns - self.start_ns)
    }
}

fn stored(row: &Row) -> Result<Stored> {
    Ok(Stored { id: row.text(0)?, external_id: row.text(1)?, said: row.json(2)? })
}

/// What is stored under an id or an external id.
pub(super) fn find(tx: &mut Tx<'_>, project: i64, id: &str, external_id: &str) -> Result<Option<Stored>> {
    let row = tx.query_opt(
        "select id, external_id, data from session where project = $1 and (id = $2 or external_id = $3)
         order by case when id = $2 then 0 else 1 end limit 1",
        params![project, id, external_id],
    )?;
    row.as_ref().map(stored).transpose()
}

/// Everything that is stored.
pub(super) fn all(tx: &mut Tx<'_>, project: i64) -> Result<Vec<Stored>> {
    let rows = tx.query("select id, external_id, data from session where project = $1", params![project])?;
    rows.iter().map(stored).collect()
}

/// What is stored of these sessions.
pub(super) fn said_of(tx: &mut Tx<'_>, project: i64, external_ids: &[String]) -> Result<HashMap<String, Stored>> {
    let rows = of_sessions(tx, project, external_ids, |among| {
        format!(
            "select id, external_id, data from session where {among}",
            among = among.replace("session_id", "external_id")
        )
    })?;
    rows.iter().map(|row| stored(row).map(|stored| (stored.external_id.clone(), stored))).collect()
}

/// Writes a session, new or changed, and gives its id.
pub(super) fn save(tx: &mut Tx<'_>, clock: &Clock, project: i64, session: &Stored) -> Result<String> {
    let data = serde_json::to_string(&session.said).map_err(Error::internal)?;
    let changed = tx.execute(
        "update session set external_id = $3, data = $4, updated_at = $5 where project = $1 and id = $2",
        params![project, &session.id, &session.external_id, &data, clock.now()],
    )?;
    if changed > 0 {
        return Ok(session.id.clone());
    }
    let row = tx.insert_many_returning(
        "insert into session (project, id, external_id, data, created_at, updated_at) values $rows
         on conflict (project, external_id) do update set data = excluded.data, updated_at = excluded.updated_at
         returning id",
        &[params![project, &session.id, &session.external_id, &data, clock.now(), clock.now()].to_vec()],
    )?;
    row.first().map_or_else(|| Ok(session.id.clone()), |row| row.text(0))
}

/// Deletes what is stored.
pub(super) fn forget(tx: &mut Tx<'_>, project: i64, id: &str) -> Result<()> {
    tx.execute("delete from session where project = $1 and id = $2", params![project, id]).map(drop)
}

/// A query over some sessions; `text` is given the condition.
fn of_sessions(
    tx: &mut Tx<'_>,
    project: i64,
    external_ids: &[String],
    text: impl Fn(&str) -> String,
) -> Result<Vec<Row>> {
    if external_ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut sql = SqlBuilder::default();
    let project = sql.bind(project);
    let list = sql.bind_list(external_ids.iter().map(String::as_str));
    tx.query(&text(&format!("project = {project} and session_id in ({list})")), sql.params())
}

/// What the traces of these sessions add up to; sessions without traces are left out.
pub(super) fn derived(tx: &mut Tx<'_>, project: i64, external_ids: &[String]) -> Result<HashMap<String, Derived>> {
    let sums = of_sessions(tx, project, external_ids, |among| {
        format!(
            "select session_id, count(*), min(start_ns), max(end_ns), max(start_ns),
               cast(coalesce(sum(usage_input), 0) as bigint), cast(coalesce(sum(usage_output), 0) as bigint),
               cast(coalesce(sum(usage_total), 0) as bigint),
               cast(coalesce(sum(cost_input), 0) as double precision),
               cast(coalesce(sum(cost_output), 0) as double precision),
               cast(coalesce(sum(cost_total), 0) as double precision)
             from trace where {among} group by session_id"
        )
    })?;
    let mut found = sums.iter().map(sum).collect::<Result<HashMap<_, _>>>()?;
    let tags = of_sessions(tx, project, external_ids, |among| {
        format!(
            "select distinct session_id, e.value{{bytes_order}} from trace cross join {{each_text}}(tags{{json}}) e
             where {among} order by 2"
        )
    })?;
    for row in &tags {
        if let Some(derived) = found.get_mut(&row.text(0)?) {
            derived.tags.push(row.text(1)?);
        }
    }
    let contacts = of_sessions(tx, project, external_ids, |among| {
        format!(
            "select distinct session_id, user_id{{bytes_order}} from trace
             where {among} and user_id is not null order by 2"
        )
    })?;
    for row in &contacts {
        if let Some(derived) = found.get_mut(&row.text(0)?) {
            derived.contact_ids.push(row.text(1)?);
        }
    }
    Ok(found)
}

fn sum(row: &Row) -> Result<(String, Derived)> {
    let derived = Derived {
        external_id: row.text(0)?,
        traces_count: row.int(1)?,
        start_ns: row.int(2)?,
        end_ns: row.int(3)?,
        newest_ns: row.int(4)?,
        usage: Usage { prompt_tokens: row.int(5)?, completion_tokens: row.int(6)?, total_tokens: row.int(7)? },
        billing: Billing { input_cost: row.real(8)?, output_cost: row.real(9)?, total_cost: row.real(10)? },
        tags: Vec::new(),
        contact_ids: Vec::new(),
    };
    Ok((derived.external_id.clone(), derived))
}

/// Every session of the traces with the start of its newest trace, in microseconds: from the index alone.
pub(super) fn newest(tx: &mut Tx<'_>, project: i64) -> Result<Vec<(String, i64)>> {
    let rows = tx.query(
        "select session_id, max(start_ns) from trace where project = $1 and session_id is not null group by session_id",
        params![project],
    )?;
    rows.iter().map(|row| Ok((row.text(0)?, row.int(1)? / 1000))).collect()
}

/// The sessions with a trace that has one of these tags.
pub(super) fn tagged(tx: &mut Tx<'_>, project: i64, tags: &[String]) -> Result<HashSet<String>> {
    if tags.is_empty() {
        return Ok(HashSet::new());
    }
    let mut sql = SqlBuilder::default();
    let project = sql.bind(project);
    let list = sql.bind_list(tags.iter().map(String::as_str));
    let text = format!(
        "select distinct session_id from trace where project = {project} and session_id is not null
           and exists (select 1 from {{each_text}}(tags{{json}}) e where e.value in ({list}))"
    );
    tx.query(&text, sql.params())?.iter().map(|row| row.text(0)).collect()
}

/// The tags of traces that belong to a session.
pub(super) fn trace_tags(tx: &mut Tx<'_>, project: i64) -> Result<Vec<String>> {
    let rows = tx.query(
        "select distinct e.value from trace cross join {each_text}(tags{json}) e
         where project = $1 and session_id is not null limit $2",
        params![project, LISTED_TAGS],
    )?;
    rows.iter().map(|row| row.text(0)).collect()
}
