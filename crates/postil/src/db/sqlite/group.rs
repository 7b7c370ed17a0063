//! The group commit: closures that wait are run in one transaction, committed once, and answered together.

use std::time::{Duration, Instant};

use crossbeam_channel::Receiver;

use super::SqliteSession;
use super::log::Log;
use crate::db::job::{Job, Verdict};
use crate::db::relay::Teller;
use crate::db::tx::Tx;
use crate::error::{Error, Result};
use crate::event::Event;

/// Closures that share one commit.
const LARGEST: usize = 512;
/// A commit waits no longer than this for more closures to join it.
const LONGEST: Duration = Duration::from_millis(15);

/// Takes what waits, runs it in one transaction, commits, answers; again and again until nobody can send any more.
pub(super) fn write_loop(session: &SqliteSession, log: &Log, queue: &Receiver<Box<dyn Job>>, teller: &Teller) {
    while let Ok(first) = queue.recv() {
        write_group(session, first, queue, teller);
        log.carry_rest(&session.connection);
    }
    log.carry_all(&session.connection);
}

/// Closures that ran in the transaction that is open.
#[derive(Default)]
struct Group {
    jobs: Vec<Box<dyn Job>>,
    happened: Vec<Event>,
    /// Whether one of them failed after it had written.
    in_savepoints: bool,
}

fn write_group(session: &SqliteSession, first: Box<dyn Job>, queue: &Receiver<Box<dyn Job>>, teller: &Teller) {
    if let Err(failure) = session.batch("begin immediate") {
        return first.finish(Some(failure));
    }
    let begun = Instant::now();
    let mut group = Group::default();
    let mut next = Some(first);
    let mut outcome = Ok(());
    while let Some(job) = next {
        outcome = group.join(session, job);
        let full = outcome.is_err() || group.jobs.len() >= LARGEST || begun.elapsed() > LONGEST;
        next = if full { None } else { queue.try_recv().ok() };
    }
    let outcome = outcome.and_then(|()| session.batch("commit"));
    if let Err(failure) = &outcome {
        // The disk is full, for one: nobody's work is kept.
        tracing::error!(error = %describe(failure), "a commit failed");
        if !session.connection.is_autocommit() {
            drop(session.batch("rollback"));
        }
    } else {
        teller.tell(group.happened);
    }
    let cause = outcome.err().map(|failure| describe(&failure));
    group.jobs.into_iter().for_each(|job| job.finish(cause.clone().map(Error::Unavailable)));
}

impl Group {
    /// Runs one more closure so that its failure undoes only itself. An error means that the transaction is lost.
    ///
    /// Savepoints copy every page that is changed inside them, and closures seldom fail after they have written. So
    /// there are none, until one does; then the transaction begins anew and the group runs again with them.
    fn join(&mut self, session: &SqliteSession, mut job: Box<dyn Job>) -> Result<()> {
        if self.in_savepoints {
            let ran = run_in_savepoint(session, job.as_mut());
            self.jobs.push(job);
            self.happened.extend(ran?);
            return Ok(());
        }
        let before = session.connection.total_changes();
        let ran = run(session, job.as_mut());
        self.jobs.push(job);
        match ran? {
            Some(events) => self.happened.extend(events),
            None if session.connection.total_changes() == before => {}
            None => self.run_again(session)?,
        }
        Ok(())
    }

    fn run_again(&mut self, session: &SqliteSession) -> Result<()> {
        self.in_savepoints = true;
        session.batch("rollback")?;
        session.batch("begin immediate")?;
        self.happened.clear();
        for job in &mut self.jobs {
            self.happened.extend(run_in_savepoint(session, job.as_mut())?);
        }
        Ok(())
    }
}

/// Runs one closure: its events, or nothing when its work is not to be kept.
fn run(session: &SqliteSession, job: &mut dyn Job) -> Result<Option<Vec<Event>>> {
    let mut tx = Tx::sqlite(session);
    let verdict = job.run(&mut tx);
    if session.connection.is_autocommit() {
        return Err(Error::Unavailable("the transaction was rolled back by the database".into()));
    }
    Ok((verdict == Verdict::Commit).then_some(tx.events))
}

fn run_in_savepoint(session: &SqliteSession, job: &mut dyn Job) -> Result<Vec<Event>> {
    session.batch("savepoint verb")?;
    let events = run(session, job)?;
    if events.is_none() {
        session.batch("rollback to verb")?;
    }
    session.batch("release verb")?;
    Ok(events.unwrap_or_default())
}

fn describe(failure: &Error) -> String {
    match failure {
        Error::Unavailable(cause) | Error::Internal(cause) => cause.clone(),
        other => other.to_string(),
    }
}
