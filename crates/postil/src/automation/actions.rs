//! What automations do with traces, many at once. A failure undoes its own part only, and is told in a sentence.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::rule::Action;
use super::run::Agent;
use crate::clock::{self, Clock};
use crate::dataset::{self, Duplicates, Source, Taken};
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::queue::{self, MOST_AT_ONCE, Wanted};
use crate::trace::filter::{Needs, load_many};
use crate::trace::price::PriceTable;
use crate::trace::retention;
use crate::trace::tag::{self, Tagged};
use crate::webhook::{self, event::TRACE_MATCHED};

/// A day, in microseconds.
const DAY: i64 = 86_400_000_000;

/// What became of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Done {
    /// It was done.
    Done,
    /// It was so already, or somebody wanted it otherwise.
    NothingToDo,
    /// It could not be done.
    Failed,
}

impl Done {
    /// The word as it is sent.
    pub fn name(self) -> &'static str {
        match self {
            Done::Done => "done",
            Done::NothingToDo => "nothing_to_do",
            Done::Failed => "failed",
        }
    }
}

/// What an action did with one trace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Did {
    /// The word for the action.
    pub action: String,
    /// What became of it.
    pub outcome: Done,
    /// The same in a sentence.
    pub detail: String,
}

/// A trace that is acted on.
#[derive(Debug, Clone)]
pub(super) struct Target {
    trace_id: String,
    name: String,
    /// The span whose answer it shows.
    span_id: Option<String>,
    exists: bool,
}

impl Target {
    /// These traces, in their order.
    pub(super) fn load(tx: &mut Tx<'_>, project: i64, trace_ids: &[&str]) -> Result<Vec<Target>> {
        let ids: Vec<String> = trace_ids.iter().map(ToString::to_string).collect();
        let mut known = load_many(tx, project, &ids, &Needs::default())?;
        let target = |trace_id: String| match known.remove(&trace_id) {
            None => Target { trace_id, name: String::new(), span_id: None, exists: false },
            Some(facts) => Target {
                trace_id,
                name: facts.trace.name,
                span_id: facts.trace.leading_span_id.or(facts.trace.root_span_id),
                exists: true,
            },
        };
        Ok(ids.into_iter().map(target).collect())
    }
}

/// An outcome and its sentence.
type Said = (Done, String);

/// Does one action on all these traces.
pub(super) fn perform(
    tx: &mut Tx<'_>,
    clock: &Clock,
    prices: &PriceTable,
    agent: &Agent,
    action: &Action,
    targets: &[Target],
) -> Result<Vec<Did>> {
    let project = agent.automation.project;
    let said = match action {
        Action::AddToQueue { queue_id, whole, priority, assignee_id } => {
            let wanted = targets.iter().map(|target| Wanted {
                trace_id: target.trace_id.clone(),
                span_id: target.span_id.clone().filter(|_| !whole),
                priority: *priority,
                assignee: assignee_id.clone(),
                ..Wanted::default()
            });
            add_to_queue(tx, clock, agent, queue_id, &wanted.collect::<Vec<_>>())?
        }
        Action::AddToDataset { dataset_id } => add_to_dataset(tx, clock, prices, agent, dataset_id, targets)?,
        Action::CallWebhook { webhook_id } => call_webhook(tx, clock, agent, webhook_id, targets)?,
        Action::ExtendRetention { days } => {
            let until = clock.now().saturating_add(days.saturating_mul(DAY));
            let ids: Vec<String> = targets.iter().map(|target| target.trace_id.clone()).collect();
            retention::keep(tx, project, &ids, until)?;
            same(targets, Done::Done, &format!("Kept at least until {}.", clock::rfc3339(until)))
        }
        Action::AddTag { tag } => {
            let each = targets.iter().map(|target| {
                Ok(match tag::add(tx, project, &target.trace_id, tag)? {
                    Tagged::Added => (Done::Done, format!("Tagged “{tag}”.")),
                    Tagged::HadIt => (Done::NothingToDo, format!("It has the tag “{tag}” already.")),
                    Tagged::Full => (Done::Failed, format!("{} tags were added to it already.", tag::MOST_ADDED)),
                    Tagged::NotFound => (Done::Failed, gone()),
                })
            });
            each.collect::<Result<_>>()?
        }
    };
    let did = |(target, (outcome, detail)): (&Target, Said)| {
        let (outcome, detail) = if target.exists { (outcome, detail) } else { (Done::Failed, gone()) };
        Did { action: action.name().to_owned(), outcome, detail }
    };
    Ok(targets.iter().zip(said).map(did).collect())
}

fn gone() -> String {
    "The trace is not stored any more.".into()
}

