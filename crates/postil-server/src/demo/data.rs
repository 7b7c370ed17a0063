//! The conversations of the demo, as their files hold them; `demo/README.md` describes the form.

use rust_embed::RustEmbed;
use serde::Deserialize;
use serde_json::{Map, Value};

#[derive(RustEmbed)]
#[folder = "demo"]
struct Files;

/// The tracing convention a conversation is sent in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Convention {
    Genai,
    Openinference,
    Orq,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Conversation {
    pub(super) name: String,
    pub(super) convention: Convention,
    pub(super) minutes_ago: f64,
    pub(super) service: String,
    pub(super) environment: String,
    pub(super) session_id: Option<String>,
    pub(super) user_id: Option<String>,
    #[serde(default)]
    pub(super) tags: Vec<String>,
    #[serde(default)]
    pub(super) metadata: Map<String, Value>,
    pub(super) deployment: Option<Deployment>,
    pub(super) steps: Vec<Step>,
    #[serde(default)]
    pub(super) judgements: Vec<Judgement>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Deployment {
    pub(super) id: String,
    pub(super) key: String,
    pub(super) variant: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Step {
    pub(super) kind: Kind,
    pub(super) name: String,
    pub(super) milliseconds: u64,
    #[serde(default)]
    pub(super) gap: u64,
    #[serde(default)]
    pub(super) children: Vec<Step>,
    #[serde(default)]
    pub(super) evaluations: Vec<Evaluation>,
    pub(super) error: Option<Failure>,
    pub(super) provider: Option<String>,
    pub(super) model: Option<String>,
    pub(super) response_model: Option<String>,
    #[serde(default)]
    pub(super) parameters: Map<String, Value>,
    pub(super) input: Option<Content>,
    pub(super) output: Option<Content>,
    pub(super) finish_reason: Option<String>,
    #[serde(default)]
    pub(super) tools: Vec<Value>,
    pub(super) usage: Option<Usage>,
    pub(super) stream: Option<Stream>,
    pub(super) call_id: Option<String>,
    pub(super) arguments: Option<Value>,
    pub(super) result: Option<Value>,
    pub(super) description: Option<String>,
    pub(super) query: Option<String>,
    #[serde(default)]
    pub(super) documents: Vec<Document>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    Agent,
    Chain,
    Llm,
    Tool,
    Retriever,
    Embedding,
    Guardrail,
}

/// The input and output of a model call are messages, of everything else text.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Content {
    Text(String),
    Messages(Vec<Message>),
}

impl Content {
    pub(super) fn messages(&self) -> &[Message] {
        if let Content::Messages(messages) = self { messages } else { &[] }
    }

    pub(super) fn text(&self) -> &str {
        if let Content::Text(text) = self { text } else { "" }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Message {
    pub(super) role: String,
    pub(super) content: Body,
    #[serde(default)]
    pub(super) tool_calls: Vec<ToolCall>,
    pub(super) tool_call_id: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Body {
    Text(String),
    Parts(Vec<Part>),
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(super) enum Part {
    Text { text: String },
    Reasoning { text: String },
    Image { data_url: String },
}

#[derive(Debug, Deserialize)]
pub(super) struct ToolCall {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) arguments: Value,
}

#[derive(Debug, Deserialize)]
pub(super) struct Failure {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) message: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Usage {
    pub(super) input: i64,
    #[serde(default)]
    pub(super) output: i64,
    pub(super) cache_read: Option<i64>,
    pub(super) reasoning: Option<i64>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Stream {
    pub(super) first_token_milliseconds: u64,
}

#[derive(Debug, Deserialize)]
pub(super) struct Document {
    pub(super) id: String,
    pub(super) content: String,
    pub(super) score: f64,
    pub(super) metadata: Option<Value>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Evaluation {
    pub(super) name: String,
    pub(super) score: Option<f64>,
    pub(super) label: Option<String>,
    pub(super) passed: Option<bool>,
    pub(super) explanation: Option<String>,
}

/// What somebody said of a step.
#[derive(Debug, Deserialize)]
pub(super) struct Judgement {
    pub(super) step: String,
    pub(super) key: String,
    pub(super) value: Value,
    pub(super) by: String,
}

/// All conversations, in the order of their files.
///
/// # Errors
/// When a file does not have the form of the demo; a test reads them all.
pub(super) fn load() -> anyhow::Result<Vec<Conversation>> {
    let mut names: Vec<_> = Files::iter().filter(|name| name.ends_with(".json")).collect();
    names.sort();
    let mut all = Vec::new();
    for name in names {
        let file = Files::get(&name).ok_or_else(|| anyhow::anyhow!("{name} is missing"))?;
        let read: Vec<Conversation> =
            serde_json::from_slice(&file.data).map_err(|cause| anyhow::anyhow!("{name}: {cause}"))?;
        all.extend(read);
    }
    Ok(all)
}
