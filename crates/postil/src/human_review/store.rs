//! The SQL of definitions.

use super::{Definition, Kind, Version};
use crate::db::{Row, Tx, Value};
use crate::error::{Error, Result};
use crate::params;
use crate::project::{ProjectRef, Reader};

const COLUMNS: &str = "h.id, h.project, p.id, h.key, h.type, h.display_name, h.description, h.version, h.config,
  h.options, h.position, h.archived_at, h.created_by, h.updated_by, h.created_at, h.updated_at";

fn read(row: &Row) -> Result<Definition> {
    Ok(Definition {
        id: row.text(0)?,
        project: row.int(1)?,
        project_id: row.text(2)?,
        key: row.text(3)?,
        kind: kind(&row.text(4)?)?,
        display_name: row.text(5)?,
        description: row.text(6)?,
        version: row.int(7)?,
        config: row.json(8)?,
        options: row.json(9)?,
        position: row.int(10)?,
        archived_at: row.opt_int(11)?,
        created_by: row.text(12)?,
        updated_by: row.text(13)?,
        created_at: row.int(14)?,
        updated_at: row.int(15)?,
    })
}

/// A stored kind.
pub(crate) fn kind(text: &str) -> Result<Kind> {
    Kind::parse(text).ok_or_else(|| Error::internal(format!("a human review has the type {text}")))
}

pub(super) fn json<T: serde::Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(Error::internal)
}

/// A project of a workspace by its id or its key.
pub(super) fn project(tx: &mut Tx<'_>, workspace_id: &str, wanted: &str) -> Result<Option<ProjectRef>> {
    let row = tx.query_opt(
        "select id, number from project where workspace_id = $1 and (id = $2 or key = $2) and archived_at is null",
        params![workspace_id, wanted],
    )?;
    row.map(|row| Ok(ProjectRef { id: row.text(0)?, number: row.int(1)? })).transpose()
}

/// Stores a new definition; false when its key is taken.
pub(super) fn insert(tx: &mut Tx<'_>, new: &Definition) -> Result<bool> {
    let inserted = tx.execute(
        "insert into human_review (id, project, key, type, display_name, description, version, config, options,
           position, archived_at, created_by, updated_by, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
         on conflict (project, key) where archived_at is null do nothing",
        params![
            &new.id,
            new.project,
            &new.key,
            new.kind.name(),
            &new.display_name,
            &new.description,
            new.version,
            json(&new.config)?,
            json(&new.options)?,
            new.position,
            new.archived_at,
            &new.created_by,
            &new.updated_by,
            new.created_at,
            new.updated_at
        ],
    )?;
    Ok(inserted == 1)
}

/// Stores a changed definition, if it is still the version that was read.
pub(super) fn update(tx: &mut Tx<'_>, new: &Definition, read_version: i64) -> Result<()> {
    let changed = tx.execute(
        "update human_review set key = $2, type = $3, display_name = $4, description = $5, version = $6, config = $7,
           options = $8, position = $9, archived_at = $10, updated_by = $11, updated_at = $12
         where id = $1 and version = $13",
        params![
            &new.id,
            &new.key,
            new.kind.name(),
            &new.display_name,
            &new.description,
            new.version,
            json(&new.config)?,
            json(&new.options)?,
            new.position,
            new.archived_at,
            &new.updated_by,
            new.updated_at,
            read_version
        ],
    )?;
    if changed == 1 {
        return Ok(());
    }
    Err(Error::conflict("changed_meanwhile", "Somebody else changed this human review. Load it again and repeat."))
}

pub(super) fn insert_version(tx: &mut Tx<'_>, definition: &Definition) -> Result<()> {
    tx.execute(
        "insert into human_review_version (human_review_id, version, definition, created_by, created_at)
         values ($1, $2, $3, $4, $5)",
        params![
            &definition.id,
            definition.version,
            json(&definition.wording())?,
            &definition.updated_by,
            definition.updated_at
        ],
    )?;
    Ok(())
}

