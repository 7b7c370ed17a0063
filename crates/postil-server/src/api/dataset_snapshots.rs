//! Datasets as they were, what changed since, and what they hold more than once.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use postil::Error;
use postil::clock::rfc3339;
use postil::dataset::duplicate;
use postil::dataset::snapshot::{self, Change, Snapshot};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::body::Body;
use super::caller::{ANNOTATE, By, READ};
use super::error::{ApiResult, ErrorBody};
use super::orq::datasets::{DatapointList, DatapointView, datapoint_views};
use super::params::{Cursor, Params};
use crate::state::App;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, remove))
        .routes(routes!(datapoints))
        .routes(routes!(diff))
        .routes(routes!(list_duplicates))
        .routes(routes!(remove_duplicates))
}

/// A dataset as it was.
#[derive(Serialize, ToSchema)]
struct SnapshotView {
    id: String,
    dataset_id: String,
    name: String,
    /// Counts the snapshots of the dataset, from 1.
    number: i64,
    datapoints_count: i64,
    created_by_id: String,
    created_at: String,
}

impl From<Snapshot> for SnapshotView {
    fn from(snapshot: Snapshot) -> SnapshotView {
        SnapshotView {
            id: snapshot.id,
            dataset_id: snapshot.dataset_id,
            name: snapshot.name,
            number: snapshot.number,
            datapoints_count: snapshot.datapoints,
            created_by_id: snapshot.created_by,
            created_at: rfc3339(snapshot.created_at),
        }
    }
}

/// A list of snapshots.
#[derive(Serialize, ToSchema)]
struct SnapshotList {
    #[schema(example = "list")]
    object: &'static str,
    data: Vec<SnapshotView>,
    has_more: bool,
}

/// A snapshot to make.
#[derive(Deserialize, ToSchema)]
struct CreateSnapshot {
    /// 1 to 128 characters; no other snapshot of the dataset has it.
    name: String,
}

/// List the snapshots of a dataset, newest first
#[utoipa::path(get, path = "/v3/datasets/{dataset_id}/snapshots", tag = "datasets",
    params(("dataset_id" = String, Path), Cursor),
    responses((status = 200, body = SnapshotList), (status = "4XX", body = ErrorBody)))]
async fn list(
    State(app): State<App>,
    By(caller): By<READ>,
    Path(id): Path<String>,
    Params(cursor): Params<Cursor>,
) -> ApiResult<Json<SnapshotList>> {
    let page = cursor.page()?;
    let found = app.db.read(move |tx| snapshot::list(tx, &caller, &id, &page)).await?;
    let data = found.data.into_iter().map(SnapshotView::from).collect();
    Ok(Json(SnapshotList { object: "list", data, has_more: found.has_more }))
}

/// Make a snapshot of a dataset
///
/// It holds the dataset as it is: whatever becomes of the dataset, the snapshot stays until it, or the dataset, is
/// deleted. Nothing is copied.
#[utoipa::path(post, path = "/v3/datasets/{dataset_id}/snapshots", tag = "datasets",
    params(("dataset_id" = String, Path)), request_body = CreateSnapshot,
    responses((status = 200, body = SnapshotView), (status = "4XX", body = ErrorBody)))]
async fn create(
    State(app): State<App>,
    By(caller): By<ANNOTATE>,
    Path(id): Path<String>,
    Body(body): Body<CreateSnapshot>,
) -> ApiResult<Json<SnapshotView>> {
    let clock = app.clock.clone();
    let made = app.db.write(move |tx| snapshot::create(tx, &clock, &caller, &id, &body.name)).await?;
    Ok(Json(made.into()))
}

/// Read a snapshot
#[utoipa::path(get, path = "/v3/datasets/{dataset_id}/snapshots/{snapshot_id}", tag = "datasets",
    params(("dataset_id" = String, Path), ("snapshot_id" = String, Path)),
    responses((status = 200, body = SnapshotView), (status = "4XX", body = ErrorBody)))]
