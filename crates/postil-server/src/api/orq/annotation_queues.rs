//! Annotation queues in the words of the orq clients (contract A.4).

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use postil::project::Caller;
use postil::queue::{self, Change, Item, ItemFilter, ListFilter, Placed, Question, Queue, Wanted};
use postil::trace::span;
use postil::{Error, Result, annotation};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::annotation_queue_shapes::{
    AnnotationQueue, AnnotationQueueChange, AnnotationQueueInput, AnnotationQueueItem, AnnotationQueueItemList,
    AnnotationQueueItemsInput, AnnotationQueueItemsRemoval, AnnotationQueueList, counted, item_view, view,
};
use super::flat_span;
use crate::api::body::Body;
use crate::api::caller::{ANY, By, DEFINE, READ};
use crate::api::error::{ApiResult, ErrorBody};
use crate::api::params::{Cursor, Params};
use crate::state::App;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(retrieve, update, remove))
        .routes(routes!(clear))
        .routes(routes!(list_items, add_items))
        .routes(routes!(remove_items))
        .routes(routes!(retrieve_item))
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
    /// Who changed them last: ids with commas between.
    updated_by: Option<String>,
}

/// List annotation queues, newest first
#[utoipa::path(get, path = "/v2/annotation-queues", tag = "annotation queues", params(ListQuery),
    responses((status = 200, body = AnnotationQueueList), (status = "4XX", body = ErrorBody)))]
async fn list(
    State(app): State<App>,
    By(caller): By<READ>,
    Params(given): Params<ListQuery>,
) -> ApiResult<Json<AnnotationQueueList>> {
    let page = Cursor { limit: given.limit, starting_after: given.starting_after, ending_before: given.ending_before }
        .page()?;
    let ids = given.updated_by.as_deref().unwrap_or("").split(',').map(str::trim).filter(|id| !id.is_empty());
    let filter = ListFilter {
        search: given.search.unwrap_or_default(),
        updated_by: ids.map(ToOwned::to_owned).collect(),
        everywhere: true,
    };
    let reading = app.db.read(move |tx| {
        let found = queue::list(tx, &caller, &filter, &page)?;
        let counts = queue::counts(tx, &found.data.iter().collect::<Vec<_>>())?;
        let count = |queue: &Queue| counts.get(&queue.id).copied().unwrap_or(0);
        let data = found.data.into_iter().map(|queue| (count(&queue), queue));
        let data = data.map(|(count, queue)| view(queue, &caller, count)).collect();
        Ok(AnnotationQueueList { object: "list", data, has_more: found.has_more })
    });
    Ok(Json(reading.await?))
}

/// Make an annotation queue
#[utoipa::path(post, path = "/v2/annotation-queues", tag = "annotation queues", request_body = AnnotationQueueInput,
    responses((status = 200, body = AnnotationQueue), (status = "4XX", body = ErrorBody)))]
async fn create(
    State(app): State<App>,
    By(caller): By<DEFINE>,
    Body(given): Body<AnnotationQueueInput>,
) -> ApiResult<Json<AnnotationQueue>> {
    let wanted =
        Change { display_name: Some(given.display_name), description: Some(given.description), ..Change::default() };
    let (clock, project_id) = (app.clock.clone(), given.project_id);
    let making = app.db.write(move |tx| {
        let made = queue::create(tx, &clock, &caller, Some(&project_id), &wanted)?;
        Ok(view(made, &caller, 0))
    });
    Ok(Json(making.await?))
}

/// Read an annotation queue
#[utoipa::path(get, path = "/v2/annotation-queues/{annotation_queue_id}", tag = "annotation queues",
    params(("annotation_queue_id" = String, Path)),
    responses((status = 200, body = AnnotationQueue), (status = "4XX", body = ErrorBody)))]
async fn retrieve(
    State(app): State<App>,
    By(caller): By<READ>,
    Path(id): Path<String>,
) -> ApiResult<Json<AnnotationQueue>> {
    let reading = app.db.read(move |tx| {
        let found = queue::find(tx, &caller, &id)?;
        counted(tx, &caller, found)
    });
    Ok(Json(reading.await?))
}

