//! What an automation would have done lately, without doing it.

use std::collections::BTreeMap;

use super::change::{Change, check_sample};
use super::rule::{self, Acted, Definition, Outcome, Ready};
use super::{run_store, verbs};
use crate::clock::Clock;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::project::{Caller, Permission, Reader};
use crate::trace::filter::{Needs, load_many};
use crate::trace::search::Window;
use crate::trace::search::survey::{self, Wanted};

/// How many traces a trial looks at, the newest.
pub const MOST_LOOKED_AT: usize = 200_000;
/// A day, in nanoseconds.
const DAY_NS: i64 = 86_400_000_000_000;

/// A trace that matches.
#[derive(Debug, Clone, PartialEq)]
pub struct Looked {
    /// The trace.
    pub trace_id: String,
    /// Its name.
    pub name: String,
    /// How what was asked begins.
    pub input: Option<String>,
    /// When it started, in nanoseconds.
    pub start_ns: i64,
    /// Whether it would have been acted on.
    pub acts: bool,
    /// Why, in a sentence.
    pub reason: String,
    /// To which stratum it belongs.
    pub stratum: Option<String>,
}

/// What an automation would have done.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DryRun {
    /// How many traces were looked at.
    pub looked_at: i64,
    /// Whether there were more than are looked at; then the oldest were left out.
    pub truncated: bool,
    /// How many match.
    pub matches: i64,
    /// How many would have been acted on.
    pub would_act: i64,
    /// On how many of these the automation has acted already, which it does once.
    pub acted_before: i64,
    /// The strata: name, matches, how many of them would have been acted on.
    pub strata: Vec<(String, i64, i64)>,
    /// The newest that match.
    pub traces: Vec<Looked>,
}

/// Tries an automation on the traces of the last days; quotas count by the day on which a trace started. What the change
/// does not mention is taken from the automation with this id, or as it is for a new one.
pub fn dry_run(
    tx: &mut Tx<'_>,
    clock: &Clock,
    caller: &Caller,
    (change, automation_id): (&Change, Option<&str>),
    days: i64,
    shown: usize,
) -> Result<DryRun> {
    caller.require(Permission::Read)?;
    check(days, shown)?;
    let saved = automation_id.map(|id| verbs::get(tx, caller, id)).transpose()?;
    let seed = automation_id.unwrap_or("dry-run");
    let definition = change.on(saved.as_ref().map_or_else(Definition::default, |saved| saved.definition.clone()));
    check_sample(&definition)?;
    let ready = Ready::new(&definition)?.seen_by(&Reader::from(caller));
    let project = caller.project.number;
    let from_ns = clock.now().saturating_mul(1000).saturating_sub(days.saturating_mul(DAY_NS));
    let whole = Window { from_ns, to_ns: i64::MAX };
    let (window, looked_at) = survey::newest(tx, project, whole, MOST_LOOKED_AT)?;
    let wanted = Wanted { filter: &ready.filter, strata: &ready.strata, window };
    let found = survey::matching(tx, project, wanted)?;
    let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    let mut tried = DryRun {
        looked_at,
        truncated: window != whole,
        matches: count(found.len()),
        strata: definition.strata.iter().map(|stratum| (stratum.name.clone(), 0, 0)).collect(),
        ..DryRun::default()
    };
    let mut days: BTreeMap<i64, Acted> = BTreeMap::new();
    let (mut newest, mut meant) = (Vec::new(), Vec::new());
    // As it would have come: the oldest first.
    for (at, one) in found.iter().enumerate().rev() {
        let acted = days.entry(one.start_ns.div_euclid(DAY_NS)).or_insert_with(|| Acted::none(&definition));
        let (outcome, reason) = rule::decide(&definition, seed, &one.trace_id, one.stratum, acted);
        let acts = i64::from(outcome == Outcome::Acted);
        if acts == 1 && saved.is_some() {
            meant.push(one.trace_id.clone());
        }
        tried.would_act += acts;
        if let Some((_, matches, would_act)) = one.stratum.and_then(|at| tried.strata.get_mut(at)) {
            *matches += 1;
            *would_act += acts;
        }
        if at < shown {
            newest.push((one, acts == 1, reason));
        }
    }
    newest.reverse();
    if let Some(saved) = saved {
        let before = run_store::outcomes(tx, &saved, &meant)?;
        tried.acted_before = count(before.values().filter(|outcome| **outcome == Outcome::Acted).count());
    }
    let ids: Vec<String> = newest.iter().map(|(one, ..)| one.trace_id.clone()).collect();
    let mut known = load_many(tx, project, &ids, &Needs::default())?;
    let traces = newest.into_iter().map(|(one, acts, reason)| {
        let facts = known.remove(&one.trace_id);
        let (name, input) = facts.map(|facts| (facts.trace.name, facts.trace.input_preview)).unwrap_or_default();
        let stratum = one.stratum.and_then(|at| definition.strata.get(at)).map(|stratum| stratum.name.clone());
        Looked { trace_id: one.trace_id.clone(), name, input, start_ns: one.start_ns, acts, reason, stratum }
    });
    tried.traces = traces.collect();
    Ok(tried)
}

fn check(days: i64, shown: usize) -> Result<()> {
    if !(1..=90).contains(&days) {
        return Err(Error::field("invalid_value", "days", "days must be from 1 to 90."));
    }
    if shown > 100 {
        return Err(Error::field("invalid_limit", "limit", "limit must be from 0 to 100."));
    }
    Ok(())
}
