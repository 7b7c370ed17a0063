//! OpenLLMetry before it took up the semantic conventions: `gen_ai.prompt.0.role`, `gen_ai.completion.0.content`.

use super::attributes::{Group, groups};
use super::context::Context;
use super::genai;
use super::message::{Builder, Direction, role_of};
use super::node::Node;
use super::parse;
use super::part;
use crate::trace::dialect::attributes;
use crate::trace::model::{Message, Part, Role, ToolDefinition};

pub(crate) fn messages(context: &Context<'_>, direction: Direction) -> Option<Vec<Message>> {
    let prefix = match direction {
        Direction::Input => "gen_ai.prompt.",
        Direction::Output => "gen_ai.completion.",
    };
    let found = groups(context.attributes.entries(), 0, prefix);
    if found.is_empty() {
        return None;
    }
    let mut builder = Builder::new(direction, &context.notes);
    for group in &found {
        builder.push(message(context, group, direction), false);
    }
    builder.finish()
}

fn message(context: &Context<'_>, group: &Group<'_, '_>, direction: Direction) -> Message {
    let default = if direction == Direction::Input { Role::User } else { Role::Assistant };
    let role_word = group.text("role").unwrap_or("");
    let role = role_of(role_word).unwrap_or(default);
    let mut parts = match group.text("content") {
        Some(text) if role_word == "thinking" => vec![Part::Reasoning { text: text.to_owned() }],
        Some(text) if role == Role::Tool => vec![Part::ToolResult {
            id: group.text("tool_call_id").map(str::to_owned),
            result: part::unpacked(&Node::Text(text.into())),
            is_error: false,
        }],
        Some(text) => content(context, text),
        None => Vec::new(),
    };
    for call in group.groups("tool_calls.") {
        let arguments = call.get("arguments").map(Node::from_any);
        let added = Part::ToolCall {
            id: call.text("id").map(str::to_owned),
            name: call.text("name").unwrap_or_default().to_owned(),
            arguments: part::arguments(arguments.as_ref()),
        };
        part::push_call(&mut parts, added);
    }
    Message { role, parts, name: None, finish_reason: group.text("finish_reason").map(str::to_owned) }
}

/// Content of several parts is a JSON array inside the string; any other JSON is what somebody wrote.
fn content(context: &Context<'_>, text: &str) -> Vec<Part> {
    if text.starts_with("[{")
        && let Some(parsed) = parse::structured(text)
        && let Some(items) = parsed.node.list()
        && items.iter().all(part::looks_like_part)
    {
        if parsed.truncated {
            context.notes.truncated.set(true);
        }
        return part::read_all(items, &context.notes);
    }
    vec![part::text(text, &context.notes)]
}

pub(crate) fn tools(context: &Context<'_>) -> Vec<ToolDefinition> {
    groups(context.attributes.entries(), 0, "llm.request.functions.")
        .iter()
        .filter_map(|group| {
            let schema = group.get("parameters").or_else(|| group.get("input_schema"));
            Some(ToolDefinition {
                name: group.text("name")?.to_owned(),
                description: group.text("description").map(str::to_owned),
                schema: schema.and_then(|schema| attributes::node(schema).0.some_json()),
            })
        })
        .collect()
}

/// The definitions of the current convention.
pub(crate) fn current_tools(context: &Context<'_>) -> Vec<ToolDefinition> {
    context.node("gen_ai.tool.definitions").map_or(Vec::new(), |node| genai::tools(&node))
}
