//! The members of a project, and their roles.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use postil::clock::rfc3339;
use postil::project::member::{self, Change, Member};
use postil::project::{Actor, Caller, Permission, Role};
use postil::{Error, Result};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::audit;
use super::body::Body;
use super::caller::{ADMIN, By, READ};
use super::error::{ApiResult, ErrorBody};
use super::params::Params;
use crate::state::App;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(change, remove))
}

/// A member, to others.
#[derive(Serialize, ToSchema)]
#[schema(as = Member)]
struct MemberBody {
    id: String,
    display_name: String,
    /// Only for those who administer the project, and for oneself.
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    /// What they are in this project: `owner`, `admin`, `developer`, `reviewer` or `viewer`.
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<String>,
    /// `owner` or `admin`, when they are so in every project.
    #[serde(skip_serializing_if = "Option::is_none")]
    workspace_role: Option<String>,
    /// When they last signed in.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_activity: Option<String>,
}

impl MemberBody {
    fn new(member: &Member, caller: &Caller) -> MemberBody {
        let own = matches!(&caller.actor, Actor::Member { id, .. } if *id == member.id);
        let close = own || caller.permissions.has(Permission::Admin);
        MemberBody {
            id: member.id.clone(),
            display_name: member.display_name.clone(),
            email: close.then(|| member.email.clone()),
            role: member.role().map(|role| role.name().to_owned()),
            workspace_role: member.workspace_role.map(|role| role.name().to_owned()),
            last_activity: member.last_activity.filter(|_| close).map(rfc3339),
        }
    }
}

/// Members.
#[derive(Serialize, ToSchema)]
struct MemberList {
    data: Vec<MemberBody>,
}

/// Which members.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Which {
    /// All members of the workspace, with or without a part in this project; for those who administer the workspace.
    everywhere: Option<bool>,
}

/// What is to change about a member.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MemberChange {
    /// The role in this project: `owner`, `admin`, `developer`, `reviewer` or `viewer`.
    role: Option<String>,
    /// The role in every project: `owner`, `admin` or `none`.
    workspace_role: Option<String>,
    display_name: Option<String>,
}

/// From where a member is removed.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct From {
    /// Only from this project, when the caller could remove them from the whole workspace.
    project_only: Option<bool>,
}

/// Reads a role out of the field `field`.
pub fn role(text: &str, field: &str) -> Result<Role> {
    Role::parse(text).ok_or_else(|| {
        let message = format!("Invalid value: {text}. Valid options are: owner, admin, developer, reviewer, viewer.");
        Error::field("invalid_value", field, message)
    })
}

/// List the members of a project.
#[utoipa::path(get, path = "/api/members", tag = "members", params(Which), responses(
    (status = 200, description = "Members by name", body = MemberList),
    (status = "4XX", description = "Why not", body = ErrorBody),
))]
async fn list(
    By(caller): By<{ READ }>,
    State(app): State<App>,
    Params(which): Params<Which>,
) -> ApiResult<Json<MemberList>> {
    let everywhere = which.everywhere.unwrap_or(false);
    if everywhere {
        caller.require_workspace_admin()?;
    }
    let by = caller.clone();
    let members = app.db.read(move |tx| member::list(tx, &by, everywhere)).await?;
    Ok(Json(MemberList { data: members.iter().map(|member| MemberBody::new(member, &caller)).collect() }))
}

/// Change a member's role or name.
#[utoipa::path(patch, path = "/api/members/{id}", tag = "members", params(("id" = String, Path)),
request_body = MemberChange, responses(
    (status = 200, description = "The member as they are now", body = MemberBody),
    (status = "4XX", description = "Why not", body = ErrorBody),
))]
async fn change(
    By(caller): By<{ ADMIN }>,
    State(app): State<App>,
    Path(id): Path<String>,
    Body(body): Body<MemberChange>,
) -> ApiResult<Json<MemberBody>> {
    let change = Change {
        role: body.role.as_deref().map(|text| role(text, "role")).transpose()?,
        workspace_role: match body.workspace_role.as_deref() {
            None => None,
            Some("none") => Some(None),
            Some(text) => Some(Some(role(text, "workspace_role")?)),
        },
        display_name: body.display_name,
    };
    let (by, target) = (caller.clone(), id.clone());
    let member = app.db.write(move |tx| member::change(tx, &by, &target, &change)).await?;
    app.forget_callers();
    audit::changed(&caller.actor.reference(), "member.change", &id);
    Ok(Json(MemberBody::new(&member, &caller)))
}

/// Remove a member: from the workspace by those who administer it, else from this project.
#[utoipa::path(delete, path = "/api/members/{id}", tag = "members", params(("id" = String, Path), From), responses(
    (status = 204, description = "Removed"),
    (status = "4XX", description = "Why not", body = ErrorBody),
))]
async fn remove(
    By(caller): By<{ ADMIN }>,
    State(app): State<App>,
    Path(id): Path<String>,
    Params(from): Params<From>,
) -> ApiResult<StatusCode> {
    let (by, target, clock) = (caller.clone(), id.clone(), app.clock.clone());
    let project_only = from.project_only.unwrap_or(false);
    app.db.write(move |tx| member::remove(tx, &clock, &by, &target, project_only)).await?;
    app.forget_callers();
    audit::changed(&caller.actor.reference(), "member.remove", &id);
    Ok(StatusCode::NO_CONTENT)
}
