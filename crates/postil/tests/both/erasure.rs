//! What somebody deletes is gone: no table has it any more.

use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use postil::annotation::feedback::{self, Feedback};
use postil::annotation::{Annotate, Answer, Metadata, annotate, evaluator};
use postil::dataset::datapoint::{self, Input};
use postil::dataset::{self, Duplicates, Source, snapshot};
use postil::db::Dialect;
use postil::job::{self, Job, Step};
use postil::project::projects::{self, Draft};
use postil::project::{Actor, Caller, Permissions, start};
use postil::queue::{self, Wanted, review};
use postil::trace::intake::{self, Origin};
use postil::trace::price::PriceTable;
use postil::webhook::{self, event};
use postil::{Error, Result, Tx, erasure, human_review, params};
use serde_json::json;

use crate::bed::{Bed, NOON};

crate::both!(
    a_deleted_trace_is_in_no_table_any_more,
    a_trace_that_has_grown_old_can_be_deleted_with_what_was_said_of_it,
    many_traces_are_deleted_by_a_job,
    what_is_known_of_a_person_is_deleted_and_others_stay,
    a_deleted_project_goes_for_good_when_it_cannot_come_back,
    a_project_is_deleted_at_once_by_a_job,
);

const DAY: i64 = 86_400_000_000;

fn hex(trace: u8) -> String {
    hex::encode([trace; 16])
}

const SPAN_ID: &str = "0000000000000101";

fn attribute(key: &str, value: &str) -> KeyValue {
    let value = Some(AnyValue { value: Some(Any::StringValue(value.into())) });
    KeyValue { key: key.into(), value, ..KeyValue::default() }
}

/// A trace of one call of a model with an image, that tells its user, and a log record.
fn send(bed: &Bed, project: i64, trace: u8, user: &str) {
    let image = format!("data:image/png;base64,iVBORw0KGgoAAAANSUhEUgA{}{}", trace % 10, "A".repeat(400));
    let asked = format!("tell me of {user}'s dog {image}");
    let messages = json!([{"role": "user", "parts": [{"type": "text", "content": asked}]}]).to_string();
    let span = Span {
        trace_id: vec![trace; 16],
        span_id: vec![0, 0, 0, 0, 0, 0, 1, 1],
        name: "chat".into(),
        start_time_unix_nano: 1_795_255_100_000_000_000,
        end_time_unix_nano: 1_795_255_101_000_000_000,
        attributes: vec![
            attribute("gen_ai.operation.name", "chat"),
            attribute("gen_ai.request.model", "gpt-4o-mini"),
            attribute("gen_ai.input.messages", &messages),
            attribute("user.id", user),
        ],
        ..Span::default()
    };
    let record = LogRecord {
        trace_id: span.trace_id.clone(),
        span_id: span.span_id.clone(),
        time_unix_nano: 1,
        ..LogRecord::default()
    };
    let origin = Origin { project, received_at: NOON, convention_version: None };
    let scope_spans = vec![ScopeSpans { spans: vec![span], ..ScopeSpans::default() }];
    let resource = ResourceSpans { scope_spans, ..ResourceSpans::default() };
    let prepared = intake::prepare(vec![resource], origin, PriceTable::built_in());
    bed.db.write_blocking(move |tx| intake::store(tx, &prepared, PriceTable::built_in())).unwrap();
    let scope_logs = vec![ScopeLogs { log_records: vec![record], ..ScopeLogs::default() }];
    let logs = intake::prepare_logs(vec![ResourceLogs { scope_logs, ..ResourceLogs::default() }], origin);
    bed.db.write_blocking(move |tx| intake::store_logs(tx, &logs, PriceTable::built_in())).unwrap();
}

fn write<T: Send + 'static>(bed: &Bed, work: impl Fn(&mut Tx<'_>) -> Result<T> + Send + 'static) -> T {
    bed.db.write_blocking(work).unwrap()
}

