//! What the command line and the start of the server ask: the operator of the machine stands above all projects.

use super::start::Home;
use crate::clock::Clock;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::params;

/// A member, as the operator sees them.
#[derive(Debug, Clone)]
pub struct MemberRow {
    /// Their id.
    pub id: String,
    /// Their email address.
    pub email: String,
    /// Their role in the whole workspace, if they have one.
    pub workspace_role: Option<String>,
    /// Whether they can sign in.
    pub is_disabled: bool,
}

/// An API key, as the operator sees it.
#[derive(Debug, Clone)]
pub struct KeyRow {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its first and last characters.
    pub masked: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// Whether it works.
    pub status: String,
    /// When it was last used, in microseconds.
    pub last_used_at: Option<i64>,
}

/// What an empty database lacks.
#[derive(Debug, Clone, Copy)]
pub struct Lacking {
    /// There is no API key.
    pub keys: bool,
    /// There is no member.
    pub members: bool,
}

/// Finds out what a database lacks. Servers that start together wait here for each other, so that only one of them
/// brings what is missing.
pub fn lacking(tx: &mut Tx<'_>, home: &Home) -> Result<Lacking> {
    tx.query("select id from workspace where id = $1{for_update}", params![&home.workspace_id])?;
    let keys = tx.query_opt("select id from api_key limit 1", params![])?.is_none();
    let members = tx.query_opt("select id from member limit 1", params![])?.is_none();
    Ok(Lacking { keys, members })
}

/// The member who has owned the workspace longest.
pub fn owner(tx: &mut Tx<'_>) -> Result<Option<String>> {
    let row = tx.query_opt(
        "select id from member where workspace_role = 'owner' and disabled_at is null order by created_at, id limit 1",
        params![],
    )?;
    row.map(|row| row.text(0)).transpose()
}

/// Whether the project holds any trace.
pub fn has_traces(tx: &mut Tx<'_>, project: i64) -> Result<bool> {
    Ok(tx.query_opt("select trace_id from trace where project = $1 limit 1", params![project])?.is_some())
}

/// All members, by email.
pub fn members(tx: &mut Tx<'_>) -> Result<Vec<MemberRow>> {
    let rows = tx.query(
        "select id, email, workspace_role, case when disabled_at is null then 0 else 1 end from member
         order by email{bytes_order}",
        params![],
    )?;
    rows.iter()
        .map(|row| {
            Ok(MemberRow {
                id: row.text(0)?,
                email: row.text(1)?,
                workspace_role: row.opt_text(2)?,
                is_disabled: row.int(3)? != 0,
            })
        })
        .collect()
}

/// All API keys, newest first.
pub fn keys(tx: &mut Tx<'_>) -> Result<Vec<KeyRow>> {
    let rows = tx.query(
        "select id, name, token_prefix, scopes, status, last_used_at from api_key
         order by created_at desc, id{bytes_order} desc",
        params![],
    )?;
    rows.iter()
        .map(|row| {
            Ok(KeyRow {
                id: row.text(0)?,
                name: row.text(1)?,
                masked: row.text(2)?,
                scopes: row.json(3)?,
                status: row.text(4)?,
                last_used_at: row.opt_int(5)?,
            })
        })
        .collect()
}

/// Takes an API key away for good.
///
/// # Errors
/// [`Error::NotFound`] when there is no such key.
pub fn revoke_key(tx: &mut Tx<'_>, id: &str) -> Result<()> {
    tx.execute("delete from invite where created_by = $1 and used_at is null", params![id])?;
    if tx.execute("delete from api_key where id = $1", params![id])? == 0 {
        return Err(Error::not_found("key_not_found", format!("There is no API key with the id {id}.")));
    }
    Ok(())
}

/// Forgets sign-ins and one-time links whose time is over, and counts them.
pub fn purge_expired(tx: &mut Tx<'_>, clock: &Clock) -> Result<u64> {
    let now = clock.now();
    let sign_ins = tx.execute("delete from sign_in where expires_at < $1", params![now])?;
    Ok(sign_ins + tx.execute("delete from sign_in_link where expires_at < $1", params![now])?)
}
