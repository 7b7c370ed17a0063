//! Automations over HTTP: settings, rights, trials, history, the log.

use postil_server::{automations, jobs};
use serde_json::{Value, json};

use crate::app::{Client, TestApp};

async fn send(key: &Client<'_>, traces: std::ops::Range<u64>, name: &str) {
    let spans: Vec<_> = traces
        .map(|number| {
            let at = 1_795_255_100_000_000_000 + number;
            json!({"traceId": format!("{number:032x}"), "spanId": format!("{number:016x}"), "name": name, "kind": 3,
                "startTimeUnixNano": at.to_string(), "endTimeUnixNano": (at + 1000).to_string()})
        })
        .collect();
    key.post("/v1/traces", json!({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]})).await.expect(200);
}

async fn queue(key: &Client<'_>) -> String {
    let made = key.post("/v3/queues", json!({"display_name": "Bad ones"})).await.expect(200).json();
    made["id"].as_str().unwrap().to_owned()
}

fn bad(queue: &str) -> Value {
    json!({"name": "Bad ones", "filters": [{"field": "name", "op": "eq", "values": ["bad"]}],
        "actions": [{"type": "add_to_queue", "queue_id": queue, "priority": 5}, {"type": "add_tag", "tag": " seen "}]})
}

async fn settle(test: &TestApp) {
    test.clock.advance(10_000_000);
    automations::work_off(&test.app).await.unwrap();
}

fn path(made: &Value, rest: &str) -> String {
    format!("/v2/automations/{}{rest}", made["id"].as_str().unwrap())
}

#[tokio::test]
async fn an_automation_comes_back_as_it_was_made_with_everything_filled() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    let queue = queue(&admin).await;
    let made = admin.post("/v2/automations", bad(&queue)).await.expect(200).json();
    for (field, value) in [
        ("name", json!("Bad ones")),
        ("project_id", json!(test.project_id)),
        ("enabled", json!(true)),
        ("filters", json!([{"field": "name", "op": "eq", "values": ["bad"]}])),
        ("filter_operator", json!("and")),
        ("triggers", json!(["settled"])),
        ("quiet_seconds", json!(5)),
        ("idle_seconds", json!(300)),
        ("sampling_rate", json!(100.0)),
        ("strata", json!([])),
        ("version", json!(1)),
        ("totals", json!({"acted": 0, "not_sampled": 0, "over_quota": 0, "failed": 0})),
        (
            "actions",
            json!([{"type": "add_to_queue", "queue_id": queue, "kind": "span", "priority": 5},
                {"type": "add_tag", "tag": "seen"}]),
        ),
    ] {
        assert_eq!(made[field], value, "{field}");
    }
    assert_eq!(admin.get(&path(&made, "")).await.expect(200).json(), made);
    let listed = admin.get("/v2/automations?search=BAD&limit=1").await.expect(200).json();
    assert_eq!((&listed["data"], &listed["has_more"]), (&json!([made]), &json!(false)));
    assert_eq!(admin.get("/v2/automations?search=nothing").await.expect(200).json()["data"], json!([]));
}

