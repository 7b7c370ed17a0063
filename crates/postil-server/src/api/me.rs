//! Who I am, and what I may do where.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::http::request::Parts;
use postil::project::member::{self, Member, OwnChange};
use postil::project::{Actor, Caller, Project, Role, projects, sign_in, workspace};
use postil::{Error, Result, Tx};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::audit;
use super::body::Body;
use super::caller::{authenticate, wanted_project};
use super::error::{ApiResult, ErrorBody};
use super::session::{self, Session};
use super::sign_in::WhoBody;
use crate::state::App;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(me, change))
}

/// Who calls: a member or a key.
#[derive(Serialize, ToSchema)]
struct MeBody {
    /// The member, for somebody who is signed in.
    #[serde(skip_serializing_if = "Option::is_none")]
    member: Option<WhoBody>,
    /// The key, for a program.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<KeyBody>,
    /// What the member chose for themselves in the app.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object)]
    preferences: Option<Value>,
    workspace: WorkspaceBody,
    /// The project this request spoke to; none for a member without a role anywhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    project_id: Option<String>,
    /// Where the caller has a part, newest first.
    projects: Vec<ProjectBody>,
    /// To be sent in the header `x-csrf-token` with every change; for somebody who is signed in.
    #[serde(skip_serializing_if = "Option::is_none")]
    csrf_token: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = MeKey)]
struct KeyBody {
    id: String,
    name: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = MeWorkspace)]
struct WorkspaceBody {
    id: String,
    key: String,
    display_name: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = MeProject)]
struct ProjectBody {
    project_id: String,
    key: String,
    name: String,
    is_default: bool,
    /// What a member is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<String>,
    /// What the caller may do there: some of `ingest`, `annotate`, `review`, `read`, `define`, `admin`.
    permissions: Vec<String>,
}

impl ProjectBody {
    fn new(project: Project, role: Option<Role>, permissions: &[&str]) -> ProjectBody {
        ProjectBody {
            project_id: project.reference.id,
            key: project.key,
            name: project.name,
            is_default: project.is_default,
            role: role.map(|role| role.name().to_owned()),
            permissions: permissions.iter().map(ToString::to_string).collect(),
        }
    }
}

/// Who I am, and what I may do where.
#[utoipa::path(get, path = "/api/me", tag = "sign-in", responses(
    (status = 200, description = "The caller", body = MeBody),
    (status = "4XX", description = "Why not", body = ErrorBody),
))]
async fn me(State(app): State<App>, parts: Parts) -> ApiResult<Json<MeBody>> {
    if parts.headers.contains_key(header::AUTHORIZATION) || session::cookie(&parts.headers).is_none() {
        let caller = authenticate(&app, &parts.headers).await?;
        return Ok(Json(app.db.read(move |tx| of_key(tx, &caller)).await?));
    }
    let session = session::find(&app, &parts).await?.ok_or_else(session::ended)?;
    let Session { signed_in, csrf_token } = session;
    let (clock, wanted) = (app.clock.clone(), wanted_project(&parts.headers).to_owned());
    let body = app.db.read(move |tx| {
        let wanted = (!wanted.is_empty()).then_some(wanted.as_str());
        let project_id = match sign_in::authenticate(tx, &clock, &signed_in.token_hash, wanted) {
            Ok(caller) => caller.map(|caller| caller.project.id),
            Err(Error::NotFound { .. }) => None,
            Err(other) => return Err(other),
        };
        Ok(MeBody { csrf_token: Some(csrf_token.clone()), ..of_member(tx, &signed_in.member, project_id)? })
    });
    Ok(Json(body.await?))
}

/// What a member changes about themselves.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MeChange {
    /// 1 to 100 characters.
    display_name: Option<String>,
    /// What they chose for themselves in the app, at most 16 KB, in place of what was stored.
    #[schema(value_type = Object)]
    preferences: Option<Value>,
}

/// Change one's own name or preferences; needs no role.
#[utoipa::path(patch, path = "/api/me", tag = "sign-in", request_body = MeChange, responses(
    (status = 200, description = "The member as they are now", body = MeBody),
    (status = "4XX", description = "Why not", body = ErrorBody),
))]
async fn change(State(app): State<App>, session: Session, Body(body): Body<MeChange>) -> ApiResult<Json<MeBody>> {
    let Session { signed_in, csrf_token } = session;
    let change = OwnChange { display_name: body.display_name, preferences: body.preferences };
    let renamed = change.display_name.is_some();
    let id = signed_in.member.id.clone();
    let writing = app.db.write(move |tx| {
        member::change_own(tx, &signed_in.member.id, &change)?;
        let name = change.display_name.as_deref().unwrap_or(&signed_in.member.display_name).trim().to_owned();
        let member = Member { display_name: name, ..signed_in.member.clone() };
        Ok(MeBody { csrf_token: Some(csrf_token.clone()), ..of_member(tx, &member, None)? })
    });
    let body = writing.await?;
    if renamed {
        app.forget_callers();
        audit::changed(&format!("member:{id}"), "member.rename", &id);
    }
    Ok(Json(body))
}

fn of_member(tx: &mut Tx<'_>, member: &Member, project_id: Option<String>) -> Result<MeBody> {
    let roles = member::roles(tx, &member.id)?;
    let mut bodies = Vec::new();
    for project in projects::of_member(tx, member)? {
        let here = roles.iter().find(|(id, _)| *id == project.reference.id).map(|(_, role)| *role);
        let role = member.workspace_role.max(here);
        bodies.push(ProjectBody::new(project, role, &role.map(|role| role.permissions().names()).unwrap_or_default()));
    }
    Ok(MeBody {
        member: Some(member.into()),
        key: None,
        preferences: Some(member::preferences(tx, &member.id)?),
        workspace: workspace_body(tx, &member.workspace_id)?,
        project_id,
        projects: bodies,
        csrf_token: None,
    })
}

fn of_key(tx: &mut Tx<'_>, caller: &Caller) -> Result<MeBody> {
    let permissions = caller.permissions.names();
    let projects = projects::list(tx, caller)?;
    let key = match &caller.actor {
        Actor::Key { id, name } => Some(KeyBody { id: id.clone(), name: name.clone() }),
        Actor::Member { .. } => None,
    };
    Ok(MeBody {
        member: None,
        key,
        preferences: None,
        workspace: workspace_body(tx, &caller.workspace_id)?,
        project_id: Some(caller.project.id.clone()),
        projects: projects.into_iter().map(|project| ProjectBody::new(project, None, &permissions)).collect(),
        csrf_token: None,
    })
}

fn workspace_body(tx: &mut Tx<'_>, workspace_id: &str) -> Result<WorkspaceBody> {
    let workspace = workspace::by_id(tx, workspace_id)?;
    Ok(WorkspaceBody { id: workspace.id, key: workspace.key, display_name: workspace.display_name })
}
