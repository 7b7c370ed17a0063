//! One trace as it is read: its spans in order of execution, one span with everything, its conversation.

use std::collections::{HashMap, HashSet};

use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{Span, TracesData};
use serde_json::Value;

use super::call::{self, Half};
use super::dialect::{self, SpanView};
use super::model::NormalizedSpan;
use super::price::PriceTable;
use super::{media, otlp, resolve, store};
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::id;

/// The light columns of a span: what a tree shows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SpanRow {
    /// The trace, in lower-case hex.
    pub trace_id: String,
    /// The span, in lower-case hex as the client sent it.
    pub span_id: String,
    /// The span it ran in; none for a root.
    pub parent_span_id: Option<String>,
    /// The name to show.
    pub name: String,
    /// What it did: `llm`, `tool`, `agent` …
    pub kind: String,
    /// The operation in the words of its convention.
    pub operation: Option<String>,
    /// `unset`, `ok` or `error`.
    pub status: String,
    /// The class of the error.
    pub error_type: Option<String>,
    /// The error in words.
    pub error_message: Option<String>,
    /// Start, nanoseconds since 1970, as the client's clock said.
    pub start_ns: i64,
    /// End, nanoseconds since 1970.
    pub end_ns: i64,
    /// Who served the model.
    pub provider: Option<String>,
    /// The model that was asked for.
    pub request_model: Option<String>,
    /// The model that answered.
    pub response_model: Option<String>,
    /// Tokens: input, output, total, read from cache, written to cache, reasoning.
    pub usage: [Option<i64>; 6],
    /// Costs: input, output, total.
    pub cost: [Option<f64>; 3],
    /// Nanoseconds to the first part of the answer.
    pub ttft_ns: Option<i64>,
    /// Why the model stopped.
    pub finish_reasons: Vec<String>,
    /// The conversation it belongs to.
    pub session_id: Option<String>,
    /// The user it ran for.
    pub user_id: Option<String>,
    /// What went in, shortened.
    pub input_preview: Option<String>,
    /// What came out, shortened.
    pub output_preview: Option<String>,
    /// Whether it carries messages.
    pub has_messages: bool,
    /// The key of the deployment it is a call of.
    pub deployment_key: Option<String>,
    /// The tracing convention it came in.
    pub convention: String,
    /// Where the span is kept as it came.
    pub chunk_id: i64,
    /// What its client stated of its version in a request header.
    pub ingestion_version: Option<u32>,
    /// Under which other reports of the same call are found.
    pub call_key: Option<String>,
    /// The span that holds the reply to this streamed request: shown here, in its place.
    pub reply_span_id: Option<String>,
    /// The streamed request that this span is the reply to.
    pub reply_to_span_id: Option<String>,
}

/// A span in the tree of its trace.
#[derive(Debug, Clone)]
pub struct TreeSpan {
    /// Its columns.
    pub row: SpanRow,
    /// How deep it stands below the root, from 0.
    pub level: usize,
    /// Whether spans stand below it.
    pub has_children: bool,
}

/// A span with everything that is known about it.
#[derive(Debug, Clone)]
pub struct FullSpan {
    /// Its place in the tree and its columns.
    pub tree: TreeSpan,
    /// As it came: attributes, events, links, resource, scope.
    pub raw: Value,
    /// In the normal form.
    pub normalized: NormalizedSpan,
}

fn span_not_found(workspace_id: &str, span_id: &str) -> Error {
    Error::not_found("span_not_found", format!("Span with id {span_id} for workspace {workspace_id} was not found."))
}

/// All spans of a trace in order of execution: each below its parent, siblings by their start. Spans whose parent
/// never came stand at the top.
pub fn tree(tx: &mut Tx<'_>, project: i64, trace_id: &str) -> Result<Vec<TreeSpan>> {
    let mut rows = store::spans(tx, project, &id::lower_hex(trace_id))?;
    join_streams(&mut rows);
    Ok(in_order(rows))
}

