//! Feedback: the older calls that name a deployment's log or a trace instead of a span. They become annotations.

use serde_json::Value;

use super::answer::{Annotate, Answer, Metadata};
use super::remove::take_back;
use super::{annotate, feedback_store as store, log, log_store, read_store, store as annotations};
use crate::clock::Clock;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::human_review::{id_not_found, key_not_found};
use crate::id;
use crate::project::Caller;

/// One feedback.
#[derive(Debug, Clone, Default)]
pub struct Feedback {
    /// The id the client wants to know it by; we make one when there is none.
    pub id: Option<String>,
    /// The key of the human review.
    pub property: String,
    /// What is said.
    pub value: Value,
    /// A log, a deployment's invocation, a model's response or a trace.
    pub trace_id: String,
}

/// One feedback that names the human review by its id.
#[derive(Debug, Clone, Default)]
pub struct Evaluation {
    /// The id the client knows it by.
    pub id: String,
    /// The human review.
    pub human_review_id: Option<String>,
    /// `orq` or `external`.
    pub source: Option<String>,
    /// Why.
    pub explanation: Option<String>,
    /// A log, a deployment's invocation, a model's response or a trace.
    pub trace_id: String,
    /// `string`, `number`, `boolean` or `string_array`.
    pub kind: String,
    /// What is said.
    pub value: Value,
}

/// A report about the product itself.
#[derive(Debug, Clone)]
pub struct Message {
    /// What is reported.
    pub message: String,
    /// What kind of report it is.
    pub category: String,
    /// The request it is about.
    pub request_id: Option<String>,
    /// The page it is about.
    pub url: Option<String>,
}

/// The span that is meant: that of a log, the leading model call of a trace, or one of the recent logs by the id of a
/// deployment or of a model's response. A model call under a deployment means the deployment, which is its log.
fn resolve(tx: &mut Tx<'_>, caller: &Caller, given: &str) -> Result<(String, String)> {
    let project = caller.project.number;
    let mut found = log::find_span(tx, project, given)?;
    if found.is_none() {
        found = log_store::leading_span(tx, project, &id::lower_hex(given))?;
    }
    if found.is_none() {
        found = log_store::by_foreign_id(tx, project, given)?;
    }
    let (trace_id, span_id) = found.ok_or_else(|| {
        let message = format!("Trace with id {given} for workspace {} was not found.", caller.workspace_id);
        Error::not_found("trace_not_found", message)
    })?;
    let deployment = log_store::deployment_above(tx, project, &trace_id, &span_id)?;
    Ok(deployment.unwrap_or((trace_id, span_id)))
}

/// Stores feedback and returns its id.
pub fn create(
    tx: &mut Tx<'_>,
    clock: &Clock,
    caller: &Caller,
    feedback: &Feedback,
    string_limit: usize,
) -> Result<String> {
    if feedback.id.as_ref().is_some_and(|id| !id::is_ulid(id)) {
        return Err(Error::field("invalid_id", "id", "id must be a ULID."));
    }
    let answer = Answer { key: Some(feedback.property.clone()), value: feedback.value.clone(), ..Answer::default() };
    let call = Annotate { answers: vec![answer], ..Annotate::default() };
    say(tx, clock, caller, &feedback.trace_id, feedback.id.as_deref(), &call, string_limit)
}

/// Stores feedback that names the human review by its id.
pub fn create_evaluation(
    tx: &mut Tx<'_>,
    clock: &Clock,
    caller: &Caller,
    evaluation: &Evaluation,
    string_limit: usize,
) -> Result<()> {
    let fits = match evaluation.kind.as_str() {
        "string" => evaluation.value.is_string(),
        "number" => evaluation.value.is_number(),
        "boolean" => evaluation.value.is_boolean(),
        "string_array" => evaluation.value.is_array(),
        _ => {
            let message = "type must be string, number, boolean or string_array.";
            return Err(Error::field("invalid_type", "type", message));
        }
    };
    if !fits {
        let message = format!("value must be of the type {}.", evaluation.kind);
        return Err(Error::field("invalid_value", "value", message));
    }
    if evaluation.id.is_empty() || evaluation.id.chars().count() > 255 {
        return Err(Error::field("invalid_id", "id", "id must be 1 to 255 characters long."));
    }
    let Some(review) = &evaluation.human_review_id else {
        return Err(Error::field(
            "missing_human_review",
            "human_review_id",
            "human_review_id must name a human review.",
        ));
    };
    let key = annotations::review_key(tx, caller.project.number, review)?;
    let answer = Answer {
        key: Some(key.ok_or_else(|| id_not_found(review, &caller.workspace_id))?),
        value: evaluation.value.clone(),
        explanation: evaluation.explanation.clone(),
        ..Answer::default()
    };
    let source = Some(evaluation.source.clone().unwrap_or_else(|| "orq".into()));
    let metadata = Metadata { source, ..Metadata::default() };
    let call = Annotate { answers: vec![answer], metadata, ..Annotate::default() };
    say(tx, clock, caller, &evaluation.trace_id, Some(&evaluation.id), &call, string_limit).map(drop)
}

