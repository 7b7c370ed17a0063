//! Deletion on purpose: traces, and what is known of a person.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use postil::Error;
use postil::erasure::{self, Extent, Which};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::audit;
use super::body::Body;
use super::caller::{ADMIN, By};
use super::error::{ApiResult, ErrorBody};
use super::jobs::{JobView, matching};
use super::trace_fields::TraceFilter;
use crate::state::App;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(delete_trace))
        .routes(routes!(extent))
        .routes(routes!(delete_traces))
        .routes(routes!(delete_identity_data))
}

/// What goes with a trace.
#[derive(Serialize, ToSchema)]
struct TraceExtent {
    trace_id: String,
    spans: i64,
    /// What people said of it, taken back or not.
    annotations: i64,
    evaluator_results: i64,
    /// Its items in annotation queues, with drafts and answers.
    queue_items: i64,
    /// Datapoints that were taken from it.
    datapoints: i64,
}

fn view(trace_id: String, extent: Extent) -> TraceExtent {
    TraceExtent {
        trace_id,
        spans: extent.spans,
        annotations: extent.annotations,
        evaluator_results: extent.evaluator_results,
        queue_items: extent.queue_items,
        datapoints: extent.datapoints,
    }
}

/// See what would go with a trace
#[utoipa::path(get, path = "/v3/traces/{trace_id}/extent", tag = "deletion", params(("trace_id" = String, Path)),
    responses((status = 200, body = TraceExtent), (status = "4XX", body = ErrorBody)))]
async fn extent(
    State(app): State<App>,
    By(caller): By<ADMIN>,
    Path(trace_id): Path<String>,
) -> ApiResult<Json<TraceExtent>> {
    let id = trace_id.clone();
    let found = app.db.read(move |tx| erasure::extent(tx, &caller, &id)).await?;
    Ok(Json(view(trace_id, found)))
}

/// Delete a trace
///
/// With its spans, log records and media, everything that people and machines said of it and the history of that, its items
/// in annotation queues, and the datapoints that were taken from it. It cannot be brought back. Answers what went.
#[utoipa::path(delete, path = "/v3/traces/{trace_id}", tag = "deletion", params(("trace_id" = String, Path)),
    responses((status = 200, body = TraceExtent), (status = "4XX", body = ErrorBody)))]
async fn delete_trace(
    State(app): State<App>,
    By(caller): By<ADMIN>,
    Path(trace_id): Path<String>,
) -> ApiResult<Json<TraceExtent>> {
    let (by, id) = (caller.actor.reference(), trace_id.clone());
    let gone = app.db.write(move |tx| erasure::trace(tx, &caller, &id)).await?;
    audit::changed(&by, "trace.delete", &trace_id);
    Ok(Json(view(trace_id, gone)))
}

/// The traces to delete: those named by `trace_ids`, or all that match `from`, `to`, `filters` and `query`.
#[derive(Deserialize, ToSchema)]
struct TraceDeletion {
    /// 1 to 1000 traces.
    trace_ids: Option<Vec<String>>,
    /// The earliest start; required without `trace_ids`.
    #[schema(format = DateTime)]
    from: Option<String>,
    /// Before which they started; required without `trace_ids`.
    #[schema(format = DateTime)]
    to: Option<String>,
    /// What must hold.
    filters: Option<Vec<TraceFilter>>,
    /// `and` (default): all filters hold; `or`: one does.
    filter_operator: Option<String>,
    /// Text that occurs in the trace.
    query: Option<String>,
}

impl TraceDeletion {
    fn read(self) -> postil::Result<Which> {
        let has_filter = self.from.is_some() || self.to.is_some() || self.filters.is_some() || self.query.is_some();
        match self.trace_ids {
            Some(_) if has_filter => {
                Err(Error::field("invalid_value", "trace_ids", "Give trace_ids or a filter, not both."))
            }
            Some(trace_ids) => Ok(Which::Traces(trace_ids)),
            None => {
                let times = (self.from.as_deref(), self.to.as_deref());
                let operator = self.filter_operator.as_deref();
                Ok(Which::Matching(matching(times, self.filters, operator, self.query)?))
            }
        }
    }
}

/// Delete many traces
///
/// Each as `DELETE /v3/traces/{trace_id}` does, in the background, as a job that can be followed and canceled. What is
/// deleted by then stays deleted. `total` of the answer says how many are meant.
#[utoipa::path(post, path = "/v3/traces/delete", tag = "deletion", request_body = TraceDeletion,
    responses((status = 202, body = JobView), (status = "4XX", body = ErrorBody)))]
async fn delete_traces(
    State(app): State<App>,
    By(caller): By<ADMIN>,
    Body(given): Body<TraceDeletion>,
) -> ApiResult<(StatusCode, Json<JobView>)> {
    let (by, clock, which) = (caller.actor.reference(), app.clock.clone(), given.read()?);
    let job = app.db.write(move |tx| erasure::traces(tx, &clock, &caller, &which)).await?;
    audit::changed(&by, "traces.delete", &job.id);
    Ok((StatusCode::ACCEPTED, Json(job.into())))
}

/// Delete what is known of a person
///
/// In this project: every trace in which the identity is the user, as `DELETE /v3/traces/{trace_id}` does, then the
/// annotations that came from them on other traces, and sessions that name them. The identity may be unknown to
/// `/v2/identities`, which is emptied by its own call. Goes on in the background, as a job; `total` of the answer says how
/// many traces there are.
#[utoipa::path(delete, path = "/v2/identities/{id}/data", tag = "deletion", params(("id" = String, Path)),
    responses((status = 202, body = JobView), (status = "4XX", body = ErrorBody)))]
async fn delete_identity_data(
    State(app): State<App>,
    By(caller): By<ADMIN>,
    Path(id): Path<String>,
) -> ApiResult<(StatusCode, Json<JobView>)> {
    let (by, clock) = (caller.actor.reference(), app.clock.clone());
    let job = app.db.write(move |tx| erasure::identity(tx, &clock, &caller, &id)).await?;
    audit::changed(&by, "identity.delete_data", &job.id);
    Ok((StatusCode::ACCEPTED, Json(job.into())))
}
