//! How far a queue is, and how far one reviewer is in it.

use std::collections::BTreeMap;

use super::definition::Queue;
use super::progress_store as store;
use crate::db::Tx;
use crate::error::Result;

/// How far a queue is, whoever asks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Team {
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
    /// How many open items are given to one reviewer alone, by reviewer.
    pub assigned: BTreeMap<String, i64>,
}

/// How far one reviewer is in a queue.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Own {
    /// Items they submitted.
    pub submitted: i64,
    /// Items they skipped.
    pub skipped: i64,
    /// Items they declined.
    pub declined: i64,
    /// Items they may judge, submitted or declined, that still need answers of others.
    pub(super) done_and_open: i64,
}

/// How far a queue is, and how far one reviewer is in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    /// The queue, whoever asks.
    pub team: Team,
    /// What the reviewer did.
    pub own: Own,
    /// Open items that are left for the reviewer.
    pub left: i64,
}

/// Counts a queue as it is at a moment. Takes longer the larger the queue is.
pub fn count(tx: &mut Tx<'_>, queue_id: &str, now: i64) -> Result<Team> {
    store::team(tx, queue_id, now)
}

/// How far a queue that was counted is for one reviewer.
pub fn progress(tx: &mut Tx<'_>, queue: &Queue, team: Team, reviewer: &str) -> Result<Progress> {
    let own = store::own(tx, queue, reviewer)?;
    let open = team.in_review + team.needs_others + team.to_do;
    let for_others: i64 = team.assigned.iter().filter(|(who, _)| *who != reviewer).map(|(_, items)| items).sum();
    Ok(Progress { left: (open - own.done_and_open - for_others).max(0), team, own })
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
