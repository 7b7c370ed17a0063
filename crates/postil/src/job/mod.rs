//! Jobs: work that goes on after the request that asked for it was answered.
//!
//! A job is a row. Whoever claims it holds a lease, and renews it with every step; when a server dies its lease lapses
//! and another one goes on. A step does a part of the work *and* stores how far the job is, in one transaction, so that
//! no part is done twice or left out, wherever it is interrupted. What a kind of job does in a step is the business of
//! the room it belongs to.

mod store;

use serde_json::Value as Json;

use crate::clock::Clock;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::event::Event;
use crate::id;
use crate::page::{Page, PageRequest};
use crate::project::{Caller, Permission};

/// How long a claimed job is left to its worker without a sign of life, in microseconds.
pub const LEASE: i64 = 30_000_000;
/// How many jobs of a project may wait or run.
pub const MOST_OPEN: i64 = 20;
/// How long ended jobs are kept, in microseconds.
const KEPT: i64 = 30 * 86_400 * 1_000_000;

/// How a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Nobody works on it yet.
    Queued,
    /// Somebody works on it, or did when they were interrupted.
    Running,
    /// It did all it was to do.
    Done,
    /// It could not go on.
    Failed,
    /// It was told to stop.
    Canceled,
}

impl State {
    /// The state as it is stored and sent.
    pub fn name(self) -> &'static str {
        match self {
            State::Queued => "queued",
            State::Running => "running",
            State::Done => "done",
            State::Failed => "failed",
            State::Canceled => "canceled",
        }
    }

    fn parse(text: &str) -> Option<State> {
        [State::Queued, State::Running, State::Done, State::Failed, State::Canceled]
            .into_iter()
            .find(|state| state.name() == text)
    }
}

/// A job.
#[derive(Debug, Clone)]
pub struct Job {
    /// Its id, a ULID.
    pub id: String,
    /// The number of its project.
    pub project: i64,
    /// What it does, such as `annotate`.
    pub kind: String,
    /// How it stands.
    pub state: State,
    /// What it is to do, in the words of its kind.
    pub input: Json,
    /// How far it is, in the words of its kind; null before the first step.
    pub position: Json,
    /// How much there is to do, as counted when it was made.
    pub total: i64,
    /// How much is done.
    pub done: i64,
    /// How much could not be done.
    pub failed: i64,
    /// Why it could not go on.
    pub error: Option<String>,
    /// Whether it was told to stop.
    pub cancel_asked: bool,
    /// For whom it works.
    pub caller: Caller,
    /// Who asked for it.
    pub created_by: String,
    /// When it was asked for.
    pub created_at: i64,
    /// When it last got on.
    pub updated_at: i64,
    /// When it ended.
    pub ended_at: Option<i64>,
}

/// What one step did.
#[derive(Debug, Clone)]
pub struct Step {
    /// How far the job is now.
    pub position: Json,
    /// How much was done.
    pub done: i64,
    /// How much could not be done.
    pub failed: i64,
    /// Whether nothing is left.
    pub ended: bool,
}

/// Puts a job into the queue, to be done for the caller.
///
/// # Errors
/// [`Error::RateLimited`] when too many jobs of the project are open.
pub fn add(tx: &mut Tx<'_>, clock: &Clock, caller: &Caller, kind: &str, input: Json, total: i64) -> Result<Job> {
    let project = caller.project.number;
    if store::count_open(tx, project)? >= MOST_OPEN {
        let message = format!("{MOST_OPEN} jobs of this project wait or run already. Wait for one, or cancel one.");
        return Err(Error::RateLimited { message, retry_after: 30 });
    }
    let job = Job {
        id: id::ulid(clock),
        project,
        kind: kind.to_owned(),
        state: State::Queued,
        input,
        position: Json::Null,
        total,
        done: 0,
        failed: 0,
        error: None,
        cancel_asked: false,
        caller: caller.clone(),
        created_by: caller.actor.id().to_owned(),
        created_at: clock.now(),
        updated_at: clock.now(),
        ended_at: None,
    };
    store::insert(tx, &job)?;
    tell(tx, project);
    Ok(job)
}

/// The jobs of the caller's project, newest first.
pub fn list(tx: &mut Tx<'_>, caller: &Caller, page: &PageRequest) -> Result<Page<Job>> {
    Ok(page.cut(store::list(tx, caller.project.number)?, |job| &job.id))
}

