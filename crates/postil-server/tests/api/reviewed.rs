//! A server with the human reviews of a new project and one span to judge.

use postil_server::state::Settings;
use serde_json::{Value, json};

use crate::app::{Answer, Client, TestApp};
use crate::telemetry::{self, Span};

pub const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
pub const SPAN: &str = "00f067aa0ba902b7";

/// A server, whose default project has the reviews of the guide and a model call.
pub async fn start() -> TestApp {
    start_with(Settings::default()).await
}

/// The same on a server that is set up like this.
pub async fn start_with(settings: Settings) -> TestApp {
    let test = TestApp::with_settings(settings).await;
    let clock = test.clock.clone();
    test.app.db.write(move |tx| postil::human_review::create_defaults(tx, &clock, 1)).await.unwrap();
    spans(&test, vec![Span::generation(TRACE, SPAN)]).await;
    test
}

pub async fn spans(test: &TestApp, spans: Vec<Span>) {
    test.app.db.write(move |tx| telemetry::store(tx, 1, &spans)).await.unwrap();
}

pub fn path(trace_id: &str, span_id: &str) -> String {
    format!("/v2/traces/{trace_id}/spans/{span_id}/annotation")
}

pub fn here() -> String {
    path(TRACE, SPAN)
}

/// Annotates the span with one value.
pub async fn say(client: &Client<'_>, key: &str, value: Value) -> Answer {
    client.post(&here(), json!({"annotations": [{"key": key, "value": value}]})).await
}

/// What the span carries, as it is read.
pub async fn rows(client: &Client<'_>) -> Vec<Value> {
    let list = client.get(&here()).await.expect(200).json();
    assert_eq!((&list["object"], &list["has_more"]), (&json!("list"), &json!(false)));
    list["data"].as_array().unwrap().clone()
}

/// What the span carries: values by key, in the order they were set.
pub async fn stored(client: &Client<'_>) -> Vec<(String, Value)> {
    let pair = |row: &Value| (row["key"].as_str().unwrap_or("").to_owned(), row["value"].clone());
    rows(client).await.iter().map(pair).collect()
}

/// Makes a definition.
pub async fn define(client: &Client<'_>, key: &str, more: Value) -> Value {
    let mut body = json!({"key": key, "display_name": key, "description": ""});
    more.as_object().unwrap().iter().for_each(|(name, value)| body[name] = value.clone());
    client.post("/v2/human-evals", body).await.expect(200).json()
}
