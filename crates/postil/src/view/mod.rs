//! Saved views: a list as somebody wants to see it again, for themself or for everybody in the project.

mod store;

use std::collections::BTreeMap;

use crate::clock::Clock;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::id;
use crate::page::{Page, PageRequest};
use crate::project::{Caller, Permission};

/// How many views a project shares, and how many one caller keeps for themself.
pub const MOST: usize = 200;
const MOST_NAME: usize = 255;
const MOST_DESCRIPTION: usize = 1000;
const MOST_FILTER: usize = 10_000;
const MOST_COLUMNS: usize = 50;
const MOST_COLUMN: usize = 100;

/// A saved view.
#[derive(Debug, Clone, PartialEq)]
pub struct View {
    /// Its id, a ULID.
    pub id: String,
    /// The number of its project.
    pub project: i64,
    /// The screen it belongs to, such as `traces`.
    pub page: String,
    /// Its name.
    pub display_name: String,
    /// What it is for.
    pub description: Option<String>,
    /// The filter, as the screen writes it.
    pub filter_by: String,
    /// The columns in their order; none: those of the screen.
    pub columns: Vec<String>,
    /// Other names for columns.
    pub column_labels: BTreeMap<String, String>,
    /// The order, as the screen writes it.
    pub sort: Option<String>,
    /// `comfortable` or `dense`.
    pub density: Option<String>,
    /// The time, as the screen writes it.
    pub time_range: Option<String>,
    /// Whether it is the first to be shown: at most one of each screen among the shared, and among one's own.
    pub is_default: bool,
    /// The one who sees it; none: everybody in the project.
    pub private_to: Option<String>,
    /// A number of the client's, for the form of the rest.
    pub version: i64,
    /// Who made it.
    pub created_by: String,
    /// Who changed it last.
    pub updated_by: String,
    /// When it was made.
    pub created_at: i64,
    /// When it was changed last.
    pub updated_at: i64,
}

/// What a call says of a view; what it does not mention stays as it is.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// The screen, when it is made.
    pub page: Option<String>,
    /// Its name.
    pub display_name: Option<String>,
    /// What it is for; an empty text takes it away.
    pub description: Option<String>,
    /// The filter.
    pub filter_by: Option<String>,
    /// The columns.
    pub columns: Option<Vec<String>>,
    /// Other names for columns.
    pub column_labels: Option<BTreeMap<String, String>>,
    /// The order; an empty text takes it away.
    pub sort: Option<String>,
    /// The height of rows; an empty text takes it away.
    pub density: Option<String>,
    /// The time; an empty text takes it away.
    pub time_range: Option<String>,
    /// Whether it is the first to be shown.
    pub is_default: Option<bool>,
    /// Whether only its maker sees it.
    pub is_private: Option<bool>,
    /// The client's number.
    pub version: Option<i64>,
}

fn length(text: Option<&str>, least: usize, most: usize, field: &str) -> Result<()> {
    let Some(text) = text else { return Ok(()) };
    if (least..=most).contains(&text.chars().count()) {
        return Ok(());
    }
    let message = if least == 0 {
        format!("{field} must be at most {most} characters long.")
    } else {
        format!("{field} must be {least} to {most} characters long.")
    };
    Err(Error::field("invalid_length", field, message))
}

impl Change {
    fn check(&self) -> Result<()> {
        length(self.page.as_deref(), 1, MOST_COLUMN, "page")?;
        length(self.display_name.as_deref().map(str::trim), 1, MOST_NAME, "display_name")?;
        length(self.description.as_deref(), 0, MOST_DESCRIPTION, "description")?;
        length(self.filter_by.as_deref(), 0, MOST_FILTER, "filter_by")?;
        length(self.sort.as_deref(), 0, MOST_COLUMN, "sort")?;
        length(self.time_range.as_deref(), 0, MOST_COLUMN, "time_range")?;
        for (at, column) in self.columns.iter().flatten().enumerate() {
            length(Some(column), 1, MOST_COLUMN, &format!("columns[{at}]"))?;
        }
        for (column, label) in self.column_labels.iter().flatten() {
            length(Some(column), 1, MOST_COLUMN, "column_labels")?;
            length(Some(label), 0, MOST_COLUMN, &format!("column_labels.{column}"))?;
        }
        let counts = [
            (self.columns.as_ref().map_or(0, Vec::len), "columns"),
            (self.column_labels.as_ref().map_or(0, BTreeMap::len), "column_labels"),
        ];
        if let Some((_, field)) = counts.into_iter().find(|(count, _)| *count > MOST_COLUMNS) {
            return Err(Error::field("invalid_count", field, format!("{field} takes at most {MOST_COLUMNS} entries.")));
        }
        if self.density.as_deref().is_some_and(|density| !["", "comfortable", "dense"].contains(&density)) {
            return Err(Error::field("invalid_value", "density", "density must be comfortable or dense."));
        }
        if self.version.is_some_and(|version| version < 0) {
            return Err(Error::field("invalid_value", "version", "version must not be negative."));
        }
        Ok(())
    }

