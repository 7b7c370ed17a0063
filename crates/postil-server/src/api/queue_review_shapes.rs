//! How the work of a reviewer looks in answers and requests.

use std::collections::HashMap;

use postil::clock::rfc3339;
use postil::queue::review::{self, Mine, Review, Said, SeatState, Submission};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::annotation_shapes::{AnnotationValue, Names};
use super::human_reviews::{self, HumanReview};
use super::queue_shapes::{QueuePerson, QueueProgress};
use super::spans::SpanDetail;

/// The item of a review.
#[derive(Serialize, ToSchema)]
struct ReviewedItem {
    id: String,
    /// `span`, `trace` or `datapoint`.
    kind: String,
    trace_id: String,
    /// The span; of a whole trace none.
    #[serde(skip_serializing_if = "Option::is_none")]
    span_id: Option<String>,
    /// `to_do`, `in_review`, `needs_others` or `completed`.
    state: &'static str,
    priority: i64,
    added_at: String,
}

/// What was answered to a question.
#[derive(Serialize, ToSchema)]
struct ReviewedAnswer {
    #[schema(value_type = AnnotationValue)]
    value: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation: Option<String>,
}

/// A question of a review.
#[derive(Serialize, ToSchema)]
struct ReviewQuestion {
    human_review: HumanReview,
    /// Whether the item cannot be submitted without it.
    required: bool,
    /// What the caller says of the span now.
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<ReviewedAnswer>,
}

/// What somebody else said of the item.
#[derive(Serialize, ToSchema)]
struct OthersAnswer {
    reviewer: QueuePerson,
    /// The key of the human review.
    key: String,
    #[schema(value_type = AnnotationValue)]
    value: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation: Option<String>,
    submitted_at: String,
}

/// An item as its reviewer sees it.
#[derive(Serialize, ToSchema)]
pub(super) struct QueueReview {
    item: ReviewedItem,
    /// Until when the item is left to the caller; none when they do not have it now.
    #[serde(skip_serializing_if = "Option::is_none")]
    lease_until: Option<String>,
    /// `held`, `reserved`, `submitted`, `skipped`, `declined` or `lapsed`.
    seat_state: &'static str,
    /// The span that is judged, as far as the queue shows it: what it does not show is left out. None when it is no longer
    /// stored.
    #[schema(value_type = Option<SpanDetail>, nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    span: Option<Value>,
    /// The span that is judged: of a whole trace the one whose answer the trace shows.
    #[serde(skip_serializing_if = "Option::is_none")]
    reviewed_span_id: Option<String>,
    /// What is asked, in order.
    questions: Vec<ReviewQuestion>,
    /// What the caller says should have been answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    correction: Option<String>,
    /// What was typed and not submitted, as the screen saved it. A draft made by the server, for undo or for a submission
    /// that came too late, is `{answers: [{key, value, explanation?}], correction?, note?, flagged?}`.
    #[schema(value_type = Option<Object>, nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    draft: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    flagged: bool,
    /// Seconds the caller had the item on the screen, altogether.
    seconds: f64,
    /// What others said: in an open queue, and in a blind one once the item is complete.
    #[serde(skip_serializing_if = "Option::is_none")]
    others: Option<Vec<OthersAnswer>>,
    /// Whether the span is no longer stored; such an item can only be skipped or declined.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    orphaned: bool,
}

#[expect(clippy::cast_precision_loss, reason = "a day has few milliseconds")]
pub(super) fn seconds(milliseconds: i64) -> f64 {
    milliseconds as f64 / 1000.0
}

impl QueueReview {
    pub(super) fn new(review: Review, span: Option<Value>, workspace_id: &str, names: &Names) -> QueueReview {
        let (task, seat) = (review.place.task, review.place.seat);
        let question = |asked: review::Asked| ReviewQuestion {
            human_review: human_reviews::view(asked.definition, workspace_id),
            required: asked.required,
            answer: asked.answer.map(|(value, explanation)| ReviewedAnswer { value, explanation }),
        };
        let others = |others: Vec<review::Other>| {
            let each = |other: review::Other| {
                let reviewer = QueuePerson::named(&other.reviewer, names);
                let submitted_at = rfc3339(other.submitted_at);
                other.given.all().into_iter().map(move |said| OthersAnswer {
                    reviewer: reviewer.clone(),
                    key: said.key,
                    value: said.value,
                    explanation: said.explanation,
                    submitted_at: submitted_at.clone(),
                })
            };
            others.into_iter().flat_map(each).collect()
        };
        QueueReview {
            lease_until: seat.lease_until.filter(|_| seat.state.is_live()).map(rfc3339),
            seat_state: seat.state.name(),
            orphaned: review.span.is_none(),
            reviewed_span_id: review.span.map(|(_, span_id)| span_id),
            span,
            questions: review.questions.into_iter().map(question).collect(),
            correction: review.correction,
            draft: seat.draft,
            note: seat.note,
            flagged: seat.flagged,
            seconds: seconds(seat.active_ms),
            others: review.others.map(others),
            item: ReviewedItem {
                state: task.shown_state(),
                id: task.id,
                kind: task.kind,
                trace_id: task.trace_id,
                span_id: Some(task.span_id).filter(|id| !id.is_empty()),
                priority: task.priority,
                added_at: rfc3339(task.added_at),
            },
        }
    }
}

/// What to claim.
#[derive(Default, Deserialize, ToSchema)]
pub(super) struct ClaimInput {
    /// How many items to reserve beside the one on the screen, 0 to 3; 1 unless given.
    pub(super) ahead: Option<usize>,
}

/// How many items somebody has.
#[derive(Serialize, ToSchema)]
pub(super) struct WaitingFor {
    pub(super) reviewer: QueuePerson,
    /// How many items they have on the screen or have reserved.
    pub(super) items: i64,
}

