//! A database of its own for every test, on either engine.

use std::sync::OnceLock;

use postil::db::{Db, Location};
use postil::{Clock, id};

/// 2026-11-21T10:00:00Z, where the clock of every test stands.
pub const NOON: i64 = 1_795_255_200_000_000;

/// A fresh database, a clock that stands still, and what must be cleaned up afterwards.
pub struct Bed {
    pub db: Db,
    pub clock: Clock,
    pub location: Location,
    database: Option<String>,
    _folder: tempfile::TempDir,
}

/// Makes one test for each database out of each function.
#[macro_export]
macro_rules! both {
    ($($name:ident),+ $(,)?) => {
        mod on_sqlite {
            $(#[test] fn $name() { super::$name(&$crate::bed::Bed::sqlite()); })+
        }
        mod on_postgres {
            $(#[test] fn $name() { super::$name(&$crate::bed::Bed::postgres()); })+
        }
    };
}

impl Bed {
    pub fn sqlite() -> Bed {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let location = Location::Sqlite(folder.path().join("postil.db"));
        let db = Db::open(&location).expect("a fresh SQLite database");
        Bed { db, clock: Clock::fixed(NOON), location, database: None, _folder: folder }
    }

    pub fn postgres() -> Bed {
        let server = server();
        let name = format!("postil_{}", id::secret::<8>());
        admin(&format!("create database {name} template {}", template()));
        let location = Location::Postgres(format!("{server}/{name}"));
        let db = Db::open(&location).expect("a fresh PostgreSQL database");
        let folder = tempfile::tempdir().expect("a temporary folder");
        Bed { db, clock: Clock::fixed(NOON), location, database: Some(name), _folder: folder }
    }
}

impl Drop for Bed {
    fn drop(&mut self) {
        if let Some(name) = &self.database {
            admin(&format!("drop database if exists {name} with (force)"));
        }
    }
}

fn server() -> String {
    std::env::var("POSTIL_TEST_POSTGRES").expect(
        "POSTIL_TEST_POSTGRES names a server: run the tests with `make test` or `scripts/with-postgres cargo test`",
    )
}

/// Runs one statement on the server's own database, through the program every PostgreSQL comes with.
fn admin(sql: &str) {
    let done = std::process::Command::new("psql")
        .args([&format!("{}/postgres", server()), "-q", "-v", "ON_ERROR_STOP=1", "-c", sql])
        .output()
        .expect("psql runs");
    assert!(done.status.success(), "{sql}: {}", String::from_utf8_lossy(&done.stderr));
}

/// A migrated database that others are copied from, which is quicker than migrating each.
fn template() -> &'static str {
    static TEMPLATE: OnceLock<String> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let name = format!("postil_template_{}", id::secret::<8>());
        admin(&format!("create database {name}"));
        drop(Db::open(&Location::Postgres(format!("{}/{name}", server()))).expect("the template is migrated"));
        // Its connections end in their own time; a database in use cannot be copied.
        admin(&format!("select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'"));
        name
    })
}
