//! Human reviews: what people are asked.

use axum::Json;
use axum::extract::{Path, State};
use postil::clock::rfc3339;
use postil::human_review::{self, Config, Definition, DefinitionInput, OptionInput, ReviewOption, Wording};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::body::Body;
use super::caller::{By, DEFINE, READ};
use super::error::{ApiResult, ErrorBody};
use super::params::Params;
use crate::state::App;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, update, remove))
        .routes(routes!(versions))
        .routes(routes!(usage))
}

/// A human review to make, or to say anew.
#[derive(Deserialize, ToSchema)]
struct HumanReviewInput {
    /// `single_select`, `multi_select`, `range`, `text`, `boolean` or `correction`.
    r#type: String,
    /// The title, 1 to 255 characters.
    display_name: String,
    /// What is asked; may be empty.
    description: String,
    /// What API calls name it by; made from the title when there is none. Unique in the project.
    key: Option<String>,
    /// Another project of the workspace.
    project_id: Option<String>,
    config: Option<HumanReviewConfigInput>,
    /// At least one for the selects.
    options: Option<Vec<HumanReviewOptionInput>>,
    /// The place among the others.
    position: Option<i64>,
    /// Whether it is out of use.
    archived: Option<bool>,
}

/// The rules of a range or a text.
#[derive(Deserialize, ToSchema)]
struct HumanReviewConfigInput {
    /// The least number of a range, from -100.
    min: Option<i64>,
    /// The greatest number of a range, to 100000.
    max: Option<i64>,
    /// The distance between two numbers of a range.
    step: Option<f64>,
    /// The most characters of a text, to 3000.
    max_length: Option<i64>,
}

/// An option of a select.
#[derive(Deserialize, ToSchema)]
struct HumanReviewOptionInput {
    /// A ULID; made when there is none.
    id: Option<String>,
    /// What is stored, 1 to 255 characters.
    value: String,
    /// What is shown, where it differs.
    label: Option<String>,
    /// `neutral`, `positive` or `negative`.
    sentiment: Option<String>,
    description: Option<String>,
    /// The name of an icon.
    icon: Option<String>,
    color: Option<String>,
}

impl From<HumanReviewInput> for DefinitionInput {
    fn from(body: HumanReviewInput) -> DefinitionInput {
        let option = |option: HumanReviewOptionInput| OptionInput {
            id: option.id,
            value: option.value,
            label: option.label,
            sentiment: option.sentiment,
            description: option.description,
            icon: option.icon,
            color: option.color,
        };
        let config = |config: HumanReviewConfigInput| Config {
            min: config.min,
            max: config.max,
            step: config.step,
            max_length: config.max_length,
        };
        DefinitionInput {
            kind: body.r#type,
            display_name: body.display_name,
            description: body.description,
            key: body.key,
            project_id: body.project_id,
            config: body.config.map(config),
            options: body.options.map(|options| options.into_iter().map(option).collect()),
            position: body.position,
            archived: body.archived,
        }
    }
}

/// The rules of a range or a text.
#[derive(Serialize, ToSchema)]
struct HumanReviewConfig {
    #[serde(skip_serializing_if = "Option::is_none")]
    min: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_length: Option<i64>,
}

/// An option of a select.
#[derive(Serialize, ToSchema)]
struct HumanReviewOption {
    id: String,
    value: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    sentiment: String,
    description: String,
    icon: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    color: Option<String>,
}

/// What a definition says.
#[derive(Serialize, ToSchema)]
struct HumanReviewWording {
    r#type: &'static str,
    key: String,
    display_name: String,
    description: String,
    /// The rules of a range, or of a text that has some.
    #[serde(skip_serializing_if = "Option::is_none")]
    config: Option<HumanReviewConfig>,
    /// The options of a select.
    #[serde(skip_serializing_if = "Option::is_none")]
    options: Option<Vec<HumanReviewOption>>,
}

