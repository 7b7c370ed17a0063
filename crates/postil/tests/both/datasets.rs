//! Datasets and datapoints.

use postil::clock::Clock;
use postil::dataset::datapoint::{self, Datapoint, Input};
use postil::dataset::{self, Change, Dataset, ListFilter, duplicate, snapshot};
use postil::page::PageRequest;
use postil::project::{Actor, Caller, Permissions, ProjectRef, start};
use postil::queue::{self, ItemKind, Wanted};
use postil::trace::price::PriceTable;
use postil::{Error, Result, Tx};
use serde_json::json;

use crate::bed::Bed;

crate::both!(
    a_dataset_holds_what_was_put_in_in_that_order,
    the_same_content_has_the_same_hash_whatever_the_order_of_names,
    nothing_of_a_wrong_call_is_stored,
    a_dataset_moves_with_its_datapoints,
    two_calls_at_once_number_their_datapoints_apart,
    datapoints_are_put_into_a_queue_once_as_spans_to_judge,
    a_snapshot_stays_whatever_becomes_of_the_dataset,
    a_snapshot_that_is_deleted_takes_along_only_what_was_its_own,
    the_same_content_goes_but_for_the_first,
);

fn home(bed: &Bed) -> Caller {
    let clock = bed.clock.clone();
    let home = bed.db.write_blocking(move |tx| start::home(tx, &clock)).unwrap();
    Caller {
        workspace_id: home.workspace_id,
        project: home.project,
        bound_to: None,
        actor: Actor::Key { id: "k".into(), name: "k".into() },
        permissions: Permissions::ALL,
        client: None,
    }
}

fn write<T: Send + 'static>(bed: &Bed, work: impl Fn(&mut Tx<'_>) -> Result<T> + Send + 'static) -> Result<T> {
    bed.db.write_blocking(work)
}

fn make(bed: &Bed, caller: &Caller, name: &'static str) -> Dataset {
    let (clock, caller) = (bed.clock.clone(), caller.clone());
    write(bed, move |tx| dataset::create(tx, &clock, &caller, name, None)).unwrap()
}

fn put(bed: &Bed, caller: &Caller, id: &str, given: &[Input]) -> Result<Vec<Datapoint>> {
    let (clock, caller, id, given) = (bed.clock.clone(), caller.clone(), id.to_owned(), given.to_vec());
    write(bed, move |tx| datapoint::create(tx, &clock, &caller, &id, &given))
}

fn all(bed: &Bed, caller: &Caller, id: &str) -> Vec<Datapoint> {
    let (caller, id) = (caller.clone(), id.to_owned());
    let page = PageRequest::new(Some(200), None, None).unwrap();
    bed.db.read_blocking(move |tx| datapoint::list(tx, &caller, &id, &page)).unwrap().data
}

fn expecting(text: &str) -> Input {
    Input { expected_output: Some(text.into()), ..Input::default() }
}

fn a_dataset_holds_what_was_put_in_in_that_order(bed: &Bed) {
    let caller = home(bed);
    let dataset = make(bed, &caller, "gold");
    let first = put(bed, &caller, &dataset.id, &["c", "a"].map(expecting)).unwrap();
    let second = put(bed, &caller, &dataset.id, &["b"].map(expecting)).unwrap();
    let stored = all(bed, &caller, &dataset.id);
    assert_eq!(stored, [first, second].concat());
    assert_eq!(stored.iter().map(|each| each.position).collect::<Vec<_>>(), [1, 2, 3]);
    let (who, id) = (caller.clone(), dataset.id.clone());
    assert_eq!(bed.db.read_blocking(move |tx| dataset::get(tx, &who, &id)).unwrap().datapoints, 3);
}

fn the_same_content_has_the_same_hash_whatever_the_order_of_names(bed: &Bed) {
    let caller = home(bed);
    let dataset = make(bed, &caller, "gold");
    let said = |text: &str, inputs: serde_json::Value| Input {
        inputs: inputs.as_object().cloned(),
        messages: Some(vec![json!({"role": "user", "content": text})]),
        expected_output: None,
    };
    let given = [
        said("x", json!({"a": 1, "b": {"c": 2, "d": 3}})),
        said("x", json!({"b": {"d": 3, "c": 2}, "a": 1})),
        said("y", json!({"a": 1, "b": {"c": 2, "d": 3}})),
    ];
    let made = put(bed, &caller, &dataset.id, &given).unwrap();
    assert_eq!(made[0].content_hash, made[1].content_hash);
    assert_ne!(made[0].content_hash, made[2].content_hash);
}

