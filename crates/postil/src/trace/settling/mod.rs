//! Traces that are still to be looked at, once nothing comes to them any more, or when something was said of them.
//!
//! Whoever waits for that says so with [`listen`]; while nobody does, a request is not slower for it. A trace that got
//! spans waits for the shortest time anybody asked for: a short one when its root has ended, else a long one. Every span
//! that comes makes it wait anew.

mod store;

use std::collections::HashSet;

use crate::db::Tx;
use crate::error::Result;

/// Why a trace is to be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    /// Its spans have come, and nothing more for a while.
    Settled,
    /// Something was said of it, or taken back.
    Feedback,
}

impl Cause {
    /// The word as it is stored and sent.
    pub fn name(self) -> &'static str {
        match self {
            Cause::Settled => "settled",
            Cause::Feedback => "feedback",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Cause> {
        [Cause::Settled, Cause::Feedback].into_iter().find(|cause| cause.name() == text)
    }
}

/// What is waited for in a project, in microseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Listener {
    /// How long a trace is quiet after its root has ended, and how long it is without one; none: nobody waits.
    pub settled: Option<(i64, i64)>,
    /// Whether annotations and verdicts are waited for.
    pub feedback: bool,
}

/// A trace that is to be looked at now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// The number of its project.
    pub project: i64,
    /// The trace.
    pub trace_id: String,
    /// Why.
    pub cause: Cause,
    /// Since when nothing came; another number when something has come.
    pub since: i64,
    /// Whether its root has ended.
    pub ended: bool,
    /// How long it had been quiet when it was last looked at, in microseconds.
    pub waited: i64,
}

/// Says what is waited for in a project from now on.
pub fn listen(tx: &mut Tx<'_>, project: i64, listener: Listener) -> Result<()> {
    store::listen(tx, project, listener)
}

/// Whether anything is waited for, in any project.
pub fn is_listened(tx: &mut Tx<'_>) -> Result<bool> {
    store::is_listened(tx)
}

/// Spans of these traces came: they wait, if anybody does for them. With each, whether its root has ended.
pub(super) fn touch<'a>(
    tx: &mut Tx<'_>,
    project: i64,
    at: i64,
    traces: impl Iterator<Item = (&'a str, bool)>,
) -> Result<()> {
    let Some((quiet, idle)) = store::times(tx, project)? else { return Ok(()) };
    store::touch(tx, project, at, (quiet, idle), traces)
}

/// Whether anybody waits for what is said of the traces of a project.
pub fn hears_feedback(tx: &mut Tx<'_>, project: i64) -> Result<bool> {
    store::hears_feedback(tx, project)
}

/// Something was said of a trace, or taken back: it is to be looked at, if anybody waits for that.
pub fn feedback(tx: &mut Tx<'_>, project: i64, at: i64, trace_id: &str) -> Result<()> {
    store::feedback(tx, project, at, trace_id)
}

/// The traces that are to be looked at by now, those that wait longest first.
pub fn due(tx: &mut Tx<'_>, now: i64, count: usize) -> Result<Vec<Due>> {
    store::due(tx, now, count)
}

/// Those of these to which nothing has come since they were read, held until the transaction ends. What somebody else
/// holds at this moment is left to them.
pub fn hold<'a>(tx: &mut Tx<'_>, dues: &'a [Due]) -> Result<Vec<&'a Due>> {
    let mut unchanged = Vec::new();
    for project in dues.iter().map(|due| due.project).collect::<HashSet<_>>() {
        let own: Vec<_> = dues.iter().filter(|due| due.project == project).collect();
        let held = store::hold(tx, project, &own)?;
        let known = |due: &&Due| held.contains(&(due.trace_id.clone(), due.cause, due.since));
        unchanged.extend(own.into_iter().filter(known));
    }
    Ok(unchanged)
}

/// Nobody waits for these any more.
pub fn done(tx: &mut Tx<'_>, dues: &[&Due]) -> Result<()> {
    store::done(tx, dues)
}

/// To be looked at again at another time; `waited` is how long it had been quiet by now.
pub fn again(tx: &mut Tx<'_>, due: &Due, waited: i64, at: i64) -> Result<()> {
    store::again(tx, due, waited, at)
}
