//! Webhooks: made as clients of orq make them, told of what happens, and safe from what receivers do.

use postil::webhook::{Outcome, log};
use postil_server::state::Settings;
use postil_server::webhooks::deliver_due;
use postil_server::webhooks::network::Allowed;
use serde_json::{Value, json};

use crate::app::{Client, TestApp};
use crate::reviewed::{self, SPAN, TRACE, here, say};
use crate::webhook_receivers::{Manner, Receiver, answer};

const SECRET: &str = "0123456789abcdef0123456789abcdef";

async fn start() -> TestApp {
    let webhook_networks = Allowed::parse("127.0.0.1/32").unwrap();
    reviewed::start_with(Settings { webhook_networks, ..Settings::default() }).await
}

fn input(id: &str, url: &str, events: &[&str]) -> Value {
    json!({"_id": id, "url": url, "content_type": "application/json", "display_name": id, "events": events,
        "secret": SECRET})
}

async fn hook(client: &Client<'_>, id: &str, url: &str, events: &[&str]) -> Value {
    client.post("/v2/webhooks", input(id, url, events)).await.expect(200).json()
}

async fn deliveries(client: &Client<'_>, id: &str) -> Vec<Value> {
    let list = client.get(&format!("/v3/webhooks/{id}/deliveries?limit=200")).await.expect(200).json();
    list["data"].as_array().unwrap().clone()
}

async fn deliver(test: &TestApp) {
    deliver_due(&test.app, "test").await.unwrap();
}

/// Tells one webhook at `url` of one annotation, and what came of it.
async fn told(url: &str) -> Value {
    let test = start().await;
    let admin = test.admin().await;
    hook(&admin, "one", url, &["annotation.created"]).await;
    say(&admin, "rating", json!("good")).await.expect(200);
    deliver(&test).await;
    deliveries(&admin, "one").await.remove(0)
}

#[tokio::test]
async fn webhooks_are_kept_as_the_contract_says() {
    let test = start().await;
    let admin = test.admin().await;
    let secret = admin.get("/v2/webhooks/secret").await.expect(200).json()["secret"].as_str().unwrap().to_owned();
    assert!(secret.len() > 60 && secret != admin.get("/v2/webhooks/secret").await.json()["secret"]);
    let made = hook(&admin, "w1", "https://example.com/hook", &["annotation.created", "deployment.invoked"]).await;
    assert_eq!((&made["_id"], &made["secret"], &made["enabled"]), (&json!("w1"), &json!(SECRET), &json!(true)));
    for field in ["created_by_id", "updated_by_id", "created", "updated"] {
        assert!(made[field].as_str().is_some_and(|text| !text.is_empty()), "{field}");
    }
    test.clock.advance(1_000_000);
    hook(&admin, "w2", "https://example.com/other", &["annotation.changed"]).await;
    let read = admin.get("/v2/webhooks/w1").await.expect(200).json();
    assert_eq!((&read["secret"], &read["failure_count"]), (&json!("********cdef"), &json!(0)));
    let ids = |list: &Value| -> Vec<String> {
        list["items"].as_array().unwrap().iter().map(|one| one["_id"].as_str().unwrap().to_owned()).collect()
    };
    for (query, expected) in [
        ("", vec!["w2", "w1"]),
        ("?direction=asc", vec!["w1", "w2"]),
        ("?sort=display_name", vec!["w2", "w1"]),
        ("?event=deployment.invoked", vec!["w1"]),
        ("?search=OTHER", vec!["w2"]),
        ("?enabled=false", vec![]),
        ("?limit=1", vec!["w2"]),
        ("?limit=1&page=2", vec!["w1"]),
        ("?content_type=application/json&enabled=true&page=1", vec!["w2", "w1"]),
    ] {
        let list = admin.get(&format!("/v2/webhooks{query}")).await.expect(200).json();
        assert_eq!(ids(&list), expected, "{query}");
        assert!(list["items"].as_array().unwrap().iter().all(|one| one["secret"] == "********cdef"));
    }
    let first = admin.get("/v2/webhooks?limit=1").await.json();
    assert_eq!((&first["count"], &first["has_more"]), (&json!(2), &json!(true)));
    assert_eq!(admin.get("/v2/webhooks/count").await.expect(200).json(), json!({"total": 2}));
    let found = admin.post("/v2/webhooks/query", json!({"pagination": {"lastId": "w2"}, "filters": [{}]})).await;
    assert_eq!(ids(&found.expect(200).json()), ["w1"]);
    let found = admin.post("/v2/webhooks/query", json!({"sortingProps": [{"key": "created", "direction": "asc"}]}));
    assert_eq!(found.await.expect(200).json()["count"], 2);
    let changed = admin.patch("/v2/webhooks/w1", json!({"enabled": false, "secret": "********cdef"})).await;
    assert_eq!(changed.expect(200).json(), json!({"enabled": false, "secret": "********cdef"}));
    assert_eq!(admin.patch("/v2/webhooks/w1", json!({})).await.expect(200).json(), json!({}));
    assert_eq!(admin.get("/v2/webhooks/w1").await.json()["enabled"], false);
    assert_eq!(admin.delete("/v2/webhooks/w1").await.expect(200).json(), json!({"id": "w1"}));
    admin.get("/v2/webhooks/w1").await.error(404);
    admin.delete("/v2/webhooks/w1").await.error(404);
}

