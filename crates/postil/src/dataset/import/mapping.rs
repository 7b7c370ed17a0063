//! Which part of a datapoint each column of a file becomes. Pure.

use std::collections::BTreeMap;

use crate::error::{Error, Result};

/// What a column becomes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Target {
    /// Nothing.
    Ignore,
    /// All inputs, as a JSON object.
    Inputs,
    /// One input.
    Input(String),
    /// The messages as a JSON list, or the words of a user.
    Messages,
    /// The words of one role.
    Message(&'static str),
    /// A conversation that ends with the expected output.
    Chat,
    /// The expected output.
    Expected,
    /// What people said, as the API shows it.
    Evaluations,
    /// What was said to the human review with this key.
    Evaluation(String),
    /// Where it comes from, as a JSON object.
    Origin,
    /// One field of that.
    OriginField(&'static str),
    /// The better answer of two: the expected output.
    Chosen,
    /// The worse one: what was answered.
    Rejected,
    /// An answer that was judged.
    Completion,
    /// Whether it was good.
    Label,
}

const ROLES: [&str; 4] = ["system", "developer", "user", "assistant"];
const ORIGIN: [&str; 5] = ["trace_id", "span_id", "answer", "corrected_by", "queue_item_id"];

impl Target {
    /// Reads a target as it is sent.
    pub fn parse(text: &str) -> Option<Target> {
        let one_of = |names: &[&'static str], name: &str| names.iter().copied().find(|known| *known == name);
        Some(match text {
            "ignore" => Target::Ignore,
            "inputs" => Target::Inputs,
            "messages" => Target::Messages,
            "chat" => Target::Chat,
            "expected_output" => Target::Expected,
            "evaluations" => Target::Evaluations,
            "origin" => Target::Origin,
            "chosen" => Target::Chosen,
            "rejected" => Target::Rejected,
            "completion" => Target::Completion,
            "label" => Target::Label,
            _ => match text.split_once('.')? {
                ("inputs", name) if !name.trim().is_empty() => Target::Input(name.trim().to_owned()),
                ("evaluations", key) if !key.is_empty() => Target::Evaluation(key.to_owned()),
                ("messages", role) => Target::Message(one_of(&ROLES, role)?),
                ("origin", field) => Target::OriginField(one_of(&ORIGIN, field)?),
                _ => return None,
            },
        })
    }

    /// The target as it is sent.
    pub fn name(&self) -> String {
        match self {
            Target::Ignore => "ignore".into(),
            Target::Inputs => "inputs".into(),
            Target::Input(name) => format!("inputs.{name}"),
            Target::Messages => "messages".into(),
            Target::Message(role) => format!("messages.{role}"),
            Target::Chat => "chat".into(),
            Target::Expected => "expected_output".into(),
            Target::Evaluations => "evaluations".into(),
            Target::Evaluation(key) => format!("evaluations.{key}"),
            Target::Origin => "origin".into(),
            Target::OriginField(field) => format!("origin.{field}"),
            Target::Chosen => "chosen".into(),
            Target::Rejected => "rejected".into(),
            Target::Completion => "completion".into(),
            Target::Label => "label".into(),
        }
    }
}

/// The columns of a file in their order, and what becomes of each.
pub type Mapping = Vec<(String, Target)>;

/// What becomes of every column: what was given, and else what its name says.
///
/// # Errors
/// [`Error::Invalid`] for a column that is not there, a target nobody knows, and two columns for one place.
pub fn mapping(columns: &[String], given: &BTreeMap<String, String>) -> Result<Mapping> {
    for (column, target) in given {
        let field = format!("mapping.{column}");
        if !columns.contains(column) {
            let message = format!("The file has no column \"{column}\".");
            return Err(Error::field("invalid_mapping", field, message));
        }
        if Target::parse(target).is_none() {
            let message = format!(
                "Invalid value: {target}. Valid options are: ignore, inputs, inputs.<name>, messages, messages.<role>, \
                 chat, expected_output, evaluations, evaluations.<key>, origin, origin.<field>, chosen, rejected, \
                 completion, label."
            );
            return Err(Error::field("invalid_mapping", field, message));
        }
    }
    let mut mapping = Mapping::new();
    let named: Vec<Target> = given.values().filter_map(|target| Target::parse(target)).collect();
    for column in columns {
        let target = match given.get(column).and_then(|target| Target::parse(target)) {
            Some(target) => target,
            None => {
                let taken =
                    |target: &Target| named.contains(target) || mapping.iter().any(|(_, other)| other == target);
                let guessed = guess(column, columns);
                let free = guessed == Target::Ignore || !taken(&guessed);
                if free { guessed } else { Target::Input(column.clone()) }
            }
        };
        mapping.push((column.clone(), target));
    }
    for (at, (column, target)) in mapping.iter().enumerate() {
        if *target != Target::Ignore && mapping[..at].iter().any(|(_, other)| other == target) {
            let message = format!("Two columns are to become {}.", target.name());
            return Err(Error::field("invalid_mapping", format!("mapping.{column}"), message));
        }
    }
    Ok(mapping)
}

/// What a column is by its name, beside the others: our own exports first, then what people call such columns.
fn guess(column: &str, columns: &[String]) -> Target {
    let plain = |name: &str| name.trim().to_lowercase().replace([' ', '-'], "_");
    let has = |name: &str| columns.iter().any(|column| plain(column) == name);
    let name = plain(column);
    let pairs = has("chosen") && has("rejected");
    let verdicts = has("completion") && has("label");
    let expected = has("expected_output") || has("expected");
    match name.as_str() {
        "id" | "_id" | "split" | "dataset_id" | "workspace_id" | "created_by" | "created_by_id" | "updated_by_id"
        | "created_at" | "updated_at" | "created" | "updated" => Target::Ignore,
        "chosen" if pairs => Target::Chosen,
        "rejected" if pairs => Target::Rejected,
        "completion" if verdicts => Target::Completion,
        "label" if verdicts => Target::Label,
        "prompt" if pairs || verdicts => Target::Messages,
        "messages" if !expected && !has("inputs") => Target::Chat,
        "messages" | "conversation" => Target::Messages,
        "trace_id" => Target::OriginField("trace_id"),
        "span_id" => Target::OriginField("span_id"),
        "corrected_by" => Target::OriginField("corrected_by"),
        "queue_item_id" => Target::OriginField("queue_item_id"),
        "answer" | "output" | "response" if expected => Target::OriginField("answer"),
        "expected" | "expected_answer" | "answer" | "output" | "response" | "completion" | "target" | "reference"
        | "ideal" | "ground_truth" => Target::Expected,
        "question" | "query" | "prompt" | "input" | "user" | "user_message" | "instruction" => Target::Message("user"),
        "system" | "system_prompt" | "system_message" => Target::Message("system"),
        own => match Target::parse(own) {
            Some(Target::Input(_) | Target::Evaluation(_)) => {
                Target::parse(column.trim()).unwrap_or(Target::Input(column.to_owned()))
            }
            Some(Target::Chat | Target::Label | Target::Completion | Target::Chosen | Target::Rejected) | None => {
                Target::Input(column.to_owned())
            }
            Some(target) => target,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guessed(columns: &[&str]) -> Vec<String> {
        let columns: Vec<String> = columns.iter().map(ToString::to_string).collect();
        let found = mapping(&columns, &BTreeMap::new()).unwrap();
        found.iter().map(|(_, target)| target.name()).collect()
    }

    #[test]
    fn columns_are_known_by_what_people_call_them() {
        assert_eq!(
            guessed(&["Question", "Expected Answer", "city"]),
            ["messages.user", "expected_output", "inputs.city"]
        );
        assert_eq!(guessed(&["question", "query"]), ["messages.user", "inputs.query"]);
        assert_eq!(guessed(&["inputs.Big City", "label", "id"]), ["inputs.Big City", "inputs.label", "ignore"]);
    }

    #[test]
    fn our_own_files_are_known() {
        assert_eq!(guessed(&["messages"]), ["chat"]);
        assert_eq!(guessed(&["prompt", "chosen", "rejected"]), ["messages", "chosen", "rejected"]);
        assert_eq!(guessed(&["prompt", "completion", "label"]), ["messages", "completion", "label"]);
        assert_eq!(
            guessed(&["messages", "expected_output", "answer"]),
            ["messages", "expected_output", "origin.answer"]
        );
    }

    #[test]
    fn a_mapping_names_columns_and_places_that_exist_and_each_place_once() {
        let columns = ["a".to_owned(), "b".to_owned()];
        let fault = |pairs: &[(&str, &str)]| {
            let given = pairs.iter().map(|(column, target)| (column.to_string(), target.to_string())).collect();
            match mapping(&columns, &given) {
                Err(Error::Invalid { field, .. }) => field.unwrap(),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(fault(&[("c", "ignore")]), "mapping.c");
        assert_eq!(fault(&[("a", "somewhere")]), "mapping.a");
        assert_eq!(fault(&[("a", "expected_output"), ("b", "expected_output")]), "mapping.b");
    }
}
