//! What stands in a text in the place of bytes that are kept elsewhere.

use std::fmt;
use std::ops::Range;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// How a reference begins and ends.
pub const PREFIX: &str = "@@@postilMedia:";
const SUFFIX: &str = "@@@";

/// How bytes were written where they came from, so that they can be written so again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Base64 in the usual alphabet, padded where it has to be.
    Base64,
    /// The same without padding.
    Base64Unpadded,
    /// Base64 in the alphabet of addresses.
    Base64Url,
    /// The same without padding.
    Base64UrlUnpadded,
    /// A JSON list of numbers; the reference stands in it as its one text.
    Numbers,
    /// The bytes themselves.
    Bytes,
}

const FORMS: [(Form, &str); 6] = [
    (Form::Base64, "base64"),
    (Form::Base64Unpadded, "base64-unpadded"),
    (Form::Base64Url, "base64url"),
    (Form::Base64UrlUnpadded, "base64url-unpadded"),
    (Form::Numbers, "numbers"),
    (Form::Bytes, "bytes"),
];

/// Generous about padding: for reading base64 that need not be written again.
const FORGIVING: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);

impl Form {
    /// The base64 form of a text, if it has exactly one.
    pub(super) fn of_base64(text: &str) -> Option<Form> {
        let (plain, for_address) = (text.contains(['+', '/']), text.contains(['-', '_']));
        let padded = text.ends_with('=') || text.len().is_multiple_of(4);
        match (plain, for_address, padded) {
            (true, true, _) => None,
            (_, false, true) => Some(Form::Base64),
            (_, false, false) => Some(Form::Base64Unpadded),
            (false, true, true) => Some(Form::Base64Url),
            (false, true, false) => Some(Form::Base64UrlUnpadded),
        }
    }

    /// The bytes that a text of this form stands for; none unless [`Form::write`] gives exactly that text again.
    pub(super) fn read(self, text: &str) -> Option<Vec<u8>> {
        match self {
            Form::Base64 => STANDARD.decode(text).ok(),
            Form::Base64Unpadded => STANDARD_NO_PAD.decode(text).ok(),
            Form::Base64Url => URL_SAFE.decode(text).ok(),
            Form::Base64UrlUnpadded => URL_SAFE_NO_PAD.decode(text).ok(),
            Form::Numbers => text.split(',').map(number).collect(),
            Form::Bytes => None,
        }
    }

    /// Writes bytes as they came.
    pub fn write(self, bytes: &[u8]) -> String {
        match self {
            Form::Base64 | Form::Bytes => STANDARD.encode(bytes),
            Form::Base64Unpadded => STANDARD_NO_PAD.encode(bytes),
            Form::Base64Url => URL_SAFE.encode(bytes),
            Form::Base64UrlUnpadded => URL_SAFE_NO_PAD.encode(bytes),
            Form::Numbers => bytes.iter().map(u8::to_string).collect::<Vec<_>>().join(","),
        }
    }

    fn name(self) -> &'static str {
        FORMS.iter().find(|(form, _)| *form == self).map_or("", |(_, name)| name)
    }
}

/// A byte as JSON writes it: no sign, no leading zero.
fn number(text: &str) -> Option<u8> {
    let canonical = text == "0" || !text.starts_with(['0', '+']);
    text.parse().ok().filter(|_| canonical)
}

/// The bytes of base64 in any of its forms.
#[must_use]
pub fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let engine = |alphabet| GeneralPurpose::new(alphabet, FORGIVING);
    engine(&alphabet::STANDARD).decode(text).or_else(|_| engine(&alphabet::URL_SAFE).decode(text)).ok()
}

/// Names bytes that are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// What they are, see [`super::kind::content_type`].
    pub content_type: String,
    /// Their SHA-256 in lower-case hex.
    pub sha256: String,
    /// How many they are.
    pub size: u64,
    /// How they were written.
    pub form: Form,
}

impl fmt::Display for Reference {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Reference { content_type, sha256, size, form } = self;
        write!(out, "{PREFIX}type={content_type}|id={sha256}|size={size}|form={}{SUFFIX}", form.name())
    }
}

impl Reference {
    /// Reads a text that is a reference and nothing else.
    pub fn parse(text: &str) -> Option<Reference> {
        let inner = text.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?;
        let mut fields = inner.split('|').map(|field| field.split_once('='));
        let mut next = |name: &str| fields.next().flatten().filter(|(key, _)| *key == name).map(|(_, value)| value);
        let reference = Reference {
            content_type: next("type")?.to_owned(),
            sha256: next("id").filter(|id| is_sha256(id))?.to_owned(),
            size: next("size")?.parse().ok()?,
            form: next("form").and_then(|word| FORMS.iter().find(|(_, name)| *name == word))?.0,
        };
        Some(reference)
    }

    /// The references in a text, with where they stand.
    pub fn find(text: &str) -> Vec<(Range<usize>, Reference)> {
        let mut found = Vec::new();
        let mut from = 0;
        while let Some(start) = text.get(from..).and_then(|rest| rest.find(PREFIX)).map(|at| at + from) {
            from = start + PREFIX.len();
            let Some(end) = text[from..].find(SUFFIX).map(|at| from + at + SUFFIX.len()) else { break };
            if let Some(reference) = Reference::parse(&text[start..end]) {
                found.push((start..end, reference));
                from = end;
            }
        }
        found
    }

    /// Where the bytes can be fetched, under the project they belong to.
    pub fn address(sha256: &str) -> String {
        format!("/v3/media/{sha256}")
    }
}

/// Whether a text is a SHA-256 in lower-case hex.
#[must_use]
pub fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_read_as_it_is_written() {
        for (form, _) in FORMS {
            let reference = Reference { content_type: "image/png".into(), sha256: "0f".repeat(32), size: 7, form };
            let text = format!("before {reference} and {reference}");
            assert_eq!(Reference::parse(&reference.to_string()), Some(reference.clone()));
            assert_eq!(Reference::find(&text).len(), 2);
        }
        assert_eq!(Reference::parse("@@@postilMedia:type=a|id=b|size=1|form=base64@@@"), None);
        assert!(Reference::find("@@@postilMedia:@@@postilMedia:").is_empty());
    }

    #[test]
    fn every_form_writes_what_it_read() {
        for bytes in [&[0xFB_u8, 0xFF, 0xFE][..], &[0xFB, 0xFF], b"hello, world"] {
            for (form, _) in FORMS.into_iter().filter(|(form, _)| *form != Form::Bytes) {
                assert_eq!(form.read(&form.write(bytes)).as_deref(), Some(bytes), "{form:?}");
            }
        }
        assert_eq!(Form::Numbers.read("1,02"), None);
        assert_eq!(Form::Base64.read("AB=="), None, "bits that would be lost");
    }
}
