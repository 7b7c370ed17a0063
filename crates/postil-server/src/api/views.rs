//! Saved views (contract A.8): lists as somebody wants to see them again.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use postil::clock::rfc3339;
use postil::page::PageRequest;
use postil::view::{self, Change, View};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::body::Body;
use super::caller::{By, READ};
use super::error::{ApiResult, ErrorBody};
use super::params::Params;
use crate::state::App;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(get, update, remove))
}

/// A view to save, or what to change of one.
#[derive(Deserialize, ToSchema)]
struct ViewInput {
    /// 1 to 255 characters; required when a view is made.
    display_name: Option<String>,
    description: Option<String>,
    /// The screen it belongs to; `traces` when nothing is said, and for good.
    page: Option<String>,
    /// The filter, as the screen writes it; at most 10,000 characters.
    filter_by: Option<String>,
    /// At most 50.
    columns: Option<Vec<String>>,
    column_labels: Option<BTreeMap<String, String>>,
    /// The order, as the screen writes it.
    sort: Option<String>,
    /// `comfortable` or `dense`.
    density: Option<String>,
    /// The time, as the screen writes it.
    time_range: Option<String>,
    /// The first to be shown; at most one of a screen is.
    is_default: Option<bool>,
    /// Whether only its maker sees it.
    is_private: Option<bool>,
    version: Option<i64>,
    /// Which fields are changed, with commas between; of those that are named and not sent, the value is taken away.
    update_mask: Option<String>,
}

impl ViewInput {
    fn read(self) -> Change {
        let mask: Option<Vec<_>> = self
            .update_mask
            .filter(|mask| !mask.trim().is_empty())
            .map(|mask| mask.split(',').map(|field| field.trim().to_owned()).collect());
        let named = |field: &str| mask.as_ref().is_none_or(|mask| mask.iter().any(|name| name == field));
        // With a mask, what is named and not sent is emptied.
        let emptied = |field: &str| mask.is_some() && named(field);
        let text = |given: Option<String>, field: &str| {
            given.filter(|_| named(field)).or_else(|| emptied(field).then(String::new))
        };
        Change {
            page: self.page,
            display_name: self.display_name.filter(|_| named("display_name")),
            description: text(self.description, "description"),
            filter_by: text(self.filter_by, "filter_by"),
            columns: self.columns.filter(|_| named("columns")).or_else(|| emptied("columns").then(Vec::new)),
            column_labels: self
                .column_labels
                .filter(|_| named("column_labels"))
                .or_else(|| emptied("column_labels").then(BTreeMap::new)),
            sort: text(self.sort, "sort"),
            density: text(self.density, "density"),
            time_range: text(self.time_range, "time_range"),
            is_default: self.is_default.filter(|_| named("is_default")).or(emptied("is_default").then_some(false)),
            is_private: self.is_private.filter(|_| named("is_private")).or(emptied("is_private").then_some(false)),
            version: self.version.filter(|_| named("version")),
        }
    }
}

/// A saved view.
#[derive(Serialize, ToSchema)]
struct ViewBody {
    id: String,
    display_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    workspace_id: String,
    page: String,
    filter_by: String,
    columns: Vec<String>,
    column_labels: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sort: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    density: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time_range: Option<String>,
    is_default: bool,
    /// Who sees it, when not everybody does.
    private_for_ids: Vec<String>,
    version: i64,
    created_by_id: String,
    updated_by_id: String,
    created_at: String,
    updated_at: String,
}

/// One view.
#[derive(Serialize, ToSchema)]
struct ViewAnswer {
    view: ViewBody,
}

/// A list of views.
#[derive(Serialize, ToSchema)]
struct ViewList {
    data: Vec<ViewBody>,
    has_more: bool,
}

/// Nothing to say.
#[derive(Serialize, ToSchema)]
struct ViewDeleted {}

fn body(view: View, workspace_id: &str) -> ViewBody {
    ViewBody {
        id: view.id,
        display_name: view.display_name,
        description: view.description,
        workspace_id: workspace_id.to_owned(),
        page: view.page,
        filter_by: view.filter_by,
        columns: view.columns,
        column_labels: view.column_labels,
        sort: view.sort,
        density: view.density,
        time_range: view.time_range,
        is_default: view.is_default,
        private_for_ids: view.private_to.into_iter().collect(),
        version: view.version,
        created_by_id: view.created_by,
        updated_by_id: view.updated_by,
        created_at: rfc3339(view.created_at),
        updated_at: rfc3339(view.updated_at),
    }
}

