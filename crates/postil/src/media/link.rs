//! Addresses at which a client may send or fetch the bytes of one item without a key, for a while. The secret in the
//! address is stored as a hash.

use sha2::{Digest, Sha256};

use super::{MOST_BYTES, Media, Use, is_sha256, store};
use crate::clock::Clock;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::id;

/// How long an upload may be started, in microseconds.
const UPLOAD_LIFE: i64 = 15 * 60 * 1_000_000;

/// How long a download may be started, in microseconds.
const DOWNLOAD_LIFE: i64 = 60 * 60 * 1_000_000;

/// How many links of a project may wait for their use.
pub const MOST_WAITING: i64 = 10_000;

/// The path under which uploads are taken.
pub const UPLOADS: &str = "/v3/media/uploads/";

/// The path under which downloads are given.
pub const DOWNLOADS: &str = "/v3/media/downloads/";

const UPLOAD: &str = "upload";
const DOWNLOAD: &str = "download";

/// What a link is for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Link {
    /// The project the bytes belong to.
    pub project: i64,
    /// `upload` or `download`; set when it is made.
    pub purpose: String,
    /// The hash the bytes must have, once they are known.
    pub sha256: Option<String>,
    /// What the client says they are.
    pub content_type: Option<String>,
    /// How many there must be.
    pub size: Option<i64>,
    /// The trace that refers to them; may be empty.
    pub trace_id: String,
    /// The span that refers to them; may be empty.
    pub span_id: String,
    /// When the link ends.
    pub expires_at: i64,
    /// When the bytes came.
    pub used_at: Option<i64>,
}

fn hash(token: &str) -> String {
    hex::encode(Sha256::digest(token.as_bytes()))
}

/// Makes a link for an upload and returns the secret of its address.
///
/// # Errors
/// [`Error::Invalid`] for a size that is not kept or a hash that is none, [`Error::RateLimited`] when too many uploads
/// of the project wait.
pub fn for_upload(tx: &mut Tx<'_>, clock: &Clock, wanted: &Link) -> Result<String> {
    if wanted.sha256.as_deref().is_some_and(|sha256| !is_sha256(sha256)) {
        return Err(Error::field("invalid_hash", "sha256Hash", "sha256Hash is not a SHA-256 in base64."));
    }
    if wanted.size.is_some_and(|size| size < 1 || size > i64::try_from(MOST_BYTES).unwrap_or(i64::MAX)) {
        let message = format!("contentLength is 1 to {MOST_BYTES} bytes.");
        return Err(Error::field("invalid_length", "contentLength", message));
    }
    make(tx, clock, Link { purpose: UPLOAD.into(), expires_at: clock.now() + UPLOAD_LIFE, ..wanted.clone() })
}

/// Makes a link at which an item can be fetched; returns the secret of its address and when it ends.
pub fn for_download(tx: &mut Tx<'_>, clock: &Clock, project: i64, sha256: &str) -> Result<(String, i64)> {
    let expires_at = clock.now() + DOWNLOAD_LIFE;
    let link =
        Link { project, purpose: DOWNLOAD.into(), sha256: Some(sha256.to_owned()), expires_at, ..Link::default() };
    Ok((make(tx, clock, link)?, expires_at))
}

fn make(tx: &mut Tx<'_>, clock: &Clock, link: Link) -> Result<String> {
    store::forget_expired(tx, link.project, clock.now())?;
    if store::waiting(tx, link.project)? >= MOST_WAITING {
        let message = format!("More than {MOST_WAITING} links to media of this project wait for their use.");
        return Err(Error::RateLimited { message, retry_after: 60 });
    }
    let token = id::secret::<32>();
    store::insert_link(tx, &hash(&token), &link)?;
    Ok(token)
}

fn unknown() -> Error {
    Error::not_found("link_not_found", "This link to media is not known or has expired.")
}

/// What an upload link is for, while it can be used.
///
/// # Errors
/// [`Error::NotFound`] when it is not known or has expired.
pub fn upload(tx: &mut Tx<'_>, clock: &Clock, token: &str) -> Result<Link> {
    let link = store::link(tx, &hash(token))?.filter(|link| link.purpose == UPLOAD);
    link.filter(|link| link.expires_at > clock.now()).ok_or_else(unknown)
}

/// Keeps the bytes that came at an upload link. Sending the same again changes nothing.
///
/// # Errors
/// [`Error::NotFound`] when the link is not known or has expired, [`Error::Invalid`] when the bytes are not the ones that
/// were announced, [`Error::Conflict`] when others came before.
pub fn receive(tx: &mut Tx<'_>, clock: &Clock, token: &str, media: &Media) -> Result<()> {
    let link = upload(tx, clock, token)?;
    let size = i64::try_from(media.bytes.len()).unwrap_or(i64::MAX);
    if media.bytes.is_empty() || link.size.is_some_and(|wanted| wanted != size) {
        let message = format!("{size} bytes came where {} were announced.", link.size.unwrap_or(1));
        return Err(Error::invalid("wrong_length", message));
    }
    match &link.sha256 {
        Some(sha256) if *sha256 != media.sha256 && link.used_at.is_some() => {
            return Err(Error::conflict("already_uploaded", "Other bytes came at this link before."));
        }
        Some(sha256) if *sha256 != media.sha256 => {
            return Err(Error::invalid("wrong_hash", "The bytes do not have the SHA-256 that was announced."));
        }
        _ => {}
    }
    let declared = link.content_type.as_deref();
    let used = Use { trace_id: link.trace_id, span_id: link.span_id, chunk_id: 0, sha256: media.sha256.clone() };
    let uses = if used.trace_id.is_empty() { Vec::new() } else { vec![used] };
    super::keep(tx, link.project, &[media.row(link.project, declared, clock.now())], &uses)?;
    store::use_link(tx, &hash(token), &media.sha256, clock.now())
}

/// The project and the hash of what a download link leads to.
///
/// # Errors
/// [`Error::NotFound`] when it is not known or has expired.
pub fn download(tx: &mut Tx<'_>, clock: &Clock, token: &str) -> Result<(i64, String)> {
    let link = store::link(tx, &hash(token))?.filter(|link| link.purpose == DOWNLOAD);
    let link = link.filter(|link| link.expires_at > clock.now()).ok_or_else(unknown)?;
    Ok((link.project, link.sha256.ok_or_else(unknown)?))
}

/// The hash of what came at an upload address of this project, if `address` is one and something came.
pub fn uploaded(tx: &mut Tx<'_>, project: i64, address: &str) -> Result<Option<String>> {
    let Some((_, token)) = address.split_once(UPLOADS) else { return Ok(None) };
    let link = store::link(tx, &hash(token))?.filter(|link| link.project == project && link.used_at.is_some());
    Ok(link.and_then(|link| link.sha256))
}
