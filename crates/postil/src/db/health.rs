//! Whether a running database can be used, and how large it is.

use super::dialect::Dialect;
use super::tx::Tx;
use crate::error::Result;
use crate::params;

/// Fails when the database cannot be read.
pub fn check_reading(tx: &mut Tx<'_>) -> Result<()> {
    tx.query("select name from setting where name = 'ready'", params![]).map(drop)
}

/// Fails when the database cannot be written, by writing a little.
pub fn check_writing(tx: &mut Tx<'_>, now: i64) -> Result<()> {
    tx.execute(
        "insert into setting (name, value) values ('ready', $1) on conflict (name) do update set value = excluded.value",
        params![now.to_string()],
    )
    .map(drop)
}

/// The size of the database in bytes.
pub fn size(tx: &mut Tx<'_>) -> Result<i64> {
    let sql = match tx.dialect() {
        Dialect::Sqlite => "select page_count * page_size from pragma_page_count(), pragma_page_size()",
        Dialect::Postgres => "select pg_database_size(current_database())",
    };
    tx.query_one(sql, params![])?.int(0)
}
