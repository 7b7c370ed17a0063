//! Back-up and restore: one file, from either database.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, bail, ensure};
use postil::db::{Location, check_sqlite, copy_sqlite, inspect};

use crate::api::params::percent_decoded;
use crate::config::Config;
use crate::output::say;
use crate::serve::described;

/// Writes the whole database into `file`, while the server may go on running.
///
/// # Errors
/// When `file` exists or the database cannot be read.
pub fn backup(config: &Config, file: &Path) -> anyhow::Result<()> {
    ensure!(!file.exists(), "{} exists already; give the name of a new file", file.display());
    match &config.location {
        Location::Sqlite(database) => {
            ensure!(database.exists(), "there is no database at {}; --data names its folder", database.display());
            copy_sqlite(database, file).map_err(described)?;
            keep_private(file)?;
            check_sqlite(file).map_err(described).context("the copy is damaged")?;
        }
        Location::Postgres(url) => {
            let (url, password) = without_password(url);
            let arguments = ["--format=custom", "--no-owner", "--no-privileges", "--file"];
            let mut command = Command::new("pg_dump");
            command.args(arguments).arg(file).arg("--dbname").arg(url);
            run(command, password, "pg_dump")?;
        }
    }
    let bytes = std::fs::metadata(file).with_context(|| format!("{} was not written", file.display()))?.len();
    say(format!("{} holds the whole database ({} KiB).", file.display(), bytes.div_ceil(1024)));
    Ok(())
}

/// What people said and the hashes of their passwords are nobody else's business.
fn keep_private(file: &Path) -> anyhow::Result<()> {
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600))
        .with_context(|| format!("{} cannot be kept from others", file.display()))
}

/// Brings the database of `file` back.
///
/// # Errors
/// When `file` is damaged or no back-up, or when a database is there and `force` is not given.
pub fn restore(config: &Config, file: &Path, force: bool) -> anyhow::Result<()> {
    ensure!(file.is_file(), "{} is not a file", file.display());
    match &config.location {
        Location::Sqlite(database) => restore_sqlite(file, database, force)?,
        Location::Postgres(url) => restore_postgres(config, file, url, force)?,
    }
    say(format!("The database of {} is back. Start the server with `postil serve`.", file.display()));
    Ok(())
}

fn restore_sqlite(file: &Path, database: &Path, force: bool) -> anyhow::Result<()> {
    let source = Location::Sqlite(file.to_owned());
    check_sqlite(file).map_err(described).with_context(|| format!("{} is damaged or no back-up", file.display()))?;
    let found = inspect::inspect(&source).map_err(described)?;
    ensure!(!found.migrations.is_empty(), "{} is not a database of Postil", file.display());
    if database.exists() {
        ensure!(force, "there is a database at {} already; --force replaces it", database.display());
        // A database that is damaged is one of the reasons to restore, so it cannot be asked whether it is in use.
        if let Err(conflict @ postil::Error::Conflict { .. }) = inspect::claim_sqlite(database) {
            return Err(described(conflict));
        }
    }
    let folder = database.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).with_context(|| format!("the folder {} cannot be made", folder.display()))?;
    // Beside the old one first: until the rename the old database is whole, after it the new one is.
    let beside = folder.join("postil.db.restoring");
    drop(std::fs::remove_file(&beside));
    copy_sqlite(file, &beside).map_err(described)?;
    check_sqlite(&beside).map_err(described)?;
    keep_private(&beside)?;
    for suffix in ["-wal", "-shm"] {
        let mut leftover = database.as_os_str().to_owned();
        leftover.push(suffix);
        drop(std::fs::remove_file(leftover));
    }
    std::fs::rename(&beside, database).context("the copy cannot take the place of the database")?;
    std::fs::File::open(folder).and_then(|folder| folder.sync_all()).context("the folder cannot be synced")
}

fn restore_postgres(config: &Config, file: &Path, url: &str, force: bool) -> anyhow::Result<()> {
    let found = inspect::inspect(&config.location).map_err(described)?;
    let is_empty = found.migrations.is_empty();
    ensure!(is_empty || force, "the PostgreSQL database holds data of Postil already; --force replaces it");
    let (url, password) = without_password(url);
    let mut command = Command::new("pg_restore");
    command.args(["--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error"]);
    if !is_empty {
        command.args(["--clean", "--if-exists"]);
    }
    command.arg("--dbname").arg(url).arg(file);
    run(command, password, "pg_restore")
}

/// Runs a program of PostgreSQL. Its password goes by the environment: other users can read command lines.
fn run(mut command: Command, password: Option<String>, program: &str) -> anyhow::Result<()> {
    let shown: Vec<_> = command.get_args().map(|argument| argument.to_string_lossy().into_owned()).collect();
    let shown = format!("{program} {}", shown.join(" "));
    if let Some(password) = password {
        command.env("PGPASSWORD", password);
    }
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => bail!("{program} failed ({status})"),
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => {
            bail!("{program} is not installed (Debian, Ubuntu: postgresql-client). Where it is, run: {shown}")
        }
        Err(cause) => Err(cause).with_context(|| format!("{program} cannot be run")),
    }
}

/// The connection string without its password, and the password, decoded.
fn without_password(url: &str) -> (String, Option<String>) {
    let parts = || {
        let (scheme, rest) = url.split_once("://")?;
        let authority = rest.split('/').next()?;
        let (credentials, _) = authority.rsplit_once('@')?;
        let (user, password) = credentials.split_once(':')?;
        Some((format!("{scheme}://{user}{}", &rest[credentials.len()..]), Some(decoded(password))))
    };
    parts().unwrap_or_else(|| (url.to_owned(), None))
}

fn decoded(text: &str) -> String {
    String::from_utf8_lossy(&percent_decoded(text)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::without_password;

    #[test]
    fn the_password_leaves_the_connection_string() {
        let (url, password) = without_password("postgres://me:p%40ss:w@db:5432/postil?sslmode=require");
        assert_eq!(url, "postgres://me@db:5432/postil?sslmode=require");
        assert_eq!(password.as_deref(), Some("p@ss:w"));
        assert_eq!(without_password("postgres://me@db/postil"), ("postgres://me@db/postil".into(), None));
        assert_eq!(without_password("postgres://db/a@b:c"), ("postgres://db/a@b:c".into(), None));
    }
}
