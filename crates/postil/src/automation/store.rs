//! The SQL of automations.

use super::rule::Automation;
use crate::db::{Row, Tx, Value};
use crate::error::{Error, Result};
use crate::params;
use crate::project::ProjectRef;
use crate::trace::filter::SqlBuilder;
use crate::trace::search::padded;

const COLUMNS: &str = "a.id, a.project, a.name, a.enabled, a.definition, a.version, a.error, a.error_at, a.created_by,
  a.updated_by, a.created_at, a.updated_at";

fn read(row: &Row) -> Result<Automation> {
    Ok(Automation {
        id: row.text(0)?,
        project: row.int(1)?,
        name: row.text(2)?,
        enabled: row.bool(3)?,
        definition: row.json(4)?,
        version: row.int(5)?,
        error: row.opt_text(6)?.zip(row.opt_int(7)?),
        created_by: row.text(8)?,
        updated_by: row.text(9)?,
        created_at: row.int(10)?,
        updated_at: row.int(11)?,
    })
}

/// The automations of a project, newest first.
pub(super) fn list(tx: &mut Tx<'_>, project: i64) -> Result<Vec<Automation>> {
    let sql = format!(
        "select {COLUMNS} from automation a where a.project = $1 order by a.created_at desc, a.id{{bytes_order}} desc"
    );
    tx.query(&sql, params![project])?.iter().map(read).collect()
}

pub(super) fn find(tx: &mut Tx<'_>, project: i64, id: &str) -> Result<Option<Automation>> {
    let sql = format!("select {COLUMNS} from automation a where a.project = $1 and a.id = $2");
    tx.query_opt(&sql, params![project, id])?.as_ref().map(read).transpose()
}

/// The automations of a project that act, oldest first, with the workspace and the project they act in.
pub(super) fn active(tx: &mut Tx<'_>, project: i64) -> Result<Vec<(Automation, String, ProjectRef)>> {
    let sql = format!(
        "select {COLUMNS}, p.workspace_id, p.id from automation a join project p on p.number = a.project
         where a.project = $1 and a.enabled = 1 and p.archived_at is null order by a.created_at, a.id{{bytes_order}}"
    );
    let read = |row: &Row| Ok((read(row)?, row.text(12)?, ProjectRef { id: row.text(13)?, number: row.int(1)? }));
    tx.query(&sql, params![project])?.iter().map(read).collect()
}

/// Takes automations for this transaction, in one order, and says how they stand: id, version, whether they act.
pub(super) fn lock(tx: &mut Tx<'_>, ids: &[&str]) -> Result<Vec<(String, i64, bool)>> {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let mut sql = SqlBuilder::default();
    let text = format!(
        "select id, version, enabled from automation where id in ({}) order by id{{bytes_order}}{{for_update}}",
        sql.bind_list(padded(&ids))
    );
    tx.query(&text, sql.params())?.iter().map(|row| Ok((row.text(0)?, row.int(1)?, row.bool(2)?))).collect()
}

fn settings(automation: &Automation) -> Result<Vec<Value>> {
    Ok(params![
        &automation.id,
        &automation.name,
        automation.enabled,
        serde_json::to_string(&automation.definition).map_err(Error::internal)?,
        automation.version,
        &automation.updated_by,
        automation.updated_at
    ]
    .to_vec())
}

pub(super) fn insert(tx: &mut Tx<'_>, automation: &Automation) -> Result<()> {
    let mut values = settings(automation)?;
    values.extend_from_slice(params![automation.project, &automation.created_by, automation.created_at]);
    tx.execute(
        "insert into automation (id, name, enabled, definition, version, updated_by, updated_at, project, created_by,
           created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        &values,
    )
    .map(drop)
}

pub(super) fn update(tx: &mut Tx<'_>, automation: &Automation) -> Result<()> {
    tx.execute(
        "update automation set name = $2, enabled = $3, definition = $4, version = $5, updated_by = $6, updated_at = $7
         where id = $1",
        &settings(automation)?,
    )
    .map(drop)
}

pub(super) fn delete(tx: &mut Tx<'_>, id: &str) -> Result<()> {
    tx.execute("delete from automation where id = $1", params![id]).map(drop)
}

/// Says why a failure failed; the newest is kept.
pub(super) fn set_error(tx: &mut Tx<'_>, id: &str, message: &str, at: i64) -> Result<()> {
    tx.execute("update automation set error = $2, error_at = $3 where id = $1", params![id, message, at]).map(drop)
}

/// Takes traces for this transaction, in the order in which everybody takes them.
pub(super) fn lock_traces(tx: &mut Tx<'_>, project: i64, trace_ids: &[String]) -> Result<()> {
    for some in trace_ids.chunks(250) {
        let mut sql = SqlBuilder::default();
        let project = sql.bind(project);
        let text = format!(
            "select 1 from trace where project = {project} and trace_id in ({})
             order by trace_id{{bytes_order}}{{for_update}}",
            sql.bind_list(padded(some))
        );
        tx.query(&text, sql.params())?;
    }
    Ok(())
}