#[tokio::test]
async fn wrong_webhooks_are_refused_by_the_name_of_the_field() {
    let test = start().await;
    let admin = test.admin().await;
    let good = || input("x", "https://example.com", &["annotation.created"]);
    for (field, value) in [
        ("_id", json!("")),
        ("_id", json!("a/b")),
        ("_id", json!("count")),
        ("_id", json!("i".repeat(65))),
        ("url", json!("ftp://example.com")),
        ("url", json!("https://user:hunter2@example.com")),
        ("url", json!("http://10.0.0.1/hook")),
        ("url", json!("http://[::1]:9/hook")),
        ("url", json!("http://[::ffff:169.254.169.254]/latest/meta-data")),
        ("url", json!(format!("https://example.com/{}", "x".repeat(2000)))),
        ("content_type", json!("text/plain")),
        ("display_name", json!(" ")),
        ("secret", json!("")),
        ("events", json!([])),
    ] {
        let mut body = good();
        body[field] = value.clone();
        let refused = admin.post("/v2/webhooks", body.clone()).await.expect(400).json();
        assert_eq!(refused["field"], field, "{value}: {refused}");
        assert!(!refused.to_string().contains("hunter2"), "{refused}");
        body[field] = Value::Null;
        assert_eq!(admin.post("/v2/webhooks", body).await.expect(400).json()["field"], field);
    }
    let mut body = good();
    body["events"] = json!(["annotation.created", "annotation.crated"]);
    assert_eq!(admin.post("/v2/webhooks", body).await.expect(400).json()["field"], "events[1]");
    for query in ["?page=0", "?limit=201", "?sort=name", "?direction=up", "?content_type=x"] {
        admin.get(&format!("/v2/webhooks{query}")).await.error(400);
    }
    assert_eq!(admin.get("/v2/webhooks/count").await.json()["total"], 0);
    admin.post("/v2/webhooks", good()).await.expect(200);
    admin.post("/v2/webhooks", good()).await.error(409);
    admin.patch("/v2/webhooks/x", json!({"url": "http://127.0.0.2/"})).await.error(400);
    for scopes in [["read"], ["annotate"]] {
        test.with_scopes(&scopes).await.get("/v2/webhooks").await.error(403);
        test.with_scopes(&scopes).await.get("/v3/webhooks/x/deliveries").await.error(403);
    }
}

#[tokio::test]
async fn what_people_say_is_told_signed_and_once_for_each_change() {
    let test = start().await;
    let admin = test.admin().await;
    let receiver = Receiver::start(Manner::Says(answer("200 OK", "", "thanks"))).await;
    let events = ["annotation.created", "annotation.changed", "annotation.removed"];
    hook(&admin, "one", &receiver.url(), &events).await;
    let steps: [(&str, Value); 3] = [("good", json!("good")), ("good", json!("good")), ("bad", json!("bad"))];
    for (_, value) in steps {
        say(&admin, "rating", value).await.expect(200);
        deliver(&test).await;
    }
    admin.delete_with(&here(), json!({"keys": ["rating"]})).await.expect(200);
    // What is refused tells nobody.
    say(&admin, "rating", json!("excellent")).await.error(400);
    deliver(&test).await;
    let received = receiver.received().await;
    let kinds: Vec<_> = received.iter().map(|one| one.json()["type"].as_str().unwrap().to_owned()).collect();
    assert_eq!(kinds, events, "the same said twice is no change");
    let first = &received[0];
    assert_eq!(first.line, "POST /hook?from=postil HTTP/1.1");
    assert_eq!(first.header("content-type"), "application/json");
    assert_eq!(first.header("host"), receiver.address.to_string());
    assert_eq!(first.header("x-orq-signature"), signature(SECRET, &first.body));
    let body = first.json();
    assert_eq!(body.as_object().unwrap().keys().collect::<Vec<_>>(), ["id", "created", "type", "metadata"]);
    let said = &body["metadata"];
    assert_eq!((&said["trace_id"], &said["span_id"]), (&json!(TRACE), &json!(SPAN)));
    assert_eq!((&said["key"], &said["value"]), (&json!("rating"), &json!("good")));
    let log = deliveries(&admin, "one").await;
    let shown = log.iter().find(|one| one["event_id"] == body["id"]).unwrap();
    assert_eq!((&shown["state"], &shown["attempts"]), (&json!("delivered"), &json!(1)));
    assert_eq!((&shown["status_code"], &shown["response"]), (&json!(200), &json!("thanks")));
    assert_eq!(first.header("x-postil-delivery"), shown["id"].as_str().unwrap());
    assert_eq!(admin.get("/v2/webhooks/one").await.json()["last_delivery"]["state"], "delivered");
}