/// Change an annotation queue
#[utoipa::path(patch, path = "/v2/annotation-queues/{annotation_queue_id}", tag = "annotation queues",
    params(("annotation_queue_id" = String, Path)), request_body = AnnotationQueueChange,
    responses((status = 200, body = AnnotationQueue), (status = "4XX", body = ErrorBody)))]
async fn update(
    State(app): State<App>,
    By(caller): By<DEFINE>,
    Path(id): Path<String>,
    Body(given): Body<AnnotationQueueChange>,
) -> ApiResult<Json<AnnotationQueue>> {
    let clock = app.clock.clone();
    let changing = app.db.write(move |tx| {
        let old = queue::find(tx, &caller, &id)?;
        let wanted = Change {
            display_name: given.display_name.clone(),
            description: given.description.clone(),
            questions: questions(&old, &given)?,
            ..Change::default()
        };
        let changed = queue::update(tx, &clock, &caller, &id, &wanted).map_err(by_review_id)?;
        counted(tx, &caller, changed)
    });
    Ok(Json(changing.await?))
}

/// What is asked after a change; none when that stays as it is.
fn questions(old: &Queue, given: &AnnotationQueueChange) -> Result<Option<Vec<Question>>> {
    if let Some(project_id) = &given.project_id {
        if *project_id != old.project.id {
            return Err(Error::field("invalid_project", "project_id", "An annotation queue stays in its project."));
        }
        return Ok(Some(Vec::new()));
    }
    let chosen = given.human_review_ids.as_ref().filter(|_| !old.questions.is_empty());
    let question = |id: &String| {
        let asked = old.questions.iter().find(|asked| asked.human_review_id == *id);
        Question { human_review_id: id.clone(), required: asked.is_some_and(|asked| asked.required) }
    };
    Ok(chosen.map(|ids| ids.iter().map(question).collect()))
}

/// The same error in the words of this request.
fn by_review_id(error: Error) -> Error {
    match error {
        Error::Invalid { name, field: Some(field), message } if field.starts_with("questions") => {
            let here = |text: &str| text.replace("questions", "human_review_ids").replace(".human_review_id", "");
            Error::Invalid { name, field: Some(here(&field)), message: here(&message) }
        }
        other => other,
    }
}

/// Delete an annotation queue
///
/// With its items. What was said of them stays.
#[utoipa::path(delete, path = "/v2/annotation-queues/{annotation_queue_id}", tag = "annotation queues",
    params(("annotation_queue_id" = String, Path)),
    responses((status = 204, description = "Deleted."), (status = "4XX", body = ErrorBody)))]
async fn remove(State(app): State<App>, By(caller): By<DEFINE>, Path(id): Path<String>) -> ApiResult<StatusCode> {
    app.db.write(move |tx| queue::remove(tx, &caller, &id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Take every item out of an annotation queue
#[utoipa::path(delete, path = "/v2/annotation-queues/{annotation_queue_id}/clear", tag = "annotation queues",
    params(("annotation_queue_id" = String, Path)),
    responses((status = 204, description = "Empty."), (status = "4XX", body = ErrorBody)))]
async fn clear(State(app): State<App>, By(caller): By<DEFINE>, Path(id): Path<String>) -> ApiResult<StatusCode> {
    app.db.write(move |tx| queue::clear(tx, &caller, &id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List the items of an annotation queue, in the order in which they are judged
///
/// Items whose span is gone are left out.
#[utoipa::path(get, path = "/v2/annotation-queues/{annotation_queue_id}/items", tag = "annotation queues",
    params(("annotation_queue_id" = String, Path), Cursor),
    responses((status = 200, body = AnnotationQueueItemList), (status = "4XX", body = ErrorBody)))]
async fn list_items(
    State(app): State<App>,
    By(caller): By<READ>,
    Path(id): Path<String>,
    Params(cursor): Params<Cursor>,
) -> ApiResult<Json<AnnotationQueueItemList>> {
    let (page, now) = (cursor.page()?, app.clock.now());
    let reading = app.db.read(move |tx| {
        let queue = queue::find(tx, &caller, &id)?;
        let live = ItemFilter { live: true, ..ItemFilter::default() };
        let found = queue::page(tx, &caller, &queue, &live, now, &page)?;
        let items: Vec<&Item> = found.data.iter().map(|placed| &placed.item).collect();
        let used = queue::used_reviews(tx, &caller, &queue, &items)?;
        let shown = found.data.into_iter().zip(used);
        let data = shown.map(|(placed, used)| item_view(placed.item, placed.span_id, used, &caller)).collect();
        Ok(AnnotationQueueItemList { object: "list", data, has_more: found.has_more })
    });
    Ok(Json(reading.await?))
}

/// Add spans to an annotation queue
///
/// Answers with the new items alone: spans that are there already, or do not exist, are passed over.
#[utoipa::path(post, path = "/v2/annotation-queues/{annotation_queue_id}/items", tag = "annotation queues",
    params(("annotation_queue_id" = String, Path)), request_body = AnnotationQueueItemsInput,
    responses((status = 200, body = Vec<AnnotationQueueItem>), (status = "4XX", body = ErrorBody)))]