pub(super) fn versions(tx: &mut Tx<'_>, id: &str) -> Result<Vec<Version>> {
    let rows = tx.query(
        "select version, definition, created_by, created_at from human_review_version
         where human_review_id = $1 order by version desc",
        params![id],
    )?;
    rows.iter()
        .map(|row| {
            let wording = row.json(1)?;
            Ok(Version { version: row.int(0)?, wording, created_by: row.text(2)?, created_at: row.int(3)? })
        })
        .collect()
}

/// A definition of a workspace, or of one of its projects only.
pub(super) fn find(
    tx: &mut Tx<'_>,
    workspace_id: &str,
    project_id: Option<&str>,
    id: &str,
) -> Result<Option<Definition>> {
    let sql = format!(
        "select {COLUMNS} from human_review h join project p on p.number = h.project
         where h.id = $1 and p.workspace_id = $2 and ($3 = '' or p.id = $3)"
    );
    let row = tx.query_opt(&sql, params![id, workspace_id, project_id.unwrap_or("")])?;
    row.as_ref().map(read).transpose()
}

pub(super) fn list(tx: &mut Tx<'_>, project: &ProjectRef, include_archived: bool) -> Result<Vec<Definition>> {
    let sql = format!(
        "select {COLUMNS} from human_review h join project p on p.number = h.project
         where h.project = $1 and (h.archived_at is null or cast($2 as bigint) = 1)
         order by h.position, h.id{{bytes_order}}"
    );
    tx.query(&sql, params![project.number, include_archived])?.iter().map(read).collect()
}

/// The ids among these that are definitions in use of a project.
pub(super) fn known_ids(tx: &mut Tx<'_>, project: i64, ids: &[String]) -> Result<Vec<String>> {
    let mut known = Vec::new();
    for id in ids {
        let sql = "select 1 from human_review where id = $1 and project = $2 and archived_at is null";
        if tx.query_opt(sql, params![id, project])?.is_some() {
            known.push(id.clone());
        }
    }
    Ok(known)
}

pub(super) fn key_exists(tx: &mut Tx<'_>, project: i64, key: &str) -> Result<bool> {
    let sql = "select 1 from human_review where project = $1 and key = $2 and archived_at is null";
    Ok(tx.query_opt(sql, params![project, key])?.is_some())
}

pub(super) fn next_position(tx: &mut Tx<'_>, project: i64) -> Result<i64> {
    let sql = "select coalesce(max(position), 0) + 1 from human_review where project = $1";
    tx.query_one(sql, params![project])?.int(0)
}

pub(super) fn delete(tx: &mut Tx<'_>, id: &str) -> Result<()> {
    tx.execute("delete from human_review where id = $1", params![id]).map(drop)
}

/// Whether anybody's current value answers this definition.
pub(super) fn has_values(tx: &mut Tx<'_>, project: i64, key: &str, id: &str) -> Result<bool> {
    let sql = "select 1 from annotation
      where project = $1 and key = $2 and subject = $3 and removed_at is null limit 1";
    Ok(tx.query_opt(sql, params![project, key, id])?.is_some())
}

/// The current values of a definition as JSON, and how many of each. Free text counts as one.
pub(super) fn count_values(tx: &mut Tx<'_>, reader: &Reader, definition: &Definition) -> Result<Vec<(String, i64)>> {
    let grouped = if definition.kind.has_options() || definition.kind == Kind::Boolean { "value" } else { "'0'" };
    let sql = format!(
        "select {grouped}, count(*) from annotation a
         where project = $1 and key = $2 and subject = $3 and removed_at is null{} group by 1",
        reader.sees("$4")
    );
    let mut params = params![definition.project, &definition.key, &definition.id].to_vec();
    params.extend(reader.me().map(Value::from));
    let rows = tx.query(&sql, &params)?;
    rows.iter().map(|row| Ok((row.text(0)?, row.int(1)?))).collect()
}
