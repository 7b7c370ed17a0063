//! Every captured request of a real tracing client, normalised and compared with what the model saw and said.

#[path = "captures/support.rs"]
mod support;

use std::collections::{BTreeMap, HashMap};

use postil::trace::model::{FinishReason, NormalizedSpan, Status};
use postil::trace::rollup::{SpanFacts, rollup};
use serde_json::{Value, json};
use support::Capture;

/// JSON in strings and JSON as such are the same for tool arguments and results.
fn unpacked(value: &Value) -> Value {
    match value {
        Value::String(text) if text.starts_with(['{', '[']) => {
            serde_json::from_str(text).unwrap_or_else(|_| value.clone())
        }
        other => other.clone(),
    }
}

/// Messages without what clients are free to leave out or to word differently.
fn comparable(messages: &Value) -> Value {
    let messages = messages.as_array().cloned().unwrap_or_default();
    let mut out: Vec<Value> = Vec::new();
    for mut message in messages {
        let message = message.as_object_mut().expect("a message");
        let finish = message.remove("finish_reason");
        message.remove("name");
        if let Some(word) = finish.as_ref().and_then(Value::as_str).and_then(FinishReason::parse) {
            message.insert("finish_reason".into(), json!(word));
        }
        let mut parts = message.remove("parts").and_then(|parts| parts.as_array().cloned()).unwrap_or_default();
        for part in &mut parts {
            let part = part.as_object_mut().expect("a part");
            // Where the bytes are is ours to say; that they are the same bytes is checked.
            part.remove("source");
            part.remove("is_error");
            for key in ["arguments", "result"] {
                if let Some(value) = part.get(key).map(unpacked) {
                    part.insert(key.into(), value);
                }
            }
        }
        // Several results may stand in one message or in one each.
        if message["role"] == "tool" && parts.len() > 1 {
            out.extend(parts.into_iter().map(|part| json!({"role": "tool", "parts": [part]})));
            continue;
        }
        message.insert("parts".into(), Value::Array(parts));
        out.push(Value::Object(message.clone()));
    }
    Value::Array(out)
}

/// Langfuse and MLflow take images out and upload them elsewhere: a reference stands where the bytes were.
fn without_bytes(messages: &mut Value) {
    for message in messages.as_array_mut().into_iter().flatten() {
        for part in message["parts"].as_array_mut().into_iter().flatten() {
            if part["type"] == "media" {
                let part = part.as_object_mut().expect("a part");
                part.retain(|key, _| key == "type" || key == "kind");
            }
        }
    }
}

/// Neither the truth (Responses has no such word) nor every client says why the model stopped.
fn finish_where_both_know(want: &mut Value, got: &mut Value) {
    let pairs = want.as_array_mut().into_iter().flatten().zip(got.as_array_mut().into_iter().flatten());
    for (want, got) in pairs {
        if want.get("finish_reason").is_none() || got.get("finish_reason").is_none() {
            for message in [want, got] {
                message.as_object_mut().expect("a message").remove("finish_reason");
            }
        }
    }
}

/// OpenLLMetry reports a Responses call under the id of the item (`fc_`) where the model says the call's (`call_`).
fn without_item_ids(want: &mut Value, got: &mut Value) {
    let pairs = want.as_array_mut().into_iter().flatten().zip(got.as_array_mut().into_iter().flatten());
    for (want, got) in pairs {
        let parts =
            want["parts"].as_array_mut().into_iter().flatten().zip(got["parts"].as_array_mut().into_iter().flatten());
        for (want, got) in parts {
            if got["id"].as_str().is_some_and(|id| id.starts_with("fc_")) {
                want["id"] = got["id"].clone();
            }
        }
    }
}

/// The differences between one expected call and the span that must show it.
fn differences(capture: &str, expected: &Value, span: &NormalizedSpan, shown: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let carries = |field: &str| expected["wire_carries"][field] == true;
    let mut check = |field: &str, want: Value, got: Value| {
        if want != got {
            wrong.push(format!("{field}\n    want {}\n    got  {}", shortened(&want), shortened(&got)));
        }
    };
    for field in ["request_model", "response_model"] {
        if carries(field) {
            check(field, expected[field].clone(), shown[field].clone());
        }
    }
    // Langfuse has no field for the id of the answer.
    if expected["matched_by"] == "response_id" && capture != "langfuse-v5" {
        check("response_id", expected["response_id"].clone(), shown["response_id"].clone());
    }
    for field in ["input", "output", "cache_read", "cache_write", "reasoning"] {
        if carries(&format!("usage.{field}")) {
            // A client that leaves a count of zero out says the same.
            let count = |usage: &Value| usage[field].as_u64().unwrap_or(0);
            check(&format!("usage.{field}"), json!(count(&expected["usage"])), json!(count(&shown["usage"])));
        }
    }
    for field in ["input", "output"] {
        if carries(field) {
            let mut want = comparable(&expected[field]);
            let mut got = comparable(&shown[field]);
            finish_where_both_know(&mut want, &mut got);
            if capture == "traceloop" {
                without_item_ids(&mut want, &mut got);
            }
            if matches!(capture, "langfuse-v5" | "mlflow") {
                without_bytes(&mut want);
                without_bytes(&mut got);
            }
            check(field, want, got);
        }
    }
    if carries("error") {
        check("status", json!("error"), json!(span.status));
        let message = span.error.as_ref().and_then(|error| error.message.clone()).unwrap_or_default();
        let want = expected["error_message"].as_str().unwrap_or_default();
        // These were written by hand around a client whose errors name the status only.
        if capture.starts_with("plain-") {
            check("error.message", json!(false), json!(message.is_empty()));
        } else if !message.contains(want) {
            check("error.message", json!(want), json!(message));
        }
    }
    wrong
}

fn shortened(value: &Value) -> String {
    let text = value.to_string();
    if text.len() < 1200 {
        text
    } else {
        format!("{}.. ({} bytes)", text.chars().take(1000).collect::<String>(), text.len())
    }
}

fn check_capture(name: &str) {
    let capture = Capture::load(name);
    let spans: HashMap<String, NormalizedSpan> =
        capture.normalized().into_iter().map(|(id, _, span)| (id, span)).collect();
    let mut failures = Vec::new();
    let mut compared = 0;
    for expected in &capture.expected {
        let (Some(id), true) = (expected["span_id"].as_str(), expected["wire_carries"].is_object()) else { continue };
        let trace = expected["trace_id"].as_str().expect("a trace id");
        let scenario = expected["scenario"].as_str().unwrap_or("?");
        let Some(span) = spans.get(&format!("{trace}/{id}")) else {
            failures.push(format!("{scenario}: no span {id}"));
            continue;
        };
        compared += 1;
        let shown = serde_json::to_value(span).expect("a span is JSON");
        let mut wrong = Vec::new();
        let reply = expected["reply_span"].as_str().or_else(|| expected["reply_span"]["span_id"].as_str());
        match reply {
            // The reply came in a span of its own: the call's span shows the question only.
            Some(_) => {}
            None => wrong = differences(name, expected, span, &shown),
        }
        failures.extend(wrong.into_iter().map(|wrong| format!("{scenario} {id}: {wrong}")));
    }
    assert!(compared > 0, "{name}: nothing was compared");
    assert!(failures.is_empty(), "{name}: {} of {compared} calls\n{}", failures.len(), failures.join("\n"));
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
