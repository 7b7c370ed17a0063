//! `postil key …`

use clap::Subcommand;
use postil::db::Db;
use postil::project::start::Home;
use postil::project::{key, operator};
use postil::{Clock, clock};

use crate::output::say;
use crate::serve::described;

/// One day in microseconds.
const DAY: i64 = 24 * 3600 * 1_000_000;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Make an API key for the default project and print it, once.
    Create {
        /// Its name, for people.
        name: String,
        /// What it may do, separated by commas.
        #[arg(long, value_delimiter = ',', default_value = "ingest,annotate,read",
            value_parser = ["ingest", "annotate", "read", "admin"])]
        scopes: Vec<String>,
        /// Let it speak for every project of the workspace.
        #[arg(long)]
        all_projects: bool,
        /// When it stops working, in days from now.
        #[arg(long, value_parser = clap::value_parser!(i64).range(1..=36500))]
        days: Option<i64>,
    },
    /// List the API keys, newest first.
    List,
    /// Take an API key away for good.
    Revoke {
        /// Its id, as `list` shows it.
        id: String,
    },
}

pub(super) fn run(command: Command, db: &Db, clock: &Clock, home: &Home) -> anyhow::Result<()> {
    match command {
        Command::Create { name, scopes, all_projects, days } => {
            let (token, clock) = (key::generate(), clock.clone());
            let new = key::NewKey {
                name,
                workspace_id: home.workspace_id.clone(),
                project_id: (!all_projects).then(|| home.project.id.clone()),
                permission_mode: if scopes.len() == key_scopes() { "all" } else { "restricted" }.into(),
                scopes,
                access: "{}".into(),
                expires_at: days.map(|days| clock.now() + days * DAY),
                created_by: "postil".into(),
            };
            let stored = token.clone();
            db.write_blocking(move |tx| key::insert(tx, &clock, &stored, &new)).map_err(described)?;
            say(token);
        }
        Command::List => {
            for key in db.read_blocking(operator::keys).map_err(described)? {
                let used = key.last_used_at.map_or_else(|| "never used".to_owned(), clock::rfc3339);
                let scopes = key.scopes.join(",");
                say(format!("{}  {}  {:<8}  {scopes}  {used}  {}", key.id, key.masked, key.status, key.name));
            }
        }
        Command::Revoke { id } => {
            let wanted = id.clone();
            db.write_blocking(move |tx| operator::revoke_key(tx, &wanted)).map_err(described)?;
            say(format!("The API key {id} works no more; on running servers after two seconds."));
        }
    }
    Ok(())
}

fn key_scopes() -> usize {
    postil::project::caller::SCOPES.len()
}
