//! Messages that stand in events: log records joined to the span, or the span's own events.

use std::borrow::Cow;

use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::logs::v1::LogRecord;

use super::attributes::{self, Attributes};
use super::context::Context;
use super::genai;
use super::message::{self, Builder, Direction};
use super::node::Node;
use super::parse;
use crate::trace::model::{Message, ToolDefinition};

const DETAILS: &str = "gen_ai.client.inference.operation.details";

/// The role that the name of a message event stands for.
fn event_role(name: &str) -> Option<&'static str> {
    Some(match name {
        "gen_ai.system.message" => "system",
        "gen_ai.user.message" => "user",
        "gen_ai.assistant.message" => "assistant",
        "gen_ai.tool.message" => "tool",
        _ => return None,
    })
}

/// A map with the role that its event's name implies, and with the members that are JSON in strings parsed.
fn with_role<'a>(node: Node<'a>, role: &'static str) -> Node<'a> {
    let Node::Map(mut pairs) = node else {
        return Node::Map(vec![
            (Cow::Borrowed("role"), Node::Text(Cow::Borrowed(role))),
            (Cow::Borrowed("content"), node),
        ]);
    };
    if !pairs.iter().any(|(key, value)| key == "role" && value.text().is_some()) {
        pairs.insert(0, (Cow::Borrowed("role"), Node::Text(Cow::Borrowed(role))));
    }
    Node::Map(pairs)
}

/// Parses the members of an event that clients write as JSON in a string, because attributes of events were flat.
fn unfolded<'a>(node: Node<'a>) -> Node<'a> {
    let Node::Map(pairs) = node else { return node };
    let unfold = |value: Node<'a>| match value {
        Node::Text(Cow::Borrowed(text)) => {
            parse::structured(text).map_or(Node::Text(Cow::Borrowed(text)), |parsed| parsed.node)
        }
        other => other,
    };
    Node::Map(
        pairs
            .into_iter()
            .map(|(key, value)| {
                let value = if matches!(key.as_ref(), "message" | "tool_calls") { unfold(value) } else { value };
                (key, value)
            })
            .collect(),
    )
}

fn add_event<'a>(builder: &mut Builder<'_>, direction: Direction, name: &str, node: impl FnOnce() -> Node<'a>) {
    match direction {
        Direction::Input => {
            if let Some(role) = event_role(name) {
                builder.message(&with_role(unfolded(node()), role), None);
            }
        }
        Direction::Output if name == "gen_ai.choice" => {
            let node = unfolded(node());
            let finish = node.text_of("finish_reason").map(str::to_owned);
            let message = match node.get("message") {
                Some(message) => with_role(message.clone(), "assistant"),
                None => with_role(node, "assistant"),
            };
            builder.message(&message, finish.as_deref());
        }
        Direction::Output => {}
    }
}

/// Messages in the events of the span.
pub(crate) fn from_span(context: &Context<'_>, direction: Direction) -> Option<Vec<Message>> {
    let events = &context.view.span.events;
    if !events.iter().any(|event| event.name.starts_with("gen_ai.")) {
        return None;
    }
    let mut builder = Builder::new(direction, &context.notes);
    for event in events {
        add_event(&mut builder, direction, &event.name, || Node::from_pairs(&event.attributes));
    }
    builder.finish().or_else(|| {
        let (name, key) = match direction {
            Direction::Input => ("gen_ai.content.prompt", "gen_ai.prompt"),
            Direction::Output => ("gen_ai.content.completion", "gen_ai.completion"),
        };
        let event = events.iter().find(|event| event.name == name)?;
        let value = Attributes::new(&event.attributes).get(key)?;
        message::read_or_text(&context.parsed(value), direction, &context.notes)
    })
}

fn event_name(record: &LogRecord) -> &str {
    if !record.event_name.is_empty() {
        return &record.event_name;
    }
    let pair = record.attributes.iter().find(|pair| pair.key == "event.name");
    match pair.and_then(|pair| pair.value.as_ref()).and_then(|value| value.value.as_ref()) {
        Some(Any::StringValue(name)) => name,
        _ => "",
    }
}

/// The record that repeats all of a call, and its attributes.
fn details<'a>(context: &Context<'a>) -> Option<Attributes<'a>> {
    let record = context.logs.iter().find(|record| event_name(record) == DETAILS)?;
    Some(Attributes::new(&record.attributes))
}

/// The definitions of tools in the log records that were joined to the span.
pub(crate) fn tools(context: &Context<'_>) -> Vec<ToolDefinition> {
    let definitions = details(context).and_then(|attributes| attributes.node("gen_ai.tool.definitions"));
    definitions.map_or(Vec::new(), |(node, _)| genai::tools(&node))
}

/// Messages in the log records that were joined to the span.
pub(crate) fn from_logs(context: &Context<'_>, direction: Direction) -> Option<Vec<Message>> {
    if context.logs.is_empty() {
        return None;
    }
    if let Some(attributes) = details(context) {
        let parsed = |key: &str| attributes.get(key).map(|value| attributes::node(value).0);
        let key = if direction == Direction::Input { "gen_ai.input.messages" } else { "gen_ai.output.messages" };
        if let Some(mut messages) = parsed(key).and_then(|node| message::read(&node, direction, &context.notes)) {
            if direction == Direction::Input {
                genai::system_in_front(context, parsed("gen_ai.system_instructions").as_ref(), &mut messages);
            }
            return Some(messages);
        }
    }
    let mut builder = Builder::new(direction, &context.notes);
    for record in context.logs {
        let body = record.body.as_ref().and_then(|body| body.value.as_ref());
        add_event(&mut builder, direction, event_name(record), || match body {
            Some(body) => Node::from_any(body),
            None => Node::from_pairs(&record.attributes),
        });
    }
    builder.finish()
}
