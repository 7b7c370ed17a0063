//! Queues beside traces: in which ones a trace is, and what reviewers may see of its media.

use std::collections::HashMap;

use super::access::may_review;
use super::contents::Shown;
use super::{contents_store as store, store as queues};
use crate::db::Tx;
use crate::error::Result;
use crate::project::{Caller, Permission};

/// A queue in which a trace or one of its spans is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InQueue {
    /// The queue.
    pub queue_id: String,
    /// Its name.
    pub display_name: String,
    /// The item.
    pub item_id: String,
    /// The span; none: the trace as a whole.
    pub span_id: Option<String>,
    /// How the item stands.
    pub state: Shown,
}

/// The queues in which these traces and their spans are, by trace. Read with one statement.
pub fn of_traces(
    tx: &mut Tx<'_>,
    project: i64,
    trace_ids: &[String],
    now: i64,
) -> Result<HashMap<String, Vec<InQueue>>> {
    if trace_ids.is_empty() { Ok(HashMap::new()) } else { store::of_traces(tx, project, trace_ids, now) }
}

/// Whether an image, a recording or a file belongs to an item of a queue in which the caller may review.
pub fn reviewed_media(tx: &mut Tx<'_>, caller: &Caller, sha256: &str) -> Result<bool> {
    if !caller.permissions.has(Permission::Review) {
        return Ok(false);
    }
    for id in store::queues_with_media(tx, caller.project.number, sha256)? {
        let queue = queues::find(tx, &caller.workspace_id, Some(caller.project.number), &id)?;
        if let Some(queue) = queue
            && may_review(tx, caller, &queue)?
        {
            return Ok(true);
        }
    }
    Ok(false)
}
