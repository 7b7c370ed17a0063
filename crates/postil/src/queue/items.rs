//! What is judged in a queue, and how it gets there.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::arrange::check_member;
use super::definition::Queue;
use super::removal::check_count;
use super::{access, item_not_found, item_store as store, order, tell};
use crate::clock::Clock;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::id;
use crate::project::{Caller, Permission};

/// How many items one call adds, changes or removes.
pub const MOST_AT_ONCE: usize = 1000;
/// How many items a queue holds.
pub const MOST_ITEMS: i64 = 500_000;
/// Priorities, the greatest first.
pub const PRIORITIES: std::ops::RangeInclusive<i64> = -1000..=1000;

/// What an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ItemKind {
    /// One span.
    Span,
    /// A trace as a whole.
    Trace,
    /// A datapoint.
    Datapoint,
}

impl ItemKind {
    const ALL: [ItemKind; 3] = [ItemKind::Span, ItemKind::Trace, ItemKind::Datapoint];

    /// The word as it is stored and sent.
    pub fn name(self) -> &'static str {
        match self {
            ItemKind::Span => "span",
            ItemKind::Trace => "trace",
            ItemKind::Datapoint => "datapoint",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<ItemKind> {
        ItemKind::ALL.into_iter().find(|kind| kind.name() == text)
    }
}

/// How an item stands, as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ItemState {
    /// It needs more answers.
    Open,
    /// It has as many answers as it needs.
    Completed,
    /// It was to be judged when what it is about was no longer stored.
    Orphaned,
}

impl ItemState {
    /// The word as it is stored.
    pub fn name(self) -> &'static str {
        match self {
            ItemState::Open => "open",
            ItemState::Completed => "completed",
            ItemState::Orphaned => "orphaned",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<ItemState> {
        [ItemState::Open, ItemState::Completed, ItemState::Orphaned].into_iter().find(|state| state.name() == text)
    }
}

/// Something that is judged in a queue.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// Its id, a ULID.
    pub id: String,
    /// The number of its project.
    pub project: i64,
    /// Its queue.
    pub queue_id: String,
    /// What it is.
    pub kind: ItemKind,
    /// The trace; none of a datapoint.
    pub trace_id: Option<String>,
    /// The span; none of a whole trace.
    pub span_id: Option<String>,
    /// The datapoint.
    pub datapoint_id: Option<String>,
    /// How it stands.
    pub state: ItemState,
    /// The greatest is judged first.
    pub priority: i64,
    /// Its place among those of its priority, the least first.
    pub sort_key: i64,
    /// The one who is to judge it; none: anybody.
    pub assignee: Option<String>,
    /// How many answers it needs.
    pub overlap: i64,
    /// Seats that are held, reserved or submitted.
    pub taken: i64,
    /// Seats that are submitted.
    pub answered: i64,
    /// How often a lease at it lapsed.
    pub lapses: i64,
    /// How many declined it.
    pub declines: i64,
    /// How many flagged it.
    pub flags: i64,
    /// Who added it.
    pub added_by: String,
    /// When it was added.
    pub added_at: i64,
    /// When it last changed.
    pub updated_at: i64,
    /// When it was complete.
    pub completed_at: Option<i64>,
}

impl Item {
    /// What the item is, as one text: nothing is in a queue twice.
    pub fn subject(&self) -> String {
        let text = |part: &Option<String>| part.clone().unwrap_or_default();
        match self.kind {
            ItemKind::Span => format!("span:{}:{}", text(&self.trace_id), text(&self.span_id)),
            ItemKind::Trace => format!("trace:{}", text(&self.trace_id)),
            ItemKind::Datapoint => format!("datapoint:{}", text(&self.datapoint_id)),
        }
    }
}

/// Something that is to be judged.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// The trace.
    pub trace_id: String,
    /// The span; none: the trace as a whole.
    pub span_id: Option<String>,
    /// The greatest is judged first.
    pub priority: i64,
    /// The one who is to judge it; none: anybody.
    pub assignee: Option<String>,
}

/// What became of what was to be added.
#[derive(Debug, Clone, Default)]
pub struct Added {
    /// The new items, in the order in which they were named.
    pub items: Vec<Item>,
    /// How many were there already, or were named twice.
    pub already_there: usize,
    /// How many are no span or trace of the project.
    pub not_found: usize,
}

/// Adds spans and traces to a queue. What is there already stays as it is; what does not exist is counted.
///
/// # Errors
/// [`Error::Conflict`] when the queue would hold more than [`MOST_ITEMS`].
pub fn add(tx: &mut Tx<'_>, clock: &Clock, caller: &Caller, queue_id: &str, wanted: &[Wanted]) -> Result<Added> {
    require_adding(caller)?;
    check_count(wanted.len(), "items")?;
    let queue = &access::find(tx, caller, queue_id)?;
    check_wishes(tx, caller, queue, wanted)?;
    check_room(tx, queue, wanted.len())?;
    put(tx, clock, caller, queue, wanted)
}

