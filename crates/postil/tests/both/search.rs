//! Lists of traces: their order, their pages, their indexes, their sums.

use std::collections::BTreeMap;

use postil::db::{Dialect, Tx};
use postil::project::{Actor, Caller, Permission, Permissions, ProjectRef, Reader};
use postil::trace::filter::{Filter, oql};
use postil::trace::search::aggregate::{Aggregate, AggregateRow, Compute, Grouping, aggregate};
use postil::trace::search::{Search, Sort, Window, annotations_of, facet, plan, search};
use postil::{Error, Result, params};
use serde_json::json;

use crate::bed::Bed;
use crate::traces::{Trace, human_review};

crate::both!(
    pages_are_newest_first_and_stable_while_traces_arrive,
    every_sort_pages_through_every_trace_once,
    a_token_of_another_query_is_refused,
    a_list_by_annotation_has_each_trace_once_in_order,
    lists_walk_along_their_indexes,
    annotations_come_with_the_page,
    sums_are_grouped_and_percentiles_are_exact,
    facets_count_the_values_of_the_newest_traces,
    what_a_blind_queue_hides_is_neither_found_nor_counted,
    filters_tell_what_the_data_can_be_filtered_by,
);

fn filter(text: &str) -> Filter {
    oql::parse(&format!("fetch traces | filter {text}")).unwrap().filter
}

fn wanted(filter: Filter, sort: Sort, limit: usize) -> Search {
    Search { filter, window: Window::EVER, sort, limit, page_token: None }
}

fn ids(bed: &Bed, wanted: &Search) -> (Vec<String>, Option<String>) {
    let wanted = wanted.clone();
    let found = bed.db.read_blocking(move |tx| search(tx, 1, &wanted)).unwrap();
    (found.rows.into_iter().map(|row| row.trace_id).collect(), found.next_page_token)
}

/// Every page of a list, one after the other.
fn all_pages(bed: &Bed, mut wanted: Search) -> Vec<String> {
    let mut all = Vec::new();
    loop {
        let (page, next) = ids(bed, &wanted);
        assert!(!page.is_empty() || all.is_empty());
        all.extend(page);
        match next {
            Some(token) => wanted.page_token = Some(token),
            None => return all,
        }
    }
}

fn pages_are_newest_first_and_stable_while_traces_arrive(bed: &Bed) {
    // Two of them started in the same nanosecond.
    let starts = [("a", 10), ("b", 30), ("c", 20), ("d", 20)];
    bed.db.write_blocking(move |tx| starts.iter().try_for_each(|(id, at)| Trace::new(id, *at).insert(tx))).unwrap();
    let mut wanted = wanted(Filter::everything(), Sort::default(), 2);
    let (first, next) = ids(bed, &wanted);
    assert_eq!(first, ["b", "c"]);
    bed.db.write_blocking(|tx| Trace::new("new", 40).insert(tx)).unwrap();
    wanted.page_token = next;
    assert_eq!(ids(bed, &wanted), (vec!["d".to_owned(), "a".to_owned()], None));
    wanted.page_token = None;
    wanted.window = Window { from_ns: 20, to_ns: 40 };
    wanted.limit = 9;
    assert_eq!(ids(bed, &wanted).0, ["b", "c", "d"], "the start is part of the window, its end is not");
}

fn every_sort_pages_through_every_trace_once(bed: &Bed) {
    bed.db
        .write_blocking(|tx| {
            (0..20i64).try_for_each(|number| {
                let cost = (number % 3 != 0).then_some([0.1, 0.2, 0.3][usize::try_from(number % 3).unwrap_or(0)]);
                let tokens = (number % 4 != 0).then_some(number % 4);
                let trace = Trace::new(&format!("t{number:02}"), number / 2).with("cost_total", cost);
                trace.with("usage_total", tokens).with("end_ns", 100 + number % 5).insert(tx)
            })
        })
        .unwrap();
    for field in ["started_at", "duration_ms", "cost", "total_tokens"] {
        for order in ["asc", "desc"] {
            let sort = Sort::parse(field, Some(order), "sort").unwrap();
            let all = ids(bed, &wanted(Filter::everything(), sort, 100)).0;
            assert_eq!(all.len(), 20);
            assert_eq!(all_pages(bed, wanted(Filter::everything(), sort, 3)), all, "{field} {order}");
        }
    }
    let cheapest = ids(bed, &wanted(Filter::everything(), Sort::parse("cost", Some("asc"), "").unwrap(), 20)).0;
    assert_eq!(cheapest[0], "t19", "the cheapest, of them the newest");
    assert_eq!(cheapest[19], "t00", "without a cost comes last");
}

