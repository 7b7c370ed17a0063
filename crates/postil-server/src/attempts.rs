//! Who failed to sign in lately, so that nobody can guess passwords at speed. In memory: every replica counts for itself.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Mutex;

use axum::extract::ConnectInfo;
use axum::http::request::Parts;
use postil::project::key;
use postil::{Error, Result};

/// How long a failure counts, in microseconds: 15 minutes.
const WINDOW: i64 = 15 * 60 * 1_000_000;
/// How many failures one e-mail address may have in that time.
pub const PER_EMAIL: usize = 10;
/// How many failures one network address may have in that time; an office shares one.
pub const PER_ADDRESS: usize = 50;
/// How many names are remembered before those are dropped whose failures have passed.
const REMEMBERED: usize = 50_000;

/// Failures by name, each with the times they happened.
#[derive(Default)]
pub struct Attempts(Mutex<HashMap<String, Vec<i64>>>);

/// The names one attempt counts under.
#[derive(Debug, Clone)]
pub struct Attempt {
    email: String,
    address: String,
}

impl Attempt {
    /// An attempt for this e-mail address by whoever sent this request; `behind_proxy` when there is a proxy to believe.
    pub fn new(email: &str, parts: &Parts, behind_proxy: bool) -> Attempt {
        // As a hash, so that nobody can make us remember megabytes.
        let email = key::hash(&email.trim().to_lowercase());
        Attempt { email: format!("email {email}"), address: format!("address {}", sender(parts, behind_proxy)) }
    }

    fn names(&self) -> [(&String, usize); 2] {
        [(&self.email, PER_EMAIL), (&self.address, PER_ADDRESS)]
    }
}

impl Attempts {
    /// Counts an attempt as failed until it is [`forgiven`](Attempts::forgive), so that many at once count too.
    ///
    /// # Errors
    /// [`Error::RateLimited`] when there were too many.
    pub fn begin(&self, now: i64, attempt: &Attempt) -> Result<()> {
        let mut failures = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if failures.len() > REMEMBERED {
            failures.retain(|_, times| times.iter().any(|at| now - at < WINDOW));
        }
        for (name, most) in attempt.names() {
            let Some(times) = failures.get_mut(name) else { continue };
            times.retain(|at| now - at < WINDOW);
            if let (true, Some(first)) = (times.len() >= most, times.first()) {
                let left = u64::try_from(first + WINDOW - now).unwrap_or(0);
                let retry_after = left.div_ceil(1_000_000).max(1);
                let message = "Too many failed attempts to sign in. Try again later.".into();
                return Err(Error::RateLimited { message, retry_after });
            }
        }
        for (name, _) in attempt.names() {
            failures.entry(name.clone()).or_default().push(now);
        }
        Ok(())
    }

    /// Takes back an attempt that succeeded, and what failed before it for the same e-mail address.
    pub fn forgive(&self, attempt: &Attempt) {
        let mut failures = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        failures.remove(&attempt.email);
        if let Some(times) = failures.get_mut(&attempt.address) {
            times.pop();
        }
    }
}

/// Where a request comes from. Behind a proxy on this machine or in a private network it is what the proxy says last;
/// where there is none, anybody could say so.
fn sender(parts: &Parts, behind_proxy: bool) -> String {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    if peer.is_some_and(|peer| !behind_proxy || !may_be_proxy(peer)) {
        return peer.map_or_else(String::new, |peer| peer.to_string());
    }
    let said = parts.headers.get_all("x-forwarded-for").iter().next_back().and_then(|value| value.to_str().ok());
    if peer.is_none() {
        return "unknown".into();
    }
    let last = said.and_then(|list| list.rsplit(',').next()).and_then(|text| text.trim().parse::<IpAddr>().ok());
    last.or(peer).map_or_else(|| "unknown".into(), |address| address.to_string())
}

fn may_be_proxy(peer: IpAddr) -> bool {
    match peer.to_canonical() {
        IpAddr::V4(peer) => peer.is_loopback() || peer.is_private() || peer.is_link_local(),
        IpAddr::V6(peer) => peer.is_loopback() || peer.is_unique_local() || peer.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(peer: Option<&str>, forwarded: &str) -> Parts {
        let request = axum::http::Request::builder().header("x-forwarded-for", forwarded).body(()).unwrap();
        let mut parts = request.into_parts().0;
        if let Some(peer) = peer {
            parts.extensions.insert(ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 1)));
        }
        parts
    }

    #[test]
    fn only_a_proxy_nearby_may_say_where_a_request_comes_from() {
        assert_eq!(sender(&parts(Some("198.51.100.7"), "203.0.113.9"), true), "198.51.100.7");
        assert_eq!(sender(&parts(Some("127.0.0.1"), "10.0.0.1, 203.0.113.9"), true), "203.0.113.9");
        assert_eq!(sender(&parts(Some("10.0.0.4"), "nonsense"), true), "10.0.0.4");
        assert_eq!(sender(&parts(None, ""), true), "unknown");
    }

    #[test]
    fn without_a_proxy_nobody_may_say_so() {
        assert_eq!(sender(&parts(Some("127.0.0.1"), "203.0.113.9"), false), "127.0.0.1");
        assert_eq!(sender(&parts(Some("10.0.0.4"), "203.0.113.9"), false), "10.0.0.4");
    }

    #[test]
    fn one_sender_who_tries_many_addresses_is_stopped_too() {
        let attempts = Attempts::default();
        let parts = parts(Some("198.51.100.7"), "");
        for number in 0..PER_ADDRESS {
            attempts.begin(0, &Attempt::new(&format!("{number}@example.com"), &parts, true)).unwrap();
        }
        let one_more = Attempt::new("another@example.com", &parts, true);
        assert!(matches!(attempts.begin(1_000_000, &one_more), Err(Error::RateLimited { retry_after: 899, .. })));
        attempts.begin(WINDOW, &one_more).unwrap();
    }
}
