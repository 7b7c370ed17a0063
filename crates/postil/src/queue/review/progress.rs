//! How far one reviewer is in a queue.

use super::store;
use crate::db::Tx;
use crate::error::Result;
use crate::queue::{Progress, Queue};

/// How far one reviewer is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Own {
    pub(super) submitted: i64,
    pub(super) skipped: i64,
    pub(super) declined: i64,
    /// Items they have submitted or declined that need further answers of others.
    pub(super) done_and_open: i64,
    /// Open items that are given to somebody else alone.
    pub(super) for_others: i64,
}

/// The numbers of a queue that were counted for anybody, with those of this reviewer in their place.
pub fn with_own(tx: &mut Tx<'_>, queue: &Queue, team: Progress, reviewer: &str) -> Result<Progress> {
    let own = store::count_own(tx, &queue.id, reviewer)?;
    let open = team.in_review + team.needs_others + team.to_do;
    Ok(Progress {
        submitted: own.submitted,
        skipped: own.skipped,
        declined: own.declined,
        left: (open - own.done_and_open - own.for_others).max(0),
        ..team
    })
}
