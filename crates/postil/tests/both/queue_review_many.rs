//! Many reviewers at one queue at once: nobody gets what another has, nothing is left out, and every item is judged by
//! exactly as many people as it is to be.

use postil::queue::Change;
use postil::queue::review::{Outcome, SeatState};

use crate::bed::Bed;
use crate::queue_review::{Room, SECOND, numbers, room, submission};

crate::both!(
    thirty_two_reviewers_judge_every_item_once,
    thirty_two_reviewers_judge_every_item_three_times,
    tabs_of_one_reviewer_never_judge_an_item_twice,
);

const REVIEWERS: usize = 32;

/// Works until there is nothing left. Every eighth item is left lying, so that its lease lapses.
fn work(room: &Room<'_>, number: usize, who: &str) -> usize {
    let mut done = 0;
    let mut turn = number;
    loop {
        let places = room.claim_on(&room.bed.db, who, number % 2).unwrap().places;
        let Some(current) = numbers(&places).first().copied() else {
            if is_over(room, who) {
                return done;
            }
            // What others left lying is for everybody once its lease is over.
            room.bed.clock.advance(301 * SECOND);
            continue;
        };
        assert_eq!(places[0].seat.state, SeatState::Held);
        turn += 1;
        if turn.is_multiple_of(8) {
            room.bed.clock.advance(301 * SECOND);
            continue;
        }
        let said = submission(&format!("{who} {current}"), ["good", "bad"][number % 2]);
        match room.try_submit(who, current, &said).unwrap() {
            Outcome::Done(_) => done += 1,
            Outcome::Refused(error) => assert!(["lease_lost", "item_complete"].contains(&error.name()), "{error}"),
        }
    }
}

/// Whether nothing is left that this reviewer has not judged.
fn is_over(room: &Room<'_>, who: &str) -> bool {
    let (id, who) = (room.id.clone(), who.to_owned());
    let sql = "select count(*) from queue_item i where i.queue_id = $1 and i.state = 'open'
      and not exists (select 1 from queue_seat s
                      where s.item_id = i.id and s.reviewer = $2 and s.state = 'submitted')";
    let read = room.bed.db.read_blocking(move |tx| tx.query_one(sql, postil::params![&id, &who])?.int(0));
    read.unwrap() == 0
}

fn all_at_once(bed: &Bed, items: usize, overlap: i64, name: impl Fn(usize) -> String + Sync) -> usize {
    let room = room(bed, items, Change { overlap: Some(overlap), ..Change::default() });
    let done: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..REVIEWERS)
            .map(|number| {
                let (room, name) = (&room, &name);
                scope.spawn(move || work(room, number, &name(number)))
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    for number in 0..items {
        assert_eq!(room.counts(number), (overlap, overlap, "completed".into()), "item {number}");
        assert_eq!(room.said(number).len(), usize::try_from(overlap).unwrap(), "item {number}");
    }
    done
}

fn thirty_two_reviewers_judge_every_item_once(bed: &Bed) {
    assert_eq!(all_at_once(bed, 160, 1, |number| format!("reviewer {number}")), 160);
}

fn thirty_two_reviewers_judge_every_item_three_times(bed: &Bed) {
    assert_eq!(all_at_once(bed, 60, 3, |number| format!("reviewer {number}")), 180);
}

fn tabs_of_one_reviewer_never_judge_an_item_twice(bed: &Bed) {
    // A submission of an item that another tab has submitted changes its answers, and counts no second time.
    let done = all_at_once(bed, 40, 2, |number| format!("reviewer {}", number % 2));
    assert!(done >= 80, "{done}");
}
