//! Annotation queues: what is asked of whom.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use postil::queue::{self, ListFilter};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::body::Body;
use super::caller::{ANY, By, DEFINE};
use super::error::{ApiResult, ErrorBody};
use super::params::{Cursor, Params};
use super::queue_shapes::{QueueBody, QueueInput, body};
use crate::state::App;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, update, remove))
        .routes(routes!(add_reviewer, remove_reviewer))
}

/// A page of queues.
#[derive(Serialize, ToSchema)]
struct QueueList {
    #[schema(example = "list")]
    object: &'static str,
    data: Vec<QueueBody>,
    has_more: bool,
}

/// Which queues to list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// How many, 1 to 200; 10 when nothing is said.
    limit: Option<i64>,
    /// The id of the last queue of the page before.
    starting_after: Option<String>,
    /// The id of the first queue of the page after.
    ending_before: Option<String>,
    /// A part of the name, in any case.
    search: Option<String>,
}

/// List annotation queues, newest first
///
/// All of the project; for reviewers those in which they may review.
#[utoipa::path(get, path = "/v3/queues", tag = "queues", params(ListQuery),
    responses((status = 200, body = QueueList), (status = "4XX", body = ErrorBody)))]
async fn list(
    State(app): State<App>,
    By(caller): By<ANY>,
    Params(given): Params<ListQuery>,
) -> ApiResult<Json<QueueList>> {
    let cursor =
        Cursor { limit: given.limit, starting_after: given.starting_after, ending_before: given.ending_before };
    let page = cursor.page()?;
    let filter = ListFilter { search: given.search.unwrap_or_default(), ..ListFilter::default() };
    let db = app.db.clone();
    let reading = db.read(move |tx| {
        let found = queue::list(tx, &caller, &filter, &page)?;
        let data = found.data.into_iter().map(|queue| body(tx, &app, &caller, queue)).collect::<postil::Result<_>>()?;
        Ok(QueueList { object: "list", data, has_more: found.has_more })
    });
    Ok(Json(reading.await?))
}

/// Make an annotation queue
#[utoipa::path(post, path = "/v3/queues", tag = "queues", request_body = QueueInput,
    responses((status = 200, body = QueueBody), (status = "4XX", body = ErrorBody)))]
async fn create(
    State(app): State<App>,
    By(caller): By<DEFINE>,
    Body(given): Body<QueueInput>,
) -> ApiResult<Json<QueueBody>> {
    let (db, wanted) = (app.db.clone(), given.read()?);
    let making = db.write(move |tx| {
        let made = queue::create(tx, &app.clock, &caller, None, &wanted)?;
        body(tx, &app, &caller, made)
    });
    Ok(Json(making.await?))
}

/// Read an annotation queue
#[utoipa::path(get, path = "/v3/queues/{queue_id}", tag = "queues", params(("queue_id" = String, Path)),
    responses((status = 200, body = QueueBody), (status = "4XX", body = ErrorBody)))]
async fn get(State(app): State<App>, By(caller): By<ANY>, Path(id): Path<String>) -> ApiResult<Json<QueueBody>> {
    let db = app.db.clone();
    let reading = db.read(move |tx| {
        let found = queue::find(tx, &caller, &id)?;
        body(tx, &app, &caller, found)
    });
    Ok(Json(reading.await?))
}

/// Change an annotation queue
///
/// With another overlap, items whose answers suffice are complete, and those that need more are open again. With another
/// order, every item gets its place anew: of more than 1000 by a job in the background.
#[utoipa::path(patch, path = "/v3/queues/{queue_id}", tag = "queues", params(("queue_id" = String, Path)),
    request_body = QueueInput, responses((status = 200, body = QueueBody), (status = "4XX", body = ErrorBody)))]
async fn update(
    State(app): State<App>,
    By(caller): By<DEFINE>,
    Path(id): Path<String>,
    Body(given): Body<QueueInput>,
) -> ApiResult<Json<QueueBody>> {
    let (db, wanted) = (app.db.clone(), given.read()?);
    let changing = db.write(move |tx| {
        let changed = queue::update(tx, &app.clock, &caller, &id, &wanted)?;
        body(tx, &app, &caller, changed)
    });
    Ok(Json(changing.await?))
}

/// Delete an annotation queue
///
/// With its items. What was said of them stays.
#[utoipa::path(delete, path = "/v3/queues/{queue_id}", tag = "queues", params(("queue_id" = String, Path)),
    responses((status = 204, description = "Deleted."), (status = "4XX", body = ErrorBody)))]
async fn remove(State(app): State<App>, By(caller): By<DEFINE>, Path(id): Path<String>) -> ApiResult<StatusCode> {
    app.db.write(move |tx| queue::remove(tx, &caller, &id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Name a reviewer of an annotation queue
///
/// A member of its project. Counts in a queue that is not open to all, and for members who were invited to single queues.
#[utoipa::path(post, path = "/v3/queues/{queue_id}/reviewers/{member_id}", tag = "queues",
    params(("queue_id" = String, Path), ("member_id" = String, Path)),
    responses((status = 204, description = "Named."), (status = "4XX", body = ErrorBody)))]
async fn add_reviewer(
    State(app): State<App>,
    By(caller): By<DEFINE>,
    Path((id, member_id)): Path<(String, String)>,
) -> ApiResult<StatusCode> {
    app.db.write(move |tx| queue::add_reviewer(tx, &caller, &id, &member_id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Name a reviewer of an annotation queue no longer
#[utoipa::path(delete, path = "/v3/queues/{queue_id}/reviewers/{member_id}", tag = "queues",
    params(("queue_id" = String, Path), ("member_id" = String, Path)),
    responses((status = 204, description = "Not named any more."), (status = "4XX", body = ErrorBody)))]
async fn remove_reviewer(
    State(app): State<App>,
    By(caller): By<DEFINE>,
    Path((id, member_id)): Path<(String, String)>,
) -> ApiResult<StatusCode> {
    app.db.write(move |tx| queue::remove_reviewer(tx, &caller, &id, &member_id)).await?;
    Ok(StatusCode::NO_CONTENT)
}
