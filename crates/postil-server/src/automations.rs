//! Lets automations look at what has settled, until the server ends. Whatever goes wrong here, nothing that comes in waits
//! for it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use postil::event::Event;
use postil::trace::settling;
use postil::{Error, Result, automation};
use tokio::sync::broadcast::error::RecvError;

use crate::state::App;

/// How often is looked for traces that have settled, while somebody waits for them.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// How often is looked whether another replica was told of an automation.
const ASK_EVERY: Duration = Duration::from_secs(5);
/// How long automations rest when the database is away or has no time.
const REST: Duration = Duration::from_secs(1);
/// How many traces are looked at together: few enough that other writers hardly wait for what is done with them.
const AT_ONCE: usize = 250;

/// Looks at what has settled until the server ends.
pub async fn work(app: App) {
    let mut told = app.db.events();
    loop {
        let looked = tokio::select! {
            () = app.stopped() => return,
            looked = once(&app) => looked,
        };
        let listened = match looked {
            Ok(listened) => listened,
            Err(error) => {
                tracing::debug!(?error, "automations wait");
                tokio::time::sleep(REST).await;
                continue;
            }
        };
        tokio::select! {
            () = app.stopped() => return,
            () = tokio::time::sleep(if listened { LOOK_EVERY } else { ASK_EVERY }) => {}
            () = until_told(&mut told), if !listened => {}
        }
    }
}

async fn until_told(told: &mut tokio::sync::broadcast::Receiver<Event>) {
    loop {
        match told.recv().await {
            Ok(event) if event.kind == "automation.updated" => return,
            Ok(_) => {}
            Err(RecvError::Lagged(_)) => return,
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

/// Looks at everything whose time has come, and says whether anybody waits for more.
async fn once(app: &App) -> Result<bool> {
    let listened = app.db.read(settling::is_listened).await?;
    // What was waited for goes even when nobody waits any more.
    work_off(app).await?;
    Ok(listened)
}

/// Looks at everything whose time has come, and acts.
///
/// # Errors
/// When the database does not answer; what was done before stays done.
pub async fn work_off(app: &App) -> Result<()> {
    let mut count = AT_ONCE;
    loop {
        let clock = app.clock.clone();
        let look = Arc::new(app.db.read(move |tx| automation::look(tx, &clock, count)).await?);
        if look.count() == 0 {
            return Ok(());
        }
        let (clock, prices, looked) = (app.clock.clone(), app.prices.clone(), look.clone());
        let acting = app.db.write(move |tx| {
            let begun = Instant::now();
            automation::act(tx, &clock, &prices, &looked)?;
            Ok(begun.elapsed())
        });
        match acting.await {
            // Another replica may hold the rest.
            Ok(_) if look.count() < count => return Ok(()),
            // As long as it worked, so that what comes in has the writer half of the time.
            Ok(took) => tokio::time::sleep(took).await,
            Err(error @ (Error::Overloaded | Error::Unavailable(_))) => return Err(error),
            Err(error) if count > 1 => {
                tracing::error!(?error, "automations could not act; they try again with one trace at a time");
                count = 1;
            }
            Err(error) => {
                tracing::error!(?error, "automations could not act on a trace; it is tried again in a minute");
                let clock = app.clock.clone();
                app.db.write(move |tx| automation::postpone(tx, &clock, &look)).await?;
            }
        }
    }
}
