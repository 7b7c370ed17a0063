//! One filter, two readings: what SQL finds is what memory accepts.

use std::sync::atomic::{AtomicI64, Ordering};

use postil::Result;
use postil::db::Tx;
use postil::trace::filter::{Field, Filter, field, load_facts, load_many, oql};
use postil::trace::search::survey::{self, Wanted};
use postil::trace::search::{Search, Sort, Window, search};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value as Json, json};

use crate::bed::Bed;
use crate::traces::{Trace, subject};

crate::both!(
    both_readings_agree_on_random_traces_and_filters,
    an_id_is_found_however_it_is_spelled,
    a_filter_finds_what_its_words_say,
);

const TEXTS: [&str; 12] =
    ["a", "b", "Ab", "5", "5.0", "-0.25", "true", "null", "", "é\"x\\", "2026-11-21T10:00:00Z", "error"];

fn text() -> impl Strategy<Value = String> {
    prop::sample::select(TEXTS.to_vec()).prop_map(ToOwned::to_owned)
}

fn scalar() -> impl Strategy<Value = Json> {
    prop_oneof![
        4 => text().prop_map(Json::from),
        2 => prop::sample::select(vec![json!(5), json!(5.0), json!(-0.25), json!(0), json!(1e3)]),
        1 => any::<bool>().prop_map(Json::from),
        1 => Just(Json::Null),
    ]
}

fn value() -> impl Strategy<Value = Json> {
    prop_oneof![
        3 => scalar().prop_filter("an annotation has a value", |value| !value.is_null()),
        1 => prop::collection::vec(text(), 0..3).prop_map(Json::from),
    ]
}

#[derive(Debug, Clone)]
struct Facts {
    columns: Vec<(&'static str, Option<String>)>,
    numbers: Vec<(&'static str, Option<i64>)>,
    sets: Vec<Vec<String>>,
    metadata: Json,
    spans: Vec<(Option<String>, Option<Vec<String>>, Json)>,
    annotations: Vec<(String, usize, Json)>,
    verdicts: Vec<(String, usize, Json)>,
    start: i64,
}

fn object() -> impl Strategy<Value = Json> {
    let key = prop::sample::select(vec!["k", "k.x", "7", "a b"]);
    let member = prop_oneof![4 => scalar(), 1 => Just(json!({"n": [1, "x"]}))];
    prop::collection::hash_map(key, member, 0..4).prop_map(Json::from_iter)
}

fn facts() -> impl Strategy<Value = Facts> {
    let names = ["operation", "product", "error_type", "error_message", "input_preview", "session_id", "user_id"];
    let columns = prop::collection::vec(prop::option::of(text()), names.len());
    let number_names = ["usage_total", "usage_input", "ttft_ns"];
    let numbers = prop::collection::vec(prop::option::of(0i64..4), number_names.len());
    let given = || prop::collection::vec((text(), 0usize..2, value()), 0..3);
    let key = |list: Vec<(String, usize, Json)>| {
        let named =
            |(at, (_, span, value)): (usize, (String, usize, Json))| (["k", "l"][at % 2].to_owned(), span, value);
        list.into_iter().enumerate().map(named).collect::<Vec<_>>()
    };
    let spans = prop::collection::vec(
        (prop::option::of(text()), prop::option::of(prop::collection::vec(text(), 0..3)), object()),
        2,
    );
    (
        columns,
        numbers,
        prop::collection::vec(prop::collection::vec(text(), 0..3), 3),
        object(),
        spans,
        given(),
        given(),
        0i64..5,
    )
        .prop_map(move |(columns, numbers, sets, metadata, spans, annotations, verdicts, start)| Facts {
            columns: names.into_iter().zip(columns).collect(),
            numbers: number_names.into_iter().zip(numbers).collect(),
            sets,
            metadata,
            spans,
            annotations: key(annotations),
            verdicts: key(verdicts),
            start,
        })
}

impl Facts {
    fn insert(&self, tx: &mut Tx<'_>, project: i64, number: usize) -> Result<()> {
        let start = 1_795_255_200_000_000_000 + self.start * 1_500;
        let mut trace = Trace::new(&format!("{number:032x}"), start).in_project(project);
        for (column, value) in &self.columns {
            trace = trace.with(column, value);
        }
        for (column, value) in &self.numbers {
            trace = trace.with(column, *value);
        }
        for (column, set) in ["models", "providers", "tags"].into_iter().zip(&self.sets) {
            trace = trace.json(column, &json!(set));
        }
        trace = trace.json("metadata", &self.metadata);
        trace.insert(tx)?;
        for (at, (deployment, reasons, attributes)) in self.spans.iter().enumerate() {
            let reasons = reasons.as_ref().map(|reasons| json!(reasons).to_string());
            let span = trace.span(&format!("s{at}")).with("deployment_key", deployment);
            span.with("finish_reasons", reasons).with("attributes", attributes.to_string()).insert(tx)?;
        }
        for (at, (key, span, value)) in self.annotations.iter().enumerate() {
            trace.annotate(tx, &format!("s{span}"), key, &format!("by {at}"), value)?;
        }
        for (at, (_, span, value)) in self.verdicts.iter().enumerate() {
            trace.judge(tx, &format!("s{span}"), ["k", "l", "m"][at % 3], value)?;
        }
        Ok(())
    }
}

fn condition() -> impl Strategy<Value = Filter> {
    let lifted = (0..field::LIFTED.len()).prop_map(|at| field::LIFTED[at].name.to_owned());
    let by_id = format!("annotation.{}", subject("l"));
    let dynamic = prop::sample::select(vec![
        "attributes.k",
        "attributes.k.x",
        "attributes.7",
        "metadata.a b",
        "metadata.k",
        "annotation.k",
        "evaluator.k",
        "evaluator.name of l",
        "annotated",
        "text",
        // Of the columns, those that the random traces fill.
        "total_tokens",
        "prompt_tokens",
        "started_at",
        "operation",
        "session_id",
        "tags",
        "finish_reason",
        "deployment_key",
    ]);
    let name = prop_oneof![5 => lifted, 10 => dynamic.prop_map(ToOwned::to_owned), 1 => Just(by_id)];
    (name, any::<prop::sample::Index>(), prop::collection::vec(text(), 3), prop::collection::vec(-1i64..5, 3)).prop_map(
        |(name, op, texts, numbers)| {
            let known = Field::parse(&name).expect("a field");
            let op = known.operators()[op.index(known.operators().len())].name();
            let count = match op {
                "exists" | "not_exists" => 0,
                "between" => 2,
                "in" | "not_in" => 3,
                _ => 1,
            };
            let compares = matches!(op, "gt" | "gte" | "lt" | "lte" | "between");
            let written = |at: usize| match known.kind() {
                field::ValueKind::Time => format!("2026-11-21T10:00:00.00000{}Z", numbers[at].clamp(0, 8)),
                field::ValueKind::Number => numbers[at].to_string(),
                field::ValueKind::Truth => (numbers[at] % 2 == 0).to_string(),
                _ if compares => numbers[at].to_string(),
                _ => texts[at].clone(),
            };
            let values: Vec<_> = (0..count).map(written).collect();
            Filter::is(&name, op, &values, "x").expect("a condition")
        },
    )
}

fn filter() -> impl Strategy<Value = Filter> {
    condition().prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Filter::All),
            prop::collection::vec(inner.clone(), 0..3).prop_map(Filter::Any),
            inner.prop_map(|inner| Filter::Not(Box::new(inner))),
        ]
    })
}

