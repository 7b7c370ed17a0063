//! What an automation does with traces that match: once with each, and with a row that says so.

use std::collections::{BTreeMap, HashMap};

use super::actions::{self, Did, Done, Target};
use super::rule::{self, Acted, Automation, Outcome, Trigger};
use super::{run_store, store, tell, verbs};
use crate::clock::Clock;
use crate::db::Tx;
use crate::error::Result;
use crate::id;
use crate::page::{Page, PageRequest};
use crate::project::{Actor, Caller, Permission, Permissions, ProjectRef};
use crate::trace::price::PriceTable;

/// A day, in microseconds.
const DAY: i64 = 86_400_000_000;
/// How many rows of a day say of what was not acted on why not; the rest is only counted.
const MOST_LOGGED: i64 = 1_000;
/// How long they are kept, in microseconds.
const KEPT: i64 = 30 * DAY;

/// What became of one trace.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// Its id, a ULID.
    pub id: String,
    /// The trace.
    pub trace_id: String,
    /// Its name, while it is stored.
    pub trace_name: Option<String>,
    /// How what was asked begins, while it is stored.
    pub trace_input: Option<String>,
    /// What became of it.
    pub outcome: Outcome,
    /// Why, in a sentence.
    pub reason: String,
    /// To which stratum it belonged.
    pub stratum: Option<String>,
    /// What made the automation look at it.
    pub trigger: Trigger,
    /// What became of each action.
    pub actions: Vec<Did>,
    /// When.
    pub at: i64,
}

/// How often an automation did what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of the outcomes")]
pub struct Totals {
    pub acted: i64,
    pub not_sampled: i64,
    pub over_quota: i64,
    pub failed: i64,
    /// When it last acted.
    pub last_acted_at: Option<i64>,
}

/// An automation, and where it acts.
#[derive(Debug, Clone)]
pub(super) struct Agent {
    pub(super) automation: Automation,
    pub(super) workspace_id: String,
    pub(super) project: ProjectRef,
}

impl Agent {
    /// An automation acts in its own name and in its own project; what it may do there was checked when it was saved. It
    /// manages no queue: what it did is read by those who judge in blind queues too.
    pub(super) fn caller(&self) -> Caller {
        let Automation { id, name, .. } = &self.automation;
        Caller {
            workspace_id: self.workspace_id.clone(),
            project: self.project.clone(),
            bound_to: Some(self.project.id.clone()),
            actor: Actor::Key { id: id.clone(), name: name.clone() },
            permissions: Permissions::of(&[Permission::Ingest, Permission::Annotate, Permission::Read]),
            client: None,
        }
    }
}

/// A trace that an automation means.
#[derive(Debug, Clone)]
pub(super) struct Match {
    pub(super) trace_id: String,
    pub(super) stratum: Option<usize>,
    pub(super) trigger: Trigger,
}

/// What automations did, newest first, or one kind of it.
pub fn runs(
    tx: &mut Tx<'_>,
    caller: &Caller,
    id: &str,
    outcome: Option<Outcome>,
    page: &PageRequest,
) -> Result<Page<Run>> {
    let automation = verbs::get(tx, caller, id)?;
    run_store::list(tx, &automation, outcome, page)
}

/// How often these automations did what.
pub fn totals(tx: &mut Tx<'_>, ids: &[String]) -> Result<HashMap<String, Totals>> {
    run_store::totals(tx, ids)
}

/// Forgets, of what was not acted on long ago, why not.
pub fn forget_old(tx: &mut Tx<'_>, clock: &Clock) -> Result<()> {
    run_store::forget(tx, &id::first_ulid(clock.now() - KEPT))
}

