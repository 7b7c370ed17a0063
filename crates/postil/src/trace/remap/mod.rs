//! Deriving the rows of stored spans again, from what is kept of them, by the mapping and the prices of today.
//!
//! A batch is prepared in a reading transaction, where decoding and mapping cost nobody else anything, and then written
//! in a short one: so traces go on coming in meanwhile. What happened to a span between the two wins: a span that came
//! again keeps its newer row, and a trace whose log records grew is left for the next batch.
//!
//! Two walks: over what an older mapping derived, whose rest is always what is still marked as old, so that it can be
//! stopped and taken up anywhere; and over everything, whose place is kept in the database.

mod store;

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::trace::v1::TracesData;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use self::store::Kept;
use super::call::{self, Calls};
use super::dialect::SpanView;
use super::intake::{derive, roll_up_again, roll_up_others};
use super::price::PriceTable;
use super::row::Stamp;
use super::{lease, otlp, store as rows};
use crate::clock::Clock;
use crate::db::{Tx, Value};
use crate::error::{Error, Result};

pub use super::row::MAPPER_VERSION;

/// How many traces a batch touches at most.
const TRACES: usize = 64;
/// How many bytes of spans a batch reads at most, unless a single chunk is larger.
const BYTES: usize = 2 << 20;
/// The setting that says who is at work, and until when that is believed.
const LEASE: &str = "remap.lease";
/// The setting that says how far a walk over everything came.
const WALK: &str = "remap.all";

/// A place in the walk over everything: up to and with this span of this trace, all is done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The trace.
    pub trace_id: String,
    /// The span; empty before the first one.
    pub span_id: String,
    /// The last trace of the walk. Those that come meanwhile are derived as they come, and would make it endless.
    pub until: String,
}

impl Place {
    fn at(&self, trace_id: String, span_id: String) -> Place {
        Place { trace_id, span_id, until: self.until.clone() }
    }
}

/// Which spans are derived again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// Those that an older mapping derived.
    Older,
    /// All after a place.
    After(Place),
}

/// How far a walk over everything came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Walk {
    /// With which mapping and which prices, and over what: a walk for something else begins anew.
    purpose: String,
    /// The project it is in.
    pub project: i64,
    /// Its place there.
    pub place: Place,
}

/// Spans that are derived again, ready to be written.
#[derive(Debug)]
pub struct Batch {
    project: i64,
    parts: Vec<Part>,
    /// Where the walk over everything goes on; none when it is through.
    pub next: Option<Place>,
}

/// What is derived again of one trace.
#[derive(Debug)]
struct Part {
    trace_id: String,
    spans: Vec<Vec<Value>>,
    /// Calls that other traces may report as well.
    calls: Calls,
    /// Spans that cannot be read any more: their rows stay as they are.
    unreadable: Vec<String>,
    records: i64,
    /// Whether these are the last of its spans.
    whole: bool,
}

/// What a batch has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Traces that are now up to date.
    pub traces: u64,
    /// Spans whose rows were derived again.
    pub spans: u64,
    /// Spans that could not be read any more and stay as they were.
    pub unreadable: u64,
    /// Some trace changed meanwhile: the same batch must be prepared once more.
    pub again: bool,
}

impl Batch {
    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// The traces it touches.
    pub fn trace_ids(&self) -> Vec<String> {
        self.parts.iter().map(|part| part.trace_id.clone()).collect()
    }
}

/// The numbers of all projects.
pub fn projects(tx: &mut Tx<'_>) -> Result<Vec<i64>> {
    store::projects(tx)
}

/// The number of a project by its id or key.
///
/// # Errors
/// [`Error::NotFound`] when there is none.
pub fn project(tx: &mut Tx<'_>, name: &str) -> Result<i64> {
    let found = store::project(tx, name)?;
    found
        .ok_or_else(|| Error::not_found("project_not_found", format!("There is no project with the id or key {name}.")))
}

/// How many traces of a project are still to be derived again.
pub fn remaining(tx: &mut Tx<'_>, project: i64, which: &Which) -> Result<i64> {
    match which {
        Which::Older => store::count_older(tx, project, MAPPER_VERSION),
        Which::After(place) => store::count_between(tx, project, &place.trace_id, &place.until),
    }
}

