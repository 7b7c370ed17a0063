//! Sessions (contract A.8): the threads that traces form, and what clients say of them.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use postil::Error;
use postil::trace::session;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::body::Body;
use super::caller::{By, DEFINE, INGEST, READ};
use super::error::{ApiResult, ErrorBody};
use super::session_shapes::{Thread, ThreadChange, ThreadFilters, thread};
use crate::state::App;

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(create))
        .routes(routes!(count))
        .routes(routes!(query))
        .routes(routes!(tags))
        .routes(routes!(get, update, delete))
}

/// Which sessions, which page.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct QuerySessions {
    /// Which.
    filters: ThreadFilters,
    /// How many a page has, 1 to 200, default 20.
    limit: Option<i64>,
    /// Which page, from 1.
    page: Option<i64>,
}

/// How many sessions there are.
#[derive(Debug, Serialize, ToSchema)]
pub struct GetThreadCountResponse {
    count: usize,
}

/// A page of sessions.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListThreadsResponse {
    /// `list`.
    object: &'static str,
    /// The sessions, the last active first.
    data: Vec<Thread>,
    /// Whether more follow.
    has_more: bool,
}

/// Says something of a session: its title, tags, and numbers while it has no traces.
#[utoipa::path(post, path = "/v2/sessions", tag = "sessions", request_body = ThreadChange, responses(
    (status = 200, body = Thread), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
    (status = 409, body = ErrorBody)))]
pub async fn create(
    State(app): State<App>,
    By(caller): By<INGEST>,
    Body(body): Body<ThreadChange>,
) -> ApiResult<Json<Thread>> {
    let change = body.read(&caller.project.id)?;
    let Some(external_id) = change.external_id.clone() else {
        return Err(Error::field("missing_field", "external_id", "external_id is required.").into());
    };
    let (clock, number) = (app.clock.clone(), caller.project.number);
    let made = app.db.write(move |tx| session::create(tx, &clock, number, &external_id, change.clone())).await?;
    Ok(Json(thread(made, &caller.project.id)))
}

/// Counts sessions.
#[utoipa::path(post, path = "/v2/sessions/count", tag = "sessions", request_body = QuerySessions, responses(
    (status = 200, body = GetThreadCountResponse), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody)))]
pub async fn count(
    State(app): State<App>,
    By(caller): By<READ>,
    Body(body): Body<QuerySessions>,
) -> ApiResult<Json<GetThreadCountResponse>> {
    let Some(wanted) = body.filters.read(&app.clock, &caller.project.id)? else {
        return Ok(Json(GetThreadCountResponse { count: 0 }));
    };
    let count = app.db.scan(move |tx| session::count(tx, caller.project.number, &wanted)).await?;
    Ok(Json(GetThreadCountResponse { count }))
}

/// Lists sessions, the last active first.
#[utoipa::path(post, path = "/v2/sessions/query", tag = "sessions", request_body = QuerySessions, responses(
    (status = 200, body = ListThreadsResponse), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody)))]
pub async fn query(
    State(app): State<App>,
    By(caller): By<READ>,
    Body(body): Body<QuerySessions>,
) -> ApiResult<Json<ListThreadsResponse>> {
    let limit = usize::try_from(body.limit.unwrap_or(20)).ok().filter(|limit| (1..=session::MAX_LIMIT).contains(limit));
    let limit = limit.ok_or_else(|| Error::field("invalid_limit", "limit", "limit must be from 1 to 200."))?;
    let page = usize::try_from(body.page.unwrap_or(1)).ok().filter(|page| *page >= 1);
    let page = page.ok_or_else(|| Error::field("invalid_page", "page", "page must be 1 or more."))?;
    let Some(wanted) = body.filters.read(&app.clock, &caller.project.id)? else {
        return Ok(Json(ListThreadsResponse { object: "list", data: Vec::new(), has_more: false }));
    };
    let number = caller.project.number;
    let (found, has_more) = app.db.scan(move |tx| session::list(tx, number, &wanted, page, limit)).await?;
    let data = found.into_iter().map(|session| thread(session, &caller.project.id)).collect();
    Ok(Json(ListThreadsResponse { object: "list", data, has_more }))
}

/// The tags of all sessions.
#[utoipa::path(get, path = "/v2/sessions/tags", tag = "sessions", responses(
    (status = 200, body = Vec<String>), (status = 401, body = ErrorBody)))]
pub async fn tags(State(app): State<App>, By(caller): By<READ>) -> ApiResult<Json<Vec<String>>> {
    Ok(Json(app.db.read(move |tx| session::tags(tx, caller.project.number)).await?))
}

/// One session, by its id or the session id of its traces.
#[utoipa::path(get, path = "/v2/sessions/{session_id}", tag = "sessions", params(("session_id" = String, Path)),
    responses((status = 200, body = Thread), (status = 401, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn get(
    State(app): State<App>,
    By(caller): By<READ>,
    Path(session_id): Path<String>,
) -> ApiResult<Json<Thread>> {
    let session_id = checked(session_id)?;
    let found = app.db.read(move |tx| session::find(tx, caller.project.number, &session_id)).await?;
    Ok(Json(thread(found, &caller.project.id)))
}

/// Changes what is said of a session.
#[utoipa::path(patch, path = "/v2/sessions/{session_id}", tag = "sessions", params(("session_id" = String, Path)),
    request_body = ThreadChange, responses(
    (status = 200, body = Thread), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
    (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn update(
    State(app): State<App>,
    By(caller): By<INGEST>,
    Path(session_id): Path<String>,
    Body(body): Body<ThreadChange>,
) -> ApiResult<Json<Thread>> {
    let session_id = checked(session_id)?;
    let change = body.read(&caller.project.id)?;
    let (clock, number) = (app.clock.clone(), caller.project.number);
    let changed = app.db.write(move |tx| session::update(tx, &clock, number, &session_id, change.clone())).await?;
    Ok(Json(thread(changed, &caller.project.id)))
}

/// Forgets what is said of a session and hides it until a later trace arrives. Its traces stay.
#[utoipa::path(delete, path = "/v2/sessions/{session_id}", tag = "sessions", params(("session_id" = String, Path)),
    responses((status = 204), (status = 401, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn delete(
    State(app): State<App>,
    By(caller): By<DEFINE>,
    Path(session_id): Path<String>,
) -> ApiResult<StatusCode> {
    let session_id = checked(session_id)?;
    let clock = app.clock.clone();
    app.db.write(move |tx| session::delete(tx, &clock, caller.project.number, &session_id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Text with a NUL cannot be asked for in PostgreSQL; nothing is called so.
fn checked(session_id: String) -> Result<String, Error> {
    if session_id.contains('\0') {
        return Err(Error::not_found("session_not_found", "A session with this id was not found."));
    }
    Ok(session_id)
}
