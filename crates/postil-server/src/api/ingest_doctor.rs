//! What arrived, from whom, and what to do when something is missing.

use axum::Json;
use axum::extract::State;
use postil::clock::rfc3339;
use postil::trace::arrival::{self, Advice, Measure, Named, Rejection, Report, Severity, Source};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::caller::{By, READ};
use super::error::{ApiResult, ErrorBody};
use super::params::Params;
use crate::state::App;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get_ingest_doctor))
}

/// How far back.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DoctorQuery {
    /// How many hours back, 1 to 48; 24 unless given.
    hours: Option<i64>,
}

/// One thing to know or to do.
#[derive(Debug, Serialize, ToSchema)]
pub struct IngestAdvice {
    /// `nothing_arrived`, `no_spans`, `rejected`, `content_absent`, `content_redacted` or `unmapped_attributes`.
    code: &'static str,
    /// `warning`: something is missing or lost; `info`: good to know.
    severity: &'static str,
    /// A sentence for people.
    message: String,
    /// What to set in the client that sent this, ready to be copied: variables of its environment, or code.
    #[serde(skip_serializing_if = "Option::is_none")]
    setting: Option<&'static str>,
}

/// An attribute without a place in the normal form.
#[derive(Debug, Serialize, ToSchema)]
pub struct UnmappedAttribute {
    /// Its key, cut after 120 bytes; `(other)` stands for all beyond the first thousand lines of an hour.
    key: String,
    /// How many spans carried it, about.
    count: i64,
}

/// The instrumentation that made spans or log records.
#[derive(Debug, Serialize, ToSchema)]
pub struct IngestScope {
    /// Its name; empty when the client does not say.
    name: String,
    /// Its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
}

/// One instrumentation of one client, and what it sent.
#[derive(Debug, Serialize, ToSchema)]
pub struct IngestSource {
    /// The `User-Agent` it sent, such as `OTel-OTLP-Exporter-Python/1.45.2`.
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<String>,
    /// The SDK that its resource names, such as `opentelemetry python 1.45.2`.
    #[serde(skip_serializing_if = "Option::is_none")]
    sdk: Option<String>,
    /// The instrumentation.
    scope: IngestScope,
    /// The tracing convention, as `trace_framework` of a span.
    #[serde(skip_serializing_if = "Option::is_none")]
    convention: Option<String>,
    /// Spans; those that came twice count twice.
    spans: i64,
    /// Traces these spans belong to, about: one that comes over a long time may count again.
    traces: i64,
    /// Spans that failed.
    errors: i64,
    /// Log records.
    log_records: i64,
    /// Spans that are calls of a model.
    model_calls: i64,
    /// Calls of a model without messages, neither on the span nor in log records.
    model_calls_without_content: i64,
    /// Spans whose client hid some of the content.
    redacted: i64,
    /// When the first of these came.
    #[schema(format = DateTime)]
    first_seen_at: String,
    /// When the last of these came.
    #[schema(format = DateTime)]
    last_seen_at: String,
    /// Attributes without a place in the normal form, the most frequent first. They are kept and can be filtered by.
    unmapped_attributes: Vec<UnmappedAttribute>,
    /// What to know or to do about this instrumentation.
    advice: Vec<IngestAdvice>,
}

/// Something that was not stored.
#[derive(Debug, Serialize, ToSchema)]
pub struct IngestRejection {
    /// The `User-Agent` of the sender.
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<String>,
    /// `span` or `log_record`: left out of a request that was stored otherwise (`partialSuccess`); `request`: nothing of
    /// it was stored.
    what: &'static str,
    /// Why.
    reason: String,
    /// How many.
    count: i64,
    /// The last time.
    #[schema(format = DateTime)]
    last_seen_at: String,
}

