//! Sums over traces (contract A.7), and what they share with the search: times and filters of a request.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::routing::post;
use postil::trace::filter::Filter;
use postil::trace::search::aggregate::{self, Aggregate, Compute, Grouping};
use postil::trace::search::{self, Window};
use postil::{Error, clock};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::body::OptionalBody;
use super::caller::{By, READ};
use super::error::{ApiResult, ErrorBody};
use super::trace_fields::{self, TraceFilter};
use crate::state::App;

/// The route, and the older path of the same.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(aggregate_traces)).route("/v2/traces/aggregate", post(aggregate_traces))
}

fn instant(text: &str, field: &str) -> Result<i64, Error> {
    clock::parse_rfc3339(text).ok_or_else(|| {
        Error::field(
            "invalid_time",
            field,
            format!("{field} must be a time with an offset, such as 2026-11-21T10:00:00Z."),
        )
    })
}

pub(super) fn optional_instant(text: Option<&str>, field: &str) -> Result<Option<i64>, Error> {
    text.filter(|text| !text.is_empty()).map(|text| instant(text, field)).transpose()
}

pub(super) fn required<'a>(text: Option<&'a str>, field: &'static str) -> Result<&'a str, Error> {
    let text = text.filter(|text| !text.is_empty());
    text.ok_or_else(|| Error::field("missing_field", field, format!("{field} is required.")))
}

/// A required span of time, in microseconds.
pub(super) fn window(from: Option<&str>, to: Option<&str>) -> Result<(i64, i64), Error> {
    let (from, to) = (instant(required(from, "from")?, "from")?, instant(required(to, "to")?, "to")?);
    in_order(Some(from), Some(to))?;
    Ok((from, to))
}

pub(super) fn in_order(from: Option<i64>, to: Option<i64>) -> Result<(), Error> {
    if from.zip(to).is_some_and(|(from, to)| from > to) {
        return Err(Error::field("invalid_time", "to", "to must not be before from."));
    }
    Ok(())
}

/// The filter of a request: its conditions and its free text.
pub(super) fn filter(
    filters: Option<&[TraceFilter]>,
    operator: Option<&str>,
    query: Option<&str>,
) -> Result<Filter, Error> {
    let filter = trace_fields::read_filters(filters.unwrap_or_default(), operator)?;
    match query.map(str::trim).filter(|query| !query.is_empty()) {
        Some(query) => Ok(Filter::All(vec![filter, Filter::free_text(query)?])),
        None => Ok(filter),
    }
}

/// A number to compute.
#[derive(Debug, Deserialize, ToSchema)]
pub struct TraceCompute {
    /// `count`, `duration_ms`, `cost`, `total_tokens`, `prompt_tokens`, `completion_tokens`, `error_count`,
    /// `span_count` or `ttft_ms`.
    metric: Option<String>,
    /// `count`, `sum`, `avg`, `min`, `max`, `p50`, `p95` or `p99`.
    op: Option<String>,
}

/// What is to be summed up.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct AggregateTraces {
    /// The earliest start.
    #[schema(format = DateTime)]
    from: Option<String>,
    /// Before which they started.
    #[schema(format = DateTime)]
    to: Option<String>,
    /// What must hold.
    filters: Option<Vec<TraceFilter>>,
    /// `and` (default) or `or`.
    filter_operator: Option<String>,
    /// Text that occurs in the trace.
    query: Option<String>,
    /// At most 4: groupable fields, `metadata.<key>`, `annotation.<key or id>`, `evaluator.<id or name>`, or
    /// `time:day`, `time:hour`, `time:minute`.
    group_by: Option<Vec<String>>,
    /// At most 20; the count when there is none.
    compute: Option<Vec<TraceCompute>>,
    /// How many groups, 1 to 1000, default 50.
    limit: Option<i64>,
}

/// The numbers of one group.
#[derive(Debug, Serialize, ToSchema)]
pub struct TraceAggregateRow {
    /// The value of each field that was grouped by; a field without a value is left out.
    group: BTreeMap<String, String>,
    /// The numbers, named `count` or `<metric>.<op>`.
    metrics: BTreeMap<String, f64>,
}

/// Sums over traces.
#[derive(Debug, Serialize, ToSchema)]
pub struct AggregateTracesResponse {
    /// `list`.
    object: &'static str,
    /// The groups.
    data: Vec<TraceAggregateRow>,
}

fn at_most<T>(list: Option<Vec<T>>, most: usize, field: &str) -> Result<Vec<T>, Error> {
    let list = list.unwrap_or_default();
    if list.len() > most {
        return Err(Error::field("invalid_value", field, format!("{field} takes at most {most} entries.")));
    }
    Ok(list)
}

/// Counts and sums up traces.
#[utoipa::path(post, path = "/v3/traces/aggregate", tag = "traces", request_body = AggregateTraces, responses(
    (status = 200, body = AggregateTracesResponse), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody)))]
pub async fn aggregate_traces(
    State(app): State<App>,
    By(caller): By<READ>,
    OptionalBody(wanted): OptionalBody<AggregateTraces>,
) -> ApiResult<Json<AggregateTracesResponse>> {
    let from = optional_instant(wanted.from.as_deref(), "from")?;
    let to = optional_instant(wanted.to.as_deref(), "to")?;
    in_order(from, to)?;
    let groups = at_most(wanted.group_by, aggregate::MAX_GROUPS, "group_by")?;
    let groups = groups.iter().enumerate().map(|(at, name)| Grouping::parse(name, &format!("group_by[{at}]")));
    let computes = at_most(wanted.compute, aggregate::MAX_COMPUTES, "compute")?;
    let computes = computes.iter().enumerate().map(|(at, compute)| {
        Compute::parse(compute.metric.as_deref(), compute.op.as_deref(), &format!("compute[{at}]"))
    });
    let mut computes = computes.collect::<Result<Vec<_>, Error>>()?;
    if computes.is_empty() {
        computes.push(Compute::count());
    }
    let wanted = Aggregate {
        filter: filter(wanted.filters.as_deref(), wanted.filter_operator.as_deref(), wanted.query.as_deref())?,
        window: Window::of_micros(from, to),
        groups: groups.collect::<Result<_, Error>>()?,
        computes,
        limit: search::limit(wanted.limit)?,
    };
    let rows = app.db.scan(move |tx| aggregate::aggregate(tx, &caller, &wanted)).await?;
    let data = rows.into_iter().map(|row| TraceAggregateRow { group: row.group, metrics: row.metrics }).collect();
    Ok(Json(AggregateTracesResponse { object: "list", data }))
}