fn nothing_of_a_wrong_call_is_stored(bed: &Bed) {
    let caller = home(bed);
    let dataset = make(bed, &caller, "gold");
    let wrong = Input { messages: Some(vec![json!({"role": "robot"})]), ..Input::default() };
    let refused = put(bed, &caller, &dataset.id, &[expecting("fine"), wrong]);
    assert!(matches!(refused, Err(Error::Invalid { field: Some(field), .. }) if field == "[1].messages[0].role"));
    assert_eq!(all(bed, &caller, &dataset.id), []);
    assert!(matches!(put(bed, &caller, "01J00000000000000000000000", &[expecting("x")]), Err(Error::NotFound { .. })));
}

fn a_dataset_moves_with_its_datapoints(bed: &Bed) {
    let caller = home(bed);
    let (clock, who) = (bed.clock.clone(), caller.clone());
    let other = write(bed, move |tx| {
        let draft = postil::project::projects::Draft { name: Some("Other".into()), ..Default::default() };
        postil::project::projects::create(tx, &clock, &who, &draft)
    })
    .unwrap();
    let dataset = make(bed, &caller, "gold");
    put(bed, &caller, &dataset.id, &[expecting("x")]).unwrap();
    let (clock, who, id) = (bed.clock.clone(), caller.clone(), dataset.id.clone());
    let change = Change { project_id: Some(other.reference.id.clone()), ..Change::default() };
    let moved = write(bed, move |tx| dataset::update(tx, &clock, &who, &id, &change)).unwrap();
    assert_eq!(moved.project, other.reference.number);
    assert_eq!(all(bed, &caller, &dataset.id)[0].project, other.reference.number);
    let there = Caller { bound_to: Some(caller.project.id.clone()), ..caller.clone() };
    let filter = ListFilter::default();
    let page = PageRequest::new(None, None, None).unwrap();
    let seen = bed.db.read_blocking(move |tx| dataset::list(tx, &there, &filter, &page)).unwrap();
    assert_eq!(seen.data, [], "a key of the old project does not see it any more");
    assert_ne!(ProjectRef { id: moved.project_id, number: moved.project }, caller.project);
}

fn two_calls_at_once_number_their_datapoints_apart(bed: &Bed) {
    let caller = home(bed);
    let dataset = make(bed, &caller, "gold");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..5 {
                    put(bed, &caller, &dataset.id, &["a", "b"].map(expecting)).unwrap();
                }
            });
        }
    });
    let positions: Vec<_> = all(bed, &caller, &dataset.id).iter().map(|each| each.position).collect();
    assert_eq!(positions, (1..=40).collect::<Vec<_>>());
}

fn datapoints_are_put_into_a_queue_once_as_spans_to_judge(bed: &Bed) {
    let caller = home(bed);
    let dataset = make(bed, &caller, "gold");
    let made = put(bed, &caller, &dataset.id, &["a", "b"].map(expecting)).unwrap();
    let ids: Vec<String> = made.into_iter().map(|datapoint| datapoint.id).collect();
    let (clock, by) = (bed.clock.clone(), caller.clone());
    let change = queue::Change { display_name: Some("q".into()), ..queue::Change::default() };
    let queue = write(bed, move |tx| queue::create(tx, &clock, &by, None, &change)).unwrap();
    let wanted = |id: &str| Wanted { datapoint_id: Some(id.to_owned()), ..Wanted::default() };
    let add = |wanted: Vec<Wanted>| {
        let (clock, by, id) = (bed.clock.clone(), caller.clone(), queue.id.clone());
        let prices = PriceTable::built_in();
        write(bed, move |tx| dataset::add_to_queue(tx, &clock, &by, &id, wanted.clone(), prices)).unwrap()
    };
    let added = add(vec![wanted(&ids[0]), wanted("other"), wanted(&ids[0])]);
    assert_eq!((added.items.len(), added.already_there, added.not_found), (1, 1, 1));
    let first = added.items[0].clone();
    assert_eq!((first.kind, first.datapoint_id.as_deref()), (ItemKind::Datapoint, Some(ids[0].as_str())));
    bed.clock.advance(1_000_000);
    let again = add(vec![wanted(&ids[1]), wanted(&ids[0])]);
    assert_eq!((again.items.len(), again.already_there), (1, 1));
    assert_ne!(again.items[0].span_id, first.span_id);
    let (id, by) = (queue.id.clone(), caller.clone());
    let page = PageRequest::new(Some(10), None, None).unwrap();
    let (found, lost) = bed
        .db
        .read_blocking(move |tx| {
            let queue = queue::find(tx, &by, &id)?;
            Ok((queue::page(tx, 1, &queue, &queue::ItemFilter::default(), 0, &page)?, queue::lost(tx)?))
        })
        .unwrap();
    let outputs: Vec<_> = found.data.iter().map(|placed| placed.output.as_deref()).collect();
    assert_eq!((outputs, lost.len()), (vec![Some("a"), Some("b")], 0));
}

