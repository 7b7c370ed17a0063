//! The projects of a workspace.

use super::caller::{Actor, Caller, Permission, ProjectRef};
use super::{member, sign_in};
use crate::clock::Clock;
use crate::db::{Row, Tx};
use crate::error::{Error, Result};
use crate::{id, params};

/// A project.
#[derive(Debug, Clone)]
pub struct Project {
    /// Its id and its number.
    pub reference: ProjectRef,
    /// Its name in addresses, unique in the workspace.
    pub key: String,
    /// Its name, for people.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Teams, as clients name them.
    pub teams: Vec<String>,
    /// For how many days traces are kept; none: for ever.
    pub retention_days: Option<i64>,
    /// Whether calls without a project go here.
    pub is_default: bool,
    /// When it was deleted, in microseconds.
    pub archived_at: Option<i64>,
    /// Since when its data goes for good, in microseconds; from then on it cannot be brought back.
    pub deleting_since: Option<i64>,
    /// When it was made, in microseconds.
    pub created_at: i64,
    /// When it was changed last, in microseconds.
    pub updated_at: i64,
    /// Who made it.
    pub created_by: String,
    /// Who changed it last.
    pub updated_by: String,
}

/// What a project is to be; what is none stays as it is.
#[derive(Debug, Clone, Default)]
pub struct Draft {
    /// Its name, 1 to 128 characters.
    pub name: Option<String>,
    /// What it is for, at most 500 characters.
    pub description: Option<String>,
    /// Teams, as clients name them.
    pub teams: Option<Vec<String>>,
    /// For how many days traces are kept, 1 to 3650; `Some(0)`: for ever.
    pub retention_days: Option<i64>,
}

/// The longest time for which traces can be kept, but for ever.
pub const MAX_RETENTION_DAYS: i64 = 3650;

const COLUMNS: &str =
    "p.id, p.number, p.key, p.name, p.description, p.teams, p.is_default, p.archived_at, p.created_at,
    p.updated_at, p.created_by, p.updated_by, p.retention_days, p.deleting_since";

fn read(row: &Row) -> Result<Project> {
    Ok(Project {
        reference: ProjectRef { id: row.text(0)?, number: row.int(1)? },
        key: row.text(2)?,
        name: row.text(3)?,
        description: row.text(4)?,
        teams: row.json(5)?,
        is_default: row.bool(6)?,
        archived_at: row.opt_int(7)?,
        created_at: row.int(8)?,
        updated_at: row.int(9)?,
        created_by: row.text(10)?,
        updated_by: row.text(11)?,
        retention_days: row.opt_int(12)?,
        deleting_since: row.opt_int(13)?,
    })
}

/// The caller as they are in another project of their workspace, by its id or key.
///
/// # Errors
/// [`Error::NotFound`] when there is no such project or the caller has no part in it; which of the two is not said.
pub fn speak_to(tx: &mut Tx<'_>, caller: &Caller, project: &str) -> Result<Caller> {
    let there = match &caller.actor {
        Actor::Member { id, .. } => {
            let member = member::by_id(tx, id)?.ok_or_else(sign_in::no_project)?;
            sign_in::caller(tx, &member, Some(project))?
        }
        Actor::Key { .. } => {
            let row = tx.query_opt(
                "select id, number from project where workspace_id = $1 and archived_at is null
                   and (id = $2 or key = $2) and ($3 = '' or id = $3)",
                params![&caller.workspace_id, project, caller.bound_to.as_deref().unwrap_or("")],
            )?;
            let row = row.ok_or_else(sign_in::no_project)?;
            Caller { project: ProjectRef { id: row.text(0)?, number: row.int(1)? }, ..caller.clone() }
        }
    };
    Ok(Caller { client: caller.client.clone(), ..there })
}

/// The projects the caller may read, newest first.
pub fn list(tx: &mut Tx<'_>, caller: &Caller) -> Result<Vec<Project>> {
    let (member_id, bound_to) = match (&caller.actor, &caller.bound_to) {
        (_, None) => ("", ""),
        (Actor::Member { id, .. }, Some(_)) => (id.as_str(), ""),
        (Actor::Key { .. }, Some(project)) => ("", project.as_str()),
    };
    of(tx, &caller.workspace_id, member_id, bound_to)
}

/// The projects a member has a part in, newest first.
pub fn of_member(tx: &mut Tx<'_>, member: &member::Member) -> Result<Vec<Project>> {
    let only = if member.workspace_role.is_some() { "" } else { member.id.as_str() };
    of(tx, &member.workspace_id, only, "")
}

