//! Members: people who sign in.

use super::key;
use crate::clock::Clock;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::{id, params};

/// How long a one-time link works, in microseconds.
const LINK_LIFE: i64 = 24 * 3600 * 1_000_000;

/// A person who signs in.
#[derive(Debug, Clone)]
pub struct Member {
    /// Their id.
    pub id: String,
}

/// Adds a member and returns their id.
pub fn add(
    tx: &mut Tx<'_>,
    clock: &Clock,
    workspace_id: &str,
    email: &str,
    display_name: &str,
    password_hash: Option<&str>,
    workspace_role: Option<&str>,
) -> Result<String> {
    let email = email.trim().to_lowercase();
    if !email.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty()) {
        return Err(Error::field("invalid_email", "email", "An email address has a name, an @ and a host."));
    }
    let id = id::ulid(clock);
    let added = tx.execute(
        "insert into member (id, workspace_id, email, display_name, password_hash, workspace_role, created_at)
         values ($1, $2, $3, $4, $5, $6, $7) on conflict (email) do nothing",
        params![&id, workspace_id, &email, display_name, password_hash, workspace_role, clock.now()],
    )?;
    if added == 0 {
        return Err(Error::conflict("email_taken", format!("There is a member with the email {email} already.")));
    }
    Ok(id)
}

/// Sets a member's password and ends their sign-ins.
pub fn set_password(tx: &mut Tx<'_>, _clock: &Clock, member_id: &str, hash: &str) -> Result<()> {
    tx.execute("update member set password_hash = $2 where id = $1", params![member_id, hash])?;
    tx.execute("delete from sign_in where member_id = $1", params![member_id])?;
    Ok(())
}

/// The member with this email address.
pub fn find_by_email(tx: &mut Tx<'_>, email: &str) -> Result<Option<Member>> {
    let row = tx.query_opt("select id from member where email = $1", params![email.trim().to_lowercase()])?;
    row.map(|row| Ok(Member { id: row.text(0)? })).transpose()
}

/// Makes a link that signs a member in once, and returns its token.
pub fn sign_in_link(tx: &mut Tx<'_>, clock: &Clock, member_id: &str) -> Result<String> {
    let token = id::secret::<32>();
    tx.execute(
        "insert into sign_in_link (token_hash, member_id, expires_at) values ($1, $2, $3)",
        params![key::hash(&token), member_id, clock.now() + LINK_LIFE],
    )?;
    Ok(token)
}
