//! How far a queue is, and how far one reviewer is in it.

use super::store;
use crate::db::Tx;
use crate::error::Result;

/// How far a queue is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Team {
    /// Items.
    pub total: i64,
    /// Items with as many answers as they need.
    pub completed: i64,
    /// Items somebody has now.
    pub in_review: i64,
    /// Items that were answered and need more answers.
    pub needs_others: i64,
    /// Items nobody has answered or has now.
    pub to_do: i64,
    /// Items that were to be judged when their span was no longer stored.
    pub orphaned: i64,
    /// Submissions.
    pub answers: i64,
}

/// How far one reviewer is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Own {
    /// Items they submitted.
    pub submitted: i64,
    /// Items they skipped.
    pub skipped: i64,
    /// Items they declined.
    pub declined: i64,
    /// Items they have submitted or declined that need further answers of others.
    pub done_and_open: i64,
    /// Open items that are given to somebody else alone.
    pub for_others: i64,
}

impl Own {
    /// What is left for them: what is open, but for what they are done with and what is for others.
    pub fn left(&self, team: &Team) -> i64 {
        let open = team.in_review + team.needs_others + team.to_do;
        (open - self.done_and_open - self.for_others).max(0)
    }
}

/// Counts the items of a queue.
pub fn team(tx: &mut Tx<'_>, queue_id: &str) -> Result<Team> {
    store::count_team(tx, queue_id)
}

/// Counts what a reviewer did in a queue.
pub fn own(tx: &mut Tx<'_>, queue_id: &str, reviewer: &str) -> Result<Own> {
    store::count_own(tx, queue_id, reviewer)
}
