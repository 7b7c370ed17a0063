//! What reviewers do in a queue: claim, submit, skip, decline, undo.

use postil::annotation::{self, Annotate, Answer};
use postil::db::Db;
use postil::project::{Actor, Caller, Permission, Permissions, ProjectRef, start};
use postil::queue::review::{self, Claimed, Outcome, Said, Submission, Submitted, Undone};
use postil::queue::{self, Change, Order, OrderBy, Question, Wanted};
use postil::{Error, Result, human_review, params};
use serde_json::{Value, json};

use crate::bed::{Bed, NOON};
use crate::queues::counted;
use crate::telemetry::{self, Span};

crate::both!(
    the_next_item_is_the_first_nobody_has,
    a_reload_gives_the_same_items,
    a_submission_stores_the_answers_and_claims_the_next,
    a_submission_that_comes_twice_is_stored_once,
    a_skipped_item_comes_back_last,
    a_declined_item_is_for_others,
    an_assigned_item_is_for_one_reviewer,
    a_lease_that_is_over_passes_the_item_on_and_keeps_the_draft,
    a_heartbeat_keeps_the_item,
    what_is_only_reserved_is_taken_over_when_nothing_else_is_left,
    undo_brings_item_answers_and_annotations_back,
    changed_answers_can_be_undone_one_by_one,
    wrong_and_missing_answers_stop_the_submission_at_the_field,
    a_span_that_is_gone_is_explained_and_the_draft_stays,
    a_question_that_is_gone_is_explained_and_the_draft_stays,
    traces_that_expired_are_put_aside,
    overlap_is_exact_and_enforced_when_writing,
    random_order_is_stable_for_each_reviewer,
    the_greatest_priority_comes_first_also_behind_a_hint,
);

pub const SECOND: i64 = 1_000_000;

pub fn trace_id(number: usize) -> String {
    format!("{number:032x}")
}

pub const SPAN: &str = "00f067aa0ba902b7";

/// Somebody who may review and nothing else.
pub fn reviewer(id: &str) -> Caller {
    Caller {
        workspace_id: "w".into(),
        project: ProjectRef { id: "p".into(), number: 1 },
        bound_to: None,
        actor: Actor::Member { id: id.into(), name: id.into() },
        permissions: Permissions::of(&[Permission::Review]),
        client: None,
    }
}

fn manager() -> Caller {
    Caller { permissions: Permissions::ALL, ..reviewer("manager") }
}

/// A queue on a database, with everything a test does to it.
pub struct Room<'a> {
    pub bed: &'a Bed,
    pub id: String,
    workspace_id: String,
    project: ProjectRef,
}

pub fn room(bed: &Bed, items: usize, change: Change) -> Room<'_> {
    let clock = bed.clock.clone();
    let made = bed.db.write_blocking(move |tx| {
        let home = start::home(tx, &clock)?;
        human_review::create_defaults(tx, &clock, 1)?;
        for number in 0..items {
            let at = NOON * 1000 + i64::try_from(number).unwrap() * 1000;
            telemetry::store(tx, 1, &[Span { start_ns: at, ..Span::generation(&trace_id(number), SPAN) }])?;
        }
        let caller = Caller { workspace_id: home.workspace_id.clone(), project: home.project.clone(), ..manager() };
        let change = Change { display_name: Some("Answers".into()), ..change.clone() };
        let queue = queue::create(tx, &clock, &caller, None, &change)?;
        let wanted =
            |number: usize| Wanted { trace_id: trace_id(number), span_id: Some(SPAN.into()), ..Wanted::default() };
        for some in (0..items).collect::<Vec<_>>().chunks(1000) {
            let wanted: Vec<_> = some.iter().map(|number| wanted(*number)).collect();
            queue::add(tx, &clock, &caller, &queue.id, &wanted)?;
        }
        Ok((queue.id, home))
    });
    let (id, home) = made.unwrap();
    Room { bed, id, workspace_id: home.workspace_id, project: home.project }
}

