//! `postil export …` and `postil import …`

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, anyhow};
use clap::{Args, Subcommand};
use postil::annotation::{self, ListFilter};
use postil::dataset::export::Split;
use postil::dataset::import::{Choice, File};
use postil::dataset::{self, Duplicates};
use postil::db::Db;
use postil::page::PageRequest;
use postil::project::start::Home;
use postil::project::{Actor, Caller, Permissions, projects};
use postil::{Clock, Result, Tx};

use crate::exports::{AnnotationFile, DatasetFile, Form};
use crate::output::warn;
use crate::serve::described;

#[derive(Args)]
pub(super) struct Place {
    /// The project, by its id, key or name; the default project when none is named.
    #[arg(long, value_name = "PROJECT")]
    project: Option<String>,
}

#[derive(Subcommand)]
pub(super) enum Export {
    /// Write annotations: as JSON lines, CSV or Parquet.
    Annotations {
        /// `jsonl`, `csv` or `parquet`.
        #[arg(long, default_value = "jsonl")]
        format: String,
        /// The file to write; standard output without it.
        #[arg(long, short)]
        output: Option<PathBuf>,
        #[command(flatten)]
        place: Place,
    },
    /// Write a dataset.
    Dataset {
        /// Its name or id.
        name: String,
        /// `jsonl`, `csv`, `parquet`, `openai`, `sft`, `dpo`, `kto` or `huggingface`.
        #[arg(long, default_value = "jsonl")]
        format: String,
        /// What the files of `huggingface` hold.
        #[arg(long)]
        files: Option<String>,
        /// How many of a hundred datapoints are for testing.
        #[arg(long)]
        test_percent: Option<u32>,
        /// `train` or `test`.
        #[arg(long)]
        split: Option<String>,
        /// The name or id of a snapshot.
        #[arg(long)]
        snapshot: Option<String>,
        /// The file to write; standard output without it.
        #[arg(long, short)]
        output: Option<PathBuf>,
        #[command(flatten)]
        place: Place,
    },
}

#[derive(Subcommand)]
pub(super) enum Import {
    /// Say what a file of exported annotations says, by whom it names.
    Annotations {
        /// The file; `-` is standard input.
        file: PathBuf,
        /// Import the good rows when there are bad ones.
        #[arg(long)]
        skip_bad_rows: bool,
        #[command(flatten)]
        place: Place,
    },
    /// Put what a file holds into a dataset.
    Dataset {
        /// Its name or id; one that is not there is made.
        name: String,
        /// The file: JSON lines or CSV; `-` is standard input.
        file: PathBuf,
        /// What columns become, as a JSON object: {"Question": "messages.user"}.
        #[arg(long)]
        mapping: Option<String>,
        /// Import the good rows when there are bad ones.
        #[arg(long)]
        skip_bad_rows: bool,
        /// Leave out what is in the dataset already.
        #[arg(long)]
        skip_duplicates: bool,
        #[command(flatten)]
        place: Place,
    },
}

/// The operator of the machine, who may do everything in the project.
fn operator(db: &Db, home: &Home, place: Place) -> anyhow::Result<Caller> {
    let caller = Caller {
        workspace_id: home.workspace_id.clone(),
        project: home.project.clone(),
        bound_to: None,
        actor: Actor::Key { id: "postil".into(), name: "postil".into() },
        permissions: Permissions::ALL,
        client: Some("postil".into()),
    };
    let Some(name) = place.project else { return Ok(caller) };
    let asking = caller.clone();
    let known = db.read_blocking(move |tx| projects::list(tx, &asking)).map_err(described)?;
    let found = known.into_iter().find(|known| known.reference.id == name || known.key == name || known.name == name);
    let found = found.ok_or_else(|| anyhow!("no project has the id, key or name \"{name}\""))?;
    Ok(Caller { project: found.reference, ..caller })
}

/// The dataset with this id, or the newest with this name in the caller's project.
fn find(tx: &mut Tx<'_>, caller: &Caller, name: &str) -> Result<Option<String>> {
    let mut page = PageRequest::new(Some(200), None, None)?;
    let filter = dataset::ListFilter { project_id: Some(caller.project.id.clone()), ..dataset::ListFilter::default() };
    loop {
        let some = dataset::list(tx, caller, &filter, &page)?;
        if let Some(found) = some.data.iter().find(|each| each.id == name || each.display_name == name) {
            return Ok(Some(found.id.clone()));
        }
        page.starting_after = some.data.last().map(|last| last.id.clone());
        if !some.has_more {
            return Ok(None);
        }
    }
}

fn snapshot(tx: &mut Tx<'_>, caller: &Caller, dataset_id: &str, name: &str) -> Result<Option<String>> {
    let page = PageRequest { limit: 1000, starting_after: None, ending_before: None };
    let made = dataset::snapshot::list(tx, caller, dataset_id, &page)?;
    Ok(made.data.into_iter().find(|each| each.id == name || each.name == name).map(|each| each.id))
}

fn target(output: Option<&Path>) -> anyhow::Result<Box<dyn Write>> {
    Ok(match output {
        Some(path) => {
            let file = std::fs::File::create_new(path).with_context(|| format!("cannot write {}", path.display()))?;
            Box::new(std::io::BufWriter::new(file))
        }
        None => Box::new(std::io::stdout().lock()),
    })
}

