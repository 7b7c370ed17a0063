//! The one error of the domain: what went wrong, and the sentence its caller reads.
//!
//! The server maps each variant to a status in one table. Causes that a caller must not see travel in
//! [`Error::Internal`] and [`Error::Unavailable`] and go to the log only.

use std::fmt;

/// What every verb of the domain returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Everything that can go wrong in the domain.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request is wrong: `name` is the stable machine name, `field` where the mistake is, `message` how to mend it.
    #[error("{message}")]
    Invalid {
        /// Stable machine name, such as `invalid_value`.
        name: &'static str,
        /// Path of the field in the request, such as `annotations[0].value`.
        field: Option<String>,
        /// What to change, in words.
        message: String,
    },
    /// The caller is not known.
    #[error("{0}")]
    Unauthenticated(String),
    /// The caller is known and may not do this.
    #[error("{0}")]
    Forbidden(String),
    /// What was asked for does not exist, or not for this caller.
    #[error("{message}")]
    NotFound {
        /// Stable machine name, such as `span_not_found`.
        name: &'static str,
        /// What was not found, in words.
        message: String,
    },
    /// The request contradicts what is stored.
    #[error("{message}")]
    Conflict {
        /// Stable machine name, such as `key_taken`.
        name: &'static str,
        /// What it collides with, in words.
        message: String,
    },
    /// The request is larger than a limit allows.
    #[error("{0}")]
    TooLarge(String),
    /// The caller asks too often; try again after so many seconds.
    #[error("{message}")]
    RateLimited {
        /// What was exceeded.
        message: String,
        /// Seconds to wait.
        retry_after: u64,
    },
    /// More work waits than may wait in memory; nothing of this request was stored.
    #[error("The server is busy. Nothing of this request was stored; send it again in a moment.")]
    Overloaded,
    /// The database cannot be reached or cannot write; nothing of this request was stored.
    #[error("The database is not available. Nothing of this request was stored; send it again in a moment.")]
    Unavailable(String),
    /// A fault of ours. The text is for the log.
    #[error("Something went wrong on the server.")]
    Internal(String),
}

impl Error {
    /// A wrong request without one particular field.
    pub fn invalid(name: &'static str, message: impl Into<String>) -> Error {
        Error::Invalid { name, field: None, message: message.into() }
    }

    /// A wrong request, with the path of the field to mend.
    pub fn field(name: &'static str, field: impl Into<String>, message: impl Into<String>) -> Error {
        Error::Invalid { name, field: Some(field.into()), message: message.into() }
    }

    /// Something that does not exist for this caller.
    pub fn not_found(name: &'static str, message: impl Into<String>) -> Error {
        Error::NotFound { name, message: message.into() }
    }

    /// A collision with what is stored.
    pub fn conflict(name: &'static str, message: impl Into<String>) -> Error {
        Error::Conflict { name, message: message.into() }
    }

    /// A fault of ours, with its cause for the log.
    pub fn internal(cause: impl fmt::Display) -> Error {
        Error::Internal(cause.to_string())
    }

    /// The stable machine name that goes into the body as `error`.
    pub fn name(&self) -> &'static str {
        match self {
            Error::Invalid { name, .. } | Error::NotFound { name, .. } | Error::Conflict { name, .. } => name,
            Error::Unauthenticated(_) => "unauthenticated",
            Error::Forbidden(_) => "forbidden",
            Error::TooLarge(_) => "too_large",
            Error::RateLimited { .. } => "rate_limited",
            Error::Overloaded => "overloaded",
            Error::Unavailable(_) => "unavailable",
            Error::Internal(_) => "internal",
        }
    }
}