/// Which views to list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// How many, 1 to 200; 10 when nothing is said.
    limit: Option<i64>,
    /// The id of the last view of the page before.
    starting_after: Option<String>,
    /// The id of the first view of the page after.
    ending_before: Option<String>,
    /// The screen; all when nothing is said.
    page: Option<String>,
}

/// List the views that you see, by name
#[utoipa::path(get, path = "/v3/views", tag = "views", params(ListQuery),
    responses((status = 200, body = ViewList), (status = "4XX", body = ErrorBody)))]
async fn list(
    State(app): State<App>,
    By(caller): By<READ>,
    Params(given): Params<ListQuery>,
) -> ApiResult<Json<ViewList>> {
    let filled = |cursor: Option<String>| cursor.filter(|text| !text.is_empty());
    let page = PageRequest::new(given.limit, filled(given.starting_after), filled(given.ending_before))?;
    let workspace_id = caller.workspace_id.clone();
    let found = app.db.read(move |tx| view::list(tx, &caller, given.page.as_deref(), &page)).await?;
    let data = found.data.into_iter().map(|view| body(view, &workspace_id)).collect();
    Ok(Json(ViewList { data, has_more: found.has_more }))
}

/// Save a view
///
/// Everybody in the project sees it, unless it is private.
#[utoipa::path(post, path = "/v3/views", tag = "views", request_body = ViewInput,
    responses((status = 200, body = ViewAnswer), (status = "4XX", body = ErrorBody)))]
async fn create(
    State(app): State<App>,
    By(caller): By<READ>,
    Body(given): Body<ViewInput>,
) -> ApiResult<Json<ViewAnswer>> {
    let (clock, workspace_id, wanted) = (app.clock.clone(), caller.workspace_id.clone(), given.read());
    let made = app.db.write(move |tx| view::create(tx, &clock, &caller, &wanted)).await?;
    Ok(Json(ViewAnswer { view: body(made, &workspace_id) }))
}

/// Read a view
#[utoipa::path(get, path = "/v3/views/{view_id}", tag = "views", params(("view_id" = String, Path)),
    responses((status = 200, body = ViewAnswer), (status = "4XX", body = ErrorBody)))]
async fn get(State(app): State<App>, By(caller): By<READ>, Path(id): Path<String>) -> ApiResult<Json<ViewAnswer>> {
    let workspace_id = caller.workspace_id.clone();
    let found = app.db.read(move |tx| view::get(tx, &caller, &id)).await?;
    Ok(Json(ViewAnswer { view: body(found, &workspace_id) }))
}

/// Change a view
///
/// By who made it, or who may change human reviews.
#[utoipa::path(patch, path = "/v3/views/{view_id}", tag = "views", params(("view_id" = String, Path)),
    request_body = ViewInput, responses((status = 200, body = ViewAnswer), (status = "4XX", body = ErrorBody)))]
async fn update(
    State(app): State<App>,
    By(caller): By<READ>,
    Path(id): Path<String>,
    Body(given): Body<ViewInput>,
) -> ApiResult<Json<ViewAnswer>> {
    let (clock, workspace_id, wanted) = (app.clock.clone(), caller.workspace_id.clone(), given.read());
    let changed = app.db.write(move |tx| view::update(tx, &clock, &caller, &id, &wanted)).await?;
    Ok(Json(ViewAnswer { view: body(changed, &workspace_id) }))
}

/// Delete a view
#[utoipa::path(delete, path = "/v3/views/{view_id}", tag = "views", params(("view_id" = String, Path)),
    responses((status = 200, body = ViewDeleted), (status = "4XX", body = ErrorBody)))]
async fn remove(State(app): State<App>, By(caller): By<READ>, Path(id): Path<String>) -> ApiResult<Json<ViewDeleted>> {
    app.db.write(move |tx| view::remove(tx, &caller, &id)).await?;
    Ok(Json(ViewDeleted {}))
}
