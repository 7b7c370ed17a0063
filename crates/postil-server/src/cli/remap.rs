//! `postil remap`

use std::io::IsTerminal;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use postil::db::Db;
use postil::trace::price::PriceTable;
use postil::trace::remap::{self, Outcome, Place, Walk, Which};
use postil::{Clock, Result};

use crate::output::say;
use crate::remap::{Pace, Step, Worker};
use crate::serve::described;

/// How often a line is written where no progress bar can be drawn.
const LINE_EVERY: Duration = Duration::from_secs(5);
/// How often it is asked whether another process has ended.
const ASK_EVERY: Duration = Duration::from_secs(1);

#[derive(Args)]
pub(super) struct Command {
    /// Only this project, by its id or key.
    #[arg(long, value_name = "ID")]
    project: Option<String>,
    /// Everything, not only what an older version derived: after new prices, for one.
    #[arg(long)]
    all: bool,
}

pub(super) fn run(command: &Command, db: &Db, clock: &Clock, prices: Arc<PriceTable>) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let worker = Worker::new(db.clone(), clock.clone(), Arc::clone(&prices), Pace::Quick);
    let run = Run { db, worker, shown: Shown::new(), total: Outcome::default() };
    runtime.block_on(run.go(command, &prices)).map_err(described)
}

struct Run<'a> {
    db: &'a Db,
    worker: Worker,
    shown: Shown,
    total: Outcome,
}

impl Run<'_> {
    async fn go(mut self, command: &Command, prices: &PriceTable) -> Result<()> {
        let named = command.project.clone();
        let projects = self.db.read(move |tx| match &named {
            Some(name) => Ok(vec![remap::project(tx, name)?]),
            None => remap::projects(tx),
        });
        let projects = projects.await?;
        if command.all {
            let only = command.project.as_ref().and_then(|_| projects.first().copied());
            self.everything(&projects, &remap::purpose(only, prices)).await?;
        } else {
            self.count(projects.iter().map(|project| (*project, Which::Older)).collect()).await?;
            for project in projects {
                while let Some(_place) = self.step(project, &Which::Older, None).await? {}
            }
        }
        self.worker.release().await?;
        let Outcome { traces, spans, unreadable, .. } = self.total;
        self.shown.end();
        say(format!("Derived again: {traces} traces, {spans} spans."));
        if unreadable > 0 {
            say(format!("{unreadable} spans could not be read any more and stay as they were; the log names traces."));
        }
        Ok(())
    }

    /// Walks over everything, from where a walk of the same purpose was interrupted.
    async fn everything(&mut self, projects: &[i64], purpose: &str) -> Result<()> {
        let wanted = purpose.to_owned();
        let begun: Option<Walk> = self.db.write(move |tx| remap::interrupted(tx, &wanted)).await?;
        if begun.is_some() {
            say("Going on where the last run was interrupted.");
        }
        let mut starts = Vec::new();
        for project in projects.iter().copied() {
            let start = match &begun {
                Some(walk) if walk.project > project => None,
                Some(walk) if walk.project == project => Some(walk.place.clone()),
                _ => self.db.read(move |tx| remap::begin(tx, project)).await?,
            };
            starts.extend(start.map(|start| (project, start)));
        }
        self.count(starts.iter().map(|(project, start)| (*project, Which::After(start.clone()))).collect()).await?;
        for (project, start) in starts {
            let mut place = Some(start);
            while let Some(here) = place {
                place = self.step(project, &Which::After(here), Some(purpose)).await?.flatten();
            }
        }
        self.db.write(remap::forget).await
    }

    /// Takes one step, waiting while another process is at work. None when the project is done; inside, where a walk
    /// over everything goes on.
    async fn step(&mut self, project: i64, which: &Which, purpose: Option<&str>) -> Result<Option<Option<Place>>> {
        let mut waited = false;
        loop {
            match self.worker.step(project, which, purpose).await? {
                Step::Done => return Ok(None),
                Step::Held => {
                    if !std::mem::replace(&mut waited, true) {
                        self.shown
                            .tell("Another process, such as a server after an upgrade, derives rows again; waiting.");
                    }
                    tokio::time::sleep(ASK_EVERY).await;
                }
                Step::Went(outcome, place) => {
                    self.total.traces += outcome.traces;
                    self.total.spans += outcome.spans;
                    self.total.unreadable += outcome.unreadable;
                    self.shown.went(outcome.traces);
                    return Ok(Some(place));
                }
            }
        }
    }

    async fn count(&mut self, wanted: Vec<(i64, Which)>) -> Result<()> {
        let counting = self.db.read(move |tx| {
            wanted.iter().map(|(project, which)| remap::remaining(tx, *project, which)).sum::<Result<i64>>()
        });
        self.shown.begin(u64::try_from(counting.await?).unwrap_or(0));
        Ok(())
    }
}

/// What somebody who waits is shown: a bar on a terminal, lines elsewhere.
struct Shown {
    bar: Option<ProgressBar>,
    done: u64,
    of: u64,
    told: Instant,
}

impl Shown {
    fn new() -> Shown {
        let bar = std::io::stderr().is_terminal().then(ProgressBar::no_length);
        Shown { bar, done: 0, of: 0, told: Instant::now() }
    }

    fn begin(&mut self, of: u64) {
        self.of = of;
        if let Some(bar) = &self.bar {
            bar.set_length(of);
            if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos} of {len} traces, {eta} left {msg}") {
                bar.set_style(style);
            }
        }
    }

    fn went(&mut self, traces: u64) {
        self.done += traces;
        match &self.bar {
            Some(bar) => bar.set_position(self.done),
            None if self.told.elapsed() >= LINE_EVERY => {
                self.told = Instant::now();
                say(format!("{} of {} traces", self.done, self.of));
            }
            None => {}
        }
    }

    fn tell(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.println(line),
            None => say(line),
        }
    }

    fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
