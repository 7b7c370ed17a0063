//! Annotation queues: settings, items in order, who may review.

use postil::page::PageRequest;
use postil::project::invite::{self, Guest};
use postil::project::member::{self};
use postil::project::{Actor, Caller, Permissions, Role, start};
use postil::queue::{self, Change, Item, ItemFilter, Order, OrderBy, Progress, Queue, View, Wanted};
use postil::trace::search::Matching;
use postil::{Error, Result, Tx, job, params};
use serde_json::json;

use crate::bed::{Bed, NOON};
use crate::traces::Trace;

crate::both!(
    a_queue_comes_back_as_it_was_said,
    nothing_is_in_a_queue_twice_not_even_by_two_at_once,
    items_come_in_pages_in_the_order_in_which_they_are_judged,
    every_order_holds_for_what_is_added_and_for_what_is_there,
    another_overlap_completes_and_opens_items,
    items_whose_trace_is_gone_are_counted_and_marked,
    whole_traces_are_taken_out_by_the_span_that_stands_for_them,
    a_deleted_queue_leaves_nothing_behind,
    an_invited_reviewer_reaches_the_queue_that_names_them_alone,
    a_job_goes_on_where_it_was_and_ends_with_its_queue,
    progress_counts_each_item_once,
    many_items_are_put_in_another_order_by_a_job,
);

const SPAN: &str = "00f067aa0ba902b7";

/// How far a queue is for ann.
pub fn counted(tx: &mut Tx<'_>, queue: &Queue, now: i64) -> Result<Progress> {
    let team = queue::count(tx, &queue.id, now)?;
    queue::progress(tx, queue, team, "ann")
}

fn trace_id(number: usize) -> String {
    format!("{number:032x}")
}

/// A project with traces of one span each, a second apart.
fn prepare(bed: &Bed, traces: usize) -> Caller {
    let clock = bed.clock.clone();
    let made = bed.db.write_blocking(move |tx| {
        let home = start::home(tx, &clock)?;
        for number in 0..traces {
            let start = NOON * 1000 + i64::try_from(number).unwrap() * 1_000_000_000;
            let trace = Trace::new(&trace_id(number), start).with("root_span_id", SPAN);
            trace.insert(tx)?;
            trace.span(SPAN).insert(tx)?;
        }
        Ok(home)
    });
    let home = made.unwrap();
    Caller {
        workspace_id: home.workspace_id,
        project: home.project,
        bound_to: None,
        actor: Actor::Key { id: "key".into(), name: "key".into() },
        permissions: Permissions::ALL,
        client: None,
    }
}

fn write<T: Send + 'static>(bed: &Bed, work: impl Fn(&mut Tx<'_>) -> Result<T> + Send + 'static) -> Result<T> {
    bed.db.write_blocking(work)
}

fn make(bed: &Bed, caller: &Caller, change: &Change) -> Queue {
    let (clock, caller) = (bed.clock.clone(), caller.clone());
    let change = Change { display_name: Some("q".into()), ..change.clone() };
    write(bed, move |tx| queue::create(tx, &clock, &caller, None, &change)).unwrap()
}

fn add(bed: &Bed, caller: &Caller, queue: &Queue, traces: &[usize]) -> queue::Added {
    let (clock, caller, id) = (bed.clock.clone(), caller.clone(), queue.id.clone());
    let wanted: Vec<Wanted> =
        traces.iter().map(|number| Wanted { trace_id: trace_id(*number), ..Wanted::default() }).collect();
    write(bed, move |tx| queue::add(tx, &clock, &caller, &id, &wanted)).unwrap()
}

fn update(bed: &Bed, caller: &Caller, queue: &Queue, change: &Change) -> Queue {
    let (clock, caller, id, change) = (bed.clock.clone(), caller.clone(), queue.id.clone(), change.clone());
    write(bed, move |tx| queue::update(tx, &clock, &caller, &id, &change)).unwrap()
}

fn page(bed: &Bed, queue: &Queue, filter: &ItemFilter, request: PageRequest) -> (Vec<queue::Placed>, bool) {
    let (queue, filter, now) = (queue.clone(), filter.clone(), bed.clock.now());
    let found = bed.db.read_blocking(move |tx| queue::page(tx, 1, &queue, &filter, now, &request)).unwrap();
    (found.data, found.has_more)
}

