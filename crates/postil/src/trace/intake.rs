//! Spans and log records on their way into the database.
//!
//! [`prepare`] does everything that needs no database, on any thread: it maps spans to the normal form, rolls up the
//! summary of each trace as if these were its only spans, compresses, and lays out the rows. [`store`] then only
//! writes, inside the transaction of the group commit. A trace that the database does not know yet is written as it was
//! prepared; the summary of one that it knows is rolled up again from all its spans, so the order of arrival never
//! changes the result.

mod logs;

use std::collections::{BTreeSet, HashSet};

use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::trace::v1::ResourceSpans;

use super::arrival::Arrivals;
use super::call::{self, Calls};
use super::dialect::{self, SpanView};
use super::evaluation::{self, Evaluation};
use super::media::{self as cutting, Cut};
use super::model::{Kind, NormalizedSpan};
use super::otlp::{self, ReceivedSpan, TraceBatch};
use super::price::PriceTable;
use super::rollup::{self, SpanFacts};
use super::row::{self, Circumstances, Stamp};
use super::{settling, store, tag};
use crate::db::{Tx, Value};
use crate::error::Result;
use crate::event::Event;
use crate::media;
use crate::params;

pub use logs::{PreparedLogs, prepare_logs, store_logs};

/// Where spans come from, and when.
#[derive(Debug, Clone, Copy)]
pub struct Origin {
    /// The number of the project they belong to.
    pub project: i64,
    /// When they came, in microseconds.
    pub received_at: i64,
    /// The version that the client stated in `x-langfuse-ingestion-version`.
    pub convention_version: Option<u32>,
}

/// The spans of one request, ready to be written.
#[derive(Debug)]
pub struct Prepared {
    project: i64,
    received_at: i64,
    traces: Vec<PreparedTrace>,
    /// The row of each trace, in the same order.
    summaries: Vec<Vec<Value>>,
    chunks: Vec<Vec<Value>>,
    spans: Vec<Vec<Value>>,
    /// Calls that other traces may report as well.
    calls: Calls,
    /// The media that were cut out of the spans, and which span refers to which.
    media: Vec<Vec<Value>>,
    uses: Vec<media::Use>,
    /// The verdicts that the spans carry; a higher room stores them in the same transaction.
    pub evaluations: Vec<Evaluation>,
    /// What came from which instrumentation; taken out by whoever knows the client.
    pub arrivals: Arrivals,
}

#[derive(Debug)]
struct PreparedTrace {
    trace_id: String,
    span_ids: Vec<String>,
    /// Some model call came without messages: they may be in log records.
    wants_records: bool,
    /// Its root is among the spans, and has ended.
    ended: bool,
}

impl Prepared {
    /// The project the spans belong to.
    pub fn project(&self) -> i64 {
        self.project
    }

    /// How many spans will be stored.
    pub fn span_count(&self) -> usize {
        self.spans.len()
    }
}

/// Maps, rolls up and compresses the checked spans of a request.
pub fn prepare(resource_spans: Vec<ResourceSpans>, origin: Origin, prices: &PriceTable) -> Prepared {
    let batches = otlp::split_by_trace(resource_spans);
    let spans = batches.iter().flat_map(|batch| &batch.spans);
    let evaluations = spans.flat_map(|received| evaluation::of_span(&received.span)).collect();
    let mut batches = batches;
    // Transactions that touch the same traces take them in the same order, so they wait instead of deadlocking.
    batches.sort_by(|a, b| a.trace_id.cmp(&b.trace_id));
    let mut prepared = Prepared {
        project: origin.project,
        received_at: origin.received_at,
        traces: Vec::with_capacity(batches.len()),
        summaries: Vec::with_capacity(batches.len()),
        chunks: Vec::with_capacity(batches.len()),
        spans: Vec::new(),
        calls: Calls::new(),
        media: Vec::new(),
        uses: Vec::new(),
        evaluations,
        arrivals: Arrivals::default(),
    };
    let mut cut = Cut::default();
    for batch in &mut batches {
        let media = batch.spans.iter_mut().map(|received| cut.span(&mut received.span)).collect();
        prepared.add(batch, media, origin, prices);
    }
    prepared.media = cut.rows(origin.project, origin.received_at);
    prepared
}

