//! What a reviewer reads: an item with its questions, and what they did.

use serde_json::Value;

use super::seat::{Place, SeatState};
use super::submit::judged_span;
use super::{Given, store};
use crate::annotation::log::CORRECTION;
use crate::annotation::{self, Annotation, Judgements, SubjectKind};
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::human_review::Definition;
use crate::project::Caller;
use crate::queue::{EvaluatorsShown, Queue, definitions, find_for_review};

/// A question of a queue.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The human review.
    pub definition: Definition,
    /// Whether the item cannot be submitted without it.
    pub required: bool,
    /// What the reviewer says of the span now, and why.
    pub answer: Option<(Value, Option<String>)>,
}

/// What another reviewer said of an item.
#[derive(Debug, Clone)]
pub struct Other {
    /// Who.
    pub reviewer: String,
    /// What.
    pub given: Given,
    /// When.
    pub submitted_at: i64,
}

/// An item as its reviewer reads it.
#[derive(Debug, Clone)]
pub struct Review {
    /// The item and the seat.
    pub place: Place,
    /// Trace and span that are judged; none when they are no longer stored.
    pub span: Option<(String, String)>,
    /// What is asked, in order.
    pub questions: Vec<Asked>,
    /// What the reviewer says should have been answered.
    pub correction: Option<String>,
    /// What others said; none as long as that is not to be known.
    pub others: Option<Vec<Other>>,
    /// Whether what evaluators said is shown now.
    pub shows_evaluators: bool,
    /// What is said of the span, as far as the reviewer may know.
    pub judgements: Judgements,
}

/// An item of a queue with the caller's seat at it, for reading it and the trace it is from.
///
/// # Errors
/// [`Error::Conflict`] `lease_lost` when the caller has no seat at it.
pub fn readable(tx: &mut Tx<'_>, caller: &Caller, queue_id: &str, item_id: &str) -> Result<(Queue, Place)> {
    let queue = find_for_review(tx, caller, queue_id)?;
    match store::place(tx, &queue.id, item_id, caller.actor.id())? {
        Some(place) if place.seat.state != SeatState::Lapsed => Ok((queue, place)),
        // What was typed before the lease was lost is still theirs to read.
        Some(place) if place.seat.draft.is_some() => Ok((queue, place)),
        Some(_) => Err(Error::conflict(
            "lease_lost",
            "This item was passed on because nothing was heard of you for longer than its lease. Claim to go on.",
        )),
        None if store::has_item(tx, &queue.id, item_id)? => Err(super::not_claimed()),
        None => Err(super::item_gone(item_id)),
    }
}

/// Reads the items of places for their reviewer.
pub fn read(tx: &mut Tx<'_>, caller: &Caller, queue: &Queue, places: Vec<Place>) -> Result<Vec<Review>> {
    let asked = if places.is_empty() { Vec::new() } else { definitions(tx, queue)? };
    places.into_iter().map(|place| read_one(tx, caller, queue, &asked, place)).collect()
}

fn read_one(
    tx: &mut Tx<'_>,
    caller: &Caller,
    queue: &Queue,
    asked: &[(Definition, bool)],
    place: Place,
) -> Result<Review> {
    let span = judged_span(tx, queue, &place)?;
    let judgements = match &span {
        Some((trace_id, span_id)) => annotation::for_spans(tx, caller, trace_id, Some(span_id))?,
        None => Judgements::default(),
    };
    let me = caller.actor.id();
    let mine = |key: &str| {
        let is_it = |each: &&Annotation| {
            each.key == key && each.annotator.id == me && each.subject_kind == SubjectKind::HumanReview
        };
        judgements.annotations.iter().find(is_it)
    };
    let questions = asked.iter().map(|(definition, required)| {
        let answer = mine(&definition.key).map(|each| (each.json(), each.explanation.clone()));
        Asked { definition: definition.clone(), required: *required, answer }
    });
    let questions = questions.collect();
    let correction = mine(CORRECTION).and_then(|each| each.json().as_str().map(ToOwned::to_owned));
    let others =
        if !queue.blind || place.task.is_complete() { Some(store::others(tx, &place.task.id, me)?) } else { None };
    let shows_evaluators = shows_evaluators(queue, &place);
    Ok(Review { place, span, questions, correction, others, shows_evaluators, judgements })
}

/// Whether the reviewer of a place is shown what evaluators said.
pub fn shows_evaluators(queue: &Queue, place: &Place) -> bool {
    match queue.view.evaluators {
        EvaluatorsShown::Shown => true,
        EvaluatorsShown::Hidden => false,
        EvaluatorsShown::After => place.seat.state == SeatState::Submitted,
    }
}

/// Something a reviewer did.
#[derive(Debug, Clone)]
pub struct Mine {
    /// The item.
    pub item_id: String,
    /// What they did with it.
    pub state: SeatState,
    /// When.
    pub at: i64,
    /// The name of what it is about; none when that is no longer stored.
    pub name: Option<String>,
    /// Milliseconds with the item on the screen.
    pub active_ms: i64,
}

/// What the caller did in a queue, the last first.
pub fn mine(tx: &mut Tx<'_>, caller: &Caller, queue_id: &str, limit: usize) -> Result<Vec<Mine>> {
    if !(1..=1000).contains(&limit) {
        return Err(Error::field("invalid_limit", "limit", "limit must be from 1 to 1000."));
    }
    let queue = find_for_review(tx, caller, queue_id)?;
    store::done(tx, &queue.id, caller.actor.id(), limit)
}
