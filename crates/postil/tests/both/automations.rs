//! Automations: what settles is looked at, acted on once, and written down.

use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use postil::annotation::evaluator::{self, EvaluatorResult};
use postil::annotation::{self, Annotate, Answer};
use postil::automation::{self, Action, Automation, Change, Done, Outcome, Run, Selection, Stratum};
use postil::db::Db;
use postil::page::PageRequest;
use postil::project::{Actor, Caller, Permissions, start};
use postil::queue::{self, Queue};
use postil::trace::filter::WireCondition;
use postil::trace::intake::{self, Origin};
use postil::trace::price::PriceTable;
use postil::trace::retention::{self, Due};
use postil::{Clock, Result, Tx, dataset, human_review, job, params, webhook};
use serde_json::json;

use crate::bed::{Bed, NOON};

crate::both!(
    a_trace_is_put_into_a_queue_once_it_has_settled,
    a_trace_whose_root_has_not_ended_waits_for_longer,
    late_and_repeated_spans_do_not_act_twice,
    what_somebody_took_out_is_never_put_back_by_any_automation,
    servers_that_look_at_the_same_traces_act_once,
    a_trace_that_changes_between_look_and_act_waits_again,
    an_automation_that_changes_between_look_and_act_is_asked_again,
    longer_waits_of_other_automations_are_kept,
    feedback_makes_a_trace_match_later,
    a_verdict_makes_a_trace_match,
    tags_that_were_added_stay_when_spans_come,
    a_trace_is_kept_for_longer_than_its_project_keeps,
    an_action_that_fails_says_why_and_holds_nothing_up,
    a_webhook_is_called_in_the_same_transaction,
    nothing_waits_while_nobody_listens,
    a_removed_automation_leaves_nothing_behind,
    history_is_filled_once_and_goes_on_where_it_was,
);

pub const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;

pub fn trace_id(number: usize) -> String {
    format!("{number:032x}")
}

/// A project with default human reviews.
pub fn prepare(bed: &Bed) -> Caller {
    let clock = bed.clock.clone();
    let home = bed.db.write_blocking(move |tx| {
        let home = start::home(tx, &clock)?;
        human_review::create_defaults(tx, &clock, 1)?;
        Ok(home)
    });
    let home = home.unwrap();
    Caller {
        workspace_id: home.workspace_id,
        project: home.project,
        bound_to: None,
        actor: Actor::Key { id: "key".into(), name: "key".into() },
        permissions: Permissions::ALL,
        client: None,
    }
}

/// A span of a trace, the root when it is number 1, with tags.
fn span(trace: usize, number: u8, tag: &str) -> Span {
    let value = AnyValue { value: Some(Any::StringValue(tag.into())) };
    let at = u64::try_from(NOON * 1000).unwrap() - 1_000_000_000 * (1 + trace as u64);
    Span {
        trace_id: hex::decode(trace_id(trace)).unwrap(),
        span_id: vec![number; 8],
        parent_span_id: if number == 1 { Vec::new() } else { vec![1; 8] },
        name: tag.into(),
        start_time_unix_nano: at,
        end_time_unix_nano: at + 1000,
        attributes: vec![KeyValue { key: "session.id".into(), value: Some(value), ..KeyValue::default() }],
        ..Span::default()
    }
}

pub fn send(bed: &Bed, spans: Vec<Span>) {
    let scope_spans = vec![ScopeSpans { spans, ..ScopeSpans::default() }];
    let resource = ResourceSpans { scope_spans, ..ResourceSpans::default() };
    let origin = Origin { project: 1, received_at: bed.clock.now(), convention_version: None };
    let prepared = intake::prepare(vec![resource], origin, PriceTable::built_in());
    bed.db.write_blocking(move |tx| intake::store(tx, &prepared, PriceTable::built_in())).unwrap();
}

/// Whole traces of one span, which has ended.
pub fn send_traces(bed: &Bed, traces: std::ops::Range<usize>, name: &str) {
    send(bed, traces.map(|trace| span(trace, 1, name)).collect());
}

pub fn write<T: Send + 'static>(bed: &Bed, work: impl Fn(&mut Tx<'_>) -> Result<T> + Send + 'static) -> T {
    bed.db.write_blocking(work).unwrap()
}

