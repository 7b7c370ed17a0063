//! Submits the answers of an item: they are stored, the item is counted, and the next one is claimed, all in one
//! transaction.

use super::draft::{active, check_text};
use super::seat::{Earlier, Level, Place, SeatState};
use super::store::{self, Counts};
use super::{Desk, Given, Said, announce, claim, span_gone};
use crate::annotation::log::{CORRECTION, MOST_CORRECTION};
use crate::annotation::{self, Annotate, Annotator, AnnotatorKind, Answer, Metadata, Remove};
use crate::clock::Clock;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::human_review::{self, Definition, Kind};
use crate::project::Caller;
use crate::queue::{Correction, Queue, definitions, find_for_review, tell};
use crate::trace::span;

/// Answers of one submission.
const MOST_ANSWERS: usize = 100;
/// Answers that are stored by one call.
const AT_ONCE: usize = 10;
/// Characters of a submission's id.
const MOST_ID: usize = 100;
/// Submissions of one item that can be undone.
const MOST_LEVELS: usize = 20;
/// Where the answers of queues come from.
const SOURCE: &str = "queue";

/// What a reviewer says of an item.
#[derive(Debug, Clone, Default)]
pub struct Submission {
    /// The answers.
    pub answers: Vec<Said>,
    /// What should have been answered.
    pub correction: Option<String>,
    /// A note to whoever manages the queue; none leaves it as it is.
    pub note: Option<String>,
    /// Whether somebody should look at it; none leaves it as it is.
    pub flagged: Option<bool>,
    /// Milliseconds with the item on the screen, altogether.
    pub active_ms: Option<i64>,
    /// What the client calls this submission: sent twice, it is stored once.
    pub submission_id: String,
}

/// What became of something that may be refused although something of it is kept.
#[derive(Debug)]
pub enum Outcome<T> {
    /// It was done.
    Done(T),
    /// It was refused, for this reason, and what was typed is kept as a draft.
    Refused(Error),
}

/// What a reviewer has after they are done with an item.
#[derive(Debug, Clone)]
pub struct Submitted {
    /// The queue.
    pub queue: Queue,
    /// The item and the seat they are done with.
    pub done: Place,
    /// The ids of the annotations.
    pub stored: Vec<String>,
    /// What was claimed just now.
    pub new: Vec<Place>,
    /// The item that is on the screen next.
    pub current: Option<String>,
}

impl Submitted {
    /// `known` are the items the reviewer had before.
    pub(super) fn new(queue: Queue, done: Place, places: Vec<Place>, known: &[String]) -> Submitted {
        let current = places.first().map(|place| place.task.id.clone());
        let new = places.into_iter().filter(|place| !known.contains(&place.task.id)).collect();
        Submitted { queue, done, stored: Vec::new(), new, current }
    }
}

/// Stores what a reviewer says of an item, counts the item, and gives them the next one. An item they have submitted
/// already gets the new answers. What cannot be stored, because the item is with somebody else or what it is about is
/// gone, is kept as their draft.
pub fn submit(
    tx: &mut Tx<'_>,
    clock: &Clock,
    caller: &Caller,
    (queue_id, item_id): (&str, &str),
    submission: &Submission,
    (ahead, string_limit): (usize, usize),
) -> Result<Outcome<Submitted>> {
    claim::check_ahead(ahead)?;
    submission.check()?;
    let queue = find_for_review(tx, caller, queue_id)?;
    let mut desk = Desk::sit(tx, clock, caller, &queue)?;
    let place = desk.place(tx, item_id)?;
    if place.seat.state == SeatState::Submitted && place.seat.submission_id.as_ref() == Some(&submission.submission_id)
    {
        let places = desk.fill(tx, ahead)?;
        let stored = place.seat.given.clone().unwrap_or_default().stored;
        return Ok(Outcome::Done(Submitted { stored, ..Submitted::new(queue.clone(), place, places, &[]) }));
    }
    let is_mine = place.seat.state.is_live() || place.seat.state == SeatState::Submitted;
    if !is_mine && !desk.has_room(&place.task) {
        return desk.refuse(tx, place.clone(), submission, desk.no_room(&place.task));
    }
    let asked = definitions(tx, &queue)?;
    let Some((trace_id, span_id)) = judged_span(tx, &queue, &place)? else {
        return desk.refuse(tx, place, submission, span_gone());
    };
    if let Some(refusal) = submission.check_keys(tx, &queue, &asked)? {
        return desk.refuse(tx, place, submission, refusal);
    }
    submission.check_required(&queue, &asked)?;
    let (done, stored) = desk.store(tx, place, submission, &asked, (&trace_id, &span_id), string_limit)?;
    tell(tx, &queue);
    let known: Vec<String> = store::live(tx, &queue.id, desk.me)?.into_iter().map(|place| place.task.id).collect();
    let places = desk.fill(tx, ahead)?;
    Ok(Outcome::Done(Submitted { stored, ..Submitted::new(queue.clone(), done, places, &known) }))
}