/// HMAC-SHA256 from its definition, so that it is not checked against itself.
fn signature(secret: &str, body: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    let mut key = [0u8; 64];
    key[..secret.len()].copy_from_slice(secret.as_bytes());
    let padded = |with: u8| key.iter().map(|byte| byte ^ with).collect::<Vec<_>>();
    let inner = Sha256::new().chain_update(padded(0x36)).chain_update(body).finalize();
    hex::encode(Sha256::new().chain_update(padded(0x5c)).chain_update(inner).finalize())
}

#[tokio::test]
async fn a_form_is_signed_as_it_is_sent() {
    let test = start().await;
    let admin = test.admin().await;
    let receiver = Receiver::start(Manner::Says(answer("200 OK", "", ""))).await;
    let mut body = input("form", &receiver.url(), &["annotation.created"]);
    body["content_type"] = json!("application/x-www-form-urlencoded");
    admin.post("/v2/webhooks", body).await.expect(200);
    say(&admin, "correction", json!("a & b = c")).await.expect(200);
    deliver(&test).await;
    let received = receiver.received().await.remove(0);
    let text = String::from_utf8(received.body.clone()).unwrap();
    assert_eq!(received.header("content-type"), "application/x-www-form-urlencoded");
    assert!(text.contains("type=annotation.created") && text.contains("metadata%5Bvalue%5D=a+%26+b+%3D+c"), "{text}");
    assert_eq!(received.header("x-orq-signature"), signature(SECRET, &received.body));
}

#[tokio::test]
async fn a_receiver_that_is_broken_is_tried_again_later() {
    let test = start().await;
    let admin = test.admin().await;
    let receiver = Receiver::start(Manner::Says(answer("500 Internal Server Error", "", "no\0pe"))).await;
    hook(&admin, "one", &receiver.url(), &["annotation.created"]).await;
    say(&admin, "rating", json!("good")).await.expect(200);
    deliver(&test).await;
    deliver(&test).await;
    assert_eq!(receiver.received().await.len(), 1, "it rests");
    let waiting = deliveries(&admin, "one").await.remove(0);
    assert_eq!((&waiting["state"], &waiting["status_code"]), (&json!("waiting"), &json!(500)));
    assert_eq!((&waiting["error"], &waiting["response"]), (&json!("The answer was 500."), &json!("no\u{fffd}pe")));
    assert!(waiting["next_attempt_at"].is_string());
    test.clock.advance(10_000_000);
    deliver(&test).await;
    let received = receiver.received().await;
    assert_eq!(received.len(), 2);
    assert_eq!(received[0].body, received[1].body, "every attempt sends the same");
    assert_eq!(admin.get("/v2/webhooks/one").await.json()["failure_count"], 2);
}

#[tokio::test]
async fn what_ended_is_delivered_once_more_on_request_and_a_test_says_that_it_is_one() {
    let test = start().await;
    let admin = test.admin().await;
    let receiver = Receiver::start(Manner::Says(answer("204 No Content", "", ""))).await;
    hook(&admin, "one", &receiver.url(), &["annotation.created"]).await;
    say(&admin, "rating", json!("good")).await.expect(200);
    let waiting = deliveries(&admin, "one").await.remove(0);
    let path = format!("/v3/webhooks/one/deliveries/{}", waiting["id"].as_str().unwrap());
    admin.post(&format!("{path}/replay"), json!({})).await.error(409);
    deliver(&test).await;
    test.clock.advance(60_000_000);
    let again = admin.post(&format!("{path}/replay"), json!({})).await.expect(200).json();
    assert_eq!((&again["replay_of"], &again["state"]), (&waiting["id"], &json!("waiting")));
    deliver(&test).await;
    let received = receiver.received().await;
    assert_eq!(received[0].body, received[1].body);
    assert_eq!(admin.get(&path).await.expect(200).json()["state"], "delivered");
    let tried = admin.post("/v3/webhooks/one/test", json!({})).await.expect(200).json();
    deliver(&test).await;
    assert_eq!(receiver.received().await[2].json()["type"], "webhook.test");
    let path = format!("/v3/webhooks/one/deliveries/{}", tried["id"].as_str().unwrap());
    assert_eq!(admin.get(&path).await.json()["state"], "delivered");
    admin.get("/v3/webhooks/other/deliveries").await.error(404);
    admin.get("/v3/webhooks/one/deliveries/none").await.error(404);
    admin.get("/v3/webhooks/one/deliveries?state=lost").await.error(400);
    assert_eq!(admin.get("/v3/webhooks/one/deliveries?state=failed").await.json()["data"], json!([]));
}