impl Prepared {
    /// Lays out the spans of one trace; `media` are those of each span.
    fn add(&mut self, batch: &TraceBatch, media: Vec<Vec<String>>, origin: Origin, prices: &PriceTable) {
        let mut media = media.into_iter();
        let mut facts = Vec::with_capacity(batch.spans.len());
        let mut circumstances = Vec::with_capacity(batch.spans.len());
        let mut wants_records = false;
        let mut rest = &batch.spans[..];
        for chunk in otlp::encode_chunks(&batch.spans) {
            let (inside, after) = rest.split_at(chunk.span_count.min(rest.len()));
            rest = after;
            let stamp = Stamp {
                project: origin.project,
                received_at: origin.received_at,
                chunk_id: chunk.id,
                ingestion_version: origin.convention_version,
            };
            for received in inside {
                let view = view(received, origin.convention_version);
                let derived = derive(&view, &[], &batch.trace_id, stamp, prices);
                self.arrivals.span(received, &view, &derived.normalized, &batch.trace_id);
                wants_records |= !derived.facts.has_messages && derived.facts.kind == Kind::Llm;
                if let Some(key) = &derived.facts.call_key {
                    self.calls.entry(key.clone()).or_default().insert(batch.trace_id.clone());
                }
                let own = media.next().unwrap_or_default();
                self.uses.extend(cutting::uses_of(&batch.trace_id, &derived.facts.span_id, chunk.id, own));
                self.spans.push(derived.row);
                facts.push(derived.facts);
                circumstances.push(derived.circumstances);
            }
            self.chunks.push(params![origin.project, &batch.trace_id, chunk.id, chunk.bytes].to_vec());
        }
        let (_, summary) = row::trace(&facts, &mut circumstances, &batch.trace_id, origin.project, origin.received_at);
        self.summaries.push(summary);
        self.traces.push(PreparedTrace {
            trace_id: batch.trace_id.clone(),
            ended: has_ended(&facts),
            span_ids: facts.into_iter().map(|facts| facts.span_id).collect(),
            wants_records,
        });
    }
}

fn view(received: &ReceivedSpan, version: Option<u32>) -> SpanView<'_> {
    SpanView {
        resource: received.source.resource.resource.as_ref(),
        scope: received.source.scope.as_ref(),
        span: &received.span,
        header_convention_version: version,
    }
}

/// What the mapping makes of one span.
pub(super) struct Derived {
    pub(super) row: Vec<Value>,
    pub(super) facts: SpanFacts,
    circumstances: Circumstances,
    normalized: NormalizedSpan,
}

pub(super) fn derive(
    view: &SpanView<'_>,
    logs: &[&LogRecord],
    trace_id: &str,
    stamp: Stamp,
    prices: &PriceTable,
) -> Derived {
    let mut normalized = dialect::normalize(view, logs);
    prices.apply(&mut normalized);
    let facts = rollup::facts(view, &normalized);
    Derived {
        row: row::span(view, &normalized, &facts, trace_id, stamp),
        circumstances: Circumstances::of(view, &normalized, &facts),
        facts,
        normalized,
    }
}

