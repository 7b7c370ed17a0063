//! OTLP over gRPC: the same ingest as over HTTP, behind the three services of OpenTelemetry.
//!
//! A call is one message in and one out. Its message is kept as it came until its caller is known and its size has been
//! looked at, as the body of an HTTP request is; the generated services would decode it first.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use axum::response::IntoResponse;
use axum::routing::post;
use http_body_util::{BodyExt, Full};
use opentelemetry_proto::tonic::collector::logs::v1::logs_service_server::SERVICE_NAME as LOGS;
use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_server::SERVICE_NAME as METRICS;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::SERVICE_NAME as TRACES;
use postil::project::Permission;
use postil::trace::otlp::{self, Signal};
use postil::{Error, Result};
use tonic::{Code, Status};

use crate::api::caller::authenticate;
use crate::api::{encoding, ingest};
use crate::state::App;

/// What messages may be compressed with.
const ENCODINGS: &str = "gzip,deflate,identity";

/// The three services.
pub fn router(app: &App) -> Router {
    let of = |signal: Signal| {
        post(move |State(app): State<App>, headers: HeaderMap, body: Body| async move {
            match export(&app, &headers, body, signal).await {
                Ok(answer) => answered(&answer),
                Err(error) => refusal(error),
            }
        })
    };
    Router::new()
        .route(&format!("/{TRACES}/Export"), of(Signal::Traces))
        .route(&format!("/{LOGS}/Export"), of(Signal::Logs))
        .route(&format!("/{METRICS}/Export"), of(Signal::Metrics))
        .fallback(unknown)
        .method_not_allowed_fallback(unknown)
        .layer(axum::middleware::from_fn(refuse_unreadable))
        .with_state(app.clone())
}

async fn unknown() -> Response<Body> {
    Status::unimplemented("There is no such method.").into_http()
}

/// Refuses what is no gRPC, and compressions that are not known, in the words of the protocol.
async fn refuse_unreadable(request: axum::extract::Request, next: axum::middleware::Next) -> Response<Body> {
    match unreadable(request.headers()) {
        Some(refused) => refused,
        None => next.run(request).await,
    }
}

fn unreadable(headers: &HeaderMap) -> Option<Response<Body>> {
    if !headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc")) {
        return Some((StatusCode::UNSUPPORTED_MEDIA_TYPE, "This port speaks gRPC only.\n").into_response());
    }
    let encoding = headers.get("grpc-encoding").map_or(&b"identity"[..], HeaderValue::as_bytes);
    if ENCODINGS.split(',').any(|known| known.as_bytes() == encoding) {
        return None;
    }
    let mut refused = Status::unimplemented(format!("Compress with one of {ENCODINGS}.")).into_http();
    refused.headers_mut().insert("grpc-accept-encoding", HeaderValue::from_static(ENCODINGS));
    Some(refused)
}

/// Takes one message in; the answer is the bytes of another.
async fn export(app: &App, headers: &HeaderMap, body: Body, signal: Signal) -> Result<Vec<u8>> {
    let caller = authenticate(app, headers).await?;
    caller.require(Permission::Ingest)?;
    let packed = encoding::read_message(app, headers, body).await;
    let packed = packed.inspect_err(|error| ingest::refused(app, &caller, error))?;
    let origin = ingest::origin(app, &caller, None);
    let (_, rejected) = match signal {
        Signal::Traces => ingest::store_traces(app, &caller, packed, origin).await?,
        Signal::Logs => ingest::store_logs(app, &caller, packed, origin).await?,
        Signal::Metrics => ingest::drop_metrics(app, &caller, packed).await?,
    };
    Ok(otlp::export_response_protobuf(signal, rejected.len(), &otlp::rejection_message(&rejected)))
}

/// A message with its prefix, and the status behind it.
fn answered(message: &[u8]) -> Response<Body> {
    let mut framed = vec![0];
    framed.extend_from_slice(&u32::try_from(message.len()).unwrap_or(u32::MAX).to_be_bytes());
    framed.extend_from_slice(message);
    let trailers = HeaderMap::from_iter([(HeaderName::from_static("grpc-status"), HeaderValue::from_static("0"))]);
    let body = Full::new(Bytes::from(framed)).with_trailers(std::future::ready(Some(Ok(trailers))));
    ([(CONTENT_TYPE, "application/grpc")], Body::new(body)).into_response()
}

/// What a gRPC caller is told. Overload and an unreachable database are UNAVAILABLE, which exporters try again; what is
/// too large is RESOURCE_EXHAUSTED, which they do not.
fn refusal(error: Error) -> Response<Body> {
    let code = match &error {
        Error::Invalid { .. } => Code::InvalidArgument,
        Error::Unauthenticated(_) => Code::Unauthenticated,
        Error::Forbidden(_) => Code::PermissionDenied,
        Error::NotFound { .. } => Code::NotFound,
        Error::Conflict { .. } => Code::AlreadyExists,
        Error::TooLarge(_) => Code::ResourceExhausted,
        Error::RateLimited { .. } | Error::Overloaded | Error::Unavailable(_) => Code::Unavailable,
        Error::Internal(_) => Code::Internal,
    };
    if let Error::Internal(cause) | Error::Unavailable(cause) = &error {
        tracing::error!(cause, "a gRPC export failed");
    }
    Status::new(code, error.to_string()).into_http()
}
