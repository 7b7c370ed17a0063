//! What a span took and gave when it is not a conversation: raw values, the run of a tool, documents.

use std::borrow::Cow;

use serde_json::Value;

use super::attributes::{self, Family};
use super::context::{Context, Slot};
use super::message::{Direction, read};
use super::node::Node;
use super::{openinference, parse, part};
use crate::trace::model::{Document, Kind, Message, Role, ToolRun};

/// The raw input or output of a span.
pub(crate) fn value<'c, 'a>(context: &'c Context<'a>, direction: Direction) -> Option<Found<'c, 'a>> {
    let input = direction == Direction::Input;
    let slots = if input {
        [Slot::LangfuseInput, Slot::SpanInputs, Slot::OrqInput, Slot::InputValue, Slot::Prompt]
    } else {
        [Slot::LangfuseOutput, Slot::SpanOutputs, Slot::OrqOutput, Slot::OutputValue, Slot::Completion]
    };
    if let Some(node) = slots.iter().find_map(|slot| context.slot(*slot).filter(|node| !node.is_blank())) {
        return Some(Found::Shared(node));
    }
    let keys: [(Option<Family>, &str); 6] = if input {
        [
            (Some(Family::GenAi), "gen_ai.retrieval.query.text"),
            (Some(Family::Traceloop), "traceloop.entity.input"),
            (Some(Family::Ai), "ai.prompt"),
            (Some(Family::Ai), "ai.value"),
            (Some(Family::Ai), "ai.values"),
            (Some(Family::Value), "input"),
        ]
    } else {
        [
            (Some(Family::Traceloop), "traceloop.entity.output"),
            (Some(Family::GenAi), "gen_ai.retrieval.documents"),
            (Some(Family::Ai), "ai.response.text"),
            (Some(Family::Ai), "ai.response.object"),
            (Some(Family::Value), "output"),
            (None, "final_result"),
        ]
    };
    keys.iter()
        .filter(|(family, _)| family.is_none_or(|family| context.has(family)))
        .find_map(|(_, key)| context.node(key).map(decoded_items).filter(|node| !node.is_blank()))
        .map(Found::Own)
}

/// The AI SDK writes the values of an embedding as a list of JSON strings.
fn decoded_items(node: Node<'_>) -> Node<'_> {
    let Node::List(items) = node else { return node };
    let decode = |item| match item {
        Node::Text(Cow::Borrowed(text)) if text.starts_with('"') => {
            parse::json(text).map_or(Node::Text(Cow::Borrowed(text)), |parsed| parsed.node)
        }
        other => other,
    };
    Node::List(items.into_iter().map(decode).collect())
}

/// A conversation in the raw value of a step around model calls, such as the state of a graph of agents.
pub(crate) fn conversation(context: &Context<'_>, kind: Kind, direction: Direction) -> Option<Vec<Message>> {
    if !matches!(kind, Kind::Agent | Kind::Chain) || !context.has(Family::Value) {
        return None;
    }
    let slot = if direction == Direction::Input { Slot::InputValue } else { Slot::OutputValue };
    let mut messages = read(context.slot(slot)?, direction, &context.notes)?;
    // A state holds the whole conversation; what the step gave is its last word.
    if direction == Direction::Output
        && messages.len() > 1
        && let Some(last) = messages.pop_if(|message| message.role == Role::Assistant)
    {
        return Some(vec![last]);
    }
    Some(messages)
}

/// A value that was parsed before, or for this purpose.
pub(crate) enum Found<'c, 'a> {
    Shared(&'c Node<'a>),
    Own(Node<'a>),
}

impl<'a> Found<'_, 'a> {
    pub(crate) fn node(&self) -> &Node<'a> {
        match self {
            Found::Shared(node) => node,
            Found::Own(node) => node,
        }
    }
}

/// The raw value as JSON.
pub(crate) fn json(context: &Context<'_>, direction: Direction) -> Option<Value> {
    let found = value(context, direction)?;
    if found.node().text() == Some(super::media::HIDDEN) {
        context.notes.redacted.set(true);
    }
    Some(found.node().to_json())
}

