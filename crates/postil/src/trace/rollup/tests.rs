use proptest::prelude::*;

use super::*;

fn span(id: &str, parent: Option<&str>, kind: Kind, start: i64, end: i64) -> SpanFacts {
    SpanFacts {
        span_id: id.to_owned(),
        parent_span_id: parent.map(str::to_owned),
        name: id.to_owned(),
        kind,
        start_ns: start,
        end_ns: end,
        ..SpanFacts::default()
    }
}

fn call(id: &str, parent: Option<&str>, input: u64, response: Option<&str>) -> SpanFacts {
    SpanFacts {
        usage: Usage { input: Some(input), output: Some(1), ..Usage::default() },
        response_id: response.map(str::to_owned),
        request_model: Some("m".to_owned()),
        operation: Some("chat".to_owned()),
        ..span(id, parent, Kind::Llm, 1, 2)
    }
}

#[test]
fn nothing_makes_an_empty_summary() {
    assert_eq!(rollup(&[]), TraceSummary::default());
}

#[test]
fn a_sum_is_not_added_to_what_it_sums() {
    let agent = SpanFacts { usage_scope: UsageScope::Aggregate, kind: Kind::Agent, ..call("a", None, 30, None) };
    let spans = [agent.clone(), call("b", Some("a"), 10, Some("r1")), call("c", Some("a"), 20, Some("r2"))];
    assert_eq!(rollup(&spans).usage.input, Some(30));
    // Until the calls arrive, the sum is all there is.
    assert_eq!(rollup(&[agent]).usage.input, Some(30));
}

#[test]
fn a_call_reported_twice_counts_once() {
    let bare = call("b", Some("a"), 10, Some("r"));
    let full = SpanFacts { has_messages: true, ..call("a", None, 10, Some("r")) };
    assert_eq!(rollup(&[full, bare]).usage.input, Some(10));
    let nested = [call("a", None, 10, None), call("b", Some("a"), 4, None), call("c", Some("a"), 6, None)];
    assert_eq!(rollup(&nested).usage.input, Some(10));
    let different = [call("a", None, 11, None), call("b", Some("a"), 4, None), call("c", Some("a"), 6, None)];
    assert_eq!(rollup(&different).usage.input, Some(21));
}

#[test]
fn the_deepest_error_is_shown_and_counted_once() {
    let failed = |mut span: SpanFacts, message: &str| {
        span.status = Status::Error;
        span.error_message = Some(message.to_owned());
        span
    };
    let spans = [
        failed(span("a", None, Kind::Chain, 0, 9), "outer"),
        failed(span("b", Some("a"), Kind::Llm, 1, 8), "inner"),
        span("c", Some("a"), Kind::Tool, 2, 3),
    ];
    let summary = rollup(&spans);
    assert_eq!(summary.status, Status::Error);
    assert_eq!(summary.error_count, 1);
    assert_eq!(summary.error.map(|error| error.span_id), Some("b".to_owned()));
}

#[test]
fn an_error_that_the_root_survived_leaves_the_trace_well() {
    let mut tool = span("b", Some("a"), Kind::Tool, 1, 2);
    tool.status = Status::Error;
    let summary = rollup(&[span("a", None, Kind::Agent, 0, 9), tool.clone()]);
    assert_eq!((summary.status, summary.error_count), (Status::Unset, 1));
    tool.parent_span_id = Some("gone".to_owned());
    let orphan = rollup(&[tool]);
    assert_eq!((orphan.status, orphan.has_root, orphan.root_span_id.as_deref()), (Status::Error, false, Some("b")));
}

#[test]
fn a_server_span_borrows_question_and_answer() {
    let mut first = span("b", Some("a"), Kind::Llm, 1, 2);
    first.input_preview = Some("question".to_owned());
    first.output_preview = Some("call a tool".to_owned());
    let mut last = span("c", Some("a"), Kind::Llm, 3, 4);
    last.input_preview = Some("tool says".to_owned());
    last.output_preview = Some("answer".to_owned());
    let summary = rollup(&[span("a", None, Kind::Generic, 0, 5), first, last]);
    assert_eq!(summary.input_preview.as_deref(), Some("question"));
    assert_eq!(summary.output_preview.as_deref(), Some("answer"));
    assert_eq!(summary.leading_span_id.as_deref(), Some("c"));
}