fn home(bed: &Bed) -> Caller {
    let clock = bed.clock.clone();
    let home = write(bed, move |tx| start::home(tx, &clock));
    let caller = Caller {
        workspace_id: home.workspace_id,
        project: home.project,
        bound_to: None,
        actor: Actor::Key { id: "key".into(), name: "key".into() },
        permissions: Permissions::ALL,
        client: None,
    };
    furnish(bed, &caller);
    caller
}

/// Human reviews and somebody who is told of everything.
fn furnish(bed: &Bed, caller: &Caller) {
    let (clock, by) = (bed.clock.clone(), caller.clone());
    let hook = webhook::Change {
        display_name: Some("all".into()),
        url: Some("https://example.com".into()),
        content_type: Some("application/json".into()),
        events: Some(event::OURS.iter().map(ToString::to_string).collect()),
        secret: Some("secret".into()),
        enabled: None,
    };
    write(bed, move |tx| {
        human_review::create_defaults(tx, &clock, by.project.number)?;
        webhook::create(tx, &clock, &by, "hook", &hook)
    });
}

fn say(bed: &Bed, caller: &Caller, trace: u8, value: &'static str, identity: Option<&'static str>) {
    let (clock, by) = (bed.clock.clone(), caller.clone());
    let answer = Answer { key: Some("correction".into()), value: json!(value), ..Answer::default() };
    let metadata = Metadata { identity_id: identity.map(Into::into), ..Metadata::default() };
    let call = Annotate { answers: vec![answer], metadata, ..Annotate::default() };
    write(bed, move |tx| annotate(tx, &clock, &by, &hex(trace), SPAN_ID, &call, 3000).map(drop));
}

/// Says, asks, takes and drafts whatever can be of a trace. Returns the id of the datapoint that was taken from it.
fn use_everywhere(bed: &Bed, caller: &Caller, trace: u8) -> String {
    say(bed, caller, trace, "a dog", None);
    say(bed, caller, trace, "a cat", None);
    let (clock, by) = (bed.clock.clone(), caller.clone());
    write(bed, move |tx| {
        let (clock, by, trace_id) = (&clock, &by, &hex(trace));
        let verdict = evaluator::EvaluatorResult { evaluator: "toxic".into(), ..Default::default() };
        evaluator::store(tx, clock, by.project.number, trace_id, SPAN_ID, &verdict)?;
        let thumbs = Feedback {
            property: "rating".into(),
            value: json!("good"),
            trace_id: trace_id.clone(),
            ..Feedback::default()
        };
        feedback::create(tx, clock, by, &thumbs, 3000)?;
        let named = queue::Change { display_name: Some(format!("queue {trace}")), ..queue::Change::default() };
        let queue = queue::create(tx, clock, by, None, &named)?;
        let wanted = Wanted { trace_id: trace_id.clone(), span_id: Some(SPAN_ID.into()), ..Wanted::default() };
        let item = queue::add(tx, clock, by, &queue.id, &[wanted])?.items.remove(0);
        review::claim(tx, clock, by, &queue.id, 0)?;
        review::save_draft(tx, clock, by, (&queue.id, &item.id), &json!({"note": trace_id}), None)?;
        let dataset = dataset::create(tx, clock, by, &format!("dataset {trace}"), None)?;
        let source = Source { trace_id: trace_id.clone(), span_id: None, queue_item_id: None };
        let (wanted, prices) = ((std::slice::from_ref(&source), Duplicates::Add), PriceTable::built_in());
        let taken = dataset::take(tx, clock, by, &dataset.id, wanted, prices)?.remove(0).datapoint;
        let wanted = Wanted { datapoint_id: Some(taken.id.clone()), ..Wanted::default() };
        dataset::add_to_queue(tx, clock, by, &queue.id, vec![wanted], prices)?;
        snapshot::create(tx, clock, by, &dataset.id, "as it was")?;
        let changed = Input { expected_output: Some("other".into()), ..Input::default() };
        datapoint::update(tx, clock, by, (&dataset.id, &taken.id), &changed)?;
        Ok(taken.id)
    })
}

