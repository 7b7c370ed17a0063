//! API keys: random, shown once, stored as a hash.

use sha2::{Digest, Sha256};

use super::caller::{Actor, Caller, Permissions, ProjectRef};
use crate::clock::Clock;
use crate::db::Tx;
use crate::error::Result;
use crate::{id, params};

/// What every key begins with, so that leak scanners and people recognise it.
pub const PREFIX: &str = "sk-orq-postil-";

/// A new key: 256 random bits behind [`PREFIX`].
pub fn generate() -> String {
    format!("{PREFIX}{}", id::secret::<32>())
}

/// What is stored of a key. Keys are random, so a plain hash cannot be guessed back.
pub fn hash(token: &str) -> String {
    hex::encode(Sha256::digest(token.as_bytes()))
}

/// What is shown of a key after its creation: its first and last characters.
pub fn masked(token: &str) -> String {
    let tail: String = token.chars().rev().take(4).collect::<Vec<_>>().into_iter().rev().collect();
    let head: String = token.chars().take(PREFIX.len().min(token.chars().count() / 2)).collect();
    format!("{head}…{tail}")
}

/// What a new key is to be.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// Its name, for people.
    pub name: String,
    /// The workspace it speaks for.
    pub workspace_id: String,
    /// The one project it is bound to, or none for all of the workspace.
    pub project_id: Option<String>,
    /// What it may do: some of [`super::caller::SCOPES`].
    pub scopes: Vec<String>,
    /// `all`, `restricted` or `read_only`, as clients see it.
    pub permission_mode: String,
    /// Access by domain, as clients sent it; JSON.
    pub access: String,
    /// When it stops working, in microseconds.
    pub expires_at: Option<i64>,
    /// Who makes it.
    pub created_by: String,
}

/// Stores a key under its hash and returns its id.
pub fn insert(tx: &mut Tx<'_>, clock: &Clock, token: &str, new: &NewKey) -> Result<String> {
    let (id, now) = (id::ulid(clock), clock.now());
    tx.execute(
        "insert into api_key (id, workspace_id, project_id, name, token_hash, token_prefix, scopes, permission_mode,
           access, status, expires_at, created_by, updated_by, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'active', $10, $11, $11, $12, $12)",
        params![
            &id,
            &new.workspace_id,
            &new.project_id,
            &new.name,
            hash(token),
            masked(token),
            serde_json::to_string(&new.scopes).unwrap_or_default(),
            &new.permission_mode,
            &new.access,
            new.expires_at,
            &new.created_by,
            now
        ],
    )?;
    Ok(id)
}

/// Who a key speaks for, and where: in `wanted_project` if the key may, else in the key's own or the default project.
/// None when there is no such key, or it has expired, is switched off, or may not speak for that project.
pub fn authenticate(
    tx: &mut Tx<'_>,
    clock: &Clock,
    token_hash: &str,
    wanted_project: Option<&str>,
) -> Result<Option<Caller>> {
    let row = tx.query_opt(
        "select k.id, k.name, k.workspace_id, k.project_id, k.scopes, p.id, p.number
         from api_key k
         join project p on p.workspace_id = k.workspace_id and p.archived_at is null
           and (k.project_id is null or k.project_id = p.id)
           and (($2 = '' and (k.project_id is not null or p.is_default = 1)) or p.id = $2 or p.key = $2)
         where k.token_hash = $1 and k.status = 'active' and (k.expires_at is null or k.expires_at > $3)",
        params![token_hash, wanted_project.unwrap_or(""), clock.now()],
    )?;
    row.map(|row| {
        let scopes: Vec<String> = row.json(4)?;
        Ok(Caller {
            actor: Actor::Key { id: row.text(0)?, name: row.text(1)? },
            workspace_id: row.text(2)?,
            bound_to: row.opt_text(3)?,
            permissions: Permissions::of_scopes(&scopes),
            project: ProjectRef { id: row.text(5)?, number: row.int(6)? },
            client: None,
        })
    })
    .transpose()
}
