//! Webhooks made, listed, changed and deleted.

use super::{CONTENT_TYPES, Secret, Webhook, delivery_store as rows, event, not_found, store, tell};
use crate::clock::Clock;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::id;
use crate::project::{Caller, Permission};

/// How many webhooks a project has at most.
pub const MOST: i64 = 50;
const MOST_ID: usize = 64;
const MOST_NAME: usize = 255;
const MOST_URL: usize = 2000;
const MOST_SECRET: usize = 255;
const MOST_SEARCH: usize = 200;
const MOST_PAGE: i64 = 1_000_000;

/// What a call says of a webhook; what it does not mention stays as it is.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// Its name.
    pub display_name: Option<String>,
    /// Where deliveries go.
    pub url: Option<String>,
    /// One of [`CONTENT_TYPES`].
    pub content_type: Option<String>,
    /// Of what it is told.
    pub events: Option<Vec<String>>,
    /// What deliveries are signed with. What is shown in its place leaves it as it is.
    pub secret: Option<String>,
    /// Whether it is told of anything.
    pub enabled: Option<bool>,
}

/// By what a list is ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sort {
    /// When they were made.
    #[default]
    Created,
    /// When they were changed.
    Updated,
    /// Their names.
    DisplayName,
}

impl Sort {
    /// Reads an order as clients send it.
    ///
    /// # Errors
    /// [`Error::Invalid`] for any other text.
    pub fn parse(text: &str, field: &str) -> Result<Sort> {
        match text {
            "created" => Ok(Sort::Created),
            "updated" => Ok(Sort::Updated),
            "display_name" => Ok(Sort::DisplayName),
            _ => Err(invalid(field, text, &["created", "updated", "display_name"])),
        }
    }
}

/// Which webhooks a list shows.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Text in their name or address.
    pub search: Option<String>,
    /// An event they subscribe to.
    pub event: Option<String>,
    /// In which form they are told.
    pub content_type: Option<String>,
    /// Whether they are enabled.
    pub enabled: Option<bool>,
}

impl Filter {
    fn check(&self) -> Result<()> {
        for (text, field) in [(&self.search, "search"), (&self.event, "event")] {
            if text.as_ref().is_some_and(|text| text.chars().count() > MOST_SEARCH) {
                let message = format!("{field} must be at most {MOST_SEARCH} characters long.");
                return Err(Error::field("invalid_length", field, message));
            }
        }
        match &self.content_type {
            Some(given) if !CONTENT_TYPES.contains(&given.as_str()) => {
                Err(invalid("content_type", given, &CONTENT_TYPES))
            }
            _ => Ok(()),
        }
    }

    fn shows(&self, webhook: &Webhook) -> bool {
        let search = self.search.as_deref().unwrap_or("").trim().to_lowercase();
        let found = [&webhook.display_name, &webhook.url].iter().any(|text| text.to_lowercase().contains(&search));
        found
            && self.event.as_ref().is_none_or(|event| webhook.events.contains(event))
            && self.content_type.as_ref().is_none_or(|given| webhook.content_type == *given)
            && self.enabled.is_none_or(|enabled| webhook.enabled == enabled)
    }
}

/// A part of a list of webhooks.
#[derive(Debug, Clone)]
pub struct List {
    /// How many there are in all.
    pub count: usize,
    /// Those of this page.
    pub items: Vec<Webhook>,
    /// Whether more follow.
    pub has_more: bool,
}

/// A page of the webhooks of the caller's project. Pages are counted from 1.
pub fn list(
    tx: &mut Tx<'_>,
    caller: &Caller,
    filter: &Filter,
    (sort, ascending): (Sort, bool),
    (page, limit): (i64, i64),
) -> Result<List> {
    caller.require(Permission::Admin)?;
    filter.check()?;
    if !(1..=MOST_PAGE).contains(&page) {
        return Err(Error::field("invalid_page", "page", format!("page must be from 1 to {MOST_PAGE}.")));
    }
    if !(1..=200).contains(&limit) {
        return Err(Error::field("invalid_limit", "limit", "limit must be from 1 to 200."));
    }
    let mut all = store::list(tx, caller.project.number, sort, ascending)?;
    all.retain(|webhook| filter.shows(webhook));
    let count = all.len();
    let from = usize::try_from((page - 1) * limit).unwrap_or(usize::MAX);
    let items: Vec<_> = all.into_iter().skip(from).take(usize::try_from(limit).unwrap_or(20)).collect();
    let has_more = from.saturating_add(items.len()) < count;
    Ok(List { count, items, has_more })
}

