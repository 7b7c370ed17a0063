//! Files that become datapoints: all rows or none, unless those that are wrong are to be left out.
//!
//! A file is read three times, a row at a time: for the names of its columns, to find what is wrong, and, in the
//! transaction, to store. So it takes no more memory than its bytes.

mod build;
mod mapping;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::datapoint::{self, Input, New};
use super::{Duplicates, datapoint_store as points, find, store};
use crate::clock::{Clock, rfc3339};
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::human_review;
use crate::project::{Caller, Permission, ProjectRef};
use crate::rows::{self, FileFormat};

pub use build::{Builder, Fault};
pub use mapping::{Mapping, Target};

/// The largest file, in bytes.
pub const MOST_BYTES: usize = 64 << 20;
/// How many rows a file may have.
pub const MOST_ROWS: usize = 50_000;
/// How many columns a file may have.
pub const MOST_COLUMNS: usize = 200;
/// How many faults are told one by one.
pub const MOST_FAULTS: usize = 100;
/// How many datapoints are shown before anything is stored.
const SHOWN: usize = 10;
/// How many rows are stored at once.
const AT_ONCE: usize = 500;

/// A file to import, with what its caller says of it.
#[derive(Debug, Clone)]
pub struct File {
    /// What it holds.
    pub bytes: Arc<[u8]>,
    /// `jsonl` or `csv`; none: it says so itself.
    pub format: Option<String>,
    /// Where columns go; those that are not named are guessed.
    pub mapping: BTreeMap<String, String>,
}

/// What is done with the rows of a file.
#[derive(Debug, Clone, Copy, Default)]
pub struct Choice {
    /// Imports the good rows when there are bad ones.
    pub skip_bad_rows: bool,
    /// What becomes of content that is in the dataset already.
    pub duplicates: Duplicates,
}

/// A row that cannot be imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRow {
    /// Its number, from 1, without the head.
    pub row: usize,
    /// The line of the file on which it begins.
    pub line: u64,
    /// What is wrong.
    pub fault: Fault,
}

/// What a file holds.
#[derive(Debug, Clone)]
pub struct Report {
    /// How it is written.
    pub format: FileFormat,
    /// Its columns, and what becomes of each.
    pub mapping: Mapping,
    /// How many rows it has.
    pub rows: usize,
    /// How many of them cannot be imported.
    pub bad: usize,
    /// The first of those.
    pub faults: Vec<BadRow>,
    /// The first datapoints it would become.
    pub first: Vec<Input>,
}

/// What an import did.
#[derive(Debug, Clone)]
pub struct Imported {
    /// How many datapoints were made.
    pub imported: usize,
    /// How many rows were in the dataset already.
    pub already_there: usize,
    /// How many rows were wrong, and left out.
    pub skipped: usize,
    /// The first of those.
    pub faults: Vec<BadRow>,
}

/// A file that is understood.
#[derive(Debug, Clone)]
pub struct Plan {
    bytes: Arc<[u8]>,
    format: FileFormat,
    builder: Builder,
}

/// What rows are checked against: the human reviews of the project of the dataset.
pub fn prepare(
    tx: &mut Tx<'_>,
    clock: &Clock,
    caller: &Caller,
    dataset_id: &str,
    string_limit: usize,
) -> Result<Builder> {
    caller.require(Permission::Annotate)?;
    let dataset = find(tx, caller, dataset_id)?;
    let project = ProjectRef { id: dataset.project_id, number: dataset.project };
    let reviews = human_review::of_project(tx, &project, true)?;
    let reviews: HashMap<_, _> = reviews.into_iter().map(|review| (review.key.clone(), review)).collect();
    let (by, at) = (caller.actor.id().to_owned(), rfc3339(clock.now()));
    Ok(Builder { mapping: Mapping::new(), reviews, by, at, string_limit })
}

