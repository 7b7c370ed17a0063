//! Sessions: the traces that carry one session id, seen as one thread, and what a client said of it beside.
//!
//! Where a session has traces, its numbers come from them; title, client, repo and kind are what a client stored, tags
//! and contacts are both. A session without traces is what a client stored.

mod store;

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::clock::Clock;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::id;
use store::{Derived, Stored};

/// How many sessions a page may have.
pub const MAX_LIMIT: usize = 200;

/// What a session cost.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Billing {
    /// What went in.
    pub input_cost: f64,
    /// What came out.
    pub output_cost: f64,
    /// Both.
    pub total_cost: f64,
}

/// How many tokens a session used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Usage {
    /// What went in.
    pub prompt_tokens: i64,
    /// What came out.
    pub completion_tokens: i64,
    /// Both.
    pub total_tokens: i64,
}

/// What a client says of a session; stored as JSON.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the names are the contract's")]
pub struct Said {
    pub duration: f64,
    pub contact_ids: Vec<String>,
    pub billing: Billing,
    pub usage: Usage,
    pub traces_count: i64,
    pub tags: Vec<String>,
    /// Microseconds.
    pub started_at: Option<i64>,
    /// Microseconds.
    pub updated_at: Option<i64>,
    pub title: Option<String>,
    pub client: Option<String>,
    pub repo: Option<String>,
    pub kind: Option<String>,
    /// Hidden since then, until a later trace arrives. Microseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<i64>,
}

/// A session.
#[derive(Debug, Clone, PartialEq)]
pub struct Session {
    /// Its id: of the stored one, or made from the session id of the traces.
    pub id: String,
    /// The session id that its traces carry.
    pub external_id: String,
    /// Everything else; `duration` in milliseconds.
    pub said: Said,
}

/// A change of what is said: absent parts stay.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the names are the contract's")]
pub struct Change {
    pub external_id: Option<String>,
    pub duration: Option<f64>,
    pub contact_ids: Option<Vec<String>>,
    pub billing: Option<Billing>,
    pub usage: Option<Usage>,
    pub traces_count: Option<i64>,
    pub tags: Option<Vec<String>>,
    pub started_at: Option<i64>,
    pub updated_at: Option<i64>,
    pub title: Option<String>,
    pub client: Option<String>,
    pub repo: Option<String>,
    pub kind: Option<String>,
}

/// Which sessions.
#[derive(Debug, Clone, Default)]
pub struct Sessions {
    /// Active since, in microseconds.
    pub from: Option<i64>,
    /// Active until before, in microseconds.
    pub to: Option<i64>,
    /// With one of these tags; all when empty.
    pub tags: Vec<String>,
    /// From this client.
    pub client: Option<String>,
    /// About this repository.
    pub repo: Option<String>,
    /// Of this kind.
    pub kind: Option<String>,
}

impl Change {
    fn apply(self, said: &mut Said) {
        fn set<T>(place: &mut T, value: Option<T>) {
            if let Some(value) = value {
                *place = value;
            }
        }
        set(&mut said.duration, self.duration);
        set(&mut said.contact_ids, self.contact_ids);
        set(&mut said.billing, self.billing);
        set(&mut said.usage, self.usage);
        set(&mut said.traces_count, self.traces_count);
        set(&mut said.tags, self.tags);
        said.started_at = self.started_at.or(said.started_at);
        said.updated_at = self.updated_at.or(said.updated_at);
        said.title = self.title.or(said.title.take());
        said.client = self.client.or(said.client.take());
        said.repo = self.repo.or(said.repo.take());
        said.kind = self.kind.or(said.kind.take());
    }

    fn check(&self) -> Result<()> {
        let long = |text: &String| text.chars().count() > 1000;
        let texts = [
            ("external_id", &self.external_id),
            ("title", &self.title),
            ("client", &self.client),
            ("repo", &self.repo),
        ];
        for (field, text) in texts {
            if text.as_ref().is_some_and(long) {
                return Err(Error::field("invalid_session", field, format!("{field} is longer than 1000 characters.")));
            }
        }
        for (field, list) in [("contact_ids", &self.contact_ids), ("tags", &self.tags)] {
            if list.as_ref().is_some_and(|list| list.len() > 100 || list.iter().any(long)) {
                let message = format!("{field} takes at most 100 texts of at most 1000 characters.");
                return Err(Error::field("invalid_session", field, message));
            }
        }
        if self.external_id.as_deref() == Some("") {
            return Err(Error::field("invalid_session", "external_id", "external_id must not be empty."));
        }
        Ok(())
    }
}

