//! What a client says in one call, and the checks that need no database.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Annotator, AnnotatorKind};
use crate::error::{Error, Result};
use crate::human_review::value;

/// Annotations of one call (guide: batch limits).
pub(super) const MOST_ANSWERS: usize = 10;
/// Characters of an explanation.
pub(super) const MOST_EXPLANATION: usize = 3000;
/// Characters of ids and names in the metadata.
const MOST_NAME: usize = 255;

/// One call that annotates one span. It is stored whole or not at all.
#[derive(Debug, Clone, Default)]
pub struct Annotate {
    /// The answers, 1 to 10.
    pub answers: Vec<Answer>,
    /// Attribution.
    pub metadata: Metadata,
    /// For whom the call speaks, where it says so; an empty id means whom the metadata names.
    pub annotator: Option<Annotator>,
    /// How long the annotator took.
    pub duration_ms: Option<i64>,
    /// The annotation queue in which it was said.
    pub queue_id: Option<String>,
}

/// One answer: to a human review by its key, or a correction of an evaluator result by its id.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Answer {
    /// The key of the human review.
    pub key: Option<String>,
    /// The id of the evaluator result.
    pub parent_annotation_id: Option<String>,
    /// What is said.
    pub value: Value,
    /// Why.
    pub explanation: Option<String>,
    /// Of a machine's verdict: its number, where the value is not one.
    pub score: Option<f64>,
    /// Of a machine's verdict: its name.
    pub label: Option<String>,
    /// Of a machine's verdict: whether it is good enough.
    pub passed: Option<bool>,
}

/// The attribution of a call.
#[derive(Debug, Clone, Default)]
pub struct Metadata {
    /// The end user it comes from.
    pub identity_id: Option<String>,
    /// The reviewer it comes from.
    pub reviewer_id: Option<String>,
    /// Where it comes from.
    pub source: Option<String>,
}

/// What an answer is about.
#[derive(Debug, Clone, Copy)]
pub(super) enum Subject<'a> {
    Review(&'a str),
    Result(&'a str),
}

impl Answer {
    /// What the answer is about; to be called after [`Annotate::check`].
    pub(super) fn subject(&self) -> Subject<'_> {
        match (&self.key, &self.parent_annotation_id) {
            (None, Some(parent)) => Subject::Result(parent),
            (key, _) => Subject::Review(key.as_deref().unwrap_or("")),
        }
    }

    fn check(&self, at: usize, machine: bool) -> Result<()> {
        let field = format!("annotations[{at}]");
        let named = match (&self.key, &self.parent_annotation_id) {
            (Some(key), None) => !key.is_empty(),
            (None, Some(parent)) => !parent.is_empty(),
            _ => false,
        };
        if !named {
            let message = format!("{field} must have either a key or a parent_annotation_id.");
            return Err(Error::field("invalid_annotation", field, message));
        }
        if machine && self.parent_annotation_id.is_some() {
            let message = format!("{field}.parent_annotation_id: only people correct evaluator results.");
            return Err(Error::field("invalid_annotation", format!("{field}.parent_annotation_id"), message));
        }
        value::check_form(&self.value, &format!("{field}.value"))?;
        value::check_length(
            self.explanation.as_deref().unwrap_or(""),
            MOST_EXPLANATION,
            &format!("{field}.explanation"),
        )?;
        check_name(self.label.as_deref(), &format!("{field}.label"))
    }
}

impl Metadata {
    pub(super) fn check(&self) -> Result<()> {
        check_name(self.identity_id.as_deref(), "metadata.identity_id")?;
        check_name(self.reviewer_id.as_deref(), "metadata.reviewer_id")?;
        check_name(self.source.as_deref(), "metadata.source")
    }
}

impl Annotate {
    /// Counts, names and forms: everything that can be wrong without looking anything up.
    pub(super) fn check(&self) -> Result<()> {
        if self.answers.is_empty() || self.answers.len() > MOST_ANSWERS {
            let message = format!("annotations must have 1 to {MOST_ANSWERS} entries; it has {}.", self.answers.len());
            return Err(Error::field("invalid_count", "annotations", message));
        }
        self.metadata.check()?;
        check_name(self.annotator.as_ref().map(|annotator| annotator.id.as_str()), "annotator.id")?;
        if self.duration_ms.is_some_and(|duration| duration < 0) {
            return Err(Error::field("invalid_duration", "duration_ms", "duration_ms must not be negative."));
        }
        let machine = self.annotator.as_ref().is_some_and(|annotator| annotator.kind.is_machine());
        for (at, answer) in self.answers.iter().enumerate() {
            answer.check(at, machine)?;
            let before = &self.answers[..at];
            let twice =
                |other: &Answer| other.key == answer.key && other.parent_annotation_id == answer.parent_annotation_id;
            if before.iter().any(twice) {
                let name = if answer.key.is_some() { "key" } else { "parent_annotation_id" };
                let (field, given) = (format!("annotations[{at}].{name}"), answer.key.as_ref());
                let given = given.or(answer.parent_annotation_id.as_ref()).map_or("", String::as_str);
                let message = format!("{field}: \"{given}\" is there twice.");
                return Err(Error::field("duplicate_key", field, message));
            }
        }
        Ok(())
    }

    /// The annotator the call names, if it names one.
    pub(super) fn named(&self) -> Option<Annotator> {
        named(self.annotator.as_ref(), &self.metadata)
    }
}

/// Completes an annotator of which only the kind was said.
pub(super) fn named(annotator: Option<&Annotator>, metadata: &Metadata) -> Option<Annotator> {
    let annotator = annotator?;
    if !annotator.id.is_empty() {
        return Some(annotator.clone());
    }
    if annotator.kind == AnnotatorKind::Human {
        return None;
    }
    let id = metadata.reviewer_id.clone().unwrap_or_else(|| annotator.kind.name().to_owned());
    Some(Annotator { kind: annotator.kind, id })
}

fn check_name(name: Option<&str>, field: &str) -> Result<()> {
    if name.is_none_or(|name| name.chars().count() <= MOST_NAME) {
        return Ok(());
    }
    let message = format!("{field} must be at most {MOST_NAME} characters long.");
    Err(Error::field("invalid_length", field, message))
}
