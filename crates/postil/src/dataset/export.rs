//! Datapoints as lines for other programs. Pure, but for the reading of a page.
//!
//! | format | a line is | left out |
//! |---|---|---|
//! | `jsonl` | the whole datapoint | nothing |
//! | `csv` | the whole datapoint, JSON inside of fields | nothing |
//! | `parquet` | the whole datapoint, as in the CSV | nothing |
//! | `openai` | `{messages}` that end with the expected output: chat fine-tuning, and TRL's SFT | without expected output |
//! | `dpo` | `{prompt, chosen, rejected}`, chosen = the correction, rejected = what was said (TRL, conversational) | not corrected |
//! | `kto` | `{prompt, completion, label}` from ratings and corrections (TRL, conversational) | not judged |

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::datapoint::Datapoint;
use super::{datapoint_store as points, find, snapshot, snapshot_store};
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::human_review;
use crate::page::PageRequest;
use crate::project::{Caller, Permission};

/// How many datapoints are read at once.
const AT_ONCE: usize = 200;

/// How datapoints are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Everything, a JSON object a line.
    Jsonl,
    /// Everything, as a table.
    Csv,
    /// Conversations that end with the expected output.
    OpenAi,
    /// Preference pairs.
    Dpo,
    /// Answers with a verdict.
    Kto,
    /// Everything as a table with types, which whoever writes it gets row by row.
    Parquet,
}

impl Format {
    /// Reads a format as it is sent.
    ///
    /// # Errors
    /// [`Error::Invalid`] with what is allowed.
    pub fn parse(text: &str) -> Result<Format> {
        Ok(match text {
            "" | "jsonl" => Format::Jsonl,
            "csv" => Format::Csv,
            "openai" | "sft" => Format::OpenAi,
            "dpo" => Format::Dpo,
            "kto" => Format::Kto,
            "parquet" => Format::Parquet,
            _ => {
                let message =
                    format!("Invalid value: {text}. Valid options are: jsonl, csv, parquet, openai, sft, dpo, kto.");
                return Err(Error::field("invalid_value", "format", message));
            }
        })
    }
}

/// Which half of a dataset.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Split {
    /// How many of a hundred are for testing, 0 to 100.
    pub test_percent: u32,
    /// Only those for training (`false`) or only those for testing (`true`).
    pub only: Option<bool>,
}

impl Split {
    /// Checks what a client asks for.
    pub fn new(test_percent: Option<u32>, only: Option<&str>) -> Result<Split> {
        let test_percent = test_percent.unwrap_or(0);
        if test_percent > 100 {
            return Err(Error::field("invalid_value", "test_percent", "test_percent must be from 0 to 100."));
        }
        let only = match only {
            None | Some("") => None,
            Some("train") => Some(false),
            Some("test") => Some(true),
            Some(other) => {
                let message = format!("Invalid value: {other}. Valid options are: train, test.");
                return Err(Error::field("invalid_value", "split", message));
            }
        };
        Ok(Split { test_percent, only })
    }

    /// Whether a datapoint is for testing. It depends on what is asked alone: the same question never stands on both sides,
    /// and neither what is added later nor a corrected answer moves anything.
    fn is_test(self, datapoint: &Datapoint) -> bool {
        if self.test_percent == 0 {
            return false;
        }
        let bits = u64::from_str_radix(datapoint.asked_hash().get(..8).unwrap_or("0"), 16).unwrap_or(0);
        bits % 10_000 < u64::from(self.test_percent) * 100
    }

    fn wants(self, datapoint: &Datapoint) -> bool {
        self.only.is_none_or(|test| self.is_test(datapoint) == test)
    }
}

/// What each chosen option means, by the id of its human review.
#[derive(Debug, Clone, Default)]
pub struct Sentiments(HashMap<String, HashMap<String, bool>>);

impl Sentiments {
    /// Of every human review of a project, archived ones too.
    fn of(tx: &mut Tx<'_>, caller: &Caller) -> Result<Sentiments> {
        let mut all = HashMap::new();
        for review in human_review::of_project(tx, &caller.project, true)? {
            let meant = review.options.iter().filter(|option| option.sentiment != "neutral");
            let meant: HashMap<_, _> =
                meant.map(|option| (option.value.clone(), option.sentiment == "positive")).collect();
            if !meant.is_empty() {
                all.insert(review.id.clone(), meant);
            }
        }
        Ok(Sentiments(all))
    }

