//! Projects.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use postil::clock::rfc3339;
use postil::project::projects::{self, Draft};
use postil::project::{Project, ProjectRef};
use postil::trace::retention;
use postil::{Clock, Error, Result, Tx};
use postil::{erasure, human_review};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::audit;
use super::body::Body;
use super::caller::{ADMIN, ANY, By, READ};
use super::error::{ApiResult, ErrorBody};
use super::jobs::JobView;
use super::params::{Cursor, Params};
use crate::state::App;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, update, delete))
        .routes(routes!(restore))
        .routes(routes!(delete_data))
        .routes(routes!(retention))
}

/// What a new project starts with, in the transaction that makes it.
fn furnish(tx: &mut Tx<'_>, clock: &Clock, project: &ProjectRef) -> Result<()> {
    human_review::create_defaults(tx, clock, project.number)
}

/// A project.
#[derive(Serialize, ToSchema)]
#[schema(as = Project)]
struct ProjectBody {
    project_id: String,
    name: String,
    /// The name in addresses.
    key: String,
    is_archived: bool,
    is_default: bool,
    teams: Vec<String>,
    created_at: String,
    updated_at: String,
    created_by_id: String,
    updated_by_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    /// For how many days traces are kept; without it, for ever.
    #[serde(skip_serializing_if = "Option::is_none")]
    retention_days: Option<i64>,
    /// Since when its data goes for good.
    #[serde(skip_serializing_if = "Option::is_none")]
    deleting_since: Option<String>,
}

impl From<Project> for ProjectBody {
    fn from(project: Project) -> ProjectBody {
        ProjectBody {
            project_id: project.reference.id,
            name: project.name,
            key: project.key,
            is_archived: project.archived_at.is_some(),
            is_default: project.is_default,
            teams: project.teams,
            created_at: rfc3339(project.created_at),
            updated_at: rfc3339(project.updated_at),
            created_by_id: project.created_by,
            updated_by_id: project.updated_by,
            description: Some(project.description).filter(|text| !text.is_empty()),
            retention_days: project.retention_days,
            deleting_since: project.deleting_since.map(rfc3339),
        }
    }
}

/// One project.
#[derive(Serialize, ToSchema)]
struct ProjectAnswer {
    project: ProjectBody,
}

/// One page of projects.
#[derive(Serialize, ToSchema)]
struct ProjectList {
    /// Always `list`.
    object: &'static str,
    data: Vec<ProjectBody>,
    has_more: bool,
}

/// What a new project is to be.
#[derive(Deserialize, ToSchema)]
struct NewProject {
    /// 1 to 128 characters.
    name: String,
    teams: Option<Vec<String>>,
    /// At most 500 characters.
    description: Option<String>,
    /// For how many days traces are kept, 1 to 3650; 0: for ever. Only traces with their spans and log records go;
    /// annotations and evaluator results stay.
    retention_days: Option<i64>,
}

/// What is to change about a project.
#[derive(Deserialize, ToSchema)]
struct ProjectChange {
    /// 1 to 128 characters.
    name: Option<String>,
    teams: Option<Vec<String>>,
    /// At most 500 characters.
    description: Option<String>,
    /// For how many days traces are kept, 1 to 3650; 0: for ever. Only traces with their spans and log records go;
    /// annotations and evaluator results stay.
    retention_days: Option<i64>,
}

/// Which projects.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Which {
    /// Those that were archived, the last one first; for those who administer the workspace.
    archived: Option<bool>,
}

/// For how many days.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct RetentionQuery {
    /// 1 to 3650.
    days: i64,
}

/// What would go if traces were kept for so many days.
#[derive(Serialize, ToSchema)]
struct RetentionPreview {
    /// Always `retention_preview`.
    object: &'static str,
    retention_days: i64,
    /// What came in before this moment would go now.
    before: String,
    /// How many traces that are. One that still gets spans stays until the last of them is as old.
    traces: i64,
}

/// Nothing but an object, as clients parse it.
#[derive(Serialize, ToSchema)]
pub struct Done {}

/// List the projects the caller has a part in, newest first.
#[utoipa::path(get, path = "/v2/projects", tag = "projects", params(Cursor, Which), responses(
    (status = 200, description = "One page", body = ProjectList),
    (status = "4XX", description = "Why not", body = ErrorBody),
))]
async fn list(
    By(caller): By<{ READ }>,
    State(app): State<App>,
    Params(cursor): Params<Cursor>,
    Params(which): Params<Which>,
) -> ApiResult<Json<ProjectList>> {
    let page = cursor.page()?;
    let archived = which.archived.unwrap_or(false);
    let reading =
        app.db.read(move |tx| if archived { projects::archived(tx, &caller) } else { projects::list(tx, &caller) });
    let all = reading.await?;
    let page = page.cut(all, |project| &project.reference.id);
    let data = page.data.into_iter().map(Into::into).collect();
    Ok(Json(ProjectList { object: "list", data, has_more: page.has_more }))
}

/// Make a project.
#[utoipa::path(post, path = "/v2/projects", tag = "projects", request_body = NewProject, responses(
    (status = 200, description = "The project", body = ProjectAnswer),
    (status = "4XX", description = "Why not", body = ErrorBody),
))]
async fn create(
    By(caller): By<{ ADMIN }>,
    State(app): State<App>,
    Body(body): Body<NewProject>,
) -> ApiResult<Json<ProjectAnswer>> {
    let draft = Draft {
        name: Some(body.name),
        description: body.description,
        teams: body.teams,
        retention_days: body.retention_days,
    };
    let (by, clock) = (caller.clone(), app.clock.clone());
    let making = app.db.write(move |tx| {
        let project = projects::create(tx, &clock, &by, &draft)?;
        furnish(tx, &clock, &project.reference)?;
        Ok(project)
    });
    let project = making.await?;
    audit::changed(&caller.actor.reference(), "project.create", &project.reference.id);
    Ok(Json(ProjectAnswer { project: project.into() }))
}