async fn add_items(
    State(app): State<App>,
    By(caller): By<ANY>,
    Path(id): Path<String>,
    Body(given): Body<AnnotationQueueItemsInput>,
) -> ApiResult<Json<Vec<AnnotationQueueItem>>> {
    let wanted: Vec<Wanted> = given
        .items
        .into_iter()
        .map(|item| Wanted { trace_id: item.trace_id, span_id: Some(item.span_id), ..Wanted::default() })
        .collect();
    let clock = app.clock.clone();
    let adding = app.db.write(move |tx| {
        let added = queue::add(tx, &clock, &caller, &id, &wanted)?;
        let queue = queue::find(tx, &caller, &id)?;
        let used = queue::used_reviews(tx, &caller, &queue, &added.items.iter().collect::<Vec<_>>())?;
        let new = added.items.into_iter().zip(used);
        Ok(new.map(|(item, used)| item_view(item, None, used, &caller)).collect())
    });
    Ok(Json(adding.await?))
}

/// Take spans out of an annotation queue
#[utoipa::path(post, path = "/v2/annotation-queues/{annotation_queue_id}/items/remove", tag = "annotation queues",
    params(("annotation_queue_id" = String, Path)), request_body = AnnotationQueueItemsRemoval,
    responses((status = 204, description = "They are not in the queue."), (status = "4XX", body = ErrorBody)))]
async fn remove_items(
    State(app): State<App>,
    By(caller): By<ANY>,
    Path(id): Path<String>,
    Body(given): Body<AnnotationQueueItemsRemoval>,
) -> ApiResult<StatusCode> {
    app.db.write(move |tx| queue::remove_spans(tx, &caller, &id, &given.span_ids)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Read the span of an item of an annotation queue
///
/// In one flat object, with what people and machines said of it.
#[utoipa::path(get, path = "/v2/annotation-queues/{annotation_queue_id}/items/{item_id}", tag = "annotation queues",
    params(("annotation_queue_id" = String, Path), ("item_id" = String, Path)),
    responses((status = 200, body = Object), (status = "4XX", body = ErrorBody)))]
async fn retrieve_item(
    State(app): State<App>,
    By(caller): By<READ>,
    Path((id, item_id)): Path<(String, String)>,
) -> ApiResult<Json<Map<String, Value>>> {
    let prices = app.prices.clone();
    let reading = app.db.read(move |tx| {
        let queue = queue::find(tx, &caller, &id)?;
        let Placed { item, span_id, .. } = queue::placed(tx, &caller, &queue, &item_id)?;
        let (Some(trace_id), Some(span_id)) = (item.trace_id, span_id.or(item.span_id)) else {
            return Err(queue::item_not_found(&item_id));
        };
        let number = queue.project.number;
        let full = span::full(tx, number, &caller.workspace_id, &trace_id, &span_id, &prices)?;
        let reader = Caller { project: queue.project, ..caller.clone() };
        let said = annotation::for_spans(tx, &reader, &full.tree.row.trace_id, Some(&full.tree.row.span_id))?;
        Ok(flat_span::render(&item_id, full, &annotation::evaluations_json(&said)))
    });
    Ok(Json(reading.await?))
}
