//! Members of the workspace, in the shape clients know as users.

use axum::Json;
use axum::extract::{Path, State};
use postil::clock::{parse_rfc3339, rfc3339};
use postil::project::member::{self, Change, Member};
use postil::project::{Caller, Role, invite};
use postil::{Error, Result, Tx};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::body::Body;
use super::caller::{ADMIN, By};
use super::error::{ApiResult, ErrorBody};
use super::projects::Done;
use super::{audit, members};
use crate::state::App;

/// How many people can be added in one request.
const MOST_EMAILS: usize = 100;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(get, create, update, remove))
}

/// A member of the workspace.
#[derive(Serialize, ToSchema)]
#[schema(as = User)]
struct UserBody {
    id: String,
    account_id: String,
    email: String,
    display_name: String,
    team_ids: Vec<String>,
    /// The role in the whole workspace, or else the roles in its projects.
    roles: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_activity: Option<String>,
}

fn user(tx: &mut Tx<'_>, member: &Member) -> Result<UserBody> {
    let mut roles = member.workspace_role.into_iter().collect::<Vec<Role>>();
    if roles.is_empty() {
        roles = member::roles(tx, &member.id)?.into_iter().map(|(_, role)| role).collect();
        roles.sort_by(|one, other| other.cmp(one));
        roles.dedup();
    }
    Ok(UserBody {
        id: member.id.clone(),
        account_id: member.id.clone(),
        email: member.email.clone(),
        display_name: member.display_name.clone(),
        team_ids: Vec::new(),
        roles: roles.into_iter().map(|role| role.name().to_owned()).collect(),
        last_activity: member.last_activity.map(rfc3339),
    })
}

/// One user.
#[derive(Serialize, ToSchema)]
struct UserAnswer {
    user: UserBody,
}

/// Users.
#[derive(Serialize, ToSchema)]
struct UserList {
    users: Vec<UserBody>,
}

/// Who is to be added.
#[derive(Deserialize, ToSchema)]
struct NewUsers {
    /// At most 100.
    emails: Vec<String>,
    /// One role; of more the first holds.
    roles: Vec<String>,
}

/// What is to change about a user.
#[derive(Deserialize, ToSchema)]
struct UserChange {
    last_activity: Option<String>,
    /// `owner` or `admin` of the workspace, or a role in this project, which takes away the one in the workspace.
    role: Option<String>,
}

fn require(caller: &Caller) -> Result<()> {
    caller.require_workspace_admin()
}

/// List the members of the workspace.
#[utoipa::path(get, path = "/v3/users", tag = "users", responses(
    (status = 200, description = "By name", body = UserList),
    (status = "4XX", description = "Why not", body = ErrorBody),
))]
async fn list(By(caller): By<{ ADMIN }>, State(app): State<App>) -> ApiResult<Json<UserList>> {
    require(&caller)?;
    let users = app.db.read(move |tx| {
        let members = member::list(tx, &caller, true)?;
        members.iter().map(|member| user(tx, member)).collect::<Result<Vec<_>>>()
    });
    Ok(Json(UserList { users: users.await? }))
}

/// Read a member of the workspace.
#[utoipa::path(get, path = "/v3/users/{id}", tag = "users", params(("id" = String, Path)), responses(
    (status = 200, description = "The user", body = UserAnswer),
    (status = "4XX", description = "Why not", body = ErrorBody),
))]
async fn get(By(caller): By<{ ADMIN }>, State(app): State<App>, Path(id): Path<String>) -> ApiResult<Json<UserAnswer>> {
    require(&caller)?;
    let found = app.db.read(move |tx| {
        let member = member::get(tx, &caller, &id)?;
        user(tx, &member)
    });
    Ok(Json(UserAnswer { user: found.await? }))
}

