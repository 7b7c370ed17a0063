//! Webhooks: who is told of what, and what becomes of it.

use postil::page::PageRequest;
use postil::project::{Actor, Caller, Permissions, ProjectRef};
use postil::webhook::log::Delivery;
use postil::webhook::{self, Change, Claimed, Fact, Outcome, Target, Webhook, event, log};
use postil::{Error, Result, Tx};
use serde_json::json;

use crate::bed::Bed;

crate::both!(
    only_the_subscribed_event_is_told_and_only_to_enabled_webhooks,
    a_change_that_is_rolled_back_tells_nobody,
    a_call_reaches_one_webhook_whatever_it_subscribes_to,
    a_delivery_is_claimed_once_and_again_when_its_lease_lapses,
    what_fails_is_tried_later_and_given_up_in_the_end,
    a_webhook_that_fails_for_long_is_disabled_and_the_others_hear_of_it,
    what_ended_long_ago_is_forgotten,
    what_waits_for_a_disabled_webhook_is_given_up,
    projects_do_not_know_each_others_webhooks,
);

const DAY: i64 = 86_400_000_000;

fn caller(project: i64) -> Caller {
    Caller {
        workspace_id: "w".into(),
        project: ProjectRef { id: format!("p{project}"), number: project },
        bound_to: None,
        actor: Actor::Member { id: "ann".into(), name: "Ann".into() },
        permissions: Permissions::ALL,
        client: None,
    }
}

fn write<T: Send + 'static>(bed: &Bed, work: impl Fn(&mut Tx<'_>) -> Result<T> + Send + 'static) -> T {
    bed.db.write_blocking(work).unwrap()
}

fn make(bed: &Bed, id: &str, events: &[&str]) -> Webhook {
    let (clock, id) = (bed.clock.clone(), id.to_owned());
    let wanted = Change {
        display_name: Some(id.clone()),
        url: Some("https://example.com/hook".into()),
        content_type: Some("application/json".into()),
        events: Some(events.iter().map(ToString::to_string).collect()),
        secret: Some("secret".into()),
        enabled: None,
    };
    write(bed, move |tx| webhook::create(tx, &clock, &caller(1), &id, &wanted))
}

fn enable(bed: &Bed, id: &str, enabled: bool) -> Webhook {
    let (clock, id) = (bed.clock.clone(), id.to_owned());
    let change = Change { enabled: Some(enabled), ..Change::default() };
    write(bed, move |tx| webhook::update(tx, &clock, &caller(1), &id, &change))
}

fn fact() -> Vec<Fact> {
    vec![Fact { trace_id: Some("t".into()), metadata: json!({"trace_id": "t", "key": "rating"}) }]
}

fn announce(bed: &Bed, event: &'static str) {
    let clock = bed.clock.clone();
    // Ids of one millisecond have no order.
    clock.advance(1000);
    write(bed, move |tx| webhook::announce(tx, &clock, 1, event, fact));
}

fn deliveries(bed: &Bed, id: &str) -> Vec<Delivery> {
    let id = id.to_owned();
    let page = PageRequest::new(Some(200), None, None).unwrap();
    bed.db.read_blocking(move |tx| log::list(tx, &caller(1), &id, None, &page)).unwrap().data
}

fn claim(bed: &Bed, worker: &str, id: &str, most: usize) -> Vec<Claimed> {
    let (clock, worker) = (bed.clock.clone(), worker.to_owned());
    let target = Target { project: 1, webhook_id: id.to_owned() };
    write(bed, move |tx| webhook::claim(tx, &clock, &worker, &target, most))
}

fn conclude(bed: &Bed, worker: &str, claimed: &Claimed, error: Option<&str>) {
    let (clock, worker, claimed) = (bed.clock.clone(), worker.to_owned(), claimed.clone());
    let outcome = Outcome {
        status_code: Some(if error.is_some() { 500 } else { 200 }),
        response: Some("hm".into()),
        error: error.map(Into::into),
        duration_ms: 12,
    };
    write(bed, move |tx| webhook::conclude(tx, &clock, &worker, &claimed, &outcome));
}

