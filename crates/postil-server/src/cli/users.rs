//! `postil user …`

use std::io::{BufRead, IsTerminal};

use clap::Subcommand;
use postil::Clock;
use postil::db::Db;
use postil::project::start::Home;
use postil::project::{Role, member, operator, password};

use crate::output::say;
use crate::serve::described;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Add a member; asks for a password, or reads it from standard input.
    Add {
        /// Their email address.
        email: String,
        /// The name others see; the email address when it is missing.
        #[arg(long)]
        name: Option<String>,
        /// Their role: owner and admin everywhere, the others in the default project.
        #[arg(long, default_value = "admin", value_parser = ["owner", "admin", "developer", "reviewer", "viewer"])]
        role: String,
        /// Print a one-time sign-in link instead of asking for a password.
        #[arg(long)]
        link: bool,
    },
    /// Set a member's password and end their sign-ins; asks for it, or reads it from standard input.
    Passwd {
        /// Their email address.
        email: String,
    },
    /// List the members.
    List,
}

pub(super) fn run(command: Command, db: &Db, clock: &Clock, home: &Home) -> anyhow::Result<()> {
    let clock = clock.clone();
    match command {
        Command::Add { email, name, role, link } => {
            let hash = if link { None } else { Some(ask()?) };
            let (home, shown) = (home.clone(), email.clone());
            let role = Role::parse(&role).ok_or_else(|| anyhow::anyhow!("there is no role {role}"))?;
            let token = db
                .write_blocking(move |tx| {
                    let name = name.as_deref().unwrap_or(&email);
                    let everywhere = (role >= Role::Admin).then_some(role);
                    let id = member::add(tx, &clock, &home.workspace_id, &email, name, hash.as_deref(), everywhere)?;
                    if everywhere.is_none() {
                        member::set_role(tx, &id, &home.project.id, role)?;
                    }
                    if link { member::sign_in_link(tx, &clock, &id).map(Some) } else { Ok(None) }
                })
                .map_err(described)?;
            say(format!("{shown} was added."));
            if let Some(token) = token {
                say(format!("Sign in once, within an hour, at {}", crate::greeting::sign_in_url("", &token)));
            }
        }
        Command::Passwd { email } => {
            let hash = ask()?;
            let wanted = email.clone();
            let is_known = db
                .write_blocking(move |tx| match member::by_email(tx, &wanted)? {
                    Some((found, _)) => member::set_password(tx, &found.id, &hash, None).map(|()| true),
                    None => Ok(false),
                })
                .map_err(described)?;
            anyhow::ensure!(is_known, "there is no member with the email {email}; `postil user list` shows them");
            say(format!("The password of {email} was changed, and all their sign-ins were ended."));
        }
        Command::List => {
            for member in db.read_blocking(operator::members).map_err(described)? {
                let role = member.workspace_role.as_deref().unwrap_or("-");
                let state = if member.is_disabled { "disabled" } else { "" };
                say(format!("{}  {:<9}  {}  {state}", member.id, role, member.email).trim_end());
            }
        }
    }
    Ok(())
}

/// Asks twice without echo, or reads one line when nobody sits before it. Answers with the hash.
fn ask() -> anyhow::Result<String> {
    let text = if std::io::stdin().is_terminal() {
        let first = rpassword::prompt_password("Password: ")?;
        anyhow::ensure!(first == rpassword::prompt_password("Once more: ")?, "the two passwords are not the same");
        first
    } else {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line)?;
        line.trim_end_matches(['\r', '\n']).to_owned()
    };
    password::hash(&text).map_err(described)
}
