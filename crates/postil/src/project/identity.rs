//! Identities: the end users of traced applications.
//!
//! One that is made by a caller who speaks for the whole workspace is known in every project; one that is made by a
//! caller of a single project is known only there.

use serde_json::{Map, Value};

use super::caller::{Caller, Permission};
use crate::clock::Clock;
use crate::db::{Row, Tx};
use crate::error::{Error, Result};
use crate::page::{Page, PageRequest};
use crate::{id, params};

/// An end user of a traced application.
#[derive(Debug, Clone)]
pub struct Identity {
    /// Its id.
    pub id: String,
    /// Its workspace.
    pub workspace_id: String,
    /// The one project that knows it; empty when all do.
    pub project_id: String,
    /// The id it has in the application.
    pub external_id: String,
    /// Its name.
    pub display_name: Option<String>,
    /// Its e-mail address.
    pub email: Option<String>,
    /// Its picture.
    pub avatar_url: Option<String>,
    /// Labels.
    pub tags: Vec<String>,
    /// Anything else.
    pub metadata: Map<String, Value>,
    /// When it was made, in microseconds.
    pub created_at: i64,
    /// When it was changed last, in microseconds.
    pub updated_at: i64,
}

/// What an identity is to be; what is none stays as it is, and empty text takes away.
#[derive(Debug, Clone, Default)]
pub struct Draft {
    /// Its name.
    pub display_name: Option<String>,
    /// Its e-mail address.
    pub email: Option<String>,
    /// Its picture.
    pub avatar_url: Option<String>,
    /// Labels.
    pub tags: Option<Vec<String>>,
    /// Anything else.
    pub metadata: Option<Map<String, Value>>,
}

/// In which order identities are listed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Order {
    /// Newest first.
    #[default]
    Newest,
    /// By name.
    Name,
    /// Last changed first.
    Updated,
}

/// Which identities are asked for.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Text that stands in the id, name or address.
    pub search: Option<String>,
    /// Labels that all must be there.
    pub tags: Vec<String>,
    /// The order.
    pub order: Order,
}

const COLUMNS: &str =
    "i.id, i.workspace_id, i.project_id, i.external_id, i.display_name, i.email, i.avatar_url, i.tags,
    i.metadata, i.created_at, i.updated_at";

const VISIBLE: &str = "i.workspace_id = $1 and i.project_id in ('', $2)";

fn read(row: &Row) -> Result<Identity> {
    Ok(Identity {
        id: row.text(0)?,
        workspace_id: row.text(1)?,
        project_id: row.text(2)?,
        external_id: row.text(3)?,
        display_name: row.opt_text(4)?,
        email: row.opt_text(5)?,
        avatar_url: row.opt_text(6)?,
        tags: row.json(7)?,
        metadata: row.json(8)?,
        created_at: row.int(9)?,
        updated_at: row.int(10)?,
    })
}

/// The identity that the caller's project knows by this id, of the application's first, then of ours.
pub fn find(tx: &mut Tx<'_>, caller: &Caller, id_or_external_id: &str) -> Result<Option<Identity>> {
    let sql = format!(
        "select {COLUMNS} from identity i where {VISIBLE} and (i.external_id = $3 or i.id = $3)
         order by case when i.external_id = $3 then 0 else 1 end, i.project_id{{bytes_order}} desc limit 1"
    );
    let found = tx.query_opt(&sql, params![&caller.workspace_id, &caller.project.id, id_or_external_id])?;
    found.as_ref().map(read).transpose()
}

/// [`find`], or the error that says there is none.
pub fn get(tx: &mut Tx<'_>, caller: &Caller, id_or_external_id: &str) -> Result<Identity> {
    find(tx, caller, id_or_external_id)?
        .ok_or_else(|| Error::not_found("identity_not_found", format!("There is no identity {id_or_external_id}.")))
}

/// One page of the identities that the caller's project knows.
pub fn list(tx: &mut Tx<'_>, caller: &Caller, filter: &Filter, page: &PageRequest) -> Result<Page<Identity>> {
    let (key, falls) = match filter.order {
        Order::Newest => ("i.created_at", true),
        Order::Name => ("lower(coalesce(i.display_name, i.external_id)){bytes_order}", false),
        Order::Updated => ("i.updated_at", true),
    };
    let backwards = page.ending_before.is_some();
    let (compare, direction) = if falls == backwards { (">", "asc") } else { ("<", "desc") };
    // The place of the cursor is read from its row, so that a row that changed in between moves the page with it.
    let sql = format!(
        "select {COLUMNS} from identity i
         where {VISIBLE}
           and ($3 = '' or lower(i.external_id) like $3 escape '\\' or lower(coalesce(i.display_name, '')) like $3 escape '\\'
             or lower(coalesce(i.email, '')) like $3 escape '\\')
           and ($6 = '' or lower(i.tags) like $6 escape '\\')
           and ($4 = '' or exists (select 1 from identity c where c.id = $4 and c.workspace_id = $1
             and ({key} {compare} {at} or ({key} = {at} and i.id{{bytes_order}} {compare} c.id{{bytes_order}}))))
         order by {key} {direction}, i.id{{bytes_order}} {direction} limit $5",
        at = key.replace("i.", "c."),
    );
    let search = filter.search.as_deref().map_or_else(String::new, contains);
    let cursor = page.starting_after.as_ref().or(page.ending_before.as_ref()).map_or("", String::as_str);
    // The text of the labels only says who may have one, without regard to case; all of those are read and compared.
    let limit = if filter.tags.is_empty() { page.limit + 1 } else { usize::MAX };
    let tag = filter.tags.first().map(serde_json::to_string).transpose().map_err(Error::internal)?;
    let tag = tag.as_deref().map_or_else(String::new, contains);
    let params = params![&caller.workspace_id, &caller.project.id, search, cursor, limit, tag];
    let mut data = tx.query(&sql, params)?.iter().map(read).collect::<Result<Vec<_>>>()?;
    data.retain(|identity| filter.tags.iter().all(|tag| identity.tags.contains(tag)));
    let has_more = data.len() > page.limit;
    data.truncate(page.limit);
    if backwards {
        data.reverse();
    }
    Ok(Page { data, has_more })
}