fn get(bed: &Bed, id: &str) -> Webhook {
    let id = id.to_owned();
    bed.db.read_blocking(move |tx| webhook::get(tx, &caller(1), &id)).unwrap()
}

fn due(bed: &Bed) -> (Vec<String>, Option<i64>) {
    let now = bed.clock.now();
    let (targets, next) = bed.db.read_blocking(move |tx| webhook::due(tx, now)).unwrap();
    (targets.into_iter().map(|target| target.webhook_id).collect(), next)
}

fn only_the_subscribed_event_is_told_and_only_to_enabled_webhooks(bed: &Bed) {
    make(bed, "both", &[event::ANNOTATION_CREATED, event::ANNOTATION_CHANGED]);
    make(bed, "one", &[event::ANNOTATION_CHANGED, "deployment.invoked"]);
    make(bed, "off", &[event::ANNOTATION_CREATED]);
    enable(bed, "off", false);
    announce(bed, event::ANNOTATION_CREATED);
    announce(bed, event::ANNOTATION_CHANGED);
    announce(bed, event::ANNOTATION_REMOVED);
    let told = |id| deliveries(bed, id).into_iter().map(|one| one.event).collect::<Vec<_>>();
    assert_eq!(told("both"), [event::ANNOTATION_CHANGED, event::ANNOTATION_CREATED]);
    assert_eq!(told("one"), [event::ANNOTATION_CHANGED]);
    assert!(told("off").is_empty());
    let (both, one) = (&deliveries(bed, "both")[0], &deliveries(bed, "one")[0]);
    assert_eq!(both.event_id, one.event_id, "one thing has one id, whoever hears of it");
    assert_eq!(both.metadata, json!({"trace_id": "t", "key": "rating"}));
    enable(bed, "off", true);
    announce(bed, event::ANNOTATION_CREATED);
    assert_eq!(told("off"), [event::ANNOTATION_CREATED]);
}

fn a_change_that_is_rolled_back_tells_nobody(bed: &Bed) {
    make(bed, "one", &[event::ANNOTATION_CREATED]);
    let clock = bed.clock.clone();
    let outcome = bed.db.write_blocking(move |tx| {
        webhook::announce(tx, &clock, 1, event::ANNOTATION_CREATED, fact)?;
        webhook::call(tx, &clock, 1, "one", event::TRACE_MATCHED, &json!({}))?;
        Err::<(), _>(Error::Overloaded)
    });
    assert!(outcome.is_err());
    assert!(deliveries(bed, "one").is_empty());
}

fn a_call_reaches_one_webhook_whatever_it_subscribes_to(bed: &Bed) {
    make(bed, "one", &[event::ANNOTATION_CREATED]);
    make(bed, "other", &[event::TRACE_MATCHED]);
    let call = |project: i64, id: &'static str| {
        let clock = bed.clock.clone();
        write(bed, move |tx| {
            webhook::call(tx, &clock, project, id, event::TRACE_MATCHED, &json!({"trace_id": "t", "rule": "r"}))
        })
    };
    let id = call(1, "one").expect("a delivery");
    assert_eq!(deliveries(bed, "one")[0].id, id);
    assert!(deliveries(bed, "other").is_empty());
    assert_eq!((call(1, "none"), call(2, "one")), (None, None));
    enable(bed, "one", false);
    assert_eq!(call(1, "one"), None);
}