#[test]
fn labels_of_the_root_win_over_earlier_ones() {
    let mut root = span("a", None, Kind::Agent, 5, 9);
    root.session_id = Some("root".to_owned());
    root.tags = vec!["x".to_owned()];
    root.metadata.insert("tier".to_owned(), "gold".into());
    let mut early = span("b", Some("a"), Kind::Llm, 1, 2);
    early.session_id = Some("early".to_owned());
    early.user_id = Some("u".to_owned());
    early.tags = vec!["y".to_owned(), "x".to_owned()];
    early.metadata.insert("tier".to_owned(), "lead".into());
    early.trace_name = Some("nightly".to_owned());
    let summary = rollup(&[early, root]);
    assert_eq!(summary.session_id.as_deref(), Some("root"));
    assert_eq!(summary.user_id.as_deref(), Some("u"));
    assert_eq!(summary.tags, ["x", "y"]);
    assert_eq!(summary.metadata["tier"], "gold");
    assert_eq!(summary.name, "nightly");
}

#[test]
fn models_are_those_that_answered() {
    let named = |mut span: SpanFacts, asked: &str, answered: Option<&str>| {
        span.request_model = Some(asked.to_owned());
        span.response_model = answered.map(str::to_owned);
        span
    };
    let agent = named(span("a", None, Kind::Agent, 0, 9), "m", None);
    assert_eq!(rollup(std::slice::from_ref(&agent)).models, ["m"]);
    let call = named(span("b", Some("a"), Kind::Llm, 1, 2), "m", Some("m-2024"));
    assert_eq!(rollup(&[agent, call]).models, ["m-2024"]);
}

#[test]
fn a_circle_of_parents_ends() {
    let spans = [
        span("a", Some("b"), Kind::Llm, 0, 1),
        span("b", Some("a"), Kind::Llm, 1, 2),
        span("c", Some("c"), Kind::Tool, 3, 4),
    ];
    let summary = rollup(&spans);
    assert_eq!((summary.span_count, summary.has_root), (3, false));
}

fn arbitrary_span() -> impl Strategy<Value = SpanFacts> {
    let kinds =
        prop_oneof![Just(Kind::Llm), Just(Kind::Agent), Just(Kind::Tool), Just(Kind::Embedding), Just(Kind::Generic)];
    let times = (0i64..6, 0i64..6);
    let counts = (prop::option::of(0u64..5), prop::option::of(0u8..3), any::<bool>(), any::<bool>(), any::<bool>());
    (0u8..12, prop::option::of(0u8..12), kinds, times, counts).prop_map(|(id, parent, kind, (start, end), counts)| {
        let (input, response, aggregate, failed, messages) = counts;
        SpanFacts {
            usage: Usage { input, ..Usage::default() },
            response_id: response.map(|response| response.to_string()),
            request_model: Some("m".to_owned()),
            usage_scope: if aggregate { UsageScope::Aggregate } else { UsageScope::Own },
            status: if failed { Status::Error } else { Status::Ok },
            has_messages: messages,
            output_preview: messages.then(|| id.to_string()),
            tags: vec![id.to_string()],
            session_id: failed.then(|| id.to_string()),
            ..span(&format!("{id:02}"), parent.map(|parent| format!("{parent:02}")).as_deref(), kind, start, end)
        }
    })
}

proptest! {
    #[test]
    fn the_order_of_spans_does_not_matter(spans in prop::collection::vec(arbitrary_span(), 0..14), seed in any::<u64>()) {
        // A span is stored once, so ids do not repeat.
        let mut seen = BTreeSet::new();
        let spans: Vec<SpanFacts> = spans.into_iter().filter(|span| seen.insert(span.span_id.clone())).collect();
        let mut shuffled = spans.clone();
        let mut state = seed | 1;
        for at in (1..shuffled.len()).rev() {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            shuffled.swap(at, (state >> 33) as usize % (at + 1));
        }
        prop_assert_eq!(rollup(&spans), rollup(&shuffled));
    }
}
