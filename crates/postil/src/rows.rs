//! The rows of a file, one at a time: a table, or a JSON object a line. Pure; memory does not grow with the file.

use serde_json::{Map, Value};

use crate::error::{Error, Result};

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileFormat {
    /// A JSON object a line.
    Jsonl,
    /// A table with a head.
    Csv,
}

impl FileFormat {
    /// Reads a format as it is sent; without one, the file says what it is.
    ///
    /// # Errors
    /// [`Error::Invalid`] with what is allowed.
    pub fn parse(text: Option<&str>, bytes: &[u8]) -> Result<FileFormat> {
        match text {
            Some("jsonl") => Ok(FileFormat::Jsonl),
            Some("csv") => Ok(FileFormat::Csv),
            None | Some("") => match without_mark(bytes).iter().find(|byte| !byte.is_ascii_whitespace()) {
                Some(b'{') => Ok(FileFormat::Jsonl),
                Some(b'[') => {
                    let message = "The file is one JSON list. Send one JSON object a line (JSON lines), or CSV.";
                    Err(Error::field("invalid_value", "format", message))
                }
                _ => Ok(FileFormat::Csv),
            },
            Some(other) => {
                let message = format!("Invalid value: {other}. Valid options are: jsonl, csv.");
                Err(Error::field("invalid_value", "format", message))
            }
        }
    }

    /// The format as it is sent.
    pub fn name(self) -> &'static str {
        match self {
            FileFormat::Jsonl => "jsonl",
            FileFormat::Csv => "csv",
        }
    }
}

/// A row by the names of its columns; what is empty or null is not in it.
pub type Row = Map<String, Value>;

/// A row with the line it begins on, or what is wrong with it.
pub type Numbered = (u64, std::result::Result<Row, String>);

fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

/// The rows of a file.
///
/// # Errors
/// [`Error::Invalid`] when a table has no head that can be read.
pub fn rows(bytes: &[u8], format: FileFormat) -> Result<Box<dyn Iterator<Item = Numbered> + '_>> {
    let bytes = without_mark(bytes);
    match format {
        FileFormat::Jsonl => Ok(Box::new(json_lines(bytes))),
        FileFormat::Csv => table(bytes),
    }
}

fn json_lines(bytes: &[u8]) -> impl Iterator<Item = Numbered> {
    let lines = (1..).zip(bytes.split(|byte| *byte == b'\n'));
    lines.filter(|(_, line)| !line.iter().all(u8::is_ascii_whitespace)).map(|(number, line)| (number, json_row(line)))
}

fn json_row(line: &[u8]) -> std::result::Result<Row, String> {
    let mut row = match serde_json::from_slice(line) {
        Ok(Value::Object(row)) => row,
        Ok(_) => return Err("This line is no JSON object.".to_owned()),
        Err(cause) => {
            let cause = cause.to_string();
            let sentence = cause.split(" at line ").next().unwrap_or(&cause);
            return Err(format!("This line is no JSON: {sentence}."));
        }
    };
    row.retain(|_, value| !value.is_null());
    if row.iter().any(|(name, value)| name.contains('\0') || has_nul(value)) {
        return Err(NUL.to_owned());
    }
    Ok(row)
}

const NUL: &str = "This row contains a NUL character, which text may not.";

fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(list) => list.iter().any(has_nul),
        Value::Object(map) => map.iter().any(|(name, value)| name.contains('\0') || has_nul(value)),
        _ => false,
    }
}

/// What stands between the fields: what the head has most of.
fn delimiter(bytes: &[u8]) -> u8 {
    let head = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let count = |mark: u8| head.iter().filter(|byte| **byte == mark).count();
    [b';', b'\t'].into_iter().filter(|mark| count(*mark) > count(b',')).max_by_key(|mark| count(*mark)).unwrap_or(b',')
}

fn table(bytes: &[u8]) -> Result<Box<dyn Iterator<Item = Numbered> + '_>> {
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter(bytes)).from_reader(bytes);
    let unreadable = |_| Error::field("invalid_file", "file", "The head of the table is not text in UTF-8.");
    let names: Vec<String> = reader.headers().map_err(unreadable)?.iter().map(|name| name.trim().to_owned()).collect();
    if let Some(twice) = names.iter().enumerate().find(|(at, name)| names[..*at].contains(name)) {
        let message = format!("The table has two columns with the name \"{}\".", twice.1);
        return Err(Error::field("invalid_file", "file", message));
    }
    let records = reader.into_byte_records();
    Ok(Box::new(records.map(move |record| match record {
        Ok(record) => (record.position().map_or(0, csv::Position::line), table_row(&names, &record)),
        Err(cause) => {
            let line = cause.position().map_or(0, csv::Position::line);
            let message = match cause.kind() {
                csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
                    format!("This row has {len} fields; the head has {expected_len}.")
                }
                _ => "This row cannot be read.".to_owned(),
            };
            (line, Err(message))
        }
    })))
}

fn table_row(names: &[String], record: &csv::ByteRecord) -> std::result::Result<Row, String> {
    let mut row = Row::new();
    for (name, field) in names.iter().zip(record) {
        let text = std::str::from_utf8(field).map_err(|_| format!("{name}: this is not text in UTF-8."))?;
        if text.contains('\0') {
            return Err(NUL.to_owned());
        }
        if !text.is_empty() {
            row.insert(name.clone(), text.into());
        }
    }
    Ok(row)
}
