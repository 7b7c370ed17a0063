//! orq.ai's decorator, both its own JSON (scope `orq.native`) and its OpenTelemetry form, whose attributes have no prefix
//! and hold Python literals.

use serde_json::{Map, Value};

use super::attributes::Family;
use super::context::{Context, Slot};
use super::message::{Direction, read, read_or_text};
use super::node::Node;
use crate::trace::model::{Kind, Message, Role};

pub(crate) fn messages(context: &Context<'_>, kind: Kind, direction: Direction) -> Option<Vec<Message>> {
    let slot = if direction == Direction::Input { Slot::OrqInput } else { Slot::OrqOutput };
    let node = context.slot(slot)?;
    match kind {
        Kind::Llm => read_or_text(node, direction, &context.notes).or_else(|| {
            // A decorated function that takes its prompt as an argument, and an answer that is a structure.
            match (direction, node) {
                (Direction::Input, Node::Map(pairs)) => match pairs.as_slice() {
                    [(_, Node::Text(text))] if !text.is_empty() => Some(vec![Message::text(Role::User, text.as_ref())]),
                    _ => None,
                },
                _ => None,
            }
        }),
        Kind::Agent | Kind::Chain | Kind::Generic => read(node, direction, &context.notes),
        _ => None,
    }
}

/// The status word of the decorator.
pub(crate) fn status<'a>(context: &Context<'a>) -> Option<&'a str> {
    let attributes = &context.attributes;
    let prefixed = if context.has(Family::Orq) { attributes.text("orq.status") } else { None };
    prefixed.or_else(|| if context.orq { attributes.text("status") } else { None })
}

pub(crate) fn metadata(context: &Context<'_>, metadata: &mut Map<String, Value>) {
    let bare = if context.orq { context.node("metadata") } else { None };
    let prefixed = if context.has(Family::Orq) { context.node("orq.metadata") } else { None };
    for node in [prefixed, bare].into_iter().flatten() {
        for (key, value) in node.pairs().unwrap_or_default() {
            metadata.entry(key.as_ref()).or_insert_with(|| value.to_json());
        }
    }
    if context.has(Family::Orq) {
        for (key, value) in context.attributes.under("orq.metadata.") {
            metadata.entry(&key["orq.metadata.".len()..]).or_insert_with(|| Node::from_any(value).to_json());
        }
        for key in ["orq.deployment_id", "orq.deployment_key", "orq.deployment.variant_id", "orq.thread_id"] {
            if let Some(value) = context.attributes.text(key) {
                metadata.entry(&key["orq.".len()..]).or_insert_with(|| Value::from(value));
            }
        }
    }
}
