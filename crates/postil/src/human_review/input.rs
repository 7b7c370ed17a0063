//! What a client may say of a definition, and how it is checked.

use super::{Config, Definition, Kind, ReviewOption};
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::id;

/// The bounds of the bounds of a range (contract A.1).
const LOWEST: i64 = -100;
const HIGHEST: i64 = 100_000;
/// Characters of titles, keys, option values and other short texts.
const SHORT: usize = 255;
/// Characters of descriptions, and the largest limit of a text.
const LONG: usize = 3000;
/// Options of one select.
const MOST_OPTIONS: usize = 200;

/// A definition as a client sends it. Absent optional fields keep what an existing definition says.
#[derive(Debug, Clone, Default)]
pub struct DefinitionInput {
    /// The type.
    pub kind: String,
    /// The title.
    pub display_name: String,
    /// What is asked.
    pub description: String,
    /// The key, if the client chooses one.
    pub key: Option<String>,
    /// The project, if it is not the caller's.
    pub project_id: Option<String>,
    /// The rules of a range or a text.
    pub config: Option<Config>,
    /// The options of a select.
    pub options: Option<Vec<OptionInput>>,
    /// The place among the others.
    pub position: Option<i64>,
    /// Whether it is out of use.
    pub archived: Option<bool>,
}

/// An option as a client sends it.
#[derive(Debug, Clone, Default)]
pub struct OptionInput {
    /// Its id, if it is known.
    pub id: Option<String>,
    /// What is stored.
    pub value: String,
    /// What is shown.
    pub label: Option<String>,
    /// `neutral`, `positive` or `negative`.
    pub sentiment: Option<String>,
    /// What it means.
    pub description: Option<String>,
    /// The name of an icon.
    pub icon: Option<String>,
    /// A colour.
    pub color: Option<String>,
}

/// The parts of an input that were checked and completed.
pub(super) struct Checked {
    pub(super) kind: Kind,
    pub(super) config: Config,
    pub(super) options: Vec<ReviewOption>,
}

impl DefinitionInput {
    /// The key the client chose. Generated clients of one generation fill in `orq_` and ten characters that were fixed
    /// when they were built, the same for everyone: such a key means that none was chosen (contract A.1).
    pub(super) fn own_key(&self) -> Option<&str> {
        self.key.as_deref().filter(|key| !is_built_in(key))
    }

    pub(super) fn check(&self, clock: &Clock, old: Option<&Definition>) -> Result<Checked> {
        let kind = Kind::parse(&self.kind).ok_or_else(|| {
            let names = Kind::ALL.map(Kind::name).join(", ");
            Error::field("invalid_type", "type", format!("type must be one of: {names}."))
        })?;
        length("display_name", &self.display_name, 1, SHORT)?;
        length("description", &self.description, 0, LONG)?;
        if let Some(key) = &self.key {
            length("key", key, 1, SHORT)?;
        }
        let old = old.filter(|old| old.kind == kind);
        let config = match (&self.config, old) {
            (Some(config), _) => config.clone(),
            (None, Some(old)) => old.config.clone(),
            (None, None) => Config::default(),
        };
        let config = check_config(kind, config)?;
        let options = match (&self.options, old) {
            (Some(options), _) if kind.has_options() => check_options(clock, options, old)?,
            (None, Some(old)) => old.options.clone(),
            (None, None) if kind.has_options() => {
                return Err(Error::field("missing_options", "options", "A select needs at least one option."));
            }
            _ => Vec::new(),
        };
        Ok(Checked { kind, config, options })
    }
}

fn is_built_in(key: &str) -> bool {
    key.strip_prefix("orq_").is_some_and(|rest| {
        rest.len() == 10
            && rest.bytes().all(|byte| b"0123456789abcdefghjkmnpqrstvwxyz".contains(&byte.to_ascii_lowercase()))
    })
}

fn length(field: impl Into<String>, text: &str, least: usize, most: usize) -> Result<()> {
    let count = text.chars().count();
    if (least..=most).contains(&count) {
        return Ok(());
    }
    let field = field.into();
    let message = if count < least {
        format!("{field} must not be empty.")
    } else {
        format!("{field} must be at most {most} characters long.")
    };
    Err(Error::field("invalid_length", field, message))
}