/// How many webhooks the caller's project has.
pub fn count(tx: &mut Tx<'_>, caller: &Caller) -> Result<i64> {
    caller.require(Permission::Admin)?;
    store::count(tx, caller.project.number)
}

/// A webhook of the caller's project.
pub fn get(tx: &mut Tx<'_>, caller: &Caller, id: &str) -> Result<Webhook> {
    caller.require(Permission::Admin)?;
    store::find(tx, caller.project.number, id)?.ok_or_else(|| not_found(id))
}

/// A new secret: 256 random bits.
pub fn new_secret() -> String {
    format!("whsec_{}", id::secret::<32>())
}

/// Makes a webhook under the id that the client made; everything but `enabled` must be said.
///
/// # Errors
/// [`Error::Conflict`] when the id is taken or there are too many.
pub fn create(tx: &mut Tx<'_>, clock: &Clock, caller: &Caller, given_id: &str, wanted: &Change) -> Result<Webhook> {
    caller.require(Permission::Admin)?;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if given_id.is_empty() || given_id.len() > MOST_ID || !given_id.bytes().all(is_plain) || given_id.starts_with('.') {
        let message = format!("_id must be 1 to {MOST_ID} letters, digits, dashes, underscores or dots.");
        return Err(Error::field("invalid_value", "_id", message));
    }
    if ["count", "secret", "query"].contains(&given_id) {
        return Err(Error::field("invalid_value", "_id", format!("_id must not be {given_id}, which is an address.")));
    }
    let missing = [
        (wanted.url.is_none(), "url"),
        (wanted.content_type.is_none(), "content_type"),
        (wanted.display_name.is_none(), "display_name"),
        (wanted.events.is_none(), "events"),
        (wanted.secret.is_none(), "secret"),
    ];
    if let Some((_, field)) = missing.into_iter().find(|(missing, _)| *missing) {
        return Err(Error::field("missing_field", field, format!("{field} is required.")));
    }
    wanted.check()?;
    let blank = Webhook {
        project: caller.project.number,
        id: given_id.to_owned(),
        display_name: String::new(),
        url: String::new(),
        content_type: String::new(),
        events: Vec::new(),
        secret: Secret(String::new()),
        enabled: true,
        failure_count: 0,
        failing_since: None,
        disabled_because: None,
        created_by: caller.actor.id().to_owned(),
        updated_by: caller.actor.id().to_owned(),
        created_at: clock.now(),
        updated_at: clock.now(),
    };
    let webhook = wanted.on(blank);
    if store::count(tx, webhook.project)? >= MOST {
        let message = format!("A project has at most {MOST} webhooks; delete one first.");
        return Err(Error::conflict("too_many_webhooks", message));
    }
    if !store::insert(tx, &webhook)? {
        let message = format!("There is a webhook with the id \"{given_id}\" already.");
        return Err(Error::conflict("webhook_exists", message));
    }
    store::subscribe(tx, &webhook)?;
    tell(tx, webhook.project);
    Ok(webhook)
}

/// Changes a webhook. One that is enabled again starts over; what waits for one that is disabled is given up.
pub fn update(tx: &mut Tx<'_>, clock: &Clock, caller: &Caller, id: &str, wanted: &Change) -> Result<Webhook> {
    caller.require(Permission::Admin)?;
    wanted.check()?;
    let old = store::lock(tx, caller.project.number, id)?.ok_or_else(|| not_found(id))?;
    let by = caller.actor.id().to_owned();
    let mut webhook = Webhook { updated_by: by, updated_at: clock.now(), ..wanted.on(old.clone()) };
    if wanted.enabled.is_some() && webhook.enabled != old.enabled {
        webhook.disabled_because = None;
        if webhook.enabled {
            (webhook.failure_count, webhook.failing_since) = (0, None);
        } else {
            rows::give_up(tx, webhook.project, &webhook.id, clock.now())?;
        }
    }
    store::update(tx, &webhook)?;
    store::subscribe(tx, &webhook)?;
    tell(tx, webhook.project);
    Ok(webhook)
}