fn a_token_of_another_query_is_refused(bed: &Bed) {
    bed.db.write_blocking(|tx| (0..3).try_for_each(|at| Trace::new(&format!("t{at}"), at).insert(tx))).unwrap();
    let mut other = wanted(Filter::everything(), Sort::default(), 1);
    other.page_token = ids(bed, &other).1;
    assert!(other.page_token.is_some());
    other.filter = filter("name = chat");
    let refused = bed.db.read_blocking(move |tx| search(tx, 1, &other)).unwrap_err();
    assert!(matches!(refused, Error::Invalid { field: Some(field), .. } if field == "page_token"));
}

/// Traces whose annotations come several to a trace, as single values, as options and as numbers.
fn annotated(tx: &mut Tx<'_>) -> Result<()> {
    human_review(tx, "01ARZ3NDEKTSV4RRFFQ69G5FAV", "rating", "single_select", &["good", "bad"])?;
    human_review(tx, "01ARZ3NDEKTSV4RRFFQ69G5FAW", "unused", "text", &[])?;
    for number in 0..60i64 {
        let trace = Trace::new(&format!("t{number:02}"), number / 2).with("usage_total", number);
        trace.insert(tx)?;
        for annotator in 0..number % 4 {
            let value = if number % 3 == 0 { json!("good") } else { json!("bad") };
            trace.annotate(tx, "s1", "rating", &format!("by {annotator}"), &value)?;
        }
        if number % 5 == 0 {
            trace.annotate(tx, "s1", "defects", "anna", &json!(["good", "spelling"]))?;
            trace.annotate(tx, "s2", "score", "anna", &json!(number % 2))?;
        }
    }
    Ok(())
}

fn a_list_by_annotation_has_each_trace_once_in_order(bed: &Bed) {
    bed.db.write_blocking(annotated).unwrap();
    let newest = ids(bed, &wanted(Filter::everything(), Sort::default(), 100)).0;
    let number = |id: &String| id[1..].parse::<i64>().unwrap();
    type Fits = fn(i64) -> bool;
    let cases: [(&str, Fits); 7] = [
        ("annotation.01ARZ3NDEKTSV4RRFFQ69G5FAV = good", |n| n % 4 > 0 && n % 3 == 0),
        ("annotation.rating = good", |n| n % 4 > 0 && n % 3 == 0),
        ("annotation.rating in (good, bad)", |n| n % 4 > 0),
        ("annotation.rating = bad and total_tokens > 30", |n| n % 4 > 0 && n % 3 > 0 && n > 30),
        ("annotation.defects = spelling", |n| n % 5 == 0),
        ("annotation.score = '1.0'", |n| n % 5 == 0 && n % 2 == 1),
        ("annotation.rating = nothing", |_| false),
    ];
    for (text, fits) in cases {
        let expected: Vec<_> = newest.iter().filter(|id| fits(number(id))).cloned().collect();
        for limit in [2, 100] {
            assert_eq!(all_pages(bed, wanted(filter(text), Sort::default(), limit)), expected, "{text} by {limit}");
        }
    }
}

fn lists_walk_along_their_indexes(bed: &Bed) {
    if bed.db.dialect() != Dialect::Sqlite {
        return;
    }
    bed.db.write_blocking(annotated).unwrap();
    let plan_of = |text: Option<&'static str>| {
        let wanted = wanted(text.map_or_else(Filter::everything, filter), Sort::default(), 50);
        bed.db.read_blocking(move |tx| plan(tx, 1, &wanted)).unwrap().join("\n")
    };
    let newest = plan_of(None);
    assert!(newest.contains("USING INDEX trace_newest (project=? AND start_ns>? AND start_ns<?)"), "{newest}");
    assert!(!newest.contains("TEMP B-TREE"), "{newest}");
    for text in ["annotation.rating = good", "annotation.rating in (good, bad) and status = ok"] {
        let by_value = plan_of(Some(text));
        // Nothing is sorted between the index and the limit.
        let walk = "USING INDEX annotation_value (project=? AND key=? AND value_text=? AND trace_start_ns>? \
                    AND trace_start_ns<?)\nSCAN x";
        assert!(by_value.contains(walk), "{by_value}");
    }
    let by_session = plan_of(Some("session_id = x"));
    assert!(by_session.contains("USING INDEX trace_session (project=? AND session_id=?"), "{by_session}");
    bed.db.write_blocking(|tx| Trace::new("judged", 1).judge(tx, "s1", "tone", &json!("rude"))).unwrap();
    let by_verdict = plan_of(Some("evaluator.tone = rude"));
    assert!(
        by_verdict.contains("SEARCH t USING INDEX sqlite_autoindex_trace_1 (project=? AND trace_id=?)"),
        "{by_verdict}"
    );
    // Everything else is looked up in the rows of the one trace.
    let rest = "not annotation.rating = good and attributes.k exists and not evaluator.e = 1 and annotated = true";
    let probed = plan_of(Some(rest));
    assert!(probed.contains("USING INDEX trace_newest"), "{probed}");
    // SQLite calls the primary key of a table that is not clustered by it an automatic index.
    let keys =
        [("a", "INDEX sqlite_autoindex_annotation_1"), ("s", "INDEX sqlite_autoindex_span_1"), ("r", "PRIMARY KEY")];
    for (table, key) in keys {
        let looked_up = probed.lines().filter(|line| line.starts_with(&format!("SEARCH {table} ")));
        let by_key = |line: &str| line.contains(&format!("USING {key} (project=? AND trace_id=?"));
        let found: Vec<_> = looked_up.collect();
        assert!(!found.is_empty() && found.iter().all(|line| by_key(line)), "{probed}");
    }
}

