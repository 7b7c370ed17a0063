//! How what was said looks inside a span for clients: `attributes.orq.evaluations[]`.

use serde_json::{Map, Value, json};

use super::evaluator::{Status, StoredResult};
use super::{Annotation, AnnotatorKind, Judgements, SubjectKind};
use crate::clock::rfc3339;

/// Annotations and evaluator results as one array in the shape of the contract (A.3, A.4). Optional fields without a
/// value are left out.
pub fn evaluations_json(judgements: &Judgements) -> Value {
    let machines = judgements.evaluator_results.iter().map(evaluator);
    let people = judgements.annotations.iter().map(human_review);
    Value::Array(machines.chain(people).collect())
}

fn human_review(annotation: &Annotation) -> Value {
    let value = annotation.json();
    let mut entry = Map::new();
    entry.insert("id".into(), json!(annotation.id));
    entry.insert("evaluation_type".into(), json!("human_review"));
    match annotation.subject_kind {
        SubjectKind::HumanReview => {
            entry.insert("human_review_id".into(), json!(annotation.subject));
            entry.insert("key".into(), json!(annotation.key));
        }
        SubjectKind::EvaluatorCorrection => {
            entry.insert("parent_annotation_id".into(), json!(annotation.subject));
        }
    }
    let source = if annotation.source == "orq" { "orq" } else { "external" };
    entry.insert("source".into(), json!(source));
    let annotator = &annotation.annotator;
    entry.insert("annotator".into(), json!({"kind": annotator.kind.name(), "actor_id": annotator.id}));
    entry.insert("output_schema".into(), json!(output_schema(&annotation.kind)));
    if let Some(explanation) = &annotation.explanation {
        entry.insert("explanation".into(), json!(explanation));
    }
    entry.insert("reviewed_by_id".into(), json!(annotator.id));
    entry.insert("reviewed_at".into(), json!(rfc3339(annotation.updated_at)));
    let (kind, name) = match &value {
        Value::Number(_) => ("number", "value"),
        Value::Bool(_) => ("boolean", "value"),
        Value::Array(_) => ("string_array", "values"),
        _ => ("string", "value"),
    };
    entry.insert("type".into(), json!(kind));
    entry.insert(name.into(), value);
    Value::Object(entry)
}

fn output_schema(kind: &str) -> &str {
    match kind {
        "range" => "number",
        "single_select" | "multi_select" => "categorical",
        "text" | "correction" => "string",
        // Corrections of evaluator results have their output type already; booleans are called the same.
        other => other,
    }
}

fn evaluator(stored: &StoredResult) -> Value {
    let result = &stored.result;
    let mut entry = Map::new();
    entry.insert("id".into(), json!(stored.id));
    entry.insert("evaluation_type".into(), json!("evaluator"));
    entry.insert("evaluator_id".into(), json!(result.evaluator));
    entry.insert("evaluator_config_type".into(), json!("output_evaluator"));
    let kind = if result.kind == AnnotatorKind::Code { "http_evaluator" } else { "llm_evaluator" };
    entry.insert("type".into(), json!(kind));
    entry.insert("status".into(), json!(result.status.name()));
    entry.insert("display_name".into(), json!(result.name));
    if result.status == Status::Completed {
        let value = result.value.as_ref().and_then(|value| serde_json::from_str::<Value>(&value.json).ok());
        let value = value.or_else(|| result.label.as_ref().map(|label| json!(label)));
        if let Some(value) = value.or_else(|| result.score.map(|score| json!(score))) {
            entry.insert("value".into(), value);
        }
    }
    if let Some(passed) = result.passed {
        entry.insert("passed".into(), json!(passed));
    }
    if let Some(explanation) = &result.explanation {
        entry.insert("explanation".into(), json!(explanation));
    }
    entry.insert("started_at".into(), json!(rfc3339(stored.created_at)));
    entry.insert("finished_at".into(), json!(rfc3339(stored.updated_at)));
    Value::Object(entry)
}
