//! Takes values back. Their history stays.

use std::borrow::Cow;

use super::answer::{Metadata, named};
use super::{Annotation, Annotator, annotator_of, may_speak_for_others, moment, result_not_found, span_not_found};
use super::{read_store, store};
use crate::clock::Clock;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::event::Event;
use crate::human_review::key_not_found;
use crate::id;
use crate::project::{Actor, Caller};
use crate::trace::settling;

/// Keys, and ids of evaluator results, of one call.
const MOST: usize = 10;

/// One call that takes values back.
#[derive(Debug, Clone, Default)]
pub struct Remove {
    /// The keys of human reviews.
    pub keys: Vec<String>,
    /// The ids of evaluator results whose corrections are taken back.
    pub parent_annotation_ids: Vec<String>,
    /// Attribution: whose values.
    pub metadata: Metadata,
    /// Whose values, where the call says so.
    pub annotator: Option<Annotator>,
    /// How long the annotator took.
    pub duration_ms: Option<i64>,
}

/// Whose values are taken back.
enum Whose {
    All,
    Of(Annotator),
    Reviewer(String),
    Identity(String),
}

impl Whose {
    fn includes(&self, annotation: &Annotation) -> bool {
        match self {
            Whose::All => true,
            Whose::Of(annotator) => annotation.annotator == *annotator,
            Whose::Reviewer(id) => annotation.annotator.id == *id,
            Whose::Identity(id) => annotation.annotator.id == *id || annotation.identity_id.as_ref() == Some(id),
        }
    }
}

impl Remove {
    fn check(&self) -> Result<()> {
        for (field, list) in [("keys", &self.keys), ("parent_annotation_ids", &self.parent_annotation_ids)] {
            if list.len() > MOST {
                let message = format!("{field} must have at most {MOST} entries; it has {}.", list.len());
                return Err(Error::field("invalid_count", field, message));
            }
        }
        if self.keys.is_empty() && self.parent_annotation_ids.is_empty() {
            let message = format!("keys must have 1 to {MOST} entries, unless parent_annotation_ids has some.");
            return Err(Error::field("invalid_count", "keys", message));
        }
        if self.annotator.as_ref().is_some_and(|annotator| annotator.kind.is_machine()) {
            let message = "annotator.kind must be human or automation: evaluator results are not taken back.";
            return Err(Error::field("invalid_annotator", "annotator.kind", message));
        }
        self.metadata.check()
    }

    /// A member takes back their own value; a key those of whom it names, else of all.
    fn whose(&self, caller: &Caller) -> Result<Whose> {
        let named = named(self.annotator.as_ref(), &self.metadata);
        if let (Actor::Member { .. }, Some(named)) = (&caller.actor, &named)
            && may_speak_for_others(caller)
        {
            return Ok(Whose::Of(named.clone()));
        }
        if matches!(caller.actor, Actor::Member { .. }) {
            return annotator_of(caller, named.as_ref(), &self.metadata).map(Whose::Of);
        }
        Ok(match (named, &self.metadata.reviewer_id, &self.metadata.identity_id) {
            (Some(named), _, _) => Whose::Of(named),
            (None, Some(reviewer), _) => Whose::Reviewer(reviewer.clone()),
            (None, None, Some(identity)) => Whose::Identity(identity.clone()),
            (None, None, None) => Whose::All,
        })
    }
}

/// Takes values back and says how many. A key without a human review is an error; a value that is not set is none.
pub fn remove(
    tx: &mut Tx<'_>,
    clock: &Clock,
    caller: &Caller,
    trace_id: &str,
    span_id: &str,
    call: &Remove,
) -> Result<usize> {
    call.check()?;
    let whose = call.whose(caller)?;
    let project = caller.project.number;
    let (given, trace_id, span_id) = (span_id, &*id::lower_hex(trace_id), &*id::lower_hex(span_id));
    if !store::span_exists(tx, project, trace_id, span_id)? {
        return Err(span_not_found(given, &caller.workspace_id));
    }
    let mut subjects = Vec::new();
    for key in &call.keys {
        let id = store::review_id(tx, project, key)?;
        subjects.push(id.ok_or_else(|| key_not_found(key, &caller.workspace_id))?);
    }
    for id in &call.parent_annotation_ids {
        if !store::result_exists(tx, project, (trace_id, span_id), id)? {
            return Err(result_not_found(id));
        }
        subjects.push(id.clone());
    }
    subjects.sort();
    subjects.dedup();
    let mut gone = Vec::new();
    for subject in &subjects {
        let current = read_store::current_of_subject(tx, project, (trace_id, span_id), subject)?;
        gone.extend(current.into_iter().filter(|annotation| whose.includes(annotation)));
    }
    take_back(tx, clock, caller, gone, call.duration_ms)
}

/// Marks annotations that were read for update as removed, with their events.
pub(super) fn take_back(
    tx: &mut Tx<'_>,
    clock: &Clock,
    caller: &Caller,
    gone: Vec<Annotation>,
    duration_ms: Option<i64>,
) -> Result<usize> {
    let project = caller.project.number;
    let mut events = Vec::with_capacity(gone.len());
    for mut annotation in gone {
        annotation.updated_at = moment(clock, annotation.updated_at);
        annotation.removed_at = Some(annotation.updated_at);
        store::mark_removed(tx, project, &annotation)?;
        events.push(store::Happened {
            id: id::ulid(clock),
            action: "remove",
            annotation: Cow::Owned(annotation),
            actor: caller.actor.reference(),
            client: caller.client.as_deref(),
            duration_ms,
            queue_id: None,
        });
    }
    if let Some(first) = events.first() {
        tx.emit(Event {
            project,
            kind: "annotation.deleted",
            trace_id: Some(first.annotation.trace_id.clone()),
            span_id: Some(first.annotation.span_id.clone()),
            ..Event::default()
        });
        settling::feedback(tx, project, clock.now(), &first.annotation.trace_id)?;
        store::insert_events(tx, project, &events)?;
    }
    Ok(events.len())
}
