//! The normal form of a span: what every tracing convention is mapped to.
//!
//! The names of fields and values here are the JSON of the public API (`span.normalized`), so renaming one is a change
//! of the contract. Absent values are left out instead of written as null.

mod message;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use message::{Media, MediaKind, MediaSource, Message, Part, Role};

/// One span in the normal form, independent of the convention it was reported in.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct NormalizedSpan {
    /// The name to show to people; never empty.
    pub display_name: String,
    /// What the span did.
    pub kind: Kind,
    /// The operation in the words of the convention, such as `chat` or `execute_tool`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// The convention that most of the span was written in. A label only: fields are resolved one by one.
    pub convention: Convention,
    /// The version of the client that wrote the span.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub convention_version: Option<String>,
    /// Who served the model, in lower case: `openai`, `anthropic`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// The model that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_model: Option<String>,
    /// The model that answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_model: Option<String>,
    /// The provider's id of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_id: Option<String>,
    /// Request parameters other than model, messages and tools: `temperature`, `max_tokens`.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub params: Map<String, Value>,
    /// Why the model stopped, in its provider's words, one per choice.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub finish_reasons: Vec<String>,
    /// The same reasons in one vocabulary.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub finish_reasons_normalized: Vec<FinishReason>,
    /// The messages the model was given, the system prompt first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub input: Vec<Message>,
    /// The messages the model answered with, one per choice.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub output: Vec<Message>,
    /// The tools the model could call.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<ToolDefinition>,
    /// The input of a span that has no messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_raw: Option<Value>,
    /// The output of a span that has no messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_raw: Option<Value>,
    /// What a retriever found or a reranker returned.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub documents: Vec<Document>,
    /// The tool call this span carried out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool: Option<ToolRun>,
    /// The agent that acted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_name: Option<String>,
    /// The managed prompt the input was made from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt: Option<Prompt>,
    /// Token counts.
    #[serde(skip_serializing_if = "Usage::is_empty")]
    pub usage: Usage,
    /// Whether `usage` and `cost` are of this span alone or repeat those of the spans below it.
    pub usage_scope: UsageScope,
    /// Money spent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
    /// The conversation this span belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// The user on whose behalf the application ran.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// Tags given by the application, each once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Metadata given by the application.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub metadata: Map<String, Value>,
    /// The name the client gave to the whole trace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace_name: Option<String>,
    /// Severity in lower case: `debug`, `info`, `warning`, `error`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// How the span ended.
    pub status: Status,
    /// What went wrong; only with status `error`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<SpanError>,
    /// Nanoseconds from the start of the span to the first part of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ttft_ns: Option<i64>,
    /// A value was cut off by the client's limits and repaired here.
    #[serde(skip_serializing_if = "is_false")]
    pub truncated: bool,
    /// The client hid some of the content.
    #[serde(skip_serializing_if = "is_false")]
    pub redacted: bool,
    /// A model call that carries neither messages nor raw content: the client does not capture content.
    #[serde(skip_serializing_if = "is_false")]
    pub content_absent: bool,
}

/// What a span did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A call of a language model.
    Llm,
    /// An agent's run, with model and tool calls below it.
    Agent,
    /// The execution of a tool.
    Tool,
    /// A step that combines others: a workflow, a task, a pipeline.
    Chain,
    /// A search for documents.
    Retriever,
    /// A call of an embedding model.
    Embedding,
    /// A call that orders documents by relevance.
    Reranker,
    /// A check that may stop the application.
    Guardrail,
    /// A judgement of an answer.
    Evaluator,
    /// The rendering of a prompt template.
    Prompt,
    /// A point in time without duration.
    Event,
    /// Anything else: HTTP servers, databases, plain functions.
    #[default]
    Generic,
}

impl Kind {
    /// The name of the kind in the public API.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Llm => "llm",
            Kind::Agent => "agent",
            Kind::Tool => "tool",
            Kind::Chain => "chain",
            Kind::Retriever => "retriever",
            Kind::Embedding => "embedding",
            Kind::Reranker => "reranker",
            Kind::Guardrail => "guardrail",
            Kind::Evaluator => "evaluator",
            Kind::Prompt => "prompt",
            Kind::Event => "event",
            Kind::Generic => "generic",
        }
    }
}

