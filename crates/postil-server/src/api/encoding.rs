//! Bodies of ingest requests: read, decompressed with a limit, and told apart by their content type.

use std::io::Read;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, header};
use postil::{Error, Result};

use super::body;
use crate::state::{App, Room};

/// How many gzip members one body may have. Senders write one; a member without content takes twenty bytes and as much
/// work as a small request.
const MAX_MEMBERS: usize = 1000;

/// How a body is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// OTLP protobuf.
    Protobuf,
    /// JSON.
    Json,
}

/// How a body is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Compression {
    None,
    Gzip,
    Deflate,
}

/// A body that has been read, still compressed.
pub struct Packed {
    bytes: Bytes,
    compression: Compression,
    content_type: Option<Format>,
    limit: usize,
    room: Room,
}

/// A body as it was before it was compressed, and the memory that is set aside for what becomes of it.
pub struct Unpacked {
    /// The body.
    pub bytes: Bytes,
    /// How it is written.
    pub format: Format,
    /// To be kept until what was in the body is stored.
    pub room: Room,
}

/// Reads a body within the limit of ingest requests. Its compressed size is bounded by the same limit.
pub async fn read(app: &App, headers: &HeaderMap, body: Body) -> Result<Packed> {
    let limit = app.limits.ingest_body;
    let room = app.room(headers, limit)?;
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("").trim().to_ascii_lowercase();
    let compression = match text(header::CONTENT_ENCODING).as_str() {
        "" | "identity" => Compression::None,
        "gzip" | "x-gzip" => Compression::Gzip,
        "deflate" => Compression::Deflate,
        other => {
            let message = format!("Content-Encoding '{other}' is not supported. Use gzip, deflate or none.");
            return Err(Error::field("unsupported_encoding", "Content-Encoding", message));
        }
    };
    let content_type = match text(header::CONTENT_TYPE).split(';').next().unwrap_or("").trim() {
        "application/x-protobuf" | "application/protobuf" => Some(Format::Protobuf),
        "application/json" => Some(Format::Json),
        // Some hand-written clients name no type; the first byte tells.
        "" | "application/octet-stream" => None,
        other => {
            let message =
                format!("Content-Type '{other}' is not supported. Use application/x-protobuf or application/json.");
            return Err(Error::field("unsupported_content_type", "Content-Type", message));
        }
    };
    let bytes = body::read(body, limit).await?;
    Ok(Packed { bytes, compression, content_type, limit, room })
}

/// How a gRPC message begins: whether it is compressed, and its length.
const PREFIX: usize = 5;

/// Reads the one message of a gRPC call, within the same limits.
pub async fn read_message(app: &App, headers: &HeaderMap, body: Body) -> Result<Packed> {
    let limit = app.limits.ingest_body;
    let room = app.room(headers, limit)?;
    let mut bytes = body::read(body, limit + PREFIX).await?;
    let broken = || Error::invalid("broken_message", "The call does not consist of one gRPC message.");
    let prefix = if bytes.len() < PREFIX { return Err(broken()) } else { bytes.split_to(PREFIX) };
    let length = u32::from_be_bytes([prefix[1], prefix[2], prefix[3], prefix[4]]);
    if usize::try_from(length) != Ok(bytes.len()) {
        return Err(broken());
    }
    let named = headers.get("grpc-encoding").map_or(&b"identity"[..], |value| value.as_bytes());
    let compression = match (prefix[0], named) {
        (0, _) => Compression::None,
        (1, b"gzip") => Compression::Gzip,
        (1, b"deflate") => Compression::Deflate,
        _ => return Err(broken()),
    };
    Ok(Packed { bytes, compression, content_type: Some(Format::Protobuf), limit, room })
}

impl Packed {
    /// Decompresses, never to more than the limit, and tells the format. This takes a while: not on an async thread.
    pub fn unpack(mut self) -> Result<Unpacked> {
        let bytes = match self.compression {
            Compression::None => self.bytes,
            Compression::Gzip => gunzip(&self.bytes, self.limit)?,
            // "deflate" means zlib, but some clients send it bare.
            Compression::Deflate => match inflate(flate2::read::ZlibDecoder::new(&self.bytes[..]), self.limit) {
                Err(Error::Invalid { .. }) => inflate(flate2::read::DeflateDecoder::new(&self.bytes[..]), self.limit)?,
                other => other?,
            },
        };
        let looks_like_json = bytes.iter().find(|byte| !byte.is_ascii_whitespace()).is_some_and(|byte| *byte == b'{');
        let format = self.content_type.unwrap_or(if looks_like_json { Format::Json } else { Format::Protobuf });
        self.room.grow(bytes.len())?;
        Ok(Unpacked { bytes, format, room: self.room })
    }
}

