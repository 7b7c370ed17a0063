//! The SQL of deliveries.

use super::delivery::{Claimed, New, Outcome, Target};
use super::log::Delivery;
use super::{Webhook, store};
use crate::db::{Row, Tx, Value};
use crate::error::Result;
use crate::page::PageRequest;
use crate::params;

pub(super) fn insert(tx: &mut Tx<'_>, project: i64, new: &[New<'_>], now: i64) -> Result<()> {
    let row = |new: &New<'_>| {
        params![
            &*new.id,
            project,
            new.webhook_id,
            new.event_id,
            new.event,
            new.trace_id,
            new.metadata,
            "waiting",
            0,
            now,
            new.replay_of,
            new.happened_at,
            now,
            now
        ]
        .to_vec()
    };
    let rows: Vec<Vec<Value>> = new.iter().map(row).collect();
    let sql = "insert into webhook_delivery (id, project, webhook_id, event_id, event, trace_id, metadata, state,
        attempts, next_at, replay_of, happened_at, created_at, updated_at) values $rows";
    tx.insert_many(sql, &rows).map(drop)
}

/// The webhooks with a delivery whose time has come. One look into an index for each webhook.
pub(super) fn due(tx: &mut Tx<'_>, now: i64) -> Result<Vec<Target>> {
    let sql = "select w.project, w.id from webhook w
      where exists (select 1 from webhook_delivery d
        where d.project = w.project and d.webhook_id = w.id and d.next_at is not null and d.next_at <= $1)";
    let read = |row: &Row| Ok(Target { project: row.int(0)?, webhook_id: row.text(1)? });
    tx.query(sql, params![now])?.iter().map(read).collect()
}

/// When the first delivery after `now` is due.
pub(super) fn next_due(tx: &mut Tx<'_>, now: i64) -> Result<Option<i64>> {
    let sql = "select min((select min(d.next_at) from webhook_delivery d
        where d.project = w.project and d.webhook_id = w.id and d.next_at is not null and d.next_at > $1))
      from webhook w";
    tx.query_one(sql, params![now])?.opt_int(0)
}

/// The ids of deliveries that nobody is at, the longest due first.
pub(super) fn next(tx: &mut Tx<'_>, target: &Target, now: i64, most: usize) -> Result<Vec<String>> {
    let sql = "select id from webhook_delivery
      where project = $1 and webhook_id = $2 and next_at is not null and next_at <= $3
      order by next_at limit $4{skip_locked}";
    let rows = tx.query(sql, params![target.project, &target.webhook_id, now, most])?;
    rows.iter().map(|row| row.text(0)).collect()
}

pub(super) fn take(tx: &mut Tx<'_>, id: &str, worker: &str, until: i64) -> Result<()> {
    let sql = "update webhook_delivery set worker = $2, next_at = $3, attempts = attempts + 1 where id = $1";
    tx.execute(sql, params![id, worker, until]).map(drop)
}

/// Claimed deliveries with what sending them needs.
pub(super) fn claimed(tx: &mut Tx<'_>, webhook: &Webhook, ids: &[String]) -> Result<Vec<Claimed>> {
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        let sql = "select event_id, event, metadata, happened_at from webhook_delivery where id = $1";
        let row = tx.query_one(sql, params![id])?;
        found.push(Claimed {
            id: id.clone(),
            target: Target { project: webhook.project, webhook_id: webhook.id.clone() },
            url: webhook.url.clone(),
            content_type: webhook.content_type.clone(),
            secret: webhook.secret.clone(),
            event_id: row.text(0)?,
            event: row.text(1)?,
            metadata: row.text(2)?,
            happened_at: row.int(3)?,
        });
    }
    Ok(found)
}

/// Who is at a delivery that has not ended, and how often it was tried; held until this transaction ends.
pub(super) fn lock(tx: &mut Tx<'_>, id: &str) -> Result<Option<(Option<String>, i64)>> {
    let sql = "select worker, attempts from webhook_delivery where id = $1 and next_at is not null{for_update}";
    let row = tx.query_opt(sql, params![id])?;
    row.map(|row| Ok((row.opt_text(0)?, row.int(1)?))).transpose()
}

pub(super) fn conclude(
    tx: &mut Tx<'_>,
    id: &str,
    state: &str,
    next_at: Option<i64>,
    outcome: &Outcome,
    now: i64,
) -> Result<()> {
    let ended_at = next_at.is_none().then_some(now);
    tx.execute(
        "update webhook_delivery set state = $2, next_at = $3, worker = null, status_code = $4, response = $5,
           error = $6, duration_ms = $7, updated_at = $8, ended_at = $9
         where id = $1",
        params![
            id,
            state,
            next_at,
            outcome.status_code,
            &outcome.response,
            &outcome.error,
            outcome.duration_ms,
            now,
            ended_at
        ],
    )
    .map(drop)
}

