//! Says something about a span: all of it or nothing.

use std::borrow::Cow;

use super::announce::announce;
use super::answer::{Annotate, Answer, Subject};
use super::evaluator::{self, EvaluatorResult};
use super::store::{self, Current, Found, Reviewed};
use super::{Annotation, Annotator, SubjectKind, annotator_of, moment, result_not_found, source_of, span_not_found};
use crate::clock::Clock;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::event::Event;
use crate::human_review::value::{self, Accepted, Rules};
use crate::human_review::{self, store::kind};
use crate::id;
use crate::project::Caller;
use crate::trace::settling;

/// An answer whose subject was found, before its value is checked.
struct Question {
    subject: String,
    subject_kind: SubjectKind,
    key: String,
    kind: String,
    definition_version: i64,
    rules: Option<Rules>,
    current: Option<Current>,
}

/// What is said of every answer of a call.
struct Saying<'a> {
    clock: &'a Clock,
    caller: &'a Caller,
    trace_id: &'a str,
    span_id: &'a str,
    trace_start_ns: i64,
    has_webhooks: bool,
    annotator: Annotator,
    source: String,
    call: &'a Annotate,
    /// Whether somebody waits for what is said of traces.
    has_automations: bool,
}

/// Annotates a span. Checks everything before it writes anything, in the order of the contract: counts and forms, the
/// span, each human review, each value. Returns the ids of the annotations (or evaluator results) in the order of the
/// answers. `string_limit` is the most characters of a string where a human review sets none.
pub fn annotate(
    tx: &mut Tx<'_>,
    clock: &Clock,
    caller: &Caller,
    trace_id: &str,
    span_id: &str,
    call: &Annotate,
    string_limit: usize,
) -> Result<Vec<String>> {
    call.check()?;
    let annotator = annotator_of(caller, call.named().as_ref(), &call.metadata)?;
    let keys: Vec<&str> = call.answers.iter().filter_map(|answer| answer.key.as_deref()).collect();
    let (given, trace_id, span_id) = (span_id, &*id::lower_hex(trace_id), &*id::lower_hex(span_id));
    let found = store::look_up(tx, caller.project.number, trace_id, span_id, &annotator, &keys)?;
    let found = found.ok_or_else(|| span_not_found(given, &caller.workspace_id))?;
    let saying = Saying {
        clock,
        caller,
        trace_id,
        span_id,
        trace_start_ns: found.trace_start_ns,
        has_webhooks: found.has_webhooks,
        annotator,
        source: source_of(caller, &call.metadata),
        call,
        has_automations: found.has_automations,
    };
    if saying.annotator.kind.is_machine() {
        return saying.store_verdicts(tx, &found, string_limit);
    }
    let mut questions = Vec::with_capacity(call.answers.len());
    for answer in &call.answers {
        questions.push(saying.question(tx, &found, answer)?);
    }
    let mut accepted = Vec::with_capacity(questions.len());
    for (at, (question, answer)) in questions.iter().zip(&call.answers).enumerate() {
        let field = format!("annotations[{at}].value");
        accepted.push(match &question.rules {
            Some(rules) => value::check(rules, &answer.value, string_limit, &field)?,
            None => evaluator::check_value(&question.kind, &answer.value, string_limit, &field)?,
        });
    }
    saying.write(tx, questions, accepted)
}

