//! The work of a reviewer in an annotation queue: claim, submit, skip, decline, undo.

use std::collections::HashMap;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use postil::annotation::{self, Judgements};
use postil::clock::rfc3339;
use postil::project::{Caller, Permission, people};
use postil::queue::Queue;
use postil::queue::review::{self, Outcome, Place, Submission, Submitted};
use postil::trace::price::PriceTable;
use postil::trace::span;
use postil::{Error, Result, Tx};
use serde::Deserialize;
use serde_json::Value;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::annotation_shapes::AnnotationView;
use super::body::{Body, OptionalBody};
use super::caller::{By, REVIEW};
use super::error::{ApiResult, ErrorBody};
use super::params::Params;
use super::queue_review_lens::Lens;
use super::queue_review_shapes::{
    ActiveInput, ClaimInput, DeclineInput, DoneItem, DraftInput, Named, QueueClaim, QueueDraftSaved, QueueFlag,
    QueueLease, QueueMine, QueueMineList, QueueReview, QueueSubmitted, QueueUndone, SubmissionInput, WaitingFor,
};
use super::queue_shapes::{QueuePerson, QueueProgress};
use super::spans::{SpanAnswer, SpanDetail, SpanList, SpansQuery, page_of, trace_not_found};
use crate::state::App;

/// How many items are reserved beside the one on the screen, unless the client says.
const AHEAD: usize = 1;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(claim))
        .routes(routes!(release))
        .routes(routes!(mine))
        .routes(routes!(get))
        .routes(routes!(list_spans))
        .routes(routes!(get_span))
        .routes(routes!(heartbeat))
        .routes(routes!(save_draft))
        .routes(routes!(submit))
        .routes(routes!(skip))
        .routes(routes!(decline))
        .routes(routes!(flag))
        .routes(routes!(undo))
}

/// The caller in the project of a queue, which a key for the whole workspace may reach from another.
fn in_project(caller: &Caller, queue: &Queue) -> Caller {
    Caller { project: queue.project.clone(), ..caller.clone() }
}

/// A span as the queue shows it to the caller.
fn span_detail(
    tx: &mut Tx<'_>,
    caller: &Caller,
    lens: &Lens,
    (trace_id, span_id): (&str, &str),
    judgements: Judgements,
    prices: &PriceTable,
) -> Result<Value> {
    Ok(lens.span(whole_span(tx, caller, (trace_id, span_id), judgements, prices)?))
}

/// A span with everything in it.
fn whole_span(
    tx: &mut Tx<'_>,
    caller: &Caller,
    (trace_id, span_id): (&str, &str),
    judgements: Judgements,
    prices: &PriceTable,
) -> Result<Value> {
    let full = span::full(tx, caller.project.number, &caller.workspace_id, trace_id, span_id, prices)?;
    let evaluations = match annotation::evaluations_json(&judgements) {
        Value::Array(evaluations) => evaluations,
        _ => Vec::new(),
    };
    let annotations = judgements.annotations.into_iter().map(AnnotationView::from).collect();
    serde_json::to_value(SpanDetail::new(full, annotations, evaluations)).map_err(Error::internal)
}

/// The lens for the other spans of the trace of an item.
fn lens_beside(
    tx: &mut Tx<'_>,
    caller: &Caller,
    queue: &Queue,
    place: Place,
    evaluators: bool,
    prices: &PriceTable,
) -> Result<Lens> {
    let lens = Lens::new(&queue.view, reads_all(caller), evaluators);
    if !lens.masks() {
        return Ok(lens);
    }
    let item = review::read(tx, caller, queue, vec![place])?.into_iter().find_map(|review| review.span);
    Ok(match item {
        Some((trace_id, span_id)) => {
            lens.knowing(&whole_span(tx, caller, (&trace_id, &span_id), Judgements::default(), prices)?)
        }
        None => lens,
    })
}

fn reads_all(caller: &Caller) -> bool {
    caller.permissions.has(Permission::Read)
}