fn all(bed: &Bed, queue: &Queue) -> Vec<Item> {
    let request = PageRequest::new(Some(200), None, None).unwrap();
    page(bed, queue, &ItemFilter::default(), request).0.into_iter().map(|placed| placed.item).collect()
}

fn order(bed: &Bed, queue: &Queue) -> Vec<String> {
    all(bed, queue).into_iter().filter_map(|item| item.trace_id).collect()
}

fn ordered(by: OrderBy) -> Change {
    Change { order: Some(Order { by, ..Order::default() }), ..Change::default() }
}

fn a_queue_comes_back_as_it_was_said(bed: &Bed) {
    let caller = prepare(bed, 0);
    let view = View { masked: vec!["user.email".into()], system: false, ..View::default() };
    let change = Change {
        overlap: Some(3),
        blind: Some(true),
        view: Some(view),
        due_at: Some(Some(NOON)),
        ..ordered(OrderBy::Newest)
    };
    let made = make(bed, &caller, &change);
    let (by, id) = (caller.clone(), made.id.clone());
    assert_eq!(bed.db.read_blocking(move |tx| queue::find(tx, &by, &id)).unwrap(), made);
    let changed = update(bed, &caller, &made, &Change { due_at: Some(None), ..Change::default() });
    assert_eq!(changed, Queue { due_at: None, ..made });
}

fn nothing_is_in_a_queue_twice_not_even_by_two_at_once(bed: &Bed) {
    let caller = prepare(bed, 100);
    let made = make(bed, &caller, &Change::default());
    let (forwards, backwards): (Vec<usize>, Vec<usize>) = ((0..100).collect(), (0..100).rev().collect());
    let added = std::thread::scope(|scope| {
        let one = scope.spawn(|| add(bed, &caller, &made, &forwards));
        let two = scope.spawn(|| add(bed, &caller, &made, &backwards));
        [one.join().unwrap(), two.join().unwrap()]
    });
    assert_eq!(added.iter().map(|added| added.items.len()).sum::<usize>(), 100);
    assert_eq!(added.iter().map(|added| added.already_there).sum::<usize>(), 100);
    assert_eq!(all(bed, &made).len(), 100);
}

fn items_come_in_pages_in_the_order_in_which_they_are_judged(bed: &Bed) {
    let caller = prepare(bed, 7);
    let made = make(bed, &caller, &Change::default());
    add(bed, &caller, &made, &[0, 1, 2, 3, 4, 5, 6]);
    let items = all(bed, &made);
    let (by, clock, id, last) = (caller.clone(), bed.clock.clone(), made.id.clone(), items[6].id.clone());
    let first = queue::Arrangement { item_ids: Some(vec![last]), priority: Some(1), ..Default::default() };
    write(bed, move |tx| queue::arrange(tx, &clock, &by, &id, &first)).unwrap();
    let expected: Vec<String> = [6, 0, 1, 2, 3, 4, 5].map(trace_id).to_vec();
    assert_eq!(order(bed, &made), expected);
    let traces = |placed: &[queue::Placed]| -> Vec<String> {
        placed.iter().filter_map(|placed| placed.item.trace_id.clone()).collect()
    };
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let (found, more) = page(bed, &made, &ItemFilter::default(), PageRequest::new(Some(3), after, None).unwrap());
        seen.extend(traces(&found));
        after = found.last().map(|placed| placed.item.id.clone());
        if !more {
            break;
        }
    }
    assert_eq!(seen, expected);
    let (found, more) =
        page(bed, &made, &ItemFilter::default(), PageRequest::new(Some(3), None, Some(items[3].id.clone())).unwrap());
    assert_eq!((traces(&found), more), (expected[1..4].to_vec(), true), "the page before item 3, in the same order");
}