pub fn make_queue(bed: &Bed, caller: &Caller) -> Queue {
    let (clock, caller) = (bed.clock.clone(), caller.clone());
    let change = queue::Change { display_name: Some("Bad ones".into()), ..queue::Change::default() };
    write(bed, move |tx| queue::create(tx, &clock, &caller, None, &change))
}

pub fn into_queue(queue: &Queue) -> Action {
    Action::AddToQueue { queue_id: queue.id.clone(), whole: true, priority: 3, assignee_id: None }
}

pub fn make(bed: &Bed, caller: &Caller, change: Change) -> Automation {
    let (clock, caller) = (bed.clock.clone(), caller.clone());
    let change = Change { name: Some(change.name.clone().unwrap_or_else(|| "rule".into())), ..change };
    write(bed, move |tx| automation::create(tx, &clock, &caller, &change))
}

pub fn does(actions: Vec<Action>) -> Change {
    Change { actions: Some(actions), ..Change::default() }
}

pub fn meaning(field: &str, value: &str) -> Selection {
    let condition = WireCondition { field: Some(field.into()), op: Some("eq".into()), values: vec![value.into()] };
    Selection { conditions: vec![condition], ..Selection::default() }
}

fn look(db: &Db, clock: &Clock) -> automation::Look {
    let clock = clock.clone();
    let look = db.read_blocking(move |tx| automation::look(tx, &clock, 500).map(std::sync::Mutex::new));
    look.unwrap().into_inner().unwrap()
}

fn act(db: &Db, clock: &Clock, look: automation::Look) -> bool {
    let clock = clock.clone();
    db.write_blocking(move |tx| automation::act(tx, &clock, PriceTable::built_in(), &look)).unwrap()
}

/// Looks at everything whose time has come.
pub fn work(bed: &Bed) {
    loop {
        let look = look(&bed.db, &bed.clock);
        if look.count() == 0 {
            return;
        }
        act(&bed.db, &bed.clock, look);
    }
}

/// Lets so many seconds pass, and looks.
pub fn after(bed: &Bed, seconds: i64) {
    bed.clock.advance(seconds * SECOND);
    work(bed);
}

pub fn items(bed: &Bed, queue: &Queue) -> Vec<String> {
    let (queue, now) = (queue.clone(), bed.clock.now());
    let page = PageRequest::new(Some(200), None, None).unwrap();
    let found = bed.db.read_blocking(move |tx| queue::page(tx, 1, &queue, &queue::ItemFilter::default(), now, &page));
    let mut ids: Vec<String> = found.unwrap().data.into_iter().filter_map(|placed| placed.item.trace_id).collect();
    ids.sort();
    ids
}

pub fn runs(bed: &Bed, caller: &Caller, automation: &Automation) -> Vec<Run> {
    let (caller, id) = (caller.clone(), automation.id.clone());
    let page = PageRequest::new(Some(200), None, None).unwrap();
    bed.db.read_blocking(move |tx| automation::runs(tx, &caller, &id, None, &page)).unwrap().data
}

pub fn count(bed: &Bed, table: &str) -> i64 {
    let sql = format!("select cast(count(*) as bigint) from {table}");
    bed.db.read_blocking(move |tx| tx.query_one(&sql, params![])?.int(0)).unwrap()
}

pub fn rate(bed: &Bed, caller: &Caller, trace: usize, value: &str) {
    let answer = Answer { key: Some("rating".into()), value: json!(value), ..Answer::default() };
    let call = Annotate { answers: vec![answer], ..Annotate::default() };
    let (clock, caller, id) = (bed.clock.clone(), caller.clone(), trace_id(trace));
    let span = hex::encode([1; 8]);
    write(bed, move |tx| annotation::annotate(tx, &clock, &caller, &id, &span, &call, 3000));
}

