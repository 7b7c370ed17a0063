//! Signing in and out, and one's own password.

use axum::Json;
use axum::extract::State;
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use postil::project::member::{self, Member};
use postil::project::{password, sign_in};
use postil::{Error, Result};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::body::{Body, OptionalBody};
use super::error::{ApiResult, ErrorBody};
use super::session::{self, Session};
use super::{audit, caller};
use crate::attempts::Attempt;
use crate::state::App;

/// How many passwords are hashed at once; each takes 19 MB.
static HASHING: Semaphore = Semaphore::const_new(4);

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(with_password))
        .routes(routes!(with_link))
        .routes(routes!(sign_out))
        .routes(routes!(sign_out_everywhere))
        .routes(routes!(change_password))
}

/// An e-mail address and a password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Credentials {
    email: String,
    password: String,
}

/// The secret of a one-time link.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Link {
    token: String,
}

/// A new password, and the one before, unless there was none.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewPassword {
    current_password: Option<String>,
    new_password: String,
}

/// Nothing: these requests take no body.
#[derive(Default, Deserialize)]
struct Nothing {}

/// Who signed in. The session itself is in the cookie `postil_session`.
#[derive(Serialize, ToSchema)]
pub struct SignedInBody {
    /// Who it is.
    member: WhoBody,
    /// To be sent in the header `x-csrf-token` with every change.
    csrf_token: String,
}

/// A member, to themselves.
#[derive(Serialize, ToSchema)]
pub struct WhoBody {
    id: String,
    email: String,
    display_name: String,
    /// `owner` or `admin` of the whole workspace.
    #[serde(skip_serializing_if = "Option::is_none")]
    workspace_role: Option<String>,
}

impl From<&Member> for WhoBody {
    fn from(member: &Member) -> WhoBody {
        WhoBody {
            id: member.id.clone(),
            email: member.email.clone(),
            display_name: member.display_name.clone(),
            workspace_role: member.workspace_role.map(|role| role.name().to_owned()),
        }
    }
}

/// Answers with a new session: its cookie, and what its pages must know.
pub fn welcome(app: &App, parts: &Parts, member: &Member, secret: &str) -> Response {
    let body = SignedInBody { member: member.into(), csrf_token: sign_in::csrf_token(secret) };
    ([(header::SET_COOKIE, session::set_cookie(app, parts, secret))], Json(body)).into_response()
}

/// Hashes or compares a password on a thread that may be busy, a few at once.
pub async fn hashing<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let permit = HASHING.acquire().await.map_err(Error::internal)?;
    let hashed = tokio::task::spawn_blocking(move || {
        let done = work();
        drop(permit);
        done
    });
    hashed.await.map_err(Error::internal)
}

/// Sign in with a password.
#[utoipa::path(post, path = "/api/sign-in", tag = "sign-in", security(()), request_body = Credentials, responses(
    (status = 200, description = "Signed in", body = SignedInBody),
    (status = "4XX", description = "Why not", body = ErrorBody),
))]
async fn with_password(State(app): State<App>, parts: Parts, Body(body): Body<Credentials>) -> ApiResult<Response> {
    session::require_own_origin(&parts)?;
    let attempt = Attempt::new(&body.email, &parts, app.public_url.is_some());
    app.attempts.begin(app.clock.now(), &attempt)?;
    let email = body.email;
    let found = app.db.read(move |tx| member::by_email(tx, &email)).await?;
    let (member, stored) = found.map_or((None, None), |(member, stored)| (Some(member), stored));
    let right = hashing(move || password::verify(&body.password, stored.as_deref())).await?;
    // The same words, after the same time, whether the address or the password is wrong.
    let wrong = || Error::Unauthenticated("The e-mail address or the password is wrong.".into());
    let member = member.filter(|_| right).ok_or_else(wrong)?;
    app.attempts.forgive(&attempt);
    start(&app, &parts, member, "sign_in.password").await
}

