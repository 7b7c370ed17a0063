//! From the domain's error to what a caller reads: one table.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use postil::Error;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::request_id;

/// What a handler returns.
pub type ApiResult<T> = Result<T, ApiError>;

/// A domain error on its way out.
#[derive(Debug)]
pub struct ApiError(pub Error);

impl<E: Into<Error>> From<E> for ApiError {
    fn from(error: E) -> ApiError {
        ApiError(error.into())
    }
}

/// The body of every error.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ErrorBody {
    /// The status as digits: real clients parse it so.
    #[schema(example = "404")]
    pub code: String,
    /// What is wrong and how to mend it.
    #[schema(example = "Span with id xyz789 for workspace abc123 was not found.")]
    pub message: String,
    /// Stable machine name of the error.
    #[schema(example = "span_not_found")]
    pub error: String,
    /// Where the mistake is, such as `annotations[0].value`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The id under which the server's log knows this request.
    pub request_id: String,
}

/// The status of every error.
pub fn status(error: &Error) -> StatusCode {
    match error {
        Error::Invalid { .. } => StatusCode::BAD_REQUEST,
        Error::Unauthenticated(_) => StatusCode::UNAUTHORIZED,
        Error::Forbidden(_) => StatusCode::FORBIDDEN,
        Error::NotFound { .. } => StatusCode::NOT_FOUND,
        Error::Conflict { .. } => StatusCode::CONFLICT,
        Error::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
        Error::RateLimited { .. } | Error::Overloaded => StatusCode::TOO_MANY_REQUESTS,
        Error::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        Error::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let error = self.0;
        let status = status(&error);
        let request_id = request_id::current();
        match &error {
            Error::Internal(cause) => tracing::error!(request_id, cause, "request failed"),
            Error::Unavailable(cause) => tracing::warn!(request_id, cause, "database is not available"),
            _ => {}
        }
        let body = ErrorBody {
            code: status.as_u16().to_string(),
            message: error.to_string(),
            error: error.name().to_owned(),
            field: match &error {
                Error::Invalid { field, .. } => field.clone(),
                _ => None,
            },
            request_id,
        };
        let mut response = (status, Json(body)).into_response();
        let retry_after = match &error {
            Error::RateLimited { retry_after, .. } => Some(*retry_after),
            Error::Overloaded | Error::Unavailable(_) => Some(1),
            _ => None,
        };
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
