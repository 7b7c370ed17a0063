//! The SQL of snapshots.
//!
//! Snapshot number `k` holds a row that stands in `datapoint` when it became what it is before (`since < k`), and a row
//! that stands in `datapoint_past` when, beside that, it was changed or removed after (`until >= k`).

use super::datapoint::Datapoint;
use super::datapoint_store::{COLUMNS, read};
use super::snapshot::Snapshot;
use crate::db::{Row, Tx};
use crate::error::Result;
use crate::page::{Page, PageRequest};
use crate::params;

const SNAPSHOT: &str = "id, dataset_id, number, name, datapoints, created_by, created_at";

fn snapshot(row: &Row) -> Result<Snapshot> {
    Ok(Snapshot {
        id: row.text(0)?,
        dataset_id: row.text(1)?,
        number: row.int(2)?,
        name: row.text(3)?,
        datapoints: row.int(4)?,
        created_by: row.text(5)?,
        created_at: row.int(6)?,
    })
}

/// Counts one more snapshot of a dataset, and says its number.
pub(super) fn next_number(tx: &mut Tx<'_>, dataset_id: &str) -> Result<i64> {
    let sql = "update dataset set snapshots = snapshots + 1 where id = $1 returning snapshots";
    tx.query_opt(sql, params![dataset_id])?.ok_or_else(|| super::not_found(dataset_id))?.int(0)
}

pub(super) fn insert(tx: &mut Tx<'_>, made: &Snapshot) -> Result<()> {
    let sql = format!("insert into dataset_snapshot ({SNAPSHOT}) values ($1, $2, $3, $4, $5, $6, $7)");
    let Snapshot { id, dataset_id, number, name, datapoints, created_by, created_at } = made;
    tx.execute(&sql, params![id, dataset_id, *number, name, *datapoints, created_by, *created_at]).map(drop)
}

/// Newest first.
pub(super) fn list(tx: &mut Tx<'_>, dataset_id: &str) -> Result<Vec<Snapshot>> {
    let sql = format!("select {SNAPSHOT} from dataset_snapshot where dataset_id = $1 order by number desc");
    tx.query(&sql, params![dataset_id])?.iter().map(snapshot).collect()
}

pub(super) fn find(tx: &mut Tx<'_>, dataset_id: &str, id: &str) -> Result<Option<Snapshot>> {
    let sql = format!("select {SNAPSHOT} from dataset_snapshot where dataset_id = $1 and id = $2");
    tx.query_opt(&sql, params![dataset_id, id])?.as_ref().map(snapshot).transpose()
}

/// Whether a dataset still has the snapshot of this number.
pub(super) fn is_there(tx: &mut Tx<'_>, dataset_id: &str, number: i64) -> Result<bool> {
    let sql = "select 1 from dataset_snapshot where dataset_id = $1 and number = $2";
    Ok(tx.query_opt(sql, params![dataset_id, number])?.is_some())
}

/// Forgets a snapshot, and what no other one holds.
pub(super) fn remove(tx: &mut Tx<'_>, gone: &Snapshot) -> Result<()> {
    tx.execute("delete from dataset_snapshot where id = $1", params![&gone.id])?;
    let sql = "delete from datapoint_past where dataset_id = $1 and since < $2 and until >= $2
      and not exists (select 1 from dataset_snapshot s
                      where s.dataset_id = datapoint_past.dataset_id and s.number > datapoint_past.since
                        and s.number <= datapoint_past.until)";
    tx.execute(sql, params![&gone.dataset_id, gone.number]).map(drop)
}

/// Forgets all snapshots of a dataset, with what only they held.
pub(super) fn clear(tx: &mut Tx<'_>, dataset_id: &str) -> Result<()> {
    for table in ["dataset_snapshot", "datapoint_past"] {
        tx.execute(&format!("delete from {table} where dataset_id = $1"), params![dataset_id])?;
    }
    Ok(())
}

fn keep_where(tx: &mut Tx<'_>, dataset_id: &str, snapshots: i64, which: &str, id: &str) -> Result<()> {
    if snapshots == 0 {
        return Ok(());
    }
    let sql = format!(
        "insert into datapoint_past ({COLUMNS}, since, until)
         select {COLUMNS}, since, cast($2 as bigint) from datapoint d
         where dataset_id = $1 and since < $2 and ($3 = '' or id = $3){which}
           and exists (select 1 from dataset_snapshot s where s.dataset_id = d.dataset_id and s.number > d.since)"
    );
    tx.execute(&sql, params![dataset_id, snapshots, id]).map(drop)
}

