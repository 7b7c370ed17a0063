//! The table of settings, and how the text of each is read.

use std::net::{SocketAddr, ToSocketAddrs};

/// One setting: its names everywhere, and what is allowed.
#[derive(Debug)]
pub struct Setting {
    /// Its path in the file, such as `log.level`.
    pub name: &'static str,
    /// Its variable in the environment.
    pub variable: &'static str,
    /// What a value may be, in words that follow "It must be".
    pub allowed: &'static str,
    /// Whether its value must not be shown.
    pub secret: bool,
}

const fn setting(name: &'static str, variable: &'static str, allowed: &'static str) -> Setting {
    Setting { name, variable, allowed, secret: false }
}

const SIZE: &str = "a size from 1KiB to 1GiB, such as 4MiB";

/// Every setting, in the order of the default file.
pub const SETTINGS: &[Setting] = &[
    setting("listen", "POSTIL_LISTEN", "an address with a port, such as 127.0.0.1:7700"),
    setting("otlp_grpc", "POSTIL_OTLP_GRPC", "an address with a port, such as 127.0.0.1:4317, or off"),
    setting("data", "POSTIL_DATA", "the path of a folder"),
    Setting {
        name: "database_url",
        variable: "DATABASE_URL",
        allowed: "a connection string that begins with postgres:// or postgresql://, or empty",
        secret: true,
    },
    setting("public_url", "POSTIL_PUBLIC_URL", "a URL that begins with http:// or https://, or empty"),
    setting("secure_cookies", "POSTIL_SECURE_COOKIES", "auto, true or false"),
    setting("string_limit", "POSTIL_STRING_LIMIT", "a whole number from 1 to 1000000"),
    setting("prices", "POSTIL_PRICES", "the path of a JSON file as `postil prices` prints it, or empty"),
    setting(
        "webhook_networks",
        "POSTIL_WEBHOOK_NETWORKS",
        "networks with commas between, such as 10.0.0.0/8, fd00::/8, or empty",
    ),
    setting("body_limit", "POSTIL_BODY_LIMIT", SIZE),
    setting("ingest_body_limit", "POSTIL_INGEST_BODY_LIMIT", SIZE),
    setting("max_connections", "POSTIL_MAX_CONNECTIONS", "a whole number from 16 to 1000000"),
    setting("worker_threads", "POSTIL_WORKER_THREADS", "a whole number from 0 to 1024"),
    setting("shutdown_seconds", "POSTIL_SHUTDOWN_SECONDS", "a whole number from 0 to 3600"),
    setting("log.format", "POSTIL_LOG_FORMAT", "text or json"),
    setting("log.level", "POSTIL_LOG_LEVEL", "error, warn, info, debug or trace"),
];

impl Setting {
    /// The setting of this name.
    pub fn find(name: &str) -> Option<&'static Setting> {
        SETTINGS.iter().find(|setting| setting.name == name)
    }

    /// Its flag, such as `--log-level`, without the dashes.
    pub fn flag(&self) -> String {
        self.name.replace(['_', '.'], "-")
    }
}

/// Reads an address; names such as `localhost:7700` are looked up.
pub fn address(text: &str) -> Option<SocketAddr> {
    text.parse().ok().or_else(|| text.to_socket_addrs().ok()?.find(SocketAddr::is_ipv4))
}

/// Reads a whole number within bounds.
pub fn number(text: &str, from: usize, to: usize) -> Option<usize> {
    text.parse().ok().filter(|number| (from..=to).contains(number))
}

/// Reads a size such as `4MiB`, `512KiB`, `1GiB` or a number of bytes.
pub fn size(text: &str) -> Option<usize> {
    let digits = text.trim_end_matches(|character: char| !character.is_ascii_digit());
    let unit: usize = match text[digits.len()..].trim() {
        "" | "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    digits.parse::<usize>().ok()?.checked_mul(unit).filter(|bytes| (1 << 10..=1 << 30).contains(bytes))
}

/// Reads a URL that links can begin with; without a slash at the end.
pub fn url(text: &str) -> Option<String> {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
    let odd = |character: char| character.is_whitespace() || character.is_control() || "?#\"<>".contains(character);
    (!host.is_empty() && !host.starts_with('/') && !host.contains(odd)).then(|| text.trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::{SETTINGS, size, url};

    #[test]
    fn sizes_are_read_with_their_unit_and_within_bounds() {
        assert_eq!(size("4MiB"), Some(4 << 20));
        assert_eq!(size("65536"), Some(65536));
        assert_eq!(size("2 GiB"), None);
        assert_eq!(size("4MB"), None);
        assert_eq!(size("99999999999999999999GiB"), None);
        assert_eq!(size("MiB"), None);
    }

    #[test]
    fn a_public_url_has_a_scheme_and_no_query() {
        assert_eq!(url("https://postil.example.com/").as_deref(), Some("https://postil.example.com"));
        assert_eq!(url("postil.example.com"), None);
        assert_eq!(url("https://a?b"), None);
    }

    #[test]
    fn no_two_settings_share_a_flag_or_a_variable() {
        for (at, setting) in SETTINGS.iter().enumerate() {
            let rest = &SETTINGS[at + 1..];
            assert!(rest.iter().all(|other| other.flag() != setting.flag() && other.variable != setting.variable));
        }
    }
}
