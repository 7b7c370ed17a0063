//! What an automation says, and whether it means a trace: pure.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::project::Reader;
use crate::trace::filter::{Filter, Join, Needs, TraceFacts, WireCondition};
use crate::trace::settling::Cause;

/// Which traces are meant, as it came.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Selection {
    /// The conditions.
    pub conditions: Vec<WireCondition>,
    /// Whether one of them is enough.
    pub any: bool,
    /// Words to find.
    pub query: Option<String>,
}

impl Selection {
    /// The filter, checked; `path` stands before the names of fields.
    pub fn filter(&self, path: &str) -> Result<Filter> {
        let join = if self.any { Join::Or } else { Join::And };
        let filter = Filter::from_wire(&self.conditions, join, &format!("{path}filters"))?;
        match self.query.as_deref().map(str::trim).filter(|query| !query.is_empty()) {
            Some(query) => Ok(Filter::All(vec![filter, Filter::free_text(query)?])),
            None => Ok(filter),
        }
    }
}

/// Some of the traces that match, with a rate and a quota of their own.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Stratum {
    /// Its name.
    pub name: String,
    /// Which traces it takes.
    pub selection: Selection,
    /// How many of a hundred are acted on.
    pub sampling_rate: f64,
    /// How many of a day are acted on.
    pub per_day: Option<i64>,
}

/// What is done with a trace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Action {
    /// Put it into an annotation queue.
    AddToQueue {
        /// The queue.
        queue_id: String,
        /// The trace as a whole, rather than the span whose answer it shows.
        whole: bool,
        /// The greatest is judged first.
        priority: i64,
        /// The one who is to judge it.
        assignee_id: Option<String>,
    },
    /// Take a datapoint from it.
    AddToDataset {
        /// The dataset.
        dataset_id: String,
    },
    /// Tell another system.
    CallWebhook {
        /// The webhook.
        webhook_id: String,
    },
    /// Keep it for longer.
    ExtendRetention {
        /// For so many days from now, at least.
        days: i64,
    },
    /// Tag it.
    AddTag {
        /// The tag.
        tag: String,
    },
}

impl Action {
    /// The word for what it does.
    pub fn name(&self) -> &'static str {
        match self {
            Action::AddToQueue { .. } => "add_to_queue",
            Action::AddToDataset { .. } => "add_to_dataset",
            Action::CallWebhook { .. } => "call_webhook",
            Action::ExtendRetention { .. } => "extend_retention",
            Action::AddTag { .. } => "add_tag",
        }
    }

    /// Whether it changes the trace itself.
    pub(super) fn changes_trace(&self) -> bool {
        matches!(self, Action::ExtendRetention { .. } | Action::AddTag { .. })
    }
}

/// What an automation says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Definition {
    /// What it is for.
    pub description: Option<String>,
    /// Which traces are meant.
    pub selection: Selection,
    /// Whether it looks at traces that have settled.
    pub on_settled: bool,
    /// Whether it looks at traces of which something was said.
    pub on_feedback: bool,
    /// How long nothing came to a trace whose root has ended, in seconds.
    pub quiet_seconds: i64,
    /// How long nothing came to any other, in seconds.
    pub idle_seconds: i64,
    /// How many of a hundred are acted on, of those in no stratum.
    pub sampling_rate: f64,
    /// Where a trace belongs; the first that takes it decides.
    pub strata: Vec<Stratum>,
    /// How many of a day are acted on, over all strata.
    pub per_day: Option<i64>,
    /// What is done.
    pub actions: Vec<Action>,
}

impl Default for Definition {
    fn default() -> Definition {
        Definition {
            description: None,
            selection: Selection::default(),
            on_settled: true,
            on_feedback: false,
            quiet_seconds: 5,
            idle_seconds: 300,
            sampling_rate: 100.0,
            strata: Vec::new(),
            per_day: None,
            actions: Vec::new(),
        }
    }
}

/// A second, in microseconds.
const SECOND: i64 = 1_000_000;

impl Definition {
    /// How long it waits for a trace, in microseconds.
    pub fn wait(&self, ended: bool) -> i64 {
        SECOND * if ended { self.quiet_seconds } else { self.idle_seconds }
    }
}

/// An automation.
#[derive(Debug, Clone)]
pub struct Automation {
    /// Its id, a ULID.
    pub id: String,
    /// The number of its project.
    pub project: i64,
    /// Its name.
    pub name: String,
    /// Whether it acts.
    pub enabled: bool,
    /// What it says.
    pub definition: Definition,
    /// How often it was changed, from 1.
    pub version: i64,
    /// Why its last failure failed, and when.
    pub error: Option<(String, i64)>,
    /// Who made it.
    pub created_by: String,
    /// Who changed it last.
    pub updated_by: String,
    /// When it was made.
    pub created_at: i64,
    /// When it was changed last.
    pub updated_at: i64,
}

/// A definition whose filters are read.
#[derive(Debug)]
pub struct Ready<'a> {
    /// What it says.
    pub definition: &'a Definition,
    /// Which traces are meant.
    pub filter: Filter,
    /// Those of the strata.
    pub strata: Vec<Filter>,
}