/// The tool call that a span of kind tool carried out.
pub(crate) fn tool(context: &Context<'_>) -> ToolRun {
    let attributes = &context.attributes;
    let keyed = |pairs: &[(Family, &str)]| {
        let found = pairs.iter().filter(|(family, _)| context.has(*family)).find_map(|(_, key)| attributes.get(key));
        found.map(|value| part::unpacked(&Node::from_any(value)))
    };
    let arguments =
        keyed(&[(Family::GenAi, "gen_ai.tool.call.arguments"), (Family::Ai, "ai.toolCall.args")]).or_else(|| {
            let found = value(context, Direction::Input)?;
            let node = found.node();
            // The decorators of OpenLLMetry and Langfuse record the call of the function.
            let decorated = context.has(Family::Traceloop) || context.has(Family::Langfuse);
            let keywords = node.get("kwargs").filter(|_| decorated).filter(|node| !node.is_blank());
            Some(part::unpacked(keywords.unwrap_or(node)))
        });
    let result =
        keyed(&[(Family::GenAi, "gen_ai.tool.call.result"), (Family::Ai, "ai.toolCall.result")]).or_else(|| {
            let found = value(context, Direction::Output)?;
            let node = found.node();
            // LangChain: {"type": "tool", "data": {"content": ..}}.
            let content = node.get("data").and_then(|data| data.get("content"));
            Some(part::unpacked(content.unwrap_or(node)))
        });
    let answered = context.slot(Slot::OutputValue).and_then(|answer| answer.get("data"));
    let name = attributes
        .first_text(&["gen_ai.tool.name", "tool.name", "ai.toolCall.name", "traceloop.entity.name"])
        .unwrap_or(&context.view.span.name);
    ToolRun {
        name: name.to_owned(),
        call_id: attributes
            .first_text(&["gen_ai.tool.call.id", "ai.toolCall.id"])
            .or_else(|| answered.and_then(|data| data.text_of("tool_call_id")))
            .map(str::to_owned),
        arguments: arguments.filter(|value| !value.is_null()),
        result: result.filter(|value| !value.is_null()),
        description: attributes.first_text(&["gen_ai.tool.description", "tool.description"]).map(str::to_owned),
    }
}

/// What a retriever found.
pub(crate) fn documents(context: &Context<'_>, kind: Kind) -> Vec<Document> {
    if context.has(Family::Retrieval) {
        let found = openinference::documents(context);
        if !found.is_empty() {
            return found;
        }
    }
    if let Some(value) = context.attributes.get("gen_ai.retrieval.documents") {
        return listed(&attributes::node(value).0);
    }
    if !matches!(kind, Kind::Retriever | Kind::Reranker) {
        return Vec::new();
    }
    value(context, Direction::Output).map_or(Vec::new(), |found| listed(found.node()))
}

fn listed(node: &Node<'_>) -> Vec<Document> {
    let items = node.list().or_else(|| node.get("documents").and_then(Node::list)).unwrap_or_default();
    items.iter().filter_map(document).collect()
}

fn document(node: &Node<'_>) -> Option<Document> {
    if let Some(text) = node.text() {
        return Some(Document { content: Some(text.to_owned()), ..Document::default() });
    }
    // LangChain serialises documents as constructors.
    let node = node.get("kwargs").filter(|kwargs| kwargs.is_map()).unwrap_or(node);
    let content = node.first(&["content", "page_content", "text", "document"]).and_then(Node::text);
    let id = node.first(&["id", "document_id", "chunk_id"]).and_then(Node::label);
    if content.is_none() && id.is_none() {
        return None;
    }
    let score = |node: &Node<'_>| node.first(&["score", "relevance_score", "similarity"]).and_then(Node::number);
    Some(Document {
        id,
        content: content.map(str::to_owned),
        score: score(node).or_else(|| node.get("metadata").and_then(score)),
        metadata: node.get("metadata").filter(|metadata| !metadata.is_blank()).map(Node::to_json),
    })
}
