//! Webhooks: who is told, by signed requests, of what happens in a project.
//!
//! A change writes what is to be delivered in its own transaction ([`announce`], [`call`]), so that a change that is
//! rolled back tells nobody and one that is kept tells everybody who asked. What is to be delivered is claimed with a
//! lease, tried, and tried again later ([`claim`], [`conclude`]); how a request is sent is the server's business.

mod delivery;
mod delivery_store;
pub mod event;
pub mod log;
pub mod message;
mod registration;
mod store;

use crate::error::{Error, Result};

pub use delivery::{
    CONCURRENT, Claimed, Fact, LEASE, MOST_ATTEMPTS, Outcome, Target, announce, call, claim, conclude, due, purge,
    release, release_all,
};
pub use registration::{Change, Filter, List, MOST, Sort, count, create, get, list, new_secret, remove, update};

/// The forms in which a delivery is sent.
pub const CONTENT_TYPES: [&str; 2] = ["application/json", "application/x-www-form-urlencoded"];

/// What deliveries are signed with. Shows itself to nobody but who asks for it by name.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The secret itself, for signing.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is shown in its place: at most its last four characters.
    pub fn masked(&self) -> String {
        let count = self.0.chars().count();
        let last: String = self.0.chars().skip(count.saturating_sub(4)).collect();
        if count < 16 { "********".into() } else { format!("********{last}") }
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Secret(…)")
    }
}

/// A webhook.
#[derive(Debug, Clone, PartialEq)]
pub struct Webhook {
    /// The number of its project.
    pub project: i64,
    /// Its id, made by the client.
    pub id: String,
    /// Its name.
    pub display_name: String,
    /// Where deliveries go.
    pub url: String,
    /// One of [`CONTENT_TYPES`].
    pub content_type: String,
    /// Of what it is told.
    pub events: Vec<String>,
    /// What deliveries are signed with.
    pub secret: Secret,
    /// Whether it is told of anything.
    pub enabled: bool,
    /// How many attempts failed since the last one that arrived.
    pub failure_count: i64,
    /// Since when nothing arrived, when the last attempt failed.
    pub failing_since: Option<i64>,
    /// Why the server disabled it.
    pub disabled_because: Option<String>,
    /// Who made it.
    pub created_by: String,
    /// Who changed it last.
    pub updated_by: String,
    /// When it was made.
    pub created_at: i64,
    /// When it was changed last.
    pub updated_at: i64,
}

fn not_found(id: &str) -> Error {
    Error::not_found("webhook_not_found", format!("The webhook with id \"{id}\" was not found."))
}

fn json<T: serde::Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(Error::internal)
}

/// Tells screens that a webhook or its deliveries changed.
fn tell(tx: &mut crate::db::Tx<'_>, project: i64) {
    tx.emit(crate::event::Event { project, kind: "webhook.updated", ..Default::default() });
}