/// A job of the caller's project.
pub fn get(tx: &mut Tx<'_>, caller: &Caller, id: &str) -> Result<Job> {
    let found = store::find(tx, id)?.filter(|job| job.project == caller.project.number);
    found.ok_or_else(|| Error::not_found("job_not_found", format!("The job with id \"{id}\" was not found.")))
}

/// Tells a job to stop: at once when nobody works on it, else after the step that runs. What is done stays done. A job
/// that has ended stays as it is.
pub fn cancel(tx: &mut Tx<'_>, clock: &Clock, caller: &Caller, id: &str) -> Result<Job> {
    let job = get(tx, caller, id)?;
    if job.created_by != caller.actor.id() && !caller.permissions.has(Permission::Define) {
        return Err(Error::Forbidden("This job was started by somebody else.".into()));
    }
    store::ask_to_cancel(tx, &job.id)?;
    let Some(mut job) = store::lock(tx, &job.id)? else { return get(tx, caller, id) };
    if job.ended_at.is_none() && job.state == State::Queued {
        end(tx, clock, &mut job, State::Canceled, None)?;
    }
    Ok(job)
}

/// Takes the oldest job that nobody works on, for `worker` to do.
pub fn claim(tx: &mut Tx<'_>, clock: &Clock, worker: &str) -> Result<Option<Job>> {
    let Some(id) = store::next_open(tx, clock.now())? else { return Ok(None) };
    store::take(tx, &id, worker, clock.now() + LEASE)?;
    store::find(tx, &id)
}

/// Does one step of a job that `worker` has claimed, and says whether there is more to do.
///
/// `work` gets the job as it stands. When it fails, nothing of the step is kept, and the caller decides with [`fail`].
pub fn step(
    tx: &mut Tx<'_>,
    clock: &Clock,
    worker: &str,
    id: &str,
    work: impl FnOnce(&mut Tx<'_>, &Job) -> Result<Step>,
) -> Result<bool> {
    let Some(mut job) = store::lock(tx, id)? else { return Ok(false) };
    if job.ended_at.is_some() || store::worker(tx, id)?.as_deref() != Some(worker) {
        // It lapsed, and somebody else goes on with it.
        return Ok(false);
    }
    if job.cancel_asked {
        end(tx, clock, &mut job, State::Canceled, None)?;
        return Ok(false);
    }
    let step = work(tx, &job)?;
    job.position = step.position;
    job.done += step.done;
    job.failed += step.failed;
    if step.ended {
        // What was counted at first and what was met can differ: traces come and go.
        job.total = job.done + job.failed;
        end(tx, clock, &mut job, State::Done, None)?;
        return Ok(false);
    }
    job.total = job.total.max(job.done + job.failed);
    job.updated_at = clock.now();
    store::update(tx, &job, Some(clock.now() + LEASE))?;
    tell(tx, job.project);
    Ok(true)
}

/// Ends a job that cannot go on, with the sentence that says why.
pub fn fail(tx: &mut Tx<'_>, clock: &Clock, worker: &str, id: &str, message: &str) -> Result<()> {
    let Some(mut job) = store::lock(tx, id)? else { return Ok(()) };
    if job.ended_at.is_some() || store::worker(tx, id)?.as_deref() != Some(worker) {
        return Ok(());
    }
    end(tx, clock, &mut job, State::Failed, Some(message))
}

/// Gives back what `worker` has claimed, so that another goes on at once.
pub fn release(tx: &mut Tx<'_>, worker: &str) -> Result<()> {
    store::release(tx, worker)
}

/// Forgets jobs that ended long ago.
pub fn forget_old(tx: &mut Tx<'_>, clock: &Clock) -> Result<()> {
    store::delete_ended_before(tx, clock.now() - KEPT)
}

fn end(tx: &mut Tx<'_>, clock: &Clock, job: &mut Job, state: State, error: Option<&str>) -> Result<()> {
    job.state = state;
    job.error = error.map(ToOwned::to_owned);
    job.updated_at = clock.now();
    job.ended_at = Some(clock.now());
    store::update(tx, job, None)?;
    tell(tx, job.project);
    Ok(())
}

fn tell(tx: &mut Tx<'_>, project: i64) {
    tx.emit(Event { project, kind: "job.updated", ..Event::default() });
}