    /// Whether people found the answer good: all of those who said so. None when nobody did, or they differ.
    fn verdict(&self, datapoint: &Datapoint) -> Option<bool> {
        let mut verdict = None;
        for said in datapoint.evaluations.iter().flatten() {
            let review = said["human_review_id"].as_str().and_then(|id| self.0.get(id));
            let one = match &said["value"] {
                Value::Bool(value) => Some(*value),
                Value::String(value) => review.and_then(|review| review.get(value).copied()),
                _ => None,
            };
            let Some(one) = one else { continue };
            if verdict.is_some_and(|before| before != one) {
                return None;
            }
            verdict = Some(one);
        }
        verdict
    }
}

/// An export that is under way.
#[derive(Debug, Clone)]
pub struct Export {
    dataset_id: String,
    name: String,
    format: Format,
    split: Split,
    sentiments: Sentiments,
    /// The number of a snapshot; none: the dataset as it is.
    snapshot: Option<i64>,
    after: Option<String>,
    begun: bool,
    /// Nothing is left.
    pub ended: bool,
}

/// Begins an export of a dataset as it is, or of one of its snapshots.
///
/// # Errors
/// [`Error::NotFound`] when there is no such dataset for the caller.
pub fn begin(
    tx: &mut Tx<'_>,
    caller: &Caller,
    (dataset_id, snapshot_id): (&str, Option<&str>),
    format: Format,
    split: Split,
) -> Result<Export> {
    caller.require(Permission::Read)?;
    let dataset = find(tx, caller, dataset_id)?;
    let snapshot = snapshot_id.map(|id| snapshot::read(tx, caller, dataset_id, id)).transpose()?;
    let project = crate::project::ProjectRef { id: dataset.project_id, number: dataset.project };
    let sentiments = Sentiments::of(tx, &Caller { project, ..caller.clone() })?;
    let name = match &snapshot {
        Some(snapshot) => format!("{}-{}", dataset.display_name, snapshot.name),
        None => dataset.display_name,
    };
    let snapshot = snapshot.map(|snapshot| snapshot.number);
    let dataset_id = dataset.id;
    Ok(Export { dataset_id, name, format, split, sentiments, snapshot, after: None, begun: false, ended: false })
}

impl Export {
    /// The name of the dataset.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The same export of one half.
    #[must_use]
    pub fn only(&self, test: bool) -> Export {
        Export { split: Split { only: Some(test), ..self.split }, ..self.clone() }
    }

    /// Whether some are for testing.
    pub fn has_tests(&self) -> bool {
        self.split.test_percent > 0
    }

    fn read(&self, tx: &mut Tx<'_>) -> Result<(Vec<Datapoint>, Export)> {
        let page = PageRequest { limit: AT_ONCE, starting_after: self.after.clone(), ending_before: None };
        let page = match self.snapshot {
            Some(number) if !snapshot_store::is_there(tx, &self.dataset_id, number)? => {
                return Err(Error::not_found("snapshot_not_found", "The snapshot was deleted while it was exported."));
            }
            Some(number) => snapshot_store::page(tx, &self.dataset_id, number, &page)?,
            None => points::list(tx, &self.dataset_id, &page)?,
        };
        let after = page.data.last().map(|last| last.id.clone()).or(self.after.clone());
        let rest = Export { after, begun: true, ended: !page.has_more, ..self.clone() };
        Ok((page.data.into_iter().filter(|datapoint| self.split.wants(datapoint)).collect(), rest))
    }

    /// The next rows, in the order of [`COLUMNS`]. The last is the time, in microseconds; what is not there is null.
    pub fn next_rows(&self, tx: &mut Tx<'_>) -> Result<(Vec<Vec<Value>>, Export)> {
        let (datapoints, rest) = self.read(tx)?;
        let row = |datapoint: &Datapoint| {
            let mut fields = self.fields(datapoint);
            fields.pop();
            let text = |text: String| if text.is_empty() { Value::Null } else { Value::String(text) };
            fields.into_iter().map(text).chain([json!(datapoint.created_at)]).collect()
        };
        Ok((datapoints.iter().map(row).collect(), rest))
    }

    /// The next lines, and the export as it stands then.
    pub fn next(&self, tx: &mut Tx<'_>) -> Result<(Vec<u8>, Export)> {
        let (datapoints, rest) = self.read(tx)?;
        let mut bytes = Vec::new();
        if !self.begun && self.format == Format::Csv {
            bytes = csv_line(&COLUMNS.map(ToOwned::to_owned))?;
        }
        for datapoint in &datapoints {
            if self.format == Format::Csv {
                bytes.extend(csv_line(&self.fields(datapoint))?);
                continue;
            }
            for line in self.lines(datapoint) {
                serde_json::to_writer(&mut bytes, &line).map_err(Error::internal)?;
                bytes.push(b'\n');
            }
        }
        Ok((bytes, rest))
    }

