//! What webhooks can do beyond the calls of the contract: the log of their deliveries, replays, tests.

use axum::Json;
use axum::extract::{Path, State};
use postil::clock::rfc3339;
use postil::page::PageRequest;
use postil::webhook::log::{self, Delivery};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::caller::{ADMIN, By};
use super::error::{ApiResult, ErrorBody};
use super::params::Params;
use crate::state::App;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(deliveries))
        .routes(routes!(delivery))
        .routes(routes!(replay))
        .routes(routes!(test))
}

/// A delivery of a webhook.
#[derive(Serialize, ToSchema)]
struct WebhookDelivery {
    id: String,
    webhook_id: String,
    /// The `id` in its body: the same in every delivery that tells of one thing.
    event_id: String,
    /// The `type` in its body.
    event: String,
    /// The `metadata` in its body.
    #[schema(value_type = Object)]
    metadata: serde_json::Value,
    /// `waiting`, `delivered` or `failed`.
    state: String,
    /// Whether it is being tried now.
    trying: bool,
    attempts: i64,
    /// When it is tried next.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_attempt_at: Option<String>,
    /// The status of the last answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    status_code: Option<i64>,
    /// The first 1024 bytes of the last answer, as text. Written by the receiver.
    #[serde(skip_serializing_if = "Option::is_none")]
    response: Option<String>,
    /// Why the last attempt failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// How long the last attempt took.
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_ms: Option<i64>,
    /// The delivery of which this is a repetition.
    #[serde(skip_serializing_if = "Option::is_none")]
    replay_of: Option<String>,
    /// The `created` in its body.
    happened_at: String,
    created_at: String,
    updated_at: String,
    /// When it arrived, or was given up.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<String>,
}

impl From<Delivery> for WebhookDelivery {
    fn from(delivery: Delivery) -> WebhookDelivery {
        WebhookDelivery {
            id: delivery.id,
            webhook_id: delivery.webhook_id,
            event_id: delivery.event_id,
            event: delivery.event,
            metadata: delivery.metadata,
            state: delivery.state,
            trying: delivery.is_tried,
            attempts: delivery.attempts,
            next_attempt_at: delivery.next_at.filter(|_| !delivery.is_tried).map(rfc3339),
            status_code: delivery.status_code,
            response: delivery.response,
            error: delivery.error,
            duration_ms: delivery.duration_ms,
            replay_of: delivery.replay_of,
            happened_at: rfc3339(delivery.happened_at),
            created_at: rfc3339(delivery.created_at),
            updated_at: rfc3339(delivery.updated_at),
            ended_at: delivery.ended_at.map(rfc3339),
        }
    }
}

/// A list of deliveries.
#[derive(Serialize, ToSchema)]
struct WebhookDeliveryList {
    #[schema(example = "list")]
    object: &'static str,
    data: Vec<WebhookDelivery>,
    has_more: bool,
}

/// Which deliveries to list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct DeliveryQuery {
    /// How many, 1 to 200; 10 when nothing is said.
    limit: Option<i64>,
    /// The id of the last delivery of the page before.
    starting_after: Option<String>,
    /// The id of the first delivery of the page after.
    ending_before: Option<String>,
    /// `waiting`, `delivered` or `failed`; all when nothing is said.
    state: Option<String>,
}

/// List the deliveries of a webhook
///
/// Newest first. They are kept for a week after they arrived or were given up.
#[utoipa::path(get, path = "/v3/webhooks/{webhook_id}/deliveries", tag = "webhooks",
    params(("webhook_id" = String, Path), DeliveryQuery),
    responses((status = 200, body = WebhookDeliveryList), (status = "4XX", body = ErrorBody)))]
async fn deliveries(
    State(app): State<App>,
    By(caller): By<ADMIN>,
    Path(id): Path<String>,
    Params(given): Params<DeliveryQuery>,
) -> ApiResult<Json<WebhookDeliveryList>> {
    let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
    let page = PageRequest::new(given.limit, filled(given.starting_after), filled(given.ending_before))?;
    let state = filled(given.state);
    let found = app.db.read(move |tx| log::list(tx, &caller, &id, state.as_deref(), &page)).await?;
    let data = found.data.into_iter().map(WebhookDelivery::from).collect();
    Ok(Json(WebhookDeliveryList { object: "list", data, has_more: found.has_more }))
}

/// Read a delivery
#[utoipa::path(get, path = "/v3/webhooks/{webhook_id}/deliveries/{delivery_id}", tag = "webhooks",
    params(("webhook_id" = String, Path), ("delivery_id" = String, Path)),
    responses((status = 200, body = WebhookDelivery), (status = "4XX", body = ErrorBody)))]
async fn delivery(
    State(app): State<App>,
    By(caller): By<ADMIN>,
    Path((webhook_id, id)): Path<(String, String)>,
) -> ApiResult<Json<WebhookDelivery>> {
    let found = app.db.read(move |tx| log::get(tx, &caller, &webhook_id, &id)).await?;
    Ok(Json(found.into()))
}

/// Deliver once more
///
/// The same event with the same id and time, signed anew. Answers the new delivery, which is tried at once.
#[utoipa::path(post, path = "/v3/webhooks/{webhook_id}/deliveries/{delivery_id}/replay", tag = "webhooks",
    params(("webhook_id" = String, Path), ("delivery_id" = String, Path)),
    responses((status = 200, body = WebhookDelivery), (status = "4XX", body = ErrorBody)))]
async fn replay(
    State(app): State<App>,
    By(caller): By<ADMIN>,
    Path((webhook_id, id)): Path<(String, String)>,
) -> ApiResult<Json<WebhookDelivery>> {
    let clock = app.clock.clone();
    let made = app.db.write(move |tx| log::replay(tx, &clock, &caller, &webhook_id, &id)).await?;
    Ok(Json(made.into()))
}

/// Try whether deliveries arrive
///
/// Delivers the event `webhook.test`, once, also while the webhook is disabled. Answers the delivery; read it again to
/// see what came of it.
#[utoipa::path(post, path = "/v3/webhooks/{webhook_id}/test", tag = "webhooks", params(("webhook_id" = String, Path)),
    responses((status = 200, body = WebhookDelivery), (status = "4XX", body = ErrorBody)))]
async fn test(
    State(app): State<App>,
    By(caller): By<ADMIN>,
    Path(id): Path<String>,
) -> ApiResult<Json<WebhookDelivery>> {
    let clock = app.clock.clone();
    let made = app.db.write(move |tx| log::test(tx, &clock, &caller, &id)).await?;
    Ok(Json(made.into()))
}
