//! One trace as it is read: its spans, one span with everything, its conversation.

use axum::Json;
use axum::extract::{Path, State};
use postil::annotation;
use postil::clock::rfc3339_nanos;
use postil::project::Caller;
use postil::trace::model::{Message, NormalizedSpan};
use postil::trace::span::{self, FullSpan, TreeSpan};
use postil::{Error, Result, queue};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::annotation_shapes::AnnotationView;
use super::caller::{By, READ};
use super::error::ApiResult;
use super::params::Params;
use super::trace_summary::InQueue;
use crate::state::App;

/// The routes of this file; Node clients up to 4.12 use the same under `/v2`.
pub fn routes() -> OpenApiRouter<App> {
    use axum::routing::get;
    OpenApiRouter::new()
        .routes(routes!(list_spans))
        .routes(routes!(get_span))
        .routes(routes!(get_conversation))
        .route("/v2/traces/{trace_id}/spans", get(list_spans))
        .route("/v2/traces/{trace_id}/spans/{span_id}", get(get_span))
        .route("/v2/traces/{trace_id}/conversation", get(get_conversation))
}

/// Token counts in the names that clients read.
#[derive(Debug, Serialize, ToSchema)]
pub struct TraceUsage {
    /// Tokens of the prompt, cached ones included.
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt_tokens: Option<i64>,
    /// Tokens of the answer, reasoning included.
    #[serde(skip_serializing_if = "Option::is_none")]
    completion_tokens: Option<i64>,
    /// All tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    total_tokens: Option<i64>,
    /// Tokens of the prompt that came from a cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt_cached_tokens: Option<i64>,
    /// Tokens of the prompt that were written to a cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt_cache_creation_tokens: Option<i64>,
    /// Tokens of the answer spent on reasoning.
    #[serde(skip_serializing_if = "Option::is_none")]
    completion_reasoning_tokens: Option<i64>,
}

impl TraceUsage {
    /// From input, output, total, cache read, cache write, reasoning; none when nothing is known. A total that the
    /// client did not send is the sum of the two.
    pub fn of(usage: [Option<i64>; 6]) -> Option<TraceUsage> {
        let [input, output, total, cache_read, cache_write, reasoning] = usage;
        let sum = || input.zip(output).map(|(input, output)| input.saturating_add(output));
        usage.iter().any(Option::is_some).then(|| TraceUsage {
            prompt_tokens: input,
            completion_tokens: output,
            total_tokens: total.or_else(sum),
            prompt_cached_tokens: cache_read,
            prompt_cache_creation_tokens: cache_write,
            completion_reasoning_tokens: reasoning,
        })
    }
}

/// Costs in the names that clients read.
#[derive(Debug, Serialize, ToSchema)]
pub struct TraceCost {
    /// For the prompt.
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<f64>,
    /// For the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<f64>,
    /// For all of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<f64>,
    /// ISO 4217 code.
    currency: &'static str,
}

impl TraceCost {
    /// From input, output, total; none when nothing is known.
    pub fn of(cost: [Option<f64>; 3]) -> Option<TraceCost> {
        let [input, output, total] = cost;
        cost.iter().any(Option::is_some).then_some(TraceCost { input, output, total, currency: "USD" })
    }
}

/// A span in the tree of its trace.
#[derive(Debug, Serialize, ToSchema)]
pub struct SpanSummary {
    /// Always `span`.
    object: &'static str,
    trace_id: String,
    span_id: String,
    /// Absent for a root.
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_span_id: Option<String>,
    /// The name to show.
    name: String,
    /// What it did: `llm`, `agent`, `tool`, `chain`, `retriever`, `embedding`, `generic` …
    #[serde(rename = "type")]
    kind: String,
    /// The operation in the words of its convention.
    #[serde(skip_serializing_if = "Option::is_none")]
    operation: Option<String>,
    /// `ok`, `error` or `unset`.
    status: String,
    started_at: String,
    ended_at: String,
    /// Milliseconds, never negative.
    duration_ms: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<String>,
    /// The model that answered, else the one that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<TraceUsage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cost: Option<TraceCost>,
    /// Whether the span can be opened: always.
    has_detail: bool,
    /// How deep it stands below the top, from 0.
    level: usize,
    has_children: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    finish_reasons: Vec<String>,
    /// The tracing convention it came in.
    trace_framework: String,
    /// Milliseconds to the first part of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    time_to_first_token_ms: Option<f64>,
    /// What went in, shortened.
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<String>,
    /// What came out, shortened.
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<String>,
    /// What went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<SpanErrorBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<String>,
    /// The span its client reports the reply to this streamed request as. Output, tokens and cost of that span are shown
    /// here.
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_span_id: Option<String>,
    /// The streamed request this span is the reply to. It is shown there; a view can leave this span out.
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_to_span_id: Option<String>,
}

