//! Removing what is older than a project keeps, beside everything else: in small steps with rests between them, by one
//! process at a time.

use std::time::{Duration, Instant};

use postil::trace::retention::{self, Due, Removed};
use postil::{Result, id};
use postil::{erasure, queue};

use crate::App;

/// A step holds the writer for about so long, apart from its commit.
const STEP: Duration = Duration::from_millis(8);
/// The fewest and the most spans of a step. A trace goes as a whole, so one of many spans takes longer.
const SPANS: std::ops::RangeInclusive<i64> = 16..=2048;
/// How long whoever took the work is believed to be alive, in microseconds.
const LEASE: i64 = 60_000_000;
/// How often a server looks for what is too old.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// Removes what is too old, until the server ends.
pub async fn in_background(app: App) {
    let holder = id::secret::<8>();
    loop {
        let passed = tokio::select! {
            () = app.stopped() => None,
            passed = pass(&app, &holder) => Some(passed),
        };
        let ended = passed.is_none();
        match passed {
            Some(Err(error)) => tracing::warn!(?error, "what is too old stays for now; the next try follows"),
            Some(Ok(removed)) if removed != Removed::default() => {
                let Removed { traces, spans, log_records, .. } = removed;
                tracing::info!(traces, spans, log_records, "removed what was older than its project keeps");
                release(&app, &holder).await;
            }
            Some(Ok(_)) => {}
            None => release(&app, &holder).await,
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

async fn release(app: &App, holder: &str) {
    let holder = holder.to_owned();
    if let Err(error) = app.db.write(move |tx| retention::release(tx, &holder)).await {
        tracing::debug!(?error, "the work is given back when its time is over");
    }
}

/// Goes once over all projects that keep traces for a time.
///
/// # Errors
/// When the database does not answer; what was removed before stays removed.
pub async fn pass(app: &App, holder: &str) -> Result<Removed> {
    let now = app.clock.now();
    let mut total = Removed::default();
    for due in app.db.read(move |tx| retention::due(tx, now)).await? {
        let mut spans = *SPANS.start();
        // Nothing is written, and no lease taken, for a project without anything too old.
        while app.db.read(move |tx| retention::is_due(tx, due)).await? {
            let Some((removed, took)) = step(app, holder, due, spans).await? else { return Ok(total) };
            app.metrics.retained(&removed);
            total.traces += removed.traces;
            total.spans += removed.spans;
            total.log_records += removed.log_records;
            if !removed.more {
                break;
            }
            let wanted = if took > STEP { spans / 2 } else { spans * 2 };
            spans = wanted.clamp(*SPANS.start(), *SPANS.end());
            // Four times as long as it worked, so that senders and readers notice nothing.
            tokio::time::sleep((took * 4).max(Duration::from_millis(5))).await;
        }
    }
    if total.traces > 0 {
        put_aside(app).await?;
    }
    purge_projects(app, holder).await?;
    Ok(total)
}

/// Removes the projects that were deleted and cannot be brought back any more, in small steps.
async fn purge_projects(app: &App, holder: &str) -> Result<()> {
    loop {
        let clock = app.clock.clone();
        let Some(doomed) = app.db.read(move |tx| erasure::project::next(tx, &clock)).await? else { return Ok(()) };
        let (clock, holder, project) = (app.clock.clone(), holder.to_owned(), doomed.clone());
        let stepping = app.db.write(move |tx| {
            let begun = Instant::now();
            if !retention::take(tx, &clock, &holder, LEASE)? {
                return Ok(None);
            }
            let more = erasure::project::step(tx, &clock, &project, *SPANS.start())?;
            Ok(Some((more, begun.elapsed())))
        });
        let Some((more, took)) = stepping.await? else { return Ok(()) };
        if !more {
            tracing::info!(project = doomed.id, "removed a project that was deleted and not brought back in time");
        }
        tokio::time::sleep((took * 4).max(Duration::from_millis(5))).await;
    }
}

/// Takes the items of annotation queues out of the order whose traces went.
async fn put_aside(app: &App) -> Result<()> {
    loop {
        let lost = app.db.read(queue::lost).await?;
        if lost.is_empty() {
            return Ok(());
        }
        let now = app.clock.now();
        app.db.write(move |tx| queue::put_aside(tx, &lost, now)).await?;
    }
}

/// One step, and how long it held the writer; none while another process is at work.
async fn step(app: &App, holder: &str, due: Due, spans: i64) -> Result<Option<(Removed, Duration)>> {
    let (clock, holder) = (app.clock.clone(), holder.to_owned());
    let writing = app.db.write(move |tx| {
        let begun = Instant::now();
        if !retention::take(tx, &clock, &holder, LEASE)? {
            return Ok(None);
        }
        let removed = retention::step(tx, due, spans)?;
        Ok(Some((removed, begun.elapsed())))
    });
    writing.await
}
