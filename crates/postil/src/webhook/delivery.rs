//! From what happened to what arrived: deliveries are written with the change, claimed, tried and concluded.

use serde_json::Value as Json;

use super::{Secret, Webhook, delivery_store as rows, event, json, store, tell};
use crate::clock::{self, Clock};
use crate::db::Tx;
use crate::error::Result;
use crate::id;

/// How long a claimed delivery is left to whoever tries it, in microseconds. Longer than an attempt may take.
pub const LEASE: i64 = 20_000_000;
/// How often a delivery is tried.
pub const MOST_ATTEMPTS: i64 = 12;
/// How many deliveries of one webhook are tried at a time, by one server; of one that fails only one is.
pub const CONCURRENT: usize = 4;
/// The rest after the first attempt, in microseconds; each following one is three times as long.
const FIRST_REST: i64 = 5_000_000;
/// The longest rest.
const LONGEST_REST: i64 = 6 * 3_600_000_000;
/// For how long, and how often, attempts fail before a webhook is disabled.
const PATIENCE: i64 = 3 * 86_400_000_000;
const PATIENT_ATTEMPTS: i64 = 20;
/// How long ended deliveries are kept, in microseconds.
const KEPT: i64 = 7 * 86_400_000_000;
/// How many of them are forgotten in a step.
const FORGOTTEN: i64 = 1000;

/// One thing that happened, as webhooks are told of it.
#[derive(Debug, Clone)]
pub struct Fact {
    /// The trace it happened to, with which what is said of it goes.
    pub trace_id: Option<String>,
    /// What is said of it: a JSON object.
    pub metadata: Json,
}

/// A delivery that is to be written.
pub(super) struct New<'a> {
    pub(super) id: String,
    pub(super) webhook_id: &'a str,
    pub(super) event_id: &'a str,
    pub(super) event: &'a str,
    pub(super) trace_id: Option<&'a str>,
    pub(super) metadata: &'a str,
    pub(super) replay_of: Option<&'a str>,
    pub(super) happened_at: i64,
}

/// Tells every enabled webhook that subscribes to `event`, in the transaction of the change. `facts` are made only when
/// somebody listens.
pub fn announce(
    tx: &mut Tx<'_>,
    clock: &Clock,
    project: i64,
    event: &str,
    facts: impl FnOnce() -> Vec<Fact>,
) -> Result<()> {
    let webhooks = store::subscribers(tx, project, event)?;
    if webhooks.is_empty() {
        return Ok(());
    }
    let facts = facts();
    let mut told = Vec::with_capacity(facts.len());
    for fact in &facts {
        told.push((id::ulid(clock), json(&fact.metadata)?, fact.trace_id.as_deref()));
    }
    let mut new = Vec::with_capacity(told.len() * webhooks.len());
    for (event_id, metadata, trace_id) in &told {
        new.extend(webhooks.iter().map(|webhook_id| New {
            id: id::ulid(clock),
            webhook_id,
            event_id,
            event,
            trace_id: *trace_id,
            metadata,
            replay_of: None,
            happened_at: clock.now(),
        }));
    }
    add(tx, clock, project, &new)
}

/// Calls one webhook, whatever it subscribes to, in the transaction of the caller. Returns the id of the delivery; none
/// when the project has no such webhook, or it is disabled.
///
/// The trace that `metadata` names as `trace_id` is the one with which the delivery goes.
pub fn call(
    tx: &mut Tx<'_>,
    clock: &Clock,
    project: i64,
    webhook_id: &str,
    event: &str,
    metadata: &Json,
) -> Result<Option<String>> {
    if !store::is_enabled(tx, project, webhook_id)? {
        return Ok(None);
    }
    let (delivery_id, event_id, text) = (id::ulid(clock), id::ulid(clock), json(metadata)?);
    let new = New {
        id: delivery_id.clone(),
        webhook_id,
        event_id: &event_id,
        event,
        trace_id: metadata["trace_id"].as_str(),
        metadata: &text,
        replay_of: None,
        happened_at: clock.now(),
    };
    add(tx, clock, project, &[new])?;
    Ok(Some(delivery_id))
}

