//! What a reviewer does in a queue: claim, judge, skip, decline, undo.
//!
//! A seat is one reviewer's place at one item. `queue_item.taken` counts the seats that are reserved, held or submitted,
//! and is changed on the item's own row, so that no two transactions give away the same seat. What one reviewer does in
//! one queue happens one after the other: every verb that claims locks the reviewer's row of the queue first, then
//! items, then seats.

mod announce;
mod claim;
mod draft;
mod export;
mod give_back;
mod read;
mod report_store;
mod search;
mod seat;
mod store;
mod submit;
mod summary;
mod undo;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::Queue;
use crate::clock::Clock;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::project::Caller;

pub use claim::{Claimed, MOST_AHEAD, Waiting, claim, release, waiting};
pub use draft::{MOST_DRAFT, beat, flag, save_draft};
pub use export::{AnswerRow, Answers, AnswersPage, answers};
pub use give_back::{decline, skip};
pub use read::{Asked, Mine, Other, Review, mine, read, readable, shows_evaluators};
pub use seat::{Place, Seat, SeatState, Task};
pub use submit::{Outcome, Submission, Submitted, submit};
pub use summary::{Bar, Day, Remark, ReviewBars, ReviewerWork, Summary, Trouble, summary};
pub use undo::{Undone, undo};

/// One answer of a submission.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Said {
    /// The key of the human review.
    pub key: String,
    /// What is said.
    pub value: Value,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explanation: Option<String>,
}

/// What a submission said, as the seat keeps it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Given {
    /// The answers.
    pub answers: Vec<Said>,
    /// What should have been answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correction: Option<String>,
    /// The ids of the annotations, in the order of the answers, the correction last.
    #[serde(default)]
    pub stored: Vec<String>,
    /// The version of the definition of each, in the same order.
    #[serde(default)]
    pub versions: Vec<i64>,
}

impl Given {
    /// Everything that was said, the correction by its key.
    pub fn all(&self) -> Vec<Said> {
        let correction = self.correction.iter().map(|text| Said {
            key: crate::annotation::log::CORRECTION.to_owned(),
            value: Value::from(text.as_str()),
            explanation: None,
        });
        self.answers.iter().cloned().chain(correction).collect()
    }

    /// The same as the draft of a screen: `{answers, correction?, note?, flagged?}`.
    fn draft(&self, note: Option<&str>, flagged: bool) -> Value {
        let mut draft = Map::new();
        draft.insert("answers".into(), json!(self.answers));
        if let Some(correction) = &self.correction {
            draft.insert("correction".into(), json!(correction));
        }
        if let Some(note) = note {
            draft.insert("note".into(), json!(note));
        }
        if flagged {
            draft.insert("flagged".into(), json!(true));
        }
        Value::Object(draft)
    }
}

/// A reviewer at work in a queue, with their row of it locked.
struct Desk<'a> {
    clock: &'a Clock,
    /// In the project of the queue, which a key for the whole workspace may reach from another.
    caller: Caller,
    queue: &'a Queue,
    me: &'a str,
    now: i64,
    /// Where the last search for an item ended.
    hint: Option<store::Hint>,
}

impl<'a> Desk<'a> {
    fn sit(tx: &mut Tx<'_>, clock: &'a Clock, caller: &'a Caller, queue: &'a Queue) -> Result<Desk<'a>> {
        let me = caller.actor.id();
        let hint = store::lock_reviewer(tx, &queue.id, me)?;
        let caller = Caller { project: queue.project.clone(), ..caller.clone() };
        Ok(Desk { clock, caller, queue, me, now: clock.now(), hint })
    }

    /// Until when a lease that begins now holds.
    fn lease(&self) -> i64 {
        self.now.saturating_add(self.queue.lease_seconds.saturating_mul(1_000_000))
    }

    /// Locks an item of the queue and finds the reviewer's seat at it.
    fn place(&self, tx: &mut Tx<'_>, item_id: &str) -> Result<Place> {
        let task = store::lock_task(tx, &self.queue.id, item_id)?.ok_or_else(|| item_gone(item_id))?;
        let seat = store::seat(tx, item_id, self.me)?.ok_or_else(not_claimed)?;
        Ok(Place { task, seat })
    }

    /// Whether the reviewer may take a seat at an item they have none at.
    fn has_room(&self, task: &Task) -> bool {
        task.is_open() && task.taken < task.overlap && task.assignee.as_deref().is_none_or(|id| id == self.me)
    }

    /// Why there is no seat for the reviewer any more.
    fn no_room(&self, task: &Task) -> Error {
        if task.is_complete() {
            return Error::conflict(
                "item_complete",
                "Others have judged this item meanwhile, so it needs no more answers. What you entered is kept as your \
                 draft of this item; nothing of it was stored as an answer.",
            );
        }
        Error::conflict(
            "lease_lost",
            "This item was passed on because nothing was heard of you for longer than its lease. What you entered is \
             kept as your draft of this item; nothing of it was stored as an answer.",
        )
    }
}

/// The error for an item that was taken out of its queue.
fn item_gone(id: &str) -> Error {
    Error::not_found(
        "queue_item_not_found",
        format!(
            "The item with id \"{id}\" is not in this queue, or no longer: it may have been removed while you worked."
        ),
    )
}

fn not_claimed() -> Error {
    Error::conflict("lease_lost", "You have not claimed this item. Claim to be given the next one.")
}

/// The error for an item whose span is no longer stored.
fn span_gone() -> Error {
    Error::conflict(
        "span_gone",
        "What this item is about is no longer stored: it was deleted, or its time is over. What you entered is kept as \
         your draft; skip or decline the item to go on.",
    )
}
