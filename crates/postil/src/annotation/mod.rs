//! Annotations: what annotators say about spans.
//!
//! Every set, change and removal is appended to `annotation_event`; the row in `annotation` is the current value of one
//! annotator for one subject on one span. Verdicts of machines are kept apart, in `evaluator_result`, and people can
//! correct them.
//!
//! A log is the view of a generation span. It has no annotations of its own: what is said of the span is said of its
//! log, in both directions and in the same transaction, because it is the same row (product.md, decision 9).

mod annotate;
mod announce;
mod answer;
pub mod bulk;
pub mod evaluator;
mod evaluator_store;
pub mod export;
pub mod feedback;
mod feedback_store;
pub mod import;
pub mod log;
mod log_store;
mod read;
mod read_store;
mod remove;
mod render;
mod store;

use crate::clock::Clock;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::project::{Actor, Caller, Permission};

pub use annotate::annotate;
pub use answer::{Annotate, Answer, Metadata};
pub use read::{Judgements, ListFilter, for_span, for_spans, for_traces, history, list};
pub use remove::{Remove, remove};
pub use render::evaluations_json;

/// Who said something.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Annotator {
    /// What they are.
    pub kind: AnnotatorKind,
    /// Their id: of a member, an API key, a reviewer or an end user as the client names them, an evaluator, a rule.
    pub id: String,
}

/// What said something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AnnotatorKind {
    /// A person.
    Human,
    /// A model that judges.
    Llm,
    /// A program that judges.
    Code,
    /// A rule of an automation.
    Automation,
}

impl AnnotatorKind {
    /// The kind as it is stored and sent.
    pub fn name(self) -> &'static str {
        match self {
            AnnotatorKind::Human => "human",
            AnnotatorKind::Llm => "llm",
            AnnotatorKind::Code => "code",
            AnnotatorKind::Automation => "automation",
        }
    }

    /// Reads a kind as it is stored and sent.
    pub fn parse(text: &str) -> Option<AnnotatorKind> {
        Some(match text {
            "human" => AnnotatorKind::Human,
            "llm" => AnnotatorKind::Llm,
            "code" => AnnotatorKind::Code,
            "automation" => AnnotatorKind::Automation,
            _ => return None,
        })
    }

    /// Whether what it says is an evaluator result and no annotation.
    pub fn is_machine(self) -> bool {
        matches!(self, AnnotatorKind::Llm | AnnotatorKind::Code)
    }
}

/// What an annotation answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubjectKind {
    /// A human review.
    HumanReview,
    /// An evaluator result that the annotator corrects.
    EvaluatorCorrection,
}

impl SubjectKind {
    /// The kind as it is stored.
    pub fn name(self) -> &'static str {
        match self {
            SubjectKind::HumanReview => "human_review",
            SubjectKind::EvaluatorCorrection => "evaluator_correction",
        }
    }
}

/// The current value of one annotator for one subject on one span.
#[derive(Debug, Clone, PartialEq)]
pub struct Annotation {
    /// Its id, a ULID that stays through changes and removal.
    pub id: String,
    /// The trace.
    pub trace_id: String,
    /// The span.
    pub span_id: String,
    /// The id of the human review, or of the evaluator result.
    pub subject: String,
    /// Which of the two.
    pub subject_kind: SubjectKind,
    /// The key of the human review, or the name of the evaluator.
    pub key: String,
    /// The type of the human review, or the output type of the evaluator.
    pub kind: String,
    /// The version of the definition the value was given under.
    pub definition_version: i64,
    /// The value as JSON text.
    pub value: String,
    /// Why.
    pub explanation: Option<String>,
    /// Who said it.
    pub annotator: Annotator,
    /// The end user it comes from.
    pub identity_id: Option<String>,
    /// Where it comes from, in the client's words.
    pub source: String,
    /// When it was first set.
    pub created_at: i64,
    /// When it was set to this value.
    pub updated_at: i64,
    /// Since when it is removed.
    pub removed_at: Option<i64>,
    /// The annotation queue in which it was said.
    pub queue_id: Option<String>,
}

impl Annotation {
    /// The value as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.value).unwrap_or_default()
    }
}

/// One thing that happened to an annotation.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryEntry {
    /// Its id.
    pub id: String,
    /// `set`, `change` or `remove`.
    pub action: String,
    /// The value from then on, as JSON text; none after a removal.
    pub value: Option<String>,
    /// Why.
    pub explanation: Option<String>,
    /// The version of the definition.
    pub definition_version: i64,
    /// For whom it was said.
    pub annotator: Annotator,
    /// Who sent it: `key:…` or `member:…`.
    pub actor: String,
    /// With which client.
    pub client: Option<String>,
    /// The end user it comes from.
    pub identity_id: Option<String>,
    /// Where it comes from.
    pub source: String,
    /// How long the annotator took.
    pub duration_ms: Option<i64>,
    /// When, in microseconds.
    pub at: i64,
    /// The annotation queue in which it was said.
    pub queue_id: Option<String>,
}

/// The error of the guide for a span that does not exist.
pub fn span_not_found(span_id: &str, workspace_id: &str) -> Error {
    Error::not_found("span_not_found", format!("Span with id {span_id} for workspace {workspace_id} was not found."))
}

fn result_not_found(id: &str) -> Error {
    Error::not_found("evaluator_result_not_found", format!("The evaluator result with id \"{id}\" was not found."))
}

/// To be called by the intake when the start of a trace changes: annotations carry it for the newest annotated traces.
pub fn trace_moved(tx: &mut Tx<'_>, project: i64, trace_id: &str, start_ns: i64) -> Result<()> {
    store::move_trace(tx, project, trace_id, start_ns)
}

/// Whom a call speaks for.
///
/// A member speaks for themself. A key speaks for the annotator it names, else for the reviewer (`reviewer_id`), else
/// for the end user (`identity_id`, so that the thumbs of two users on one span do not replace each other), else for
/// itself.
fn annotator_of(caller: &Caller, named: Option<&Annotator>, metadata: &Metadata) -> Result<Annotator> {
    let human = |id: &str| Annotator { kind: AnnotatorKind::Human, id: id.to_owned() };
    match &caller.actor {
        Actor::Member { id, .. } => match named {
            Some(named) if *named != human(id) => {
                Err(Error::Forbidden("You annotate as yourself; only an API key can name another annotator.".into()))
            }
            _ => Ok(human(id)),
        },
        Actor::Key { id, .. } => Ok(match (named, &metadata.reviewer_id, &metadata.identity_id) {
            (Some(named), _, _) => named.clone(),
            (None, Some(reviewer), _) => human(reviewer),
            (None, None, Some(identity)) => human(identity),
            (None, None, None) => human(id),
        }),
    }
}

/// Where a value comes from when the client does not say.
fn source_of(caller: &Caller, metadata: &Metadata) -> String {
    let default = if matches!(caller.actor, Actor::Member { .. }) { "orq" } else { "api" };
    metadata.source.clone().unwrap_or_else(|| default.to_owned())
}

/// The moment of a change: never at or before the last change of the same annotation, so that its history has one
/// order and its time tells whether somebody else was faster.
fn moment(clock: &Clock, last: i64) -> i64 {
    clock.now().max(last + 1)
}

/// Callers who may remove what others said.
fn may_speak_for_others(caller: &Caller) -> bool {
    matches!(caller.actor, Actor::Key { .. }) || caller.permissions.has(Permission::Admin)
}