/// Refuses priorities out of range, and assignees who are no members of the project of the queue.
fn check_wishes(tx: &mut Tx<'_>, caller: &Caller, queue: &Queue, wanted: &[Wanted]) -> Result<()> {
    let there = Caller { project: queue.project.clone(), ..caller.clone() };
    let mut known: HashSet<&str> = HashSet::new();
    for (at, one) in wanted.iter().enumerate() {
        if !PRIORITIES.contains(&one.priority) {
            let field = format!("items[{at}].priority");
            let message = format!("{field} must be from {} to {}.", PRIORITIES.start(), PRIORITIES.end());
            return Err(Error::field("invalid_value", field, message));
        }
        if let Some(assignee) = &one.assignee
            && known.insert(assignee)
        {
            caller.require(Permission::Define)?;
            check_member(tx, &there, assignee, &format!("items[{at}].assignee"))?;
        }
    }
    Ok(())
}

/// Refuses more items than a queue holds.
pub(super) fn check_room(tx: &mut Tx<'_>, queue: &Queue, new: usize) -> Result<()> {
    if store::count(tx, &queue.id)? + i64::try_from(new).unwrap_or(MOST_ITEMS) > MOST_ITEMS {
        let message = format!("A queue holds at most {MOST_ITEMS} items; remove some first.");
        return Err(Error::conflict("too_many_items", message));
    }
    Ok(())
}

/// Puts spans and traces into a queue.
pub(super) fn put(tx: &mut Tx<'_>, clock: &Clock, caller: &Caller, queue: &Queue, wanted: &[Wanted]) -> Result<Added> {
    let mut added = Added::default();
    let starts = starts(tx, queue, wanted)?;
    let spans = spans(tx, queue, wanted)?;
    let (mut items, mut seen) = (Vec::new(), HashSet::new());
    for one in wanted {
        let trace_id = id::lower_hex(&one.trace_id);
        let span_id = one.span_id.as_deref().map(id::lower_hex);
        let known = match &span_id {
            Some(span_id) => spans.contains(&(trace_id.clone(), span_id.clone())),
            None => starts.contains_key(&trace_id),
        };
        if !known {
            added.not_found += 1;
            continue;
        }
        let item = new_item(clock, caller, queue, one, trace_id, span_id);
        if !seen.insert(item.subject()) {
            added.already_there += 1;
            continue;
        }
        items.push(item);
    }
    order::set_keys(tx, queue, &mut items, &starts)?;
    let new = store::insert(tx, &items)?;
    added.already_there += items.len() - new.len();
    items.retain(|item| new.contains(&item.id));
    added.items = items;
    if !added.items.is_empty() {
        tell(tx, queue);
    }
    Ok(added)
}

/// Which of these somebody has taken out of a queue, by their place in the list.
pub fn removed_before(tx: &mut Tx<'_>, queue: &Queue, wanted: &[Wanted]) -> Result<Vec<bool>> {
    let subject = |one: &Wanted| match &one.span_id {
        Some(span_id) => format!("span:{}:{span_id}", one.trace_id),
        None => format!("trace:{}", one.trace_id),
    };
    let subjects: Vec<String> = wanted.iter().map(subject).collect();
    let removed = store::removed(tx, &queue.id, &subjects)?;
    Ok(subjects.iter().map(|subject| removed.contains(subject)).collect())
}

/// The item of a queue with this id.
pub fn get(tx: &mut Tx<'_>, queue: &Queue, id: &str) -> Result<Item> {
    store::find(tx, &queue.id, id)?.ok_or_else(|| item_not_found(id))
}

/// Refuses callers who may not put items into queues or take them out.
pub fn require_adding(caller: &Caller) -> Result<()> {
    if caller.permissions.has(Permission::Define) {
        return Ok(());
    }
    caller.require(Permission::Annotate)
}

fn new_item(
    clock: &Clock,
    caller: &Caller,
    queue: &Queue,
    wanted: &Wanted,
    trace_id: String,
    span_id: Option<String>,
) -> Item {
    Item {
        id: id::ulid(clock),
        project: queue.project.number,
        queue_id: queue.id.clone(),
        kind: if span_id.is_some() { ItemKind::Span } else { ItemKind::Trace },
        trace_id: Some(trace_id),
        span_id,
        datapoint_id: None,
        state: ItemState::Open,
        priority: wanted.priority,
        sort_key: 0,
        assignee: wanted.assignee.clone(),
        overlap: queue.overlap,
        taken: 0,
        answered: 0,
        lapses: 0,
        declines: 0,
        flags: 0,
        added_by: caller.actor.id().to_owned(),
        added_at: clock.now(),
        updated_at: clock.now(),
        completed_at: None,
    }
}

/// When the traces that are meant started, in nanoseconds, as far as they exist.
fn starts(tx: &mut Tx<'_>, queue: &Queue, wanted: &[Wanted]) -> Result<HashMap<String, i64>> {
    let mut ids: Vec<String> = wanted.iter().map(|one| id::lower_hex(&one.trace_id)).collect();
    ids.sort_unstable();
    ids.dedup();
    store::trace_starts(tx, queue.project.number, &ids)
}

/// The spans that are meant, as far as they exist.
fn spans(tx: &mut Tx<'_>, queue: &Queue, wanted: &[Wanted]) -> Result<HashSet<(String, String)>> {
    let mut by_trace: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for one in wanted {
        if let Some(span_id) = &one.span_id {
            by_trace.entry(id::lower_hex(&one.trace_id)).or_default().push(id::lower_hex(span_id));
        }
    }
    store::known_spans(tx, queue.project.number, &by_trace)
}
