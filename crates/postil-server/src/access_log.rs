//! One log line and one measurement for every request: route, status, duration, sizes. Never query strings, headers or
//! bodies: they hold secrets and what people said.

use std::any::Any;
use std::time::Instant;

use axum::body::HttpBody;
use axum::extract::{MatchedPath, Request, State};
use axum::http::header;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use postil::Error;

use crate::api::error::ApiError;
use crate::api::request_id;
use crate::state::App;

/// Measures and logs one request.
pub async fn layer(State(app): State<App>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    // Paths of the web app have no route of their own. Sign-in links hold a secret in the path: only routes are logged.
    let route = request.extensions().get::<MatchedPath>().map_or("web", MatchedPath::as_str).to_owned();
    let bytes_in: Option<u64> =
        request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    let response = next.run(request).await;
    let (status, elapsed) = (response.status().as_u16(), started.elapsed());
    app.metrics.request(&method, &route, status, elapsed.as_secs_f64());
    let bytes_out = response.body().size_hint().exact();
    let request_id = request_id::current();
    let milliseconds = elapsed.as_secs_f64() * 1000.0;
    // What succeeds is measured, and logged only on request: at thousands a second a line each costs more than the work.
    if status < 400 {
        tracing::debug!(request_id, %method, route, status, milliseconds, bytes_in, bytes_out, "request");
    } else {
        tracing::info!(request_id, %method, route, status, milliseconds, bytes_in, bytes_out, "request");
    }
    response
}

/// Answers a request whose handler panicked like any other fault of ours.
pub fn panicked(cause: Box<dyn Any + Send + 'static>) -> Response {
    let text = cause.downcast_ref::<String>().cloned();
    let text = text.or_else(|| cause.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default();
    ApiError(Error::Internal(format!("a handler panicked: {text}"))).into_response()
}