fn a_trace_is_put_into_a_queue_once_it_has_settled(bed: &Bed) {
    let caller = prepare(bed);
    let queue = make_queue(bed, &caller);
    let selection = Some(meaning("name", "bad"));
    let rule = make(bed, &caller, Change { selection, ..does(vec![into_queue(&queue)]) });
    send_traces(bed, 0..3, "bad");
    send_traces(bed, 3..6, "good");
    after(bed, 4);
    assert_eq!(items(bed, &queue), Vec::<String>::new(), "it is quiet for 4 of 5 seconds");
    after(bed, 1);
    assert_eq!(items(bed, &queue), (0..3).map(trace_id).collect::<Vec<_>>());
    let runs = runs(bed, &caller, &rule);
    assert_eq!(runs.len(), 3);
    for run in &runs {
        assert_eq!((run.outcome, run.trace_name.as_deref()), (Outcome::Acted, Some("bad")));
        assert_eq!((run.reason.as_str(), run.actions.len()), ("Matches.", 1));
        assert_eq!(run.actions[0].detail, "Added to the queue “Bad ones”.");
    }
    assert_eq!(count(bed, "trace_settling"), 0);
    let id = rule.id.clone();
    let totals = bed.db.read_blocking(move |tx| automation::totals(tx, std::slice::from_ref(&id))).unwrap()[&rule.id];
    assert_eq!((totals.acted, totals.failed, totals.last_acted_at), (3, 0, Some(bed.clock.now())));
}

fn a_trace_whose_root_has_not_ended_waits_for_longer(bed: &Bed) {
    let caller = prepare(bed);
    let queue = make_queue(bed, &caller);
    make(bed, &caller, does(vec![into_queue(&queue)]));
    send(bed, vec![span(1, 2, "child")]);
    after(bed, 299);
    assert_eq!(items(bed, &queue).len(), 0);
    after(bed, 1);
    assert_eq!(items(bed, &queue).len(), 1, "idle for five minutes");
    // With its root the same trace has ended, also when a child comes after it.
    send(bed, vec![span(2, 2, "child")]);
    send(bed, vec![span(2, 1, "root")]);
    bed.clock.advance(SECOND);
    send(bed, vec![span(2, 3, "child")]);
    after(bed, 5);
    assert_eq!(items(bed, &queue).len(), 2);
}

fn late_and_repeated_spans_do_not_act_twice(bed: &Bed) {
    let caller = prepare(bed);
    let queue = make_queue(bed, &caller);
    let rule = make(bed, &caller, does(vec![into_queue(&queue)]));
    for _ in 0..3 {
        send_traces(bed, 0..2, "chat");
        after(bed, 10);
    }
    send(bed, vec![span(0, 2, "late")]);
    after(bed, 10);
    assert_eq!((items(bed, &queue).len(), runs(bed, &caller, &rule).len()), (2, 2));
    assert_eq!(count(bed, "trace_settling"), 0);
}

fn what_somebody_took_out_is_never_put_back_by_any_automation(bed: &Bed) {
    let caller = prepare(bed);
    let queue = make_queue(bed, &caller);
    make(bed, &caller, does(vec![into_queue(&queue)]));
    send_traces(bed, 0..2, "chat");
    after(bed, 5);
    let (by, id) = (caller.clone(), queue.id.clone());
    write(bed, move |tx| queue::clear(tx, &by, &id));
    let second = make(bed, &caller, does(vec![into_queue(&queue)]));
    send_traces(bed, 0..3, "chat");
    after(bed, 5);
    assert_eq!(items(bed, &queue), [trace_id(2)]);
    let said = runs(bed, &caller, &second).into_iter().find(|run| run.trace_id == trace_id(0)).unwrap();
    assert_eq!((said.outcome, said.actions[0].outcome), (Outcome::Acted, Done::NothingToDo));
    assert_eq!(said.actions[0].detail, "Somebody took it out of the queue “Bad ones”.");
}

fn servers_that_look_at_the_same_traces_act_once(bed: &Bed) {
    let caller = prepare(bed);
    let (clock, by) = (bed.clock.clone(), caller.clone());
    let dataset = write(bed, move |tx| dataset::create(tx, &clock, &by, "Golden", None));
    let rule = make(bed, &caller, does(vec![Action::AddToDataset { dataset_id: dataset.id.clone() }]));
    send_traces(bed, 0..60, "chat");
    bed.clock.advance(5 * SECOND);
    let replicas: Vec<Db> = (0..3).map(|_| Db::open(&bed.location).unwrap()).collect();
    std::thread::scope(|scope| {
        for db in &replicas {
            let seen = [look(db, &bed.clock), look(db, &bed.clock)];
            scope.spawn(move || {
                for look in seen {
                    act(db, &bed.clock, look);
                }
            });
        }
    });
    work(bed);
    assert_eq!((count(bed, "datapoint"), runs(bed, &caller, &rule).len()), (60, 60));
    assert_eq!(count(bed, "trace_settling"), 0);
}

