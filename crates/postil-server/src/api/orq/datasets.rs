//! Datasets and their datapoints (contract A.6).

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use postil::clock::rfc3339;
use postil::dataset::datapoint::{self, Datapoint, Input};
use postil::dataset::{self, Change, Dataset, ListFilter};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::body::Body;
use crate::api::caller::{ANNOTATE, By, READ};
use crate::api::error::{ApiResult, ErrorBody};
use crate::api::params::{Cursor, Params};
use crate::state::App;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, update, remove))
        .routes(routes!(clear))
        .routes(routes!(list_datapoints, create_datapoints))
        .routes(routes!(create_datapoints_of_items))
        .routes(routes!(remove_datapoints))
        .routes(routes!(get_datapoint, update_datapoint, remove_datapoint))
}

/// What is known of a dataset beside its content.
#[derive(Serialize, ToSchema)]
struct DatasetMetadata {
    /// How many snapshots there are.
    total_versions: i64,
    datapoints_count: i64,
}

/// A dataset.
#[derive(Serialize, ToSchema)]
pub struct DatasetView {
    #[serde(rename = "_id")]
    id: String,
    display_name: String,
    /// The folder in its project; absent at the top.
    #[serde(skip_serializing_if = "String::is_empty")]
    path: String,
    project_id: String,
    workspace_id: String,
    metadata: DatasetMetadata,
    created_by_id: String,
    updated_by_id: String,
    created: String,
    updated: String,
}

impl From<Dataset> for DatasetView {
    fn from(dataset: Dataset) -> DatasetView {
        DatasetView {
            id: dataset.id,
            display_name: dataset.display_name,
            path: dataset.path,
            project_id: dataset.project_id,
            workspace_id: dataset.workspace_id,
            metadata: DatasetMetadata { total_versions: dataset.snapshots, datapoints_count: dataset.datapoints },
            created_by_id: dataset.created_by,
            updated_by_id: dataset.updated_by,
            created: rfc3339(dataset.created_at),
            updated: rfc3339(dataset.updated_at),
        }
    }
}

/// Where a datapoint was taken from.
#[derive(Serialize, ToSchema)]
struct DatapointOrigin {
    /// Absent when it came from a file that names none.
    #[serde(skip_serializing_if = "String::is_empty")]
    trace_id: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    span_id: String,
    /// What the model answered there; `expected_output` may be a correction of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<String>,
    /// Who corrected it.
    #[serde(skip_serializing_if = "Option::is_none")]
    corrected_by: Option<String>,
    /// The item of an annotation queue it was added from.
    #[serde(skip_serializing_if = "Option::is_none")]
    queue_item_id: Option<String>,
}

/// A datapoint.
#[derive(Serialize, ToSchema)]
pub struct DatapointView {
    #[serde(rename = "_id")]
    id: String,
    dataset_id: String,
    workspace_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    inputs: Option<Map<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    messages: Option<Vec<Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected_output: Option<String>,
    /// What people said of the span it was taken from.
    #[serde(skip_serializing_if = "Option::is_none")]
    evaluations: Option<Vec<Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<DatapointOrigin>,
    created_by_id: String,
    updated_by_id: String,
    created: String,
    updated: String,
}

impl DatapointView {
    /// The datapoint as clients read it.
    pub fn new(datapoint: Datapoint, workspace_id: &str) -> DatapointView {
        let origin = datapoint.origin.map(|origin| DatapointOrigin {
            trace_id: origin.trace_id,
            span_id: origin.span_id,
            answer: origin.answer,
            corrected_by: origin.corrected_by,
            queue_item_id: origin.queue_item_id,
        });
        DatapointView {
            id: datapoint.id,
            dataset_id: datapoint.dataset_id,
            workspace_id: workspace_id.to_owned(),
            inputs: datapoint.inputs,
            messages: datapoint.messages,
            expected_output: datapoint.expected_output,
            evaluations: datapoint.evaluations,
            origin,
            created_by_id: datapoint.created_by,
            updated_by_id: datapoint.updated_by,
            created: rfc3339(datapoint.created_at),
            updated: rfc3339(datapoint.updated_at),
        }
    }
}

