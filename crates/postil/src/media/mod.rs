//! Images, recordings and files that come with traces: kept once per project by the hash of their bytes, apart from the
//! text they came in.
//!
//! - [`cut`] takes them out of texts and puts them back; pure;
//! - [`kind`] tells from the bytes what they are, and so how they may be served;
//! - [`link`] lets a client send or fetch bytes at an address without a key, for a while.

pub mod cut;
pub mod kind;
pub mod link;
mod reference;
mod store;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::db::{Tx, Value};
use crate::error::{Error, Result};
use crate::params;

pub use reference::{Form, PREFIX, Reference, decode_base64, is_sha256};
pub use store::{Use, uses};

/// The largest item that is kept, in bytes.
pub const MOST_BYTES: usize = 16 << 20;

/// How many items are cut out of one request; what is more stays in the text.
pub const MOST_PER_REQUEST: usize = 1000;

/// Bytes with their hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    /// Their SHA-256 in lower-case hex, which is their id.
    pub sha256: String,
    /// What they are, see [`kind::content_type`].
    pub content_type: &'static str,
    /// The bytes.
    pub bytes: Vec<u8>,
}

impl Media {
    /// Bytes that are to be kept.
    pub fn new(bytes: Vec<u8>) -> Media {
        Media { sha256: hex::encode(Sha256::digest(&bytes)), content_type: kind::content_type(&bytes), bytes }
    }

    /// What stands in a text in their place.
    pub fn reference(&self, form: Form) -> Reference {
        Reference {
            content_type: self.content_type.to_owned(),
            sha256: self.sha256.clone(),
            size: self.bytes.len() as u64,
            form,
        }
    }

    /// The row of these bytes. `declared_type` is what the client says they are.
    pub fn row(&self, project: i64, declared_type: Option<&str>, now: i64) -> Vec<Value> {
        params![
            project,
            &self.sha256,
            short_id(&self.sha256),
            self.content_type,
            declared_type,
            self.bytes.len(),
            self.bytes.clone(),
            now
        ]
        .to_vec()
    }
}

/// The first 22 characters of a SHA-256 (in hex) in base64: the id under which Langfuse's clients know the bytes.
#[must_use]
pub fn short_id(sha256: &str) -> String {
    let mut id = URL_SAFE_NO_PAD.encode(hex::decode(sha256).unwrap_or_default());
    id.truncate(22);
    id
}

/// What is known of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// Its SHA-256 in lower-case hex.
    pub sha256: String,
    /// What it is.
    pub content_type: String,
    /// What its client says it is.
    pub declared_type: Option<String>,
    /// How many bytes it has.
    pub size: i64,
    /// When it was first stored.
    pub created_at: i64,
}

/// Keeps items and who refers to them; those that are there already stay as they are. `rows` are of [`Media::row`].
pub fn keep(tx: &mut Tx<'_>, project: i64, rows: &[Vec<Value>], uses: &[Use]) -> Result<()> {
    let mut new = Vec::new();
    for row in rows {
        // Sending bytes to the database only to hear that it has them would be the larger part of the work.
        let known = match row.get(1) {
            Some(Value::Text(sha256)) => store::hold(tx, project, sha256)?,
            _ => false,
        };
        if !known {
            new.push(row.clone());
        }
    }
    store::insert(tx, &new)?;
    store::insert_uses(tx, project, uses)
}

/// Forgets what a trace referred to, and removes the items that nothing refers to any more.
pub fn forget(tx: &mut Tx<'_>, project: i64, trace_id: &str) -> Result<()> {
    for sha256 in store::remove_uses(tx, project, trace_id)? {
        store::remove_unused(tx, project, &sha256)?;
    }
    Ok(())
}

/// What is known of an item of this project.
pub fn find(tx: &mut Tx<'_>, project: i64, sha256: &str) -> Result<Option<About>> {
    store::about(tx, project, sha256)
}

/// The item that Langfuse's clients know by this id.
pub fn find_short(tx: &mut Tx<'_>, project: i64, id: &str) -> Result<Option<About>> {
    store::about_short(tx, project, id)
}

/// The bytes of an item of this project.
///
/// # Errors
/// [`Error::NotFound`] when the project has no such item.
pub fn read(tx: &mut Tx<'_>, project: i64, sha256: &str) -> Result<(About, Vec<u8>)> {
    let missing = || Error::not_found("media_not_found", format!("The media with the hash {sha256} was not found."));
    let about = store::about(tx, project, sha256)?.ok_or_else(missing)?;
    let bytes = store::bytes(tx, project, sha256)?.ok_or_else(missing)?;
    Ok((about, bytes))
}