/// What went wrong in a span.
#[derive(Debug, Serialize, ToSchema)]
pub struct SpanErrorBody {
    /// The class of the error.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The error in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// Nanoseconds as milliseconds.
#[expect(clippy::cast_precision_loss, reason = "a duration in milliseconds needs no 63 bits")]
pub fn milliseconds(nanos: i64) -> f64 {
    nanos as f64 / 1e6
}

impl From<&TreeSpan> for SpanSummary {
    fn from(span: &TreeSpan) -> SpanSummary {
        let row = &span.row;
        let error = row.error_type.is_some() || row.error_message.is_some();
        SpanSummary {
            object: "span",
            trace_id: row.trace_id.clone(),
            span_id: row.span_id.clone(),
            parent_span_id: row.parent_span_id.clone(),
            name: row.name.clone(),
            kind: row.kind.clone(),
            operation: row.operation.clone(),
            status: row.status.clone(),
            started_at: rfc3339_nanos(row.start_ns),
            ended_at: rfc3339_nanos(row.end_ns),
            duration_ms: milliseconds(row.end_ns.saturating_sub(row.start_ns).max(0)),
            provider: row.provider.clone(),
            model: row.response_model.clone().or_else(|| row.request_model.clone()),
            usage: TraceUsage::of(row.usage),
            cost: TraceCost::of(row.cost),
            has_detail: true,
            level: span.level,
            has_children: span.has_children,
            finish_reasons: row.finish_reasons.clone(),
            trace_framework: row.convention.clone(),
            time_to_first_token_ms: row.ttft_ns.map(milliseconds),
            input: row.input_preview.clone(),
            output: row.output_preview.clone(),
            error: error.then(|| SpanErrorBody { kind: row.error_type.clone(), message: row.error_message.clone() }),
            session_id: row.session_id.clone(),
            user_id: row.user_id.clone(),
            reply_span_id: row.reply_span_id.clone(),
            reply_to_span_id: row.reply_to_span_id.clone(),
        }
    }
}

/// Which part of the spans.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SpansQuery {
    /// How many, 1 to 10,000; 1,000 unless given.
    limit: Option<usize>,
    /// `next_page_token` of the page before.
    page_token: Option<String>,
}

/// Spans of a trace.
#[derive(Debug, Serialize, ToSchema)]
pub struct SpanList {
    /// Always `list`.
    pub(super) object: &'static str,
    /// The spans in order of execution, each below its parent.
    pub(super) data: Vec<SpanSummary>,
    pub(super) has_more: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next_page_token: Option<String>,
}

pub(super) fn trace_not_found(caller: &Caller, trace_id: &str) -> Error {
    let message = format!("Trace with id {trace_id} for workspace {} was not found.", caller.workspace_id);
    Error::not_found("trace_not_found", message)
}

/// List the spans of a trace
///
/// In order of execution, each below its parent. Also at `/v2/traces/{trace_id}/spans`.
#[utoipa::path(get, path = "/v3/traces/{trace_id}/spans", tag = "Traces", operation_id = "ListTraceSpans",
    params(("trace_id" = String, Path,), SpansQuery),
    responses((status = 200, description = "The spans", body = SpanList)))]
