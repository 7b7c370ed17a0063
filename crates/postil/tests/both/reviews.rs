//! Human reviews, annotations, verdicts, feedback and logs on both databases.

use std::collections::HashSet;

use postil::annotation::evaluator::{self, EvaluatorResult, OutputType, verdict};
use postil::annotation::feedback::{self, Feedback};
use postil::annotation::log::{self, LogFilter};
use postil::annotation::{
    self, Annotate, Annotation, Answer, HistoryEntry, ListFilter, Metadata, Remove, annotate, remove,
};
use postil::human_review::{self, Config, DefinitionInput, OptionInput};
use postil::page::PageRequest;
use postil::project::{Actor, Caller, Permissions, ProjectRef, start};
use postil::{Error, Result, Tx, params};
use serde_json::{Value, json};

use crate::bed::Bed;
use crate::telemetry::{self, Span};

crate::both!(
    a_batch_is_stored_whole_or_not_at_all,
    a_second_value_replaces_the_first_and_the_history_keeps_both,
    many_at_once_make_one_row_and_a_history_that_ends_with_it,
    many_at_once_remove_and_set_without_losing_the_order,
    the_same_verdict_twice_is_one_and_keeps_its_id,
    a_correction_of_a_verdict_keeps_its_type,
    a_verdict_of_any_size_is_stored,
    what_is_said_of_a_page_of_traces_comes_at_once,
    annotations_follow_the_start_of_their_trace,
    annotations_are_found_by_every_filter,
    definitions_are_archived_with_values_and_deleted_without,
    defaults_are_made_once,
    logs_are_paged_both_ways,
    logs_are_found_by_words,
    logs_are_found_by_what_they_took_and_cost,
    feedback_finds_recent_responses_and_can_be_sent_twice,
    long_texts_are_stored,
);

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN: &str = "00f067aa0ba902b7";

fn caller(name: &str) -> Caller {
    Caller {
        workspace_id: "w".into(),
        project: ProjectRef { id: "p".into(), number: 1 },
        bound_to: None,
        actor: Actor::Key { id: name.into(), name: name.into() },
        permissions: Permissions::ALL,
        client: Some("test/1".into()),
    }
}

/// The default project with its reviews and one model call.
fn prepare(bed: &Bed) -> Caller {
    let clock = bed.clock.clone();
    let home = bed.db.write_blocking(move |tx| {
        let home = start::home(tx, &clock)?;
        human_review::create_defaults(tx, &clock, 1)?;
        telemetry::store(tx, 1, &[Span::generation(TRACE, SPAN)])?;
        Ok(home)
    });
    let home = home.unwrap();
    Caller { workspace_id: home.workspace_id, project: home.project, ..caller("key") }
}

fn write<T: Send + 'static>(bed: &Bed, work: impl Fn(&mut Tx<'_>) -> Result<T> + Send + 'static) -> T {
    bed.db.write_blocking(work).unwrap()
}

fn answers(pairs: &[(&str, Value)]) -> Annotate {
    let answer =
        |(key, value): &(&str, Value)| Answer { key: Some((*key).into()), value: value.clone(), ..Answer::default() };
    Annotate { answers: pairs.iter().map(answer).collect(), ..Annotate::default() }
}

fn say(bed: &Bed, caller: &Caller, call: Annotate) -> Result<Vec<String>> {
    let (clock, caller) = (bed.clock.clone(), caller.clone());
    bed.db.write_blocking(move |tx| annotate(tx, &clock, &caller, TRACE, SPAN, &call, 3000))
}

fn current(bed: &Bed) -> Vec<Annotation> {
    bed.db.read_blocking(|tx| annotation::for_spans(tx, 1, TRACE, Some(SPAN))).unwrap().annotations
}

fn history(bed: &Bed, id: &str) -> Vec<HistoryEntry> {
    let id = id.to_owned();
    bed.db.read_blocking(move |tx| annotation::history(tx, 1, &id)).unwrap()
}