/// Items as their reviewer sees them.
fn reviews(
    tx: &mut Tx<'_>,
    caller: &Caller,
    queue: &Queue,
    places: Vec<Place>,
    prices: &PriceTable,
) -> Result<Vec<QueueReview>> {
    let caller = &in_project(caller, queue);
    let mut shown = Vec::with_capacity(places.len());
    for mut review in review::read(tx, caller, queue, places)? {
        let lens = Lens::new(&queue.view, reads_all(caller), review.shows_evaluators);
        let said = std::mem::take(&mut review.judgements);
        let detail = match &review.span {
            Some((trace_id, span_id)) => Some(span_detail(tx, caller, &lens, (trace_id, span_id), said, prices)?),
            None => None,
        };
        let people = review.others.iter().flatten().map(|other| other.reviewer.as_str());
        let names: Named = people::names(tx, caller, &people.collect::<Vec<_>>())?;
        shown.push(QueueReview::new(review, detail, &caller.workspace_id, &names));
    }
    Ok(shown)
}

/// How far a queue and the caller in it are.
fn progress_of(tx: &mut Tx<'_>, app: &App, caller: &Caller, queue: &Queue) -> Result<QueueProgress> {
    Ok(app.queue_progress.of(tx, queue, caller.actor.id(), app.clock.now())?.into())
}

/// Claim what to judge next
///
/// Gives the caller an item, and reserves as many more as `ahead` says. Whoever has items already is given the same ones
/// again. An empty answer says with whom the rest is.
#[utoipa::path(post, path = "/v3/queues/{queue_id}/claim", tag = "queues", params(("queue_id" = String, Path)),
    request_body = Option<ClaimInput>,
    responses((status = 200, body = QueueClaim), (status = "4XX", body = ErrorBody)))]
async fn claim(
    State(app): State<App>,
    By(caller): By<REVIEW>,
    Path(id): Path<String>,
    OptionalBody(body): OptionalBody<ClaimInput>,
) -> ApiResult<Json<QueueClaim>> {
    let ahead = body.ahead.unwrap_or(AHEAD);
    let (clock, by) = (app.clock.clone(), caller.clone());
    let claimed = app.db.write(move |tx| review::claim(tx, &clock, &by, &id, ahead)).await?;
    let db = app.db.clone();
    let answer = db.read(move |tx| {
        let queue = &claimed.queue;
        let mut waiting = Vec::new();
        if claimed.places.is_empty() {
            let with = review::waiting(tx, &app.clock, &caller, queue)?;
            let ids: Vec<&str> = with.iter().map(|one| one.reviewer.as_str()).collect();
            let names: HashMap<_, _> = people::names(tx, &caller, &ids)?;
            let of = |one: &review::Waiting| WaitingFor {
                reviewer: QueuePerson::named(&one.reviewer, &names),
                items: one.items,
            };
            waiting = with.iter().map(of).collect();
        }
        Ok(QueueClaim {
            items: reviews(tx, &caller, queue, claimed.places.clone(), &app.prices)?,
            progress: progress_of(tx, &app, &caller, queue)?,
            waiting,
        })
    });
    Ok(Json(answer.await?))
}

/// Give back what the caller has
///
/// On leaving the page: others can be given the items at once. What was typed stays the caller's draft.
#[utoipa::path(post, path = "/v3/queues/{queue_id}/release", tag = "queues", params(("queue_id" = String, Path)),
    responses((status = 204, description = "Given back. No body."), (status = "4XX", body = ErrorBody)))]
async fn release(State(app): State<App>, By(caller): By<REVIEW>, Path(id): Path<String>) -> ApiResult<StatusCode> {
    let clock = app.clock.clone();
    app.db.write(move |tx| review::release(tx, &clock, &caller, &id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// How much is listed.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct MineQuery {
    /// 1 to 1000; 100 unless given.
    limit: Option<usize>,
}

/// List what the caller did in a queue, the last first
#[utoipa::path(get, path = "/v3/queues/{queue_id}/mine", tag = "queues", params(("queue_id" = String, Path), MineQuery),
    responses((status = 200, body = QueueMineList), (status = "4XX", body = ErrorBody)))]
