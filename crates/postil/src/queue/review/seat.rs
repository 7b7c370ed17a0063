//! Items and seats as a reviewer meets them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Given;

/// What a seat is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SeatState {
    /// Claimed ahead: not yet on the screen.
    Reserved,
    /// On the screen.
    Held,
    /// Judged.
    Submitted,
    /// Put off: comes back last.
    Skipped,
    /// Given away for good.
    Declined,
    /// Lost or given back.
    Lapsed,
}

impl SeatState {
    const ALL: [SeatState; 6] = [
        SeatState::Reserved,
        SeatState::Held,
        SeatState::Submitted,
        SeatState::Skipped,
        SeatState::Declined,
        SeatState::Lapsed,
    ];

    /// The word as it is stored and sent.
    pub fn name(self) -> &'static str {
        match self {
            SeatState::Reserved => "reserved",
            SeatState::Held => "held",
            SeatState::Submitted => "submitted",
            SeatState::Skipped => "skipped",
            SeatState::Declined => "declined",
            SeatState::Lapsed => "lapsed",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<SeatState> {
        SeatState::ALL.into_iter().find(|state| state.name() == text)
    }

    /// Whether the reviewer has the item now.
    pub fn is_live(self) -> bool {
        matches!(self, SeatState::Reserved | SeatState::Held)
    }
}

/// An item, as far as it matters to a reviewer.
#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    /// Its id.
    pub id: String,
    /// `span`, `trace` or `datapoint`.
    pub kind: String,
    /// The trace.
    pub trace_id: String,
    /// The span; empty for a whole trace.
    pub span_id: String,
    /// `open` or `completed`, as it is stored.
    pub state: String,
    /// Its priority.
    pub priority: i64,
    /// Its place among those of the same priority.
    pub sort_key: i64,
    /// The one who is to judge it.
    pub assignee: Option<String>,
    /// How many people judge it.
    pub overlap: i64,
    /// Seats that are reserved, held or submitted.
    pub taken: i64,
    /// Seats that are submitted.
    pub answered: i64,
    /// When it was added.
    pub added_at: i64,
}

impl Task {
    /// Whether somebody may still take a seat, if one is free.
    pub fn is_open(&self) -> bool {
        self.state == "open"
    }

    /// Whether as many people judged it as were to.
    pub fn is_complete(&self) -> bool {
        self.state == "completed" || self.answered >= self.overlap
    }

    /// The state that reviewers read.
    pub fn shown_state(&self) -> &'static str {
        match () {
            () if self.is_complete() => "completed",
            () if self.taken > self.answered => "in_review",
            () if self.answered > 0 => "needs_others",
            () => "to_do",
        }
    }
}

/// What stood before a submission.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Level {
    /// What was submitted before; none: the item was not submitted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) given: Option<Given>,
    /// The reviewer's own values, of every key the submission touched.
    pub(super) values: Vec<Earlier>,
}

/// A value that stood before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Earlier {
    pub(super) key: String,
    /// None: there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) value: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) explanation: Option<String>,
}

/// One reviewer's place at one item.
#[derive(Debug, Clone, PartialEq)]
pub struct Seat {
    /// The reviewer.
    pub reviewer: String,
    /// What it is.
    pub state: SeatState,
    /// Until when it is left to them.
    pub lease_until: Option<i64>,
    /// When it was claimed last.
    pub claimed_at: i64,
    /// When it was submitted, declined or skipped. A live seat that was skipped before keeps the time of that.
    pub ended_at: Option<i64>,
    /// Milliseconds with the item on the screen.
    pub active_ms: i64,
    /// What was typed and not submitted, as the screen keeps it.
    pub draft: Option<Value>,
    /// What was submitted.
    pub given: Option<Given>,
    /// What stood before each submission, the last one last.
    pub(super) before: Vec<Level>,
    /// By which id the last submission is known.
    pub submission_id: Option<String>,
    /// A note to whoever manages the queue.
    pub note: Option<String>,
    /// Whether the reviewer wants somebody to look at it.
    pub flagged: bool,
    /// Why it was declined.
    pub reason: Option<String>,
}

/// An item and the reviewer's seat at it.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// The item.
    pub task: Task,
    /// The seat.
    pub seat: Seat,
}
