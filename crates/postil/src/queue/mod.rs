//! Annotation queues: work for reviewers. A queue says what is asked and of whom; its items are what is judged.

mod access;
mod arrange;
mod beside;
mod bulk;
mod contents;
mod contents_store;
mod definition;
mod item_store;
mod items;
mod order;
mod progress;
mod progress_store;
mod removal;
pub mod review;
mod reviewers;
mod store;
mod verbs;

pub use access::{find, find_for_review, may_review, require_review};
pub use arrange::{Arrangement, MOST_SHARED, arrange};
pub use beside::{InQueue, of_traces, reviewed_media};
pub use bulk::{KIND as ADD_KIND, added_to, start as add_matching, step as add_step};
pub use contents::{ItemFilter, Placed, SeatRow, Shown, counts, page, placed, used_reviews};
pub use definition::{
    Change, Correction, EvaluatorsShown, LEASE_SECONDS, MOST_OVERLAP, MessagesShown, Order, OrderBy, Question, Queue,
    View,
};
pub use items::{
    Added, Item, ItemKind, ItemState, MOST_AT_ONCE, MOST_ITEMS, PRIORITIES, Wanted, add, check_adding, get as item,
    put, removed_before, require_adding,
};
pub use order::{SORT_KIND, sort_step};
pub use progress::{Own, Progress, Team, count, lost, progress, put_aside};
pub use removal::{clear, remove_items, remove_spans};
pub use reviewers::{accept_invite, add_reviewer, invite, invited, remove_reviewer, reviewers};
pub use verbs::{ListFilter, MOST_QUEUES, create, definitions, list, remove, update};

use crate::db::Tx;
use crate::error::Error;
use crate::event::Event;

/// The error for a queue that does not exist, or not for this caller.
pub fn not_found(id: &str) -> Error {
    Error::not_found("queue_not_found", format!("The annotation queue with id \"{id}\" was not found."))
}

/// The error for an item that does not exist in its queue.
pub fn item_not_found(id: &str) -> Error {
    Error::not_found("queue_item_not_found", format!("The annotation queue item with id \"{id}\" was not found."))
}

/// Tells screens that a queue, its items or its progress changed.
pub fn tell(tx: &mut Tx<'_>, queue: &Queue) {
    tx.emit(Event::of_queue(queue.project.number, &queue.id));
}