/// The id of a session that only its traces know: its external id, in letters that a URL takes as they are.
fn derived_id(external_id: &str) -> String {
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if external_id.bytes().all(safe) && external_id.bytes().any(|byte| byte != b'.') {
        return external_id.to_owned();
    }
    format!("~{}", URL_SAFE_NO_PAD.encode(external_id))
}

/// The external id behind the id of a session that only its traces know.
fn external_id(id: &str) -> String {
    let decoded = id.strip_prefix('~').and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
    let text = decoded.and_then(|bytes| String::from_utf8(bytes).ok()).filter(|text| !text.contains('\0'));
    text.unwrap_or_else(|| id.to_owned())
}

fn not_found(id: &str) -> Error {
    let shown: String = id.chars().take(100).collect();
    Error::not_found("session_not_found", format!("Session with id {shown} was not found."))
}

/// Joins what is stored and what the traces say; none when neither is there, or it was deleted since.
fn merge(stored: Option<Stored>, derived: Option<Derived>) -> Option<Session> {
    let stored = stored.filter(|stored| stored.said.deleted_at.is_none());
    let (id, external_id, mut said) = match (&stored, &derived) {
        (Some(stored), _) => (stored.id.clone(), stored.external_id.clone(), stored.said.clone()),
        (None, Some(derived)) => (derived_id(&derived.external_id), derived.external_id.clone(), Said::default()),
        (None, None) => return None,
    };
    if let Some(derived) = derived {
        said.traces_count = derived.traces_count;
        said.duration = derived.duration_ms();
        said.usage = derived.usage;
        said.billing = derived.billing;
        said.started_at = Some(derived.start_ns / 1000);
        said.updated_at = Some(derived.end_ns / 1000);
        add_new(&mut said.tags, derived.tags);
        add_new(&mut said.contact_ids, derived.contact_ids);
    }
    Some(Session { id, external_id, said })
}

fn add_new(list: &mut Vec<String>, more: Vec<String>) {
    for item in more {
        if !list.contains(&item) {
            list.push(item);
        }
    }
}

/// Whether a session is shown, given when its newest trace started: one that was deleted is hidden until a later trace.
fn hidden(said: &Said, newest: Option<i64>) -> bool {
    said.deleted_at.is_some_and(|deleted_at| newest.is_none_or(|newest| newest <= deleted_at))
}

/// One session.
pub fn find(tx: &mut Tx<'_>, project: i64, id: &str) -> Result<Session> {
    let stored = store::find(tx, project, id, &external_id(id))?;
    let external = stored.as_ref().map_or_else(|| external_id(id), |stored| stored.external_id.clone());
    let derived = store::derived(tx, project, std::slice::from_ref(&external))?.remove(&external);
    let newest = derived.as_ref().map(|derived| derived.newest_ns / 1000);
    if stored.as_ref().is_some_and(|stored| hidden(&stored.said, newest)) {
        return Err(not_found(id));
    }
    merge(stored, derived).ok_or_else(|| not_found(id))
}

/// Stores what a client says of a session.
///
/// # Errors
/// [`Error::Conflict`] when something was said of it already.
pub fn create(tx: &mut Tx<'_>, clock: &Clock, project: i64, external_id: &str, change: Change) -> Result<Session> {
    let change = Change { external_id: Some(external_id.to_owned()), ..change };
    change.check()?;
    let before = store::find(tx, project, "", external_id)?;
    if before.as_ref().is_some_and(|before| before.said.deleted_at.is_none()) {
        let message = format!("A session with the external id {external_id} exists already.");
        return Err(Error::conflict("session_exists", message));
    }
    let mut said = Said { started_at: Some(clock.now()), updated_at: Some(clock.now()), ..Said::default() };
    change.apply(&mut said);
    let id = before.map_or_else(|| id::ulid(clock), |before| before.id);
    store::save(tx, clock, project, &Stored { id: id.clone(), external_id: external_id.to_owned(), said })?;
    find(tx, project, &id)
}

