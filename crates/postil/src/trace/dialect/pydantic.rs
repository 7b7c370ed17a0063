//! Pydantic AI agents: the whole conversation in one attribute, the model's last word included.

use super::attributes::Family;
use super::context::Context;
use super::message::{Direction, read};
use crate::trace::model::{Message, Role};

/// The conversation up to the agent's answer, or that answer.
pub(crate) fn messages(context: &Context<'_>, direction: Direction) -> Option<Vec<Message>> {
    if !context.has(Family::Pydantic) {
        return None;
    }
    let node = context.node("pydantic_ai.all_messages")?;
    let mut messages = read(&node, Direction::Input, &context.notes)?;
    let answered = messages.last().is_some_and(|message| message.role == Role::Assistant);
    match direction {
        Direction::Input => {
            if answered {
                messages.pop();
            }
            (!messages.is_empty()).then_some(messages)
        }
        Direction::Output => messages.pop().filter(|_| answered).map(|message| vec![message]),
    }
}
