//! Members: the people of a workspace, and their roles.

use serde_json::Value as Json;

use super::caller::{Actor, Caller, Permission, Role};
use super::sign_in;
use crate::clock::Clock;
use crate::db::{Row, Tx};
use crate::error::{Error, Result};
use crate::{id, params};

/// A person of a workspace.
#[derive(Debug, Clone)]
pub struct Member {
    /// Their id.
    pub id: String,
    /// Their workspace.
    pub workspace_id: String,
    /// Their address, in lower case.
    pub email: String,
    /// Their name, for people.
    pub display_name: String,
    /// Owner or admin of everything, or none: only what single projects say.
    pub workspace_role: Option<Role>,
    /// Their role in the project that was asked about.
    pub project_role: Option<Role>,
    /// When they were last seen, in microseconds.
    pub last_activity: Option<i64>,
}

impl Member {
    /// What they are in the project that was asked about.
    pub fn role(&self) -> Option<Role> {
        self.workspace_role.max(self.project_role)
    }
}

const COLUMNS: &str = "m.id, m.workspace_id, m.email, m.display_name, m.workspace_role, m.last_activity, r.role";

fn member(row: &Row) -> Result<Member> {
    let role = |text: Option<String>| text.as_deref().and_then(Role::parse);
    Ok(Member {
        id: row.text(0)?,
        workspace_id: row.text(1)?,
        email: row.text(2)?,
        display_name: row.text(3)?,
        workspace_role: role(row.opt_text(4)?),
        last_activity: row.opt_int(5)?,
        project_role: role(row.opt_text(6)?),
    })
}

/// An e-mail address as it is stored, or why it cannot be one.
pub fn check_email(email: &str) -> Result<String> {
    let email = email.trim().to_lowercase();
    let fits = email.len() <= 254
        && !email.chars().any(|character| character.is_whitespace() || character.is_control())
        && email
            .split_once('@')
            .is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'));
    if fits { Ok(email) } else { Err(Error::field("invalid_email", "email", "This is not an e-mail address.")) }
}

/// A name as it is stored, or why it cannot be one.
pub fn check_name(name: &str) -> Result<String> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
        return Err(Error::field("invalid_name", "display_name", "A name has 1 to 100 characters."));
    }
    Ok(name.to_owned())
}

/// Adds a member, or brings back one who was removed, and returns their id.
///
/// # Errors
/// [`Error::Conflict`] when the address belongs to a member already.
pub fn add(
    tx: &mut Tx<'_>,
    clock: &Clock,
    workspace_id: &str,
    email: &str,
    display_name: &str,
    password_hash: Option<&str>,
    workspace_role: Option<Role>,
) -> Result<String> {
    let (email, name) = (check_email(email)?, check_name(display_name)?);
    let role = check_workspace_role(workspace_role)?.map(Role::name);
    let added = tx.execute(
        "insert into member (id, workspace_id, email, display_name, workspace_role, password_hash, created_at)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (email) do update set display_name = excluded.display_name, disabled_at = null,
           workspace_role = excluded.workspace_role, password_hash = excluded.password_hash
         where member.disabled_at is not null and member.workspace_id = excluded.workspace_id",
        params![id::ulid(clock), workspace_id, &email, name, role, password_hash, clock.now()],
    )?;
    if added == 0 {
        return Err(Error::conflict("email_taken", "There is a member with this e-mail address already."));
    }
    tx.query_one("select id from member where email = $1", params![&email])?.text(0)
}

/// Whether somebody with this address was a member once and is not any more.
pub fn was_removed(tx: &mut Tx<'_>, email: &str) -> Result<bool> {
    let sql = "select 1 from member where email = $1 and disabled_at is not null";
    Ok(tx.query_opt(sql, params![check_email(email)?])?.is_some())
}

/// Gives a member a role in one project, in place of the one they had there.
pub fn set_role(tx: &mut Tx<'_>, member_id: &str, project_id: &str, role: Role) -> Result<()> {
    tx.execute(
        "insert into member_role (member_id, project_id, role) values ($1, $2, $3)
         on conflict (member_id, project_id) do update set role = excluded.role, queues_named = 0",
        params![member_id, project_id, role.name()],
    )
    .map(drop)
}