/// Datapoints as clients read them.
pub fn datapoint_views(datapoints: Vec<Datapoint>, workspace_id: &str) -> Vec<DatapointView> {
    datapoints.into_iter().map(|datapoint| DatapointView::new(datapoint, workspace_id)).collect()
}

/// Which datasets.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct DatasetQuery {
    /// How many rows, 1 to 200; 10 when nothing is said.
    limit: Option<i64>,
    /// The id of the last row of the page before.
    starting_after: Option<String>,
    /// The id of the first row of the page after.
    ending_before: Option<String>,
    /// A part of the name, in any case.
    search: Option<String>,
    /// Ids of accounts that changed them last, separated by commas.
    updated_by: Option<String>,
    /// One project.
    project_id: Option<String>,
}

/// A list of datasets.
#[derive(Serialize, ToSchema)]
struct DatasetList {
    #[schema(example = "list")]
    object: &'static str,
    data: Vec<DatasetView>,
    has_more: bool,
}

/// A list of datapoints.
#[derive(Serialize, ToSchema)]
pub struct DatapointList {
    #[schema(example = "list")]
    object: &'static str,
    data: Vec<DatapointView>,
    has_more: bool,
}

impl DatapointList {
    /// A page of datapoints.
    pub fn new(data: Vec<DatapointView>, has_more: bool) -> DatapointList {
        DatapointList { object: "list", data, has_more }
    }
}

/// A dataset to make.
#[derive(Deserialize, ToSchema)]
struct CreateDataset {
    /// 1 to 128 characters.
    display_name: String,
    /// `Project/folder/…`; a key of one project may leave the project out. The default project when nothing is said.
    path: Option<String>,
}

/// What changes of a dataset.
#[derive(Deserialize, ToSchema)]
struct UpdateDataset {
    /// 1 to 128 characters.
    display_name: Option<String>,
    /// `Project/folder/…`
    path: Option<String>,
    /// The project it moves to.
    project_id: Option<String>,
}

/// What a datapoint holds.
#[derive(Deserialize, ToSchema)]
pub struct DatapointInput {
    /// Variables.
    inputs: Option<Map<String, Value>>,
    /// Messages of the roles system, developer, user, assistant and tool.
    #[schema(value_type = Option<Vec<Object>>)]
    messages: Option<Vec<Value>>,
    /// The output that is expected. An empty text is none; in a change it takes away what was expected.
    expected_output: Option<String>,
}

impl From<DatapointInput> for Input {
    fn from(body: DatapointInput) -> Input {
        Input { inputs: body.inputs, messages: body.messages, expected_output: body.expected_output }
    }
}

/// Datapoints to make.
#[derive(Deserialize, ToSchema)]
struct DatapointItems {
    /// 1 to 5000 datapoints.
    items: Vec<DatapointInput>,
}

/// Datapoints to remove.
#[derive(Deserialize, ToSchema)]
struct DatapointIds {
    /// 1 to 5000 ids.
    item_ids: Vec<String>,
}

/// List the datasets, newest first
#[utoipa::path(get, path = "/v2/datasets", tag = "datasets", params(DatasetQuery),
    responses((status = 200, body = DatasetList), (status = "4XX", body = ErrorBody)))]
async fn list(
    State(app): State<App>,
    By(caller): By<READ>,
    Params(query): Params<DatasetQuery>,
) -> ApiResult<Json<DatasetList>> {
    let cursor =
        Cursor { limit: query.limit, starting_after: query.starting_after, ending_before: query.ending_before };
    let names = query.updated_by.unwrap_or_default();
    let filter = ListFilter {
        search: query.search,
        updated_by: names.split(',').map(str::trim).filter(|id| !id.is_empty()).map(ToOwned::to_owned).collect(),
        project_id: query.project_id.filter(|id| !id.is_empty()),
    };
    let page = cursor.page()?;
    let found = app.db.read(move |tx| dataset::list(tx, &caller, &filter, &page)).await?;
    let data = found.data.into_iter().map(DatasetView::from).collect();
    Ok(Json(DatasetList { object: "list", data, has_more: found.has_more }))
}

/// Make a dataset
#[utoipa::path(post, path = "/v2/datasets", tag = "datasets", request_body = CreateDataset,
    responses((status = 200, body = DatasetView), (status = "4XX", body = ErrorBody)))]
