//! `postil doctor`: looks at everything a server needs, changes nothing, and says what to do.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::ExitCode;

use postil::db::{Location, inspect, latest_migration};
use postil::{Clock, Error, clock};

use crate::config::{Config, Flags};
use crate::output::say;

/// What was found, and what to do about it.
#[derive(Debug, PartialEq, Eq)]
enum Finding {
    Good(String),
    Odd { what: String, advice: String },
    Bad { what: String, advice: String },
}

use Finding::{Bad, Good, Odd};

fn good(what: impl Into<String>) -> Finding {
    Good(what.into())
}

fn odd(what: impl Into<String>, advice: impl Into<String>) -> Finding {
    Odd { what: what.into(), advice: advice.into() }
}

fn bad(what: impl Into<String>, advice: impl Into<String>) -> Finding {
    Bad { what: what.into(), advice: advice.into() }
}

/// Less free space than this is worth a warning, and a tenth of it an alarm.
const ROOM: u64 = 1 << 30;
/// How far the clocks of server and database may be apart, in microseconds.
const SKEW: i64 = 5_000_000;

/// Prints every finding. Fails when something is bad.
pub fn run(flags: &Flags, variable: impl Fn(&str) -> Option<String>) -> ExitCode {
    let findings = match Config::load(flags, variable) {
        Ok(config) => examine(&config),
        Err(wrong) => vec![bad(wrong.to_string(), "Correct the setting; `postil settings` describes all of them.")],
    };
    for finding in &findings {
        match finding {
            Good(what) => say(format!("good  {what}")),
            Odd { what, advice } => say(format!("odd   {what}\n      -> {advice}")),
            Bad { what, advice } => say(format!("BAD   {what}\n      -> {advice}")),
        }
    }
    if findings.iter().any(|finding| matches!(finding, Bad { .. })) { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn examine(config: &Config) -> Vec<Finding> {
    let mut findings = vec![good("The configuration is understood.")];
    findings.extend(exposure(config));
    findings.push(own_clock(Clock::system().now()));
    if let Location::Sqlite(file) = &config.location {
        findings.extend(folder(&config.data));
        findings.extend(private(file));
        findings.push(disk(&config.data));
    }
    findings.extend(database(&config.location));
    findings.push(port("listen", config.listen));
    findings.extend(config.otlp_grpc.map(|address| port("otlp_grpc", address)));
    findings
}

/// Whether keys and passwords would cross a network unencrypted.
fn exposure(config: &Config) -> Option<Finding> {
    let is_https = config.settings.public_url.as_ref().is_some_and(|url| url.starts_with("https://"));
    if config.listen.ip().is_loopback() || is_https {
        return None;
    }
    Some(odd(
        format!("{} can be reached from other machines, and public_url is not HTTPS.", config.listen),
        "Put a proxy with HTTPS in front and set public_url, or listen on 127.0.0.1.",
    ))
}

fn own_clock(now: i64) -> Finding {
    let shown = clock::rfc3339(now);
    let year: i64 = shown.get(..4).and_then(|year| year.parse().ok()).unwrap_or(0);
    if (2026..2100).contains(&year) {
        good(format!("The clock says {shown}."))
    } else {
        bad(
            format!("The clock says {shown}."),
            "Set it: sign-ins, keys and orders depend on it (systemd: timedatectl).",
        )
    }
}

fn folder(data: &Path) -> Vec<Finding> {
    let Ok(metadata) = std::fs::metadata(data) else {
        return vec![odd(format!("The data folder {} does not exist.", data.display()), "The first start makes it.")];
    };
    let mut findings = Vec::new();
    if metadata.permissions().mode() & 0o077 != 0 {
        let advice = format!("Keep others out: chmod 700 '{}'.", data.display());
        findings.push(odd(format!("Other users may enter the data folder {}.", data.display()), advice));
    }
    let probe = data.join(".postil-doctor");
    findings.push(match std::fs::write(&probe, b"").and_then(|()| std::fs::remove_file(&probe)) {
        Ok(()) => good(format!("The data folder {} can be written.", data.display())),
        Err(cause) => bad(
            format!("The data folder {} cannot be written: {cause}.", data.display()),
            "Give it to the user that runs the server (chown), or choose another with --data.",
        ),
    });
    findings
}

fn private(file: &Path) -> Option<Finding> {
    let mode = std::fs::metadata(file).ok()?.permissions().mode();
    (mode & 0o077 != 0).then(|| {
        odd(
            format!("Other users may read {}.", file.display()),
            format!("Keep others out: chmod 600 '{}'.", file.display()),
        )
    })
}

fn disk(data: &Path) -> Finding {
    let existing = data.ancestors().find(|folder| folder.exists()).unwrap_or(Path::new("."));
    let existing = if existing.as_os_str().is_empty() { Path::new(".") } else { existing };
    match rustix::fs::statvfs(existing) {
        Ok(space) => room(space.f_bavail.saturating_mul(space.f_frsize)),
        Err(cause) => odd(format!("The free space cannot be found out: {cause}."), "Look at it with df."),
    }
}

fn room(free: u64) -> Finding {
    let what = format!("{} MiB are free on the disk.", free >> 20);
    let advice = "Make room, or move the data folder to a larger disk. Nothing acknowledged is lost when it is full.";
    match free {
        _ if free < ROOM / 10 => bad(what, advice),
        _ if free < ROOM => odd(what, advice),
        _ => good(what),
    }
}

fn database(location: &Location) -> Vec<Finding> {
    let found = match inspect::inspect(location) {
        Ok(found) => found,
        Err(Error::NotFound { message, .. }) => return vec![odd(message, "The first start makes it.")],
        Err(Error::Unavailable(cause)) => {
            return vec![bad(format!("The database cannot be read. {cause}"), reach(location))];
        }
        Err(other) => return vec![bad(other.to_string(), reach(location))],
    };
    let mut findings = vec![schema(&found.version, &found.migrations, latest_migration())];
    let apart = (found.now - Clock::system().now()).abs();
    if apart > SKEW {
        let what = format!("The clocks of database and server are {} seconds apart.", apart / 1_000_000);
        findings.push(bad(what, "Keep both with the same time servers (NTP)."));
    }
    match inspect::check(location) {
        Ok(()) => findings.push(good("The database is whole.")),
        Err(Error::Internal(cause) | Error::Unavailable(cause)) => findings
            .push(bad(format!("The database is damaged: {cause}"), "Stop the server and restore the last back-up.")),
        Err(other) => findings.push(bad(other.to_string(), "Stop the server and restore the last back-up.")),
    }
    findings
}

fn reach(location: &Location) -> &'static str {
    match location {
        Location::Sqlite(_) => "Check that the file is a database of Postil and that this user may read its folder.",
        Location::Postgres(_) => "Check DATABASE_URL, and that the PostgreSQL server runs and admits this user.",
    }
}

fn schema(version: &str, migrations: &[i64], known: i64) -> Finding {
    match migrations.last() {
        None => odd(format!("{version} answers; the database is empty."), "The first start fills it."),
        Some(last) if *last > known => bad(
            format!("The database has migration {last}; this program knows only {known}."),
            "Run the newer program, or restore a back-up from before the upgrade.",
        ),
        Some(last) if *last < known => odd(
            format!("{version} answers; the database has migration {last} of {known}."),
            "Back it up; the next start brings it up to date.",
        ),
        Some(last) => good(format!("{version} answers; the database has migration {last}, the newest.")),
    }
}

fn port(setting: &str, address: std::net::SocketAddr) -> Finding {
    match TcpListener::bind(address) {
        Ok(_) => good(format!("{setting}: {address} is free.")),
        Err(cause) if cause.kind() == std::io::ErrorKind::AddrInUse => odd(
            format!("{setting}: {address} is in use."),
            format!("That is right if the server runs; else choose another with --{}.", setting.replace('_', "-")),
        ),
        Err(cause) => bad(
            format!("{setting}: {address} cannot be listened on: {cause}."),
            format!("Choose another with --{}.", setting.replace('_', "-")),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::{Bad, Good, Odd, database, own_clock, port, private, room, schema};
    use postil::db::Location;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn too_little_room_is_odd_and_almost_none_is_bad() {
        assert!(matches!(room(50 << 20), Bad { .. }));
        assert!(matches!(room(500 << 20), Odd { .. }));
        assert!(matches!(room(5 << 30), Good(_)));
    }

    #[test]
    fn a_schema_from_the_future_is_bad_and_one_from_the_past_is_odd() {
        assert!(matches!(schema("x", &[1, 2], 1), Bad { .. }));
        assert!(matches!(schema("x", &[1], 2), Odd { .. }));
        assert!(matches!(schema("x", &[], 2), Odd { .. }));
        assert!(matches!(schema("x", &[1, 2], 2), Good(_)));
    }

    #[test]
    fn a_clock_at_the_beginning_of_time_is_bad() {
        assert!(matches!(own_clock(0), Bad { .. }));
        assert!(matches!(own_clock(1_795_255_200_000_000), Good(_)));
    }

    #[test]
    fn a_file_that_is_no_database_is_bad_and_one_that_others_read_is_odd() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("postil.db");
        std::fs::write(&file, "not a database at all, but long enough to be looked at".repeat(20)).unwrap();
        assert!(matches!(database(&Location::Sqlite(file.clone()))[0], Bad { .. }));
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(private(&file), Some(Odd { .. })));
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert!(private(&file).is_none());
    }

    #[test]
    fn a_port_that_is_taken_is_told() {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        assert!(matches!(port("listen", taken.local_addr().unwrap()), Odd { .. }));
    }
}
