//! Token counts and costs.

use serde_json::{Map, Value};

use super::attributes::Family;
use super::context::{Context, Slot};
use super::node::Node;
use crate::trace::model::{Cost, CostSource, Kind, Usage};

/// Gathers token counts from every convention the span uses; the first source that has a count wins.
pub(crate) fn usage(context: &Context<'_>, kind: Kind) -> Usage {
    let mut usage = Usage::default();
    if context.has(Family::GenAi) {
        semantic(context, "gen_ai.usage.", &mut usage);
        if usage.is_empty() {
            semantic(context, "gen_ai.aggregated_usage.", &mut usage);
        }
    }
    if context.has(Family::Llm) {
        open_inference(context, &mut usage);
    }
    if context.has(Family::Ai) {
        vercel(context, &mut usage);
    }
    if context.has(Family::Langfuse)
        && let Some(details) = context.node("langfuse.observation.usage_details")
    {
        fill(&mut usage, langfuse(&details));
    }
    if context.has(Family::Mlflow) {
        if let Some(counts) = context.node("mlflow.chat.tokenUsage") {
            fill(&mut usage, counted(&counts));
        }
        if let Some(raw) = context.slot(Slot::SpanOutputs).and_then(|outputs| outputs.get("usage")) {
            fill(&mut usage, provider_usage(raw));
        }
    }
    if (context.orq || context.has(Family::Orq))
        && let Some(metrics) = context.slot(Slot::OrqMetrics)
    {
        fill(&mut usage, provider_usage(metrics));
    }
    if context.has(Family::GenAi) {
        if let Some(raw) = context.node("gen_ai.usage.raw") {
            fill(&mut usage, provider_usage(&raw));
        }
        if usage.input.is_none()
            && let Some(raw) = context.slot(Slot::Completion).and_then(|answer| answer.get("usage"))
        {
            fill(&mut usage, provider_usage(raw));
        }
    }
    if usage.input.is_none()
        && usage.output.is_none()
        && matches!(kind, Kind::Llm | Kind::Embedding)
        && let Some(raw) = context.slot(Slot::OutputValue).and_then(|answer| answer.get("usage"))
    {
        fill(&mut usage, provider_usage(raw));
    }
    usage
}

/// Takes the counts that are still missing.
fn fill(usage: &mut Usage, other: Usage) {
    usage.input = usage.input.or(other.input);
    usage.output = usage.output.or(other.output);
    usage.total = usage.total.or(other.total);
    usage.cache_read = usage.cache_read.or(other.cache_read);
    usage.cache_write = usage.cache_write.or(other.cache_write);
    usage.reasoning = usage.reasoning.or(other.reasoning);
    for (key, value) in other.extra {
        usage.extra.entry(key).or_insert(value);
    }
}

/// The keys stand sorted, and of each count the name that is preferred sorts first.
fn semantic(context: &Context<'_>, prefix: &str, usage: &mut Usage) {
    for (key, value) in context.attributes.under(prefix) {
        let name = &key[prefix.len()..];
        let Some(count) = Node::from_any(value).count() else { continue };
        let field = match name {
            "input_tokens" | "prompt_tokens" => &mut usage.input,
            "output_tokens" | "completion_tokens" => &mut usage.output,
            "total_tokens" => &mut usage.total,
            "cache_read.input_tokens"
            | "cache_read_input_tokens"
            | "details.cache_read_tokens"
            | "details.cached_tokens"
            | "input_tokens.cached"
            | "prompt_tokens_details.cached_tokens" => &mut usage.cache_read,
            "cache_write.input_tokens"
            | "cache_creation.input_tokens"
            | "cache_creation_input_tokens"
            | "details.cache_write_tokens" => &mut usage.cache_write,
            "reasoning.output_tokens"
            | "reasoning_tokens"
            | "details.reasoning_tokens"
            | "output_tokens.reasoning"
            | "completion_tokens_details.reasoning_tokens" => &mut usage.reasoning,
            _ => {
                if name.ends_with("tokens") && count > 0 {
                    usage.extra.entry(name).or_insert_with(|| Value::from(count));
                }
                continue;
            }
        };
        field.get_or_insert(count);
    }
}

