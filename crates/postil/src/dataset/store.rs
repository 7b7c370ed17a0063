//! The SQL of datasets.

use super::Dataset;
use crate::db::{Row, Tx};
use crate::error::Result;
use crate::event::Event;
use crate::params;

const COLUMNS: &str = "d.id, d.project, p.id, d.workspace_id, d.display_name, d.path,
  (select count(*) from datapoint c where c.dataset_id = d.id), d.created_by, d.updated_by, d.created_at, d.updated_at,
  d.snapshots";

fn read(row: &Row) -> Result<Dataset> {
    Ok(Dataset {
        id: row.text(0)?,
        project: row.int(1)?,
        project_id: row.text(2)?,
        workspace_id: row.text(3)?,
        display_name: row.text(4)?,
        path: row.text(5)?,
        datapoints: row.int(6)?,
        created_by: row.text(7)?,
        updated_by: row.text(8)?,
        created_at: row.int(9)?,
        updated_at: row.int(10)?,
        snapshots: row.int(11)?,
    })
}

/// Newest first; of one project where the caller is bound to one or asks for one.
pub(super) fn list(
    tx: &mut Tx<'_>,
    workspace_id: &str,
    bound: Option<&str>,
    project_id: Option<&str>,
) -> Result<Vec<Dataset>> {
    let sql = format!(
        "select {COLUMNS} from dataset d join project p on p.number = d.project
         where d.workspace_id = $1 and ($2 = '' or p.id = $2) and ($3 = '' or p.id = $3) and p.archived_at is null
         order by d.created_at desc, d.id{{bytes_order}} desc"
    );
    tx.query(&sql, params![workspace_id, bound.unwrap_or(""), project_id.unwrap_or("")])?.iter().map(read).collect()
}

pub(super) fn find(tx: &mut Tx<'_>, workspace_id: &str, bound: Option<&str>, id: &str) -> Result<Option<Dataset>> {
    let sql = format!(
        "select {COLUMNS} from dataset d join project p on p.number = d.project
         where d.workspace_id = $1 and ($2 = '' or p.id = $2) and d.id = $3 and p.archived_at is null"
    );
    tx.query_opt(&sql, params![workspace_id, bound.unwrap_or(""), id])?.as_ref().map(read).transpose()
}

pub(super) fn count(tx: &mut Tx<'_>, project: i64) -> Result<i64> {
    tx.query_one("select count(*) from dataset where project = $1", params![project])?.int(0)
}

pub(super) fn insert(tx: &mut Tx<'_>, dataset: &Dataset) -> Result<()> {
    tx.execute(
        "insert into dataset (id, project, workspace_id, display_name, path, next_position, snapshots, created_by,
           updated_by, created_at, updated_at)
         values ($1, $2, $3, $4, $5, 1, 0, $6, $7, $8, $9)",
        params![
            &dataset.id,
            dataset.project,
            &dataset.workspace_id,
            &dataset.display_name,
            &dataset.path,
            &dataset.created_by,
            &dataset.updated_by,
            dataset.created_at,
            dataset.updated_at
        ],
    )
    .map(drop)
}

pub(super) fn update(tx: &mut Tx<'_>, dataset: &Dataset) -> Result<()> {
    tx.execute(
        "update dataset set project = $2, display_name = $3, path = $4, updated_by = $5, updated_at = $6 where id = $1",
        params![
            &dataset.id,
            dataset.project,
            &dataset.display_name,
            &dataset.path,
            &dataset.updated_by,
            dataset.updated_at
        ],
    )
    .map(drop)
}

/// Holds the dataset until this transaction ends, so that two who add the same find each other.
pub(super) fn lock(tx: &mut Tx<'_>, id: &str) -> Result<()> {
    tx.query("select id from dataset where id = $1{for_update}", params![id]).map(drop)
}

/// Notes who changes a dataset, holds it until this transaction ends, and returns how many snapshots it has. Before any
/// datapoint is changed: no snapshot may come between.
pub(super) fn touch(tx: &mut Tx<'_>, id: &str, by: &str, at: i64) -> Result<i64> {
    let sql = "update dataset set updated_by = $2, updated_at = $3 where id = $1 returning snapshots, project";
    let row = tx.query_opt(sql, params![id, by, at])?.ok_or_else(|| super::not_found(id))?;
    tell(tx, row.int(1)?);
    row.int(0)
}

/// Takes the next `count` positions; the row is locked with it, so that they are given once. The first of them, and how
/// many snapshots the dataset has.
pub(super) fn take_positions(tx: &mut Tx<'_>, id: &str, count: i64, by: &str, at: i64) -> Result<(i64, i64)> {
    let sql = "update dataset set next_position = next_position + $2, updated_by = $3, updated_at = $4
      where id = $1 returning next_position, snapshots, project";
    let row = tx.query_opt(sql, params![id, count, by, at])?.ok_or_else(|| super::not_found(id))?;
    tell(tx, row.int(2)?);
    Ok((row.int(0)? - count, row.int(1)?))
}

pub(super) fn delete(tx: &mut Tx<'_>, id: &str) -> Result<()> {
    if let Some(row) = tx.query_opt("delete from dataset where id = $1 returning project", params![id])? {
        tell(tx, row.int(0)?);
    }
    Ok(())
}

/// Tells that the datasets of a project, or what is in them, changed.
pub(super) fn tell(tx: &mut Tx<'_>, project: i64) {
    tx.emit(Event { project, kind: "dataset.updated", ..Event::default() });
}
