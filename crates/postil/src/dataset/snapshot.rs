//! Snapshots: a dataset as it was, under a name, until somebody deletes it.
//!
//! Making one writes a row and copies nothing. A datapoint that is changed or removed afterwards is kept as it was.

use super::datapoint::Datapoint;
use super::{find, get, snapshot_store as kept, store};
use crate::clock::Clock;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::id;
use crate::page::{Page, PageRequest};
use crate::project::{Caller, Permission};

/// How many snapshots a dataset may have.
pub const MOST: usize = 1000;
/// The longest name.
pub const MOST_NAME: usize = 128;

/// A dataset as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Its id, a ULID.
    pub id: String,
    /// The dataset.
    pub dataset_id: String,
    /// Counts the snapshots of a dataset, from 1.
    pub number: i64,
    /// Its name, which no other snapshot of the dataset has.
    pub name: String,
    /// How many datapoints it holds.
    pub datapoints: i64,
    /// Who made it.
    pub created_by: String,
    /// When.
    pub created_at: i64,
}

/// What became of a datapoint between two snapshots.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// It came.
    Added(Box<Datapoint>),
    /// It went.
    Removed(Box<Datapoint>),
    /// It is not what it was.
    Changed {
        /// What it was.
        before: Box<Datapoint>,
        /// What it became.
        after: Box<Datapoint>,
    },
}

/// A part of what differs between two snapshots.
#[derive(Debug, Clone, PartialEq)]
pub struct Diff {
    /// What became of datapoints, in their order.
    pub changes: Vec<Change>,
    /// Behind which datapoint the next part begins; none at the end.
    pub next: Option<String>,
}

fn not_found(id: &str) -> Error {
    Error::not_found("snapshot_not_found", format!("The snapshot with id \"{id}\" was not found."))
}

/// Makes a snapshot of a dataset as it is.
///
/// # Errors
/// [`Error::Conflict`] when another one has the name.
pub fn create(tx: &mut Tx<'_>, clock: &Clock, caller: &Caller, dataset_id: &str, name: &str) -> Result<Snapshot> {
    caller.require(Permission::Annotate)?;
    let name = name.trim();
    if !(1..=MOST_NAME).contains(&name.chars().count()) {
        let message = format!("name must be 1 to {MOST_NAME} characters long.");
        return Err(Error::field("invalid_length", "name", message));
    }
    store::lock(tx, dataset_id)?;
    let dataset = find(tx, caller, dataset_id)?;
    let others = kept::list(tx, &dataset.id)?;
    if others.len() >= MOST {
        return Err(Error::conflict("too_many_snapshots", format!("A dataset has at most {MOST} snapshots.")));
    }
    if others.iter().any(|other| other.name == name) {
        let message = format!("This dataset has a snapshot with the name \"{name}\" already.");
        return Err(Error::conflict("name_taken", message));
    }
    let made = Snapshot {
        id: id::ulid(clock),
        number: kept::next_number(tx, &dataset.id)?,
        dataset_id: dataset.id,
        name: name.to_owned(),
        datapoints: dataset.datapoints,
        created_by: caller.actor.id().to_owned(),
        created_at: clock.now(),
    };
    kept::insert(tx, &made)?;
    store::tell(tx, dataset.project);
    Ok(made)
}

/// The snapshots of a dataset, newest first.
pub fn list(tx: &mut Tx<'_>, caller: &Caller, dataset_id: &str, page: &PageRequest) -> Result<Page<Snapshot>> {
    let dataset = get(tx, caller, dataset_id)?;
    Ok(page.cut(kept::list(tx, &dataset.id)?, |snapshot| &snapshot.id))
}

/// One snapshot.
pub fn read(tx: &mut Tx<'_>, caller: &Caller, dataset_id: &str, id: &str) -> Result<Snapshot> {
    let dataset = get(tx, caller, dataset_id)?;
    kept::find(tx, &dataset.id, id)?.ok_or_else(|| not_found(id))
}

/// Deletes a snapshot, with what only it held. The dataset and its other snapshots stay as they are.
pub fn remove(tx: &mut Tx<'_>, caller: &Caller, dataset_id: &str, id: &str) -> Result<()> {
    caller.require(Permission::Annotate)?;
    store::lock(tx, dataset_id)?;
    let dataset = find(tx, caller, dataset_id)?;
    let snapshot = kept::find(tx, &dataset.id, id)?.ok_or_else(|| not_found(id))?;
    kept::remove(tx, &snapshot)?;
    store::tell(tx, dataset.project);
    Ok(())
}

/// What a snapshot holds, in the order in which it came.
pub fn datapoints(
    tx: &mut Tx<'_>,
    caller: &Caller,
    (dataset_id, id): (&str, &str),
    page: &PageRequest,
) -> Result<Page<Datapoint>> {
    let snapshot = read(tx, caller, dataset_id, id)?;
    kept::page(tx, &snapshot.dataset_id, snapshot.number, page)
}

/// What differs between two snapshots, or between one and the dataset as it is (`to` is none). At most `limit` datapoints,
/// behind the one with the id `after`.
pub fn diff(
    tx: &mut Tx<'_>,
    caller: &Caller,
    dataset_id: &str,
    (from, to): (&str, Option<&str>),
    (after, limit): (Option<&str>, usize),
) -> Result<Diff> {
    let dataset = get(tx, caller, dataset_id)?;
    let from = read(tx, caller, dataset_id, from)?.number;
    let to = match to {
        Some(to) => read(tx, caller, dataset_id, to)?.number,
        // What a snapshot that is made now would hold.
        None => dataset.snapshots + 1,
    };
    let mut ids = kept::touched_between(tx, &dataset.id, (from.min(to), from.max(to)), after, limit + 1)?;
    let more = ids.len() > limit;
    ids.truncate(limit);
    let mut changes = Vec::new();
    for id in &ids {
        let before = kept::datapoint_at(tx, &dataset.id, id, from)?.map(Box::new);
        let after = kept::datapoint_at(tx, &dataset.id, id, to)?.map(Box::new);
        changes.extend(match (before, after) {
            (None, Some(after)) => Some(Change::Added(after)),
            (Some(before), None) => Some(Change::Removed(before)),
            (Some(before), Some(after)) if before.content_hash != after.content_hash => {
                Some(Change::Changed { before, after })
            }
            _ => None,
        });
    }
    Ok(Diff { changes, next: ids.pop().filter(|_| more) })
}
