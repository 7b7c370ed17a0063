//! OpenInference: messages spread over numbered keys (`llm.input_messages.0.message.role`).

use super::attributes::{Group, groups};
use super::context::Context;
use super::genai;
use super::message::{Builder, Direction, role_of};
use super::node::Node;
use super::part;
use crate::trace::dialect::attributes;
use crate::trace::model::{Document, Message, Part, Role, ToolDefinition};

pub(crate) fn messages(context: &Context<'_>, direction: Direction) -> Option<Vec<Message>> {
    let prefix = match direction {
        Direction::Input => "llm.input_messages.",
        Direction::Output => "llm.output_messages.",
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
    let role = group.text("message.role").and_then(role_of).unwrap_or(default);
    let mut parts = Vec::new();
    if let Some(text) = group.text("message.content") {
        parts.push(part::text(text, &context.notes));
    }
    for content in group.groups("message.contents.") {
        content_part(context, &content, &mut parts);
    }
    if role == Role::Tool {
        let id = group.text("message.tool_call_id").map(str::to_owned);
        let texts: Vec<String> = parts
            .iter()
            .filter_map(|part| if let Part::Text { text } = part { Some(text.clone()) } else { None })
            .collect();
        parts.retain(|part| !matches!(part, Part::Text { .. }));
        let result = part::unpacked(&Node::Text(texts.join("\n").into()));
        parts.insert(0, Part::ToolResult { id, result, is_error: false });
    }
    for call in group.groups("message.tool_calls.") {
        part::push_call(&mut parts, tool_call(&call));
    }
    if let Some(name) = group.text("message.function_call_name") {
        let arguments = group.get("message.function_call_arguments_json").map(Node::from_any);
        let arguments = part::arguments(arguments.as_ref());
        part::push_call(&mut parts, Part::ToolCall { id: None, name: name.to_owned(), arguments });
    }
    let name = group.text("message.name").filter(|_| role != Role::Tool).map(str::to_owned);
    let finish_reason = group.text("message.finish_reason").map(str::to_owned);
    Message { role, parts, name, finish_reason }
}

fn content_part(context: &Context<'_>, content: &Group<'_, '_>, parts: &mut Vec<Part>) {
    if let Some(url) = content.text("message_content.image.image.url") {
        parts.push(part::image(url, &context.notes));
    } else if let Some(call) =
        [content].iter().find(|content| content.text("message_content.tool_call.function.name").is_some())
    {
        let arguments = call.get("message_content.tool_call.function.arguments").map(Node::from_any);
        let added = Part::ToolCall {
            id: call.text("message_content.tool_call.id").map(str::to_owned),
            name: call.text("message_content.tool_call.function.name").unwrap_or_default().to_owned(),
            arguments: part::arguments(arguments.as_ref()),
        };
        part::push_call(parts, added);
    } else if let Some(text) = content.text("message_content.text") {
        match content.text("message_content.type") {
            Some("reasoning" | "thinking") => parts.push(Part::Reasoning { text: text.to_owned() }),
            _ => parts.push(part::text(text, &context.notes)),
        }
    }
}

fn tool_call(call: &Group<'_, '_>) -> Part {
    let arguments = call.get("tool_call.function.arguments").map(Node::from_any);
    Part::ToolCall {
        id: call.text("tool_call.id").map(str::to_owned),
        name: call.text("tool_call.function.name").unwrap_or_default().to_owned(),
        arguments: part::arguments(arguments.as_ref()),
    }
}

pub(crate) fn tools(context: &Context<'_>) -> Vec<ToolDefinition> {
    groups(context.attributes.entries(), 0, "llm.tools.")
        .iter()
        .filter_map(|group| genai::tool(&attributes::node(group.get("tool.json_schema")?).0))
        .collect()
}

/// Documents of a retriever, or those a reranker returned.
pub(crate) fn documents(context: &Context<'_>) -> Vec<Document> {
    ["retrieval.documents.", "reranker.output_documents."]
        .iter()
        .flat_map(|prefix| groups(context.attributes.entries(), 0, prefix))
        .map(|group| Document {
            id: group.get("document.id").and_then(|id| Node::from_any(id).label()),
            content: group.text("document.content").map(str::to_owned),
            score: group.get("document.score").and_then(|score| Node::from_any(score).number()),
            metadata: group.get("document.metadata").and_then(|value| attributes::node(value).0.some_json()),
        })
        .collect()
}
