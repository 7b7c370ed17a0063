//! What was delivered, and once more.

use serde_json::Value as Json;

use super::delivery::{New, add};
use super::{delivery_store as rows, event, json, not_found, registration};
use crate::clock::Clock;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::id;
use crate::page::{Page, PageRequest};
use crate::project::{Caller, Permission};

/// How a delivery can stand.
pub const STATES: [&str; 3] = ["waiting", "delivered", "failed"];

/// A delivery, as its log shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// Its id, a ULID.
    pub id: String,
    /// The webhook.
    pub webhook_id: String,
    /// The id of what happened, the same in every delivery that tells of it.
    pub event_id: String,
    /// What happened.
    pub event: String,
    /// What is said of it.
    pub metadata: Json,
    /// One of [`STATES`].
    pub state: String,
    /// How often it was tried.
    pub attempts: i64,
    /// When it is tried next.
    pub next_at: Option<i64>,
    /// Whether it is being tried now.
    pub is_tried: bool,
    /// The status of the last answer.
    pub status_code: Option<i64>,
    /// How the last answer began.
    pub response: Option<String>,
    /// Why the last attempt failed.
    pub error: Option<String>,
    /// How long the last attempt took, in milliseconds.
    pub duration_ms: Option<i64>,
    /// The delivery of which this is a repetition.
    pub replay_of: Option<String>,
    /// When what it tells of happened.
    pub happened_at: i64,
    /// When it was written.
    pub created_at: i64,
    /// When it was last tried.
    pub updated_at: i64,
    /// When it arrived, or was given up.
    pub ended_at: Option<i64>,
}

/// The deliveries of a webhook, newest first, of one state or of all.
pub fn list(
    tx: &mut Tx<'_>,
    caller: &Caller,
    webhook_id: &str,
    state: Option<&str>,
    page: &PageRequest,
) -> Result<Page<Delivery>> {
    let webhook = registration::get(tx, caller, webhook_id)?;
    if let Some(state) = state.filter(|state| !STATES.contains(state)) {
        let message = format!("Invalid value: {state}. Valid options are: {}.", STATES.join(", "));
        return Err(Error::field("invalid_value", "state", message));
    }
    let mut data = rows::page(tx, webhook.project, &webhook.id, state.unwrap_or(""), page)?;
    let has_more = data.len() > page.limit;
    data.truncate(page.limit);
    if page.ending_before.is_some() {
        data.reverse();
    }
    Ok(Page { data, has_more })
}

/// The last delivery of each webhook of the caller's project that has one.
pub fn last(tx: &mut Tx<'_>, caller: &Caller) -> Result<Vec<Delivery>> {
    caller.require(Permission::Admin)?;
    rows::last(tx, caller.project.number)
}

/// One delivery of a webhook.
pub fn get(tx: &mut Tx<'_>, caller: &Caller, webhook_id: &str, id: &str) -> Result<Delivery> {
    let webhook = registration::get(tx, caller, webhook_id)?;
    rows::find(tx, webhook.project, &webhook.id, id)?
        .ok_or_else(|| Error::not_found("delivery_not_found", format!("The delivery with id \"{id}\" was not found.")))
}

/// Delivers once more what was delivered, or given up: the same event with the same id and time, in a delivery of its
/// own.
///
/// # Errors
/// [`Error::Conflict`] when the webhook is disabled, or the delivery has not ended.
pub fn replay(tx: &mut Tx<'_>, clock: &Clock, caller: &Caller, webhook_id: &str, id: &str) -> Result<Delivery> {
    let old = get(tx, caller, webhook_id, id)?;
    if old.ended_at.is_none() {
        return Err(Error::conflict("delivery_waits", "This delivery has not ended yet; it is tried again by itself."));
    }
    again(tx, clock, caller, &old)
}

fn again(tx: &mut Tx<'_>, clock: &Clock, caller: &Caller, old: &Delivery) -> Result<Delivery> {
    let webhook = registration::get(tx, caller, &old.webhook_id)?;
    if !webhook.enabled {
        return Err(Error::conflict("webhook_disabled", "The webhook is disabled. Enable it first."));
    }
    let (new_id, metadata) = (id::ulid(clock), json(&old.metadata)?);
    let new = New {
        id: new_id.clone(),
        webhook_id: &webhook.id,
        event_id: &old.event_id,
        event: &old.event,
        trace_id: old.metadata["trace_id"].as_str(),
        metadata: &metadata,
        replay_of: Some(&old.id),
        happened_at: old.happened_at,
    };
    add(tx, clock, webhook.project, &[new])?;
    get(tx, caller, &webhook.id, &new_id)
}

/// Delivers something that did not happen, so that somebody sees whether deliveries arrive; also while the webhook is
/// disabled.
pub fn test(tx: &mut Tx<'_>, clock: &Clock, caller: &Caller, webhook_id: &str) -> Result<Delivery> {
    let webhook = registration::get(tx, caller, webhook_id)?;
    let (new_id, event_id) = (id::ulid(clock), id::ulid(clock));
    let said = serde_json::json!({"webhook_id": webhook.id, "display_name": webhook.display_name});
    let metadata = json(&said)?;
    let new = New {
        id: new_id.clone(),
        webhook_id: &webhook.id,
        event_id: &event_id,
        event: event::TEST,
        trace_id: None,
        metadata: &metadata,
        replay_of: None,
        happened_at: clock.now(),
    };
    add(tx, clock, webhook.project, &[new])?;
    rows::find(tx, webhook.project, &webhook.id, &new_id)?.ok_or_else(|| not_found(webhook_id))
}
