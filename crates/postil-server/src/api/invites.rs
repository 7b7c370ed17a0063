//! Invites: links that make whoever opens them a member of a project.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use postil::Error;
use postil::clock::rfc3339;
use postil::project::invite::{self, Draft, Guest, Invite};
use postil::project::{member, password};
use postil::queue;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::body::{Body, OptionalBody};
use super::caller::{self, ADMIN, By};
use super::error::{ApiResult, ErrorBody};
use super::sign_in::{SignedInBody, hashing, welcome};
use super::{audit, members, session};
use crate::state::App;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(revoke))
        .routes(routes!(look_up))
        .routes(routes!(accept))
}

/// An invite, to those who may make one.
#[derive(Serialize, ToSchema)]
#[schema(as = Invite)]
struct InviteBody {
    id: String,
    project_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    role: String,
    /// The only annotation queue it opens.
    #[serde(skip_serializing_if = "Option::is_none")]
    queue_id: Option<String>,
    /// `open`, `used` or `expired`.
    status: &'static str,
    created_by_id: String,
    created_at: String,
    expires_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    used_at: Option<String>,
    /// The member who accepted it.
    #[serde(skip_serializing_if = "Option::is_none")]
    used_by_id: Option<String>,
    /// The secret of the link; only when the invite is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    /// The path of the link; only when the invite is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
}

impl InviteBody {
    fn new(invite: Invite, now: i64) -> InviteBody {
        let status = match invite.used_at {
            Some(_) => "used",
            None if invite.expires_at <= now => "expired",
            None => "open",
        };
        InviteBody {
            id: invite.id,
            project_id: invite.project_id,
            email: invite.email,
            role: invite.role.name().into(),
            queue_id: invite.queue_id,
            status,
            created_by_id: invite.created_by,
            created_at: rfc3339(invite.created_at),
            expires_at: rfc3339(invite.expires_at),
            used_at: invite.used_at.map(rfc3339),
            used_by_id: invite.used_by,
            token: None,
            path: None,
        }
    }
}

/// Invites.
#[derive(Serialize, ToSchema)]
struct InviteList {
    data: Vec<InviteBody>,
}

/// What a new invite is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewInvite {
    /// What it makes of who accepts it: `owner`, `admin`, `developer`, `reviewer` or `viewer` of this project.
    role: String,
    /// The only address it works for.
    email: Option<String>,
    /// How many days it works, 1 to 90; 7 when nothing is said.
    expires_in_days: Option<i64>,
    /// An annotation queue of this project, for the role `reviewer`: who accepts sees this queue and nothing else.
    queue_id: Option<String>,
}

/// What an invite opens, to whoever holds its link.
#[derive(Serialize, ToSchema)]
struct OpenInvite {
    workspace: String,
    project: String,
    role: String,
    /// The name of the only annotation queue it opens.
    #[serde(skip_serializing_if = "Option::is_none")]
    queue: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    expires_at: String,
    /// Who is signed in here, and can accept without a password.
    #[serde(skip_serializing_if = "Option::is_none")]
    signed_in: Option<SignedInAs>,
}

/// The member whose session came with a call.
#[derive(Serialize, ToSchema)]
struct SignedInAs {
    display_name: String,
    email: String,
}

/// Who accepts; nothing for somebody who is signed in.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Acceptance {
    name: Option<String>,
    email: Option<String>,
    password: Option<String>,
}

/// List the invites of this project.
#[utoipa::path(get, path = "/api/invites", tag = "members", responses(
    (status = 200, description = "Newest first", body = InviteList),
    (status = "4XX", description = "Why not", body = ErrorBody),
))]
async fn list(By(caller): By<{ ADMIN }>, State(app): State<App>) -> ApiResult<Json<InviteList>> {
    let invites = app.db.read(move |tx| invite::list(tx, &caller)).await?;
    let now = app.clock.now();
    Ok(Json(InviteList { data: invites.into_iter().map(|invite| InviteBody::new(invite, now)).collect() }))
}

