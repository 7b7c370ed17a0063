//! The events a webhook can subscribe to.

/// A person, or an automation, said something of a span for the first time.
pub const ANNOTATION_CREATED: &str = "annotation.created";
/// What was said was changed.
pub const ANNOTATION_CHANGED: &str = "annotation.changed";
/// What was said was taken back.
pub const ANNOTATION_REMOVED: &str = "annotation.removed";
/// As many reviewers as its queue asks for have judged an item.
pub const QUEUE_ITEM_COMPLETED: &str = "queue_item.completed";
/// The last open item of a queue was completed.
pub const QUEUE_FINISHED: &str = "queue.finished";
/// An automation found a trace that it calls a webhook for.
pub const TRACE_MATCHED: &str = "trace.matched";
/// A datapoint was added to a dataset.
pub const DATAPOINT_CREATED: &str = "datapoint.created";
/// Somebody tries whether deliveries arrive. Sent on request, whatever the webhook subscribes to.
pub const TEST: &str = "webhook.test";
/// The server disabled a webhook; told to the others.
pub const WEBHOOK_DISABLED: &str = "webhook.disabled";

/// What happens here.
pub const OURS: [&str; 8] = [
    ANNOTATION_CREATED,
    ANNOTATION_CHANGED,
    ANNOTATION_REMOVED,
    QUEUE_ITEM_COMPLETED,
    QUEUE_FINISHED,
    TRACE_MATCHED,
    DATAPOINT_CREATED,
    WEBHOOK_DISABLED,
];

/// What clients of orq subscribe to and never happens here: this server runs no agents, deployments or models. Kept, so
/// that their webhooks can be made unchanged.
pub const FOREIGN: [&str; 14] = [
    "agent.created",
    "agent.updated",
    "agent.deleted",
    "deployment.created",
    "deployment.updated",
    "deployment.deleted",
    "deployment.invoked",
    "prompt.created",
    "prompt.updated",
    "prompt.deleted",
    "llm.chat_completion",
    "llm.response",
    "llm.embedding",
    "llm.rerank",
];

/// Whether a webhook can subscribe to it.
pub fn is_known(name: &str) -> bool {
    OURS.contains(&name) || FOREIGN.contains(&name)
}
