//! Annotations as lines for other programs: one line for every value, with whoever said it and under which definition.

use serde_json::{Value, json};

use super::read::{self, ListFilter};
use super::{Annotation, SubjectKind};
use crate::clock::rfc3339;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::page::PageRequest;
use crate::project::{Caller, Permission, people};

/// How many annotations are read at once.
const AT_ONCE: usize = 500;

/// How annotations are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A JSON object a line.
    Jsonl,
    /// A table.
    Csv,
    /// A table with types, which whoever writes it gets row by row.
    Parquet,
}

impl Format {
    /// Reads a format as it is sent.
    ///
    /// # Errors
    /// [`Error::Invalid`] with what is allowed.
    pub fn parse(text: &str) -> Result<Format> {
        match text {
            "" | "jsonl" => Ok(Format::Jsonl),
            "csv" => Ok(Format::Csv),
            "parquet" => Ok(Format::Parquet),
            _ => {
                let message = format!("Invalid value: {text}. Valid options are: jsonl, csv, parquet.");
                Err(Error::field("invalid_value", "format", message))
            }
        }
    }
}

/// An export that is under way: newest first. What is said after it began is not in it.
#[derive(Debug, Clone)]
pub struct Export {
    caller: Caller,
    filter: ListFilter,
    format: Format,
    after: Option<String>,
    begun: bool,
    /// Nothing is left.
    pub ended: bool,
}

/// Begins an export of the caller's project.
pub fn begin(caller: &Caller, filter: ListFilter, format: Format) -> Result<Export> {
    caller.require(Permission::Read)?;
    Ok(Export { caller: caller.clone(), filter, format, after: None, begun: false, ended: false })
}

impl Export {
    fn read(&self, tx: &mut Tx<'_>) -> Result<(Vec<[Value; COLUMNS.len()]>, Export)> {
        let page = PageRequest { limit: AT_ONCE, starting_after: self.after.clone(), ending_before: None };
        let page = read::list(tx, &self.caller, &self.filter, &page)?;
        let ids: Vec<&str> = page.data.iter().map(|each| each.annotator.id.as_str()).collect();
        let names = people::names(tx, &self.caller, &ids)?;
        let rows = page.data.iter().map(|each| fields(each, names.get(&each.annotator.id))).collect();
        let after = page.data.last().map(|last| last.id.clone()).or(self.after.clone());
        Ok((rows, Export { after, begun: true, ended: !page.has_more, ..self.clone() }))
    }

    /// The next rows, in the order of [`COLUMNS`]: values as a table shows them, and numbers.
    pub fn next_rows(&self, tx: &mut Tx<'_>) -> Result<(Vec<Vec<Value>>, Export)> {
        let (rows, rest) = self.read(tx)?;
        let plain = |value: Value| match value {
            Value::Array(_) | Value::Object(_) | Value::Bool(_) => Value::String(value.to_string()),
            other => other,
        };
        let row = |mut row: [Value; COLUMNS.len()]| {
            row[VALUE] = Value::String(text(&row[VALUE]));
            row.into_iter().map(plain).collect()
        };
        Ok((rows.into_iter().map(row).collect(), rest))
    }

    /// The next lines, and the export as it stands then.
    pub fn next(&self, tx: &mut Tx<'_>) -> Result<(Vec<u8>, Export)> {
        let (rows, rest) = self.read(tx)?;
        let mut bytes = Vec::new();
        let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
        if !self.begun && self.format == Format::Csv {
            writer.write_record(COLUMNS).map_err(Error::internal)?;
        }
        for fields in rows {
            if self.format == Format::Csv {
                writer.write_record(fields.iter().map(text)).map_err(Error::internal)?;
                continue;
            }
            let line: serde_json::Map<_, _> = COLUMNS.iter().map(ToString::to_string).zip(fields).collect();
            serde_json::to_writer(&mut bytes, &line).map_err(Error::internal)?;
            bytes.push(b'\n');
        }
        bytes.extend(writer.into_inner().map_err(Error::internal)?);
        Ok((bytes, rest))
    }
}

/// Where the value stands in [`COLUMNS`].
const VALUE: usize = 7;

/// The fields of every line.
pub const COLUMNS: [&str; 18] = [
    "id",
    "trace_id",
    "span_id",
    "subject_kind",
    "subject_id",
    "key",
    "type",
    "value",
    "explanation",
    "annotator_kind",
    "annotator_id",
    "annotator_name",
    "identity_id",
    "source",
    "queue_id",
    "definition_version",
    "created_at",
    "updated_at",
];

/// Every line has every field, so that tables made from the first lines fit the last.
fn fields(annotation: &Annotation, name: Option<&String>) -> [Value; COLUMNS.len()] {
    let subject_kind = match annotation.subject_kind {
        SubjectKind::HumanReview => "human_review",
        SubjectKind::EvaluatorCorrection => "evaluator_correction",
    };
    [
        json!(annotation.id),
        json!(annotation.trace_id),
        json!(annotation.span_id),
        json!(subject_kind),
        json!(annotation.subject),
        json!(annotation.key),
        json!(annotation.kind),
        annotation.json(),
        json!(annotation.explanation),
        json!(annotation.annotator.kind.name()),
        json!(annotation.annotator.id),
        json!(name),
        json!(annotation.identity_id),
        json!(annotation.source),
        json!(annotation.queue_id),
        json!(annotation.definition_version),
        json!(rfc3339(annotation.created_at)),
        json!(rfc3339(annotation.updated_at)),
    ]
}

/// A value in a table: a text as it is, a list as JSON, nothing as an empty field.
fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