/// The `like` pattern of text that stands anywhere.
fn contains(text: &str) -> String {
    let escaped = text.to_lowercase().replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    if escaped.is_empty() { escaped } else { format!("%{escaped}%") }
}

/// Makes an identity.
///
/// # Errors
/// [`Error::Conflict`] when the caller's project knows this `external_id` already.
pub fn create(tx: &mut Tx<'_>, clock: &Clock, caller: &Caller, external_id: &str, draft: &Draft) -> Result<Identity> {
    require_change(caller)?;
    if external_id.is_empty() || external_id.chars().count() > 255 {
        return Err(Error::field("invalid_value", "external_id", "An external_id has 1 to 255 characters."));
    }
    check(draft)?;
    let (now, id) = (clock.now(), id::ulid(clock));
    let taken = || {
        let message = format!("An identity with external_id {external_id} exists already.");
        Error::conflict("identity_exists", message)
    };
    let known = tx.query(
        &format!("select 1 from identity i where {VISIBLE} and i.external_id = $3"),
        params![&caller.workspace_id, &caller.project.id, external_id],
    )?;
    if !known.is_empty() {
        return Err(taken());
    }
    let made = tx.execute(
        "insert into identity (id, workspace_id, project_id, external_id, display_name, email, avatar_url, tags,
           metadata, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10) on conflict do nothing",
        params![
            &id,
            &caller.workspace_id,
            caller.bound_to.as_deref().unwrap_or(""),
            external_id,
            filled(draft.display_name.as_ref()),
            filled(draft.email.as_ref()),
            filled(draft.avatar_url.as_ref()),
            serde_json::to_string(draft.tags.as_deref().unwrap_or_default()).map_err(Error::internal)?,
            serde_json::to_string(&draft.metadata.clone().unwrap_or_default()).map_err(Error::internal)?,
            now
        ],
    )?;
    if made == 0 {
        return Err(taken());
    }
    get(tx, caller, external_id)
}

/// Changes an identity.
pub fn update(tx: &mut Tx<'_>, clock: &Clock, caller: &Caller, id: &str, draft: &Draft) -> Result<Identity> {
    require_change(caller)?;
    check(draft)?;
    let mut identity = get(tx, caller, id)?;
    require_own(caller, &identity)?;
    let replace = |place: &mut Option<String>, with: &Option<String>| {
        if with.is_some() {
            *place = filled(with.as_ref());
        }
    };
    replace(&mut identity.display_name, &draft.display_name);
    replace(&mut identity.email, &draft.email);
    replace(&mut identity.avatar_url, &draft.avatar_url);
    if let Some(tags) = &draft.tags {
        identity.tags.clone_from(tags);
    }
    if let Some(metadata) = &draft.metadata {
        identity.metadata.clone_from(metadata);
    }
    identity.updated_at = clock.now();
    tx.execute(
        "update identity set display_name = $2, email = $3, avatar_url = $4, tags = $5, metadata = $6, updated_at = $7
         where id = $1",
        params![
            &identity.id,
            &identity.display_name,
            &identity.email,
            &identity.avatar_url,
            serde_json::to_string(&identity.tags).map_err(Error::internal)?,
            serde_json::to_string(&identity.metadata).map_err(Error::internal)?,
            identity.updated_at
        ],
    )?;
    Ok(identity)
}

/// Deletes an identity; what was said in its name keeps the id.
pub fn delete(tx: &mut Tx<'_>, caller: &Caller, id: &str) -> Result<String> {
    require_change(caller)?;
    let identity = get(tx, caller, id)?;
    require_own(caller, &identity)?;
    tx.execute("delete from identity where id = $1", params![&identity.id])?;
    Ok(identity.id)
}

/// Identities are kept by the application itself and by those who define what is asked.
fn require_change(caller: &Caller) -> Result<()> {
    if caller.permissions.has(Permission::Ingest) { Ok(()) } else { caller.require(Permission::Define) }
}

fn require_own(caller: &Caller, identity: &Identity) -> Result<()> {
    if caller.bound_to.is_none() || identity.project_id == caller.project.id {
        return Ok(());
    }
    Err(Error::Forbidden("This identity belongs to the whole workspace; a single project cannot change it.".into()))
}

fn filled(text: Option<&String>) -> Option<String> {
    text.filter(|text| !text.is_empty()).cloned()
}

fn check(draft: &Draft) -> Result<()> {
    let texts = [("display_name", &draft.display_name, 255), ("email", &draft.email, 254)];
    for (field, text, most) in texts.into_iter().chain([("avatar_url", &draft.avatar_url, 2000)]) {
        if text.as_ref().is_some_and(|text| text.chars().count() > most) {
            return Err(Error::field("invalid_value", field, format!("{field} has at most {most} characters.")));
        }
    }
    if let Some(email) = filled(draft.email.as_ref()) {
        super::member::check_email(&email)?;
    }
    if draft.tags.as_ref().is_some_and(|tags| tags.len() > 100 || tags.iter().any(|tag| tag.chars().count() > 255)) {
        return Err(Error::field("invalid_value", "tags", "An identity has at most 100 tags of 255 characters."));
    }
    Ok(())
}
