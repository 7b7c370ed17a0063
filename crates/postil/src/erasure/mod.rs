//! Deletion on purpose: a trace, what is known of a person, a project. Everything goes that tells what was said there.
//!
//! What merely grows old ([`crate::trace::retention`]) leaves annotations and datapoints behind. What somebody deletes
//! does not: with a trace go its spans, log records and media, what people and machines said of it with the history,
//! its items in queues with drafts and answers, the datapoints that were taken from it, and what webhooks were told.

mod job;
pub mod project;
mod store;

use crate::dataset;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::event::Event;
use crate::id;
use crate::project::{Caller, Permission};
use crate::trace::retention::{self, Removed};

pub use job::{IDENTITY_KIND, TRACES_KIND, Which, identity, identity_step, traces, traces_step};

/// How many rows of a table are removed, or looked at, in a step.
const ROWS: i64 = 1000;

/// What would go with a trace.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Extent {
    /// Its spans.
    pub spans: i64,
    /// What people said of it, and of what machines said.
    pub annotations: i64,
    /// What machines said of it.
    pub evaluator_results: i64,
    /// Its items in annotation queues.
    pub queue_items: i64,
    /// Datapoints that were taken from it.
    pub datapoints: i64,
}

/// What would go with a trace of the caller's project. A trace that has grown old can still have been judged.
///
/// # Errors
/// [`Error::NotFound`] when nothing is known of it.
pub fn extent(tx: &mut Tx<'_>, caller: &Caller, trace_id: &str) -> Result<Extent> {
    caller.require(Permission::Admin)?;
    let found = store::extent(tx, caller.project.number, &id::lower_hex(trace_id))?;
    if found == Extent::default() { Err(not_found(trace_id)) } else { Ok(found) }
}

/// Deletes a trace of the caller's project with everything that was said of it or taken from it.
///
/// # Errors
/// [`Error::NotFound`] when nothing is known of it.
pub fn trace(tx: &mut Tx<'_>, caller: &Caller, trace_id: &str) -> Result<Extent> {
    let found = extent(tx, caller, trace_id)?;
    erase(tx, caller.project.number, &id::lower_hex(trace_id))?;
    Ok(found)
}

fn not_found(trace_id: &str) -> Error {
    Error::not_found("trace_not_found", format!("The trace with id \"{trace_id}\" was not found."))
}

/// Removes every row that belongs to a trace, and the spans as which what was taken from it was judged.
fn erase(tx: &mut Tx<'_>, project: i64, trace_id: &str) -> Result<()> {
    for datapoint_id in store::taken_from(tx, project, trace_id)? {
        erase(tx, project, &dataset::judged_trace(&datapoint_id))?;
    }
    let queues = store::queues_of(tx, project, trace_id)?;
    retention::erase(tx, project, trace_id, &mut Removed::default())?;
    store::erase_of_trace(tx, project, trace_id)?;
    tx.emit(Event { project, kind: "trace.deleted", trace_id: Some(trace_id.to_owned()), ..Event::default() });
    queues.iter().for_each(|queue_id| tx.emit(Event::of_queue(project, queue_id)));
    Ok(())
}