/// What arrived in a project.
#[derive(Debug, Serialize, ToSchema)]
pub struct IngestDoctor {
    /// Always `ingest_doctor`.
    object: &'static str,
    /// From when on: the beginning of an hour.
    #[schema(format = DateTime)]
    from: String,
    /// Until when: now.
    #[schema(format = DateTime)]
    to: String,
    /// All spans that were stored.
    spans: i64,
    /// Requests with metrics, which are accepted and dropped.
    metrics_requests: i64,
    /// One entry for each client, SDK, instrumentation and convention; those that sent last come first.
    sources: Vec<IngestSource>,
    /// What was not stored, the most frequent first.
    rejected: Vec<IngestRejection>,
    /// What to know or to do about the project as a whole.
    advice: Vec<IngestAdvice>,
}

fn advice(advice: Vec<Advice>) -> Vec<IngestAdvice> {
    let shown = advice.into_iter().map(|one| IngestAdvice {
        code: one.code,
        severity: if one.severity == Severity::Warning { "warning" } else { "info" },
        message: one.message,
        setting: one.setting,
    });
    shown.collect()
}

fn some(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

impl From<Source> for IngestSource {
    fn from(source: Source) -> IngestSource {
        let attribute = |named: Named| UnmappedAttribute { key: named.name, count: named.count };
        IngestSource {
            client: some(source.sender.client),
            sdk: some(source.sender.sdk),
            scope: IngestScope { name: source.sender.scope, version: some(source.sender.scope_version) },
            convention: some(source.sender.convention),
            spans: source.spans,
            traces: source.traces,
            errors: source.errors,
            log_records: source.log_records,
            model_calls: source.model_calls,
            model_calls_without_content: source.without_content,
            redacted: source.redacted,
            first_seen_at: rfc3339(source.first_at),
            last_seen_at: rfc3339(source.last_at),
            unmapped_attributes: source.unmapped.into_iter().map(attribute).collect(),
            advice: advice(source.advice),
        }
    }
}

impl From<Rejection> for IngestRejection {
    fn from(rejection: Rejection) -> IngestRejection {
        let what = match rejection.measure {
            Measure::RejectedSpans => "span",
            Measure::RejectedRecords => "log_record",
            _ => "request",
        };
        IngestRejection {
            client: some(rejection.client),
            what,
            reason: rejection.reason,
            count: rejection.count,
            last_seen_at: rfc3339(rejection.last_at),
        }
    }
}

fn shown(report: Report, now: i64) -> IngestDoctor {
    IngestDoctor {
        object: "ingest_doctor",
        from: rfc3339(report.from),
        to: rfc3339(now),
        spans: report.sources.iter().map(|source| source.spans).sum(),
        metrics_requests: report.metrics_requests,
        sources: report.sources.into_iter().map(IngestSource::from).collect(),
        rejected: report.rejected.into_iter().map(IngestRejection::from).collect(),
        advice: advice(report.advice),
    }
}

/// See what arrives
///
/// Which clients and instrumentations sent what in the last hours, which attributes could not be mapped, whose messages
/// are missing and which setting of that client turns them on, what was not stored and why, and what to check when
/// nothing arrived at all. Counts of another server appear after ten seconds.
#[utoipa::path(get, path = "/v2/ingest/doctor", tag = "Ingest", operation_id = "GetIngestDoctor", params(DoctorQuery),
    responses((status = 200, description = "What arrived", body = IngestDoctor), (status = "4XX", body = ErrorBody)))]
async fn get_ingest_doctor(
    State(app): State<App>,
    By(caller): By<READ>,
    Params(query): Params<DoctorQuery>,
) -> ApiResult<Json<IngestDoctor>> {
    // What was sent a moment ago is what somebody who connects an application looks for.
    if let Err(error) = app.write_arrived().await {
        tracing::warn!(?error, "what arrived is counted later");
    }
    let (now, hours) = (app.clock.now(), query.hours.unwrap_or(24));
    let report = app.db.read(move |tx| arrival::report(tx, caller.project.number, now, hours)).await?;
    Ok(Json(shown(report, now)))
}