impl Saying<'_> {
    fn question(&self, tx: &mut Tx<'_>, found: &Found, answer: &Answer) -> Result<Question> {
        match answer.subject() {
            Subject::Review(key) => {
                let review = found.reviews.iter().find(|review| review.key == key);
                let review = review.ok_or_else(|| human_review::key_not_found(key, &self.caller.workspace_id))?;
                Ok(Question {
                    subject: review.id.clone(),
                    subject_kind: SubjectKind::HumanReview,
                    key: review.key.clone(),
                    kind: review.kind.clone(),
                    definition_version: review.version,
                    rules: Some(rules(review)?),
                    current: review.current.clone(),
                })
            }
            Subject::Result(id) => {
                let project = self.caller.project.number;
                let place = (self.trace_id, self.span_id);
                let (result, current) = store::look_up_result(tx, project, place, id, &self.annotator)?
                    .ok_or_else(|| result_not_found(id))?;
                Ok(Question {
                    subject: id.to_owned(),
                    subject_kind: SubjectKind::EvaluatorCorrection,
                    key: result.evaluator,
                    kind: result.output_type,
                    definition_version: 0,
                    rules: None,
                    current,
                })
            }
        }
    }

    fn write(&self, tx: &mut Tx<'_>, questions: Vec<Question>, accepted: Vec<Accepted>) -> Result<Vec<String>> {
        let (mut ids, mut new) = (Vec::new(), Vec::<store::Write>::new());
        let mut changes = Vec::<(store::Write, _)>::new();
        for ((question, accepted), answer) in questions.into_iter().zip(accepted).zip(&self.call.answers) {
            let last = question.current.as_ref().map_or(0, |current| current.updated_at);
            let annotation = self.annotation(&question, &accepted, answer, moment(self.clock, last));
            ids.push(annotation.id.clone());
            let write = store::Write { annotation, accepted, trace_start_ns: self.trace_start_ns };
            match question.current {
                None => new.push(write),
                Some(current) if same(&current, &write.annotation) => {}
                Some(current) => changes.push((write, Some(current))),
            }
        }
        // Everybody takes the rows of a span in one order, so that nobody waits for each other in a circle.
        new.sort_by(|a, b| a.annotation.subject.cmp(&b.annotation.subject));
        changes.sort_by(|(a, _), (b, _)| a.annotation.subject.cmp(&b.annotation.subject));
        let mut events = Vec::with_capacity(new.len() + changes.len());
        let project = self.caller.project.number;
        for late in store::insert(tx, project, &new)? {
            // Another transaction was first to set this value; what it wrote is the one to change.
            changes.push((new[late].clone(), None));
        }
        for write in
            new.iter().filter(|write| !changes.iter().any(|(late, _)| late.annotation.id == write.annotation.id))
        {
            events.push(self.event(Cow::Borrowed(&write.annotation), "set"));
        }
        for (mut write, before) in changes {
            let given_id = write.annotation.id.clone();
            let before = self.change(tx, &mut write, before)?;
            ids.iter_mut().filter(|id| **id == given_id).for_each(|id| id.clone_from(&write.annotation.id));
            if let Some(before) = before {
                let action = if before.removed_at.is_some() { "set" } else { "change" };
                events.push(self.event(Cow::Owned(write.annotation), action));
            }
        }
        if !events.is_empty() {
            store::insert_events(tx, project, &events)?;
            if self.has_webhooks {
                announce(tx, self.clock, project, &events)?;
            }
            self.tell(tx, "annotation.created")?;
        }
        Ok(ids)
    }

    /// Writes over the value that was read, or, when somebody else was faster, over theirs. Returns what was written
    /// over; nothing when it said the same.
    fn change(&self, tx: &mut Tx<'_>, write: &mut store::Write, read: Option<Current>) -> Result<Option<Current>> {
        let project = self.caller.project.number;
        if let Some(read) = read
            && store::update(tx, project, write, read.updated_at)?
        {
            return Ok(Some(read));
        }
        let now = store::lock_current(tx, project, &write.annotation)?;
        write.annotation.id.clone_from(&now.id);
        if same(&now, &write.annotation) {
            return Ok(None);
        }
        write.annotation.updated_at = moment(self.clock, now.updated_at);
        if store::update(tx, project, write, now.updated_at)? {
            return Ok(Some(now));
        }
        Err(Error::internal("a locked annotation changed"))
    }

    fn annotation(&self, question: &Question, accepted: &Accepted, answer: &Answer, at: i64) -> Annotation {
        let current = question.current.as_ref();
        Annotation {
            id: current.map_or_else(|| id::ulid(self.clock), |current| current.id.clone()),
            trace_id: self.trace_id.to_owned(),
            span_id: self.span_id.to_owned(),
            subject: question.subject.clone(),
            subject_kind: question.subject_kind,
            key: question.key.clone(),
            kind: question.kind.clone(),
            definition_version: question.definition_version,
            value: accepted.json.clone(),
            explanation: answer.explanation.clone(),
            annotator: self.annotator.clone(),
            identity_id: self.call.metadata.identity_id.clone(),
            source: self.source.clone(),
            created_at: current.map_or(at, |current| current.created_at),
            updated_at: at,
            removed_at: None,
            queue_id: self.call.queue_id.clone(),
        }
    }

    fn event<'b>(&'b self, annotation: Cow<'b, Annotation>, action: &'static str) -> store::Happened<'b> {
        store::Happened {
            id: id::ulid(self.clock),
            action,
            annotation,
            actor: self.caller.actor.reference(),
            client: self.caller.client.as_deref(),
            duration_ms: self.call.duration_ms,
            queue_id: self.call.queue_id.as_deref(),
        }
    }

    /// What a machine says is an evaluator result, named by the key. Where a human review has that key, the value
    /// keeps its rules, so that people and machines can be compared.
    fn store_verdicts(&self, tx: &mut Tx<'_>, found: &Found, string_limit: usize) -> Result<Vec<String>> {
        let mut results = Vec::new();
        for (at, answer) in self.call.answers.iter().enumerate() {
            let field = format!("annotations[{at}].value");
            let key = answer.key.clone().unwrap_or_default();
            let mut result = match found.reviews.iter().find(|review| review.key == key) {
                Some(review) => {
                    let accepted = value::check(&rules(review)?, &answer.value, string_limit, &field)?;
                    let output_type = evaluator::output_type_of(kind(&review.kind)?);
                    let name = review.display_name.clone();
                    EvaluatorResult { name, output_type, value: Some(accepted), ..EvaluatorResult::default() }
                }
                None => {
                    let (output_type, accepted) = evaluator::free_value(&answer.value, string_limit, &field)?;
                    let name = key.clone();
                    EvaluatorResult { name, output_type, value: Some(accepted), ..EvaluatorResult::default() }
                }
            };
            result.evaluator = key;
            result.kind = self.annotator.kind;
            result.label = answer.label.clone();
            result.score = answer.score;
            result.passed = answer.passed;
            result.explanation = answer.explanation.clone();
            result.source = self.source.clone();
            results.push(result);
        }
        let project = self.caller.project.number;
        let place = (self.trace_id, self.span_id);
        let ids = results.iter().map(|result| evaluator::put(tx, self.clock, project, place, result));
        let ids = ids.collect::<Result<_>>()?;
        self.tell(tx, "evaluator_result.created")?;
        Ok(ids)
    }

    fn tell(&self, tx: &mut Tx<'_>, kind: &'static str) -> Result<()> {
        if self.has_automations {
            settling::feedback(tx, self.caller.project.number, self.clock.now(), self.trace_id)?;
        }
        tx.emit(Event {
            project: self.caller.project.number,
            kind,
            trace_id: Some(self.trace_id.to_owned()),
            span_id: Some(self.span_id.to_owned()),
            ..Event::default()
        });
        Ok(())
    }
}

fn rules(review: &Reviewed) -> Result<Rules> {
    let parse = |cause: serde_json::Error| Error::internal(format!("human review {}: {cause}", review.id));
    Ok(Rules {
        kind: kind(&review.kind)?,
        config: if review.config == "{}" {
            Default::default()
        } else {
            serde_json::from_str(&review.config).map_err(parse)?
        },
        options: if review.options == "[]" {
            Vec::new()
        } else {
            serde_json::from_str(&review.options).map_err(parse)?
        },
    })
}

/// Whether saying `new` would change nothing.
fn same(old: &Current, new: &Annotation) -> bool {
    old.removed_at.is_none()
        && old.value == new.value
        && old.explanation == new.explanation
        && old.identity_id == new.identity_id
        && old.source == new.source
        && old.definition_version == new.definition_version
}
