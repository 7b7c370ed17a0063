//! Messages in every shape clients write them: chat completions, Responses items, Anthropic blocks, semantic
//! convention parts, LangChain constructors, AI SDK parts, Gemini contents.

use std::cell::Cell;

use super::node::Node;
use super::part;
use crate::trace::model::{Message, Part, Role};

/// Whether messages were given to the model or came from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Input,
    Output,
}

/// What was noticed on the way, for the whole span.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    pub(crate) truncated: Cell<bool>,
    pub(crate) redacted: Cell<bool>,
}

/// How deep lists of messages may nest: LangChain batches are lists of lists.
const MAX_NESTING: usize = 6;

/// Reads messages; `None` if the value does not look like messages at all.
pub(crate) fn read(node: &Node<'_>, direction: Direction, notes: &Notes) -> Option<Vec<Message>> {
    let mut builder = Builder::new(direction, notes);
    builder.any(node, 0);
    builder.finish()
}

/// Reads messages, and takes a text that is not a structure as one message.
pub(crate) fn read_or_text(node: &Node<'_>, direction: Direction, notes: &Notes) -> Option<Vec<Message>> {
    read(node, direction, notes).or_else(|| {
        let role = if direction == Direction::Input { Role::User } else { Role::Assistant };
        let message = Message { role, parts: vec![part::text(node.text()?, notes)], name: None, finish_reason: None };
        Some(vec![message])
    })
}

/// The role a client's word stands for.
pub(crate) fn role_of(word: &str) -> Option<Role> {
    Some(match word {
        "system" | "developer" | "SystemMessage" | "SystemMessageChunk" => Role::System,
        "user" | "human" | "HumanMessage" | "HumanMessageChunk" => Role::User,
        "assistant" | "ai" | "model" | "thinking" | "AIMessage" | "AIMessageChunk" => Role::Assistant,
        "tool" | "function" | "ToolMessage" | "FunctionMessage" => Role::Tool,
        _ => {
            let lower = word.to_ascii_lowercase();
            if lower != word { role_of(&lower)? } else { return None }
        }
    })
}

/// Collects messages and joins what belongs together.
pub(crate) struct Builder<'n> {
    direction: Direction,
    notes: &'n Notes,
    messages: Vec<Message>,
    last_is_item: bool,
    recognised: bool,
}

impl<'n> Builder<'n> {
    pub(crate) fn new(direction: Direction, notes: &'n Notes) -> Self {
        Self { direction, notes, messages: Vec::new(), last_is_item: false, recognised: false }
    }

    /// The messages; `None` if nothing was recognised.
    pub(crate) fn finish(self) -> Option<Vec<Message>> {
        (self.recognised && !self.messages.is_empty()).then_some(self.messages)
    }

    fn default_role(&self) -> Role {
        if self.direction == Direction::Input { Role::User } else { Role::Assistant }
    }

    /// Adds a finished message.
    pub(crate) fn push(&mut self, mut message: Message, is_item: bool) {
        self.recognised = true;
        message.parts.retain(|part| !matches!(part, Part::Text { text } | Part::Reasoning { text } if text.is_empty()));
        if !message.parts.is_empty() && message.parts.iter().all(|part| matches!(part, Part::ToolResult { .. })) {
            message.role = Role::Tool;
        }
        if let Some(last) = self.messages.last_mut()
            && last.role == Role::Assistant
            && message.role == Role::Assistant
            && last.finish_reason.is_none()
        {
            // A Responses answer is a list of items, and a conversation holds one turn of the model at a time; but
            // several messages of an output are choices, unless the first is only the thought before the second.
            let thought =
                !last.parts.is_empty() && last.parts.iter().all(|part| matches!(part, Part::Reasoning { .. }));
            if self.direction == Direction::Input || thought || (is_item && self.last_is_item) {
                last.parts.append(&mut message.parts);
                last.finish_reason = message.finish_reason;
                last.name = last.name.take().or(message.name);
                self.last_is_item = is_item;
                return;
            }
        }
        self.messages.push(message);
        self.last_is_item = is_item;
    }

