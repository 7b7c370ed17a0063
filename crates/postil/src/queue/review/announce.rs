//! Tells webhooks of items and queues that are done.

use serde_json::json;

use super::seat::Task;
use super::store;
use crate::clock::Clock;
use crate::db::Tx;
use crate::error::Result;
use crate::queue::Queue;
use crate::webhook::{self, Fact, event};

/// To be called when a submission made an item complete: tells of it, and of the queue when it was the last open item.
pub(super) fn completed(tx: &mut Tx<'_>, clock: &Clock, queue: &Queue, task: &Task) -> Result<()> {
    let project = queue.project.number;
    webhook::announce(tx, clock, project, event::QUEUE_ITEM_COMPLETED, || {
        let mut metadata = json!({
            "queue_id": queue.id,
            "item_id": task.id,
            "kind": task.kind,
            "answered": task.answered,
        });
        if !task.trace_id.is_empty() {
            metadata["trace_id"] = task.trace_id.clone().into();
        }
        if !task.span_id.is_empty() {
            metadata["span_id"] = task.span_id.clone().into();
        }
        vec![Fact { trace_id: Some(task.trace_id.clone()).filter(|id| !id.is_empty()), metadata }]
    })?;
    if !webhook::is_heard(tx, project, event::QUEUE_FINISHED)? || store::has_open_items(tx, &queue.id)? {
        return Ok(());
    }
    webhook::announce(tx, clock, project, event::QUEUE_FINISHED, || {
        let metadata = json!({"queue_id": queue.id, "display_name": queue.display_name});
        vec![Fact { trace_id: None, metadata }]
    })
}