fn annotations_come_with_the_page(bed: &Bed) {
    bed.db.write_blocking(annotated).unwrap();
    let wanted = ["t10", "t04"].map(ToOwned::to_owned).to_vec();
    let found = bed.db.read_blocking(move |tx| annotations_of(tx, 1, &wanted)).unwrap();
    let of_ten: Vec<_> = found["t10"].iter().map(|each| (each.key.as_str(), each.value.clone())).collect();
    let expected = [
        ("defects", json!(["good", "spelling"])),
        ("rating", json!("bad")),
        ("rating", json!("bad")),
        ("score", json!(0)),
    ];
    assert_eq!(of_ten, expected);
    assert!(!found.contains_key("t04"));
}

fn group(pairs: &[(&str, &str)], metrics: &[(&str, f64)]) -> AggregateRow {
    AggregateRow {
        group: pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        metrics: metrics.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect::<BTreeMap<_, _>>(),
    }
}

fn sums_are_grouped_and_percentiles_are_exact(bed: &Bed) {
    const HOUR: i64 = 3_600_000_000_000;
    bed.db
        .write_blocking(|tx| {
            for number in 1..=100i64 {
                let model = if number % 10 == 0 { json!(["small", "large"]) } else { json!(["small"]) };
                let start = number / 60 * HOUR;
                let trace = Trace::new(&format!("t{number}"), start).json("models", &model);
                trace.with("end_ns", start + number * 1_000_000).insert(tx)?;
            }
            Ok(())
        })
        .unwrap();
    let run = |groups: &[&str], computes: &[(&str, &str)]| {
        let wanted = Aggregate {
            filter: Filter::everything(),
            window: Window::EVER,
            groups: groups.iter().map(|name| Grouping::parse(name, "group_by").unwrap()).collect(),
            computes: computes
                .iter()
                .map(|(metric, op)| Compute::parse(Some(metric), Some(op), "c").unwrap())
                .collect(),
            limit: 10,
        };
        bed.db.read_blocking(move |tx| aggregate(tx, 1, &wanted)).unwrap()
    };
    let all = run(&[], &[("count", "count"), ("duration_ms", "p95"), ("duration_ms", "avg"), ("cost", "sum")]);
    assert_eq!(all, [group(&[], &[("count", 100.0), ("duration_ms.p95", 95.0), ("duration_ms.avg", 50.5)])]);
    let models = run(&["model"], &[("count", "count"), ("duration_ms", "p50"), ("duration_ms", "max")]);
    let expected = [
        group(&[("model", "small")], &[("count", 100.0), ("duration_ms.p50", 50.0), ("duration_ms.max", 100.0)]),
        group(&[("model", "large")], &[("count", 10.0), ("duration_ms.p50", 50.0), ("duration_ms.max", 100.0)]),
    ];
    assert_eq!(models, expected);
    let hours = run(&["time:hour", "status"], &[("count", "count")]);
    let expected = [
        group(&[("time:hour", "1970-01-01T00:00:00.000Z"), ("status", "ok")], &[("count", 59.0)]),
        group(&[("time:hour", "1970-01-01T01:00:00.000Z"), ("status", "ok")], &[("count", 41.0)]),
    ];
    assert_eq!(hours, expected);
}

fn facets_count_the_values_of_the_newest_traces(bed: &Bed) {
    bed.db.write_blocking(annotated).unwrap();
    let values = |field: &str, limit: usize| {
        let grouping = Grouping::parse(field, "field").unwrap();
        bed.db
            .read_blocking(move |tx| facet::values(tx, 1, &grouping, &Filter::everything(), Window::EVER, limit))
            .unwrap()
    };
    let (rating, more) = values("annotation.rating", 1);
    assert_eq!((rating[0].value.as_str(), rating[0].count, more), ("bad", 30, true), "traces, not annotations");
    let (names, more) = values("name", 5);
    assert_eq!((names[0].value.as_str(), names[0].count, more), ("chat", 60, false));
    assert_eq!(values("operation", 5), (Vec::new(), false), "no trace has one");
    assert!(Grouping::parse("duration_ms", "field").is_err());
}

