//! The workspace: what everything belongs to.

use super::caller::Caller;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::params;

/// A workspace.
#[derive(Debug, Clone)]
pub struct Workspace {
    /// Its id, a UUID.
    pub id: String,
    /// Its name in addresses.
    pub key: String,
    /// Its name, for people.
    pub display_name: String,
    /// Its picture.
    pub logo_url: Option<String>,
    /// What clients keep with it.
    pub settings: Extra,
    /// How many members it has.
    pub members: i64,
}

/// What clients keep with a workspace.
#[derive(Debug, Clone, Default, serde::Serialize, serde::Deserialize)]
pub struct Extra {
    /// Their settings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<serde_json::Map<String, serde_json::Value>>,
    /// Their metadata.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<serde_json::Map<String, serde_json::Value>>,
}

/// What is to change about a workspace.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// The name, 1 to 128 characters.
    pub display_name: Option<String>,
    /// The picture; empty takes it away.
    pub logo_url: Option<String>,
    /// What clients keep with it; each part replaces the one before.
    pub extra: Extra,
}

/// A workspace by its id.
pub fn by_id(tx: &mut Tx<'_>, workspace_id: &str) -> Result<Workspace> {
    let row = tx.query_one(
        "select w.id, w.key, w.display_name, w.logo_url, w.settings,
           (select cast(count(*) as bigint) from member m where m.workspace_id = w.id and m.disabled_at is null)
         from workspace w where w.id = $1",
        params![workspace_id],
    )?;
    Ok(Workspace {
        id: row.text(0)?,
        key: row.text(1)?,
        display_name: row.text(2)?,
        logo_url: row.opt_text(3)?,
        settings: row.json(4)?,
        members: row.int(5)?,
    })
}

/// The caller's workspace by its key or id.
pub fn get(tx: &mut Tx<'_>, caller: &Caller, key: &str) -> Result<Workspace> {
    let workspace = by_id(tx, &caller.workspace_id)?;
    if workspace.key != key && workspace.id != key {
        return Err(Error::not_found("workspace_not_found", "There is no such workspace."));
    }
    Ok(workspace)
}

/// Changes the caller's workspace.
pub fn update(tx: &mut Tx<'_>, caller: &Caller, key: &str, change: &Change) -> Result<Workspace> {
    let mut workspace = get(tx, caller, key)?;
    caller.require_workspace_admin()?;
    if let Some(name) = &change.display_name {
        let name = name.trim();
        if name.is_empty() || name.chars().count() > 128 || name.chars().any(char::is_control) {
            let message = "The name of a workspace has 1 to 128 characters.";
            return Err(Error::field("invalid_value", "display_name", message));
        }
        name.clone_into(&mut workspace.display_name);
    }
    if let Some(url) = &change.logo_url {
        let safe = url.starts_with("https://") || url.starts_with("http://") || url.starts_with("data:image/");
        if !url.is_empty() && (!safe || url.len() > 100_000) {
            let message = "A logo is an http, https or data:image address of at most 100000 bytes.";
            return Err(Error::field("invalid_value", "logo_url", message));
        }
        workspace.logo_url = (!url.is_empty()).then(|| url.clone());
    }
    if change.extra.settings.is_some() {
        workspace.settings.settings.clone_from(&change.extra.settings);
    }
    if change.extra.metadata.is_some() {
        workspace.settings.metadata.clone_from(&change.extra.metadata);
    }
    let settings = serde_json::to_string(&workspace.settings).map_err(Error::internal)?;
    tx.execute(
        "update workspace set display_name = $2, logo_url = $3, settings = $4 where id = $1",
        params![&workspace.id, &workspace.display_name, &workspace.logo_url, settings],
    )?;
    Ok(workspace)
}
