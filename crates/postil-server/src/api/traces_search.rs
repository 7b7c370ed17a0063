//! Finding traces (contract A.7): search, query, aggregate, facets, fields, filters, and the summary of one trace.
//!
//! Older clients ask for the same under `/v2/traces`.

use std::collections::HashMap;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::routing::{get, post};
use postil::trace::call::{self, Link};
use postil::trace::filter::oql;
use postil::trace::search::aggregate::Grouping;
use postil::trace::search::{self, Search, Sort, Window, facet};
use postil::{Error, Tx, clock};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::body::Body;
use super::caller::{By, READ};
use super::error::{ApiResult, ErrorBody};
use super::request_id;
use super::trace_fields::{self, TraceFilter};
use super::trace_summary::{TraceSummary, summaries};
use super::traces_aggregate::{self, filter, in_order, optional_instant, required, window};
use crate::state::App;

/// The routes, and the older paths of the same.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(search_traces))
        .routes(routes!(query_traces))
        .routes(routes!(list_facet_values))
        .routes(routes!(get_trace))
        .merge(trace_fields::routes())
        .merge(traces_aggregate::routes())
        .route("/v2/traces/search", post(search_traces))
        .route("/v2/traces/query", post(query_traces))
        .route("/v2/traces/facets/{field}", get(list_facet_values))
        .route("/v2/traces/{trace_id}", get(get_trace))
}

/// A field to sort by.
#[derive(Debug, Deserialize, ToSchema)]
pub struct TraceSort {
    /// `started_at`, `duration_ms`, `cost` or `total_tokens`.
    field: Option<String>,
    /// `desc` (default) or `asc`.
    order: Option<String>,
}

/// Which traces are searched for.
#[derive(Debug, Deserialize, ToSchema)]
pub struct SearchTraces {
    /// The earliest start; required.
    #[schema(format = DateTime, required)]
    from: Option<String>,
    /// Before which they started; required.
    #[schema(format = DateTime, required)]
    to: Option<String>,
    /// What must hold.
    filters: Option<Vec<TraceFilter>>,
    /// `and` (default): all filters hold; `or`: one does.
    filter_operator: Option<String>,
    /// Text that occurs in the name, input, output, error, model, or the id of the trace, session or user.
    query: Option<String>,
    /// At most one field.
    sort: Option<Vec<TraceSort>>,
    /// 1 to 1000, default 50.
    limit: Option<i64>,
    /// `next_page_token` of the page before.
    page_token: Option<String>,
}

/// A query as text.
#[derive(Debug, Deserialize, ToSchema)]
pub struct QueryTraces {
    /// The earliest start; required.
    #[schema(format = DateTime, required)]
    from: Option<String>,
    /// Before which they started; required.
    #[schema(format = DateTime, required)]
    to: Option<String>,
    /// `fetch traces | filter <expression> | sort timestamp desc | limit 50`; required.
    #[schema(required)]
    oql: Option<String>,
    /// 1 to 1000, default 50; a limit in the query counts more.
    limit: Option<i64>,
    /// `next_page_token` of the page before.
    page_token: Option<String>,
}

/// What a page is about.
#[derive(Debug, Serialize, ToSchema)]
pub struct TraceSearchMeta {
    /// The id under which the server's log knows this request.
    request_id: String,
    /// The earliest start.
    #[schema(format = DateTime)]
    from: String,
    /// Before which they started.
    #[schema(format = DateTime)]
    to: String,
    /// How many traces the page has.
    row_count: usize,
}

/// A page of traces.
#[derive(Debug, Serialize, ToSchema)]
pub struct SearchTracesResponse {
    /// `list`.
    object: &'static str,
    /// The traces.
    data: Vec<TraceSummary>,
    /// Whether more follow.
    has_more: bool,
    /// Where the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<String>,
    /// What the page is about.
    meta: TraceSearchMeta,
}

/// The answer to a query.
#[derive(Debug, Serialize, ToSchema)]
pub struct QueryTracesResponse {
    /// `query`.
    object: &'static str,
    /// What was found.
    search: SearchTracesResponse,
}

