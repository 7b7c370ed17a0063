//! The Vercel AI SDK up to version 6, and version 7 in its legacy mode (`ai.*`).

use serde_json::{Map, Value};

use super::attributes::Family;
use super::context::Context;
use super::genai;
use super::message::{Builder, Direction, read, read_or_text};
use super::node::Node;
use super::parse;
use super::part;
use crate::trace::dialect::attributes;
use crate::trace::model::{Message, Part, Role, ToolDefinition};

pub(crate) fn input(context: &Context<'_>) -> Option<Vec<Message>> {
    if !context.has(Family::Ai) {
        return None;
    }
    if let Some(node) = context.node("ai.prompt.messages")
        && let Some(messages) = read(&node, Direction::Input, &context.notes)
    {
        return Some(messages);
    }
    let prompt = context.node("ai.prompt")?;
    read_or_text(&prompt, Direction::Input, &context.notes).or_else(|| {
        let text = prompt.text_of("prompt")?;
        let mut messages = vec![Message::text(Role::User, text)];
        genai::system_in_front(context, prompt.get("system"), &mut messages);
        Some(messages)
    })
}

pub(crate) fn output(context: &Context<'_>) -> Option<Vec<Message>> {
    if !context.has(Family::Ai) {
        return None;
    }
    let attributes = &context.attributes;
    let mut parts = Vec::new();
    if let Some(text) = attributes.text("ai.response.reasoning") {
        parts.push(Part::Reasoning { text: text.to_owned() });
    }
    // An object is what the model wrote, and is shown as it wrote it.
    if let Some(text) = attributes.first_text(&["ai.response.text", "ai.response.object"]) {
        parts.push(part::text(text, &context.notes));
    }
    if let Some(calls) = context.node("ai.response.toolCalls") {
        part::tool_calls(&Node::Map(vec![("tool_calls".into(), calls)]), &mut parts);
    }
    if parts.is_empty() {
        return None;
    }
    let finish_reason = attributes.text("ai.response.finishReason").map(str::to_owned);
    let mut builder = Builder::new(Direction::Output, &context.notes);
    builder.push(Message { role: Role::Assistant, parts, name: None, finish_reason }, false);
    builder.finish()
}

/// Tools are an array of JSON strings.
pub(crate) fn tools(context: &Context<'_>) -> Vec<ToolDefinition> {
    let Some(Node::List(items)) = context.node("ai.prompt.tools") else { return Vec::new() };
    items
        .iter()
        .filter_map(|item| match item {
            Node::Text(text) => genai::tool(&parse::structured(text)?.node),
            other => genai::tool(other),
        })
        .collect()
}

/// Settings of the call.
pub(crate) fn params(context: &Context<'_>, params: &mut Map<String, Value>) {
    for (key, value) in context.attributes.under("ai.settings.") {
        let node = Node::from_any(value);
        if !node.is_blank() {
            params.entry(&key["ai.settings.".len()..]).or_insert_with(|| node.to_json());
        }
    }
}

/// `ai.telemetry.metadata.*` without what has a field of its own.
pub(crate) fn metadata(context: &Context<'_>, metadata: &mut Map<String, Value>) {
    for (key, value) in context.attributes.under("ai.telemetry.metadata.") {
        let name = &key["ai.telemetry.metadata.".len()..];
        if !matches!(name, "userId" | "sessionId" | "tags") {
            metadata.entry(name).or_insert_with(|| attributes::node(value).0.to_json());
        }
    }
}
