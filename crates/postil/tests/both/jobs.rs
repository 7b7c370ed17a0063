//! Jobs, by the one that annotates many traces.

use postil::annotation::bulk::{self, Bulk, Which};
use postil::annotation::{self, Answer, ListFilter};
use postil::db::Db;
use postil::human_review;
use postil::job::{self, Job, LEASE, State};
use postil::page::PageRequest;
use postil::project::{Actor, Caller, Permissions, ProjectRef, start};
use postil::trace::filter::WireCondition;
use postil::trace::search::Matching;
use postil::{Error, Result};
use serde_json::json;

use crate::bed::{Bed, NOON};
use crate::traces::Trace;

crate::both!(
    every_trace_that_matches_is_annotated_once,
    a_job_goes_on_after_a_restart_where_it_was,
    two_workers_never_have_the_same_job,
    a_job_whose_worker_died_is_taken_over_when_its_lease_lapses,
    a_job_that_is_told_to_stop_stops_and_what_is_done_stays,
    wrong_answers_are_refused_before_anything_starts,
    traces_that_are_gone_are_counted_and_the_others_are_done,
    a_job_whose_question_is_taken_away_fails_and_says_why,
    a_project_has_a_limit_of_open_jobs,
);

const TRACES: usize = 120;

fn caller() -> Caller {
    Caller {
        workspace_id: "w".into(),
        project: ProjectRef { id: "p".into(), number: 1 },
        bound_to: None,
        actor: Actor::Member { id: "ann".into(), name: "Ann".into() },
        permissions: Permissions::ALL,
        client: None,
    }
}

fn trace_id(number: usize) -> String {
    format!("{number:032x}")
}

/// Traces with a span each, the odd ones failed.
fn prepare(bed: &Bed) {
    let clock = bed.clock.clone();
    let made = bed.db.write_blocking(move |tx| {
        start::home(tx, &clock)?;
        human_review::create_defaults(tx, &clock, 1)?;
        for number in 0..TRACES {
            let status = if number % 2 == 1 { "error" } else { "ok" };
            let trace = Trace::new(&trace_id(number), NOON * 1000 - i64::try_from(number).unwrap());
            let trace = trace.with("status", status).with("root_span_id", "00f067aa0ba902b7");
            trace.insert(tx)?;
            trace.span("00f067aa0ba902b7").insert(tx)?;
        }
        Ok(())
    });
    made.unwrap();
}

fn good() -> Vec<Answer> {
    vec![Answer { key: Some("rating".into()), value: json!("good"), ..Answer::default() }]
}

fn matching(status: Option<&str>) -> Which {
    let condition = |status: &str| WireCondition {
        field: Some("status".into()),
        op: Some("eq".into()),
        values: vec![status.to_owned()],
    };
    Which::Matching(Matching {
        conditions: status.map(condition).into_iter().collect(),
        any: false,
        query: None,
        from_ns: i64::MIN,
        to_ns: i64::MAX,
    })
}

fn begin(bed: &Bed, which: Which) -> Result<Job> {
    let (clock, bulk) = (bed.clock.clone(), Bulk { answers: good(), which });
    bed.db.write_blocking(move |tx| bulk::start(tx, &clock, &caller(), &bulk, 3000))
}

fn claim(bed: &Bed, db: &Db, worker: &'static str) -> Option<Job> {
    let clock = bed.clock.clone();
    db.write_blocking(move |tx| job::claim(tx, &clock, worker)).unwrap()
}

fn step(bed: &Bed, db: &Db, worker: &'static str, id: &str) -> Result<bool> {
    let (clock, id) = (bed.clock.clone(), id.to_owned());
    db.write_blocking(move |tx| job::step(tx, &clock, worker, &id, |tx, job| bulk::step(tx, &clock, job, 3000)))
}

fn finish(bed: &Bed, db: &Db, worker: &'static str, id: &str) -> Job {
    while step(bed, db, worker, id).unwrap() {}
    read(bed, id)
}