fn say(
    tx: &mut Tx<'_>,
    clock: &Clock,
    caller: &Caller,
    given: &str,
    wanted_id: Option<&str>,
    call: &Annotate,
    string_limit: usize,
) -> Result<String> {
    let project = caller.project.number;
    let key = call.answers.first().and_then(|answer| answer.key.clone()).unwrap_or_default();
    if key.is_empty() {
        return Err(key_not_found(&key, &caller.workspace_id));
    }
    let (trace_id, span_id) = resolve(tx, caller, given)?;
    let ids = annotate(tx, clock, caller, &trace_id, &span_id, call, string_limit).map_err(in_words_of_feedback)?;
    let annotation_id = ids.into_iter().next().unwrap_or_default();
    let id = wanted_id.map_or_else(|| id::ulid(clock), str::to_owned);
    let place = (trace_id.as_str(), span_id.as_str());
    if store::insert(tx, project, &id, place, &annotation_id, clock.now())?
        || store::find(tx, project, &id)? == Some((trace_id, annotation_id))
    {
        return Ok(id);
    }
    Err(Error::conflict("id_taken", format!("The id {id} belongs to other feedback.")))
}

/// Feedback has one value and no list of annotations.
fn in_words_of_feedback(error: Error) -> Error {
    match error {
        Error::Invalid { name, field, message } => {
            let plain = |text: String| text.replace("annotations[0].", "");
            Error::Invalid { name, field: field.map(plain), message: plain(message) }
        }
        other => other,
    }
}

/// Takes feedback back, by the id it was given, or by the id of its annotation. `given` must name the same trace.
pub fn remove(tx: &mut Tx<'_>, clock: &Clock, caller: &Caller, id: &str, given: &str) -> Result<()> {
    let project = caller.project.number;
    let not_found = || {
        let message = format!("Feedback with id {id} for trace {given} was not found.");
        Error::not_found("feedback_not_found", message)
    };
    let known = store::find(tx, project, id)?;
    let annotation_id = known.map_or_else(|| id.to_owned(), |(_, annotation_id)| annotation_id);
    let annotation = read_store::lock(tx, project, &annotation_id)?.ok_or_else(not_found)?;
    if annotation.trace_id != id::lower_hex(given)
        && resolve(tx, caller, given).ok().is_none_or(|(trace_id, _)| trace_id != annotation.trace_id)
    {
        return Err(not_found());
    }
    store::delete(tx, project, id)?;
    if annotation.removed_at.is_none() {
        take_back(tx, clock, caller, vec![annotation], None)?;
    }
    Ok(())
}

/// Keeps a report about the product and returns its id.
pub fn submit(tx: &mut Tx<'_>, clock: &Clock, caller: &Caller, message: &Message) -> Result<String> {
    for (field, text, most) in [
        ("message", Some(&message.message), 10_000),
        ("category", Some(&message.category), 255),
        ("request_id", message.request_id.as_ref(), 255),
        ("url", message.url.as_ref(), 2000),
    ] {
        if text.is_some_and(|text| text.chars().count() > most) {
            return Err(Error::field(
                "invalid_length",
                field,
                format!("{field} must be at most {most} characters long."),
            ));
        }
    }
    let id = id::ulid(clock);
    store::insert_message(tx, &id, caller, message, clock.now())?;
    Ok(id)
}