async fn list_spans(
    State(app): State<App>,
    By(caller): By<READ>,
    Path(trace_id): Path<String>,
    Params(query): Params<SpansQuery>,
) -> ApiResult<Json<SpanList>> {
    let (project, id) = (caller.project.number, trace_id.clone());
    let spans = app.db.read(move |tx| span::tree(tx, project, &id)).await?;
    if spans.is_empty() {
        return Err(trace_not_found(&caller, &trace_id).into());
    }
    Ok(Json(page_of(&spans, &query)?))
}

/// The part of the spans of a trace that is asked for.
pub(super) fn page_of(spans: &[TreeSpan], query: &SpansQuery) -> Result<SpanList> {
    let limit = query.limit.unwrap_or(1000);
    if !(1..=10_000).contains(&limit) {
        return Err(Error::field("invalid_limit", "limit", "limit must be from 1 to 10000."));
    }
    let start = match &query.page_token {
        None => 0,
        Some(token) => {
            let last = spans.iter().position(|span| span.row.span_id == *token);
            last.ok_or_else(|| {
                Error::field("invalid_page_token", "page_token", "This page_token is not of this trace.")
            })? + 1
        }
    };
    let page = &spans[start..spans.len().min(start.saturating_add(limit))];
    let has_more = start + page.len() < spans.len();
    let next = page.last().filter(|_| has_more).map(|span| span.row.span_id.clone());
    let data = page.iter().map(SpanSummary::from).collect();
    Ok(SpanList { object: "list", data, has_more, next_page_token: next })
}

/// A span with everything.
#[derive(Serialize, ToSchema)]
pub struct SpanDetail {
    /// Its place in the tree.
    summary: SpanSummary,
    /// The attributes as they came; a key that came several times holds the list of its values.
    attributes: Map<String, Value>,
    /// The events as they came.
    events: Vec<Value>,
    /// The links as they came.
    links: Vec<Value>,
    /// The resource attributes as they came.
    resource: Value,
    /// The instrumentation scope as it came.
    scope: Value,
    /// OpenTelemetry's span kind, flags, trace state and what the client dropped.
    otel: Map<String, Value>,
    /// The normal form, the same for every convention: messages, tools, usage, cost, documents, errors.
    #[schema(value_type = Object)]
    normalized: NormalizedSpan,
    /// What people said of this span.
    annotations: Vec<AnnotationView>,
    /// What machines said of it, and people about that, in the shape of the orq API.
    evaluations: Vec<Value>,
    /// The annotation queues in which it is, or its trace as a whole.
    queues: Vec<InQueue>,
}

/// The answer to a request for a span.
#[derive(Serialize, ToSchema)]
pub struct SpanAnswer {
    pub(super) span: SpanDetail,
}

impl SpanDetail {
    pub(super) fn new(full: FullSpan, annotations: Vec<AnnotationView>, evaluations: Vec<Value>) -> SpanDetail {
        let Value::Object(mut raw) = full.raw else {
            return SpanDetail::new(FullSpan { raw: json!({}), ..full }, annotations, evaluations);
        };
        let mut list = |key: &str| match raw.remove(key) {
            Some(Value::Array(list)) => list,
            _ => Vec::new(),
        };
        let (events, links) = (list("events"), list("links"));
        let attributes = match raw.remove("attributes") {
            Some(Value::Object(attributes)) => attributes,
            _ => Map::new(),
        };
        SpanDetail {
            summary: SpanSummary::from(&full.tree),
            attributes,
            events,
            links,
            resource: raw.remove("resource").unwrap_or_else(|| json!({})),
            scope: raw.remove("scope").unwrap_or_else(|| json!({})),
            otel: raw.into_iter().filter(|(_, value)| !value.is_null()).collect(),
            normalized: full.normalized,
            annotations,
            evaluations,
            queues: Vec::new(),
        }
    }
}

/// Get a span
///
/// With its attributes as they came, its normal form, and what people and machines said of it.
#[utoipa::path(get, path = "/v3/traces/{trace_id}/spans/{span_id}", tag = "Traces", operation_id = "GetTraceSpan",
    params(("trace_id" = String, Path,), ("span_id" = String, Path,)),
    responses((status = 200, description = "The span", body = SpanAnswer)))]