#[tokio::test]
async fn a_change_keeps_what_it_does_not_mention_and_null_clears() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    let queue = queue(&admin).await;
    let mut wanted = bad(&queue);
    wanted["description"] = json!("for the night shift");
    wanted["per_day"] = json!(50);
    let made = admin.post("/v2/automations", wanted).await.expect(200).json();
    assert_eq!((&made["description"], &made["per_day"]), (&json!("for the night shift"), &json!(50)));
    let change = json!({"description": null, "per_day": null, "sampling_rate": 12.5, "triggers": ["feedback"],
        "strata": [{"name": "rated", "filters": [{"field": "annotation.rating", "op": "eq", "values": ["bad"]}],
            "sampling_rate": 100, "per_day": 7}]});
    let changed = admin.patch(&path(&made, ""), change).await.expect(200).json();
    assert_eq!((changed.get("description"), changed.get("per_day")), (None, None));
    assert_eq!((&changed["version"], &changed["sampling_rate"]), (&json!(2), &json!(12.5)));
    assert_eq!((&changed["triggers"], &changed["actions"]), (&json!(["feedback"]), &made["actions"]));
    let stratum = json!({"name": "rated", "filters": [{"field": "annotation.rating", "op": "eq", "values": ["bad"]}],
        "filter_operator": "and", "sampling_rate": 100.0, "per_day": 7});
    assert_eq!((&changed["strata"], &changed["filters"]), (&json!([stratum]), &made["filters"]));
    admin.delete(&path(&made, "")).await.expect(204);
    admin.get(&path(&made, "")).await.error(404);
    admin.patch(&path(&made, ""), json!({"enabled": false})).await.error(404);
    admin.delete(&path(&made, "")).await.error(404);
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_by_name_and_stores_nothing() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    let queue = queue(&admin).await;
    let filter = |op: &str| json!([{"field": "name", "op": op, "values": ["x"]}]);
    let stratum = |name: &str| json!({"name": name, "filters": filter("eq")});
    let many = json!({"field": "name", "op": "in", "values": vec!["x"; 100]});
    for (change, field) in [
        (json!({"name": " "}), "name"),
        (json!({"name": "n".repeat(129)}), "name"),
        (json!({"description": "d".repeat(501)}), "description"),
        (json!({"triggers": []}), "triggers"),
        (json!({"triggers": ["settled", "soon"]}), "triggers[1]"),
        (json!({"quiet_seconds": 0}), "quiet_seconds"),
        (json!({"idle_seconds": 9}), "idle_seconds"),
        (json!({"sampling_rate": 100.1}), "sampling_rate"),
        (json!({"sampling_rate": -1}), "sampling_rate"),
        (json!({"per_day": 0}), "per_day"),
        (json!({"filters": filter("like")}), "filters[0].op"),
        (json!({"filter_operator": "xor"}), "filter_operator"),
        (json!({"query": "q".repeat(1001)}), "query"),
        (json!({"strata": [stratum("a"), stratum("a")]}), "strata[1].name"),
        (json!({"strata": [stratum("")]}), "strata[0].name"),
        (json!({"strata": [{"name": "a", "filters": filter("like")}]}), "strata[0].filters[0].op"),
        (json!({"strata": [{"name": "a", "filter_operator": "xor"}]}), "strata[0].filter_operator"),
        (json!({"strata": [{"name": "a", "per_day": 0}]}), "strata[0].per_day"),
        (json!({"strata": vec![stratum("a"); 11]}), "strata"),
        (
            json!({"strata": [{"name": "a", "filters": vec![many.clone(); 30]},
            {"name": "b", "filters": vec![many; 30]}]}),
            "strata",
        ),
        (json!({"actions": []}), "actions"),
        (json!({"actions": [{"type": "explode"}]}), "actions[0].type"),
        (json!({"actions": [{"type": "add_to_queue"}]}), "actions[0].queue_id"),
        (json!({"actions": [{"type": "add_to_queue", "queue_id": "nowhere"}]}), "actions[0].queue_id"),
        (json!({"actions": [{"type": "add_to_queue", "queue_id": queue, "kind": "log"}]}), "actions[0].kind"),
        (json!({"actions": [{"type": "add_to_queue", "queue_id": queue, "priority": 1001}]}), "actions[0].priority"),
        (
            json!({"actions": [{"type": "add_to_queue", "queue_id": queue, "assignee_id": "x"}]}),
            "actions[0].assignee_id",
        ),
        (json!({"actions": [{"type": "add_to_dataset", "dataset_id": "nowhere"}]}), "actions[0].dataset_id"),
        (json!({"actions": [{"type": "call_webhook", "webhook_id": "nowhere"}]}), "actions[0].webhook_id"),
        (json!({"actions": [{"type": "extend_retention", "days": 0}]}), "actions[0].days"),
        (json!({"actions": [{"type": "add_tag", "tag": "  "}]}), "actions[0].tag"),
    ] {
        let mut wanted = bad(&queue);
        for (name, value) in change.as_object().unwrap() {
            wanted[name] = value.clone();
        }
        let told = admin.post("/v2/automations", wanted).await.expect(400).json();
        assert_eq!(told["field"], field, "{told}");
    }
    let nameless = json!({"actions": [{"type": "add_tag", "tag": "a"}]});
    assert_eq!(admin.post("/v2/automations", nameless).await.expect(400).json()["field"], "name");
    assert_eq!(admin.get("/v2/automations").await.json()["data"], json!([]));
}