async fn get(
    State(app): State<App>,
    By(caller): By<READ>,
    Path((dataset_id, id)): Path<(String, String)>,
) -> ApiResult<Json<SnapshotView>> {
    let found = app.db.read(move |tx| snapshot::read(tx, &caller, &dataset_id, &id)).await?;
    Ok(Json(found.into()))
}

/// Delete a snapshot
///
/// With what only it held. The dataset and its other snapshots stay as they are.
#[utoipa::path(delete, path = "/v3/datasets/{dataset_id}/snapshots/{snapshot_id}", tag = "datasets",
    params(("dataset_id" = String, Path), ("snapshot_id" = String, Path)),
    responses((status = 204, description = "Deleted. No body."), (status = "4XX", body = ErrorBody)))]
async fn remove(
    State(app): State<App>,
    By(caller): By<ANNOTATE>,
    Path((dataset_id, id)): Path<(String, String)>,
) -> ApiResult<StatusCode> {
    app.db.write(move |tx| snapshot::remove(tx, &caller, &dataset_id, &id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List what a snapshot holds, in the order in which it came
#[utoipa::path(get, path = "/v3/datasets/{dataset_id}/snapshots/{snapshot_id}/datapoints", tag = "datasets",
    params(("dataset_id" = String, Path), ("snapshot_id" = String, Path), Cursor),
    responses((status = 200, body = DatapointList), (status = "4XX", body = ErrorBody)))]
async fn datapoints(
    State(app): State<App>,
    By(caller): By<READ>,
    Path((dataset_id, id)): Path<(String, String)>,
    Params(cursor): Params<Cursor>,
) -> ApiResult<Json<DatapointList>> {
    let (page, workspace_id) = (cursor.page()?, caller.workspace_id.clone());
    let found = app.db.read(move |tx| snapshot::datapoints(tx, &caller, (&dataset_id, &id), &page)).await?;
    Ok(Json(DatapointList::new(datapoint_views(found.data, &workspace_id), found.has_more)))
}

/// Which two states are compared.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct DiffQuery {
    /// The id of the snapshot it was.
    #[param(required)]
    from: Option<String>,
    /// The id of the snapshot it became; the dataset as it is when none is named.
    to: Option<String>,
    /// `next_after` of the part before.
    starting_after: Option<String>,
    /// How many datapoints are compared at once, 1 to 200; 100 when nothing is said.
    limit: Option<usize>,
}

/// What became of a datapoint.
#[derive(Serialize, ToSchema)]
struct DatapointChange {
    /// `added`, `removed` or `changed`.
    change: &'static str,
    datapoint_id: String,
    /// What it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<DatapointView>,
    /// What it became.
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<DatapointView>,
}

/// What differs between two states of a dataset.
#[derive(Serialize, ToSchema)]
struct DatasetDiff {
    #[schema(example = "list")]
    object: &'static str,
    /// Datapoints in their order; those with the same inputs, messages and expected output are not among them.
    data: Vec<DatapointChange>,
    has_more: bool,
    /// Where the next part begins: `starting_after`. A part may be shorter than its limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_after: Option<String>,
}

/// Compare two snapshots of a dataset
///
/// What was added, removed and changed from one to the other, or to the dataset as it is.
#[utoipa::path(get, path = "/v3/datasets/{dataset_id}/diff", tag = "datasets",
    params(("dataset_id" = String, Path), DiffQuery),
    responses((status = 200, body = DatasetDiff), (status = "4XX", body = ErrorBody)))]
