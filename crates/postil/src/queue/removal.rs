//! Taking items out of a queue. What was said of them stays.
//!
//! What others answered in a blind queue would be known as soon as the item is out of it: only those who manage queues
//! take out what is answered and not complete.

use super::definition::Queue;
use super::items::{MOST_AT_ONCE, require_adding};
use super::{access, item_store as store, tell};
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::id;
use crate::project::{Caller, Permission};

/// Takes out the items of these spans; of whole traces those that these spans stand for. Returns how many there were.
pub fn remove_spans(tx: &mut Tx<'_>, caller: &Caller, queue_id: &str, span_ids: &[String]) -> Result<u64> {
    require_adding(caller)?;
    check_count(span_ids.len(), "span_ids")?;
    let queue = access::find(tx, caller, queue_id)?;
    let span_ids: Vec<String> = span_ids.iter().map(|span_id| id::lower_hex(span_id)).collect();
    let removed = store::remove_spans(tx, &queue.id, &span_ids, guarded(caller, &queue))?;
    told(tx, &queue, removed)
}

/// Takes out these items. Returns how many there were.
pub fn remove_items(tx: &mut Tx<'_>, caller: &Caller, queue_id: &str, item_ids: &[String]) -> Result<u64> {
    require_adding(caller)?;
    check_count(item_ids.len(), "item_ids")?;
    let queue = access::find(tx, caller, queue_id)?;
    let removed = store::remove(tx, &queue.id, item_ids, guarded(caller, &queue))?;
    told(tx, &queue, removed)
}

/// Takes out every item.
pub fn clear(tx: &mut Tx<'_>, caller: &Caller, queue_id: &str) -> Result<u64> {
    caller.require(Permission::Define)?;
    let queue = access::find(tx, caller, queue_id)?;
    let removed = store::clear(tx, &queue.id)?;
    told(tx, &queue, removed)
}

fn guarded(caller: &Caller, queue: &Queue) -> bool {
    queue.blind && !caller.permissions.has(Permission::Define)
}

fn told(tx: &mut Tx<'_>, queue: &Queue, removed: u64) -> Result<u64> {
    if removed > 0 {
        tell(tx, queue);
    }
    Ok(removed)
}

/// Refuses lists that are empty or too long.
pub(super) fn check_count(count: usize, field: &str) -> Result<()> {
    if (1..=MOST_AT_ONCE).contains(&count) {
        return Ok(());
    }
    Err(Error::field("invalid_count", field, format!("{field} must have 1 to {MOST_AT_ONCE} entries.")))
}
