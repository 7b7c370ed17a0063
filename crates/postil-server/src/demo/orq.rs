//! The demo as the `@traced` decorator of the orq SDK sends it: JSON of its own.

use postil::clock;
use serde_json::{Map, Value, json};

use super::data::{Body, Content, Kind, Message, Part, Step};
use super::otlp::verdict_values;
use super::placed::{Placed, Trace};

/// The body that carries a conversation.
pub(super) fn request(trace: &Trace<'_>) -> Value {
    let spans: Vec<_> = trace.spans.iter().rev().map(|placed| span(trace, placed)).collect();
    json!({"spans": spans})
}

fn span(trace: &Trace<'_>, placed: &Placed<'_>) -> Value {
    let (conversation, step) = (trace.conversation, placed.step);
    let mut context = Map::new();
    context.insert("trace_id".into(), hex::encode(trace.trace_id).into());
    context.insert("span_id".into(), hex::encode(placed.span_id).into());
    context.extend(conversation.session_id.clone().map(|id| ("session_id".to_owned(), id.into())));
    context.extend(conversation.user_id.clone().map(|id| ("user_id".to_owned(), id.into())));
    let events: Vec<_> = step
        .evaluations
        .iter()
        .map(|evaluation| {
            let attributes: Map<_, _> =
                verdict_values(evaluation).into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
            json!({"name": "gen_ai.evaluation.result", "timestamp": clock::rfc3339(placed.end), "attributes": attributes})
        })
        .collect();
    let mut span = json!({
        "context": context,
        "name": step.name,
        "type": kind(step.kind),
        "start_time": clock::rfc3339(placed.start),
        "end_time": clock::rfc3339(placed.end),
        "attributes": attributes(trace, placed),
        "events": events,
    });
    if let Some(parent) = placed.parent_id {
        span["parent_id"] = hex::encode(parent).into();
    }
    let (input, output) = ends(step);
    for (side, value) in [("input", input), ("output", output)] {
        if !value.is_null() {
            span[side] = value;
        }
    }
    span
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Agent => "agent",
        Kind::Llm => "llm",
        Kind::Tool => "tool",
        Kind::Retriever => "retrieval",
        Kind::Embedding => "embedding",
        Kind::Chain | Kind::Guardrail => "function",
    }
}

fn attributes(trace: &Trace<'_>, placed: &Placed<'_>) -> Map<String, Value> {
    let (conversation, step) = (trace.conversation, placed.step);
    let mut set = Map::new();
    set.insert("status".into(), if step.error.is_some() { "error" } else { "success" }.into());
    set.extend(step.error.as_ref().map(|error| ("error.message".to_owned(), error.message.clone().into())));
    set.extend(step.error.as_ref().map(|error| ("error.type".to_owned(), error.kind.clone().into())));
    set.insert("service.name".into(), conversation.service.clone().into());
    set.insert("deployment.environment.name".into(), conversation.environment.clone().into());
    if placed.parent_id.is_none() {
        set.insert("metadata".into(), conversation.metadata.clone().into());
        set.insert("tag.tags".into(), conversation.tags.clone().into());
    }
    if step.kind == Kind::Llm || step.kind == Kind::Embedding {
        let mut request = Map::new();
        request.extend(step.provider.clone().map(|provider| ("provider".to_owned(), provider.into())));
        request.extend(step.model.clone().map(|model| ("model".to_owned(), model.into())));
        request.extend(step.parameters.clone());
        set.insert("request".into(), request.into());
        set.extend(step.response_model.clone().map(|model| ("gen_ai.response.model".to_owned(), model.into())));
        set.extend(metrics(step).map(|metrics| ("metrics".to_owned(), metrics)));
    }
    if let (Some(deployment), Kind::Llm) = (&conversation.deployment, step.kind) {
        set.insert("orq.span_type".into(), "span.deployment".into());
        set.insert("orq.product".into(), "deployments".into());
        set.insert("orq.deployment_id".into(), deployment.id.clone().into());
        set.insert("orq.deployment_key".into(), deployment.key.clone().into());
        set.insert("orq.deployment.variant_id".into(), deployment.variant.clone().into());
    }
    set
}

fn metrics(step: &Step) -> Option<Value> {
    let usage = step.usage.as_ref().filter(|_| step.error.is_none())?;
    let mut metrics = json!({
        "prompt_tokens": usage.input, "completion_tokens": usage.output, "tokens": usage.input + usage.output,
    });
    if let Some(cached) = usage.cache_read {
        metrics["prompt_tokens_details"] = json!({"cached_tokens": cached});
    }
    if let Some(reasoning) = usage.reasoning {
        metrics["completion_tokens_details"] = json!({"reasoning_tokens": reasoning});
    }
    Some(metrics)
}

/// Input and output as the decorated function takes and returns them.
fn ends(step: &Step) -> (Value, Value) {
    let text = |content: &Option<Content>| content.as_ref().map_or(Value::Null, |content| content.text().into());
    match step.kind {
        Kind::Llm => {
            let said = |content: &Option<Content>| -> Vec<Value> {
                content.as_ref().map_or(&[][..], Content::messages).iter().map(message).collect()
            };
            let output = said(&step.output).into_iter().next_back().unwrap_or(Value::Null);
            (json!({"messages": said(&step.input)}), output)
        }
        Kind::Tool => (step.arguments.clone().unwrap_or_default(), step.result.clone().unwrap_or_default()),
        Kind::Retriever => {
            let documents: Vec<_> = step
                .documents
                .iter()
                .map(|document| json!({"id": document.id, "content": document.content, "score": document.score}))
                .collect();
            (json!({"query": step.query}), json!({"documents": documents}))
        }
        Kind::Agent | Kind::Chain | Kind::Embedding | Kind::Guardrail => (text(&step.input), text(&step.output)),
    }
}

/// A message in the form of chat completions.
fn message(said: &Message) -> Value {
    let content = match &said.content {
        Body::Text(text) => Value::from(text.clone()),
        Body::Parts(parts) => parts
            .iter()
            .map(|part| match part {
                Part::Text { text } => json!({"type": "text", "text": text}),
                Part::Reasoning { text } => json!({"type": "reasoning", "text": text}),
                Part::Image { data_url } => json!({"type": "image_url", "image_url": {"url": data_url}}),
            })
            .collect::<Vec<_>>()
            .into(),
    };
    let mut message = json!({"role": said.role, "content": content});
    if let Some(id) = &said.tool_call_id {
        message["tool_call_id"] = id.clone().into();
    }
    if !said.tool_calls.is_empty() {
        let calls = said.tool_calls.iter().map(|call| {
            json!({"id": call.id, "type": "function",
                "function": {"name": call.name, "arguments": call.arguments.to_string()}})
        });
        message["tool_calls"] = calls.collect::<Vec<_>>().into();
    }
    message
}
