//! Automations as they are sent.

use postil::automation::{Action, Automation, Change, Selection, Stratum, Totals};
use postil::clock::rfc3339;
use postil::trace::filter::{Join, WireCondition};
use postil::{Error, Result};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::queue_shapes::present;
use super::trace_fields::TraceFilter;

/// A part of the traces that match, with a sample and a quota of its own.
#[derive(Debug, Deserialize, ToSchema)]
pub struct AutomationStratumInput {
    /// 1 to 64 characters.
    name: String,
    /// What must hold.
    filters: Option<Vec<TraceFilter>>,
    /// `and` (default): all filters hold; `or`: one does.
    filter_operator: Option<String>,
    /// Text that occurs in the trace.
    query: Option<String>,
    /// How many of a hundred are acted on, 0 to 100; all when nothing is said.
    sampling_rate: Option<f64>,
    /// How many are acted on in a day, 1 to 1,000,000; any number when nothing is said.
    per_day: Option<i64>,
}

/// What is done with a trace. Which fields are needed depends on `type`.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct AutomationAction {
    /// `add_to_queue`, `add_to_dataset`, `call_webhook`, `extend_retention` or `add_tag`.
    #[serde(rename = "type")]
    kind: String,
    /// The annotation queue, for `add_to_queue`.
    #[serde(skip_serializing_if = "Option::is_none")]
    queue_id: Option<String>,
    /// `span` (default): the span whose answer the trace shows; `trace`: the trace as a whole. For `add_to_queue`.
    #[serde(rename = "kind", skip_serializing_if = "Option::is_none")]
    item_kind: Option<String>,
    /// -1000 to 1000, the greatest first; 0 when nothing is said. For `add_to_queue`.
    #[serde(skip_serializing_if = "Option::is_none")]
    priority: Option<i64>,
    /// The member who is to judge it; anybody when nothing is said. For `add_to_queue`.
    #[serde(skip_serializing_if = "Option::is_none")]
    assignee_id: Option<String>,
    /// The dataset, for `add_to_dataset`.
    #[serde(skip_serializing_if = "Option::is_none")]
    dataset_id: Option<String>,
    /// The webhook, for `call_webhook`.
    #[serde(skip_serializing_if = "Option::is_none")]
    webhook_id: Option<String>,
    /// 1 to 3650: for how long it is kept from then on, at least. For `extend_retention`.
    #[serde(skip_serializing_if = "Option::is_none")]
    days: Option<i64>,
    /// 1 to 64 characters, for `add_tag`.
    #[serde(skip_serializing_if = "Option::is_none")]
    tag: Option<String>,
}

/// An automation to make, or what to change of one.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct AutomationInput {
    /// 1 to 128 characters; required when an automation is made.
    name: Option<String>,
    /// At most 500 characters; null takes it away.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    description: Option<Option<String>>,
    /// Whether it acts; it does when nothing is said.
    enabled: Option<bool>,
    /// What must hold.
    filters: Option<Vec<TraceFilter>>,
    /// `and` (default): all filters hold; `or`: one does.
    filter_operator: Option<String>,
    /// Text that occurs in the trace.
    query: Option<String>,
    /// `settled` (default): the spans of a trace have come; `feedback`: an annotation or an evaluator result came or was
    /// taken back.
    triggers: Option<Vec<String>>,
    /// How long nothing came to a trace whose root has ended, 1 to 3600; 5 when nothing is said.
    quiet_seconds: Option<i64>,
    /// How long nothing came to any other trace, 10 to 86400; 300 when nothing is said.
    idle_seconds: Option<i64>,
    /// How many of a hundred are acted on, of those in no stratum, 0 to 100; all when nothing is said.
    sampling_rate: Option<f64>,
    /// At most 10; the first that a trace belongs to decides.
    strata: Option<Vec<AutomationStratumInput>>,
    /// How many are acted on in a day (UTC), over all strata, 1 to 1,000,000; null: any number.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<i64>)]
    per_day: Option<Option<i64>>,
    /// 1 to 10; required when an automation is made.
    actions: Option<Vec<AutomationAction>>,
}

/// An automation to try.
#[derive(Debug, Deserialize, ToSchema)]
pub struct AutomationDryRunInput {
    #[serde(flatten)]
    pub automation: AutomationInput,
    /// How many days back, 1 to 90; 7 when nothing is said.
    pub days: Option<i64>,
    /// How many traces are shown, 0 to 100; 20 when nothing is said.
    pub limit: Option<i64>,
    /// An automation: its sample is drawn, and what is not mentioned is taken from it.
    pub automation_id: Option<String>,
}