/// The convention a span was written in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Convention {
    /// OpenTelemetry's semantic conventions for generative AI.
    OtelGenai,
    /// OpenInference instrumentations.
    #[serde(rename = "openinference")]
    OpenInference,
    /// OpenLLMetry and the Traceloop SDK.
    #[serde(rename = "openllmetry")]
    OpenLlmetry,
    /// The Langfuse SDK.
    Langfuse,
    /// Logfire.
    Logfire,
    /// Pydantic AI.
    PydanticAi,
    /// The Vercel AI SDK.
    VercelAi,
    /// MLflow tracing.
    Mlflow,
    /// orq.ai's decorator and attributes.
    Orq,
    /// LangSmith attributes, as orq.ai's LangChain callback writes them.
    Langsmith,
    /// Spans that Anthropic's own SDK emits.
    AnthropicSdk,
    /// OpenTelemetry without any of the above.
    #[default]
    Otel,
}

/// Why a model stopped, in one vocabulary for all providers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FinishReason {
    /// The answer was complete.
    Stop,
    /// The token limit was reached.
    Length,
    /// The model asked for tools.
    ToolCall,
    /// The provider withheld the answer.
    ContentFilter,
    /// The call failed.
    Error,
}

impl FinishReason {
    /// Reads a provider's word; `None` if it is not known.
    pub fn parse(word: &str) -> Option<Self> {
        let word = word.trim();
        let known = |names: &[&str]| names.iter().any(|name| name.eq_ignore_ascii_case(word));
        if known(&["stop", "end_turn", "stop_sequence", "completed", "complete", "eos", "end"]) {
            Some(Self::Stop)
        } else if known(&["length", "max_tokens", "max_output_tokens", "incomplete", "model_length"]) {
            Some(Self::Length)
        } else if known(&["tool_calls", "tool_call", "tool-calls", "tool_use", "function_call", "tool-call"]) {
            Some(Self::ToolCall)
        } else if known(&[
            "content_filter",
            "content-filter",
            "safety",
            "refusal",
            "recitation",
            "guardrail_intervened",
        ]) {
            Some(Self::ContentFilter)
        } else if known(&["error", "failed"]) {
            Some(Self::Error)
        } else {
            None
        }
    }
}

/// A tool a model could call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToolDefinition {
    /// The tool's name.
    pub name: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The JSON schema of its arguments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<Value>,
}

/// A document a retriever found.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Document {
    /// Its id in the application's store.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Its text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// How well it fits, on the retriever's own scale.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
    /// What the application knows about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Value>,
}

/// The tool call a span carried out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ToolRun {
    /// The tool's name.
    pub name: String,
    /// The id of the call in the conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call_id: Option<String>,
    /// What it was called with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arguments: Option<Value>,
    /// What it returned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<Value>,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// A managed prompt.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Prompt {
    /// Its name or id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Its text before the variables were put in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// The variables.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variables: Option<Value>,
}

/// Token counts. A count that the client did not send is absent, not zero.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Usage {
    /// Tokens of the prompt, those read from and written to a cache included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<u64>,
    /// Tokens of the answer, reasoning included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<u64>,
    /// All tokens, as the client counted them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
    /// Tokens of the prompt that came from a cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_read: Option<u64>,
    /// Tokens of the prompt that were written to a cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_write: Option<u64>,
    /// Tokens of the answer spent on reasoning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<u64>,
    /// Counts of other kinds by the name the client gave them, such as `audio_input`.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub extra: Map<String, Value>,
}

impl Usage {
    /// No count is known.
    pub fn is_empty(&self) -> bool {
        self.input.is_none()
            && self.output.is_none()
            && self.total.is_none()
            && self.cache_read.is_none()
            && self.cache_write.is_none()
            && self.reasoning.is_none()
            && self.extra.is_empty()
    }
}

/// Whose tokens a span's usage counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UsageScope {
    /// The span's own.
    #[default]
    Own,
    /// The sum of the spans below it; not to be added to theirs.
    Aggregate,
}

/// Money spent on a call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// For the prompt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<f64>,
    /// For the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<f64>,
    /// For all of it.
    pub total: f64,
    /// ISO 4217 code of the currency: `USD`.
    pub currency: String,
    /// Who worked it out.
    pub source: CostSource,
}

/// Who worked out a cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CostSource {
    /// The tracing client.
    Client,
    /// This server, from the price table.
    Computed,
}

/// How a span ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The client did not say.
    #[default]
    Unset,
    /// The client said it went well.
    Ok,
    /// It failed.
    Error,
}

/// What went wrong in a span.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SpanError {
    /// The class of the error: `RateLimitError`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The stack trace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stack: Option<String>,
}

fn is_false(value: &bool) -> bool {
    !*value
}