fn bytes_of(path: &Path, most: usize) -> anyhow::Result<Arc<[u8]>> {
    let mut bytes = Vec::new();
    let most = u64::try_from(most)?;
    let mut source: Box<dyn Read> = if path == Path::new("-") {
        Box::new(std::io::stdin().lock())
    } else {
        Box::new(std::fs::File::open(path).with_context(|| format!("cannot read {}", path.display()))?)
    };
    let count = source.by_ref().take(most + 1).read_to_end(&mut bytes)?;
    anyhow::ensure!(count as u64 <= most, "{} is larger than {most} bytes: import it in parts", path.display());
    Ok(bytes.into())
}

pub(super) fn export(command: Export, db: &Db, home: &Home) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match command {
        Export::Annotations { format, output, place } => {
            let caller = operator(db, home, place)?;
            let format = annotation::export::Format::parse(&format).map_err(described)?;
            let start = annotation::export::begin(&caller, ListFilter::default(), format).map_err(described)?;
            let (file, _) = AnnotationFile::begin(start, format).map_err(described)?;
            let mut out = target(output.as_deref())?;
            let mut at = Some(file);
            while let Some(file) = at {
                let (bytes, rest) = runtime.block_on(file.next(db)).map_err(described)?;
                out.write_all(&bytes)?;
                at = rest;
            }
            Ok(out.flush()?)
        }
        Export::Dataset { name, format, files, test_percent, split, snapshot: wanted, output, place } => {
            let caller = operator(db, home, place)?;
            let form = Form::parse(Some(&format), files.as_deref()).map_err(described)?;
            let split = Split::new(test_percent, split.as_deref()).map_err(described)?;
            let begin = move |tx: &mut Tx<'_>| {
                let Some(id) = find(tx, &caller, &name)? else {
                    return Ok(Err(format!("no dataset is called \"{name}\"")));
                };
                let snapshot_id = match &wanted {
                    None => None,
                    Some(wanted) => match snapshot(tx, &caller, &id, wanted)? {
                        Some(id) => Some(id),
                        None => return Ok(Err(format!("no snapshot is called \"{wanted}\""))),
                    },
                };
                dataset::export::begin(tx, &caller, (&id, snapshot_id.as_deref()), form.format, split).map(Ok)
            };
            let start = db.read_blocking(begin).map_err(described)?.map_err(|missing| anyhow!(missing))?;
            let (file, _) = DatasetFile::begin(start, form).map_err(described)?;
            let mut out = target(output.as_deref())?;
            let mut at = Some(file);
            while let Some(file) = at {
                let (bytes, rest) = runtime.block_on(file.next(db)).map_err(described)?;
                out.write_all(&bytes)?;
                at = rest;
            }
            Ok(out.flush()?)
        }
    }
}

pub(super) fn import(command: Import, db: &Db, clock: &Clock, home: &Home, string_limit: usize) -> anyhow::Result<()> {
    match command {
        Import::Annotations { file, skip_bad_rows, place } => {
            let caller = operator(db, home, place)?;
            let bytes = bytes_of(&file, annotation::import::MOST_BYTES)?;
            let file = annotation::import::File { bytes, format: None, skip_bad_rows, keep_authors: true };
            let clock = clock.clone();
            let importing =
                db.write_blocking(move |tx| annotation::import::run(tx, &clock, &caller, &file, string_limit));
            let done = importing.map_err(described)?;
            for bad in &done.faults {
                warn(format!("row {}, line {}: {}", bad.row, bad.line, bad.message));
            }
            warn(format!("{} imported, {} left out", done.imported, done.skipped));
            Ok(())
        }
        Import::Dataset { name, file, mapping, skip_bad_rows, skip_duplicates, place } => {
            let caller = operator(db, home, place)?;
            let mapping: BTreeMap<String, String> = match mapping {
                Some(text) => serde_json::from_str(&text).context("--mapping must be a JSON object of texts")?,
                None => BTreeMap::new(),
            };
            let file = File { bytes: bytes_of(&file, dataset::import::MOST_BYTES)?, format: None, mapping };
            let duplicates = if skip_duplicates { Duplicates::Skip } else { Duplicates::Add };
            let choice = Choice { skip_bad_rows, duplicates };
            let clock = clock.clone();
            // All of it in one transaction: a dataset is not made for a file that is refused.
            let work = move |tx: &mut Tx<'_>| {
                let id = match find(tx, &caller, &name)? {
                    Some(id) => id,
                    None => {
                        let here = Caller { bound_to: Some(caller.project.id.clone()), ..caller.clone() };
                        dataset::create(tx, &clock, &here, &name, None)?.id
                    }
                };
                let builder = dataset::import::prepare(tx, &clock, &caller, &id, string_limit)?;
                let plan = dataset::import::plan(&file, builder)?;
                let report = plan.report()?;
                dataset::import::run(tx, &clock, &caller, &id, (&plan, &report), choice)
            };
            let done = db.write_blocking(work).map_err(described)?;
            for bad in &done.faults {
                let column = bad.fault.column.as_ref().map_or_else(String::new, |column| format!(", column {column}"));
                warn(format!("row {}, line {}{column}: {}", bad.row, bad.line, bad.fault.message));
            }
            warn(format!(
                "{} imported, {} were there already, {} left out",
                done.imported, done.already_there, done.skipped
            ));
            Ok(())
        }
    }
}
