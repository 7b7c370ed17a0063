//! Who is signed in: sessions of the web app, and one-time links that start one.

use sha2::{Digest, Sha256};

use super::caller::{Actor, Caller, ProjectRef, Role};
use super::key;
use super::member::{self, Member};
use crate::clock::Clock;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::{id, params};

/// How long a session lasts, in microseconds: 30 days.
pub const SESSION: i64 = 30 * 24 * 3600 * 1_000_000;
/// How long a one-time link works, in microseconds: an hour.
pub const LINK: i64 = 3600 * 1_000_000;

/// A member who is signed in with a session.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// Who it is.
    pub member: Member,
    /// The hash of the session's secret.
    pub token_hash: String,
}

/// What a page must send along with every change, so that no other page can make one: derived from the session's
/// secret, so that checking it needs no database.
pub fn csrf_token(session: &str) -> String {
    hex::encode(Sha256::digest(format!("csrf:{session}").as_bytes()))
}

/// Starts a session and returns its secret, which is stored only as a hash.
pub fn start(tx: &mut Tx<'_>, clock: &Clock, member_id: &str, user_agent: Option<&str>) -> Result<String> {
    let (token, now) = (id::secret::<32>(), clock.now());
    tx.execute("delete from sign_in where expires_at <= $1", params![now])?;
    tx.execute(
        "insert into sign_in (token_hash, member_id, user_agent, created_at, expires_at) values ($1, $2, $3, $4, $5)",
        params![key::hash(&token), member_id, user_agent, now, now + SESSION],
    )?;
    tx.execute("update member set last_activity = $2 where id = $1", params![member_id, now])?;
    Ok(token)
}

/// Whose session this is, if it has not ended and they have not been removed.
pub fn find(tx: &mut Tx<'_>, clock: &Clock, token_hash: &str) -> Result<Option<SignedIn>> {
    let row = tx.query_opt(
        "select s.member_id from sign_in s where s.token_hash = $1 and s.expires_at > $2",
        params![token_hash, clock.now()],
    )?;
    let Some(row) = row else { return Ok(None) };
    let member = member::by_id(tx, &row.text(0)?)?;
    Ok(member.map(|member| SignedIn { member, token_hash: token_hash.to_owned() }))
}

/// Who speaks in a session, and where: in `wanted_project`, else in the default project, else in the first project the
/// member has a role in. None when there is no such session.
///
/// # Errors
/// [`Error::NotFound`] when the member has no role there, whether the project exists or not.
pub fn authenticate(
    tx: &mut Tx<'_>,
    clock: &Clock,
    token_hash: &str,
    wanted_project: Option<&str>,
) -> Result<Option<Caller>> {
    let Some(SignedIn { member, .. }) = find(tx, clock, token_hash)? else { return Ok(None) };
    caller(tx, &member, wanted_project).map(Some)
}

/// A member as a caller in a project.
pub(super) fn caller(tx: &mut Tx<'_>, member: &Member, wanted_project: Option<&str>) -> Result<Caller> {
    let row = tx.query_opt(
        "select p.id, p.number, r.role from project p
         left join member_role r on r.project_id = p.id and r.member_id = $1
         where p.workspace_id = $2 and p.archived_at is null and ($3 = '' or p.id = $3 or p.key = $3)
           and (r.role is not null or cast($4 as bigint) = 1)
         order by p.is_default desc, p.created_at, p.id{bytes_order} limit 1",
        params![&member.id, &member.workspace_id, wanted_project.unwrap_or(""), member.workspace_role.is_some()],
    )?;
    let row = row.ok_or_else(no_project)?;
    let project_role = row.opt_text(2)?.and_then(|text| Role::parse(&text));
    let role = member.workspace_role.max(project_role).ok_or_else(no_project)?;
    let project = ProjectRef { id: row.text(0)?, number: row.int(1)? };
    Ok(Caller {
        workspace_id: member.workspace_id.clone(),
        bound_to: member.workspace_role.is_none().then(|| project.id.clone()),
        project,
        actor: Actor::Member { id: member.id.clone(), name: member.display_name.clone() },
        permissions: role.permissions(),
        client: None,
    })
}

/// The one answer for a project that does not exist and for one the caller must not know of.
pub(super) fn no_project() -> Error {
    Error::not_found("project_not_found", "There is no such project, or you have no role in it.")
}

/// Ends one session.
pub fn end(tx: &mut Tx<'_>, token_hash: &str) -> Result<()> {
    tx.execute("delete from sign_in where token_hash = $1", params![token_hash]).map(drop)
}

/// Ends all sessions of a member but the one with this hash, and makes their unused links useless.
pub fn end_all(tx: &mut Tx<'_>, member_id: &str, but: Option<&str>) -> Result<()> {
    tx.execute("delete from sign_in where member_id = $1 and token_hash <> $2", params![member_id, but.unwrap_or("")])?;
    tx.execute("delete from sign_in_link where member_id = $1", params![member_id]).map(drop)
}

/// Makes a one-time link for a member and returns its secret.
pub fn make_link(tx: &mut Tx<'_>, clock: &Clock, member_id: &str) -> Result<String> {
    let (token, now) = (id::secret::<32>(), clock.now());
    tx.execute("delete from sign_in_link where expires_at <= $1", params![now])?;
    tx.execute(
        "insert into sign_in_link (token_hash, member_id, expires_at) values ($1, $2, $3)",
        params![key::hash(&token), member_id, now + LINK],
    )?;
    Ok(token)
}

/// Uses a one-time link: who it signs in, once. None when it is unknown, too old or was used.
pub fn use_link(tx: &mut Tx<'_>, clock: &Clock, token: &str) -> Result<Option<Member>> {
    let row = tx.query_opt(
        "update sign_in_link set used_at = $2 where token_hash = $1 and used_at is null and expires_at > $2
         returning member_id",
        params![key::hash(token), clock.now()],
    )?;
    match row {
        Some(row) => member::by_id(tx, &row.text(0)?),
        None => Ok(None),
    }
}
