//! Rows of an older mapping come right: by hand beside a running server, and by themselves after an upgrade.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use postil::db::Location;
use postil::{Db, params};

use crate::server::{Place, Server, span};

/// How many spans there are, each a trace of its own.
const SPANS: u64 = 150;

fn told(done: &std::process::Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr))
}

/// Makes all rows wrong, as a mapping of this version would have.
fn spoil(location: &Location, version: i64) {
    let db = Db::open(location).unwrap();
    db.write_blocking(move |tx| {
        for table in ["span", "trace"] {
            tx.execute(&format!("update {table} set name = 'spoilt', mapper_version = $1"), params![version])?;
        }
        Ok(())
    })
    .unwrap();
    db.close(Duration::from_secs(10));
}

/// The name of a trace and of its span.
fn names_of(server: &Server, number: u64) -> [String; 2] {
    let (trace_id, span_id, _) = span(number, 0);
    let trace = server.get(&format!("/v3/traces/{trace_id}")).1;
    let span = server.get(&format!("/v3/traces/{trace_id}/spans/{span_id}")).1;
    let names = [&trace["trace"]["name"], &span["span"]["summary"]["name"]];
    names.map(|name| name.as_str().unwrap_or_default().to_owned())
}

fn fill(server: &Server) {
    for number in 0..SPANS {
        assert_eq!(server.post("/v1/traces", &span(number, 10).2).0, 200);
    }
}

/// Spoils everything under a running server, derives it again while spans go on coming in, and looks at all of them.
fn by_hand(place: &Place, location: &Location, arguments: &[&str], version: i64) {
    let server = place.serve();
    fill(&server);
    spoil(location, version);
    assert_eq!(names_of(&server, 3), ["spoilt", "spoilt"]);
    let (stop, sent) = (AtomicBool::new(false), AtomicU64::new(SPANS));
    let (done, slowest) = std::thread::scope(|scope| {
        let sender = scope.spawn(|| {
            let mut slowest = Duration::ZERO;
            while !stop.load(Ordering::SeqCst) {
                let begun = Instant::now();
                assert_eq!(server.post("/v1/traces", &span(sent.load(Ordering::SeqCst), 10).2).0, 200);
                slowest = slowest.max(begun.elapsed());
                sent.fetch_add(1, Ordering::SeqCst);
            }
            slowest
        });
        let done = place.run(arguments);
        stop.store(true, Ordering::SeqCst);
        (done, sender.join().unwrap())
    });
    assert!(done.status.success(), "{}", told(&done));
    assert!(told(&done).contains("Derived again: "), "{}", told(&done));
    let sent = sent.load(Ordering::SeqCst);
    assert!(sent > SPANS, "nothing came in meanwhile");
    for number in 0..sent {
        assert_eq!(names_of(&server, number), [(); 2].map(|()| format!("chat {number}")));
    }
    // A bound for a busy machine; an idle one takes a few milliseconds.
    assert!(slowest < Duration::from_secs(3), "a sender waited {slowest:?}");
}

fn sqlite(place: &Place) -> Location {
    Location::Sqlite(place.path("data/postil.db"))
}

#[test]
fn what_an_older_mapping_made_is_derived_again_beside_a_running_server_on_sqlite() {
    let place = Place::sqlite();
    by_hand(&place, &sqlite(&place), &["remap"], 0);
}

#[test]
fn everything_is_derived_again_beside_a_running_server_on_postgres() {
    let place = Place::postgres();
    // The version is right, the rows are not: what changed prices leave behind.
    by_hand(&place, &place.location(), &["remap", "--all", "--project", "default"], 1);
}

#[test]
fn a_project_that_is_not_there_is_named() {
    let place = Place::sqlite();
    let done = place.run(&["remap", "--project", "nowhere"]);
    assert!(!done.status.success());
    assert!(told(&done).contains("There is no project with the id or key nowhere"), "{}", told(&done));
}

/// After a restart the server derives again by itself what an older mapping made, and stops when it is told to.
fn by_itself(place: &Place, location: &Location) {
    let server = place.serve();
    fill(&server);
    assert!(server.stop().success());
    spoil(location, 0);
    // On PostgreSQL two at once: one does the work, the other leaves it alone.
    let count = if matches!(location, Location::Postgres(_)) { 2 } else { 1 };
    let servers: Vec<_> = (0..count).map(|_| place.serve()).collect();
    let begun = Instant::now();
    while (0..SPANS).any(|number| names_of(&servers[0], number).contains(&"spoilt".to_owned())) {
        assert!(begun.elapsed() < Duration::from_secs(60), "it does not come right");
    }
    let (status, page) = servers[0].get("/metrics");
    assert!(status == 200 && page.to_string().contains("postil_remap_traces_total"), "{page}");
    for server in servers {
        assert!(server.stop().success());
    }
}

#[test]
fn after_an_upgrade_rows_come_right_by_themselves_on_sqlite() {
    let place = Place::sqlite();
    by_itself(&place, &sqlite(&place));
}

#[test]
fn after_an_upgrade_rows_come_right_by_themselves_with_two_servers_on_postgres() {
    let place = Place::postgres();
    by_itself(&place, &place.location());
}
