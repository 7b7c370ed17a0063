//! A row of a file as a datapoint. Pure.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::mapping::{Mapping, Target};
use crate::clock::parse_rfc3339;
use crate::dataset::datapoint::{Input, New, Origin};
use crate::error::Error;
use crate::human_review::value::{self, Rules};
use crate::human_review::{Definition, Kind};
use crate::rows::Row;

/// What is wrong with a row, and in which column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The column; none: the row as a whole.
    pub column: Option<String>,
    /// What to mend.
    pub message: String,
}

type Made<T> = Result<T, Fault>;

fn fault<T>(column: &str, message: impl Into<String>) -> Made<T> {
    Err(Fault { column: Some(column.to_owned()), message: message.into() })
}

/// What rows are read with.
#[derive(Debug, Clone, Default)]
pub struct Builder {
    /// What becomes of each column.
    pub mapping: Mapping,
    /// The human reviews of the project, by key.
    pub reviews: HashMap<String, Definition>,
    /// Who imports, and when: of answers that name nobody.
    pub by: String,
    /// When, as RFC 3339.
    pub at: String,
    /// The longest answer where a human review says nothing.
    pub string_limit: usize,
}

/// What is known of a datapoint while its columns are read.
#[derive(Default)]
struct Parts {
    inputs: Map<String, Value>,
    messages: Vec<Value>,
    words: Vec<(&'static str, Value)>,
    expected: Option<String>,
    evaluations: Vec<Value>,
    origin: Origin,
    completion: Option<String>,
    good: Option<bool>,
}

impl Builder {
    /// The datapoint of a row.
    pub(in crate::dataset) fn build(&self, row: &Row) -> Made<New> {
        let mut parts = Parts::default();
        for (column, target) in &self.mapping {
            if let Some(value) = row.get(column) {
                self.put(&mut parts, column, target, value)?;
            }
        }
        let Parts { inputs, messages, words, expected, mut evaluations, mut origin, completion, good } = parts;
        if let Some(good) = good {
            evaluations.push(self.entry("label", None, json!(good)));
        }
        let mut asked: Vec<Value> = Vec::new();
        let say = |role: &str, content: &Value| json!({"role": role, "content": content});
        asked.extend(words.iter().filter(|(role, _)| matches!(*role, "system" | "developer")).map(|(r, c)| say(r, c)));
        asked.extend(messages);
        asked.extend(words.iter().filter(|(role, _)| *role == "user").map(|(r, c)| say(r, c)));
        asked.extend(words.iter().filter(|(role, _)| *role == "assistant").map(|(r, c)| say(r, c)));
        let expected = expected.or_else(|| completion.clone().filter(|_| good == Some(true)));
        origin.answer = completion.or(origin.answer);
        let input = Input {
            inputs: Some(inputs).filter(|inputs| !inputs.is_empty()),
            messages: Some(asked).filter(|asked| !asked.is_empty()),
            expected_output: expected,
        };
        let input = input.check("").map_err(|error| self.own(error))?;
        if input == Input::default() {
            return Err(Fault { column: None, message: "This row holds nothing.".to_owned() });
        }
        let origin = Some(origin).filter(|origin| *origin != Origin::default());
        Ok(New { input, evaluations: Some(evaluations).filter(|list| !list.is_empty()), origin })
    }

    fn put(&self, parts: &mut Parts, column: &str, target: &Target, value: &Value) -> Made<()> {
        match target {
            Target::Ignore => {}
            Target::Inputs => match parsed(column, value)? {
                Value::Object(inputs) => parts.inputs.extend(inputs),
                _ => return fault(column, "This must be a JSON object."),
            },
            Target::Input(name) => drop(parts.inputs.insert(name.clone(), value.clone())),
            Target::Messages => parts.messages = conversation(column, value)?,
            Target::Chat => {
                parts.messages = conversation(column, value)?;
                parts.expected = last_answer(&mut parts.messages);
            }
            Target::Message(role) => parts.words.push((role, text(column, value)?.into())),
            Target::Expected => parts.expected = Some(plain(value)),
            Target::Chosen => parts.expected = Some(answer(column, value)?),
            Target::Rejected => parts.origin.answer = Some(answer(column, value)?),
            Target::Completion => parts.completion = Some(answer(column, value)?),
            Target::Label => parts.good = Some(truth(column, value)?),
            Target::Evaluations => parts.evaluations.extend(evaluations(column, value)?),
            Target::Evaluation(key) => parts.evaluations.push(self.answered(column, key, value)?),
            Target::Origin => {
                let origin = parsed(column, value)?;
                parts.origin = serde_json::from_value(origin)
                    .or_else(|cause| fault(column, format!("This is no origin: {cause}.")))?;
            }
            Target::OriginField(field) => {
                let text = text(column, value)?.to_owned();
                match *field {
                    "trace_id" => parts.origin.trace_id = text,
                    "span_id" => parts.origin.span_id = text,
                    "answer" => parts.origin.answer = Some(text),
                    "corrected_by" => parts.origin.corrected_by = Some(text),
                    _ => parts.origin.queue_item_id = Some(text),
                }
            }
        }
        Ok(())
    }

    /// What the check of a datapoint finds, in the column that it comes from.
    fn own(&self, error: Error) -> Fault {
        let Error::Invalid { field, message, .. } = error else {
            return Fault { column: None, message: error.to_string() };
        };
        let messages = field.is_some_and(|field| field.starts_with("messages"));
        let column = self.mapping.iter().find(|(_, target)| matches!(target, Target::Messages | Target::Chat));
        Fault { column: column.filter(|_| messages).map(|(name, _)| name.clone()), message }
    }