fn a_trace_that_changes_between_look_and_act_waits_again(bed: &Bed) {
    let caller = prepare(bed);
    let queue = make_queue(bed, &caller);
    make(bed, &caller, does(vec![into_queue(&queue)]));
    send_traces(bed, 0..2, "chat");
    bed.clock.advance(5 * SECOND);
    let seen = look(&bed.db, &bed.clock);
    send(bed, vec![span(1, 2, "late")]);
    assert!(act(&bed.db, &bed.clock, seen));
    assert_eq!(items(bed, &queue), [trace_id(0)]);
    after(bed, 5);
    assert_eq!(items(bed, &queue).len(), 2);
}

fn an_automation_that_changes_between_look_and_act_is_asked_again(bed: &Bed) {
    let caller = prepare(bed);
    let queue = make_queue(bed, &caller);
    let rule = make(bed, &caller, does(vec![into_queue(&queue)]));
    send_traces(bed, 0..2, "chat");
    bed.clock.advance(5 * SECOND);
    let seen = look(&bed.db, &bed.clock);
    let (clock, by) = (bed.clock.clone(), caller.clone());
    let paused = Change { enabled: Some(false), ..Change::default() };
    write(bed, move |tx| automation::update(tx, &clock, &by, &rule.id, &paused));
    assert!(!act(&bed.db, &bed.clock, seen));
    work(bed);
    assert_eq!((items(bed, &queue).len(), count(bed, "trace_settling")), (0, 0), "it was paused");
}

fn longer_waits_of_other_automations_are_kept(bed: &Bed) {
    let caller = prepare(bed);
    let (quick, slow) = (make_queue(bed, &caller), make_queue(bed, &caller));
    make(bed, &caller, Change { quiet_seconds: Some(1), ..does(vec![into_queue(&quick)]) });
    make(bed, &caller, Change { quiet_seconds: Some(60), ..does(vec![into_queue(&slow)]) });
    send_traces(bed, 0..1, "chat");
    after(bed, 1);
    assert_eq!((items(bed, &quick).len(), items(bed, &slow).len()), (1, 0));
    after(bed, 58);
    assert_eq!(items(bed, &slow).len(), 0);
    after(bed, 1);
    assert_eq!((items(bed, &slow).len(), count(bed, "trace_settling")), (1, 0));
}

fn feedback_makes_a_trace_match_later(bed: &Bed) {
    let caller = prepare(bed);
    let queue = make_queue(bed, &caller);
    let bad = Stratum {
        name: "bad".into(),
        selection: meaning("annotation.rating", "bad"),
        sampling_rate: 100.0,
        per_day: None,
    };
    let change = Change {
        triggers: Some((true, true)),
        strata: Some(vec![bad]),
        sampling_rate: Some(0.0),
        ..does(vec![into_queue(&queue)])
    };
    let rule = make(bed, &caller, change);
    send_traces(bed, 0..3, "chat");
    after(bed, 5);
    let sampled: Vec<_> = runs(bed, &caller, &rule).into_iter().map(|run| run.outcome).collect();
    assert_eq!(sampled, [Outcome::NotSampled; 3]);
    rate(bed, &caller, 1, "bad");
    rate(bed, &caller, 2, "good");
    work(bed);
    assert_eq!(items(bed, &queue), [trace_id(1)]);
    let acted = runs(bed, &caller, &rule).into_iter().find(|run| run.outcome == Outcome::Acted).unwrap();
    assert_eq!((acted.stratum.as_deref(), acted.trigger.name()), (Some("bad"), "feedback"));
    assert_eq!(acted.reason, "Matches the group “bad”.");
    // Once acted on, whatever is said of it afterwards.
    rate(bed, &caller, 1, "good");
    rate(bed, &caller, 1, "bad");
    work(bed);
    assert_eq!((items(bed, &queue).len(), runs(bed, &caller, &rule).len()), (1, 3));
}

