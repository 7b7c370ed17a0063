//! SIGKILL at any moment loses nothing that was answered with 200.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::json;

use crate::server::{Place, send, span};

/// How often the server is killed, and how many callers are at work meanwhile.
const KILLS: usize = 6;
const CALLERS: usize = 8;
/// Acknowledgements a round waits for before the kill, so that every round has work in flight.
const AT_LEAST: u64 = 25;

/// Sends spans, and with `annotates` an annotation on each, until the server goes away.
fn call(address: &str, numbers: &AtomicU64, count: &AtomicU64, kept: &Mutex<Vec<(String, u64)>>, annotates: bool) {
    loop {
        let number = numbers.fetch_add(1, Ordering::Relaxed);
        let (trace_id, span_id, body) = span(number, 2000);
        match send(address, "POST", "/v1/traces", &body) {
            Some((200, _)) if !annotates => {
                kept.lock().unwrap().push((format!("/v3/traces/{trace_id}/spans/{span_id}"), number));
            }
            Some((200, _)) => {
                let path = format!("/v2/traces/{trace_id}/spans/{span_id}/annotation");
                let judgement = json!({"annotations": [{"key": "correction", "value": format!("said {number}.")}]});
                match send(address, "POST", &path, &judgement) {
                    Some((200, _)) => kept.lock().unwrap().push((path, number)),
                    Some((status, body)) => panic!("{path}: {status} {body}"),
                    None => return,
                }
            }
            Some((429 | 503, _)) => continue,
            Some((status, body)) => panic!("{status} {body}"),
            None => return,
        }
        count.fetch_add(1, Ordering::Relaxed);
    }
}

fn kill_again_and_again(place: &Place, annotates: bool) {
    let kept = Arc::new(Mutex::new(Vec::new()));
    let numbers = Arc::new(AtomicU64::new(0));
    for _ in 0..KILLS {
        let server = place.serve();
        let count = Arc::new(AtomicU64::new(0));
        let over = Arc::new(AtomicBool::new(false));
        let callers: Vec<_> = (0..CALLERS)
            .map(|_| {
                let (address, numbers) = (server.address.clone(), Arc::clone(&numbers));
                let (count, kept, over) = (Arc::clone(&count), Arc::clone(&kept), Arc::clone(&over));
                std::thread::spawn(move || {
                    // A caller that fails must end the wait below.
                    let outcome = std::panic::catch_unwind(|| call(&address, &numbers, &count, &kept, annotates));
                    over.store(true, Ordering::Relaxed);
                    outcome
                })
            })
            .collect();
        while count.load(Ordering::Relaxed) < AT_LEAST && !over.load(Ordering::Relaxed) {
            std::thread::yield_now();
        }
        server.kill();
        for caller in callers {
            caller.join().unwrap().expect("a caller gets only 200, 429 or 503");
        }
    }
    let kept = kept.lock().unwrap();
    assert!(kept.len() as u64 >= AT_LEAST * KILLS as u64, "{}", kept.len());
    let server = place.serve();
    for (path, number) in kept.iter() {
        let (status, body) = server.get(path);
        assert_eq!(status, 200, "{path} was acknowledged and is lost: {body}");
        let mark = if annotates { format!("said {number}.") } else { format!("chat {number}") };
        assert!(body.to_string().contains(&mark), "{path} lost {mark}: {body}");
    }
    assert!(server.stop().success());
    let doctor = place.run(&["doctor"]);
    assert!(doctor.status.success(), "{}", String::from_utf8_lossy(&doctor.stdout));
}

#[test]
fn killing_the_server_again_and_again_loses_no_acknowledged_span_on_sqlite() {
    kill_again_and_again(&Place::sqlite(), false);
}

#[test]
fn killing_the_server_again_and_again_loses_no_acknowledged_span_on_postgres() {
    kill_again_and_again(&Place::postgres(), false);
}

#[test]
fn killing_the_server_again_and_again_loses_no_acknowledged_annotation_on_sqlite() {
    kill_again_and_again(&Place::sqlite(), true);
}

#[test]
fn killing_the_server_again_and_again_loses_no_acknowledged_annotation_on_postgres() {
    kill_again_and_again(&Place::postgres(), true);
}
