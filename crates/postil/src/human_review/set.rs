//! Human review sets: which definitions are meant for which spans. Kept for clients that still have the call.

use super::{id_not_found, project_of, set_store as store, store as reviews};
use crate::clock::Clock;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::id;
use crate::project::Caller;

/// Which spans a set is meant for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filter {
    /// Spans of these types.
    SpanType(Vec<String>),
    /// Spans whose name fits.
    Name(String),
}

/// A set as a client sends it.
#[derive(Debug, Clone)]
pub struct SetInput {
    /// Its title.
    pub display_name: String,
    /// What it is for.
    pub description: Option<String>,
    /// The project, if it is not the caller's.
    pub project_id: Option<String>,
    /// The definitions in it.
    pub human_review_ids: Vec<String>,
    /// `span_type` or `name`.
    pub filter_type: String,
    /// The types, for `span_type`.
    pub filter_values: Option<Vec<String>>,
    /// The pattern, for `name`.
    pub filter_value: Option<String>,
}

/// A human review set.
#[derive(Debug, Clone)]
pub struct Set {
    /// Its id, a ULID.
    pub id: String,
    /// The number of its project.
    pub project: i64,
    /// The id of its project.
    pub project_id: String,
    /// Its title.
    pub display_name: String,
    /// What it is for.
    pub description: Option<String>,
    /// The definitions in it.
    pub human_review_ids: Vec<String>,
    /// Which spans it is meant for.
    pub filter: Filter,
    /// Who made it.
    pub created_by: String,
    /// Who changed it last.
    pub updated_by: String,
    /// When it was made.
    pub created_at: i64,
    /// When it was changed last.
    pub updated_at: i64,
}

impl SetInput {
    fn check(&self) -> Result<Filter> {
        if !(1..=255).contains(&self.display_name.chars().count()) {
            let message = "display_name must be 1 to 255 characters long.";
            return Err(Error::field("invalid_length", "display_name", message));
        }
        if self.human_review_ids.is_empty() {
            return Err(Error::field("missing_ids", "human_eval_ids", "human_eval_ids must name at least one."));
        }
        match self.filter_type.as_str() {
            "span_type" => {
                let values = self.filter_values.clone().unwrap_or_default();
                if values.is_empty() || values.iter().any(String::is_empty) {
                    let message = "filter_values must name at least one span type.";
                    return Err(Error::field("invalid_filter", "filter_values", message));
                }
                Ok(Filter::SpanType(values))
            }
            "name" => match self.filter_value.clone().filter(|value| !value.is_empty()) {
                Some(value) => Ok(Filter::Name(value)),
                None => Err(Error::field("invalid_filter", "filter_value", "filter_value must not be empty.")),
            },
            _ => Err(Error::field("invalid_filter", "filter_type", "filter_type must be span_type or name.")),
        }
    }
}

fn check_ids(tx: &mut Tx<'_>, caller: &Caller, project: i64, ids: &[String]) -> Result<()> {
    let known = reviews::known_ids(tx, project, ids)?;
    match ids.iter().find(|id| !known.contains(id)) {
        Some(unknown) => Err(id_not_found(unknown, &caller.workspace_id)),
        None => Ok(()),
    }
}

/// The sets of a project, newest first.
pub fn list(tx: &mut Tx<'_>, caller: &Caller, project_id: Option<&str>) -> Result<Vec<Set>> {
    let project = project_of(tx, caller, project_id)?;
    store::list(tx, project.number)
}

/// The set with this id.
pub fn get(tx: &mut Tx<'_>, caller: &Caller, id: &str) -> Result<Set> {
    let project = (!super::speaks_for_workspace(caller)).then_some(caller.project.id.as_str());
    store::find(tx, &caller.workspace_id, project, id)?.ok_or_else(|| {
        Error::not_found("human_review_set_not_found", format!("The human review set with id \"{id}\" was not found."))
    })
}

/// Makes a set.
pub fn create(tx: &mut Tx<'_>, clock: &Clock, caller: &Caller, input: &SetInput) -> Result<Set> {
    let filter = input.check()?;
    let project = project_of(tx, caller, input.project_id.as_deref())?;
    check_ids(tx, caller, project.number, &input.human_review_ids)?;
    let set = Set {
        id: id::ulid(clock),
        project: project.number,
        project_id: project.id,
        display_name: input.display_name.clone(),
        description: input.description.clone(),
        human_review_ids: input.human_review_ids.clone(),
        filter,
        created_by: caller.actor.id().to_owned(),
        updated_by: caller.actor.id().to_owned(),
        created_at: clock.now(),
        updated_at: clock.now(),
    };
    store::insert(tx, &set)?;
    Ok(set)
}

/// Says a set anew, whole.
pub fn update(tx: &mut Tx<'_>, clock: &Clock, caller: &Caller, id: &str, input: &SetInput) -> Result<Set> {
    let filter = input.check()?;
    let old = get(tx, caller, id)?;
    if input.project_id.as_ref().is_some_and(|project_id| *project_id != old.project_id) {
        return Err(Error::field("invalid_project", "project_id", "A human review set stays in its project."));
    }
    check_ids(tx, caller, old.project, &input.human_review_ids)?;
    let set = Set {
        display_name: input.display_name.clone(),
        description: input.description.clone(),
        human_review_ids: input.human_review_ids.clone(),
        filter,
        updated_by: caller.actor.id().to_owned(),
        updated_at: clock.now(),
        ..old
    };
    store::update(tx, &set)?;
    Ok(set)
}

/// Deletes a set; the definitions in it stay.
pub fn remove(tx: &mut Tx<'_>, caller: &Caller, id: &str) -> Result<()> {
    let set = get(tx, caller, id)?;
    store::delete(tx, &set.id)
}
