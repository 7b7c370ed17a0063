//! Gives a reviewer what to judge next.

use std::collections::HashMap;

use super::Desk;
use super::seat::{Place, SeatState};
use super::store::{self, Counts};
use crate::clock::Clock;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::project::Caller;
use crate::queue::{Queue, find_for_review, tell};

/// How many items can be claimed ahead of the one on the screen.
pub const MOST_AHEAD: usize = 3;
/// Leases that are over are taken away so many at a time.
const LAPSES: usize = 50;

/// What a reviewer has now.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// The queue.
    pub queue: Queue,
    /// The item on the screen, then those claimed ahead. Empty: there is nothing for this reviewer now.
    pub places: Vec<Place>,
}

/// Gives the reviewer an item, and `ahead` more for later. Who has some already is given the same ones again.
pub fn claim(tx: &mut Tx<'_>, clock: &Clock, caller: &Caller, queue_id: &str, ahead: usize) -> Result<Claimed> {
    check_ahead(ahead)?;
    let queue = find_for_review(tx, caller, queue_id)?;
    let mut desk = Desk::sit(tx, clock, caller, &queue)?;
    let places = desk.fill(tx, ahead)?;
    Ok(Claimed { queue, places })
}

pub(super) fn check_ahead(ahead: usize) -> Result<()> {
    if ahead <= MOST_AHEAD {
        return Ok(());
    }
    Err(Error::field("invalid_value", "ahead", format!("ahead must be from 0 to {MOST_AHEAD}.")))
}

/// Gives back what the reviewer holds and has reserved. What they typed stays with them.
pub fn release(tx: &mut Tx<'_>, clock: &Clock, caller: &Caller, queue_id: &str) -> Result<()> {
    let queue = find_for_review(tx, caller, queue_id)?;
    let desk = Desk::sit(tx, clock, caller, &queue)?;
    store::renew(tx, &queue.id, desk.me, desk.lease())?;
    let mut mine = store::live(tx, &queue.id, desk.me)?;
    // Everybody takes the rows of items in one order.
    mine.sort_by(|a, b| a.task.id.cmp(&b.task.id));
    for place in &mine {
        desk.give_up(tx, place)?;
    }
    if !mine.is_empty() {
        tell(tx, &queue);
    }
    Ok(())
}

impl Desk<'_> {
    /// What the reviewer has, filled up: what they hold, then what is reserved.
    pub(super) fn fill(&mut self, tx: &mut Tx<'_>, ahead: usize) -> Result<Vec<Place>> {
        let mut changed = self.lapse_others(tx)?;
        // What is renewed is locked, so that nobody takes it away any more.
        store::renew(tx, &self.queue.id, self.me, self.lease())?;
        let (mut mine, gone) = self.still_there(tx)?;
        while mine.len() < 1 + ahead {
            let state = if mine.is_empty() { SeatState::Held } else { SeatState::Reserved };
            let Some(place) = self.next(tx, state)? else { break };
            mine.push(place);
            changed = true;
        }
        if mine.is_empty()
            && let Some(place) = self.take_over(tx)?
        {
            mine.push(place);
            changed = true;
        }
        if let Some(first) = mine.first_mut()
            && first.seat.state == SeatState::Reserved
        {
            first.seat.state = SeatState::Held;
            first.seat.claimed_at = self.now;
            store::write_seat(tx, &first.task.id, &first.seat)?;
        }
        if changed || gone {
            tell(tx, self.queue);
        }
        Ok(mine)
    }

    /// What the reviewer holds and has reserved, without what is no longer stored and has nothing typed at it.
    fn still_there(&self, tx: &mut Tx<'_>) -> Result<(Vec<Place>, bool)> {
        let mut mine = store::live(tx, &self.queue.id, self.me)?;
        let mut gone = false;
        let mut at = 0;
        while let Some(place) = mine.get(at) {
            if place.seat.draft.is_some() || store::is_stored(tx, self.queue.project.number, &place.task)? {
                at += 1;
                continue;
            }
            let place = mine.remove(at);
            self.give_up(tx, &place)?;
            store::put_aside(tx, &place.task.id, self.now)?;
            gone = true;
        }
        Ok((mine, gone))
    }

    /// Gives a live seat back.
    fn give_up(&self, tx: &mut Tx<'_>, place: &Place) -> Result<()> {
        let was_skipped = place.seat.ended_at.is_some();
        let mut seat = place.seat.clone();
        seat.state = if was_skipped { SeatState::Skipped } else { SeatState::Lapsed };
        seat.lease_until = None;
        store::count(tx, &place.task.id, Counts { taken: -1, ..Counts::default() }, self.now)?;
        store::write_seat(tx, &place.task.id, &seat)
    }

    /// Takes leases of others away that are over.
    fn lapse_others(&self, tx: &mut Tx<'_>) -> Result<bool> {
        let mut any = false;
        for (item_id, reviewer) in store::lapsed(tx, &self.queue.id, self.me, self.now, LAPSES)? {
            // Somebody who is at work on the item right now renews the lease, or takes it away themselves.
            if store::try_lock_task(tx, &self.queue.id, &item_id)?.is_some()
                && store::lapse(tx, &item_id, &reviewer, self.now)?
            {
                let counts = Counts { taken: -1, lapses: 1, ..Counts::default() };
                store::count(tx, &item_id, counts, self.now)?;
                any = true;
            }
        }
        Ok(any)
    }
}

/// Who has how many items now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The reviewer.
    pub reviewer: String,
    /// How many items they hold or have reserved.
    pub items: i64,
}

/// With whom the items are that somebody else has now, those with most first.
pub fn waiting(tx: &mut Tx<'_>, clock: &Clock, caller: &Caller, queue: &Queue) -> Result<Vec<Waiting>> {
    let mut counts: HashMap<String, i64> = HashMap::new();
    for reviewer in store::holders(tx, &queue.id, caller.actor.id(), clock.now())? {
        *counts.entry(reviewer).or_default() += 1;
    }
    let mut waiting: Vec<_> = counts.into_iter().map(|(reviewer, items)| Waiting { reviewer, items }).collect();
    waiting.sort_by(|a, b| b.items.cmp(&a.items).then_with(|| a.reviewer.cmp(&b.reviewer)));
    Ok(waiting)
}
