//! The states of a queue against a simple reference: whatever reviewers do in whatever order, both agree.

use std::collections::BTreeMap;

use postil::Error;
use postil::params;
use postil::queue::Change;
use postil::queue::review::{Outcome, SeatState};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::bed::Bed;
use crate::queue_review::{Room, SECOND, numbers, room, submission};

const ITEMS: usize = 4;
const REVIEWERS: usize = 3;
const LEASE: i64 = 300 * SECOND;

#[derive(Debug, Clone)]
enum Step {
    Claim(usize, usize),
    Wait,
    Beat(usize, usize),
    Submit(usize, usize),
    Skip(usize, usize),
    Decline(usize, usize),
    Undo(usize, usize),
    Release(usize),
    Assign(usize, Option<usize>),
    Delete(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let who = 0..REVIEWERS;
    let both = || (0..REVIEWERS, 0..ITEMS);
    let step = prop_oneof![
        6 => (who.clone(), 0..2usize).prop_map(|(who, ahead)| Step::Claim(who, ahead)),
        2 => Just(Step::Wait),
        2 => both().prop_map(|(who, item)| Step::Beat(who, item)),
        6 => both().prop_map(|(who, item)| Step::Submit(who, item)),
        3 => both().prop_map(|(who, item)| Step::Skip(who, item)),
        2 => both().prop_map(|(who, item)| Step::Decline(who, item)),
        4 => both().prop_map(|(who, item)| Step::Undo(who, item)),
        1 => who.prop_map(Step::Release),
        1 => (0..ITEMS, proptest::option::of(0..REVIEWERS)).prop_map(|(item, who)| Step::Assign(item, who)),
        1 => (0..ITEMS).prop_map(Step::Delete),
    ];
    proptest::collection::vec(step, 1..40)
}

#[derive(Debug, Clone)]
struct Seat {
    state: SeatState,
    until: i64,
    claimed: i64,
    ended: Option<i64>,
    /// Whether each submission changed an earlier one.
    submissions: Vec<bool>,
}

/// The reference: items by number, seats by item and reviewer.
struct Model {
    overlap: usize,
    now: i64,
    items: BTreeMap<usize, Option<usize>>,
    seats: BTreeMap<(usize, usize), Seat>,
}

type Answer = Result<Vec<usize>, &'static str>;

impl Model {
    fn count(&self, item: usize, is: impl Fn(SeatState) -> bool) -> usize {
        self.seats.iter().filter(|((of, _), seat)| *of == item && is(seat.state)).count()
    }

    fn taken(&self, item: usize) -> usize {
        self.count(item, |state| state.is_live() || state == SeatState::Submitted)
    }

    fn answered(&self, item: usize) -> usize {
        self.count(item, |state| state == SeatState::Submitted)
    }

    fn is_complete(&self, item: usize) -> bool {
        self.answered(item) >= self.overlap
    }

    fn has_room(&self, item: usize, who: usize) -> bool {
        let assignee = self.items.get(&item).copied().flatten();
        !self.is_complete(item) && self.taken(item) < self.overlap && assignee.is_none_or(|id| id == who)
    }

    fn is_fresh(&self, item: usize, who: usize) -> bool {
        self.seats.get(&(item, who)).is_none_or(|seat| seat.state == SeatState::Lapsed)
    }

    fn live(&self, who: usize) -> Vec<usize> {
        let mut mine: Vec<_> = self.seats.iter().filter(|((_, of), seat)| *of == who && seat.state.is_live()).collect();
        mine.sort_by_key(|((item, _), seat)| match seat.state {
            SeatState::Held => (0, -seat.claimed, *item),
            _ => (1, seat.claimed, *item),
        });
        mine.into_iter().map(|((item, _), _)| *item).collect()
    }

    fn drop_seat(seat: &mut Seat) {
        seat.state = if seat.ended.is_some() { SeatState::Skipped } else { SeatState::Lapsed };
    }

    fn sit(&mut self, item: usize, who: usize, state: SeatState) {
        let (until, claimed) = (self.now + LEASE, self.now);
        let seat = self.seats.entry((item, who)).or_insert(Seat {
            state,
            until,
            claimed,
            ended: None,
            submissions: Vec::new(),
        });
        (seat.state, seat.until, seat.claimed) = (state, until, claimed);
    }

    fn next(&self, who: usize) -> Option<usize> {
        let open = || self.items.iter().filter(|(item, _)| self.has_room(**item, who));
        let fresh = |given: Option<usize>| {
            open().find(|(item, assignee)| **assignee == given && self.is_fresh(**item, who)).map(|(item, _)| *item)
        };
        let skipped = open()
            .filter_map(|(item, _)| self.seats.get(&(*item, who)).map(|seat| (seat, *item)))
            .filter(|(seat, _)| seat.state == SeatState::Skipped)
            .min_by_key(|(seat, _)| seat.ended);
        fresh(Some(who)).or_else(|| fresh(None)).or_else(|| skipped.map(|(_, item)| item))
    }

