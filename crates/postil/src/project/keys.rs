//! The API keys of a workspace: making, listing, changing and revoking them.

use std::collections::{BTreeMap, HashMap};

use super::access::{Access, Wanted};
use super::caller::{Caller, Permission, Permissions};
use super::key::{self, NewKey};
use super::projects;
use crate::clock::Clock;
use crate::db::{Row, Tx};
use crate::error::{Error, Result};
use crate::params;

/// A key as it is stored: without its secret.
#[derive(Debug, Clone)]
pub struct ApiKey {
    /// Its id.
    pub id: String,
    /// Its workspace.
    pub workspace_id: String,
    /// The project it is bound to, or none for all of the workspace.
    pub project_id: Option<String>,
    /// Its name, for people.
    pub name: String,
    /// Its first and last characters.
    pub masked: String,
    /// What it may do.
    pub access: Access,
    /// Whose it is: a type, and after a colon the member's id.
    pub owner: Option<String>,
    /// `active`, `disabled` or `revoked`.
    pub status: String,
    /// When it stops working, in microseconds.
    pub expires_at: Option<i64>,
    /// When it was last used, in microseconds.
    pub last_used_at: Option<i64>,
    /// Who made it.
    pub created_by: String,
    /// Who changed it last.
    pub updated_by: String,
    /// When it was made, in microseconds.
    pub created_at: i64,
    /// When it was changed last, in microseconds.
    pub updated_at: i64,
}

/// Which projects a key is to reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// Every project of the workspace.
    Workspace,
    /// One project, by id or key.
    Project(String),
}

/// What a new key is to be.
#[derive(Debug, Clone, Default)]
pub struct Draft {
    /// Its name.
    pub name: String,
    /// What it may do.
    pub wanted: Wanted,
    /// Which projects it reaches; when nothing is said, as many as its creator.
    pub reach: Option<Reach>,
    /// When it stops working, in microseconds.
    pub expires_at: Option<i64>,
    /// Whose it is.
    pub owner: Option<Owner>,
}

/// Whose a key is.
#[derive(Debug, Clone)]
pub struct Owner {
    /// `user`, or a word of the client's.
    pub kind: String,
    /// The member, for `user`.
    pub user_id: Option<String>,
}

/// What is to change about a key.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// The name.
    pub name: Option<String>,
    /// What it may do.
    pub wanted: Wanted,
    /// Which projects it reaches.
    pub reach: Option<Reach>,
    /// `active`, `disabled` or `revoked`; what is revoked stays so.
    pub status: Option<String>,
    /// When it stops working, in microseconds.
    pub expires_at: Option<i64>,
}

const COLUMNS: &str =
    "id, workspace_id, project_id, name, token_prefix, scopes, permission_mode, access, owner, status,
    expires_at, last_used_at, created_by, updated_by, created_at, updated_at";

/// What a caller sees: never a deleted key, and one who reaches a single project never a key of another.
const VISIBLE: &str = "workspace_id = $1 and status <> 'deleted' and ($2 = '' or project_id = $2)";

fn read(row: &Row) -> Result<ApiKey> {
    Ok(ApiKey {
        id: row.text(0)?,
        workspace_id: row.text(1)?,
        project_id: row.opt_text(2)?,
        name: row.text(3)?,
        masked: row.text(4)?,
        access: Access {
            scopes: row.json(5)?,
            permission_mode: row.text(6)?,
            levels: row.json::<BTreeMap<String, String>>(7)?,
        },
        owner: row.opt_text(8)?,
        status: row.text(9)?,
        expires_at: row.opt_int(10)?,
        last_used_at: row.opt_int(11)?,
        created_by: row.text(12)?,
        updated_by: row.text(13)?,
        created_at: row.int(14)?,
        updated_at: row.int(15)?,
    })
}

fn reach(caller: &Caller) -> &str {
    caller.bound_to.as_deref().unwrap_or("")
}

