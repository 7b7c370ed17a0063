//! Who is to judge which items, and which come first.

use super::items::PRIORITIES;
use super::removal::check_count;
use super::{access, item_store as store, tell};
use crate::clock::Clock;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::project::{Caller, Permission, member};

/// Among how many people items are shared out.
const MOST_SHARING: usize = 50;

/// How many items are shared out by one call that names none.
pub const MOST_SHARED: usize = 10_000;

/// What is to change about items.
#[derive(Debug, Clone, Default)]
pub struct Arrangement {
    /// Which items; none: the first [`MOST_SHARED`] open ones that are assigned to nobody.
    pub item_ids: Option<Vec<String>>,
    /// The greatest is judged first.
    pub priority: Option<i64>,
    /// The one who is to judge them; `Some(None)`: anybody.
    pub assignee: Option<Option<String>>,
    /// Those among whom they are shared out, one item after the other.
    pub share: Option<Vec<String>>,
}

impl Arrangement {
    fn check(&self, tx: &mut Tx<'_>, caller: &Caller) -> Result<()> {
        if let Some(ids) = &self.item_ids {
            check_count(ids.len(), "item_ids")?;
        }
        if self.priority.is_none() && self.assignee.is_none() && self.share.is_none() {
            return Err(Error::invalid("nothing_to_do", "Give priority, assignee or share."));
        }
        if self.item_ids.is_none() && self.share.is_none() {
            return Err(Error::field("missing_field", "item_ids", "item_ids is required unless items are shared out."));
        }
        if self.assignee.is_some() && self.share.is_some() {
            return Err(Error::field("invalid_value", "share", "Give assignee or share, not both."));
        }
        if self.priority.is_some_and(|priority| !PRIORITIES.contains(&priority)) {
            let message = format!("priority must be from {} to {}.", PRIORITIES.start(), PRIORITIES.end());
            return Err(Error::field("invalid_value", "priority", message));
        }
        if let Some(Some(assignee)) = &self.assignee {
            check_member(tx, caller, assignee, "assignee")?;
        }
        if let Some(share) = &self.share {
            if !(1..=MOST_SHARING).contains(&share.len()) {
                let message = format!("share must name 1 to {MOST_SHARING} people.");
                return Err(Error::field("invalid_count", "share", message));
            }
            for (at, who) in share.iter().enumerate() {
                check_member(tx, caller, who, &format!("share[{at}]"))?;
            }
        }
        Ok(())
    }
}

/// Refuses who is no member of the caller's project.
pub(super) fn check_member(tx: &mut Tx<'_>, caller: &Caller, member_id: &str, field: &str) -> Result<()> {
    match member::get(tx, caller, member_id) {
        Ok(member) if member.role().is_some() => Ok(()),
        Ok(_) | Err(Error::NotFound { .. }) => {
            Err(Error::field("unknown_member", field, format!("{field} is no member of this project.")))
        }
        Err(other) => Err(other),
    }
}

/// Arranges items of a queue, and returns how many there were.
pub fn arrange(tx: &mut Tx<'_>, clock: &Clock, caller: &Caller, queue_id: &str, wanted: &Arrangement) -> Result<u64> {
    caller.require(Permission::Define)?;
    let queue = access::find(tx, caller, queue_id)?;
    let there = Caller { project: queue.project.clone(), ..caller.clone() };
    wanted.check(tx, &there)?;
    // Which items are meant is decided before the first change takes them out of "assigned to nobody".
    let ids = match &wanted.item_ids {
        Some(ids) => store::in_order(tx, &queue.id, ids)?,
        None => store::open_for_anybody(tx, &queue.id, MOST_SHARED)?,
    };
    for (at, id) in ids.iter().enumerate() {
        let assignee = match (&wanted.share, &wanted.assignee) {
            (Some(share), _) => Some(share.get(at % share.len()).map(String::as_str)),
            (None, Some(assignee)) => Some(assignee.as_deref()),
            (None, None) => None,
        };
        store::arrange(tx, id, wanted.priority, assignee, clock.now())?;
    }
    if !ids.is_empty() {
        tell(tx, &queue);
    }
    Ok(u64::try_from(ids.len()).unwrap_or(u64::MAX))
}
