//! One line of what a span was asked and what it answered.

use serde_json::Value;

use super::model::{MediaKind, Message, NormalizedSpan, Part, Role};

/// The longest preview, in characters.
pub const PREVIEW_CHARACTERS: usize = 400;

/// The last thing the user said, or the raw input.
pub fn input(span: &NormalizedSpan) -> Option<String> {
    let said = |message: &&Message| message.role == Role::User && !message.parts.is_empty();
    let messages = &span.input;
    if let Some(message) = messages.iter().rev().find(said).or(messages.last()) {
        return message_line(message);
    }
    let tool = span.tool.as_ref().and_then(|tool| tool.arguments.as_ref());
    span.input_raw.as_ref().or(tool).and_then(value_line)
}

/// The model's answer, or the raw output.
pub fn output(span: &NormalizedSpan) -> Option<String> {
    // Of several choices the first is the one an application takes; one that says something goes before a bare call.
    let speaks = |message: &&Message| message.parts.iter().any(|part| matches!(part, Part::Text { .. }));
    let spoken = span.output.iter().find(speaks).and_then(message_line);
    if let Some(line) = spoken.or_else(|| span.output.iter().find_map(message_line)) {
        return Some(line);
    }
    let tool = span.tool.as_ref().and_then(|tool| tool.result.as_ref());
    if let Some(line) = span.output_raw.as_ref().or(tool).and_then(value_line) {
        return Some(line);
    }
    let mut line = Line::default();
    for document in &span.documents {
        line.add(document.content.as_deref().unwrap_or_default());
        line.space();
    }
    line.finish()
}

/// A text on one line, at most [`PREVIEW_CHARACTERS`] long.
pub fn line(text: &str) -> Option<String> {
    let mut line = Line::default();
    line.add(text);
    line.finish()
}

fn message_line(message: &Message) -> Option<String> {
    let mut line = Line::default();
    for part in &message.parts {
        if let Part::Text { text } = part {
            line.add(text);
            line.space();
        }
    }
    if line.is_empty() {
        for part in &message.parts {
            match part {
                Part::ToolCall { name, arguments, .. } => {
                    line.add(name);
                    line.add("(");
                    line.add(&arguments.to_string());
                    line.add(")");
                }
                Part::ToolResult { result: Value::String(text), .. } => line.add(text),
                Part::ToolResult { result, .. } => line.add(&result.to_string()),
                Part::Reasoning { text } => line.add(text),
                Part::Media(media) => line.add(match media.kind {
                    MediaKind::Image => "[image]",
                    MediaKind::Audio => "[audio]",
                    MediaKind::Video => "[video]",
                    MediaKind::File => "[file]",
                }),
                Part::Text { .. } | Part::Other { .. } => {}
            }
            line.space();
        }
    }
    line.finish()
}

/// A raw value: its text if it holds one text and nothing else, or its JSON.
fn value_line(value: &Value) -> Option<String> {
    let mut texts = Vec::new();
    if leaves(value, 0, &mut texts)
        && let [text] = texts.as_slice()
    {
        return line(text);
    }
    match value {
        Value::Null => None,
        value => line(&value.to_string()),
    }
}

/// Collects the texts in a value; false if it holds anything else, or more than one.
fn leaves<'v>(value: &'v Value, depth: usize, texts: &mut Vec<&'v str>) -> bool {
    if depth > 4 || texts.len() > 1 {
        return false;
    }
    match value {
        Value::Null => true,
        Value::String(text) => {
            texts.push(text);
            true
        }
        Value::Array(items) => items.iter().all(|item| leaves(item, depth + 1, texts)),
        Value::Object(map) => map.values().all(|item| leaves(item, depth + 1, texts)),
        _ => false,
    }
}

/// A line that grows up to its limit, with runs of white space made one space.
#[derive(Default)]
struct Line {
    text: String,
    characters: usize,
    pending: bool,
}

impl Line {
    fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    fn space(&mut self) {
        self.pending = !self.text.is_empty();
    }

    fn add(&mut self, text: &str) {
        for character in text.chars() {
            if self.characters >= PREVIEW_CHARACTERS {
                return;
            }
            if character.is_whitespace() || character == '\0' {
                self.space();
                continue;
            }
            if std::mem::take(&mut self.pending) {
                self.text.push(' ');
                self.characters += 1;
                if self.characters >= PREVIEW_CHARACTERS {
                    return;
                }
            }
            self.text.push(character);
            self.characters += 1;
        }
    }

    fn finish(mut self) -> Option<String> {
        self.text.truncate(self.text.trim_end().len());
        (!self.text.is_empty()).then_some(self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preview_is_one_line_of_limited_length() {
        assert_eq!(line("  a\n\n b\tc "), Some("a b c".to_owned()));
        assert_eq!(line(" \n"), None);
        let long = "ü ".repeat(1000);
        let cut = line(&long).expect("a line");
        assert!(cut.chars().count() <= PREVIEW_CHARACTERS && cut.chars().count() >= PREVIEW_CHARACTERS - 1);
    }

    #[test]
    fn arguments_of_a_function_show_as_the_one_text_they_hold() {
        let value = serde_json::json!({"args": ["What now?"], "kwargs": {}});
        assert_eq!(value_line(&value), Some("What now?".to_owned()));
        let two = serde_json::json!({"city": "Bonn", "unit": "celsius"});
        assert_eq!(value_line(&two), Some(r#"{"city":"Bonn","unit":"celsius"}"#.to_owned()));
    }
}
