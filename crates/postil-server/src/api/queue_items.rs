//! The items of annotation queues: what is judged, who has it, what comes first.

use std::collections::HashMap;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use postil::Error;
use postil::clock::rfc3339;
use postil::dataset;
use postil::page::PageRequest;
use postil::project::people;
use postil::queue::{self, Arrangement, ItemFilter, ItemKind, Placed, SeatRow, Wanted};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::body::Body;
use super::caller::{ANY, By, DEFINE, READ};
use super::error::{ApiResult, ErrorBody};
use super::jobs::{JobView, matching};
use super::params::Params;
use super::queue_shapes::{QueuePerson, present};
use super::trace_fields::TraceFilter;
use crate::state::App;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list, add, change)).routes(routes!(add_matching)).routes(routes!(remove))
}

/// A reviewer's place at an item.
#[derive(Serialize, ToSchema)]
struct QueueSeat {
    reviewer: QueuePerson,
    /// `reserved`, `held`, `submitted`, `skipped`, `declined` or `lapsed`.
    state: String,
    /// Until when it is theirs.
    #[serde(skip_serializing_if = "Option::is_none")]
    lease_until: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    submitted_at: Option<String>,
    /// How long the item was on the screen.
    seconds: f64,
    flagged: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    /// Why it was declined.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// Something that is judged.
#[derive(Serialize, ToSchema)]
struct QueueItem {
    id: String,
    /// `span`, `trace` or `datapoint`.
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    span_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    datapoint_id: Option<String>,
    /// `to_do`, `in_review`, `needs_others` or `completed`.
    state: &'static str,
    priority: i64,
    /// The one who is to judge it.
    #[serde(skip_serializing_if = "Option::is_none")]
    assignee: Option<QueuePerson>,
    /// Reviewers who have it or have answered.
    taken: i64,
    /// Reviewers who have answered.
    answered: i64,
    overlap: i64,
    /// How often somebody left it without a word.
    lapses: i64,
    /// Whether its span or trace is gone.
    orphaned: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// What went in, shortened.
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<String>,
    /// What came out, shortened.
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<String>,
    seats: Vec<QueueSeat>,
    added_at: String,
    added_by: QueuePerson,
}

/// A page of items.
#[derive(Serialize, ToSchema)]
struct QueueItemList {
    #[schema(example = "list")]
    object: &'static str,
    data: Vec<QueueItem>,
    has_more: bool,
}

fn seat(seat: SeatRow, names: &HashMap<String, String>) -> QueueSeat {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds on a screen are far below 2^53")]
    let seconds = seat.active_ms as f64 / 1000.0;
    QueueSeat {
        reviewer: QueuePerson::named(&seat.reviewer, names),
        submitted_at: seat.ended_at.filter(|_| seat.state == "submitted").map(rfc3339),
        lease_until: seat.lease_until.map(rfc3339),
        state: seat.state,
        seconds,
        flagged: seat.flagged,
        note: seat.note,
        reason: seat.reason,
    }
}

fn item(placed: Placed, names: &HashMap<String, String>, now: i64) -> QueueItem {
    let state = placed.shown(now).name();
    let Placed { item, orphaned, name, input, output, seats, .. } = placed;
    QueueItem {
        id: item.id,
        kind: item.kind.name(),
        trace_id: item.trace_id,
        span_id: item.span_id,
        datapoint_id: item.datapoint_id,
        state,
        priority: item.priority,
        assignee: item.assignee.map(|id| QueuePerson::named(&id, names)),
        taken: item.taken,
        answered: item.answered,
        overlap: item.overlap,
        lapses: item.lapses,
        orphaned,
        name,
        input,
        output,
        seats: seats.into_iter().map(|each| seat(each, names)).collect(),
        added_at: rfc3339(item.added_at),
        added_by: QueuePerson::named(&item.added_by, names),
    }
}

/// Which items to list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ItemsQuery {
    /// `to_do`, `in_review`, `needs_others` or `completed`; `skipped` or `declined` by somebody.
    state: Option<String>,
    /// The id of a reviewer: the items they have or had.
    reviewer: Option<String>,
    /// The id of who is to judge them; empty: those that are assigned to nobody.
    assignee: Option<String>,
    /// Whether somebody flagged them.
    flagged: Option<bool>,
    /// How many, 1 to 200; 10 when nothing is said.
    limit: Option<i64>,
    /// The id of the last item of the page before.
    starting_after: Option<String>,
    /// The id of the first item of the page after.
    ending_before: Option<String>,
}

