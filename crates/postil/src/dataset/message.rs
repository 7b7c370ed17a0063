//! Messages of datapoints, in the form that chat models and the clients share: a role, and content that is text or a list
//! of typed parts (contract A.6). Clients refuse a whole list for one message of another form, so none is stored.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::db::Tx;
use crate::error::{Error, Result};
use crate::media;
use crate::trace::model::{Media, MediaKind, MediaSource, Message, Part, Role};

/// How many messages a datapoint may hold.
const MOST: usize = 1000;
/// Larger media are named, not carried along.
const MOST_MEDIA: u64 = 1 << 20;

/// Checks the messages of a client. What has no value, as clients write it for what is not there, is left out.
///
/// # Errors
/// [`Error::Invalid`] naming the place, under `field`.
pub fn check(messages: &[Value], field: &str) -> Result<Vec<Value>> {
    if messages.len() > MOST {
        return Err(Error::field("invalid_count", field, format!("{field} must have at most {MOST} entries.")));
    }
    messages.iter().enumerate().map(|(at, message)| check_one(message, &format!("{field}[{at}]"))).collect()
}

fn wrong<T>(field: String, message: impl Into<String>) -> Result<T> {
    Err(Error::field("invalid_message", field.clone(), format!("{field}: {}", message.into())))
}

fn check_one(message: &Value, field: &str) -> Result<Value> {
    let Value::Object(message) = message else {
        return wrong(field.to_owned(), "a message is an object with role and content.");
    };
    let message: Map<String, Value> =
        message.iter().filter(|(_, value)| !value.is_null()).map(|(key, value)| (key.clone(), value.clone())).collect();
    let role = message.get("role").and_then(Value::as_str).unwrap_or("");
    let parts: &[&str] = match role {
        "system" | "developer" | "tool" => &["text"],
        "user" => &["text", "image_url", "input_audio", "file"],
        "assistant" => &["text", "refusal", "reasoning", "redacted_reasoning"],
        _ => return wrong(format!("{field}.role"), "must be system, developer, user, assistant or tool."),
    };
    match message.get("content") {
        Some(Value::String(_)) => {}
        None if role == "assistant" => {}
        Some(Value::Array(list)) => {
            for (at, part) in list.iter().enumerate() {
                let kind = part.get("type").and_then(Value::as_str).unwrap_or("");
                if !parts.contains(&kind) {
                    let allowed = format!("a part of a message of role {role} is one of: {}.", parts.join(", "));
                    return wrong(format!("{field}.content[{at}].type"), allowed);
                }
                check_part(part, kind, &format!("{field}.content[{at}]"))?;
            }
        }
        _ => return wrong(format!("{field}.content"), "must be a text or a list of parts."),
    }
    if role == "tool" && !message.get("tool_call_id").is_some_and(Value::is_string) {
        return wrong(format!("{field}.tool_call_id"), "a tool's answer names the call it answers.");
    }
    if let Some(calls) = message.get("tool_calls") {
        check_calls(calls, &format!("{field}.tool_calls"))?;
    }
    Ok(Value::Object(message))
}

fn check_part(part: &Value, kind: &str, field: &str) -> Result<()> {
    let text_at = |pointer: &str| part.pointer(pointer).is_some_and(Value::is_string);
    let (fits, needed) = match kind {
        "text" => (text_at("/text"), "text"),
        "refusal" => (text_at("/refusal"), "refusal"),
        "image_url" => (text_at("/image_url/url"), "image_url.url"),
        "input_audio" => (text_at("/input_audio/data"), "input_audio.data"),
        "file" => (part.get("file").is_some_and(Value::is_object), "file"),
        _ => (true, ""),
    };
    if fits { Ok(()) } else { wrong(format!("{field}.{needed}"), format!("a part of type {kind} needs it.")) }
}

fn check_calls(calls: &Value, field: &str) -> Result<()> {
    let Some(calls) = calls.as_array() else { return wrong(field.to_owned(), "must be a list.") };
    for (at, call) in calls.iter().enumerate() {
        let named = call.pointer("/function/name").is_some_and(Value::is_string);
        let given = call.pointer("/function/arguments").is_some_and(Value::is_string);
        if !named || !given {
            let needed = "needs a function with name and arguments, both texts.";
            return wrong(format!("{field}[{at}]"), needed);
        }
    }
    Ok(())
}

/// The messages of a span in the form of datapoints. Reasoning is left out: it was never said. Images and the like are
/// carried along, so that they outlive the trace.
pub fn from_trace(tx: &mut Tx<'_>, project: i64, messages: &[Message]) -> Result<Vec<Value>> {
    let mut calls = Calls::default();
    let mut written = Vec::new();
    for message in messages {
        match message.role {
            Role::System => written.push(json!({"role": "system", "content": message.plain_text()})),
            Role::Assistant => written.push(calls.assistant(message)),
            Role::User | Role::Tool => {
                let (results, said): (Vec<_>, Vec<_>) =
                    message.parts.iter().partition(|part| matches!(part, Part::ToolResult { .. }));
                written.extend(results.iter().filter_map(|part| calls.result(part)));
                if message.role == Role::Tool && results.is_empty() {
                    written.push(calls.answer(None, &message.plain_text()));
                } else if message.role == Role::User && (!said.is_empty() || results.is_empty()) {
                    written.push(user(tx, project, &said)?);
                }
            }
        }
    }
    Ok(written)
}

