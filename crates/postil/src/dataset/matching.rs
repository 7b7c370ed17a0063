//! Takes a datapoint from everything that matches a filter: a job.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Source, datapoint, find, take_there};
use crate::clock::Clock;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::job::{self, Job, Step};
use crate::project::{Caller, Permission, Reader};
use crate::trace::price::PriceTable;
use crate::trace::search::Matching;

/// The kind of these jobs.
pub const KIND: &str = "add_to_dataset";
/// How many traces one step takes from: each is read whole, so few enough that other writers hardly wait for it.
const IN_ONE: usize = 50;

/// What a job is to do.
#[derive(Debug, Serialize, Deserialize)]
struct Input {
    dataset_id: String,
    matching: Matching,
}

/// Where a job is: the start and the id of the last trace that matched.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Place {
    after: Option<(i64, String)>,
}

/// Counts what matches, and starts the job: of every trace, the span whose answer it shows becomes a datapoint.
///
/// # Errors
/// [`Error::Conflict`] when the dataset cannot hold as many.
pub fn start(tx: &mut Tx<'_>, clock: &Clock, caller: &Caller, dataset_id: &str, matching: Matching) -> Result<Job> {
    caller.require(Permission::Annotate)?;
    caller.require(Permission::Read)?;
    let dataset = find(tx, caller, dataset_id)?;
    let matching = matching.until_now(clock);
    let total = matching.count(tx, &Reader::from(caller))?;
    if dataset.datapoints.saturating_add(total) > datapoint::MOST {
        return Err(datapoint::full());
    }
    let input = Input { dataset_id: dataset.id, matching };
    job::add(tx, clock, caller, KIND, serde_json::to_value(&input).map_err(Error::internal)?, total)
}

/// One step of such a job: takes from the next traces. What is there already counts as done.
pub fn step(tx: &mut Tx<'_>, clock: &Clock, job: &Job, prices: &PriceTable) -> Result<Step> {
    let input: Input = serde_json::from_value(job.input.clone()).map_err(Error::internal)?;
    let mut place: Place = match &job.position {
        serde_json::Value::Null => Place::default(),
        position => serde_json::from_value(position.clone()).map_err(Error::internal)?,
    };
    let rows = input.matching.next(tx, &Reader::from(&job.caller).of(job.project), &mut place.after, IN_ONE)?;
    let source = |trace_id: &String| Source { trace_id: trace_id.clone(), ..Source::default() };
    let sources: Vec<Source> = rows.iter().map(|row| source(&row.trace_id)).collect();
    let taken = take_there(tx, clock, &job.caller, &input.dataset_id, &sources, prices)?;
    let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    Ok(Step {
        position: json!(place),
        done: count(taken.added.len() + taken.already_there),
        failed: count(taken.not_found),
        ended: rows.len() < IN_ONE,
    })
}
