//! Adds everything that matches a filter: a job.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::definition::Queue;
use super::items::{ItemKind, Wanted, check_room, put, require_adding};
use super::{access, not_found, store};
use crate::clock::Clock;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::job::{self, Job, Step};
use crate::project::{Caller, Reader};
use crate::trace::search::Matching;
use crate::trace::summary::TraceRow;

/// The kind of these jobs.
pub const KIND: &str = "add_to_queue";
/// How many traces one step adds: few enough that other writers hardly wait for it.
const IN_ONE: usize = 200;

/// What a job is to do.
#[derive(Debug, Serialize, Deserialize)]
struct Input {
    queue_id: String,
    /// Whether whole traces are added; else the span of each whose answer it shows.
    traces: bool,
    matching: Matching,
}

/// Where a job is: the start and the id of the last trace that matched.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Place {
    after: Option<(i64, String)>,
}

/// Counts what matches, and starts the job. `kind` says whether traces are added, or of each the span whose answer it
/// shows.
///
/// # Errors
/// [`Error::Conflict`] when the queue cannot hold as many.
pub fn start(
    tx: &mut Tx<'_>,
    clock: &Clock,
    caller: &Caller,
    queue_id: &str,
    kind: ItemKind,
    matching: Matching,
) -> Result<Job> {
    require_adding(caller)?;
    let queue = access::find(tx, caller, queue_id)?;
    let traces = match kind {
        ItemKind::Trace => true,
        ItemKind::Span => false,
        ItemKind::Datapoint => return Err(Error::field("invalid_value", "kind", "kind must be trace or span.")),
    };
    let matching = matching.until_now(clock);
    let total = matching.count(tx, &Reader::from(caller).of(queue.project.number))?;
    check_room(tx, &queue, usize::try_from(total).unwrap_or(usize::MAX))?;
    let input = Input { queue_id: queue.id, traces, matching };
    // A key for the whole workspace may fill a queue of another project than the one it speaks to.
    let there = Caller { project: queue.project, ..caller.clone() };
    job::add(tx, clock, &there, KIND, serde_json::to_value(&input).map_err(Error::internal)?, total)
}

/// One step of such a job: adds the next traces. What is there already counts as done.
pub fn step(tx: &mut Tx<'_>, clock: &Clock, job: &Job) -> Result<Step> {
    let input: Input = serde_json::from_value(job.input.clone()).map_err(Error::internal)?;
    let mut place: Place = match &job.position {
        serde_json::Value::Null => Place::default(),
        position => serde_json::from_value(position.clone()).map_err(Error::internal)?,
    };
    let queue: Option<Queue> = store::find(tx, &job.caller.workspace_id, Some(job.project), &input.queue_id)?;
    let queue = queue.ok_or_else(|| not_found(&input.queue_id))?;
    let rows = input.matching.next(tx, &Reader::from(&job.caller).of(job.project), &mut place.after, IN_ONE)?;
    let wanted: Vec<Wanted> = rows.iter().map(|row| wanted(row, input.traces)).collect();
    let added = put(tx, clock, &job.caller, &queue, &wanted)?;
    let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    Ok(Step {
        position: json!(place),
        done: count(added.items.len() + added.already_there),
        failed: count(added.not_found),
        ended: rows.len() < IN_ONE,
    })
}

/// The queue to which a job adds items, if it is such a job.
pub fn added_to(job: &Job) -> Option<String> {
    let input = (job.kind == KIND).then(|| Input::deserialize(&job.input).ok())?;
    input.map(|input| input.queue_id)
}

fn wanted(row: &TraceRow, whole: bool) -> Wanted {
    let span_id = row.leading_span_id.clone().or_else(|| row.root_span_id.clone());
    Wanted { trace_id: row.trace_id.clone(), span_id: span_id.filter(|_| !whole), ..Wanted::default() }
}