/// Invite somebody to this project.
#[utoipa::path(post, path = "/api/invites", tag = "members", request_body = NewInvite, responses(
    (status = 200, description = "The invite, with its secret this once", body = InviteBody),
    (status = "4XX", description = "Why not", body = ErrorBody),
))]
async fn create(
    By(caller): By<{ ADMIN }>,
    State(app): State<App>,
    Body(body): Body<NewInvite>,
) -> ApiResult<Json<InviteBody>> {
    let role = members::role(&body.role, "role")?;
    let draft = Draft {
        role,
        email: body.email.filter(|email| !email.is_empty()),
        days: body.expires_in_days,
        queue_id: body.queue_id,
    };
    let (by, clock) = (caller.clone(), app.clock.clone());
    let (invite, token) = app.db.write(move |tx| queue::invite(tx, &clock, &by, &draft)).await?;
    audit::changed(&caller.actor.reference(), "invite.create", &invite.id);
    let path = Some(format!("/invite/{token}"));
    Ok(Json(InviteBody { token: Some(token), path, ..InviteBody::new(invite, app.clock.now()) }))
}

/// Take an invite back.
#[utoipa::path(delete, path = "/api/invites/{id}", tag = "members", params(("id" = String, Path)), responses(
    (status = 204, description = "Taken back"),
    (status = "4XX", description = "Why not", body = ErrorBody),
))]
async fn revoke(By(caller): By<{ ADMIN }>, State(app): State<App>, Path(id): Path<String>) -> ApiResult<StatusCode> {
    let (by, target) = (caller.clone(), id.clone());
    app.db.write(move |tx| invite::revoke(tx, &by, &target)).await?;
    audit::changed(&caller.actor.reference(), "invite.revoke", &id);
    Ok(StatusCode::NO_CONTENT)
}

/// What the link of an invite opens.
#[utoipa::path(get, path = "/api/invites/by-token/{token}", tag = "members", security(()),
params(("token" = String, Path)), responses(
    (status = 200, description = "An open invite", body = OpenInvite),
    (status = "4XX", description = "Why not", body = ErrorBody),
))]
async fn look_up(State(app): State<App>, Path(token): Path<String>, parts: Parts) -> ApiResult<Json<OpenInvite>> {
    let session = session::find(&app, &parts).await?;
    let clock = app.clock.clone();
    let (invite, queue) = app.db.read(move |tx| queue::invited(tx, &clock, &token)).await?;
    Ok(Json(OpenInvite {
        workspace: invite.workspace_name,
        project: invite.project_name,
        role: invite.role.name().into(),
        queue,
        email: invite.email,
        expires_at: rfc3339(invite.expires_at),
        signed_in: session.map(|session| {
            let member = session.signed_in.member;
            SignedInAs { display_name: member.display_name, email: member.email }
        }),
    }))
}

/// Accept an invite: as somebody new, with a name and a password, or as the member who is signed in.
#[utoipa::path(post, path = "/api/invites/by-token/{token}/accept", tag = "members", security(()),
params(("token" = String, Path)), request_body = Acceptance, responses(
    (status = 200, description = "Signed in", body = SignedInBody),
    (status = "4XX", description = "Why not", body = ErrorBody),
))]
async fn accept(
    State(app): State<App>,
    Path(token): Path<String>,
    parts: Parts,
    OptionalBody(body): OptionalBody<Acceptance>,
) -> ApiResult<Response> {
    session::require_own_origin(&parts)?;
    let guest = match body.password {
        Some(password) => {
            // Nobody makes us hash without an invite.
            let (clock, wanted) = (app.clock.clone(), token.clone());
            app.db.read(move |tx| invite::by_token(tx, &clock, &wanted)).await?;
            let name = body.name.ok_or_else(|| Error::field("invalid_name", "name", "Give your name."))?;
            member::check_name(&name)
                .map_err(|_| Error::field("invalid_name", "name", "A name has 1 to 100 characters."))?;
            let password_hash = hashing(move || password::hash(&password)).await??;
            Guest::New { display_name: name, email: body.email, password_hash }
        }
        None => match session::find(&app, &parts).await? {
            Some(session) => Guest::Member(session.signed_in.member),
            None => return Err(Error::field("invalid_password", "password", "Choose a password.").into()),
        },
    };
    let (clock, agent) = (app.clock.clone(), caller::client(&parts.headers));
    let accepting = app.db.write(move |tx| {
        let member_id = queue::accept_invite(tx, &clock, &token, &guest)?;
        invite::welcome(tx, &clock, &member_id, agent.as_deref())
    });
    let (member, secret) = accepting.await?;
    app.forget_callers();
    audit::changed(&format!("member:{}", member.id), "invite.accept", &member.id);
    Ok(welcome(&app, &parts, &member, &secret).into_response())
}