    fn split_name(&self, datapoint: &Datapoint) -> &'static str {
        if self.split.is_test(datapoint) { "test" } else { "train" }
    }

    fn lines(&self, datapoint: &Datapoint) -> Vec<Value> {
        // An empty answer teaches nothing.
        let expected = datapoint.expected_output.as_deref().filter(|text| !text.is_empty());
        let prompt = || json!(datapoint.messages.clone().unwrap_or_default());
        let said = |text: &str| json!([{"role": "assistant", "content": text}]);
        let answer = datapoint.origin.as_ref().and_then(|origin| origin.answer.as_deref());
        // A correction is an expected output that differs from what was said.
        let corrected = expected.zip(answer).filter(|(expected, answer)| expected != answer);
        let asked = datapoint.messages.as_ref().is_some_and(|messages| !messages.is_empty());
        match self.format {
            Format::Jsonl | Format::Csv | Format::Parquet => vec![self.whole(datapoint)],
            Format::OpenAi => {
                let Some(expected) = expected.filter(|_| asked) else { return Vec::new() };
                let mut messages = datapoint.messages.clone().unwrap_or_default();
                messages.push(json!({"role": "assistant", "content": expected}));
                vec![json!({"messages": messages})]
            }
            Format::Dpo => {
                let Some((chosen, rejected)) = corrected.filter(|_| asked) else { return Vec::new() };
                vec![json!({"prompt": prompt(), "chosen": said(chosen), "rejected": said(rejected)})]
            }
            Format::Kto if asked => {
                let line =
                    |text: &str, label: bool| json!({"prompt": prompt(), "completion": said(text), "label": label});
                match (corrected, answer, self.sentiments.verdict(datapoint)) {
                    (Some((chosen, rejected)), ..) => vec![line(chosen, true), line(rejected, false)],
                    (None, Some(answer), Some(label)) => vec![line(answer, label)],
                    _ => Vec::new(),
                }
            }
            Format::Kto => Vec::new(),
        }
    }

    fn whole(&self, datapoint: &Datapoint) -> Value {
        let mut line = Map::new();
        line.insert("id".into(), json!(datapoint.id));
        let optional = [
            ("inputs", datapoint.inputs.clone().map(Value::Object)),
            ("messages", datapoint.messages.clone().map(Value::Array)),
            ("expected_output", datapoint.expected_output.clone().map(Value::String)),
            ("evaluations", datapoint.evaluations.clone().map(Value::Array)),
            ("origin", datapoint.origin.as_ref().map(|origin| json!(origin))),
        ];
        // Every line has every field, so that tables made from the first lines fit the last.
        line.extend(optional.into_iter().map(|(name, value)| (name.to_owned(), value.unwrap_or_default())));
        line.insert("split".into(), json!(self.split_name(datapoint)));
        line.insert("created_by".into(), json!(datapoint.created_by));
        line.insert("created_at".into(), json!(crate::clock::rfc3339(datapoint.created_at)));
        Value::Object(line)
    }

    fn fields(&self, datapoint: &Datapoint) -> Vec<String> {
        let json = |value: Option<Value>| value.map(|value| value.to_string()).unwrap_or_default();
        let origin = datapoint.origin.clone().unwrap_or_default();
        vec![
            datapoint.id.clone(),
            json(datapoint.inputs.clone().map(Value::Object)),
            json(datapoint.messages.clone().map(Value::Array)),
            datapoint.expected_output.clone().unwrap_or_default(),
            json(datapoint.evaluations.clone().map(Value::Array)),
            origin.trace_id,
            origin.span_id,
            origin.answer.unwrap_or_default(),
            origin.corrected_by.unwrap_or_default(),
            origin.queue_item_id.unwrap_or_default(),
            self.split_name(datapoint).to_owned(),
            datapoint.created_by.clone(),
            crate::clock::rfc3339(datapoint.created_at),
        ]
    }
}

/// The fields of a table.
pub const COLUMNS: [&str; 13] = [
    "id",
    "inputs",
    "messages",
    "expected_output",
    "evaluations",
    "trace_id",
    "span_id",
    "answer",
    "corrected_by",
    "queue_item_id",
    "split",
    "created_by",
    "created_at",
];

fn csv_line(fields: &[String]) -> Result<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(fields).map_err(Error::internal)?;
    writer.into_inner().map_err(Error::internal)
}
