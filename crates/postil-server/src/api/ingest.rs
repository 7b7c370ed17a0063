//! Traces, log records and metrics on their way in: OTLP over HTTP and orq's own JSON.
//!
//! Paths differ by client, the work does not: read, decompress, decode and map on a thread of their own, store in one
//! transaction, answer after its commit.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use postil::annotation::evaluator;
use postil::project::Caller;
use postil::trace::arrival::{Arrivals, Measure};
use postil::trace::intake::{self, Origin};
use postil::trace::otlp::{self, Rejected, Signal};
use postil::{Error, Result};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::caller::{By, INGEST};
use super::encoding::{self, Format, Packed, Unpacked};
use super::error::ApiResult;
use crate::state::App;

/// The routes of this file, with the paths that clients have built in.
pub fn routes() -> OpenApiRouter<App> {
    use axum::routing::post;
    OpenApiRouter::new()
        .routes(routes!(export_traces))
        .routes(routes!(export_logs))
        .routes(routes!(export_metrics))
        .routes(routes!(export_orq_traces))
        .route("/v2/otel/v1/traces", post(export_traces))
        .route("/v2/otel/v1/logs", post(export_logs))
        .route("/v2/otel/v1/metrics", post(export_metrics))
        .route("/api/public/otel/v1/traces", post(export_traces))
        .route("/api/public/otel/v1/logs", post(export_logs))
        .route("/api/public/otel/v1/metrics", post(export_metrics))
}

/// Export traces (OTLP)
///
/// Protobuf or JSON, plain, gzip or deflate, up to 16 MiB after decompression. Also at `/v2/otel/v1/traces` and
/// `/api/public/otel/v1/traces`. A span that cannot be stored is named in `partialSuccess`; the others are stored.
/// Sending the same spans again changes nothing.
#[utoipa::path(post, path = "/v1/traces", tag = "Ingest", operation_id = "ExportTraces",
    request_body(content = serde_json::Value, content_type = "application/json", description = "ExportTraceServiceRequest, in JSON or protobuf"),
    responses((status = 200, description = "Stored", body = serde_json::Value)))]
async fn export_traces(
    State(app): State<App>,
    By(caller): By<INGEST>,
    headers: HeaderMap,
    body: Body,
) -> ApiResult<Response> {
    let packed = read(&app, &caller, &headers, body).await?;
    let origin = origin(&app, &caller, convention_version(&headers));
    let (format, rejected) = store_traces(&app, &caller, packed, origin).await?;
    Ok(answer(Signal::Traces, format, &rejected))
}

/// Export traces (orq SDK)
///
/// The JSON of the orq SDK's `@traced` decorator; OTLP is understood here as well. Answers exactly 200, the only
/// status that SDK takes for success.
#[utoipa::path(post, path = "/v2/traces/v1/traces", tag = "Ingest", operation_id = "ExportOrqTraces",
    request_body(content = serde_json::Value, description = "`{\"spans\": [...]}`"),
    responses((status = 200, description = "Stored", body = serde_json::Value)))]
async fn export_orq_traces(
    State(app): State<App>,
    By(caller): By<INGEST>,
    headers: HeaderMap,
    body: Body,
) -> ApiResult<Response> {
    export_traces(State(app), By(caller), headers, body).await
}

/// Export log records (OTLP)
///
/// In some conventions the messages of a model call come as log records; they are joined to their spans whichever
/// comes first. Also at `/v2/otel/v1/logs`.
#[utoipa::path(post, path = "/v1/logs", tag = "Ingest", operation_id = "ExportLogs",
    request_body(content = serde_json::Value, content_type = "application/json", description = "ExportLogsServiceRequest, in JSON or protobuf"),
    responses((status = 200, description = "Stored", body = serde_json::Value)))]
async fn export_logs(
    State(app): State<App>,
    By(caller): By<INGEST>,
    headers: HeaderMap,
    body: Body,
) -> ApiResult<Response> {
    let packed = read(&app, &caller, &headers, body).await?;
    let (format, rejected) = store_logs(&app, &caller, packed, origin(&app, &caller, None)).await?;
    Ok(answer(Signal::Logs, format, &rejected))
}

/// Export metrics (OTLP)
///
/// Accepted and dropped: some clients send metrics unasked and report errors to their users when they are refused.
#[utoipa::path(post, path = "/v1/metrics", tag = "Ingest", operation_id = "ExportMetrics",
    request_body(content = serde_json::Value, content_type = "application/json", description = "ExportMetricsServiceRequest, in JSON or protobuf"),
    responses((status = 200, description = "Accepted", body = serde_json::Value)))]
async fn export_metrics(
    State(app): State<App>,
    By(caller): By<INGEST>,
    headers: HeaderMap,
    body: Body,
) -> ApiResult<Response> {
    let packed = encoding::read(&app, &headers, body).await?;
    let (format, rejected) = drop_metrics(&app, &caller, packed).await?;
    Ok(answer(Signal::Metrics, format, &rejected))
}

async fn read(app: &App, caller: &Caller, headers: &HeaderMap, body: Body) -> Result<Packed> {
    let packed = encoding::read(app, headers, body).await;
    packed.inspect_err(|error| refused(app, caller, error))
}

/// Where the spans of this request come from.
pub fn origin(app: &App, caller: &Caller, convention_version: Option<u32>) -> Origin {
    Origin { project: caller.project.number, received_at: app.clock.now(), convention_version }
}