/// Where a walk over everything in a project begins; none when there is nothing.
pub fn begin(tx: &mut Tx<'_>, project: i64) -> Result<Option<Place>> {
    let until = store::last(tx, project)?;
    Ok(until.map(|until| Place { until, ..Place::default() }))
}

/// Derives the next `limit` spans of a project again. Reads only.
pub fn prepare(tx: &mut Tx<'_>, project: i64, which: &Which, limit: usize, prices: &PriceTable) -> Result<Batch> {
    let (mut traces, version, start) = match which {
        Which::Older => (store::older(tx, project, MAPPER_VERSION, TRACES)?, MAPPER_VERSION, Place::default()),
        Which::After(place) => (store::between(tx, project, place, TRACES)?, i64::MAX, place.clone()),
    };
    // Transactions that touch the same traces take them in the same order, so they wait instead of deadlocking.
    if *which == Which::Older {
        traces.sort();
    }
    let many = traces.len() == TRACES;
    let mut batch = Batch { project, parts: Vec::new(), next: None };
    let (mut spans, mut bytes) = (0, 0);
    for trace_id in traces {
        if spans >= limit || bytes >= BYTES {
            // The next batch begins with this trace.
            batch.next.get_or_insert(start.at(trace_id, String::new()));
            return Ok(batch);
        }
        let after = if start.trace_id == trace_id { start.span_id.as_str() } else { "" };
        let mut found = store::spans(tx, project, &trace_id, after, version, limit - spans + 1)?;
        let mut whole = found.len() <= limit - spans;
        found.truncate(limit - spans);
        let (part, read) = part(tx, project, &trace_id, &found, BYTES - bytes, prices)?;
        (spans, bytes) = (spans + part.done(), bytes + read);
        whole &= part.done() == found.len();
        let last = found.get(part.done().wrapping_sub(1)).map_or(after, |kept| kept.span_id.as_str()).to_owned();
        batch.next = (!whole).then(|| start.at(trace_id.clone(), last.clone()));
        batch.parts.push(Part { whole, ..part });
        if !whole {
            return Ok(batch);
        }
        if many && batch.parts.len() == TRACES {
            // After the last span of this trace; it is met once more and found to be done.
            batch.next = Some(start.at(trace_id, last));
        }
    }
    Ok(batch)
}

impl Part {
    fn done(&self) -> usize {
        self.spans.len() + self.unreadable.len()
    }
}

/// Derives spans of one trace again, as many as fit, and says how many bytes that took.
fn part(
    tx: &mut Tx<'_>,
    project: i64,
    trace_id: &str,
    found: &[Kept],
    room: usize,
    prices: &PriceTable,
) -> Result<(Part, usize)> {
    let records = store::count_records(tx, project, trace_id)?;
    let mut part = Part {
        trace_id: trace_id.to_owned(),
        spans: Vec::new(),
        calls: Calls::new(),
        unreadable: Vec::new(),
        records,
        whole: true,
    };
    let mut chunks: BTreeMap<i64, Option<TracesData>> = BTreeMap::new();
    let mut bytes = 0;
    for kept in found {
        if bytes >= room.max(1) {
            break;
        }
        if let std::collections::btree_map::Entry::Vacant(place) = chunks.entry(kept.chunk_id) {
            let chunk = match rows::chunk(tx, project, trace_id, kept.chunk_id) {
                Ok(chunk) => Some(chunk),
                // Missing or damaged, which no other try will change.
                Err(Error::Internal(_)) => None,
                Err(passing) => return Err(passing),
            };
            bytes += chunk.as_ref().map_or(0, prost::Message::encoded_len);
            place.insert(chunk);
        }
        let own =
            if records == 0 { Vec::new() } else { rows::log_records(tx, project, trace_id, Some(&kept.span_id))? };
        let own: Vec<&LogRecord> = own.iter().map(|stored| &stored.record).collect();
        let chunk = chunks.get(&kept.chunk_id).and_then(Option::as_ref);
        let id = hex::decode(&kept.span_id).unwrap_or_default();
        match chunk.and_then(|chunk| otlp::find_span(chunk, &id)) {
            Some((resource, scope, span)) => {
                let view = SpanView { resource, scope, span, header_convention_version: kept.ingestion_version };
                let (chunk_id, ingestion_version) = (kept.chunk_id, kept.ingestion_version);
                let stamp = Stamp { project, received_at: 0, chunk_id, ingestion_version };
                let derived = derive(&view, &own, trace_id, stamp, prices);
                if let Some(key) = derived.facts.call_key {
                    part.calls.entry(key).or_default().insert(trace_id.to_owned());
                }
                part.spans.push(derived.row);
            }
            None => part.unreadable.push(kept.span_id.clone()),
        }
    }
    Ok((part, bytes))
}