/// Changes what a client says of a session.
pub fn update(tx: &mut Tx<'_>, clock: &Clock, project: i64, id: &str, change: Change) -> Result<Session> {
    change.check()?;
    let before = find(tx, project, id)?;
    let stored = store::find(tx, project, id, &external_id(id))?.filter(|stored| stored.said.deleted_at.is_none());
    let fresh = || Stored { id: id::ulid(clock), external_id: before.external_id.clone(), said: Said::default() };
    let mut stored = stored.unwrap_or_else(fresh);
    if let Some(wanted) = change.external_id.clone().filter(|wanted| *wanted != before.external_id) {
        if !store::derived(tx, project, std::slice::from_ref(&before.external_id))?.is_empty() {
            let message = "The external id of a session with traces is what its traces say.";
            return Err(Error::conflict("session_has_traces", message));
        }
        if store::find(tx, project, "", &wanted)?.is_some() {
            let message = format!("A session with the external id {wanted} exists already.");
            return Err(Error::conflict("session_exists", message));
        }
        stored.external_id = wanted;
    }
    stored.said.updated_at = Some(clock.now());
    change.apply(&mut stored.said);
    let id = store::save(tx, clock, project, &stored)?;
    find(tx, project, &id)
}

/// Forgets what a client said of a session, and hides it until a later trace arrives. Its traces stay.
pub fn delete(tx: &mut Tx<'_>, clock: &Clock, project: i64, id: &str) -> Result<()> {
    let session = find(tx, project, id)?;
    if store::derived(tx, project, std::slice::from_ref(&session.external_id))?.is_empty() {
        return store::forget(tx, project, &session.id);
    }
    let said = Said { deleted_at: Some(clock.now()), ..Said::default() };
    store::save(tx, clock, project, &Stored { id: id::ulid(clock), external_id: session.external_id, said }).map(drop)
}

/// The external ids of the sessions that are asked for, the last active first.
fn matching(tx: &mut Tx<'_>, project: i64, wanted: &Sessions) -> Result<Vec<String>> {
    let newest: HashMap<String, i64> = store::newest(tx, project)?.into_iter().collect();
    let stored: HashMap<String, Said> =
        store::all(tx, project)?.into_iter().map(|stored| (stored.external_id, stored.said)).collect();
    let tagged = store::tagged(tx, project, &wanted.tags)?;
    let nothing = Said::default();
    let mut found: Vec<(i64, &String)> = Vec::new();
    let without_traces = stored.keys().filter(|external| !newest.contains_key(*external));
    for external in newest.keys().chain(without_traces) {
        let at = newest.get(external).copied();
        let said = stored.get(external).unwrap_or(&nothing);
        if hidden(said, at) {
            continue;
        }
        let active = at.or(said.updated_at).unwrap_or(0);
        let is = |wanted: &Option<String>, said: &Option<String>| wanted.is_none() || wanted == said;
        let fits = wanted.from.is_none_or(|from| active >= from)
            && wanted.to.is_none_or(|to| active < to)
            && is(&wanted.client, &said.client)
            && is(&wanted.repo, &said.repo)
            && is(&wanted.kind, &said.kind)
            && (wanted.tags.is_empty()
                || tagged.contains(external)
                || said.tags.iter().any(|tag| wanted.tags.contains(tag)));
        if fits {
            found.push((active, external));
        }
    }
    found.sort_by(|left, right| right.0.cmp(&left.0).then_with(|| left.1.cmp(right.1)));
    Ok(found.into_iter().map(|(_, external)| external.clone()).collect())
}

/// How many sessions.
pub fn count(tx: &mut Tx<'_>, project: i64, wanted: &Sessions) -> Result<usize> {
    Ok(matching(tx, project, wanted)?.len())
}

/// A page of sessions, counted from 1, the last active first, and whether more follow.
pub fn list(
    tx: &mut Tx<'_>,
    project: i64,
    wanted: &Sessions,
    page: usize,
    limit: usize,
) -> Result<(Vec<Session>, bool)> {
    let all = matching(tx, project, wanted)?;
    let from = page.saturating_sub(1).saturating_mul(limit).min(all.len());
    let to = from.saturating_add(limit).min(all.len());
    let shown = &all[from..to];
    let mut derived = store::derived(tx, project, shown)?;
    let mut stored = store::said_of(tx, project, shown)?;
    let sessions = shown.iter().filter_map(|external| merge(stored.remove(external), derived.remove(external)));
    Ok((sessions.collect(), to < all.len()))
}

/// Every tag of a session, in order.
pub fn tags(tx: &mut Tx<'_>, project: i64) -> Result<Vec<String>> {
    let mut tags = store::trace_tags(tx, project)?;
    for stored in store::all(tx, project)? {
        tags.extend(stored.said.tags);
    }
    tags.sort();
    tags.dedup();
    Ok(tags)
}