fn selection(
    filters: Option<Vec<TraceFilter>>,
    operator: Option<&str>,
    query: Option<String>,
    path: &str,
) -> Result<Selection> {
    let condition = |filter: TraceFilter| WireCondition {
        field: filter.field,
        op: filter.op,
        values: filter.values.unwrap_or_default(),
    };
    let any = Join::parse(operator).map_err(|error| match error {
        Error::Invalid { name, message, .. } => Error::field(name, format!("{path}filter_operator"), message),
        other => other,
    })? == Join::Or;
    Ok(Selection {
        conditions: filters.unwrap_or_default().into_iter().map(condition).collect(),
        any,
        query: query.filter(|query| !query.trim().is_empty()),
    })
}

impl AutomationStratumInput {
    fn read(self, at: usize) -> Result<Stratum> {
        let path = format!("strata[{at}].");
        Ok(Stratum {
            name: self.name,
            selection: selection(self.filters, self.filter_operator.as_deref(), self.query, &path)?,
            sampling_rate: self.sampling_rate.unwrap_or(100.0),
            per_day: self.per_day,
        })
    }
}

impl AutomationAction {
    fn read(self, at: usize) -> Result<Action> {
        let missing = |name: &str| {
            let field = format!("actions[{at}].{name}");
            Error::field("missing_field", &*field, format!("{field} is required."))
        };
        Ok(match self.kind.as_str() {
            "add_to_queue" => Action::AddToQueue {
                queue_id: self.queue_id.ok_or_else(|| missing("queue_id"))?,
                whole: match self.item_kind.as_deref() {
                    None | Some("span") => false,
                    Some("trace") => true,
                    Some(_) => {
                        let field = format!("actions[{at}].kind");
                        return Err(Error::field("invalid_value", &*field, format!("{field} must be trace or span.")));
                    }
                },
                priority: self.priority.unwrap_or(0),
                assignee_id: self.assignee_id.filter(|id| !id.is_empty()),
            },
            "add_to_dataset" => {
                Action::AddToDataset { dataset_id: self.dataset_id.ok_or_else(|| missing("dataset_id"))? }
            }
            "call_webhook" => Action::CallWebhook { webhook_id: self.webhook_id.ok_or_else(|| missing("webhook_id"))? },
            "extend_retention" => Action::ExtendRetention { days: self.days.ok_or_else(|| missing("days"))? },
            "add_tag" => Action::AddTag { tag: self.tag.ok_or_else(|| missing("tag"))? },
            _ => {
                let field = format!("actions[{at}].type");
                let message =
                    format!("{field} must be add_to_queue, add_to_dataset, call_webhook, extend_retention or add_tag.");
                return Err(Error::field("invalid_value", field, message));
            }
        })
    }

    fn of(action: Action) -> AutomationAction {
        let mut shown = AutomationAction {
            kind: action.name().to_owned(),
            queue_id: None,
            item_kind: None,
            priority: None,
            assignee_id: None,
            dataset_id: None,
            webhook_id: None,
            days: None,
            tag: None,
        };
        match action {
            Action::AddToQueue { queue_id, whole, priority, assignee_id } => {
                shown.queue_id = Some(queue_id);
                shown.item_kind = Some(if whole { "trace" } else { "span" }.to_owned());
                shown.priority = Some(priority);
                shown.assignee_id = assignee_id;
            }
            Action::AddToDataset { dataset_id } => shown.dataset_id = Some(dataset_id),
            Action::CallWebhook { webhook_id } => shown.webhook_id = Some(webhook_id),
            Action::ExtendRetention { days } => shown.days = Some(days),
            Action::AddTag { tag } => shown.tag = Some(tag),
        }
        shown
    }
}

impl AutomationInput {
    /// What is said, in the words of the domain.
    pub fn read(self) -> Result<Change> {
        let has_filter = self.filters.is_some() || self.filter_operator.is_some() || self.query.is_some();
        let selected = selection(self.filters, self.filter_operator.as_deref(), self.query, "")?;
        let triggers = self.triggers.map(|triggers| {
            if let Some(at) = triggers.iter().position(|trigger| !["settled", "feedback"].contains(&trigger.as_str())) {
                let field = format!("triggers[{at}]");
                return Err(Error::field("invalid_value", &*field, format!("{field} must be settled or feedback.")));
            }
            let has = |name: &str| triggers.iter().any(|trigger| trigger == name);
            Ok((has("settled"), has("feedback")))
        });
        let strata = self.strata.map(|all| all.into_iter().enumerate().map(|(at, one)| one.read(at)).collect());
        let actions = self.actions.map(|all| all.into_iter().enumerate().map(|(at, one)| one.read(at)).collect());
        Ok(Change {
            name: self.name,
            description: self.description.map(|text| text.filter(|text| !text.is_empty())),
            enabled: self.enabled,
            selection: has_filter.then_some(selected),
            triggers: triggers.transpose()?,
            quiet_seconds: self.quiet_seconds,
            idle_seconds: self.idle_seconds,
            sampling_rate: self.sampling_rate,
            strata: strata.transpose()?,
            per_day: self.per_day,
            actions: actions.transpose()?,
        })
    }
}

