//! Checks an answer against a definition. Pure: no database, no clock.

use serde::Deserialize;
use serde_json::Value;

use super::{Config, Definition, Kind};
use crate::error::{Error, Result};

/// The rules an answer must keep: what of a definition matters for its values.
#[derive(Debug, Clone)]
pub struct Rules {
    /// The type.
    pub kind: Kind,
    /// The bounds.
    pub config: Config,
    /// The values that can be chosen.
    pub options: Vec<Choice>,
}

/// A value that can be chosen; the rest of an option does not matter here.
#[derive(Debug, Clone, Deserialize)]
pub struct Choice {
    /// What is stored.
    pub value: String,
}

impl From<&Definition> for Rules {
    fn from(definition: &Definition) -> Rules {
        let options = definition.options.iter().map(|option| Choice { value: option.value.clone() }).collect();
        Rules { kind: definition.kind, config: definition.config.clone(), options }
    }
}

/// A value that keeps the rules, as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Accepted {
    /// The value as JSON; the same value always reads the same.
    pub json: String,
    /// A chosen option, or `true` and `false`: short, so that it can be looked up by an index. Nothing for free text.
    pub text: Option<String>,
    /// A number.
    pub number: Option<f64>,
}

/// Whether a value has a form that any human review could take: text, number, truth, or a list of texts.
pub fn check_form(value: &Value, field: &str) -> Result<()> {
    let fits = match value {
        Value::String(_) | Value::Number(_) | Value::Bool(_) => true,
        Value::Array(items) => !items.is_empty() && items.iter().all(Value::is_string),
        Value::Null | Value::Object(_) => false,
    };
    if fits {
        return Ok(());
    }
    let message = format!("{field} must be a string, a number, a boolean or a list of at least one string.");
    Err(Error::field("invalid_value", field, message))
}

/// Checks `value` against the rules of a human review. `default_limit` is the most characters of a string where the
/// definition sets none.
pub fn check(rules: &Rules, value: &Value, default_limit: usize, field: &str) -> Result<Accepted> {
    check_form(value, field)?;
    let own_limit = rules.config.max_length.and_then(|limit| usize::try_from(limit).ok());
    let limit = own_limit.unwrap_or(default_limit);
    let options = &rules.options;
    // What is one of the options was written by a developer; everything else is a stranger's text.
    each_string(value, |text| {
        let known = rules.kind.has_options() && options.iter().any(|option| option.value == text);
        if known { Ok(()) } else { check_length(text, limit, field) }
    })?;
    match (rules.kind, value) {
        (Kind::SingleSelect, Value::String(text)) => choose(rules, text, field).map(|()| one(text)),
        (Kind::SingleSelect, Value::Array(items)) => match items.as_slice() {
            [Value::String(text)] => choose(rules, text, field).map(|()| one(text)),
            _ => Err(wrong(field, value, &format!("Give exactly one of these options: {}.", names(rules)))),
        },
        (Kind::MultiSelect, Value::Array(items)) => several(rules, items, field),
        (Kind::MultiSelect, _) => Err(wrong(field, value, &format!("Give a list of these options: {}.", names(rules)))),
        (Kind::SingleSelect, _) => Err(invalid_option(rules, &shown(value), field)),
        (Kind::Range, Value::Number(_)) => in_range(&rules.config, value, field),
        (Kind::Range, _) => Err(wrong(field, value, "A number is expected.")),
        (Kind::Text | Kind::Correction, Value::String(text)) => {
            Ok(Accepted { json: Value::String(text.clone()).to_string(), text: None, number: None })
        }
        (Kind::Text | Kind::Correction, _) => Err(wrong(field, value, "A string is expected.")),
        (Kind::Boolean, Value::Bool(truth)) => Ok(boolean(*truth)),
        (Kind::Boolean, _) => Err(wrong(field, value, "Valid options are: true, false.")),
    }
}

