//! Identifiers: ULIDs made from our clock and the system's randomness, and UUIDs where clients demand them.

use crate::clock::Clock;

/// Fills an array from the operating system's random source.
///
/// # Panics
/// When the operating system has no randomness to give, without which no key or session would be safe.
pub fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0u8; N];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

/// A new ULID: 26 characters of Crockford base 32, sortable by the time it was made, safe in URLs.
pub fn ulid(clock: &Clock) -> String {
    let milliseconds = u64::try_from(clock.now() / 1000).unwrap_or(0);
    ulid::Ulid::from_parts(milliseconds, u128::from_be_bytes(random_bytes::<16>())).to_string()
}

/// Whether `text` has the form of a ULID.
pub fn is_ulid(text: &str) -> bool {
    text.len() == 26 && ulid::Ulid::from_string(text).is_ok()
}

/// A new UUIDv7, for workspaces, whose ids clients require to be UUIDs.
pub fn uuid(clock: &Clock) -> String {
    let micros = clock.now().max(0);
    let seconds = u64::try_from(micros / 1_000_000).unwrap_or(0);
    let nanos = u32::try_from(micros % 1_000_000 * 1000).unwrap_or(0);
    let random = random_bytes::<10>();
    uuid::Builder::from_unix_timestamp_millis(seconds * 1000 + u64::from(nanos / 1_000_000), &random)
        .into_uuid()
        .to_string()
}

/// Random text for secrets: `N` bytes as lower-case hex.
pub fn secret<const N: usize>() -> String {
    hex::encode(random_bytes::<N>())
}
