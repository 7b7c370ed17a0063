//! The demo in the conventions of OpenInference: everything flattened into attributes with numbered names.

use serde_json::{Map, Value};

use super::data::{Body, Content, Kind, Message, Part, Step};
use super::otlp::Attributes;
use super::placed::{Placed, Trace};

/// Sets the attributes of a span, and names it.
pub(super) fn describe(trace: &Trace<'_>, placed: &Placed<'_>, attributes: &mut Attributes) -> String {
    let (conversation, step) = (trace.conversation, placed.step);
    attributes.text("openinference.span.kind", kind(step.kind));
    attributes.opt_text("session.id", conversation.session_id.as_deref());
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
        Kind::Agent | Kind::Chain | Kind::Guardrail => {
            value(attributes, "input", step.input.as_ref().map(Content::text));
            value(attributes, "output", step.output.as_ref().map(Content::text));
            if step.kind == Kind::Agent {
                attributes.text("agent.name", step.name.clone());
            }
        }
    }
    step.name.clone()
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Agent => "AGENT",
        Kind::Chain => "CHAIN",
        Kind::Llm => "LLM",
        Kind::Tool => "TOOL",
        Kind::Retriever => "RETRIEVER",
        Kind::Embedding => "EMBEDDING",
        Kind::Guardrail => "GUARDRAIL",
    }
}

fn value(attributes: &mut Attributes, side: &str, text: Option<&str>) {
    if let Some(text) = text.filter(|text| !text.is_empty()) {
        attributes.text(format!("{side}.value"), text);
        attributes.text(format!("{side}.mime_type"), "text/plain");
    }
}

fn model_call(step: &Step, attributes: &mut Attributes) {
    attributes.opt_text("llm.provider", step.provider.as_deref());
    attributes.opt_text("llm.request.model_name", step.model.as_deref());
    attributes.opt_text("llm.model_name", step.response_model.as_deref());
    let mut parameters = Map::new();
    parameters.extend(step.model.clone().map(|model| ("model".to_owned(), Value::from(model))));
    parameters.extend(step.parameters.clone());
    attributes.text("llm.invocation_parameters", Value::Object(parameters).to_string());
    for (side, content) in [("input", &step.input), ("output", &step.output)] {
        for (at, said) in content.as_ref().map_or(&[][..], Content::messages).iter().enumerate() {
            message(attributes, &format!("llm.{side}_messages.{at}.message"), said);
        }
    }
    for (at, tool) in step.tools.iter().enumerate() {
        attributes.text(format!("llm.tools.{at}.tool.json_schema"), tool.to_string());
    }
    attributes.opt_text("llm.finish_reason", step.finish_reason.as_deref());
    if let Some(usage) = step.usage.as_ref().filter(|_| step.error.is_none()) {
        attributes.int("llm.token_count.prompt", usage.input);
        attributes.int("llm.token_count.completion", usage.output);
        attributes.int("llm.token_count.total", usage.input + usage.output);
        if let Some(cached) = usage.cache_read {
            attributes.int("llm.token_count.prompt_details.cache_read", cached);
        }
        if let Some(reasoning) = usage.reasoning {
            attributes.int("llm.token_count.completion_details.reasoning", reasoning);
        }
    }
}

fn message(attributes: &mut Attributes, prefix: &str, said: &Message) {
    attributes.text(format!("{prefix}.role"), said.role.clone());
    attributes.opt_text(format!("{prefix}.tool_call_id"), said.tool_call_id.as_deref());
    match &said.content {
        Body::Text(text) if text.is_empty() => {}
        Body::Text(text) => attributes.text(format!("{prefix}.content"), text.clone()),
        Body::Parts(parts) => {
            for (at, part) in parts.iter().enumerate() {
                let prefix = format!("{prefix}.contents.{at}.message_content");
                let (kind, key, value) = match part {
                    Part::Text { text } => ("text", "text", text),
                    Part::Reasoning { text } => ("reasoning", "text", text),
                    Part::Image { data_url } => ("image", "image.image.url", data_url),
                };
                attributes.text(format!("{prefix}.type"), kind);
                attributes.text(format!("{prefix}.{key}"), value.clone());
            }
        }
    }
    for (at, call) in said.tool_calls.iter().enumerate() {
        let prefix = format!("{prefix}.tool_calls.{at}.tool_call");
        attributes.text(format!("{prefix}.id"), call.id.clone());
        attributes.text(format!("{prefix}.function.name"), call.name.clone());
        attributes.text(format!("{prefix}.function.arguments"), call.arguments.to_string());
    }
}

fn embedding(step: &Step, attributes: &mut Attributes) {
    attributes.opt_text("embedding.model_name", step.model.as_deref());
    attributes.opt_text("llm.provider", step.provider.as_deref());
    let text = step.input.as_ref().map(Content::text);
    value(attributes, "input", text);
    attributes.opt_text("embedding.embeddings.0.embedding.text", text);
    if let Some(usage) = &step.usage {
        attributes.int("llm.token_count.prompt", usage.input);
        attributes.int("llm.token_count.total", usage.input);
    }
}

fn tool(step: &Step, attributes: &mut Attributes) {
    attributes.text("tool.name", step.name.clone());
    attributes.opt_text("tool.description", step.description.as_deref());
    if let Some(arguments) = &step.arguments {
        attributes.json("tool.parameters", arguments);
        attributes.json("input.value", arguments);
        attributes.text("input.mime_type", "application/json");
    }
    if let Some(result) = step.result.as_ref().filter(|result| !result.is_null()) {
        attributes.json("output.value", result);
    }
}

fn retrieval(step: &Step, attributes: &mut Attributes) {
    value(attributes, "input", step.query.as_deref());
    for (at, document) in step.documents.iter().enumerate() {
        let prefix = format!("retrieval.documents.{at}.document");
        attributes.text(format!("{prefix}.id"), document.id.clone());
        attributes.text(format!("{prefix}.content"), document.content.clone());
        attributes.real(format!("{prefix}.score"), document.score);
        if let Some(metadata) = &document.metadata {
            attributes.text(format!("{prefix}.metadata"), metadata.to_string());
        }
    }
}
