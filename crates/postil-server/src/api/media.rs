//! Images, recordings and files of traces: fetched by their hash, and sent or fetched at links without a key.
//!
//! The bytes come from strangers. They are served under the type that they begin with, from a short list of harmless
//! ones, or else as a file to save, and always so that a browser neither guesses nor runs anything.

use axum::Json;
use axum::body::Body;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use postil::media::{self, About, MOST_BYTES, Media, decode_base64, link};
use postil::project::{Caller, Permission};
use postil::{Error, Result, queue};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::body;
use super::caller::{ANY, By, PROJECT_HEADER};
use super::error::{ApiError, ApiResult, ErrorBody};
use super::params::Params;
use crate::state::App;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get)).routes(routes!(upload, upload_posted)).routes(routes!(download))
}

/// Which project.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ProjectQuery {
    /// The project, for pages: an image cannot send the header.
    project_id: Option<String>,
}

/// A caller who may read, in the project that the address names.
struct Reader(Caller);

impl FromRequestParts<App> for Reader {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let Params(query) = Params::<ProjectQuery>::from_request_parts(parts, app).await?;
        let named = query.project_id.filter(|id| !id.is_empty() && !parts.headers.contains_key(PROJECT_HEADER));
        if let Some(id) = named {
            let value = HeaderValue::from_str(&id)
                .map_err(|_| Error::field("invalid_project", "project_id", "project_id is not the id of a project."))?;
            parts.headers.insert(PROJECT_HEADER, value);
        }
        let By(caller) = By::<ANY>::from_request_parts(parts, app).await?;
        Ok(Reader(caller))
    }
}

/// Get media
///
/// The bytes of an image, a recording or a file of a trace, which the normal form names by their hash. PNG, JPEG, GIF,
/// WebP, AVIF, WAV, MP3, Ogg, FLAC, MP4 and WebM come under their own type; PDF and everything else as a file to save.
/// Reviewers get what belongs to an item of a queue in which they may review.
#[utoipa::path(get, path = "/v3/media/{sha256}", tag = "Media", operation_id = "GetMedia",
    params(("sha256" = String, Path, description = "SHA-256 in hex"), ProjectQuery),
    responses((status = 200, description = "The bytes", content_type = "application/octet-stream", body = Vec<u8>),
        (status = 206, description = "The range asked for", content_type = "application/octet-stream", body = Vec<u8>),
        (status = 304, description = "Not changed: the bytes of a hash never do"), (status = "4XX", body = ErrorBody)))]
async fn get(
    State(app): State<App>,
    Reader(caller): Reader,
    Path(sha256): Path<String>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let sha256 = sha256.to_ascii_lowercase();
    if !caller.permissions.has(Permission::Read) {
        let (by, wanted) = (caller.clone(), sha256.clone());
        if !app.db.read(move |tx| queue::reviewed_media(tx, &by, &wanted)).await? {
            caller.require(Permission::Read)?;
        }
    }
    answer(&app, caller.project.number, sha256, &headers).await
}

/// Get media at a link
///
/// The address that `GET /api/public/media/{id}` answers with. It needs no key and ends after an hour.
#[utoipa::path(get, path = "/v3/media/downloads/{token}", tag = "Media", operation_id = "DownloadMedia",
    params(("token" = String, Path)), security(()),
    responses((status = 200, description = "The bytes", content_type = "application/octet-stream", body = Vec<u8>),
        (status = 206, description = "The range asked for", content_type = "application/octet-stream", body = Vec<u8>),
        (status = 304, description = "Not changed"), (status = "4XX", body = ErrorBody)))]
async fn download(State(app): State<App>, Path(token): Path<String>, headers: HeaderMap) -> ApiResult<Response> {
    let clock = app.clock.clone();
    let (project, sha256) = app.db.read(move |tx| link::download(tx, &clock, &token)).await?;
    answer(&app, project, sha256, &headers).await
}