fn every_order_holds_for_what_is_added_and_for_what_is_there(bed: &Bed) {
    let caller = prepare(bed, 4);
    write(bed, |tx| {
        for (number, score) in [(0, 0.5), (1, 0.9), (2, 0.1)] {
            Trace::new(&trace_id(number), NOON * 1000).judge(tx, SPAN, "score", &json!(score))?;
        }
        for (annotator, value) in [("ann", 1), ("bob", 5)] {
            Trace::new(&trace_id(3), NOON * 1000).annotate(tx, SPAN, "stars", annotator, &json!(value))?;
        }
        Trace::new(&trace_id(1), NOON * 1000).annotate(tx, SPAN, "stars", "ann", &json!(3))
    })
    .unwrap();
    let by_field = |field: &str, descending| Change {
        order: Some(Order { by: OrderBy::Field, field: Some(field.into()), descending }),
        ..Change::default()
    };
    let there = make(bed, &caller, &Change::default());
    add(bed, &caller, &there, &[0, 1, 2, 3]);
    for (change, expected) in [
        (ordered(OrderBy::Newest), [3, 2, 1, 0]),
        (ordered(OrderBy::Oldest), [0, 1, 2, 3]),
        (by_field("evaluator.score", false), [2, 0, 1, 3]),
        (by_field("evaluator.score", true), [1, 0, 2, 3]),
    ] {
        let expected = expected.map(trace_id);
        assert_eq!(order(bed, &update(bed, &caller, &there, &change)), expected, "{change:?}");
        let fresh = make(bed, &caller, &change);
        add(bed, &caller, &fresh, &[3, 1, 0, 2]);
        assert_eq!(order(bed, &fresh), expected, "{change:?}");
    }
    let apart = update(bed, &caller, &there, &by_field("disagreement.stars", true));
    assert_eq!(order(bed, &apart)[..2], [trace_id(3), trace_id(1)], "those who are furthest apart first");
}

fn another_overlap_completes_and_opens_items(bed: &Bed) {
    let caller = prepare(bed, 2);
    let made = make(bed, &caller, &Change { overlap: Some(2), ..Change::default() });
    add(bed, &caller, &made, &[0, 1]);
    let first = all(bed, &made)[0].id.clone();
    write(bed, move |tx| tx.execute("update queue_item set taken = 1, answered = 1 where id = $1", params![&first]))
        .unwrap();
    let states =
        |queue: &Queue| -> Vec<_> { all(bed, queue).iter().map(|item| (item.state.name(), item.overlap)).collect() };
    let less = update(bed, &caller, &made, &Change { overlap: Some(1), ..Change::default() });
    assert_eq!(states(&less), [("completed", 1), ("open", 1)]);
    let more = update(bed, &caller, &made, &Change { overlap: Some(3), ..Change::default() });
    assert_eq!(states(&more), [("open", 3), ("open", 3)]);
    assert!(all(bed, &more)[0].completed_at.is_none());
}

fn items_whose_trace_is_gone_are_counted_and_marked(bed: &Bed) {
    let caller = prepare(bed, 3);
    let made = make(bed, &caller, &Change::default());
    add(bed, &caller, &made, &[0, 1, 2]);
    write(bed, |tx| {
        tx.execute("delete from span where trace_id = $1", params![trace_id(1)])?;
        tx.execute("delete from trace where trace_id = $1", params![trace_id(1)])
    })
    .unwrap();
    let request = || PageRequest::new(Some(200), None, None).unwrap();
    let (found, _) = page(bed, &made, &ItemFilter::default(), request());
    assert_eq!(found.iter().map(|placed| placed.orphaned).collect::<Vec<_>>(), [false, true, false]);
    let (live, _) = page(bed, &made, &ItemFilter { live: true, ..ItemFilter::default() }, request());
    assert_eq!(live.len(), 2);
    let (queue, now) = (made.clone(), bed.clock.now());
    let lost = bed.db.read_blocking(queue::lost).unwrap();
    write(bed, move |tx| queue::put_aside(tx, &lost, now)).unwrap();
    assert_eq!(bed.db.read_blocking(queue::lost).unwrap(), [] as [String; 0]);
    let progress = bed.db.read_blocking(move |tx| counted(tx, &queue, now)).unwrap();
    assert_eq!((progress.team.total, progress.team.orphaned, progress.team.to_do, progress.left), (3, 1, 2, 2));
}

