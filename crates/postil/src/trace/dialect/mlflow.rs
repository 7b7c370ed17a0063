//! MLflow: every attribute is a JSON-encoded string; requests and answers stand whole in `mlflow.spanInputs` and
//! `mlflow.spanOutputs`.

use std::collections::BTreeMap;

use super::attributes::{Attributes, Family};
use super::context::{Context, Slot};
use super::message::{Direction, read};
use super::node::Node;
use super::parse;
use super::part;
use crate::trace::model::{Kind, Message, Part, Role};

pub(crate) fn input(context: &Context<'_>, kind: Kind) -> Option<Vec<Message>> {
    let node = context.slot(Slot::SpanInputs)?;
    read(node, Direction::Input, &context.notes).filter(|_| speaks(kind)).or_else(|| {
        let text = node.text_of("prompt").filter(|_| kind == Kind::Llm)?;
        Some(vec![Message::text(Role::User, text)])
    })
}

pub(crate) fn output(context: &Context<'_>, kind: Kind) -> Option<Vec<Message>> {
    if !context.has(Family::Mlflow) {
        return None;
    }
    let node = context.slot(Slot::SpanOutputs);
    let read = node.and_then(|node| match node {
        Node::Text(text) if kind == Kind::Llm && !text.is_empty() => {
            let decoded = parse::json(text).and_then(|parsed| parsed.node.text().map(str::to_owned));
            Some(vec![Message::text(Role::Assistant, decoded.unwrap_or_else(|| text.to_string()))])
        }
        node => read(node, Direction::Output, &context.notes).filter(|_| speaks(kind)),
    });
    if read.as_ref().is_some_and(|messages| messages.iter().any(|message| !message.parts.is_empty())) {
        return read;
    }
    streamed(context).or(read)
}

/// Spans whose values are a conversation rather than the arguments of a function.
fn speaks(kind: Kind) -> bool {
    !matches!(kind, Kind::Tool | Kind::Retriever | Kind::Embedding | Kind::Reranker)
}

/// Streamed tool calls are missing from the outputs: they are only in the chunks, which are events.
fn streamed(context: &Context<'_>) -> Option<Vec<Message>> {
    let mut text = String::new();
    let mut finish = None;
    let mut calls: BTreeMap<u64, (Option<String>, String, String)> = BTreeMap::new();
    for event in context.view.span.events.iter().filter(|event| event.name.starts_with("mlflow.chunk.item.")) {
        let attributes = Attributes::new(&event.attributes);
        let Some((node, _)) = attributes.node("mlflow.chunk.value") else { continue };
        let Some(choice) = node.get("choices").and_then(Node::list).and_then(|choices| choices.first()) else {
            continue;
        };
        finish = choice.text_of("finish_reason").map(str::to_owned).or(finish);
        let Some(delta) = choice.get("delta") else { continue };
        text.push_str(delta.text_of("content").unwrap_or_default());
        for call in delta.get("tool_calls").and_then(Node::list).unwrap_or_default() {
            let entry = calls.entry(call.get("index").and_then(Node::count).unwrap_or(0)).or_default();
            entry.0 = entry.0.take().or_else(|| call.text_of("id").map(str::to_owned));
            let function = call.get("function");
            entry.1.push_str(function.and_then(|function| function.text_of("name")).unwrap_or_default());
            entry.2.push_str(function.and_then(|function| function.text_of("arguments")).unwrap_or_default());
        }
    }
    let mut parts = Vec::new();
    if !text.is_empty() {
        parts.push(part::text(&text, &context.notes));
    }
    for (id, name, given) in calls.into_values() {
        parts.push(Part::ToolCall { id, name, arguments: part::arguments(Some(&Node::Text(given.into()))) });
    }
    if parts.is_empty() {
        return None;
    }
    Some(vec![Message { role: Role::Assistant, parts, name: None, finish_reason: finish }])
}
