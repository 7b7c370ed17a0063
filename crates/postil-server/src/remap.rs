//! Deriving stored rows again beside everything else: in small steps with rests between them, by one process at a time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use postil::trace::price::PriceTable;
use postil::trace::remap::{self, MAPPER_VERSION, Outcome, Place, Which};
use postil::{Clock, Db, Error, Result, id};

use crate::App;

/// A step holds the writer for about so long, apart from its commit: traces that come in wait no longer for it.
const STEP: Duration = Duration::from_millis(8);
/// The fewest and the most spans of a step.
const SPANS: std::ops::RangeInclusive<usize> = 1..=512;
/// With how many spans the first step is tried.
const FIRST: usize = 32;
/// How long whoever took the work is believed to be alive, in microseconds.
const LEASE: i64 = 60_000_000;
/// How often a server looks for rows of an older mapping: other replicas may still run an older program.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// How often the log tells how far it is.
const TELL_EVERY: Duration = Duration::from_secs(30);

/// How much of the time is spent resting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// Somebody waits for the end: rests as long as it works.
    Quick,
    /// Nobody waits: rests four times as long as it works, so that senders and readers notice nothing.
    Gentle,
}

/// What a step came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// There was nothing left to do.
    Done,
    /// Another process is at work.
    Held,
    /// It went on; the place is where a walk over everything goes on, none when it is through.
    Went(Outcome, Option<Place>),
}

/// One process that derives rows again.
pub struct Worker {
    db: Db,
    clock: Clock,
    prices: Arc<PriceTable>,
    holder: String,
    pace: Pace,
    spans: usize,
}

impl Worker {
    /// One that has not begun.
    pub fn new(db: Db, clock: Clock, prices: Arc<PriceTable>, pace: Pace) -> Worker {
        Worker { db, clock, prices, holder: id::secret::<8>(), pace, spans: FIRST }
    }

    /// Derives the next few spans of a project again, then rests. A walk over everything notes its place for `purpose`
    /// in the same transaction.
    pub async fn step(&mut self, project: i64, which: &Which, purpose: Option<&str>) -> Result<Step> {
        let (wanted, prices, spans) = (which.clone(), Arc::clone(&self.prices), self.spans);
        let reading = self.db.read(move |tx| remap::prepare(tx, project, &wanted, spans, &prices));
        let batch = reading.await?;
        if batch.is_empty() {
            return Ok(Step::Done);
        }
        let (next, trace_ids) = (batch.next.clone(), batch.trace_ids());
        let (clock, holder) = (self.clock.clone(), self.holder.clone());
        let (noted, purpose) = (next.clone(), purpose.map(str::to_owned));
        let written = self.db.write(move |tx| {
            let begun = Instant::now();
            if !remap::take(tx, &clock, &holder, LEASE)? {
                return Ok(None);
            }
            let outcome = remap::write(tx, &batch)?;
            if let (Some(purpose), Some(place), false) = (&purpose, &noted, outcome.again) {
                remap::note(tx, purpose, project, place)?;
            }
            Ok(Some((outcome, begun.elapsed())))
        });
        match written.await {
            Ok(None) => Ok(Step::Held),
            Ok(Some((outcome, took))) => {
                self.rest(took).await;
                let place = if outcome.again { place_of(which) } else { next };
                Ok(Step::Went(outcome, place))
            }
            Err(Error::Internal(cause)) => self.narrow(project, trace_ids, &cause).await.map(|gave_up| {
                let unreadable = u64::from(gave_up);
                let place = if gave_up { next } else { place_of(which) };
                Step::Went(Outcome { unreadable, ..Outcome::default() }, place)
            }),
            Err(passing) => Err(passing),
        }
    }

    /// Rests after a step that took so long, and makes the next one larger or smaller.
    async fn rest(&mut self, took: Duration) {
        let wanted = if took > STEP { self.spans / 2 } else { self.spans * 2 };
        if took > STEP || took < STEP / 3 {
            self.spans = wanted.clamp(*SPANS.start(), *SPANS.end());
        }
        let rest = match self.pace {
            Pace::Quick => took.max(Duration::from_millis(2)),
            Pace::Gentle => (took * 4).max(Duration::from_millis(20)),
        };
        tokio::time::sleep(rest).await;
    }

    /// After a fault, tries single spans; a trace that fails even so is given up, so that it does not hold up the rest.
    async fn narrow(&mut self, project: i64, trace_ids: Vec<String>, cause: &str) -> Result<bool> {
        if self.spans > *SPANS.start() {
            self.spans = *SPANS.start();
            return Ok(false);
        }
        tracing::error!(cause, ?trace_ids, "these traces cannot be derived again and stay as they are");
        self.db.write(move |tx| remap::give_up(tx, project, &trace_ids)).await?;
        Ok(true)
    }

    /// Lets others have the work.
    pub async fn release(&self) -> Result<()> {
        let holder = self.holder.clone();
        self.db.write(move |tx| remap::release(tx, &holder)).await
    }
}

fn place_of(which: &Which) -> Option<Place> {
    match which {
        Which::Older => None,
        Which::After(place) => Some(place.clone()),
    }
}

/// After an upgrade, derives again what an older mapping derived, until the server ends.
pub async fn in_background(app: App) {
    let mut worker = Worker::new(app.db.clone(), app.clock.clone(), Arc::clone(&app.prices), Pace::Gentle);
    loop {
        let passed = tokio::select! {
            () = app.stopped() => None,
            passed = pass(&app, &mut worker) => Some(passed),
        };
        let ended = passed.is_none();
        if let Some(Err(error)) = &passed {
            tracing::warn!(?error, "rows of an older mapping are not derived again now; the next try follows");
        }
        if !matches!(passed, Some(Ok(false)))
            && let Err(error) = worker.release().await
        {
            tracing::debug!(?error, "the work is given back when its time is over");
        }
        if ended {
            return;
        }
        tokio::select! {
            () = app.stopped() => return,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}

/// Goes once over all projects; false when there was nothing to do.
async fn pass(app: &App, worker: &mut Worker) -> Result<bool> {
    let projects = app.db.read(remap::projects).await?;
    let waiting = waiting(app, &projects).await?;
    app.metrics.remap_waiting(waiting);
    if waiting == 0 {
        return Ok(false);
    }
    tracing::info!(traces = waiting, version = MAPPER_VERSION, "deriving again what an older mapping derived");
    let (mut told, mut total) = (Instant::now(), Outcome::default());
    for project in &projects {
        loop {
            match worker.step(*project, &Which::Older, None).await? {
                Step::Done => break,
                Step::Held => {
                    tracing::info!("another process derives them again");
                    return Ok(true);
                }
                Step::Went(outcome, _) => {
                    app.metrics.remapped(outcome.traces, outcome.unreadable);
                    total.traces += outcome.traces;
                    total.spans += outcome.spans;
                    total.unreadable += outcome.unreadable;
                }
            }
            if told.elapsed() > TELL_EVERY {
                told = Instant::now();
                tracing::info!(traces = total.traces, of = waiting, "deriving again");
            }
        }
    }
    app.metrics.remap_waiting(0);
    let Outcome { traces, spans, unreadable, .. } = total;
    tracing::info!(traces, spans, unreadable, "derived again");
    Ok(true)
}

/// How many traces an older mapping derived.
async fn waiting(app: &App, projects: &[i64]) -> Result<i64> {
    let projects = projects.to_vec();
    let counting = app.db.read(move |tx| {
        let each = projects.iter().map(|project| remap::remaining(tx, *project, &Which::Older));
        each.sum::<Result<i64>>()
    });
    counting.await
}
