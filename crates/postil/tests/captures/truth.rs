//! What a span that shows a model call must show, told from the model's side by `expected.json`.

use postil::trace::model::FinishReason;
use serde_json::{Value, json};

/// The calls whose span the client sent: `trace id/span id` and what is expected of it.
pub fn calls(expected: &[Value]) -> impl Iterator<Item = (String, &Value)> {
    expected.iter().filter(|call| call["wire_carries"].is_object()).filter_map(|call| {
        let (trace, span) = (call["trace_id"].as_str()?, call["span_id"].as_str()?);
        Some((format!("{trace}/{span}"), call))
    })
}

/// Compares every call of a capture with the normal form, as JSON, of the span that must show it.
#[track_caller]
pub fn check(capture: &str, order: &str, expected: &[Value], shown: impl Fn(&str) -> Option<Value>) {
    let mut failures = Vec::new();
    let mut compared = 0;
    for (id, call) in calls(expected) {
        let scenario = call["scenario"].as_str().unwrap_or("?");
        let Some(shown) = shown(&id) else {
            failures.push(format!("{scenario}: no span {id}"));
            continue;
        };
        compared += 1;
        let wrong = differences(capture, call, &shown);
        failures.extend(wrong.into_iter().map(|wrong| format!("{scenario} {id}: {wrong}")));
    }
    assert!(compared > 0, "{capture}, {order}: nothing was compared");
    assert!(failures.is_empty(), "{capture}, {order}: {} of {compared} calls\n{}", failures.len(), failures.join("\n"));
}

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
fn differences(capture: &str, expected: &Value, shown: &Value) -> Vec<String> {
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
        check("status", json!("error"), shown["status"].clone());
        let message = shown["error"]["message"].as_str().unwrap_or_default();
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
