//! Numbered migrations, written once for both databases, run on start under a lock.

use postgres::Client;
use rusqlite::Connection;
use sha2::{Digest, Sha256};

use super::dialect::Dialect;
use crate::error::{Error, Result};

/// One step of the schema. From the first release on, steps are only ever added.
#[derive(Debug)]
pub struct Migration {
    /// Its number, from 1 without gaps.
    pub number: i64,
    /// What it brings.
    pub name: &'static str,
    /// The SQL, with dialect words.
    sql: &'static str,
}

const MIGRATIONS: &[Migration] =
    &[Migration { number: 1, name: "start", sql: include_str!("../../migrations/0001_start.sql") }];

const TABLE: &str = "create table if not exists schema_migration
    (number bigint primary key, name text not null, checksum text not null)";

/// PostgreSQL's advisory lock for migrations: "postil" as a number.
const LOCK: i64 = 0x706f_7374_696c;

/// The number of the newest migration this program knows.
pub fn latest() -> i64 {
    MIGRATIONS.last().map_or(0, |migration| migration.number)
}

impl Migration {
    fn checksum(&self) -> String {
        hex::encode(Sha256::digest(self.sql.as_bytes()))
    }
}

/// Which steps are missing, or why this program must not touch the database.
fn missing(applied: &[(i64, String)]) -> Result<Vec<&'static Migration>> {
    for (number, checksum) in applied {
        match MIGRATIONS.iter().find(|migration| migration.number == *number) {
            None => {
                return Err(Error::invalid(
                    "schema_too_new",
                    format!(
                        "The database has migration {number}, this program knows only {}. Run the newer program.",
                        latest()
                    ),
                ));
            }
            Some(migration) if migration.checksum() != *checksum => {
                return Err(Error::invalid(
                    "schema_changed",
                    format!("Migration {number} ({}) in the database is not the one of this program.", migration.name),
                ));
            }
            Some(_) => {}
        }
    }
    Ok(MIGRATIONS.iter().filter(|migration| applied.iter().all(|(number, _)| *number != migration.number)).collect())
}

pub(super) fn sqlite(connection: &Connection) -> Result<()> {
    let failed = |cause: rusqlite::Error| Error::Unavailable(format!("migration: {cause}"));
    connection.execute_batch("begin immediate").map_err(failed)?;
    let run = || -> Result<()> {
        connection.execute_batch(TABLE).map_err(failed)?;
        let mut statement =
            connection.prepare("select number, checksum from schema_migration order by number").map_err(failed)?;
        let applied = statement
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
            .and_then(Iterator::collect::<rusqlite::Result<Vec<(i64, String)>>>)
            .map_err(failed)?;
        for migration in missing(&applied)? {
            connection.execute_batch(&Dialect::Sqlite.render(migration.sql)).map_err(failed)?;
            connection
                .execute(
                    "insert into schema_migration (number, name, checksum) values (?1, ?2, ?3)",
                    rusqlite::params![migration.number, migration.name, migration.checksum()],
                )
                .map_err(failed)?;
        }
        Ok(())
    };
    match run() {
        Ok(()) => connection.execute_batch("commit").map_err(failed),
        Err(failure) => {
            drop(connection.execute_batch("rollback"));
            Err(failure)
        }
    }
}

pub(super) fn postgres(client: &mut Client) -> Result<()> {
    let failed = |cause: postgres::Error| {
        let text = cause.as_db_error().map_or_else(|| cause.to_string(), |detail| detail.message().to_owned());
        Error::Unavailable(format!("migration: {text}"))
    };
    let mut transaction = client.transaction().map_err(failed)?;
    transaction.execute("select pg_advisory_xact_lock($1)", &[&LOCK]).map_err(failed)?;
    transaction.batch_execute(TABLE).map_err(failed)?;
    let applied: Vec<(i64, String)> = transaction
        .query("select number, checksum from schema_migration order by number", &[])
        .map_err(failed)?
        .iter()
        .map(|row| (row.get(0), row.get(1)))
        .collect();
    for migration in missing(&applied)? {
        transaction.batch_execute(&Dialect::Postgres.render(migration.sql)).map_err(failed)?;
        transaction
            .execute(
                "insert into schema_migration (number, name, checksum) values ($1, $2, $3)",
                &[&migration.number, &migration.name, &migration.checksum()],
            )
            .map_err(failed)?;
    }
    transaction.commit().map_err(failed)
}