/// Sign in with a one-time link.
#[utoipa::path(post, path = "/api/sign-in/link", tag = "sign-in", security(()), request_body = Link, responses(
    (status = 200, description = "Signed in", body = SignedInBody),
    (status = "4XX", description = "Why not", body = ErrorBody),
))]
async fn with_link(State(app): State<App>, parts: Parts, Body(body): Body<Link>) -> ApiResult<Response> {
    session::require_own_origin(&parts)?;
    let clock = app.clock.clone();
    let found = app.db.write(move |tx| sign_in::use_link(tx, &clock, &body.token)).await?;
    let used = || Error::Unauthenticated("This link does not exist, was used, or has expired.".into());
    start(&app, &parts, found.ok_or_else(used)?, "sign_in.link").await
}

async fn start(app: &App, parts: &Parts, member: Member, action: &'static str) -> ApiResult<Response> {
    let (clock, id, agent) = (app.clock.clone(), member.id.clone(), caller::client(&parts.headers));
    let secret = app.db.write(move |tx| sign_in::start(tx, &clock, &id, agent.as_deref())).await?;
    audit::changed(&format!("member:{}", member.id), action, &member.id);
    Ok(welcome(app, parts, &member, &secret))
}

/// Sign out: end this session.
#[utoipa::path(post, path = "/api/sign-out", tag = "sign-in", responses(
    (status = 204, description = "Signed out"),
    (status = "4XX", description = "Why not", body = ErrorBody),
))]
async fn sign_out(
    session: Session,
    State(app): State<App>,
    parts: Parts,
    _: OptionalBody<Nothing>,
) -> ApiResult<Response> {
    let hash = session.signed_in.token_hash.clone();
    app.db.write(move |tx| sign_in::end(tx, &hash)).await?;
    Ok(goodbye(&app, &parts, &session, "sign_out"))
}

/// Sign out everywhere: end all sessions of this member.
#[utoipa::path(post, path = "/api/sign-out-everywhere", tag = "sign-in", responses(
    (status = 204, description = "Signed out"),
    (status = "4XX", description = "Why not", body = ErrorBody),
))]
async fn sign_out_everywhere(
    session: Session,
    State(app): State<App>,
    parts: Parts,
    _: OptionalBody<Nothing>,
) -> ApiResult<Response> {
    let id = session.signed_in.member.id.clone();
    app.db.write(move |tx| sign_in::end_all(tx, &id, None)).await?;
    Ok(goodbye(&app, &parts, &session, "sign_out.everywhere"))
}

fn goodbye(app: &App, parts: &Parts, session: &Session, action: &'static str) -> Response {
    app.forget_callers();
    let id = &session.signed_in.member.id;
    audit::changed(&format!("member:{id}"), action, id);
    (StatusCode::NO_CONTENT, [(header::SET_COOKIE, session::set_cookie(app, parts, ""))]).into_response()
}

/// Change one's own password. Ends all other sessions.
#[utoipa::path(post, path = "/api/me/password", tag = "sign-in", request_body = NewPassword, responses(
    (status = 204, description = "Changed"),
    (status = "4XX", description = "Why not", body = ErrorBody),
))]
async fn change_password(
    session: Session,
    State(app): State<App>,
    parts: Parts,
    Body(body): Body<NewPassword>,
) -> ApiResult<StatusCode> {
    password::check(&body.new_password).map_err(|error| match error {
        Error::Invalid { name, message, .. } => Error::field(name, "new_password", message),
        other => other,
    })?;
    let member = session.signed_in.member;
    let id = member.id.clone();
    let stored = app.db.read(move |tx| member::password_hash(tx, &id)).await?;
    if stored.is_some() {
        let attempt = Attempt::new(&member.email, &parts, app.public_url.is_some());
        app.attempts.begin(app.clock.now(), &attempt)?;
        let current = body.current_password.unwrap_or_default();
        if !hashing(move || password::verify(&current, stored.as_deref())).await? {
            return Err(Error::field("wrong_password", "current_password", "This is not your current password.").into());
        }
        app.attempts.forgive(&attempt);
    }
    let hash = hashing(move || password::hash(&body.new_password)).await??;
    let (id, kept) = (member.id.clone(), session.signed_in.token_hash);
    app.db.write(move |tx| member::set_password(tx, &id, &hash, Some(&kept))).await?;
    app.forget_callers();
    audit::changed(&format!("member:{}", member.id), "password.change", &member.id);
    Ok(StatusCode::NO_CONTENT)
}
