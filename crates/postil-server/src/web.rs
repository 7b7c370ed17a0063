//! The web app, embedded into the binary when it was built; a placeholder page when it was not.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Write;
use std::sync::RwLock;

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use postil::Error;
use rust_embed::RustEmbed;

use crate::api::error::ApiError;

/// The built web app; empty when only `cargo build` ran.
#[derive(RustEmbed)]
#[folder = "../../web/dist"]
#[allow_missing = true]
struct Assets;

const PLACEHOLDER: &str = include_str!("placeholder.html");

/// Nothing but our own files may be loaded or run; pages cannot be framed.
const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
     font-src 'self'; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// Every file is compressed once; a build that replaces one on disk (while developing) has another hash.
static ZIPPED: Zipped = Zipped(RwLock::new(BTreeMap::new()));

/// The compressed files by path, with the hash of what was compressed.
struct Zipped(RwLock<BTreeMap<String, ([u8; 32], Bytes)>>);

impl Zipped {
    fn of(&self, path: &str, hash: [u8; 32], bytes: &[u8]) -> Option<Bytes> {
        if let Some((of, zipped)) = self.0.read().ok()?.get(path)
            && *of == hash
        {
            return Some(zipped.clone());
        }
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        let zipped = Bytes::from(encoder.write_all(bytes).and_then(|()| encoder.finish()).ok()?);
        self.0.write().ok()?.insert(path.to_owned(), (hash, zipped.clone()));
        Some(zipped)
    }
}

/// Answers with a file of the web app; for paths of the app's own pages with its first page.
pub async fn serve(uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path().trim_start_matches('/');
    // A wrong API path must not be answered with a page.
    if ["v1", "v2", "v3", "api"].iter().any(|prefix| path == *prefix || path.starts_with(&format!("{prefix}/"))) {
        let message = format!("There is nothing at {}.", uri.path());
        return ApiError(Error::not_found("path_not_found", message)).into_response();
    }
    if let Some(file) = Assets::get(path).filter(|_| !path.is_empty()) {
        let kind = mime_guess::from_path(path).first_or_octet_stream();
        let cache = if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
        return zipped(
            &headers,
            path,
            file.metadata.sha256_hash(),
            respond(StatusCode::OK, kind.as_ref(), cache, shared(file.data.clone())),
            &file.data,
        );
    }
    let page =
        Assets::get("index.html").map_or_else(|| Bytes::from_static(PLACEHOLDER.as_bytes()), |file| shared(file.data));
    respond(StatusCode::OK, "text/html; charset=utf-8", "no-cache", page)
}

/// A file as a body. What is in the program already is not copied for everybody who takes it slowly.
fn shared(file: Cow<'static, [u8]>) -> Bytes {
    match file {
        Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        Cow::Owned(bytes) => bytes.into(),
    }
}

fn respond(status: StatusCode, kind: &str, cache: &'static str, body: Bytes) -> Response {
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    if let Ok(kind) = HeaderValue::from_str(kind) {
        headers.insert(header::CONTENT_TYPE, kind);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_SECURITY_POLICY));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

/// The same answer compressed, for scripts and styles and browsers that take it.
fn zipped(headers: &HeaderMap, path: &str, hash: [u8; 32], mut response: Response, bytes: &[u8]) -> Response {
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or("");
    let is_text = [".js", ".css", ".html", ".svg"].iter().any(|end| path.ends_with(end));
    if !is_text || !accepted.split(',').any(|one| one.trim().split(';').next() == Some("gzip")) {
        return response;
    }
    let Some(zipped) = ZIPPED.of(path, hash, bytes) else { return response };
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_LENGTH);
    headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    *response.body_mut() = zipped.into();
    response
}