/// A condition, as it was sent.
#[derive(Debug, Serialize, ToSchema)]
struct AutomationFilter {
    field: String,
    op: String,
    values: Vec<String>,
}

/// A part of the traces that match.
#[derive(Debug, Serialize, ToSchema)]
struct AutomationStratum {
    name: String,
    filters: Vec<AutomationFilter>,
    filter_operator: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    query: Option<String>,
    sampling_rate: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    per_day: Option<i64>,
}

/// How often an automation did what.
#[derive(Debug, Serialize, ToSchema)]
struct AutomationTotals {
    acted: i64,
    not_sampled: i64,
    over_quota: i64,
    failed: i64,
}

/// Why the last failure failed.
#[derive(Debug, Serialize, ToSchema)]
struct AutomationError {
    message: String,
    at: String,
}

/// An automation.
#[derive(Debug, Serialize, ToSchema)]
pub struct AutomationView {
    id: String,
    project_id: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    enabled: bool,
    filters: Vec<AutomationFilter>,
    filter_operator: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    query: Option<String>,
    triggers: Vec<&'static str>,
    quiet_seconds: i64,
    idle_seconds: i64,
    sampling_rate: f64,
    strata: Vec<AutomationStratum>,
    #[serde(skip_serializing_if = "Option::is_none")]
    per_day: Option<i64>,
    actions: Vec<AutomationAction>,
    /// How often it was changed, from 1.
    version: i64,
    totals: AutomationTotals,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_acted_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_error: Option<AutomationError>,
    created_at: String,
    updated_at: String,
    created_by_id: String,
    updated_by_id: String,
}

fn shown(selection: Selection) -> (Vec<AutomationFilter>, &'static str, Option<String>) {
    let filters = selection.conditions.into_iter().map(|condition| AutomationFilter {
        field: condition.field.unwrap_or_default(),
        op: condition.op.unwrap_or_default(),
        values: condition.values,
    });
    (filters.collect(), if selection.any { "or" } else { "and" }, selection.query)
}

impl AutomationView {
    /// An automation of the project with this id, with what it did.
    pub fn of(automation: Automation, project_id: &str, totals: Totals) -> AutomationView {
        let definition = automation.definition;
        let triggers = [(definition.on_settled, "settled"), (definition.on_feedback, "feedback")];
        let (filters, filter_operator, query) = shown(definition.selection);
        let strata = definition.strata.into_iter().map(|stratum| {
            let (filters, filter_operator, query) = shown(stratum.selection);
            let (name, sampling_rate, per_day) = (stratum.name, stratum.sampling_rate, stratum.per_day);
            AutomationStratum { name, filters, filter_operator, query, sampling_rate, per_day }
        });
        let Totals { acted, not_sampled, over_quota, failed, last_acted_at } = totals;
        AutomationView {
            id: automation.id,
            project_id: project_id.to_owned(),
            name: automation.name,
            description: definition.description,
            enabled: automation.enabled,
            filters,
            filter_operator,
            query,
            triggers: triggers.into_iter().filter(|(on, _)| *on).map(|(_, name)| name).collect(),
            quiet_seconds: definition.quiet_seconds,
            idle_seconds: definition.idle_seconds,
            sampling_rate: definition.sampling_rate,
            strata: strata.collect(),
            per_day: definition.per_day,
            actions: definition.actions.into_iter().map(AutomationAction::of).collect(),
            version: automation.version,
            totals: AutomationTotals { acted, not_sampled, over_quota, failed },
            last_acted_at: last_acted_at.map(rfc3339),
            last_error: automation.error.map(|(message, at)| AutomationError { message, at: rfc3339(at) }),
            created_at: rfc3339(automation.created_at),
            updated_at: rfc3339(automation.updated_at),
            created_by_id: automation.created_by,
            updated_by_id: automation.updated_by,
        }
    }
}