/// Writes the spans of one request. Sending them again changes nothing.
pub fn store(tx: &mut Tx<'_>, prepared: &Prepared, prices: &PriceTable) -> Result<()> {
    let project = prepared.project;
    // Before any trace is taken: who waits for a call holds nothing that its holder wants.
    let shared = call::join(tx, project, &prepared.calls)?;
    media::keep(tx, project, &prepared.media, &prepared.uses)?;
    let mut new: HashSet<String> = store::insert_new_traces(tx, &prepared.summaries)?.into_iter().collect();
    let known = prepared.traces.iter().map(|trace| &trace.trace_id).filter(|trace_id| !new.contains(*trace_id));
    let mut changed: BTreeSet<&str> = BTreeSet::new();
    for trace_id in known.chain(&shared).map(String::as_str).collect::<BTreeSet<_>>() {
        if store::lock_trace(tx, project, trace_id)? {
            changed.insert(trace_id);
        }
    }
    if prepared.traces.iter().any(|trace| !new.contains(&trace.trace_id) && !changed.contains(trace.trace_id.as_str()))
    {
        // It was known, and while it was waited for its time was over: see `retention`.
        new.extend(store::insert_new_traces(tx, &prepared.summaries)?);
    }
    store::insert_chunks(tx, &prepared.chunks)?;
    store::upsert_spans(tx, &prepared.spans)?;
    for trace in prepared.traces.iter().filter(|trace| trace.wants_records) {
        let with_records = store::spans_with_records(tx, project, &trace.trace_id)?;
        let here: Vec<_> = with_records.into_iter().filter(|span_id| trace.span_ids.contains(span_id)).collect();
        if !here.is_empty() {
            derive_again(tx, project, &trace.trace_id, &here, prices)?;
            changed.insert(&trace.trace_id);
        }
    }
    let mut ended: HashSet<&str> = HashSet::new();
    for trace_id in &changed {
        if roll_up_again(tx, project, trace_id)? {
            ended.insert(trace_id);
        }
    }
    let touched = prepared.traces.iter().map(|trace| {
        let trace_id = trace.trace_id.as_str();
        (trace_id, if changed.contains(trace_id) { ended.contains(trace_id) } else { trace.ended })
    });
    settling::touch(tx, project, prepared.received_at, touched)?;
    for trace in &prepared.traces {
        let kind = if new.contains(&trace.trace_id) { "trace.created" } else { "trace.updated" };
        tx.emit(Event { project, kind, trace_id: Some(trace.trace_id.clone()), ..Event::default() });
    }
    let own: HashSet<&str> = prepared.traces.iter().map(|trace| trace.trace_id.as_str()).collect();
    for other in shared.iter().filter(|other| !own.contains(other.as_str())) {
        tx.emit(Event { project, kind: "trace.updated", trace_id: Some(other.clone()), ..Event::default() });
    }
    Ok(())
}

/// Rolls up the traces whose sums depend on those of this one.
pub(super) fn roll_up_others(tx: &mut Tx<'_>, project: i64, trace_id: &str) -> Result<()> {
    for other in call::others(tx, project, trace_id)? {
        if store::lock_trace(tx, project, &other)? {
            roll_up_again(tx, project, &other)?;
        }
    }
    Ok(())
}

/// Rolls the summary of a trace up from all its spans, and says whether its root has ended.
pub(super) fn roll_up_again(tx: &mut Tx<'_>, project: i64, trace_id: &str) -> Result<bool> {
    let (mut facts, mut circumstances): (Vec<_>, Vec<_>) = store::facts(tx, project, trace_id)?.into_iter().unzip();
    if facts.is_empty() {
        return Ok(false);
    }
    call::settle(tx, project, trace_id, &mut facts)?;
    let (summary, row) = row::trace(&facts, &mut circumstances, trace_id, project, 0);
    if let Some(added) = store::update_trace(tx, row)? {
        tag::keep(tx, project, trace_id, summary.tags, added)?;
    }
    store::move_annotations(tx, project, trace_id, summary.start_ns)?;
    Ok(has_ended(&facts))
}

/// Whether the root is among these spans, and has ended.
fn has_ended(facts: &[SpanFacts]) -> bool {
    facts.iter().any(|span| span.parent_span_id.is_none() && span.end_ns > 0)
}

/// Derives the rows of some spans again from what is kept of them, with their log records.
fn derive_again(tx: &mut Tx<'_>, project: i64, trace_id: &str, span_ids: &[String], prices: &PriceTable) -> Result<()> {
    let records = store::log_records(tx, project, trace_id, None)?;
    let mut rows = Vec::new();
    for span_id in span_ids {
        let Some(stored) = store::span(tx, project, trace_id, span_id)? else { continue };
        let chunk = store::chunk(tx, project, trace_id, stored.chunk_id)?;
        let Some((resource, scope, span)) = hex::decode(span_id).ok().and_then(|id| otlp::find_span(&chunk, &id))
        else {
            continue;
        };
        let view = SpanView { resource, scope, span, header_convention_version: stored.ingestion_version };
        let own: Vec<&LogRecord> =
            records.iter().filter(|record| record.span_id == *span_id).map(|record| &record.record).collect();
        let stamp =
            Stamp { project, received_at: 0, chunk_id: stored.chunk_id, ingestion_version: stored.ingestion_version };
        rows.push(derive(&view, &own, trace_id, stamp, prices).row);
    }
    store::upsert_spans(tx, &rows).map(drop)
}
