//! A full disk and a lost database: clear errors, no lost acknowledgement, recovery without a restart.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::server::{Place, Server, send, size, span, sql};

/// A clear refusal that says that nothing was stored and when to come back.
fn assert_unavailable(answer: &(u16, Value)) {
    assert_eq!(answer.0, 503, "{}", answer.1);
    assert_eq!(answer.1["error"], "unavailable");
    assert!(answer.1["message"].as_str().unwrap().contains("Nothing of this request was stored"), "{}", answer.1);
}

/// Sends spans from `first` on until one is refused, and returns how many were acknowledged.
fn send_until_refused(server: &Server, first: u64, at_most: u64) -> (u64, (u16, Value)) {
    for number in first..first + at_most {
        let answer = server.post("/v1/traces", &span(number, 40_000).2);
        if answer.0 != 200 {
            return (number - first, answer);
        }
    }
    panic!("{at_most} spans fit, so the disk was never full");
}

fn assert_kept(server: &Server, numbers: std::ops::Range<u64>) {
    for number in numbers {
        let (trace_id, span_id, _) = span(number, 0);
        let (status, body) = server.get(&format!("/v3/traces/{trace_id}/spans/{span_id}"));
        assert_eq!(status, 200, "span {number} was acknowledged and is lost: {body}");
    }
}

/// No file may grow beyond so many KiB; like on a full disk, the system refuses the write. The signal that comes with
/// it would end the program, and a full disk sends none.
const SMALL_DISK: &str = "trap '' XFSZ; ulimit -S -f 4096; exec \"$0\" \"$@\"";

#[test]
fn a_full_disk_refuses_writes_clearly_and_passes_by_itself() {
    let place = Place::sqlite();
    let server = Server::start(place.command_after(SMALL_DISK, &["serve"]));
    let (stored, refusal) = send_until_refused(&server, 0, 2000);
    assert!(stored > 10, "only {stored} spans fit");
    assert_unavailable(&refusal);
    // Reading goes on, and who watches is told.
    assert_kept(&server, 0..stored);
    assert_eq!(server.get("/healthz").0, 200);

    let room = Command::new("prlimit").args(["--pid", &server.id().to_string(), "--fsize=unlimited:"]).status();
    assert!(room.unwrap().success());
    let again = server.post("/v1/traces", &span(stored, 40_000).2);
    assert_eq!(again.0, 200, "the server did not recover: {}", again.1);
    assert_eq!(server.get("/readyz").0, 200);
    server.kill();
    assert!(size(&place.path("data/postil.db")) > 0);
    assert_kept(&place.serve(), 0..stored + 1);
}

/// Ends the program's right to write where file modes forbid it, which the superuser has.
const WITHOUT_OVERRIDE: &str =
    "if [ $(id -u) = 0 ]; then exec setpriv --bounding-set=-dac_override \"$0\" \"$@\"; fi; exec \"$0\" \"$@\"";

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_file_that_may_not_be_written_is_refused_by_name() {
    let place = Place::sqlite();
    let server = place.serve();
    assert_eq!(server.post("/v1/traces", &span(0, 100).2).0, 200);
    assert!(server.stop().success());
    let file = place.path("data/postil.db");
    set_mode(&file, 0o400);
    let refused = place.command_after(WITHOUT_OVERRIDE, &["migrate"]).output().unwrap();
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success(), "it started on a file that it may not write");
    assert!(said.contains(file.to_str().unwrap()) && said.contains("may not be written"), "{said}");
    set_mode(&file, 0o600);
    assert_kept(&Server::start(place.command_after(WITHOUT_OVERRIDE, &["serve"])), 0..1);
}

/// Makes a file immutable, or not any more, for everybody and at once. Only the superuser can, and not on every disk.
fn immutable(path: &Path, now: bool) -> bool {
    Command::new("chattr").arg(if now { "+i" } else { "-i" }).arg(path).status().is_ok_and(|done| done.success())
}

#[test]
fn a_file_that_becomes_read_only_refuses_writes_until_it_is_not() {
    let place = Place::sqlite();
    let server = place.serve();
    assert_eq!(server.post("/v1/traces", &span(0, 100).2).0, 200);
    let log = place.path("data/postil.db-wal");
    if !immutable(&log, true) {
        // Neither this user nor this disk can take a file away under a running program.
        return;
    }
    let answers: Vec<_> = (1..4).map(|number| server.post("/v1/traces", &span(number, 100).2)).collect();
    let kept = server.get(&format!("/v3/traces/{}", span(0, 0).0));
    assert!(immutable(&log, false));
    answers.iter().for_each(assert_unavailable);
    assert_eq!(kept.0, 200, "reading goes on: {}", kept.1);
    assert_eq!(server.post("/v1/traces", &span(1, 100).2).0, 200);
    server.kill();
    assert_kept(&place.serve(), 0..2);
}

#[test]
fn a_postgres_that_is_read_only_refuses_writes_until_it_is_not() {
    let place = Place::postgres();
    let server = place.serve();
    assert_eq!(server.post("/v1/traces", &span(0, 100).2).0, 200);
    let name = place.database();
    let read_only = |now: bool| {
        sql(&format!("alter database {name} set default_transaction_read_only = {now}"));
        sql(&format!("select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'"));
    };
    read_only(true);
    assert_unavailable(&server.post("/v1/traces", &span(1, 100).2));
    assert_kept(&server, 0..1);
    read_only(false);
    assert_eq!(server.post("/v1/traces", &span(1, 100).2).0, 200);
    assert_kept(&server, 0..2);
}

#[test]
fn lost_connections_to_postgres_are_made_again() {
    let place = Place::postgres();
    let server = place.serve();
    for round in 0..5 {
        assert_eq!(server.post("/v1/traces", &span(round, 100).2).0, 200);
        sql(&format!("select pg_terminate_backend(pid) from pg_stat_activity where datname = '{}'", place.database()));
    }
    assert_eq!(server.get("/readyz").0, 200);
    assert_kept(&server, 0..5);
}

#[test]
fn a_postgres_that_is_away_gives_clear_errors_until_it_is_back() {
    let place = Place::postgres();
    let server = place.serve();
    assert_eq!(server.post("/v1/traces", &span(0, 100).2).0, 200);
    let name = place.database();
    sql(&format!("alter database {name} allow_connections false"));
    sql(&format!("select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'"));
    for number in 1..4 {
        assert_unavailable(&server.post("/v1/traces", &span(number, 100).2));
    }
    assert_unavailable(&server.get("/readyz"));
    assert_eq!(server.get("/healthz").0, 200);
    assert!(send(&server.address, "GET", "/metrics", &Value::Null).is_some_and(|(status, _)| status == 200));

    sql(&format!("alter database {name} allow_connections true"));
    assert_eq!(server.get("/readyz").0, 200);
    assert_eq!(server.post("/v1/traces", &span(1, 100).2).0, 200);
    assert_kept(&server, 0..2);
}
