//! Webhooks, as clients of orq make them (contract A.8).

use axum::Json;
use axum::extract::{Path, State};
use postil::webhook::{self, Change, Filter, Sort, log};
use postil::{Error, Result};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::webhook_shapes::{
    WebhookChange, WebhookChanged, WebhookCount, WebhookDeleted, WebhookFound, WebhookInput, WebhookList,
    WebhookQueryInput, WebhookSecret, WebhookView, page_of, view,
};
use crate::api::body::{Body, OptionalBody};
use crate::api::caller::{ADMIN, By};
use crate::api::error::{ApiResult, ErrorBody};
use crate::api::params::Params;
use crate::state::App;
use crate::webhooks::check_url;

/// How many webhooks a page has when nothing is said.
const LIMIT: i64 = 20;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(count))
        .routes(routes!(query))
        .routes(routes!(secret))
        .routes(routes!(get, update, remove))
}

/// Which webhooks to list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct WebhookQuery {
    /// From 1.
    page: Option<i64>,
    /// 1 to 200; 20 when nothing is said.
    limit: Option<i64>,
    /// Text in the name or the address.
    search: Option<String>,
    /// The name of an event that is subscribed to.
    event: Option<String>,
    /// `created` (default), `updated` or `display_name`.
    sort: Option<String>,
    /// `desc` (default) or `asc`.
    direction: Option<String>,
    content_type: Option<String>,
    enabled: Option<bool>,
}

fn direction(given: Option<&str>, field: &str) -> Result<bool> {
    match given.unwrap_or("desc") {
        "asc" => Ok(true),
        "desc" => Ok(false),
        other => {
            let message = format!("Invalid value: {other}. Valid options are: asc, desc.");
            Err(Error::field("invalid_value", field, message))
        }
    }
}

fn filled(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

/// List webhooks
///
/// Those of the project, newest first unless said otherwise.
#[utoipa::path(get, path = "/v2/webhooks", tag = "webhooks", params(WebhookQuery),
    responses((status = 200, body = WebhookList), (status = "4XX", body = ErrorBody)))]
async fn list(
    State(app): State<App>,
    By(caller): By<ADMIN>,
    Params(given): Params<WebhookQuery>,
) -> ApiResult<Json<WebhookList>> {
    let sort = Sort::parse(filled(given.sort).as_deref().unwrap_or("created"), "sort")?;
    let ascending = direction(filled(given.direction).as_deref(), "direction")?;
    let filter = Filter {
        search: filled(given.search),
        event: filled(given.event),
        content_type: filled(given.content_type),
        enabled: given.enabled,
    };
    let page = (given.page.unwrap_or(1), given.limit.unwrap_or(LIMIT));
    let (found, last) = app
        .db
        .read(move |tx| {
            let found = webhook::list(tx, &caller, &filter, (sort, ascending), page)?;
            Ok((found, log::last(tx, &caller)?))
        })
        .await?;
    Ok(Json(page_of(found, &last)))
}

/// Make a webhook
///
/// Under an id of yours. `/v2/webhooks/secret` makes a secret for it. Deliveries carry `X-Orq-Signature`, the lower-case
/// hex of the HMAC-SHA256 of their body under that secret.
#[utoipa::path(post, path = "/v2/webhooks", tag = "webhooks", request_body = WebhookInput,
    responses((status = 200, body = WebhookView), (status = "4XX", body = ErrorBody)))]
async fn create(
    State(app): State<App>,
    By(caller): By<ADMIN>,
    Body(given): Body<WebhookInput>,
) -> ApiResult<Json<WebhookView>> {
    check_url(&app.webhook_networks, given.change.url.as_deref())?;
    let id = given.id.ok_or_else(|| Error::field("missing_field", "_id", "_id is required."))?;
    let (clock, wanted) = (app.clock.clone(), Change::from(given.change));
    let made = app.db.write(move |tx| webhook::create(tx, &clock, &caller, &id, &wanted)).await?;
    let secret = made.secret.reveal().to_owned();
    Ok(Json(WebhookView { secret, ..view(made, None) }))
}

/// Count webhooks
#[utoipa::path(get, path = "/v2/webhooks/count", tag = "webhooks",
    responses((status = 200, body = WebhookCount), (status = "4XX", body = ErrorBody)))]
async fn count(State(app): State<App>, By(caller): By<ADMIN>) -> ApiResult<Json<WebhookCount>> {
    let total = app.db.read(move |tx| webhook::count(tx, &caller)).await?;
    Ok(Json(WebhookCount { total }))
}

/// Find webhooks
#[utoipa::path(post, path = "/v2/webhooks/query", tag = "webhooks", request_body = WebhookQueryInput,
    responses((status = 200, body = WebhookFound), (status = "4XX", body = ErrorBody)))]
