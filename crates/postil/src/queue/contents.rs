//! What is in a queue, read: pages of items with what they show.

use std::collections::{HashMap, HashSet};

use super::definition::Queue;
use super::items::{Item, ItemKind, ItemState};
use super::{contents_store as store, item_store};
use crate::annotation::{self, SubjectKind};
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::page::{Page, PageRequest};
use crate::project::{Caller, Reader};

/// How an item stands, as it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// Nobody has answered, nobody works on it.
    ToDo,
    /// Somebody has it on the screen.
    InReview,
    /// It has answers, and needs more.
    NeedsOthers,
    /// It has as many answers as it needs.
    Completed,
}

impl Shown {
    /// Every state.
    pub const ALL: [Shown; 4] = [Shown::ToDo, Shown::InReview, Shown::NeedsOthers, Shown::Completed];

    /// The word as it is sent.
    pub fn name(self) -> &'static str {
        match self {
            Shown::ToDo => "to_do",
            Shown::InReview => "in_review",
            Shown::NeedsOthers => "needs_others",
            Shown::Completed => "completed",
        }
    }

    /// How an item stands: whether it is complete, somebody has it on the screen, and how many answers it has.
    pub fn of(completed: bool, held: bool, answered: i64) -> Shown {
        if completed {
            Shown::Completed
        } else if held {
            Shown::InReview
        } else if answered > 0 {
            Shown::NeedsOthers
        } else {
            Shown::ToDo
        }
    }
}

/// Which items a list shows.
#[derive(Debug, Clone, Default)]
pub struct ItemFilter {
    /// `to_do`, `in_review`, `needs_others` or `completed`; `skipped` or `declined` by somebody.
    pub state: Option<String>,
    /// Those at which this reviewer has or had a seat.
    pub reviewer: Option<String>,
    /// Those that are assigned to somebody; empty: to nobody.
    pub assignee: Option<String>,
    /// Whether somebody flagged them.
    pub flagged: Option<bool>,
    /// Only those whose span or trace still exists.
    pub live: bool,
}

impl ItemFilter {
    const STATES: [&str; 6] = ["to_do", "in_review", "needs_others", "completed", "skipped", "declined"];

    fn check(&self) -> Result<()> {
        match &self.state {
            Some(state) if !Self::STATES.contains(&state.as_str()) => {
                let message = format!("Invalid value. Valid options are: {}.", Self::STATES.join(", "));
                Err(Error::field("invalid_value", "state", message))
            }
            _ => Ok(()),
        }
    }
}

/// An item with what is shown of it.
#[derive(Debug, Clone)]
pub struct Placed {
    /// The item.
    pub item: Item,
    /// The span that stands for it: of a trace the one whose answer it shows. None when it is gone.
    pub span_id: Option<String>,
    /// Whether its span or trace is gone.
    pub orphaned: bool,
    /// The name of its span or trace.
    pub name: Option<String>,
    /// What went in, shortened.
    pub input: Option<String>,
    /// What came out, shortened.
    pub output: Option<String>,
    /// Who has or had a place at it.
    pub seats: Vec<SeatRow>,
}

/// A reviewer's place at an item, as managers see it.
#[derive(Debug, Clone)]
pub struct SeatRow {
    /// The item.
    pub item_id: String,
    /// Whose.
    pub reviewer: String,
    /// `reserved`, `held`, `submitted`, `skipped`, `declined` or `lapsed`.
    pub state: String,
    /// Until when it is theirs.
    pub lease_until: Option<i64>,
    /// When it ended.
    pub ended_at: Option<i64>,
    /// How long the item was on the screen, in milliseconds.
    pub active_ms: i64,
    /// Whether they flagged it.
    pub flagged: bool,
    /// What they noted.
    pub note: Option<String>,
    /// Why they declined.
    pub reason: Option<String>,
}

impl Placed {
    /// How it stands at a moment.
    pub fn shown(&self, now: i64) -> Shown {
        let live = |seat: &SeatRow| seat.state == "held" && seat.lease_until.is_some_and(|until| until >= now);
        let completed = self.item.state == ItemState::Completed;
        Shown::of(completed, self.seats.iter().any(live), self.item.answered)
    }
}

