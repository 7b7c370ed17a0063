//! Skips and declines items.

use super::draft::{active, check_text};
use super::seat::{Place, SeatState};
use super::store::{self, Counts};
use super::submit::Submitted;
use super::{Desk, claim};
use crate::clock::Clock;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::project::Caller;
use crate::queue::{find_for_review, tell};

/// Puts an item off and gives the reviewer the next one. What they typed stays; the item comes back when nothing else is
/// left for them, if nobody else has judged it by then.
pub fn skip(
    tx: &mut Tx<'_>,
    clock: &Clock,
    caller: &Caller,
    place: (&str, &str),
    active_ms: Option<i64>,
    ahead: usize,
) -> Result<Submitted> {
    give_back(tx, clock, caller, place, &Why { state: SeatState::Skipped, reason: None, active_ms }, ahead)
}

/// Gives an item away for good, and says why. Others may still judge it.
pub fn decline(
    tx: &mut Tx<'_>,
    clock: &Clock,
    caller: &Caller,
    place: (&str, &str),
    reason: &str,
    ahead: usize,
) -> Result<Submitted> {
    let reason = reason.trim();
    if reason.is_empty() {
        return Err(Error::field("missing_field", "reason", "reason is required: say why you decline the item."));
    }
    check_text(Some(reason), "reason")?;
    let why = Why { state: SeatState::Declined, reason: Some(reason), active_ms: None };
    give_back(tx, clock, caller, place, &why, ahead)
}

struct Why<'a> {
    state: SeatState,
    reason: Option<&'a str>,
    active_ms: Option<i64>,
}

fn give_back(
    tx: &mut Tx<'_>,
    clock: &Clock,
    caller: &Caller,
    (queue_id, item_id): (&str, &str),
    why: &Why<'_>,
    ahead: usize,
) -> Result<Submitted> {
    claim::check_ahead(ahead)?;
    let queue = find_for_review(tx, caller, queue_id)?;
    let mut desk = Desk::sit(tx, clock, caller, &queue)?;
    let Place { task, mut seat } = desk.place(tx, item_id)?;
    let was = seat.state;
    if was == SeatState::Submitted {
        let message = "You have submitted this item. Undo the submission first.";
        return Err(Error::conflict("already_submitted", message));
    }
    seat.active_ms = active(seat.active_ms, why.active_ms)?;
    seat.state = why.state;
    seat.lease_until = None;
    // An item that is skipped again goes behind all others; a repeated request changes nothing.
    seat.ended_at = if was == why.state { seat.ended_at } else { Some(desk.now) };
    seat.reason = why.reason.map(ToOwned::to_owned);
    store::write_seat(tx, item_id, &seat)?;
    let counts = Counts {
        taken: -i64::from(was.is_live()),
        declines: i64::from(why.state == SeatState::Declined) - i64::from(was == SeatState::Declined),
        ..Counts::default()
    };
    let mut task = if counts == Counts::default() { task } else { store::count(tx, item_id, counts, desk.now)? };
    if !store::is_stored(tx, queue.project.number, &task)? {
        store::put_aside(tx, item_id, desk.now)?;
        if task.is_open() {
            task.state = "orphaned".into();
        }
    }
    tell(tx, &queue);
    let known: Vec<String> = store::live(tx, &queue.id, desk.me)?.into_iter().map(|place| place.task.id).collect();
    let places = desk.fill(tx, ahead)?;
    Ok(Submitted::new(queue, Place { task, seat }, places, &known))
}