/// What a model answered, as text: its words, or the calls it made.
pub fn answer_text(messages: &[Message]) -> Option<String> {
    let texts: Vec<_> = messages.iter().map(Message::plain_text).filter(|text| !text.is_empty()).collect();
    if !texts.is_empty() {
        return Some(texts.join("\n"));
    }
    let mut calls = Calls::default();
    let made = messages.iter().map(|message| calls.assistant(message));
    let made: Vec<_> =
        made.filter_map(|mut message| message["tool_calls"].as_array_mut().map(std::mem::take)).collect();
    (!made.is_empty()).then(|| Value::Array(made.concat()).to_string())
}

fn user(tx: &mut Tx<'_>, project: i64, parts: &[&Part]) -> Result<Value> {
    if let [Part::Text { text }] = parts {
        return Ok(json!({"role": "user", "content": text}));
    }
    let mut content = Vec::new();
    for part in parts {
        content.push(match part {
            Part::Text { text } => json!({"type": "text", "text": text}),
            Part::Media(media) => carried(tx, project, media)?,
            Part::Reasoning { .. } => continue,
            Part::ToolCall { name, arguments, .. } => json!({"type": "text", "text": format!("{name} {arguments}")}),
            Part::ToolResult { result, .. } => json!({"type": "text", "text": text_of(result)}),
            Part::Other { raw } => json!({"type": "text", "text": text_of(raw)}),
        });
    }
    Ok(json!({"role": "user", "content": if content.is_empty() { json!("") } else { json!(content) }}))
}

fn carried(tx: &mut Tx<'_>, project: i64, media: &Media) -> Result<Value> {
    let mime = media.mime.as_deref().unwrap_or("application/octet-stream");
    let named = |what: &str| json!({"type": "text", "text": format!("[{mime}: {what}]")});
    let data = match &media.source {
        MediaSource::Inline { data } => data.clone(),
        MediaSource::Stored { sha256, size, .. } if *size <= MOST_MEDIA => match media::read(tx, project, sha256) {
            Ok((_, bytes)) => STANDARD.encode(bytes),
            Err(Error::NotFound { .. }) => return Ok(named(sha256)),
            Err(error) => return Err(error),
        },
        MediaSource::Stored { sha256, size, .. } => return Ok(named(&format!("{sha256}, {size} bytes"))),
        MediaSource::Url { url } if media.kind == MediaKind::Image => {
            return Ok(json!({"type": "image_url", "image_url": {"url": url}}));
        }
        MediaSource::Url { url } => return Ok(named(url)),
        MediaSource::Ref { id } => return Ok(named(id)),
        MediaSource::Redacted => return Ok(named("hidden by the client")),
    };
    Ok(match media.kind {
        MediaKind::Image => json!({"type": "image_url", "image_url": {"url": format!("data:{mime};base64,{data}")}}),
        MediaKind::Audio => {
            let format = mime.rsplit('/').next().unwrap_or("wav");
            json!({"type": "input_audio", "input_audio": {"data": data, "format": format}})
        }
        MediaKind::Video | MediaKind::File => {
            json!({"type": "file", "file": {"file_data": format!("data:{mime};base64,{data}")}})
        }
    })
}

fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}

/// Ids for tool calls: an answer must name its call, and some clients send neither.
#[derive(Default)]
struct Calls {
    made: usize,
    unanswered: Vec<String>,
}

impl Calls {
    fn assistant(&mut self, message: &Message) -> Value {
        let mut calls = Vec::new();
        for part in &message.parts {
            let Part::ToolCall { id, name, arguments } = part else { continue };
            self.made += 1;
            let id = id.clone().filter(|id| !id.is_empty()).unwrap_or_else(|| format!("call_{}", self.made));
            self.unanswered.push(id.clone());
            calls.push(json!({"id": id, "type": "function",
                "function": {"name": name, "arguments": text_of(arguments)}}));
        }
        let text = message.plain_text();
        let mut written = json!({"role": "assistant"});
        if !text.is_empty() || calls.is_empty() {
            written["content"] = text.into();
        }
        if !calls.is_empty() {
            written["tool_calls"] = calls.into();
        }
        written
    }

    fn result(&mut self, part: &Part) -> Option<Value> {
        let Part::ToolResult { id, result, .. } = part else { return None };
        Some(self.answer(id.as_deref(), &text_of(result)))
    }

    fn answer(&mut self, id: Option<&str>, text: &str) -> Value {
        let id = match id.filter(|id| !id.is_empty()) {
            Some(id) => {
                self.unanswered.retain(|open| open != id);
                id.to_owned()
            }
            // Answers come in the order of the calls.
            None if self.unanswered.is_empty() => "call_0".to_owned(),
            None => self.unanswered.remove(0),
        };
        json!({"role": "tool", "tool_call_id": id, "content": text})
    }
}
