//! The SQL of human review sets.

use super::set::{Filter, Set};
use super::store::json;
use crate::db::{Row, Tx};
use crate::error::Result;
use crate::params;

const COLUMNS: &str = "s.id, s.project, p.id, s.display_name, s.description, s.human_review_ids, s.filter_type,
  s.filter_values, s.created_by, s.updated_by, s.created_at, s.updated_at";

fn read(row: &Row) -> Result<Set> {
    let values: Vec<String> = row.json(7)?;
    let filter = match row.text(6)?.as_str() {
        "name" => Filter::Name(values.into_iter().next().unwrap_or_default()),
        _ => Filter::SpanType(values),
    };
    Ok(Set {
        id: row.text(0)?,
        project: row.int(1)?,
        project_id: row.text(2)?,
        display_name: row.text(3)?,
        description: row.opt_text(4)?,
        human_review_ids: row.json(5)?,
        filter,
        created_by: row.text(8)?,
        updated_by: row.text(9)?,
        created_at: row.int(10)?,
        updated_at: row.int(11)?,
    })
}

fn columns(filter: &Filter) -> Result<(&'static str, String)> {
    Ok(match filter {
        Filter::SpanType(values) => ("span_type", json(values)?),
        Filter::Name(value) => ("name", json(&[value])?),
    })
}

pub(super) fn list(tx: &mut Tx<'_>, project: i64) -> Result<Vec<Set>> {
    let sql = format!(
        "select {COLUMNS} from human_review_set s join project p on p.number = s.project where s.project = $1
         order by s.created_at desc, s.id{{bytes_order}} desc"
    );
    tx.query(&sql, params![project])?.iter().map(read).collect()
}

pub(super) fn find(tx: &mut Tx<'_>, workspace_id: &str, project_id: Option<&str>, id: &str) -> Result<Option<Set>> {
    let sql = format!(
        "select {COLUMNS} from human_review_set s join project p on p.number = s.project
         where s.id = $1 and p.workspace_id = $2 and ($3 = '' or p.id = $3)"
    );
    let row = tx.query_opt(&sql, params![id, workspace_id, project_id.unwrap_or("")])?;
    row.as_ref().map(read).transpose()
}

pub(super) fn insert(tx: &mut Tx<'_>, set: &Set) -> Result<()> {
    let (filter_type, filter_values) = columns(&set.filter)?;
    tx.execute(
        "insert into human_review_set (id, project, display_name, description, human_review_ids, filter_type,
           filter_values, created_by, updated_by, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        params![
            &set.id,
            set.project,
            &set.display_name,
            &set.description,
            json(&set.human_review_ids)?,
            filter_type,
            filter_values,
            &set.created_by,
            &set.updated_by,
            set.created_at,
            set.updated_at
        ],
    )?;
    Ok(())
}

pub(super) fn update(tx: &mut Tx<'_>, set: &Set) -> Result<()> {
    let (filter_type, filter_values) = columns(&set.filter)?;
    tx.execute(
        "update human_review_set set display_name = $2, description = $3, human_review_ids = $4, filter_type = $5,
           filter_values = $6, updated_by = $7, updated_at = $8 where id = $1",
        params![
            &set.id,
            &set.display_name,
            &set.description,
            json(&set.human_review_ids)?,
            filter_type,
            filter_values,
            &set.updated_by,
            set.updated_at
        ],
    )?;
    Ok(())
}

pub(super) fn delete(tx: &mut Tx<'_>, id: &str) -> Result<()> {
    tx.execute("delete from human_review_set where id = $1", params![id]).map(drop)
}
