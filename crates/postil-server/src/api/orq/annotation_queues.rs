//! Annotation queues in the words of the orq clients (contract A.4).

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use postil::clock::rfc3339;
use postil::project::Caller;
use postil::queue::{self, Change, Item, ItemFilter, ItemKind, ListFilter, Placed, Question, Queue, Wanted};
use postil::trace::span;
use postil::{Error, Result, Tx, annotation};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

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

/// A queue to make.
#[derive(Deserialize, ToSchema)]
struct AnnotationQueueInput {
    /// 1 to 255 characters.
    display_name: String,
    /// At most 2000 characters.
    description: String,
    /// The project whose human reviews are asked.
    project_id: String,
}

/// What to change of a queue.
#[derive(Deserialize, ToSchema)]
struct AnnotationQueueChange {
    display_name: Option<String>,
    description: Option<String>,
    /// Asks every human review of the project, which is the queue's own, in place of those that were chosen.
    project_id: Option<String>,
    /// The human reviews that are asked; ignored where those of a project are.
    human_review_ids: Option<Vec<String>>,
}

/// An annotation queue.
#[derive(Serialize, ToSchema)]
struct AnnotationQueue {
    #[serde(rename = "_id")]
    id: String,
    display_name: String,
    description: String,
    workspace_id: String,
    /// The human reviews that were chosen; empty where those of a project are asked.
    human_review_ids: Vec<String>,
    metadata: AnnotationQueueMetadata,
    /// The project all of whose human reviews are asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    project_id: Option<String>,
    created_by_id: String,
    updated_by_id: String,
    created: String,
    updated: String,
}

/// Figures of a queue.
#[derive(Serialize, ToSchema)]
struct AnnotationQueueMetadata {
    items_count: i64,
}

/// A page of queues.
#[derive(Serialize, ToSchema)]
struct AnnotationQueueList {
    /// Always `list`.
    object: &'static str,
    data: Vec<AnnotationQueue>,
    has_more: bool,
}

/// An item of a queue.
#[derive(Serialize, ToSchema)]
struct AnnotationQueueItem {
    #[serde(rename = "_id")]
    id: String,
    annotation_queue_id: String,
    workspace_id: String,
    /// `span` or `datapoint`.
    r#type: &'static str,
    /// The human reviews that were answered of it.
    used_human_review_ids: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    span_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    datapoint_id: Option<String>,
}

/// A page of items.
#[derive(Serialize, ToSchema)]
struct AnnotationQueueItemList {
    /// Always `list`.
    object: &'static str,
    data: Vec<AnnotationQueueItem>,
    has_more: bool,
}

/// Spans to add.
#[derive(Deserialize, ToSchema)]
struct AnnotationQueueItemsInput {
    /// 1 to 1000.
    items: Vec<AnnotationQueueItemInput>,
}

/// A span to add.
#[derive(Deserialize, ToSchema)]
struct AnnotationQueueItemInput {
    span_id: String,
    trace_id: String,
}

/// Spans to take out.
#[derive(Deserialize, ToSchema)]
struct AnnotationQueueItemsRemoval {
    /// 1 to 1000.
    span_ids: Vec<String>,
}

fn view(queue: Queue, caller: &Caller, items_count: i64) -> AnnotationQueue {
    AnnotationQueue {
        id: queue.id,
        display_name: queue.display_name,
        description: queue.description,
        workspace_id: caller.workspace_id.clone(),
        project_id: queue.questions.is_empty().then_some(queue.project.id),
        human_review_ids: queue.questions.into_iter().map(|question| question.human_review_id).collect(),
        metadata: AnnotationQueueMetadata { items_count },
        created_by_id: queue.created_by,
        updated_by_id: queue.updated_by,
        created: rfc3339(queue.created_at),
        updated: rfc3339(queue.updated_at),
    }
}

fn counted(tx: &mut Tx<'_>, caller: &Caller, queue: Queue) -> Result<AnnotationQueue> {
    let count = queue::counts(tx, &[&queue])?.remove(&queue.id).unwrap_or(0);
    Ok(view(queue, caller, count))
}

fn item_view(item: Item, span_id: Option<String>, used: Vec<String>, caller: &Caller) -> AnnotationQueueItem {
    AnnotationQueueItem {
        r#type: if item.kind == ItemKind::Datapoint { "datapoint" } else { "span" },
        span_id: item.span_id.or(span_id),
        trace_id: item.trace_id,
        datapoint_id: item.datapoint_id,
        id: item.id,
        annotation_queue_id: item.queue_id,
        workspace_id: caller.workspace_id.clone(),
        used_human_review_ids: used,
    }
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
        let found = queue::page(tx, &queue, &live, now, &page)?;
        let items: Vec<&Item> = found.data.iter().map(|placed| &placed.item).collect();
        let used = queue::used_reviews(tx, &queue, &items)?;
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
        let used = queue::used_reviews(tx, &queue, &added.items.iter().collect::<Vec<_>>())?;
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
        let Placed { item, span_id, .. } = queue::placed(tx, &queue, &item_id)?;
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