fn whole_traces_are_taken_out_by_the_span_that_stands_for_them(bed: &Bed) {
    let caller = prepare(bed, 2);
    let made = make(bed, &caller, &Change::default());
    add(bed, &caller, &made, &[0]);
    let (by, id) = (caller, made.id.clone());
    let removed = write(bed, move |tx| queue::remove_spans(tx, &by, &id, &[SPAN.to_uppercase()])).unwrap();
    assert_eq!(removed, 1);
    assert!(all(bed, &made).is_empty());
}

fn a_deleted_queue_leaves_nothing_behind(bed: &Bed) {
    let caller = prepare(bed, 2);
    let made = make(bed, &caller, &Change::default());
    add(bed, &caller, &made, &[0, 1]);
    let item = all(bed, &made)[0].id.clone();
    let (by, id) = (caller, made.id.clone());
    write(bed, move |tx| {
        tx.execute(
            "insert into queue_seat (queue_id, item_id, reviewer, state, claimed_at, active_ms, flagged)
             values ($1, $2, 'ann', 'held', 0, 0, 0)",
            params![&id, &item],
        )?;
        queue::remove(tx, &by, &id)
    })
    .unwrap();
    for table in ["queue", "queue_item", "queue_seat", "queue_reviewer"] {
        let sql = format!("select count(*) from {table}");
        assert_eq!(bed.db.read_blocking(move |tx| tx.query_one(&sql, &[])?.int(0)).unwrap(), 0, "{table}");
    }
}

fn an_invited_reviewer_reaches_the_queue_that_names_them_alone(bed: &Bed) {
    let caller = prepare(bed, 0);
    let (open, theirs) = (make(bed, &caller, &Change::default()), make(bed, &caller, &Change::default()));
    let (clock, by, id) = (bed.clock.clone(), caller.clone(), theirs.id.clone());
    let ann = write(bed, move |tx| {
        let draft = invite::Draft { role: Role::Reviewer, email: None, days: None, queue_id: Some(id.clone()) };
        let (_, token) = queue::invite(tx, &clock, &by, &draft)?;
        let guest = Guest::New {
            display_name: "Ann".into(),
            email: Some("ann@example.com".into()),
            password_hash: "none".into(),
        };
        queue::accept_invite(tx, &clock, &token, &guest)
    })
    .unwrap();
    let reviewer = Caller {
        actor: Actor::Member { id: ann.clone(), name: "Ann".into() },
        permissions: Role::Reviewer.permissions(),
        bound_to: Some(caller.project.id.clone()),
        ..caller.clone()
    };
    let may = |queue: &Queue| {
        let (by, queue) = (reviewer.clone(), queue.clone());
        bed.db.read_blocking(move |tx| queue::may_review(tx, &by, &queue)).unwrap()
    };
    assert_eq!((may(&open), may(&theirs)), (false, true));
    let (project, who) = (caller.project.id.clone(), ann.clone());
    write(bed, move |tx| member::set_role(tx, &who, &project, Role::Reviewer)).unwrap();
    assert_eq!((may(&open), may(&theirs)), (true, true), "the role alone opens what is open to all");
    let (by, id) = (reviewer.clone(), open.id.clone());
    let refused = write(bed, move |tx| queue::remove(tx, &by, &id));
    assert!(matches!(refused, Err(Error::Forbidden(_))));
}

