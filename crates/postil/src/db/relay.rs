//! Events between the replicas that share a PostgreSQL database.
//!
//! What a writer tells is gathered, each thing once, and sent on by one thread a few times a second: a `notify` inside
//! every transaction would make commits wait for each other. The same thread listens to the other replicas. Whatever is
//! lost on the way, with a connection or because it was too much, is told as [`event::MISSED`].

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use postgres::Client;
use postgres::fallible_iterator::FallibleIterator;
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast;

use super::postgres::connect;
use crate::event::{self, Event};
use crate::id;

/// PostgreSQL's name for what replicas tell each other.
const CHANNEL: &str = "postil_event";
/// How often what was gathered is sent on.
const EVERY: Duration = Duration::from_millis(200);
/// How long a lost connection is left alone before another is tried.
const RECONNECT: Duration = Duration::from_secs(2);
/// More different events of one round than this are told as missed: others look again instead.
const MOST: usize = 256;
/// PostgreSQL takes payloads below 8000 bytes; an event is at most about 200.
const IN_ONE: usize = 32;

/// Where writers put what happened, for the other replicas.
#[derive(Debug, Default)]
struct Gathered {
    events: BTreeSet<Event>,
    /// The projects of which too much happened.
    missed: BTreeSet<i64>,
}

/// Tells events to this process and, on PostgreSQL, to the other replicas. Clones share it.
#[derive(Clone)]
pub(super) struct Teller {
    here: broadcast::Sender<Event>,
    elsewhere: Option<Arc<Mutex<Gathered>>>,
}

/// The events of one message, and who sent it.
#[derive(Serialize, Deserialize)]
struct Message {
    from: String,
    events: Vec<Told>,
}

/// An event between replicas: project, kind, trace, span, queue.
type Told = (i64, String, Option<String>, Option<String>, Option<String>);

impl Teller {
    /// Tells this process alone.
    pub(super) fn here(here: broadcast::Sender<Event>) -> Teller {
        Teller { here, elsewhere: None }
    }

    /// Tells this process and every other one on the same PostgreSQL database.
    pub(super) fn everywhere(here: broadcast::Sender<Event>, url: &str) -> Teller {
        let gathered = Arc::new(Mutex::new(Gathered::default()));
        let (url, of_writers, back) = (url.to_owned(), Arc::downgrade(&gathered), here.downgrade());
        let spawned =
            std::thread::Builder::new().name("postgres-events".into()).spawn(move || relay(&url, &of_writers, &back));
        if let Err(cause) = spawned {
            tracing::error!(error = %cause, "other replicas are not told what happens here");
        }
        Teller { here, elsewhere: Some(gathered) }
    }

    /// Tells what happened; nobody waits for whoever listens.
    pub(super) fn tell(&self, happened: Vec<Event>) {
        if let Some(elsewhere) = &self.elsewhere {
            let mut gathered = elsewhere.lock().unwrap_or_else(PoisonError::into_inner);
            for event in &happened {
                gathered.add(event);
            }
        }
        // Nobody listening is no fault.
        happened.into_iter().for_each(|event| drop(self.here.send(event)));
    }
}

impl Gathered {
    fn add(&mut self, event: &Event) {
        if self.missed.contains(&event.project) {
            return;
        }
        if self.events.len() < MOST {
            self.events.insert(event.clone());
        } else if !self.events.contains(event) {
            self.missed.insert(event.project);
        }
    }

    fn take(&mut self) -> Vec<Event> {
        let Gathered { mut events, missed } = std::mem::take(self);
        events.retain(|event| !missed.contains(&event.project));
        events.into_iter().chain(missed.into_iter().map(Event::missed)).collect()
    }
}

/// Sends and listens until the last writer is gone.
fn relay(url: &str, gathered: &Weak<Mutex<Gathered>>, here: &broadcast::WeakSender<Event>) {
    let me = id::secret::<8>();
    let mut first = true;
    while gathered.strong_count() > 0 {
        match connect(url).and_then(listen) {
            Ok(mut client) => {
                if let (false, Some(here)) = (first, here.upgrade()) {
                    drop(here.send(Event::missed(0)));
                }
                first = false;
                let ended = exchange(&mut client, &me, gathered, here);
                if let Err(cause) = ended {
                    tracing::warn!(error = %cause, "the connection that carries events was lost");
                }
            }
            Err(cause) => tracing::debug!(error = ?cause, "events wait for PostgreSQL"),
        }
        if gathered.strong_count() > 0 {
            std::thread::park_timeout(RECONNECT);
        }
    }
}

