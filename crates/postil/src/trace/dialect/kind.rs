//! What a span did, in whose words, and who wrote it.

use super::attributes::Family;
use super::context::Context;
use super::node::Node;
use super::parse;
use crate::trace::model::{Convention, Kind, UsageScope};

/// Attributes that only a call of a model has.
const CALL_KEYS: &[&str] = &[
    "gen_ai.request.model",
    "gen_ai.response.model",
    "llm.model_name",
    "llm.request.model_name",
    "gen_ai.input.messages",
    "gen_ai.output.messages",
];

/// The kind of a span, by the most telling attribute it has.
pub(crate) fn kind(context: &Context<'_>) -> Kind {
    named_kind(context).unwrap_or_else(|| {
        let attributes = &context.attributes;
        if attributes.get("gen_ai.tool.name").is_some() || attributes.get("tool.name").is_some() {
            Kind::Tool
        } else if CALL_KEYS.iter().any(|key| attributes.get(key).is_some()) {
            Kind::Llm
        } else if attributes.get("gen_ai.agent.name").is_some() {
            Kind::Agent
        } else {
            Kind::Generic
        }
    })
}

fn named_kind(context: &Context<'_>) -> Option<Kind> {
    let attributes = &context.attributes;
    let family = |family: Family, key: &str| if context.has(family) { attributes.text(key) } else { None };
    None.or_else(|| family(Family::Ai, "ai.operationId").and_then(vercel))
        .or_else(|| family(Family::OpenInference, "openinference.span.kind").and_then(word))
        .or_else(|| family(Family::Langfuse, "langfuse.observation.type").and_then(word))
        .or_else(|| {
            let encoded = family(Family::Mlflow, "mlflow.spanType")?;
            word(parse::json(encoded).map(|parsed| parsed.node).as_ref().and_then(Node::text).unwrap_or(encoded))
        })
        .or_else(|| family(Family::Traceloop, "traceloop.span.kind").and_then(word))
        .or_else(|| family(Family::Langsmith, "langsmith.span.kind").and_then(word))
        .or_else(|| family(Family::Llm, "llm.request.type").and_then(word))
        .or_else(|| family(Family::GenAi, "gen_ai.operation.name").and_then(word))
        .or_else(|| {
            let named = ["orq.span_type", "orq.type"].iter().find_map(|key| family(Family::Orq, key));
            named.or_else(|| if context.orq { attributes.text("type") } else { None }).and_then(orq)
        })
}

fn vercel(operation: &str) -> Option<Kind> {
    Some(match operation.rsplit('.').next()? {
        "doGenerate" | "doStream" => Kind::Llm,
        "doEmbed" => Kind::Embedding,
        "doRerank" => Kind::Reranker,
        "toolCall" => Kind::Tool,
        _ => Kind::Chain,
    })
}

/// The words of all conventions; they agree where they overlap.
fn word(word: &str) -> Option<Kind> {
    Some(match word.to_ascii_lowercase().as_str() {
        "llm" | "generation" | "chat_model" | "chat" | "completion" | "text_completion" | "generate_content"
        | "responses" => Kind::Llm,
        "agent" | "invoke_agent" | "create_agent" => Kind::Agent,
        "tool" | "execute_tool" => Kind::Tool,
        "chain" | "workflow" | "task" | "invoke_workflow" | "agent_step" | "parser" | "memory" => Kind::Chain,
        "retriever" | "retrieval" => Kind::Retriever,
        "embedding" | "embeddings" => Kind::Embedding,
        "reranker" | "rerank" => Kind::Reranker,
        "guardrail" => Kind::Guardrail,
        "evaluator" => Kind::Evaluator,
        "prompt" => Kind::Prompt,
        "event" => Kind::Event,
        "span" => Kind::Generic,
        _ => return None,
    })
}

