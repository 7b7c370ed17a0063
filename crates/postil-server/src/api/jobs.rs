//! Jobs: work that goes on after the request that asked for it was answered.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use postil::annotation::Answer;
use postil::annotation::bulk::{self, Bulk, Which};
use postil::clock::rfc3339;
use postil::job::{self, Job};
use postil::trace::filter::{Join, WireCondition};
use postil::trace::search::{Matching, Window};
use postil::{Error, erasure};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::annotations::AnswerInput;
use super::body::Body;
use super::caller::{ANNOTATE, By, READ};
use super::error::{ApiResult, ErrorBody};
use super::params::{Cursor, Params};
use super::trace_fields::TraceFilter;
use super::traces_aggregate::window;
use crate::state::App;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(annotate_many))
        .routes(routes!(list))
        .routes(routes!(get))
        .routes(routes!(cancel))
}

/// A job.
#[derive(Serialize, ToSchema)]
pub struct JobView {
    id: String,
    /// What it does: `annotate`, `add_to_dataset`, `add_to_queue`, `sort_queue`, `automation_back_fill`, `delete_traces`,
    /// `delete_identity_data` or `delete_project`.
    kind: String,
    /// `queued`, `running`, `done`, `failed` or `canceled`.
    state: &'static str,
    /// How much there is to do, as counted when it was asked for.
    total: i64,
    /// How much is done.
    done: i64,
    /// How much could not be done.
    failed: i64,
    /// Why it could not go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    created_by_id: String,
    created_at: String,
    /// When it last got on.
    updated_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<String>,
}

impl From<Job> for JobView {
    fn from(job: Job) -> JobView {
        JobView {
            id: job.id,
            kind: job.kind,
            state: job.state.name(),
            total: job.total,
            done: job.done,
            failed: job.failed,
            error: job.error,
            created_by_id: job.created_by,
            created_at: rfc3339(job.created_at),
            updated_at: rfc3339(job.updated_at),
            ended_at: job.ended_at.map(rfc3339),
        }
    }
}

/// A list of jobs.
#[derive(Serialize, ToSchema)]
struct JobList {
    #[schema(example = "list")]
    object: &'static str,
    data: Vec<JobView>,
    has_more: bool,
}

/// What is said of many traces: of those named by `trace_ids`, or of all that match `from`, `to`, `filters` and `query`.
#[derive(Deserialize, ToSchema)]
struct BulkAnnotationInput {
    /// 1 to 10 answers to human reviews.
    annotations: Vec<AnswerInput>,
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

impl BulkAnnotationInput {
    fn read(self) -> postil::Result<Bulk> {
        let answers = self.annotations.into_iter().map(Answer::from).collect();
        let has_filter = self.from.is_some() || self.to.is_some() || self.filters.is_some() || self.query.is_some();
        let which = match self.trace_ids {
            Some(_) if has_filter => {
                return Err(Error::field("invalid_value", "trace_ids", "Give trace_ids or a filter, not both."));
            }
            Some(trace_ids) => Which::Traces(trace_ids),
            None => {
                let times = (self.from.as_deref(), self.to.as_deref());
                Which::Matching(matching(times, self.filters, self.filter_operator.as_deref(), self.query)?)
            }
        };
        Ok(Bulk { answers, which })
    }
}

/// The traces that a request means by a filter: `times` are its `from` and `to`.
pub fn matching(
    times: (Option<&str>, Option<&str>),
    filters: Option<Vec<TraceFilter>>,
    filter_operator: Option<&str>,
    query: Option<String>,
) -> postil::Result<Matching> {
    let (from, to) = window(times.0, times.1)?;
    let window = Window::of_micros(Some(from), Some(to));
    let condition = |filter: TraceFilter| WireCondition {
        field: filter.field,
        op: filter.op,
        values: filter.values.unwrap_or_default(),
    };
    Ok(Matching {
        conditions: filters.unwrap_or_default().into_iter().map(condition).collect(),
        any: Join::parse(filter_operator)? == Join::Or,
        query,
        from_ns: window.from_ns,
        to_ns: window.to_ns,
    })
}

/// Annotate many traces
///
/// Says the same of the first span of every trace that is meant, for the caller: a value they gave before is replaced.
/// Everything is checked at once; the work goes on in the background, as a job that can be followed and canceled.
#[utoipa::path(post, path = "/v2/annotations/bulk", tag = "annotations", request_body = BulkAnnotationInput,
    responses((status = 202, body = JobView), (status = "4XX", body = ErrorBody)))]
async fn annotate_many(
    State(app): State<App>,
    By(caller): By<ANNOTATE>,
    Body(body): Body<BulkAnnotationInput>,
) -> ApiResult<(StatusCode, Json<JobView>)> {
    let (clock, limit, wanted) = (app.clock.clone(), app.string_limit, body.read()?);
    let job = app.db.write(move |tx| bulk::start(tx, &clock, &caller, &wanted, limit)).await?;
    Ok((StatusCode::ACCEPTED, Json(job.into())))
}

/// List the jobs of a project, newest first
#[utoipa::path(get, path = "/v2/jobs", tag = "jobs", params(Cursor),
    responses((status = 200, body = JobList), (status = "4XX", body = ErrorBody)))]
async fn list(
    State(app): State<App>,
    By(caller): By<READ>,
    Params(cursor): Params<Cursor>,
) -> ApiResult<Json<JobList>> {
    let page = cursor.page()?;
    let found = app.db.read(move |tx| job::list(tx, &caller, &page)).await?;
    let data = found.data.into_iter().map(JobView::from).collect();
    Ok(Json(JobList { object: "list", data, has_more: found.has_more }))
}

/// Read a job
#[utoipa::path(get, path = "/v2/jobs/{id}", tag = "jobs", params(("id" = String, Path)),
    responses((status = 200, body = JobView), (status = "4XX", body = ErrorBody)))]
async fn get(State(app): State<App>, By(caller): By<READ>, Path(id): Path<String>) -> ApiResult<Json<JobView>> {
    let found = app.db.read(move |tx| job::get(tx, &caller, &id)).await?;
    Ok(Json(found.into()))
}

/// Cancel a job
///
/// What is done stays done; a job that has ended stays as it is. One that deletes a project cannot be canceled (409
/// `not_cancelable`). By who started it, or who may change human reviews.
#[utoipa::path(post, path = "/v2/jobs/{id}/cancel", tag = "jobs", params(("id" = String, Path)),
    responses((status = 200, body = JobView), (status = "4XX", body = ErrorBody)))]
async fn cancel(State(app): State<App>, By(caller): By<READ>, Path(id): Path<String>) -> ApiResult<Json<JobView>> {
    let clock = app.clock.clone();
    let canceling = app.db.write(move |tx| {
        if job::get(tx, &caller, &id)?.kind == erasure::project::KIND {
            return Err(Error::conflict("not_cancelable", "Half a project is of use to nobody: this job goes on."));
        }
        job::cancel(tx, &clock, &caller, &id)
    });
    let job = canceling.await?;
    Ok(Json(job.into()))
}
