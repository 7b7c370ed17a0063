//! The answers of a queue, one by one.

use super::report_store as store;
use super::{Given, Said};
use crate::db::Tx;
use crate::error::Result;
use crate::project::{Caller, Permission};
use crate::queue::{Queue, find};

/// Items whose answers are read at once.
const PAGE: usize = 200;

/// What one reviewer submitted of one item.
#[derive(Debug, Clone)]
pub struct Answers {
    /// The item.
    pub item_id: String,
    /// The trace.
    pub trace_id: String,
    /// The span; of a whole trace none.
    pub span_id: Option<String>,
    /// Who.
    pub reviewer: String,
    /// What.
    pub given: Given,
    /// Milliseconds with the item on the screen.
    pub active_ms: i64,
    /// When.
    pub submitted_at: i64,
    /// Whether they flagged the item.
    pub flagged: bool,
    /// What they noted to whoever manages the queue.
    pub note: Option<String>,
    /// What went in, shortened; none when it is no longer stored.
    pub input: Option<String>,
    /// What came out, shortened.
    pub output: Option<String>,
}

/// One answer of a queue.
#[derive(Debug, Clone)]
pub struct AnswerRow {
    /// The answer.
    pub said: Said,
    /// The version of the definition it was given under; 0 when that is not known.
    pub version: i64,
}

impl Answers {
    /// Each answer by itself.
    pub fn rows(&self) -> impl Iterator<Item = AnswerRow> + '_ {
        let version = |at: usize| self.given.versions.get(at).copied().unwrap_or(0);
        self.given.all().into_iter().enumerate().map(move |(at, said)| AnswerRow { said, version: version(at) })
    }
}

/// A part of the answers of a queue.
#[derive(Debug, Clone)]
pub struct AnswersPage {
    /// The answers.
    pub data: Vec<Answers>,
    /// Where the next part begins; none: this is the last.
    pub next: Option<String>,
}

/// The answers of a queue that the caller may know, behind `after`. As long as an item of a blind queue is not complete
/// they are for those who manage queues and do not judge the item themselves.
pub fn answers(tx: &mut Tx<'_>, caller: &Caller, queue_id: &str, after: &str) -> Result<AnswersPage> {
    caller.require(Permission::Read)?;
    let queue = find(tx, caller, queue_id)?;
    page(tx, caller, &queue, after)
}

pub(super) fn page(tx: &mut Tx<'_>, caller: &Caller, queue: &Queue, after: &str) -> Result<AnswersPage> {
    let manages = caller.permissions.has(Permission::Define);
    store::answers(tx, queue, (caller.actor.id(), manages), after, PAGE)
}
