//! From spans and summaries to the rows that are stored.

use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use serde_json::{Map, Value as Json};

use super::dialect::SpanView;
use super::model::{CostSource, Kind, NormalizedSpan, Status, UsageScope};
use super::rollup::{SpanFacts, TraceSummary, rollup};
use crate::db::Value;

/// The version of the mapping; a newer one derives the rows of older ones again.
pub const MAPPER_VERSION: i64 = 1;

/// Filterable attribute values are cut off here: longer ones are content, which is kept in the chunk.
const MAX_ATTRIBUTE_VALUE: usize = 256;
/// So many attributes of a span can be filtered by.
const MAX_ATTRIBUTES: usize = 64;

/// What a row says beside what the span says.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stamp {
    pub project: i64,
    pub received_at: i64,
    pub chunk_id: i64,
    pub ingestion_version: Option<u32>,
}

/// No client counts more tokens, and sums of millions of rows still fit into a `bigint`.
const MAX_COUNT: u64 = 1_000_000_000_000;
/// No call costs more, and sums stay finite.
const MAX_COST: f64 = 1e9;

fn count(value: Option<u64>) -> Value {
    value.map(|count| i64::try_from(count.min(MAX_COUNT)).unwrap_or(0)).into()
}

fn money(value: Option<f64>) -> Value {
    value.filter(|cost| !cost.is_nan()).map(|cost| cost.clamp(0.0, MAX_COST)).into()
}

fn json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

fn text_or_null<T: serde::Serialize>(is_empty: bool, value: &T) -> Value {
    if is_empty { Value::Null } else { Value::Text(json(value)) }
}

/// A row of table `span`, in the order of [`super::store::SPAN_COLUMNS`].
pub(super) fn span(
    view: &SpanView<'_>,
    span: &NormalizedSpan,
    facts: &SpanFacts,
    trace_id: &str,
    stamp: Stamp,
) -> Vec<Value> {
    let known = Known::of(view);
    let has_messages = !span.input.is_empty() || !span.output.is_empty();
    let is_log = span.kind == Kind::Llm || known.deployment_id.is_some() || known.deployment_key.is_some();
    let cost = span.cost.as_ref();
    vec![
        stamp.project.into(),
        trace_id.into(),
        facts.span_id.clone().into(),
        facts.parent_span_id.clone().into(),
        span.display_name.clone().into(),
        span.kind.as_str().into(),
        span.operation.clone().into(),
        status(span.status).into(),
        span.error.as_ref().and_then(|error| error.kind.clone()).into(),
        span.error.as_ref().and_then(|error| error.message.clone()).into(),
        facts.start_ns.into(),
        facts.end_ns.into(),
        span.provider.clone().into(),
        span.request_model.clone().into(),
        span.response_model.clone().into(),
        span.response_id.clone().into(),
        count(span.usage.input),
        count(span.usage.output),
        count(span.usage.total),
        count(span.usage.cache_read),
        count(span.usage.cache_write),
        count(span.usage.reasoning),
        (if span.usage_scope == UsageScope::Aggregate { "aggregate" } else { "own" }).into(),
        money(cost.and_then(|cost| cost.input)),
        money(cost.and_then(|cost| cost.output)),
        money(cost.map(|cost| cost.total)),
        cost.map(|cost| cost_source(cost.source)).into(),
        span.ttft_ns.into(),
        text_or_null(span.finish_reasons.is_empty(), &span.finish_reasons),
        span.session_id.clone().into(),
        span.user_id.clone().into(),
        text_or_null(span.tags.is_empty(), &span.tags),
        text_or_null(facts.metadata.is_empty(), &facts.metadata),
        span.trace_name.clone().into(),
        span.agent_name.clone().into(),
        known.product.into(),
        known.service.into(),
        known.environment.into(),
        facts.input_preview.clone().into(),
        facts.output_preview.clone().into(),
        has_messages.into(),
        is_log.into(),
        known.deployment_id.into(),
        known.deployment_key.into(),
        known.log_id.into(),
        json(&span.convention).trim_matches('"').into(),
        facts.call_key.clone().into(),
        MAPPER_VERSION.into(),
        stamp.ingestion_version.into(),
        filterable(&view.span.attributes).into(),
        stamp.chunk_id.into(),
        stamp.received_at.into(),
    ]
}

/// What a summary shows of its spans beside what [`rollup`](super::rollup) works out.
#[derive(Debug, Clone, Default)]
pub(super) struct Circumstances {
    pub span_id: String,
    pub start_ns: i64,
    pub product: Option<String>,
    pub service: Option<String>,
    pub environment: Option<String>,
    pub agent_name: Option<String>,
    pub ttft_ns: Option<i64>,
    /// By which mapping the row of the span was derived.
    pub mapper_version: i64,
}

impl Circumstances {
    /// Of one span.
    pub(super) fn of(view: &SpanView<'_>, span: &NormalizedSpan, facts: &SpanFacts) -> Circumstances {
        let known = Known::of(view);
        Circumstances {
            span_id: facts.span_id.clone(),
            start_ns: facts.start_ns,
            product: known.product,
            service: known.service,
            environment: known.environment,
            agent_name: span.agent_name.clone(),
            ttft_ns: span.ttft_ns,
            mapper_version: MAPPER_VERSION,
        }
    }
}

