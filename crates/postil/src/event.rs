//! What happened, told after the commit: ids only, never content.

use serde::Serialize;

/// One thing that happened in a project. Screens reload what they show when one arrives.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Event {
    /// The number of the project it happened in.
    #[serde(skip)]
    pub project: i64,
    /// What happened: one of [`KINDS`].
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The trace it happened to, if it happened to one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
    /// The span it happened to, if it happened to one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub span_id: Option<String>,
    /// The annotation queue it happened to, if it happened to one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue_id: Option<String>,
}

/// Everything that can happen, and [`MISSED`].
pub const KINDS: [&str; 12] = [
    "trace.created",
    "trace.updated",
    "trace.deleted",
    "annotation.created",
    "annotation.deleted",
    "evaluator_result.created",
    "job.updated",
    "queue.updated",
    "automation.updated",
    "dataset.updated",
    "webhook.updated",
    MISSED,
];

/// Events were lost on their way: whatever is shown may be old. Of project 0: in every project.
pub const MISSED: &str = "missed";

impl Event {
    /// That events of a project were lost; of every project when it is 0.
    pub fn missed(project: i64) -> Event {
        Event { project, kind: MISSED, ..Event::default() }
    }

    /// That a queue, its items or its progress changed.
    pub fn of_queue(project: i64, queue_id: &str) -> Event {
        Event { project, kind: "queue.updated", queue_id: Some(queue_id.to_owned()), ..Event::default() }
    }

    /// The kind with this name.
    pub fn kind_named(name: &str) -> Option<&'static str> {
        KINDS.into_iter().find(|kind| *kind == name)
    }
}
