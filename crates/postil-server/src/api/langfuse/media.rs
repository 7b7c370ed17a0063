//! Uploads of Langfuse's clients: they take images out of traces and send them here.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use postil::clock::rfc3339;
use postil::media::link::{self, Link};
use postil::media::{self, Use};
use postil::{Error, Result, id};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::body::Body;
use crate::api::caller::{By, INGEST, READ};
use crate::api::error::{ApiResult, ErrorBody};
use crate::api::media::base;
use crate::state::App;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(announce)).routes(routes!(get, report))
}

/// An item that a client wants to send.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LangfuseMediaAnnouncement {
    trace_id: Option<String>,
    observation_id: Option<String>,
    content_type: String,
    content_length: i64,
    /// SHA-256 in base64.
    sha256_hash: String,
    /// Where the span has it: `input`, `output` or `metadata`. Not looked at.
    #[serde(default)]
    #[expect(dead_code, reason = "read to say that it is known")]
    field: Option<String>,
}

/// Where to send it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LangfuseUpload {
    /// The beginning of the hash, under which traces name the item.
    media_id: String,
    /// Where to PUT the bytes within 15 minutes; null when they are here already.
    upload_url: Option<String>,
}

/// Announce media (Langfuse)
///
/// Answers where to send the bytes, or that they are here already.
#[utoipa::path(post, path = "/api/public/media", tag = "Langfuse", operation_id = "LangfuseAnnounceMedia",
    request_body = LangfuseMediaAnnouncement,
    responses((status = 200, body = LangfuseUpload), (status = 201, body = LangfuseUpload), (status = "4XX", body = ErrorBody)))]
async fn announce(
    State(app): State<App>,
    By(caller): By<INGEST>,
    headers: HeaderMap,
    Body(given): Body<LangfuseMediaAnnouncement>,
) -> ApiResult<(StatusCode, Json<LangfuseUpload>)> {
    let sha256 = STANDARD.decode(given.sha256_hash.trim()).map(hex::encode).unwrap_or_default();
    let text = |text: Option<String>| short(&id::lower_hex(text.as_deref().unwrap_or_default()), 128);
    let wanted = Link {
        project: caller.project.number,
        sha256: Some(sha256.clone()),
        content_type: Some(short(&given.content_type, 255)),
        size: Some(given.content_length),
        trace_id: text(given.trace_id),
        span_id: text(given.observation_id),
        ..Link::default()
    };
    let (clock, base) = (app.clock.clone(), base(&app, &headers)?);
    let token = app
        .db
        .write(move |tx| -> Result<Option<String>> {
            let known = media::find(tx, wanted.project, wanted.sha256.as_deref().unwrap_or_default())?;
            let Some(about) = known else { return link::for_upload(tx, &clock, &wanted).map(Some) };
            if !wanted.trace_id.is_empty() {
                let (trace_id, span_id) = (wanted.trace_id.clone(), wanted.span_id.clone());
                let used = Use { trace_id, span_id, chunk_id: 0, sha256: about.sha256 };
                media::keep(tx, wanted.project, &[], &[used])?;
            }
            Ok(None)
        })
        .await?;
    let status = if token.is_some() { StatusCode::CREATED } else { StatusCode::OK };
    let upload_url = token.map(|token| format!("{base}{}{token}", link::UPLOADS));
    Ok((status, Json(LangfuseUpload { media_id: media::short_id(&sha256), upload_url })))
}

fn short(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

/// An item that is here.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LangfuseMedia {
    media_id: String,
    /// What its client says it is.
    content_type: String,
    content_length: i64,
    uploaded_at: String,
    /// Where to fetch the bytes, without a key.
    url: String,
    /// When that ends.
    url_expiry: String,
}

/// Get media (Langfuse)
#[utoipa::path(get, path = "/api/public/media/{mediaId}", tag = "Langfuse", operation_id = "LangfuseGetMedia",
    params(("mediaId" = String, Path)),
    responses((status = 200, body = LangfuseMedia), (status = "4XX", body = ErrorBody)))]
async fn get(
    State(app): State<App>,
    By(caller): By<READ>,
    Path(media_id): Path<String>,
    headers: HeaderMap,
) -> ApiResult<Json<LangfuseMedia>> {
    let (clock, wanted) = (app.clock.clone(), media_id.clone());
    let (project, base) = (caller.project.number, base(&app, &headers)?);
    let (about, (token, expires_at)) = app
        .db
        .write(move |tx| {
            let about = media::find_short(tx, project, &wanted)?.ok_or_else(|| not_found(&wanted))?;
            let made = link::for_download(tx, &clock, project, &about.sha256)?;
            Ok((about, made))
        })
        .await?;
    Ok(Json(LangfuseMedia {
        media_id,
        content_type: about.declared_type.unwrap_or(about.content_type),
        content_length: about.size,
        uploaded_at: rfc3339(about.created_at),
        url: format!("{base}{}{token}", link::DOWNLOADS),
        url_expiry: rfc3339(expires_at),
    }))
}

fn not_found(media_id: &str) -> Error {
    Error::not_found("media_not_found", format!("The media with the id {media_id} was not found."))
}

/// What a client says of its upload.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LangfuseUploadReport {
    upload_http_status: i64,
    #[serde(default)]
    upload_http_error: Option<String>,
}

/// Nothing more to say.
#[derive(Serialize, ToSchema)]
struct LangfuseNothing {}

/// Report an upload (Langfuse)
///
/// What counts is what came; a failure is written to the log.
#[utoipa::path(patch, path = "/api/public/media/{mediaId}", tag = "Langfuse", operation_id = "LangfuseReportUpload",
    params(("mediaId" = String, Path)), request_body = LangfuseUploadReport,
    responses((status = 200, body = LangfuseNothing), (status = "4XX", body = ErrorBody)))]
async fn report(
    By(_caller): By<INGEST>,
    Path(media_id): Path<String>,
    Body(given): Body<LangfuseUploadReport>,
) -> ApiResult<Json<LangfuseNothing>> {
    if given.upload_http_status >= 400 {
        let (status, cause) = (given.upload_http_status, short(&given.upload_http_error.unwrap_or_default(), 300));
        tracing::warn!(media_id = short(&media_id, 64), status, cause, "a client could not upload media");
    }
    Ok(Json(LangfuseNothing {}))
}