pub fn submission(id: &str, rating: &str) -> Submission {
    let answers = vec![Said { key: "rating".into(), value: json!(rating), explanation: None }];
    Submission { answers, submission_id: id.into(), ..Submission::default() }
}

impl Room<'_> {
    pub fn caller(&self, who: &str) -> Caller {
        Caller { workspace_id: self.workspace_id.clone(), project: self.project.clone(), ..reviewer(who) }
    }

    fn manager(&self) -> Caller {
        Caller { permissions: Permissions::ALL, ..self.caller("manager") }
    }

    pub fn claim_on(&self, db: &Db, who: &str, ahead: usize) -> Result<Claimed> {
        let (clock, caller, id) = (self.bed.clock.clone(), self.caller(who), self.id.clone());
        db.write_blocking(move |tx| review::claim(tx, &clock, &caller, &id, ahead))
    }

    /// The traces of what the reviewer has, by number.
    pub fn claim(&self, who: &str, ahead: usize) -> Vec<usize> {
        numbers(&self.claim_on(&self.bed.db, who, ahead).unwrap().places)
    }

    /// The item of a trace.
    pub fn item(&self, number: usize) -> String {
        let id = self.id.clone();
        let sql = "select id from queue_item where queue_id = $1 and trace_id = $2";
        let read = self.bed.db.read_blocking(move |tx| tx.query_one(sql, params![&id, trace_id(number)])?.text(0));
        read.unwrap()
    }

    pub fn try_submit(&self, who: &str, number: usize, said: &Submission) -> Result<Outcome<Submitted>> {
        let (clock, caller, said) = (self.bed.clock.clone(), self.caller(who), said.clone());
        let place = (self.id.clone(), self.item(number));
        let write =
            move |tx: &mut postil::Tx<'_>| review::submit(tx, &clock, &caller, (&place.0, &place.1), &said, (1, 3000));
        self.bed.db.write_blocking(write)
    }

    pub fn submit(&self, who: &str, number: usize, rating: &str) -> Submitted {
        let id = format!("{who} {number} {rating}");
        match self.try_submit(who, number, &submission(&id, rating)).unwrap() {
            Outcome::Done(submitted) => submitted,
            Outcome::Refused(error) => panic!("{error}"),
        }
    }

    pub fn refused(&self, who: &str, number: usize, said: &Submission) -> Error {
        match self.try_submit(who, number, said).unwrap() {
            Outcome::Refused(error) => error,
            Outcome::Done(submitted) => panic!("{submitted:?}"),
        }
    }

    pub fn skip(&self, who: &str, number: usize) -> Result<Submitted> {
        let (clock, caller) = (self.bed.clock.clone(), self.caller(who));
        let place = (self.id.clone(), self.item(number));
        self.bed.db.write_blocking(move |tx| review::skip(tx, &clock, &caller, (&place.0, &place.1), Some(1500), 1))
    }

    pub fn decline(&self, who: &str, number: usize) -> Result<Submitted> {
        let (clock, caller) = (self.bed.clock.clone(), self.caller(who));
        let place = (self.id.clone(), self.item(number));
        self.bed.db.write_blocking(move |tx| review::decline(tx, &clock, &caller, (&place.0, &place.1), "not mine", 1))
    }

    pub fn undo(&self, who: &str, number: usize) -> Result<Undone> {
        let (clock, caller) = (self.bed.clock.clone(), self.caller(who));
        let place = (self.id.clone(), self.item(number));
        self.bed.db.write_blocking(move |tx| review::undo(tx, &clock, &caller, (&place.0, &place.1), (1, 3000)))
    }

    pub fn beat(&self, who: &str, number: usize) -> Result<i64> {
        let (clock, caller) = (self.bed.clock.clone(), self.caller(who));
        let place = (self.id.clone(), self.item(number));
        self.bed.db.write_blocking(move |tx| review::beat(tx, &clock, &caller, (&place.0, &place.1), None))
    }

    pub fn release(&self, who: &str) {
        let (clock, caller, id) = (self.bed.clock.clone(), self.caller(who), self.id.clone());
        self.bed.db.write_blocking(move |tx| review::release(tx, &clock, &caller, &id)).unwrap();
    }

    fn draft(&self, who: &str, number: usize) -> Option<Value> {
        let (caller, place) = (self.caller(who), (self.id.clone(), self.item(number)));
        let read = self.bed.db.read_blocking(move |tx| review::readable(tx, &caller, &place.0, &place.1));
        read.unwrap().1.seat.draft
    }

    /// What everybody says of a trace, as key, value and annotator.
    pub fn said(&self, number: usize) -> Vec<(String, Value, String)> {
        let caller = self.manager();
        let read = move |tx: &mut postil::Tx<'_>| annotation::for_span(tx, &caller, &trace_id(number), SPAN);
        let said = self.bed.db.read_blocking(read).unwrap();
        let mut said: Vec<_> =
            said.iter().map(|each| (each.key.clone(), each.json(), each.annotator.id.clone())).collect();
        said.sort_by(|a, b| (&a.0, &a.2).cmp(&(&b.0, &b.2)));
        said
    }

    pub fn sql(&self, sql: &'static str) {
        self.bed.db.write_blocking(move |tx| tx.execute(sql, &[]).map(drop)).unwrap();
    }

    /// Whether the queue still has this item.
    pub fn has(&self, item_id: &str) -> bool {
        let id = item_id.to_owned();
        let read = self.bed.db.read_blocking(move |tx| {
            Ok(tx.query_opt("select 1 from queue_item where id = $1", params![&id])?.is_some())
        });
        read.unwrap()
    }

    /// Runs a statement on one item.
    pub fn change(&self, sql: &'static str, item_id: &str, value: Option<String>) {
        let id = item_id.to_owned();
        self.bed.db.write_blocking(move |tx| tx.execute(sql, params![&id, &value]).map(drop)).unwrap();
    }

    pub fn counts(&self, number: usize) -> (i64, i64, String) {
        let id = self.item(number);
        let sql = "select taken, answered, state from queue_item where id = $1";
        let read = self.bed.db.read_blocking(move |tx| {
            let row = tx.query_one(sql, params![&id])?;
            Ok((row.int(0)?, row.int(1)?, row.text(2)?))
        });
        read.unwrap()
    }
}