async fn query(
    State(app): State<App>,
    By(caller): By<ADMIN>,
    OptionalBody(given): OptionalBody<WebhookQueryInput>,
) -> ApiResult<Json<WebhookFound>> {
    let sorting = given.sorting_props.unwrap_or_default().into_iter().next();
    let (key, way) = sorting.map_or((None, None), |sorting| (filled(sorting.key), filled(sorting.direction)));
    let sort = Sort::parse(key.as_deref().unwrap_or("created"), "sortingProps[0].key")?;
    let ascending = direction(way.as_deref(), "sortingProps[0].direction")?;
    let given_query = given.query.unwrap_or_default();
    let filter = Filter {
        search: filled(given_query.search),
        event: filled(given_query.event),
        content_type: filled(given_query.content_type),
        enabled: given_query.enabled,
    };
    let page = given.pagination.unwrap_or_default();
    let (number, limit) = (page.page.unwrap_or(1), page.limit.unwrap_or(LIMIT));
    let (after, before) = (filled(page.last_id), filled(page.first_id));
    let is_cursor = after.is_some() || before.is_some();
    // A project has few webhooks: a page that begins at one of them is cut from all.
    let asked = if is_cursor { (1, webhook::MOST) } else { (number, limit) };
    let limit = usize::try_from(limit).ok().filter(|limit| (1..=200).contains(limit));
    let limit =
        limit.ok_or_else(|| Error::field("invalid_limit", "pagination.limit", "limit must be from 1 to 200."))?;
    let (mut found, last) = app
        .db
        .read(move |tx| {
            let found = webhook::list(tx, &caller, &filter, (sort, ascending), asked)?;
            Ok((found, log::last(tx, &caller)?))
        })
        .await?;
    if is_cursor {
        let request = postil::page::PageRequest { limit, starting_after: after, ending_before: before };
        found.items = request.cut(found.items, |webhook| &webhook.id).data;
    }
    let WebhookList { count, items, .. } = page_of(found, &last);
    Ok(Json(WebhookFound { count, items }))
}

/// Make a secret
///
/// 256 random bits. It is not kept: send it with the webhook you make.
#[utoipa::path(get, path = "/v2/webhooks/secret", tag = "webhooks",
    responses((status = 200, body = WebhookSecret), (status = "4XX", body = ErrorBody)))]
async fn secret(By(_caller): By<ADMIN>) -> Json<WebhookSecret> {
    Json(WebhookSecret { secret: webhook::new_secret() })
}

/// Read a webhook
#[utoipa::path(get, path = "/v2/webhooks/{webhook_id}", tag = "webhooks", params(("webhook_id" = String, Path)),
    responses((status = 200, body = WebhookView), (status = "4XX", body = ErrorBody)))]
async fn get(State(app): State<App>, By(caller): By<ADMIN>, Path(id): Path<String>) -> ApiResult<Json<WebhookView>> {
    let (found, last) = app
        .db
        .read(move |tx| {
            let found = webhook::get(tx, &caller, &id)?;
            let last = log::last_of(tx, &found)?;
            Ok((found, last))
        })
        .await?;
    Ok(Json(view(found, last.as_ref())))
}

/// Change a webhook
///
/// Answers what was changed. Enabling one again forgets its failures; what waits for one that is disabled is given up.
#[utoipa::path(patch, path = "/v2/webhooks/{webhook_id}", tag = "webhooks", params(("webhook_id" = String, Path)),
    request_body = WebhookChange,
    responses((status = 200, body = WebhookChanged), (status = "4XX", body = ErrorBody)))]
async fn update(
    State(app): State<App>,
    By(caller): By<ADMIN>,
    Path(id): Path<String>,
    OptionalBody(given): OptionalBody<WebhookChange>,
) -> ApiResult<Json<WebhookChanged>> {
    check_url(&app.webhook_networks, given.url.as_deref())?;
    let (clock, wanted) = (app.clock.clone(), Change::from(given));
    let applied = wanted.clone();
    let changed = app.db.write(move |tx| webhook::update(tx, &clock, &caller, &id, &wanted)).await?;
    Ok(Json(WebhookChanged {
        url: applied.url.map(|_| changed.url),
        content_type: applied.content_type.map(|_| changed.content_type),
        display_name: applied.display_name.map(|_| changed.display_name),
        events: applied.events.map(|_| changed.events),
        secret: applied.secret.map(|_| changed.secret.masked()),
        enabled: applied.enabled.map(|_| changed.enabled),
    }))
}

/// Delete a webhook
///
/// With the log of its deliveries. What waited is not delivered.
#[utoipa::path(delete, path = "/v2/webhooks/{webhook_id}", tag = "webhooks", params(("webhook_id" = String, Path)),
    responses((status = 200, body = WebhookDeleted), (status = "4XX", body = ErrorBody)))]
async fn remove(
    State(app): State<App>,
    By(caller): By<ADMIN>,
    Path(id): Path<String>,
) -> ApiResult<Json<WebhookDeleted>> {
    let gone = id.clone();
    app.db.write(move |tx| webhook::remove(tx, &caller, &gone)).await?;
    Ok(Json(WebhookDeleted { id }))
}
