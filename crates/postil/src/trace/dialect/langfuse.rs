//! The Langfuse SDK (`langfuse.*`).

use serde_json::{Map, Value};

use super::attributes::Family;
use super::context::{Context, Slot};
use super::message::{Direction, read, read_or_text};
use super::node::Node;
use super::parse;
use crate::trace::dialect::attributes;
use crate::trace::model::{Kind, Message};

/// Input or output of an observation: JSON or bare text.
pub(crate) fn messages(context: &Context<'_>, kind: Kind, direction: Direction) -> Option<Vec<Message>> {
    let slot = if direction == Direction::Input { Slot::LangfuseInput } else { Slot::LangfuseOutput };
    let node = context.slot(slot)?;
    match kind {
        Kind::Llm => read_or_text(node, direction, &context.notes).or_else(|| {
            // A structured answer: JSON that the model wrote, not a message around it.
            let text = attributes::text(context.value(slot)?)?;
            read_or_text(&Node::Text(text.into()), direction, &context.notes).filter(|_| direction == Direction::Output)
        }),
        Kind::Agent | Kind::Chain | Kind::Generic => read(node, direction, &context.notes),
        _ => None,
    }
}

/// Version 5 and later encode every value of the metadata as JSON; version 3 sends it as it is.
fn encodes_metadata(context: &Context<'_>) -> bool {
    let version = context.view.scope.map_or("", |scope| scope.version.as_str());
    let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok()).unwrap_or(0);
    major >= 4 || context.view.header_convention_version.is_some_and(|version| version >= 4)
}

/// Streams say why the model stopped, among the metadata.
pub(crate) fn finish_reason(context: &Context<'_>) -> Option<String> {
    let text = attributes::text(context.attributes.get("langfuse.observation.metadata.finish_reason")?)?;
    let decoded = parse::json(text).and_then(|parsed| parsed.node.text().map(str::to_owned));
    Some(decoded.unwrap_or_else(|| text.to_owned()))
}

pub(crate) fn metadata(context: &Context<'_>, metadata: &mut Map<String, Value>) {
    if !context.has(Family::Langfuse) {
        return;
    }
    let encoded = encodes_metadata(context);
    for prefix in ["langfuse.trace.metadata.", "langfuse.observation.metadata."] {
        for (key, value) in context.attributes.under(prefix) {
            let node = match attributes::text(value) {
                Some(text) if encoded => parse::json(text).map_or(Node::Text(text.into()), |parsed| parsed.node),
                _ => Node::from_any(value),
            };
            metadata.entry(&key[prefix.len()..]).or_insert_with(|| node.to_json());
        }
    }
}