/// Reads the columns of a file, and what becomes of each.
///
/// # Errors
/// [`Error::Invalid`] naming the part that does not fit.
pub fn plan(file: &File, builder: Builder) -> Result<Plan> {
    let format = FileFormat::parse(file.format.as_deref(), &file.bytes)?;
    let (mut columns, mut known, mut count) = (Vec::new(), HashSet::new(), 0);
    for (_, row) in rows::rows(&file.bytes, format)? {
        count += 1;
        for name in row.iter().flat_map(|row| row.keys()) {
            if known.insert(name.clone()) {
                columns.push(name.clone());
            }
        }
        if count > MOST_ROWS {
            let message = format!("A file has at most {MOST_ROWS} rows. Send it in parts.");
            return Err(Error::field("too_many_rows", "file", message));
        }
        if columns.len() > MOST_COLUMNS {
            let message = format!("A file has at most {MOST_COLUMNS} columns.");
            return Err(Error::field("too_many_columns", "file", message));
        }
    }
    if count == 0 {
        return Err(Error::field("empty_file", "file", "The file has no rows."));
    }
    let mapping = mapping::mapping(&columns, &file.mapping)?;
    Ok(Plan { bytes: Arc::clone(&file.bytes), format, builder: Builder { mapping, ..builder } })
}

impl Plan {
    fn each(&self, mut work: impl FnMut(usize, u64, std::result::Result<New, Fault>) -> Result<()>) -> Result<()> {
        for (at, (line, row)) in rows::rows(&self.bytes, self.format)?.enumerate() {
            let row = row.map_err(|message| Fault { column: None, message });
            work(at + 1, line, row.and_then(|row| self.builder.build(&row)))?;
        }
        Ok(())
    }

    /// What the file holds, and what is wrong with it.
    pub fn report(&self) -> Result<Report> {
        let mapping = self.builder.mapping.clone();
        let mut report =
            Report { format: self.format, mapping, rows: 0, bad: 0, faults: Vec::new(), first: Vec::new() };
        self.each(|row, line, made| {
            report.rows = row;
            match made {
                Ok(new) if report.first.len() < SHOWN => report.first.push(new.input),
                Ok(_) => {}
                Err(fault) => {
                    report.bad += 1;
                    if report.faults.len() < MOST_FAULTS {
                        report.faults.push(BadRow { row, line, fault });
                    }
                }
            }
            Ok(())
        })?;
        Ok(report)
    }
}

impl Report {
    /// Refuses a file with bad rows when they are not to be left out.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming the first bad row.
    pub fn require_good(&self, choice: Choice) -> Result<()> {
        let Some(first) = self.faults.first().filter(|_| !choice.skip_bad_rows) else { return Ok(()) };
        let field = match &first.fault.column {
            Some(column) => format!("rows[{}].{column}", first.row),
            None => format!("rows[{}]", first.row),
        };
        let message = format!(
            "{} of {} rows cannot be imported, so none was. Row {}, line {}: {}",
            self.bad, self.rows, first.row, first.line, first.fault.message
        );
        Err(Error::field("bad_rows", field, message))
    }
}

/// Imports the rows that `report` found to be good.
pub fn run(
    tx: &mut Tx<'_>,
    clock: &Clock,
    caller: &Caller,
    dataset_id: &str,
    (plan, report): (&Plan, &Report),
    choice: Choice,
) -> Result<Imported> {
    caller.require(Permission::Annotate)?;
    report.require_good(choice)?;
    store::lock(tx, dataset_id)?;
    let mut dataset = find(tx, caller, dataset_id)?;
    let mut done = Imported { imported: 0, already_there: 0, skipped: report.bad, faults: report.faults.clone() };
    let mut waiting = Vec::with_capacity(AT_ONCE);
    let mut known = HashSet::new();
    let mut flush = |tx: &mut Tx<'_>, waiting: &mut Vec<New>, done: &mut Imported| -> Result<()> {
        if choice.duplicates == Duplicates::Skip {
            let hashes: Vec<String> = waiting.iter().map(|new| new.input.hash()).collect();
            let there = points::known_contents(tx, &dataset.id, &hashes)?;
            let before = waiting.len();
            let mut hashes = hashes.into_iter();
            waiting.retain(|_| hashes.next().is_some_and(|hash| !there.contains(&hash) && known.insert(hash)));
            done.already_there += before - waiting.len();
        }
        if !waiting.is_empty() {
            let made = datapoint::add(tx, clock, caller, &dataset, std::mem::take(waiting))?;
            dataset.datapoints += i64::try_from(made.len()).unwrap_or(i64::MAX);
            done.imported += made.len();
        }
        Ok(())
    };
    plan.each(|_, _, made| {
        waiting.extend(made.ok());
        if waiting.len() >= AT_ONCE { flush(tx, &mut waiting, &mut done) } else { Ok(()) }
    })?;
    flush(tx, &mut waiting, &mut done)?;
    Ok(done)
}