async fn mine(
    State(app): State<App>,
    By(caller): By<REVIEW>,
    Path(id): Path<String>,
    Params(query): Params<MineQuery>,
) -> ApiResult<Json<QueueMineList>> {
    let limit = query.limit.unwrap_or(100);
    let found = app.db.read(move |tx| review::mine(tx, &caller, &id, limit)).await?;
    let has_more = found.len() == limit;
    Ok(Json(QueueMineList { object: "list", data: found.into_iter().map(QueueMine::from).collect(), has_more }))
}

/// Read an item the caller has or is done with
#[utoipa::path(get, path = "/v3/queues/{queue_id}/items/{item_id}/review", tag = "queues",
    params(("queue_id" = String, Path), ("item_id" = String, Path)),
    responses((status = 200, body = QueueReview), (status = "4XX", body = ErrorBody)))]
async fn get(
    State(app): State<App>,
    By(caller): By<REVIEW>,
    Path((id, item)): Path<(String, String)>,
) -> ApiResult<Json<QueueReview>> {
    let prices = app.prices.clone();
    let answer = app.db.read(move |tx| {
        let (queue, place) = review::readable(tx, &caller, &id, &item)?;
        let read = reviews(tx, &caller, &queue, vec![place], &prices)?;
        read.into_iter().next().ok_or_else(|| Error::internal("no review of a place"))
    });
    Ok(Json(answer.await?))
}

/// List the spans of the trace an item is from
///
/// For those who have the item or are done with it; masked as the queue says.
#[utoipa::path(get, path = "/v3/queues/{queue_id}/items/{item_id}/spans", tag = "queues",
    params(("queue_id" = String, Path), ("item_id" = String, Path), SpansQuery),
    responses((status = 200, body = SpanList), (status = "4XX", body = ErrorBody)))]
async fn list_spans(
    State(app): State<App>,
    By(caller): By<REVIEW>,
    Path((id, item)): Path<(String, String)>,
    Params(query): Params<SpansQuery>,
) -> ApiResult<Json<Value>> {
    let prices = app.prices.clone();
    let answer = app.db.read(move |tx| {
        let (queue, place) = review::readable(tx, &caller, &id, &item)?;
        let spans = span::tree(tx, queue.project.number, &place.task.trace_id)?;
        if spans.is_empty() {
            return Err(trace_not_found(&caller, &place.task.trace_id));
        }
        let caller = in_project(&caller, &queue);
        let lens = lens_beside(tx, &caller, &queue, place, false, &prices)?;
        let mut page = serde_json::to_value(page_of(&spans, &query)?).map_err(Error::internal)?;
        if let Some(rows) = page.get_mut("data").and_then(Value::as_array_mut) {
            rows.iter_mut().for_each(|row| *row = lens.row(row.take()));
        }
        Ok(page)
    });
    Ok(Json(answer.await?))
}

/// Read a span of the trace an item is from
///
/// For those who have the item or are done with it; what the queue does not show is left out.
#[utoipa::path(get, path = "/v3/queues/{queue_id}/items/{item_id}/spans/{span_id}", tag = "queues",
    params(("queue_id" = String, Path), ("item_id" = String, Path), ("span_id" = String, Path)),
    responses((status = 200, body = SpanAnswer), (status = "4XX", body = ErrorBody)))]
async fn get_span(
    State(app): State<App>,
    By(caller): By<REVIEW>,
    Path((id, item, span_id)): Path<(String, String, String)>,
) -> ApiResult<Json<Value>> {
    let prices = app.prices.clone();
    let answer = app.db.read(move |tx| {
        let (queue, place) = review::readable(tx, &caller, &id, &item)?;
        let caller = in_project(&caller, &queue);
        let trace_id = place.task.trace_id.clone();
        let shows = review::shows_evaluators(&queue, &place);
        let lens = lens_beside(tx, &caller, &queue, place, shows, &prices)?;
        let said = annotation::for_spans(tx, &caller, &trace_id, Some(&span_id))?;
        let span = span_detail(tx, &caller, &lens, (&trace_id, &span_id), said, &prices)?;
        Ok(serde_json::json!({ "span": span }))
    });
    Ok(Json(answer.await?))
}