    fn fill(&mut self, who: usize, ahead: usize) -> Vec<usize> {
        let now = self.now;
        for ((_, of), seat) in &mut self.seats {
            if *of != who && seat.state.is_live() && seat.until < now {
                Model::drop_seat(seat);
            }
        }
        let mut mine = self.live(who);
        for item in &mine {
            self.seats.get_mut(&(*item, who)).unwrap().until = now + LEASE;
        }
        while mine.len() < 1 + ahead {
            let Some(item) = self.next(who) else { break };
            self.sit(item, who, if mine.is_empty() { SeatState::Held } else { SeatState::Reserved });
            mine.push(item);
        }
        if mine.is_empty() {
            let reserved = self.seats.iter().filter(|((item, of), seat)| {
                let assignee = self.items[item];
                *of != who
                    && seat.state == SeatState::Reserved
                    && !self.is_complete(*item)
                    && assignee.is_none_or(|id| id == who)
                    && self.is_fresh(*item, who)
            });
            if let Some(place) = reserved.min_by_key(|(_, seat)| seat.claimed).map(|(place, _)| *place) {
                Model::drop_seat(self.seats.get_mut(&place).unwrap());
                self.sit(place.0, who, SeatState::Held);
                mine.push(place.0);
            }
        }
        if let Some(first) = mine.first() {
            let seat = self.seats.get_mut(&(*first, who)).unwrap();
            if seat.state == SeatState::Reserved {
                (seat.state, seat.claimed) = (SeatState::Held, now);
            }
        }
        mine
    }

    fn seat(&mut self, item: usize, who: usize) -> Result<&mut Seat, &'static str> {
        if !self.items.contains_key(&item) {
            return Err("queue_item_not_found");
        }
        self.seats.get_mut(&(item, who)).ok_or("lease_lost")
    }

    fn lost(&self, item: usize) -> &'static str {
        if self.is_complete(item) { "item_complete" } else { "lease_lost" }
    }

    fn submit(&mut self, item: usize, who: usize) -> Answer {
        let (room, lost, now) = (self.has_room(item, who), self.lost(item), self.now);
        let seat = self.seat(item, who)?;
        let again = seat.state == SeatState::Submitted;
        if !again && !seat.state.is_live() && !room {
            return Err(lost);
        }
        seat.submissions.push(again);
        (seat.state, seat.ended) = (SeatState::Submitted, Some(now));
        Ok(self.fill(who, 1))
    }

    fn give_back(&mut self, item: usize, who: usize, state: SeatState) -> Answer {
        let now = self.now;
        let seat = self.seat(item, who)?;
        if seat.state == SeatState::Submitted {
            return Err("already_submitted");
        }
        if seat.state != state {
            seat.ended = Some(now);
        }
        seat.state = state;
        Ok(self.fill(who, 1))
    }

    fn undo(&mut self, item: usize, who: usize) -> Answer {
        let (room, now) = (self.has_room(item, who), self.now);
        let seat = self.seat(item, who)?;
        let mut back = true;
        match seat.state {
            SeatState::Submitted => back = !seat.submissions.pop().unwrap(),
            SeatState::Skipped | SeatState::Declined if room => {}
            SeatState::Skipped | SeatState::Declined => return Err("item_taken"),
            SeatState::Held | SeatState::Reserved if seat.ended.is_some() => {}
            _ => return Err("nothing_to_undo"),
        }
        if back {
            (seat.state, seat.claimed, seat.until, seat.ended) = (SeatState::Held, now, now + LEASE, None);
        }
        let mut mine = self.fill(who, 1);
        mine.retain(|other| *other != item);
        mine.insert(0, item);
        Ok(mine)
    }

    fn beat(&mut self, item: usize, who: usize) -> Answer {
        let (room, lost, now) = (self.has_room(item, who), self.lost(item), self.now);
        let seat = self.seat(item, who)?;
        match seat.state {
            SeatState::Held | SeatState::Reserved => {}
            SeatState::Lapsed if room => seat.claimed = now,
            _ => return Err(lost),
        }
        seat.state = SeatState::Held;
        for mine in self.live(who) {
            self.seats.get_mut(&(mine, who)).unwrap().until = now + LEASE;
        }
        Ok(Vec::new())
    }

    fn run(&mut self, step: &Step) -> Answer {
        match *step {
            Step::Claim(who, ahead) => Ok(self.fill(who, ahead)),
            Step::Wait => Ok(Vec::new()),
            Step::Beat(who, item) => self.beat(item, who),
            Step::Submit(who, item) => self.submit(item, who),
            Step::Skip(who, item) => self.give_back(item, who, SeatState::Skipped),
            Step::Decline(who, item) => self.give_back(item, who, SeatState::Declined),
            Step::Undo(who, item) => self.undo(item, who),
            Step::Release(who) => {
                for item in self.live(who) {
                    Model::drop_seat(self.seats.get_mut(&(item, who)).unwrap());
                }
                Ok(Vec::new())
            }
            Step::Assign(item, who) => {
                self.items.entry(item).and_modify(|assignee| *assignee = who);
                Ok(Vec::new())
            }
            Step::Delete(item) => {
                self.items.remove(&item);
                self.seats.retain(|(of, _), _| *of != item);
                Ok(Vec::new())
            }
        }
    }
}

