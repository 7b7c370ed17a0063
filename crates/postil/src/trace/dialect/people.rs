//! Who the span is about and what the application says of it: session, user, tags, metadata.

use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use serde_json::{Map, Value};

use super::attributes::{self, Family};
use super::context::{Context, Slot};
use super::node::Node;
use super::parse;
use super::{langfuse, langsmith, orq, vercel};
use crate::trace::model::Prompt;

/// The conversation the span belongs to.
pub(crate) fn session(context: &Context<'_>, metadata: &Map<String, Value>) -> Option<String> {
    let keyed = |family: Family, keys: &[&str]| {
        if context.has(family) { context.attributes.first_text(keys) } else { None }
    };
    context
        .attributes
        .text("session.id")
        .or_else(|| keyed(Family::GenAi, &["gen_ai.conversation.id"]))
        .or_else(|| keyed(Family::Langfuse, &["langfuse.session.id", "langfuse.trace.session_id"]))
        .or_else(|| keyed(Family::Traceloop, &["traceloop.association.properties.session_id"]))
        .or_else(|| keyed(Family::Ai, &["ai.telemetry.metadata.sessionId"]))
        .or_else(|| keyed(Family::Langsmith, &["langsmith.metadata.session_id", "langsmith.metadata.thread_id"]))
        .or_else(|| keyed(Family::Orq, &["orq.session_id", "orq.thread_id"]))
        .or_else(|| ["session_id", "thread_id"].iter().find_map(|key| metadata.get(*key).and_then(Value::as_str)))
        .or_else(|| context.resource_text("session.id"))
        .map(str::to_owned)
}

/// The user on whose behalf the application ran.
pub(crate) fn user(context: &Context<'_>, metadata: &Map<String, Value>) -> Option<String> {
    let keyed = |family: Family, keys: &[&str]| {
        if context.has(family) { context.attributes.first_text(keys) } else { None }
    };
    context
        .attributes
        .first_text(&["user.id", "enduser.id"])
        .or_else(|| keyed(Family::Langfuse, &["langfuse.user.id"]))
        .or_else(|| keyed(Family::Traceloop, &["traceloop.association.properties.user_id"]))
        .or_else(|| keyed(Family::Ai, &["ai.telemetry.metadata.userId"]))
        .or_else(|| keyed(Family::Langsmith, &["langsmith.metadata.user_id"]))
        .or_else(|| keyed(Family::Orq, &["orq.user_id", "orq.identity_id"]))
        .or_else(|| metadata.get("user_id").and_then(Value::as_str))
        .or_else(|| context.resource_text("user.id"))
        .or_else(|| context.resource_text("enduser.id"))
        .map(str::to_owned)
}

/// Tags, each once, in the order they come.
pub(crate) fn tags(context: &Context<'_>) -> Vec<String> {
    let mut tags: Vec<String> = Vec::new();
    let mut add = |tag: &str| {
        if !tag.is_empty() && !tags.iter().any(|known| known == tag) {
            tags.push(tag.to_owned());
        }
    };
    let keys = [
        (None, "tag.tags"),
        (Some(Family::Langfuse), "langfuse.trace.tags"),
        (Some(Family::Langsmith), "langsmith.span.tags"),
        (Some(Family::Ai), "ai.telemetry.metadata.tags"),
        (Some(Family::Logfire), "logfire.tags"),
        (Some(Family::Orq), "orq.tags"),
    ];
    for (family, key) in keys {
        if family.is_some_and(|family| !context.has(family)) || context.attributes.get(key).is_none() {
            continue;
        }
        for value in context.attributes.all(key) {
            match attributes::node(value).0 {
                Node::List(items) => items.iter().filter_map(Node::text).for_each(&mut add),
                Node::Text(text) => text.split(',').map(str::trim).for_each(&mut add),
                _ => {}
            }
        }
    }
    tags
}

/// Metadata of every convention, one map.
pub(crate) fn metadata(context: &Context<'_>) -> Map<String, Value> {
    let mut metadata = Map::new();
    if context.has(Family::Metadata) {
        if let Some(node) = context.node("metadata")
            && let Some(pairs) = node.pairs()
        {
            for (key, value) in pairs.iter().filter(|(_, value)| !value.is_null()) {
                metadata.insert(key.to_string(), value.to_json());
            }
        }
        for (key, value) in context.attributes.under("metadata.") {
            metadata.entry(&key["metadata.".len()..]).or_insert_with(|| Node::from_any(value).to_json());
        }
    }
    langfuse::metadata(context, &mut metadata);
    if context.has(Family::Traceloop) {
        for (key, value) in context.attributes.under("traceloop.association.properties.") {
            let name = &key["traceloop.association.properties.".len()..];
            if !matches!(name, "session_id" | "user_id") {
                metadata.entry(name).or_insert_with(|| Node::from_any(value).to_json());
            }
        }
    }
    if context.has(Family::Ai) {
        vercel::metadata(context, &mut metadata);
    }
    if context.has(Family::Langsmith) {
        langsmith::metadata(context, &mut metadata);
    }
    if context.has(Family::Mlflow) {
        for (key, value) in context.attributes.under("mlflow.traceTag.") {
            metadata.entry(&key["mlflow.traceTag.".len()..]).or_insert_with(|| decoded(value));
        }
    }
    if context.orq || context.has(Family::Orq) {
        orq::metadata(context, &mut metadata);
    }
    metadata
}