fn found(tx: &mut Tx<'_>, project: i64, filter: &Filter) -> Result<Vec<String>> {
    let wanted =
        Search { filter: filter.clone(), window: Window::EVER, sort: Sort::default(), limit: 100, page_token: None };
    let mut ids: Vec<_> = search(tx, project, &wanted)?.rows.into_iter().map(|row| row.trace_id).collect();
    ids.sort();
    Ok(ids)
}

fn both_readings_agree_on_random_traces_and_filters(bed: &Bed) {
    let project = AtomicI64::new(1);
    let mut runner = TestRunner::new(Config { cases: 80, failure_persistence: None, ..Config::default() });
    let cases = (prop::collection::vec(facts(), 1..6), prop::collection::vec(filter(), 60));
    let outcome = runner.run(&cases, |(traces, filters)| {
        // Every case has a project of its own, so that the traces of the others do not show.
        let project = project.fetch_add(1, Ordering::Relaxed);
        let count = traces.len();
        let stored = traces.clone();
        bed.db
            .write_blocking(move |tx| {
                stored.iter().enumerate().try_for_each(|(number, facts)| facts.insert(tx, project, number))
            })
            .unwrap();
        let (in_sql, in_memory) = bed
            .db
            .read_blocking(move |tx| {
                let ids: Vec<_> = (0..count).map(|number| format!("{number:032x}")).collect();
                let mut facts = Vec::new();
                for trace_id in &ids {
                    facts.push(load_facts(tx, project, trace_id)?.expect("the trace"));
                }
                let (mut in_sql, mut in_memory) = (Vec::new(), Vec::new());
                for filter in &filters {
                    in_sql.push((filter.clone(), found(tx, project, filter)?));
                    let passing = facts.iter().filter(|facts| filter.matches(facts));
                    in_memory.push((filter.clone(), passing.map(|facts| facts.trace.trace_id.clone()).collect()));
                    // With no more than it needs of each trace, and as one of many parts of a survey.
                    let needed = load_many(tx, project, &ids, &filter.needs())?;
                    let passing = ids.iter().filter(|id| filter.matches(&needed[*id])).cloned().collect::<Vec<_>>();
                    let strata = [Filter::Any(Vec::new()), filter.clone()];
                    let wanted = Wanted { filter, strata: &strata, window: Window::EVER };
                    let surveyed = survey::next(tx, project, wanted, None, ids.len() + 1)?;
                    let mut meant: Vec<_> =
                        surveyed.iter().filter(|one| one.matches).map(|one| one.trace_id.clone()).collect();
                    let parted = surveyed.iter().all(|one| one.stratum == one.matches.then_some(1));
                    meant.sort();
                    assert!(parted && meant == passing && surveyed.len() == ids.len(), "{filter:?}");
                }
                Ok((in_sql, in_memory))
            })
            .unwrap();
        for (sql, memory) in in_sql.iter().zip(&in_memory) {
            prop_assert_eq!(sql, memory);
        }
        Ok(())
    });
    if let Err(cause) = outcome {
        panic!("{cause}");
    }
}

