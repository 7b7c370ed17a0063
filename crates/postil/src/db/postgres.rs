//! PostgreSQL: a few threads, each with a connection of its own.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::Receiver;
use postgres::error::SqlState;
use postgres::types::{IsNull, ToSql, Type, private::BytesMut, to_sql_checked};
use postgres::{Client, Config, NoTls, Statement};
use tokio::sync::broadcast;

use super::Queues;
use super::dialect::Dialect;
use super::job::{Job, Verdict};
use super::migrate;
use super::relay::Teller;
use super::tx::Tx;
use super::value::{Row, Value};
use crate::error::{Error, Result};
use crate::event::Event;

/// Connections that write; PostgreSQL groups their commits.
const WRITERS: usize = 12;
/// Connections for what is quickly read.
const READERS: usize = 4;
/// Connections for what looks at much.
const SCANNERS: usize = 2;
/// How often a transaction that collides with others is run again.
const ATTEMPTS: usize = 8;
/// Prepared statements kept a connection.
const STATEMENTS: usize = 512;

/// A connection and its prepared statements.
pub(super) struct PostgresSession {
    client: Client,
    statements: HashMap<String, Statement>,
    /// Why the last statement failed, for the decision to run the transaction again.
    failure: Option<Failure>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Failure {
    Collision,
    Connection,
    Other,
}

impl PostgresSession {
    fn prepare(&mut self, sql: &str) -> Result<Statement> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        if self.statements.len() >= STATEMENTS {
            self.statements.clear();
        }
        let text = Dialect::Postgres.render(sql);
        let prepared = self.client.prepare(&text);
        let statement = prepared.map_err(|cause| self.fault(&cause, sql))?;
        self.statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    pub(super) fn query(&mut self, sql: &str, params: &[Value]) -> Result<Vec<Row>> {
        let statement = self.prepare(sql)?;
        let params: Vec<&(dyn ToSql + Sync)> = params.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
        let answer = self.client.query(&statement, &params);
        let rows = answer.map_err(|cause| self.fault(&cause, sql))?;
        rows.iter().map(read_row).collect()
    }

    pub(super) fn execute(&mut self, sql: &str, params: &[Value]) -> Result<u64> {
        let statement = self.prepare(sql)?;
        let params: Vec<&(dyn ToSql + Sync)> = params.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
        let answer = self.client.execute(&statement, &params);
        answer.map_err(|cause| self.fault(&cause, sql))
    }

    pub(super) fn batch(&mut self, sql: &str) -> Result<()> {
        let answer = self.client.batch_execute(sql);
        answer.map_err(|cause| self.fault(&cause, sql))
    }

