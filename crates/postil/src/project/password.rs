//! Passwords: argon2id, never stored or logged as they are.

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, SaltString};

use crate::error::{Error, Result};
use crate::id;

/// The shortest password.
pub const SHORTEST: usize = 10;

/// What is stored of a password.
pub fn hash(password: &str) -> Result<String> {
    if password.chars().count() < SHORTEST {
        let message = format!("A password must have at least {SHORTEST} characters.");
        return Err(Error::field("weak_password", "password", message));
    }
    let salt = SaltString::encode_b64(&id::random_bytes::<16>()).map_err(Error::internal)?;
    let hashed = Argon2::default().hash_password(password.as_bytes(), &salt).map_err(Error::internal)?;
    Ok(hashed.to_string())
}
