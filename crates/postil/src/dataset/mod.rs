//! Datasets: what was learnt, as datapoints of inputs, messages and the output that is expected.
//!
//! A dataset stays when the traces go that its datapoints were taken from: a datapoint holds everything it shows.

pub mod datapoint;
mod datapoint_store;
pub mod duplicate;
pub mod export;
pub mod import;
mod judged;
pub mod matching;
pub mod message;
mod path;
pub mod snapshot;
mod snapshot_store;
mod store;
mod take;

use crate::clock::Clock;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::id;
use crate::page::{Page, PageRequest};
use crate::project::{Actor, Caller, Permission, projects};

pub use judged::{add_to_queue, judged_trace};
pub use take::{Duplicates, Source, Taken, TakenThere, take, take_there};

/// The longest name.
pub const MOST_NAME: usize = 128;
/// How many datasets a project may have.
pub const MOST_DATASETS: i64 = 10_000;

/// A dataset.
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    /// Its id, a ULID.
    pub id: String,
    /// The number of its project.
    pub project: i64,
    /// The id of its project.
    pub project_id: String,
    /// Its workspace.
    pub workspace_id: String,
    /// Its name.
    pub display_name: String,
    /// The folder in its project, such as `support/2026`; empty at the top.
    pub path: String,
    /// How many datapoints it holds.
    pub datapoints: i64,
    /// Who made it.
    pub created_by: String,
    /// Who changed it or one of its datapoints last.
    pub updated_by: String,
    /// When it was made.
    pub created_at: i64,
    /// When it or one of its datapoints was changed last.
    pub updated_at: i64,
    /// How many snapshots were made of it.
    pub snapshots: i64,
}

/// What a call says of a dataset; what it does not mention stays as it is.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// Its name, 1 to 128 characters.
    pub display_name: Option<String>,
    /// Project and folder, as [`create`] reads it.
    pub path: Option<String>,
    /// The project it moves to.
    pub project_id: Option<String>,
}

/// Which datasets a list shows.
#[derive(Debug, Clone, Default)]
pub struct ListFilter {
    /// A part of the name, in any case.
    pub search: Option<String>,
    /// Who changed them last.
    pub updated_by: Vec<String>,
    /// One project; else every one that the caller reaches.
    pub project_id: Option<String>,
}

/// The one project whose datasets a caller reaches; none when they reach those of the whole workspace.
fn bound(caller: &Caller) -> Option<&str> {
    let whole = matches!(caller.actor, Actor::Key { .. }) && caller.bound_to.is_none();
    (!whole).then_some(caller.project.id.as_str())
}

fn not_found(id: &str) -> Error {
    Error::not_found("dataset_not_found", format!("The dataset with id \"{id}\" was not found."))
}

fn check_name(name: &str) -> Result<String> {
    let name = name.trim();
    if (1..=MOST_NAME).contains(&name.chars().count()) {
        return Ok(name.to_owned());
    }
    let message = format!("display_name must be 1 to {MOST_NAME} characters long.");
    Err(Error::field("invalid_length", "display_name", message))
}

/// The datasets the caller reaches, newest first.
pub fn list(tx: &mut Tx<'_>, caller: &Caller, filter: &ListFilter, page: &PageRequest) -> Result<Page<Dataset>> {
    caller.require(Permission::Read)?;
    let all = store::list(tx, &caller.workspace_id, bound(caller), filter.project_id.as_deref())?;
    let search = filter.search.as_deref().map(str::to_lowercase).filter(|search| !search.is_empty());
    let meant = |dataset: &Dataset| {
        search.as_ref().is_none_or(|search| dataset.display_name.to_lowercase().contains(search))
            && (filter.updated_by.is_empty() || filter.updated_by.contains(&dataset.updated_by))
    };
    Ok(page.cut(all.into_iter().filter(meant).collect(), |dataset| &dataset.id))
}

/// The dataset with this id.
///
/// # Errors
/// [`Error::NotFound`] when there is none that the caller reaches.
pub fn get(tx: &mut Tx<'_>, caller: &Caller, id: &str) -> Result<Dataset> {
    caller.require(Permission::Read)?;
    find(tx, caller, id)
}