pub fn numbers(places: &[review::Place]) -> Vec<usize> {
    places.iter().map(|place| usize::from_str_radix(&place.task.trace_id, 16).unwrap()).collect()
}

fn name(error: &Error) -> &'static str {
    error.name()
}

fn overlap(overlap: i64) -> Change {
    Change { overlap: Some(overlap), ..Change::default() }
}

fn the_next_item_is_the_first_nobody_has(bed: &Bed) {
    let room = room(bed, 6, Change::default());
    assert_eq!(room.claim("ann", 1), [0, 1]);
    assert_eq!(room.claim("bob", 1), [2, 3]);
    assert_eq!(room.claim("cid", 3), [4, 5]);
}

fn a_reload_gives_the_same_items(bed: &Bed) {
    let room = room(bed, 6, Change::default());
    assert_eq!(room.claim("ann", 1), [0, 1]);
    assert_eq!(room.claim("ann", 1), [0, 1]);
    // Also when the lease is over, as long as nobody else wanted the item.
    bed.clock.advance(3600 * SECOND);
    assert_eq!(room.claim("ann", 2), [0, 1, 2]);
    assert_eq!(room.counts(0), (1, 0, "open".into()));
    room.release("ann");
    assert_eq!(room.counts(0), (0, 0, "open".into()));
    assert_eq!(room.claim("bob", 0), [0]);
}

