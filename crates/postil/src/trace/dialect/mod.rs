//! Reads spans of any tracing convention into the normal form.
//!
//! Clients mix conventions, so every field is resolved by itself: each rule asks the sources in their order and takes the
//! first that has an answer. Nothing here fails: what cannot be read is left out, and the attributes stay stored as they
//! came.

mod attributes;
mod context;
mod genai;
mod kind;
mod known;
mod langfuse;
mod langsmith;
mod log_events;
mod media;
mod message;
mod mlflow;
mod node;
mod openinference;
mod openllmetry;
mod orq;
mod outcome;
mod parse;
mod part;
mod people;
mod pydantic;
mod raw;
mod usage;
mod vercel;

use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::Span;

use self::attributes::Family;
use self::context::{Context, Slot};
use self::message::Direction;
use self::node::Node;
use super::model::{FinishReason, Kind, Message, NormalizedSpan, Status, ToolDefinition};

pub use self::known::unmapped_keys;
pub(super) use self::media::from_url as media_at;

/// A span with what the request says around it.
#[derive(Debug, Clone, Copy)]
pub struct SpanView<'a> {
    /// The process that sent the span.
    pub resource: Option<&'a Resource>,
    /// The instrumentation that made it.
    pub scope: Option<&'a InstrumentationScope>,
    /// The span.
    pub span: &'a Span,
    /// The version of its convention that the client states in a request header (`x-langfuse-ingestion-version`).
    pub header_convention_version: Option<u32>,
}

/// Reads a span, with the log records of the same trace and span id, into the normal form.
pub fn normalize(view: &SpanView<'_>, logs: &[&LogRecord]) -> NormalizedSpan {
    let context = Context::new(*view, logs);
    let kind = kind::kind(&context);
    let mut span = NormalizedSpan {
        display_name: kind::display_name(&context, kind),
        kind,
        operation: kind::operation(&context).map(str::to_owned),
        convention: kind::convention(&context),
        convention_version: view.scope.map(|scope| scope.version.clone()).filter(|version| !version.is_empty()),
        ..NormalizedSpan::default()
    };
    (span.status, span.error) = outcome::status(&context);
    span.level = outcome::level(&context);
    models(&context, &mut span);
    conversation(&context, &mut span);
    unanswered(&mut span);
    span.usage = usage::usage(&context, kind);
    span.usage_scope = kind::usage_scope(&context, kind);
    span.cost = usage::cost(&context);
    span.params = people::params(&context);
    span.metadata = people::metadata(&context);
    span.session_id = people::session(&context, &span.metadata);
    span.user_id = people::user(&context, &span.metadata);
    span.tags = people::tags(&context);
    span.prompt = people::prompt(&context);
    span.trace_name = people::trace_name(&context);
    span.ttft_ns = outcome::first_token(&context);
    span.truncated = context.notes.truncated.get();
    span.redacted = context.notes.redacted.get() || context.attributes.get("logfire.scrubbed").is_some();
    span
}