async fn answer(app: &App, project: i64, sha256: String, headers: &HeaderMap) -> ApiResult<Response> {
    let asked = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok()).unwrap_or("");
    let known = asked.split(',').any(|tag| tag.trim().trim_start_matches("W/").trim_matches('"') == sha256);
    if known {
        let name = sha256.clone();
        if let Some(about) = app.db.read(move |tx| media::find(tx, project, &name)).await? {
            let mut response = StatusCode::NOT_MODIFIED.into_response();
            put_headers(response.headers_mut(), &about);
            return Ok(response);
        }
    }
    let (about, bytes) = app.db.read(move |tx| media::read(tx, project, &sha256)).await?;
    Ok(respond(headers, &about, bytes))
}

fn respond(headers: &HeaderMap, about: &About, bytes: Vec<u8>) -> Response {
    let length = bytes.len();
    let asked = headers.get(header::RANGE).and_then(|value| value.to_str().ok());
    let mut response = match asked.and_then(|text| range(text, length)) {
        None => bytes.into_response(),
        Some((from, to)) => {
            let part = axum::body::Bytes::from(bytes).slice(from..=to);
            let mut response = (StatusCode::PARTIAL_CONTENT, part).into_response();
            put(response.headers_mut(), header::CONTENT_RANGE, &format!("bytes {from}-{to}/{length}"));
            response
        }
    };
    put_headers(response.headers_mut(), about);
    response
}

/// The one range of bytes asked for, both ends included; `None` when the whole is to be sent, as it is for a range that
/// cannot be read or lies behind the end.
fn range(text: &str, length: usize) -> Option<(usize, usize)> {
    let (from, to) = text.trim().strip_prefix("bytes=")?.split_once('-')?;
    let (from, to) = (from.trim(), to.trim());
    let last = length.checked_sub(1)?;
    if from.is_empty() {
        let count: usize = to.parse().ok()?;
        return (count > 0).then(|| (length.saturating_sub(count), last));
    }
    let from: usize = from.parse().ok()?;
    let to = if to.is_empty() { last } else { to.parse::<usize>().ok()?.min(last) };
    (from <= to).then_some((from, to))
}

/// What keeps a browser from guessing, running, framing or sharing the bytes.
fn put_headers(headers: &mut HeaderMap, about: &About) {
    let shown = ["image/", "audio/", "video/"].iter().any(|kind| about.content_type.starts_with(kind));
    let ending = about.content_type.rsplit('/').next().filter(|_| about.content_type != media::kind::UNKNOWN);
    let name = format!("media-{}.{}", about.sha256.get(..12).unwrap_or_default(), ending.unwrap_or("bin"));
    let disposition = if shown { "inline" } else { "attachment" };
    put(headers, header::CONTENT_TYPE, &about.content_type);
    put(headers, header::CONTENT_DISPOSITION, &format!("{disposition}; filename=\"{name}\""));
    put(headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    put(headers, header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'; frame-ancestors 'none'");
    put(headers, HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    put(headers, header::REFERRER_POLICY, "no-referrer");
    put(headers, header::ACCEPT_RANGES, "bytes");
    put(headers, header::ETAG, &format!("\"{}\"", about.sha256));
    put(headers, header::CACHE_CONTROL, "private, max-age=31536000, immutable");
}

fn put(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// That the bytes were stored.
#[derive(Serialize, ToSchema)]
struct Uploaded {
    /// Their SHA-256 in hex.
    sha256: String,
}

/// Bytes in JSON, as the traceloop SDK sends them.
#[derive(Deserialize)]
struct ImageData {
    image_data: String,
}

/// Send media at a link
///
/// The bytes themselves, up to 16 MiB, at the address that `POST /api/public/media` answered with. It needs no key, ends
/// after 15 minutes, and takes only the bytes that were announced.
#[utoipa::path(put, path = "/v3/media/uploads/{token}", tag = "Media", operation_id = "UploadMedia",
    params(("token" = String, Path)), security(()),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, body = Uploaded), (status = "4XX", body = ErrorBody)))]
