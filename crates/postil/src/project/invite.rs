//! Invites: links that make whoever opens them a member of a project.

use super::caller::{Caller, Permission, Permissions, Role};
use super::member::{self, Member};
use super::sign_in;
use super::{key, projects};
use crate::clock::Clock;
use crate::db::{Row, Tx};
use crate::error::{Error, Result};
use crate::{id, params};

/// How long an invite works when nothing is said, in days.
pub const DAYS: i64 = 7;
/// How long an invite may work at most, in days.
pub const MOST_DAYS: i64 = 90;

/// An invite, as those see it who may make one.
#[derive(Debug, Clone)]
pub struct Invite {
    /// Its id.
    pub id: String,
    /// The project it opens.
    pub project_id: String,
    /// The project's name.
    pub project_name: String,
    /// The workspace of the project.
    pub workspace_id: String,
    /// The workspace's name.
    pub workspace_name: String,
    /// The only address it works for, if it is for one.
    pub email: Option<String>,
    /// What it makes of who accepts it.
    pub role: Role,
    /// The only annotation queue it opens, if it is limited to one.
    pub queue_id: Option<String>,
    /// Who made it.
    pub created_by: String,
    /// When it was made, in microseconds.
    pub created_at: i64,
    /// When it stops working, in microseconds.
    pub expires_at: i64,
    /// When it was accepted, in microseconds.
    pub used_at: Option<i64>,
    /// The member who accepted it.
    pub used_by: Option<String>,
}

/// What a new invite is to be.
#[derive(Debug, Clone)]
pub struct Draft {
    /// What it makes of who accepts it.
    pub role: Role,
    /// The only address it works for.
    pub email: Option<String>,
    /// How many days it works.
    pub days: Option<i64>,
    /// The only annotation queue it opens. Whether there is one is the business of the room of queues.
    pub queue_id: Option<String>,
}

const SELECT: &str = "select i.id, i.project_id, p.name, i.workspace_id, w.display_name, i.email, i.role, i.created_by,
      i.created_at, i.expires_at, i.used_at, i.used_by, i.queue_id
    from invite i join project p on p.id = i.project_id join workspace w on w.id = i.workspace_id";

fn read(row: &Row) -> Result<Invite> {
    Ok(Invite {
        id: row.text(0)?,
        project_id: row.text(1)?,
        project_name: row.text(2)?,
        workspace_id: row.text(3)?,
        workspace_name: row.text(4)?,
        email: row.opt_text(5)?,
        role: Role::parse(&row.text(6)?).ok_or_else(|| Error::internal("an invite has an unknown role"))?,
        created_by: row.text(7)?,
        created_at: row.int(8)?,
        expires_at: row.int(9)?,
        used_at: row.opt_int(10)?,
        used_by: row.opt_text(11)?,
        queue_id: row.opt_text(12)?,
    })
}

/// Makes an invite to the caller's project and returns it with its secret. Nobody can give a role above their own.
pub fn create(tx: &mut Tx<'_>, clock: &Clock, caller: &Caller, draft: &Draft) -> Result<(Invite, String)> {
    caller.require(Permission::Admin)?;
    member::require_rank(member::rank(tx, caller)?, Some(draft.role), "give a role above your own")?;
    member::require_covered(caller, draft.role)?;
    let email = draft.email.as_deref().map(member::check_email).transpose()?;
    let days = draft.days.unwrap_or(DAYS);
    if !(1..=MOST_DAYS).contains(&days) {
        let message = format!("An invite works for 1 to {MOST_DAYS} days.");
        return Err(Error::field("invalid_value", "expires_in_days", message));
    }
    let (invite_id, token, now) = (id::ulid(clock), id::secret::<32>(), clock.now());
    tx.execute(
        "insert into invite (id, token_hash, workspace_id, project_id, email, role, created_by, created_at, expires_at,
           queue_id)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        params![
            &invite_id,
            key::hash(&token),
            &caller.workspace_id,
            &caller.project.id,
            email,
            draft.role.name(),
            caller.actor.id(),
            now,
            now + days * 24 * 3600 * 1_000_000,
            &draft.queue_id
        ],
    )?;
    let row = tx.query_one(&format!("{SELECT} where i.id = $1"), params![&invite_id])?;
    Ok((read(&row)?, token))
}

