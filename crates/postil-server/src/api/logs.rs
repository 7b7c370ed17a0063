//! Logs: generations with their feedback and corrections.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use postil::annotation::Annotation;
use postil::annotation::log::{self, Log, LogFilter};
use postil::clock::{rfc3339, rfc3339_nanos};
use postil::page::PageRequest;
use postil::project::Caller;
use postil::trace::model::NormalizedSpan;
use postil::trace::price::PriceTable;
use postil::trace::span;
use postil::{Error, Result, Tx, queue};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::annotation_shapes::{AnnotationValue, AnnotationView, AnnotatorView, Names, names_of};
use super::annotations::moment;
use super::body::Body;
use super::caller::{ANNOTATE, By, READ};
use super::error::{ApiResult, ErrorBody};
use super::params::Params;
use super::trace_summary::InQueue;
use crate::state::App;

/// Characters of the words that logs are searched for.
const MOST_QUERY: usize = 1000;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(get)).routes(routes!(correct, remove_correction))
}

/// Tokens of a generation.
#[derive(Serialize, ToSchema)]
struct LogUsage {
    #[serde(skip_serializing_if = "Option::is_none")]
    input_tokens: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_tokens: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    total_tokens: Option<i64>,
}

/// The deployment a log belongs to.
#[derive(Serialize, ToSchema)]
struct LogDeployment {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
}

/// One value that somebody gave.
#[derive(Serialize, ToSchema)]
struct LogFeedback {
    key: String,
    #[schema(value_type = AnnotationValue)]
    value: Value,
}

/// A log as lists show it.
#[derive(Serialize, ToSchema)]
struct LogView {
    #[serde(rename = "_id")]
    under_id: String,
    id: String,
    trace_id: String,
    span_id: String,
    name: String,
    status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    started_at: String,
    duration_ms: f64,
    /// What it cost, in dollars.
    #[serde(skip_serializing_if = "Option::is_none")]
    cost: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<LogUsage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input_preview: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_preview: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deployment: Option<LogDeployment>,
    /// What people said of it, corrections apart.
    feedback: Vec<LogFeedback>,
    has_correction: bool,
    /// The annotation queues in which it is, or the trace it is from.
    queues: Vec<InQueue>,
}

/// What should have been answered.
#[derive(Serialize, ToSchema)]
struct LogCorrection {
    value: String,
    by: AnnotatorView,
    at: String,
}

/// What was asked and answered, as messages.
#[derive(Serialize, ToSchema)]
struct LogConversation {
    input: Vec<Value>,
    output: Vec<Value>,
}

/// A log with everything that is known of it.
#[derive(Serialize, ToSchema)]
struct LogDetail {
    #[serde(flatten)]
    log: LogView,
    messages: LogConversation,
    annotations: Vec<AnnotationView>,
    /// Annotations and evaluator results as spans carry them.
    evaluations: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    correction: Option<LogCorrection>,
}

/// A list of logs.
#[derive(Serialize, ToSchema)]
struct LogList {
    #[schema(example = "list")]
    object: &'static str,
    data: Vec<LogView>,
    has_more: bool,
}

/// Everything that is known of a log.
fn whole(tx: &mut Tx<'_>, caller: &Caller, log: Log, prices: &PriceTable, now: i64) -> Result<LogDetail> {
    let view = views(tx, caller, std::slice::from_ref(&log), now)?.pop().ok_or_else(|| Error::internal("no log"))?;
    let messages = conversation_of(tx, caller, &log, prices)?;
    let names = names_of(tx, caller, &log.judgements.annotations)?;
    Ok(detail(view, log, messages, &names))
}

/// What was asked and answered on the span of a log. A deployment's span may carry no messages itself; those of the
/// model call below it are shown then.
fn conversation_of(tx: &mut Tx<'_>, caller: &Caller, log: &Log, prices: &PriceTable) -> Result<LogConversation> {
    let number = caller.project.number;
    let own = span::full(tx, number, &caller.workspace_id, &log.trace_id, &log.span_id, prices)?;
    if own.tree.row.has_messages || own.tree.row.kind == "llm" {
        return Ok(messages(own.normalized));
    }
    let tree = span::tree(tx, number, &log.trace_id)?;
    let below = tree
        .into_iter()
        .find(|one| one.row.kind == "llm" && one.row.parent_span_id.as_deref() == Some(log.span_id.as_str()));
    let Some(below) = below else { return Ok(messages(own.normalized)) };
    let call = span::full(tx, number, &caller.workspace_id, &log.trace_id, &below.row.span_id, prices)?;
    Ok(messages(call.normalized))
}

