//! Automations: what is done with traces that match, by itself.
//!
//! An automation is a filter with a sample, quotas and actions. A loop of the server takes the traces that have settled, or
//! of which something was said (`trace::settling`), looks at many of them at once with all automations of their project in
//! memory ([`look`], beside the writer), and then acts on those that are meant in one transaction ([`act`]). The same
//! transaction writes a row for each trace it acted on and lets go of the trace, so that an automation acts once on each,
//! wherever a server is killed and however many there are.

mod actions;
mod back_fill;
mod change;
mod dry_run;
mod live;
mod rule;
mod run;
mod run_store;
mod store;
mod verbs;

pub use actions::{Did, Done};
pub use back_fill::{KIND as BACK_FILL_KIND, start as back_fill, step as back_fill_step};
pub use change::Change;
pub use dry_run::{DryRun, Looked, MOST_LOOKED_AT, dry_run};
pub use live::{Look, act, look, postpone};
pub use rule::{Action, Automation, Definition, Outcome, Ready, Selection, Stratum, Trigger, place};
pub use run::{Run, Totals, forget_old, runs, totals};
pub use verbs::{MOST, create, get, list, remove, update};

use crate::db::Tx;
use crate::error::Error;
use crate::event::Event;

/// The error for an automation that does not exist, or not for this caller.
pub fn not_found(id: &str) -> Error {
    Error::not_found("automation_not_found", format!("The automation with id \"{id}\" was not found."))
}

/// Tells screens, and those who wait for automations, that something about those of a project changed.
fn tell(tx: &mut Tx<'_>, project: i64) {
    tx.emit(Event { project, kind: "automation.updated", ..Event::default() });
}