fn take_back(bed: &Bed, caller: &Caller, key: &str) -> usize {
    let (clock, caller) = (bed.clock.clone(), caller.clone());
    let call = Remove { keys: vec![key.into()], ..Remove::default() };
    write(bed, move |tx| remove(tx, &clock, &caller, TRACE, SPAN, &call))
}

fn count(bed: &Bed, table: &'static str) -> i64 {
    bed.db.read_blocking(move |tx| tx.query_one(&format!("select count(*) from {table}"), params![])?.int(0)).unwrap()
}

fn a_batch_is_stored_whole_or_not_at_all(bed: &Bed) {
    let caller = prepare(bed);
    for last in [("defects", json!(["none"])), ("nothing", json!("x"))] {
        assert!(say(bed, &caller, answers(&[("rating", json!("good")), last])).is_err());
    }
    assert_eq!((count(bed, "annotation"), count(bed, "annotation_event")), (0, 0));
    let ids = say(bed, &caller, answers(&[("defects", json!(["spelling"])), ("rating", json!("good"))])).unwrap();
    let said: HashSet<_> = current(bed).into_iter().map(|each| (each.id, each.value)).collect();
    let expected = [(ids[0].clone(), "[\"spelling\"]".to_owned()), (ids[1].clone(), "\"good\"".into())];
    assert_eq!(said, HashSet::from(expected), "ids come in the order of the answers");
    assert_eq!(count(bed, "annotation_event"), 2);
}

fn a_second_value_replaces_the_first_and_the_history_keeps_both(bed: &Bed) {
    let caller = prepare(bed);
    for value in ["good", "good", "bad"] {
        say(bed, &caller, answers(&[("rating", json!(value))])).unwrap();
    }
    let now = current(bed);
    assert_eq!((now.len(), now[0].value.as_str()), (1, "\"bad\""));
    assert_eq!((take_back(bed, &caller, "rating"), take_back(bed, &caller, "rating")), (1, 0));
    assert!(current(bed).is_empty());
    say(bed, &caller, answers(&[("rating", json!("bad"))])).unwrap();
    let told: Vec<_> = history(bed, &now[0].id).into_iter().map(|entry| (entry.action, entry.value)).collect();
    let expected = [("set", Some("\"good\"")), ("change", Some("\"bad\"")), ("remove", None), ("set", Some("\"bad\""))];
    assert_eq!(told, expected.map(|(action, value)| (action.to_owned(), value.map(str::to_owned))));
}

/// Sixteen threads; each runs `work` with its number.
fn at_once(bed: &Bed, work: impl Fn(&Bed, usize) + Sync) {
    std::thread::scope(|scope| {
        for number in 0..16 {
            let work = &work;
            scope.spawn(move || work(bed, number));
        }
    });
}

fn many_at_once_make_one_row_and_a_history_that_ends_with_it(bed: &Bed) {
    let caller = prepare(bed);
    at_once(bed, |bed, number| {
        for round in 0..5 {
            let text = json!(format!("{number} {round}"));
            say(bed, &caller, answers(&[("correction", text), ("rating", json!(["good", "bad"][number % 2]))]))
                .unwrap();
        }
    });
    let now = current(bed);
    assert_eq!(now.len(), 2);
    for annotation in now {
        let history = history(bed, &annotation.id);
        assert_eq!(history[0].action, "set");
        assert!(history[1..].iter().all(|entry| entry.action == "change"), "set once");
        assert_eq!(history.last().unwrap().value.as_ref(), Some(&annotation.value));
        assert!(history.windows(2).all(|pair| pair[0].at < pair[1].at && pair[0].value != pair[1].value));
        if annotation.key == "correction" {
            assert_eq!(history.len(), 80);
        }
    }
}