#[tokio::test]
async fn no_answer_of_a_receiver_is_read_to_the_end() {
    for (manner, status, response) in [
        (Manner::Says(answer("200 OK", "", &"x".repeat(100_000))), 200, "x".repeat(1024)),
        (Manner::Floods, 200, "x".repeat(1024)),
        // It promises more than it says.
        (Manner::Says("HTTP/1.1 202 Accepted\r\ncontent-length: 500\r\n\r\nok".into()), 202, "ok".into()),
        (Manner::SaysAndWaits("HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\nok".into()), 200, "ok".into()),
        (Manner::Says("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n".into()), 200, String::new()),
    ] {
        let receiver = Receiver::start(manner.clone()).await;
        let log = told(&receiver.url()).await;
        assert_eq!((&log["state"], &log["status_code"]), (&json!("delivered"), &json!(status)), "{manner:?}");
        assert_eq!(log["response"].as_str().unwrap_or(""), response, "{manner:?}");
    }
}

#[tokio::test]
async fn what_is_no_answer_is_a_failure() {
    let dead = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let log = told(&format!("http://{dead}/")).await;
    assert_eq!(log["state"], "waiting");
    assert!(log["error"].as_str().unwrap().contains("cannot be connected to"), "{log}");
    for manner in [
        Manner::HangsUp,
        Manner::FloodsHeaders,
        Manner::Says("SSH-2.0-OpenSSH_9.6\r\n".into()),
        Manner::Says(String::new()),
        Manner::Says("HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello".into()),
    ] {
        let receiver = Receiver::start(manner.clone()).await;
        let log = told(&receiver.url()).await;
        assert_eq!((&log["state"], &log["status_code"]), (&json!("waiting"), &Value::Null), "{manner:?}");
        assert!(log["error"].as_str().is_some_and(|text| !text.is_empty()), "{manner:?}");
    }
    // A TLS greeting is no HTTP, and HTTP is no TLS.
    let receiver = Receiver::start(Manner::Says(answer("200 OK", "", ""))).await;
    let log = told(&receiver.url().replace("http://", "https://")).await;
    assert_eq!(log["state"], "waiting");
}

#[tokio::test]
async fn a_redirect_is_checked_like_the_address_itself() {
    let trap = Receiver::at("127.0.0.2:0", Manner::Says(answer("200 OK", "", "caught"))).await;
    for location in [
        trap.url(),
        format!("http://localhost.localdomain:{}/", trap.address.port()),
        "http://10.0.0.1/".into(),
        "http://169.254.169.254/latest/meta-data/".into(),
        "http://[::1]/".into(),
        "http://[::ffff:127.0.0.2]/".into(),
        "http://0.0.0.0/".into(),
        format!("http://user:password@127.0.0.1:{}/", trap.address.port()),
        "file:///etc/passwd".into(),
        "gopher://127.0.0.1/".into(),
    ] {
        let redirect = answer("307 Temporary Redirect", &format!("location: {location}\r\n"), "");
        let receiver = Receiver::start(Manner::Says(redirect)).await;
        let log = told(&receiver.url()).await;
        assert_eq!(log["state"], "waiting", "{location}: {log}");
        assert!(log["status_code"].is_null() && log["response"].is_null(), "{location}: {log}");
    }
    assert!(trap.received().await.is_empty());
    // Where it may go it goes, and sends the same; in a circle it does not go for ever.
    let end = Receiver::start(Manner::Says(answer("200 OK", "", "here"))).await;
    let redirect = answer("308 Permanent Redirect", &format!("location: {}\r\n", end.url()), "");
    let receiver = Receiver::start(Manner::Says(redirect)).await;
    assert_eq!(told(&receiver.url()).await["response"], "here");
    assert_eq!(receiver.received().await[0].body, end.received().await[0].body);
    let circle = Receiver::start(Manner::Says(answer("307 Temporary Redirect", "location: /again\r\n", ""))).await;
    let log = told(&circle.url()).await;
    assert!(log["error"].as_str().unwrap().contains("more than 3 times"), "{log}");
    assert_eq!(circle.received().await.len(), 4);
    let get = Receiver::start(Manner::Says(answer("302 Found", &format!("location: {}\r\n", end.url()), ""))).await;
    assert_eq!(told(&get.url()).await["error"], "The answer was 302.");
}

