//! A look at a database from outside, without migrating or changing it.

use rusqlite::{Connection, OpenFlags};

use super::{Location, postgres, sqlite};
use crate::error::{Error, Result};

/// What a database says of itself.
#[derive(Debug, Clone)]
pub struct Inspection {
    /// The engine and its version.
    pub version: String,
    /// The numbers of the migrations it has; none when it is empty.
    pub migrations: Vec<i64>,
    /// Its clock, in microseconds since 1970.
    pub now: i64,
}

/// Looks at the database of this location.
///
/// # Errors
/// [`Error::NotFound`] when a SQLite file does not exist yet, [`Error::Unavailable`] when it cannot be read.
pub fn inspect(location: &Location) -> Result<Inspection> {
    match location {
        Location::Sqlite(path) if !path.exists() => {
            Err(Error::not_found("no_database", format!("{} does not exist yet.", path.display())))
        }
        Location::Sqlite(path) => {
            let failed = |cause: rusqlite::Error| Error::Unavailable(format!("{}: {cause}", path.display()));
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
            let (version, now) = connection
                .query_row(
                    "select sqlite_version(), cast((julianday('now') - 2440587.5) * 86400000000 as integer)",
                    [],
                    |row| Ok((row.get::<_, String>(0)?, row.get(1)?)),
                )
                .map_err(failed)?;
            let known = "select count(*) from sqlite_schema where name = 'schema_migration'";
            let migrations = if connection.query_row(known, [], |row| row.get::<_, i64>(0)).map_err(failed)? == 0 {
                Vec::new()
            } else {
                connection
                    .prepare("select number from schema_migration order by number")
                    .and_then(|mut statement| statement.query_map([], |row| row.get(0))?.collect())
                    .map_err(failed)?
            };
            Ok(Inspection { version: format!("SQLite {version}"), migrations, now })
        }
        Location::Postgres(url) => {
            let mut client = postgres::connect(url)?;
            let failed = |cause: ::postgres::Error| Error::Unavailable(format!("PostgreSQL: {cause}"));
            let about = "select current_setting('server_version'), to_regclass('schema_migration') is not null,
                 cast(extract(epoch from clock_timestamp()) * 1000000 as bigint)";
            let row = client.query_one(about, &[]).map_err(failed)?;
            let migrations = if row.get(1) {
                let rows = client.query("select number from schema_migration order by number", &[]).map_err(failed)?;
                rows.iter().map(|row| row.get(0)).collect()
            } else {
                Vec::new()
            };
            Ok(Inspection { version: format!("PostgreSQL {}", row.get::<_, String>(0)), migrations, now: row.get(2) })
        }
    }
}

/// Checks the whole of a database for damage, as far as its engine can.
pub fn check(location: &Location) -> Result<()> {
    match location {
        Location::Sqlite(path) => sqlite::check(path),
        // PostgreSQL checks its pages as it reads them; asking it to read all would stop a large server.
        Location::Postgres(_) => Ok(()),
    }
}

/// Makes sure that nobody has the SQLite database of this file open, and leaves it as a single file.
///
/// # Errors
/// [`Error::Conflict`] when a server or another program is at work on it.
pub fn claim_sqlite(path: &std::path::Path) -> Result<()> {
    // Only a connection that is alone may leave the mode with a write-ahead log; a killed server's log is carried over.
    let alone = Connection::open(path)
        .and_then(|connection| connection.execute_batch("pragma busy_timeout = 0; pragma journal_mode = delete"));
    alone.map_err(|cause| match cause.sqlite_error_code() {
        Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked) => {
            Error::conflict("database_in_use", format!("A server is running on {}. Stop it first.", path.display()))
        }
        _ => Error::Unavailable(format!("{}: {cause}", path.display())),
    })
}