/// Makes a member a reviewer in one project, of those annotation queues alone that name them.
pub(super) fn set_queue_role(tx: &mut Tx<'_>, member_id: &str, project_id: &str) -> Result<()> {
    set_role(tx, member_id, project_id, Role::Reviewer)?;
    let sql = "update member_role set queues_named = 1 where member_id = $1 and project_id = $2";
    tx.execute(sql, params![member_id, project_id]).map(drop)
}

/// Changes a password and ends every session but the one with the hash `but`.
pub fn set_password(tx: &mut Tx<'_>, member_id: &str, password_hash: &str, but: Option<&str>) -> Result<()> {
    tx.execute("update member set password_hash = $2 where id = $1", params![member_id, password_hash])?;
    sign_in::end_all(tx, member_id, but)
}

/// Notes when a member was last seen.
pub fn record_activity(tx: &mut Tx<'_>, member_id: &str, at: i64) -> Result<()> {
    tx.execute("update member set last_activity = $2 where id = $1", params![member_id, at]).map(drop)
}

/// Makes a one-time link that signs a member in, and returns its secret.
pub fn sign_in_link(tx: &mut Tx<'_>, clock: &Clock, member_id: &str) -> Result<String> {
    sign_in::make_link(tx, clock, member_id)
}

/// A member of any workspace who has not been removed.
pub(super) fn by_id(tx: &mut Tx<'_>, member_id: &str) -> Result<Option<Member>> {
    let sql = format!(
        "select {COLUMNS} from member m left join member_role r on 1 = 0 where m.id = $1 and m.disabled_at is null"
    );
    tx.query_opt(&sql, params![member_id])?.as_ref().map(member).transpose()
}

/// The member with an address and what is stored of their password: for signing in, before anybody is known.
pub fn by_email(tx: &mut Tx<'_>, email: &str) -> Result<Option<(Member, Option<String>)>> {
    let sql = format!(
        "select {COLUMNS}, m.password_hash from member m left join member_role r on 1 = 0
         where m.email = $1 and m.disabled_at is null"
    );
    let row = tx.query_opt(&sql, params![email.trim().to_lowercase()])?;
    row.map(|row| Ok((member(&row)?, row.opt_text(7)?))).transpose()
}

/// What is stored of a member's password.
pub fn password_hash(tx: &mut Tx<'_>, member_id: &str) -> Result<Option<String>> {
    tx.query_one("select password_hash from member where id = $1", params![member_id])?.opt_text(0)
}

/// The members of the caller's project, by name: who has a role there, and who holds one in the whole workspace.
/// With `everywhere`, all members of the workspace.
pub fn list(tx: &mut Tx<'_>, caller: &Caller, everywhere: bool) -> Result<Vec<Member>> {
    let sql = format!(
        "select {COLUMNS} from member m
         left join member_role r on r.member_id = m.id and r.project_id = $2
         where m.workspace_id = $1 and m.disabled_at is null
           and (m.workspace_role is not null or r.role is not null or cast($3 as bigint) = 1)
         order by lower(m.display_name), m.id{{bytes_order}}"
    );
    let everywhere = everywhere && caller.bound_to.is_none();
    tx.query(&sql, params![&caller.workspace_id, &caller.project.id, everywhere])?.iter().map(member).collect()
}

/// A member the caller may see, with their role in the caller's project.
pub fn get(tx: &mut Tx<'_>, caller: &Caller, member_id: &str) -> Result<Member> {
    let sql = format!(
        "select {COLUMNS} from member m
         left join member_role r on r.member_id = m.id and r.project_id = $2
         where m.workspace_id = $1 and m.id = $3 and m.disabled_at is null
           and (m.workspace_role is not null or r.role is not null or cast($4 as bigint) = 1)"
    );
    let found =
        tx.query_opt(&sql, params![&caller.workspace_id, &caller.project.id, member_id, caller.bound_to.is_none()])?;
    let row = found.ok_or_else(|| Error::not_found("member_not_found", "There is no such member."))?;
    member(&row)
}

