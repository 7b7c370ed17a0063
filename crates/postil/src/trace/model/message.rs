//! Messages and their parts.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::is_false;

/// Who speaks in a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Instructions of the application.
    System,
    /// The person, or whoever stands in for them.
    User,
    /// The model.
    Assistant,
    /// A tool's result.
    Tool,
}

/// One message of a conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said, in order. Empty when the client lost the content.
    pub parts: Vec<Part>,
    /// The speaker's name, if the application gave one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Why the model stopped here, in its provider's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finish_reason: Option<String>,
}

impl Message {
    /// A message of one text.
    pub fn text(role: Role, text: impl Into<String>) -> Self {
        let text = text.into();
        let parts = if text.is_empty() { Vec::new() } else { vec![Part::Text { text }] };
        Self { role, parts, name: None, finish_reason: None }
    }

    /// The texts of the message, joined by line breaks.
    pub fn plain_text(&self) -> String {
        let mut plain = String::new();
        for part in &self.parts {
            if let Part::Text { text } = part {
                if !plain.is_empty() {
                    plain.push('\n');
                }
                plain.push_str(text);
            }
        }
        plain
    }
}

/// One part of a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Part {
    /// Text for the reader.
    Text {
        /// The text.
        text: String,
    },
    /// What the model thought before it answered.
    Reasoning {
        /// The text.
        text: String,
    },
    /// The model asks for a tool.
    ToolCall {
        /// The call's id, which the result repeats.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        /// The tool's name.
        name: String,
        /// The arguments; a string if they are not JSON.
        arguments: Value,
    },
    /// A tool's answer.
    ToolResult {
        /// The id of the call it answers.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        /// The answer: JSON, or text.
        result: Value,
        /// The tool failed.
        #[serde(default, skip_serializing_if = "is_false")]
        is_error: bool,
    },
    /// An image, a recording, a file.
    Media(Media),
    /// A part of a shape that is not known, as it came.
    Other {
        /// The part.
        raw: Value,
    },
}

/// A part that is not text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Media {
    /// What it is.
    pub kind: MediaKind,
    /// Its media type, such as `image/png`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mime: Option<String>,
    /// Where its bytes are.
    #[serde(flatten)]
    pub source: MediaSource,
}

/// What a media part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MediaKind {
    /// A picture.
    Image,
    /// A recording.
    Audio,
    /// A film.
    Video,
    /// Any other file.
    File,
}

/// Where the bytes of a media part are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "source", rename_all = "snake_case")]
pub enum MediaSource {
    /// In the span itself: what is too short to be kept apart, or not written in whole.
    Inline {
        /// The bytes in base64.
        data: String,
    },
    /// With us, apart from the span.
    Stored {
        /// Where they can be fetched, under the project of the span.
        url: String,
        /// Their SHA-256 in lower-case hex.
        sha256: String,
        /// How many they are.
        size: u64,
        /// The type they are served with: `application/octet-stream` for everything that a browser could run.
        content_type: String,
    },
    /// At an address.
    Url {
        /// The address.
        url: String,
    },
    /// In a store that knows them by an id: the client's or the provider's.
    Ref {
        /// The id.
        id: String,
    },
    /// Hidden or lost by the client.
    Redacted,
}