fn open_inference(context: &Context<'_>, usage: &mut Usage) {
    for (key, value) in context.attributes.under("llm.token_count.") {
        let Some(count) = Node::from_any(value).count() else { continue };
        let field = match &key["llm.token_count.".len()..] {
            "prompt" => &mut usage.input,
            "completion" => &mut usage.output,
            "total" => &mut usage.total,
            "prompt_details.cache_read" => &mut usage.cache_read,
            "prompt_details.cache_write" => &mut usage.cache_write,
            "completion_details.reasoning" => &mut usage.reasoning,
            name => {
                if count > 0 {
                    usage.extra.entry(name).or_insert_with(|| Value::from(count));
                }
                continue;
            }
        };
        field.get_or_insert(count);
    }
    if let Some(total) =
        context.attributes.get("llm.usage.total_tokens").and_then(|value| Node::from_any(value).count())
    {
        usage.total.get_or_insert(total);
    }
}

fn vercel(context: &Context<'_>, usage: &mut Usage) {
    for (key, value) in context.attributes.under("ai.usage.") {
        let Some(count) = Node::from_any(value).count() else { continue };
        let field = match &key["ai.usage.".len()..] {
            "inputTokens" | "promptTokens" | "tokens" => &mut usage.input,
            "outputTokens" | "completionTokens" => &mut usage.output,
            "totalTokens" => &mut usage.total,
            "cachedInputTokens" | "inputTokenDetails.cacheReadTokens" => &mut usage.cache_read,
            "inputTokenDetails.cacheWriteTokens" => &mut usage.cache_write,
            "reasoningTokens" | "outputTokenDetails.reasoningTokens" => &mut usage.reasoning,
            _ => continue,
        };
        field.get_or_insert(count);
    }
    // Version 4 has no counts for these but what the provider added, by the provider's name.
    let Some(added) = context.node("ai.response.providerMetadata") else { return };
    for (_, provider) in added.pairs().unwrap_or_default() {
        let found = |key: &str| provider.get(key).and_then(Node::count);
        usage.cache_read = usage.cache_read.or_else(|| found("cachedPromptTokens"));
        usage.reasoning = usage.reasoning.or_else(|| found("reasoningTokens"));
    }
}

fn count(node: &Node<'_>, keys: &[&str]) -> Option<u64> {
    keys.iter().find_map(|key| node.get(key).and_then(Node::count))
}

/// Counts of a client whose input includes cached tokens.
fn counted(node: &Node<'_>) -> Usage {
    let prompt = node.first(&["prompt_tokens_details", "input_tokens_details"]);
    let completion = node.first(&["completion_tokens_details", "output_tokens_details"]);
    let mut extra = Map::new();
    for (details, side) in [(prompt, "input"), (completion, "output")] {
        for (key, value) in details.and_then(Node::pairs).unwrap_or_default() {
            if let Some(count) = value.count().filter(|count| *count > 0)
                && !matches!(key.as_ref(), "cached_tokens" | "reasoning_tokens")
            {
                extra.insert(format!("{side}.{key}"), Value::from(count));
            }
        }
    }
    Usage {
        input: count(node, &["prompt_tokens", "input_tokens", "promptTokenCount", "inputTokens", "promptTokens"]),
        output: count(
            node,
            &["completion_tokens", "output_tokens", "candidatesTokenCount", "outputTokens", "completionTokens"],
        ),
        total: count(node, &["total_tokens", "tokens", "totalTokenCount", "totalTokens"]),
        cache_read: prompt
            .and_then(|details| count(details, &["cached_tokens", "cache_read"]))
            .or_else(|| count(node, &["cache_read_input_tokens", "cachedContentTokenCount", "cachedInputTokens"])),
        cache_write: count(node, &["cache_creation_input_tokens", "cache_write_input_tokens"]),
        reasoning: completion
            .and_then(|details| count(details, &["reasoning_tokens", "reasoning"]))
            .or_else(|| count(node, &["reasoning_tokens", "thoughtsTokenCount", "reasoningTokens"])),
        extra,
    }
}