/// The span an item asks about: of a whole trace the one whose answer the trace shows. None when it is not stored.
pub(super) fn judged_span(tx: &mut Tx<'_>, queue: &Queue, place: &Place) -> Result<Option<(String, String)>> {
    let (project, task) = (queue.project.number, &place.task);
    let span_id = match task.kind.as_str() {
        "trace" => span::leading(tx, project, &task.trace_id)?,
        _ => Some(task.span_id.clone()),
    };
    let Some(span_id) = span_id else { return Ok(None) };
    let is_stored = store::span_exists(tx, project, &task.trace_id, &span_id)?;
    Ok(is_stored.then(|| (task.trace_id.clone(), span_id)))
}

impl Submission {
    fn check(&self) -> Result<()> {
        let id = self.submission_id.chars().count();
        if id == 0 || id > MOST_ID {
            let message = format!("submission_id must be 1 to {MOST_ID} characters long.");
            return Err(Error::field("invalid_length", "submission_id", message));
        }
        if self.answers.len() > MOST_ANSWERS {
            return Err(Error::field(
                "invalid_count",
                "answers",
                format!("answers must have at most {MOST_ANSWERS} entries."),
            ));
        }
        active(0, self.active_ms)?;
        for (at, said) in self.answers.iter().enumerate() {
            let again = self.answers[..at].iter().any(|before| before.key == said.key);
            if again || (said.key == CORRECTION && self.correction.is_some()) {
                let field = format!("answers[{at}].key");
                let message = format!("{field}: \"{}\" is there twice.", said.key);
                return Err(Error::field("duplicate_key", field, message));
            }
        }
        check_text(self.note.as_deref(), "note")
    }

    fn given(&self) -> Given {
        Given { answers: self.answers.clone(), correction: self.correction.clone(), ..Given::default() }
    }

    /// Whether everything that is answered is asked. A question that is gone since the reviewer began is a reason to
    /// keep what they typed.
    fn check_keys(&self, tx: &mut Tx<'_>, queue: &Queue, asked: &[(Definition, bool)]) -> Result<Option<Error>> {
        for (at, said) in self.answers.iter().enumerate() {
            if asked.iter().any(|(definition, _)| definition.key == said.key)
                || (said.key == CORRECTION && queue.correction != Correction::None)
            {
                continue;
            }
            if human_review::of_project(tx, &queue.project, false)?.iter().any(|known| known.key == said.key) {
                let field = format!("answers[{at}].key");
                let message = format!("{field}: this queue does not ask \"{}\".", said.key);
                return Err(Error::field("not_asked", field, message));
            }
            return Ok(Some(Error::conflict(
                "question_gone",
                format!(
                    "The question \"{}\" is not asked any more. What you entered is kept as your draft; load the item \
                     again and submit what is left of it.",
                    said.key
                ),
            )));
        }
        if self.correction.is_some() && !has_correction(tx, queue)? {
            let message = "correction: this project has no human review \"correction\" to keep it in.";
            return Err(Error::field("not_asked", "correction", message));
        }
        Ok(None)
    }