pub(super) fn add(tx: &mut Tx<'_>, clock: &Clock, project: i64, new: &[New<'_>]) -> Result<()> {
    if new.is_empty() {
        return Ok(());
    }
    rows::insert(tx, project, new, clock.now())?;
    tell(tx, project);
    Ok(())
}

/// A webhook with deliveries whose time has come.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Target {
    /// The number of its project.
    pub project: i64,
    /// Its id.
    pub webhook_id: String,
}

/// A delivery to be tried now.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// Its id.
    pub id: String,
    /// Whose it is.
    pub target: Target,
    /// Where it goes.
    pub url: String,
    /// In which form.
    pub content_type: String,
    /// What it is signed with.
    pub secret: Secret,
    /// The id of what happened.
    pub event_id: String,
    /// What happened.
    pub event: String,
    /// What is said of it, as JSON text.
    pub metadata: String,
    /// When it happened.
    pub happened_at: i64,
}

/// What came of an attempt.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// The status of the answer, if there was one.
    pub status_code: Option<i64>,
    /// How the answer begins.
    pub response: Option<String>,
    /// Why it counts as failed; none when it arrived.
    pub error: Option<String>,
    /// How long it took, in milliseconds.
    pub duration_ms: i64,
}

/// The webhooks that have something to be delivered now, and when the next delivery is due after that.
pub fn due(tx: &mut Tx<'_>, now: i64) -> Result<(Vec<Target>, Option<i64>)> {
    Ok((rows::due(tx, now)?, rows::next_due(tx, now)?))
}

/// Takes up to `most` deliveries of a webhook for `worker` to try.
pub fn claim(tx: &mut Tx<'_>, clock: &Clock, worker: &str, target: &Target, most: usize) -> Result<Vec<Claimed>> {
    let Some(webhook) = store::find(tx, target.project, &target.webhook_id)? else {
        rows::delete_all(tx, target)?;
        return Ok(Vec::new());
    };
    let most = if webhook.failure_count > 0 { most.min(1) } else { most };
    let claimed = rows::next(tx, target, clock.now(), most)?;
    for delivery in &claimed {
        rows::take(tx, delivery, worker, clock.now() + LEASE)?;
    }
    if claimed.is_empty() {
        return Ok(Vec::new());
    }
    rows::claimed(tx, &webhook, &claimed)
}

/// Writes down what came of an attempt of `worker`, and when the next one is. A worker whose lease has lapsed has
/// nothing to say about the next one, but that it arrived is believed.
pub fn conclude(tx: &mut Tx<'_>, clock: &Clock, worker: &str, claimed: &Claimed, outcome: &Outcome) -> Result<()> {
    let target = &claimed.target;
    let Some(webhook) = store::lock(tx, target.project, &target.webhook_id)? else { return Ok(()) };
    let Some((holder, attempts)) = rows::lock(tx, &claimed.id)? else { return Ok(()) };
    if holder.as_deref() != Some(worker) && outcome.error.is_some() {
        return Ok(());
    }
    let now = clock.now();
    let is_test = claimed.event == event::TEST;
    let gave_up = attempts >= MOST_ATTEMPTS || !webhook.enabled || is_test;
    let (state, next_at) = match &outcome.error {
        None => ("delivered", None),
        Some(_) if gave_up => ("failed", None),
        Some(_) => ("waiting", Some(now + rest(attempts))),
    };
    rows::conclude(tx, &claimed.id, state, next_at, outcome, now)?;
    // Somebody who tries an address that does not answer is no sign that it has failed for long.
    let tried = if is_test && outcome.error.is_some() { webhook.clone() } else { tried(&webhook, outcome, now) };
    if tried != webhook {
        store::update(tx, &tried)?;
    }
    if webhook.enabled && !tried.enabled {
        disabled(tx, clock, &tried)?;
    }
    tell(tx, target.project);
    Ok(())
}

