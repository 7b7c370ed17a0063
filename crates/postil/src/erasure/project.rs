//! Projects that were deleted: once the time in which they can be brought back is over, nothing of them stays.

use super::{ROWS, store};
use crate::clock::Clock;
use crate::db::Tx;
use crate::error::Result;
use crate::trace::retention::{self, Due, Removed};

/// For how long a deleted project can be brought back, in microseconds.
pub const GRACE: i64 = 30 * 86_400_000_000;

/// A project that is to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doomed {
    /// Its number.
    pub number: i64,
    /// Its id.
    pub id: String,
}

/// The next project whose time is over.
pub fn next(tx: &mut Tx<'_>, clock: &Clock) -> Result<Option<Doomed>> {
    let found = store::archived_before(tx, clock.now() - GRACE)?;
    Ok(found.map(|(number, id)| Doomed { number, id }))
}

/// Removes a part of a project: about so many spans, or some rows of another table, and at last the project itself. Says
/// whether anything is left.
pub fn step(tx: &mut Tx<'_>, clock: &Clock, doomed: &Doomed, spans: i64) -> Result<bool> {
    if next(tx, clock)?.as_ref() != Some(doomed) {
        // Somebody else was quicker, or brought it back.
        return Ok(false);
    }
    let everything = Due { project: doomed.number, before: i64::MAX, now: i64::MAX };
    if retention::step(tx, everything, spans)? != Removed::default() {
        return Ok(true);
    }
    for table in &store::OF_PROJECTS {
        if store::empty(tx, doomed.number, *table, ROWS)? {
            return Ok(true);
        }
    }
    store::delete_project(tx, &doomed.id)?;
    Ok(false)
}
