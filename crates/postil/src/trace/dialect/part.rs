//! The parts of messages.

use serde_json::{Map, Value};

use super::media;
use super::message::Notes;
use super::node::Node;
use super::parse;
use crate::trace::model::{Media, MediaKind, Message, Part, Role};

/// A text part; notes it if the client has hidden the text.
pub(crate) fn text(text: &str, notes: &Notes) -> Part {
    if text == media::HIDDEN || text.starts_with("[Scrubbed due to ") {
        notes.redacted.set(true);
    }
    Part::Text { text: text.to_owned() }
}

/// A string that holds a JSON object or list, as JSON; any other value as it is.
///
/// Only for arguments and results of tools: a person's text that happens to be JSON must stay a text.
pub(crate) fn unpacked(node: &Node<'_>) -> Value {
    match node {
        Node::Text(text) => match parse::json_container(text) {
            Some(parsed) => parsed.to_json(),
            None => Value::String(text.to_string()),
        },
        other => other.to_json(),
    }
}

/// The arguments of a call. Clients write no arguments as an empty string.
pub(crate) fn arguments(node: Option<&Node<'_>>) -> Value {
    match node {
        None | Some(Node::Null) => Value::Object(Map::new()),
        Some(Node::Text(text)) if text.trim_ascii().is_empty() => Value::Object(Map::new()),
        Some(node) => unpacked(node),
    }
}

fn call(id: Option<&str>, name: Option<&str>, given: Option<&Node<'_>>) -> Part {
    Part::ToolCall { id: id.map(str::to_owned), name: name.unwrap_or_default().to_owned(), arguments: arguments(given) }
}

/// A map that can be a part of a message.
pub(crate) fn looks_like_part(node: &Node<'_>) -> bool {
    node.text_of("type").is_some_and(known_type) || node.first(&["functionCall", "inlineData"]).is_some()
}

fn known_type(kind: &str) -> bool {
    matches!(
        kind,
        "text"
            | "input_text"
            | "output_text"
            | "reasoning"
            | "thinking"
            | "redacted_thinking"
            | "refusal"
            | "tool_call"
            | "tool_use"
            | "tool-call"
            | "tool_call_response"
            | "tool_result"
            | "tool-result"
            | "image_url"
            | "image"
            | "input_image"
            | "input_audio"
            | "audio"
            | "file"
            | "input_file"
            | "blob"
            | "uri"
            | "document"
            | "video"
            | "video_url"
    )
}

/// The content of a message: a text, a list of parts, or one part.
pub(crate) fn content(node: &Node<'_>, notes: &Notes) -> Vec<Part> {
    match node {
        Node::Text(value) if value.is_empty() => Vec::new(),
        Node::Text(value) => vec![text(value, notes)],
        Node::List(items) => read_all(items, notes),
        Node::Map(_) if looks_like_part(node) => vec![read(node, notes)],
        Node::Map(_) if node.get("parts").is_some() => {
            node.get("parts").map_or(Vec::new(), |parts| content(parts, notes))
        }
        Node::Map(pairs) if pairs.is_empty() => Vec::new(),
        Node::Null => Vec::new(),
        other => vec![Part::Other { raw: other.to_json() }],
    }
}

