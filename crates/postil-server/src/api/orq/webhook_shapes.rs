//! The shapes of webhooks (contract A.8).

use std::collections::HashMap;

use postil::clock::rfc3339;
use postil::webhook::log::Delivery;
use postil::webhook::{Change, List, Webhook};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A webhook to make.
#[derive(Deserialize, ToSchema)]
pub(super) struct WebhookInput {
    /// Made by you: 1 to 64 letters, digits, dashes, underscores or dots. Required.
    #[serde(rename = "_id")]
    pub(super) id: Option<String>,
    #[serde(flatten)]
    pub(super) change: WebhookChange,
}

/// What to change of a webhook. When one is made, everything but `enabled` is required.
#[derive(Deserialize, ToSchema, Default)]
pub(super) struct WebhookChange {
    /// An address of http or https on the public internet, or in a network the operator allows.
    pub(super) url: Option<String>,
    /// `application/json` or `application/x-www-form-urlencoded`.
    pub(super) content_type: Option<String>,
    /// 1 to 255 characters.
    pub(super) display_name: Option<String>,
    /// 1 to 100 names of events.
    pub(super) events: Option<Vec<String>>,
    /// What deliveries are signed with, 1 to 255 characters; see `/v2/webhooks/secret`. Never shown again.
    pub(super) secret: Option<String>,
    /// True when nothing is said.
    pub(super) enabled: Option<bool>,
}

impl From<WebhookChange> for Change {
    fn from(given: WebhookChange) -> Change {
        Change {
            display_name: given.display_name,
            url: given.url,
            content_type: given.content_type,
            events: given.events,
            secret: given.secret,
            enabled: given.enabled,
        }
    }
}

/// The last delivery of a webhook.
#[derive(Serialize, ToSchema)]
pub(super) struct LastDelivery {
    pub(super) id: String,
    /// `waiting`, `delivered` or `failed`.
    pub(super) state: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) status_code: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<String>,
    pub(super) created_at: String,
}

/// A webhook.
#[derive(Serialize, ToSchema)]
pub(super) struct WebhookView {
    #[serde(rename = "_id")]
    pub(super) id: String,
    pub(super) url: String,
    /// `application/json` or `application/x-www-form-urlencoded`.
    pub(super) content_type: String,
    pub(super) display_name: String,
    pub(super) events: Vec<String>,
    /// Masked, but in the answer to whoever makes it.
    pub(super) secret: String,
    pub(super) enabled: bool,
    /// How many attempts failed since the last one that arrived.
    pub(super) failure_count: i64,
    /// Since when nothing arrived, when the last attempt failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) failing_since: Option<String>,
    /// Why the server disabled it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) disabled_reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) last_delivery: Option<LastDelivery>,
    pub(super) created_by_id: String,
    pub(super) updated_by_id: String,
    pub(super) created: String,
    pub(super) updated: String,
}

pub(super) fn view(webhook: Webhook, last: Option<&Delivery>) -> WebhookView {
    WebhookView {
        secret: webhook.secret.masked(),
        id: webhook.id,
        url: webhook.url,
        content_type: webhook.content_type,
        display_name: webhook.display_name,
        events: webhook.events,
        enabled: webhook.enabled,
        failure_count: webhook.failure_count,
        failing_since: webhook.failing_since.map(rfc3339),
        disabled_reason: webhook.disabled_because,
        last_delivery: last.map(|last| LastDelivery {
            id: last.id.clone(),
            state: last.state.clone(),
            status_code: last.status_code,
            error: last.error.clone(),
            created_at: rfc3339(last.created_at),
        }),
        created_by_id: webhook.created_by,
        updated_by_id: webhook.updated_by,
        created: rfc3339(webhook.created_at),
        updated: rfc3339(webhook.updated_at),
    }
}

/// A page of webhooks.
#[derive(Serialize, ToSchema)]
pub(super) struct WebhookList {
    /// How many there are on all pages.
    pub(super) count: usize,
    pub(super) items: Vec<WebhookView>,
    pub(super) has_more: bool,
}

pub(super) fn page_of(found: List, last: &[Delivery]) -> WebhookList {
    let by_id: HashMap<&str, &Delivery> = last.iter().map(|last| (last.webhook_id.as_str(), last)).collect();
    let items = found.items.into_iter();
    let items = items.map(|webhook| {
        let last = by_id.get(webhook.id.as_str()).copied();
        view(webhook, last)
    });
    WebhookList { count: found.count, items: items.collect(), has_more: found.has_more }
}

/// How many webhooks there are.
#[derive(Serialize, ToSchema)]
pub(super) struct WebhookCount {
    pub(super) total: i64,
}

/// Which webhooks to find.
#[derive(Deserialize, Default, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct WebhookQueryInput {
    pub(super) pagination: Option<WebhookPagination>,
    /// The first one counts.
    pub(super) sorting_props: Option<Vec<WebhookSorting>>,
    /// `search`, `event`, `content_type` and `enabled` count, as in the list.
    pub(super) query: Option<WebhookConditions>,
}

/// What to find.
#[derive(Deserialize, Default, ToSchema)]
pub(super) struct WebhookConditions {
    pub(super) search: Option<String>,
    pub(super) event: Option<String>,
    pub(super) content_type: Option<String>,
    pub(super) enabled: Option<bool>,
}

/// Which page.
#[derive(Deserialize, Default, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct WebhookPagination {
    pub(super) page: Option<i64>,
    pub(super) limit: Option<i64>,
    /// Begin after this one, in place of `page`.
    pub(super) last_id: Option<String>,
    /// End before this one, in place of `page`.
    pub(super) first_id: Option<String>,
}

/// By what to order.
#[derive(Deserialize, ToSchema)]
pub(super) struct WebhookSorting {
    pub(super) key: Option<String>,
    pub(super) direction: Option<String>,
}

/// The webhooks that were found.
#[derive(Serialize, ToSchema)]
pub(super) struct WebhookFound {
    pub(super) count: usize,
    pub(super) items: Vec<WebhookView>,
}

/// A secret.
#[derive(Serialize, ToSchema)]
pub(super) struct WebhookSecret {
    pub(super) secret: String,
}

/// What was changed.
#[derive(Serialize, ToSchema)]
pub(super) struct WebhookChanged {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) content_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) display_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) events: Option<Vec<String>>,
    /// Masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) secret: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) enabled: Option<bool>,
}

/// The webhook that was deleted.
#[derive(Serialize, ToSchema)]
pub(super) struct WebhookDeleted {
    pub(super) id: String,
}
