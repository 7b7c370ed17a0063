//! Files of annotations, as [`super::export`] writes them, said again: all rows or none, unless those that are wrong are to
//! be left out.
//!
//! What is said keeps its words, its end user and its source. When it was said, and by which key or member it is brought
//! in, is set here, as for everything that is said. Who said it is taken from the file only for API keys, which may speak
//! for others everywhere, and only when they ask for it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde_json::{Value, json};

use super::log::{CORRECTION, MOST_CORRECTION};
use super::{Annotate, Annotator, AnnotatorKind, Answer, Metadata, annotate};
use crate::clock::Clock;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::human_review::{self, Definition, Kind};
use crate::project::{Actor, Caller, Permission};
use crate::rows::{self, FileFormat, Row};

/// The largest file, in bytes.
pub const MOST_BYTES: usize = 16 << 20;
/// How many rows a file may have: all of them are said in one transaction.
pub const MOST_ROWS: usize = 10_000;
/// How many faults are told one by one.
const MOST_FAULTS: usize = 100;

/// A file to import, with what its caller says of it.
#[derive(Debug, Clone)]
pub struct File {
    /// What it holds.
    pub bytes: Arc<[u8]>,
    /// `jsonl` or `csv`; none: it says so itself.
    pub format: Option<String>,
    /// Imports the good rows when there are bad ones.
    pub skip_bad_rows: bool,
    /// Everything is said by whom the file names.
    pub keep_authors: bool,
}

/// A row that cannot be imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRow {
    /// Its number, from 1, without the head.
    pub row: usize,
    /// The line of the file on which it begins.
    pub line: u64,
    /// What is wrong.
    pub message: String,
}

/// What an import did.
#[derive(Debug, Clone, Default)]
pub struct Imported {
    /// How many values are said now.
    pub imported: usize,
    /// How many rows were wrong, and left out.
    pub skipped: usize,
    /// The first of those.
    pub faults: Vec<BadRow>,
}

/// Says what a file holds.
///
/// # Errors
/// [`Error::Forbidden`] when somebody who may not speak for others keeps the authors; [`Error::Invalid`] naming the first
/// bad row when those are not left out.
pub fn run(tx: &mut Tx<'_>, clock: &Clock, caller: &Caller, file: &File, string_limit: usize) -> Result<Imported> {
    caller.require(Permission::Annotate)?;
    if file.keep_authors && !matches!(caller.actor, Actor::Key { .. }) {
        let message = "You annotate as yourself; only an API key can say who said something.";
        return Err(Error::Forbidden(message.into()));
    }
    let reviews = human_review::of_project(tx, &caller.project, true)?;
    let reviews: HashMap<_, _> = reviews.into_iter().map(|review| (review.key.clone(), review)).collect();
    let format = FileFormat::parse(file.format.as_deref(), &file.bytes)?;
    let (mut done, mut known, mut count) = (Imported::default(), HashSet::new(), 0);
    for (line, row) in rows::rows(&file.bytes, format)? {
        count += 1;
        if count > MOST_ROWS {
            let message = format!("A file has at most {MOST_ROWS} rows. Send it in parts.");
            return Err(Error::field("too_many_rows", "file", message));
        }
        let read = row.and_then(|row| Said::read(&row, caller, file.keep_authors, &reviews));
        let said = match read {
            Ok(said) if !known.insert(said.place()) => Err("The file says this twice, by the same author.".to_owned()),
            other => other,
        };
        let fault = match said {
            Ok(said) => {
                let corrects = said.call.answers.iter().any(|answer| answer.key.as_deref() == Some(CORRECTION));
                let limit = if corrects { string_limit.max(MOST_CORRECTION) } else { string_limit };
                match annotate(tx, clock, caller, &said.trace_id, &said.span_id, &said.call, limit) {
                    Ok(_) => None,
                    Err(error @ (Error::Invalid { .. } | Error::NotFound { .. })) => Some(error.to_string()),
                    Err(other) => return Err(other),
                }
            }
            Err(message) => Some(message),
        };
        let Some(message) = fault else {
            done.imported += 1;
            continue;
        };
        if !file.skip_bad_rows {
            let message = format!("Row {count}, line {line}, cannot be imported, so none was: {message}");
            return Err(Error::field("bad_rows", format!("rows[{count}]"), message));
        }
        done.skipped += 1;
        if done.faults.len() < MOST_FAULTS {
            done.faults.push(BadRow { row: count, line, message });
        }
    }
    if count == 0 {
        return Err(Error::field("empty_file", "file", "The file has no rows."));
    }
    Ok(done)
}

/// One row of a file.
struct Said {
    trace_id: String,
    span_id: String,
    call: Annotate,
}

impl Said {
    fn read(
        row: &Row,
        caller: &Caller,
        keep_authors: bool,
        reviews: &HashMap<String, Definition>,
    ) -> std::result::Result<Said, String> {
        let text = |name: &str| row.get(name).and_then(Value::as_str).map(ToOwned::to_owned);
        let needed = |name: &str| text(name).ok_or_else(|| format!("{name} is missing."));
        let correction = match text("subject_kind").as_deref() {
            None | Some("human_review") => false,
            Some("evaluator_correction") => true,
            Some(other) => {
                return Err(format!("subject_kind: {other} is neither human_review nor evaluator_correction."));
            }
        };
        let key = if correction { None } else { Some(needed("key")?) };
        let parent_annotation_id = if correction { Some(needed("subject_id")?) } else { None };
        let review = key.as_ref().and_then(|key| reviews.get(key));
        let kind = review.map(|review| review.kind);
        // An empty field of a table is an empty text where one may be said.
        let value = row.get("value").cloned().unwrap_or_else(|| json!(""));
        let value = of_table(value, kind, text("type").as_deref());
        let answer = Answer { key, parent_annotation_id, value, explanation: text("explanation"), ..Answer::default() };
        let metadata = Metadata { identity_id: text("identity_id"), source: text("source"), ..Metadata::default() };
        let annotator = if keep_authors {
            let kind = text("annotator_kind").unwrap_or_else(|| "human".into());
            let kind = AnnotatorKind::parse(&kind).filter(|kind| !kind.is_machine());
            let kind = kind.ok_or("annotator_kind: only what people and rules said can be imported.")?;
            Annotator { kind, id: needed("annotator_id")? }
        } else {
            Annotator { kind: AnnotatorKind::Human, id: caller.actor.id().to_owned() }
        };
        let call = Annotate { answers: vec![answer], metadata, annotator: Some(annotator), ..Annotate::default() };
        Ok(Said { trace_id: needed("trace_id")?, span_id: needed("span_id")?, call })
    }

    /// What is answered where, and by whom.
    fn place(&self) -> [String; 5] {
        let answer = &self.call.answers[0];
        let annotator = self.call.annotator.as_ref();
        [
            self.trace_id.to_ascii_lowercase(),
            self.span_id.to_ascii_lowercase(),
            answer.key.clone().unwrap_or_default(),
            answer.parent_annotation_id.clone().unwrap_or_default(),
            annotator.map(|annotator| format!("{}:{}", annotator.kind.name(), annotator.id)).unwrap_or_default(),
        ]
    }
}

/// A value as a table wrote it, in the type that its question asks for.
fn of_table(value: Value, kind: Option<Kind>, output_type: Option<&str>) -> Value {
    let Value::String(text) = &value else { return value };
    let read = match (kind, output_type) {
        (Some(Kind::Range | Kind::Boolean | Kind::MultiSelect), _)
        | (None, Some("number" | "boolean" | "string_array")) => serde_json::from_str(text).ok(),
        _ => None,
    };
    read.unwrap_or(value)
}