    fn any(&mut self, node: &Node<'_>, depth: usize) {
        if depth > MAX_NESTING {
            return;
        }
        match node {
            Node::List(items) => self.list(items, depth),
            Node::Map(_) => self.map(node, depth),
            _ => {}
        }
    }

    fn list(&mut self, items: &[Node<'_>], depth: usize) {
        let is_message = |item: &Node<'_>| match item {
            Node::Map(_) => looks_like_message(item),
            Node::List(_) => true,
            _ => false,
        };
        if items.iter().any(is_message) {
            for item in items {
                match item {
                    Node::Text(text) if !text.is_empty() => {
                        let role = self.default_role();
                        self.push(Message::text(role, text.as_ref()), false);
                    }
                    // LangChain also writes a message as a pair of role and text.
                    Node::List(pair) => match (pair.first().and_then(Node::text), pair.get(1).and_then(Node::text)) {
                        (Some(role), Some(text)) if pair.len() == 2 && role_of(role).is_some() => {
                            let role = role_of(role).unwrap_or(self.default_role());
                            self.push(Message::text(role, text), false);
                        }
                        _ => self.list(pair, depth + 1),
                    },
                    _ => self.any(item, depth + 1),
                }
            }
        } else if items.iter().any(part::looks_like_part) {
            let parts = part::read_all(items, self.notes);
            let role = self.default_role();
            self.push(Message { role, parts, name: None, finish_reason: None }, false);
        }
    }

    fn map(&mut self, node: &Node<'_>, depth: usize) {
        if looks_like_message(node) {
            return self.message(node, None);
        }
        if let Some(nested) = node.get("kwargs").filter(|nested| nested.get("messages").is_some()) {
            return self.any(nested, depth + 1);
        }
        let holder = match self.direction {
            Direction::Input => node.first(&["messages", "input", "prompt", "contents", "chat_history"]),
            Direction::Output => {
                if let Some(choices) = node.get("choices").and_then(Node::list) {
                    return choices.iter().for_each(|choice| self.choice(choice));
                }
                if let Some(candidates) = node.get("candidates").and_then(Node::list) {
                    return candidates.iter().for_each(|candidate| self.choice(candidate));
                }
                node.first(&["output", "generations", "message", "messages", "response", "completion"])
            }
        };
        let Some(holder) = holder else { return };
        let is_messages = match holder {
            Node::Text(_) => {
                // A plain text under `prompt` or `input` is a prompt only if it is the request of a model.
                self.direction == Direction::Input
                    && node.get("messages").is_none()
                    && ["model", "system", "instructions"].iter().any(|key| node.get(key).is_some())
                    || node.get("prompt").is_some() && node.pairs().is_some_and(|pairs| pairs.len() == 1)
            }
            _ => true,
        };
        if !is_messages {
            return;
        }
        let before = self.messages.len();
        match holder {
            Node::Text(text) => {
                let role = self.default_role();
                self.push(
                    Message { role, parts: vec![part::text(text, self.notes)], name: None, finish_reason: None },
                    false,
                );
            }
            _ => self.any(holder, depth + 1),
        }
        if self.direction == Direction::Input && self.messages.len() > before {
            self.system_in_front(node, before);
        }
    }

    /// The system prompt beside the messages: `system` of Anthropic and the AI SDK, `instructions` of Responses.
    fn system_in_front(&mut self, node: &Node<'_>, before: usize) {
        let Some(system) = node.first(&["system", "instructions", "system_instruction"]) else { return };
        if self.messages.get(before).is_some_and(|message| message.role == Role::System) {
            return;
        }
        let parts = match system {
            Node::Text(text) if !text.is_empty() => vec![part::text(text, self.notes)],
            Node::List(items) => part::read_all(items, self.notes),
            Node::Map(_) => part::content(system.first(&["content", "parts"]).unwrap_or(system), self.notes),
            _ => return,
        };
        if !parts.is_empty() {
            self.messages.insert(before, Message { role: Role::System, parts, name: None, finish_reason: None });
        }
    }

