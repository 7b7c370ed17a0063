//! The command line.

mod files;
mod keys;
mod remap;
mod users;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, Subcommand};
use postil::Clock;
use postil::db::Db;
use postil::human_review;
use postil::project::start::Home;
use postil::trace::price::PriceTable;

use crate::config::{Config, DEFAULT_FILE, Flags, reference};
use crate::greeting::Bootstrap;
use crate::output::{say, warn};
use crate::serve::{described, open};
use crate::{App, api, backup, demo, doctor, serve, telemetry};

/// Human feedback for LLM applications: traces in, human judgement on them, data out.
#[derive(Parser)]
#[command(name = "postil", version, arg_required_else_help = true)]
struct Cli {
    #[command(flatten)]
    flags: Flags,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the web app, the API and OTLP.
    Serve {
        /// Fill an empty project with demo conversations.
        #[arg(long)]
        demo: bool,
    },
    /// Bring the database to the newest schema, and end.
    Migrate,
    /// Print the OpenAPI document.
    Openapi,
    /// Print the commented default configuration file.
    Settings {
        /// Print the page of the documentation instead.
        #[arg(long)]
        markdown: bool,
    },
    /// Print the prices of models that come with the program, as the file that the setting `prices` names.
    Prices,
    /// Fill an empty project with demo conversations.
    Demo,
    /// Members: people who sign in.
    #[command(subcommand)]
    User(users::Command),
    /// API keys.
    #[command(subcommand)]
    Key(keys::Command),
    /// Derive the rows of stored traces again, by the mapping and the prices of this program; a server may go on running.
    Remap(remap::Command),
    /// Write annotations or a dataset as a file; the server may go on running.
    #[command(subcommand)]
    Export(files::Export),
    /// Import annotations or datapoints from a file; the server may go on running.
    #[command(subcommand)]
    Import(files::Import),
    /// Check configuration, database, permissions, clock and disk, and say what to do.
    Doctor,
    /// Write the whole database into a file; the server may go on running.
    Backup {
        /// The file to write, which must not exist.
        file: PathBuf,
    },
    /// Bring back the database of a file written by `backup`; the server must not run.
    Restore {
        /// The file to read.
        file: PathBuf,
        /// Replace the database that is there.
        #[arg(long)]
        force: bool,
    },
}

/// Runs the program.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli) {
        Ok(code) => code,
        Err(error) => {
            warn(format!("postil: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// Reads a variable of the environment, if it is text.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    // These need no configuration, and work when it is wrong.
    match cli.command {
        Command::Openapi => {
            say(api::openapi().to_pretty_json()?);
            return Ok(ExitCode::SUCCESS);
        }
        Command::Settings { markdown } => {
            say(if markdown { reference::page() } else { DEFAULT_FILE.to_owned() }.trim_end());
            return Ok(ExitCode::SUCCESS);
        }
        Command::Prices => {
            say(PriceTable::built_in_file().trim_end());
            return Ok(ExitCode::SUCCESS);
        }
        Command::Doctor => return Ok(doctor::run(&cli.flags, variable)),
        _ => {}
    }
    let config = Config::load(&cli.flags, variable)?;
    telemetry::start(&config);
    match cli.command {
        Command::Serve { demo } => serve::serve(&config, Bootstrap::read(variable).map_err(described)?, demo)?,
        Command::Migrate => {
            open(&config.location)?.close(std::time::Duration::from_secs(10));
            say(format!("The database has migration {}.", postil::db::latest_migration()));
        }
        Command::Demo => with_home(&config, |db, clock, home| {
            let app = App::with_settings(db.clone(), clock.clone(), config.limits, config.settings.clone());
            let runtime = tokio::runtime::Runtime::new()?;
            runtime.block_on(demo::fill(app, home.clone()))
        })?,
        Command::User(command) => with_home(&config, |db, clock, home| users::run(command, db, clock, home))?,
        Command::Key(command) => with_home(&config, |db, clock, home| keys::run(command, db, clock, home))?,
        Command::Remap(command) => {
            let prices = Arc::clone(&config.settings.prices);
            with_home(&config, |db, clock, _| remap::run(&command, db, clock, prices))?;
        }
        Command::Export(command) => with_home(&config, |db, _, home| files::export(command, db, home))?,
        Command::Import(command) => {
            let limit = config.settings.string_limit;
            with_home(&config, |db, clock, home| files::import(command, db, clock, home, limit))?;
        }
        Command::Backup { file } => backup::backup(&config, &file)?,
        Command::Restore { file, force } => backup::restore(&config, &file, force)?,
        Command::Openapi | Command::Settings { .. } | Command::Prices | Command::Doctor => {}
    }
    Ok(ExitCode::SUCCESS)
}

/// Opens the database, finds the default project, works, and leaves a single file behind.
fn with_home(config: &Config, work: impl FnOnce(&Db, &Clock, &Home) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let (db, clock) = (open(&config.location)?, Clock::system());
    let at = clock.clone();
    let home = db.write_blocking(move |tx| human_review::home(tx, &at)).map_err(described)?;
    let outcome = work(&db, &clock, &home);
    db.close(std::time::Duration::from_secs(10));
    outcome
}