fn an_id_is_found_however_it_is_spelled(bed: &Bed) {
    let id = "4d4e385051444a59454234335a413756";
    let store = move |tx: &mut Tx<'_>| {
        let trace = Trace::new(id, 1_000_000_000_000).with("root_span_id", "00f067aa0ba902b7");
        trace.insert(tx)?;
        trace.span("00f067aa0ba902b7").insert(tx)?;
        Trace::new("0af7651916cd43dd8448eb211c80319c", 2_000_000_000_000).insert(tx)
    };
    bed.db.write_blocking(store).unwrap();
    for condition in [
        "trace_id = '2D9RW50MA499CMAGHM6DD42DTP'",
        "trace_id = '4d4e3850-5144-4a59-4542-34335a413756'",
        "trace_id in ('none', '4D4E385051444A59454234335A413756')",
        "trace_id contains '2D9RW50MA499CMAGHM6DD42DTP'",
        "span_id = '00F067AA0BA902B7'",
        "root_span_id = '00F067AA0BA902B7'",
    ] {
        let filter = oql::parse(&format!("fetch traces | filter {condition}")).unwrap().filter;
        let read = bed.db.read_blocking(move |tx| {
            let facts = load_facts(tx, 1, id)?.expect("the trace");
            Ok((found(tx, 1, &filter)?, filter.matches(&facts)))
        });
        assert_eq!(read.unwrap(), (vec![id.to_owned()], true), "{condition}");
    }
}

/// Three traces with everything a filter can look at.
fn stock(tx: &mut Tx<'_>) -> Result<()> {
    let one = Trace::new("one", 1_000_000_000_000)
        .with("name", "Refund")
        .with("usage_total", 9i64)
        .json("tags", &json!(["vip", "de"]))
        .json("metadata", &json!({"plan": "pro", "seats": 12}));
    one.insert(tx)?;
    one.span("s1").with("attributes", r#"{"http.status":500,"ok":false}"#).insert(tx)?;
    one.span("s2").with("deployment_key", "helpdesk").insert(tx)?;
    one.annotate(tx, "s1", "rating", "anna", &json!("good"))?;
    one.annotate(tx, "s2", "rating", "ben", &json!("bad"))?;
    one.annotate(tx, "s1", "defects", "anna", &json!(["spelling", "tone"]))?;
    let two = Trace::new("two", 2_000_000_000_000).with("usage_total", 10i64).with("status", "error");
    two.insert(tx)?;
    two.span("s1").insert(tx)?;
    two.annotate(tx, "s1", "score", "anna", &json!(4))?;
    two.judge(tx, "s1", "toxicity", &json!(0.75))?;
    Trace::new("three", 3_000_000_000_000).with("usage_total", 100i64).insert(tx)?;
    // A neighbour's trace is never found.
    Trace::new("theirs", 1_000_000_000_000).in_project(2).insert(tx)
}

fn a_filter_finds_what_its_words_say(bed: &Bed) {
    bed.db.write_blocking(stock).unwrap();
    let cases: [(&str, &[&str]); 24] = [
        ("name = 'Refund'", &["one"]),
        ("name contains 'REFU'", &["one"]),
        ("name != 'Refund'", &["three", "two"]),
        ("total_tokens > 9", &["three", "two"]),
        ("total_tokens >= 9 and total_tokens < 100", &["one", "two"]),
        ("tags = vip", &["one"]),
        ("not tags exists", &["three", "two"]),
        ("metadata.plan in (free, pro)", &["one"]),
        ("metadata.seats > 9", &["one"]),
        ("attributes.http.status = 500", &["one"]),
        ("attributes.http.status > 499", &["one"]),
        ("attributes.ok = 'false'", &["one"]),
        ("deployment_key = helpdesk", &["one"]),
        ("annotation.rating = good", &["one"]),
        ("annotation.rating = bad", &["one"]),
        ("annotation.rating != good", &["three", "two"]),
        ("annotation.defects = tone", &["one"]),
        ("annotation.defects contains SPELL", &["one"]),
        ("annotation.score = 4.0", &["two"]),
        ("annotation.score >= 4", &["two"]),
        ("annotated = false", &["three"]),
        ("evaluator.toxicity > 0.5", &["two"]),
        ("text contains refund or status = error", &["one", "two"]),
        ("started_at < 1970-01-01T00:30:00Z", &["one"]),
    ];
    for (text, expected) in cases {
        let filter = oql::parse(&format!("fetch traces | filter {text}")).unwrap().filter;
        let ids = bed.db.read_blocking(move |tx| found(tx, 1, &filter)).unwrap();
        assert_eq!(ids, expected, "{text}");
    }
}