fn many_at_once_remove_and_set_without_losing_the_order(bed: &Bed) {
    let caller = prepare(bed);
    at_once(bed, |bed, number| {
        for round in 0..5 {
            if number % 2 == 0 {
                say(bed, &caller, answers(&[("correction", json!(format!("{number} {round}")))])).unwrap();
            } else {
                take_back(bed, &caller, "correction");
            }
        }
    });
    let id = bed.db.read_blocking(|tx| tx.query_one("select id from annotation", params![])?.text(0)).unwrap();
    let history = history(bed, &id);
    let mut is_set = false;
    for entry in &history {
        assert_eq!(
            entry.action,
            if !is_set {
                "set"
            } else if entry.value.is_some() {
                "change"
            } else {
                "remove"
            }
        );
        is_set = entry.value.is_some();
    }
    let values: Vec<_> = current(bed).into_iter().map(|each| Some(each.value)).collect();
    let expected: Vec<_> = history.last().unwrap().value.clone().into_iter().map(Some).collect();
    assert_eq!(values, expected);
}

fn judged(evaluator: &str, value: Value) -> EvaluatorResult {
    EvaluatorResult {
        evaluator: evaluator.into(),
        output_type: OutputType::of(&value),
        value: verdict(&value),
        label: Some("fine".into()),
        score: Some(0.25),
        passed: Some(true),
        source: "test".into(),
        ..EvaluatorResult::default()
    }
}

fn the_same_verdict_twice_is_one_and_keeps_its_id(bed: &Bed) {
    prepare(bed);
    let store = |value: Value| {
        let (clock, result) = (bed.clock.clone(), judged("faithful", value));
        write(bed, move |tx| evaluator::store(tx, &clock, 1, TRACE, SPAN, &result))
    };
    let first = store(json!(true));
    assert_eq!(store(json!(true)), first);
    assert_eq!(store(json!("so so")), first);
    let stored = bed.db.read_blocking(|tx| evaluator::list(tx, 1, TRACE, Some(SPAN))).unwrap();
    assert_eq!(stored.len(), 1);
    let wanted = EvaluatorResult { name: "faithful".into(), ..judged("faithful", json!("so so")) };
    assert_eq!((&stored[0].id, &stored[0].result), (&first, &wanted));
}

fn a_correction_of_a_verdict_keeps_its_type(bed: &Bed) {
    let caller = prepare(bed);
    for (name, value, good, wrong) in [
        ("truth", json!(true), json!(false), json!("false")),
        ("number", json!(0.5), json!(1), json!("1")),
        ("text", json!("a"), json!("b"), json!(1)),
    ] {
        let (clock, result) = (bed.clock.clone(), judged(name, value));
        let id = write(bed, move |tx| evaluator::store(tx, &clock, 1, TRACE, SPAN, &result));
        let correct = |value: Value| {
            let answer = Answer { parent_annotation_id: Some(id.clone()), value, ..Answer::default() };
            say(bed, &caller, Annotate { answers: vec![answer], ..Annotate::default() })
        };
        assert!(matches!(correct(wrong), Err(Error::Invalid { name: "invalid_value", .. })), "{name}");
        let first = correct(good.clone()).unwrap();
        assert_eq!(correct(good.clone()).unwrap(), first);
        let row = current(bed).into_iter().find(|each| each.subject == id).unwrap();
        assert_eq!((row.json(), row.key.as_str()), (good, name));
    }
    let elsewhere = Answer { parent_annotation_id: Some("none".into()), value: json!(1), ..Answer::default() };
    let missing = say(bed, &caller, Annotate { answers: vec![elsewhere], ..Annotate::default() });
    assert!(matches!(missing, Err(Error::NotFound { name: "evaluator_result_not_found", .. })), "{missing:?}");
}

fn a_verdict_of_any_size_is_stored(bed: &Bed) {
    prepare(bed);
    let long = "ż".repeat(50_000);
    for value in [json!(long), json!(1e300), json!(-0.0), json!(["a", "b"]), json!(null), json!({"a": 1})] {
        let mut result = judged(&long, value);
        result.explanation = Some(long.clone());
        result.label = Some(long.clone());
        let clock = bed.clock.clone();
        write(bed, move |tx| evaluator::store(tx, &clock, 1, TRACE, SPAN, &result));
        bed.db.read_blocking(|tx| annotation::for_spans(tx, 1, TRACE, None)).unwrap();
    }
    assert_eq!(count(bed, "evaluator_result"), 1);
}

