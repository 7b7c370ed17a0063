//! Who calls: an extractor, so that no handler can run without it.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use postil::project::{Caller, Permission, key, sign_in};
use postil::{Error, Result};

use super::error::ApiError;
use super::session;
use crate::state::App;

/// A caller who may do `PERMISSION` (a [`Permission`] as a number) in the project they speak to.
pub struct By<const PERMISSION: u8>(pub Caller);

/// [`Permission::Ingest`] for [`By`].
pub const INGEST: u8 = Permission::Ingest as u8;
/// [`Permission::Annotate`] for [`By`].
pub const ANNOTATE: u8 = Permission::Annotate as u8;
/// [`Permission::Read`] for [`By`].
pub const READ: u8 = Permission::Read as u8;
/// [`Permission::Define`] for [`By`].
pub const DEFINE: u8 = Permission::Define as u8;
/// [`Permission::Admin`] for [`By`].
pub const ADMIN: u8 = Permission::Admin as u8;

/// [`Permission::Review`] for [`By`].
pub const REVIEW: u8 = Permission::Review as u8;

/// Any caller for [`By`]; the verb decides.
pub const ANY: u8 = 0;

/// The header that names the project, for callers who may speak to several.
pub const PROJECT_HEADER: &str = "x-postil-project";

impl<const PERMISSION: u8> FromRequestParts<App> for By<PERMISSION> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let caller = authenticate_request(app, parts).await?;
        let permission = [
            Permission::Ingest,
            Permission::Annotate,
            Permission::Read,
            Permission::Define,
            Permission::Admin,
            Permission::Review,
        ]
        .into_iter()
        .find(|permission| *permission as u8 == PERMISSION);
        if let Some(permission) = permission {
            caller.require(permission)?;
        }
        Ok(By(caller))
    }
}

/// The project a request asks for; empty when it asks for none.
pub fn wanted_project(headers: &HeaderMap) -> &str {
    headers.get(PROJECT_HEADER).and_then(|value| value.to_str().ok()).unwrap_or("")
}

/// The client's own name for itself.
pub fn client(headers: &HeaderMap) -> Option<String> {
    let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    agent.map(|text| text.chars().take(200).collect())
}

/// Finds out who sent a request: an API key, or else a member who is signed in.
pub async fn authenticate_request(app: &App, parts: &Parts) -> Result<Caller> {
    let headers = &parts.headers;
    // A page of somebody else cannot set Authorization, so a key needs no further proof; a cookie comes by itself.
    let session = if headers.contains_key(header::AUTHORIZATION) { None } else { session::cookie(headers) };
    let Some(token) = session else { return authenticate(app, headers).await };
    session::require_own_page(parts, &token)?;
    let (hash, project) = (key::hash(&token), wanted_project(headers).to_owned());
    // Under another name than the hash of a key, so that neither secret passes for the other.
    let name = format!("session:{hash}");
    if let Some(caller) = app.remembered(&name, &project) {
        return Ok(Caller { client: client(headers), ..caller });
    }
    let (clock, wanted) = (app.clock.clone(), project.clone());
    let found = app
        .db
        .read(move |tx| sign_in::authenticate(tx, &clock, &hash, (!wanted.is_empty()).then_some(wanted.as_str())))
        .await?;
    let caller = found.ok_or_else(session::ended)?;
    app.remember(&name, &project, &caller);
    Ok(Caller { client: client(headers), ..caller })
}

/// Finds out which API key sent these headers: as `Bearer`, or as the password of `Basic`.
pub async fn authenticate(app: &App, headers: &HeaderMap) -> Result<Caller> {
    let wanted = wanted_project(headers);
    let token = bearer(headers)?.ok_or_else(|| {
        Error::Unauthenticated("No API key was sent. Send it as 'Authorization: Bearer <key>'.".into())
    })?;
    let token_hash = key::hash(&token);
    let client = client(headers);
    if let Some(caller) = app.remembered(&token_hash, wanted) {
        return Ok(Caller { client, ..caller });
    }
    let (clock, hash, project) = (app.clock.clone(), token_hash.clone(), wanted.to_owned());
    let wanted_project = project.clone();
    let found = app
        .db
        .read(move |tx| key::authenticate(tx, &clock, &hash, (!project.is_empty()).then_some(project.as_str())))
        .await?;
    let caller = found.ok_or_else(|| {
        Error::Unauthenticated("The API key is not known, has expired, or may not speak for this project.".into())
    })?;
    app.remember(&token_hash, &wanted_project, &caller);
    Ok(Caller { client, ..caller })
}

/// The token of `Authorization: Bearer …`, or the password of `Basic …`, as the Langfuse clients send it.
pub fn bearer(headers: &HeaderMap) -> Result<Option<String>> {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(None) };
    let unreadable = || Error::Unauthenticated("The Authorization header cannot be read.".into());
    let text = value.to_str().map_err(|_| unreadable())?.trim();
    let (scheme, rest) = text.split_once(' ').unwrap_or(("", text));
    match scheme.to_ascii_lowercase().as_str() {
        "bearer" | "" => Ok((!rest.trim().is_empty()).then(|| rest.trim().to_owned())),
        "basic" => {
            let decoded = STANDARD.decode(rest.trim()).map_err(|_| unreadable())?;
            let pair = String::from_utf8(decoded).map_err(|_| unreadable())?;
            let (_, password) = pair.split_once(':').ok_or_else(unreadable)?;
            Ok((!password.is_empty()).then(|| password.to_owned()))
        }
        _ => Err(Error::Unauthenticated("Send the API key as 'Authorization: Bearer <key>'.".into())),
    }
}
