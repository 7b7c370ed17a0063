//! What happens in a project, as a stream.

use std::collections::HashSet;
use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use postil::event::Event as Happened;
use postil::page::PageRequest;
use postil::project::{Caller, Permission};
use postil::queue::{self, ListFilter};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::caller::{ANY, By, authenticate_request};
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
/// stream broke off. A quiet stream sends a comment every 15 seconds. Reviewers hear of their annotation queues only.
#[utoipa::path(get, path = "/v3/events", tag = "events",
    params(("Last-Event-ID" = Option<String>, Header, description = "The id of the last message that was read.")),
    responses((status = 200, body = EventBatch, content_type = "text/event-stream"), (status = "4XX", body = ErrorBody)))]
async fn events(State(app): State<App>, By(caller): By<ANY>, parts: Parts) -> ApiResult<Response> {
    let audience = Audience::of(&app, &caller).await?;
    let last = parts.headers.get("last-event-id").and_then(|value| value.to_str().ok());
    let watch = app.live.watch(&app.db, caller.project.number, caller.actor.id(), last)?;
    let (sender, receiver) = mpsc::channel(WAITING);
    tokio::spawn(send(app, parts, caller, audience, watch, sender));
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
    mut audience: Audience,
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
                match still_heard(&app, &parts, &caller).await {
                    Some(Some(now)) => audience = now,
                    Some(None) => {}
                    None => return,
                }
                continue
            }
            next = watch.next() => match next {
                Some(next) => match message(&watch, &next, &audience) {
                    Some(message) => message,
                    None => continue,
                },
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

/// The message of a batch; none when there is nothing in it for this audience.
fn message(watch: &Watch, next: &Numbered, audience: &Audience) -> Option<Event> {
    let message = Event::default().id(watch.id(next.number));
    let Some(batch) = &next.batch else { return Some(message.event("reset").data("{}")) };
    let data = match audience {
        Audience::Project => serde_json::to_string(&**batch).unwrap_or_default(),
        Audience::Queues(queues) => {
            let theirs = |event: &&Happened| event.queue_id.as_ref().is_some_and(|id| queues.contains(id));
            let events: Vec<Happened> = batch.events.iter().filter(theirs).cloned().collect();
            let kind = events.first()?.kind;
            let counts = [(kind, events.len())].into_iter().collect();
            serde_json::to_string(&EventBatch { events, counts }).unwrap_or_default()
        }
    };
    Some(message.event("changes").data(data))
}

/// What a caller may hear of.
enum Audience {
    /// Everything in the project.
    Project,
    /// These annotation queues, in which they may review.
    Queues(HashSet<String>),
}

impl Audience {
    async fn of(app: &App, caller: &Caller) -> postil::Result<Audience> {
        if caller.permissions.has(Permission::Read) {
            return Ok(Audience::Project);
        }
        caller.require(Permission::Review).or_else(|_| caller.require(Permission::Read))?;
        let by = caller.clone();
        let reading = app.db.read(move |tx| {
            let page = PageRequest { limit: queue::MOST_QUEUES, ..PageRequest::default() };
            queue::list(tx, &by, &ListFilter::default(), &page)
        });
        Ok(Audience::Queues(reading.await?.data.into_iter().map(|queue| queue.id).collect()))
    }
}

/// What the caller of a stream may hear of now; nothing when their key or session is no longer good for the project. A
/// database that is away is no reason to end.
async fn still_heard(app: &App, parts: &Parts, caller: &Caller) -> Option<Option<Audience>> {
    let now = match authenticate_request(app, parts).await {
        Ok(now) if now.project == caller.project => Audience::of(app, &now).await,
        Ok(_) => return None,
        Err(error) => Err(error),
    };
    match now {
        Ok(audience) => Some(Some(audience)),
        Err(postil::Error::Unavailable(_) | postil::Error::Overloaded) => Some(None),
        Err(_) => None,
    }
}
