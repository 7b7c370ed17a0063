//! OpenTelemetry's semantic conventions for generative AI (`gen_ai.*`), whoever writes them.

use serde_json::{Map, Value};

use super::context::Context;
use super::message::{self, Direction};
use super::node::Node;
use super::part;
use crate::trace::model::{Message, Part, Role, ToolDefinition};

pub(crate) fn input(context: &Context<'_>) -> Option<Vec<Message>> {
    message::read(&context.node("gen_ai.input.messages")?, Direction::Input, &context.notes)
}

pub(crate) fn output(context: &Context<'_>) -> Option<Vec<Message>> {
    message::read(&context.node("gen_ai.output.messages")?, Direction::Output, &context.notes)
}

/// Puts a system prompt that stands apart in front of messages that have none.
pub(crate) fn system_in_front(context: &Context<'_>, instructions: Option<&Node<'_>>, input: &mut Vec<Message>) {
    if input.iter().any(|message| message.role == Role::System) {
        return;
    }
    let Some(instructions) = instructions else { return };
    let mut parts: Vec<Part> = part::content(instructions, &context.notes);
    parts.retain(|part| !matches!(part, Part::Text { text } if text.is_empty()));
    if !parts.is_empty() {
        input.insert(0, Message { role: Role::System, parts, name: None, finish_reason: None });
    }
}

/// Request parameters under `gen_ai.request.`.
pub(crate) fn params(context: &Context<'_>, params: &mut Map<String, Value>) {
    for (key, value) in context.attributes.under("gen_ai.request.") {
        let name = &key["gen_ai.request.".len()..];
        if name == "model" {
            continue;
        }
        let node = Node::from_any(value);
        if !node.is_blank() {
            params.entry(name).or_insert_with(|| node.to_json());
        }
    }
}

/// Tool definitions in OpenAI's, Anthropic's, the AI SDK's or the convention's own shape.
pub(crate) fn tools(node: &Node<'_>) -> Vec<ToolDefinition> {
    node.list().unwrap_or_default().iter().filter_map(tool).collect()
}

/// One tool definition.
pub(crate) fn tool(node: &Node<'_>) -> Option<ToolDefinition> {
    let holder = node.get("function").filter(|function| function.is_map()).unwrap_or(node);
    let schema = holder.first(&["parameters", "input_schema", "inputSchema", "schema"]);
    Some(ToolDefinition {
        name: holder.first(&["name", "type"]).and_then(Node::text)?.to_owned(),
        description: holder.text_of("description").map(str::to_owned),
        schema: schema.map(part::unpacked),
    })
}
