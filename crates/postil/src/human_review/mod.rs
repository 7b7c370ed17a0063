//! Human reviews: what people are asked about a span, and the rules their answers must keep.
//!
//! A definition has versions: every change that means something makes a new one, and values remember theirs. A
//! definition that has values is never deleted, only archived.

mod defaults;
mod input;
mod key;
pub mod set;
mod set_store;
pub(crate) mod store;
mod usage;
pub mod value;

use serde::{Deserialize, Serialize};

pub use defaults::{create_defaults, home};
pub use input::{DefinitionInput, OptionInput};
pub use usage::{Usage, usage};

use crate::clock::Clock;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::id;
use crate::project::{Actor, Caller, ProjectRef};

/// The type of a human review.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// One of the options.
    SingleSelect,
    /// Some of the options.
    MultiSelect,
    /// A number between bounds.
    Range,
    /// Free text.
    Text,
    /// Yes or no.
    Boolean,
    /// The text that should have been said.
    Correction,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 6] =
        [Kind::SingleSelect, Kind::MultiSelect, Kind::Range, Kind::Text, Kind::Boolean, Kind::Correction];

    /// The kind as it is stored and sent.
    pub fn name(self) -> &'static str {
        match self {
            Kind::SingleSelect => "single_select",
            Kind::MultiSelect => "multi_select",
            Kind::Range => "range",
            Kind::Text => "text",
            Kind::Boolean => "boolean",
            Kind::Correction => "correction",
        }
    }

    /// Reads a kind as it is stored and sent.
    pub fn parse(text: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.name() == text)
    }

    /// Whether answers are chosen from options.
    pub fn has_options(self) -> bool {
        matches!(self, Kind::SingleSelect | Kind::MultiSelect)
    }
}

/// One option of a select.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReviewOption {
    /// Its id, a ULID that stays through changes.
    pub id: String,
    /// What is stored when it is chosen.
    pub value: String,
    /// What is shown, where it differs from the value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// `neutral`, `positive` or `negative`.
    pub sentiment: String,
    /// What it means.
    pub description: String,
    /// The name of an icon; may be empty.
    pub icon: String,
    /// A colour for its button.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
}

/// The rules of a range or a text.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Config {
    /// The least number of a range.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<i64>,
    /// The greatest number of a range.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<i64>,
    /// The distance between two numbers of a range.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<f64>,
    /// The most characters of a text; the server's limit when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_length: Option<i64>,
}

/// A human review.
#[derive(Debug, Clone, PartialEq)]
pub struct Definition {
    /// Its id, a ULID.
    pub id: String,
    /// The number of its project.
    pub project: i64,
    /// The id of its project.
    pub project_id: String,
    /// What API calls name it by; unique in its project.
    pub key: String,
    /// Its type.
    pub kind: Kind,
    /// Its title on the screen.
    pub display_name: String,
    /// What is asked; may be empty.
    pub description: String,
    /// Counts the changes, from 1.
    pub version: i64,
    /// The rules of a range or a text.
    pub config: Config,
    /// The options of a select.
    pub options: Vec<ReviewOption>,
    /// Its place among the others.
    pub position: i64,
    /// Since when it is out of use.
    pub archived_at: Option<i64>,
    /// Who made it.
    pub created_by: String,
    /// Who changed it last.
    pub updated_by: String,
    /// When it was made.
    pub created_at: i64,
    /// When it was changed last.
    pub updated_at: i64,
}

/// What a version of a definition said.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Wording {
    /// The type.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// The key.
    pub key: String,
    /// The title.
    pub display_name: String,
    /// What was asked.
    pub description: String,
    /// The rules.
    pub config: Config,
    /// The options.
    pub options: Vec<ReviewOption>,
}

/// One version of a definition.
#[derive(Debug, Clone)]
pub struct Version {
    /// Its number, from 1.
    pub version: i64,
    /// What it said.
    pub wording: Wording,
    /// Who made it.
    pub created_by: String,
    /// When.
    pub created_at: i64,
}

impl Definition {
    /// What it says now.
    pub fn wording(&self) -> Wording {
        Wording {
            kind: self.kind,
            key: self.key.clone(),
            display_name: self.display_name.clone(),
            description: self.description.clone(),
            config: self.config.clone(),
            options: self.options.clone(),
        }
    }
}

/// The error of the guide for a key without a definition.
pub fn key_not_found(key: &str, workspace_id: &str) -> Error {
    Error::not_found(
        "human_review_not_found",
        format!("The human review with key \"{key}\" for workspace {workspace_id} was not found."),
    )
}

/// The same error where a definition is named by its id.
pub fn id_not_found(id: &str, workspace_id: &str) -> Error {
    Error::not_found(
        "human_review_not_found",
        format!("The human review with id \"{id}\" for workspace {workspace_id} was not found."),
    )
}

/// The project a call about definitions means: the caller's, or another of the workspace that a key for the whole
/// workspace names.
pub fn project_of(tx: &mut Tx<'_>, caller: &Caller, wanted: Option<&str>) -> Result<ProjectRef> {
    let Some(wanted) = wanted.filter(|wanted| *wanted != caller.project.id) else { return Ok(caller.project.clone()) };
    let found = if speaks_for_workspace(caller) { store::project(tx, &caller.workspace_id, wanted)? } else { None };
    found.ok_or_else(|| {
        Error::not_found("project_not_found", format!("The project with id \"{wanted}\" was not found."))
    })
}