/// Ends what waits for a webhook that is told of nothing more.
pub(super) fn give_up(tx: &mut Tx<'_>, project: i64, webhook_id: &str, now: i64) -> Result<()> {
    tx.execute(
        "update webhook_delivery set state = 'failed', next_at = null, worker = null, updated_at = $3, ended_at = $3,
           error = coalesce(error || ' ', '') || 'The webhook was disabled before this arrived.'
         where project = $1 and webhook_id = $2 and next_at is not null",
        params![project, webhook_id, now],
    )
    .map(drop)
}

/// Gives back what a worker, or anybody, is at. The attempt that was cut short does not count.
pub(super) fn release(tx: &mut Tx<'_>, worker: Option<&str>, now: i64) -> Result<()> {
    let sql = "update webhook_delivery set worker = null, next_at = $2,
        attempts = case when attempts > 0 then attempts - 1 else 0 end
      where worker is not null and worker = coalesce(cast($1 as text), worker) and next_at is not null";
    tx.execute(sql, params![worker, now]).map(drop)
}

/// What waits for a webhook that is gone.
pub(super) fn delete_all(tx: &mut Tx<'_>, target: &Target) -> Result<()> {
    let sql = "delete from webhook_delivery where project = $1 and webhook_id = $2";
    tx.execute(sql, params![target.project, &target.webhook_id]).map(drop)
}

pub(super) fn purge(tx: &mut Tx<'_>, before: i64, most: i64) -> Result<u64> {
    let sql = "delete from webhook_delivery where id in
      (select id from webhook_delivery where ended_at is not null and ended_at < $1 order by ended_at limit $2)";
    tx.execute(sql, params![before, most])
}

const COLUMNS: &str =
    "id, webhook_id, event_id, event, metadata, state, attempts, next_at, status_code, response, error,
  duration_ms, replay_of, happened_at, created_at, updated_at, ended_at, case when worker is null then 0 else 1 end";

fn read(row: &Row) -> Result<Delivery> {
    Ok(Delivery {
        id: row.text(0)?,
        webhook_id: row.text(1)?,
        event_id: row.text(2)?,
        event: row.text(3)?,
        metadata: row.json(4)?,
        state: row.text(5)?,
        attempts: row.int(6)?,
        next_at: row.opt_int(7)?,
        status_code: row.opt_int(8)?,
        response: row.opt_text(9)?,
        error: row.opt_text(10)?,
        duration_ms: row.opt_int(11)?,
        replay_of: row.opt_text(12)?,
        happened_at: row.int(13)?,
        created_at: row.int(14)?,
        updated_at: row.int(15)?,
        ended_at: row.opt_int(16)?,
        is_tried: row.bool(17)?,
    })
}

/// A page of the deliveries of a webhook, newest first, and one more where there is one.
pub(super) fn page(
    tx: &mut Tx<'_>,
    project: i64,
    webhook_id: &str,
    state: &str,
    page: &PageRequest,
) -> Result<Vec<Delivery>> {
    let (after, before) = (page.starting_after.as_deref(), page.ending_before.as_deref());
    let (compare, way, cursor) = match before {
        Some(before) => (">", "asc", before),
        // Ids begin with a digit from 0 to 7, so that every one stands before this.
        None => ("<", "desc", after.unwrap_or("~")),
    };
    let sql = format!(
        "select {COLUMNS} from webhook_delivery
         where project = $1 and webhook_id = $2 and ($3 = '' or state = $3) and id{{bytes_order}} {compare} $4
         order by id{{bytes_order}} {way} limit $5"
    );
    tx.query(&sql, params![project, webhook_id, state, cursor, page.limit + 1])?.iter().map(read).collect()
}

pub(super) fn find(tx: &mut Tx<'_>, project: i64, webhook_id: &str, id: &str) -> Result<Option<Delivery>> {
    let sql = format!("select {COLUMNS} from webhook_delivery where id = $1 and project = $2 and webhook_id = $3");
    tx.query_opt(&sql, params![id, project, webhook_id])?.as_ref().map(read).transpose()
}

/// The last delivery of each webhook of a project that has one.
pub(super) fn last(tx: &mut Tx<'_>, project: i64) -> Result<Vec<Delivery>> {
    let mut found = Vec::new();
    for webhook in store::list(tx, project, super::Sort::Created, false)? {
        let page = PageRequest { limit: 0, ..PageRequest::default() };
        found.extend(self::page(tx, project, &webhook.id, "", &page)?);
    }
    Ok(found)
}