#[tokio::test]
async fn a_name_that_leads_to_this_machine_is_not_called() {
    let trap = Receiver::at("127.0.0.1:0", Manner::Says(answer("200 OK", "", "caught"))).await;
    // Nothing is allowed here, so that a name is refused by the address it has.
    let test = reviewed::start().await;
    let admin = test.admin().await;
    for (id, host) in [("name", "localhost"), ("number", "2130706433"), ("short", "127.1"), ("hex", "0x7f000001")] {
        hook(&admin, id, &format!("http://{host}:{}/", trap.address.port()), &["annotation.created"]).await;
    }
    say(&admin, "rating", json!("good")).await.expect(200);
    deliver(&test).await;
    for id in ["name", "number", "short", "hex"] {
        assert_eq!(deliveries(&admin, id).await[0]["state"], "waiting", "{id}");
    }
    assert!(trap.received().await.is_empty());
}

#[tokio::test]
async fn a_slow_receiver_keeps_nobody_else_waiting() {
    let test = start().await;
    let admin = test.admin().await;
    let slow = Receiver::start(Manner::Waits).await;
    let quick = Receiver::start(Manner::Says(answer("200 OK", "", ""))).await;
    hook(&admin, "a-slow", &slow.url(), &["annotation.created"]).await;
    hook(&admin, "quick", &quick.url(), &["annotation.created"]).await;
    let spans = (0..30).map(|number| crate::telemetry::Span::generation(&format!("{number:032x}"), SPAN));
    reviewed::spans(&test, spans.collect()).await;
    for number in 0..30 {
        let path = reviewed::path(&format!("{number:032x}"), SPAN);
        admin.post(&path, json!({"annotations": [{"key": "rating", "value": "good"}]})).await.expect(200);
    }
    let app = test.app.clone();
    let delivering = tokio::spawn(async move { deliver_due(&app, "test").await });
    quick.until(30).await;
    slow.until(1).await;
    assert!(slow.received().await.len() <= 4, "few at a time of one webhook");
    slow.go_on(30);
    delivering.await.unwrap().unwrap();
    assert_eq!(slow.received().await.len(), 30);
}

#[tokio::test]
async fn two_servers_deliver_a_thing_once() {
    let test = start().await;
    let admin = test.admin().await;
    let receiver = Receiver::start(Manner::Says(answer("200 OK", "", ""))).await;
    hook(&admin, "one", &receiver.url(), &["annotation.created", "annotation.changed"]).await;
    for number in 0..20 {
        say(&admin, "rating", json!(if number % 2 == 0 { "good" } else { "bad" })).await.expect(200);
    }
    let (one, other) = tokio::join!(deliver_due(&test.app, "a"), deliver_due(&test.app, "b"));
    one.and(other).unwrap();
    assert_eq!(receiver.received().await.len(), 20);
    assert!(deliveries(&admin, "one").await.iter().all(|one| one["state"] == "delivered"));
}

#[tokio::test]
async fn a_secret_is_in_no_answer_and_no_log_of_a_delivery() {
    let test = start().await;
    let admin = test.admin().await;
    let receiver = Receiver::start(Manner::HangsUp).await;
    hook(&admin, "one", &receiver.url(), &["annotation.created"]).await;
    say(&admin, "rating", json!("good")).await.expect(200);
    deliver(&test).await;
    for path in ["/v2/webhooks", "/v2/webhooks/one", "/v3/webhooks/one/deliveries"] {
        let text = String::from_utf8(admin.get(path).await.expect(200).bytes).unwrap();
        assert!(!text.contains(SECRET), "{path}");
    }
    let webhook = test.app.db.read(|tx| log::last(tx, &caller())).await.unwrap();
    assert!(!format!("{webhook:?} {:?}", Outcome::default()).contains(SECRET));
}

fn caller() -> postil::project::Caller {
    postil::project::Caller {
        workspace_id: "w".into(),
        project: postil::project::ProjectRef { id: "p".into(), number: 1 },
        bound_to: None,
        actor: postil::project::Actor::Key { id: "k".into(), name: "k".into() },
        permissions: postil::project::Permissions::ALL,
        client: None,
    }
}