/// Acts on the traces an automation means, as far as it has not, and writes down what it did. The automation is held by
/// this transaction, so that nobody else acts for it meanwhile.
pub(super) fn run(
    tx: &mut Tx<'_>,
    clock: &Clock,
    prices: &PriceTable,
    agent: &Agent,
    matches: &[Match],
) -> Result<i64> {
    let Agent { automation, .. } = agent;
    let definition = &automation.definition;
    let ids: Vec<String> = matches.iter().map(|one| one.trace_id.clone()).collect();
    let mut known = run_store::outcomes(tx, automation, &ids)?;
    let day = clock.now().div_euclid(DAY);
    let before = run_store::of_day(tx, &automation.id, day)?;
    let mut acted = acted_before(automation, &before);
    let mut decided = Vec::new();
    for one in matches {
        if known.get(&one.trace_id).is_some_and(|outcome| outcome.is_final()) {
            continue;
        }
        let (outcome, reason) = rule::decide(definition, &automation.id, &one.trace_id, one.stratum, &mut acted);
        // The same trace may have two reasons to be looked at, and what is said already is not said again.
        if outcome == Outcome::Acted || !known.contains_key(&one.trace_id) {
            known.insert(one.trace_id.clone(), outcome);
            decided.push((one, outcome, reason));
        }
    }
    let acting: Vec<&str> =
        decided.iter().filter(|(_, outcome, _)| *outcome == Outcome::Acted).map(|(one, ..)| &*one.trace_id).collect();
    let mut done = perform(tx, clock, prices, agent, &acting)?;
    let name = |at: Option<usize>| at.and_then(|at| definition.strata.get(at)).map(|stratum| stratum.name.clone());
    let (mut runs, mut counts) = (Vec::new(), BTreeMap::<(String, Outcome), i64>::new());
    for (one, outcome, reason) in decided {
        let actions = done.remove(one.trace_id.as_str()).unwrap_or_default();
        let failure = actions.iter().find(|did| did.outcome == Done::Failed).map(|did| did.detail.clone());
        let (outcome, reason) = failure.map_or((outcome, reason), |detail| (Outcome::Failed, detail));
        let stratum = name(one.stratum);
        *counts.entry((stratum.clone().unwrap_or_default(), outcome)).or_default() += 1;
        let now: i64 = counts.iter().filter(|((_, of), _)| *of == outcome).map(|(_, sum)| sum).sum();
        let logged = now + before.iter().filter(|(_, of, _)| *of == outcome).map(|(.., sum)| sum).sum::<i64>();
        if !outcome.is_final() && logged > MOST_LOGGED {
            continue;
        }
        runs.push(Run {
            id: id::ulid(clock),
            trace_id: one.trace_id.clone(),
            trace_name: None,
            trace_input: None,
            outcome,
            reason,
            stratum,
            trigger: one.trigger,
            actions,
            at: clock.now(),
        });
    }
    if counts.is_empty() {
        return Ok(0);
    }
    if let Some(failed) = runs.iter().rev().find(|run| run.outcome == Outcome::Failed) {
        store::set_error(tx, &automation.id, &failed.reason, failed.at)?;
    }
    run_store::insert(tx, automation, &runs)?;
    let failed = counts.iter().filter(|((_, outcome), _)| *outcome == Outcome::Failed).map(|(_, count)| count).sum();
    run_store::count(tx, &automation.id, day, clock.now(), &counts.into_iter().collect::<Vec<_>>())?;
    tell(tx, automation.project);
    Ok(failed)
}

/// How many traces were acted on today, by the strata as they are now.
fn acted_before(automation: &Automation, before: &[(String, Outcome, i64)]) -> Acted {
    let mut acted = Acted::none(&automation.definition);
    for (stratum, _, count) in before.iter().filter(|(_, outcome, _)| outcome.is_final()) {
        let at = automation.definition.strata.iter().position(|one| one.name == *stratum);
        match at {
            None if !stratum.is_empty() => acted.add_elsewhere(*count),
            at => acted.add(at, *count),
        }
    }
    acted
}

/// Does all actions on some traces, and says of each trace what became of them.
fn perform<'a>(
    tx: &mut Tx<'_>,
    clock: &Clock,
    prices: &PriceTable,
    agent: &Agent,
    trace_ids: &[&'a str],
) -> Result<HashMap<&'a str, Vec<Did>>> {
    let mut done: HashMap<&str, Vec<Did>> = HashMap::new();
    if trace_ids.is_empty() {
        return Ok(done);
    }
    let targets = Target::load(tx, agent.automation.project, trace_ids)?;
    for action in &agent.automation.definition.actions {
        let dids = actions::perform(tx, clock, prices, agent, action, &targets)?;
        for (trace_id, did) in trace_ids.iter().zip(dids) {
            done.entry(trace_id).or_default().push(did);
        }
    }
    Ok(done)
}