    /// The view with this change.
    fn on(&self, view: View, caller: &Caller) -> View {
        let text = |given: &Option<String>, old: Option<String>| match given {
            Some(given) => Some(given.clone()).filter(|text| !text.is_empty()),
            None => old,
        };
        let private_to = match self.is_private {
            Some(true) => view.private_to.or_else(|| Some(caller.actor.id().to_owned())),
            Some(false) => None,
            None => view.private_to,
        };
        View {
            display_name: self.display_name.as_ref().map_or(view.display_name, |name| name.trim().to_owned()),
            description: text(&self.description, view.description),
            filter_by: self.filter_by.clone().unwrap_or(view.filter_by),
            columns: self.columns.clone().unwrap_or(view.columns),
            column_labels: self.column_labels.clone().unwrap_or(view.column_labels),
            sort: text(&self.sort, view.sort),
            density: text(&self.density, view.density),
            time_range: text(&self.time_range, view.time_range),
            is_default: self.is_default.unwrap_or(view.is_default),
            version: self.version.unwrap_or(view.version),
            private_to,
            ..view
        }
    }
}

/// The views that a caller sees, of one screen or of all, by name.
pub fn list(tx: &mut Tx<'_>, caller: &Caller, screen: Option<&str>, page: &PageRequest) -> Result<Page<View>> {
    let all = store::list(tx, caller.project.number, caller.actor.id(), screen.unwrap_or(""))?;
    Ok(page.cut(all, |view| &view.id))
}

/// A view that the caller sees.
pub fn get(tx: &mut Tx<'_>, caller: &Caller, id: &str) -> Result<View> {
    let found = store::find(tx, caller.project.number, caller.actor.id(), id)?;
    found.ok_or_else(|| Error::not_found("view_not_found", format!("The view with id \"{id}\" was not found.")))
}

/// Makes a view, shared unless it is said to be private.
///
/// # Errors
/// [`Error::Forbidden`] when it is to be shared by somebody who only reads; [`Error::Conflict`] when the name is taken.
pub fn create(tx: &mut Tx<'_>, clock: &Clock, caller: &Caller, wanted: &Change) -> Result<View> {
    wanted.check()?;
    if wanted.display_name.is_none() {
        return Err(Error::field("missing_field", "display_name", "display_name is required."));
    }
    let blank = View {
        id: id::ulid(clock),
        project: caller.project.number,
        page: wanted.page.clone().unwrap_or_else(|| "traces".into()),
        display_name: String::new(),
        description: None,
        filter_by: String::new(),
        columns: Vec::new(),
        column_labels: BTreeMap::new(),
        sort: None,
        density: None,
        time_range: None,
        is_default: false,
        private_to: None,
        version: 1,
        created_by: caller.actor.id().to_owned(),
        updated_by: caller.actor.id().to_owned(),
        created_at: clock.now(),
        updated_at: clock.now(),
    };
    let view = wanted.on(blank, caller);
    if view.private_to.is_none() {
        require_sharing(caller)?;
    }
    if store::count(tx, &view)? >= MOST {
        return Err(Error::conflict("too_many_views", format!("There are {MOST} views already; delete some first.")));
    }
    keep_apart(tx, &view)?;
    store::insert(tx, &view)?;
    Ok(view)
}

/// Changes a view.
pub fn update(tx: &mut Tx<'_>, clock: &Clock, caller: &Caller, id: &str, wanted: &Change) -> Result<View> {
    wanted.check()?;
    let old = get(tx, caller, id)?;
    require_change(caller, &old)?;
    if wanted.page.as_ref().is_some_and(|page| *page != old.page) {
        return Err(Error::field("invalid_value", "page", "A view stays with its screen."));
    }
    if wanted.is_private == Some(true) && old.private_to.is_none() && old.created_by != caller.actor.id() {
        return Err(Error::Forbidden("Only who made a view can make it private.".into()));
    }
    let changed = wanted.on(old.clone(), caller);
    if changed.private_to.is_none() {
        require_sharing(caller)?;
    }
    if changed.private_to != old.private_to && store::count(tx, &changed)? >= MOST {
        return Err(Error::conflict("too_many_views", format!("There are {MOST} views already; delete some first.")));
    }
    let view = View { updated_by: caller.actor.id().to_owned(), updated_at: clock.now(), ..changed };
    keep_apart(tx, &view)?;
    store::update(tx, &view)?;
    Ok(view)
}

/// Deletes a view.
pub fn remove(tx: &mut Tx<'_>, caller: &Caller, id: &str) -> Result<()> {
    let view = get(tx, caller, id)?;
    require_change(caller, &view)?;
    store::delete(tx, &view)
}

fn require_sharing(caller: &Caller) -> Result<()> {
    if caller.permissions.has(Permission::Annotate) || caller.permissions.has(Permission::Define) {
        return Ok(());
    }
    Err(Error::Forbidden("You only read here: keep the view for yourself (is_private).".into()))
}

/// One's own views, and for those who define what is asked the shared ones too.
fn require_change(caller: &Caller, view: &View) -> Result<()> {
    if view.created_by == caller.actor.id() || caller.permissions.has(Permission::Define) {
        return Ok(());
    }
    Err(Error::Forbidden("This view was made by somebody else. Save your own.".into()))
}

/// Refuses a name that another view beside this one has, and keeps the default the only one.
fn keep_apart(tx: &mut Tx<'_>, view: &View) -> Result<()> {
    if store::name_is_taken(tx, view)? {
        let message = format!("There is a view named \"{}\" already.", view.display_name);
        return Err(Error::conflict("view_exists", message));
    }
    if view.is_default { store::clear_default(tx, view) } else { Ok(()) }
}
