//! Making, changing and removing automations.

use super::change::{Change, check, check_name};
use super::rule::{Action, Automation, Definition};
use super::{not_found, run_store, store, tell};
use crate::clock::Clock;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::page::{Page, PageRequest};
use crate::project::{Caller, Permission, member};
use crate::trace::settling::{self, Listener};
use crate::{dataset, id, queue, webhook};

/// How many automations a project may have.
pub const MOST: usize = 100;

/// The automations of the caller's project, newest first; `search` is a part of the name, in any case.
pub fn list(tx: &mut Tx<'_>, caller: &Caller, search: Option<&str>, page: &PageRequest) -> Result<Page<Automation>> {
    caller.require(Permission::Read)?;
    let mut all = store::list(tx, caller.project.number)?;
    if let Some(search) = search.map(str::to_lowercase) {
        all.retain(|automation| automation.name.to_lowercase().contains(&search));
    }
    Ok(page.cut(all, |automation| &automation.id))
}

/// The automation of the caller's project with this id.
pub fn get(tx: &mut Tx<'_>, caller: &Caller, id: &str) -> Result<Automation> {
    caller.require(Permission::Read)?;
    store::find(tx, caller.project.number, id)?.ok_or_else(|| not_found(id))
}

/// Makes an automation.
///
/// # Errors
/// [`Error::Invalid`] naming the field that is wrong; [`Error::Conflict`] when the project has too many.
pub fn create(tx: &mut Tx<'_>, clock: &Clock, caller: &Caller, given: &Change) -> Result<Automation> {
    caller.require(Permission::Define)?;
    let name = given.name.as_deref().ok_or_else(|| Error::field("missing_field", "name", "name is required."))?;
    let definition = given.on(Definition::default());
    let automation = Automation {
        id: id::ulid(clock),
        project: caller.project.number,
        name: check_name(name)?,
        enabled: given.enabled.unwrap_or(true),
        definition: tidy(definition),
        version: 1,
        error: None,
        created_by: caller.actor.id().to_owned(),
        updated_by: caller.actor.id().to_owned(),
        created_at: clock.now(),
        updated_at: clock.now(),
    };
    check(&automation.definition)?;
    check_targets(tx, caller, &automation.definition.actions)?;
    if store::list(tx, automation.project)?.len() >= MOST {
        let message = format!("A project has at most {MOST} automations. Delete one first.");
        return Err(Error::conflict("too_many_automations", message));
    }
    store::insert(tx, &automation)?;
    listen(tx, automation.project)?;
    Ok(automation)
}

/// Changes an automation. What it did stays done.
pub fn update(tx: &mut Tx<'_>, clock: &Clock, caller: &Caller, id: &str, change: &Change) -> Result<Automation> {
    caller.require(Permission::Define)?;
    store::lock(tx, &[id])?;
    let old = get(tx, caller, id)?;
    let changed = Automation {
        name: change.name.as_deref().map_or(Ok(old.name.clone()), check_name)?,
        enabled: change.enabled.unwrap_or(old.enabled),
        definition: tidy(change.on(old.definition.clone())),
        version: old.version + 1,
        updated_by: caller.actor.id().to_owned(),
        updated_at: clock.now(),
        ..old
    };
    check(&changed.definition)?;
    if change.actions.is_some() {
        check_targets(tx, caller, &changed.definition.actions)?;
    }
    store::update(tx, &changed)?;
    listen(tx, changed.project)?;
    Ok(changed)
}

/// Removes an automation and the log of what it did.
pub fn remove(tx: &mut Tx<'_>, caller: &Caller, id: &str) -> Result<()> {
    caller.require(Permission::Define)?;
    store::lock(tx, &[id])?;
    let automation = get(tx, caller, id)?;
    run_store::delete_all(tx, &automation.id)?;
    store::delete(tx, &automation.id)?;
    listen(tx, automation.project)
}

fn tidy(mut definition: Definition) -> Definition {
    for stratum in &mut definition.strata {
        stratum.name = stratum.name.trim().to_owned();
    }
    for action in &mut definition.actions {
        if let Action::AddTag { tag } = action {
            *tag = tag.trim().to_owned();
        }
    }
    definition
}

/// Says what the automations of a project wait for now.
fn listen(tx: &mut Tx<'_>, project: i64) -> Result<()> {
    let all = store::list(tx, project)?;
    let active: Vec<&Definition> = all.iter().filter(|one| one.enabled).map(|one| &one.definition).collect();
    let settled = || active.iter().filter(|definition| definition.on_settled);
    let (quiet, idle) = (settled().map(|one| one.wait(true)).min(), settled().map(|one| one.wait(false)).min());
    let listener =
        Listener { settled: quiet.zip(idle), feedback: active.iter().any(|definition| definition.on_feedback) };
    settling::listen(tx, project, listener)?;
    tell(tx, project);
    Ok(())
}

/// Refuses actions on what is not in the caller's project.
fn check_targets(tx: &mut Tx<'_>, caller: &Caller, actions: &[Action]) -> Result<()> {
    let project = caller.project.number;
    for (at, action) in actions.iter().enumerate() {
        let unknown = |name: &str, what: &str| {
            let field = format!("actions[{at}].{name}");
            Error::field("unknown_target", &*field, format!("{field} is no {what} of this project."))
        };
        match action {
            Action::AddToQueue { queue_id, assignee_id, .. } => {
                let found = there(queue::find(tx, caller, queue_id))?;
                if found.is_none_or(|queue| queue.project.number != project) {
                    return Err(unknown("queue_id", "annotation queue"));
                }
                if let Some(assignee) = assignee_id
                    && there(member::get(tx, caller, assignee))?.is_none_or(|member| member.role().is_none())
                {
                    return Err(unknown("assignee_id", "member"));
                }
            }
            Action::AddToDataset { dataset_id } => {
                caller.require(Permission::Annotate)?;
                if there(dataset::get(tx, caller, dataset_id))?.is_none_or(|dataset| dataset.project != project) {
                    return Err(unknown("dataset_id", "dataset"));
                }
            }
            Action::CallWebhook { webhook_id } => {
                if there(webhook::get(tx, caller, webhook_id))?.is_none() {
                    return Err(unknown("webhook_id", "webhook"));
                }
            }
            Action::ExtendRetention { .. } | Action::AddTag { .. } => {}
        }
    }
    Ok(())
}

fn there<T>(found: Result<T>) -> Result<Option<T>> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(Error::NotFound { .. }) => Ok(None),
        Err(other) => Err(other),
    }
}