/// Refuses strings that are too long, in the words of the guide.
pub fn check_length(text: &str, limit: usize, field: &str) -> Result<()> {
    // A string has no more characters than bytes, so most need no counting.
    if text.len() <= limit || text.chars().count() <= limit {
        return Ok(());
    }
    let message = format!("String value exceeds maximum length of {limit} characters.");
    Err(Error::field("string_too_long", field, message))
}

/// A number as error texts and stored values show it: whole numbers without a fraction.
pub fn number(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1e15 {
        // Adding zero turns minus zero into zero.
        return format!("{:.0}", value + 0.0);
    }
    serde_json::Number::from_f64(value).map_or_else(|| value.to_string(), |number| number.to_string())
}

/// Truth as it is stored.
pub fn boolean(truth: bool) -> Accepted {
    Accepted { json: truth.to_string(), text: Some(truth.to_string()), number: None }
}

/// A number as it is stored.
pub fn numeric(value: f64) -> Accepted {
    Accepted { json: number(value), text: None, number: Some(value + 0.0) }
}

fn one(text: &str) -> Accepted {
    Accepted { json: Value::String(text.to_owned()).to_string(), text: Some(text.to_owned()), number: None }
}

fn each_string(value: &Value, mut check: impl FnMut(&str) -> Result<()>) -> Result<()> {
    match value {
        Value::String(text) => check(text),
        Value::Array(items) => items.iter().filter_map(Value::as_str).try_for_each(check),
        _ => Ok(()),
    }
}

fn choose(rules: &Rules, text: &str, field: &str) -> Result<()> {
    if rules.options.iter().any(|option| option.value == text) {
        return Ok(());
    }
    Err(invalid_option(rules, text, field))
}

fn several(rules: &Rules, items: &[Value], field: &str) -> Result<Accepted> {
    let mut chosen: Vec<&str> = Vec::with_capacity(items.len());
    for text in items.iter().filter_map(Value::as_str) {
        choose(rules, text, field)?;
        if !chosen.contains(&text) {
            chosen.push(text);
        }
    }
    Ok(Accepted { json: Value::from(chosen).to_string(), text: None, number: None })
}

fn in_range(config: &Config, value: &Value, field: &str) -> Result<Accepted> {
    let given = value.as_f64().unwrap_or(f64::NAN);
    let (Some(min), Some(max)) = (config.min, config.max) else {
        return Err(Error::internal("a range without bounds is stored"));
    };
    #[expect(clippy::cast_precision_loss, reason = "bounds are at most 100,000")]
    let (low, high) = (min as f64, max as f64);
    if !(low..=high).contains(&given) {
        let message = format!("Value {} is out of range [{min}, {max}].", number(given));
        return Err(Error::field("out_of_range", field, message));
    }
    if let Some(step) = config.step {
        let steps = (given - low) / step;
        if (steps - steps.round()).abs() > 1e-6 {
            let message = format!("Value {} is not in steps of {} from {min}.", number(given), number(step));
            return Err(Error::field("out_of_step", field, message));
        }
    }
    Ok(numeric(given))
}

fn names(rules: &Rules) -> String {
    rules.options.iter().map(|option| option.value.as_str()).collect::<Vec<_>>().join(", ")
}

fn invalid_option(rules: &Rules, given: &str, field: &str) -> Error {
    let message = format!("Invalid value: {given}. Valid options are: {}.", names(rules));
    Error::field("invalid_value", field, message)
}

fn wrong(field: &str, value: &Value, expected: &str) -> Error {
    Error::field("invalid_value", field, format!("Invalid value: {}. {expected}", shown(value)))
}

/// A value inside a sentence, cut where it would make a page of it.
fn shown(value: &Value) -> String {
    let whole = match value {
        Value::String(text) => text.clone(),
        Value::Number(given) => given.as_f64().map_or_else(|| given.to_string(), number),
        Value::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    };
    if whole.chars().count() <= 200 {
        return whole;
    }
    format!("{}…", whole.chars().take(200).collect::<String>())
}

#[cfg(test)]
#[path = "value_tests.rs"]
mod tests;