/// One trace.
#[derive(Debug, Serialize, ToSchema)]
pub struct GetTraceResponse {
    /// The trace.
    trace: TraceSummary,
    /// Traces that report calls of this one as well. Tokens and cost of such a call count in one of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    linked_traces: Vec<LinkedTrace>,
}

/// A span of another trace that belongs to one of this.
#[derive(Debug, Serialize, ToSchema)]
pub struct LinkedTrace {
    /// The other trace.
    trace_id: String,
    /// The span there.
    linked_span_id: String,
    /// The span here.
    span_id: String,
    /// `same_response`: both report the response with one id; `same_input`: one is a streamed request, the other its
    /// reply.
    reason: &'static str,
}

impl From<Link> for LinkedTrace {
    fn from(link: Link) -> LinkedTrace {
        let reason = if link.same_response { "same_response" } else { "same_input" };
        let Link { trace_id, linked_span_id, span_id, .. } = link;
        LinkedTrace { trace_id, linked_span_id, span_id, reason }
    }
}

async fn page(
    app: &App,
    caller: postil::project::Caller,
    search: Search,
    from: i64,
    to: i64,
) -> ApiResult<SearchTracesResponse> {
    let now = app.clock.now();
    let is_quick = search.filter.is_everything();
    let find = move |tx: &mut Tx<'_>| {
        let found = search::search(tx, &caller, &search)?;
        Ok((summaries(tx, &caller, found.rows, now)?, found.next_page_token))
    };
    let (data, next_page_token) = if is_quick { app.db.read(find).await? } else { app.db.scan(find).await? };
    let meta = TraceSearchMeta {
        request_id: request_id::current(),
        from: clock::rfc3339(from),
        to: clock::rfc3339(to),
        row_count: data.len(),
    };
    Ok(SearchTracesResponse { object: "list", has_more: next_page_token.is_some(), data, next_page_token, meta })
}

/// Searches traces, the newest first unless another order is asked for.
#[utoipa::path(post, path = "/v3/traces/search", tag = "traces", request_body = SearchTraces, responses(
    (status = 200, body = SearchTracesResponse), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody)))]
pub async fn search_traces(
    State(app): State<App>,
    By(caller): By<READ>,
    Body(wanted): Body<SearchTraces>,
) -> ApiResult<Json<SearchTracesResponse>> {
    let (from, to) = window(wanted.from.as_deref(), wanted.to.as_deref())?;
    let sort = match wanted.sort.as_deref().unwrap_or_default() {
        [] => Sort::default(),
        [sort] => Sort::parse(required(sort.field.as_deref(), "sort[0].field")?, sort.order.as_deref(), "sort[0]")?,
        _ => return Err(Error::field("invalid_sort", "sort[1]", "Traces are sorted by one field.").into()),
    };
    let search = Search {
        filter: filter(wanted.filters.as_deref(), wanted.filter_operator.as_deref(), wanted.query.as_deref())?,
        window: Window::of_micros(Some(from), Some(to)),
        sort,
        limit: search::limit(wanted.limit)?,
        page_token: wanted.page_token.filter(|token| !token.is_empty()),
    };
    Ok(Json(page(&app, caller, search, from, to).await?))
}

/// Searches traces by a query as text.
#[utoipa::path(post, path = "/v3/traces/query", tag = "traces", request_body = QueryTraces, responses(
    (status = 200, body = QueryTracesResponse), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody)))]
pub async fn query_traces(
    State(app): State<App>,
    By(caller): By<READ>,
    Body(wanted): Body<QueryTraces>,
) -> ApiResult<Json<QueryTracesResponse>> {
    let (from, to) = window(wanted.from.as_deref(), wanted.to.as_deref())?;
    let query = oql::parse(required(wanted.oql.as_deref(), "oql")?)?;
    let sort =
        query.sort.map(|(field, descending)| Sort::parse(&field, Some(if descending { "desc" } else { "asc" }), "oql"));
    let search = Search {
        filter: query.filter,
        window: Window::of_micros(Some(from), Some(to)),
        sort: sort.transpose()?.unwrap_or_default(),
        limit: search::limit(query.limit.or(wanted.limit))?,
        page_token: wanted.page_token.filter(|token| !token.is_empty()),
    };
    Ok(Json(QueryTracesResponse { object: "query", search: page(&app, caller, search, from, to).await? }))
}