/// Keeps the rules that mean something for this kind, and checks them.
fn check_config(kind: Kind, config: Config) -> Result<Config> {
    match kind {
        Kind::Range => {
            let bound = |value: Option<i64>, name: &str| {
                value.filter(|value| (LOWEST..=HIGHEST).contains(value)).ok_or_else(|| {
                    let field = format!("config.{name}");
                    let message = format!("{field} must be an integer from {LOWEST} to {HIGHEST}.");
                    Error::field("invalid_range", field, message)
                })
            };
            let (min, max) = (bound(config.min, "min")?, bound(config.max, "max")?);
            if min >= max {
                return Err(Error::field("invalid_range", "config.max", "config.max must be greater than config.min."));
            }
            if config.step.is_some_and(|step| !step.is_finite() || step <= 0.0) {
                return Err(Error::field("invalid_step", "config.step", "config.step must be greater than 0."));
            }
            Ok(Config { min: Some(min), max: Some(max), step: config.step, max_length: None })
        }
        Kind::Text | Kind::Correction => {
            if config.max_length.is_some_and(|most| usize::try_from(most).is_ok_and(|most| (1..=LONG).contains(&most)))
            {
                return Ok(Config { max_length: config.max_length, ..Config::default() });
            }
            if config.max_length.is_some() {
                let message = format!("config.max_length must be from 1 to {LONG}.");
                return Err(Error::field("invalid_length", "config.max_length", message));
            }
            Ok(Config::default())
        }
        _ => Ok(Config::default()),
    }
}

fn check_options(clock: &Clock, given: &[OptionInput], old: Option<&Definition>) -> Result<Vec<ReviewOption>> {
    if given.is_empty() || given.len() > MOST_OPTIONS {
        let message = format!("A select needs 1 to {MOST_OPTIONS} options.");
        return Err(Error::field("invalid_options", "options", message));
    }
    let mut options: Vec<ReviewOption> = Vec::with_capacity(given.len());
    for (at, option) in given.iter().enumerate() {
        let field = |name: &str| format!("options[{at}].{name}");
        length(field("value"), &option.value, 1, SHORT)?;
        length(field("label"), option.label.as_deref().unwrap_or(""), 0, SHORT)?;
        length(field("description"), option.description.as_deref().unwrap_or(""), 0, LONG)?;
        length(field("icon"), option.icon.as_deref().unwrap_or(""), 0, SHORT)?;
        length(field("color"), option.color.as_deref().unwrap_or(""), 0, SHORT)?;
        if option.id.as_deref().is_some_and(|id| !id::is_ulid(id)) {
            return Err(Error::field("invalid_id", field("id"), format!("{} must be a ULID.", field("id"))));
        }
        let sentiment = option.sentiment.as_deref().unwrap_or("neutral");
        if !["neutral", "positive", "negative"].contains(&sentiment) {
            let message = format!("{} must be neutral, positive or negative.", field("sentiment"));
            return Err(Error::field("invalid_sentiment", field("sentiment"), message));
        }
        if options.iter().any(|other| other.value == option.value) {
            let message = format!("The option \"{}\" is there twice.", option.value);
            return Err(Error::field("duplicate_option", field("value"), message));
        }
        // Clients that know nothing of our own fields must not lose them for others.
        let before = old.and_then(|old| old.options.iter().find(|other| other.value == option.value));
        options.push(ReviewOption {
            id: option.id.clone().or_else(|| before.map(|other| other.id.clone())).unwrap_or_else(|| id::ulid(clock)),
            value: option.value.clone(),
            label: option.label.clone().or_else(|| before.and_then(|other| other.label.clone())),
            sentiment: sentiment.to_owned(),
            description: option.description.clone().unwrap_or_default(),
            icon: option.icon.clone().unwrap_or_default(),
            color: option.color.clone().or_else(|| before.and_then(|other| other.color.clone())),
        });
    }
    Ok(options)
}

#[cfg(test)]
mod tests {
    use super::is_built_in;

    #[test]
    fn a_key_that_was_fixed_when_a_client_was_built_is_recognised() {
        assert!(is_built_in("orq_01kn7yd6q8"));
        assert!(!is_built_in("orq_confidence"), "a word with letters that the alphabet leaves out");
        assert!(!is_built_in("orq_01kn7yd6q"));
        assert!(!is_built_in("rating"));
    }
}
