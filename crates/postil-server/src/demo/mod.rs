//! The demo project: invented conversations, sent the way real clients send them.
//!
//! Files become conversations ([`data`]), are placed in time ([`placed`]), become requests in three conventions, and go
//! through the real router with a real key: what the demo shows is what ingest makes of it.

mod data;
mod genai;
mod openinference;
mod orq;
mod otlp;
mod placed;
mod queue;
mod send;

use postil::project::operator;
use postil::project::start::Home;
use prost::Message;
use serde_json::{Value, json};

use crate::output::say;
use crate::serve::described;
use crate::{App, api};
use data::{Convention, Conversation};
use placed::Trace;
use send::Sender;

/// One request of the demo.
#[derive(Debug, PartialEq)]
struct Request {
    path: String,
    content_type: &'static str,
    body: Vec<u8>,
}

/// Fills an empty project, and says how far it is. A project with traces stays as it is.
///
/// # Errors
/// When a request is refused.
pub async fn fill(app: App, home: Home) -> anyhow::Result<()> {
    let number = home.project.number;
    if app.db.read(move |tx| operator::has_traces(tx, number)).await.map_err(described)? {
        say("demo: the project has traces already, nothing was added");
        return Ok(());
    }
    let conversations = data::load()?;
    let sender = Sender::new(&app, api::router(&app), &home).await?;
    let outcome = send_all(&sender, &conversations, app.clock.now()).await;
    sender.finish().await?;
    outcome
}

async fn send_all(sender: &Sender, conversations: &[Conversation], now: i64) -> anyhow::Result<()> {
    let total = conversations.len();
    for (number, conversation) in conversations.iter().enumerate() {
        sender.send(&ingest_request(&Trace::place(conversation, number, now))).await?;
        if (number + 1) % 25 == 0 || number + 1 == total {
            say(format!("demo: {} of {total} conversations", number + 1));
        }
    }
    for definition in definitions() {
        sender.post("/v2/human-evals", &definition).await?;
    }
    let mut judgements = 0;
    for (number, conversation) in conversations.iter().enumerate() {
        for (path, body) in judgement_requests(&Trace::place(conversation, number, now)) {
            sender.post(&path, &body).await?;
            judgements += 1;
        }
    }
    say(format!("demo: {judgements} judgements"));
    let items = queue::fill(sender, conversations, now).await?;
    say(format!("demo: a queue with {items} conversations to judge"));
    Ok(())
}

/// [`fill`] for the background: a failure is told, and the server goes on.
pub async fn fill_and_tell(app: App, home: Home) {
    if let Err(error) = fill(app, home).await {
        tracing::warn!(error = format!("{error:#}"), "the demo is not complete");
        say(format!("demo: not complete: {error:#}"));
    }
}

fn ingest_request(trace: &Trace<'_>) -> Request {
    match trace.conversation.convention {
        Convention::Genai | Convention::Openinference => Request {
            path: "/v1/traces".into(),
            content_type: "application/x-protobuf",
            body: otlp::request(trace).encode_to_vec(),
        },
        Convention::Orq => Request {
            path: "/v2/traces/v1/traces".into(),
            content_type: "application/json",
            body: orq::request(trace).to_string().into_bytes(),
        },
    }
}

/// The two definitions that the demo has beyond those of every new project.
fn definitions() -> [Value; 2] {
    let option = |value: &str, description: &str| json!({"value": value, "sentiment": "positive", "description": description, "icon": ""});
    [
        json!({
            "key": "confidence_score", "type": "range", "display_name": "Confidence score",
            "description": "How sure you are that the answer is right, from 0 to 1.",
            "config": {"min": 0, "max": 1},
        }),
        json!({
            "key": "categories", "type": "multi_select", "display_name": "Categories",
            "description": "What is good about the answer.",
            "options": [
                option("helpful", "It solves what was asked."),
                option("accurate", "Everything it says is right."),
                option("concise", "It says no more than needed."),
            ],
        }),
    ]
}

/// The judgements of a conversation: the path of each and its body.
fn judgement_requests(trace: &Trace<'_>) -> Vec<(String, Value)> {
    let judgements = trace.conversation.judgements.iter();
    judgements
        .filter_map(|judgement| {
            let span_id = hex::encode(trace.span(&judgement.step)?.span_id);
            let path = format!("/v2/traces/{}/spans/{span_id}/annotation", hex::encode(trace.trace_id));
            let body = json!({
                "annotations": [{"key": judgement.key, "value": judgement.value}],
                // `client` is the traced application itself, speaking for its end user.
                "metadata": if judgement.by == "client" {
                    json!({"identity_id": trace.conversation.user_id.as_deref().unwrap_or("end-user")})
                } else {
                    json!({"reviewer_id": judgement.by.to_lowercase(), "source": "demo"})
                },
            });
            Some((path, body))
        })
        .collect()
}

#[cfg(test)]
mod tests;