fn a_delivery_is_claimed_once_and_again_when_its_lease_lapses(bed: &Bed) {
    make(bed, "one", &[event::ANNOTATION_CREATED]);
    (0..3).for_each(|_| announce(bed, event::ANNOTATION_CREATED));
    assert_eq!(due(bed).0, ["one"]);
    assert_eq!(claim(bed, "a", "one", 2).len(), 2);
    let third = claim(bed, "b", "one", 2);
    assert_eq!(third.len(), 1);
    assert!(claim(bed, "c", "one", 2).is_empty());
    assert_eq!(due(bed), (Vec::new(), Some(bed.clock.now() + webhook::LEASE)));
    conclude(bed, "b", &third[0], None);
    bed.clock.advance(webhook::LEASE);
    let lapsed = claim(bed, "c", "one", 9);
    assert_eq!(lapsed.len(), 2);
    // Whoever was too slow may say that it arrived, and nothing else.
    conclude(bed, "a", &lapsed[0], Some("too slow"));
    conclude(bed, "a", &lapsed[1], None);
    let states: Vec<_> = deliveries(bed, "one").into_iter().map(|one| (one.id, one.state)).collect();
    let state = |id: &str| states.iter().find(|(other, _)| other == id).map(|(_, state)| state.as_str());
    assert_eq!(state(&lapsed[0].id), Some("waiting"));
    assert_eq!(state(&lapsed[1].id), Some("delivered"));
    assert_eq!(get(bed, "one").failure_count, 0);
    let clock = bed.clock.clone();
    write(bed, move |tx| webhook::release(tx, &clock, "c"));
    assert_eq!(claim(bed, "d", "one", 9).len(), 1, "what is given back is tried at once");
}

fn what_fails_is_tried_later_and_given_up_in_the_end(bed: &Bed) {
    make(bed, "one", &[event::ANNOTATION_CREATED]);
    announce(bed, event::ANNOTATION_CREATED);
    let mut rests = Vec::new();
    for attempt in 1..=webhook::MOST_ATTEMPTS {
        let claimed = claim(bed, "a", "one", 4);
        assert_eq!(claimed.len(), 1, "attempt {attempt}");
        conclude(bed, "a", &claimed[0], Some("The answer was 500."));
        assert!(claim(bed, "a", "one", 4).is_empty(), "it rests");
        assert_eq!(get(bed, "one").failure_count, attempt);
        if let (_, Some(next)) = due(bed) {
            rests.push(next - bed.clock.now());
            bed.clock.advance(next - bed.clock.now());
        }
    }
    let delivery = deliveries(bed, "one").remove(0);
    assert_eq!((delivery.state.as_str(), delivery.attempts), ("failed", webhook::MOST_ATTEMPTS));
    assert_eq!(delivery.error.as_deref(), Some("The answer was 500."));
    assert_eq!((delivery.status_code, delivery.duration_ms, delivery.next_at), (Some(500), Some(12), None));
    assert!(rests.windows(2).all(|pair| pair[1] > pair[0] || pair[1] > 4 * 3_600_000_000), "{rests:?}");
    assert!(rests.iter().sum::<i64>() > DAY / 2, "a night's outage is survived: {rests:?}");
    // Once more, by hand; then it arrives, and the failures are forgotten.
    let (clock, id) = (bed.clock.clone(), delivery.id.clone());
    let again = write(bed, move |tx| log::replay(tx, &clock, &caller(1), "one", &id));
    assert_eq!((again.replay_of.as_ref(), &again.event_id), (Some(&delivery.id), &delivery.event_id));
    assert_eq!(again.happened_at, delivery.happened_at);
    conclude(bed, "a", &claim(bed, "a", "one", 4)[0], None);
    assert_eq!((get(bed, "one").failure_count, get(bed, "one").failing_since), (0, None));
}

