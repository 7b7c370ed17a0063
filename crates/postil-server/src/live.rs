//! What happens, gathered for the event streams: however much it is, a stream gets a few messages a second.
//!
//! One task takes every event of the database and keeps, for the projects that somebody watches, what happened in each
//! quarter of a second or so as one batch. A batch names the first hundred things and counts the rest. The last batches of a
//! project stay in memory, so that a client that was away for a moment gets what it missed; one that was away longer,
//! or was connected to another server, is told to look again.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use postil::event::{Event, MISSED};
use postil::{Db, Error, Result, id};
use serde::Serialize;
use tokio::sync::broadcast::error::TryRecvError;
use tokio::sync::{broadcast, watch};
use tokio::time::MissedTickBehavior;
use utoipa::ToSchema;

/// How often events are taken from the database room, and in how many rounds they are gathered before they are sent.
const EVERY: Duration = Duration::from_millis(100);
const ROUNDS: u32 = 3;
/// How many things a batch names; the others are counted.
const NAMED: usize = 100;
/// How many batches of a project are kept for clients that come back.
const KEPT: usize = 120;
/// After how many batches' time a project that nobody watches is forgotten.
const IDLE: u32 = 400;
/// How many streams may be open in this process, and how many of them for one caller.
const MOST_STREAMS: usize = 1000;
const MOST_OF_ONE: usize = 20;

/// What happened in a project within a moment.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct EventBatch {
    /// What happened, each thing once, at most 100 of them.
    #[schema(value_type = Vec<EventView>)]
    pub events: Vec<Event>,
    /// How many things happened, by type, those that are not named too.
    pub counts: BTreeMap<&'static str, usize>,
}

/// One thing that happened.
#[derive(Serialize, ToSchema)]
pub struct EventView {
    /// `trace.created`, `trace.updated`, `trace.deleted`, `annotation.created`, `annotation.deleted`,
    /// `evaluator_result.created`, `job.updated`, `queue.updated`, `webhook.updated`, `automation.updated` or
    /// `dataset.updated`.
    r#type: String,
    /// The trace it happened to.
    trace_id: Option<String>,
    /// The span it happened to.
    span_id: Option<String>,
    /// The annotation queue it happened to.
    queue_id: Option<String>,
}

/// What a stream has seen whose client missed more than is kept.
const BEFORE: u64 = u64::MAX;

/// A batch with its number; without a batch events were lost.
#[derive(Debug, Clone)]
pub struct Numbered {
    /// Counts up, through all projects.
    pub number: u64,
    /// What happened; none when events were lost.
    pub batch: Option<Arc<EventBatch>>,
}

/// Everybody who watches.
#[derive(Default)]
pub struct Live(Arc<Mutex<Watched>>);

#[derive(Default)]
struct Watched {
    /// Names this run of the program in the ids of events.
    run: String,
    projects: HashMap<i64, Project>,
    /// The number of the newest batch.
    newest: u64,
    /// Open streams by who opened them.
    streams: HashMap<String, usize>,
    /// Tells whether somebody watches, and lives as long as the task that gathers.
    gathers: Option<watch::Sender<()>>,
}

struct Project {
    sender: watch::Sender<u64>,
    kept: VecDeque<Numbered>,
    gathering: Gathering,
    /// Everything after this number is kept.
    since: u64,
    watchers: usize,
    idle: u32,
}

#[derive(Default)]
struct Gathering {
    events: BTreeSet<Event>,
    counts: BTreeMap<&'static str, usize>,
    missed: bool,
}

/// What one stream reads from; closing it makes room for another.
pub struct Watch {
    live: Weak<Mutex<Watched>>,
    project: i64,
    who: String,
    run: String,
    number: watch::Receiver<u64>,
    seen: u64,
}

