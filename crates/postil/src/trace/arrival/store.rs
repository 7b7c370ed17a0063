//! The SQL of what arrived.

use super::ledger::{Entry, HOUR};
use super::{Measure, Sender};
use crate::db::{Row, Tx};
use crate::error::Result;
use crate::params;

/// How many hours are kept, beside the running one.
pub(super) const KEPT_HOURS: i64 = 48;

/// What is stored of one line, over some hours.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    pub(super) sender: Sender,
    pub(super) measure: Measure,
    pub(super) name: String,
    pub(super) count: i64,
    pub(super) first_at: i64,
    pub(super) last_at: i64,
}

/// Adds counts to those that are stored.
pub fn record(tx: &mut Tx<'_>, entries: &[Entry]) -> Result<()> {
    let rows: Vec<_> = entries
        .iter()
        .map(|entry| {
            let (line, sender) = (&entry.line, &entry.line.sender);
            params![
                line.project,
                line.hour,
                &sender.client,
                &sender.sdk,
                &sender.scope,
                &sender.scope_version,
                &sender.convention,
                line.measure.word(),
                &line.name,
                entry.count,
                entry.first_at,
                entry.last_at
            ]
            .to_vec()
        })
        .collect();
    tx.insert_many(
        "insert into ingest_statistics (project, hour, client, sdk, scope, scope_version, convention, measure, name, count,
           first_at, last_at) values $rows
         on conflict (project, hour, client, sdk, scope, scope_version, convention, measure, name) do update set
           count = ingest_statistics.count + excluded.count,
           first_at = {least}(ingest_statistics.first_at, excluded.first_at),
           last_at = {greatest}(ingest_statistics.last_at, excluded.last_at)",
        &rows,
    )
    .map(drop)
}

/// What arrived since the beginning of an hour.
pub(super) fn since(tx: &mut Tx<'_>, project: i64, hour: i64) -> Result<Vec<Stored>> {
    let rows = tx.query(
        "select client, sdk, scope, scope_version, convention, measure, name, cast(sum(count) as bigint), min(first_at),
           max(last_at)
         from ingest_statistics where project = $1 and hour >= $2
         group by client, sdk, scope, scope_version, convention, measure, name",
        params![project, hour],
    )?;
    let read = |row: &Row| {
        let sender = Sender {
            client: row.text(0)?,
            sdk: row.text(1)?,
            scope: row.text(2)?,
            scope_version: row.text(3)?,
            convention: row.text(4)?,
        };
        let Some(measure) = Measure::parse(&row.text(5)?) else { return Ok(None) };
        let (name, count) = (row.text(6)?, row.int(7)?);
        Ok(Some(Stored { sender, measure, name, count, first_at: row.int(8)?, last_at: row.int(9)? }))
    };
    rows.iter().filter_map(|row| read(row).transpose()).collect()
}

/// Forgets what arrived too long ago to be asked for.
pub fn purge(tx: &mut Tx<'_>, now: i64) -> Result<u64> {
    let sql = "delete from ingest_statistics where hour < $1";
    tx.execute(sql, params![now.saturating_sub((KEPT_HOURS + 1) * HOUR)])
}