/// The roles of a member in single projects, as (project id, role).
pub fn roles(tx: &mut Tx<'_>, member_id: &str) -> Result<Vec<(String, Role)>> {
    let rows = tx.query(
        "select r.project_id, r.role from member_role r join project p on p.id = r.project_id
         where r.member_id = $1 and p.archived_at is null order by r.project_id{bytes_order}",
        params![member_id],
    )?;
    let pairs = rows.iter().map(|row| Ok((row.text(0)?, Role::parse(&row.text(1)?))));
    pairs.filter_map(|pair| pair.map(|(id, role)| Some((id, role?))).transpose()).collect()
}

/// What the caller is in their project; a key that may administer counts as an admin, never as an owner.
pub(super) fn rank(tx: &mut Tx<'_>, caller: &Caller) -> Result<Role> {
    Ok(match &caller.actor {
        Actor::Member { id, .. } => get(tx, caller, id)?.role().unwrap_or(Role::Viewer),
        Actor::Key { .. } => key_rank(caller),
    })
}

/// What the caller is in the whole workspace.
fn workspace_rank(tx: &mut Tx<'_>, caller: &Caller) -> Result<Role> {
    caller.require_workspace_admin()?;
    Ok(match &caller.actor {
        Actor::Member { id, .. } => get(tx, caller, id)?.workspace_role.unwrap_or(Role::Viewer),
        Actor::Key { .. } => key_rank(caller),
    })
}

/// A key with few scopes does not make itself more by way of a person.
pub(super) fn require_covered(caller: &Caller, role: Role) -> Result<()> {
    if caller.permissions.covers(role.permissions()) {
        return Ok(());
    }
    Err(Error::Forbidden("You cannot give a role that may do more than you may.".into()))
}

fn key_rank(caller: &Caller) -> Role {
    if caller.permissions.has(Permission::Admin) { Role::Admin } else { Role::Viewer }
}

/// What is to change about a member.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// The role in the caller's project.
    pub role: Option<Role>,
    /// The role in the whole workspace; `Some(None)` takes it away.
    pub workspace_role: Option<Option<Role>>,
    /// The name.
    pub display_name: Option<String>,
}

/// Changes a member. Nobody may give a role above their own, or change somebody who stands above them, and the last
/// owner stays one.
pub fn change(tx: &mut Tx<'_>, caller: &Caller, member_id: &str, change: &Change) -> Result<Member> {
    caller.require(Permission::Admin)?;
    lock(tx, &caller.workspace_id)?;
    let target = get(tx, caller, member_id)?;
    let own = rank(tx, caller)?;
    require_rank(own, target.role(), "change a member whose role is above your own")?;
    if let Some(role) = change.role {
        require_rank(own, Some(role), "give a role above your own")?;
        require_covered(caller, role)?;
        set_role(tx, member_id, &caller.project.id, role)?;
    }
    if let Some(workspace_role) = change.workspace_role {
        let own = workspace_rank(tx, caller)?;
        require_rank(own, target.workspace_role.max(workspace_role), "give or take a role above your own")?;
        check_workspace_role(workspace_role)?;
        workspace_role.map_or(Ok(()), |role| require_covered(caller, role))?;
        if workspace_role != Some(Role::Owner) {
            keep_last_owner(tx, &target)?;
        }
        let name = workspace_role.map(Role::name);
        tx.execute("update member set workspace_role = $2 where id = $1", params![member_id, name])?;
    }
    if let Some(name) = &change.display_name {
        // A name is shown in every project.
        if caller.actor.id() != member_id {
            caller.require_workspace_admin()?;
        }
        let name = check_name(name)?;
        tx.execute("update member set display_name = $2 where id = $1", params![member_id, name])?;
    }
    get(tx, caller, member_id)
}

/// How large a member's preferences may be, in bytes of JSON.
pub const MAX_PREFERENCES: usize = 16 * 1024;

/// What a member changes about themselves.
#[derive(Debug, Clone, Default)]
pub struct OwnChange {
    /// The name.
    pub display_name: Option<String>,
    /// What they chose for themselves in the app, a JSON object; in place of what was stored.
    pub preferences: Option<Json>,
}

