//! Says the same of many traces: a job that annotates the first span of each.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Annotate, Answer, annotate};
use crate::clock::Clock;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::human_review;
use crate::human_review::value::{self, Rules};
use crate::id;
use crate::job::{self, Job, Step};
use crate::project::{Caller, Permission, Reader};
use crate::trace::search::{self, Matching};
use crate::trace::summary::TraceRow;

/// The kind of these jobs.
pub const KIND: &str = "annotate";
/// How many traces can be named one by one.
pub const MOST_TRACES: usize = 1000;
/// How many traces one step annotates: few enough that other writers hardly wait for it.
const IN_ONE: usize = 50;

/// What is said, and of which traces.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Bulk {
    /// What is said, 1 to 10 answers to human reviews.
    pub answers: Vec<Answer>,
    /// Of which traces.
    pub which: Which,
}

/// The traces that are meant.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Which {
    /// These.
    Traces(Vec<String>),
    /// All that match.
    Matching(Matching),
}

/// Where a job is: the last trace it met.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Place {
    /// How many of the traces that were named.
    at: usize,
    /// The start and the id of the last trace that matched.
    after: Option<(i64, String)>,
}

/// Checks everything that can be checked before, and starts the job.
pub fn start(tx: &mut Tx<'_>, clock: &Clock, caller: &Caller, bulk: &Bulk, string_limit: usize) -> Result<Job> {
    caller.require(Permission::Annotate)?;
    check(tx, caller, bulk, string_limit)?;
    let (bulk, total) = match &bulk.which {
        Which::Traces(ids) => {
            let mut ids: Vec<_> = ids.iter().map(|id| id::lower_hex(id)).collect();
            ids.sort();
            ids.dedup();
            let total = ids.len();
            (Bulk { which: Which::Traces(ids), ..bulk.clone() }, i64::try_from(total).unwrap_or(i64::MAX))
        }
        Which::Matching(matching) => {
            let matching = matching.clone().until_now(clock);
            let total = matching.count(tx, &Reader::from(caller))?;
            (Bulk { which: Which::Matching(matching), ..bulk.clone() }, total)
        }
    };
    job::add(tx, clock, caller, KIND, serde_json::to_value(&bulk).map_err(Error::internal)?, total)
}

fn check(tx: &mut Tx<'_>, caller: &Caller, bulk: &Bulk, string_limit: usize) -> Result<()> {
    let call = Annotate { answers: bulk.answers.clone(), ..Annotate::default() };
    call.check()?;
    let reviews = human_review::of_project(tx, &caller.project, false)?;
    for (at, answer) in bulk.answers.iter().enumerate() {
        let Some(key) = &answer.key else {
            let field = format!("annotations[{at}].key");
            return Err(Error::field("missing_field", &*field, format!("{field} is required.")));
        };
        let review = reviews.iter().find(|review| review.key == *key);
        let review = review.ok_or_else(|| human_review::key_not_found(key, &caller.workspace_id))?;
        value::check(&Rules::from(review), &answer.value, string_limit, &format!("annotations[{at}].value"))?;
    }
    if let Which::Traces(ids) = &bulk.which
        && !(1..=MOST_TRACES).contains(&ids.len())
    {
        let message = format!("trace_ids must have 1 to {MOST_TRACES} entries; use filters for more.");
        return Err(Error::field("invalid_count", "trace_ids", message));
    }
    Ok(())
}

/// One step of such a job: annotates the next traces.
pub fn step(tx: &mut Tx<'_>, clock: &Clock, job: &Job, string_limit: usize) -> Result<Step> {
    let bulk: Bulk = serde_json::from_value(job.input.clone()).map_err(Error::internal)?;
    let mut place: Place = match &job.position {
        serde_json::Value::Null => Place::default(),
        position => serde_json::from_value(position.clone()).map_err(Error::internal)?,
    };
    let (mut done, mut failed) = (0, 0);
    let (rows, ended) = next(tx, &Reader::from(&job.caller).of(job.project), &bulk.which, &mut place, &mut failed)?;
    let call = Annotate { answers: bulk.answers, ..Annotate::default() };
    for row in rows {
        let Some(span_id) = row.root_span_id.as_ref().or(row.leading_span_id.as_ref()) else {
            failed += 1;
            continue;
        };
        match annotate(tx, clock, &job.caller, &row.trace_id, span_id, &call, string_limit) {
            Ok(_) => done += 1,
            Err(Error::NotFound { name: "span_not_found", .. }) => failed += 1,
            Err(error) => return Err(error),
        }
    }
    Ok(Step { position: json!(place), done, failed, ended })
}

/// The next traces, and whether they are the last.
fn next(
    tx: &mut Tx<'_>,
    reader: &Reader,
    which: &Which,
    place: &mut Place,
    failed: &mut i64,
) -> Result<(Vec<TraceRow>, bool)> {
    match which {
        Which::Traces(ids) => {
            let mut rows = Vec::new();
            for id in ids.iter().skip(place.at).take(IN_ONE) {
                match search::find(tx, reader.project, id)? {
                    Some(row) => rows.push(row),
                    None => *failed += 1,
                }
            }
            place.at = (place.at + IN_ONE).min(ids.len());
            Ok((rows, place.at == ids.len()))
        }
        Which::Matching(matching) => {
            let rows = matching.next(tx, reader, &mut place.after, IN_ONE)?;
            let ended = rows.len() < IN_ONE;
            Ok((rows, ended))
        }
    }
}