fn listen(mut client: Client) -> crate::Result<Client> {
    let listened = client.batch_execute(&format!("listen {CHANNEL}"));
    listened.map(|()| client).map_err(|cause| crate::Error::Unavailable(cause.to_string()))
}

/// Hands on what others tell, and tells them what was gathered, until the connection or the last writer is gone.
fn exchange(
    client: &mut Client,
    me: &str,
    gathered: &Weak<Mutex<Gathered>>,
    here: &broadcast::WeakSender<Event>,
) -> Result<(), postgres::Error> {
    loop {
        let heard = hear(client)?;
        let (Some(gathered), Some(here)) = (gathered.upgrade(), here.upgrade()) else { return Ok(()) };
        for event in heard.iter().flat_map(|notification| read(notification.payload(), me)) {
            drop(here.send(event));
        }
        let events = gathered.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop((gathered, here));
        for events in events.chunks(IN_ONE) {
            client.execute("select pg_notify($1, $2)", &[&CHANNEL, &write(events, me)])?;
        }
        if client.is_closed() {
            return Ok(());
        }
    }
}

/// What the others told in one round.
fn hear(client: &mut Client) -> Result<Vec<postgres::Notification>, postgres::Error> {
    let mut notifications = client.notifications();
    let mut heard = Vec::new();
    if let Some(first) = notifications.timeout_iter(EVERY).next()? {
        heard.push(first);
    }
    let mut more = notifications.iter();
    while let Some(notification) = more.next()? {
        heard.push(notification);
    }
    Ok(heard)
}

fn write(events: &[Event], me: &str) -> String {
    let told = |event: &Event| -> Told {
        (event.project, event.kind.to_owned(), event.trace_id.clone(), event.span_id.clone(), event.queue_id.clone())
    };
    let message = Message { from: me.to_owned(), events: events.iter().map(told).collect() };
    serde_json::to_string(&message).unwrap_or_default()
}

/// The events of a message of another replica. One of a newer version may tell of what this one does not know.
fn read(payload: &str, me: &str) -> Vec<Event> {
    let Ok(message) = serde_json::from_str::<Message>(payload) else { return Vec::new() };
    if message.from == me {
        return Vec::new();
    }
    let event = |(project, kind, trace_id, span_id, queue_id): Told| {
        let kind = Event::kind_named(&kind).unwrap_or(event::MISSED);
        Event { project, kind, trace_id, span_id, queue_id }
    };
    message.events.into_iter().map(event).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(project: i64, trace: usize) -> Event {
        Event { project, kind: "trace.updated", trace_id: Some(format!("{trace:032x}")), ..Event::default() }
    }

    #[test]
    fn the_same_event_is_sent_on_once() {
        let mut gathered = Gathered::default();
        (0..100).for_each(|_| gathered.add(&event(1, 7)));
        assert_eq!(gathered.take(), [event(1, 7)]);
        assert!(gathered.take().is_empty());
    }

    #[test]
    fn more_than_a_round_holds_is_told_as_missed() {
        let mut gathered = Gathered::default();
        gathered.add(&event(2, 1));
        (0..100_000).for_each(|trace| gathered.add(&event(1, trace)));
        assert_eq!(gathered.take(), [event(2, 1), Event::missed(1)]);
    }

    #[test]
    fn a_message_holds_what_was_told_and_fits_into_a_notification() {
        let long = |trace: usize| Event { span_id: Some("f".repeat(16)), ..event(i64::MAX, trace) };
        let events: Vec<_> = (0..IN_ONE).map(long).collect();
        let payload = write(&events, "a");
        assert!(payload.len() < 8000, "{}", payload.len());
        assert_eq!(read(&payload, "b"), events);
        assert!(read(&payload, "a").is_empty());
    }
}
