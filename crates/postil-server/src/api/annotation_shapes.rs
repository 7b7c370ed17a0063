//! How annotations look in answers.

use std::collections::HashMap;

use postil::annotation::{Annotation, Annotator, SubjectKind};
use postil::clock::rfc3339;
use postil::project::{Caller, people};
use postil::{Result, Tx};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// What can be said: text, a number, true or false, or some options.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "read by the document only")]
pub(super) enum AnnotationValue {
    /// Text, or one option.
    Text(String),
    /// A number.
    Number(f64),
    /// Yes or no.
    Truth(bool),
    /// Some options.
    Options(Vec<String>),
}

/// The names behind ids.
pub(super) type Names = HashMap<String, String>;

/// An annotator.
#[derive(Serialize, ToSchema)]
pub(super) struct AnnotatorView {
    /// `human`, `llm`, `code` or `automation`.
    kind: &'static str,
    id: String,
    /// The name of the member, API key or identity; in lists of annotations, their history, and logs.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

impl From<Annotator> for AnnotatorView {
    fn from(annotator: Annotator) -> AnnotatorView {
        AnnotatorView { kind: annotator.kind.name(), id: annotator.id, name: None }
    }
}

impl AnnotatorView {
    /// The annotator with their name, where they have one.
    pub(super) fn named(annotator: Annotator, names: &Names) -> AnnotatorView {
        AnnotatorView { name: names.get(&annotator.id).cloned(), ..annotator.into() }
    }
}

/// The current value of one annotator.
#[derive(Serialize, ToSchema)]
pub(super) struct AnnotationView {
    id: String,
    /// The key of the human review.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    human_review_id: Option<String>,
    /// The evaluator result that is corrected.
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_annotation_id: Option<String>,
    /// The evaluator that is corrected.
    #[serde(skip_serializing_if = "Option::is_none")]
    evaluator: Option<String>,
    /// The type of the human review, or the output type of the evaluator.
    r#type: String,
    #[schema(value_type = AnnotationValue)]
    value: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation: Option<String>,
    /// The version of the human review the value was given under; 0 for corrections of evaluators.
    definition_version: i64,
    annotator: AnnotatorView,
    #[serde(skip_serializing_if = "Option::is_none")]
    identity_id: Option<String>,
    source: String,
    trace_id: String,
    span_id: String,
    created_at: String,
    updated_at: String,
}

impl From<Annotation> for AnnotationView {
    fn from(annotation: Annotation) -> AnnotationView {
        let value = annotation.json();
        let is_review = annotation.subject_kind == SubjectKind::HumanReview;
        let of = |wanted: bool, text: String| (is_review == wanted).then_some(text);
        AnnotationView {
            key: of(true, annotation.key.clone()),
            human_review_id: of(true, annotation.subject.clone()),
            parent_annotation_id: of(false, annotation.subject),
            evaluator: of(false, annotation.key),
            id: annotation.id,
            r#type: annotation.kind,
            value,
            explanation: annotation.explanation,
            definition_version: annotation.definition_version,
            annotator: annotation.annotator.into(),
            identity_id: annotation.identity_id,
            source: annotation.source,
            trace_id: annotation.trace_id,
            span_id: annotation.span_id,
            created_at: rfc3339(annotation.created_at),
            updated_at: rfc3339(annotation.updated_at),
        }
    }
}

impl AnnotationView {
    /// The annotation with the name of its annotator, where they have one.
    pub(super) fn named(annotation: Annotation, names: &Names) -> AnnotationView {
        let annotator = AnnotatorView::named(annotation.annotator.clone(), names);
        AnnotationView { annotator, ..annotation.into() }
    }
}

/// The names of those who said these.
pub(super) fn names_of(tx: &mut Tx<'_>, caller: &Caller, annotations: &[Annotation]) -> Result<Names> {
    let ids: Vec<&str> = annotations.iter().map(|annotation| annotation.annotator.id.as_str()).collect();
    people::names(tx, caller, &ids)
}
