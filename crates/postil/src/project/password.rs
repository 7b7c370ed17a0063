//! Passwords: argon2id, stored as PHC strings. Hashing takes a moment on purpose; callers run it off their event loop.

use std::sync::LazyLock;

use argon2::Argon2;
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};

use crate::error::{Error, Result};
use crate::id;

/// The fewest characters a password may have.
pub const SHORTEST: usize = 10;
/// The most bytes a password may have, so that nobody can make us hash megabytes.
pub const LONGEST: usize = 1000;

/// What is compared when there is no member, so that it takes as long as when there is one.
static NOBODY: LazyLock<String> = LazyLock::new(|| derive(&id::secret::<16>()).unwrap_or_default());

/// Whether a password may be chosen.
///
/// # Errors
/// [`Error::Invalid`] naming the field `password`.
pub fn check(password: &str) -> Result<()> {
    if password.chars().count() < SHORTEST {
        let message = format!("A password has at least {SHORTEST} characters.");
        return Err(Error::field("password_too_short", "password", message));
    }
    if password.len() > LONGEST {
        let message = format!("A password has at most {LONGEST} bytes.");
        return Err(Error::field("password_too_long", "password", message));
    }
    Ok(())
}

/// What is stored of a password, if it may be chosen.
pub fn hash(password: &str) -> Result<String> {
    check(password)?;
    derive(password)
}

/// Whether `password` is the one behind `stored`; takes equally long when nothing is stored, and then says no.
pub fn verify(password: &str, stored: Option<&str>) -> bool {
    if password.len() > LONGEST {
        return false;
    }
    let Ok(parsed) = PasswordHash::new(stored.unwrap_or(&NOBODY)) else { return false };
    Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok() && stored.is_some()
}

fn derive(password: &str) -> Result<String> {
    let salt = SaltString::encode_b64(&id::random_bytes::<16>()).map_err(Error::internal)?;
    let hash = Argon2::default().hash_password(password.as_bytes(), &salt).map_err(Error::internal)?;
    Ok(hash.to_string())
}

#[cfg(test)]
mod tests {
    use super::{check, hash, verify};

    #[test]
    fn a_password_is_stored_as_argon2id_and_recognised() {
        let stored = hash("correct horse").unwrap();
        assert!(stored.starts_with("$argon2id$"), "{stored}");
        assert!(verify("correct horse", Some(&stored)));
        assert!(!verify("correct hors", Some(&stored)));
    }

    #[test]
    fn nobody_has_a_password() {
        assert!(!verify("", None));
        assert!(!verify("correct horse", None));
    }

    #[test]
    fn a_short_password_is_refused_by_characters_and_not_bytes() {
        assert!(check("ninechars").is_err());
        assert!(check("øøøøøøøøø").is_err());
        assert!(check("tencharsss").is_ok());
        assert!(check(&"x".repeat(1001)).is_err());
    }
}