fn long_texts_are_stored(bed: &Bed) {
    let caller = prepare(bed);
    // Text that does not compress, longer than what fits into an index of PostgreSQL.
    let text: String = (0..3000u32).filter_map(|n| char::from_u32(0x4e00 + n * 7919 % 20_000)).collect();
    say(bed, &caller, answers(&[("correction", json!(text))])).unwrap();
    assert_eq!(current(bed)[0].json(), json!(text));
}

fn what_is_said_of_a_page_of_traces_comes_at_once(bed: &Bed) {
    let caller = prepare(bed);
    let ids: Vec<String> = (0..120).map(|number| format!("{number:032x}")).collect();
    let (clock, traces) = (bed.clock.clone(), ids.clone());
    write(bed, move |tx| {
        for trace in &traces {
            telemetry::store(tx, 1, &[Span::generation(trace, SPAN)])?;
            annotate(tx, &clock, &caller, trace, SPAN, &answers(&[("rating", json!("good"))]), 3000)?;
            evaluator::store(tx, &clock, 1, trace, SPAN, &judged("e", json!(1)))?;
        }
        Ok(())
    });
    let found = bed
        .db
        .read_blocking(move |tx| {
            let ids: Vec<&str> = ids.iter().map(String::as_str).chain(["none"]).collect();
            annotation::for_traces(tx, 1, &ids)
        })
        .unwrap();
    assert_eq!(found.len(), 120);
    assert!(found.values().all(|said| said.annotations.len() == 1 && said.evaluator_results.len() == 1));
    let empty = bed.db.read_blocking(|tx| annotation::for_traces(tx, 1, &[])).unwrap();
    assert!(empty.is_empty());
}

fn annotations_follow_the_start_of_their_trace(bed: &Bed) {
    let caller = prepare(bed);
    say(bed, &caller, answers(&[("rating", json!("good"))])).unwrap();
    let start =
        |bed: &Bed| bed.db.read_blocking(|tx| tx.query_one("select trace_start_ns from annotation", params![])?.int(0));
    assert_eq!(start(bed).unwrap(), Span::root(TRACE, SPAN).start_ns);
    write(bed, |tx| annotation::trace_moved(tx, 1, TRACE, 7));
    assert_eq!(start(bed).unwrap(), 7);
}

fn annotations_are_found_by_every_filter(bed: &Bed) {
    let caller = prepare(bed);
    let input = DefinitionInput {
        kind: "range".into(),
        display_name: "Score".into(),
        config: Some(Config { min: Some(0), max: Some(10), ..Config::default() }),
        ..DefinitionInput::default()
    };
    let (clock, by) = (bed.clock.clone(), caller.clone());
    write(bed, move |tx| human_review::create(tx, &clock, &by, &input));
    let odd = "it's \"odd\" \\ 100%_";
    let pairs =
        [("rating", json!("good")), ("defects", json!(["spelling"])), ("score", json!(7)), ("correction", json!(odd))];
    let metadata = Metadata { identity_id: Some("ann".into()), source: Some("app".into()), ..Metadata::default() };
    say(bed, &caller, Annotate { metadata, ..answers(&pairs) }).unwrap();
    let found = |filter: ListFilter| {
        let page = PageRequest::new(None, None, None).unwrap();
        let found = bed.db.read_blocking(move |tx| annotation::list(tx, 1, &filter, &page)).unwrap();
        found.data.into_iter().map(|each| each.key).collect::<Vec<_>>()
    };
    let value = |value: &str| found(ListFilter { value: Some(value.into()), ..ListFilter::default() });
    assert_eq!(value("good"), ["rating"]);
    assert_eq!(value("GOOD"), [""; 0]);
    assert_eq!(value("spelling"), ["defects"]);
    assert_eq!(value("7"), ["score"]);
    assert_eq!(value("7.0"), ["score"]);
    assert_eq!(value(odd), ["correction"]);
    assert_eq!(value("%"), [""; 0]);
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(found(ListFilter { identity_id: some("ann"), ..ListFilter::default() }).len(), 4);
    assert_eq!(found(ListFilter { annotator_id: some("ann"), key: some("score"), ..ListFilter::default() }), ["score"]);
    assert!(found(ListFilter { source: some("api"), ..ListFilter::default() }).is_empty());
    let noon = bed.clock.now();
    assert_eq!(found(ListFilter { from: Some(noon), to: Some(noon + 1), ..ListFilter::default() }).len(), 4);
    assert!(found(ListFilter { to: Some(noon), ..ListFilter::default() }).is_empty());
}

