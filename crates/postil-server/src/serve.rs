//! From a configuration to a running server, and back to a stopped one that leaves nothing behind.

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use postil::db::{Db, Location};
use postil::project::{key, keys, operator};
use postil::trace::arrival;
use postil::{Clock, Result, automation, job};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::config::Config;
use crate::connections::{Connections, Patience, affordable};
use crate::greeting::{self, Arrival, Bootstrap};
use crate::output::say;
use crate::{App, api, automations, demo, grpc, jobs, remap, retention};

/// How often the last use of keys is stored.
const KEY_USE_EVERY: Duration = Duration::from_secs(30);
/// How often what has expired is forgotten.
const PURGE_EVERY: Duration = Duration::from_secs(3600);
/// How often it is stored what arrived from whom.
const ARRIVED_EVERY: Duration = Duration::from_secs(10);
/// How long the write-ahead log may take to be carried over at the end.
const CLOSE_PATIENCE: Duration = Duration::from_secs(10);

/// Serves until the process is told to end.
///
/// # Errors
/// When an address is taken or the database cannot be opened.
pub fn serve(config: &Config, bootstrap: Bootstrap, with_demo: bool) -> anyhow::Result<()> {
    let processors = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    let workers = if config.worker_threads == 0 { processors.max(2) } else { config.worker_threads };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(workers).enable_all().build()?;
    let db = runtime.block_on(run(config, bootstrap, with_demo))?;
    // Ends what is still running, and with it the last other handles on the database.
    runtime.shutdown_timeout(Duration::from_secs(1));
    db.close(CLOSE_PATIENCE);
    tracing::info!("stopped");
    Ok(())
}

async fn run(config: &Config, bootstrap: Bootstrap, with_demo: bool) -> anyhow::Result<Db> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    // Addresses first: when they are taken, another server may be at work on the same data.
    let http = bind("listen", config.listen).await?;
    let otlp = match config.otlp_grpc {
        Some(address) => Some(bind("otlp_grpc", address).await?),
        None => None,
    };
    let location = config.location.clone();
    // Opening waits for disk and network, which this thread must not.
    let db = tokio::task::spawn_blocking(move || open(&location)).await??;
    let clock = Clock::system();
    let app = App::with_settings(db.clone(), clock.clone(), config.limits, config.settings.clone());
    let wants_link = std::io::stdout().is_terminal() || (with_demo && !bootstrap.has_owner());
    let fresh_key = key::generate();
    let arrival = db
        .write(move |tx| greeting::arrive(tx, &clock, &bootstrap, &fresh_key, wants_link))
        .await
        .map_err(described)?;

    let address = http.local_addr()?;
    say(format!("listening on http://{address}"));
    if let Some(otlp) = &otlp {
        say(format!("otlp grpc on {}", otlp.local_addr()?));
    }
    let connections = Connections::new(affordable(config.max_connections), Patience::default());
    let served = tokio::spawn(connections.clone().serve(http, api::router(&app), app.clone()));
    let called = otlp.map(|otlp| tokio::spawn(connections.serve(otlp, grpc::router(&app), app.clone())));
    greet(config, &arrival, address);
    tokio::spawn(keep_house(app.clone()));
    tokio::spawn(remap::in_background(app.clone()));
    tokio::spawn(retention::in_background(app.clone()));
    tokio::spawn(automations::work(app.clone()));
    let working = tokio::spawn(jobs::work(app.clone()));
    if with_demo {
        tokio::spawn(demo::fill_and_tell(app.clone(), arrival.home));
    }
    tracing::info!(%address, database = ?db.dialect(), version = env!("CARGO_PKG_VERSION"), "ready");

    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    tracing::info!("stopping: running requests may finish");
    app.stop();
    let finish = async {
        let http = served.await;
        let grpc = match called {
            Some(called) => called.await,
            None => Ok(()),
        };
        // The job it is at is given back.
        drop(working.await);
        (http, grpc)
    };
    match tokio::time::timeout(Duration::from_secs(config.shutdown_seconds), finish).await {
        Ok((http, grpc)) => {
            http.context("the HTTP server")?;
            grpc.context("the gRPC server")?;
        }
        Err(_) => tracing::warn!(seconds = config.shutdown_seconds, "some requests took too long and were dropped"),
    }
    store_key_use(&app).await;
    report("what arrived last is not counted", app.write_arrived().await);
    Ok(db)
}

async fn bind(setting: &str, address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| {
        format!(
            "{setting}: {address} cannot be listened on; is another Postil running there? Choose another with --{}",
            setting.replace('_', "-")
        )
    })
}

/// Opens the database; for SQLite makes the folder, which only this user may enter.
pub fn open(location: &Location) -> anyhow::Result<Db> {
    if let Location::Sqlite(file) = location {
        make_private_folder(file.parent().unwrap_or(Path::new(".")))?;
    }
    let db = Db::open(location).map_err(described)?;
    if let Location::Sqlite(file) = location {
        make_private(file)?;
    }
    Ok(db)
}

fn make_private_folder(folder: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    if folder.exists() {
        return Ok(());
    }
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .with_context(|| format!("data: the folder {} cannot be made", folder.display()))
}

/// A database file that this start made must be read by nobody else; one that is shared on purpose stays shared.
fn make_private(file: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let metadata = std::fs::metadata(file).with_context(|| format!("data: {} cannot be read", file.display()))?;
    let everybody = metadata.permissions().mode() & 0o007;
    if everybody != 0 {
        // An operator's read-only mount refuses this, and is protected otherwise.
        drop(std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600)));
    }
    Ok(())
}

/// The cause of a domain error belongs to the operator, who reads it here.
pub fn described(error: postil::Error) -> anyhow::Error {
    match error {
        postil::Error::Unavailable(cause) => anyhow::anyhow!("the database is not available: {cause}"),
        postil::Error::Internal(cause) => anyhow::anyhow!("{cause}"),
        other => anyhow::anyhow!("{other}"),
    }
}

fn greet(config: &Config, arrival: &Arrival, address: SocketAddr) {
    let is_quiet = !arrival.is_first && arrival.sign_in_token.is_none();
    if !is_quiet {
        let base = greeting::base_url(config.settings.public_url.as_deref(), address);
        greeting::lines(arrival, &base).into_iter().for_each(say);
    }
}

/// Does what has to be done from time to time, until the server ends.
async fn keep_house(app: App) {
    let mut key_use = tokio::time::interval(KEY_USE_EVERY);
    let mut purge = tokio::time::interval(PURGE_EVERY);
    let mut arrived = tokio::time::interval(ARRIVED_EVERY);
    loop {
        tokio::select! {
            () = app.stopped() => return,
            _ = key_use.tick() => store_key_use(&app).await,
            _ = arrived.tick() => report("what arrived is counted later", app.write_arrived().await),
            _ = purge.tick() => {
                let clock = app.clock.clone();
                let purged = app.db.write(move |tx| {
                    arrival::purge(tx, clock.now())?;
                    job::forget_old(tx, &clock)?;
                    automation::forget_old(tx, &clock)?;
                    operator::purge_expired(tx, &clock)
                });
                report("what has expired stays", purged.await.map(drop));
            }
        }
    }
}

/// Stores when keys were last used. What cannot be stored now is not worth keeping: keys in use are used again.
async fn store_key_use(app: &App) {
    let used = app.take_used_keys();
    if !used.is_empty() {
        report("the last use of keys is not stored", app.db.write(move |tx| keys::record_key_use(tx, &used)).await);
    }
}

fn report(what: &str, outcome: Result<()>) {
    if let Err(error) = outcome {
        tracing::warn!(error = ?error, "{what}");
    }
}
