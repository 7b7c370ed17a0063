//! What is sent: the body of a delivery and its signature. Pure.

use hmac::{Hmac, Mac};
use serde_json::{Map, Value as Json};
use sha2::Sha256;

use super::Secret;
use crate::clock::rfc3339;
use crate::error::{Error, Result};

/// The header of the signature.
pub const SIGNATURE_HEADER: &str = "x-orq-signature";

/// The body of a delivery: `id`, `created`, `type`, `metadata`, as JSON or as a form. The same at every attempt.
///
/// In a form, what `metadata` holds stands as `metadata[name]`; what is no text, number or truth as JSON.
///
/// # Errors
/// [`Error::Internal`] when `metadata` is no JSON object.
pub fn body(content_type: &str, event_id: &str, event: &str, happened_at: i64, metadata: &str) -> Result<Vec<u8>> {
    let metadata: Map<String, Json> = serde_json::from_str(metadata).map_err(Error::internal)?;
    let created = rfc3339(happened_at);
    if content_type == super::CONTENT_TYPES[0] {
        let body = serde_json::json!({"id": event_id, "created": created, "type": event, "metadata": metadata});
        return serde_json::to_vec(&body).map_err(Error::internal);
    }
    let mut fields = vec![
        ("id".to_owned(), event_id.to_owned()),
        ("created".to_owned(), created),
        ("type".to_owned(), event.to_owned()),
    ];
    for (name, value) in metadata {
        let text = match value {
            Json::String(text) => text,
            Json::Null => continue,
            other => other.to_string(),
        };
        fields.push((format!("metadata[{name}]"), text));
    }
    let encoded: Vec<_> = fields.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    Ok(encoded.join("&").into_bytes())
}

/// Text as forms hold it.
fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'*' => encoded.push(char::from(byte)),
            b' ' => encoded.push('+'),
            _ => {
                encoded.push('%');
                encoded.push_str(&hex::encode_upper([byte]));
            }
        }
    }
    encoded
}

/// The signature of a body: lower-case hex of its HMAC-SHA256.
pub fn sign(secret: &Secret, body: &[u8]) -> Result<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.reveal().as_bytes()).map_err(Error::internal)?;
    mac.update(body);
    Ok(hex::encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: i64 = 1_795_255_200_000_000;

    #[test]
    fn a_body_says_what_happened_when_and_to_what() {
        let body =
            body("application/json", "E1", "annotation.created", AT, r#"{"key":"rating","value":["ö"]}"#).unwrap();
        assert_eq!(
            String::from_utf8(body).unwrap(),
            r#"{"id":"E1","created":"2026-11-21T10:00:00.000Z","type":"annotation.created","metadata":{"key":"rating","value":["ö"]}}"#
        );
    }

    #[test]
    fn a_form_says_the_same_field_by_field() {
        let metadata = r#"{"key":"a b&c=d","value":["ö"],"count":3,"nothing":null}"#;
        let body = body("application/x-www-form-urlencoded", "E1", "annotation.created", AT, metadata).unwrap();
        assert_eq!(
            String::from_utf8(body).unwrap(),
            "id=E1&created=2026-11-21T10%3A00%3A00.000Z&type=annotation.created&metadata%5Bkey%5D=a+b%26c%3Dd\
             &metadata%5Bvalue%5D=%5B%22%C3%B6%22%5D&metadata%5Bcount%5D=3"
        );
    }

    #[test]
    fn a_signature_is_the_one_of_rfc_4231() {
        let signature = sign(&Secret("Jefe".into()), b"what do ya want for nothing?").unwrap();
        assert_eq!(signature, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }

    #[test]
    fn a_secret_is_not_shown_by_accident() {
        let secret = Secret("0123456789abcdef".into());
        assert_eq!(format!("{secret:?}"), "Secret(…)");
        assert_eq!(secret.masked(), "********cdef");
        assert_eq!(Secret("short".into()).masked(), "********");
    }
}
