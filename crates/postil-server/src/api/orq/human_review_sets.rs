//! Human review sets: which human reviews are meant for which spans.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use postil::clock::rfc3339;
use postil::human_review::set::{self, Filter, Set, SetInput};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::body::Body;
use crate::api::caller::{By, DEFINE, READ};
use crate::api::error::{ApiResult, ErrorBody};
use crate::api::params::Params;
use crate::state::App;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(get, update, remove))
}

/// A set to make, or to say anew.
#[derive(Deserialize, ToSchema)]
struct HumanReviewSetInput {
    /// 1 to 255 characters.
    display_name: String,
    /// At least one id of a human review.
    human_eval_ids: Vec<String>,
    description: Option<String>,
    /// Another project of the workspace.
    project_id: Option<String>,
    /// `span_type` or `name`.
    filter_type: String,
    /// The span types, for `span_type`.
    filter_values: Option<Vec<String>>,
    /// The pattern, for `name`.
    filter_value: Option<String>,
}

impl From<HumanReviewSetInput> for SetInput {
    fn from(body: HumanReviewSetInput) -> SetInput {
        SetInput {
            display_name: body.display_name,
            description: body.description,
            project_id: body.project_id,
            human_review_ids: body.human_eval_ids,
            filter_type: body.filter_type,
            filter_values: body.filter_values,
            filter_value: body.filter_value,
        }
    }
}

/// A human review set.
#[derive(Serialize, ToSchema)]
struct HumanReviewSet {
    #[serde(rename = "_id")]
    id: String,
    workspace_id: String,
    project_id: String,
    display_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    human_eval_ids: Vec<String>,
    filter_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    filter_values: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    filter_value: Option<String>,
    created_by_id: String,
    updated_by_id: String,
    created: String,
    updated: String,
}

fn view(set: Set, workspace_id: &str) -> HumanReviewSet {
    let (filter_type, filter_values, filter_value) = match set.filter {
        Filter::SpanType(values) => ("span_type", Some(values), None),
        Filter::Name(value) => ("name", None, Some(value)),
    };
    HumanReviewSet {
        id: set.id,
        workspace_id: workspace_id.to_owned(),
        project_id: set.project_id,
        display_name: set.display_name,
        description: set.description,
        human_eval_ids: set.human_review_ids,
        filter_type,
        filter_values,
        filter_value,
        created_by_id: set.created_by,
        updated_by_id: set.updated_by,
        created: rfc3339(set.created_at),
        updated: rfc3339(set.updated_at),
    }
}

/// Which sets to list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Another project of the workspace.
    project_id: Option<String>,
}

/// List human review sets
#[utoipa::path(get, path = "/v2/human-eval-sets", tag = "human review sets", params(ListQuery),
    responses((status = 200, body = Vec<HumanReviewSet>), (status = "4XX", body = ErrorBody)))]
async fn list(
    State(app): State<App>,
    By(caller): By<READ>,
    Params(given): Params<ListQuery>,
) -> ApiResult<Json<Vec<HumanReviewSet>>> {
    let workspace_id = caller.workspace_id.clone();
    let sets = app.db.read(move |tx| set::list(tx, &caller, given.project_id.as_deref())).await?;
    Ok(Json(sets.into_iter().map(|set| view(set, &workspace_id)).collect()))
}

/// Make a human review set
#[utoipa::path(post, path = "/v2/human-eval-sets", tag = "human review sets", request_body = HumanReviewSetInput,
    responses((status = 200, body = HumanReviewSet), (status = "4XX", body = ErrorBody)))]
async fn create(
    State(app): State<App>,
    By(caller): By<DEFINE>,
    Body(body): Body<HumanReviewSetInput>,
) -> ApiResult<Json<HumanReviewSet>> {
    let (clock, input, workspace_id) = (app.clock.clone(), SetInput::from(body), caller.workspace_id.clone());
    let made = app.db.write(move |tx| set::create(tx, &clock, &caller, &input)).await?;
    Ok(Json(view(made, &workspace_id)))
}

/// Read a human review set
#[utoipa::path(get, path = "/v2/human-eval-sets/{id}", tag = "human review sets", params(("id" = String, Path)),
    responses((status = 200, body = HumanReviewSet), (status = "4XX", body = ErrorBody)))]
async fn get(State(app): State<App>, By(caller): By<READ>, Path(id): Path<String>) -> ApiResult<Json<HumanReviewSet>> {
    let workspace_id = caller.workspace_id.clone();
    let found = app.db.read(move |tx| set::get(tx, &caller, &id)).await?;
    Ok(Json(view(found, &workspace_id)))
}

/// Say a human review set anew
#[utoipa::path(patch, path = "/v2/human-eval-sets/{id}", tag = "human review sets", params(("id" = String, Path)),
    request_body = HumanReviewSetInput, responses((status = 200, body = HumanReviewSet), (status = "4XX", body = ErrorBody)))]
async fn update(
    State(app): State<App>,
    By(caller): By<DEFINE>,
    Path(id): Path<String>,
    Body(body): Body<HumanReviewSetInput>,
) -> ApiResult<Json<HumanReviewSet>> {
    let (clock, input, workspace_id) = (app.clock.clone(), SetInput::from(body), caller.workspace_id.clone());
    let changed = app.db.write(move |tx| set::update(tx, &clock, &caller, &id, &input)).await?;
    Ok(Json(view(changed, &workspace_id)))
}

/// Delete a human review set; the human reviews in it stay
#[utoipa::path(delete, path = "/v2/human-eval-sets/{id}", tag = "human review sets", params(("id" = String, Path)),
    responses((status = 200, description = "Deleted. No body."), (status = "4XX", body = ErrorBody)))]
async fn remove(State(app): State<App>, By(caller): By<DEFINE>, Path(id): Path<String>) -> ApiResult<StatusCode> {
    app.db.write(move |tx| set::remove(tx, &caller, &id)).await?;
    Ok(StatusCode::OK)
}
