//! An automation on what is stored already: a job.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::rule::{Ready, Trigger};
use super::run::{self, Agent, Match};
use super::{not_found, store, verbs};
use crate::clock::Clock;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::job::{self, Job, Step};
use crate::project::{Caller, Permission, Reader};
use crate::trace::price::PriceTable;
use crate::trace::search::Window;
use crate::trace::search::survey::{self, Wanted};

/// The kind of these jobs.
pub const KIND: &str = "automation_back_fill";
/// How many traces one step looks at: few enough that other writers hardly wait for it.
const IN_ONE: usize = 400;

#[derive(Debug, Serialize, Deserialize)]
struct Input {
    automation_id: String,
    from_ns: i64,
    to_ns: i64,
}

/// Where a job is: the start and the id of the last trace it looked at.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Place {
    after: Option<(i64, String)>,
}

/// Counts the traces that started in a window, and starts the job.
pub fn start(tx: &mut Tx<'_>, clock: &Clock, caller: &Caller, id: &str, window: Window) -> Result<Job> {
    caller.require(Permission::Define)?;
    let automation = verbs::get(tx, caller, id)?;
    if window.from_ns >= window.to_ns {
        return Err(Error::field("invalid_range", "to", "to must be after from."));
    }
    // What starts from now on is looked at when it settles.
    let to_ns = window.to_ns.min(clock.now().saturating_mul(1000).saturating_add(1));
    let (_, total) = survey::newest(tx, automation.project, Window { to_ns, ..window }, usize::MAX >> 1)?;
    let input = Input { automation_id: automation.id, from_ns: window.from_ns, to_ns };
    job::add(tx, clock, caller, KIND, serde_json::to_value(&input).map_err(Error::internal)?, total)
}

/// One step of such a job: looks at the next traces, and acts on those that match. What it acted on before, and what it
/// does not mean, counts as done.
pub fn step(tx: &mut Tx<'_>, clock: &Clock, prices: &PriceTable, job: &Job) -> Result<Step> {
    let input: Input = serde_json::from_value(job.input.clone()).map_err(Error::internal)?;
    let place: Place = match &job.position {
        serde_json::Value::Null => Place::default(),
        position => serde_json::from_value(position.clone()).map_err(Error::internal)?,
    };
    store::lock(tx, &[&input.automation_id])?;
    let automation = store::find(tx, job.project, &input.automation_id)?;
    let automation = automation.ok_or_else(|| not_found(&input.automation_id))?;
    let agent =
        Agent { automation, workspace_id: job.caller.workspace_id.clone(), project: job.caller.project.clone() };
    let definition = &agent.automation.definition;
    let ready = Ready::new(definition)?.seen_by(&Reader::outsider(job.project));
    let window = Window { from_ns: input.from_ns, to_ns: input.to_ns };
    let wanted = Wanted { filter: &ready.filter, strata: &ready.strata, window };
    let found = survey::next(tx, job.project, wanted, place.after.as_ref(), IN_ONE)?;
    let meant = found.iter().filter(|one| one.matches);
    let matches: Vec<Match> = meant
        .map(|one| Match { trace_id: one.trace_id.clone(), stratum: one.stratum, trigger: Trigger::BackFill })
        .collect();
    if definition.actions.iter().any(super::rule::Action::changes_trace) {
        let mut ids: Vec<String> = matches.iter().map(|one| one.trace_id.clone()).collect();
        ids.sort();
        store::lock_traces(tx, job.project, &ids)?;
    }
    let failed = if matches.is_empty() { 0 } else { run::run(tx, clock, prices, &agent, &matches)? };
    let after = found.last().map(|last| (last.start_ns, last.trace_id.clone()));
    Ok(Step {
        ended: found.len() < IN_ONE,
        position: json!(Place { after: after.or(place.after) }),
        done: i64::try_from(found.len()).unwrap_or(i64::MAX) - failed,
        failed,
    })
}