/// Keeps a datapoint as it is, if a snapshot holds it, before it is changed or removed.
pub(super) fn keep(tx: &mut Tx<'_>, dataset_id: &str, id: &str, snapshots: i64) -> Result<()> {
    if id.is_empty() { Ok(()) } else { keep_where(tx, dataset_id, snapshots, "", id) }
}

/// [`keep`] for all datapoints of a dataset.
pub(super) fn keep_all(tx: &mut Tx<'_>, dataset_id: &str, snapshots: i64) -> Result<()> {
    keep_where(tx, dataset_id, snapshots, "", "")
}

/// [`keep`] for those of which the same content came before.
pub(super) fn keep_repeated(tx: &mut Tx<'_>, dataset_id: &str, snapshots: i64) -> Result<()> {
    let repeated = " and exists (select 1 from datapoint f
      where f.dataset_id = d.dataset_id and f.content_hash = d.content_hash and f.position < d.position)";
    keep_where(tx, dataset_id, snapshots, repeated, "")
}

fn position(tx: &mut Tx<'_>, dataset_id: &str, id: &str) -> Result<Option<i64>> {
    let sql = "select position from datapoint where dataset_id = $1 and id = $2
      union select position from datapoint_past where dataset_id = $1 and id = $2";
    tx.query_opt(sql, params![dataset_id, id])?.map(|row| row.int(0)).transpose()
}

/// A page of what a snapshot holds, in the order in which it came.
pub(super) fn page(tx: &mut Tx<'_>, dataset_id: &str, number: i64, page: &PageRequest) -> Result<Page<Datapoint>> {
    let backwards = page.ending_before.is_some();
    let place = match page.starting_after.as_ref().or(page.ending_before.as_ref()) {
        None => -1,
        Some(id) => match position(tx, dataset_id, id)? {
            Some(place) => place,
            None => return Ok(Page { data: Vec::new(), has_more: false }),
        },
    };
    let (sign, order) = if backwards { ('<', "desc") } else { ('>', "asc") };
    let mut data = Vec::new();
    for (table, until) in [("datapoint", ""), ("datapoint_past", " and until >= $2")] {
        let sql = format!(
            "select {COLUMNS} from {table} where dataset_id = $1 and since < $2{until} and position {sign} $3
             order by position {order} limit {}",
            page.limit + 1
        );
        for row in tx.query(&sql, params![dataset_id, number, place])? {
            data.push(read(&row)?);
        }
    }
    data.sort_by_key(|each| if backwards { -each.position } else { each.position });
    let has_more = data.len() > page.limit;
    data.truncate(page.limit);
    if backwards {
        data.reverse();
    }
    Ok(Page { data, has_more })
}

/// One datapoint as a snapshot holds it.
pub(super) fn datapoint_at(tx: &mut Tx<'_>, dataset_id: &str, id: &str, number: i64) -> Result<Option<Datapoint>> {
    for (table, until) in [("datapoint", ""), ("datapoint_past", " and until >= $3")] {
        let sql = format!("select {COLUMNS} from {table} where dataset_id = $1 and id = $2 and since < $3{until}");
        if let Some(row) = tx.query_opt(&sql, params![dataset_id, id, number])? {
            return read(&row).map(Some);
        }
    }
    Ok(None)
}

/// The ids of datapoints that may differ between two snapshots, in their order, behind the one with the id `after`.
pub(super) fn touched_between(
    tx: &mut Tx<'_>,
    dataset_id: &str,
    (low, high): (i64, i64),
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<String>> {
    let place = match after {
        None => -1,
        Some(id) => match position(tx, dataset_id, id)? {
            Some(place) => place,
            None => return Ok(Vec::new()),
        },
    };
    let sql = format!(
        "select position, id from datapoint
           where dataset_id = $1 and since >= $2 and since < $3 and position > $4
         union
         select position, id from datapoint_past
           where dataset_id = $1 and since < $3 and until >= $2 and not (since < $2 and until >= $3) and position > $4
         order by 1 limit {limit}"
    );
    tx.query(&sql, params![dataset_id, low, high, place])?.iter().map(|row| row.text(1)).collect()
}