fn frozen(bed: &Bed, caller: &Caller, dataset_id: &str, id: &str) -> Vec<Datapoint> {
    let (caller, dataset_id, id) = (caller.clone(), dataset_id.to_owned(), id.to_owned());
    let read = move |tx: &mut Tx<'_>| {
        let (mut held, mut page) = (Vec::new(), PageRequest::new(Some(2), None, None).unwrap());
        loop {
            let part = snapshot::datapoints(tx, &caller, (&dataset_id, &id), &page)?;
            page.starting_after = part.data.last().map(|last| last.id.clone());
            held.extend(part.data);
            if !part.has_more {
                return Ok(held);
            }
        }
    };
    bed.db.read_blocking(read).unwrap()
}

/// A dataset that is changed, with snapshots between.
struct Changing<'a> {
    bed: &'a Bed,
    caller: Caller,
    id: String,
}

impl Changing<'_> {
    fn new(bed: &Bed) -> Changing<'_> {
        let caller = home(bed);
        let id = make(bed, &caller, "gold").id;
        Changing { bed, caller, id }
    }

    fn write<T: Send + 'static>(
        &self,
        work: impl Fn(&mut Tx<'_>, &Clock, &Caller, &str) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (clock, caller, id) = (self.bed.clock.clone(), self.caller.clone(), self.id.clone());
        write(self.bed, move |tx| work(tx, &clock, &caller, &id))
    }

    fn now(&self) -> Vec<Datapoint> {
        all(self.bed, &self.caller, &self.id)
    }

    /// A snapshot, and what it must hold.
    fn take(&self, name: String) -> (snapshot::Snapshot, Vec<Datapoint>) {
        let made = self.write(move |tx, clock, who, id| snapshot::create(tx, clock, who, id, &name)).unwrap();
        (made, self.now())
    }

    fn put(&self, texts: &[&str]) {
        let given: Vec<_> = texts.iter().map(|text| expecting(text)).collect();
        put(self.bed, &self.caller, &self.id, &given).unwrap();
    }

    fn change(&self, at: usize, text: &str) {
        let (point, input) = (self.now()[at].id.clone(), expecting(text));
        self.write(move |tx, clock, who, id| datapoint::update(tx, clock, who, (id, &point), &input)).unwrap();
    }

    fn remove(&self, at: usize) {
        let point = self.now()[at].id.clone();
        self.write(move |tx, clock, who, id| datapoint::remove_one(tx, clock, who, id, &point)).unwrap();
    }

    fn clear(&self) {
        self.write(dataset::clear).unwrap();
    }

    /// Whether each snapshot holds what it must, and any two tell what lies between them.
    fn check<'s>(&self, taken: impl Iterator<Item = &'s (snapshot::Snapshot, Vec<Datapoint>)> + Clone) {
        let now = self.now();
        for (made, held) in taken.clone() {
            assert_eq!(frozen(self.bed, &self.caller, &self.id, &made.id), *held, "{}", made.name);
            assert_eq!(made.datapoints, i64::try_from(held.len()).unwrap());
            compare(self.bed, &self.caller, (made, None), held, &now);
            for (to, after) in taken.clone() {
                compare(self.bed, &self.caller, (made, Some(to)), held, after);
            }
        }
    }
}

/// Every kind of change, one after the other, with a snapshot before each and a second one at times.
fn a_snapshot_stays_whatever_becomes_of_the_dataset(bed: &Bed) {
    let gold = Changing::new(bed);
    let mut taken = vec![gold.take("empty".into())];
    gold.put(&["a", "b", "c", "d", "e"]);
    let steps: [&dyn Fn(); 8] = [
        &|| gold.change(1, "b2"),
        &|| gold.change(1, "b3"),
        &|| gold.remove(0),
        &|| gold.put(&["f"]),
        &|| {
            gold.change(4, "f2");
            gold.change(0, "b4");
            gold.remove(1);
        },
        &|| {},
        &|| gold.clear(),
        &|| gold.put(&["g"]),
    ];
    for (at, step) in steps.iter().enumerate() {
        taken.push(gold.take(format!("before {at}")));
        step();
    }
    gold.check(taken.iter());
    let again = gold.write(|tx, clock, who, id| snapshot::create(tx, clock, who, id, "empty"));
    assert!(matches!(again, Err(Error::Conflict { name: "name_taken", .. })));
    gold.write(|tx, _, who, id| dataset::remove(tx, who, id)).unwrap();
}