fn a_verdict_makes_a_trace_match(bed: &Bed) {
    let caller = prepare(bed);
    let queue = make_queue(bed, &caller);
    let change = Change {
        triggers: Some((false, true)),
        selection: Some(meaning("evaluator.toxic", "true")),
        ..does(vec![into_queue(&queue)])
    };
    make(bed, &caller, change);
    send_traces(bed, 0..2, "chat");
    after(bed, 10);
    assert_eq!(items(bed, &queue).len(), 0);
    let (clock, verdict) = (bed.clock.clone(), evaluator::verdict(&json!(true)));
    let result = EvaluatorResult { evaluator: "toxic".into(), value: verdict, ..EvaluatorResult::default() };
    write(bed, move |tx| evaluator::store(tx, &clock, 1, &trace_id(1), &hex::encode([1; 8]), &result));
    work(bed);
    assert_eq!(items(bed, &queue), [trace_id(1)]);
}

fn tags_that_were_added_stay_when_spans_come(bed: &Bed) {
    let caller = prepare(bed);
    let rule = make(bed, &caller, does(vec![Action::AddTag { tag: "seen".into() }]));
    send_traces(bed, 0..1, "chat");
    after(bed, 5);
    let tags = |bed: &Bed| {
        let sql = "select tags from trace where project = 1 and trace_id = $1";
        bed.db.read_blocking(move |tx| tx.query_one(sql, params![trace_id(0)])?.text(0)).unwrap()
    };
    assert_eq!(tags(bed), r#"["seen"]"#);
    send(bed, vec![span(0, 2, "late")]);
    assert_eq!(tags(bed), r#"["seen"]"#);
    let found = {
        let change = Change { selection: Some(meaning("tags", "seen")), ..Change::default() };
        let (clock, by) = (bed.clock.clone(), caller.clone());
        bed.db.read_blocking(move |tx| automation::dry_run(tx, &clock, &by, (&change, None), 7, 10)).unwrap()
    };
    assert_eq!((found.matches, found.traces[0].name.as_str()), (1, "chat"), "lists filter by it");
    assert_eq!(runs(bed, &caller, &rule)[0].actions[0].detail, "Tagged “seen”.");
}

fn a_trace_is_kept_for_longer_than_its_project_keeps(bed: &Bed) {
    let caller = prepare(bed);
    let selection = Some(meaning("name", "precious"));
    make(bed, &caller, Change { selection, ..does(vec![Action::ExtendRetention { days: 30 }]) });
    send_traces(bed, 0..1, "precious");
    send_traces(bed, 1..2, "chat");
    after(bed, 5);
    let purge = |days: i64| {
        let now = bed.clock.now() + days * DAY;
        let due = Due { project: 1, before: retention::limit(now, 7), now };
        write(bed, move |tx| retention::step(tx, due, 1000)).traces
    };
    assert_eq!((purge(8), count(bed, "trace")), (1, 1));
    assert_eq!((purge(29), count(bed, "trace")), (0, 1));
    assert_eq!((purge(31), count(bed, "trace"), count(bed, "automation_run")), (1, 0, 0));
}

fn an_action_that_fails_says_why_and_holds_nothing_up(bed: &Bed) {
    let caller = prepare(bed);
    let (gone, kept) = (make_queue(bed, &caller), make_queue(bed, &caller));
    let rule = make(bed, &caller, does(vec![into_queue(&gone), into_queue(&kept)]));
    let (by, id) = (caller.clone(), gone.id.clone());
    write(bed, move |tx| queue::remove(tx, &by, &id));
    send_traces(bed, 0..2, "chat");
    after(bed, 5);
    assert_eq!(items(bed, &kept).len(), 2);
    let runs = runs(bed, &caller, &rule);
    let why = format!("The annotation queue with id \"{}\" was not found.", gone.id);
    assert_eq!((runs.len(), runs[0].outcome, runs[0].reason.as_str()), (2, Outcome::Failed, why.as_str()));
    assert_eq!(runs[0].actions.iter().map(|did| did.outcome).collect::<Vec<_>>(), [Done::Failed, Done::Done]);
    let by = caller.clone();
    let stored = bed.db.read_blocking(move |tx| automation::get(tx, &by, &rule.id)).unwrap();
    assert_eq!(stored.error, Some((why, bed.clock.now())));
}

fn a_webhook_is_called_in_the_same_transaction(bed: &Bed) {
    let caller = prepare(bed);
    let (clock, by) = (bed.clock.clone(), caller.clone());
    let change = webhook::Change {
        display_name: Some("Pager".into()),
        url: Some("https://example.com/hook".into()),
        content_type: Some("application/json".into()),
        events: Some(vec!["annotation.created".into()]),
        secret: Some(webhook::new_secret()),
        ..webhook::Change::default()
    };
    write(bed, move |tx| webhook::create(tx, &clock, &by, "pager", &change));
    let rule = make(bed, &caller, does(vec![Action::CallWebhook { webhook_id: "pager".into() }]));
    send_traces(bed, 0..2, "chat");
    after(bed, 5);
    let sql = "select event, metadata from webhook_delivery order by trace_id";
    let rows = bed.db.read_blocking(move |tx| tx.query(sql, params![])).unwrap();
    assert_eq!((rows.len(), rows[0].text(0).unwrap().as_str()), (2, "trace.matched"));
    let about: serde_json::Value = rows[0].json(1).unwrap();
    assert_eq!((about["trace_id"].as_str(), about["automation_name"].as_str()), (Some(&*trace_id(0)), Some("rule")));
    assert_eq!(runs(bed, &caller, &rule)[0].outcome, Outcome::Acted);
}

fn nothing_waits_while_nobody_listens(bed: &Bed) {
    let caller = prepare(bed);
    let queue = make_queue(bed, &caller);
    send_traces(bed, 0..1, "chat");
    rate(bed, &caller, 0, "bad");
    assert_eq!(count(bed, "trace_settling"), 0);
    let rule = make(bed, &caller, does(vec![into_queue(&queue)]));
    rate(bed, &caller, 0, "good");
    assert_eq!(count(bed, "trace_settling"), 0, "it asks for spans only");
    send_traces(bed, 0..1, "chat");
    assert_eq!(count(bed, "trace_settling"), 1);
    let (clock, by) = (bed.clock.clone(), caller.clone());
    let paused = Change { enabled: Some(false), ..Change::default() };
    write(bed, move |tx| automation::update(tx, &clock, &by, &rule.id, &paused));
    send_traces(bed, 1..2, "chat");
    assert_eq!((count(bed, "trace_settling"), count(bed, "trace_listener")), (1, 0));
}

fn a_removed_automation_leaves_nothing_behind(bed: &Bed) {
    let caller = prepare(bed);
    let queue = make_queue(bed, &caller);
    let rule = make(bed, &caller, does(vec![into_queue(&queue)]));
    send_traces(bed, 0..3, "chat");
    after(bed, 5);
    let by = caller.clone();
    write(bed, move |tx| automation::remove(tx, &by, &rule.id));
    for table in ["automation", "automation_run", "automation_day", "trace_listener"] {
        assert_eq!(count(bed, table), 0, "{table}");
    }
    assert_eq!(items(bed, &queue).len(), 3, "what it did stays done");
}

fn history_is_filled_once_and_goes_on_where_it_was(bed: &Bed) {
    let caller = prepare(bed);
    for part in 0..10 {
        send_traces(bed, part * 100..part * 100 + 100, if part % 2 == 0 { "bad" } else { "good" });
    }
    let queue = make_queue(bed, &caller);
    let selection = Some(meaning("name", "bad"));
    let change = Change { selection, enabled: Some(false), ..does(vec![into_queue(&queue)]) };
    let rule = make(bed, &caller, change);
    let fill = || {
        let (clock, by, id) = (bed.clock.clone(), caller.clone(), rule.id.clone());
        let ever = postil::trace::search::Window::EVER;
        let started = write(bed, move |tx| automation::back_fill(tx, &clock, &by, &id, ever));
        assert_eq!(started.total, 1000);
        // Every step is done by another server, as if the one before had died.
        for step in 0.. {
            let (clock, worker, id) = (bed.clock.clone(), format!("worker {step}"), started.id.clone());
            bed.clock.advance(job::LEASE + 1);
            let more = write(bed, move |tx| {
                job::claim(tx, &clock, &worker)?;
                job::step(tx, &clock, &worker, &id, |tx, job| {
                    automation::back_fill_step(tx, &clock, PriceTable::built_in(), job)
                })
            });
            if !more {
                break;
            }
        }
        let (by, id) = (caller.clone(), started.id.clone());
        bed.db.read_blocking(move |tx| job::get(tx, &by, &id)).unwrap()
    };
    let ended = fill();
    assert_eq!((ended.state, ended.done, ended.failed), (job::State::Done, 1000, 0));
    assert_eq!((count(bed, "queue_item"), count(bed, "automation_run")), (500, 500));
    fill();
    assert_eq!((count(bed, "queue_item"), count(bed, "automation_run")), (500, 500));
}
