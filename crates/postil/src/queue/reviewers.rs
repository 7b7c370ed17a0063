//! Who may review in a queue that is not open to everybody.

use super::arrange::check_member;
use super::definition::Queue;
use super::{access, store, tell};
use crate::clock::Clock;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::project::invite::{self, Draft, Guest, Invite};
use crate::project::{Caller, Permission, Role};

/// How many people a queue names.
const MOST_REVIEWERS: usize = 500;

/// The ids of those whom a queue names.
pub fn reviewers(tx: &mut Tx<'_>, queue: &Queue) -> Result<Vec<String>> {
    store::reviewers(tx, &queue.id)
}

/// Lets a queue name a member of its project as its reviewer.
pub fn add_reviewer(tx: &mut Tx<'_>, caller: &Caller, queue_id: &str, member_id: &str) -> Result<()> {
    caller.require(Permission::Define)?;
    let queue = access::find(tx, caller, queue_id)?;
    let there = Caller { project: queue.project.clone(), ..caller.clone() };
    check_member(tx, &there, member_id, "member_id")?;
    if store::reviewers(tx, &queue.id)?.len() >= MOST_REVIEWERS {
        let message = format!("A queue names at most {MOST_REVIEWERS} reviewers; open it to everybody instead.");
        return Err(Error::conflict("too_many_reviewers", message));
    }
    store::name_reviewer(tx, &queue.id, member_id, true)?;
    tell(tx, &queue);
    Ok(())
}

/// Lets a queue name a reviewer no longer. What they said stays.
pub fn remove_reviewer(tx: &mut Tx<'_>, caller: &Caller, queue_id: &str, member_id: &str) -> Result<()> {
    caller.require(Permission::Define)?;
    let queue = access::find(tx, caller, queue_id)?;
    if !store::is_named(tx, &queue.id, member_id)? {
        let message = "This queue names no such reviewer.";
        return Err(Error::not_found("reviewer_not_found", message));
    }
    store::name_reviewer(tx, &queue.id, member_id, false)?;
    tell(tx, &queue);
    Ok(())
}

/// Makes an invite, which may name a queue of the caller's project: then it makes reviewers of that queue alone.
pub fn invite(tx: &mut Tx<'_>, clock: &Clock, caller: &Caller, draft: &Draft) -> Result<(Invite, String)> {
    if let Some(queue_id) = &draft.queue_id {
        if draft.role != Role::Reviewer {
            let message = "An invite to one queue makes reviewers: role must be reviewer.";
            return Err(Error::field("invalid_role", "role", message));
        }
        let found = store::find(tx, &caller.workspace_id, Some(caller.project.number), queue_id)?;
        if found.is_none() {
            let message = "queue_id is no annotation queue of this project.";
            return Err(Error::field("unknown_queue", "queue_id", message));
        }
    }
    invite::create(tx, clock, caller, draft)
}

/// What the link of an invite opens, and the name of the only queue it opens, if it is limited to one.
pub fn invited(tx: &mut Tx<'_>, clock: &Clock, token: &str) -> Result<(Invite, Option<String>)> {
    let invited = invite::by_token(tx, clock, token)?;
    let name = match &invited.queue_id {
        None => None,
        Some(queue_id) => {
            let queue = store::find(tx, &invited.workspace_id, None, queue_id)?;
            Some(queue.ok_or_else(queue_gone)?.display_name)
        }
    };
    Ok((invited, name))
}

fn queue_gone() -> Error {
    Error::conflict("queue_gone", "The annotation queue of this invite does not exist any more.")
}

/// Accepts an invite, which may name a queue: then whoever accepts it is a reviewer there. Returns the id of the member.
pub fn accept_invite(tx: &mut Tx<'_>, clock: &Clock, token: &str, guest: &Guest) -> Result<String> {
    let invited = invite::by_token(tx, clock, token)?;
    let member_id = invite::accept(tx, clock, token, guest)?;
    if let Some(queue_id) = &invited.queue_id {
        if !store::exists(tx, queue_id)? {
            return Err(queue_gone());
        }
        store::name_reviewer(tx, queue_id, &member_id, true)?;
    }
    Ok(member_id)
}