fn a_submission_stores_the_answers_and_claims_the_next(bed: &Bed) {
    let room = room(bed, 4, Change::default());
    assert_eq!(room.claim("ann", 1), [0, 1]);
    let done = room.submit("ann", 0, "good");
    assert_eq!(numbers(&done.new), [2], "what is on the screen next was there already");
    assert_eq!(done.current, Some(room.item(1)));
    assert_eq!((done.stored.len(), done.done.task.shown_state()), (1, "completed"));
    assert_eq!(room.said(0), [("rating".into(), json!("good"), "ann".into())]);
    let told = bed.db.read_blocking(|tx| {
        let row = tx.query_one("select source, duration_ms, queue_id from annotation_event", &[])?;
        Ok((row.text(0)?, row.opt_int(1)?, row.opt_text(2)?))
    });
    assert_eq!(told.unwrap(), ("queue".into(), Some(0), Some(room.id.clone())));
    room.submit("ann", 1, "bad");
    room.submit("ann", 2, "bad");
    let last = room.submit("ann", 3, "bad");
    assert_eq!((last.current, last.new.len()), (None, 0));
}

fn a_submission_that_comes_twice_is_stored_once(bed: &Bed) {
    let room = room(bed, 4, Change::default());
    room.claim("ann", 1);
    let first = room.submit("ann", 0, "good");
    let again = room.submit("ann", 0, "good");
    assert_eq!((first.stored, first.current), (again.stored, again.current));
    assert_eq!(numbers(&again.new), [1, 2], "an answer that was lost is given whole");
    assert_eq!(room.counts(0), (1, 1, "completed".into()));
    let events = bed.db.read_blocking(|tx| tx.query_one("select count(*) from annotation_event", &[])?.int(0));
    assert_eq!(events.unwrap(), 1);
}

fn a_skipped_item_comes_back_last(bed: &Bed) {
    let room = room(bed, 3, Change::default());
    room.claim("ann", 0);
    bed.clock.advance(SECOND);
    assert_eq!(room.skip("ann", 0).unwrap().current, Some(room.item(1)));
    bed.clock.advance(SECOND);
    room.skip("ann", 1).unwrap();
    assert_eq!(room.claim("ann", 1), [2, 0], "what was skipped first comes back first");
    // Leaving the page does not forget what was skipped.
    room.release("ann");
    assert_eq!(room.claim("ann", 3), [2, 0, 1]);
    room.submit("ann", 2, "good");
    room.submit("ann", 0, "good");
    room.submit("ann", 1, "good");
    assert!(room.claim("ann", 1).is_empty());
}

fn a_declined_item_is_for_others(bed: &Bed) {
    let room = room(bed, 2, Change::default());
    room.claim("ann", 0);
    room.decline("ann", 0).unwrap();
    room.submit("ann", 1, "good");
    assert!(room.claim("ann", 1).is_empty());
    assert_eq!(room.claim("bob", 1), [0]);
    assert_eq!(name(&room.undo("ann", 0).unwrap_err()), "item_taken");
}

fn an_assigned_item_is_for_one_reviewer(bed: &Bed) {
    let room = room(bed, 3, Change::default());
    room.sql("update queue_item set assignee = 'bob' where sort_key = (select min(sort_key) from queue_item)");
    assert_eq!(room.claim("ann", 3), [1, 2]);
    assert_eq!(room.claim("bob", 3), [0]);
}

fn a_lease_that_is_over_passes_the_item_on_and_keeps_the_draft(bed: &Bed) {
    let room = room(bed, 1, Change::default());
    assert_eq!(room.claim("ann", 1), [0]);
    bed.clock.advance(299 * SECOND);
    assert!(room.claim("bob", 1).is_empty());
    bed.clock.advance(2 * SECOND);
    assert_eq!(room.claim("bob", 1), [0]);
    let error = room.refused("ann", 0, &submission("late", "good"));
    assert_eq!(name(&error), "lease_lost");
    assert!(error.to_string().contains("draft"), "{error}");
    let draft = room.draft("ann", 0).unwrap();
    assert_eq!(draft, json!({"answers": [{"key": "rating", "value": "good"}]}));
    assert!(room.said(0).is_empty());
    room.submit("bob", 0, "bad");
    assert_eq!(name(&room.refused("ann", 0, &submission("later", "good"))), "item_complete");
    assert_eq!(name(&room.beat("ann", 0).unwrap_err()), "item_complete");
    assert_eq!(room.said(0).len(), 1);
}