#[tokio::test]
async fn those_who_define_make_automations_and_those_who_read_see_them() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    let queue = queue(&admin).await;
    let made = admin.post("/v2/automations", bad(&queue)).await.expect(200).json();
    let reader = test.with_scopes(&["read"]).await;
    reader.get(&path(&made, "")).await.expect(200);
    reader.get(&path(&made, "/runs")).await.expect(200);
    reader.post("/v2/automations/dry-run", json!({})).await.expect(200);
    reader.post("/v2/automations", bad(&queue)).await.error(403);
    reader.patch(&path(&made, ""), json!({"enabled": false})).await.error(403);
    reader.post(&path(&made, "/back-fill"), json!({})).await.error(403);
    reader.delete(&path(&made, "")).await.error(403);
    let reviewer = test.with_scopes(&["annotate"]).await;
    reviewer.get("/v2/automations").await.error(403);
    reviewer.get(&path(&made, "/runs")).await.error(403);
    reviewer.post("/v2/automations/dry-run", json!({})).await.error(403);
    test.anonymous().get("/v2/automations").await.error(401);
}

#[tokio::test]
async fn what_it_did_is_listed_newest_first_and_by_outcome() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    let queue = queue(&admin).await;
    let mut wanted = bad(&queue);
    wanted["per_day"] = json!(3);
    let made = admin.post("/v2/automations", wanted).await.expect(200).json();
    for number in 1..=5 {
        send(&admin, number..number + 1, "bad").await;
        settle(&test).await;
    }
    send(&admin, 6..7, "good").await;
    settle(&test).await;
    let runs = admin.get(&path(&made, "/runs?limit=2")).await.expect(200).json();
    assert_eq!((runs["data"].as_array().unwrap().len(), &runs["has_more"]), (2, &json!(true)));
    let first = &runs["data"][0];
    assert_eq!((&first["trace_id"], &first["outcome"]), (&json!(format!("{:032x}", 5)), &json!("over_quota")));
    let after = format!("/runs?limit=10&starting_after={}", runs["data"][1]["id"].as_str().unwrap());
    let rest = admin.get(&path(&made, &after)).await.expect(200).json();
    let outcomes: Vec<_> =
        rest["data"].as_array().unwrap().iter().map(|run| run["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["acted"; 3]);
    let run = &rest["data"][0];
    assert_eq!((&run["trace_name"], &run["trigger"]), (&json!("bad"), &json!("settled")));
    assert_eq!(
        run["actions"],
        json!([{"type": "add_to_queue", "outcome": "done", "detail": "Added to the queue “Bad ones”."},
            {"type": "add_tag", "outcome": "done", "detail": "Tagged “seen”."}])
    );
    let over = admin.get(&path(&made, "/runs?outcome=over_quota")).await.expect(200).json();
    assert_eq!(over["data"].as_array().unwrap().len(), 2);
    assert_eq!(admin.get(&path(&made, "/runs?outcome=lost")).await.expect(400).json()["field"], "outcome");
    let shown = admin.get(&path(&made, "")).await.json();
    assert_eq!(shown["totals"], json!({"acted": 3, "not_sampled": 0, "over_quota": 2, "failed": 0}));
    assert!(shown["last_acted_at"].is_string());
    let items = admin.get(&format!("/v3/queues/{queue}/items")).await.expect(200).json();
    let item = &items["data"][0];
    assert_eq!(
        (&item["kind"], &item["priority"], &item["added_by"]["display_name"]),
        (&json!("span"), &json!(5), &json!("Bad ones"))
    );
}

#[tokio::test]
async fn a_trial_over_http_shows_what_matches_and_why() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    send(&admin, 1..5, "bad").await;
    send(&admin, 5..9, "good").await;
    let wanted = json!({"filters": [{"field": "name", "op": "eq", "values": ["bad"]}], "sampling_rate": 0,
        "strata": [{"name": "second", "query": format!("{:032x}", 2)}], "limit": 3, "days": 2});
    let tried = admin.post("/v2/automations/dry-run", wanted).await.expect(200).json();
    assert_eq!(
        (&tried["days"], &tried["looked_at"], &tried["matches"], &tried["would_act"], &tried["truncated"]),
        (&json!(2), &json!(8), &json!(4), &json!(1), &json!(false))
    );
    assert_eq!(tried["strata"], json!([{"name": "second", "matches": 1, "would_act": 1}]));
    let shown: Vec<_> = tried["traces"].as_array().unwrap().iter().map(|one| one["acts"].as_bool().unwrap()).collect();
    assert_eq!(shown, [false, false, true], "newest first");
    assert_eq!(tried["traces"][2]["reason"], "Matches the group “second”.");
    for (wanted, field) in [
        (json!({"days": 0}), "days"),
        (json!({"limit": 101}), "limit"),
        (json!({"limit": -1}), "limit"),
        (json!({"sampling_rate": 101}), "sampling_rate"),
        (json!({"filters": [{"field": "colour", "op": "eq", "values": ["x"]}]}), "filters[0].field"),
    ] {
        assert_eq!(admin.post("/v2/automations/dry-run", wanted).await.expect(400).json()["field"], field);
    }
    admin.post("/v2/automations/dry-run", json!({"automation_id": "nowhere"})).await.error(404);
}