    /// One choice of a completion.
    fn choice(&mut self, choice: &Node<'_>) {
        let finish = choice.first(&["finish_reason", "finishReason"]).and_then(Node::text);
        if let Some(message) = choice.first(&["message", "delta", "content"]).filter(|message| message.is_map()) {
            self.message(message, finish);
        } else if let Some(text) = choice.text_of("text") {
            let mut message = Message::text(Role::Assistant, text);
            message.finish_reason = finish.map(str::to_owned);
            self.push(message, false);
        }
    }

    /// One message or Responses item.
    pub(crate) fn message(&mut self, node: &Node<'_>, finish: Option<&str>) {
        if let Some((message, is_item)) = self.read_message(node, finish, 0) {
            self.push(message, is_item);
        }
    }

    fn read_message(&self, node: &Node<'_>, finish: Option<&str>, depth: usize) -> Option<(Message, bool)> {
        let kind = node.text_of("type").unwrap_or("");
        if depth < 3 {
            // LangChain: {"lc":1,"type":"constructor","id":[..,"HumanMessage"],"kwargs":{..}} or {"type":"human","data":{..}}.
            if let Some(inner) = node.first(&["kwargs", "data"]).filter(|inner| inner.is_map()) {
                let class = node.get("id").and_then(Node::list).and_then(|id| id.last()).and_then(Node::text);
                let (mut message, is_item) = self.read_message(inner, finish, depth + 1)?;
                if inner.get("role").is_none()
                    && let Some(role) = class.and_then(role_of).or_else(|| role_of(kind))
                {
                    message.role = role;
                }
                return Some((message, is_item));
            }
            if node.get("role").is_none()
                && let Some(inner) = node.get("message").filter(|inner| inner.is_map())
            {
                let own = node.first(&["finish_reason", "finishReason"]).and_then(Node::text);
                let generation = node.get("generation_info").and_then(|info| info.text_of("finish_reason"));
                return self.read_message(inner, finish.or(own).or(generation), depth + 1);
            }
        }
        if let Some(item) = part::responses_item(node, kind) {
            return Some((item, true));
        }
        let role = node.text_of("role").or_else(|| role_of(kind).map(|_| kind));
        let thinking = role == Some("thinking");
        let role = role.and_then(role_of).unwrap_or(self.default_role());
        let mut parts = part::reasoning_fields(node, self.notes);
        let content = node.first(&["parts", "content"]);
        let call_id =
            node.first(&["tool_call_id", "toolCallId", "call_id"]).or_else(|| node.get("id")).and_then(Node::text);
        match content {
            Some(content) if role == Role::Tool => parts.extend(part::tool_content(content, call_id, node, self.notes)),
            Some(Node::Text(text)) if thinking => parts.push(Part::Reasoning { text: text.to_string() }),
            Some(content) => parts.extend(part::content(content, self.notes)),
            None => {}
        }
        if let Some(refusal) = node.text_of("refusal") {
            parts.push(part::text(refusal, self.notes));
        }
        part::tool_calls(node, &mut parts);
        let finish =
            finish.or_else(|| node.first(&["finish_reason", "stop_reason", "finishReason"]).and_then(Node::text));
        let finish = finish.or_else(|| node.get("response_metadata").and_then(|data| data.text_of("finish_reason")));
        let name = node.text_of("name").filter(|_| role != Role::Tool).map(str::to_owned);
        Some((Message { role, parts, name, finish_reason: finish.map(str::to_owned) }, kind == "message"))
    }
}

/// A map that is one message, rather than a holder of messages or a part of one.
fn looks_like_message(node: &Node<'_>) -> bool {
    if node.get("role").is_some_and(|role| role.text().is_some()) {
        return true;
    }
    let kind = node.text_of("type").unwrap_or("");
    match kind {
        "function_call" | "function_call_output" | "message" | "constructor" => true,
        "reasoning" => node.get("summary").is_some() || node.get("encrypted_content").is_some(),
        "human" | "ai" | "system" | "AIMessageChunk" => node.get("content").is_some() || node.get("data").is_some(),
        "tool" => node.get("tool_call_id").is_some() || node.get("data").is_some(),
        "ChatGeneration" | "ChatGenerationChunk" => node.get("message").is_some(),
        _ => kind.ends_with("_call") && node.get("id").is_some() && node.get("status").is_some(),
    }
}
