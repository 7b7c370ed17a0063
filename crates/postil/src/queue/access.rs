//! Which queues a caller reaches, and in which of them they may review.

use super::definition::Queue;
use super::{not_found, store};
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::project::{Actor, Caller, Permission};

/// The queue with this id, for those who read, fill or manage queues, or who may review in it.
///
/// # Errors
/// [`Error::NotFound`] also when it exists, but not for this caller.
pub fn find(tx: &mut Tx<'_>, caller: &Caller, id: &str) -> Result<Queue> {
    require_seeing(caller)?;
    let project = (!speaks_for_workspace(caller)).then_some(caller.project.number);
    let queue = store::find(tx, &caller.workspace_id, project, id)?.ok_or_else(|| not_found(id))?;
    if sees_all(caller) || may_review(tx, caller, &queue)? {
        return Ok(queue);
    }
    Err(not_found(id))
}

/// Refuses callers who see no queue at all.
pub(super) fn require_seeing(caller: &Caller) -> Result<()> {
    if sees_all(caller) { Ok(()) } else { caller.require(Permission::Review) }
}

/// Whether a caller sees every queue; others see those they may review in.
pub(super) fn sees_all(caller: &Caller) -> bool {
    [Permission::Read, Permission::Annotate, Permission::Define].iter().any(|each| caller.permissions.has(*each))
}

/// The queue with this id, for those who may review in it.
pub fn find_for_review(tx: &mut Tx<'_>, caller: &Caller, id: &str) -> Result<Queue> {
    caller.require(Permission::Review)?;
    let queue = find(tx, caller, id)?;
    require_review(tx, caller, &queue)?;
    Ok(queue)
}

/// Refuses callers who may not review in a queue.
pub fn require_review(tx: &mut Tx<'_>, caller: &Caller, queue: &Queue) -> Result<()> {
    if may_review(tx, caller, queue)? {
        return Ok(());
    }
    Err(Error::Forbidden("You are not among the reviewers of this annotation queue.".into()))
}

/// Whether a caller may review in a queue: those who manage queues in every one, others where they are named or
/// everybody is let in.
pub fn may_review(tx: &mut Tx<'_>, caller: &Caller, queue: &Queue) -> Result<bool> {
    if !caller.permissions.has(Permission::Review) {
        return Ok(false);
    }
    if caller.permissions.has(Permission::Define) || (queue.open_to_all && is_let_in(tx, caller, queue)?) {
        return Ok(true);
    }
    store::is_named(tx, &queue.id, caller.actor.id())
}

/// Whether "everybody" means this caller too: not those who were invited to single queues.
fn is_let_in(tx: &mut Tx<'_>, caller: &Caller, queue: &Queue) -> Result<bool> {
    match &caller.actor {
        Actor::Key { .. } => Ok(true),
        Actor::Member { id, .. } => Ok(!store::only_named_queues(tx, &queue.project.id, id)?),
    }
}

/// Members hold a role per project, bound keys have one project; only other keys reach all of a workspace.
pub(super) fn speaks_for_workspace(caller: &Caller) -> bool {
    matches!(caller.actor, Actor::Key { .. }) && caller.bound_to.is_none()
}