async fn create(
    State(app): State<App>,
    By(caller): By<ANNOTATE>,
    Body(body): Body<CreateDataset>,
) -> ApiResult<Json<DatasetView>> {
    let clock = app.clock.clone();
    let made =
        app.db.write(move |tx| dataset::create(tx, &clock, &caller, &body.display_name, body.path.as_deref())).await?;
    Ok(Json(made.into()))
}

/// Read a dataset
#[utoipa::path(get, path = "/v2/datasets/{dataset_id}", tag = "datasets", params(("dataset_id" = String, Path)),
    responses((status = 200, body = DatasetView), (status = "4XX", body = ErrorBody)))]
async fn get(State(app): State<App>, By(caller): By<READ>, Path(id): Path<String>) -> ApiResult<Json<DatasetView>> {
    let found = app.db.read(move |tx| dataset::get(tx, &caller, &id)).await?;
    Ok(Json(found.into()))
}

/// Change a dataset
#[utoipa::path(patch, path = "/v2/datasets/{dataset_id}", tag = "datasets", params(("dataset_id" = String, Path)),
    request_body = UpdateDataset, responses((status = 200, body = DatasetView), (status = "4XX", body = ErrorBody)))]
async fn update(
    State(app): State<App>,
    By(caller): By<ANNOTATE>,
    Path(id): Path<String>,
    Body(body): Body<UpdateDataset>,
) -> ApiResult<Json<DatasetView>> {
    let clock = app.clock.clone();
    let change = Change { display_name: body.display_name, path: body.path, project_id: body.project_id };
    let changed = app.db.write(move |tx| dataset::update(tx, &clock, &caller, &id, &change)).await?;
    Ok(Json(changed.into()))
}

/// Delete a dataset with everything in it
#[utoipa::path(delete, path = "/v2/datasets/{dataset_id}", tag = "datasets", params(("dataset_id" = String, Path)),
    responses((status = 204, description = "Deleted"), (status = "4XX", body = ErrorBody)))]
async fn remove(State(app): State<App>, By(caller): By<ANNOTATE>, Path(id): Path<String>) -> ApiResult<StatusCode> {
    app.db.write(move |tx| dataset::remove(tx, &caller, &id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Take everything out of a dataset
#[utoipa::path(delete, path = "/v2/datasets/{dataset_id}/clear", tag = "datasets",
    params(("dataset_id" = String, Path)),
    responses((status = 204, description = "Empty now"), (status = "4XX", body = ErrorBody)))]
async fn clear(State(app): State<App>, By(caller): By<ANNOTATE>, Path(id): Path<String>) -> ApiResult<StatusCode> {
    let clock = app.clock.clone();
    app.db.write(move |tx| dataset::clear(tx, &clock, &caller, &id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List the datapoints of a dataset, in the order in which they came
#[utoipa::path(get, path = "/v2/datasets/{dataset_id}/datapoints", tag = "datasets",
    params(("dataset_id" = String, Path), Cursor),
    responses((status = 200, body = DatapointList), (status = "4XX", body = ErrorBody)))]
async fn list_datapoints(
    State(app): State<App>,
    By(caller): By<READ>,
    Path(id): Path<String>,
    Params(cursor): Params<Cursor>,
) -> ApiResult<Json<DatapointList>> {
    let (page, workspace_id) = (cursor.page()?, caller.workspace_id.clone());
    let found = app.db.read(move |tx| datapoint::list(tx, &caller, &id, &page)).await?;
    Ok(Json(DatapointList::new(datapoint_views(found.data, &workspace_id), found.has_more)))
}

async fn make(
    app: &App,
    caller: postil::project::Caller,
    id: String,
    given: Vec<DatapointInput>,
) -> ApiResult<Json<Vec<DatapointView>>> {
    let (clock, workspace_id) = (app.clock.clone(), caller.workspace_id.clone());
    let given: Vec<_> = given.into_iter().map(Input::from).collect();
    let made = app.db.write(move |tx| datapoint::create(tx, &clock, &caller, &id, &given)).await?;
    Ok(Json(datapoint_views(made, &workspace_id)))
}

/// Make 1 to 5000 datapoints, all of them or none
#[utoipa::path(post, path = "/v2/datasets/{dataset_id}/datapoints", tag = "datasets",
    params(("dataset_id" = String, Path)), request_body = Vec<DatapointInput>,
    responses((status = 200, body = Vec<DatapointView>), (status = "4XX", body = ErrorBody)))]