impl<'a> Ready<'a> {
    /// The same for somebody who is not to know yet what a blind queue hides.
    #[must_use]
    pub fn seen_by(self, reader: &Reader) -> Ready<'a> {
        let strata = self.strata.into_iter().map(|filter| filter.seen_by(reader)).collect();
        Ready { filter: self.filter.seen_by(reader), strata, ..self }
    }

    /// Reads the filters.
    pub fn new(definition: &'a Definition) -> Result<Ready<'a>> {
        let strata = definition.strata.iter().enumerate();
        let strata = strata.map(|(at, stratum)| stratum.selection.filter(&format!("strata[{at}].")));
        Ok(Ready { definition, filter: definition.selection.filter("")?, strata: strata.collect::<Result<_>>()? })
    }

    /// What must be known of a trace.
    pub fn needs(&self) -> Needs {
        self.strata.iter().fold(self.filter.needs(), |needs, stratum| needs.and(stratum.needs()))
    }

    /// Whether a trace is meant, and to which stratum it belongs.
    pub fn matches(&self, facts: &TraceFacts) -> Option<Option<usize>> {
        self.filter.matches(facts).then(|| self.strata.iter().position(|stratum| stratum.matches(facts)))
    }
}

/// Why an automation looked at a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// Something happened to it.
    Live(Cause),
    /// Somebody asked for what is stored already.
    BackFill,
}

impl Trigger {
    /// The word as it is stored and sent.
    pub fn name(self) -> &'static str {
        match self {
            Trigger::Live(cause) => cause.name(),
            Trigger::BackFill => "back_fill",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Result<Trigger> {
        if text == "back_fill" {
            return Ok(Trigger::BackFill);
        }
        Cause::parse(text).map(Trigger::Live).ok_or_else(|| Error::internal(format!("a run because of {text}")))
    }
}

/// What became of a trace that matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// Everything was done.
    Acted,
    /// It is not in the sample.
    NotSampled,
    /// As many were acted on that day as may be.
    OverQuota,
    /// Something could not be done.
    Failed,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Outcome; 4] = [Outcome::Acted, Outcome::NotSampled, Outcome::OverQuota, Outcome::Failed];

    /// The word as it is stored and sent.
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Acted => "acted",
            Outcome::NotSampled => "not_sampled",
            Outcome::OverQuota => "over_quota",
            Outcome::Failed => "failed",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Outcome> {
        Outcome::ALL.into_iter().find(|outcome| outcome.name() == text)
    }

    /// Whether the automation is done with the trace for good.
    pub fn is_final(self) -> bool {
        matches!(self, Outcome::Acted | Outcome::Failed)
    }
}

/// Where a trace stands in the sample of an automation, from 0 to 100: the same whenever it is asked, and spread evenly.
pub fn place(seed: &str, trace_id: &str) -> f64 {
    let digest = Sha256::new().chain_update(seed).chain_update([0]).chain_update(trace_id).finalize();
    let number = digest.first_chunk::<4>().map_or(0, |bytes| u32::from_be_bytes(*bytes));
    f64::from(number) / (f64::from(u32::MAX) + 1.0) * 100.0
}

/// How many traces were acted on in a day: what quotas are held against.
#[derive(Debug, Clone, Default)]
pub struct Acted {
    /// Of no stratum, and then of each.
    counts: Vec<i64>,
}

impl Acted {
    /// Nothing yet.
    pub fn none(definition: &Definition) -> Acted {
        Acted { counts: vec![0; definition.strata.len() + 1] }
    }

    /// So many more of a stratum.
    pub fn add(&mut self, stratum: Option<usize>, count: i64) {
        if let Some(sum) = self.counts.get_mut(stratum.map_or(0, |at| at + 1)) {
            *sum += count;
        }
    }

    /// So many more of what is no stratum any more.
    pub fn add_elsewhere(&mut self, count: i64) {
        self.counts.push(count);
    }
}

/// Whether a trace that matched is acted on, with the sentence that says why. What is acted on is counted.
pub fn decide(
    definition: &Definition,
    seed: &str,
    trace_id: &str,
    stratum: Option<usize>,
    acted: &mut Acted,
) -> (Outcome, String) {
    let own = stratum.and_then(|at| definition.strata.get(at));
    let (rate, quota) = own.map_or((definition.sampling_rate, None), |own| (own.sampling_rate, own.per_day));
    let what = own.map_or_else(String::new, |own| format!(" the group “{}”", own.name));
    let place = place(seed, trace_id);
    if place >= rate {
        return (Outcome::NotSampled, format!("Matches{what}, but is not in the sample of {rate} %."));
    }
    let here = acted.counts.get(stratum.map_or(0, |at| at + 1)).copied().unwrap_or(0);
    if let Some(quota) = quota.filter(|quota| here >= *quota) {
        return (Outcome::OverQuota, format!("Matches{what}, which acted on {quota} traces of that day already."));
    }
    let all: i64 = acted.counts.iter().sum();
    if let Some(quota) = definition.per_day.filter(|quota| all >= *quota) {
        return (Outcome::OverQuota, format!("Matches{what}, but {quota} traces of that day were acted on already."));
    }
    acted.add(stratum, 1);
    (Outcome::Acted, format!("Matches{what}."))
}
