//! The first workspace and project of an empty database.

use super::caller::ProjectRef;
use super::key::{self, NewKey};
use crate::clock::Clock;
use crate::db::Tx;
use crate::error::Result;
use crate::{id, params};

/// Where everything goes when nothing else is said.
#[derive(Debug, Clone)]
pub struct Home {
    /// The workspace.
    pub workspace_id: String,
    /// Its default project.
    pub project: ProjectRef,
    /// Whether this call made them.
    pub is_new: bool,
}

/// Finds the default workspace and project, and makes them when the database is empty.
pub fn home(tx: &mut Tx<'_>, clock: &Clock) -> Result<Home> {
    let found = tx.query_opt(
        "select w.id, p.id, p.number from workspace w join project p on p.workspace_id = w.id
         where p.is_default = 1 order by w.created_at, w.id limit 1",
        params![],
    )?;
    if let Some(row) = found {
        let project = ProjectRef { id: row.text(1)?, number: row.int(2)? };
        return Ok(Home { workspace_id: row.text(0)?, project, is_new: false });
    }
    let (workspace_id, project_id, now) = (id::uuid(clock), id::ulid(clock), clock.now());
    // Two servers that start together on one empty database must agree on the workspace: its key is unique.
    let made = tx.execute(
        "insert into workspace (id, key, display_name, created_at) values ($1, 'default', 'Workspace', $2)
         on conflict (key) do nothing",
        params![&workspace_id, now],
    )?;
    if made == 0 {
        return home(tx, clock);
    }
    tx.execute(
        "insert into project (id, number, workspace_id, key, name, is_default, created_at, updated_at, created_by, updated_by)
         values ($1, 1, $2, 'default', 'Default', 1, $3, $3, 'postil', 'postil')",
        params![&project_id, &workspace_id, now],
    )?;
    Ok(Home { workspace_id, project: ProjectRef { id: project_id, number: 1 }, is_new: true })
}

/// Gives the default project a key with all scopes, from the environment of a container or a script.
pub fn bootstrap_key(tx: &mut Tx<'_>, clock: &Clock, home: &Home, token: &str) -> Result<String> {
    let new = NewKey {
        name: "bootstrap".into(),
        workspace_id: home.workspace_id.clone(),
        project_id: None,
        scopes: super::caller::SCOPES.iter().map(ToString::to_string).collect(),
        permission_mode: "all".into(),
        access: "{}".into(),
        expires_at: None,
        created_by: "postil".into(),
    };
    key::insert(tx, clock, token, &new)
}
