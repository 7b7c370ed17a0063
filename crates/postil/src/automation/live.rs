//! What happens with traces that have settled, or of which something was said: looked at beside the writer, and acted on
//! in one transaction.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::rule::{Ready, Trigger};
use super::run::{self, Agent, Match};
use super::store;
use crate::clock::Clock;
use crate::db::Tx;
use crate::error::Result;
use crate::project::Reader;
use crate::trace::filter::{Needs, load_many};
use crate::trace::price::PriceTable;
use crate::trace::settling::{self, Cause, Due};

/// How long a trace waits that could not be looked at, in microseconds.
const LATER: i64 = 60_000_000;

/// Traces that were looked at, and what is to be done with them.
#[derive(Debug)]
pub struct Look {
    dues: Vec<Due>,
    /// Those that are to be looked at again: how long they were quiet by now, and when.
    again: HashMap<usize, (i64, i64)>,
    agents: Vec<Agent>,
    /// By the place of the automation: the place of the trace, and its stratum.
    matches: BTreeMap<usize, Vec<(usize, Option<usize>)>>,
}

impl Look {
    /// How many traces were looked at.
    pub fn count(&self) -> usize {
        self.dues.len()
    }
}

/// Looks at the traces that wait longest, at most so many, with all automations of their projects.
pub fn look(tx: &mut Tx<'_>, clock: &Clock, count: usize) -> Result<Look> {
    let now = clock.now();
    let dues = settling::due(tx, now, count)?;
    let mut look = Look { dues, again: HashMap::new(), agents: Vec::new(), matches: BTreeMap::new() };
    let projects: HashSet<i64> = look.dues.iter().map(|due| due.project).collect();
    for project in projects {
        look.look_at(tx, project, now)?;
    }
    Ok(look)
}

impl Look {
    fn look_at(&mut self, tx: &mut Tx<'_>, project: i64, now: i64) -> Result<()> {
        let first = self.agents.len();
        for (automation, workspace_id, project) in store::active(tx, project)? {
            self.agents.push(Agent { automation, workspace_id, project });
        }
        let agents = &self.agents[first..];
        let ready: Vec<_> = agents.iter().map(|agent| Ready::new(&agent.automation.definition).ok()).collect();
        let needs = ready.iter().flatten().fold(Needs::default(), |needs, ready| needs.and(ready.needs()));
        let own: Vec<usize> = (0..self.dues.len()).filter(|at| self.dues[*at].project == project).collect();
        let ids: HashSet<&String> = own.iter().map(|at| &self.dues[*at].trace_id).collect();
        let ids: Vec<String> = ids.into_iter().cloned().collect();
        let facts =
            if agents.is_empty() { HashMap::new() } else { load_many(tx, Reader::outsider(project), &ids, &needs)? };
        for at in own {
            let due = &self.dues[at];
            let quiet = (now - due.since).max(0);
            let mut next: Option<i64> = None;
            for (place, ready) in ready.iter().enumerate() {
                let Some(ready) = ready else { continue };
                let is_meant = match due.cause {
                    Cause::Feedback => ready.definition.on_feedback,
                    Cause::Settled => {
                        let wait = ready.definition.wait(due.ended);
                        if ready.definition.on_settled && wait > quiet {
                            next = Some(next.map_or(wait, |next| next.min(wait)));
                        }
                        ready.definition.on_settled && due.waited < wait && wait <= quiet
                    }
                };
                let Some(facts) = facts.get(&due.trace_id).filter(|_| is_meant) else { continue };
                if let Some(stratum) = ready.matches(facts) {
                    self.matches.entry(first + place).or_default().push((at, stratum));
                }
            }
            if let Some(wait) = next.filter(|_| facts.contains_key(&due.trace_id)) {
                self.again.insert(at, (quiet, due.since + wait));
            }
        }
        Ok(())
    }
}

/// Acts on what was found, as far as nothing has come to the traces since, and lets go of them. False when an automation
/// was changed meanwhile: then nothing was done, and they are to be looked at again.
pub fn act(tx: &mut Tx<'_>, clock: &Clock, prices: &PriceTable, look: &Look) -> Result<bool> {
    // Everybody takes automations first, then traces, then what waits, each in one order.
    let acting: Vec<&Agent> = look.matches.keys().map(|at| &look.agents[*at]).collect();
    if !acting.is_empty() {
        let ids: Vec<&str> = acting.iter().map(|agent| agent.automation.id.as_str()).collect();
        let now = store::lock(tx, &ids)?;
        let same = |agent: &&Agent| {
            let automation = &agent.automation;
            now.iter().any(|(id, version, enabled)| *id == automation.id && *version == automation.version && *enabled)
        };
        if !acting.iter().all(same) {
            return Ok(false);
        }
    }
    lock_changed(tx, look)?;
    let held = settling::hold(tx, &look.dues)?;
    let held: HashSet<(&str, Cause)> = held.iter().map(|due| (due.trace_id.as_str(), due.cause)).collect();
    let is_held = |at: usize| held.contains(&(look.dues[at].trace_id.as_str(), look.dues[at].cause));
    for (agent, matches) in &look.matches {
        let matches = matches.iter().filter(|(at, _)| is_held(*at)).map(|(at, stratum)| Match {
            trace_id: look.dues[*at].trace_id.clone(),
            stratum: *stratum,
            trigger: Trigger::Live(look.dues[*at].cause),
        });
        let matches: Vec<Match> = matches.collect();
        if !matches.is_empty() {
            run::run(tx, clock, prices, &look.agents[*agent], &matches)?;
        }
    }
    let mut done = Vec::new();
    for (at, due) in look.dues.iter().enumerate().filter(|(at, _)| is_held(*at)) {
        match look.again.get(&at) {
            Some((waited, next)) => settling::again(tx, due, *waited, *next)?,
            None => done.push(due),
        }
    }
    settling::done(tx, &done)?;
    Ok(true)
}

/// Takes the traces that will be changed.
fn lock_changed(tx: &mut Tx<'_>, look: &Look) -> Result<()> {
    let mut by_project: BTreeMap<i64, Vec<String>> = BTreeMap::new();
    for (agent, matches) in &look.matches {
        let automation = &look.agents[*agent].automation;
        if automation.definition.actions.iter().any(super::rule::Action::changes_trace) {
            let ids = matches.iter().map(|(at, _)| look.dues[*at].trace_id.clone());
            by_project.entry(automation.project).or_default().extend(ids);
        }
    }
    for (project, mut ids) in by_project {
        ids.sort();
        ids.dedup();
        store::lock_traces(tx, project, &ids)?;
    }
    Ok(())
}

/// Puts traces off that could not be acted on, so that others get their turn.
pub fn postpone(tx: &mut Tx<'_>, clock: &Clock, look: &Look) -> Result<()> {
    let held: Vec<Due> = settling::hold(tx, &look.dues)?.into_iter().cloned().collect();
    for due in &held {
        settling::again(tx, due, due.waited, clock.now() + LATER)?;
    }
    Ok(())
}