fn a_heartbeat_keeps_the_item(bed: &Bed) {
    let room = room(bed, 2, Change::default());
    room.claim("ann", 1);
    for _ in 0..4 {
        bed.clock.advance(200 * SECOND);
        assert_eq!(room.beat("ann", 0).unwrap(), bed.clock.now() + 300 * SECOND);
    }
    bed.clock.advance(301 * SECOND);
    assert_eq!(room.claim("bob", 1), [0, 1]);
    assert_eq!(name(&room.beat("ann", 0).unwrap_err()), "lease_lost");
    room.release("bob");
    // Nobody else wanted it: it is Ann's again.
    room.beat("ann", 0).unwrap();
    room.submit("ann", 0, "good");
}

fn what_is_only_reserved_is_taken_over_when_nothing_else_is_left(bed: &Bed) {
    let room = room(bed, 2, Change::default());
    assert_eq!(room.claim("ann", 1), [0, 1]);
    assert_eq!(room.claim("bob", 1), [1]);
    assert!(room.claim("cid", 1).is_empty(), "what is on a screen stays there");
    let (clock, caller, id) = (bed.clock.clone(), room.caller("cid"), room.id.clone());
    let waiting = bed.db.read_blocking(move |tx| {
        let queue = queue::find_for_review(tx, &caller, &id)?;
        review::waiting(tx, &clock, &caller, &queue)
    });
    let waiting: Vec<_> = waiting.unwrap().into_iter().map(|one| (one.reviewer, one.items)).collect();
    assert_eq!(waiting, [("ann".to_owned(), 1), ("bob".to_owned(), 1)]);
    assert_eq!(room.submit("ann", 0, "good").current, None);
    assert_eq!(room.counts(1), (1, 0, "open".into()));
}

fn undo_brings_item_answers_and_annotations_back(bed: &Bed) {
    let room = room(bed, 3, Change::default());
    let answer = Answer { key: Some("rating".into()), value: json!("bad"), ..Answer::default() };
    let (clock, caller) = (bed.clock.clone(), room.caller("ann"));
    let before = Annotate { answers: vec![answer], ..Annotate::default() };
    bed.db
        .write_blocking(move |tx| annotation::annotate(tx, &clock, &caller, &trace_id(0), SPAN, &before, 3000))
        .unwrap();
    room.claim("ann", 1);
    let said = Submission { note: Some("look".into()), ..submission("one", "good") };
    room.try_submit("ann", 0, &said).unwrap();
    room.submit("ann", 1, "good");
    let undone = room.undo("ann", 1).unwrap();
    assert_eq!(numbers(&undone.places), [1, 2]);
    assert!(room.said(1).is_empty());
    let undone = room.undo("ann", 0).unwrap();
    assert_eq!(numbers(&undone.places)[..2], [0, 1], "what was undone last is on the screen");
    assert_eq!(room.said(0), [("rating".into(), json!("bad"), "ann".into())]);
    let draft = json!({"answers": [{"key": "rating", "value": "good"}], "note": "look"});
    assert_eq!(undone.places[0].seat.draft, Some(draft));
    assert_eq!(room.counts(0), (1, 0, "open".into()));
    assert_eq!(name(&room.undo("ann", 0).unwrap_err()), "nothing_to_undo");
    assert_eq!(room.claim("ann", 1)[..2], [0, 1]);
    // And again.
    room.try_submit("ann", 0, &said).unwrap();
    assert_eq!(room.said(0), [("rating".into(), json!("good"), "ann".into())]);
    room.skip("ann", 1).unwrap();
    assert_eq!(numbers(&room.undo("ann", 1).unwrap().places)[0], 1);
}