/// A value that its client encodes as JSON whatever its type.
fn decoded(value: &Any) -> Value {
    match attributes::text(value).and_then(parse::json) {
        Some(parsed) => parsed.node.to_json(),
        None => Node::from_any(value).to_json(),
    }
}

/// The managed prompt.
pub(crate) fn prompt(context: &Context<'_>) -> Option<Prompt> {
    let label = |key: &str| context.attributes.get(key).and_then(|value| Node::from_any(value).label());
    let mut prompt = Prompt::default();
    if context.has(Family::Llm) {
        prompt.template = label("llm.prompt_template.template");
        prompt.version = label("llm.prompt_template.version");
        prompt.variables = context.node("llm.prompt_template.variables").and_then(|node| node.some_json());
    }
    if context.has(Family::Traceloop) {
        prompt.name = label("traceloop.prompt.key");
        prompt.template = prompt.template.or_else(|| label("traceloop.prompt.template"));
        prompt.version = prompt.version.or_else(|| label("traceloop.prompt.version"));
        let variables = context.attributes.under("traceloop.prompt.template_variables.");
        if !variables.is_empty() {
            let name = |key: &str| key["traceloop.prompt.template_variables.".len()..].to_owned();
            let map = variables.iter().map(|(key, value)| (name(key), Node::from_any(value).to_json())).collect();
            prompt.variables = prompt.variables.or(Some(Value::Object(map)));
        }
    }
    if context.has(Family::Langfuse) {
        prompt.name = prompt.name.or_else(|| label("langfuse.observation.prompt.name"));
        prompt.version = prompt.version.or_else(|| label("langfuse.observation.prompt.version"));
    }
    if context.has(Family::Orq) {
        prompt.name = prompt.name.or_else(|| label("orq.prompt_id"));
        prompt.variables = prompt.variables.or_else(|| context.node("orq.variables").and_then(|node| node.some_json()));
    }
    (prompt != Prompt::default()).then_some(prompt)
}

/// The name the client gave to the whole trace.
pub(crate) fn trace_name(context: &Context<'_>) -> Option<String> {
    let keyed = |family: Family, key: &str| if context.has(family) { context.attributes.text(key) } else { None };
    keyed(Family::Langfuse, "langfuse.trace.name").or_else(|| keyed(Family::Orq, "orq.trace.name")).map(str::to_owned)
}

/// Model parameters other than the model and what was said.
pub(crate) fn params(context: &Context<'_>) -> Map<String, Value> {
    let mut params = Map::new();
    let mut add = |node: Option<&Node<'_>>, only_scalars: bool| {
        for (key, value) in node.and_then(Node::pairs).unwrap_or_default() {
            let content = matches!(
                key.as_ref(),
                "model"
                    | "model_name"
                    | "messages"
                    | "tools"
                    | "input"
                    | "prompt"
                    | "instructions"
                    | "system"
                    | "provider"
                    | "_type"
            );
            let structured = matches!(value, Node::List(_) | Node::Map(_));
            let left_out = content || value.is_blank() || (only_scalars && structured);
            if !left_out {
                params.entry(key.as_ref()).or_insert_with(|| value.to_json());
            }
        }
    };
    add(context.slot(Slot::InvocationParameters), false);
    if context.has(Family::Langfuse) {
        add(context.node("langfuse.observation.model.parameters").as_ref(), false);
    }
    if context.has(Family::Mlflow) && context.slot(Slot::SpanInputs).is_some_and(|inputs| inputs.get("model").is_some())
    {
        add(context.slot(Slot::SpanInputs), true);
    }
    if context.orq || context.has(Family::Orq) {
        add(context.slot(Slot::OrqRequest), false);
    }
    if context.has(Family::GenAi) {
        super::genai::params(context, &mut params);
    }
    if context.has(Family::Ai) {
        vercel::params(context, &mut params);
    }
    params
}