/// What a reviewer has now.
#[derive(Serialize, ToSchema)]
pub(super) struct QueueClaim {
    /// The item on the screen first, then those claimed ahead. Empty: there is nothing for the caller now.
    pub(super) items: Vec<QueueReview>,
    pub(super) progress: QueueProgress,
    /// When there is nothing for the caller: with whom the rest is.
    pub(super) waiting: Vec<WaitingFor>,
}

/// One answer.
#[derive(Deserialize, ToSchema)]
pub(super) struct SubmittedAnswer {
    /// The key of the human review.
    key: String,
    #[schema(value_type = AnnotationValue)]
    value: Value,
    /// Why; at most 3000 characters.
    explanation: Option<String>,
}

/// What is said of an item.
#[derive(Deserialize, ToSchema)]
pub(super) struct SubmissionInput {
    answers: Vec<SubmittedAnswer>,
    /// What should have been answered; kept as the annotation `correction`.
    correction: Option<String>,
    /// A note to whoever manages the queue; an empty one takes it away.
    note: Option<String>,
    /// Whether somebody should look at the item.
    flagged: Option<bool>,
    /// Milliseconds the item was on the screen, altogether: never less than `seconds` of the review times 1000.
    active_ms: Option<i64>,
    /// What the client calls this submission, 1 to 100 characters: sent twice, it is stored once.
    submission_id: String,
    /// How many items to have reserved afterwards, 0 to 3; 1 unless given.
    pub(super) ahead: Option<usize>,
}

impl From<SubmissionInput> for Submission {
    fn from(body: SubmissionInput) -> Submission {
        let said = |said: SubmittedAnswer| Said { key: said.key, value: said.value, explanation: said.explanation };
        Submission {
            answers: body.answers.into_iter().map(said).collect(),
            correction: body.correction,
            note: body.note,
            flagged: body.flagged,
            active_ms: body.active_ms,
            submission_id: body.submission_id,
        }
    }
}

/// The item somebody is done with.
#[derive(Serialize, ToSchema)]
pub(super) struct DoneItem {
    pub(super) id: String,
    /// `to_do`, `in_review`, `needs_others` or `completed`.
    pub(super) state: &'static str,
}

/// What a reviewer has after they are done with an item.
#[derive(Serialize, ToSchema)]
pub(super) struct QueueSubmitted {
    pub(super) item: DoneItem,
    /// The ids of the annotations: of the answers in their order, then of the correction.
    pub(super) stored: Vec<String>,
    /// What was claimed just now; what the caller had before is not repeated.
    pub(super) items: Vec<QueueReview>,
    /// The id of the item that is on the screen next; none when there is nothing for the caller now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) current: Option<String>,
    pub(super) progress: QueueProgress,
}

/// What a reviewer has after they undid something.
#[derive(Serialize, ToSchema)]
pub(super) struct QueueUndone {
    /// The item that was undone first, then what else the caller has.
    pub(super) items: Vec<QueueReview>,
    pub(super) progress: QueueProgress,
}

/// How long an item was on the screen.
#[derive(Default, Deserialize, ToSchema)]
pub(super) struct ActiveInput {
    /// Milliseconds, altogether: never less than `seconds` of the review times 1000.
    pub(super) active_ms: Option<i64>,
    /// How many items to have reserved afterwards, 0 to 3; 1 unless given.
    pub(super) ahead: Option<usize>,
}

/// Why an item is declined.
#[derive(Deserialize, ToSchema)]
pub(super) struct DeclineInput {
    /// At most 3000 characters.
    pub(super) reason: String,
    /// How many items to have reserved afterwards, 0 to 3; 1 unless given.
    pub(super) ahead: Option<usize>,
}

/// A flag, and a note to whoever manages the queue.
#[derive(Serialize, Deserialize, ToSchema)]
pub(super) struct QueueFlag {
    pub(super) flagged: bool,
    /// At most 3000 characters; an empty one takes it away.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(super) note: Option<String>,
}

/// Until when an item is left to the caller.
#[derive(Serialize, ToSchema)]
pub(super) struct QueueLease {
    pub(super) lease_until: String,
}

/// What was typed.
#[derive(Deserialize, ToSchema)]
pub(super) struct DraftInput {
    /// Whatever the screen needs to show it again, at most 256 KiB.
    #[schema(value_type = Object)]
    pub(super) draft: Map<String, Value>,
    /// Milliseconds the item was on the screen, altogether.
    pub(super) active_ms: Option<i64>,
}

/// When a draft was saved.
#[derive(Serialize, ToSchema)]
pub(super) struct QueueDraftSaved {
    pub(super) saved_at: String,
}

/// Something the caller did in a queue.
#[derive(Serialize, ToSchema)]
pub(super) struct QueueMine {
    item_id: String,
    /// `submitted`, `skipped` or `declined`.
    state: &'static str,
    /// When.
    submitted_at: String,
    /// The name of the span or trace, where it is still stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// Seconds it was on the screen.
    seconds: f64,
}

impl From<Mine> for QueueMine {
    fn from(mine: Mine) -> QueueMine {
        QueueMine {
            item_id: mine.item_id,
            state: SeatState::name(mine.state),
            submitted_at: rfc3339(mine.at),
            name: mine.name,
            seconds: seconds(mine.active_ms),
        }
    }
}

/// What the caller did in a queue, the last first.
#[derive(Serialize, ToSchema)]
pub(super) struct QueueMineList {
    #[schema(example = "list")]
    pub(super) object: &'static str,
    pub(super) data: Vec<QueueMine>,
    pub(super) has_more: bool,
}

/// What the caller has, and the names of everybody in it.
pub(super) type Named = HashMap<String, String>;
