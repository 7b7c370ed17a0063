//! What a call says of an automation, and the check of it.

use super::rule::{Action, Definition, Ready, Selection, Stratum};
use crate::error::{Error, Result};
use crate::queue::PRIORITIES;

const MOST_NAME: usize = 128;
const MOST_DESCRIPTION: usize = 500;
const MOST_STRATA: usize = 10;
const MOST_STRATUM_NAME: usize = 64;
const MOST_ACTIONS: usize = 10;
const MOST_TAG: usize = 64;
/// Values in all filters of an automation together: a trial puts them into one statement, which takes only so many.
const MOST_VALUES: usize = 5000;
const QUIET_SECONDS: std::ops::RangeInclusive<i64> = 1..=3600;
const IDLE_SECONDS: std::ops::RangeInclusive<i64> = 10..=86_400;
const PER_DAY: std::ops::RangeInclusive<i64> = 1..=1_000_000;
const DAYS: std::ops::RangeInclusive<i64> = 1..=3650;

/// What a call says of an automation; what it does not mention stays as it is.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// Its name.
    pub name: Option<String>,
    /// What it is for; `Some(None)` takes it away.
    pub description: Option<Option<String>>,
    /// Whether it acts.
    pub enabled: Option<bool>,
    /// Which traces are meant.
    pub selection: Option<Selection>,
    /// Whether it looks at traces that have settled, and whether at those of which something was said.
    pub triggers: Option<(bool, bool)>,
    /// How long nothing came to a trace whose root has ended, in seconds.
    pub quiet_seconds: Option<i64>,
    /// How long nothing came to any other, in seconds.
    pub idle_seconds: Option<i64>,
    /// How many of a hundred are acted on.
    pub sampling_rate: Option<f64>,
    /// Where a trace belongs.
    pub strata: Option<Vec<Stratum>>,
    /// How many of a day are acted on; `Some(None)`: as many as match.
    pub per_day: Option<Option<i64>>,
    /// What is done.
    pub actions: Option<Vec<Action>>,
}

impl Change {
    /// The definition with this change.
    pub fn on(&self, old: Definition) -> Definition {
        let (on_settled, on_feedback) = self.triggers.unwrap_or((old.on_settled, old.on_feedback));
        Definition {
            description: self.description.clone().unwrap_or(old.description),
            selection: self.selection.clone().unwrap_or(old.selection),
            on_settled,
            on_feedback,
            quiet_seconds: self.quiet_seconds.unwrap_or(old.quiet_seconds),
            idle_seconds: self.idle_seconds.unwrap_or(old.idle_seconds),
            sampling_rate: self.sampling_rate.unwrap_or(old.sampling_rate),
            strata: self.strata.clone().unwrap_or(old.strata),
            per_day: self.per_day.unwrap_or(old.per_day),
            actions: self.actions.clone().unwrap_or(old.actions),
        }
    }
}

/// Refuses a name that is too long, or none.
pub(super) fn check_name(name: &str) -> Result<String> {
    length(name.trim(), 1, MOST_NAME, "name")?;
    Ok(name.trim().to_owned())
}

/// Refuses what makes no sense, and names the field.
pub(super) fn check(definition: &Definition) -> Result<()> {
    if let Some(description) = &definition.description {
        length(description, 0, MOST_DESCRIPTION, "description")?;
    }
    if !definition.on_settled && !definition.on_feedback {
        return Err(Error::field("invalid_count", "triggers", "triggers must name settled, feedback or both."));
    }
    within(definition.quiet_seconds, &QUIET_SECONDS, "quiet_seconds")?;
    within(definition.idle_seconds, &IDLE_SECONDS, "idle_seconds")?;
    check_sample(definition)?;
    if !(1..=MOST_ACTIONS).contains(&definition.actions.len()) {
        let message = format!("actions must have 1 to {MOST_ACTIONS} entries.");
        return Err(Error::field("invalid_count", "actions", message));
    }
    for (at, action) in definition.actions.iter().enumerate() {
        check_action(action, &format!("actions[{at}]"))?;
    }
    Ok(())
}

/// The part of the check that a trial needs: which traces are meant, and how many of them.
pub(super) fn check_sample(definition: &Definition) -> Result<()> {
    rate(definition.sampling_rate, "sampling_rate")?;
    if let Some(quota) = definition.per_day {
        within(quota, &PER_DAY, "per_day")?;
    }
    if definition.strata.len() > MOST_STRATA {
        return Err(Error::field("invalid_count", "strata", format!("strata takes at most {MOST_STRATA} entries.")));
    }
    for (at, stratum) in definition.strata.iter().enumerate() {
        let field = |name: &str| format!("strata[{at}].{name}");
        length(stratum.name.trim(), 1, MOST_STRATUM_NAME, &field("name"))?;
        if definition.strata[..at].iter().any(|before| before.name == stratum.name) {
            return Err(Error::field("duplicate", field("name"), format!("{} is taken already.", field("name"))));
        }
        rate(stratum.sampling_rate, &field("sampling_rate"))?;
        if let Some(quota) = stratum.per_day {
            within(quota, &PER_DAY, &field("per_day"))?;
        }
    }
    let selections = definition.strata.iter().map(|stratum| &stratum.selection).chain([&definition.selection]);
    let values: usize = selections.flat_map(|one| &one.conditions).map(|condition| condition.values.len()).sum();
    if values > MOST_VALUES {
        let message =
            format!("The filters of an automation and its strata have at most {MOST_VALUES} values together.");
        return Err(Error::field("invalid_filter", "strata", message));
    }
    Ready::new(definition).map(drop)
}

fn check_action(action: &Action, field: &str) -> Result<()> {
    match action {
        Action::AddToQueue { priority, .. } => within(*priority, &PRIORITIES, &format!("{field}.priority")),
        Action::ExtendRetention { days } => within(*days, &DAYS, &format!("{field}.days")),
        Action::AddTag { tag } => length(tag.trim(), 1, MOST_TAG, &format!("{field}.tag")),
        Action::AddToDataset { .. } | Action::CallWebhook { .. } => Ok(()),
    }
}

fn rate(rate: f64, field: &str) -> Result<()> {
    if (0.0..=100.0).contains(&rate) {
        return Ok(());
    }
    Err(Error::field("invalid_value", field, format!("{field} must be from 0 to 100.")))
}

fn within(number: i64, range: &std::ops::RangeInclusive<i64>, field: &str) -> Result<()> {
    if range.contains(&number) {
        return Ok(());
    }
    let message = format!("{field} must be from {} to {}.", range.start(), range.end());
    Err(Error::field("invalid_value", field, message))
}

fn length(text: &str, least: usize, most: usize, field: &str) -> Result<()> {
    if (least..=most).contains(&text.chars().count()) {
        return Ok(());
    }
    let message = match least {
        0 => format!("{field} must be at most {most} characters long."),
        _ => format!("{field} must be {least} to {most} characters long."),
    };
    Err(Error::field("invalid_length", field, message))
}