/// List the items of an annotation queue, in the order in which they are judged
#[utoipa::path(get, path = "/v3/queues/{queue_id}/items", tag = "queues",
    params(("queue_id" = String, Path), ItemsQuery),
    responses((status = 200, body = QueueItemList), (status = "4XX", body = ErrorBody)))]
async fn list(
    State(app): State<App>,
    By(caller): By<READ>,
    Path(id): Path<String>,
    Params(given): Params<ItemsQuery>,
) -> ApiResult<Json<QueueItemList>> {
    let filled = |cursor: Option<String>| cursor.filter(|text| !text.is_empty());
    let page = PageRequest::new(given.limit, filled(given.starting_after), filled(given.ending_before))?;
    let filter = ItemFilter {
        state: filled(given.state),
        reviewer: filled(given.reviewer),
        assignee: given.assignee,
        flagged: given.flagged,
        live: false,
    };
    let now = app.clock.now();
    let reading = app.db.read(move |tx| {
        let queue = queue::find(tx, &caller, &id)?;
        let found = queue::page(tx, &caller, &queue, &filter, now, &page)?;
        let people: Vec<&str> = found
            .data
            .iter()
            .flat_map(|placed| {
                let seats = placed.seats.iter().map(|seat| seat.reviewer.as_str());
                let item = [placed.item.assignee.as_deref(), Some(placed.item.added_by.as_str())];
                seats.chain(item.into_iter().flatten())
            })
            .collect();
        let names = people::names(tx, &caller, &people)?;
        let data = found.data.into_iter().map(|placed| item(placed, &names, now)).collect();
        Ok(QueueItemList { object: "list", data, has_more: found.has_more })
    });
    Ok(Json(reading.await?))
}

/// Something to judge.
#[derive(Deserialize, ToSchema)]
struct QueueItemInput {
    /// The trace, unless a datapoint is meant.
    trace_id: Option<String>,
    /// The span; without it the trace as a whole.
    span_id: Option<String>,
    /// A datapoint of the project, instead of a trace.
    datapoint_id: Option<String>,
    /// -1000 to 1000, the greatest first; 0 when nothing is said.
    priority: Option<i64>,
    /// The id of a member who is to judge it; without it anybody.
    assignee: Option<String>,
}

impl QueueItemInput {
    fn read(self, at: usize) -> postil::Result<Wanted> {
        let QueueItemInput { trace_id, span_id, datapoint_id, priority, assignee } = self;
        if trace_id.is_some() == datapoint_id.is_some() {
            let message = format!("items[{at}] names either a trace_id or a datapoint_id.");
            return Err(Error::field("invalid_value", format!("items[{at}].trace_id"), message));
        }
        let (trace_id, priority) = (trace_id.unwrap_or_default(), priority.unwrap_or(0));
        Ok(Wanted { trace_id, span_id, datapoint_id, priority, assignee })
    }
}

/// What to judge.
#[derive(Deserialize, ToSchema)]
struct QueueItemsInput {
    /// 1 to 1000.
    items: Vec<QueueItemInput>,
}

/// What became of what was to be added.
#[derive(Serialize, ToSchema)]
struct QueueItemsAdded {
    added: usize,
    /// In the queue before, or named twice.
    already_there: usize,
    /// No span, trace or datapoint of the project.
    not_found: usize,
}

/// Add spans, traces and datapoints to an annotation queue
///
/// Nothing is in a queue twice: what is there already stays as it is. A datapoint is judged as it is now: it is written as
/// a span, whose answer is the expected output.
#[utoipa::path(post, path = "/v3/queues/{queue_id}/items", tag = "queues", params(("queue_id" = String, Path)),
    request_body = QueueItemsInput, responses((status = 200, body = QueueItemsAdded), (status = "4XX", body = ErrorBody)))]
async fn add(
    State(app): State<App>,
    By(caller): By<ANY>,
    Path(id): Path<String>,
    Body(given): Body<QueueItemsInput>,
) -> ApiResult<Json<QueueItemsAdded>> {
    queue::require_adding(&caller)?;
    let items = given.items.into_iter().enumerate();
    let wanted: Vec<Wanted> = items.map(|(at, item)| item.read(at)).collect::<postil::Result<_>>()?;
    let (clock, prices) = (app.clock.clone(), app.prices.clone());
    let queue_id = id.clone();
    let adding = app.db.write(move |tx| dataset::add_to_queue(tx, &clock, &caller, &id, wanted.clone(), &prices));
    let added = adding.await?;
    if !added.items.is_empty() {
        app.queue_progress.count_soon(&queue_id);
    }
    Ok(Json(QueueItemsAdded {
        added: added.items.len(),
        already_there: added.already_there,
        not_found: added.not_found,
    }))
}

