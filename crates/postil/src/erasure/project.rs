//! Projects that were deleted: once the time in which they can be brought back is over, or at once when that is asked,
//! nothing of them stays.

use serde::{Deserialize, Serialize};

use super::{ROWS, store};
use crate::clock::Clock;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::job::{self, Job, Step};
use crate::project::{Caller, projects};
use crate::trace::retention::{self, Due, Removed};

/// The kind of jobs that delete a project. They cannot be canceled: half a project is of use to nobody.
pub const KIND: &str = "delete_project";
/// About how many spans a step of such a job removes: few enough that other writers hardly wait for it.
const SPANS: i64 = 60;

/// For how long a deleted project can be brought back, in microseconds.
pub const GRACE: i64 = 30 * 86_400_000_000;

/// A project that is to go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doomed {
    /// Its number.
    pub number: i64,
    /// Its id.
    pub id: String,
}

/// Starts the job that deletes an archived project of the caller's workspace for good. It belongs to the project in which
/// the caller asks for it. How many traces there are is the total of the job.
///
/// # Errors
/// [`Error::NotFound`] when no such project is archived, [`Error::Conflict`] `project_deleting` when it goes already.
pub fn start(tx: &mut Tx<'_>, clock: &Clock, caller: &Caller, project_id: &str) -> Result<Job> {
    let project = projects::give_up(tx, clock, caller, project_id)?;
    let total = store::count_traces(tx, project.number)?;
    let doomed = Doomed { number: project.number, id: project.id };
    job::add(tx, clock, caller, KIND, serde_json::to_value(&doomed).map_err(Error::internal)?, total)
}

/// One step of such a job.
pub fn job_step(tx: &mut Tx<'_>, job: &Job) -> Result<Step> {
    let doomed: Doomed = serde_json::from_value(job.input.clone()).map_err(Error::internal)?;
    let (traces, more) = remove(tx, &doomed, SPANS)?;
    Ok(Step { position: job.position.clone(), done: traces, failed: 0, ended: !more })
}

/// The next project whose time is over, or whose job did not come to its end.
pub fn next(tx: &mut Tx<'_>, clock: &Clock) -> Result<Option<Doomed>> {
    let found = store::next_to_go(tx, clock.now() - GRACE, KIND)?;
    Ok(found.map(|(number, id)| Doomed { number, id }))
}

/// Removes a part of a project: about so many spans, or some rows of another table, and at last the project itself. Says
/// whether anything is left.
pub fn step(tx: &mut Tx<'_>, clock: &Clock, doomed: &Doomed, spans: i64) -> Result<bool> {
    if next(tx, clock)?.as_ref() != Some(doomed) || !store::begin(tx, &doomed.id, clock.now())? {
        // Somebody else was quicker, or brought it back.
        return Ok(false);
    }
    Ok(remove(tx, doomed, spans)?.1)
}

/// How many traces went, and whether anything is left.
fn remove(tx: &mut Tx<'_>, doomed: &Doomed, spans: i64) -> Result<(i64, bool)> {
    let everything = Due { project: doomed.number, before: i64::MAX, now: i64::MAX };
    let removed = retention::step(tx, everything, spans)?;
    if removed != Removed::default() {
        return Ok((i64::try_from(removed.traces).unwrap_or(i64::MAX), true));
    }
    for table in &store::OF_PROJECTS {
        if store::empty(tx, doomed.number, *table, ROWS)? {
            return Ok((0, true));
        }
    }
    store::delete_project(tx, &doomed.id)?;
    Ok((0, false))
}