/// Add people by e-mail address; they sign in with one-time links. The id in the path is a project's or the workspace's.
#[utoipa::path(post, path = "/v3/users/{id}", tag = "users", params(("id" = String, Path)), request_body = NewUsers,
responses(
    (status = 200, description = "The users", body = UserList),
    (status = "4XX", description = "Why not", body = ErrorBody),
))]
async fn create(
    By(caller): By<{ ADMIN }>,
    State(app): State<App>,
    Path(id): Path<String>,
    Body(body): Body<NewUsers>,
) -> ApiResult<Json<UserList>> {
    require(&caller)?;
    if body.emails.is_empty() || body.emails.len() > MOST_EMAILS {
        let message = format!("Give 1 to {MOST_EMAILS} e-mail addresses.");
        return Err(Error::field("invalid_value", "emails", message).into());
    }
    let said = body.roles.first().ok_or_else(|| Error::field("invalid_value", "roles", "Give one role."))?;
    let role = members::role(said, "roles[0]")?;
    let (by, clock) = (caller.clone(), app.clock.clone());
    let adding = app.db.write(move |tx| {
        let project = (id != by.workspace_id).then_some(id.as_str());
        let members = invite::add_people(tx, &clock, &by, project, &body.emails, role)?;
        members.iter().map(|member| user(tx, member)).collect::<Result<Vec<_>>>()
    });
    let users = adding.await?;
    app.forget_callers();
    users.iter().for_each(|user| audit::changed(&caller.actor.reference(), "member.add", &user.id));
    Ok(Json(UserList { users }))
}

/// Change a member's role.
#[utoipa::path(patch, path = "/v3/users/{id}", tag = "users", params(("id" = String, Path)),
request_body = UserChange, responses(
    (status = 200, description = "The user as they are now", body = UserAnswer),
    (status = "4XX", description = "Why not", body = ErrorBody),
))]
async fn update(
    By(caller): By<{ ADMIN }>,
    State(app): State<App>,
    Path(id): Path<String>,
    Body(body): Body<UserChange>,
) -> ApiResult<Json<UserAnswer>> {
    require(&caller)?;
    let seen = body.last_activity.map(|text| {
        let message = "last_activity is a time such as 2026-11-21T10:00:00Z.";
        parse_rfc3339(&text).ok_or_else(|| Error::field("invalid_value", "last_activity", message))
    });
    let seen = seen.transpose()?;
    let change = match body.role.as_deref().map(|text| members::role(text, "role")).transpose()? {
        None => Change::default(),
        Some(role) if role >= Role::Admin => Change { workspace_role: Some(Some(role)), ..Change::default() },
        Some(role) => Change { role: Some(role), workspace_role: Some(None), display_name: None },
    };
    let (by, target) = (caller.clone(), id.clone());
    let changing = app.db.write(move |tx| {
        if let Some(at) = seen {
            member::get(tx, &by, &target)?;
            member::record_activity(tx, &target, at)?;
        }
        let member = member::change(tx, &by, &target, &change)?;
        user(tx, &member)
    });
    let user = changing.await?;
    app.forget_callers();
    audit::changed(&caller.actor.reference(), "member.change", &id);
    Ok(Json(UserAnswer { user }))
}

/// Remove a member from the workspace, with the keys they own.
#[utoipa::path(delete, path = "/v3/users/{id}", tag = "users", params(("id" = String, Path)), responses(
    (status = 200, description = "Removed", body = Done),
    (status = "4XX", description = "Why not", body = ErrorBody),
))]
async fn remove(By(caller): By<{ ADMIN }>, State(app): State<App>, Path(id): Path<String>) -> ApiResult<Json<Done>> {
    require(&caller)?;
    let (by, clock, target) = (caller.clone(), app.clock.clone(), id.clone());
    app.db.write(move |tx| member::remove(tx, &clock, &by, &target, false)).await?;
    app.forget_callers();
    audit::changed(&caller.actor.reference(), "member.remove", &id);
    Ok(Json(Done {}))
}
