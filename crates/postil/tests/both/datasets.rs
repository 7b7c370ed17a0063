//! Datasets and datapoints.

use postil::dataset::datapoint::{self, Datapoint, Input};
use postil::dataset::{self, Change, Dataset, ListFilter};
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
            Ok((queue::page(tx, &queue, &queue::ItemFilter::default(), 0, &page)?, queue::lost(tx)?))
        })
        .unwrap();
    let outputs: Vec<_> = found.data.iter().map(|placed| placed.output.as_deref()).collect();
    assert_eq!((outputs, lost.len()), (vec![Some("a"), Some("b")], 0));
}
