//! What happened, told after the commit: ids only, never content.

use serde::Serialize;

/// One thing that happened in a project. Screens reload what they show when one arrives.
#[derive(Debug, Clone, Serialize)]
pub struct Event {
    /// The number of the project it happened in.
    #[serde(skip)]
    pub project: i64,
    /// What happened, such as `annotation.created`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The trace it happened to, if it happened to one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
    /// The span it happened to, if it happened to one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub span_id: Option<String>,
}