/// Lets the span of a streamed request say what its reply says, which its client reports as a span beside it.
fn join_streams(rows: &mut [SpanRow]) {
    let halves = rows.iter().map(|row| Half {
        span_id: &row.span_id,
        key: row.call_key.as_deref(),
        start_ns: row.start_ns,
        answered: row.output_preview.is_some(),
    });
    let place = |id: &str| rows.iter().position(|row| row.span_id == id);
    let pairs = call::streamed(halves).into_iter();
    let pairs: Vec<_> = pairs.filter_map(|(request, reply)| Some((place(request)?, place(reply)?))).collect();
    for (request, reply) in pairs {
        rows[reply].reply_to_span_id = Some(rows[request].span_id.clone());
        let from = rows[reply].clone();
        let to = &mut rows[request];
        to.reply_span_id = Some(from.span_id);
        to.output_preview = from.output_preview;
        to.response_model = to.response_model.take().or(from.response_model);
        if to.usage.iter().all(Option::is_none) {
            to.usage = from.usage;
        }
        if to.cost.iter().all(Option::is_none) {
            to.cost = from.cost;
        }
        if to.finish_reasons.is_empty() {
            to.finish_reasons = from.finish_reasons;
        }
    }
}

/// Sorts rows, which come by start and id, into the order of execution.
fn in_order(rows: Vec<SpanRow>) -> Vec<TreeSpan> {
    let known: HashSet<&str> = rows.iter().map(|row| row.span_id.as_str()).collect();
    let mut children: HashMap<&str, Vec<usize>> = HashMap::new();
    let mut stack = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        match row.parent_span_id.as_deref().filter(|parent| known.contains(parent) && *parent != row.span_id) {
            Some(parent) => children.entry(parent).or_default().push(at),
            None => stack.push((at, 0)),
        }
    }
    stack.reverse();
    let mut placed = vec![false; rows.len()];
    let mut order = Vec::with_capacity(rows.len());
    let mut cycles = 0..rows.len();
    loop {
        while let Some((at, level)) = stack.pop() {
            if std::mem::replace(&mut placed[at], true) {
                continue;
            }
            let below = children.get(rows[at].span_id.as_str()).map_or(&[][..], Vec::as_slice);
            order.push((at, level, !below.is_empty()));
            stack.extend(below.iter().rev().map(|child| (*child, level + 1)));
        }
        // Spans that are each other's parents hang from no root; show them at the top rather than lose them.
        match cycles.find(|at| !placed[*at]) {
            Some(at) => stack.push((at, 0)),
            None => break,
        }
    }
    let mut rows: Vec<Option<SpanRow>> = rows.into_iter().map(Some).collect();
    order
        .into_iter()
        .filter_map(|(at, level, has_children)| rows[at].take().map(|row| TreeSpan { row, level, has_children }))
        .collect()
}

/// One span with everything.
///
/// # Errors
/// [`Error::NotFound`] with the guide's sentence when there is no such span in the project.
pub fn full(
    tx: &mut Tx<'_>,
    project: i64,
    workspace_id: &str,
    trace_id: &str,
    span_id: &str,
    prices: &PriceTable,
) -> Result<FullSpan> {
    let not_found = || span_not_found(workspace_id, span_id);
    let (trace_id, span_id) = (&*id::lower_hex(trace_id), &*id::lower_hex(span_id));
    let mut row = store::span(tx, project, trace_id, span_id)?.ok_or_else(not_found)?;
    let (level, has_children) = store::place(tx, project, trace_id, span_id)?;
    let (raw, mut normalized) = read(tx, project, &row, prices)?;
    // Few clients split a call in two; only their spans have a key.
    if row.call_key.is_some() {
        let mut rows = store::spans(tx, project, trace_id)?;
        join_streams(&mut rows);
        if let Some(joined) = rows.iter().find(|other| other.span_id == row.span_id) {
            row = joined.clone();
        }
        if let Some(reply) = rows.iter().find(|other| row.reply_span_id.as_ref() == Some(&other.span_id)) {
            answer_with(&mut normalized, read(tx, project, reply, prices)?.1);
        }
    }
    Ok(FullSpan { tree: TreeSpan { row, level, has_children }, raw, normalized })
}