/// The keys the caller may see, by name; with `project_id`, those bound to it.
pub fn list(tx: &mut Tx<'_>, caller: &Caller, project_id: Option<&str>) -> Result<Vec<ApiKey>> {
    caller.require(Permission::Admin)?;
    let sql = format!(
        "select {COLUMNS} from api_key where {VISIBLE} and ($3 = '' or project_id = $3)
         order by lower(name), id{{bytes_order}}"
    );
    let rows = tx.query(&sql, params![&caller.workspace_id, reach(caller), project_id.unwrap_or("")])?;
    rows.iter().map(read).collect()
}

/// One key the caller may see.
pub fn get(tx: &mut Tx<'_>, caller: &Caller, key_id: &str) -> Result<ApiKey> {
    caller.require(Permission::Admin)?;
    let sql = format!("select {COLUMNS} from api_key where {VISIBLE} and id = $3");
    let found = tx.query_opt(&sql, params![&caller.workspace_id, reach(caller), key_id])?;
    read(&found.ok_or_else(|| Error::not_found("api_key_not_found", "There is no such API key."))?)
}

/// Makes a key with the secret `token`. It can never do more, or reach further, than who makes it.
pub fn create(tx: &mut Tx<'_>, clock: &Clock, caller: &Caller, token: &str, draft: &Draft) -> Result<ApiKey> {
    caller.require(Permission::Admin)?;
    let access = draft.wanted.resolve()?;
    require_covered(caller, &access)?;
    let project_id = match &draft.reach {
        None => caller.bound_to.clone(),
        Some(reach) => resolve_reach(tx, caller, reach)?,
    };
    let owner = draft.owner.as_ref().map(|owner| check_owner(tx, caller, owner)).transpose()?;
    check_expiry(clock, draft.expires_at)?;
    let new = NewKey {
        name: check_name(&draft.name)?,
        workspace_id: caller.workspace_id.clone(),
        project_id,
        scopes: access.scopes,
        permission_mode: access.permission_mode,
        access: serde_json::to_string(&access.levels).map_err(Error::internal)?,
        expires_at: draft.expires_at,
        created_by: caller.actor.id().to_owned(),
    };
    let id = key::insert(tx, clock, token, &new)?;
    tx.execute("update api_key set owner = $2 where id = $1", params![&id, owner])?;
    get(tx, caller, &id)
}

/// Changes a key. Nobody can widen one, or switch one on, beyond what they may do themselves.
pub fn update(tx: &mut Tx<'_>, clock: &Clock, caller: &Caller, key_id: &str, change: &Change) -> Result<ApiKey> {
    let mut key = get(tx, caller, key_id)?;
    if let Some(name) = &change.name {
        key.name = check_name(name)?;
    }
    if !change.wanted.is_empty() {
        key.access = change.wanted.resolve()?;
        require_covered(caller, &key.access)?;
    }
    if let Some(reach) = &change.reach {
        key.project_id = resolve_reach(tx, caller, reach)?;
        require_covered(caller, &key.access)?;
    }
    if let Some(status) = &change.status {
        check_status(&key, status)?;
        if status == "active" {
            require_covered(caller, &key.access)?;
        }
        key.status.clone_from(status);
    }
    if change.expires_at.is_some() {
        check_expiry(clock, change.expires_at)?;
        // A longer life is as much as a new key.
        require_covered(caller, &key.access)?;
        key.expires_at = change.expires_at;
    }
    tx.execute(
        "update api_key set name = $2, scopes = $3, permission_mode = $4, access = $5, project_id = $6, status = $7,
           expires_at = $8, updated_by = $9, updated_at = $10 where id = $1",
        params![
            key_id,
            &key.name,
            serde_json::to_string(&key.access.scopes).map_err(Error::internal)?,
            &key.access.permission_mode,
            serde_json::to_string(&key.access.levels).map_err(Error::internal)?,
            &key.project_id,
            &key.status,
            key.expires_at,
            caller.actor.id(),
            clock.now()
        ],
    )?;
    get(tx, caller, key_id)
}

/// Deletes a key: it stops working and is no longer shown; its name stays beside what was done with it.
pub fn delete(tx: &mut Tx<'_>, clock: &Clock, caller: &Caller, key_id: &str) -> Result<()> {
    get(tx, caller, key_id)?;
    tx.execute(
        "update api_key set status = 'deleted', updated_by = $2, updated_at = $3 where id = $1",
        params![key_id, caller.actor.id(), clock.now()],
    )
    .map(drop)
}

