//! Time as a parameter: every verb that needs the time is given a [`Clock`].

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// A source of the current time.
#[derive(Clone)]
pub struct Clock(Source);

#[derive(Clone)]
enum Source {
    System,
    Fixed(Arc<AtomicI64>),
}

impl Clock {
    /// The clock of the machine.
    pub fn system() -> Clock {
        Clock(Source::System)
    }

    /// A clock that stands still at `micros` until [`Clock::advance`] moves it; for tests.
    pub fn fixed(micros: i64) -> Clock {
        Clock(Source::Fixed(Arc::new(AtomicI64::new(micros))))
    }

    /// Microseconds since 1970, the unit of every time in the database.
    pub fn now(&self) -> i64 {
        match &self.0 {
            Source::System => system_micros(),
            Source::Fixed(micros) => micros.load(Ordering::SeqCst),
        }
    }

    /// Moves a fixed clock on; the machine's clock stays as it is.
    pub fn advance(&self, micros: i64) {
        if let Source::Fixed(at) = &self.0 {
            at.fetch_add(micros, Ordering::SeqCst);
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
fn system_micros() -> i64 {
    jiff::Timestamp::now().as_microsecond()
}

/// Writes microseconds since 1970 as the clients read it: `2026-11-21T10:00:00.000Z`, milliseconds, UTC.
///
/// Times outside the years jiff can hold are clamped to its bounds.
pub fn rfc3339(micros: i64) -> String {
    let timestamp = jiff::Timestamp::from_microsecond(micros).unwrap_or(if micros < 0 {
        jiff::Timestamp::MIN
    } else {
        jiff::Timestamp::MAX
    });
    format!("{timestamp:.3}")
}

/// Writes nanoseconds since 1970 with microseconds, the most digits every client reads.
pub fn rfc3339_nanos(nanos: i64) -> String {
    let timestamp = jiff::Timestamp::from_nanosecond(i128::from(nanos)).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    format!("{timestamp:.6}")
}

/// Reads an RFC 3339 time with an offset into microseconds since 1970.
pub fn parse_rfc3339(text: &str) -> Option<i64> {
    text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_microsecond)
}