/// Say that the caller is still at work
///
/// Keeps the item, and what is reserved, for longer. A lease that is over is given again as long as nobody else has the
/// item; else the answer is 409 `lease_lost`, or `item_complete` when others have judged it.
#[utoipa::path(post, path = "/v3/queues/{queue_id}/items/{item_id}/heartbeat", tag = "queues",
    params(("queue_id" = String, Path), ("item_id" = String, Path)), request_body = Option<ActiveInput>,
    responses((status = 200, body = QueueLease), (status = "4XX", body = ErrorBody)))]
async fn heartbeat(
    State(app): State<App>,
    By(caller): By<REVIEW>,
    Path((id, item)): Path<(String, String)>,
    OptionalBody(body): OptionalBody<ActiveInput>,
) -> ApiResult<Json<QueueLease>> {
    let clock = app.clock.clone();
    let beating = app.db.write(move |tx| review::beat(tx, &clock, &caller, (&id, &item), body.active_ms));
    Ok(Json(QueueLease { lease_until: rfc3339(beating.await?) }))
}

/// Keep what is typed
///
/// Also after the lease was lost: nothing typed is lost.
#[utoipa::path(put, path = "/v3/queues/{queue_id}/items/{item_id}/draft", tag = "queues",
    params(("queue_id" = String, Path), ("item_id" = String, Path)), request_body = DraftInput,
    responses((status = 200, body = QueueDraftSaved), (status = "4XX", body = ErrorBody)))]
async fn save_draft(
    State(app): State<App>,
    By(caller): By<REVIEW>,
    Path((id, item)): Path<(String, String)>,
    Body(body): Body<DraftInput>,
) -> ApiResult<Json<QueueDraftSaved>> {
    let (clock, draft) = (app.clock.clone(), Value::Object(body.draft));
    let saving = app.db.write(move |tx| review::save_draft(tx, &clock, &caller, (&id, &item), &draft, body.active_ms));
    Ok(Json(QueueDraftSaved { saved_at: rfc3339(saving.await?) }))
}

/// Submit the answers of an item
///
/// Stores them as annotations of the caller, and claims the next item, in one transaction. An item the caller has
/// submitted before gets the new answers. When the item is with somebody else by now (409 `lease_lost`), was judged by
/// others (409 `item_complete`), or what it is about or asks is gone (409 `span_gone`, `question_gone`), what was sent is
/// kept as the caller's draft.
#[utoipa::path(post, path = "/v3/queues/{queue_id}/items/{item_id}/submit", tag = "queues",
    params(("queue_id" = String, Path), ("item_id" = String, Path)), request_body = SubmissionInput,
    responses((status = 200, body = QueueSubmitted), (status = "4XX", body = ErrorBody)))]
async fn submit(
    State(app): State<App>,
    By(caller): By<REVIEW>,
    Path((id, item)): Path<(String, String)>,
    Body(body): Body<SubmissionInput>,
) -> ApiResult<Json<QueueSubmitted>> {
    let limits = (body.ahead.unwrap_or(AHEAD), app.string_limit);
    let (clock, by, submission) = (app.clock.clone(), caller.clone(), Submission::from(body));
    let submitting = app.db.write(move |tx| review::submit(tx, &clock, &by, (&id, &item), &submission, limits));
    match submitting.await? {
        Outcome::Done(submitted) => Ok(Json(after(&app, caller, submitted).await?)),
        Outcome::Refused(error) => Err(error.into()),
    }
}

/// What a reviewer reads after they are done with an item.
async fn after(app: &App, caller: Caller, submitted: Submitted) -> Result<QueueSubmitted> {
    let (app, db) = (app.clone(), app.db.clone());
    let reading = db.read(move |tx| {
        let Submitted { queue, done, stored, new, current } = submitted.clone();
        Ok(QueueSubmitted {
            item: DoneItem { state: done.task.shown_state(), id: done.task.id },
            stored,
            items: reviews(tx, &caller, &queue, new, &app.prices)?,
            current,
            progress: progress_of(tx, &app, &caller, &queue)?,
        })
    });
    reading.await
}