/// Writes what [`prepare`] has derived. Nobody is told of it as an event: it would be one for every trace there is.
pub fn write(tx: &mut Tx<'_>, batch: &Batch) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    let project = batch.project;
    let mut calls = Calls::new();
    for (key, traces) in batch.parts.iter().flat_map(|part| &part.calls) {
        calls.entry(key.clone()).or_default().extend(traces.iter().cloned());
    }
    call::join(tx, project, &calls)?;
    for part in &batch.parts {
        if !rows::lock_trace(tx, project, &part.trace_id)? {
            continue;
        }
        if store::count_records(tx, project, &part.trace_id)? != part.records {
            outcome.again = true;
            continue;
        }
        outcome.spans += store::overwrite_spans(tx, &part.spans)?;
        for span_id in &part.unreadable {
            store::mark_span(tx, project, &part.trace_id, span_id, MAPPER_VERSION)?;
            outcome.unreadable += 1;
        }
        if part.whole {
            if part.done() == 0 {
                store::mark_trace(tx, project, &part.trace_id, MAPPER_VERSION)?;
            }
            roll_up_again(tx, project, &part.trace_id)?;
            roll_up_others(tx, project, &part.trace_id)?;
            outcome.traces += 1;
        }
    }
    Ok(outcome)
}

/// Gives traces up that cannot be derived again: they stay as they are and are not tried any more.
pub fn give_up(tx: &mut Tx<'_>, project: i64, trace_ids: &[String]) -> Result<()> {
    trace_ids.iter().try_for_each(|trace_id| store::mark_trace(tx, project, trace_id, MAPPER_VERSION))
}

/// Takes the work for `holder` for so many microseconds, or renews that. False while somebody else is at it.
pub fn take(tx: &mut Tx<'_>, clock: &Clock, holder: &str, micros: i64) -> Result<bool> {
    lease::take(tx, clock, LEASE, holder, micros)
}

/// Lets others have the work, if `holder` has it.
pub fn release(tx: &mut Tx<'_>, holder: &str) -> Result<()> {
    lease::release(tx, LEASE, holder)
}

/// What a walk over everything is for: one that was for something else is not taken up.
pub fn purpose(project: Option<i64>, prices: &PriceTable) -> String {
    let text = format!("{MAPPER_VERSION} {project:?} {}", prices.fingerprint());
    hex::encode(Sha256::digest(text))[..16].to_owned()
}

/// The walk of this purpose that was interrupted.
pub fn interrupted(tx: &mut Tx<'_>, purpose: &str) -> Result<Option<Walk>> {
    let walk = rows::setting(tx, WALK)?.and_then(|text| serde_json::from_str::<Walk>(&text).ok());
    Ok(walk.filter(|walk| walk.purpose == purpose))
}

/// Notes how far a walk over everything came.
pub fn note(tx: &mut Tx<'_>, purpose: &str, project: i64, place: &Place) -> Result<()> {
    let walk = Walk { purpose: purpose.to_owned(), project, place: place.clone() };
    rows::setting(tx, WALK)?;
    rows::set(tx, WALK, &serde_json::to_string(&walk).map_err(Error::internal)?)
}

/// Forgets the walk: it is through.
pub fn forget(tx: &mut Tx<'_>) -> Result<()> {
    rows::setting(tx, WALK)?;
    rows::set(tx, WALK, "")
}