/// Whichever snapshot goes, the others hold what they held; what none of them holds any more goes.
fn a_snapshot_that_is_deleted_takes_along_only_what_was_its_own(bed: &Bed) {
    for gone in 0..4 {
        let gold = Changing::new(bed);
        let delete = |which: &snapshot::Snapshot| {
            let which = which.id.clone();
            gold.write(move |tx, _, who, id| snapshot::remove(tx, who, id, &which))
        };
        let past = || {
            let id = gold.id.clone();
            let sql = "select count(*) from datapoint_past where dataset_id = $1";
            bed.db.read_blocking(move |tx| tx.query_one(sql, postil::params![&id])?.int(0)).unwrap()
        };
        gold.put(&["a", "b", "c"]);
        let mut taken = Vec::new();
        for at in 0..4 {
            taken.push(gold.take(format!("Release {at}")));
            gold.change(0, &format!("a{at}"));
            if at == 1 {
                gold.remove(1);
            }
        }
        assert_eq!(past(), 5, "four times the first one, and the one that went");
        let (made, _) = taken.remove(gone);
        delete(&made).unwrap();
        assert_eq!(past(), 4, "{}", made.name);
        assert!(matches!(delete(&made), Err(Error::NotFound { .. })));
        gold.check(taken.iter());
        gold.clear();
        gold.check(taken.iter());
        taken.iter().for_each(|(made, _)| delete(made).unwrap());
        gold.put(&["d"]);
        gold.clear();
        assert_eq!(past(), 0, "kept for nobody");
    }
}

/// What the diff says must be what two lists show.
fn compare(
    bed: &Bed,
    caller: &Caller,
    (from, to): (&snapshot::Snapshot, Option<&snapshot::Snapshot>),
    before: &[Datapoint],
    after: &[Datapoint],
) {
    let find = |list: &[Datapoint], id: &str| list.iter().find(|each| each.id == id).cloned().map(Box::new);
    let mut expected = Vec::new();
    for one in before {
        match find(after, &one.id) {
            None => expected.push((one.position, snapshot::Change::Removed(Box::new(one.clone())))),
            Some(other) if other.content_hash != one.content_hash => {
                expected.push((one.position, snapshot::Change::Changed { before: Box::new(one.clone()), after: other }))
            }
            Some(_) => {}
        }
    }
    let new = after.iter().filter(|one| find(before, &one.id).is_none());
    expected.extend(new.map(|one| (one.position, snapshot::Change::Added(Box::new(one.clone())))));
    expected.sort_by_key(|(position, _)| *position);
    let (who, from_id, to_id, dataset_id) =
        (caller.clone(), from.id.clone(), to.map(|to| to.id.clone()), from.dataset_id.clone());
    let told = bed.db.read_blocking(move |tx| {
        let (mut told, mut after) = (Vec::new(), None::<String>);
        loop {
            let pair = (from_id.as_str(), to_id.as_deref());
            let part = snapshot::diff(tx, &who, &dataset_id, pair, (after.as_deref(), 2))?;
            told.extend(part.changes);
            after = part.next;
            if after.is_none() {
                return Ok(told);
            }
        }
    });
    let expected: Vec<_> = expected.into_iter().map(|(_, change)| change).collect();
    assert_eq!(told.unwrap(), expected, "{} to {:?}", from.name, to.map(|to| &to.name));
}

fn the_same_content_goes_but_for_the_first(bed: &Bed) {
    let caller = home(bed);
    let dataset = make(bed, &caller, "gold");
    put(bed, &caller, &dataset.id, &["a", "b", "a", "c", "b", "a"].map(expecting)).unwrap();
    let (clock, who, id) = (bed.clock.clone(), caller.clone(), dataset.id.clone());
    let kept = write(bed, move |tx| snapshot::create(tx, &clock, &who, &id, "before")).unwrap();
    let before = all(bed, &caller, &dataset.id);
    let (who, id) = (caller.clone(), dataset.id.clone());
    let found = bed.db.read_blocking(move |tx| duplicate::list(tx, &who, &id)).unwrap();
    let ids = |places: &[usize]| places.iter().map(|at| before[*at].id.clone()).collect::<Vec<_>>();
    let groups: Vec<_> = found.groups.iter().map(|group| (group.count, group.ids.clone())).collect();
    assert_eq!((groups, found.surplus), (vec![(3, ids(&[0, 2, 5])), (2, ids(&[1, 4]))], 3));
    let (clock, who, id) = (bed.clock.clone(), caller.clone(), dataset.id.clone());
    assert_eq!(write(bed, move |tx| duplicate::remove(tx, &clock, &who, &id)).unwrap(), 3);
    let after: Vec<_> = all(bed, &caller, &dataset.id).into_iter().map(|each| each.id).collect();
    assert_eq!(after, ids(&[0, 1, 3]));
    assert_eq!(frozen(bed, &caller, &dataset.id, &kept.id), before);
}
