//! LangSmith attributes, as orq.ai's LangChain callback writes them: `gen_ai.prompt` and `gen_ai.completion` hold JSON.

use serde_json::{Map, Value};

use super::context::{Context, Slot};
use super::message::{Direction, read, read_or_text};
use crate::trace::dialect::attributes;
use crate::trace::model::{Kind, Message};

/// Messages in a whole `gen_ai.prompt` or `gen_ai.completion`.
pub(crate) fn messages(context: &Context<'_>, kind: Kind, direction: Direction) -> Option<Vec<Message>> {
    let slot = if direction == Direction::Input { Slot::Prompt } else { Slot::Completion };
    let node = context.slot(slot)?;
    match kind {
        Kind::Llm => read_or_text(node, direction, &context.notes),
        Kind::Agent | Kind::Chain | Kind::Generic => read(node, direction, &context.notes),
        _ => None,
    }
}

pub(crate) fn metadata(context: &Context<'_>, metadata: &mut Map<String, Value>) {
    for (key, value) in context.attributes.under("langsmith.metadata.") {
        let name = &key["langsmith.metadata.".len()..];
        if !matches!(name, "session_id" | "thread_id" | "user_id") {
            metadata.entry(name).or_insert_with(|| attributes::node(value).0.to_json());
        }
    }
}