/// The webhook after an attempt: who fails for long is disabled.
fn tried(webhook: &Webhook, outcome: &Outcome, now: i64) -> Webhook {
    let Some(error) = &outcome.error else {
        return Webhook { failure_count: 0, failing_since: None, ..webhook.clone() };
    };
    let since = webhook.failing_since.unwrap_or(now);
    let failures = webhook.failure_count + 1;
    let is_lost = webhook.enabled && failures >= PATIENT_ATTEMPTS && now - since >= PATIENCE;
    let because = is_lost.then(|| {
        format!("Nothing arrived since {}, in {failures} attempts. The last one: {error}", clock::rfc3339(since))
    });
    Webhook {
        failure_count: failures,
        failing_since: Some(since),
        enabled: webhook.enabled && !is_lost,
        disabled_because: because.or_else(|| webhook.disabled_because.clone()),
        ..webhook.clone()
    }
}

/// What follows when the server disables a webhook: it is told of nothing more, what waited is given up, and the others
/// hear of it.
fn disabled(tx: &mut Tx<'_>, clock: &Clock, webhook: &Webhook) -> Result<()> {
    store::subscribe(tx, webhook)?;
    rows::give_up(tx, webhook.project, &webhook.id, clock.now())?;
    announce(tx, clock, webhook.project, event::WEBHOOK_DISABLED, || {
        let metadata = serde_json::json!({
            "webhook_id": webhook.id,
            "display_name": webhook.display_name,
            "failure_count": webhook.failure_count,
            "reason": webhook.disabled_because,
        });
        vec![Fact { trace_id: None, metadata }]
    })
}

/// How long a delivery rests after so many attempts: three times as long as before, at most six hours, give or take a
/// fifth, so that what failed together is not tried together.
fn rest(attempts: i64) -> i64 {
    let tripled = u32::try_from(attempts - 1).unwrap_or(0).min(12);
    let rest = FIRST_REST.saturating_mul(3_i64.pow(tripled)).min(LONGEST_REST);
    let chance = i64::from(u16::from_be_bytes(id::random_bytes::<2>()));
    rest * 4 / 5 + rest / 5 * 2 / 65_535 * chance
}

/// Gives back what `worker` has claimed, to be tried at once.
pub fn release(tx: &mut Tx<'_>, clock: &Clock, worker: &str) -> Result<()> {
    rows::release(tx, Some(worker), clock.now())
}

/// Gives back what anybody has claimed: when a server starts that is the only one on its database.
pub fn release_all(tx: &mut Tx<'_>, clock: &Clock) -> Result<()> {
    rows::release(tx, None, clock.now())
}

/// Forgets some of the deliveries that ended long ago, and says whether there may be more.
pub fn purge(tx: &mut Tx<'_>, clock: &Clock) -> Result<bool> {
    Ok(rows::purge(tx, clock.now() - KEPT, FORGOTTEN)? == u64::try_from(FORGOTTEN).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::{FIRST_REST, LONGEST_REST, MOST_ATTEMPTS, rest};

    #[test]
    fn rests_grow_threefold_give_or_take_a_fifth_up_to_six_hours() {
        let mut wanted = FIRST_REST;
        for attempts in 1..=MOST_ATTEMPTS + 5 {
            for _ in 0..100 {
                let rest = rest(attempts);
                assert!((wanted * 4 / 5..=wanted * 6 / 5).contains(&rest), "{attempts}: {rest}");
            }
            wanted = (wanted * 3).min(LONGEST_REST);
        }
    }

    #[test]
    fn what_failed_together_is_not_tried_together() {
        let rests: std::collections::BTreeSet<_> = (0..100).map(|_| rest(1)).collect();
        assert!(rests.len() > 50, "{}", rests.len());
    }
}
