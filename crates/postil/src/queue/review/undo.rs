//! Undoes what a reviewer did last with an item.

use super::seat::{Level, Place, SeatState};
use super::store::{self, Counts};
use super::submit::judged_span;
use super::{Desk, Said, claim};
use crate::clock::Clock;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::project::Caller;
use crate::queue::{Queue, find_for_review, tell};

/// What a reviewer has after they undid something.
#[derive(Debug, Clone)]
pub struct Undone {
    /// The queue.
    pub queue: Queue,
    /// The item it was, then what else they hold and have reserved.
    pub places: Vec<Place>,
}

/// Undoes the last submission, skip or decline of an item by the reviewer: the item is theirs again with what they had
/// entered as its draft, and the annotations are what they were before. A submission that changed an earlier one goes
/// back to that.
///
/// # Errors
/// [`Error::Conflict`] when there is nothing to undo, or somebody else has the item now.
pub fn undo(
    tx: &mut Tx<'_>,
    clock: &Clock,
    caller: &Caller,
    (queue_id, item_id): (&str, &str),
    (ahead, string_limit): (usize, usize),
) -> Result<Undone> {
    claim::check_ahead(ahead)?;
    let queue = find_for_review(tx, caller, queue_id)?;
    let mut desk = Desk::sit(tx, clock, caller, &queue)?;
    let mut place = desk.place(tx, item_id)?;
    match place.seat.state {
        SeatState::Submitted => {
            let level = place.seat.before.pop().ok_or_else(nothing)?;
            place = desk.go_back(tx, place, level, string_limit)?;
        }
        SeatState::Skipped | SeatState::Declined if desk.has_room(&place.task) => {
            let was_declined = place.seat.state == SeatState::Declined;
            let counts = Counts { taken: 1, declines: -i64::from(was_declined), ..Counts::default() };
            place.task = store::count(tx, item_id, counts, desk.now)?;
            place.seat.reason = None;
            desk.hold(tx, &mut place)?;
        }
        SeatState::Skipped | SeatState::Declined => {
            let message = "Somebody else has this item now, so it cannot be given back to you.";
            return Err(Error::conflict("item_taken", message));
        }
        // It was skipped and has come back already, since nothing else is left.
        SeatState::Held | SeatState::Reserved if place.seat.ended_at.is_some() => desk.hold(tx, &mut place)?,
        SeatState::Held | SeatState::Reserved | SeatState::Lapsed => return Err(nothing()),
    }
    tell(tx, &queue);
    let mut places = desk.fill(tx, ahead)?;
    places.retain(|other| other.task.id != place.task.id);
    places.insert(0, place);
    Ok(Undone { queue, places })
}

fn nothing() -> Error {
    Error::conflict("nothing_to_undo", "There is nothing of yours to undo at this item.")
}

impl Desk<'_> {
    /// Puts the item on the reviewer's screen again.
    fn hold(&self, tx: &mut Tx<'_>, place: &mut Place) -> Result<()> {
        let seat = &mut place.seat;
        seat.state = SeatState::Held;
        seat.claimed_at = self.now;
        seat.lease_until = Some(self.lease());
        seat.ended_at = None;
        store::write_seat(tx, &place.task.id, seat)
    }

    fn go_back(&self, tx: &mut Tx<'_>, mut place: Place, level: Level, string_limit: usize) -> Result<Place> {
        if let Some((trace_id, span_id)) = judged_span(tx, self.queue, &place)? {
            self.restore(tx, (&trace_id, &span_id), &level, place.seat.active_ms, string_limit)?;
        }
        place.seat.submission_id = None;
        let given = place.seat.given.take();
        match level.given {
            Some(before) => {
                place.seat.given = Some(before);
                store::write_seat(tx, &place.task.id, &place.seat)?;
            }
            None => {
                let draft = given.unwrap_or_default();
                place.seat.draft = Some(draft.draft(place.seat.note.as_deref(), place.seat.flagged));
                let counts = Counts { answered: -1, ..Counts::default() };
                place.task = store::count(tx, &place.task.id, counts, self.now)?;
                self.hold(tx, &mut place)?;
            }
        }
        Ok(place)
    }

    /// Lets the reviewer say what they said before. What no longer fits its question, since that was changed, is left
    /// out.
    fn restore(
        &self,
        tx: &mut Tx<'_>,
        span: (&str, &str),
        level: &Level,
        active_ms: i64,
        string_limit: usize,
    ) -> Result<()> {
        for earlier in &level.values {
            let Some(value) = &earlier.value else {
                self.take_back(tx, span, std::slice::from_ref(&earlier.key))?;
                continue;
            };
            let said =
                Said { key: earlier.key.clone(), value: value.clone(), explanation: earlier.explanation.clone() };
            match self.say(tx, span, &[said], active_ms, string_limit) {
                Ok(_) => {}
                Err(Error::Invalid { .. } | Error::NotFound { .. }) => {
                    self.take_back(tx, span, std::slice::from_ref(&earlier.key))?;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
