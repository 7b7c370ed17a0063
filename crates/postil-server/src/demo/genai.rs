//! The demo in the conventions of OpenTelemetry GenAI.

use serde_json::{Value, json};

use super::data::{Body, Content, Kind, Message, Part, Step};
use super::otlp::Attributes;
use super::placed::{Placed, Trace};

/// Sets the attributes of a span, and names it.
pub(super) fn describe(trace: &Trace<'_>, placed: &Placed<'_>, attributes: &mut Attributes) -> String {
    let (conversation, step) = (trace.conversation, placed.step);
    attributes.opt_text("gen_ai.conversation.id", conversation.session_id.as_deref());
    attributes.opt_text("user.id", conversation.user_id.as_deref());
    if placed.parent_id.is_none() {
        attributes.texts("tag.tags", &conversation.tags);
        attributes.text("metadata", Value::Object(conversation.metadata.clone()).to_string());
    }
    match step.kind {
        Kind::Llm => model_call(step, attributes),
        Kind::Embedding => embedding(step, attributes),
        Kind::Tool => tool(step, attributes),
        Kind::Retriever => retrieval(step, attributes),
        Kind::Agent | Kind::Chain | Kind::Guardrail => enclosing(step, attributes),
    }
}

fn operation(attributes: &mut Attributes, operation: &str, subject: &str) -> String {
    attributes.text("gen_ai.operation.name", operation);
    format!("{operation} {subject}")
}

fn model_call(step: &Step, attributes: &mut Attributes) -> String {
    let model = step.model.as_deref().unwrap_or_default();
    operation(attributes, "chat", model);
    attributes.opt_text("gen_ai.provider.name", step.provider.as_deref());
    attributes.text("gen_ai.request.model", model);
    attributes.opt_text("gen_ai.response.model", step.response_model.as_deref());
    for (name, value) in &step.parameters {
        let name = if name == "max_completion_tokens" { "max_tokens" } else { name };
        attributes.json(format!("gen_ai.request.{name}"), value);
    }
    let input = step.input.as_ref().map_or(&[][..], Content::messages);
    let output = step.output.as_ref().map_or(&[][..], Content::messages);
    let input: Vec<_> = input.iter().map(message).collect();
    attributes.text("gen_ai.input.messages", Value::from(input).to_string());
    let finish = step.finish_reason.clone().unwrap_or_default();
    let output: Vec<_> = output
        .iter()
        .map(|said| {
            let mut said = message(said);
            said["finish_reason"] = finish.clone().into();
            said
        })
        .collect();
    if !output.is_empty() {
        attributes.text("gen_ai.output.messages", Value::from(output).to_string());
        attributes.texts("gen_ai.response.finish_reasons", &[finish]);
    }
    if !step.tools.is_empty() {
        attributes.text("gen_ai.tool.definitions", Value::from(step.tools.clone()).to_string());
    }
    usage(step, attributes);
    if let Some(stream) = &step.stream {
        attributes.flag("gen_ai.request.stream", true);
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of one call")]
        attributes.real("gen_ai.response.time_to_first_chunk", stream.first_token_milliseconds as f64 / 1000.0);
    }
    // People find a step by its name; the model is a column of its own.
    step.name.clone()
}

fn usage(step: &Step, attributes: &mut Attributes) {
    let Some(usage) = step.usage.as_ref().filter(|_| step.error.is_none()) else { return };
    attributes.int("gen_ai.usage.input_tokens", usage.input);
    if step.kind == Kind::Llm {
        attributes.int("gen_ai.usage.output_tokens", usage.output);
    }
    if let Some(cached) = usage.cache_read {
        attributes.int("gen_ai.usage.cache_read.input_tokens", cached);
    }
    if let Some(reasoning) = usage.reasoning {
        attributes.int("gen_ai.usage.reasoning.output_tokens", reasoning);
    }
}