fn find(tx: &mut Tx<'_>, caller: &Caller, id: &str) -> Result<Dataset> {
    store::find(tx, &caller.workspace_id, bound(caller), id)?.ok_or_else(|| not_found(id))
}

/// Makes a dataset. `at` is `Project/folder/…` for a key of the whole workspace, and a folder in the caller's project for
/// everybody else, whose project may stand before it.
///
/// # Errors
/// [`Error::Invalid`] naming the field that is wrong; [`Error::NotFound`] for a project nobody made.
pub fn create(tx: &mut Tx<'_>, clock: &Clock, caller: &Caller, name: &str, at: Option<&str>) -> Result<Dataset> {
    caller.require(Permission::Annotate)?;
    let display_name = check_name(name)?;
    let place = path::resolve(tx, caller, at.unwrap_or(""))?;
    if store::count(tx, place.project.number)? >= MOST_DATASETS {
        let message = format!("A project has at most {MOST_DATASETS} datasets. Delete one first.");
        return Err(Error::conflict("too_many_datasets", message));
    }
    let dataset = Dataset {
        id: id::ulid(clock),
        project: place.project.number,
        project_id: place.project.id,
        workspace_id: caller.workspace_id.clone(),
        display_name,
        path: place.folder,
        datapoints: 0,
        created_by: caller.actor.id().to_owned(),
        updated_by: caller.actor.id().to_owned(),
        created_at: clock.now(),
        updated_at: clock.now(),
        snapshots: 0,
    };
    store::insert(tx, &dataset)?;
    store::tell(tx, dataset.project);
    Ok(dataset)
}

/// Changes a dataset.
pub fn update(tx: &mut Tx<'_>, clock: &Clock, caller: &Caller, id: &str, change: &Change) -> Result<Dataset> {
    caller.require(Permission::Annotate)?;
    let mut dataset = find(tx, caller, id)?;
    let before = dataset.project;
    if let Some(name) = &change.display_name {
        dataset.display_name = check_name(name)?;
    }
    if let Some(project_id) = &change.project_id {
        let there = projects::speak_to(tx, caller, project_id)?;
        there.require(Permission::Annotate)?;
        (dataset.project, dataset.project_id) = (there.project.number, there.project.id);
    }
    if let Some(path) = &change.path {
        let place = path::resolve(tx, caller, path)?;
        if change.project_id.as_ref().is_some_and(|_| place.project.number != dataset.project) {
            let message = "path names another project than project_id.";
            return Err(Error::field("invalid_path", "path", message));
        }
        dataset.path = place.folder;
        (dataset.project, dataset.project_id) = (place.project.number, place.project.id);
    }
    dataset.updated_by = caller.actor.id().to_owned();
    dataset.updated_at = clock.now();
    store::update(tx, &dataset)?;
    store::tell(tx, dataset.project);
    if dataset.project != before {
        store::tell(tx, before);
        datapoint_store::move_all(tx, &dataset)?;
    }
    Ok(dataset)
}

/// Deletes a dataset with everything in it, its snapshots too.
pub fn remove(tx: &mut Tx<'_>, caller: &Caller, id: &str) -> Result<()> {
    caller.require(Permission::Annotate)?;
    let dataset = find(tx, caller, id)?;
    snapshot_store::clear(tx, &dataset.id)?;
    datapoint_store::clear(tx, &dataset.id)?;
    store::delete(tx, &dataset.id)
}

/// Takes everything out of a dataset. Its snapshots stay as they are.
pub fn clear(tx: &mut Tx<'_>, clock: &Clock, caller: &Caller, id: &str) -> Result<()> {
    caller.require(Permission::Annotate)?;
    let dataset = find(tx, caller, id)?;
    let snapshots = store::touch(tx, &dataset.id, caller.actor.id(), clock.now())?;
    snapshot_store::keep_all(tx, &dataset.id, snapshots)?;
    datapoint_store::clear(tx, &dataset.id)
}