fn of(tx: &mut Tx<'_>, workspace_id: &str, member_id: &str, bound_to: &str) -> Result<Vec<Project>> {
    let sql = format!(
        "select {COLUMNS} from project p
         where p.workspace_id = $1 and p.archived_at is null and ($3 = '' or p.id = $3)
           and ($2 = '' or exists (select 1 from member_role r where r.member_id = $2 and r.project_id = p.id))
         order by p.created_at desc, p.id{{bytes_order}} desc"
    );
    tx.query(&sql, params![workspace_id, member_id, bound_to])?.iter().map(read).collect()
}

/// One project the caller has a part in, by id or key.
pub fn get(tx: &mut Tx<'_>, caller: &Caller, project: &str) -> Result<Project> {
    let there = speak_to(tx, caller, project)?;
    there.require(Permission::Read)?;
    by_id(tx, &there.project.id)
}

fn by_id(tx: &mut Tx<'_>, project_id: &str) -> Result<Project> {
    let sql = format!("select {COLUMNS} from project p where p.id = $1");
    read(&tx.query_one(&sql, params![project_id])?)
}

/// Makes a project. What a new project starts with (its human reviews) is the caller's to add in the same transaction.
pub fn create(tx: &mut Tx<'_>, clock: &Clock, caller: &Caller, draft: &Draft) -> Result<Project> {
    caller.require_workspace_admin()?;
    let (draft, project_id, now) = (check(draft)?, id::ulid(clock), clock.now());
    let name = draft.name.ok_or_else(|| Error::field("invalid_value", "name", "A project has a name."))?;
    let teams = serde_json::to_string(&draft.teams.unwrap_or_default()).map_err(Error::internal)?;
    // Whoever makes a project at the same moment may take the number or the key; then the next ones are tried.
    for _ in 0..20 {
        let key = free_key(tx, &caller.workspace_id, &name)?;
        let made = tx.execute(
            "insert into project (id, number, workspace_id, key, name, description, teams, created_at, updated_at,
               created_by, updated_by, retention_days)
             select $1, coalesce(max(number), 0) + 1, $2, $3, $4, $5, $6, cast($7 as bigint), cast($7 as bigint), $8, $8,
               nullif(cast($9 as bigint), 0)
             from project where 1 = 1 on conflict do nothing",
            params![
                &project_id,
                &caller.workspace_id,
                &key,
                &name,
                draft.description.as_deref().unwrap_or(""),
                &teams,
                now,
                caller.actor.id(),
                draft.retention_days
            ],
        )?;
        if made == 1 {
            return by_id(tx, &project_id);
        }
    }
    Err(Error::Overloaded)
}

/// Says that the data of an archived project goes for good from now on.
///
/// # Errors
/// [`Error::Conflict`] `project_deleting` when that was said before.
pub fn give_up(tx: &mut Tx<'_>, clock: &Clock, caller: &Caller, project_id: &str) -> Result<ProjectRef> {
    let found = one_archived(tx, caller, project_id)?;
    let sql =
        "update project set deleting_since = $2 where id = $1 and archived_at is not null and deleting_since is null";
    if tx.execute(sql, params![project_id, clock.now()])? == 0 {
        return Err(deleting());
    }
    Ok(found.reference)
}

fn one_archived(tx: &mut Tx<'_>, caller: &Caller, project_id: &str) -> Result<Project> {
    let found = archived(tx, caller)?.into_iter().find(|project| project.reference.id == project_id);
    match found {
        Some(project) if project.deleting_since.is_some() => Err(deleting()),
        Some(project) => Ok(project),
        None => Err(Error::not_found("project_not_found", "There is no archived project with this id.")),
    }
}

fn deleting() -> Error {
    Error::conflict("project_deleting", "This project is being deleted for good.")
}

/// Changes a project the caller may administer.
pub fn update(tx: &mut Tx<'_>, clock: &Clock, caller: &Caller, project: &str, draft: &Draft) -> Result<Project> {
    let there = speak_to(tx, caller, project)?;
    there.require(Permission::Admin)?;
    let draft = check(draft)?;
    let teams = draft.teams.map(|teams| serde_json::to_string(&teams)).transpose().map_err(Error::internal)?;
    tx.execute(
        "update project set name = coalesce($2, name), description = coalesce($3, description),
           teams = coalesce($4, teams), updated_at = $5, updated_by = $6,
           retention_days = nullif(coalesce(cast($7 as bigint), retention_days, 0), 0) where id = $1",
        params![
            &there.project.id,
            draft.name,
            draft.description,
            teams,
            clock.now(),
            caller.actor.id(),
            draft.retention_days
        ],
    )?;
    by_id(tx, &there.project.id)
}

