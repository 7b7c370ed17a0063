//! Making, changing and removing queues.

use super::access::{find, may_review, require_seeing, sees_all, speaks_for_workspace};
use super::definition::{Change, Question, Queue};
use super::{order, store, tell};
use crate::clock::Clock;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::human_review::{self, Definition};
use crate::id;
use crate::page::{Page, PageRequest};
use crate::project::{Caller, Permission, ProjectRef};

/// How many queues a project has.
pub const MOST_QUEUES: usize = 500;

/// Which queues are listed.
#[derive(Debug, Clone, Default)]
pub struct ListFilter {
    /// A part of the name; empty: any.
    pub search: String,
    /// Who changed them last; empty: anybody.
    pub updated_by: Vec<String>,
    /// Also those of other projects, where the caller's key reaches all of the workspace.
    pub everywhere: bool,
}

/// The queues of the caller's project, newest first: all for those who read, else those they may review in.
pub fn list(tx: &mut Tx<'_>, caller: &Caller, filter: &ListFilter, page: &PageRequest) -> Result<Page<Queue>> {
    require_seeing(caller)?;
    let (search, updated_by) = (filter.search.to_lowercase(), &filter.updated_by);
    let project = (!(filter.everywhere && speaks_for_workspace(caller))).then_some(caller.project.number);
    let mut shown = Vec::new();
    for queue in store::list(tx, &caller.workspace_id, project)? {
        let wanted = (search.is_empty() || queue.display_name.to_lowercase().contains(&search))
            && (updated_by.is_empty() || updated_by.contains(&queue.updated_by));
        if wanted && (sees_all(caller) || may_review(tx, caller, &queue)?) {
            shown.push(queue);
        }
    }
    Ok(page.cut(shown, |queue| &queue.id))
}

/// Makes a queue, in the caller's project or in another that their key reaches.
pub fn create(
    tx: &mut Tx<'_>,
    clock: &Clock,
    caller: &Caller,
    project_id: Option<&str>,
    wanted: &Change,
) -> Result<Queue> {
    caller.require(Permission::Define)?;
    wanted.check()?;
    if wanted.display_name.is_none() {
        return Err(Error::field("missing_field", "display_name", "display_name is required."));
    }
    let project = human_review::project_of(tx, caller, project_id)?;
    check_questions(tx, &project, wanted.questions.as_deref().unwrap_or_default())?;
    if store::count(tx, project.number)? >= MOST_QUEUES {
        let message = format!("There are {MOST_QUEUES} queues already; delete some first.");
        return Err(Error::conflict("too_many_queues", message));
    }
    let queue = wanted.on(Queue::blank(id::ulid(clock), project, caller.actor.id(), clock.now()));
    store::insert(tx, &queue)?;
    tell(tx, &queue);
    Ok(queue)
}

/// Changes a queue. Items whose answers suffice now are complete, those that need more are open again.
pub fn update(tx: &mut Tx<'_>, clock: &Clock, caller: &Caller, id: &str, wanted: &Change) -> Result<Queue> {
    caller.require(Permission::Define)?;
    wanted.check()?;
    let old = find(tx, caller, id)?;
    check_questions(tx, &old.project, wanted.questions.as_deref().unwrap_or_default())?;
    let changed = wanted.on(old.clone());
    let queue = Queue { updated_by: caller.actor.id().to_owned(), updated_at: clock.now(), ..changed };
    store::update(tx, &queue)?;
    if queue.overlap != old.overlap {
        store::set_overlap(tx, &queue)?;
    }
    if queue.order != old.order {
        order::sort_again(tx, clock, caller, &queue)?;
    }
    tell(tx, &queue);
    Ok(queue)
}

/// Deletes a queue with its items. What was said of them stays.
pub fn remove(tx: &mut Tx<'_>, caller: &Caller, id: &str) -> Result<()> {
    caller.require(Permission::Define)?;
    let queue = find(tx, caller, id)?;
    store::delete(tx, &queue.id)?;
    tell(tx, &queue);
    Ok(())
}

/// Refuses human reviews that are not in use in a project.
fn check_questions(tx: &mut Tx<'_>, project: &ProjectRef, questions: &[Question]) -> Result<()> {
    if questions.is_empty() {
        return Ok(());
    }
    let known = human_review::of_project(tx, project, false)?;
    let unknown = |question: &Question| known.iter().all(|definition| definition.id != question.human_review_id);
    match questions.iter().position(unknown) {
        None => Ok(()),
        Some(at) => {
            let message = format!("There is no human review with the id \"{}\".", questions[at].human_review_id);
            Err(Error::field("unknown_human_review", format!("questions[{at}].human_review_id"), message))
        }
    }
}

/// What a queue asks: each human review that is in use, and whether it is required, in the order of the queue.
pub fn definitions(tx: &mut Tx<'_>, queue: &Queue) -> Result<Vec<(Definition, bool)>> {
    let mut known = human_review::of_project(tx, &queue.project, false)?;
    if queue.questions.is_empty() {
        return Ok(known.into_iter().map(|definition| (definition, false)).collect());
    }
    let mut asked = Vec::new();
    for question in &queue.questions {
        if let Some(at) = known.iter().position(|definition| definition.id == question.human_review_id) {
            asked.push((known.swap_remove(at), question.required));
        }
    }
    Ok(asked)
}
