//! Signs of life: heartbeats, drafts, flags.

use serde_json::Value;

use super::Desk;
use super::seat::{Place, SeatState};
use super::store::{self, Counts};
use crate::clock::Clock;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::project::Caller;
use crate::queue::{find_for_review, tell};

/// Bytes of a draft.
pub const MOST_DRAFT: usize = 256 << 10;
/// Characters of a note or a reason.
pub(super) const MOST_NOTE: usize = 3000;
/// Nobody looks at one item for longer than a day.
const MOST_ACTIVE: i64 = 86_400_000;

/// The time an item was on the screen: what was said last, if it is not less than what is known.
pub(super) fn active(known: i64, said: Option<i64>) -> Result<i64> {
    match said {
        None => Ok(known),
        Some(said) if said < 0 => Err(Error::field("invalid_duration", "active_ms", "active_ms must not be negative.")),
        Some(said) => Ok(known.max(said.min(MOST_ACTIVE))),
    }
}

pub(super) fn check_text(text: Option<&str>, field: &str) -> Result<()> {
    if text.is_none_or(|text| text.chars().count() <= MOST_NOTE) {
        return Ok(());
    }
    Err(Error::field("invalid_length", field, format!("{field} must be at most {MOST_NOTE} characters long.")))
}

/// Says that the reviewer is still at work on an item, and keeps it and what they have claimed ahead for longer. Returns
/// until when. A lease that was taken away is given again when nobody else has the seat.
///
/// # Errors
/// [`Error::Conflict`] when the item is with somebody else now.
pub fn beat(
    tx: &mut Tx<'_>,
    clock: &Clock,
    caller: &Caller,
    (queue_id, item_id): (&str, &str),
    active_ms: Option<i64>,
) -> Result<i64> {
    let queue = find_for_review(tx, caller, queue_id)?;
    let desk = Desk::sit(tx, clock, caller, &queue)?;
    let Place { task, mut seat } = desk.place(tx, item_id)?;
    match seat.state {
        SeatState::Held | SeatState::Reserved => {}
        SeatState::Lapsed if desk.has_room(&task) => {
            store::count(tx, item_id, Counts { taken: 1, ..Counts::default() }, desk.now)?;
            seat.claimed_at = desk.now;
        }
        _ => return Err(desk.no_room(&task)),
    }
    seat.state = SeatState::Held;
    seat.active_ms = active(seat.active_ms, active_ms)?;
    store::write_seat(tx, item_id, &seat)?;
    store::renew(tx, &queue.id, desk.me, desk.lease())?;
    Ok(desk.lease())
}

/// Keeps what the reviewer has typed and not submitted; also when the item is no longer theirs.
pub fn save_draft(
    tx: &mut Tx<'_>,
    clock: &Clock,
    caller: &Caller,
    (queue_id, item_id): (&str, &str),
    draft: &Value,
    active_ms: Option<i64>,
) -> Result<i64> {
    if !draft.is_object() {
        return Err(Error::field("invalid_value", "draft", "draft must be an object."));
    }
    let text = draft.to_string();
    if text.len() > MOST_DRAFT {
        return Err(Error::TooLarge(format!("draft is larger than {MOST_DRAFT} bytes.")));
    }
    let queue = find_for_review(tx, caller, queue_id)?;
    let desk = Desk::sit(tx, clock, caller, &queue)?;
    let place = desk.place(tx, item_id)?;
    let active_ms = active(place.seat.active_ms, active_ms)?;
    store::write_draft(tx, item_id, desk.me, (&text, active_ms, desk.now, desk.lease()))?;
    Ok(desk.now)
}

/// Marks an item for whoever manages the queue, with a note.
pub fn flag(
    tx: &mut Tx<'_>,
    clock: &Clock,
    caller: &Caller,
    (queue_id, item_id): (&str, &str),
    flagged: bool,
    note: Option<&str>,
) -> Result<Place> {
    check_text(note, "note")?;
    let queue = find_for_review(tx, caller, queue_id)?;
    let desk = Desk::sit(tx, clock, caller, &queue)?;
    let Place { mut task, mut seat } = desk.place(tx, item_id)?;
    let by = i64::from(flagged) - i64::from(seat.flagged);
    if by != 0 {
        task = store::count(tx, item_id, Counts { flags: by, ..Counts::default() }, desk.now)?;
    }
    seat.flagged = flagged;
    if let Some(note) = note {
        seat.note = Some(note.to_owned()).filter(|note| !note.is_empty());
    }
    store::write_seat(tx, item_id, &seat)?;
    tell(tx, &queue);
    Ok(Place { task, seat })
}