/// Archives a project: it is no longer shown, its keys stop working, its data stays for a time. The default one cannot go.
pub fn archive(tx: &mut Tx<'_>, clock: &Clock, caller: &Caller, project: &str) -> Result<Project> {
    let there = speak_to(tx, caller, project)?;
    caller.require_workspace_admin()?;
    let found = by_id(tx, &there.project.id)?;
    if found.is_default {
        return Err(Error::conflict("default_project", "The default project cannot be deleted."));
    }
    // The key is free again for a project to come.
    tx.execute(
        "update project set archived_at = $2, updated_at = $2, updated_by = $3, key = key || '~' || id where id = $1",
        params![&there.project.id, clock.now(), caller.actor.id()],
    )?;
    Ok(found)
}

/// The archived projects of the caller's workspace, the last one first.
pub fn archived(tx: &mut Tx<'_>, caller: &Caller) -> Result<Vec<Project>> {
    caller.require_workspace_admin()?;
    let sql = format!(
        "select {COLUMNS} from project p where p.workspace_id = $1 and p.archived_at is not null
         order by p.archived_at desc, p.id{{bytes_order}} desc"
    );
    tx.query(&sql, params![&caller.workspace_id])?.iter().map(read).collect()
}

/// Brings an archived project back, with its data and its keys. Its name in addresses may belong to another one now; then
/// it gets the next free one.
///
/// # Errors
/// [`Error::Conflict`] `project_deleting` when its data goes already.
pub fn restore(tx: &mut Tx<'_>, clock: &Clock, caller: &Caller, project_id: &str) -> Result<Project> {
    let found = one_archived(tx, caller, project_id)?;
    let before = found.key.split('~').next().unwrap_or_default();
    for _ in 0..20 {
        let key = free_key(tx, &caller.workspace_id, before)?;
        let restored = tx.execute(
            "update project set archived_at = null, key = $2, updated_at = $3, updated_by = $4 where id = $1
               and deleting_since is null
               and not exists (select 1 from project p where p.workspace_id = $5 and p.key = $2)",
            params![project_id, &key, clock.now(), caller.actor.id(), &caller.workspace_id],
        )?;
        if restored == 1 {
            return by_id(tx, project_id);
        }
    }
    Err(Error::Overloaded)
}

fn check(draft: &Draft) -> Result<Draft> {
    let mut draft = draft.clone();
    if let Some(name) = &mut draft.name {
        *name = name.trim().to_owned();
        if name.is_empty() || name.chars().count() > 128 || name.chars().any(char::is_control) {
            return Err(Error::field("invalid_value", "name", "The name of a project has 1 to 128 characters."));
        }
    }
    if draft.description.as_ref().is_some_and(|text| text.chars().count() > 500) {
        let message = "The description of a project has at most 500 characters.";
        return Err(Error::field("invalid_value", "description", message));
    }
    if draft.teams.as_ref().is_some_and(|teams| teams.len() > 100 || teams.iter().any(|team| team.len() > 200)) {
        return Err(Error::field("invalid_value", "teams", "A project has at most 100 teams of 200 characters."));
    }
    if draft.retention_days.is_some_and(|days| !(0..=MAX_RETENTION_DAYS).contains(&days)) {
        let message = format!("Traces are kept for 1 to {MAX_RETENTION_DAYS} days, or with 0 for ever.");
        return Err(Error::field("invalid_value", "retention_days", message));
    }
    Ok(draft)
}

/// The name as it can stand in addresses.
fn slug(name: &str) -> String {
    let mut slug = String::new();
    for character in name.chars().flat_map(char::to_lowercase) {
        if character.is_ascii_alphanumeric() {
            slug.push(character);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(60);
    let slug = slug.trim_matches('-');
    if slug.is_empty() { "project".into() } else { slug.into() }
}

fn free_key(tx: &mut Tx<'_>, workspace_id: &str, name: &str) -> Result<String> {
    let slug = slug(name);
    let rows = tx.query(
        "select key from project where workspace_id = $1 and (key = $2 or key like $3)",
        params![workspace_id, &slug, format!("{slug}-%")],
    )?;
    let taken = rows.iter().map(|row| row.text(0)).collect::<Result<Vec<_>>>()?;
    let mut key = slug.clone();
    let mut number = 2;
    while taken.contains(&key) {
        key = format!("{slug}-{number}");
        number += 1;
    }
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::slug;

    #[test]
    fn a_key_is_the_name_fit_for_an_address() {
        assert_eq!(slug("Customer Support (EU)"), "customer-support-eu");
        assert_eq!(slug("  --- "), "project");
        assert_eq!(slug("日本"), "project");
        assert!(slug(&"word ".repeat(50)).len() <= 60);
    }
}
