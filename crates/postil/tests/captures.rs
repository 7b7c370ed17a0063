//! Every captured request of a real tracing client, normalised and compared with what the model saw and said.

#[path = "captures/support.rs"]
mod support;
#[path = "captures/truth.rs"]
mod truth;

use std::collections::{BTreeMap, HashMap};

use postil::trace::model::{NormalizedSpan, Status};
use postil::trace::rollup::{SpanFacts, rollup};
use serde_json::Value;
use support::Capture;

fn check_capture(name: &str) {
    let capture = Capture::load(name);
    let spans: HashMap<String, NormalizedSpan> =
        capture.normalized().into_iter().map(|(id, _, span)| (id, span)).collect();
    truth::check(name, "mapped directly", &capture.expected, |id| {
        spans.get(id).map(|span| serde_json::to_value(span).expect("a span is JSON"))
    });
}

macro_rules! captures {
    ($($test:ident: $name:literal),* $(,)?) => {
        $(#[test]
        fn $test() {
            check_capture($name);
        })*
    };
}

captures! {
    langfuse_v5: "langfuse-v5",
    logfire_pydantic_ai: "logfire-pydantic-ai",
    mlflow: "mlflow",
    openinference_langchain: "openinference-langchain",
    openinference_openai: "openinference-openai",
    orq_native: "orq-native",
    orq_otel: "orq-otel",
    otel_genai_openai_span: "otel-genai-openai-span",
    otel_openai_v2_legacy_events: "otel-openai-v2-legacy-events",
    plain_grpc: "plain-grpc",
    plain_http: "plain-http",
    plain_http_limits: "plain-http-limits",
    traceloop: "traceloop",
    vercel_ai_v6_json: "vercel-ai-v6-json",
    vercel_ai_v7: "vercel-ai-v7",
}

/// The traces of a capture, each with its spans.
fn traces(capture: &Capture) -> BTreeMap<String, Vec<SpanFacts>> {
    let mut traces: BTreeMap<String, Vec<SpanFacts>> = BTreeMap::new();
    for (id, facts, _) in capture.normalized() {
        let trace = id.split('/').next().expect("a trace id").to_owned();
        traces.entry(trace).or_default().push(facts);
    }
    traces
}

#[test]
fn every_call_counts_once_in_its_trace() {
    let mut failures = Vec::new();
    for name in support::NAMES {
        let capture = Capture::load(name);
        for (trace, spans) in traces(&capture) {
            let calls: Vec<&Value> =
                capture.expected.iter().filter(|call| call["trace_id"] == trace.as_str()).collect();
            for field in ["input", "output"] {
                // A count the client got wrong, or never sent, makes the sum unknown.
                let key = format!("usage.{field}");
                if calls.is_empty() || !calls.iter().all(|call| call["wire_carries"][&key] == true) {
                    continue;
                }
                let want: u64 = calls.iter().map(|call| call["usage"][field].as_u64().unwrap_or(0)).sum();
                let usage = rollup(&spans).usage;
                let got = if field == "input" { usage.input } else { usage.output }.unwrap_or(0);
                if want != got {
                    let calls: Vec<&str> = calls.iter().filter_map(|call| call["scenario"].as_str()).collect();
                    failures.push(format!("{name} {trace} {calls:?} {key}: want {want}, got {got}"));
                }
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn a_tool_agent_of_the_ai_sdk_totals_its_calls_only() {
    for name in ["vercel-ai-v6-json", "vercel-ai-v7"] {
        let capture = Capture::load(name);
        let call = capture.expected.iter().find(|call| call["scenario"] == "tool_agent").expect("the scenario");
        let spans = &traces(&capture)[call["trace_id"].as_str().expect("a trace id")];
        assert_eq!(rollup(spans).usage.input, Some(249), "{name}");
    }
}

#[test]
fn every_trace_shows_what_was_asked_and_answered() {
    let mut failures = Vec::new();
    for name in support::NAMES {
        let capture = Capture::load(name);
        let traces = traces(&capture);
        for call in &capture.expected {
            let (Some(trace), true) = (call["trace_id"].as_str(), call["wire_carries"]["output"] == true) else {
                continue;
            };
            let summary = rollup(&traces[trace]);
            let named = !summary.name.is_empty() && summary.leading_span_id.is_some();
            let asked = summary.input_preview.is_some() || call["wire_carries"]["input"] != true;
            if !named || !asked || summary.output_preview.is_none() {
                failures.push(format!("{name} {} {trace} {summary:?}", call["scenario"]));
            }
        }
    }
    assert!(failures.is_empty(), "{} traces\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn every_span_is_shown_and_survives_its_own_json() {
    for name in support::NAMES {
        for (id, _, span) in Capture::load(name).normalized() {
            assert!(!span.display_name.is_empty(), "{name} {id}");
            assert_eq!(span.error.is_some(), span.status == Status::Error, "{name} {id}");
            let text = serde_json::to_string(&span).expect("a span is JSON");
            let shown = serde_json::to_value(&span).expect("a span is JSON");
            assert!(shown.as_object().expect("an object").values().all(|value| !value.is_null()), "{name} {id} {text}");
            let back: NormalizedSpan = serde_json::from_value(shown).expect("the JSON of a span is a span");
            assert_eq!(back, span, "{name} {id}");
        }
    }
}