/// The invites of the caller's project, newest first, used and lapsed ones too.
pub fn list(tx: &mut Tx<'_>, caller: &Caller) -> Result<Vec<Invite>> {
    caller.require(Permission::Admin)?;
    let sql =
        format!("{SELECT} where i.project_id = $1 order by i.created_at desc, i.id{{bytes_order}} desc limit 500");
    tx.query(&sql, params![&caller.project.id])?.iter().map(read).collect()
}

/// Takes an invite of the caller's project back.
pub fn revoke(tx: &mut Tx<'_>, caller: &Caller, invite_id: &str) -> Result<()> {
    caller.require(Permission::Admin)?;
    let sql = "delete from invite where id = $1 and project_id = $2 and used_at is null";
    if tx.execute(sql, params![invite_id, &caller.project.id])? == 0 {
        return Err(Error::not_found("invite_not_found", "There is no such open invite."));
    }
    Ok(())
}

/// Whether whoever made an invite could still make it: neither may somebody who was removed come back by a link of
/// their own, nor may a key that was revoked leave one behind.
fn may_still_invite(tx: &mut Tx<'_>, clock: &Clock, invite: &Invite) -> Result<bool> {
    let sql = "select m.workspace_role, r.role from member m
        left join member_role r on r.member_id = m.id and r.project_id = $2
        where m.id = $1 and m.disabled_at is null";
    if let Some(row) = tx.query_opt(sql, params![&invite.created_by, &invite.project_id])? {
        let roles = [row.opt_text(0)?, row.opt_text(1)?];
        let rank = roles.iter().flatten().filter_map(|name| Role::parse(name)).max();
        return Ok(rank.is_some_and(|rank| rank >= Role::Admin && rank >= invite.role));
    }
    // Members stay in their table, and a key that is deleted takes its open invites along.
    let sql = "select 1 from member where id = $1";
    if tx.query_opt(sql, params![&invite.created_by])?.is_some() {
        return Ok(false);
    }
    let sql = "select scopes, status, expires_at, project_id from api_key where id = $1";
    let Some(key) = tx.query_opt(sql, params![&invite.created_by])? else { return Ok(true) };
    let permissions = Permissions::of_scopes(&key.json::<Vec<String>>(0)?);
    let works = key.text(1)? == "active" && key.opt_int(2)?.is_none_or(|until| until > clock.now());
    let here = key.opt_text(3)?.is_none_or(|project_id| project_id == invite.project_id);
    Ok(works && here && permissions.has(Permission::Admin) && permissions.covers(invite.role.permissions()))
}

/// The open invite behind a secret. Unknown, used, lapsed and revoked ones cannot be told apart.
pub fn by_token(tx: &mut Tx<'_>, clock: &Clock, token: &str) -> Result<Invite> {
    let sql = format!(
        "{SELECT} where i.token_hash = $1 and i.used_at is null and i.expires_at > $2 and p.archived_at is null"
    );
    let found = tx.query_opt(&sql, params![key::hash(token), clock.now()])?;
    let invite = read(&found.ok_or_else(gone)?)?;
    if may_still_invite(tx, clock, &invite)? { Ok(invite) } else { Err(gone()) }
}

fn gone() -> Error {
    Error::not_found("invite_not_found", "This invite does not exist, was used, or has expired.")
}

/// Who accepts an invite.
#[derive(Debug, Clone)]
pub enum Guest {
    /// Someone new, with what they say of themselves.
    New {
        /// Their name.
        display_name: String,
        /// Their address, if the invite does not say it.
        email: Option<String>,
        /// What is stored of their password.
        password_hash: String,
    },
    /// A member who is signed in.
    Member(Member),
}

