//! Work on stored traces that one process at a time does, whichever of the servers on a database that is.

use serde::{Deserialize, Serialize};

use super::store;
use crate::clock::Clock;
use crate::db::Tx;
use crate::error::{Error, Result};

#[derive(Serialize, Deserialize)]
struct Lease {
    holder: String,
    until: i64,
}

fn held(tx: &mut Tx<'_>, name: &str) -> Result<Option<Lease>> {
    Ok(store::setting(tx, name)?.and_then(|text| serde_json::from_str(&text).ok()))
}

/// Takes the work `name` for `holder` for so many microseconds, or renews that. False while somebody else is at it.
pub(super) fn take(tx: &mut Tx<'_>, clock: &Clock, name: &str, holder: &str, micros: i64) -> Result<bool> {
    let now = clock.now();
    if held(tx, name)?.is_some_and(|held| held.holder != holder && held.until > now) {
        return Ok(false);
    }
    let lease = Lease { holder: holder.to_owned(), until: now.saturating_add(micros) };
    store::set(tx, name, &serde_json::to_string(&lease).map_err(Error::internal)?)?;
    Ok(true)
}

/// Lets others have the work `name`, if `holder` has it.
pub(super) fn release(tx: &mut Tx<'_>, name: &str, holder: &str) -> Result<()> {
    if held(tx, name)?.is_some_and(|held| held.holder == holder) {
        store::set(tx, name, "")?;
    }
    Ok(())
}
