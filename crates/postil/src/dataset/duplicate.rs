//! The same content more than once in a dataset.

use super::datapoint::Datapoint;
use super::{datapoint_store as points, find, get, snapshot_store as kept, store};
use crate::clock::Clock;
use crate::db::Tx;
use crate::error::Result;
use crate::project::{Caller, Permission};

/// How many groups are shown at once: those that are removed make room for the next.
pub const MOST_GROUPS: usize = 100;
/// How many datapoints of a group are named.
pub const MOST_NAMED: usize = 100;

/// Datapoints with the same inputs, messages and expected output.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// The hash of their content.
    pub content_hash: String,
    /// How many they are.
    pub count: i64,
    /// The first of them.
    pub first: Datapoint,
    /// The ids of the first 100, in their order.
    pub ids: Vec<String>,
}

/// What a dataset holds more than once.
#[derive(Debug, Clone, PartialEq)]
pub struct Duplicates {
    /// The first groups.
    pub groups: Vec<Group>,
    /// How many datapoints would go if only the first of each group stayed.
    pub surplus: i64,
    /// Whether there are more groups.
    pub has_more: bool,
}

/// Finds what a dataset holds more than once.
pub fn list(tx: &mut Tx<'_>, caller: &Caller, dataset_id: &str) -> Result<Duplicates> {
    let dataset = get(tx, caller, dataset_id)?;
    let mut found = points::repeated(tx, &dataset.id, MOST_GROUPS + 1)?;
    let has_more = found.len() > MOST_GROUPS;
    found.truncate(MOST_GROUPS);
    let mut groups = Vec::with_capacity(found.len());
    for (content_hash, count) in found {
        let ids = points::with_content(tx, &dataset.id, &content_hash, MOST_NAMED)?;
        if let Some(first) = ids.first()
            && let Some(first) = points::find(tx, &dataset.id, first)?
        {
            groups.push(Group { content_hash, count, first, ids });
        }
    }
    Ok(Duplicates { groups, surplus: points::surplus(tx, &dataset.id)?, has_more })
}

/// Removes all but the first of each group, and says how many went. Snapshots stay as they are.
pub fn remove(tx: &mut Tx<'_>, clock: &Clock, caller: &Caller, dataset_id: &str) -> Result<u64> {
    caller.require(Permission::Annotate)?;
    let dataset = find(tx, caller, dataset_id)?;
    let snapshots = store::touch(tx, &dataset.id, caller.actor.id(), clock.now())?;
    kept::keep_repeated(tx, &dataset.id, snapshots)?;
    points::delete_repeated(tx, &dataset.id)
}