fn changed_answers_can_be_undone_one_by_one(bed: &Bed) {
    let room = room(bed, 2, Change { correction: Some(queue::Correction::Optional), ..Change::default() });
    room.claim("ann", 0);
    let first = Submission { correction: Some("Canberra.".into()), ..submission("one", "good") };
    room.try_submit("ann", 0, &first).unwrap();
    room.submit("ann", 0, "bad");
    assert_eq!(room.said(0), [("rating".into(), json!("bad"), "ann".into())], "what is not said again is taken back");
    assert_eq!(room.counts(0), (1, 1, "completed".into()));
    room.undo("ann", 0).unwrap();
    let both = [
        ("correction".to_owned(), json!("Canberra."), "ann".to_owned()),
        ("rating".to_owned(), json!("good"), "ann".to_owned()),
    ];
    assert_eq!(room.said(0), both);
    assert_eq!(room.counts(0), (1, 1, "completed".into()));
    room.undo("ann", 0).unwrap();
    assert!(room.said(0).is_empty());
    assert_eq!(room.counts(0), (1, 0, "open".into()));
}

fn wrong_and_missing_answers_stop_the_submission_at_the_field(bed: &Bed) {
    let room = room(bed, 2, Change { correction: Some(queue::Correction::Required), ..Change::default() });
    room.claim("ann", 0);
    let (clock, caller, id) = (bed.clock.clone(), room.manager(), room.id.clone());
    bed.db
        .write_blocking(move |tx| {
            let reviews = human_review::of_project(tx, &caller.project, false)?;
            let of = |key: &str| reviews.iter().find(|each| each.key == key).unwrap().id.clone();
            let questions = vec![
                Question { human_review_id: of("rating"), required: true },
                Question { human_review_id: of("defects"), required: false },
            ];
            queue::update(tx, &clock, &caller, &id, &Change { questions: Some(questions), ..Change::default() })
        })
        .unwrap();
    let said = |key: &str, value: Value| Said { key: key.into(), value, explanation: None };
    let good = said("rating", json!("good"));
    let cases = [
        (vec![], Some("x"), "answers.rating"),
        (vec![good.clone()], None, "correction"),
        (vec![good.clone(), said("defects", json!(["splendid"]))], Some("x"), "answers[1].value"),
        (vec![said("rating", json!(7))], Some("x"), "answers[0].value"),
        (vec![good.clone(), good.clone()], Some("x"), "answers[1].key"),
        (vec![good.clone(), said("interactions", json!(["saved"]))], Some("x"), "answers[1].key"),
        (vec![good.clone()], Some(&*"x".repeat(100_001)), "correction"),
    ];
    for (answers, correction, wrong) in cases {
        let submission = Submission {
            answers,
            correction: correction.map(Into::into),
            submission_id: "one".into(),
            ..Submission::default()
        };
        match room.try_submit("ann", 0, &submission) {
            Err(Error::Invalid { field: Some(field), message, .. }) => {
                assert_eq!(field, wrong);
                assert!(!message.contains("annotations["), "{message}");
            }
            other => panic!("{wrong}: {other:?}"),
        }
    }
    assert!(room.said(0).is_empty());
    assert_eq!(room.counts(0), (1, 0, "open".into()));
}

fn a_span_that_is_gone_is_explained_and_the_draft_stays(bed: &Bed) {
    let room = room(bed, 2, Change::default());
    room.claim("ann", 0);
    room.sql("delete from span where trace_id = '00000000000000000000000000000000'");
    assert_eq!(name(&room.refused("ann", 0, &submission("one", "good"))), "span_gone");
    assert!(room.draft("ann", 0).is_some());
    assert_eq!(room.claim("ann", 0), [0], "what is typed stays on the screen");
    assert_eq!(room.skip("ann", 0).unwrap().current, Some(room.item(1)));
    assert_eq!(room.counts(0), (0, 0, "orphaned".into()));
    room.submit("ann", 1, "good");
    assert!(room.claim("ann", 1).is_empty(), "and it does not come back");
}

