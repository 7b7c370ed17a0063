//! Who changed what, for the operator's log: ids only, never secrets or content.

use super::request_id;

/// Logs a change that was made: by whom (`member:…`, `key:…`, `nobody`), what was done, and to what.
pub fn changed(actor: &str, action: &'static str, target_id: &str) {
    tracing::info!(actor, action, target_id, request_id = request_id::current(), "changed");
}
