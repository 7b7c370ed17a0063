//! What happens in a project, as a stream.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use postil::project::{Caller, Permission};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::caller::{By, READ, authenticate_request};
use super::error::{ApiResult, ErrorBody};
use crate::live::{EventBatch, Numbered, Watch};
use crate::state::App;

/// How often a quiet stream says that it is alive, and asks whether its caller still may read.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How long a client waits before it connects again.
const RETRY: Duration = Duration::from_secs(2);
/// How many messages wait for a client that reads slowly; then its stream waits, and catches up or begins anew.
const WAITING: usize = 8;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(events))
}

/// Follow what happens in a project
///
/// A stream of server-sent events. `event: changes` carries what happened since the last message, with types and ids
/// only; a message comes a few times a second at most, names up to 100 things and counts the rest. `event: reset` says
/// that something was missed: whatever is shown may be old. Send the last `id` as `Last-Event-ID` to go on where a
/// stream broke off. A quiet stream sends a comment every 15 seconds.
#[utoipa::path(get, path = "/v3/events", tag = "events",
    params(("Last-Event-ID" = Option<String>, Header, description = "The id of the last message that was read.")),
    responses((status = 200, body = EventBatch, content_type = "text/event-stream"), (status = "4XX", body = ErrorBody)))]
async fn events(State(app): State<App>, By(caller): By<READ>, parts: Parts) -> ApiResult<Response> {
    let last = parts.headers.get("last-event-id").and_then(|value| value.to_str().ok());
    let watch = app.live.watch(&app.db, caller.project.number, caller.actor.id(), last)?;
    let (sender, receiver) = mpsc::channel(WAITING);
    tokio::spawn(send(app, parts, caller, watch, sender));
    let stream = Sse::new(ReceiverStream::new(receiver)).keep_alive(KeepAlive::new().interval(HEARTBEAT));
    let mut response = stream.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Proxies that gather answers would hold the stream back.
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    Ok(response)
}

/// Feeds one stream until its client is gone, its caller may no longer read, or the server ends.
async fn send(
    app: App,
    parts: Parts,
    caller: Caller,
    mut watch: Watch,
    sender: mpsc::Sender<Result<Event, Infallible>>,
) {
    // A first message, so that the client knows where it stands.
    let mut begun = Event::default().event("open").retry(RETRY).data("{}");
    if let Some(id) = watch.begin_id() {
        begun = begun.id(id);
    }
    if sender.send(Ok(begun)).await.is_err() {
        return;
    }
    let mut heartbeat = tokio::time::interval(HEARTBEAT);
    heartbeat.tick().await;
    loop {
        let message = tokio::select! {
            () = app.stopped() => return,
            () = sender.closed() => return,
            _ = heartbeat.tick() => {
                if may_still_read(&app, &parts, &caller).await { continue } else { return }
            }
            next = watch.next() => match next {
                Some(next) => message(&watch, &next),
                None => return,
            },
        };
        let sent = tokio::select! {
            () = app.stopped() => return,
            sent = sender.send(Ok(message)) => sent,
        };
        if sent.is_err() {
            return;
        }
    }
}

fn message(watch: &Watch, next: &Numbered) -> Event {
    let message = Event::default().id(watch.id(next.number));
    match &next.batch {
        Some(batch) => {
            let data = serde_json::to_string(&**batch).unwrap_or_default();
            message.event("changes").data(data)
        }
        None => message.event("reset").data("{}"),
    }
}

/// Whether the key or session of a stream is still good for the project. A database that is away is no reason to end.
async fn may_still_read(app: &App, parts: &Parts, caller: &Caller) -> bool {
    match authenticate_request(app, parts).await {
        Ok(now) => now.project == caller.project && now.permissions.has(Permission::Read),
        Err(postil::Error::Unavailable(_) | postil::Error::Overloaded) => true,
        Err(_) => false,
    }
}