/// The version that Langfuse's clients state for how they encode attribute values.
fn convention_version(headers: &HeaderMap) -> Option<u32> {
    headers.get("x-langfuse-ingestion-version")?.to_str().ok()?.trim().parse().ok()
}

/// Reads a body of metrics, and drops it.
pub async fn drop_metrics(app: &App, caller: &Caller, packed: Packed) -> Result<(Format, Vec<Rejected>)> {
    let unpacked = app.preparing(move || packed.unpack()).await??;
    app.arrived(caller, Arrivals::request(Measure::Metrics, ""));
    Ok((unpacked.format, Vec::new()))
}

/// Decodes a body of traces and stores it.
pub async fn store_traces(
    app: &App,
    caller: &Caller,
    packed: Packed,
    origin: Origin,
) -> Result<(Format, Vec<Rejected>)> {
    let prices = app.prices.clone();
    let decoded = app
        .preparing(move || -> Result<_> {
            let Unpacked { bytes, format, room } = packed.unpack()?;
            let decoded = match format {
                Format::Json if otlp::is_orq_body(&bytes) => otlp::decode_orq_json(&bytes),
                Format::Json => otlp::decode_traces_json(&bytes),
                Format::Protobuf => otlp::decode_traces_protobuf(&bytes),
            };
            let decoded = decoded.map_err(|cause| Error::invalid("invalid_traces", cause.to_string()))?;
            Ok((intake::prepare(decoded.resource_spans, origin, &prices), decoded.rejected, format, room))
        })
        .await?;
    let (mut prepared, rejected, format, _room) = decoded.inspect_err(|error| refused(app, caller, error))?;
    prepared.arrivals.rejected(Measure::RejectedSpans, &rejected);
    store_prepared(app, caller, prepared).await?;
    app.counted.spans_rejected(rejected.len());
    Ok((format, rejected))
}

/// Stores spans that are decoded and mapped; answers after the commit.
async fn store_prepared(app: &App, caller: &Caller, mut prepared: intake::Prepared) -> Result<()> {
    let (spans, arrivals) = (prepared.span_count(), std::mem::take(&mut prepared.arrivals));
    if spans > 0 {
        let prices = app.prices.clone();
        let (clock, project) = (app.clock.clone(), prepared.project());
        app.db
            .write(move |tx| {
                intake::store(tx, &prepared, &prices)?;
                evaluator::store_found(tx, &clock, project, &prepared.evaluations)
            })
            .await?;
    }
    app.counted.spans_accepted(spans);
    app.arrived(caller, arrivals);
    Ok(())
}

/// Decodes a body of log records and stores it.
pub async fn store_logs(app: &App, caller: &Caller, packed: Packed, origin: Origin) -> Result<(Format, Vec<Rejected>)> {
    let decoded = app
        .preparing(move || -> Result<_> {
            let Unpacked { bytes, format, room } = packed.unpack()?;
            let decoded = match format {
                Format::Json => otlp::decode_logs_json(&bytes),
                Format::Protobuf => otlp::decode_logs_protobuf(&bytes),
            };
            let decoded = decoded.map_err(|cause| Error::invalid("invalid_logs", cause.to_string()))?;
            Ok((intake::prepare_logs(decoded.resource_logs, origin), decoded.rejected, format, room))
        })
        .await?;
    let (mut prepared, rejected, format, _room) = decoded.inspect_err(|error| refused(app, caller, error))?;
    prepared.arrivals.rejected(Measure::RejectedRecords, &rejected);
    store_prepared_logs(app, caller, prepared).await?;
    Ok((format, rejected))
}

/// Stores log records that are decoded; answers after the commit.
async fn store_prepared_logs(app: &App, caller: &Caller, mut prepared: intake::PreparedLogs) -> Result<()> {
    let arrivals = std::mem::take(&mut prepared.arrivals);
    if !prepared.is_empty() {
        let prices = app.prices.clone();
        let (clock, project) = (app.clock.clone(), prepared.project());
        app.db
            .write(move |tx| {
                intake::store_logs(tx, &prepared, &prices)?;
                evaluator::store_found(tx, &clock, project, &prepared.evaluations)
            })
            .await?;
    }
    app.arrived(caller, arrivals);
    Ok(())
}

/// Counts a request that cannot be read, for whoever asks why nothing is there.
pub fn refused(app: &App, caller: &Caller, error: &Error) {
    let why = match error {
        Error::Invalid { message, .. } => message,
        Error::TooLarge(message) => message,
        _ => return,
    };
    app.arrived(caller, Arrivals::request(Measure::Refused, why));
}

/// Answers in the format of the request, naming what was left out.
fn answer(signal: Signal, format: Format, rejected: &[Rejected]) -> Response {
    let message = otlp::rejection_message(rejected);
    match format {
        Format::Protobuf => {
            let body = otlp::export_response_protobuf(signal, rejected.len(), &message);
            (StatusCode::OK, [(header::CONTENT_TYPE, "application/x-protobuf")], body).into_response()
        }
        Format::Json => {
            let body = otlp::export_response_json(signal, rejected.len(), &message);
            let value = serde_json::from_slice(&body).unwrap_or_else(|_| serde_json::json!({}));
            Json::<serde_json::Value>(value).into_response()
        }
    }
}