fn tables(tx: &mut Tx<'_>) -> Result<Vec<(String, String)>> {
    let sql = match tx.dialect() {
        Dialect::Sqlite => {
            "select m.name, c.name from sqlite_schema m join pragma_table_info(m.name) c
             where m.type = 'table' and lower(c.type) = 'text'"
        }
        Dialect::Postgres => {
            "select cast(table_name as text), cast(column_name as text) from information_schema.columns
             where table_schema = 'public' and data_type = 'text'"
        }
    };
    tx.query(sql, params![])?.iter().map(|row| Ok((row.text(0)?, row.text(1)?))).collect()
}

/// Where a text stands in the database, wherever that is; the list of jobs names what they were asked to do.
fn places_of(bed: &Bed, text: &str) -> Vec<String> {
    let like = format!("%{text}%");
    let found = bed.db.read_blocking(move |tx| {
        let mut found = Vec::new();
        for (table, column) in tables(tx)?.into_iter().filter(|(table, _)| table != "job") {
            let sql = format!("select count(*) from {table} where \"{column}\" like $1");
            if tx.query_one(&sql, params![&like])?.int(0)? > 0 {
                found.push(format!("{table}.{column}"));
            }
        }
        Ok(found)
    });
    found.unwrap()
}

/// How many rows each table has that has any.
fn sizes(bed: &Bed) -> Vec<(String, i64)> {
    let sizes = bed.db.read_blocking(|tx| {
        let mut names: Vec<_> = tables(tx)?.into_iter().map(|(table, _)| table).collect();
        names.sort();
        names.dedup();
        let mut sizes = Vec::new();
        for name in names {
            let count = tx.query_one(&format!("select count(*) from {name}"), params![])?.int(0)?;
            sizes.push((name, count));
        }
        Ok(sizes)
    });
    sizes.unwrap().into_iter().filter(|(_, count)| *count > 0).collect()
}