fn a_job_goes_on_where_it_was_and_ends_with_its_queue(bed: &Bed) {
    let caller = prepare(bed, 450);
    let made = make(bed, &caller, &Change::default());
    let matching = Matching { conditions: Vec::new(), any: false, query: None, from_ns: i64::MIN, to_ns: i64::MAX };
    let (clock, by, id, all_of_it) = (bed.clock.clone(), caller.clone(), made.id.clone(), matching);
    bed.clock.advance(3_600_000_000);
    let start =
        move |tx: &mut Tx<'_>| queue::add_matching(tx, &clock, &by, &id, queue::ItemKind::Span, all_of_it.clone());
    let first = write(bed, start.clone()).unwrap();
    assert_eq!(first.total, 450);
    let step = |worker: &'static str| {
        let clock = bed.clock.clone();
        write(bed, move |tx| {
            let Some(claimed) = job::claim(tx, &clock, worker)? else { return Ok(false) };
            job::step(tx, &clock, worker, &claimed.id, |tx, job| queue::add_step(tx, &clock, job))
        })
    };
    assert!(step("one").unwrap());
    assert!(!step("two").unwrap(), "somebody works on it");
    bed.clock.advance(job::LEASE + 1);
    assert!(step("two").unwrap(), "the first died");
    bed.clock.advance(job::LEASE + 1);
    assert!(!step("three").unwrap(), "the last step");
    let (by, id) = (caller.clone(), first.id.clone());
    let done = bed.db.read_blocking(move |tx| job::get(tx, &by, &id)).unwrap();
    assert_eq!((done.state, done.done, done.failed), (job::State::Done, 450, 0));
    let (queue, now) = (made.clone(), bed.clock.now());
    assert_eq!(bed.db.read_blocking(move |tx| counted(tx, &queue, now)).unwrap().team.total, 450);
    write(bed, start).unwrap();
    let (by, id) = (caller, made.id);
    write(bed, move |tx| queue::remove(tx, &by, &id)).unwrap();
    assert!(matches!(step("four"), Err(Error::NotFound { name: "queue_not_found", .. })));
}

fn progress_counts_each_item_once(bed: &Bed) {
    let caller = prepare(bed, 5);
    let made = make(bed, &caller, &Change { overlap: Some(2), ..Change::default() });
    add(bed, &caller, &made, &[0, 1, 2, 3, 4]);
    let items = all(bed, &made);
    let (queue_id, now) = (made.id.clone(), bed.clock.now());
    write(bed, move |tx| {
        let mut seat = |at: usize, reviewer: &str, state: &str| {
            tx.execute(
                "insert into queue_seat (queue_id, item_id, reviewer, state, lease_until, claimed_at, active_ms, flagged)
                 values ($1, $2, $3, $4, $5, 0, 0, 0)",
                params![&queue_id, &items[at].id, reviewer, state, now + 1],
            )
        };
        seat(0, "ann", "submitted")?;
        seat(0, "bob", "submitted")?;
        seat(1, "ann", "submitted")?;
        seat(2, "ann", "held")?;
        seat(2, "bob", "held")?;
        seat(3, "ann", "declined")?;
        seat(4, "ann", "skipped")?;
        let done = "update queue_item set answered = 2, taken = 2, state = 'completed' where id = $1";
        tx.execute(done, params![&items[0].id])?;
        tx.execute("update queue_item set answered = 1, taken = 1 where id = $1", params![&items[1].id])
    })
    .unwrap();
    let (queue, now) = (made, bed.clock.now());
    let progress = bed.db.read_blocking(move |tx| counted(tx, &queue, now)).unwrap();
    let (team, own) = (progress.team, progress.own);
    assert_eq!((team.total, team.completed, team.in_review), (5, 1, 1));
    assert_eq!((team.needs_others, team.to_do, team.answers), (1, 2, 3));
    assert_eq!((own.submitted, own.skipped, own.declined, progress.left), (2, 1, 1, 2));
}

fn many_items_are_put_in_another_order_by_a_job(bed: &Bed) {
    let caller = prepare(bed, 1001);
    let made = make(bed, &caller, &Change::default());
    for some in (0..1001).collect::<Vec<_>>().chunks(1000) {
        add(bed, &caller, &made, some);
    }
    let changed = update(bed, &caller, &made, &ordered(OrderBy::Newest));
    assert_eq!(order(bed, &changed)[0], trace_id(0), "the job has not begun");
    let clock = bed.clock.clone();
    let claimed = write(bed, move |tx| job::claim(tx, &clock, "worker")).unwrap().unwrap();
    assert_eq!((claimed.kind.as_str(), claimed.total), (queue::SORT_KIND, 1001));
    let step = || {
        let (clock, id) = (bed.clock.clone(), claimed.id.clone());
        write(bed, move |tx| job::step(tx, &clock, "worker", &id, queue::sort_step)).unwrap()
    };
    while step() {}
    let newest: Vec<String> = (801..1001).rev().map(trace_id).collect();
    assert_eq!(order(bed, &changed), newest);
}
