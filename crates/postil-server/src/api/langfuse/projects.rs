//! The project of a key, with which Langfuse's clients check it.

use axum::Json;
use axum::extract::State;
use postil::project::{projects, workspace};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::caller::{By, INGEST};
use crate::api::error::{ApiResult, ErrorBody};
use crate::state::App;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list))
}

/// The project of the key.
#[derive(Serialize, ToSchema)]
struct LangfuseProjects {
    data: Vec<LangfuseProject>,
}

#[derive(Serialize, ToSchema)]
struct LangfuseProject {
    id: String,
    name: String,
    organization: LangfuseOrganization,
    /// Always empty.
    metadata: Map<String, Value>,
}

/// The workspace.
#[derive(Serialize, ToSchema)]
struct LangfuseOrganization {
    id: String,
    name: String,
}

/// Get the project of the key (Langfuse)
#[utoipa::path(get, path = "/api/public/projects", tag = "Langfuse", operation_id = "LangfuseProjects",
    responses((status = 200, body = LangfuseProjects), (status = "4XX", body = ErrorBody)))]
async fn list(State(app): State<App>, By(caller): By<INGEST>) -> ApiResult<Json<LangfuseProjects>> {
    let (project, workspace) = app
        .db
        .read(move |tx| {
            let project = projects::get(tx, &caller, &caller.project.id)?;
            Ok((project, workspace::by_id(tx, &caller.workspace_id)?))
        })
        .await?;
    let organization = LangfuseOrganization { id: workspace.id, name: workspace.display_name };
    let id = project.reference.id;
    Ok(Json(LangfuseProjects {
        data: vec![LangfuseProject { id, name: project.name, organization, metadata: Map::new() }],
    }))
}