/// One span as it came and in the normal form.
fn read(tx: &mut Tx<'_>, project: i64, row: &SpanRow, prices: &PriceTable) -> Result<(Value, NormalizedSpan)> {
    let chunk = store::chunk(tx, project, &row.trace_id, row.chunk_id)?;
    let records = store::log_records(tx, project, &row.trace_id, Some(&row.span_id))?;
    let (mut kept, mut normalized) = describe(&chunk, row, &records, prices)?;
    resolve::resolve(tx, project, &mut normalized)?;
    media::put_back(tx, project, &row.trace_id, row.chunk_id, &mut kept.span)?;
    let raw = otlp::span_to_json(kept.resource.as_ref(), kept.scope.as_ref(), &kept.span);
    Ok((raw, normalized))
}

/// Completes a streamed request by its reply.
fn answer_with(request: &mut NormalizedSpan, reply: NormalizedSpan) {
    request.output = reply.output;
    request.output_raw = request.output_raw.take().or(reply.output_raw);
    request.response_model = request.response_model.take().or(reply.response_model);
    request.cost = request.cost.take().or(reply.cost);
    if request.usage.is_empty() {
        request.usage = reply.usage;
    }
    if request.finish_reasons.is_empty() {
        request.finish_reasons = reply.finish_reasons;
        request.finish_reasons_normalized = reply.finish_reasons_normalized;
    }
}

/// A span as it is kept.
struct Kept {
    resource: Option<Resource>,
    scope: Option<InstrumentationScope>,
    span: Span,
}

/// Reads one span out of its chunk, as it is kept and in the normal form.
fn describe(
    chunk: &TracesData,
    row: &SpanRow,
    records: &[store::StoredRecord],
    prices: &PriceTable,
) -> Result<(Kept, NormalizedSpan)> {
    let id = hex::decode(&row.span_id).map_err(Error::internal)?;
    let missing = || Error::internal(format!("span {} is not in its chunk", row.span_id));
    let (resource, scope, span) = otlp::find_span(chunk, &id).ok_or_else(missing)?;
    let logs: Vec<&LogRecord> = records.iter().map(|stored| &stored.record).collect();
    let view = SpanView { resource, scope, span, header_convention_version: row.ingestion_version };
    let mut normalized = dialect::normalize(&view, &logs);
    prices.apply(&mut normalized);
    Ok((Kept { resource: resource.cloned(), scope: scope.cloned(), span: span.clone() }, normalized))
}

/// The span whose answer a trace shows: its leading model call, else its root. None when the trace is not known.
pub fn leading(tx: &mut Tx<'_>, project: i64, trace_id: &str) -> Result<Option<String>> {
    store::leading(tx, project, &id::lower_hex(trace_id))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(span_id: &str, parent: Option<&str>, start_ns: i64) -> SpanRow {
        SpanRow { span_id: span_id.into(), parent_span_id: parent.map(Into::into), start_ns, ..SpanRow::default() }
    }

    fn shown(rows: Vec<SpanRow>) -> Vec<(String, usize)> {
        in_order(rows).into_iter().map(|span| (span.row.span_id, span.level)).collect()
    }

    #[test]
    fn children_stand_below_their_parents_by_start() {
        let rows =
            vec![row("root", None, 0), row("a", Some("root"), 1), row("b", Some("root"), 2), row("a1", Some("a"), 3)];
        let expected = [("root", 0), ("a", 1), ("a1", 2), ("b", 1)];
        assert_eq!(shown(rows), expected.map(|(id, level)| (id.to_owned(), level)));
    }

    #[test]
    fn spans_without_their_parent_and_spans_in_a_circle_are_still_shown() {
        let rows = vec![
            row("orphan", Some("gone"), 0),
            row("x", Some("y"), 1),
            row("y", Some("x"), 2),
            row("self", Some("self"), 3),
        ];
        let mut ids: Vec<_> = shown(rows).into_iter().map(|(id, _)| id).collect();
        ids.sort();
        assert_eq!(ids, ["orphan", "self", "x", "y"]);
    }
}
