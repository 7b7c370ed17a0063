//! The workspace.

use axum::Json;
use axum::extract::{Path, State};
use postil::Error;
use postil::project::workspace::{self, Change, Extra, Workspace};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::audit;
use super::body::Body;
use super::caller::{ADMIN, By, READ};
use super::error::{ApiResult, ErrorBody};
use super::params::{Cursor, Params};
use crate::state::App;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(get, update))
}

/// A workspace.
#[derive(Serialize, ToSchema)]
#[schema(as = Workspace)]
struct WorkspaceBody {
    id: String,
    key: String,
    display_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    logo_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    settings: Option<Map<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Map<String, Value>>,
    total_members: i64,
}

impl From<Workspace> for WorkspaceBody {
    fn from(workspace: Workspace) -> WorkspaceBody {
        WorkspaceBody {
            id: workspace.id,
            key: workspace.key,
            display_name: workspace.display_name,
            logo_url: workspace.logo_url,
            settings: workspace.settings.settings,
            metadata: workspace.settings.metadata,
            total_members: workspace.members,
        }
    }
}

/// One workspace.
#[derive(Serialize, ToSchema)]
struct WorkspaceAnswer {
    workspace: WorkspaceBody,
}

/// Workspaces.
#[derive(Serialize, ToSchema)]
struct WorkspaceList {
    /// Always `list`.
    object: &'static str,
    data: Vec<WorkspaceBody>,
    has_more: bool,
}

/// What is to change about a workspace.
#[derive(Deserialize, ToSchema)]
struct WorkspaceChange {
    /// 1 to 128 characters.
    display_name: Option<String>,
    /// Empty takes it away.
    logo_url: Option<String>,
    /// Only `false`: a workspace here cannot be archived.
    archived: Option<bool>,
    settings: Option<Map<String, Value>>,
    metadata: Option<Map<String, Value>>,
    /// Only `false`: models are not restricted here.
    enforce_enabled_models: Option<bool>,
    /// Only `true`: traces are always taken in.
    tracing_enabled: Option<bool>,
}

/// List the caller's workspaces: always one.
#[utoipa::path(get, path = "/v2/workspaces", tag = "workspaces", params(Cursor), responses(
    (status = 200, description = "One page", body = WorkspaceList),
    (status = "4XX", description = "Why not", body = ErrorBody),
))]
async fn list(
    By(caller): By<{ READ }>,
    State(app): State<App>,
    Params(cursor): Params<Cursor>,
) -> ApiResult<Json<WorkspaceList>> {
    let page = cursor.page()?;
    let all = app.db.read(move |tx| Ok(vec![workspace::by_id(tx, &caller.workspace_id)?])).await?;
    let page = page.cut(all, |workspace| &workspace.id);
    let data = page.data.into_iter().map(Into::into).collect();
    Ok(Json(WorkspaceList { object: "list", data, has_more: page.has_more }))
}

/// Read a workspace by its key or id.
#[utoipa::path(get, path = "/v2/workspaces/{key}", tag = "workspaces", params(("key" = String, Path)), responses(
    (status = 200, description = "The workspace", body = WorkspaceAnswer),
    (status = "4XX", description = "Why not", body = ErrorBody),
))]
async fn get(
    By(caller): By<{ READ }>,
    State(app): State<App>,
    Path(key): Path<String>,
) -> ApiResult<Json<WorkspaceAnswer>> {
    let workspace = app.db.read(move |tx| workspace::get(tx, &caller, &key)).await?;
    Ok(Json(WorkspaceAnswer { workspace: workspace.into() }))
}

/// Change a workspace.
#[utoipa::path(patch, path = "/v2/workspaces/{key}", tag = "workspaces", params(("key" = String, Path)),
request_body = WorkspaceChange, responses(
    (status = 200, description = "The workspace as it is now", body = WorkspaceAnswer),
    (status = "4XX", description = "Why not", body = ErrorBody),
))]
async fn update(
    By(caller): By<{ ADMIN }>,
    State(app): State<App>,
    Path(key): Path<String>,
    Body(body): Body<WorkspaceChange>,
) -> ApiResult<Json<WorkspaceAnswer>> {
    // What cannot be done is refused rather than forgotten.
    let refused = [
        ("archived", body.archived == Some(true)),
        ("enforce_enabled_models", body.enforce_enabled_models == Some(true)),
        ("tracing_enabled", body.tracing_enabled == Some(false)),
    ];
    if let Some((field, _)) = refused.into_iter().find(|(_, asked)| *asked) {
        return Err(Error::field("not_supported", field, format!("{field} cannot be changed here.")).into());
    }
    let change = Change {
        display_name: body.display_name,
        logo_url: body.logo_url,
        extra: Extra { settings: body.settings, metadata: body.metadata },
    };
    let by = caller.clone();
    let workspace = app.db.write(move |tx| workspace::update(tx, &by, &key, &change)).await?;
    audit::changed(&caller.actor.reference(), "workspace.change", &workspace.id);
    Ok(Json(WorkspaceAnswer { workspace: workspace.into() }))
}
