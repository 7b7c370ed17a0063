//! How far a queue is.

use super::definition::Queue;
use super::progress_store as store;
use crate::db::Tx;
use crate::error::Result;

/// How far a queue is, and how far one reviewer is in it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Items.
    pub total: i64,
    /// Items with as many answers as they need.
    pub completed: i64,
    /// Items that somebody has on the screen.
    pub in_review: i64,
    /// Items that have answers and need more.
    pub needs_others: i64,
    /// Items that nobody has answered or has on the screen.
    pub to_do: i64,
    /// Items whose span or trace is gone.
    pub orphaned: i64,
    /// Submissions.
    pub answers: i64,
    /// Items the reviewer submitted.
    pub submitted: i64,
    /// Items the reviewer skipped.
    pub skipped: i64,
    /// Items the reviewer declined.
    pub declined: i64,
    /// Open items that are left for the reviewer.
    pub left: i64,
}

/// How far a queue is at a moment, and how far one reviewer is in it.
pub fn progress(tx: &mut Tx<'_>, queue: &Queue, reviewer: &str, now: i64) -> Result<Progress> {
    store::progress(tx, &queue.id, reviewer, now)
}

/// How many items are put aside at once.
const AT_ONCE: usize = 500;

/// Items that wait for a reviewer although their trace is gone, of any queue: the next of them, for [`put_aside`].
pub fn lost(tx: &mut Tx<'_>) -> Result<Vec<String>> {
    store::lost(tx, AT_ONCE)
}

/// Counts items as orphans from now on; nobody is given them any more.
pub fn put_aside(tx: &mut Tx<'_>, ids: &[String], now: i64) -> Result<()> {
    ids.iter().try_for_each(|id| store::put_aside(tx, id, now))
}
