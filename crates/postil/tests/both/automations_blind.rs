//! What automations do is read by everybody, so they do not know what a blind queue still hides.

use postil::automation::{self, Action, Change};
use postil::dataset;
use postil::page::PageRequest;
use postil::project::{Actor, Caller, Permission, Permissions};
use postil::queue::{self, Queue, Wanted, review};
use postil::trace::price::PriceTable;
use serde_json::json;

use crate::automations::{after, does, items, make, make_queue, meaning, prepare, send_traces, trace_id, write};
use crate::bed::Bed;

crate::both!(an_automation_knows_what_a_blind_queue_hides_once_the_item_is_complete,);

fn judge(manager: &Caller, id: &str) -> Caller {
    let permissions = Permissions::of(&[Permission::Read, Permission::Annotate, Permission::Review]);
    let actor = Actor::Key { id: id.into(), name: id.into() };
    Caller { actor, permissions, ..manager.clone() }
}

fn submit(bed: &Bed, who: &Caller, queue: &Queue) {
    let (clock, who, id) = (bed.clock.clone(), who.clone(), queue.id.clone());
    write(bed, move |tx| {
        let claimed = review::claim(tx, &clock, &who, &id, 0)?;
        let answers = vec![review::Said { key: "rating".into(), value: json!("bad"), explanation: None }];
        let said = review::Submission { answers, submission_id: "once".into(), ..review::Submission::default() };
        let place = (id.as_str(), claimed.places[0].task.id.as_str());
        review::submit(tx, &clock, &who, place, &said, (0, 3000)).map(drop)
    });
}

fn an_automation_knows_what_a_blind_queue_hides_once_the_item_is_complete(bed: &Bed) {
    let caller = prepare(bed);
    send_traces(bed, 0..1, "chat");
    let (clock, by) = (bed.clock.clone(), caller.clone());
    let blind = write(bed, move |tx| {
        let change = queue::Change {
            display_name: Some("Blind".into()),
            blind: Some(true),
            overlap: Some(2),
            ..queue::Change::default()
        };
        let queue = queue::create(tx, &clock, &by, None, &change)?;
        let wanted = Wanted { trace_id: trace_id(0), ..Wanted::default() };
        queue::add(tx, &clock, &by, &queue.id, &[wanted])?;
        Ok(queue)
    });
    let (clock, by) = (bed.clock.clone(), caller.clone());
    let gold = write(bed, move |tx| dataset::create(tx, &clock, &by, "gold", None));
    let bad = make_queue(bed, &caller);
    let rated = Change {
        triggers: Some((true, true)),
        selection: Some(meaning("annotation.rating", "bad")),
        ..does(vec![crate::automations::into_queue(&bad)])
    };
    let rated = make(bed, &caller, rated);
    let every = does(vec![Action::AddToDataset { dataset_id: gold.id.clone() }]);
    make(bed, &caller, Change { triggers: Some((false, true)), ..every });

    submit(bed, &judge(&caller, "ann"), &blind);
    after(bed, 5);
    assert!(items(bed, &bad).is_empty(), "nobody is to know yet that it was rated bad");
    let (by, id) = (caller.clone(), gold.id.clone());
    let page = PageRequest::new(None, None, None).unwrap();
    let held = bed.db.read_blocking(move |tx| dataset::datapoint::list(tx, &by, &id, &page)).unwrap().data;
    assert_eq!(held.len(), 1);
    assert!(held[0].evaluations.as_ref().is_none_or(Vec::is_empty), "{:?}", held[0].evaluations);
    let (clock, by, id) = (bed.clock.clone(), caller.clone(), rated.id.clone());
    let ever = postil::trace::search::Window::EVER;
    let started = write(bed, move |tx| automation::back_fill(tx, &clock, &by, &id, ever));
    let clock = bed.clock.clone();
    write(bed, move |tx| automation::back_fill_step(tx, &clock, PriceTable::built_in(), &started));
    assert!(items(bed, &bad).is_empty(), "neither by way of what came before");

    submit(bed, &judge(&caller, "bob"), &blind);
    after(bed, 5);
    assert_eq!(items(bed, &bad), [trace_id(0)]);
}
