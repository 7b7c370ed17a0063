//! Starting, stopping, back-up and restore, as an operator does them.

use std::os::unix::fs::PermissionsExt;

use crate::server::{KEY, Place, span};

#[test]
fn the_first_two_lines_say_where_the_server_listens() {
    let server = Place::sqlite().serve();
    assert_eq!(server.greeting[0], format!("listening on http://{}", server.address));
    let grpc = server.greeting[1].strip_prefix("otlp grpc on 127.0.0.1:").unwrap();
    assert_ne!(grpc.parse::<u16>().unwrap(), 0);
}

#[test]
fn a_wrong_setting_stops_the_start_and_is_named() {
    let place = Place::sqlite();
    let done = place.run(&["serve", "--string-limit", "many"]);
    let told = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(!done.status.success() && done.stdout.is_empty());
    assert!(told.contains("string_limit: \"many\" from the flag --string-limit is not allowed"), "{told}");
    assert!(!place.path("data").exists(), "nothing was made");
}

#[test]
fn a_taken_address_is_named() {
    let place = Place::sqlite();
    let server = place.serve();
    let done = Place::sqlite().run(&["serve", "--listen", &server.address]);
    let told = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(!done.status.success() && told.contains("listen:") && told.contains("--listen"), "{told}");
}

#[test]
fn the_bootstrap_holds_only_for_an_empty_database() {
    let place = Place::sqlite();
    let keys = |place: &Place| String::from_utf8(place.run(&["key", "list"]).stdout).unwrap().lines().count();
    assert!(place.serve().stop().success());
    assert_eq!(keys(&place), 1);
    let mut second = place.command(&["serve"]);
    second.env("POSTIL_BOOTSTRAP_API_KEY", format!("{KEY}-another"));
    assert!(crate::server::Server::start(second).stop().success());
    assert_eq!(keys(&place), 1);
}

#[test]
fn the_data_is_nobody_elses_to_read() {
    let place = Place::sqlite();
    let _server = place.serve();
    let mode = |name: &str| std::fs::metadata(place.path(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("data"), mode("data/postil.db")), (0o700, 0o600));
}

#[test]
fn stopping_leaves_a_single_file() {
    let place = Place::sqlite();
    let server = place.serve();
    assert_eq!(server.post("/v1/traces", &span(0, 100).2).0, 200);
    assert!(server.stop().success());
    let left: Vec<_> = std::fs::read_dir(place.path("data")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["postil.db"]);
}

/// Backs a running server up, adds a span, and brings the back-up back: the first span is there, the second is not.
fn back_up_and_restore(place: &Place) {
    let file = place.path("backup");
    let file = file.to_str().unwrap();
    let server = place.serve();
    assert_eq!(server.post("/v1/traces", &span(0, 100).2).0, 200);
    let done = place.run(&["backup", file]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert!(!place.run(&["backup", file]).status.success(), "a back-up was overwritten");
    assert_eq!(server.post("/v1/traces", &span(1, 100).2).0, 200);
    assert!(server.stop().success());
    assert!(!place.run(&["restore", file]).status.success(), "a database was overwritten without --force");
    let done = place.run(&["restore", file, "--force"]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let server = place.serve();
    let read = |number| {
        let (trace_id, span_id, _) = span(number, 0);
        server.get(&format!("/v3/traces/{trace_id}/spans/{span_id}")).0
    };
    assert_eq!((read(0), read(1)), (200, 404));
}

#[test]
fn a_back_up_of_a_running_server_brings_its_data_back_on_sqlite() {
    back_up_and_restore(&Place::sqlite());
}

#[test]
fn a_back_up_of_a_running_server_brings_its_data_back_on_postgres() {
    back_up_and_restore(&Place::postgres());
}

#[test]
fn a_restore_under_a_running_server_is_refused() {
    let place = Place::sqlite();
    let file = place.path("backup");
    let file = file.to_str().unwrap();
    let server = place.serve();
    assert!(place.run(&["backup", file]).status.success());
    let done = place.run(&["restore", file, "--force"]);
    let told = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(!done.status.success() && told.contains("A server is running"), "{told}");
    assert_eq!(server.get("/readyz").0, 200);
}

#[test]
fn a_damaged_back_up_is_refused_and_the_database_stays() {
    let place = Place::sqlite();
    assert!(place.serve().stop().success());
    std::fs::write(place.path("broken"), "this is not a back-up ".repeat(400)).unwrap();
    let broken = place.path("broken");
    let done = place.run(&["restore", broken.to_str().unwrap(), "--force"]);
    assert!(!done.status.success() && String::from_utf8_lossy(&done.stderr).contains("damaged or no back-up"));
    assert_eq!(place.serve().get("/readyz").0, 200);
}

#[test]
fn members_and_keys_are_added_listed_and_taken_away() {
    let place = Place::sqlite();
    let run = |arguments: &[&str], input: &str| {
        let mut child = place.command(arguments);
        child.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
        child.stderr(std::process::Stdio::piped());
        let mut child = child.spawn().unwrap();
        // A program that does not ask may be gone already.
        drop(std::io::Write::write_all(&mut child.stdin.take().unwrap(), input.as_bytes()));
        let done = child.wait_with_output().unwrap();
        (
            done.status.success(),
            format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr)),
        )
    };
    assert!(run(&["user", "add", "Ann@example.com", "--role", "reviewer"], "correct horse battery\n").0);
    assert!(run(&["user", "list"], "").1.contains("ann@example.com"));
    let (taken, told) = run(&["user", "add", "ann@example.com"], "correct horse battery\n");
    assert!(!taken && told.contains("already"), "{told}");
    let (weak, told) = run(&["user", "passwd", "ann@example.com"], "short\n");
    assert!(!weak && told.to_lowercase().contains("at least"), "{told}");
    let (unknown, told) = run(&["user", "passwd", "ben@example.com"], "correct horse battery\n");
    assert!(!unknown && told.contains("ben@example.com"), "{told}");

    let (made, token) = run(&["key", "create", "app", "--scopes", "ingest"], "");
    assert!(made && token.starts_with("sk-orq-"), "{token}");
    let listed = run(&["key", "list"], "").1;
    assert!(listed.contains("app") && !listed.contains(token.trim()), "{listed}");
    let id = listed.split(' ').next().unwrap();
    assert!(run(&["key", "revoke", id], "").0 && !run(&["key", "revoke", id], "").0);
    assert_eq!(run(&["key", "list"], "").1, "");
}
