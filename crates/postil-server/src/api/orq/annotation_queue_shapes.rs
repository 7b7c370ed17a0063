//! Annotation queues and their items as the orq clients read them.

use postil::clock::rfc3339;
use postil::project::Caller;
use postil::queue::{self, Item, ItemKind, Queue};
use postil::{Result, Tx};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A queue to make.
#[derive(Deserialize, ToSchema)]
pub(super) struct AnnotationQueueInput {
    /// 1 to 255 characters.
    pub(super) display_name: String,
    /// At most 2000 characters.
    pub(super) description: String,
    /// The project whose human reviews are asked.
    pub(super) project_id: String,
}

/// What to change of a queue.
#[derive(Deserialize, ToSchema)]
pub(super) struct AnnotationQueueChange {
    pub(super) display_name: Option<String>,
    pub(super) description: Option<String>,
    /// Asks every human review of the project, which is the queue's own, in place of those that were chosen.
    pub(super) project_id: Option<String>,
    /// The human reviews that are asked; ignored where those of a project are.
    pub(super) human_review_ids: Option<Vec<String>>,
}

/// An annotation queue.
#[derive(Serialize, ToSchema)]
pub(super) struct AnnotationQueue {
    #[serde(rename = "_id")]
    id: String,
    display_name: String,
    description: String,
    workspace_id: String,
    /// The human reviews that were chosen; empty where those of a project are asked.
    human_review_ids: Vec<String>,
    metadata: AnnotationQueueMetadata,
    /// The project all of whose human reviews are asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    project_id: Option<String>,
    created_by_id: String,
    updated_by_id: String,
    created: String,
    updated: String,
}

/// Figures of a queue.
#[derive(Serialize, ToSchema)]
pub(super) struct AnnotationQueueMetadata {
    items_count: i64,
}

/// A page of queues.
#[derive(Serialize, ToSchema)]
pub(super) struct AnnotationQueueList {
    /// Always `list`.
    pub(super) object: &'static str,
    pub(super) data: Vec<AnnotationQueue>,
    pub(super) has_more: bool,
}

/// An item of a queue.
#[derive(Serialize, ToSchema)]
pub(super) struct AnnotationQueueItem {
    #[serde(rename = "_id")]
    id: String,
    annotation_queue_id: String,
    workspace_id: String,
    /// `span` or `datapoint`.
    r#type: &'static str,
    /// The human reviews that were answered of it.
    used_human_review_ids: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    span_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    datapoint_id: Option<String>,
}

/// A page of items.
#[derive(Serialize, ToSchema)]
pub(super) struct AnnotationQueueItemList {
    /// Always `list`.
    pub(super) object: &'static str,
    pub(super) data: Vec<AnnotationQueueItem>,
    pub(super) has_more: bool,
}

/// Spans to add.
#[derive(Deserialize, ToSchema)]
pub(super) struct AnnotationQueueItemsInput {
    /// 1 to 1000.
    pub(super) items: Vec<AnnotationQueueItemInput>,
}

/// A span to add.
#[derive(Deserialize, ToSchema)]
pub(super) struct AnnotationQueueItemInput {
    pub(super) span_id: String,
    pub(super) trace_id: String,
}

/// Spans to take out.
#[derive(Deserialize, ToSchema)]
pub(super) struct AnnotationQueueItemsRemoval {
    /// 1 to 1000.
    pub(super) span_ids: Vec<String>,
}

pub(super) fn view(queue: Queue, caller: &Caller, items_count: i64) -> AnnotationQueue {
    AnnotationQueue {
        id: queue.id,
        display_name: queue.display_name,
        description: queue.description,
        workspace_id: caller.workspace_id.clone(),
        project_id: queue.questions.is_empty().then_some(queue.project.id),
        human_review_ids: queue.questions.into_iter().map(|question| question.human_review_id).collect(),
        metadata: AnnotationQueueMetadata { items_count },
        created_by_id: queue.created_by,
        updated_by_id: queue.updated_by,
        created: rfc3339(queue.created_at),
        updated: rfc3339(queue.updated_at),
    }
}

pub(super) fn counted(tx: &mut Tx<'_>, caller: &Caller, queue: Queue) -> Result<AnnotationQueue> {
    let count = queue::counts(tx, &[&queue])?.remove(&queue.id).unwrap_or(0);
    Ok(view(queue, caller, count))
}

pub(super) fn item_view(
    item: Item,
    span_id: Option<String>,
    used: Vec<String>,
    caller: &Caller,
) -> AnnotationQueueItem {
    AnnotationQueueItem {
        r#type: if item.kind == ItemKind::Datapoint { "datapoint" } else { "span" },
        span_id: item.span_id.or(span_id),
        trace_id: item.trace_id,
        datapoint_id: item.datapoint_id,
        id: item.id,
        annotation_queue_id: item.queue_id,
        workspace_id: caller.workspace_id.clone(),
        used_human_review_ids: used,
    }
}
