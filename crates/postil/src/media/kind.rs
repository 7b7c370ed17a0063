//! What bytes are, told by how they begin. What a client says about them decides nothing.

/// The type of everything that is not known to be harmless in a browser.
pub const UNKNOWN: &str = "application/octet-stream";

/// How many bytes at the beginning decide.
pub const DECISIVE: usize = 64;

/// The media type of bytes, one of a short list: images, recordings and films that browsers show without running
/// anything, and PDF. Everything else is [`UNKNOWN`], SVG and HTML among it.
#[must_use]
pub fn content_type(bytes: &[u8]) -> &'static str {
    let begins = |magic: &[u8]| bytes.starts_with(magic);
    let at = |place: usize, magic: &[u8]| bytes.get(place..).is_some_and(|rest| rest.starts_with(magic));
    match bytes {
        _ if begins(b"\x89PNG\r\n\x1a\n") => "image/png",
        _ if begins(&[0xFF, 0xD8, 0xFF]) => "image/jpeg",
        _ if begins(b"GIF87a") || begins(b"GIF89a") => "image/gif",
        _ if begins(b"RIFF") && at(8, b"WEBP") => "image/webp",
        _ if begins(b"RIFF") && at(8, b"WAVE") => "audio/wav",
        _ if begins(b"%PDF-") => "application/pdf",
        _ if begins(b"OggS") => "audio/ogg",
        _ if begins(b"fLaC") => "audio/flac",
        _ if begins(b"ID3") || is_mp3_frame(bytes) => "audio/mpeg",
        _ if begins(&[0x1A, 0x45, 0xDF, 0xA3]) && has(bytes, b"webm") => "video/webm",
        _ if at(4, b"ftyp") => match bytes.get(8..12) {
            Some(b"avif" | b"avis") => "image/avif",
            Some(b"M4A " | b"M4B ") => "audio/mp4",
            Some(b"isom" | b"iso2" | b"iso4" | b"iso5" | b"iso6" | b"mp41" | b"mp42" | b"avc1" | b"dash" | b"M4V ") => {
                "video/mp4"
            }
            _ => UNKNOWN,
        },
        _ => UNKNOWN,
    }
}

/// The header of an MPEG layer III frame whose bit rate and sampling rate exist.
fn is_mp3_frame(bytes: &[u8]) -> bool {
    matches!(bytes, [0xFF, 0xFB | 0xFA | 0xF3 | 0xF2, rates, ..]
        if !matches!(rates >> 4, 0 | 15) && rates & 0b1100 != 0b1100)
}

fn has(bytes: &[u8], word: &[u8]) -> bool {
    bytes.get(..bytes.len().min(DECISIVE)).unwrap_or_default().windows(word.len()).any(|window| window == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_what_they_begin_with() {
        let known: [(&[u8], &str); 9] = [
            (b"\x89PNG\r\n\x1a\n....", "image/png"),
            (b"\xff\xd8\xff\xe0", "image/jpeg"),
            (b"RIFF\x10\0\0\0WEBPVP8 ", "image/webp"),
            (b"RIFF\x10\0\0\0WAVEfmt ", "audio/wav"),
            (b"\0\0\0\x20ftypavif", "image/avif"),
            (b"\0\0\0\x20ftypisom", "video/mp4"),
            (b"\x1a\x45\xdf\xa3\x9fB\x86\x81\x01B\xf7\x81\x01webm", "video/webm"),
            (b"%PDF-1.7", "application/pdf"),
            (b"\xff\xfb\x90\x64", "audio/mpeg"),
        ];
        for (bytes, name) in known {
            assert_eq!(content_type(bytes), name);
        }
    }

    #[test]
    fn what_a_browser_could_run_is_only_bytes() {
        let hostile: [&[u8]; 6] = [
            b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
            b"<!doctype html><script>alert(1)</script>",
            b"<?xml version='1.0'?><svg/>",
            b"\xff\xfb\xf0\x00",
            b"RIFF",
            b"",
        ];
        for bytes in hostile {
            assert_eq!(content_type(bytes), UNKNOWN);
        }
    }
}