/// Decompresses one gzip member after the other.
fn gunzip(bytes: &[u8], limit: usize) -> Result<Bytes> {
    let (mut out, mut rest) = (Vec::new(), bytes);
    for _ in 0..MAX_MEMBERS {
        let mut member = flate2::bufread::GzDecoder::new(rest);
        inflate_into(&mut out, &mut member, limit)?;
        rest = member.into_inner();
        if rest.is_empty() {
            return Ok(out.into());
        }
    }
    let message = format!("The body consists of more than {MAX_MEMBERS} gzip members.");
    Err(Error::field("broken_compression", "Content-Encoding", message))
}

/// Reads a decompressor to its end, but stops at the limit: a small body may unpack to any size.
fn inflate(decoder: impl Read, limit: usize) -> Result<Bytes> {
    let mut out = Vec::new();
    inflate_into(&mut out, decoder, limit)?;
    Ok(out.into())
}

fn inflate_into(out: &mut Vec<u8>, decoder: impl Read, limit: usize) -> Result<()> {
    let read = decoder.take((limit + 1 - out.len()) as u64).read_to_end(out);
    read.map_err(|cause| {
        Error::field("broken_compression", "Content-Encoding", format!("The body cannot be decompressed: {cause}."))
    })?;
    if out.len() > limit {
        return Err(Error::TooLarge(format!("The request body is larger than {limit} bytes after decompression.")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::Arc;

    use tokio::sync::Semaphore;

    use super::*;

    fn packed(bytes: Vec<u8>, compression: Compression, limit: usize) -> Packed {
        let room = Room::new(&Arc::new(Semaphore::new(1 << 20)), 1).unwrap();
        Packed { bytes: bytes.into(), compression, content_type: None, limit, room }
    }

    fn gzip(content: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn gzip_may_come_in_several_members_but_not_in_any_number() {
        let two = [gzip(b"{\"a\""), gzip(b":1}")].concat();
        assert_eq!(packed(two, Compression::Gzip, 100).unpack().unwrap().bytes, &b"{\"a\":1}"[..]);
        let many = gzip(b"").repeat(MAX_MEMBERS + 1);
        assert!(matches!(packed(many, Compression::Gzip, 100).unpack(), Err(Error::Invalid { .. })));
        let garbage = [gzip(b"{}"), b"and more".to_vec()].concat();
        assert!(matches!(packed(garbage, Compression::Gzip, 100).unpack(), Err(Error::Invalid { .. })));
    }

    #[test]
    fn what_a_small_body_unpacks_to_takes_room_as_well() {
        let bodies = Arc::new(Semaphore::new(2048));
        let bomb = |room| Packed { room, ..packed(gzip(&[b' '; 1 << 20]), Compression::Gzip, 2 << 20) };
        let first = bomb(Room::new(&bodies, 1).unwrap()).unpack().unwrap();
        let second = Room::new(&bodies, 1).unwrap();
        assert!(matches!(bomb(second).unpack(), Err(Error::Overloaded)));
        drop(first);
        bomb(Room::new(&bodies, 1).unwrap()).unpack().unwrap();
        assert_eq!(bodies.available_permits(), 2048);
    }

    #[test]
    fn a_bomb_stops_at_the_limit() {
        let bomb = gzip(&vec![0; 50 << 20]);
        assert!(bomb.len() < 100_000);
        assert!(matches!(packed(bomb, Compression::Gzip, 1 << 20).unpack(), Err(Error::TooLarge(_))));
    }

    #[test]
    fn deflate_is_read_with_and_without_its_wrapper() {
        let mut wrapped = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        wrapped.write_all(b"{}").unwrap();
        let mut bare = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
        bare.write_all(b"{}").unwrap();
        for bytes in [wrapped.finish().unwrap(), bare.finish().unwrap()] {
            let unpacked = packed(bytes, Compression::Deflate, 100).unpack().unwrap();
            assert_eq!((&unpacked.bytes[..], unpacked.format), (&b"{}"[..], Format::Json));
        }
    }

    #[test]
    fn broken_compression_is_the_callers_mistake() {
        assert!(matches!(packed(vec![1, 2, 3], Compression::Gzip, 100).unpack(), Err(Error::Invalid { .. })));
    }
}
