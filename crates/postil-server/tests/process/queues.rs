//! Reviewers at work on two servers with one PostgreSQL, one of which is killed again and again: no item is judged twice,
//! none is left out, and what was acknowledged is there.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::server::{KEY, Place, Server, send, send_as, span};

const ITEMS: u64 = 60;
const REVIEWERS: usize = 6;
const KILLS: usize = 3;

/// Where the servers listen now.
type Addresses = Arc<Mutex<Vec<String>>>;

/// Asks one server after the other until one answers.
fn ask(servers: &Addresses, number: usize, key: &str, path: &str, body: &Value) -> (u16, Value) {
    for attempt in number.. {
        let address = {
            let servers = servers.lock().unwrap();
            servers[attempt % servers.len()].clone()
        };
        match send_as(&address, key, "POST", path, body) {
            Some((429 | 503, _)) | None => std::thread::yield_now(),
            Some(answer) => return answer,
        }
    }
    unreachable!("there are always more attempts")
}

/// Judges until nothing is left. Every submission is sent again until it is answered, by its id.
fn review(servers: &Addresses, number: usize, key: &str, queue: &str, done: &AtomicUsize) -> Vec<String> {
    let mut judged = Vec::new();
    loop {
        let claim = format!("/v3/queues/{queue}/claim");
        let (status, claimed) = ask(servers, number + judged.len(), key, &claim, &json!({"ahead": 0}));
        assert_eq!(status, 200, "{claimed}");
        let Some(item) = claimed["items"][0]["item"]["id"].as_str() else {
            if claimed["progress"]["completed"] == ITEMS {
                return judged;
            }
            std::thread::yield_now();
            continue;
        };
        let submit = format!("/v3/queues/{queue}/items/{item}/submit");
        let answers = json!([{"key": "correction", "value": format!("said by {number}")}]);
        let body = json!({"answers": answers, "submission_id": format!("{item} by {number}"), "ahead": 0});
        let (status, answer) = ask(servers, number + judged.len(), key, &submit, &body);
        assert_eq!((status, &answer["item"]["state"]), (200, &json!("completed")), "{answer}");
        judged.push(item.to_owned());
        done.fetch_add(1, Ordering::Relaxed);
    }
}

fn prepare(server: &Server) -> (String, Vec<String>) {
    let mut items = Vec::new();
    for number in 0..ITEMS {
        let (trace_id, span_id, body) = span(number, 200);
        assert_eq!(server.post("/v1/traces", &body).0, 200);
        items.push(json!({"trace_id": trace_id, "span_id": span_id}));
    }
    let (status, queue) = server.post("/v3/queues", &json!({"display_name": "Killed", "lease_seconds": 86_400}));
    assert!(status < 300, "{queue}");
    let id = queue["id"].as_str().unwrap().to_owned();
    let (status, added) = server.post(&format!("/v3/queues/{id}/items"), &json!({"items": items}));
    assert_eq!((status, &added["added"]), (200, &json!(ITEMS)), "{added}");
    let key = |number: usize| {
        let wanted = json!({"name": format!("reviewer {number}"), "scopes": ["annotate"]});
        let (status, made) = server.post("/v2/api-keys", &wanted);
        assert!(status < 300, "{made}");
        let token = ["token", "key", "api_key", "value"].iter().find_map(|name| made[*name].as_str());
        token.unwrap_or_else(|| panic!("{made}")).to_owned()
    };
    (id, (0..REVIEWERS).map(key).collect())
}

#[test]
fn killing_one_of_two_servers_in_the_middle_of_reviewing_loses_nothing_and_doubles_nothing() {
    let place = Place::postgres();
    let stays = place.serve();
    let mut dies = place.serve();
    let (queue, keys) = prepare(&stays);
    let servers: Addresses = Arc::new(Mutex::new(vec![stays.address.clone(), dies.address.clone()]));
    let done = Arc::new(AtomicUsize::new(0));
    let reviewers: Vec<_> = keys
        .iter()
        .enumerate()
        .map(|(number, key)| {
            let (servers, key) = (Arc::clone(&servers), key.clone());
            let (queue, done) = (queue.clone(), Arc::clone(&done));
            std::thread::spawn(move || review(&servers, number, &key, &queue, &done))
        })
        .collect();
    for kill in 1..=KILLS {
        while done.load(Ordering::Relaxed) < kill * usize::try_from(ITEMS).unwrap() / (KILLS + 1) {
            assert!(reviewers.iter().any(|reviewer| !reviewer.is_finished()), "the reviewers gave up");
            std::thread::yield_now();
        }
        dies.kill();
        dies = place.serve();
        servers.lock().unwrap()[1].clone_from(&dies.address);
    }
    let judged: Vec<_> = reviewers.into_iter().map(|reviewer| reviewer.join().unwrap()).collect();
    let mut counts: HashMap<&str, usize> = HashMap::new();
    judged.iter().flatten().for_each(|item| *counts.entry(item).or_default() += 1);
    assert_eq!(counts.len() as u64, ITEMS, "every item was judged");
    assert!(counts.values().all(|count| *count == 1), "{counts:?}");
    let (_, said) = send(&stays.address, "GET", "/v2/annotations?limit=200", &Value::Null).unwrap();
    assert_eq!(said["data"].as_array().unwrap().len() as u64, ITEMS);
    let (_, seen) = send_as(&stays.address, KEY, "GET", &format!("/v3/queues/{queue}"), &Value::Null).unwrap();
    assert_eq!((&seen["progress"]["completed"], &seen["progress"]["answers"]), (&json!(ITEMS), &json!(ITEMS)));
}