async fn create_datapoints(
    State(app): State<App>,
    By(caller): By<ANNOTATE>,
    Path(id): Path<String>,
    Body(body): Body<Vec<DatapointInput>>,
) -> ApiResult<Json<Vec<DatapointView>>> {
    make(&app, caller, id, body).await
}

/// Make 1 to 5000 datapoints, all of them or none; the list stands under `items`
#[utoipa::path(post, path = "/v2/datasets/{dataset_id}/datapoints/bulk", tag = "datasets",
    params(("dataset_id" = String, Path)), request_body = DatapointItems,
    responses((status = 200, body = Vec<DatapointView>), (status = "4XX", body = ErrorBody)))]
async fn create_datapoints_of_items(
    State(app): State<App>,
    By(caller): By<ANNOTATE>,
    Path(id): Path<String>,
    Body(body): Body<DatapointItems>,
) -> ApiResult<Json<Vec<DatapointView>>> {
    make(&app, caller, id, body.items).await
}

/// Remove datapoints; those that are not there are passed over
#[utoipa::path(post, path = "/v2/datasets/{dataset_id}/datapoints-bulk-delete", tag = "datasets",
    params(("dataset_id" = String, Path)), request_body = DatapointIds,
    responses((status = 204, description = "Removed"), (status = "4XX", body = ErrorBody)))]
async fn remove_datapoints(
    State(app): State<App>,
    By(caller): By<ANNOTATE>,
    Path(id): Path<String>,
    Body(body): Body<DatapointIds>,
) -> ApiResult<StatusCode> {
    let clock = app.clock.clone();
    app.db.write(move |tx| datapoint::remove(tx, &clock, &caller, &id, &body.item_ids)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Read a datapoint
#[utoipa::path(get, path = "/v2/datasets/{dataset_id}/datapoints/{datapoint_id}", tag = "datasets",
    params(("dataset_id" = String, Path), ("datapoint_id" = String, Path)),
    responses((status = 200, body = DatapointView), (status = "4XX", body = ErrorBody)))]
async fn get_datapoint(
    State(app): State<App>,
    By(caller): By<READ>,
    Path((dataset_id, id)): Path<(String, String)>,
) -> ApiResult<Json<DatapointView>> {
    let workspace_id = caller.workspace_id.clone();
    let found = app.db.read(move |tx| datapoint::get(tx, &caller, &dataset_id, &id)).await?;
    Ok(Json(DatapointView::new(found, &workspace_id)))
}

/// Change what a datapoint holds
#[utoipa::path(patch, path = "/v2/datasets/{dataset_id}/datapoints/{datapoint_id}", tag = "datasets",
    params(("dataset_id" = String, Path), ("datapoint_id" = String, Path)), request_body = DatapointInput,
    responses((status = 200, body = DatapointView), (status = "4XX", body = ErrorBody)))]
async fn update_datapoint(
    State(app): State<App>,
    By(caller): By<ANNOTATE>,
    Path((dataset_id, id)): Path<(String, String)>,
    Body(body): Body<DatapointInput>,
) -> ApiResult<Json<DatapointView>> {
    let (clock, workspace_id, change) = (app.clock.clone(), caller.workspace_id.clone(), Input::from(body));
    let changed = app.db.write(move |tx| datapoint::update(tx, &clock, &caller, (&dataset_id, &id), &change)).await?;
    Ok(Json(DatapointView::new(changed, &workspace_id)))
}

/// Remove a datapoint
#[utoipa::path(delete, path = "/v2/datasets/{dataset_id}/datapoints/{datapoint_id}", tag = "datasets",
    params(("dataset_id" = String, Path), ("datapoint_id" = String, Path)),
    responses((status = 204, description = "Removed"), (status = "4XX", body = ErrorBody)))]
async fn remove_datapoint(
    State(app): State<App>,
    By(caller): By<ANNOTATE>,
    Path((dataset_id, id)): Path<(String, String)>,
) -> ApiResult<StatusCode> {
    let clock = app.clock.clone();
    app.db.write(move |tx| datapoint::remove_one(tx, &clock, &caller, &dataset_id, &id)).await?;
    Ok(StatusCode::NO_CONTENT)
}