fn same(targets: &[Target], outcome: Done, detail: &str) -> Vec<Said> {
    targets.iter().map(|_| (outcome, detail.to_owned())).collect()
}

/// The sentence for what could not be done; what is wrong with the database itself is none of the automation's.
fn sentence(error: Error) -> Result<String> {
    match error {
        Error::Unavailable(_) | Error::Overloaded => Err(error),
        Error::Internal(_) => Ok("Something went wrong on the server.".into()),
        other => Ok(other.to_string()),
    }
}

fn add_to_queue(tx: &mut Tx<'_>, clock: &Clock, agent: &Agent, queue_id: &str, wanted: &[Wanted]) -> Result<Vec<Said>> {
    let caller = agent.caller();
    let mut said = Vec::with_capacity(wanted.len());
    for some in wanted.chunks(MOST_AT_ONCE) {
        let adding = tx.attempt(|tx| {
            let queue = queue::find(tx, &caller, queue_id)?;
            let removed = queue::removed_before(tx, &queue, some)?;
            let free = some.iter().zip(&removed).filter(|(_, removed)| !**removed);
            let free: Vec<Wanted> = free.map(|(one, _)| one.clone()).collect();
            let added = if free.is_empty() {
                queue::Added::default()
            } else {
                queue::add(tx, clock, &caller, queue_id, &free)?
            };
            Ok((queue.display_name, removed, added))
        })?;
        match adding {
            Err(error) => {
                let detail = sentence(error)?;
                said.extend(some.iter().map(|_| (Done::Failed, detail.clone())));
            }
            Ok((name, removed, added)) => {
                let new: std::collections::HashSet<_> =
                    added.items.into_iter().filter_map(|item| item.trace_id).collect();
                said.extend(some.iter().zip(removed).map(|(one, removed)| {
                    match (removed, new.contains(&one.trace_id)) {
                        (true, _) => (Done::NothingToDo, format!("Somebody took it out of the queue “{name}”.")),
                        (false, true) => (Done::Done, format!("Added to the queue “{name}”.")),
                        (false, false) => (Done::NothingToDo, format!("It is in the queue “{name}” already.")),
                    }
                }));
            }
        }
    }
    Ok(said)
}

/// Leaves a delivery for each trace; sending it is the server's business.
fn call_webhook(
    tx: &mut Tx<'_>,
    clock: &Clock,
    agent: &Agent,
    webhook_id: &str,
    targets: &[Target],
) -> Result<Vec<Said>> {
    let (automation, project) = (&agent.automation, &agent.project);
    let mut said = Vec::with_capacity(targets.len());
    for target in targets {
        let about = json!({"automation_id": automation.id, "automation_name": automation.name,
            "project_id": project.id, "trace_id": target.trace_id, "trace_name": target.name});
        let called = tx.attempt(|tx| webhook::call(tx, clock, project.number, webhook_id, TRACE_MATCHED, &about))?;
        said.push(match called {
            Ok(Some(_)) => (Done::Done, "The webhook is called.".into()),
            Ok(None) => (Done::Failed, "The webhook is disabled, or does not exist any more.".into()),
            Err(error) => (Done::Failed, sentence(error)?),
        });
    }
    Ok(said)
}

fn add_to_dataset(
    tx: &mut Tx<'_>,
    clock: &Clock,
    prices: &PriceTable,
    agent: &Agent,
    dataset_id: &str,
    targets: &[Target],
) -> Result<Vec<Said>> {
    let caller = agent.caller();
    let source = |target: &Target| Source {
        trace_id: target.trace_id.clone(),
        span_id: target.span_id.clone(),
        queue_item_id: None,
    };
    let told = |taken: &Taken| match taken.already_there {
        true => (Done::NothingToDo, "It is in the dataset already.".to_owned()),
        false => (Done::Done, "Added to the dataset.".to_owned()),
    };
    let mut said = Vec::with_capacity(targets.len());
    for some in targets.chunks(MOST_AT_ONCE) {
        let all: Vec<Source> = some.iter().map(source).collect();
        let wanted = (all.as_slice(), Duplicates::Skip);
        if let Ok(taken) = tx.attempt(|tx| dataset::take(tx, clock, &caller, dataset_id, wanted, prices))? {
            said.extend(taken.iter().map(told));
            continue;
        }
        // One of them cannot be taken: the others are taken without it.
        for one in &all {
            let wanted = (std::slice::from_ref(one), Duplicates::Skip);
            match tx.attempt(|tx| dataset::take(tx, clock, &caller, dataset_id, wanted, prices))? {
                Ok(taken) => said.extend(taken.iter().map(told)),
                Err(error) => said.push((Done::Failed, sentence(error)?)),
            }
        }
    }
    Ok(said)
}
