//! Jobs that delete: many traces, and what is known of one person.

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::store::SpanPlace;
use super::{ROWS, erase, store};
use crate::clock::Clock;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::id;
use crate::job::{self, Job, Step};
use crate::project::{Caller, Permission, Reader, identity as identities};
use crate::trace::search::Matching;

/// The kind of jobs that delete traces.
pub const TRACES_KIND: &str = "delete_traces";
/// The kind of jobs that delete what is known of a person.
pub const IDENTITY_KIND: &str = "delete_identity_data";
/// How many traces can be named one by one.
const MOST_TRACES: usize = 1000;
/// How many traces a step deletes: few enough that other writers hardly wait for it.
const IN_ONE: usize = 10;

/// The traces that are meant.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Which {
    /// These.
    Traces(Vec<String>),
    /// All that match.
    Matching(Matching),
}

/// Where a job is that deletes traces.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Place {
    at: usize,
    after: Option<(i64, String)>,
}

/// Counts what is meant, and starts the job that deletes it.
pub fn traces(tx: &mut Tx<'_>, clock: &Clock, caller: &Caller, which: &Which) -> Result<Job> {
    caller.require(Permission::Admin)?;
    let (which, total) = match which {
        Which::Traces(ids) if !(1..=MOST_TRACES).contains(&ids.len()) => {
            let message = format!("trace_ids must have 1 to {MOST_TRACES} entries; use filters for more.");
            return Err(Error::field("invalid_count", "trace_ids", message));
        }
        Which::Traces(ids) => {
            let mut ids: Vec<_> = ids.iter().map(|id| id::lower_hex(id)).collect();
            ids.sort();
            ids.dedup();
            let total = i64::try_from(ids.len()).unwrap_or(i64::MAX);
            (Which::Traces(ids), total)
        }
        Which::Matching(matching) => {
            let matching = matching.clone().until_now(clock);
            let total = matching.count(tx, &Reader::from(caller))?;
            (Which::Matching(matching), total)
        }
    };
    job::add(tx, clock, caller, TRACES_KIND, serde_json::to_value(&which).map_err(Error::internal)?, total)
}

fn read<T: Default + serde::de::DeserializeOwned>(position: &Json) -> Result<T> {
    match position {
        Json::Null => Ok(T::default()),
        position => serde_json::from_value(position.clone()).map_err(Error::internal),
    }
}

/// One step of a job that deletes traces.
pub fn traces_step(tx: &mut Tx<'_>, job: &Job) -> Result<Step> {
    let which: Which = serde_json::from_value(job.input.clone()).map_err(Error::internal)?;
    let mut place: Place = read(&job.position)?;
    let (ids, ended) = match &which {
        Which::Traces(all) => {
            let ids: Vec<_> = all.iter().skip(place.at).take(IN_ONE).cloned().collect();
            place.at += ids.len();
            (ids, place.at >= all.len())
        }
        Which::Matching(matching) => {
            let rows = matching.next(tx, &Reader::from(&job.caller).of(job.project), &mut place.after, IN_ONE)?;
            let ended = rows.len() < IN_ONE;
            (rows.into_iter().map(|row| row.trace_id).collect(), ended)
        }
    };
    let (mut done, mut failed) = (0, 0);
    let mut ids: Vec<String> = ids;
    // Whoever takes several traces takes them in this order.
    ids.sort();
    for trace_id in &ids {
        match store::extent(tx, job.project, trace_id)? == super::Extent::default() {
            true => failed += 1,
            false => done += 1,
        }
        erase(tx, job.project, trace_id)?;
    }
    Ok(Step { position: json!(place), done, failed, ended })
}

/// Whose data is deleted.
#[derive(Debug, Serialize, Deserialize)]
struct Person {
    user_id: String,
}

/// Where a job is that deletes what is known of a person.
#[derive(Debug, Serialize, Deserialize)]
enum Stage {
    /// At the traces that are known to be theirs.
    Traces,
    /// At the spans behind this one, some of which may name them although their trace names somebody else.
    Spans(SpanPlace),
    /// At the annotations behind this one.
    Annotations(String),
    /// At the sessions behind this one.
    Sessions(String),
}