fn lock(watched: &Mutex<Watched>) -> std::sync::MutexGuard<'_, Watched> {
    watched.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Live {
    /// Begins to watch a project, after the event with the id `last` if one is given. Must be called inside the runtime.
    ///
    /// # Errors
    /// [`Error::RateLimited`] when too many streams are open.
    pub fn watch(&self, db: &Db, project: i64, who: &str, last: Option<&str>) -> Result<Watch> {
        let mut watched = lock(&self.0);
        let refused = |message: &str| Error::RateLimited { message: message.to_owned(), retry_after: 30 };
        if watched.streams.values().sum::<usize>() >= MOST_STREAMS {
            return Err(refused("Too many event streams are open on this server."));
        }
        if watched.streams.get(who).is_some_and(|open| *open >= MOST_OF_ONE) {
            return Err(refused(&format!("At most {MOST_OF_ONE} event streams can be open for one caller.")));
        }
        if watched.gathers.is_none() {
            watched.run = id::secret::<4>();
            let (alive, ended) = watch::channel(());
            watched.gathers = Some(alive);
            tokio::spawn(gather(db.events(), Arc::downgrade(&self.0), ended));
        }
        let run = watched.run.clone();
        *watched.streams.entry(who.to_owned()).or_default() += 1;
        let begin = watched.newest;
        let entry = watched.projects.entry(project).or_insert_with(|| Project {
            sender: watch::Sender::new(begin),
            kept: VecDeque::new(),
            gathering: Gathering::default(),
            since: begin,
            watchers: 0,
            idle: 0,
        });
        entry.watchers += 1;
        entry.idle = 0;
        let newest = *entry.sender.borrow();
        let told_here = |last: &str| last.split_once('-').filter(|(of, _)| *of == run)?.1.parse().ok();
        let seen = match last.map(told_here) {
            None => newest,
            Some(Some(seen)) if (entry.since..=newest).contains(&seen) => seen,
            Some(_) => BEFORE,
        };
        let number = entry.sender.subscribe();
        Ok(Watch { live: Arc::downgrade(&self.0), project, who: who.to_owned(), run, number, seen })
    }
}

impl Watch {
    /// The id of the event with this number, for `Last-Event-ID`.
    pub fn id(&self, number: u64) -> String {
        format!("{}-{number}", self.run)
    }

    /// Where a client stands that has missed nothing.
    pub fn begin_id(&self) -> Option<String> {
        (self.seen != BEFORE).then(|| self.id(self.seen))
    }

    /// Waits for what happens next. None when nothing can happen any more.
    pub async fn next(&mut self) -> Option<Numbered> {
        loop {
            let newest = *self.number.borrow_and_update();
            if self.seen == BEFORE {
                self.seen = newest;
                return Some(Numbered { number: newest, batch: None });
            }
            if self.seen < newest {
                let next = self.kept_after()?;
                self.seen = next.number;
                return Some(next);
            }
            self.number.changed().await.ok()?;
        }
    }

    fn kept_after(&self) -> Option<Numbered> {
        let live = self.live.upgrade()?;
        let watched = lock(&live);
        let project = watched.projects.get(&self.project)?;
        let next = project.kept.iter().find(|kept| kept.number > self.seen).filter(|_| self.seen >= project.since);
        // A reader that fell behind everything that is kept begins anew.
        Some(next.cloned().unwrap_or_else(|| Numbered { number: *project.sender.borrow(), batch: None }))
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let Some(live) = self.live.upgrade() else { return };
        let mut watched = lock(&live);
        if let Some(open) = watched.streams.get_mut(&self.who) {
            *open -= 1;
            if *open == 0 {
                watched.streams.remove(&self.who);
            }
        }
        if let Some(project) = watched.projects.get_mut(&self.project) {
            // What is kept stays for a while, for those who come back.
            project.watchers -= 1;
        }
    }
}

impl Project {
    fn add(&mut self, event: Event) {
        let gathering = &mut self.gathering;
        if event.kind == MISSED {
            gathering.missed = true;
            return;
        }
        *gathering.counts.entry(event.kind).or_default() += 1;
        if gathering.events.len() < NAMED {
            gathering.events.insert(event);
        }
    }

    /// Makes a batch of what was gathered, if anything was.
    fn send(&mut self, newest: &mut u64) {
        self.idle = if self.watchers == 0 { self.idle + 1 } else { 0 };
        if self.gathering.counts.is_empty() && !self.gathering.missed {
            return;
        }
        *newest += 1;
        let number = *newest;
        let Gathering { events, counts, missed } = std::mem::take(&mut self.gathering);
        let batch = (!missed).then(|| Arc::new(EventBatch { events: events.into_iter().collect(), counts }));
        self.kept.push_back(Numbered { number, batch });
        if self.kept.len() > KEPT
            && let Some(first) = self.kept.pop_front()
        {
            self.since = first.number;
        }
        self.sender.send_replace(number);
    }
}