impl From<Wording> for HumanReviewWording {
    fn from(wording: Wording) -> HumanReviewWording {
        let has_config = wording.config != Config::default();
        let Config { min, max, step, max_length } = wording.config;
        let option = |option: ReviewOption| HumanReviewOption {
            id: option.id,
            value: option.value,
            label: option.label,
            sentiment: option.sentiment,
            description: option.description,
            icon: option.icon,
            color: option.color,
        };
        HumanReviewWording {
            r#type: wording.kind.name(),
            key: wording.key,
            display_name: wording.display_name,
            description: wording.description,
            config: has_config.then_some(HumanReviewConfig { min, max, step, max_length }),
            options: wording.kind.has_options().then(|| wording.options.into_iter().map(option).collect()),
        }
    }
}

/// A human review.
#[derive(Serialize, ToSchema)]
pub(super) struct HumanReview {
    id: String,
    workspace_id: String,
    project_id: String,
    #[serde(flatten)]
    wording: HumanReviewWording,
    /// Counts the changes of what is asked, from 1.
    version: i64,
    position: i64,
    archived: bool,
    created_by_id: String,
    updated_by_id: String,
    created: String,
    updated: String,
}

pub(super) fn view(definition: Definition, workspace_id: &str) -> HumanReview {
    HumanReview {
        workspace_id: workspace_id.to_owned(),
        wording: definition.wording().into(),
        id: definition.id,
        project_id: definition.project_id,
        version: definition.version,
        position: definition.position,
        archived: definition.archived_at.is_some(),
        created_by_id: definition.created_by,
        updated_by_id: definition.updated_by,
        created: rfc3339(definition.created_at),
        updated: rfc3339(definition.updated_at),
    }
}

/// Which human reviews to list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Another project of the workspace.
    project_id: Option<String>,
    /// Whether those out of use are listed too.
    include_archived: Option<bool>,
}

/// List human reviews in their order
#[utoipa::path(get, path = "/v2/human-evals", tag = "human reviews", params(ListQuery),
    responses((status = 200, body = Vec<HumanReview>), (status = "4XX", body = ErrorBody)))]
async fn list(
    State(app): State<App>,
    By(caller): By<READ>,
    Params(given): Params<ListQuery>,
) -> ApiResult<Json<Vec<HumanReview>>> {
    let workspace_id = caller.workspace_id.clone();
    let found = app
        .db
        .read(move |tx| {
            let archived = given.include_archived.unwrap_or(false);
            human_review::list(tx, &caller, given.project_id.as_deref(), archived)
        })
        .await?;
    Ok(Json(found.into_iter().map(|definition| view(definition, &workspace_id)).collect()))
}

/// Make a human review
#[utoipa::path(post, path = "/v2/human-evals", tag = "human reviews", request_body = HumanReviewInput,
    responses((status = 200, body = HumanReview), (status = "4XX", body = ErrorBody)))]
async fn create(
    State(app): State<App>,
    By(caller): By<DEFINE>,
    Body(body): Body<HumanReviewInput>,
) -> ApiResult<Json<HumanReview>> {
    let (clock, input, workspace_id) = (app.clock.clone(), DefinitionInput::from(body), caller.workspace_id.clone());
    let made = app.db.write(move |tx| human_review::create(tx, &clock, &caller, &input)).await?;
    Ok(Json(view(made, &workspace_id)))
}

/// Read a human review, also when it is archived
#[utoipa::path(get, path = "/v2/human-evals/{id}", tag = "human reviews", params(("id" = String, Path)),
    responses((status = 200, body = HumanReview), (status = "4XX", body = ErrorBody)))]
async fn get(State(app): State<App>, By(caller): By<READ>, Path(id): Path<String>) -> ApiResult<Json<HumanReview>> {
    let workspace_id = caller.workspace_id.clone();
    let found = app.db.read(move |tx| human_review::get(tx, &caller, &id)).await?;
    Ok(Json(view(found, &workspace_id)))
}

/// Say a human review anew
///
/// A change of what is asked makes a new version; values keep the version they were given under. Optional fields that
/// are left out stay as they are.
#[utoipa::path(patch, path = "/v2/human-evals/{id}", tag = "human reviews", params(("id" = String, Path)),
    request_body = HumanReviewInput,
    responses((status = 200, body = HumanReview), (status = "4XX", body = ErrorBody)))]