fn message(said: &Message) -> Value {
    let mut parts = Vec::new();
    match (&said.content, &said.tool_call_id) {
        (Body::Text(text), Some(id)) => parts.push(json!({"type": "tool_call_response", "id": id, "response": text})),
        (Body::Text(text), None) if !text.is_empty() => parts.push(json!({"type": "text", "content": text})),
        (Body::Text(_), None) => {}
        (Body::Parts(given), _) => parts.extend(given.iter().map(part)),
    }
    parts.extend(
        said.tool_calls
            .iter()
            .map(|call| json!({"type": "tool_call", "id": call.id, "name": call.name, "arguments": call.arguments})),
    );
    json!({"role": said.role, "parts": parts})
}

fn part(part: &Part) -> Value {
    match part {
        Part::Text { text } => json!({"type": "text", "content": text}),
        Part::Reasoning { text } => json!({"type": "reasoning", "content": text}),
        Part::Image { data_url } => {
            let (kind, content) =
                data_url.strip_prefix("data:").and_then(|rest| rest.split_once(";base64,")).unwrap_or_default();
            json!({"type": "blob", "mime_type": kind, "modality": "image", "content": content})
        }
    }
}

fn embedding(step: &Step, attributes: &mut Attributes) -> String {
    operation(attributes, "embeddings", step.model.as_deref().unwrap_or_default());
    attributes.opt_text("gen_ai.provider.name", step.provider.as_deref());
    attributes.opt_text("gen_ai.request.model", step.model.as_deref());
    attributes.opt_text("input.value", step.input.as_ref().map(Content::text));
    usage(step, attributes);
    step.name.clone()
}

fn tool(step: &Step, attributes: &mut Attributes) -> String {
    let name = operation(attributes, "execute_tool", &step.name);
    attributes.text("gen_ai.tool.name", step.name.clone());
    attributes.text("gen_ai.tool.type", "function");
    attributes.opt_text("gen_ai.tool.call.id", step.call_id.as_deref());
    attributes.opt_text("gen_ai.tool.description", step.description.as_deref());
    if let Some(arguments) = &step.arguments {
        attributes.json("gen_ai.tool.call.arguments", arguments);
    }
    if let Some(result) = step.result.as_ref().filter(|result| !result.is_null()) {
        attributes.json("gen_ai.tool.call.result", result);
    }
    name
}

fn retrieval(step: &Step, attributes: &mut Attributes) -> String {
    operation(attributes, "retrieval", &step.name);
    attributes.opt_text("gen_ai.retrieval.query.text", step.query.as_deref());
    let documents: Vec<_> = step
        .documents
        .iter()
        .map(|document| json!({"id": document.id, "content": document.content, "score": document.score}))
        .collect();
    attributes.text("gen_ai.retrieval.documents", Value::from(documents).to_string());
    step.name.clone()
}

/// Agents, and what only encloses other steps, which has no operation of its own in these conventions.
fn enclosing(step: &Step, attributes: &mut Attributes) -> String {
    let (input, output) = (step.input.as_ref().map(Content::text), step.output.as_ref().map(Content::text));
    let said =
        |role: &str, text: &str| json!([{"role": role, "parts": [{"type": "text", "content": text}]}]).to_string();
    if step.kind == Kind::Agent {
        let name = operation(attributes, "invoke_agent", &step.name);
        attributes.text("gen_ai.agent.name", step.name.clone());
        attributes.opt_text("gen_ai.input.messages", input.map(|text| said("user", text)).as_deref());
        let output = output.filter(|text| !text.is_empty());
        attributes.opt_text("gen_ai.output.messages", output.map(|text| said("assistant", text)).as_deref());
        return name;
    }
    let kind = if step.kind == Kind::Guardrail { "GUARDRAIL" } else { "CHAIN" };
    attributes.text("openinference.span.kind", kind);
    attributes.opt_text("input.value", input);
    attributes.opt_text("output.value", output);
    step.name.clone()
}