#[tokio::test]
async fn history_is_filled_by_a_job_that_can_be_canceled() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    send(&admin, 1..30, "bad").await;
    send(&admin, 30..40, "good").await;
    let queue = queue(&admin).await;
    let made = admin.post("/v2/automations", bad(&queue)).await.expect(200).json();
    let fill = path(&made, "/back-fill");
    let job = admin.post(&fill, json!({})).await.expect(202).json();
    assert_eq!((&job["kind"], &job["total"]), (&json!("automation_back_fill"), &json!(39)));
    let cancel = format!("/v2/jobs/{}/cancel", job["id"].as_str().unwrap());
    assert_eq!(admin.post(&cancel, json!({})).await.expect(200).json()["state"], "canceled");
    jobs::work_off(&test.app, "worker").await.unwrap();
    assert_eq!(admin.get(&path(&made, "/runs")).await.json()["data"], json!([]));
    let job = admin.post(&fill, json!({"from": "2026-11-20T00:00:00Z"})).await.expect(202).json();
    jobs::work_off(&test.app, "worker").await.unwrap();
    let job = admin.get(&format!("/v2/jobs/{}", job["id"].as_str().unwrap())).await.expect(200).json();
    assert_eq!((&job["state"], &job["done"]), (&json!("done"), &json!(39)));
    assert_eq!(admin.get(&path(&made, "")).await.json()["totals"]["acted"], 29);
    let runs = admin.get(&path(&made, "/runs?limit=1")).await.json();
    assert_eq!(runs["data"][0]["trigger"], "back_fill");
    let wrong = json!({"from": "2026-11-20T00:00:00Z", "to": "2026-11-19T00:00:00Z"});
    assert_eq!(admin.post(&fill, wrong).await.expect(400).json()["field"], "to");
    assert_eq!(admin.post(&fill, json!({"from": "yesterday"})).await.expect(400).json()["field"], "from");
    // A job whose automation is gone says so.
    let job = admin.post(&fill, json!({})).await.expect(202).json();
    admin.delete(&path(&made, "")).await.expect(204);
    jobs::work_off(&test.app, "worker").await.unwrap();
    let job = admin.get(&format!("/v2/jobs/{}", job["id"].as_str().unwrap())).await.expect(200).json();
    assert_eq!(job["state"], "failed");
}

#[tokio::test]
async fn a_queue_that_went_is_told_in_the_log_and_beside_the_automation() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    let queue = queue(&admin).await;
    let made = admin.post("/v2/automations", bad(&queue)).await.expect(200).json();
    admin.delete(&format!("/v3/queues/{queue}")).await;
    send(&admin, 1..3, "bad").await;
    settle(&test).await;
    let shown = admin.get(&path(&made, "")).await.expect(200).json();
    let why = format!("The annotation queue with id \"{queue}\" was not found.");
    assert_eq!((&shown["totals"]["failed"], &shown["last_error"]["message"]), (&json!(2), &json!(why)));
    let runs = admin.get(&path(&made, "/runs?outcome=failed")).await.expect(200).json();
    assert_eq!((&runs["data"][0]["reason"], &runs["data"][0]["actions"][1]["outcome"]), (&json!(why), &json!("done")));
    // Nothing that was saved can be saved again with what is gone, but what is not mentioned stays.
    admin.patch(&path(&made, ""), json!({"enabled": false})).await.expect(200);
    admin.patch(&path(&made, ""), json!({"actions": made["actions"]})).await.error(400);
}
