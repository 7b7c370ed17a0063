//! Bodies of ingest requests: read, decompressed with a limit, and told apart by their content type.

use std::io::Read;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, header};
use postil::{Error, Result};

use super::body;

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
}

/// Reads a body of at most `limit` bytes. Its compressed size is bounded by the same limit.
pub async fn read(headers: &HeaderMap, body: Body, limit: usize) -> Result<Packed> {
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
    Ok(Packed { bytes, compression, content_type, limit })
}

impl Packed {
    /// Decompresses, never to more than the limit, and tells the format. This takes a while: not on an async thread.
    pub fn unpack(self) -> Result<(Bytes, Format)> {
        let bytes = match self.compression {
            Compression::None => self.bytes,
            Compression::Gzip => inflate(flate2::read::MultiGzDecoder::new(&self.bytes[..]), self.limit)?,
            // "deflate" means zlib, but some clients send it bare.
            Compression::Deflate => match inflate(flate2::read::ZlibDecoder::new(&self.bytes[..]), self.limit) {
                Err(Error::Invalid { .. }) => inflate(flate2::read::DeflateDecoder::new(&self.bytes[..]), self.limit)?,
                other => other?,
            },
        };
        let looks_like_json = bytes.iter().find(|byte| !byte.is_ascii_whitespace()).is_some_and(|byte| *byte == b'{');
        let format = self.content_type.unwrap_or(if looks_like_json { Format::Json } else { Format::Protobuf });
        Ok((bytes, format))
    }
}

/// Reads a decompressor to its end, but stops at the limit: a small body may unpack to any size.
fn inflate(decoder: impl Read, limit: usize) -> Result<Bytes> {
    let mut out = Vec::new();
    let read = decoder.take(limit as u64 + 1).read_to_end(&mut out);
    read.map_err(|cause| {
        Error::field("broken_compression", "Content-Encoding", format!("The body cannot be decompressed: {cause}."))
    })?;
    if out.len() > limit {
        return Err(Error::TooLarge(format!("The request body is larger than {limit} bytes after decompression.")));
    }
    Ok(out.into())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn packed(bytes: Vec<u8>, compression: Compression, limit: usize) -> Packed {
        Packed { bytes: bytes.into(), compression, content_type: None, limit }
    }

    #[test]
    fn a_bomb_stops_at_the_limit() {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(&vec![0; 50 << 20]).unwrap();
        let bomb = encoder.finish().unwrap();
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
            let (bytes, format) = packed(bytes, Compression::Deflate, 100).unpack().unwrap();
            assert_eq!((&bytes[..], format), (&b"{}"[..], Format::Json));
        }
    }

    #[test]
    fn broken_compression_is_the_callers_mistake() {
        assert!(matches!(packed(vec![1, 2, 3], Compression::Gzip, 100).unpack(), Err(Error::Invalid { .. })));
    }
}