/// A value and how many traces have it.
#[derive(Debug, Serialize, ToSchema)]
pub struct TraceFacetValue {
    /// The value.
    value: String,
    /// How many traces have it.
    count: u64,
}

/// The values of a field.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListTraceFacetValuesResponse {
    /// The field.
    field: String,
    /// The most frequent values.
    values: Vec<TraceFacetValue>,
    /// Whether there are more.
    has_more: bool,
}

/// Counts the values of a field over the newest 10,000 traces of the window.
#[utoipa::path(get, path = "/v3/traces/facets/{field}", tag = "traces", params(
    ("field" = String, Path, description = "A groupable field."),
    ("from" = Option<String>, Query, description = "The earliest start."),
    ("to" = Option<String>, Query, description = "Before which they started."),
    ("limit" = Option<i64>, Query, description = "How many values, 1 to 1000, default 50."),
    ("filter_operator" = Option<String>, Query, description = "`and` or `or`; without filters it changes nothing.")),
    responses((status = 200, body = ListTraceFacetValuesResponse), (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody)))]
pub async fn list_facet_values(
    State(app): State<App>,
    By(caller): By<READ>,
    Path(field): Path<String>,
    Query(params): Query<HashMap<String, String>>,
) -> ApiResult<Json<ListTraceFacetValuesResponse>> {
    let param = |name: &str| params.get(name).map(String::as_str);
    let (from, to) = (optional_instant(param("from"), "from")?, optional_instant(param("to"), "to")?);
    in_order(from, to)?;
    let unreadable = |_| Error::field("invalid_limit", "limit", "limit must be from 1 to 1000.");
    let limit = search::limit(param("limit").map(|text| text.parse().map_err(unreadable)).transpose()?)?;
    let filter = filter(None, param("filter_operator"), None)?;
    let grouping = Grouping::parse(&field, "field")?;
    let window = Window::of_micros(from, to);
    let (values, has_more) =
        app.db.scan(move |tx| facet::values(tx, &caller, &grouping, &filter, window, limit)).await?;
    let values = values.into_iter().map(|each| TraceFacetValue { value: each.value, count: each.count }).collect();
    Ok(Json(ListTraceFacetValuesResponse { field, values, has_more }))
}

/// The summary of one trace.
#[utoipa::path(get, path = "/v3/traces/{trace_id}", tag = "traces", params(("trace_id" = String, Path)), responses(
    (status = 200, body = GetTraceResponse), (status = 401, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn get_trace(
    State(app): State<App>,
    By(caller): By<READ>,
    Path(trace_id): Path<String>,
) -> ApiResult<Json<GetTraceResponse>> {
    let not_found = {
        let workspace = caller.workspace_id.clone();
        let shown: String = trace_id.chars().take(100).collect();
        move || {
            Error::not_found(
                "trace_not_found",
                format!("Trace with id {shown} for workspace {workspace} was not found."),
            )
        }
    };
    if trace_id.contains('\0') {
        return Err(not_found().into());
    }
    let (trace_id, now) = (postil::id::lower_hex(&trace_id), app.clock.now());
    let found = app
        .db
        .read(move |tx| {
            let row = search::find(tx, caller.project.number, &trace_id)?;
            let links = call::links(tx, caller.project.number, &trace_id)?;
            Ok((summaries(tx, &caller, row.into_iter().collect(), now)?, links))
        })
        .await?;
    let (trace, links) = found;
    let trace = trace.into_iter().next().ok_or_else(not_found)?;
    Ok(Json(GetTraceResponse { trace, linked_traces: links.into_iter().map(LinkedTrace::from).collect() }))
}
