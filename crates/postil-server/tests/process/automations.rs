//! Automations of servers that are killed while they act: every trace is acted on, and none twice.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::server::{Place, Server, span};

const WAVES: u64 = 5;
const IN_A_WAVE: u64 = 30;

/// Makes an automation that takes a datapoint from every trace, which would show if it acted twice. Its id, and the
/// dataset.
fn prepare(server: &Server) -> (String, String) {
    let (status, dataset) = server.post("/v2/datasets", &json!({"display_name": "Killed"}));
    assert!(status < 300, "{dataset}");
    let dataset = dataset["_id"].as_str().unwrap().to_owned();
    let actions = json!([{"type": "add_to_dataset", "dataset_id": dataset}, {"type": "add_tag", "tag": "taken"}]);
    let wanted = json!({"name": "Take all", "quiet_seconds": 1, "actions": actions});
    let (status, made) = server.post("/v2/automations", &wanted);
    assert_eq!(status, 200, "{made}");
    (made["id"].as_str().unwrap().to_owned(), dataset)
}

fn acted(server: &Server, automation: &str) -> u64 {
    let (status, seen) = server.get(&format!("/v2/automations/{automation}"));
    assert_eq!((status, &seen["totals"]["failed"]), (200, &json!(0)), "{seen}");
    seen["totals"]["acted"].as_u64().unwrap()
}

fn wait_until_acted(server: &Server, automation: &str, count: u64) {
    while acted(server, automation) < count {
        std::thread::yield_now();
    }
}

/// Sends the traces of a wave, and spans of the wave before again, which are late or were lost on their way back.
fn send_wave(server: &Server, wave: u64) {
    for number in wave * IN_A_WAVE..(wave + 1) * IN_A_WAVE {
        assert_eq!(server.post("/v1/traces", &span(number, 50).2).0, 200);
        if let Some(before) = number.checked_sub(IN_A_WAVE) {
            assert_eq!(server.post("/v1/traces", &span(before, 50).2).0, 200);
        }
    }
}

fn check(server: &Server, automation: &str, dataset: &str) {
    let all = WAVES * IN_A_WAVE;
    wait_until_acted(server, automation, all);
    // What came again at last has settled too when this one is acted on.
    assert_eq!(server.post("/v1/traces", &span(all, 50).2).0, 200);
    wait_until_acted(server, automation, all + 1);
    let (_, points) = server.get(&format!("/v2/datasets/{dataset}/datapoints?limit=200"));
    let (_, runs) = server.get(&format!("/v2/automations/{automation}/runs?limit=200"));
    let points = points["data"].as_array().unwrap().len();
    let mut counts: HashMap<&str, u64> = HashMap::new();
    for run in runs["data"].as_array().unwrap() {
        *counts.entry(run["trace_id"].as_str().unwrap()).or_default() += 1;
    }
    assert_eq!((points as u64, counts.len() as u64), (all + 1, all + 1));
    assert!(counts.values().all(|count| *count == 1), "{counts:?}");
    let tagged = json!({"from": "2020-01-01T00:00:00Z", "to": "2100-01-01T00:00:00Z", "limit": 1000,
        "filters": [{"field": "tags", "op": "eq", "values": ["taken"]}]});
    let (_, found) = server.post("/v3/traces/search", &tagged);
    assert_eq!(found["data"].as_array().map_or(0, Vec::len) as u64, all + 1, "{}", keys(&found));
}

fn keys(value: &Value) -> String {
    value.as_object().map_or_else(String::new, |map| map.keys().cloned().collect::<Vec<_>>().join(" "))
}

#[test]
fn a_server_that_is_killed_while_it_acts_leaves_nothing_out_and_does_nothing_twice() {
    let place = Place::sqlite();
    let mut server = place.serve();
    let (automation, dataset) = prepare(&server);
    for wave in 0..WAVES {
        send_wave(&server, wave);
        // Killed as soon as it begins to act on what it just got.
        wait_until_acted(&server, &automation, wave * IN_A_WAVE + 1);
        server.kill();
        server = place.serve();
    }
    check(&server, &automation, &dataset);
}

#[test]
fn two_servers_of_which_one_is_killed_act_once_on_every_trace() {
    let place = Place::postgres();
    let stays = place.serve();
    let mut dies = place.serve();
    let (automation, dataset) = prepare(&stays);
    for wave in 0..WAVES {
        send_wave(if wave % 2 == 0 { &stays } else { &dies }, wave);
        wait_until_acted(&stays, &automation, wave * IN_A_WAVE + 1);
        dies.kill();
        dies = place.serve();
    }
    check(&stays, &automation, &dataset);
}