/// Every key of a workspace, for its operator.
pub fn list_all(tx: &mut Tx<'_>, workspace_id: &str) -> Result<Vec<ApiKey>> {
    let sql = format!(
        "select {COLUMNS} from api_key where workspace_id = $1 and status <> 'deleted'
         order by lower(name), id{{bytes_order}}"
    );
    tx.query(&sql, params![workspace_id])?.iter().map(read).collect()
}

/// Revokes a key for the operator, by id or name. False when there is none.
pub fn revoke(tx: &mut Tx<'_>, clock: &Clock, workspace_id: &str, id_or_name: &str) -> Result<bool> {
    let changed = tx.execute(
        "update api_key set status = 'revoked', updated_by = 'postil', updated_at = $3
         where workspace_id = $1 and status <> 'deleted' and (id = $2 or name = $2)",
        params![workspace_id, id_or_name, clock.now()],
    )?;
    Ok(changed > 0)
}

/// Notes when keys were last used, by id: what the server remembered since the last call.
pub fn record_key_use(tx: &mut Tx<'_>, used: &HashMap<String, i64>) -> Result<()> {
    // In one order everywhere, so that two replicas cannot wait for each other.
    let mut used: Vec<_> = used.iter().collect();
    used.sort();
    for (id, at) in used {
        tx.execute(
            "update api_key set last_used_at = $2 where id = $1 and (last_used_at is null or last_used_at < $2)",
            params![id, *at],
        )?;
    }
    Ok(())
}

fn require_covered(caller: &Caller, access: &Access) -> Result<()> {
    if caller.permissions.covers(Permissions::of_scopes(&access.scopes)) {
        return Ok(());
    }
    Err(Error::Forbidden("An API key cannot be allowed more than who makes or changes it.".into()))
}

fn resolve_reach(tx: &mut Tx<'_>, caller: &Caller, reach: &Reach) -> Result<Option<String>> {
    match reach {
        Reach::Workspace => caller.require_workspace_admin().map(|()| None),
        Reach::Project(wanted) => {
            let there = projects::speak_to(tx, caller, wanted).map_err(|_| {
                let message = format!("There is no project {wanted}, or you have no role in it.");
                Error::field("invalid_value", "project_scope.project_id", message)
            })?;
            there.require(Permission::Admin)?;
            Ok(Some(there.project.id))
        }
    }
}

fn check_owner(tx: &mut Tx<'_>, caller: &Caller, owner: &Owner) -> Result<String> {
    let Some(user_id) = &owner.user_id else {
        if owner.kind == "user" || owner.kind.contains(':') || owner.kind.chars().count() > 40 {
            let message = "An owner has a type of at most 40 characters; of type user it has a user_id as well.";
            return Err(Error::field("invalid_value", "owner", message));
        }
        return Ok(owner.kind.clone());
    };
    super::member::get(tx, caller, user_id)
        .map_err(|_| Error::field("invalid_value", "owner.user_id", "There is no such member."))?;
    Ok(format!("user:{user_id}"))
}

fn check_name(name: &str) -> Result<String> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 128 || name.chars().any(char::is_control) {
        return Err(Error::field("invalid_value", "name", "The name of a key has 1 to 128 characters."));
    }
    Ok(name.to_owned())
}

fn check_expiry(clock: &Clock, expires_at: Option<i64>) -> Result<()> {
    if expires_at.is_some_and(|at| at <= clock.now()) {
        return Err(Error::field("invalid_value", "constraints.expires_at", "The expiry must lie in the future."));
    }
    Ok(())
}

fn check_status(key: &ApiKey, status: &str) -> Result<()> {
    if !["active", "disabled", "revoked"].contains(&status) {
        let message = format!("Invalid value: {status}. Valid options are: active, disabled, revoked.");
        return Err(Error::field("invalid_value", "status", message));
    }
    if key.status == "revoked" && status != "revoked" {
        return Err(Error::conflict("api_key_revoked", "A revoked API key stays revoked. Make a new one."));
    }
    Ok(())
}
