//! What a project keeps only for a time: its traces with their spans and log records, by when they came in.
//!
//! What people and machines said of them stays, with its history. A trace goes as a whole, when the last of its spans
//! came in longer ago than the project keeps traces, so that nobody meets half of one.

mod store;

use super::{call, intake, lease, store as rows};
use crate::clock::Clock;
use crate::db::Tx;
use crate::error::Result;
use crate::media;

/// A day, in microseconds.
const DAY: i64 = 86_400_000_000;
/// The setting that says who is at work, and until when that is believed.
const LEASE: &str = "retention.lease";
/// How many traces a step looks at, at most.
const TRACES: usize = 200;

/// A project that keeps traces for a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// Its number.
    pub project: i64,
    /// What came in before this moment goes, in microseconds.
    pub before: i64,
    /// Now: traces that are to be kept for longer stay until then.
    pub now: i64,
}

/// What a step removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Removed {
    /// Whole traces.
    pub traces: u64,
    /// Their spans.
    pub spans: u64,
    /// Their log records, and those that belong to no trace.
    pub log_records: u64,
    /// Whether more may be left.
    pub more: bool,
}

/// Before which moment a trace must have come in to go now, when traces are kept for so many days.
pub fn limit(now: i64, days: i64) -> i64 {
    now.saturating_sub(days.saturating_mul(DAY))
}

/// The projects that keep traces for a time.
pub fn due(tx: &mut Tx<'_>, now: i64) -> Result<Vec<Due>> {
    let kept = store::kept_days(tx)?;
    Ok(kept.into_iter().map(|(project, days)| Due { project, before: limit(now, days), now }).collect())
}

/// How many traces came in before a moment.
pub fn count(tx: &mut Tx<'_>, project: i64, before: i64) -> Result<i64> {
    store::count(tx, project, before)
}

/// Whether anything came in before the moment from which on a project keeps traces.
pub fn is_due(tx: &mut Tx<'_>, due: Due) -> Result<bool> {
    store::has_old(tx, due)
}

/// Removes some traces that came in before a moment, with about so many spans, the oldest first.
pub fn step(tx: &mut Tx<'_>, due: Due, spans: i64) -> Result<Removed> {
    let Due { project, before, .. } = due;
    let mut chosen = Vec::new();
    let mut room = spans.max(1);
    let old = store::old(tx, due, TRACES)?;
    let found = old.len();
    for (trace_id, count) in old {
        if room <= 0 {
            break;
        }
        room -= count.max(1);
        chosen.push(trace_id);
    }
    let mut removed = Removed { more: found == TRACES || chosen.len() < found, ..Removed::default() };
    // Transactions that touch the same traces take them in the same order, so they wait instead of deadlocking.
    chosen.sort();
    for trace_id in &chosen {
        remove(tx, due, trace_id, &mut removed)?;
    }
    if !removed.more {
        let lone = store::remove_lone_records(tx, project, before, spans)?;
        removed.log_records += lone;
        removed.more = i64::try_from(lone).unwrap_or(i64::MAX) >= spans.max(1);
    }
    Ok(removed)
}

fn remove(tx: &mut Tx<'_>, due: Due, trace_id: &str, removed: &mut Removed) -> Result<()> {
    let Due { project, .. } = due;
    // Whoever sends a span of it at this moment has it first, and then it stays.
    if !rows::lock_trace(tx, project, trace_id)? || !store::is_old(tx, due, trace_id)? {
        return Ok(());
    }
    erase(tx, project, trace_id, removed)
}

/// Removes a trace with its spans, log records and media, whenever it came in, and what came of it without a trace. What
/// was said of it is not the business of this room.
pub fn erase(tx: &mut Tx<'_>, project: i64, trace_id: &str, removed: &mut Removed) -> Result<()> {
    rows::lock_trace(tx, project, trace_id)?;
    // Other traces may report the same calls, and count them from now on.
    let others = call::others(tx, project, trace_id)?;
    call::forget(tx, project, trace_id)?;
    let (traces, spans, records) = store::remove(tx, project, trace_id)?;
    media::forget(tx, project, trace_id)?;
    removed.traces += traces;
    removed.spans += spans;
    removed.log_records += records;
    for other in others {
        if rows::lock_trace(tx, project, &other)? {
            intake::roll_up_again(tx, project, &other)?;
        }
    }
    Ok(())
}

/// Keeps traces at least until a moment, however long their project keeps traces.
pub fn keep(tx: &mut Tx<'_>, project: i64, trace_ids: &[String], until: i64) -> Result<()> {
    store::keep(tx, project, trace_ids, until)
}

/// Takes the work for `holder` for so many microseconds, or renews that. False while somebody else is at it.
pub fn take(tx: &mut Tx<'_>, clock: &Clock, holder: &str, micros: i64) -> Result<bool> {
    lease::take(tx, clock, LEASE, holder, micros)
}

/// Lets others have the work, if `holder` has it.
pub fn release(tx: &mut Tx<'_>, holder: &str) -> Result<()> {
    lease::release(tx, LEASE, holder)
}