/// Starts the job that deletes what the caller's project knows of a person: their traces with everything said of them or
/// taken from them, and what they said themselves of others. The identity may be known to the project or only to its
/// traces. How many traces there are is the total of the job.
///
/// # Errors
/// [`Error::NotFound`] when neither the project nor its traces nor its annotations know of them.
pub fn identity(tx: &mut Tx<'_>, clock: &Clock, caller: &Caller, id_or_external_id: &str) -> Result<Job> {
    caller.require(Permission::Admin)?;
    if id_or_external_id.trim().is_empty() {
        return Err(Error::field("invalid_value", "id", "id must name an identity."));
    }
    let known = identities::find(tx, caller, id_or_external_id)?;
    let is_known = known.is_some();
    let user_id = known.map_or_else(|| id_or_external_id.to_owned(), |identity| identity.external_id);
    let total = store::count_traces_of_user(tx, caller.project.number, &user_id)?;
    if !is_known && total == 0 && !store::has_said_anything(tx, caller.project.number, &user_id)? {
        let message = format!("There is no identity {id_or_external_id}, and nothing is known of it.");
        return Err(Error::not_found("identity_not_found", message));
    }
    let input = serde_json::to_value(Person { user_id }).map_err(Error::internal)?;
    job::add(tx, clock, caller, IDENTITY_KIND, input, total)
}

/// One step of such a job.
pub fn identity_step(tx: &mut Tx<'_>, job: &Job) -> Result<Step> {
    let Person { user_id } = serde_json::from_value(job.input.clone()).map_err(Error::internal)?;
    let stage = match &job.position {
        Json::Null => Stage::Traces,
        position => serde_json::from_value(position.clone()).map_err(Error::internal)?,
    };
    let (next, done) = match stage {
        Stage::Traces => own_traces(tx, job.project, &user_id)?,
        Stage::Spans(after) => other_traces(tx, job.project, &user_id, &after)?,
        Stage::Annotations(after) => annotations(tx, job.project, &user_id, &after)?,
        Stage::Sessions(after) => {
            return sessions(tx, job.project, &user_id, &after);
        }
    };
    Ok(Step { position: json!(next), done, failed: 0, ended: false })
}

fn own_traces(tx: &mut Tx<'_>, project: i64, user_id: &str) -> Result<(Stage, i64)> {
    let mut ids = store::traces_of_user(tx, project, user_id, i64::try_from(IN_ONE).unwrap_or(1))?;
    ids.sort();
    for trace_id in &ids {
        erase(tx, project, trace_id)?;
    }
    let done = i64::try_from(ids.len()).unwrap_or(0);
    Ok((if ids.is_empty() { Stage::Spans(SpanPlace::default()) } else { Stage::Traces }, done))
}

fn other_traces(tx: &mut Tx<'_>, project: i64, user_id: &str, after: &SpanPlace) -> Result<(Stage, i64)> {
    let spans = store::spans_after(tx, project, after, user_id, ROWS)?;
    let Some((last, _)) = spans.last() else { return Ok((Stage::Annotations(String::new()), 0)) };
    let mut ids: Vec<_> = spans.iter().filter(|(_, is_theirs)| *is_theirs).map(|((trace, _), _)| trace).collect();
    ids.sort();
    ids.dedup();
    for trace_id in &ids {
        erase(tx, project, trace_id)?;
    }
    Ok((Stage::Spans(last.clone()), i64::try_from(ids.len()).unwrap_or(0)))
}

fn annotations(tx: &mut Tx<'_>, project: i64, user_id: &str, after: &str) -> Result<(Stage, i64)> {
    let found = store::annotations_after(tx, project, after, user_id, ROWS)?;
    let Some((last, _)) = found.last() else { return Ok((Stage::Sessions(String::new()), 0)) };
    for (annotation_id, _) in found.iter().filter(|(_, is_theirs)| *is_theirs) {
        store::erase_annotation(tx, project, annotation_id)?;
    }
    Ok((Stage::Annotations(last.clone()), 0))
}

fn sessions(tx: &mut Tx<'_>, project: i64, user_id: &str, after: &str) -> Result<Step> {
    let found = store::sessions_after(tx, project, after, ROWS)?;
    let is_theirs = |data: &Json| {
        data["contact_ids"].as_array().is_some_and(|ids| ids.iter().any(|id| id.as_str() == Some(user_id)))
    };
    for (id, _) in found.iter().filter(|(_, data)| is_theirs(data)) {
        store::erase_session(tx, project, id)?;
    }
    let last = found.last().map(|(id, _)| id.clone());
    let ended = last.is_none();
    Ok(Step { position: json!(Stage::Sessions(last.unwrap_or_default())), done: 0, failed: 0, ended })
}
