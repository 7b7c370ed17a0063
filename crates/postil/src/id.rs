//! Identifiers: ULIDs made from our clock and the system's randomness, and UUIDs where clients demand them.

use std::cell::RefCell;

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
    ulid::Ulid::from_parts(milliseconds, u128::from_be_bytes(stocked_bytes())).to_string()
}

/// What every ULID that was made at this moment or later is greater than, or equal to.
pub fn first_ulid(micros: i64) -> String {
    ulid::Ulid::from_parts(u64::try_from(micros / 1000).unwrap_or(0), 0).to_string()
}

/// Random bytes for what is no secret. Every write needs some, so they are fetched for many at a time.
fn stocked_bytes() -> [u8; 16] {
    thread_local! {
        static STOCK: RefCell<Vec<[u8; 16]>> = const { RefCell::new(Vec::new()) };
    }
    STOCK.with_borrow_mut(|stock| {
        if stock.is_empty() {
            stock.extend_from_slice(random_bytes::<1024>().as_chunks().0);
        }
        stock.pop().unwrap_or_else(random_bytes)
    })
}

/// Whether `text` has the form of a ULID.
pub fn is_ulid(text: &str) -> bool {
    text.len() == 26 && ulid::Ulid::from_string(text).is_ok()
}

/// The 128 bits of a ULID; none for any other text.
pub fn ulid_bytes(text: &str) -> Option<[u8; 16]> {
    // 26 characters hold 130 bits: what begins with 8 or more is too large.
    let fits = text.len() == 26 && matches!(text.as_bytes()[0], b'0'..=b'7');
    fits.then(|| ulid::Ulid::from_string(text).ok()).flatten().map(|ulid| ulid.to_bytes())
}

/// The id of a trace or span as it is stored and shown: lower-case hex. Clients also write it in capitals, as a UUID
/// with dashes, or, as orq's `@traced` did until 4.6, as a ULID. Other text stays as it is, and names nothing.
pub fn lower_hex(text: &str) -> String {
    if let Some(bytes) = ulid_bytes(text) {
        return hex::encode(bytes);
    }
    match uuid::Uuid::try_parse(text) {
        Ok(uuid) if text.len() == 36 => hex::encode(uuid.as_bytes()),
        _ if text.bytes().all(|byte| byte.is_ascii_hexdigit()) => text.to_ascii_lowercase(),
        _ => text.to_owned(),
    }
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

#[cfg(test)]
mod tests {
    use super::lower_hex;

    #[test]
    fn every_spelling_of_an_id_of_telemetry_names_the_same() {
        let stored = "4d4e385051444a59454234335a413756";
        assert_eq!(lower_hex("2D9RW50MA499CMAGHM6DD42DTP"), stored);
        assert_eq!(lower_hex(&stored.to_uppercase()), stored);
        assert_eq!(lower_hex("4d4e3850-5144-4a59-4542-34335a413756"), stored);
        assert_eq!(lower_hex("00F067AA0BA902B7"), "00f067aa0ba902b7");
    }

    #[test]
    fn text_that_is_no_such_id_stays_as_it_is() {
        for other in ["", "none", "8ZZZZZZZZZZZZZZZZZZZZZZZZZ", "2D9RW50MA499CMAGHM6DD42DTU", "ééééééééééééé"]
        {
            assert_eq!(lower_hex(other), other);
        }
    }
}