/// Which traces to add.
#[derive(Deserialize, ToSchema)]
struct QueueMatchingInput {
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
    /// Text that occurs in the trace.
    query: Option<String>,
    /// `span` (default): of each trace the span whose answer it shows; `trace`: the trace as a whole.
    kind: Option<String>,
}

/// Add everything that matches to an annotation queue
///
/// The answer counts exactly what matches; the work goes on in the background, as a job that can be followed and
/// canceled.
#[utoipa::path(post, path = "/v3/queues/{queue_id}/items/matching", tag = "queues",
    params(("queue_id" = String, Path)), request_body = QueueMatchingInput,
    responses((status = 202, body = JobView), (status = "4XX", body = ErrorBody)))]
async fn add_matching(
    State(app): State<App>,
    By(caller): By<ANY>,
    Path(id): Path<String>,
    Body(given): Body<QueueMatchingInput>,
) -> ApiResult<(StatusCode, Json<JobView>)> {
    queue::require_adding(&caller)?;
    let kind = ItemKind::parse(given.kind.as_deref().unwrap_or("span"));
    let kind = kind.ok_or_else(|| Error::field("invalid_value", "kind", "kind must be trace or span."))?;
    let times = (given.from.as_deref(), given.to.as_deref());
    let wanted = matching(times, given.filters, given.filter_operator.as_deref(), given.query)?;
    let clock = app.clock.clone();
    let starting = app.db.write(move |tx| queue::add_matching(tx, &clock, &caller, &id, kind, wanted.clone()));
    Ok((StatusCode::ACCEPTED, Json(starting.await?.into())))
}

/// What to change about items.
#[derive(Deserialize, ToSchema)]
struct QueueItemsChange {
    /// 1 to 1000. Without it, what `share` shares out are the first 10,000 open items that are assigned to nobody.
    item_ids: Option<Vec<String>>,
    /// -1000 to 1000, the greatest first.
    priority: Option<i64>,
    /// The id of a member who is to judge them; `null`: anybody.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    assignee: Option<Option<String>>,
    /// The ids of 1 to 50 members among whom the items are shared out, one after the other.
    share: Option<Vec<String>>,
}

/// How many items were changed.
#[derive(Serialize, ToSchema)]
struct QueueItemsChanged {
    changed: u64,
}

/// Set priority and assignee of items, or share them out
#[utoipa::path(patch, path = "/v3/queues/{queue_id}/items", tag = "queues", params(("queue_id" = String, Path)),
    request_body = QueueItemsChange,
    responses((status = 200, body = QueueItemsChanged), (status = "4XX", body = ErrorBody)))]
async fn change(
    State(app): State<App>,
    By(caller): By<DEFINE>,
    Path(id): Path<String>,
    Body(given): Body<QueueItemsChange>,
) -> ApiResult<Json<QueueItemsChanged>> {
    let QueueItemsChange { item_ids, priority, assignee, share } = given;
    let wanted = Arrangement { item_ids, priority, assignee, share };
    let clock = app.clock.clone();
    let changed = app.db.write(move |tx| queue::arrange(tx, &clock, &caller, &id, &wanted)).await?;
    Ok(Json(QueueItemsChanged { changed }))
}

/// Items to take out.
#[derive(Deserialize, ToSchema)]
struct QueueItemsRemoval {
    /// 1 to 1000.
    item_ids: Vec<String>,
}

/// How many items were taken out.
#[derive(Serialize, ToSchema)]
struct QueueItemsRemoved {
    removed: u64,
}

/// Take items out of an annotation queue
///
/// What was said of them stays.
#[utoipa::path(post, path = "/v3/queues/{queue_id}/items/remove", tag = "queues",
    params(("queue_id" = String, Path)), request_body = QueueItemsRemoval,
    responses((status = 200, body = QueueItemsRemoved), (status = "4XX", body = ErrorBody)))]
async fn remove(
    State(app): State<App>,
    By(caller): By<ANY>,
    Path(id): Path<String>,
    Body(given): Body<QueueItemsRemoval>,
) -> ApiResult<Json<QueueItemsRemoved>> {
    let removed = app.db.write(move |tx| queue::remove_items(tx, &caller, &id, &given.item_ids)).await?;
    Ok(Json(QueueItemsRemoved { removed }))
}