fn read(bed: &Bed, id: &str) -> Job {
    let id = id.to_owned();
    bed.db.read_blocking(move |tx| job::get(tx, &caller(), &id)).unwrap()
}

/// The traces that carry an annotation.
fn annotated(bed: &Bed) -> Vec<String> {
    let page = PageRequest { limit: 1000, ..PageRequest::default() };
    let found = bed.db.read_blocking(move |tx| annotation::list(tx, 1, &ListFilter::default(), &page)).unwrap();
    let mut traces: Vec<_> = found.data.into_iter().map(|one| one.trace_id).collect();
    traces.sort();
    traces
}

fn every_trace_that_matches_is_annotated_once(bed: &Bed) {
    prepare(bed);
    let job = begin(bed, matching(Some("error"))).unwrap();
    assert_eq!((job.state, job.total), (State::Queued, 60));
    assert_eq!(claim(bed, &bed.db, "one").unwrap().id, job.id);
    let ended = finish(bed, &bed.db, "one", &job.id);
    assert_eq!((ended.state, ended.done, ended.failed, ended.total), (State::Done, 60, 0, 60));
    let odd: Vec<_> = (0..TRACES).filter(|number| number % 2 == 1).map(trace_id).collect();
    assert_eq!(annotated(bed), odd);
    assert!(claim(bed, &bed.db, "one").is_none());
}

fn a_job_goes_on_after_a_restart_where_it_was(bed: &Bed) {
    prepare(bed);
    let job = begin(bed, matching(None)).unwrap();
    claim(bed, &bed.db, "before").unwrap();
    assert!(step(bed, &bed.db, "before", &job.id).unwrap());
    let half = read(bed, &job.id);
    assert_eq!((half.state, half.done), (State::Running, 50));
    // A server that ends gives its jobs back; the next one opens the database anew.
    bed.db.write_blocking(|tx| job::release(tx, "before")).unwrap();
    let again = Db::open(&bed.location).unwrap();
    assert_eq!(claim(bed, &again, "after").unwrap().done, 50);
    let ended = finish(bed, &again, "after", &job.id);
    assert_eq!((ended.state, ended.done), (State::Done, 120));
    assert_eq!(annotated(bed).len(), TRACES);
    let events = bed.db.read_blocking(|tx| tx.query_one("select count(*) from annotation_event", &[])?.int(0));
    assert_eq!(events.unwrap(), 120, "no trace was annotated twice");
}

fn two_workers_never_have_the_same_job(bed: &Bed) {
    prepare(bed);
    let ids: Vec<_> = (0..6).map(|_| begin(bed, matching(None)).unwrap().id).collect();
    let threads: Vec<_> = ["one", "two", "three"]
        .map(|worker| {
            let (db, clock) = (bed.db.clone(), bed.clock.clone());
            std::thread::spawn(move || {
                let mut mine = Vec::new();
                let mut empty = 0;
                // Another worker may hold the row that is next for a moment.
                while empty < 3 {
                    let clock = clock.clone();
                    match db.write_blocking(move |tx| job::claim(tx, &clock, worker)).unwrap() {
                        Some(job) => mine.push(job.id),
                        None => empty += 1,
                    }
                }
                mine
            })
        })
        .into();
    let mut claimed: Vec<_> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
    claimed.sort();
    let mut wanted = ids;
    wanted.sort();
    assert_eq!(claimed, wanted);
}

fn a_job_whose_worker_died_is_taken_over_when_its_lease_lapses(bed: &Bed) {
    prepare(bed);
    let job = begin(bed, matching(None)).unwrap();
    claim(bed, &bed.db, "dead").unwrap();
    step(bed, &bed.db, "dead", &job.id).unwrap();
    bed.clock.advance(LEASE - 1);
    assert!(claim(bed, &bed.db, "alive").is_none());
    bed.clock.advance(2);
    assert_eq!(claim(bed, &bed.db, "alive").unwrap().id, job.id);
    // The first one was only slow: it does no more.
    assert!(!step(bed, &bed.db, "dead", &job.id).unwrap());
    assert_eq!(finish(bed, &bed.db, "alive", &job.id).done, 120);
}

