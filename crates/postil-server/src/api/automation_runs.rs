//! What automations did, and what they would do.

use postil::automation::{Did, DryRun, Looked, Outcome, Run};
use postil::clock::rfc3339;
use postil::{Error, Result};
use serde::Serialize;
use utoipa::ToSchema;

/// How many traces of a stratum would have been acted on.
#[derive(Debug, Serialize, ToSchema)]
struct AutomationDryRunStratum {
    name: String,
    matches: i64,
    would_act: i64,
}

/// A trace that matches.
#[derive(Debug, Serialize, ToSchema)]
struct AutomationDryRunTrace {
    trace_id: String,
    name: String,
    /// How what was asked begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<String>,
    start_time: String,
    /// Whether it would have been acted on.
    acts: bool,
    /// Why, in a sentence.
    reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    stratum: Option<String>,
}

/// What an automation would have done.
#[derive(Debug, Serialize, ToSchema)]
pub struct AutomationDryRun {
    days: i64,
    /// How many traces started in these days.
    looked_at: i64,
    /// Whether there were more than are looked at; then the oldest were left out.
    truncated: bool,
    matches: i64,
    would_act: i64,
    /// On how many of these the saved automation has acted already: it does so once.
    acted_before: i64,
    strata: Vec<AutomationDryRunStratum>,
    /// Newest first.
    traces: Vec<AutomationDryRunTrace>,
}

impl AutomationDryRun {
    /// A trial over so many days.
    pub fn of(tried: DryRun, days: i64) -> AutomationDryRun {
        let stratum = |(name, matches, would_act)| AutomationDryRunStratum { name, matches, would_act };
        let trace = |one: Looked| AutomationDryRunTrace {
            trace_id: one.trace_id,
            name: one.name,
            input: one.input,
            start_time: rfc3339(one.start_ns / 1000),
            acts: one.acts,
            reason: one.reason,
            stratum: one.stratum,
        };
        AutomationDryRun {
            days,
            looked_at: tried.looked_at,
            truncated: tried.truncated,
            matches: tried.matches,
            would_act: tried.would_act,
            acted_before: tried.acted_before,
            strata: tried.strata.into_iter().map(stratum).collect(),
            traces: tried.traces.into_iter().map(trace).collect(),
        }
    }
}

/// What became of an action.
#[derive(Debug, Serialize, ToSchema)]
struct AutomationRunAction {
    #[serde(rename = "type")]
    kind: String,
    /// `done`, `nothing_to_do` or `failed`.
    outcome: &'static str,
    /// The same in a sentence.
    detail: String,
}

/// What an automation did with a trace.
#[derive(Debug, Serialize, ToSchema)]
struct AutomationRun {
    id: String,
    trace_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_name: Option<String>,
    /// How what was asked begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_input: Option<String>,
    /// `acted`, `not_sampled`, `over_quota` or `failed`.
    outcome: &'static str,
    /// Why, in a sentence.
    reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    stratum: Option<String>,
    /// `settled`, `feedback` or `back_fill`.
    trigger: &'static str,
    actions: Vec<AutomationRunAction>,
    at: String,
}

/// A page of what an automation did, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct AutomationRunList {
    #[schema(example = "list")]
    object: &'static str,
    data: Vec<AutomationRun>,
    has_more: bool,
}

impl AutomationRunList {
    /// These runs, and whether there are more.
    pub fn of(runs: Vec<Run>, has_more: bool) -> AutomationRunList {
        let action =
            |did: Did| AutomationRunAction { kind: did.action, outcome: did.outcome.name(), detail: did.detail };
        let run = |run: Run| AutomationRun {
            id: run.id,
            trace_id: run.trace_id,
            trace_name: run.trace_name,
            trace_input: run.trace_input,
            outcome: run.outcome.name(),
            reason: run.reason,
            stratum: run.stratum,
            trigger: run.trigger.name(),
            actions: run.actions.into_iter().map(action).collect(),
            at: rfc3339(run.at),
        };
        AutomationRunList { object: "list", data: runs.into_iter().map(run).collect(), has_more }
    }
}

/// Reads `outcome`.
pub fn outcome(text: Option<&str>) -> Result<Option<Outcome>> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    Outcome::parse(text).map(Some).ok_or_else(|| {
        Error::field("invalid_value", "outcome", "outcome must be acted, not_sampled, over_quota or failed.")
    })
}
