//! Evaluator results: what machines say of a span, one per evaluator.

use std::collections::BTreeSet;

use serde_json::Value;

use super::evaluator_store;
use super::{Annotation, AnnotatorKind};
use crate::clock::Clock;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::human_review::Kind;
use crate::human_review::value::{self, Accepted};
use crate::id;
use crate::trace::evaluation::Evaluation;
use crate::trace::settling;

/// What an evaluator answers with; corrections of it must be of the same type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OutputType {
    /// True or false.
    Boolean,
    /// A number.
    Number,
    /// One of some names.
    Categorical,
    /// Any text.
    #[default]
    String,
}

impl OutputType {
    /// The type as it is stored and sent.
    pub fn name(self) -> &'static str {
        match self {
            OutputType::Boolean => "boolean",
            OutputType::Number => "number",
            OutputType::Categorical => "categorical",
            OutputType::String => "string",
        }
    }

    /// Reads a type as it is stored and sent.
    pub fn parse(text: &str) -> Option<OutputType> {
        Some(match text {
            "boolean" => OutputType::Boolean,
            "number" => OutputType::Number,
            "categorical" => OutputType::Categorical,
            "string" => OutputType::String,
            _ => return None,
        })
    }

    /// The type of a value of which nothing else is known.
    pub fn of(value: &Value) -> OutputType {
        match value {
            Value::Bool(_) => OutputType::Boolean,
            Value::Number(_) => OutputType::Number,
            Value::Array(_) => OutputType::Categorical,
            _ => OutputType::String,
        }
    }
}

/// How far an evaluation has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Status {
    /// It goes on.
    Pending,
    /// It has a value.
    #[default]
    Completed,
    /// It has none and will have none.
    Failed,
}

impl Status {
    /// The status as it is stored and sent.
    pub fn name(self) -> &'static str {
        match self {
            Status::Pending => "pending",
            Status::Completed => "completed",
            Status::Failed => "failed",
        }
    }

    /// Reads a status as it is stored and sent.
    pub fn parse(text: &str) -> Option<Status> {
        [Status::Pending, Status::Completed, Status::Failed].into_iter().find(|status| status.name() == text)
    }
}

/// A verdict to store. `evaluator` names it on its span; storing it again replaces it and keeps its id.
#[derive(Debug, Clone, PartialEq)]
pub struct EvaluatorResult {
    /// What the evaluator is known by: its key or id.
    pub evaluator: String,
    /// What it is called on screens.
    pub name: String,
    /// Whether a model or a program judged.
    pub kind: AnnotatorKind,
    /// What it answers with.
    pub output_type: OutputType,
    /// How far it has come.
    pub status: Status,
    /// What it says; make it with [`verdict`].
    pub value: Option<Accepted>,
    /// Its number, where the value is not one.
    pub score: Option<f64>,
    /// The name of the verdict.
    pub label: Option<String>,
    /// Whether it is good enough.
    pub passed: Option<bool>,
    /// Why.
    pub explanation: Option<String>,
    /// Where it comes from.
    pub source: String,
}

impl Default for EvaluatorResult {
    fn default() -> EvaluatorResult {
        EvaluatorResult {
            evaluator: String::new(),
            name: String::new(),
            kind: AnnotatorKind::Llm,
            output_type: OutputType::default(),
            status: Status::default(),
            value: None,
            score: None,
            label: None,
            passed: None,
            explanation: None,
            source: String::new(),
        }
    }
}

/// A verdict as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredResult {
    /// Its id; corrections name it as `parent_annotation_id`.
    pub id: String,
    /// The trace.
    pub trace_id: String,
    /// The span.
    pub span_id: String,
    /// What it says.
    pub result: EvaluatorResult,
    /// When it was first stored.
    pub created_at: i64,
    /// When it was stored last.
    pub updated_at: i64,
}

impl StoredResult {
    /// What people say it should have been.
    pub fn corrections<'a>(&'a self, annotations: &'a [Annotation]) -> impl Iterator<Item = &'a Annotation> {
        annotations.iter().filter(|annotation| annotation.subject == self.id)
    }
}

/// Characters of an evaluator's texts that come with traces: longer ones are cut, for a trace is not refused for them.
const MOST_TEXT: usize = 3000;
const MOST_NAME: usize = 255;

/// Any scalar or list of texts as a verdict, cut to a length that can be stored. None for null and objects.
pub fn verdict(value: &Value) -> Option<Accepted> {
    match value {
        Value::Bool(truth) => Some(value::boolean(*truth)),
        Value::Number(number) => number.as_f64().map(value::numeric),
        Value::String(text) => Some(text_verdict(&cut(text, MOST_TEXT))),
        Value::Array(_) if value::check_form(value, "value").is_ok() => {
            Some(Accepted { json: value.to_string(), text: None, number: None })
        }
        _ => None,
    }
}

fn text_verdict(text: &str) -> Accepted {
    // Short texts are names of verdicts and are looked up by an index; long ones would not fit into it.
    let short = (text.chars().count() <= MOST_NAME).then(|| text.to_owned());
    Accepted { json: Value::from(text).to_string(), text: short, number: None }
}

fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

/// Stores a verdict on a span, or on a whole trace when `span_id` is empty, or replaces the one of the same evaluator, and returns its id. Sending the same again
/// changes nothing.
pub fn store(
    tx: &mut Tx<'_>,
    clock: &Clock,
    project: i64,
    trace_id: &str,
    span_id: &str,
    result: &EvaluatorResult,
) -> Result<String> {
    settling::feedback(tx, project, clock.now(), trace_id)?;
    put(tx, clock, project, (trace_id, span_id), result)
}

/// Stores a verdict as [`store`] does, and leaves it to the caller to tell those who wait for it.
pub(super) fn put(
    tx: &mut Tx<'_>,
    clock: &Clock,
    project: i64,
    place: (&str, &str),
    result: &EvaluatorResult,
) -> Result<String> {
    let mut result = result.clone();
    result.evaluator = cut(&result.evaluator, MOST_NAME);
    result.name = cut(if result.name.is_empty() { &result.evaluator } else { &result.name }, MOST_NAME);
    result.label = result.label.map(|label| cut(&label, MOST_NAME));
    result.explanation = result.explanation.map(|explanation| cut(&explanation, MOST_TEXT));
    evaluator_store::upsert(tx, project, place, &id::ulid(clock), &result, clock.now())
}

/// Stores the verdicts that came inside traces. A score is the value where there is one, else whether the span passed,
/// else the label.
pub fn store_found(tx: &mut Tx<'_>, clock: &Clock, project: i64, found: &[Evaluation]) -> Result<()> {
    for evaluation in found {
        let value = match (evaluation.score, evaluation.passed, &evaluation.label) {
            (Some(score), _, _) => Some(Value::from(score)),
            (None, Some(passed), _) => Some(Value::from(passed)),
            (None, None, Some(label)) => Some(Value::from(label.as_str())),
            (None, None, None) => None,
        };
        let result = EvaluatorResult {
            evaluator: evaluation.name.clone(),
            output_type: value.as_ref().map_or_else(OutputType::default, OutputType::of),
            value: value.as_ref().and_then(verdict),
            label: evaluation.label.clone(),
            passed: evaluation.passed,
            explanation: evaluation.explanation.clone(),
            source: "trace".into(),
            ..EvaluatorResult::default()
        };
        put(tx, clock, project, (&evaluation.trace_id, &evaluation.span_id), &result)?;
    }
    if !found.is_empty() && settling::hears_feedback(tx, project)? {
        for trace_id in found.iter().map(|evaluation| evaluation.trace_id.as_str()).collect::<BTreeSet<_>>() {
            settling::feedback(tx, project, clock.now(), trace_id)?;
        }
    }
    Ok(())
}

/// The verdicts on one span, or on all spans of a trace.
pub fn list(tx: &mut Tx<'_>, project: i64, trace_id: &str, span_id: Option<&str>) -> Result<Vec<StoredResult>> {
    evaluator_store::of_trace(tx, project, trace_id, span_id)
}

/// What a machine answers a human review of this kind with.
pub fn output_type_of(kind: Kind) -> OutputType {
    match kind {
        Kind::SingleSelect | Kind::MultiSelect => OutputType::Categorical,
        Kind::Range => OutputType::Number,
        Kind::Boolean => OutputType::Boolean,
        Kind::Text | Kind::Correction => OutputType::String,
    }
}

/// Checks a correction against the type of the verdict it corrects.
pub(super) fn check_value(output_type: &str, given: &Value, string_limit: usize, field: &str) -> Result<Accepted> {
    let wrong = |expected: &str| {
        let shown: String = given.as_str().map_or_else(|| given.to_string(), str::to_owned).chars().take(200).collect();
        Err(Error::field("invalid_value", field, format!("Invalid value: {shown}. {expected} is expected.")))
    };
    match (OutputType::parse(output_type).unwrap_or_default(), given) {
        (OutputType::Boolean, Value::Bool(truth)) => Ok(value::boolean(*truth)),
        (OutputType::Boolean, _) => wrong("A boolean"),
        (OutputType::Number, Value::Number(number)) => Ok(value::numeric(number.as_f64().unwrap_or_default())),
        (OutputType::Number, _) => wrong("A number"),
        (OutputType::Categorical | OutputType::String, Value::String(text)) => {
            value::check_length(text, string_limit, field)?;
            Ok(text_verdict(text))
        }
        (OutputType::Categorical, Value::Array(items)) => {
            items
                .iter()
                .filter_map(Value::as_str)
                .try_for_each(|text| value::check_length(text, string_limit, field))?;
            Ok(Accepted { json: given.to_string(), text: None, number: None })
        }
        (OutputType::Categorical | OutputType::String, _) => wrong("A string"),
    }
}

/// Checks a verdict on something that has no definition: any scalar, or a list of texts.
pub(super) fn free_value(given: &Value, string_limit: usize, field: &str) -> Result<(OutputType, Accepted)> {
    let output_type = OutputType::of(given);
    Ok((output_type, check_value(output_type.name(), given, string_limit, field)?))
}