/// A list of parts, texts allowed among them.
pub(crate) fn read_all(items: &[Node<'_>], notes: &Notes) -> Vec<Part> {
    items
        .iter()
        .filter(|item| !item.is_null())
        .map(|item| match item {
            Node::Text(value) => text(value, notes),
            other => read(other, notes),
        })
        .collect()
}

fn read(part: &Node<'_>, notes: &Notes) -> Part {
    let kind = part.text_of("type").unwrap_or("");
    let id = |keys: &[&str]| part.first(keys).and_then(Node::text);
    match kind {
        "text" | "input_text" | "output_text" | "refusal" | "output_text_delta" => {
            let value = part.first(&["text", "content", "refusal", "value"]);
            match value {
                Some(Node::Text(value)) => text(value, notes),
                Some(holder) => text(holder.text_of("value").unwrap_or_default(), notes),
                None => Part::Text { text: String::new() },
            }
        }
        "reasoning" | "thinking" => Part::Reasoning { text: reasoning_text(part) },
        "tool_call" | "tool_use" | "tool-call" | "server_tool_use" | "function_call" => {
            let function = part.get("function");
            let holder = function.unwrap_or(part);
            let given = holder.first(&["arguments", "input", "args"]);
            call(id(&["id", "toolCallId", "call_id"]), first_text(holder, &["name", "toolName"]), given)
        }
        "tool_call_response" | "tool_result" | "tool-result" | "function_call_output" => {
            let answer = part.first(&["response", "result", "output", "content"]);
            let result = answer.map_or(Value::Null, |answer| tool_answer(answer));
            let failed = part.get("is_error") == Some(&Node::Bool(true))
                || part.get("isError") == Some(&Node::Bool(true))
                || answer.and_then(|answer| answer.text_of("type")).is_some_and(|kind| kind.starts_with("error"));
            let id = id(&["id", "tool_use_id", "toolCallId", "tool_call_id", "call_id"]);
            Part::ToolResult { id: id.map(str::to_owned), result, is_error: failed }
        }
        "image_url" | "image" | "input_image" | "input_audio" | "audio" | "file" | "input_file" | "blob" | "uri"
        | "document" | "video" | "video_url" | "media" => match media::from_part(part, kind) {
            Some(media) => media_part(media, notes),
            None => Part::Other { raw: part.to_json() },
        },
        _ => untyped(part, notes),
    }
}

/// A part without a type that says what it is, as Gemini writes them.
fn untyped(part: &Node<'_>, notes: &Notes) -> Part {
    if let Some(value) = part.text_of("text") {
        return if part.get("thought") == Some(&Node::Bool(true)) {
            Part::Reasoning { text: value.to_owned() }
        } else {
            text(value, notes)
        };
    }
    if let Some(function) = part.first(&["functionCall", "function_call"]) {
        return call(function.text_of("id"), function.text_of("name"), function.first(&["args", "arguments"]));
    }
    if let Some(answer) = part.first(&["functionResponse", "function_response"]) {
        let result = answer.get("response").map_or(Value::Null, unpacked);
        let id = answer.text_of("id").or_else(|| answer.text_of("name")).map(str::to_owned);
        return Part::ToolResult { id, result, is_error: false };
    }
    if part.first(&["inlineData", "inline_data"]).is_some()
        && let Some(media) = media::from_part(part, "file")
    {
        return media_part(media, notes);
    }
    Part::Other { raw: part.to_json() }
}

fn media_part(media: Media, notes: &Notes) -> Part {
    if media.source == crate::trace::model::MediaSource::Redacted {
        notes.redacted.set(true);
    }
    Part::Media(media)
}

fn first_text<'n>(node: &'n Node<'_>, keys: &[&str]) -> Option<&'n str> {
    node.first(keys).and_then(Node::text)
}

fn reasoning_text(part: &Node<'_>) -> String {
    if let Some(value) = first_text(part, &["content", "text", "thinking", "reasoning"]) {
        return value.to_owned();
    }
    joined_texts(part.first(&["summary", "content"]).and_then(Node::list).unwrap_or_default())
}

fn joined_texts(items: &[Node<'_>]) -> String {
    let texts: Vec<&str> =
        items.iter().filter_map(|item| item.text().or_else(|| first_text(item, &["text", "content"]))).collect();
    texts.join("\n")
}

/// The answer of a tool: JSON, a text, an AI SDK `{type, value}`, or a list of text parts.
fn tool_answer(answer: &Node<'_>) -> Value {
    match answer {
        Node::Map(pairs) if pairs.len() == 2 => match (answer.text_of("type"), answer.get("value")) {
            (Some("json" | "text" | "error-text" | "error-json" | "content"), Some(value)) => unpacked(value),
            _ => unpacked(answer),
        },
        Node::List(items) if !items.is_empty() && items.iter().all(is_text_part) => {
            unpacked(&Node::Text(joined_texts(items).into()))
        }
        other => unpacked(other),
    }
}

fn is_text_part(item: &Node<'_>) -> bool {
    matches!(item.text_of("type"), Some("text" | "input_text" | "output_text"))
}

/// The content of a message of role tool.
pub(crate) fn tool_content(content: &Node<'_>, id: Option<&str>, message: &Node<'_>, notes: &Notes) -> Vec<Part> {
    if let Node::List(items) = content
        && items.iter().any(|item| looks_like_part(item) && !is_text_part(item))
    {
        return read_all(items, notes);
    }
    let failed = message.text_of("status") == Some("error");
    if content.text().is_some_and(|content| content == media::HIDDEN) {
        notes.redacted.set(true);
    }
    vec![Part::ToolResult { id: id.map(str::to_owned), result: tool_answer(content), is_error: failed }]
}

/// What a message says it thought, outside its content.
pub(crate) fn reasoning_fields(node: &Node<'_>, notes: &Notes) -> Vec<Part> {
    let kwargs = node.get("additional_kwargs");
    let holder = node
        .first(&["reasoning_content", "reasoning", "thinking"])
        .or_else(|| kwargs.and_then(|kwargs| kwargs.get("reasoning_content")));
    match holder.and_then(Node::text) {
        Some(value) => {
            if value == media::HIDDEN {
                notes.redacted.set(true);
            }
            vec![Part::Reasoning { text: value.to_owned() }]
        }
        None => Vec::new(),
    }
}

/// The calls a message makes outside its content; one that stands in both is taken once.
pub(crate) fn tool_calls(node: &Node<'_>, parts: &mut Vec<Part>) {
    let kwargs = node.get("additional_kwargs");
    let listed = |holder: &Node<'_>| holder.list().is_some_and(|items| !items.is_empty());
    let calls = node
        .first(&["tool_calls", "toolCalls"])
        .filter(|calls| listed(calls))
        .or_else(|| kwargs.and_then(|kwargs| kwargs.get("tool_calls")).filter(|calls| listed(calls)));
    for item in calls.and_then(Node::list).unwrap_or_default() {
        let holder = item.get("function").filter(|function| function.is_map()).unwrap_or(item);
        let id = first_text(item, &["id", "toolCallId", "tool_call_id", "call_id"]);
        let given = holder.first(&["arguments", "args", "input"]);
        push_call(parts, call(id, first_text(holder, &["name", "toolName"]), given));
    }
    if calls.is_none()
        && let Some(function) = node.get("function_call").filter(|function| function.is_map())
    {
        push_call(parts, call(None, function.text_of("name"), function.get("arguments")));
    }
}

/// Adds a call unless one of the same id is there.
pub(crate) fn push_call(parts: &mut Vec<Part>, added: Part) {
    if let Part::ToolCall { id: Some(added_id), .. } = &added {
        let same = |part: &Part| matches!(part, Part::ToolCall { id: Some(id), .. } if id == added_id);
        if parts.iter().any(same) {
            return;
        }
    }
    parts.push(added);
}

/// An item of a Responses conversation other than a plain message.
pub(crate) fn responses_item(node: &Node<'_>, kind: &str) -> Option<Message> {
    let (role, part) = match kind {
        "function_call" | "custom_tool_call" => {
            let id = first_text(node, &["call_id", "id"]);
            (Role::Assistant, call(id, node.text_of("name"), node.first(&["arguments", "input"])))
        }
        "function_call_output" | "custom_tool_call_output" => {
            let id = first_text(node, &["call_id", "id"]).map(str::to_owned);
            let result = node.get("output").map_or(Value::Null, tool_answer);
            (Role::Tool, Part::ToolResult { id, result, is_error: false })
        }
        "reasoning" if node.get("role").is_none() => (Role::Assistant, Part::Reasoning { text: reasoning_text(node) }),
        _ if node.get("role").is_none() && kind.ends_with("_call") => {
            (Role::Assistant, Part::Other { raw: node.to_json() })
        }
        _ => return None,
    };
    Some(Message { role, parts: vec![part], name: None, finish_reason: None })
}

/// An image at an address.
pub(crate) fn image(url: &str, notes: &Notes) -> Part {
    media_part(media::from_url(url, MediaKind::Image, None), notes)
}