fn a_job_that_is_told_to_stop_stops_and_what_is_done_stays(bed: &Bed) {
    prepare(bed);
    let cancel = |id: &str| {
        let (clock, id) = (bed.clock.clone(), id.to_owned());
        bed.db.write_blocking(move |tx| job::cancel(tx, &clock, &caller(), &id)).unwrap()
    };
    let waiting = begin(bed, matching(None)).unwrap();
    assert_eq!(cancel(&waiting.id).state, State::Canceled);
    let running = begin(bed, matching(None)).unwrap();
    claim(bed, &bed.db, "one").unwrap();
    step(bed, &bed.db, "one", &running.id).unwrap();
    assert_eq!(cancel(&running.id).state, State::Running);
    assert!(!step(bed, &bed.db, "one", &running.id).unwrap());
    let stopped = cancel(&running.id);
    assert_eq!((stopped.state, stopped.done), (State::Canceled, 50));
    assert_eq!(annotated(bed).len(), 50);
}

fn wrong_answers_are_refused_before_anything_starts(bed: &Bed) {
    prepare(bed);
    let refused = |answers: Vec<Answer>, which: Which| {
        let (clock, bulk) = (bed.clock.clone(), Bulk { answers, which });
        bed.db.write_blocking(move |tx| bulk::start(tx, &clock, &caller(), &bulk, 3000)).unwrap_err()
    };
    let answer =
        |key: &str, value: &str| vec![Answer { key: Some(key.into()), value: json!(value), ..Answer::default() }];
    assert!(matches!(refused(answer("rating", "splendid"), matching(None)), Error::Invalid { .. }));
    assert!(matches!(refused(answer("nonsense", "good"), matching(None)), Error::NotFound { .. }));
    assert!(matches!(refused(Vec::new(), matching(None)), Error::Invalid { .. }));
    assert!(matches!(refused(good(), Which::Traces(Vec::new())), Error::Invalid { .. }));
    assert!(claim(bed, &bed.db, "one").is_none());
}

fn traces_that_are_gone_are_counted_and_the_others_are_done(bed: &Bed) {
    prepare(bed);
    let ids = [trace_id(1), trace_id(1), trace_id(7777), trace_id(2).to_uppercase()];
    let job = begin(bed, Which::Traces(ids.to_vec())).unwrap();
    assert_eq!(job.total, 3);
    claim(bed, &bed.db, "one").unwrap();
    let ended = finish(bed, &bed.db, "one", &job.id);
    assert_eq!((ended.state, ended.done, ended.failed), (State::Done, 2, 1));
    assert_eq!(annotated(bed), [trace_id(1), trace_id(2)]);
}

fn a_job_whose_question_is_taken_away_fails_and_says_why(bed: &Bed) {
    prepare(bed);
    let job = begin(bed, matching(None)).unwrap();
    claim(bed, &bed.db, "one").unwrap();
    bed.db.write_blocking(|tx| tx.execute("delete from human_review", &[]).map(drop)).unwrap();
    let error = step(bed, &bed.db, "one", &job.id).unwrap_err();
    let (clock, id, message) = (bed.clock.clone(), job.id.clone(), error.to_string());
    bed.db.write_blocking(move |tx| job::fail(tx, &clock, "one", &id, &message)).unwrap();
    let failed = read(bed, &job.id);
    assert_eq!(failed.state, State::Failed);
    assert!(failed.error.unwrap().contains("rating"));
}

fn a_project_has_a_limit_of_open_jobs(bed: &Bed) {
    prepare(bed);
    for _ in 0..job::MOST_OPEN {
        begin(bed, matching(None)).unwrap();
    }
    assert!(matches!(begin(bed, matching(None)), Err(Error::RateLimited { .. })));
}
