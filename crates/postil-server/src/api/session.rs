//! The session of somebody who signed in: its cookie, and the proof that a change comes from our own page.

use std::sync::atomic::Ordering;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, header};
use postil::project::key;
use postil::project::sign_in::{self, SignedIn};
use postil::{Error, Result};

use super::error::ApiError;
use crate::state::App;

/// The name of the cookie.
pub const COOKIE: &str = "postil_session";
/// The header in which our pages repeat the session's `csrf_token` with every change.
pub const CSRF_HEADER: &str = "x-csrf-token";

/// Somebody who is signed in, whatever projects they have a part in.
pub struct Session {
    /// Who it is.
    pub signed_in: SignedIn,
    /// What their pages must send along with every change.
    pub csrf_token: String,
}

impl FromRequestParts<App> for Session {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        Ok(find(app, parts).await?.ok_or_else(ended)?)
    }
}

/// The session of a request, if it has one that has not ended.
pub async fn find(app: &App, parts: &Parts) -> Result<Option<Session>> {
    let Some(token) = cookie(&parts.headers) else { return Ok(None) };
    require_own_page(parts, &token)?;
    let (clock, hash) = (app.clock.clone(), key::hash(&token));
    let found = app.db.read(move |tx| sign_in::find(tx, &clock, &hash)).await?;
    Ok(found.map(|signed_in| Session { signed_in, csrf_token: sign_in::csrf_token(&token) }))
}

/// The secret in the session cookie.
pub fn cookie(headers: &HeaderMap) -> Option<String> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|text| text.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, value)| *name == COOKIE && !value.is_empty()).map(|(_, value)| value.to_owned())
}

/// Refuses a change in a session that does not come from a page of ours.
pub fn require_own_page(parts: &Parts, session: &str) -> Result<()> {
    if is_safe(&parts.method) {
        return Ok(());
    }
    require_own_origin(parts)?;
    let sent = parts.headers.get(CSRF_HEADER).map(HeaderValue::as_bytes).unwrap_or_default();
    let wanted = sign_in::csrf_token(session);
    // Both are compared as hashes, so that the time it takes says nothing.
    if key::hash(&String::from_utf8_lossy(sent)) == key::hash(&wanted) {
        return Ok(());
    }
    Err(Error::Forbidden(format!("Send the session's csrf_token in the header {CSRF_HEADER} with every change.")))
}

fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Refuses what a browser sends from a page of another site.
pub fn require_own_origin(parts: &Parts) -> Result<()> {
    let text = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let foreign = || Error::Forbidden("This request comes from a page of another site.".into());
    if let Some(site) = text("sec-fetch-site") {
        return if ["same-origin", "none"].contains(&site) { Ok(()) } else { Err(foreign()) };
    }
    let Some(origin) = text("origin") else { return Ok(()) };
    let host = origin.split_once("://").map(|(_, host)| host).ok_or_else(foreign)?;
    let authority = parts.uri.authority().map(ToString::to_string);
    let ours = [text("x-forwarded-host"), text("host"), authority.as_deref()];
    if ours.into_iter().flatten().any(|own| own.eq_ignore_ascii_case(host)) { Ok(()) } else { Err(foreign()) }
}

/// What somebody without a session is told.
pub fn ended() -> Error {
    Error::Unauthenticated("You are not signed in, or your session has ended.".into())
}

/// The header that gives a browser its session; an empty secret takes it away.
pub fn set_cookie(app: &App, parts: &Parts, secret: &str) -> HeaderValue {
    let forwarded = parts.headers.get("x-forwarded-proto").and_then(|value| value.to_str().ok());
    let first = forwarded.and_then(|list| list.split(',').next()).map(str::trim);
    let https = first.is_some_and(|scheme| scheme.eq_ignore_ascii_case("https"))
        || parts.uri.scheme_str() == Some("https")
        || app.secure_cookies.load(Ordering::Relaxed);
    let age = if secret.is_empty() { 0 } else { sign_in::SESSION / 1_000_000 };
    let secure = if https { "; Secure" } else { "" };
    let text = format!("{COOKIE}={secret}; Path=/; Max-Age={age}; HttpOnly; SameSite=Lax{secure}");
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
}