/// Provider, models and the id of the answer.
fn models(context: &Context<'_>, span: &mut NormalizedSpan) {
    let attributes = &context.attributes;
    let keyed = |family: Family, keys: &[&str]| if context.has(family) { attributes.first_text(keys) } else { None };
    let inside = |slot: Slot, keys: &[&str]| context.slot(slot).and_then(|node| node.first(keys)).and_then(Node::text);
    let calls_model = matches!(span.kind, Kind::Llm | Kind::Embedding | Kind::Reranker);

    let decoded = |key: &str| context.node(key).and_then(|node| node.text().map(str::to_owned));
    let mlflow = if context.has(Family::Mlflow) { decoded("mlflow.llm.provider") } else { None };
    let provider = keyed(Family::GenAi, &["gen_ai.provider.name", "gen_ai.system"])
        .or_else(|| keyed(Family::Llm, &["llm.provider", "llm.system"]))
        .or_else(|| keyed(Family::Ai, &["ai.model.provider"]))
        .or_else(|| inside(Slot::OrqRequest, &["provider"]))
        .or_else(|| keyed(Family::Orq, &["orq.model.provider", "orq.provider"]))
        .or(mlflow.as_deref());
    span.provider = provider.map(|provider| provider.split('.').next().unwrap_or(provider).to_ascii_lowercase());

    let langfuse = keyed(Family::Langfuse, &["langfuse.observation.model.name"]);
    let failed = span.status == Status::Error;
    span.request_model = keyed(Family::GenAi, &["gen_ai.request.model"])
        .or_else(|| keyed(Family::Ai, &["ai.model.id"]))
        .or_else(|| keyed(Family::Llm, &["llm.request.model_name"]))
        .or_else(|| inside(Slot::InvocationParameters, &["model", "model_name"]))
        .or_else(|| if calls_model { inside(Slot::InputValue, &["model"]) } else { None })
        .or_else(|| inside(Slot::SpanInputs, &["model"]))
        .or_else(|| inside(Slot::OrqRequest, &["model"]))
        .or_else(|| keyed(Family::Orq, &["orq.model.name", "orq.model.id", "orq.model"]))
        .or_else(|| attributes.text("model_name").filter(|_| context.has(Family::Pydantic)))
        // On an error there was no answer whose model it could be.
        .or_else(|| langfuse.filter(|_| failed))
        .map(str::to_owned);
    span.response_model = keyed(Family::GenAi, &["gen_ai.response.model"])
        .or_else(|| keyed(Family::Ai, &["ai.response.model"]))
        .or_else(|| keyed(Family::Llm, &["llm.response.model_name", "llm.model_name"]))
        .or_else(|| keyed(Family::Retrieval, &["embedding.model_name", "reranker.model_name"]))
        .or_else(|| langfuse.filter(|_| !failed))
        .map(str::to_owned)
        .or_else(|| {
            let outputs = inside(Slot::SpanOutputs, &["model"]).or_else(|| inside(Slot::Completion, &["model"]));
            let outputs = outputs.or_else(|| inside(Slot::OrqOutput, &["model"]));
            outputs
                .or_else(|| if calls_model { inside(Slot::OutputValue, &["model"]) } else { None })
                .map(str::to_owned)
        })
        // Which of the two models it is differs; the answer itself knows better.
        .or_else(|| if context.has(Family::Mlflow) { decoded("mlflow.llm.model") } else { None });
    span.response_id = keyed(Family::GenAi, &["gen_ai.response.id"])
        .or_else(|| keyed(Family::Ai, &["ai.response.id"]))
        .or_else(|| if calls_model { inside(Slot::OutputValue, &["id"]) } else { None })
        .or_else(|| if calls_model { inside(Slot::SpanOutputs, &["id"]) } else { None })
        .or_else(|| if calls_model { inside(Slot::Completion, &["id"]) } else { None })
        .map(str::to_owned);
    span.agent_name = keyed(Family::GenAi, &["gen_ai.agent.name"])
        .or_else(|| attributes.text("agent_name").filter(|_| span.kind == Kind::Agent))
        .or_else(|| attributes.text("agent.name"))
        .map(str::to_owned);
}

/// Where a call failed, some clients show an empty answer, or the model that was asked for as the one that answered.
fn unanswered(span: &mut NormalizedSpan) {
    if span.status != Status::Error || span.kind != Kind::Llm {
        return;
    }
    if span.output.iter().all(|message| message.parts.is_empty()) {
        span.output.clear();
    }
    if span.response_id.is_none() && span.output.is_empty() {
        let named = span.response_model.take();
        if span.request_model.is_none() {
            span.request_model = named;
        } else if span.request_model != named {
            span.response_model = named;
        }
    }
}

/// Messages, tools, and what stands in for them.
fn conversation(context: &Context<'_>, span: &mut NormalizedSpan) {
    let kind = span.kind;
    span.input = input(context, kind).unwrap_or_default();
    span.output = output(context, kind).unwrap_or_default();
    if context.has(Family::GenAi) {
        let instructions = context.node("gen_ai.system_instructions");
        if !span.input.is_empty() || kind == Kind::Llm {
            genai::system_in_front(context, instructions.as_ref(), &mut span.input);
        }
    }
    finish_reasons(context, span);
    span.tools = tools(context);
    span.documents = raw::documents(context, kind);
    if kind == Kind::Tool {
        span.tool = Some(raw::tool(context));
        return;
    }
    if span.input.is_empty() {
        span.input_raw = raw::json(context, Direction::Input);
    }
    // The vectors of an embedding are long and say nothing to a reader; they stay in the attributes.
    if span.output.is_empty() && span.documents.is_empty() && kind != Kind::Embedding {
        span.output_raw = raw::json(context, Direction::Output);
    }
    span.content_absent = kind == Kind::Llm
        && span.input.is_empty()
        && span.output.is_empty()
        && span.input_raw.is_none()
        && span.output_raw.is_none();
}