/// A page of the items of a queue, in the order in which they are judged.
pub fn page(
    tx: &mut Tx<'_>,
    reader: impl Into<Reader>,
    queue: &Queue,
    filter: &ItemFilter,
    now: i64,
    page: &PageRequest,
) -> Result<Page<Placed>> {
    filter.check()?;
    let reader = reader.into();
    let backwards = page.ending_before.is_some();
    let mut data = Vec::new();
    let cursor = match page.starting_after.as_ref().or(page.ending_before.as_ref()) {
        None => None,
        Some(id) => match item_store::find(tx, &queue.id, id)? {
            Some(item) => Some(item),
            // The item was removed meanwhile, or never was.
            None => return Ok(Page { data, has_more: false }),
        },
    };
    let place = store::Place { after: cursor.as_ref(), backwards };
    data = store::page(tx, (queue, &reader), filter, now, &place, page.limit + 1)?;
    let has_more = data.len() > page.limit;
    data.truncate(page.limit);
    if backwards {
        data.reverse();
    }
    add_seats(tx, &reader, queue, &mut data)?;
    Ok(Page { data, has_more })
}

/// One item with what is shown of it.
pub fn placed(tx: &mut Tx<'_>, reader: impl Into<Reader>, queue: &Queue, id: &str) -> Result<Placed> {
    let mut found: Vec<_> = store::placed(tx, &queue.id, id)?.into_iter().collect();
    add_seats(tx, &reader.into(), queue, &mut found)?;
    found.pop().ok_or_else(|| super::item_not_found(id))
}

/// Adds who has or had a place at these items; of a blind queue without what others wrote of an item that is not complete,
/// as far as that is not to be known.
fn add_seats(tx: &mut Tx<'_>, reader: &Reader, queue: &Queue, items: &mut [Placed]) -> Result<()> {
    let ids: Vec<String> = items.iter().map(|placed| placed.item.id.clone()).collect();
    for seat in store::seats(tx, &ids)? {
        if let Some(placed) = items.iter_mut().find(|placed| placed.item.id == seat.item_id) {
            placed.seats.push(seat);
        }
    }
    for placed in items.iter_mut().filter(|placed| queue.blind && placed.item.state != ItemState::Completed) {
        let has_seat = |me: &str| placed.seats.iter().any(|seat| seat.reviewer == me);
        let Some(me) = reader.blinded(has_seat).map(ToOwned::to_owned) else { continue };
        for seat in placed.seats.iter_mut().filter(|seat| seat.reviewer != me) {
            (seat.flagged, seat.note, seat.reason) = (false, None, None);
        }
    }
    Ok(())
}

/// The ids of the human reviews that were answered of each of these items, as far as the caller may know, in the order of
/// these items.
pub fn used_reviews(tx: &mut Tx<'_>, caller: &Caller, queue: &Queue, items: &[&Item]) -> Result<Vec<Vec<String>>> {
    let traces: HashSet<&str> = items.iter().filter_map(|item| item.trace_id.as_deref()).collect();
    let traces: Vec<&str> = traces.into_iter().collect();
    let said: HashMap<String, _> = annotation::for_traces(tx, Reader::from(caller).of(queue.project.number), &traces)?;
    let used = |item: &&Item| {
        let judgements = item.trace_id.as_ref().and_then(|trace_id| said.get(trace_id));
        let mut ids: Vec<String> = Vec::new();
        for annotation in judgements.iter().flat_map(|judgements| &judgements.annotations) {
            let here = item.kind == ItemKind::Trace || item.span_id.as_ref() == Some(&annotation.span_id);
            let review = annotation.subject_kind == SubjectKind::HumanReview;
            if here && review && !ids.contains(&annotation.subject) {
                ids.push(annotation.subject.clone());
            }
        }
        ids
    };
    Ok(items.iter().map(used).collect())
}

/// How many items each of these queues has.
pub fn counts(tx: &mut Tx<'_>, queues: &[&Queue]) -> Result<HashMap<String, i64>> {
    let mut counts = HashMap::new();
    for queue in queues {
        counts.insert(queue.id.clone(), item_store::count(tx, &queue.id)?);
    }
    Ok(counts)
}