/// Deletes a webhook with the log of its deliveries. What waited is not delivered.
pub fn remove(tx: &mut Tx<'_>, caller: &Caller, id: &str) -> Result<()> {
    caller.require(Permission::Admin)?;
    let webhook = store::lock(tx, caller.project.number, id)?.ok_or_else(|| not_found(id))?;
    store::delete(tx, webhook.project, id)?;
    tell(tx, webhook.project);
    Ok(())
}

impl Change {
    fn check(&self) -> Result<()> {
        if let Some(url) = &self.url {
            check_url(url)?;
        }
        if let Some(given) = self.content_type.as_ref().filter(|given| !CONTENT_TYPES.contains(&given.as_str())) {
            return Err(invalid("content_type", given, &CONTENT_TYPES));
        }
        length(self.display_name.as_deref().map(str::trim), MOST_NAME, "display_name")?;
        length(self.secret.as_deref(), MOST_SECRET, "secret")?;
        let Some(events) = &self.events else { return Ok(()) };
        if events.is_empty() || events.len() > 100 {
            return Err(Error::field("invalid_count", "events", "events must have 1 to 100 entries."));
        }
        for (at, name) in events.iter().enumerate() {
            if !event::is_known(name) {
                return Err(invalid(&format!("events[{at}]"), name, &event::OURS));
            }
        }
        Ok(())
    }

    fn on(&self, webhook: Webhook) -> Webhook {
        let mut events = self.events.clone().unwrap_or(webhook.events);
        let mut seen = std::collections::HashSet::new();
        events.retain(|event| seen.insert(event.clone()));
        let secret = self.secret.as_ref().filter(|given| **given != webhook.secret.masked());
        Webhook {
            display_name: self.display_name.as_ref().map_or(webhook.display_name, |name| name.trim().to_owned()),
            url: self.url.clone().unwrap_or(webhook.url),
            content_type: self.content_type.clone().unwrap_or(webhook.content_type),
            secret: secret.map_or(webhook.secret, |secret| Secret(secret.clone())),
            enabled: self.enabled.unwrap_or(webhook.enabled),
            events,
            ..webhook
        }
    }
}

fn length(text: Option<&str>, most: usize, field: &str) -> Result<()> {
    let is_wrong = |text: &str| !(1..=most).contains(&text.chars().count()) || text.chars().any(char::is_control);
    if text.is_some_and(is_wrong) {
        let message = format!("{field} must be 1 to {most} characters long, without line breaks.");
        return Err(Error::field("invalid_length", field, message));
    }
    Ok(())
}

fn invalid(field: &str, value: &str, allowed: &[&str]) -> Error {
    let shown: String = value.chars().take(MOST_SEARCH).collect();
    Error::field("invalid_value", field, format!("Invalid value: {shown}. Valid options are: {}.", allowed.join(", ")))
}

/// Refuses what is no address of a web server. Whether it may be called is decided when it is.
fn check_url(text: &str) -> Result<()> {
    let wrong = |message: &str| Err(Error::field("invalid_url", "url", message));
    if text.len() > MOST_URL {
        return wrong("url must be at most 2000 characters long.");
    }
    let Ok(url) = text.parse::<http::Uri>() else {
        return wrong("url must be an address such as https://example.com/hook; write other letters in percent form.");
    };
    if !matches!(url.scheme_str(), Some("http" | "https")) || text.contains('#') {
        return wrong("url must begin with http:// or https://, and have nothing after a #.");
    }
    let Some(authority) = url.authority().filter(|authority| !authority.host().is_empty()) else {
        return wrong("url must name a host.");
    };
    if authority.as_str().contains('@') {
        return wrong("url must not hold a user name or a password: deliveries are signed instead.");
    }
    if authority.as_str().len() > authority.host().len() && authority.port_u16().is_none_or(|port| port == 0) {
        return wrong("url must name a port from 1 to 65535, or none.");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::check_url;

    #[test]
    fn only_addresses_of_web_servers_are_taken() {
        for good in ["https://example.com", "http://example.com:8080/a?b=c", "https://[2606:4700::1]/x", "HTTPS://A.b"]
        {
            assert!(check_url(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "example.com",
            "/hook",
            "ftp://example.com",
            "file:///etc/passwd",
            "https://",
            "https://user:pw@example.com/",
            "https://user@example.com/",
            "https://example.com/#part",
            "https://exa mple.com",
            "https://example.com:0/",
            "javascript:alert(1)",
            "https://example.com:99999/",
        ] {
            assert!(check_url(bad).is_err(), "{bad}");
        }
    }
}