fn definitions_are_archived_with_values_and_deleted_without(bed: &Bed) {
    let caller = prepare(bed);
    let options = ["yes", "no"].map(|value| OptionInput { value: value.into(), ..OptionInput::default() });
    let input = DefinitionInput {
        kind: "single_select".into(),
        display_name: "Answer".into(),
        options: Some(options.to_vec()),
        ..DefinitionInput::default()
    };
    let (clock, by) = (bed.clock.clone(), caller.clone());
    let wanted = input.clone();
    let made = write(bed, move |tx| human_review::create(tx, &clock, &by, &wanted));
    let (clock, by, id) = (bed.clock.clone(), caller.clone(), made.id.clone());
    let same = write(bed, move |tx| human_review::update(tx, &clock, &by, &id, &input));
    assert_eq!(same, made, "saying the same again changes nothing");
    say(bed, &caller, answers(&[("answer", json!("yes"))])).unwrap();
    for (id, archived) in [(made.id.clone(), true), (made.id, true)] {
        let (clock, by, gone) = (bed.clock.clone(), caller.clone(), id.clone());
        drop(bed.db.write_blocking(move |tx| human_review::remove(tx, &clock, &by, &gone)));
        let by = caller.clone();
        let found = bed.db.read_blocking(move |tx| human_review::get(tx, &by, &id)).unwrap();
        assert_eq!(found.archived_at.is_some(), archived);
    }
    assert_eq!(current(bed).len(), 1);
    let by = caller.clone();
    let listed = bed.db.read_blocking(move |tx| human_review::list(tx, &by, None, false)).unwrap();
    assert_eq!(listed.len(), 4);
    let (clock, by, unused) = (bed.clock.clone(), caller.clone(), listed[0].id.clone());
    write(bed, move |tx| human_review::remove(tx, &clock, &by, &unused));
    assert_eq!(count(bed, "human_review"), 4);
    assert_eq!(count(bed, "human_review_version"), 4, "versions go with their definition");
}

fn defaults_are_made_once(bed: &Bed) {
    prepare(bed);
    let clock = bed.clock.clone();
    write(bed, move |tx| human_review::create_defaults(tx, &clock, 1));
    assert_eq!((count(bed, "human_review"), count(bed, "human_review_version")), (4, 4));
}

fn logs_are_paged_both_ways(bed: &Bed) {
    let caller = prepare(bed);
    let spans: Vec<_> = (0..9i64)
        .map(|number| Span { start_ns: number / 3, ..Span::generation(&format!("{number:032x}"), "1000000000000000") })
        .collect();
    write(bed, move |tx| telemetry::store(tx, 1, &spans));
    say(bed, &caller, answers(&[("rating", json!("good"))])).unwrap();
    let page = |limit: i64, after: Option<&String>, before: Option<&String>| {
        let page = PageRequest::new(Some(limit), after.cloned(), before.cloned()).unwrap();
        let page = bed.db.read_blocking(move |tx| log::list(tx, 1, &LogFilter::default(), &page)).unwrap();
        (page.data.into_iter().map(|log| log.id).collect::<Vec<_>>(), page.has_more)
    };
    let (all, more) = page(200, None, None);
    assert_eq!((all.len(), more), (10, false));
    for at in 0..all.len() {
        assert_eq!(page(200, Some(&all[at]), None), (all[at + 1..].to_vec(), false));
        assert_eq!(page(200, None, Some(&all[at])), (all[..at].to_vec(), false));
        let from = at.saturating_sub(2);
        assert_eq!(page(2, None, Some(&all[at])), (all[from..at].to_vec(), from > 0));
    }
    for (annotated, count) in [(true, 1), (false, 9)] {
        let filter = LogFilter { annotated: Some(annotated), ..LogFilter::default() };
        let page = PageRequest::new(Some(20), None, None).unwrap();
        assert_eq!(bed.db.read_blocking(move |tx| log::list(tx, 1, &filter, &page)).unwrap().data.len(), count);
    }
}