fn messages(span: NormalizedSpan) -> LogConversation {
    let (input, output) = super::spans::items(span).into_iter().partition(|item| item["direction"] == "input");
    LogConversation { input, output }
}

/// Logs as lists show them, with the queues they are in, which are read in one go; `now` tells whose leases hold.
fn views(tx: &mut Tx<'_>, caller: &Caller, logs: &[Log], now: i64) -> Result<Vec<LogView>> {
    let traces: Vec<_> = logs.iter().map(|log| log.trace_id.clone()).collect();
    let queues = queue::of_traces(tx, caller.project.number, &traces, now)?;
    let of = |log: &Log| {
        let here = queues.get(&log.trace_id).into_iter().flatten();
        let here = here.filter(|item| item.span_id.as_ref().is_none_or(|span_id| *span_id == log.span_id));
        here.cloned().map(InQueue::from).collect()
    };
    Ok(logs.iter().map(|log| view(log, of(log))).collect())
}

fn view(log: &Log, queues: Vec<InQueue>) -> LogView {
    let usage =
        LogUsage { input_tokens: log.usage_input, output_tokens: log.usage_output, total_tokens: log.usage_total };
    let has_usage = usage.input_tokens.or(usage.output_tokens).or(usage.total_tokens).is_some();
    let deployment = LogDeployment { id: log.deployment_id.clone(), key: log.deployment_key.clone() };
    let is_deployment = deployment.id.is_some() || deployment.key.is_some();
    #[expect(clippy::cast_precision_loss, reason = "durations of generations are far below 2^53 nanoseconds")]
    let duration_ms = log.end_ns.saturating_sub(log.start_ns).max(0) as f64 / 1e6;
    LogView {
        under_id: log.id.clone(),
        id: log.id.clone(),
        trace_id: log.trace_id.clone(),
        span_id: log.span_id.clone(),
        name: log.name.clone(),
        status: log.status.clone(),
        error: log.error_message.clone(),
        provider: log.provider.clone(),
        model: log.model.clone(),
        started_at: rfc3339_nanos(log.start_ns),
        duration_ms,
        cost: log.cost_total,
        usage: has_usage.then_some(usage),
        input_preview: log.input_preview.clone(),
        output_preview: log.output_preview.clone(),
        deployment: is_deployment.then_some(deployment),
        feedback: log
            .feedback()
            .map(|annotation| LogFeedback { key: annotation.key.clone(), value: annotation.json() })
            .collect(),
        has_correction: log.correction().is_some(),
        queues,
    }
}

fn correction(annotation: &Annotation, names: &Names) -> LogCorrection {
    LogCorrection {
        value: annotation.json().as_str().unwrap_or_default().to_owned(),
        by: AnnotatorView::named(annotation.annotator.clone(), names),
        at: rfc3339(annotation.updated_at),
    }
}

fn detail(view: LogView, log: Log, messages: LogConversation, names: &Names) -> LogDetail {
    let evaluations = match postil::annotation::evaluations_json(&log.judgements) {
        Value::Array(entries) => entries,
        _ => Vec::new(),
    };
    LogDetail {
        log: view,
        messages,
        evaluations,
        correction: log.correction().map(|annotation| correction(annotation, names)),
        annotations: log.judgements.annotations.into_iter().map(|each| AnnotationView::named(each, names)).collect(),
    }
}

/// Which logs to list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// 1 to 200; 10 without.
    limit: Option<i64>,
    /// The id of the last log of the page before.
    starting_after: Option<String>,
    /// The id of the first log of the page after.
    ending_before: Option<String>,
    /// How they ended.
    status: Option<String>,
    provider: Option<String>,
    /// The model that answered, or that was asked for.
    model: Option<String>,
    /// Began at or after this time.
    from: Option<String>,
    /// Began before this time.
    to: Option<String>,
    /// Whether people said anything of them.
    annotated: Option<bool>,
    /// Took at least so many milliseconds.
    min_duration_ms: Option<i64>,
    /// Took at most so many milliseconds.
    max_duration_ms: Option<i64>,
    /// Cost at least so much. Logs without a cost are left out.
    min_cost: Option<f64>,
    /// Cost at most so much. Logs without a cost are left out.
    max_cost: Option<f64>,
    /// Words in the name, the question, the answer, the error or the model; at most 1000 characters.
    query: Option<String>,
}