    fn fault(&mut self, cause: &postgres::Error, sql: &str) -> Error {
        let (failure, error) = sort(cause, sql);
        self.failure = Some(failure);
        error
    }
}

fn describe(cause: &postgres::Error) -> String {
    cause.as_db_error().map_or_else(|| cause.to_string(), |detail| detail.message().to_owned())
}

/// Sorts a failure: collisions are run again, lost connections and a full disk pass, the rest is a fault of ours.
fn sort(cause: &postgres::Error, sql: &str) -> (Failure, Error) {
    let collision = [SqlState::T_R_SERIALIZATION_FAILURE, SqlState::T_R_DEADLOCK_DETECTED];
    match cause.code() {
        Some(code) if collision.contains(code) => (Failure::Collision, Error::Unavailable(describe(cause))),
        // Classes: 08 connection, 53 resources (disk full, too many connections), 57 operator (shutting down), 58 system.
        Some(code) if ["08", "53", "57", "58"].iter().any(|class| code.code().starts_with(class)) => {
            (Failure::Connection, Error::Unavailable(describe(cause)))
        }
        Some(&SqlState::LOCK_NOT_AVAILABLE) => (Failure::Other, Error::Unavailable(describe(cause))),
        Some(&SqlState::READ_ONLY_SQL_TRANSACTION) => (Failure::Connection, Error::Unavailable(describe(cause))),
        Some(_) => (Failure::Other, Error::internal(format!("{} in: {sql}", describe(cause)))),
        None if cause.is_closed()
            || std::error::Error::source(cause).is_some_and(|source| source.is::<std::io::Error>()) =>
        {
            (Failure::Connection, Error::Unavailable(cause.to_string()))
        }
        None => {
            let detail = std::error::Error::source(cause).map_or_else(String::new, ToString::to_string);
            (Failure::Other, Error::internal(format!("{cause} {detail} in: {sql}")))
        }
    }
}

impl ToSql for Value {
    fn to_sql(
        &self,
        wanted: &Type,
        out: &mut BytesMut,
    ) -> std::result::Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match (self, wanted) {
            (Value::Null, _) => Ok(IsNull::Yes),
            (Value::Int(value), &Type::INT4) => i32::try_from(*value)?.to_sql(wanted, out),
            #[expect(clippy::cast_precision_loss, reason = "a column of numbers takes whole ones too")]
            (Value::Int(value), &Type::FLOAT8) => (*value as f64).to_sql(wanted, out),
            (Value::Int(value), &Type::BOOL) => (*value != 0).to_sql(wanted, out),
            (Value::Int(value), &Type::TEXT | &Type::VARCHAR) => value.to_string().to_sql(wanted, out),
            (Value::Int(value), _) => value.to_sql(&Type::INT8, out),
            (Value::Real(value), &Type::TEXT | &Type::VARCHAR) => value.to_string().to_sql(wanted, out),
            (Value::Real(value), _) => value.to_sql(&Type::FLOAT8, out),
            (Value::Text(value), _) => value.to_sql(wanted, out),
            (Value::Blob(value), _) => value.to_sql(wanted, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

fn read_row(row: &postgres::Row) -> Result<Row> {
    let values = row.columns().iter().enumerate().map(|(at, column)| {
        let failed = |cause: postgres::Error| Error::internal(format!("column {}: {cause}", column.name()));
        Ok(match *column.type_() {
            Type::INT8 => row.try_get::<_, Option<i64>>(at).map_err(failed)?.into(),
            Type::INT4 => row.try_get::<_, Option<i32>>(at).map_err(failed)?.into(),
            Type::BOOL => row.try_get::<_, Option<bool>>(at).map_err(failed)?.into(),
            Type::FLOAT8 => row.try_get::<_, Option<f64>>(at).map_err(failed)?.into(),
            Type::BYTEA => row.try_get::<_, Option<Vec<u8>>>(at).map_err(failed)?.into(),
            _ => row.try_get::<_, Option<String>>(at).map_err(failed)?.into(),
        })
    });
    values.collect::<Result<_>>().map(Row)
}

/// Opens one connection, over TLS when the connection string asks for it (`sslmode=require`).
pub(super) fn connect(url: &str) -> Result<Client> {
    let unavailable = |cause: &dyn std::fmt::Display| Error::Unavailable(format!("PostgreSQL: {cause}"));
    let mut config: Config = url.parse().map_err(|cause: postgres::Error| {
        Error::field("invalid_database_url", "DATABASE_URL", format!("DATABASE_URL cannot be read: {cause}"))
    })?;
    config.connect_timeout(Duration::from_secs(5)).application_name("postil");
    let client = if config.get_ssl_mode() == postgres::config::SslMode::Disable {
        config.connect(NoTls)
    } else {
        config.connect(tls())
    };
    let mut client = client.map_err(|cause| {
        unavailable(&cause.as_db_error().map_or_else(|| cause.to_string(), |detail| detail.message().to_owned()))
    })?;
    client
        .batch_execute("set synchronous_commit = on; set client_min_messages = warning; set lock_timeout = '10s'")
        .map_err(|cause| unavailable(&cause))?;
    Ok(client)
}

fn tls() -> tokio_postgres_rustls::MakeRustlsConnect {
    let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the built-in provider supports the default protocol versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    tokio_postgres_rustls::MakeRustlsConnect::new(config)
}

/// Migrates the database and starts its threads. They end when the queues are closed.
pub(super) fn start(url: &str, queues: &Queues, events: &broadcast::Sender<Event>) -> Result<()> {
    migrate::postgres(&mut connect(url)?)?;
    let teller = Teller::everywhere(events.clone(), url);
    let writers = (0..WRITERS).map(|_| (&queues.writes, "begin"));
    let readers = (0..READERS).map(|_| (&queues.reads, READ));
    let scanners = (0..SCANNERS).map(|_| (&queues.scans, READ));
    for (number, (queue, begin)) in writers.chain(readers).chain(scanners).enumerate() {
        let (url, queue, teller) = (url.to_owned(), queue.clone(), teller.clone());
        std::thread::Builder::new()
            .name(format!("postgres-{number}"))
            .spawn(move || serve(&url, begin, &queue, &teller))
            .map_err(Error::internal)?;
    }
    Ok(())
}

/// Readers see one consistent state for the whole closure.
const READ: &str = "begin isolation level repeatable read read only";

fn serve(url: &str, begin: &str, queue: &Receiver<Box<dyn Job>>, teller: &Teller) {
    let mut session: Option<PostgresSession> = None;
    while let Ok(mut job) = queue.recv() {
        let outcome = run(url, begin, &mut session, job.as_mut());
        match outcome {
            Ok(happened) => {
                teller.tell(happened);
                job.finish(None);
            }
            Err(failure) => job.finish(Some(failure)),
        }
    }
}

/// Runs one closure in a transaction, again when it collides, and once more on a new connection when the old one was
/// lost before anything was sent to be committed.
fn run(url: &str, begin: &str, kept: &mut Option<PostgresSession>, job: &mut dyn Job) -> Result<Vec<Event>> {
    let mut reconnected = false;
    let mut last = Error::Unavailable("transactions collided too often".into());
    for _ in 0..ATTEMPTS {
        if kept.as_ref().is_none_or(|session| session.client.is_closed()) {
            let client = connect(url)?;
            *kept = Some(PostgresSession { client, statements: HashMap::new(), failure: None });
            reconnected = true;
        }
        let Some(session) = kept.as_mut() else { continue };
        session.failure = None;
        match attempt(session, begin, job) {
            Ok(events) => return Ok(events),
            Err(Attempt { error, committing }) => {
                let failure = session.failure.unwrap_or(Failure::Other);
                if failure == Failure::Connection {
                    *kept = None;
                }
                let again =
                    failure == Failure::Collision || (failure == Failure::Connection && !committing && !reconnected);
                last = error;
                if !again {
                    break;
                }
            }
        }
    }
    Err(last)
}

struct Attempt {
    error: Error,
    committing: bool,
}

fn attempt(session: &mut PostgresSession, begin: &str, job: &mut dyn Job) -> std::result::Result<Vec<Event>, Attempt> {
    let before = |error| Attempt { error, committing: false };
    session.batch(begin).map_err(before)?;
    let mut tx = Tx::postgres(session);
    let verdict = job.run(&mut tx);
    let events = std::mem::take(&mut tx.events);
    if verdict == Verdict::Commit {
        return match session.batch("commit") {
            Ok(()) => Ok(events),
            Err(error) => Err(Attempt { error, committing: true }),
        };
    }
    // The closure failed: by itself (its own answer stands), by a collision or by the connection (decided above).
    let failure = session.failure;
    let rolled_back = session.batch("rollback");
    match failure {
        Some(Failure::Collision | Failure::Connection) => {
            session.failure = failure;
            Err(before(Error::Unavailable("the transaction was interrupted".into())))
        }
        _ => rolled_back.map(|()| Vec::new()).map_err(before),
    }
}
