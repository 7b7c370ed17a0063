//! Exports in every format, written while they are read: lines, tables as Parquet, and folders that Hugging Face reads.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use postil::annotation::export as annotations;
use postil::clock::parse_rfc3339;
use postil::dataset::export::{self, Export, Format};
use postil::{Db, Error, Result};
use postil_parquet::{Cell, Kind, Table};
use serde_json::Value;
use zip::ZipWriter;
use zip::write::{SimpleFileOptions, StreamWriter};

/// What a file is called and is, beside what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The name, with its ending.
    pub name: String,
    /// The content type.
    pub content_type: &'static str,
}

const LINES: (&str, &str) = ("jsonl", "application/x-ndjson");
const CSV: (&str, &str) = ("csv", "text/csv; charset=utf-8");
const PARQUET: (&str, &str) = ("parquet", "application/vnd.apache.parquet");
const ZIP: (&str, &str) = ("zip", "application/zip");

impl Kept {
    fn new(stem: &str, (ending, content_type): (&str, &'static str)) -> Kept {
        Kept { name: format!("{stem}.{ending}"), content_type }
    }
}

/// In which form a dataset leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Form {
    /// What its lines are.
    pub format: Format,
    /// Whether they are in files of a folder.
    pub folder: bool,
}

impl Form {
    /// Reads what a caller asks for: a format, and of a folder what its files hold.
    ///
    /// # Errors
    /// [`Error::Invalid`] with what is allowed.
    pub fn parse(format: Option<&str>, files: Option<&str>) -> Result<Form> {
        let (format, files) = (format.unwrap_or(""), files.unwrap_or(""));
        if format != "huggingface" {
            let format = Format::parse(format).map_err(|_| {
                let message = format!(
                    "Invalid value: {format}. Valid options are: jsonl, csv, parquet, openai, sft, dpo, kto, huggingface."
                );
                Error::field("invalid_value", "format", message)
            })?;
            return Ok(Form { format, folder: false });
        }
        match Format::parse(files) {
            Ok(Format::Csv) | Err(_) => {
                let message =
                    format!("Invalid value: {files}. Valid options are: jsonl, parquet, openai, sft, dpo, kto.");
                Err(Error::field("invalid_value", "files", message))
            }
            Ok(format) => Ok(Form { format, folder: true }),
        }
    }
}

/// A dataset on its way out.
pub enum DatasetFile {
    /// As lines.
    Lines(Box<Export>),
    /// As a table.
    Table(Box<(Export, Table)>),
    /// As a folder.
    Folder(Box<Folder>),
}

impl DatasetFile {
    /// Begins the file of an export.
    pub fn begin(export: Export, form: Form) -> Result<(DatasetFile, Kept)> {
        let name = export.name().to_owned();
        let kept = |kind| Kept::new(&name, kind);
        Ok(match form {
            Form { format, folder: true } => (DatasetFile::Folder(Box::new(Folder::begin(export, format))), kept(ZIP)),
            Form { format: Format::Parquet, .. } => {
                (DatasetFile::Table(Box::new((export, begin(&export::COLUMNS)?))), kept(PARQUET))
            }
            Form { format: Format::Csv, .. } => (DatasetFile::Lines(Box::new(export)), kept(CSV)),
            _ => (DatasetFile::Lines(Box::new(export)), kept(LINES)),
        })
    }

    /// The next bytes, and the rest; none at the end.
    pub async fn next(self, db: &Db) -> Result<(Vec<u8>, Option<DatasetFile>)> {
        match self {
            DatasetFile::Lines(at) => {
                let (bytes, rest) = db.read(move |tx| at.next(tx)).await?;
                Ok((bytes, (!rest.ended).then(|| DatasetFile::Lines(Box::new(rest)))))
            }
            DatasetFile::Table(pair) => {
                let (at, table) = *pair;
                let (rows, rest) = db.read(move |tx| at.next_rows(tx)).await?;
                let (bytes, table) = write(table, &export::COLUMNS, rows, rest.ended)?;
                Ok((bytes, table.map(|table| DatasetFile::Table(Box::new((rest, table))))))
            }
            DatasetFile::Folder(folder) => {
                let (bytes, rest) = folder.next(db).await?;
                Ok((bytes, rest.map(|folder| DatasetFile::Folder(Box::new(folder)))))
            }
        }
    }
}

/// Annotations on their way out.
pub enum AnnotationFile {
    /// As lines.
    Lines(Box<annotations::Export>),
    /// As a table.
    Table(Box<(annotations::Export, Table)>),
}

impl AnnotationFile {
    /// Begins the file of an export.
    pub fn begin(export: annotations::Export, format: annotations::Format) -> Result<(AnnotationFile, Kept)> {
        let kept = |kind| Kept::new("annotations", kind);
        Ok(match format {
            annotations::Format::Jsonl => (AnnotationFile::Lines(Box::new(export)), kept(LINES)),
            annotations::Format::Csv => (AnnotationFile::Lines(Box::new(export)), kept(CSV)),
            annotations::Format::Parquet => {
                (AnnotationFile::Table(Box::new((export, begin(&annotations::COLUMNS)?))), kept(PARQUET))
            }
        })
    }

    /// The next bytes, and the rest; none at the end.
    pub async fn next(self, db: &Db) -> Result<(Vec<u8>, Option<AnnotationFile>)> {
        match self {
            AnnotationFile::Lines(at) => {
                let (bytes, rest) = db.read(move |tx| at.next(tx)).await?;
                Ok((bytes, (!rest.ended).then(|| AnnotationFile::Lines(Box::new(rest)))))
            }
            AnnotationFile::Table(pair) => {
                let (at, table) = *pair;
                let (rows, rest) = db.read(move |tx| at.next_rows(tx)).await?;
                let (bytes, table) = write(table, &annotations::COLUMNS, rows, rest.ended)?;
                Ok((bytes, table.map(|table| AnnotationFile::Table(Box::new((rest, table))))))
            }
        }
    }
}