fn run(bed: &Bed, job: &Job, step: fn(&mut Tx<'_>, &Job) -> Result<Step>) -> Job {
    let clock = bed.clock.clone();
    write(bed, move |tx| job::claim(tx, &clock, "w")).expect("a job");
    for _ in 0..1000 {
        let (clock, id) = (bed.clock.clone(), job.id.clone());
        if !write(bed, move |tx| job::step(tx, &clock, "w", &id, step)) {
            let (id, caller) = (job.id.clone(), job.caller.clone());
            return bed.db.read_blocking(move |tx| job::get(tx, &caller, &id)).unwrap();
        }
    }
    panic!("it does not end")
}

fn a_deleted_trace_is_in_no_table_any_more(bed: &Bed) {
    let caller = home(bed);
    send(bed, 1, 7, "ann");
    let judged = dataset::judged_trace(&use_everywhere(bed, &caller, 7));
    assert!(!places_of(bed, &judged).is_empty());
    let alone = sizes(bed);
    send(bed, 1, 8, "bob");
    use_everywhere(bed, &caller, 8);
    let places = places_of(bed, &hex(7));
    for table in
        ["trace.", "span.", "annotation.", "annotation_event.", "evaluator_result.", "feedback.", "queue_item."]
    {
        assert!(places.iter().any(|place| place.starts_with(table)), "{table} {places:?}");
    }
    for place in ["queue_seat.draft", "datapoint.origin", "webhook_delivery.metadata", "media_use.trace_id"] {
        assert!(places.iter().any(|known| known == place), "{place} {places:?}");
    }
    let by = caller.clone();
    let gone = write(bed, move |tx| erasure::trace(tx, &by, &hex(7).to_uppercase()));
    assert_eq!((gone.spans, gone.annotations, gone.evaluator_results), (1, 2, 1));
    assert_eq!((gone.queue_items, gone.datapoints), (1, 1));
    for text in [hex(7), judged, "ann's dog".to_owned()] {
        assert_eq!(places_of(bed, &text), Vec::<String>::new());
    }
    // What is left is what one trace makes, beside the two queues and datasets themselves.
    let left = sizes(bed);
    for (table, count) in alone {
        let expected = if ["queue", "dataset", "dataset_snapshot", "queue_reviewer"].contains(&table.as_str()) {
            2 * count
        } else {
            count
        };
        let now = left.iter().find(|(name, _)| *name == table).map_or(0, |(_, count)| *count);
        assert_eq!(now, expected, "{table}");
    }
    assert!(!places_of(bed, &hex(8)).is_empty());
    let again = bed.db.write_blocking(move |tx| erasure::trace(tx, &caller, &hex(7)));
    assert!(matches!(again, Err(Error::NotFound { .. })));
}

fn a_trace_that_has_grown_old_can_be_deleted_with_what_was_said_of_it(bed: &Bed) {
    use postil::trace::retention::{self, Due};
    let caller = home(bed);
    send(bed, 1, 7, "ann");
    use_everywhere(bed, &caller, 7);
    write(bed, |tx| retention::step(tx, Due { project: 1, before: NOON + 1, now: NOON }, 100));
    let by = caller.clone();
    let extent = bed.db.read_blocking(move |tx| erasure::extent(tx, &by, &hex(7))).unwrap();
    assert_eq!((extent.spans, extent.annotations), (0, 2), "what was said of it stays");
    write(bed, move |tx| erasure::trace(tx, &caller, &hex(7)));
    assert_eq!(places_of(bed, &hex(7)), Vec::<String>::new());
}

fn many_traces_are_deleted_by_a_job(bed: &Bed) {
    let caller = home(bed);
    for trace in 1..=25 {
        send(bed, 1, trace, "ann");
    }
    let (clock, by) = (bed.clock.clone(), caller.clone());
    let ids: Vec<_> = (1..=24).map(hex).chain([hex(99)]).collect();
    let started = write(bed, move |tx| erasure::traces(tx, &clock, &by, &erasure::Which::Traces(ids.clone())));
    assert_eq!(started.total, 25);
    let done = run(bed, &started, erasure::traces_step);
    assert_eq!((done.done, done.failed, done.state.name()), (24, 1, "done"));
    assert!((1..=24).all(|trace| places_of(bed, &hex(trace)).is_empty()));
    assert!(!places_of(bed, &hex(25)).is_empty());
    let refused = bed.db.write_blocking({
        let (clock, caller) = (bed.clock.clone(), caller);
        move |tx| erasure::traces(tx, &clock, &caller, &erasure::Which::Traces(Vec::new()))
    });
    assert!(matches!(refused, Err(Error::Invalid { .. })));
}

fn what_is_known_of_a_person_is_deleted_and_others_stay(bed: &Bed) {
    let caller = home(bed);
    for (trace, user) in [(1, "ann"), (2, "ann"), (3, "bob")] {
        send(bed, 1, trace, user);
        use_everywhere(bed, &caller, trace);
    }
    // What Ann said of Bob's conversation goes; what others said of it stays.
    say(bed, &caller, 3, "Ann was here", Some("ann"));
    let (clock, by) = (bed.clock.clone(), caller.clone());
    let session = json!({"contact_ids": ["ann"]}).to_string();
    write(bed, move |tx| {
        tx.execute(
            "insert into session (project, id, external_id, data, created_at, updated_at) values (1, 's', 's', $1, 0, 0)",
            params![&session],
        )
    });
    let started = write(bed, move |tx| erasure::identity(tx, &clock, &by, "ann"));
    assert_eq!(started.total, 2);
    let done = run(bed, &started, erasure::identity_step);
    assert_eq!((done.done, done.state.name()), (2, "done"));
    assert_eq!(places_of(bed, &hex(1)), Vec::<String>::new());
    assert_eq!(places_of(bed, &hex(2)), Vec::<String>::new());
    for text in ["ann's dog", "Ann was here", "\"ann\""] {
        assert_eq!(places_of(bed, text), Vec::<String>::new(), "{text}");
    }
    let annotations = bed.db.read_blocking(|tx| {
        let sql = "select count(*) from annotation where coalesce(identity_id, annotator_id) = 'ann'";
        tx.query_one(sql, params![])?.int(0)
    });
    assert_eq!(annotations.unwrap(), 0);
    assert!(places_of(bed, &hex(3)).len() > 10, "{:?}", places_of(bed, &hex(3)));
}

fn a_deleted_project_goes_for_good_when_it_cannot_come_back(bed: &Bed) {
    let caller = home(bed);
    let empty = sizes(bed);
    let (clock, by) = (bed.clock.clone(), caller.clone());
    let draft = Draft { name: Some("Short".into()), ..Draft::default() };
    let project = write(bed, move |tx| projects::create(tx, &clock, &by, &draft)).reference;
    let there = Caller { project: project.clone(), ..caller.clone() };
    furnish(bed, &there);
    for trace in [7, 8] {
        send(bed, project.number, trace, "ann");
        use_everywhere(bed, &there, trace);
    }
    let (clock, id) = (bed.clock.clone(), project.id.clone());
    write(bed, move |tx| projects::archive(tx, &clock, &caller, &id));
    let next = |bed: &Bed| {
        let clock = bed.clock.clone();
        bed.db.read_blocking(move |tx| erasure::project::next(tx, &clock)).unwrap()
    };
    bed.clock.advance(29 * DAY);
    assert_eq!(next(bed), None, "it can still come back");
    bed.clock.advance(DAY + 1);
    let doomed = next(bed).expect("its time is over");
    for _ in 0..1000 {
        let (clock, doomed) = (bed.clock.clone(), doomed.clone());
        if !write(bed, move |tx| erasure::project::step(tx, &clock, &doomed, 10)) {
            break;
        }
    }
    assert_eq!(next(bed), None);
    assert_eq!(sizes(bed), empty);
    assert_eq!(places_of(bed, &project.id), Vec::<String>::new());
}

fn a_project_is_deleted_at_once_by_a_job(bed: &Bed) {
    let caller = home(bed);
    let empty = sizes(bed);
    let (clock, by) = (bed.clock.clone(), caller.clone());
    let draft = Draft { name: Some("Short".into()), ..Draft::default() };
    let project = write(bed, move |tx| projects::create(tx, &clock, &by, &draft)).reference;
    let there = Caller { project: project.clone(), ..caller.clone() };
    furnish(bed, &there);
    for trace in 1..=13 {
        send(bed, project.number, trace, "ann");
    }
    use_everywhere(bed, &there, 1);
    let begin = |bed: &Bed| {
        let (clock, by, id) = (bed.clock.clone(), caller.clone(), project.id.clone());
        bed.db.write_blocking(move |tx| erasure::project::start(tx, &clock, &by, &id))
    };
    assert!(matches!(begin(bed), Err(Error::NotFound { .. })), "it is in use");
    let (clock, by, id) = (bed.clock.clone(), caller.clone(), project.id.clone());
    write(bed, move |tx| projects::archive(tx, &clock, &by, &id));
    // One more is the datapoint, which is judged as a trace.
    let job = begin(bed).unwrap();
    assert_eq!((job.kind.as_str(), job.total, job.project), ("delete_project", 14, caller.project.number));
    assert!(matches!(begin(bed), Err(Error::Conflict { name: "project_deleting", .. })));
    let (clock, by, id) = (bed.clock.clone(), caller.clone(), project.id.clone());
    let back = bed.db.write_blocking(move |tx| projects::restore(tx, &clock, &by, &id));
    assert!(matches!(back, Err(Error::Conflict { name: "project_deleting", .. })));
    let clock = bed.clock.clone();
    assert_eq!(bed.db.read_blocking(move |tx| erasure::project::next(tx, &clock)).unwrap(), None, "the job is at it");
    let done = run(bed, &job, erasure::project::job_step);
    assert_eq!((done.state, done.total, done.done, done.failed), (job::State::Done, 14, 14, 0));
    assert_eq!(places_of(bed, &project.id), Vec::<String>::new());
    write(bed, |tx| tx.execute("delete from job", &[]));
    assert_eq!(sizes(bed), empty);
}
