//! The summary of a trace as clients read it (contract A.7), and the annotations that stand beside it.

use std::collections::HashMap;

use postil::project::Caller;
use postil::trace::search::{PageAnnotation, annotations_of};
use postil::trace::summary::TraceRow;
use postil::{Result, Tx, clock, queue};
use serde::Serialize;
use utoipa::ToSchema;

use super::spans::{TraceCost, TraceUsage, milliseconds};

/// The agent that ran.
#[derive(Debug, Serialize, ToSchema)]
pub struct TraceAgent {
    /// Its name.
    pub name: String,
}

/// What went wrong.
#[derive(Debug, Serialize, ToSchema)]
pub struct TraceError {
    /// Its type.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// What it says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// One current annotation on a span of the trace.
#[derive(Debug, Serialize, ToSchema)]
pub struct TraceAnnotation {
    /// The key of the human review.
    pub key: String,
    /// The value: text, a number, a boolean or a list of texts.
    pub value: serde_json::Value,
    /// Who gave it: `human`, `llm`, `code` or `automation`.
    pub annotator_kind: String,
    /// The span it was given to.
    pub span_id: String,
}

/// A trace in one row.
#[derive(Debug, Serialize, ToSchema)]
pub struct TraceSummary {
    /// `trace`.
    pub object: &'static str,
    /// The trace.
    pub trace_id: String,
    /// Its first span.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root_span_id: Option<String>,
    /// The span that says most: the one to show and to annotate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leading_span_id: Option<String>,
    /// Its name.
    pub name: String,
    /// What it is: `llm`, `agent`, `chain`, ….
    pub kind: String,
    /// The operation of its leading span.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// `ok`, `error` or `unset`.
    pub status: String,
    /// When it started.
    #[schema(format = DateTime)]
    pub started_at: String,
    /// When it ended.
    #[schema(format = DateTime)]
    pub ended_at: String,
    /// How long it took.
    pub duration_ms: f64,
    /// Its project.
    pub project_id: String,
    /// The end user of the traced application.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity_id: Option<String>,
    /// The session it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// The same as `session_id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread_id: Option<String>,
    /// The product that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// The providers of its models.
    pub providers: Vec<String>,
    /// Its models.
    pub models: Vec<String>,
    /// The agent that ran.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<TraceAgent>,
    /// Its tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<TraceUsage>,
    /// Its cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<TraceCost>,
    /// The beginning of what went in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<String>,
    /// The beginning of what came out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    /// What went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<TraceError>,
    /// Its tags.
    pub tags: Vec<String>,
    /// Its metadata.
    #[schema(value_type = Object)]
    pub metadata: serde_json::Map<String, serde_json::Value>,
    /// How many spans it has.
    pub span_count: i64,
    /// How many of them failed.
    pub error_count: i64,
    /// Where it ran.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// What ran it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// How long the first part of the answer took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ttft_ms: Option<f64>,
    /// What people and programs say of its spans now.
    pub annotations: Vec<TraceAnnotation>,
    /// The annotation queues in which it is, or one of its spans.
    pub queues: Vec<InQueue>,
}

/// An annotation queue in which a trace or one of its spans is.
#[derive(Debug, Serialize, ToSchema)]
pub struct InQueue {
    /// The queue.
    pub id: String,
    /// Its name.
    pub display_name: String,
    /// The item.
    pub item_id: String,
    /// The span; absent for the trace as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub span_id: Option<String>,
    /// `to_do`, `in_review`, `needs_others` or `completed`.
    pub state: &'static str,
}

impl From<queue::InQueue> for InQueue {
    fn from(item: queue::InQueue) -> InQueue {
        let queue::InQueue { queue_id, display_name, item_id, span_id, state } = item;
        InQueue { id: queue_id, display_name, item_id, span_id, state: state.name() }
    }
}

fn usage(row: &TraceRow) -> Option<TraceUsage> {
    TraceUsage::of([
        row.usage_input,
        row.usage_output,
        row.usage_total,
        row.usage_cache_read,
        row.usage_cache_write,
        row.usage_reasoning,
    ])
}

fn annotation(annotation: PageAnnotation) -> TraceAnnotation {
    let PageAnnotation { key, value, annotator_kind, span_id } = annotation;
    TraceAnnotation { key, value, annotator_kind, span_id }
}

/// A trace as clients read it.
pub fn summary(row: TraceRow, project_id: &str, annotations: Vec<PageAnnotation>) -> TraceSummary {
    let failed = row.error_type.is_some() || row.error_message.is_some();
    TraceSummary {
        object: "trace",
        usage: usage(&row),
        cost: TraceCost::of([row.cost_input, row.cost_output, row.cost_total]),
        duration_ms: row.duration_ms(),
        ttft_ms: row.ttft_ns.map(milliseconds),
        started_at: clock::rfc3339_nanos(row.start_ns),
        ended_at: clock::rfc3339_nanos(row.end_ns),
        error: failed.then_some(TraceError { kind: row.error_type, message: row.error_message }),
        agent: row.agent_name.map(|name| TraceAgent { name }),
        trace_id: row.trace_id,
        root_span_id: row.root_span_id,
        leading_span_id: row.leading_span_id,
        name: row.name,
        kind: row.kind,
        operation: row.operation,
        status: row.status,
        project_id: project_id.to_owned(),
        identity_id: row.user_id,
        thread_id: row.session_id.clone(),
        session_id: row.session_id,
        product: row.product,
        providers: row.providers,
        models: row.models,
        input: row.input_preview,
        output: row.output_preview,
        tags: row.tags,
        metadata: row.metadata,
        span_count: row.span_count,
        error_count: row.error_count,
        environment: row.environment,
        service: row.service,
        annotations: annotations.into_iter().map(annotation).collect(),
        queues: Vec::new(),
    }
}

/// Traces as clients read them, with their annotations, which are read in one go.
/// Queues likewise; `now` tells whose leases hold.
pub fn summaries(tx: &mut Tx<'_>, caller: &Caller, rows: Vec<TraceRow>, now: i64) -> Result<Vec<TraceSummary>> {
    let ids: Vec<_> = rows.iter().map(|row| row.trace_id.clone()).collect();
    let mut annotations: HashMap<_, _> = annotations_of(tx, caller, &ids)?;
    let mut queues = queue::of_traces(tx, caller.project.number, &ids, now)?;
    let named = rows.into_iter().map(|row| {
        let of_row = annotations.remove(&row.trace_id).unwrap_or_default();
        let in_queues = queues.remove(&row.trace_id).unwrap_or_default().into_iter().map(InQueue::from).collect();
        TraceSummary { queues: in_queues, ..summary(row, &caller.project.id, of_row) }
    });
    Ok(named.collect())
}