/// A row of table `trace`, in the order of [`super::store::TRACE_COLUMNS`].
pub(super) fn trace(
    facts: &[SpanFacts],
    circumstances: &mut [Circumstances],
    trace_id: &str,
    project: i64,
    received_at: i64,
) -> (TraceSummary, Vec<Value>) {
    let summary = rollup(facts);
    let is_root = |one: &Circumstances| summary.root_span_id.as_ref() == Some(&one.span_id);
    // The root's word first, then the earliest.
    circumstances.sort_by(|a, b| (!is_root(a), a.start_ns, &a.span_id).cmp(&(!is_root(b), b.start_ns, &b.span_id)));
    let first = |field: fn(&Circumstances) -> &Option<String>| -> Value {
        circumstances.iter().find_map(|one| field(one).clone()).into()
    };
    let leading = circumstances.iter().find(|one| summary.leading_span_id.as_ref() == Some(&one.span_id));
    let operation = facts.iter().find(|one| summary.root_span_id.as_ref() == Some(&one.span_id));
    let (cost, error) = (summary.cost.as_ref(), summary.error.as_ref());
    let row = vec![
        project.into(),
        trace_id.into(),
        summary.root_span_id.clone().into(),
        summary.leading_span_id.clone().into(),
        summary.name.clone().into(),
        summary.root_kind.as_str().into(),
        operation.and_then(|facts| facts.operation.clone()).into(),
        first(|one| &one.product),
        status(summary.status).into(),
        error.and_then(|error| error.kind.clone()).into(),
        error.and_then(|error| error.message.clone()).into(),
        summary.start_ns.into(),
        summary.end_ns.into(),
        summary.input_preview.clone().into(),
        summary.output_preview.clone().into(),
        json(&summary.models).into(),
        json(&summary.providers).into(),
        first(|one| &one.agent_name),
        summary.session_id.clone().into(),
        summary.user_id.clone().into(),
        json(&summary.tags).into(),
        json(&summary.metadata).into(),
        first(|one| &one.service),
        first(|one| &one.environment),
        count(Some(summary.span_count)),
        count(Some(summary.error_count)),
        count(summary.usage.input),
        count(summary.usage.output),
        count(summary.usage.total),
        count(summary.usage.cache_read),
        count(summary.usage.cache_write),
        count(summary.usage.reasoning),
        money(cost.and_then(|cost| cost.input)),
        money(cost.and_then(|cost| cost.output)),
        money(cost.map(|cost| cost.total)),
        cost.map(|cost| cost_source(cost.source)).into(),
        leading.and_then(|one| one.ttft_ns).into(),
        // As old as its oldest span: what must be derived again is found by this.
        circumstances.iter().map(|one| one.mapper_version).fold(MAPPER_VERSION, i64::min).into(),
        received_at.into(),
    ];
    (summary, row)
}

pub(super) fn status(status: Status) -> &'static str {
    match status {
        Status::Unset => "unset",
        Status::Ok => "ok",
        Status::Error => "error",
    }
}

fn cost_source(source: CostSource) -> &'static str {
    match source {
        CostSource::Client => "client",
        CostSource::Computed => "computed",
    }
}

/// What the lifted columns take from attributes directly: it means the same in every convention.
#[derive(Default)]
struct Known {
    product: Option<String>,
    service: Option<String>,
    environment: Option<String>,
    deployment_id: Option<String>,
    deployment_key: Option<String>,
    log_id: Option<String>,
}

impl Known {
    fn of(view: &SpanView<'_>) -> Known {
        let mut known = Known::default();
        let resource = view.resource.map_or(&[][..], |resource| &resource.attributes[..]);
        // The span's own word comes first.
        for attribute in view.span.attributes.iter().chain(resource) {
            let slot = match attribute.key.as_str() {
                "orq.product" => &mut known.product,
                "service.name" => &mut known.service,
                "deployment.environment.name" | "deployment.environment" | "langfuse.environment" => {
                    &mut known.environment
                }
                "orq.deployment_id" => &mut known.deployment_id,
                "orq.deployment_key" => &mut known.deployment_key,
                "orq.log_id" | "orq.deployment_log_id" => &mut known.log_id,
                _ => continue,
            };
            let value = attribute.value.as_ref().and_then(|value| value.value.as_ref());
            if let (None, Some(Any::StringValue(text))) = (&slot, value)
                && !text.is_empty()
            {
                *slot = Some(text.chars().take(MAX_ATTRIBUTE_VALUE).collect());
            }
        }
        known
    }
}

/// The short scalar attributes of a span as JSON, for filters.
fn filterable(attributes: &[KeyValue]) -> String {
    let mut object = Map::new();
    for attribute in attributes {
        if object.len() >= MAX_ATTRIBUTES {
            break;
        }
        let value = match attribute.value.as_ref().and_then(|value| value.value.as_ref()) {
            Some(Any::StringValue(text)) if text.len() <= MAX_ATTRIBUTE_VALUE => Json::from(text.as_str()),
            Some(Any::BoolValue(truth)) => Json::from(*truth),
            Some(Any::IntValue(number)) => Json::from(*number),
            Some(Any::DoubleValue(number)) => Json::from(*number),
            _ => continue,
        };
        if !is_message(&attribute.key) {
            object.insert(attribute.key.clone(), value);
        }
    }
    json(&object)
}

/// Whether an attribute is a piece of a flattened conversation, which nobody filters by.
fn is_message(key: &str) -> bool {
    [
        "llm.input_messages.",
        "llm.output_messages.",
        "gen_ai.prompt.",
        "gen_ai.completion.",
        "retrieval.documents.",
        "llm.tools.",
    ]
    .iter()
    .any(|prefix| key.starts_with(prefix))
}