/// Put an item off
///
/// It comes back when nothing else is left for the caller. Answers like a submission, with what comes next.
#[utoipa::path(post, path = "/v3/queues/{queue_id}/items/{item_id}/skip", tag = "queues",
    params(("queue_id" = String, Path), ("item_id" = String, Path)), request_body = Option<ActiveInput>,
    responses((status = 200, body = QueueSubmitted), (status = "4XX", body = ErrorBody)))]
async fn skip(
    State(app): State<App>,
    By(caller): By<REVIEW>,
    Path((id, item)): Path<(String, String)>,
    OptionalBody(body): OptionalBody<ActiveInput>,
) -> ApiResult<Json<QueueSubmitted>> {
    let (clock, by, ahead) = (app.clock.clone(), caller.clone(), body.ahead.unwrap_or(AHEAD));
    let skipping = app.db.write(move |tx| review::skip(tx, &clock, &by, (&id, &item), body.active_ms, ahead));
    let skipped = skipping.await?;
    Ok(Json(after(&app, caller, skipped).await?))
}

/// Decline an item
///
/// It leaves the caller's queue; others may still judge it. Answers like a submission, with what comes next.
#[utoipa::path(post, path = "/v3/queues/{queue_id}/items/{item_id}/decline", tag = "queues",
    params(("queue_id" = String, Path), ("item_id" = String, Path)), request_body = DeclineInput,
    responses((status = 200, body = QueueSubmitted), (status = "4XX", body = ErrorBody)))]
async fn decline(
    State(app): State<App>,
    By(caller): By<REVIEW>,
    Path((id, item)): Path<(String, String)>,
    Body(body): Body<DeclineInput>,
) -> ApiResult<Json<QueueSubmitted>> {
    let (clock, by, ahead) = (app.clock.clone(), caller.clone(), body.ahead.unwrap_or(AHEAD));
    let declining = app.db.write(move |tx| review::decline(tx, &clock, &by, (&id, &item), &body.reason, ahead));
    let declined = declining.await?;
    Ok(Json(after(&app, caller, declined).await?))
}

/// Flag an item, or take the flag away
#[utoipa::path(patch, path = "/v3/queues/{queue_id}/items/{item_id}/flag", tag = "queues",
    params(("queue_id" = String, Path), ("item_id" = String, Path)), request_body = QueueFlag,
    responses((status = 200, body = QueueFlag), (status = "4XX", body = ErrorBody)))]
async fn flag(
    State(app): State<App>,
    By(caller): By<REVIEW>,
    Path((id, item)): Path<(String, String)>,
    Body(body): Body<QueueFlag>,
) -> ApiResult<Json<QueueFlag>> {
    let clock = app.clock.clone();
    let flagging =
        app.db.write(move |tx| review::flag(tx, &clock, &caller, (&id, &item), body.flagged, body.note.as_deref()));
    let seat = flagging.await?.seat;
    Ok(Json(QueueFlag { flagged: seat.flagged, note: seat.note }))
}

/// Undo the last submission, skip or decline of an item
///
/// The item is the caller's again, its draft holds what was submitted, and the annotations are what they were before. A
/// submission that changed an earlier one goes back to that.
#[utoipa::path(post, path = "/v3/queues/{queue_id}/items/{item_id}/undo", tag = "queues",
    params(("queue_id" = String, Path), ("item_id" = String, Path)), request_body = Option<ClaimInput>,
    responses((status = 200, body = QueueUndone), (status = "4XX", body = ErrorBody)))]
async fn undo(
    State(app): State<App>,
    By(caller): By<REVIEW>,
    Path((id, item)): Path<(String, String)>,
    OptionalBody(body): OptionalBody<ClaimInput>,
) -> ApiResult<Json<QueueUndone>> {
    let limits = (body.ahead.unwrap_or(AHEAD), app.string_limit);
    let (clock, by) = (app.clock.clone(), caller.clone());
    let undone = app.db.write(move |tx| review::undo(tx, &clock, &by, (&id, &item), limits)).await?;
    let db = app.db.clone();
    let reading = db.read(move |tx| {
        Ok(QueueUndone {
            items: reviews(tx, &caller, &undone.queue, undone.places.clone(), &app.prices)?,
            progress: progress_of(tx, &app, &caller, &undone.queue)?,
        })
    });
    Ok(Json(reading.await?))
}