fn orq(kind: &str) -> Option<Kind> {
    let kind = kind.strip_prefix("span.").unwrap_or(kind);
    word(kind).or_else(|| {
        let holds = |part: &str| kind.contains(part);
        if holds("completion") || holds("response") || holds("llm") || kind == "deployment" {
            Some(Kind::Llm)
        } else if holds("retriev") || holds("knowledge") {
            Some(Kind::Retriever)
        } else if holds("tool") {
            Some(Kind::Tool)
        } else if holds("agent") {
            Some(Kind::Agent)
        } else if kind == "function" {
            Some(Kind::Chain)
        } else {
            None
        }
    })
}

/// The operation in the convention's own word.
pub(crate) fn operation<'a>(context: &Context<'a>) -> Option<&'a str> {
    let attributes = &context.attributes;
    let family = |family: Family, key: &str| if context.has(family) { attributes.text(key) } else { None };
    family(Family::GenAi, "gen_ai.operation.name")
        .or_else(|| family(Family::Ai, "ai.operationId"))
        .or_else(|| family(Family::Llm, "llm.request.type"))
}

/// Whether the span repeats the usage of the spans below it.
pub(crate) fn usage_scope(context: &Context<'_>, kind: Kind) -> UsageScope {
    let sums = matches!(kind, Kind::Agent | Kind::Chain)
        || (context.has(Family::GenAi) && !context.attributes.under("gen_ai.aggregated_usage.").is_empty());
    if sums { UsageScope::Aggregate } else { UsageScope::Own }
}

/// The convention most of the span is written in.
pub(crate) fn convention(context: &Context<'_>) -> Convention {
    let scope = context.scope();
    let has = |family| context.has(family);
    if scope == "com.anthropic.sdk.python" || scope.starts_with("com.anthropic.sdk") {
        Convention::AnthropicSdk
    } else if has(Family::Langsmith) || scope == "langsmith" {
        Convention::Langsmith
    } else if context.orq || (has(Family::Orq) && !has(Family::GenAi)) {
        Convention::Orq
    } else if has(Family::Langfuse) || scope == "langfuse-sdk" {
        Convention::Langfuse
    } else if has(Family::OpenInference) || scope.starts_with("openinference.") {
        Convention::OpenInference
    } else if has(Family::Mlflow) || scope.starts_with("mlflow") {
        Convention::Mlflow
    } else if has(Family::Ai) && (scope == "ai" || context.attributes.get("ai.operationId").is_some()) {
        Convention::VercelAi
    } else if scope == "pydantic-ai" || has(Family::Pydantic) {
        Convention::PydanticAi
    } else if has(Family::Logfire) || scope.starts_with("logfire") {
        Convention::Logfire
    } else if has(Family::Traceloop)
        || scope == "traceloop.tracer"
        || context.attributes.get("gen_ai.is_streaming").is_some()
        || context.attributes.get("llm.request.type").is_some()
    {
        Convention::OpenLlmetry
    } else if has(Family::GenAi) {
        if scope == "gen_ai" { Convention::VercelAi } else { Convention::OtelGenai }
    } else {
        Convention::Otel
    }
}

/// The name to show: a client's own wording of it, or the span's name, or what it did.
pub(crate) fn display_name(context: &Context<'_>, kind: Kind) -> String {
    let attributes = &context.attributes;
    let name = context.view.span.name.as_str();
    let worded = if context.has(Family::Logfire) {
        attributes.text("logfire.msg")
    } else if context.has(Family::Ai) && kind == Kind::Tool {
        attributes.text("ai.toolCall.name")
    } else if context.has(Family::Ai) && kind == Kind::Chain {
        attributes.text("ai.telemetry.functionId")
    } else if context.has(Family::Traceloop) && attributes.get("traceloop.span.kind").is_some() {
        attributes.text("traceloop.entity.name")
    } else {
        None
    };
    worded
        .or(Some(name).filter(|name| !name.trim().is_empty()))
        .or_else(|| operation(context))
        .unwrap_or(kind.as_str())
        .to_owned()
}
