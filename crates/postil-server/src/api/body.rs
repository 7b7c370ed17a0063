//! The JSON body of a request: read with a limit, checked, and refused with the place of the mistake.

use std::time::Duration;

use axum::body::Body as HttpBody;
use axum::extract::{FromRequest, Request};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use postil::{Error, Result};
use serde::de::DeserializeOwned;

use super::error::ApiError;
use crate::state::App;

/// A body that trickles in longer than this holds memory for nothing.
const DEADLINE: Duration = Duration::from_secs(60);

/// A JSON body of type `T`. An empty one is an error that says so.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned> FromRequest<App> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &App) -> Result<Self, ApiError> {
        let _room = app.room_for(&request, app.limits.body)?;
        let bytes = read(request.into_body(), app.limits.body).await?;
        Ok(Body(parse(&bytes)?))
    }
}

/// A JSON body of type `T`, or its default when none was sent.
pub struct OptionalBody<T>(pub T);

impl<T: DeserializeOwned + Default> FromRequest<App> for OptionalBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &App) -> Result<Self, ApiError> {
        let _room = app.room_for(&request, app.limits.body)?;
        let bytes = read(request.into_body(), app.limits.body).await?;
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Ok(OptionalBody(T::default()));
        }
        Ok(OptionalBody(parse(&bytes)?))
    }
}

/// Reads a whole body of at most `limit` bytes.
pub async fn read(body: HttpBody, limit: usize) -> Result<axum::body::Bytes> {
    let reading = tokio::time::timeout(DEADLINE, Limited::new(body, limit).collect());
    let Ok(collected) = reading.await else {
        return Err(Error::invalid("slow_body", "The request body did not arrive within a minute."));
    };
    match collected {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(cause) if cause.is::<LengthLimitError>() => {
            Err(Error::TooLarge(format!("The request body is larger than {limit} bytes.")))
        }
        Err(cause) => Err(Error::invalid("broken_body", format!("The request body broke off: {cause}."))),
    }
}

/// Parses JSON, telling where it does not fit.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(Error::invalid(
            "empty_body",
            "The request body is empty. Send JSON; with @orq-ai/node put the fields under requestBody.",
        ));
    }
    refuse_nul(bytes)?;
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|cause| {
        let path = cause.path().to_string();
        let inner = cause.into_inner();
        let text = inner.to_string();
        if inner.is_data() {
            // serde appends " at line 1 column 2", which means nothing to somebody who sent one line.
            let sentence = text.split(" at line ").next().unwrap_or(&text).to_owned();
            let field = (path != ".").then_some(path);
            let place = field.as_ref().map_or_else(String::new, |path| format!("{path}: "));
            Error::Invalid { name: "invalid_body", field, message: format!("{place}{sentence}.") }
        } else {
            Error::invalid("invalid_json", format!("The request body is not valid JSON: {text}."))
        }
    })?;
    deserializer
        .end()
        .map_err(|cause| Error::invalid("invalid_json", format!("The request body is not valid JSON: {cause}.")))?;
    Ok(value)
}

/// Text with a NUL cannot be stored by PostgreSQL, so it is refused everywhere alike.
fn refuse_nul(bytes: &[u8]) -> Result<()> {
    if bytes.contains(&0) || escapes_nul(bytes) {
        return Err(Error::invalid("nul_character", "The request body contains a NUL character, which text may not."));
    }
    Ok(())
}

/// Whether JSON text holds the escape of a NUL, in one pass: a backslash takes the character behind it along.
fn escapes_nul(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|byte| *byte == b'\\') {
        rest = &rest[at + 1..];
        if rest.starts_with(b"u0000") {
            return true;
        }
        rest = rest.get(1..).unwrap_or_default();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_escaped_nul_is_found_and_an_escaped_backslash_is_not_taken_for_one() {
        assert!(escapes_nul(br#"{"a":"\u0000"}"#));
        assert!(escapes_nul(br#"{"a":"\\\u0000"}"#));
        assert!(!escapes_nul(br#"{"a":"\\u0000"}"#));
        assert!(!escapes_nul(br#"{"a":"\n \u0001 u0000"}"#));
        assert!(!escapes_nul(b"\\"));
    }

    /// Looking back at every backslash would take hours for this one.
    #[test]
    fn a_body_of_backslashes_is_read_in_one_pass() {
        assert!(!escapes_nul(&vec![b'\\'; 4 << 20]));
    }
}