async fn upload(
    State(app): State<App>,
    Path(token): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> ApiResult<Json<Uploaded>> {
    receive(&app, token, &headers, body, false).await
}

/// Send media at a link, in JSON
///
/// As the traceloop SDK sends them to the address it was given: `{"image_data": "<base64>"}`. Any other body is taken for
/// the bytes themselves.
#[utoipa::path(post, path = "/v3/media/uploads/{token}", tag = "Media", operation_id = "UploadMediaJson",
    params(("token" = String, Path)), security(()), request_body(content = serde_json::Value),
    responses((status = 200, body = Uploaded), (status = "4XX", body = ErrorBody)))]
async fn upload_posted(
    State(app): State<App>,
    Path(token): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> ApiResult<Json<Uploaded>> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let in_json = kind.trim().starts_with("application/json");
    receive(&app, token, &headers, body, in_json).await
}

async fn receive(
    app: &App,
    token: String,
    headers: &HeaderMap,
    body: Body,
    in_json: bool,
) -> ApiResult<Json<Uploaded>> {
    let (clock, known) = (app.clock.clone(), token.clone());
    // Before anything is read: only who was given the link may fill memory.
    app.db.read(move |tx| link::upload(tx, &clock, &known)).await?;
    let limit = if in_json { MOST_BYTES / 3 * 4 + 1024 } else { MOST_BYTES };
    let _room = app.room(headers, limit)?;
    let bytes = body::read(body, limit).await?;
    let media = app.preparing(move || unpack(&bytes, in_json).map(Media::new)).await??;
    if media.bytes.len() > MOST_BYTES {
        return Err(Error::TooLarge(format!("An item of media has at most {MOST_BYTES} bytes.")).into());
    }
    let (clock, sha256) = (app.clock.clone(), media.sha256.clone());
    app.db.write(move |tx| link::receive(tx, &clock, &token, &media)).await?;
    Ok(Json(Uploaded { sha256 }))
}

fn unpack(bytes: &[u8], in_json: bool) -> Result<Vec<u8>> {
    if !in_json {
        return Ok(bytes.to_vec());
    }
    let ImageData { image_data } = body::parse(bytes)?;
    let data = image_data.split_once(";base64,").map_or(image_data.as_str(), |(_, data)| data);
    decode_base64(data.trim()).ok_or_else(|| Error::field("invalid_base64", "image_data", "image_data is not base64."))
}

/// Where this server is reached, without a slash at the end: as it was configured, or as this request reached it.
pub fn base(app: &App, headers: &HeaderMap) -> Result<String> {
    if let Some(url) = &app.public_url {
        return Ok(url.clone());
    }
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let host = text("host").filter(|host| !host.is_empty() && !host.contains(['/', '@', '?', '#', '\\', ' ']));
    let host = host.ok_or_else(|| Error::field("missing_host", "Host", "The request has no Host header."))?;
    let scheme = if text("x-forwarded-proto") == Some("https") { "https" } else { "http" };
    Ok(format!("{scheme}://{host}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_cut_to_what_there_is() {
        assert_eq!(range("bytes=0-", 10), Some((0, 9)));
        assert_eq!(range("bytes=2-4", 10), Some((2, 4)));
        assert_eq!(range("bytes=5-99", 10), Some((5, 9)));
        assert_eq!(range("bytes=-3", 10), Some((7, 9)));
        assert_eq!(range("bytes=-30", 10), Some((0, 9)));
        for odd in ["bytes=10-", "bytes=-0", "bytes=4-2", "bytes=0-1,3-4", "bytes=a-b", "lines=0-1", "bytes=4"] {
            assert_eq!(range(odd, 10), None, "{odd}");
        }
    }
}