/// Accepts an invite, once, and returns the id of the member.
///
/// # Errors
/// [`Error::Conflict`] when the address belongs to a member already: they sign in first, then accept.
pub fn accept(tx: &mut Tx<'_>, clock: &Clock, token: &str, guest: &Guest) -> Result<String> {
    let invite = by_token(tx, clock, token)?;
    let member_id = match guest {
        Guest::New { display_name, email, password_hash } => {
            let email = match (&invite.email, email) {
                (Some(meant), Some(given)) if member::check_email(given)? != *meant => return Err(not_for_you()),
                (Some(meant), _) => meant,
                (None, Some(given)) => given,
                (None, None) => return Err(Error::field("invalid_email", "email", "Give your e-mail address.")),
            };
            // Addresses are not verified: only an invite that names one may bring back who was removed under it.
            if invite.email.is_none() && member::was_removed(tx, email)? {
                return Err(Error::Forbidden("Ask for an invite that names your e-mail address.".into()));
            }
            member::add(tx, clock, &invite.workspace_id, email, display_name, Some(password_hash), None)?
        }
        Guest::Member(member) => {
            if invite.email.as_ref().is_some_and(|meant| *meant != member.email)
                || invite.workspace_id != member.workspace_id
            {
                return Err(not_for_you());
            }
            member.id.clone()
        }
    };
    let used = tx.execute(
        "update invite set used_at = $2, used_by = $3 where id = $1 and used_at is null",
        params![&invite.id, clock.now(), &member_id],
    )?;
    if used == 0 {
        return Err(gone());
    }
    let present = member::roles(tx, &member_id)?.into_iter().find(|(project, _)| *project == invite.project_id);
    let present = present.map(|(_, role)| role);
    // An invite never takes anything away, and a reviewer reads less than a viewer.
    if present == Some(Role::Viewer) && invite.role == Role::Reviewer {
        let message = "You read this project as a viewer, which reviewers do not. Ask for the role developer instead.";
        return Err(Error::conflict("role_conflict", message));
    }
    match (present, &invite.queue_id) {
        // Whoever has a part in the project keeps it, and is named by the queue as well.
        (Some(_), Some(_)) => {}
        (None, Some(_)) => member::set_queue_role(tx, &member_id, &invite.project_id)?,
        (present, None) => {
            let role = present.map_or(invite.role, |role| role.max(invite.role));
            member::set_role(tx, &member_id, &invite.project_id, role)?;
        }
    }
    Ok(member_id)
}

fn not_for_you() -> Error {
    Error::Forbidden("This invite is for another e-mail address.".into())
}

/// Adds people to a project without an invite, or changes the roles of those who are there; they sign in with one-time
/// links.
pub fn add_people(
    tx: &mut Tx<'_>,
    clock: &Clock,
    caller: &Caller,
    project: Option<&str>,
    emails: &[String],
    role: Role,
) -> Result<Vec<Member>> {
    caller.require_workspace_admin()?;
    let there = project.map_or_else(|| Ok(caller.clone()), |project| projects::speak_to(tx, caller, project))?;
    let mut added = Vec::new();
    for (at, email) in emails.iter().enumerate() {
        let wrong = |_| Error::field("invalid_email", format!("emails[{at}]"), "This is not an e-mail address.");
        let email = member::check_email(email).map_err(wrong)?;
        let present = member::by_email(tx, &email)?.map(|(member, _)| member.id);
        let member_id = match present {
            Some(id) => id,
            None => {
                let name = email.split('@').next().unwrap_or(&email).chars().take(100).collect::<String>();
                member::add(tx, clock, &caller.workspace_id, &email, &name, None, None)?
            }
        };
        let change = if role >= Role::Admin {
            member::Change { workspace_role: Some(Some(role)), ..member::Change::default() }
        } else {
            member::Change { role: Some(role), ..member::Change::default() }
        };
        added.push(member::change(tx, &there, &member_id, &change)?);
    }
    Ok(added)
}

/// Starts a session for a member whose invite was just accepted.
pub fn welcome(tx: &mut Tx<'_>, clock: &Clock, member_id: &str, user_agent: Option<&str>) -> Result<(Member, String)> {
    let member = member::by_id(tx, member_id)?.ok_or_else(|| Error::internal("a new member is gone"))?;
    let session = sign_in::start(tx, clock, member_id, user_agent)?;
    Ok((member, session))
}