    fn check_required(&self, queue: &Queue, asked: &[(Definition, bool)]) -> Result<()> {
        for (definition, required) in asked {
            let in_correction = definition.key == CORRECTION && self.correction.is_some();
            if *required && !in_correction && !self.answers.iter().any(|said| said.key == definition.key) {
                let field = format!("answers.{}", definition.key);
                let message =
                    format!("\"{}\" needs an answer before the item can be submitted.", definition.display_name);
                return Err(Error::field("missing_answer", field, message));
            }
        }
        let has_correction = self.correction.as_ref().is_some_and(|text| !text.is_empty())
            || self.answers.iter().any(|said| said.key == CORRECTION);
        if queue.correction == Correction::Required && !has_correction {
            let message = "This queue asks for the answer that should have been given.";
            return Err(Error::field("missing_answer", "correction", message));
        }
        Ok(())
    }
}

fn has_correction(tx: &mut Tx<'_>, queue: &Queue) -> Result<bool> {
    let all = human_review::of_project(tx, &queue.project, false)?;
    Ok(all.iter().any(|known| known.key == CORRECTION && known.kind == Kind::Correction))
}

impl Desk<'_> {
    /// Keeps what was typed as a draft, and says why it is not more.
    fn refuse(&self, tx: &mut Tx<'_>, place: Place, submission: &Submission, why: Error) -> Result<Outcome<Submitted>> {
        let mut seat = place.seat;
        let flagged = submission.flagged.unwrap_or(seat.flagged);
        seat.draft = Some(submission.given().draft(submission.note.as_deref(), flagged));
        seat.active_ms = active(seat.active_ms, submission.active_ms)?;
        store::write_seat(tx, &place.task.id, &seat)?;
        Ok(Outcome::Refused(why))
    }

    fn store(
        &self,
        tx: &mut Tx<'_>,
        place: Place,
        submission: &Submission,
        asked: &[(Definition, bool)],
        span: (&str, &str),
        string_limit: usize,
    ) -> Result<(Place, Vec<String>)> {
        let Place { task, mut seat } = place;
        let was = seat.state;
        let mut given = submission.given();
        let said = given.all();
        let earlier = seat.given.take().filter(|_| was == SeatState::Submitted);
        let dropped: Vec<String> = earlier.iter().flat_map(Given::all).map(|said| said.key).collect();
        let dropped: Vec<String> = dropped.into_iter().filter(|key| said.iter().all(|said| said.key != *key)).collect();
        let keys = said.iter().map(|said| said.key.clone()).chain(dropped.iter().cloned());
        let values = self.own_values(tx, span, keys.collect())?;
        seat.active_ms = active(seat.active_ms, submission.active_ms)?;
        given.stored = self.say(tx, span, &said, seat.active_ms, string_limit)?;
        self.take_back(tx, span, &dropped)?;
        let version =
            |key: &str| asked.iter().find(|(known, _)| known.key == key).map_or(0, |(known, _)| known.version);
        given.versions = said.iter().map(|said| version(&said.key)).collect();
        seat.before.push(Level { given: earlier, values });
        if seat.before.len() > MOST_LEVELS {
            seat.before.remove(0);
        }
        let flagged = submission.flagged.unwrap_or(seat.flagged);
        let counts = Counts {
            taken: i64::from(!was.is_live() && was != SeatState::Submitted),
            answered: i64::from(was != SeatState::Submitted),
            declines: -i64::from(was == SeatState::Declined),
            flags: i64::from(flagged) - i64::from(seat.flagged),
            ..Counts::default()
        };
        seat.flagged = flagged;
        if let Some(note) = &submission.note {
            seat.note = Some(note.clone()).filter(|note| !note.is_empty());
        }
        seat.state = SeatState::Submitted;
        seat.lease_until = None;
        seat.ended_at = Some(self.now);
        seat.draft = None;
        seat.reason = None;
        seat.submission_id = Some(submission.submission_id.clone());
        let stored = given.stored.clone();
        seat.given = Some(given);
        store::write_seat(tx, &task.id, &seat)?;
        let task = store::count(tx, &task.id, counts, self.now)?;
        if counts.answered == 1 && task.answered == task.overlap {
            announce::completed(tx, self.clock, self.queue, &task)?;
        }
        Ok((Place { task, seat }, stored))
    }

    fn myself(&self) -> Annotator {
        Annotator { kind: AnnotatorKind::Human, id: self.me.to_owned() }
    }

    /// What the reviewer says of a span now, of each of these keys.
    fn own_values(
        &self,
        tx: &mut Tx<'_>,
        (trace_id, span_id): (&str, &str),
        keys: Vec<String>,
    ) -> Result<Vec<Earlier>> {
        let said = annotation::for_span(tx, &self.caller, trace_id, span_id)?;
        let myself = self.myself();
        let earlier = |key: String| {
            let is_it = |each: &&annotation::Annotation| {
                each.key == key && each.annotator == myself && each.subject_kind == annotation::SubjectKind::HumanReview
            };
            let now = said.iter().find(is_it);
            Earlier {
                value: now.map(annotation::Annotation::json),
                explanation: now.and_then(|each| each.explanation.clone()),
                key,
            }
        };
        Ok(keys.into_iter().map(earlier).collect())
    }

    /// Stores answers as annotations of the reviewer.
    pub(super) fn say(
        &self,
        tx: &mut Tx<'_>,
        (trace_id, span_id): (&str, &str),
        said: &[Said],
        active_ms: i64,
        string_limit: usize,
    ) -> Result<Vec<String>> {
        let mut ids = Vec::with_capacity(said.len());
        // Corrections have a limit of their own: whole answers are written anew.
        let alike = said.chunk_by(|one, next| (one.key == CORRECTION) == (next.key == CORRECTION));
        for some in alike.flat_map(|some| some.chunks(AT_ONCE)) {
            let correction = some.iter().any(|said| said.key == CORRECTION);
            let limit = if correction { string_limit.max(MOST_CORRECTION) } else { string_limit };
            let answer = |said: &Said| Answer {
                key: Some(said.key.clone()),
                value: said.value.clone(),
                explanation: said.explanation.clone(),
                ..Answer::default()
            };
            let call = Annotate {
                answers: some.iter().map(answer).collect(),
                metadata: Metadata { source: Some(SOURCE.into()), ..Metadata::default() },
                annotator: Some(self.myself()),
                duration_ms: Some(active_ms),
                queue_id: Some(self.queue.id.clone()),
            };
            let stored = annotation::annotate(tx, self.clock, &self.caller, trace_id, span_id, &call, limit);
            ids.extend(stored.map_err(|error| of_submission(error, ids.len(), said))?);
        }
        Ok(ids)
    }

    /// Takes values of the reviewer back.
    pub(super) fn take_back(&self, tx: &mut Tx<'_>, (trace_id, span_id): (&str, &str), keys: &[String]) -> Result<()> {
        for some in keys.chunks(AT_ONCE) {
            let call = Remove { keys: some.to_vec(), annotator: Some(self.myself()), ..Remove::default() };
            match annotation::remove(tx, self.clock, &self.caller, trace_id, span_id, &call) {
                // A human review that is gone took its values along.
                Ok(_) | Err(Error::NotFound { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// An error of annotating in the words of a submission: `answers[12].value` for `annotations[2].value`.
fn of_submission(error: Error, first: usize, said: &[Said]) -> Error {
    let Error::Invalid { name, field: Some(field), message } = error else { return error };
    let Some((at, rest)) = field.strip_prefix("annotations[").and_then(|rest| rest.split_once(']')) else {
        return Error::Invalid { name, field: Some(field), message };
    };
    let at = at.parse::<usize>().unwrap_or(0) + first;
    let is_correction = said.get(at).is_some_and(|said| said.key == CORRECTION) && at + 1 == said.len();
    let place = if is_correction { "correction".to_owned() } else { format!("answers[{at}]{rest}") };
    Error::Invalid { name, message: message.replace(&field, &place), field: Some(place) }
}