fn what_a_blind_queue_hides_is_neither_found_nor_counted(bed: &Bed) {
    bed.db.write_blocking(annotated).unwrap();
    let hide = |tx: &mut Tx<'_>| {
        tx.execute(
            "insert into queue (id, project, display_name, description, instructions, questions, overlap, blind,
               lease_seconds, order_by, order_descending, correction, open_to_all, view, created_by, updated_by,
               created_at, updated_at)
             values ('q', 1, 'q', '', '', '[]', 4, 1, 60, 'oldest', 0, 'none', 1, '{}', '', '', 0, 0)",
            &[],
        )?;
        tx.execute(
            "insert into queue_item (id, project, queue_id, kind, trace_id, span_id, subject, state, priority, sort_key,
               overlap, taken, answered, lapses, declines, flags, added_by, added_at, updated_at)
             values ('i', 1, 'q', 'trace', 't03', '', 't03', 'open', 0, 0, 4, 3, 3, 0, 0, 0, '', 0, 0)",
            &[],
        )?;
        for annotator in 0..3 {
            tx.execute(
                "insert into queue_seat (queue_id, item_id, reviewer, state, claimed_at, active_ms, flagged)
                 values ('q', 'i', $1, 'submitted', 0, 0, 0)",
                params![format!("by {annotator}")],
            )?;
        }
        Ok(())
    };
    bed.db.write_blocking(hide).unwrap();
    let counts = |reader: Reader| {
        let good = filter("annotation.rating = good");
        let wanted = wanted(good.clone(), Sort::default(), 100);
        let sums = Aggregate {
            filter: filter("annotated = true"),
            window: Window::EVER,
            groups: vec![Grouping::parse("annotation.rating", "group_by").unwrap()],
            computes: vec![Compute::count()],
            limit: 10,
        };
        let work = move |tx: &mut Tx<'_>| {
            let found = search(tx, reader.clone(), &wanted)?.rows.len();
            let summed = aggregate(tx, reader.clone(), &sums)?;
            let summed = summed.iter().find(|row| row.group.values().any(|value| value == "good"));
            let everything = Filter::everything();
            let (values, _) = facet::values(tx, reader.clone(), &sums.groups[0], &everything, Window::EVER, 10)?;
            let counted = values.iter().find(|value| value.value == "good");
            Ok((found, summed.map(|row| row.metrics["count"] as u64), counted.map(|value| value.count)))
        };
        bed.db.read_blocking(work).unwrap()
    };
    let caller = |id: &str, permissions: Permissions| {
        let caller = Caller {
            workspace_id: "w".into(),
            project: ProjectRef { id: "p".into(), number: 1 },
            bound_to: None,
            actor: Actor::Key { id: id.into(), name: id.into() },
            permissions,
            client: None,
        };
        Reader::from(&caller)
    };
    let reading = Permissions::of(&[Permission::Read]);
    assert_eq!(counts(1.into()), (15, Some(15), Some(15)));
    assert_eq!(counts(caller("somebody", reading)), (14, Some(14), Some(14)));
    assert_eq!(counts(caller("by 1", reading)), (15, Some(15), Some(15)), "what they said themselves");
    assert_eq!(counts(caller("manager", Permissions::ALL)), (15, Some(15), Some(15)));
    assert_eq!(counts(caller("by 1", Permissions::ALL)), (15, Some(15), Some(15)));
}

fn filters_tell_what_the_data_can_be_filtered_by(bed: &Bed) {
    bed.db.write_blocking(annotated).unwrap();
    bed.db
        .write_blocking(|tx| {
            let trace = Trace::new("x", 5).json("metadata", &json!({"plan": "pro", "seats": 3}));
            trace.insert(tx)?;
            trace.judge(tx, "s1", "tone", &json!("warm"))?;
            trace.judge(tx, "s2", "tone", &json!("cold"))?;
            trace.judge(tx, "s1", "length", &json!(3))
        })
        .unwrap();
    let used = bed.db.read_blocking(|tx| facet::filters(tx, 1, false)).unwrap();
    let evaluators: Vec<_> = used.evaluators.iter().map(|each| (each.id.as_str(), each.name.as_str())).collect();
    assert_eq!(evaluators, [("length", "name of length"), ("tone", "name of tone")]);
    assert_eq!(used.metadata, BTreeMap::from([("plan".to_owned(), "string"), ("seats".to_owned(), "number")]));
    let keys = |filters: &facet::Filters| filters.annotations.iter().map(|each| each.key.clone()).collect::<Vec<_>>();
    assert_eq!(keys(&used), ["rating"]);
    assert_eq!(used.annotations[0].options, ["good", "bad"]);
    let all = bed.db.read_blocking(|tx| facet::filters(tx, 1, true)).unwrap();
    assert_eq!(keys(&all), ["rating", "unused"]);
}
