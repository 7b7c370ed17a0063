//! What arrived, from whom, and what to do about it.

use std::collections::BTreeMap;

use super::advice::{self, Advice};
use super::ledger::HOUR;
use super::store::{self, KEPT_HOURS, Stored};
use super::{Measure, Sender};
use crate::db::Tx;
use crate::error::{Error, Result};

/// Something with a name, and how often it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The name.
    pub name: String,
    /// How often.
    pub count: i64,
}

/// One instrumentation of one client, and what it sent.
#[derive(Debug, Clone, Default, PartialEq)]
#[expect(missing_docs, reason = "explained where the API shows it")]
pub struct Source {
    pub sender: Sender,
    pub spans: i64,
    pub traces: i64,
    pub errors: i64,
    pub log_records: i64,
    pub model_calls: i64,
    pub without_content: i64,
    pub redacted: i64,
    pub first_at: i64,
    pub last_at: i64,
    pub unmapped: Vec<Named>,
    pub advice: Vec<Advice>,
}

/// Something that was not stored, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// The client that sent it.
    pub client: String,
    /// What it was.
    pub measure: Measure,
    /// Why it was not stored.
    pub reason: String,
    /// How often.
    pub count: i64,
    /// The last time.
    pub last_at: i64,
}

/// What arrived in a project.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Report {
    /// From when on, in microseconds.
    pub from: i64,
    /// The instrumentations, those that sent last first.
    pub sources: Vec<Source>,
    /// What was not stored, the most frequent first.
    pub rejected: Vec<Rejection>,
    /// Requests with metrics, which are accepted and dropped.
    pub metrics_requests: i64,
    /// What holds for the project as a whole.
    pub advice: Vec<Advice>,
}

/// What arrived in the last hours, the running one and the one it began in included.
///
/// # Errors
/// [`Error::Invalid`] when that is longer than it is kept.
pub fn report(tx: &mut Tx<'_>, project: i64, now: i64, hours: i64) -> Result<Report> {
    if !(1..=KEPT_HOURS).contains(&hours) {
        return Err(Error::field("invalid_hours", "hours", format!("hours must be from 1 to {KEPT_HOURS}.")));
    }
    let from = now.saturating_sub(hours * HOUR);
    let from = from - from.rem_euclid(HOUR);
    let mut report = Report { from, ..Report::default() };
    let mut sources: BTreeMap<Sender, Source> = BTreeMap::new();
    for line in store::since(tx, project, from)? {
        match line.measure {
            Measure::Metrics => report.metrics_requests += line.count,
            Measure::RejectedSpans | Measure::RejectedRecords | Measure::Refused => report.rejected.push(Rejection {
                client: line.sender.client,
                measure: line.measure,
                reason: line.name,
                count: line.count,
                last_at: line.last_at,
            }),
            _ => add(sources.entry(line.sender.clone()).or_default(), line),
        }
    }
    report.rejected.sort_by(|a, b| (b.count, &a.reason, &a.client).cmp(&(a.count, &b.reason, &b.client)));
    report.sources = sources.into_values().collect();
    for source in &mut report.sources {
        source.without_content = source.without_content.max(0);
        source.unmapped.sort_by(|a, b| (b.count, &a.name).cmp(&(a.count, &b.name)));
        source.advice = advice::of_source(source);
    }
    report.sources.sort_by(|a, b| (b.last_at, &a.sender).cmp(&(a.last_at, &b.sender)));
    report.advice = advice::of_project(&report);
    Ok(report)
}

fn add(source: &mut Source, line: Stored) {
    source.first_at = if source.last_at == 0 { line.first_at } else { source.first_at.min(line.first_at) };
    source.last_at = source.last_at.max(line.last_at);
    let count = match line.measure {
        Measure::Spans => &mut source.spans,
        Measure::Traces => &mut source.traces,
        Measure::Errors => &mut source.errors,
        Measure::LogRecords => &mut source.log_records,
        Measure::ModelCalls => &mut source.model_calls,
        Measure::ContentAbsent => &mut source.without_content,
        Measure::ContentRedacted => &mut source.redacted,
        // The span came without its messages, and log records brought them.
        Measure::ContentInRecords => {
            source.without_content -= line.count;
            source.sender = line.sender;
            return;
        }
        _ => {
            source.unmapped.push(Named { name: line.name, count: line.count });
            source.sender = line.sender;
            return;
        }
    };
    *count += line.count;
    source.sender = line.sender;
}
