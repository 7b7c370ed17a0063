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
        let Query(params) = read.map_err(|cause| Error::invalid("invalid_query", format!("{}.", cause.body_text())))?;
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

/// Refuses an address with a NUL character, which no text in a database may hold.
pub async fn refuse_nul(request: Request, next: Next) -> Response {
    let (path, query) = (request.uri().path(), request.uri().query().unwrap_or(""));
    if path.contains("%00") || query.contains("%00") {
        let error = Error::invalid("nul_character", "The address contains a NUL character, which text may not.");
        return ApiError(error).into_response();
    }
    next.run(request).await
}