fn kind(column: &str) -> Kind {
    match column {
        "definition_version" => Kind::Integer,
        "created_at" | "updated_at" => Kind::Time,
        _ => Kind::Text,
    }
}

/// Begins a table of an export.
fn begin(columns: &[&str]) -> Result<Table> {
    let columns: Vec<_> = columns.iter().map(|name| (*name, kind(name))).collect();
    Table::new(&columns).map_err(Error::internal)
}

/// Adds rows of an export to its table, and takes the bytes that are ready; all of them at the end.
fn write(mut table: Table, columns: &[&str], rows: Vec<Vec<Value>>, ended: bool) -> Result<(Vec<u8>, Option<Table>)> {
    for row in rows {
        let cells = row.into_iter().zip(columns).map(|(value, column)| match (kind(column), value) {
            (Kind::Time, Value::String(text)) => parse_rfc3339(&text).map_or(Cell::Empty, Cell::Time),
            (Kind::Time, Value::Number(number)) => number.as_i64().map_or(Cell::Empty, Cell::Time),
            (Kind::Integer, Value::Number(number)) => number.as_i64().map_or(Cell::Empty, Cell::Integer),
            (Kind::Text, Value::String(text)) => Cell::Text(text),
            _ => Cell::Empty,
        });
        table.push(cells.collect()).map_err(Error::internal)?;
    }
    let mut bytes = table.take();
    if !ended {
        return Ok((bytes, Some(table)));
    }
    bytes.extend(table.finish().map_err(Error::internal)?);
    Ok((bytes, None))
}

/// Bytes that were written and not taken yet.
#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Sink {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A file of a folder that is being written.
struct Part {
    export: Export,
    name: &'static str,
    table: Option<Table>,
    begun: bool,
}

/// A folder with a file for each half of a dataset and a card, as one zip.
pub struct Folder {
    whole: Export,
    format: Format,
    ending: &'static str,
    halves: VecDeque<(&'static str, bool)>,
    part: Option<Part>,
    /// The halves that have a file: one without lines cannot be loaded.
    written: Vec<&'static str>,
    zip: ZipWriter<StreamWriter<Sink>>,
    sink: Sink,
}

impl Folder {
    /// Begins a folder of an export whose lines have this format.
    fn begin(whole: Export, format: Format) -> Folder {
        let mut halves = VecDeque::from([("train", false)]);
        if whole.has_tests() {
            halves.push_back(("test", true));
        }
        let ending = if format == Format::Parquet { "parquet" } else { "jsonl" };
        let sink = Sink::default();
        let zip = ZipWriter::new_stream(sink.clone());
        Folder { whole, format, ending, halves, part: None, written: Vec::new(), zip, sink }
    }

    /// The next bytes, and the folder as it stands then; none at the end.
    async fn next(mut self, db: &Db) -> Result<(Vec<u8>, Option<Folder>)> {
        let mut part = match self.part.take() {
            Some(part) => part,
            None => match self.halves.pop_front() {
                Some((name, test)) => Part { export: self.whole.only(test), name, table: None, begun: false },
                None => return self.end().map(|bytes| (bytes, None)),
            },
        };
        let (at, format) = (part.export.clone(), self.format);
        let bytes = if format == Format::Parquet {
            let (rows, rest) = db.read(move |tx| at.next_rows(tx)).await?;
            part.export = rest;
            self.table_bytes(&mut part, rows)?
        } else {
            let (bytes, rest) = db.read(move |tx| at.next(tx)).await?;
            part.export = rest;
            bytes
        };
        if !bytes.is_empty() {
            if !part.begun {
                let name = format!("data/{}.{}", part.name, self.ending);
                self.zip.start_file(name, SimpleFileOptions::default()).map_err(Error::internal)?;
                self.written.push(part.name);
                part.begun = true;
            }
            self.zip.write_all(&bytes).map_err(Error::internal)?;
        }
        if !part.export.ended {
            self.part = Some(part);
        }
        Ok((self.sink.take(), Some(self)))
    }

    fn table_bytes(&self, part: &mut Part, rows: Vec<Vec<Value>>) -> Result<Vec<u8>> {
        if rows.is_empty() && part.table.is_none() {
            return Ok(Vec::new());
        }
        let table = part.table.take().map_or_else(|| begin(&export::COLUMNS), Ok)?;
        let (bytes, table) = write(table, &export::COLUMNS, rows, part.export.ended)?;
        part.table = table;
        Ok(bytes)
    }

    fn end(mut self) -> Result<Vec<u8>> {
        let card = card(self.whole.name(), &self.written, self.ending);
        self.zip.start_file("README.md", SimpleFileOptions::default()).map_err(Error::internal)?;
        self.zip.write_all(card.as_bytes()).map_err(Error::internal)?;
        self.zip.finish().map_err(Error::internal)?;
        Ok(self.sink.take())
    }
}

/// The card of a dataset: its head says which file is which half.
fn card(name: &str, halves: &[&str], ending: &str) -> String {
    let name: String = name.chars().map(|character| if character.is_control() { ' ' } else { character }).collect();
    let files: String =
        halves.iter().map(|half| format!("  - split: {half}\n    path: data/{half}.{ending}\n")).collect();
    let configs = if files.is_empty() {
        String::new()
    } else {
        format!("configs:\n- config_name: default\n  data_files:\n{files}")
    };
    // A JSON text is a YAML text too.
    let title = Value::String(name.clone());
    format!("---\npretty_name: {title}\n{configs}---\n\n# {name}\n\nExported from Postil.\n")
}
