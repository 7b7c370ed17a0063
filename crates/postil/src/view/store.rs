//! The SQL of saved views.

use super::View;
use crate::db::{Row, Tx};
use crate::error::{Error, Result};
use crate::params;

const COLUMNS: &str = "id, project, page, display_name, description, filter_by, columns, column_labels, sort, density,
  time_range, is_default, private_to, version, created_by, updated_by, created_at, updated_at";

fn read(row: &Row) -> Result<View> {
    Ok(View {
        id: row.text(0)?,
        project: row.int(1)?,
        page: row.text(2)?,
        display_name: row.text(3)?,
        description: row.opt_text(4)?,
        filter_by: row.text(5)?,
        columns: row.json(6)?,
        column_labels: row.json(7)?,
        sort: row.opt_text(8)?,
        density: row.opt_text(9)?,
        time_range: row.opt_text(10)?,
        is_default: row.bool(11)?,
        private_to: row.opt_text(12)?,
        version: row.int(13)?,
        created_by: row.text(14)?,
        updated_by: row.text(15)?,
        created_at: row.int(16)?,
        updated_at: row.int(17)?,
    })
}

fn json<T: serde::Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(Error::internal)
}

pub(super) fn list(tx: &mut Tx<'_>, project: i64, who: &str, screen: &str) -> Result<Vec<View>> {
    let sql = format!(
        "select {COLUMNS} from saved_view
         where project = $1 and (private_to is null or private_to = $2) and ($3 = '' or page = $3)
         order by lower(display_name){{bytes_order}}, id{{bytes_order}}"
    );
    tx.query(&sql, params![project, who, screen])?.iter().map(read).collect()
}

pub(super) fn find(tx: &mut Tx<'_>, project: i64, who: &str, id: &str) -> Result<Option<View>> {
    let sql = format!(
        "select {COLUMNS} from saved_view
         where project = $1 and id = $3 and (private_to is null or private_to = $2)"
    );
    tx.query_opt(&sql, params![project, who, id])?.as_ref().map(read).transpose()
}

/// How many views stand beside this one: the shared ones, or those of the same person.
pub(super) fn count(tx: &mut Tx<'_>, view: &View) -> Result<usize> {
    let sql = "select count(*) from saved_view where project = $1 and coalesce(private_to, '') = $2";
    let row = tx.query_one(sql, params![view.project, view.private_to.as_deref().unwrap_or("")])?;
    Ok(usize::try_from(row.int(0)?).unwrap_or(usize::MAX))
}

pub(super) fn name_is_taken(tx: &mut Tx<'_>, view: &View) -> Result<bool> {
    let sql = "select 1 from saved_view where project = $1 and page = $2 and display_name = $3
      and coalesce(private_to, '') = $4 and id <> $5";
    let private_to = view.private_to.as_deref().unwrap_or("");
    Ok(tx.query_opt(sql, params![view.project, &view.page, &view.display_name, private_to, &view.id])?.is_some())
}

pub(super) fn clear_default(tx: &mut Tx<'_>, view: &View) -> Result<()> {
    let sql = "update saved_view set is_default = 0 where project = $1 and page = $2
      and coalesce(private_to, '') = $3 and id <> $4 and is_default = 1";
    let private_to = view.private_to.as_deref().unwrap_or("");
    tx.execute(sql, params![view.project, &view.page, private_to, &view.id]).map(drop)
}

pub(super) fn insert(tx: &mut Tx<'_>, view: &View) -> Result<()> {
    let sql = format!(
        "insert into saved_view ({COLUMNS})
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)"
    );
    tx.execute(
        &sql,
        params![
            &view.id,
            view.project,
            &view.page,
            &view.display_name,
            &view.description,
            &view.filter_by,
            json(&view.columns)?,
            json(&view.column_labels)?,
            &view.sort,
            &view.density,
            &view.time_range,
            view.is_default,
            &view.private_to,
            view.version,
            &view.created_by,
            &view.updated_by,
            view.created_at,
            view.updated_at
        ],
    )
    .map(drop)
}

pub(super) fn update(tx: &mut Tx<'_>, view: &View) -> Result<()> {
    tx.execute(
        "update saved_view set display_name = $3, description = $4, filter_by = $5, columns = $6, column_labels = $7,
           sort = $8, density = $9, time_range = $10, is_default = $11, private_to = $12, version = $13,
           updated_by = $14, updated_at = $15
         where project = $1 and id = $2",
        params![
            view.project,
            &view.id,
            &view.display_name,
            &view.description,
            &view.filter_by,
            json(&view.columns)?,
            json(&view.column_labels)?,
            &view.sort,
            &view.density,
            &view.time_range,
            view.is_default,
            &view.private_to,
            view.version,
            &view.updated_by,
            view.updated_at
        ],
    )
    .map(drop)
}

pub(super) fn delete(tx: &mut Tx<'_>, view: &View) -> Result<()> {
    tx.execute("delete from saved_view where project = $1 and id = $2", params![view.project, &view.id]).map(drop)
}