fn name(who: usize) -> String {
    format!("reviewer {who}")
}

/// What the reviewer has now, without claiming anything.
fn live(room: &Room<'_>, who: usize) -> Vec<usize> {
    let (id, who) = (room.id.clone(), name(who));
    let sql = "select i.trace_id, s.state, s.claimed_at from queue_seat s join queue_item i on i.id = s.item_id
      where s.queue_id = $1 and s.reviewer = $2 and s.state in ('held', 'reserved')";
    let rows = room.bed.db.read_blocking(move |tx| {
        let rows = tx.query(sql, params![&id, &who])?;
        rows.iter().map(|row| Ok((row.text(0)?, row.text(1)?, row.int(2)?))).collect::<postil::Result<Vec<_>>>()
    });
    let mut rows = rows.unwrap();
    rows.sort_by_key(|(trace, state, at)| (state.clone(), if state == "held" { -at } else { *at }, trace.clone()));
    rows.iter().map(|(trace, ..)| usize::from_str_radix(trace, 16).unwrap()).collect()
}

fn real(room: &Room<'_>, ids: &[String], step: &Step, at: usize) -> Answer {
    let gone = |item: usize| !room.has(&ids[item]);
    let known = |error: Error| error.name();
    match *step {
        Step::Claim(who, ahead) => Ok(room.claim(&name(who), ahead)),
        Step::Wait => Ok(Vec::new()),
        Step::Beat(_, item)
        | Step::Submit(_, item)
        | Step::Skip(_, item)
        | Step::Decline(_, item)
        | Step::Undo(_, item)
            if gone(item) =>
        {
            Err("queue_item_not_found")
        }
        Step::Beat(who, item) => room.beat(&name(who), item).map(|_| Vec::new()).map_err(known),
        Step::Submit(who, item) => {
            let rating = ["good", "bad"][at % 2];
            match room.try_submit(&name(who), item, &submission(&format!("{at}"), rating)).map_err(known)? {
                Outcome::Done(_) => Ok(live(room, who)),
                Outcome::Refused(error) => Err(error.name()),
            }
        }
        Step::Skip(who, item) => room.skip(&name(who), item).map(|_| live(room, who)).map_err(known),
        Step::Decline(who, item) => room.decline(&name(who), item).map(|_| live(room, who)).map_err(known),
        Step::Undo(who, item) => room.undo(&name(who), item).map(|undone| numbers(&undone.places)).map_err(known),
        Step::Release(who) => {
            room.release(&name(who));
            Ok(Vec::new())
        }
        Step::Assign(item, who) => {
            let who = who.map(name);
            room.change("update queue_item set assignee = $2 where id = $1", &ids[item], who);
            Ok(Vec::new())
        }
        Step::Delete(item) => {
            room.change("delete from queue_item where id = $1 and cast($2 as text) is null", &ids[item], None);
            Ok(Vec::new())
        }
    }
}

fn agree(bed: &Bed, overlap: usize, steps: &[Step]) -> Result<(), TestCaseError> {
    let change = Change { overlap: Some(i64::try_from(overlap).unwrap()), ..Change::default() };
    let room = room(bed, ITEMS, change);
    let ids: Vec<String> = (0..ITEMS).map(|number| room.item(number)).collect();
    let items = (0..ITEMS).map(|item| (item, None)).collect();
    let mut model = Model { overlap, now: bed.clock.now(), items, seats: BTreeMap::new() };
    for (at, step) in steps.iter().enumerate() {
        bed.clock.advance(if matches!(step, Step::Wait) { LEASE + SECOND } else { SECOND });
        model.now = bed.clock.now();
        let (expected, got) = (model.run(step), real(&room, &ids, step, at));
        prop_assert_eq!(&got, &expected, "step {} of {:?}", at, steps);
        for item in model.items.keys() {
            let state = if model.is_complete(*item) { "completed" } else { "open" };
            let expected = (model.taken(*item) as i64, model.answered(*item) as i64, state.to_owned());
            prop_assert_eq!(room.counts(*item), expected, "item {} after step {} of {:?}", item, at, steps);
            prop_assert!(model.taken(*item) <= overlap, "step {} of {:?}", at, steps);
            // What people are known to have said is what the submitted seats say.
            prop_assert_eq!(room.said(*item).len(), model.answered(*item), "said after step {} of {:?}", at, steps);
        }
    }
    Ok(())
}

fn run(make: fn() -> Bed, cases: u32) {
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&(1..=3usize, steps()), |(overlap, steps)| agree(&make(), overlap, &steps));
    outcome.unwrap();
}

#[test]
fn every_order_of_work_ends_where_the_reference_does_on_sqlite() {
    run(Bed::sqlite, 40);
}

#[test]
fn every_order_of_work_ends_where_the_reference_does_on_postgres() {
    run(Bed::postgres, 15);
}