/// List the logs of a project, newest first
///
/// A log is the view of a generation span: its annotations are those of the span. Its id is the one the client sent for
/// it, else `{trace_id}-{span_id}`; every call takes both.
#[utoipa::path(get, path = "/v2/logs", tag = "logs", params(ListQuery),
    responses((status = 200, body = LogList), (status = "4XX", body = ErrorBody)))]
async fn list(
    State(app): State<App>,
    By(caller): By<READ>,
    Params(given): Params<ListQuery>,
) -> ApiResult<Json<LogList>> {
    let page = PageRequest::new(given.limit, given.starting_after, given.ending_before)?;
    if given.query.as_ref().is_some_and(|query| query.chars().count() > MOST_QUERY) {
        let message = format!("query must be at most {MOST_QUERY} characters long.");
        return Err(Error::field("invalid_length", "query", message).into());
    }
    for (field, cost) in [("min_cost", given.min_cost), ("max_cost", given.max_cost)] {
        if cost.is_some_and(|cost| !cost.is_finite()) {
            return Err(Error::field("invalid_value", field, format!("{field} must be a number.")).into());
        }
    }
    let filter = LogFilter {
        from: moment("from", given.from.as_ref())?,
        to: moment("to", given.to.as_ref())?,
        status: given.status,
        provider: given.provider,
        model: given.model,
        annotated: given.annotated,
        min_duration_ms: given.min_duration_ms,
        max_duration_ms: given.max_duration_ms,
        min_cost: given.min_cost,
        max_cost: given.max_cost,
        query: given.query,
    };
    let now = app.clock.now();
    let reading = app.db.scan(move |tx| {
        let found = log::list(tx, &caller, &filter, &page)?;
        Ok(LogList { object: "list", data: views(tx, &caller, &found.data, now)?, has_more: found.has_more })
    });
    Ok(Json(reading.await?))
}

/// Read a log
#[utoipa::path(get, path = "/v2/logs/{id}", tag = "logs", params(("id" = String, Path)),
    responses((status = 200, body = LogDetail), (status = "4XX", body = ErrorBody)))]
async fn get(State(app): State<App>, By(caller): By<READ>, Path(id): Path<String>) -> ApiResult<Json<LogDetail>> {
    let (prices, now) = (app.prices.clone(), app.clock.now());
    let reading = app.db.read(move |tx| {
        let found = log::get(tx, &caller, &id)?;
        whole(tx, &caller, found, &prices, now)
    });
    Ok(Json(reading.await?))
}

/// What should have been answered.
#[derive(Deserialize, ToSchema)]
struct LogCorrectionInput {
    value: String,
}

/// Correct the answer of a log
///
/// The same as annotating its span with the key `correction`.
#[utoipa::path(post, path = "/v2/logs/{id}/correction", tag = "logs", params(("id" = String, Path)),
    request_body = LogCorrectionInput, responses((status = 200, body = LogDetail), (status = "4XX", body = ErrorBody)))]
async fn correct(
    State(app): State<App>,
    By(caller): By<ANNOTATE>,
    Path(id): Path<String>,
    Body(body): Body<LogCorrectionInput>,
) -> ApiResult<Json<LogDetail>> {
    let (clock, limit, prices) = (app.clock.clone(), app.string_limit, app.prices.clone());
    let correcting = app.db.write(move |tx| {
        let found = log::correct(tx, &clock, &caller, &id, &body.value, limit)?;
        whole(tx, &caller, found, &prices, clock.now())
    });
    Ok(Json(correcting.await?))
}

/// Take the correction of a log back
#[utoipa::path(delete, path = "/v2/logs/{id}/correction", tag = "logs", params(("id" = String, Path)),
    responses((status = 204, description = "Taken back."), (status = "4XX", body = ErrorBody)))]
async fn remove_correction(
    State(app): State<App>,
    By(caller): By<ANNOTATE>,
    Path(id): Path<String>,
) -> ApiResult<StatusCode> {
    let clock = app.clock.clone();
    app.db.write(move |tx| log::remove_correction(tx, &clock, &caller, &id)).await?;
    Ok(StatusCode::NO_CONTENT)
}