fn a_webhook_that_fails_for_long_is_disabled_and_the_others_hear_of_it(bed: &Bed) {
    make(bed, "broken", &[event::ANNOTATION_CREATED]);
    make(bed, "watcher", &[event::WEBHOOK_DISABLED]);
    let fail = || {
        announce(bed, event::ANNOTATION_CREATED);
        let claimed = claim(bed, "a", "broken", 1);
        conclude(bed, "a", &claimed[0], Some("Nobody answers."));
        get(bed, "broken")
    };
    (0..24).for_each(|_| drop(fail()));
    let often = fail();
    assert!(often.enabled && often.failure_count == 25, "often, and not yet for long");
    bed.clock.advance(3 * DAY);
    announce(bed, event::ANNOTATION_CREATED);
    fail();
    let broken = get(bed, "broken");
    assert!(!broken.enabled);
    let because = broken.disabled_because.unwrap();
    assert!(because.contains("Nobody answers.") && because.contains("2026-11-21T10:00:00."), "{because}");
    assert!(deliveries(bed, "broken").iter().all(|one| one.state == "failed" && one.next_at.is_none()));
    let told = deliveries(bed, "watcher");
    assert_eq!((told.len(), told[0].event.as_str()), (1, event::WEBHOOK_DISABLED));
    assert_eq!(told[0].metadata["webhook_id"], "broken");
    announce(bed, event::ANNOTATION_CREATED);
    assert_eq!(due(bed).0, ["watcher"]);
    let again = enable(bed, "broken", true);
    assert_eq!((again.failure_count, again.failing_since, again.disabled_because), (0, None, None));
}

fn what_ended_long_ago_is_forgotten(bed: &Bed) {
    make(bed, "one", &[event::ANNOTATION_CREATED]);
    announce(bed, event::ANNOTATION_CREATED);
    announce(bed, event::ANNOTATION_CREATED);
    conclude(bed, "a", &claim(bed, "a", "one", 1)[0], None);
    let purge = || {
        let clock = bed.clock.clone();
        write(bed, move |tx| webhook::purge(tx, &clock));
        deliveries(bed, "one").len()
    };
    bed.clock.advance(6 * DAY);
    assert_eq!(purge(), 2);
    bed.clock.advance(DAY + 1);
    assert_eq!(purge(), 1, "what waits stays");
}

fn what_waits_for_a_disabled_webhook_is_given_up(bed: &Bed) {
    make(bed, "one", &[event::ANNOTATION_CREATED]);
    announce(bed, event::ANNOTATION_CREATED);
    enable(bed, "one", false);
    let given_up = deliveries(bed, "one").remove(0);
    assert_eq!((given_up.state.as_str(), given_up.next_at), ("failed", None));
    let (clock, id) = (bed.clock.clone(), given_up.id.clone());
    let refused = bed.db.write_blocking(move |tx| log::replay(tx, &clock, &caller(1), "one", &id));
    assert!(matches!(refused, Err(Error::Conflict { .. })));
    let clock = bed.clock.clone();
    clock.advance(1000);
    write(bed, move |tx| log::test(tx, &clock, &caller(1), "one"));
    let claimed = claim(bed, "a", "one", 1);
    assert_eq!(claimed[0].event, event::TEST, "a test reaches it all the same");
    conclude(bed, "a", &claimed[0], Some("Nobody answers."));
    let tested = deliveries(bed, "one").remove(0);
    assert_eq!((tested.state.as_str(), tested.attempts), ("failed", 1), "a test is tried once");
    assert_eq!(get(bed, "one").failure_count, 0);
}

fn projects_do_not_know_each_others_webhooks(bed: &Bed) {
    make(bed, "one", &[event::ANNOTATION_CREATED]);
    announce(bed, event::ANNOTATION_CREATED);
    let id = deliveries(bed, "one")[0].id.clone();
    let page = PageRequest::new(None, None, None).unwrap();
    let elsewhere = bed.db.read_blocking(move |tx| {
        assert!(matches!(webhook::get(tx, &caller(2), "one"), Err(Error::NotFound { .. })));
        assert!(matches!(log::get(tx, &caller(2), "one", &id), Err(Error::NotFound { .. })));
        assert!(matches!(log::list(tx, &caller(2), "one", None, &page), Err(Error::NotFound { .. })));
        webhook::count(tx, &caller(2))
    });
    assert_eq!(elsewhere.unwrap(), 0);
    let clock = bed.clock.clone();
    write(bed, move |tx| webhook::announce(tx, &clock, 2, event::ANNOTATION_CREATED, fact));
    assert_eq!(deliveries(bed, "one").len(), 1);
}
