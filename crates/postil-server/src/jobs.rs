//! Does the jobs that wait, one after the other, until the server ends.

use std::time::Duration;

use postil::annotation::bulk;
use postil::automation;
use postil::dataset::matching;
use postil::erasure;
use postil::event::Event;
use postil::job::{self, Job};
use postil::queue;
use postil::{Error, Result, id};
use tokio::sync::broadcast::error::RecvError;

use crate::state::App;

/// How often is looked for jobs that nobody told of, and for those whose worker died.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// How long a job rests when the database is away or has no time.
const REST: Duration = Duration::from_secs(1);

/// Does jobs until the server ends, and gives back the one it is at.
pub async fn work(app: App) {
    let worker = id::secret::<8>();
    loop {
        // Listens first, so that what is asked for while the last job ends is not overheard.
        let mut told = app.db.events();
        let worked = tokio::select! {
            () = app.stopped() => break,
            worked = work_off(&app, &worker) => worked,
        };
        match worked {
            // The steps of its own jobs were told too.
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => tracing::debug!(error = ?error, "jobs wait"),
        }
        tokio::select! {
            () = app.stopped() => break,
            () = tokio::time::sleep(LOOK_EVERY) => {}
            () = until_told(&mut told) => {}
        }
    }
    let outcome = app.db.write(move |tx| job::release(tx, &worker)).await;
    if let Err(error) = outcome {
        tracing::debug!(error = ?error, "a job waits for its lease to lapse");
    }
}

async fn until_told(told: &mut tokio::sync::broadcast::Receiver<Event>) {
    loop {
        match told.recv().await {
            Ok(event) if event.kind == "job.updated" => return,
            Ok(_) => {}
            Err(RecvError::Lagged(_)) => return,
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

/// Does every job that waits now, and says whether there was one.
pub async fn work_off(app: &App, worker: &str) -> Result<bool> {
    let mut worked = false;
    loop {
        let (clock, me) = (app.clock.clone(), worker.to_owned());
        let claimed = app.db.write(move |tx| job::claim(tx, &clock, &me)).await?;
        let Some(claimed) = claimed else { return Ok(worked) };
        worked = true;
        tracing::info!(job = claimed.id, kind = claimed.kind, total = claimed.total, "a job goes on");
        finish(app, worker, &claimed).await?;
    }
}

/// Does the steps of a job until it ends or somebody else has it.
async fn finish(app: &App, worker: &str, job: &Job) -> Result<()> {
    loop {
        let (here, me, id) = (app.clone(), worker.to_owned(), job.id.clone());
        let stepped =
            app.db.write(move |tx| job::step(tx, &here.clock, &me, &id, |tx, job| one_step(tx, &here, job))).await;
        match stepped {
            Ok(true) => tokio::task::yield_now().await,
            Ok(false) => {
                if let Some(queue_id) = queue::added_to(job) {
                    app.queue_progress.count_soon(&queue_id);
                }
                return Ok(());
            }
            Err(Error::Overloaded | Error::Unavailable(_)) => tokio::time::sleep(REST).await,
            Err(error) => {
                if let Error::Internal(cause) = &error {
                    tracing::error!(job = job.id, cause, "a job failed");
                }
                let (clock, me, id, message) =
                    (app.clock.clone(), worker.to_owned(), job.id.clone(), error.to_string());
                return app.db.write(move |tx| job::fail(tx, &clock, &me, &id, &message)).await;
            }
        }
    }
}

/// What each kind of job does in a step.
fn one_step(tx: &mut postil::Tx<'_>, app: &App, job: &Job) -> Result<job::Step> {
    let clock = &app.clock;
    match job.kind.as_str() {
        bulk::KIND => bulk::step(tx, clock, job, app.string_limit),
        matching::KIND => matching::step(tx, clock, job, &app.prices),
        queue::ADD_KIND => queue::add_step(tx, clock, job),
        queue::SORT_KIND => queue::sort_step(tx, job),
        automation::BACK_FILL_KIND => automation::back_fill_step(tx, clock, &app.prices, job),
        erasure::TRACES_KIND => erasure::traces_step(tx, job),
        erasure::IDENTITY_KIND => erasure::identity_step(tx, job),
        erasure::project::KIND => erasure::project::job_step(tx, job),
        other => Err(Error::invalid("unknown_job", format!("This server does not know jobs of the kind {other}."))),
    }
}