fn input(context: &Context<'_>, kind: Kind) -> Option<Vec<Message>> {
    let direction = Direction::Input;
    None.or_else(|| if context.has(Family::GenAi) { genai::input(context) } else { None })
        .or_else(|| if context.has(Family::Llm) { openinference::messages(context, direction) } else { None })
        .or_else(|| if context.has(Family::GenAi) { openllmetry::messages(context, direction) } else { None })
        .or_else(|| langsmith::messages(context, kind, direction))
        .or_else(|| vercel::input(context))
        .or_else(|| langfuse::messages(context, kind, direction))
        .or_else(|| mlflow::input(context, kind))
        .or_else(|| log_events::from_span(context, direction))
        .or_else(|| log_events::from_logs(context, direction))
        .or_else(|| pydantic::messages(context, direction))
        .or_else(|| orq::messages(context, kind, direction))
        .or_else(|| raw::conversation(context, kind, direction))
}

fn output(context: &Context<'_>, kind: Kind) -> Option<Vec<Message>> {
    let direction = Direction::Output;
    None.or_else(|| if context.has(Family::GenAi) { genai::output(context) } else { None })
        .or_else(|| if context.has(Family::Llm) { openinference::messages(context, direction) } else { None })
        .or_else(|| if context.has(Family::GenAi) { openllmetry::messages(context, direction) } else { None })
        .or_else(|| langsmith::messages(context, kind, direction))
        .or_else(|| vercel::output(context))
        .or_else(|| langfuse::messages(context, kind, direction))
        .or_else(|| mlflow::output(context, kind))
        .or_else(|| log_events::from_span(context, direction))
        .or_else(|| log_events::from_logs(context, direction))
        .or_else(|| pydantic::messages(context, direction))
        .or_else(|| orq::messages(context, kind, direction))
        .or_else(|| raw::conversation(context, kind, direction))
}

/// Finish reasons, and each on its message where it is clear which one that is.
fn finish_reasons(context: &Context<'_>, span: &mut NormalizedSpan) {
    let listed = if context.has(Family::GenAi) { context.node("gen_ai.response.finish_reasons") } else { None };
    span.finish_reasons = match &listed {
        Some(Node::List(items)) => items.iter().filter_map(Node::text).map(str::to_owned).collect(),
        Some(Node::Text(text)) if !text.is_empty() => vec![text.to_string()],
        _ => Vec::new(),
    };
    if span.finish_reasons.is_empty() {
        let single = context.attributes.first_text(&["llm.finish_reason", "ai.response.finishReason"]);
        span.finish_reasons = match single.map(str::to_owned).or_else(|| langfuse::finish_reason(context)) {
            Some(reason) => vec![reason],
            None => span.output.iter().filter_map(|message| message.finish_reason.clone()).collect(),
        };
    }
    if span.finish_reasons.len() == span.output.len() {
        for (message, reason) in span.output.iter_mut().zip(&span.finish_reasons) {
            message.finish_reason.get_or_insert_with(|| reason.clone());
        }
    }
    span.finish_reasons_normalized = span.finish_reasons.iter().filter_map(|word| FinishReason::parse(word)).collect();
}

fn tools(context: &Context<'_>) -> Vec<ToolDefinition> {
    let from = |node: Option<&Node<'_>>| node.map_or(Vec::new(), genai::tools);
    let mut tools = Vec::new();
    let mut ask = |source: &dyn Fn() -> Vec<ToolDefinition>| {
        if tools.is_empty() {
            tools = source();
        }
    };
    if context.has(Family::GenAi) {
        ask(&|| openllmetry::current_tools(context));
        ask(&|| from(context.slot(Slot::Prompt).and_then(|prompt| prompt.get("tools"))));
    }
    if context.has(Family::Llm) {
        ask(&|| openinference::tools(context));
        ask(&|| openllmetry::tools(context));
    }
    if context.has(Family::Ai) {
        ask(&|| vercel::tools(context));
    }
    if context.has(Family::Langfuse) {
        ask(&|| from(context.slot(Slot::LangfuseInput).and_then(|input| input.get("tools"))));
    }
    if context.has(Family::Mlflow) {
        ask(&|| from(context.node("mlflow.chat.tools").as_ref()));
        ask(&|| from(context.slot(Slot::SpanInputs).and_then(|input| input.get("tools"))));
    }
    ask(&|| log_events::tools(context));
    if context.orq || context.has(Family::Orq) {
        ask(&|| from(context.slot(Slot::OrqInput).and_then(|input| input.get("tools"))));
    }
    tools
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod vocabulary;