/// Read a project.
#[utoipa::path(get, path = "/v2/projects/{project_id}", tag = "projects", params(("project_id" = String, Path)),
responses(
    (status = 200, description = "The project", body = ProjectAnswer),
    (status = "4XX", description = "Why not", body = ErrorBody),
))]
async fn get(
    By(caller): By<{ READ }>,
    State(app): State<App>,
    Path(id): Path<String>,
) -> ApiResult<Json<ProjectAnswer>> {
    let project = app.db.read(move |tx| projects::get(tx, &caller, &id)).await?;
    Ok(Json(ProjectAnswer { project: project.into() }))
}

/// Change a project.
#[utoipa::path(patch, path = "/v2/projects/{project_id}", tag = "projects", params(("project_id" = String, Path)),
request_body = ProjectChange, responses(
    (status = 200, description = "The project as it is now", body = ProjectAnswer),
    (status = "4XX", description = "Why not", body = ErrorBody),
))]
async fn update(
    By(caller): By<{ ANY }>,
    State(app): State<App>,
    Path(id): Path<String>,
    Body(body): Body<ProjectChange>,
) -> ApiResult<Json<ProjectAnswer>> {
    let draft = Draft {
        name: body.name,
        description: body.description,
        teams: body.teams,
        retention_days: body.retention_days,
    };
    let (by, clock) = (caller.clone(), app.clock.clone());
    let project = app.db.write(move |tx| projects::update(tx, &clock, &by, &id, &draft)).await?;
    audit::changed(&caller.actor.reference(), "project.change", &project.reference.id);
    Ok(Json(ProjectAnswer { project: project.into() }))
}

/// Archive a project: it is no longer shown and its keys stop working. After 30 days its data goes for good, or before,
/// when that is asked for.
#[utoipa::path(delete, path = "/v2/projects/{project_id}", tag = "projects", params(("project_id" = String, Path)),
responses(
    (status = 200, description = "Archived", body = Done),
    (status = "4XX", description = "Why not", body = ErrorBody),
))]
async fn delete(By(caller): By<{ ADMIN }>, State(app): State<App>, Path(id): Path<String>) -> ApiResult<Json<Done>> {
    let (by, clock) = (caller.clone(), app.clock.clone());
    let project = app.db.write(move |tx| projects::archive(tx, &clock, &by, &id)).await?;
    app.forget_callers();
    audit::changed(&caller.actor.reference(), "project.archive", &project.reference.id);
    Ok(Json(Done {}))
}

/// Bring back an archived project, with its data and its keys, for those who administer the workspace.
#[utoipa::path(post, path = "/v2/projects/{project_id}/restore", tag = "projects",
params(("project_id" = String, Path)), responses(
    (status = 200, description = "The project as it is now", body = ProjectAnswer),
    (status = "4XX", description = "Why not", body = ErrorBody),
))]
async fn restore(
    By(caller): By<{ ADMIN }>,
    State(app): State<App>,
    Path(id): Path<String>,
) -> ApiResult<Json<ProjectAnswer>> {
    let (by, clock) = (caller.clone(), app.clock.clone());
    let project = app.db.write(move |tx| projects::restore(tx, &clock, &by, &id)).await?;
    app.forget_callers();
    audit::changed(&caller.actor.reference(), "project.restore", &project.reference.id);
    Ok(Json(ProjectAnswer { project: project.into() }))
}

/// Delete an archived project for good, without waiting for the 30 days: its traces, what was said of them, its queues and
/// datasets, and everything else. A job of the project that the caller speaks to tells how far that is; it cannot be
/// canceled.
#[utoipa::path(delete, path = "/v2/projects/{project_id}/data", tag = "projects",
params(("project_id" = String, Path)), responses(
    (status = 202, description = "The job", body = JobView),
    (status = "4XX", description = "Why not", body = ErrorBody),
))]
async fn delete_data(
    By(caller): By<{ ADMIN }>,
    State(app): State<App>,
    Path(id): Path<String>,
) -> ApiResult<(StatusCode, Json<JobView>)> {
    let (by, clock, project) = (caller.actor.reference(), app.clock.clone(), id.clone());
    let job = app.db.write(move |tx| erasure::project::start(tx, &clock, &caller, &project)).await?;
    audit::changed(&by, "project.delete", &id);
    Ok((StatusCode::ACCEPTED, Json(job.into())))
}

/// See what would go if a project kept its traces for so many days only.
#[utoipa::path(get, path = "/v2/projects/{project_id}/retention", tag = "projects",
params(("project_id" = String, Path), RetentionQuery), responses(
    (status = 200, description = "What would go", body = RetentionPreview),
    (status = "4XX", description = "Why not", body = ErrorBody),
))]
async fn retention(
    By(caller): By<{ READ }>,
    State(app): State<App>,
    Path(id): Path<String>,
    Params(query): Params<RetentionQuery>,
) -> ApiResult<Json<RetentionPreview>> {
    let days = query.days;
    if !(1..=projects::MAX_RETENTION_DAYS).contains(&days) {
        let message = format!("days must be 1 to {}.", projects::MAX_RETENTION_DAYS);
        return Err(Error::field("invalid_value", "days", message).into());
    }
    let before = retention::limit(app.clock.now(), days);
    let counting = app.db.read(move |tx| {
        let project = projects::get(tx, &caller, &id)?;
        retention::count(tx, project.reference.number, before)
    });
    let (object, before, traces) = ("retention_preview", rfc3339(before), counting.await?);
    Ok(Json(RetentionPreview { object, retention_days: days, before, traces }))
}