async fn diff(
    State(app): State<App>,
    By(caller): By<READ>,
    Path(id): Path<String>,
    Params(query): Params<DiffQuery>,
) -> ApiResult<Json<DatasetDiff>> {
    let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
    let from = filled(query.from);
    let from = from.ok_or_else(|| Error::field("required", "from", "from names the snapshot to begin with."))?;
    let (to, after) = (filled(query.to), filled(query.starting_after));
    let limit = query.limit.unwrap_or(100);
    if !(1..=200).contains(&limit) {
        return Err(Error::field("invalid_value", "limit", "limit must be from 1 to 200.").into());
    }
    let workspace_id = caller.workspace_id.clone();
    let comparing =
        app.db.scan(move |tx| snapshot::diff(tx, &caller, &id, (&from, to.as_deref()), (after.as_deref(), limit)));
    let found = comparing.await?;
    let view = |datapoint| DatapointView::new(datapoint, &workspace_id);
    let changes = found.changes.into_iter().map(|change| {
        let (change, datapoint_id, before, after) = match change {
            Change::Added(after) => ("added", after.id.clone(), None, Some(after)),
            Change::Removed(before) => ("removed", before.id.clone(), Some(before), None),
            Change::Changed { before, after } => ("changed", after.id.clone(), Some(before), Some(after)),
        };
        DatapointChange {
            change,
            datapoint_id,
            before: before.map(|datapoint| view(*datapoint)),
            after: after.map(|datapoint| view(*datapoint)),
        }
    });
    let has_more = found.next.is_some();
    Ok(Json(DatasetDiff { object: "list", data: changes.collect(), has_more, next_after: found.next }))
}

/// Datapoints with the same inputs, messages and expected output.
#[derive(Serialize, ToSchema)]
struct DuplicateGroup {
    content_hash: String,
    /// How many they are.
    count: i64,
    /// The first of them.
    first: DatapointView,
    /// The ids of the first 100.
    datapoint_ids: Vec<String>,
}

/// What a dataset holds more than once.
#[derive(Serialize, ToSchema)]
struct DuplicateList {
    #[schema(example = "list")]
    object: &'static str,
    /// The first 100 groups.
    data: Vec<DuplicateGroup>,
    has_more: bool,
    /// How many datapoints go when only the first of each group stays.
    surplus: i64,
}

/// Find what a dataset holds more than once
#[utoipa::path(get, path = "/v3/datasets/{dataset_id}/duplicates", tag = "datasets",
    params(("dataset_id" = String, Path)),
    responses((status = 200, body = DuplicateList), (status = "4XX", body = ErrorBody)))]
async fn list_duplicates(
    State(app): State<App>,
    By(caller): By<READ>,
    Path(id): Path<String>,
) -> ApiResult<Json<DuplicateList>> {
    let workspace_id = caller.workspace_id.clone();
    let found = app.db.scan(move |tx| duplicate::list(tx, &caller, &id)).await?;
    let group = |group: duplicate::Group| DuplicateGroup {
        content_hash: group.content_hash,
        count: group.count,
        first: DatapointView::new(group.first, &workspace_id),
        datapoint_ids: group.ids,
    };
    let data = found.groups.into_iter().map(group).collect();
    Ok(Json(DuplicateList { object: "list", data, has_more: found.has_more, surplus: found.surplus }))
}

/// How many datapoints went.
#[derive(Serialize, ToSchema)]
struct DuplicatesRemoved {
    removed: u64,
}

/// Remove all but the first of what a dataset holds more than once
#[utoipa::path(post, path = "/v3/datasets/{dataset_id}/duplicates/remove", tag = "datasets",
    params(("dataset_id" = String, Path)),
    responses((status = 200, body = DuplicatesRemoved), (status = "4XX", body = ErrorBody)))]
async fn remove_duplicates(
    State(app): State<App>,
    By(caller): By<ANNOTATE>,
    Path(id): Path<String>,
) -> ApiResult<Json<DuplicatesRemoved>> {
    let clock = app.clock.clone();
    let removed = app.db.write(move |tx| duplicate::remove(tx, &clock, &caller, &id)).await?;
    Ok(Json(DuplicatesRemoved { removed }))
}