fn logs_are_found_by_words(bed: &Bed) {
    prepare(bed);
    write(bed, |tx| {
        let sql = "update span set output_preview = $1 where trace_id = $2";
        tx.execute(sql, params!["It is 100% on its Way to the søster.", TRACE]).map(drop)
    });
    let found = |query: &str| {
        let filter = LogFilter { query: Some(query.into()), ..LogFilter::default() };
        let page = PageRequest::new(Some(20), None, None).unwrap();
        bed.db.read_blocking(move |tx| log::list(tx, 1, &filter, &page)).unwrap().data.len()
    };
    for (query, count) in
        [("on its way", 1), ("ON ITS WAY", 1), (" søster ", 1), ("100%", 1), ("1_0%", 0), ("", 1), ("nothing", 0)]
    {
        assert_eq!(found(query), count, "{query}");
    }
}

fn logs_are_found_by_what_they_took_and_cost(bed: &Bed) {
    prepare(bed);
    write(bed, |tx| {
        let sql = "update span set end_ns = start_ns + 1500000000, cost_total = 0.25 where trace_id = $1";
        tx.execute(sql, params![TRACE]).map(drop)
    });
    let found = |filter: LogFilter| {
        let page = PageRequest::new(Some(20), None, None).unwrap();
        bed.db.read_blocking(move |tx| log::list(tx, 1, &filter, &page)).unwrap().data.len()
    };
    let any = LogFilter::default;
    for (filter, count) in [
        (LogFilter { min_duration_ms: Some(1500), max_duration_ms: Some(1500), ..any() }, 1),
        (LogFilter { min_duration_ms: Some(1501), ..any() }, 0),
        (LogFilter { max_duration_ms: Some(1499), ..any() }, 0),
        (LogFilter { min_cost: Some(0.25), max_cost: Some(0.25), ..any() }, 1),
        (LogFilter { min_cost: Some(0.26), ..any() }, 0),
        (LogFilter { max_cost: Some(0.24), ..any() }, 0),
    ] {
        let said = format!("{filter:?}");
        assert_eq!(found(filter), count, "{said}");
    }
}

fn feedback_finds_recent_responses_and_can_be_sent_twice(bed: &Bed) {
    let caller = prepare(bed);
    let other = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    let span = Span { response_id: Some("chatcmpl-1".into()), ..Span::generation(other, SPAN) };
    write(bed, move |tx| telemetry::store(tx, 1, std::slice::from_ref(&span)));
    let give = || {
        let (clock, caller) = (bed.clock.clone(), caller.clone());
        let feedback = Feedback {
            id: Some("01J0000000000000000000000A".into()),
            property: "rating".into(),
            value: json!(["good"]),
            trace_id: "chatcmpl-1".into(),
        };
        write(bed, move |tx| feedback::create(tx, &clock, &caller, &feedback, 3000))
    };
    assert_eq!(give(), give());
    let said = bed.db.read_blocking(move |tx| annotation::for_spans(tx, 1, other, Some(SPAN))).unwrap();
    assert_eq!(said.annotations.len(), 1);
    assert_eq!((count(bed, "feedback"), count(bed, "annotation_event")), (1, 1));
}