async fn update(
    State(app): State<App>,
    By(caller): By<DEFINE>,
    Path(id): Path<String>,
    Body(body): Body<HumanReviewInput>,
) -> ApiResult<Json<HumanReview>> {
    let (clock, input, workspace_id) = (app.clock.clone(), DefinitionInput::from(body), caller.workspace_id.clone());
    let changed = app.db.write(move |tx| human_review::update(tx, &clock, &caller, &id, &input)).await?;
    Ok(Json(view(changed, &workspace_id)))
}

/// What was deleted.
#[derive(Serialize, ToSchema)]
struct HumanReviewDeleted {
    acknowledged: bool,
    #[serde(rename = "deletedCount")]
    deleted_count: i64,
}

/// Take a human review out of use
///
/// One that has values is archived, and its values stay; one without is deleted.
#[utoipa::path(delete, path = "/v2/human-evals/{id}", tag = "human reviews", params(("id" = String, Path)),
    responses((status = 200, body = HumanReviewDeleted), (status = "4XX", body = ErrorBody)))]
async fn remove(
    State(app): State<App>,
    By(caller): By<DEFINE>,
    Path(id): Path<String>,
) -> ApiResult<Json<HumanReviewDeleted>> {
    let clock = app.clock.clone();
    app.db.write(move |tx| human_review::remove(tx, &clock, &caller, &id)).await?;
    Ok(Json(HumanReviewDeleted { acknowledged: true, deleted_count: 1 }))
}

/// One version of a human review.
#[derive(Serialize, ToSchema)]
struct HumanReviewVersion {
    version: i64,
    #[serde(flatten)]
    wording: HumanReviewWording,
    created_by_id: String,
    created: String,
}

/// The versions of a human review.
#[derive(Serialize, ToSchema)]
struct HumanReviewVersionList {
    #[schema(example = "list")]
    object: &'static str,
    data: Vec<HumanReviewVersion>,
    has_more: bool,
}

/// List the versions of a human review, newest first
#[utoipa::path(get, path = "/v2/human-evals/{id}/versions", tag = "human reviews", params(("id" = String, Path)),
    responses((status = 200, body = HumanReviewVersionList), (status = "4XX", body = ErrorBody)))]
async fn versions(
    State(app): State<App>,
    By(caller): By<READ>,
    Path(id): Path<String>,
) -> ApiResult<Json<HumanReviewVersionList>> {
    let found = app.db.read(move |tx| human_review::versions(tx, &caller, &id)).await?;
    let version = |version: human_review::Version| HumanReviewVersion {
        version: version.version,
        wording: version.wording.into(),
        created_by_id: version.created_by,
        created: rfc3339(version.created_at),
    };
    Ok(Json(HumanReviewVersionList { object: "list", data: found.into_iter().map(version).collect(), has_more: false }))
}

/// How often one option was chosen.
#[derive(Serialize, ToSchema)]
struct HumanReviewOptionUsage {
    value: String,
    count: i64,
}

/// How often a human review was answered.
#[derive(Serialize, ToSchema)]
struct HumanReviewUsage {
    /// The current values of all annotators.
    total: i64,
    options: Vec<HumanReviewOptionUsage>,
}

/// Count the values of a human review
#[utoipa::path(get, path = "/v2/human-evals/{id}/usage", tag = "human reviews", params(("id" = String, Path)),
    responses((status = 200, body = HumanReviewUsage), (status = "4XX", body = ErrorBody)))]
async fn usage(
    State(app): State<App>,
    By(caller): By<READ>,
    Path(id): Path<String>,
) -> ApiResult<Json<HumanReviewUsage>> {
    let found = app.db.scan(move |tx| human_review::usage(tx, &caller, &id)).await?;
    let options = found.options.into_iter().map(|(value, count)| HumanReviewOptionUsage { value, count }).collect();
    Ok(Json(HumanReviewUsage { total: found.total, options }))
}