/// Members hold a role per project, bound keys have one project; only other keys reach all of a workspace.
fn speaks_for_workspace(caller: &Caller) -> bool {
    matches!(caller.actor, Actor::Key { .. }) && caller.bound_to.is_none()
}

/// Makes a definition.
pub fn create(tx: &mut Tx<'_>, clock: &Clock, caller: &Caller, input: &DefinitionInput) -> Result<Definition> {
    let checked = input.check(clock, None)?;
    let project = project_of(tx, caller, input.project_id.as_deref())?;
    let key = match input.own_key() {
        Some(key) => key.to_owned(),
        None => key::fresh(tx, project.number, &input.display_name)?,
    };
    let now = clock.now();
    let position = match input.position {
        Some(position) => position,
        None => store::next_position(tx, project.number)?,
    };
    let definition = Definition {
        id: id::ulid(clock),
        project: project.number,
        project_id: project.id,
        key,
        kind: checked.kind,
        display_name: input.display_name.clone(),
        description: input.description.clone(),
        version: 1,
        config: checked.config,
        options: checked.options,
        position,
        archived_at: None,
        created_by: caller.actor.id().to_owned(),
        updated_by: caller.actor.id().to_owned(),
        created_at: now,
        updated_at: now,
    };
    if !store::insert(tx, &definition)? {
        return Err(key_taken(&definition.key));
    }
    store::insert_version(tx, &definition)?;
    Ok(definition)
}

fn key_taken(key: &str) -> Error {
    Error::conflict("key_taken", format!("A human review with key \"{key}\" exists already in this project."))
}

/// The definition with this id, also when it is archived.
pub fn get(tx: &mut Tx<'_>, caller: &Caller, id: &str) -> Result<Definition> {
    let project = (!speaks_for_workspace(caller)).then_some(caller.project.id.as_str());
    store::find(tx, &caller.workspace_id, project, id)?.ok_or_else(|| id_not_found(id, &caller.workspace_id))
}

/// The definitions of a project in their order.
pub fn list(
    tx: &mut Tx<'_>,
    caller: &Caller,
    project_id: Option<&str>,
    include_archived: bool,
) -> Result<Vec<Definition>> {
    let project = project_of(tx, caller, project_id)?;
    of_project(tx, &project, include_archived)
}

/// The definitions of a project in their order, for rooms that have the project at hand.
pub fn of_project(tx: &mut Tx<'_>, project: &ProjectRef, include_archived: bool) -> Result<Vec<Definition>> {
    store::list(tx, project, include_archived)
}

/// Says a definition anew. Only a change of what is asked makes a new version.
pub fn update(
    tx: &mut Tx<'_>,
    clock: &Clock,
    caller: &Caller,
    id: &str,
    input: &DefinitionInput,
) -> Result<Definition> {
    let old = get(tx, caller, id)?;
    let checked = input.check(clock, Some(&old))?;
    if input.project_id.as_ref().is_some_and(|project_id| *project_id != old.project_id) {
        return Err(Error::field("invalid_project", "project_id", "A human review stays in its project."));
    }
    let mut new = old.clone();
    new.kind = checked.kind;
    new.key = input.own_key().unwrap_or(&old.key).to_owned();
    new.display_name.clone_from(&input.display_name);
    new.description.clone_from(&input.description);
    new.config = checked.config;
    new.options = checked.options;
    new.position = input.position.unwrap_or(old.position);
    new.archived_at = match input.archived {
        Some(true) => old.archived_at.or(Some(clock.now())),
        Some(false) => None,
        None => old.archived_at,
    };
    if new == old {
        return Ok(old);
    }
    let renamed = new.key != old.key;
    if renamed && store::has_values(tx, old.project, &old.key, &old.id)? {
        return Err(Error::conflict(
            "key_in_use",
            format!("The key \"{}\" has values and cannot be changed. Make a new human review instead.", old.key),
        ));
    }
    if new.archived_at.is_none()
        && (renamed || old.archived_at.is_some())
        && store::key_exists(tx, new.project, &new.key)?
    {
        return Err(key_taken(&new.key));
    }
    let same_wording = Definition { position: old.position, archived_at: old.archived_at, ..new.clone() } == old;
    if !same_wording {
        new.version = old.version + 1;
    }
    caller.actor.id().clone_into(&mut new.updated_by);
    new.updated_at = clock.now();
    store::update(tx, &new, old.version)?;
    if !same_wording {
        store::insert_version(tx, &new)?;
    }
    Ok(new)
}

/// Takes a definition out of use: archives it when it has values, deletes it when it has none.
pub fn remove(tx: &mut Tx<'_>, clock: &Clock, caller: &Caller, id: &str) -> Result<()> {
    let mut definition = get(tx, caller, id)?;
    if definition.archived_at.is_some() {
        return Err(id_not_found(id, &caller.workspace_id));
    }
    if !store::has_values(tx, definition.project, &definition.key, &definition.id)? {
        return store::delete(tx, &definition.id);
    }
    definition.archived_at = Some(clock.now());
    definition.updated_at = clock.now();
    caller.actor.id().clone_into(&mut definition.updated_by);
    let version = definition.version;
    store::update(tx, &definition, version)
}

/// The versions of a definition, newest first.
pub fn versions(tx: &mut Tx<'_>, caller: &Caller, id: &str) -> Result<Vec<Version>> {
    let definition = get(tx, caller, id)?;
    store::versions(tx, &definition.id)
}