/// Takes events and sends batches for as long as the server lives.
async fn gather(mut events: broadcast::Receiver<Event>, watched: Weak<Mutex<Watched>>, mut ended: watch::Receiver<()>) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for round in 0_u32.. {
        tokio::select! {
            _ = ended.changed() => return,
            _ = ticks.tick() => {}
        }
        let Some(watched) = watched.upgrade() else { return };
        let mut watched = lock(&watched);
        if !take(&mut events, &mut watched.projects) {
            return;
        }
        if round % ROUNDS == 0 {
            let Watched { projects, newest, .. } = &mut *watched;
            projects.values_mut().for_each(|project| project.send(newest));
            projects.retain(|_, project| project.idle < IDLE);
        }
    }
}

/// Takes every event that waits. False when none can come any more.
fn take(events: &mut broadcast::Receiver<Event>, projects: &mut HashMap<i64, Project>) -> bool {
    loop {
        match events.try_recv() {
            Ok(event) if event.project == 0 => projects.values_mut().for_each(|each| each.add(event.clone())),
            Ok(event) => {
                if let Some(project) = projects.get_mut(&event.project) {
                    project.add(event);
                }
            }
            Err(TryRecvError::Lagged(_)) => projects.values_mut().for_each(|each| each.add(Event::missed(0))),
            Err(TryRecvError::Empty) => return true,
            Err(TryRecvError::Closed) => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use postil::db::Location;

    use super::*;

    fn event(trace: usize) -> Event {
        Event { project: 1, kind: "trace.created", trace_id: Some(format!("{trace:032x}")), ..Event::default() }
    }

    struct Bed {
        db: Db,
        live: Live,
        _folder: tempfile::TempDir,
    }

    impl Bed {
        fn new() -> Bed {
            let folder = tempfile::tempdir().unwrap();
            let db = Db::open(&Location::Sqlite(folder.path().join("postil.db"))).unwrap();
            Bed { db, live: Live::default(), _folder: folder }
        }

        fn watch(&self, last: Option<&str>) -> Watch {
            self.live.watch(&self.db, 1, "somebody", last).unwrap()
        }

        async fn happen(&self, traces: std::ops::Range<usize>) {
            let happened = move |tx: &mut postil::Tx<'_>| {
                traces.clone().for_each(|trace| tx.emit(event(trace)));
                Ok(())
            };
            self.db.write(happened).await.unwrap();
        }
    }

    #[tokio::test]
    async fn much_at_once_is_one_batch_that_names_some_and_counts_all() {
        let bed = Bed::new();
        let mut watch = bed.watch(None);
        bed.happen(0..3000).await;
        let (mut counted, mut batches) = (0, 0);
        while counted < 3000 {
            let batch = watch.next().await.unwrap().batch.unwrap();
            assert!(batch.events.len() <= NAMED);
            counted += batch.counts["trace.created"];
            batches += 1;
        }
        assert_eq!(counted, 3000);
        assert!(batches <= 2, "{batches}");
    }

    #[tokio::test]
    async fn whoever_comes_back_gets_what_happened_meanwhile() {
        let bed = Bed::new();
        let mut first = bed.watch(None);
        bed.happen(0..1).await;
        let seen = first.next().await.unwrap();
        let last = first.id(seen.number);
        bed.happen(1..2).await;
        first.next().await.unwrap();
        drop(first);
        let again = bed.watch(Some(&last)).next().await.unwrap();
        assert_eq!(again.batch.unwrap().events, [event(1)]);
    }

    #[tokio::test]
    async fn whoever_knows_another_server_is_told_to_look_again() {
        let bed = Bed::new();
        for last in ["00000000-1", "nonsense", "", "-"] {
            let told = bed.watch(Some(last)).next().await.unwrap();
            assert!(told.batch.is_none(), "{last}");
        }
    }

    #[tokio::test]
    async fn more_than_is_kept_is_told_as_missed_and_then_it_goes_on() {
        let bed = Bed::new();
        let mut watch = bed.watch(None);
        // More than the database room keeps for somebody who is slow.
        bed.happen(0..20_000).await;
        assert!(watch.next().await.unwrap().batch.is_none());
        bed.happen(5..6).await;
        while watch.next().await.unwrap().batch.is_none_or(|batch| !batch.events.contains(&event(5))) {}
    }

    #[tokio::test]
    async fn streams_are_limited_and_a_closed_one_makes_room() {
        let bed = Bed::new();
        let mut open: Vec<_> = (0..MOST_OF_ONE).map(|_| bed.watch(None)).collect();
        assert!(matches!(bed.live.watch(&bed.db, 1, "somebody", None), Err(Error::RateLimited { .. })));
        drop(bed.live.watch(&bed.db, 1, "somebody else", None).unwrap());
        open.pop();
        bed.watch(None);
    }
}