/// Changes a member's own name and preferences, which needs no role.
pub fn change_own(tx: &mut Tx<'_>, member_id: &str, change: &OwnChange) -> Result<()> {
    if let Some(name) = &change.display_name {
        let name = check_name(name)?;
        tx.execute("update member set display_name = $2 where id = $1", params![member_id, name])?;
    }
    if let Some(preferences) = &change.preferences {
        let text = preferences.to_string();
        if !preferences.is_object() || text.len() > MAX_PREFERENCES {
            let message = format!("Preferences are a JSON object of at most {MAX_PREFERENCES} bytes.");
            return Err(Error::field("invalid_value", "preferences", message));
        }
        tx.execute("update member set preferences = $2 where id = $1", params![member_id, text])?;
    }
    Ok(())
}

/// What a member chose for themselves in the app.
pub fn preferences(tx: &mut Tx<'_>, member_id: &str) -> Result<Json> {
    tx.query_one("select preferences from member where id = $1", params![member_id])?.json(0)
}

/// Removes a member: from the workspace if the caller speaks for it, unless `project_only`; else from the caller's
/// project. The name stays for what they said; sessions, roles and the keys that are theirs end.
pub fn remove(tx: &mut Tx<'_>, clock: &Clock, caller: &Caller, member_id: &str, project_only: bool) -> Result<()> {
    caller.require(Permission::Admin)?;
    lock(tx, &caller.workspace_id)?;
    let target = get(tx, caller, member_id)?;
    if project_only || caller.bound_to.is_some() {
        require_rank(rank(tx, caller)?, target.role(), "remove a member whose role is above your own")?;
        if target.workspace_role.is_some() {
            let message = "This member holds a role in the whole workspace, which no single project can take away.";
            return Err(Error::conflict("workspace_member", message));
        }
        let sql = "delete from member_role where member_id = $1 and project_id = $2";
        tx.execute(sql, params![member_id, &caller.project.id])?;
        let sql = "update api_key set status = 'revoked', updated_at = $3
          where project_id = $1 and status <> 'deleted' and owner = $2";
        let owner = format!("user:{member_id}");
        return tx.execute(sql, params![&caller.project.id, owner, clock.now()]).map(drop);
    }
    let own = workspace_rank(tx, caller)?;
    require_rank(own, target.workspace_role, "remove a member whose role is above your own")?;
    keep_last_owner(tx, &target)?;
    tx.execute(
        "update member set disabled_at = $2, workspace_role = null, password_hash = null where id = $1",
        params![member_id, clock.now()],
    )?;
    tx.execute("delete from member_role where member_id = $1", params![member_id])?;
    tx.execute(
        "update api_key set status = 'revoked', updated_at = $3 where workspace_id = $1 and status <> 'deleted'
           and owner = $2",
        params![&caller.workspace_id, format!("user:{member_id}"), clock.now()],
    )?;
    sign_in::end_all(tx, member_id, None)
}

/// Changes of roles in a workspace happen one after the other, so that two owners cannot remove each other at once.
fn lock(tx: &mut Tx<'_>, workspace_id: &str) -> Result<()> {
    tx.query("select id from workspace where id = $1{for_update}", params![workspace_id]).map(drop)
}

pub(super) fn require_rank(own: Role, wanted: Option<Role>, what: &str) -> Result<()> {
    if wanted.is_none_or(|wanted| wanted <= own) {
        return Ok(());
    }
    Err(Error::Forbidden(format!("You cannot {what}.")))
}

fn check_workspace_role(role: Option<Role>) -> Result<Option<Role>> {
    if role.is_some_and(|role| role < Role::Admin) {
        let message = "In the whole workspace a member is owner or admin; other roles are given project by project.";
        return Err(Error::field("invalid_role", "workspace_role", message));
    }
    Ok(role)
}

fn keep_last_owner(tx: &mut Tx<'_>, target: &Member) -> Result<()> {
    if target.workspace_role != Some(Role::Owner) {
        return Ok(());
    }
    let others = tx.query_one(
        "select cast(count(*) as bigint) from member
         where workspace_id = $1 and workspace_role = 'owner' and disabled_at is null and id <> $2",
        params![&target.workspace_id, &target.id],
    )?;
    if others.int(0)? == 0 {
        return Err(Error::conflict("last_owner", "The last owner of a workspace cannot be removed or demoted."));
    }
    Ok(())
}
