//! The JSON body of a request: read with a limit, checked, and refused with the place of the mistake.

use axum::body::Body as HttpBody;
use axum::extract::{FromRequest, Request};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use postil::{Error, Result};
use serde::de::DeserializeOwned;

use super::error::ApiError;
use crate::state::App;

/// A JSON body of type `T`. An empty one is an error that says so.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned> FromRequest<App> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &App) -> Result<Self, ApiError> {
        let bytes = read(request.into_body(), app.limits.body).await?;
        Ok(Body(parse(&bytes)?))
    }
}

/// A JSON body of type `T`, or its default when none was sent.
pub struct OptionalBody<T>(pub T);

impl<T: DeserializeOwned + Default> FromRequest<App> for OptionalBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &App) -> Result<Self, ApiError> {
        let bytes = read(request.into_body(), app.limits.body).await?;
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Ok(OptionalBody(T::default()));
        }
        Ok(OptionalBody(parse(&bytes)?))
    }
}

/// Reads a whole body of at most `limit` bytes.
pub async fn read(body: HttpBody, limit: usize) -> Result<axum::body::Bytes> {
    match Limited::new(body, limit).collect().await {
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
    let escaped = bytes.windows(6).enumerate().any(|(at, window)| {
        let backslashes = bytes[..at].iter().rev().take_while(|byte| **byte == b'\\').count();
        window == b"\\u0000" && backslashes % 2 == 0
    });
    if escaped || bytes.contains(&0) {
        return Err(Error::invalid("nul_character", "The request body contains a NUL character, which text may not."));
    }
    Ok(())
}
