//! What stands in the address of a request.

use axum::extract::{FromRequestParts, Query, Request};
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use postil::page::PageRequest;
use postil::{Error, Result};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use utoipa::IntoParams;

use super::error::ApiError;

/// The query parameters of a request as a `T`.
pub struct Params<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let read = Query::try_from_uri(&parts.uri);
        let Query(params) = read.map_err(|cause| {
            let text = cause.body_text();
            let reason = text.strip_prefix("Failed to deserialize query string: ").unwrap_or(&text);
            let field = reason.split_once(": ").map(|(field, _)| field.to_owned());
            Error::Invalid { name: "invalid_query", field, message: format!("{reason}.") }
        })?;
        Ok(Params(params))
    }
}

/// Which page of a list is asked for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Cursor {
    /// How many rows, 1 to 200; 10 when nothing is said.
    pub limit: Option<i64>,
    /// The id of the last row of the page before.
    pub starting_after: Option<String>,
    /// The id of the first row of the page after.
    pub ending_before: Option<String>,
}

impl Cursor {
    /// The page, if there can be such a page.
    pub fn page(self) -> Result<PageRequest> {
        // Clients send an empty cursor for none.
        let filled = |cursor: Option<String>| cursor.filter(|text| !text.is_empty());
        PageRequest::new(self.limit, filled(self.starting_after), filled(self.ending_before))
    }
}

/// The bytes of text whose percent-encoding is undone; a percent sign that begins no pair of digits stays.
pub fn percent_decoded(text: &str) -> Vec<u8> {
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let [first, tail @ ..] = rest {
        let escaped = (*first == b'%').then(|| tail.get(..2).and_then(|pair| hex::decode(pair).ok())).flatten();
        bytes.push(escaped.as_ref().map_or(*first, |byte| byte[0]));
        rest = if escaped.is_some() { &tail[2..] } else { tail };
    }
    bytes
}

/// Refuses an address with a NUL character, which no text in a database may hold, or with bytes that are no text at all.
pub async fn refuse_unreadable(request: Request, next: Next) -> Response {
    let (path, query) = (request.uri().path(), request.uri().query().unwrap_or(""));
    if path.contains("%00") || query.contains("%00") {
        let error = Error::invalid("nul_character", "The address contains a NUL character, which text may not.");
        return ApiError(error).into_response();
    }
    if String::from_utf8(percent_decoded(path)).is_err() {
        let error = Error::invalid("invalid_path", "The path is not valid UTF-8 once its percent-encoding is undone.");
        return ApiError(error).into_response();
    }
    next.run(request).await
}