async fn get_span(
    State(app): State<App>,
    By(caller): By<READ>,
    Path((trace_id, span_id)): Path<(String, String)>,
) -> ApiResult<Json<SpanAnswer>> {
    let (prices, now) = (app.prices.clone(), app.clock.now());
    let answer = app
        .db
        .read(move |tx| {
            let number = caller.project.number;
            let full = span::full(tx, number, &caller.workspace_id, &trace_id, &span_id, &prices)?;
            let judgements = {
                let row = &full.tree.row;
                annotation::for_spans(tx, &caller, &row.trace_id, Some(&row.span_id))?
            };
            let Value::Array(evaluations) = annotation::evaluations_json(&judgements) else {
                return Ok(SpanDetail::new(full, Vec::new(), Vec::new()));
            };
            let annotations = judgements.annotations.into_iter().map(AnnotationView::from).collect();
            let (trace_id, span_id) = (full.tree.row.trace_id.clone(), full.tree.row.span_id.clone());
            let mut queues = queue::of_traces(tx, number, std::slice::from_ref(&trace_id), now)?;
            let of_trace = queues.remove(&trace_id).unwrap_or_default().into_iter();
            let here = of_trace.filter(|item| item.span_id.as_ref().is_none_or(|of| *of == span_id));
            let queues = here.map(InQueue::from).collect();
            Ok(SpanDetail { queues, ..SpanDetail::new(full, annotations, evaluations) })
        })
        .await?;
    Ok(Json(SpanAnswer { span: answer }))
}

/// Whose conversation.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ConversationQuery {
    /// The span; the one whose answer the trace shows unless given.
    span_id: Option<String>,
}

/// The messages of one model call.
#[derive(Debug, Serialize, ToSchema)]
pub struct Conversation {
    trace_id: String,
    span_id: String,
    /// The messages in order, those the model was given first: `{role, parts, name?, finish_reason?, direction}`.
    items: Vec<Value>,
}

/// Get the conversation of a trace
///
/// The messages the model was given and what it answered, of one span or of the leading one.
#[utoipa::path(get, path = "/v3/traces/{trace_id}/conversation", tag = "Traces", operation_id = "GetTraceConversation",
    params(("trace_id" = String, Path,), ConversationQuery),
    responses((status = 200, description = "The messages", body = Conversation)))]
async fn get_conversation(
    State(app): State<App>,
    By(caller): By<READ>,
    Path(trace_id): Path<String>,
    Params(query): Params<ConversationQuery>,
) -> ApiResult<Json<Conversation>> {
    let prices = app.prices.clone();
    let conversation = app
        .db
        .read(move |tx| -> Result<Conversation> {
            let number = caller.project.number;
            let leading = span::leading(tx, number, &trace_id)?.ok_or_else(|| trace_not_found(&caller, &trace_id))?;
            let span_id = query.span_id.clone().unwrap_or(leading);
            let full = span::full(tx, number, &caller.workspace_id, &trace_id, &span_id, &prices)?;
            let row = full.tree.row;
            Ok(Conversation { trace_id: row.trace_id, span_id: row.span_id, items: items(full.normalized) })
        })
        .await?;
    Ok(Json(conversation))
}

/// The messages of a span, each saying whether it went in or came out. A span without messages shows its raw input and
/// output as one text each.
pub fn items(span: NormalizedSpan) -> Vec<Value> {
    let messages = |messages: Vec<Message>, direction: &'static str| {
        messages.into_iter().filter_map(move |message| {
            let mut item = serde_json::to_value(message).ok()?;
            item["direction"] = direction.into();
            Some(item)
        })
    };
    let raw = |value: Option<Value>, role: &str, direction: &str| {
        value.map(|value| {
            let text = value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
            json!({"role": role, "parts": [{"type": "text", "text": text}], "direction": direction})
        })
    };
    let input_raw = raw(span.input_raw.filter(|_| span.input.is_empty()), "user", "input");
    let output_raw = raw(span.output_raw.filter(|_| span.output.is_empty()), "assistant", "output");
    messages(span.input, "input").chain(input_raw).chain(messages(span.output, "output")).chain(output_raw).collect()
}
