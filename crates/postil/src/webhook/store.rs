//! The SQL of webhooks and of who subscribes to what.

use super::{Secret, Sort, Webhook, json};
use crate::db::{Row, Tx, Value};
use crate::error::Result;
use crate::params;

const COLUMNS: &str = "project, id, display_name, url, content_type, events, secret, enabled, failure_count,
  failing_since, disabled_because, created_by, updated_by, created_at, updated_at";

fn read(row: &Row) -> Result<Webhook> {
    Ok(Webhook {
        project: row.int(0)?,
        id: row.text(1)?,
        display_name: row.text(2)?,
        url: row.text(3)?,
        content_type: row.text(4)?,
        events: row.json(5)?,
        secret: Secret(row.text(6)?),
        enabled: row.bool(7)?,
        failure_count: row.int(8)?,
        failing_since: row.opt_int(9)?,
        disabled_because: row.opt_text(10)?,
        created_by: row.text(11)?,
        updated_by: row.text(12)?,
        created_at: row.int(13)?,
        updated_at: row.int(14)?,
    })
}

/// All webhooks of a project, in an order. At most [`super::MOST`].
pub(super) fn list(tx: &mut Tx<'_>, project: i64, sort: Sort, ascending: bool) -> Result<Vec<Webhook>> {
    let by = match sort {
        Sort::Created => "created_at",
        Sort::Updated => "updated_at",
        Sort::DisplayName => "lower(display_name){bytes_order}",
    };
    let way = if ascending { "asc" } else { "desc" };
    let sql = format!(
        "select {COLUMNS} from webhook where project = $1 order by {by} {way} nulls last, id{{bytes_order}} {way}"
    );
    tx.query(&sql, params![project])?.iter().map(read).collect()
}

pub(super) fn find(tx: &mut Tx<'_>, project: i64, id: &str) -> Result<Option<Webhook>> {
    let sql = format!("select {COLUMNS} from webhook where project = $1 and id = $2");
    tx.query_opt(&sql, params![project, id])?.as_ref().map(read).transpose()
}

/// A webhook that nobody else can change until this transaction ends.
pub(super) fn lock(tx: &mut Tx<'_>, project: i64, id: &str) -> Result<Option<Webhook>> {
    let sql = format!("select {COLUMNS} from webhook where project = $1 and id = $2{{for_update}}");
    tx.query_opt(&sql, params![project, id])?.as_ref().map(read).transpose()
}

pub(super) fn is_enabled(tx: &mut Tx<'_>, project: i64, id: &str) -> Result<bool> {
    let sql = "select 1 from webhook where project = $1 and id = $2 and enabled = 1";
    Ok(tx.query_opt(sql, params![project, id])?.is_some())
}

pub(super) fn count(tx: &mut Tx<'_>, project: i64) -> Result<i64> {
    tx.query_one("select count(*) from webhook where project = $1", params![project])?.int(0)
}

/// Stores a new webhook; false when its id is taken.
pub(super) fn insert(tx: &mut Tx<'_>, webhook: &Webhook) -> Result<bool> {
    let sql = format!(
        "insert into webhook ({COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
         on conflict (project, id) do nothing"
    );
    Ok(tx.execute(&sql, &values(webhook)?)? == 1)
}

pub(super) fn update(tx: &mut Tx<'_>, webhook: &Webhook) -> Result<()> {
    tx.execute(
        "update webhook set display_name = $3, url = $4, content_type = $5, events = $6, secret = $7, enabled = $8,
           failure_count = $9, failing_since = $10, disabled_because = $11, created_by = $12, updated_by = $13,
           created_at = $14, updated_at = $15
         where project = $1 and id = $2",
        &values(webhook)?,
    )
    .map(drop)
}

fn values(webhook: &Webhook) -> Result<Vec<Value>> {
    Ok(params![
        webhook.project,
        &webhook.id,
        &webhook.display_name,
        &webhook.url,
        &webhook.content_type,
        json(&webhook.events)?,
        webhook.secret.reveal(),
        webhook.enabled,
        webhook.failure_count,
        webhook.failing_since,
        &webhook.disabled_because,
        &webhook.created_by,
        &webhook.updated_by,
        webhook.created_at,
        webhook.updated_at
    ]
    .to_vec())
}

pub(super) fn delete(tx: &mut Tx<'_>, project: i64, id: &str) -> Result<()> {
    for sql in [
        "delete from webhook_subscription where project = $1 and webhook_id = $2",
        "delete from webhook_delivery where project = $1 and webhook_id = $2",
        "delete from webhook where project = $1 and id = $2",
    ] {
        tx.execute(sql, params![project, id])?;
    }
    Ok(())
}

/// Writes down to what a webhook subscribes: to nothing while it is disabled.
pub(super) fn subscribe(tx: &mut Tx<'_>, webhook: &Webhook) -> Result<()> {
    let sql = "delete from webhook_subscription where project = $1 and webhook_id = $2";
    tx.execute(sql, params![webhook.project, &webhook.id])?;
    if !webhook.enabled {
        return Ok(());
    }
    let row = |event: &String| params![webhook.project, event, &webhook.id].to_vec();
    let rows: Vec<Vec<Value>> = webhook.events.iter().map(row).collect();
    tx.insert_many("insert into webhook_subscription (project, event, webhook_id) values $rows", &rows).map(drop)
}

/// The enabled webhooks that subscribe to an event.
pub(super) fn subscribers(tx: &mut Tx<'_>, project: i64, event: &str) -> Result<Vec<String>> {
    let sql = "select webhook_id from webhook_subscription where project = $1 and event = $2
      order by webhook_id{bytes_order}";
    tx.query(sql, params![project, event])?.iter().map(|row| row.text(0)).collect()
}
