//! The stream of what happens in a project.

use serde_json::json;

use crate::accounts::project;
use crate::app::{Client, Stream, TestApp};
/// Sends a trace of one span and returns its id.
async fn send_trace(client: &Client<'_>, number: u64) -> String {
    let trace_id = format!("{number:032x}");
    let at = 1_795_255_100_000_000_000 + number;
    client
        .post(
            "/v1/traces",
            json!({"resourceSpans": [{"scopeSpans": [{"spans": [{
                "traceId": trace_id, "spanId": format!("{number:016x}"), "name": "chat", "kind": 3,
                "startTimeUnixNano": at.to_string(), "endTimeUnixNano": (at + 1000).to_string()}]}]}]}),
        )
        .await
        .expect(200);
    trace_id
}

async fn opened(client: &Client<'_>) -> Stream {
    let mut stream = client.open("/v3/events").await;
    assert_eq!(stream.next().await.unwrap().event, "open");
    stream
}

#[tokio::test]
async fn traces_and_annotations_are_told_by_id_and_nothing_else() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    let mut stream = opened(&admin).await;
    let trace_id = send_trace(&admin, 1).await;
    let told = stream.next().await.unwrap();
    assert_eq!(told.event, "changes");
    assert!(!told.id.is_empty());
    let created = json!({"events": [{"type": "trace.created", "trace_id": trace_id}], "counts": {"trace.created": 1}});
    assert_eq!(told.data, created);
}

#[tokio::test]
async fn a_client_that_comes_back_misses_nothing() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    let mut stream = opened(&admin).await;
    send_trace(&admin, 1).await;
    let last = stream.next().await.unwrap().id;
    drop(stream);
    let second = send_trace(&admin, 2).await;
    let mut again = admin.header("last-event-id", &last).open("/v3/events").await;
    assert_eq!(again.next().await.unwrap().event, "open");
    assert_eq!(again.next().await.unwrap().data["events"][0]["trace_id"], second);
}

#[tokio::test]
async fn a_client_that_was_away_too_long_is_told_to_look_again() {
    let test = TestApp::start().await;
    let reader = test.with_scopes(&["read"]).await;
    let mut stream = reader.header("last-event-id", "0badcafe-17").open("/v3/events").await;
    assert_eq!(stream.next().await.unwrap().event, "open");
    let told = stream.next().await.unwrap();
    assert_eq!((told.event.as_str(), told.data), ("reset", json!({})));
    assert!(!told.id.is_empty());
}

#[tokio::test]
async fn nobody_hears_of_another_project() {
    let test = TestApp::start().await;
    let admin = test.admin().await;
    let other = project(&admin, "Other").await;
    let mut elsewhere = opened(&admin.header("x-postil-project", &other)).await;
    send_trace(&admin, 1).await;
    let theirs = send_trace(&admin.header("x-postil-project", &other), 2).await;
    let told = elsewhere.next().await.unwrap();
    assert_eq!(told.data["events"], json!([{"type": "trace.created", "trace_id": theirs}]));
}

#[tokio::test]
async fn whoever_may_not_read_gets_no_stream() {
    let test = TestApp::start().await;
    test.anonymous().get("/v3/events").await.expect(401);
    test.with_scopes(&["ingest"]).await.get("/v3/events").await.expect(403);
}

#[tokio::test]
async fn streams_end_when_the_server_does() {
    let test = TestApp::start().await;
    let reader = test.with_scopes(&["read"]).await;
    let mut stream = opened(&reader).await;
    test.app.stop();
    assert!(stream.next().await.is_none());
}

#[tokio::test]
async fn one_caller_has_a_limit_of_streams_that_others_do_not_feel() {
    let test = TestApp::start().await;
    let (one, other) = (test.with_scopes(&["read"]).await, test.with_scopes(&["read"]).await);
    let mut open = Vec::new();
    for _ in 0..20 {
        open.push(opened(&one).await);
    }
    let refused = one.get("/v3/events").await.expect(429);
    assert!(refused.headers.contains_key("retry-after"));
    opened(&other).await;
}