    /// An answer to a human review of the project.
    fn answered(&self, column: &str, key: &str, value: &Value) -> Made<Value> {
        let Some(review) = self.reviews.get(key) else {
            return fault(column, format!("The project has no human review with the key \"{key}\"."));
        };
        let value = match (review.kind, value) {
            (Kind::Range, Value::String(text)) => {
                text.trim().parse::<f64>().map_or(value.clone(), |number| json!(number))
            }
            (Kind::Boolean, Value::String(_)) => json!(truth(column, value)?),
            (Kind::MultiSelect, Value::String(text)) if text.starts_with('[') => parsed(column, value)?,
            (Kind::MultiSelect, Value::String(text)) => json!([text]),
            _ => value.clone(),
        };
        let accepted = value::check(&Rules::from(review), &value, self.string_limit, key)
            .or_else(|error| fault(column, error.to_string()))?;
        let value = serde_json::from_str(&accepted.json).unwrap_or_default();
        Ok(self.entry(key, Some(review), value))
    }

    fn entry(&self, key: &str, review: Option<&Definition>, value: Value) -> Value {
        let (kind, name) = match &value {
            Value::Number(_) => ("number", "value"),
            Value::Bool(_) => ("boolean", "value"),
            Value::Array(_) => ("string_array", "values"),
            _ => ("string", "value"),
        };
        json!({
            "id": format!("imported-{key}"),
            "evaluation_type": "human_review",
            "human_review_id": review.map_or(key, |review| &review.id),
            "key": key,
            "source": "external",
            "annotator": {"kind": "human", "actor_id": self.by},
            "reviewed_by_id": self.by,
            "reviewed_at": self.at,
            "type": kind,
            name: value,
        })
    }
}

/// A value that may be written as JSON text, as tables write it.
fn parsed(column: &str, value: &Value) -> Made<Value> {
    match value {
        Value::String(text) => match serde_json::from_str(text) {
            Ok(value) => Ok(value),
            Err(_) => fault(column, "This is no JSON."),
        },
        other => Ok(other.clone()),
    }
}

fn text<'a>(column: &str, value: &'a Value) -> Made<&'a str> {
    value.as_str().map_or_else(|| fault(column, "This must be a text."), Ok)
}

/// A text as it is, anything else as JSON.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}

fn truth(column: &str, value: &Value) -> Made<bool> {
    let words = match value {
        Value::Bool(truth) => return Ok(*truth),
        other => plain(other).trim().to_lowercase(),
    };
    match words.as_str() {
        "true" | "yes" | "1" => Ok(true),
        "false" | "no" | "0" => Ok(false),
        _ => fault(column, "This must be true or false."),
    }
}

/// Messages, or the words of a user.
fn conversation(column: &str, value: &Value) -> Made<Vec<Value>> {
    match value {
        Value::String(text) if !text.trim_start().starts_with('[') => {
            Ok(vec![json!({"role": "user", "content": text})])
        }
        _ => match parsed(column, value)? {
            Value::Array(messages) => Ok(messages),
            _ => fault(column, "This must be a list of messages."),
        },
    }
}

/// Takes the answer off the end of a conversation.
fn last_answer(messages: &mut Vec<Value>) -> Option<String> {
    let last = messages.last()?;
    let alone = last["role"] == "assistant" && last.get("tool_calls").is_none_or(Value::is_null);
    let answer = last["content"].as_str().filter(|_| alone)?.to_owned();
    messages.pop();
    Some(answer)
}

/// An answer: a text, or a list with one message of an assistant.
fn answer(column: &str, value: &Value) -> Made<String> {
    let value = match value {
        Value::String(text) if !text.trim_start().starts_with("[{") => return Ok(text.clone()),
        _ => parsed(column, value)?,
    };
    let said = match value.as_array().map(Vec::as_slice) {
        Some([only]) if only["role"] == "assistant" => only["content"].as_str(),
        _ => None,
    };
    let needed = "This must be a text, or a list with one message of the role assistant whose content is a text.";
    said.map_or_else(|| fault(column, needed), |text| Ok(text.to_owned()))
}

/// What people said, as the API shows it: clients refuse a whole list for one entry of another form.
fn evaluations(column: &str, value: &Value) -> Made<Vec<Value>> {
    let Value::Array(list) = parsed(column, value)? else {
        return fault(column, "This must be a list of evaluations.");
    };
    for each in &list {
        let fits = match each["type"].as_str() {
            Some("string") => each["value"].is_string(),
            Some("number") => each["value"].is_number(),
            Some("boolean") => each["value"].is_boolean(),
            Some("string_array") => each["values"].as_array().is_some_and(|all| all.iter().all(Value::is_string)),
            _ => false,
        };
        let named = each["id"].is_string() && each["reviewed_by_id"].is_string();
        let dated = match each.get("reviewed_at") {
            None => true,
            Some(at) => at.as_str().is_some_and(|text| parse_rfc3339(text).is_some()),
        };
        if !fits || !named || !dated || each["evaluation_type"] != "human_review" {
            return fault(
                column,
                "An evaluation needs id, evaluation_type human_review, reviewed_by_id, type and value.",
            );
        }
    }
    Ok(list)
}