/// The usage object of a provider's answer. Anthropic counts cached tokens beside its input, everybody else within.
fn provider_usage(node: &Node<'_>) -> Usage {
    let mut usage = counted(node);
    let anthropic = node.get("input_tokens").is_some() && node.get("cache_creation_input_tokens").is_some();
    if anthropic && node.get("input_tokens_details").is_none() {
        let cached = usage.cache_read.unwrap_or(0).saturating_add(usage.cache_write.unwrap_or(0));
        usage.input = usage.input.map(|input| input.saturating_add(cached));
    }
    usage
}

/// Langfuse's own buckets are disjoint, so the cached ones belong to the input; an OpenAI object is passed through.
fn langfuse(node: &Node<'_>) -> Usage {
    if node.get("input").is_none() && node.get("output").is_none() {
        return provider_usage(node);
    }
    let cache_read =
        count(node, &["cache_read_input_tokens", "input_cached_tokens", "input_cache_read", "cached_tokens"]);
    let cache_write = count(node, &["cache_creation_input_tokens", "input_cache_creation", "input_cache_write"]);
    let reasoning = count(node, &["output_reasoning_tokens", "reasoning_tokens", "output_reasoning"]);
    let cached = cache_read.unwrap_or(0).saturating_add(cache_write.unwrap_or(0));
    let mut extra = Map::new();
    for (key, value) in node.pairs().unwrap_or_default() {
        let known =
            matches!(key.as_ref(), "input" | "output" | "total") || key.contains("cache") || key.contains("reasoning");
        if let Some(count) = value.count().filter(|count| *count > 0 && !known) {
            extra.insert(key.to_string(), Value::from(count));
        }
    }
    Usage {
        input: count(node, &["input"]).map(|input| input.saturating_add(cached)),
        output: count(node, &["output"]).map(|output| output.saturating_add(reasoning.unwrap_or(0))),
        total: count(node, &["total"]),
        cache_read,
        cache_write,
        reasoning,
        extra,
    }
}

/// The cost the client reports.
pub(crate) fn cost(context: &Context<'_>) -> Option<Cost> {
    let attributes = &context.attributes;
    let client = |input: Option<f64>, output: Option<f64>, total: Option<f64>| {
        let total = total.or_else(|| match (input, output) {
            (None, None) => None,
            _ => Some(input.unwrap_or(0.0) + output.unwrap_or(0.0)),
        });
        let total = total.filter(|total| *total >= 0.0 && total.is_finite())?;
        let positive = |part: Option<f64>| part.filter(|part| *part >= 0.0);
        let source = CostSource::Client;
        Some(Cost { input: positive(input), output: positive(output), total, currency: "USD".to_owned(), source })
    };
    if context.has(Family::Llm) {
        let part = |key: &str| attributes.number(key);
        let cost = client(part("llm.cost.prompt"), part("llm.cost.completion"), part("llm.cost.total"));
        if cost.is_some() {
            return cost;
        }
    }
    if let Some(total) = attributes.number("operation.cost") {
        return client(None, None, Some(total));
    }
    if context.has(Family::Langfuse)
        && let Some(details) = context.node("langfuse.observation.cost_details")
    {
        let part = |key: &str| details.get(key).and_then(Node::number);
        // A call that failed is reported with a cost of zero: that is not a price.
        return client(part("input"), part("output"), part("total")).filter(|cost| cost.total > 0.0);
    }
    if context.has(Family::Mlflow)
        && let Some(details) = context.node("mlflow.llm.cost")
    {
        let part = |key: &str| details.get(key).and_then(Node::number);
        return client(part("input_cost"), part("output_cost"), part("total_cost"));
    }
    if context.has(Family::Orq) {
        let part = |keys: [&str; 2]| keys.iter().find_map(|key| attributes.number(key));
        let cost = client(
            part(["orq.billing.input_cost", "orq.billing.prompt_cost"]),
            part(["orq.billing.output_cost", "orq.billing.completion_cost"]),
            part(["orq.billing.total_cost", "orq.billing.cost"]),
        );
        if cost.is_some() {
            return cost;
        }
    }
    if context.has(Family::GenAi) {
        return client(None, None, attributes.number("gen_ai.usage.cost"));
    }
    None
}