fn a_question_that_is_gone_is_explained_and_the_draft_stays(bed: &Bed) {
    let room = room(bed, 1, Change::default());
    room.claim("ann", 0);
    room.sql("update human_review set archived_at = 1 where key = 'rating'");
    let error = room.refused("ann", 0, &submission("one", "good"));
    assert_eq!(name(&error), "question_gone");
    assert!(error.to_string().contains("rating"), "{error}");
    assert_eq!(room.draft("ann", 0).unwrap()["answers"][0]["value"], "good");
}

fn traces_that_expired_are_put_aside(bed: &Bed) {
    let room = room(bed, 5, Change::default());
    assert_eq!(room.claim("ann", 0), [0]);
    room.sql("delete from span where trace_id < '00000000000000000000000000000003'");
    assert_eq!(room.claim("ann", 1), [3, 4], "also what is on a screen, when nothing is typed");
    let (id, caller, now) = (room.id.clone(), room.caller("ann"), bed.clock.now());
    let progress = bed.db.read_blocking(move |tx| {
        let queue = queue::find_for_review(tx, &caller, &id)?;
        counted(tx, &queue, now)
    });
    let team = progress.unwrap().team;
    assert_eq!((team.total, team.orphaned, team.in_review, team.to_do), (5, 3, 1, 1));
}

fn overlap_is_exact_and_enforced_when_writing(bed: &Bed) {
    let room = room(bed, 2, overlap(2));
    assert_eq!((room.claim("ann", 1), room.claim("bob", 1)), (vec![0, 1], vec![0, 1]));
    assert_eq!(room.claim("cid", 0), [1], "what Ann has reserved, and not what is on a screen");
    room.submit("ann", 0, "good");
    assert_eq!(room.counts(0), (2, 1, "open".into()));
    room.submit("bob", 0, "bad");
    assert_eq!(room.counts(0), (2, 2, "completed".into()));
    assert_eq!(room.said(0).len(), 2);
    // A hint never hides what is left.
    // Ann had nothing left, so she was given what Bob had only reserved.
    room.submit("ann", 1, "bad");
    room.submit("cid", 1, "bad");
    for who in ["ann", "bob", "cid"] {
        assert!(room.claim(who, 1).is_empty());
    }
}

fn random_order_is_stable_for_each_reviewer(bed: &Bed) {
    let order = Order { by: OrderBy::Random, ..Order::default() };
    let room = room(bed, 40, Change { order: Some(order), ..overlap(5) });
    let all = |who: &str| {
        let mut order = Vec::new();
        let mut next = room.claim(who, 0);
        while let Some(number) = next.first() {
            order.push(*number);
            room.decline(who, *number).unwrap();
            next = room.claim(who, 0);
        }
        order
    };
    let ann = all("ann");
    // Two of many begin at the same place by chance.
    let other = ["bob", "cid", "dan", "eve", "fay", "gil", "hal"].into_iter().map(all).find(|other| *other != ann);
    let bob = other.expect("somebody who begins elsewhere");
    let sorted = |list: &[usize]| {
        let mut list = list.to_vec();
        list.sort_unstable();
        list
    };
    assert_eq!((sorted(&ann), sorted(&bob)), ((0..40).collect(), (0..40).collect()));
    let start = bob.iter().position(|number| *number == ann[0]).unwrap();
    let turned: Vec<_> = bob[start..].iter().chain(&bob[..start]).copied().collect();
    assert_eq!(turned, ann, "the same order from another place");
}

fn the_greatest_priority_comes_first_also_behind_a_hint(bed: &Bed) {
    let room = room(bed, 300, overlap(2));
    // Alone, so that everything judged stays open in front.
    let mut next = room.claim("ann", 0);
    for number in 0..200 {
        assert_eq!(next[0], number);
        room.submit("ann", number, "good");
        next = room.claim("ann", 0);
    }
    room.release("ann");
    room.sql("update queue_item set priority = 5 where trace_id = '00000000000000000000000000000118'");
    assert_eq!(room.claim("ann", 1)[..2], [280, 200]);
}
