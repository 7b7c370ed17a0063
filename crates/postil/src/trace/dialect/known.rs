//! Which attributes the normal form has a place for, so that a user can be told what was not understood.

use super::SpanView;

/// Prefixes of keys that some rule reads, or that are known to say nothing to a reader.
const KNOWN_PREFIXES: &[&str] = &[
    "gen_ai.",
    "llm.",
    "ai.",
    "langfuse.",
    "mlflow.",
    "traceloop.",
    "langsmith.",
    "orq.",
    "openinference.",
    "logfire.",
    "pydantic_ai.",
    "retrieval.",
    "reranker.",
    "embedding.",
    "metadata.",
    "tool.",
    "input.",
    "output.",
    "tag.",
    "session.",
    "user.",
    "enduser.",
    "error.",
    "exception.",
    "http.",
    "url.",
    "db.",
    "rpc.",
    "server.",
    "client.",
    "network.",
    "net.",
    "code.",
    "thread.",
    "peer.",
    "messaging.",
    "operation.",
    "resource.",
    "anthropic.",
    "openai.",
    "aws.",
];

/// Whole keys that some rule reads.
const KNOWN_KEYS: &[&str] =
    &["metadata", "input", "output", "final_result", "agent_name", "model_name", "agent.name", "event.name"];

/// Keys that orq.ai's decorator writes without a prefix.
const ORQ_KEYS: &[&str] = &["type", "status", "metrics", "request"];

/// The keys of a span's attributes that no rule reads, sorted, each once.
pub fn unmapped_keys<'a>(view: &SpanView<'a>) -> Vec<&'a str> {
    let orq = view.scope.is_some_and(|scope| scope.name.starts_with("orq"));
    let known = |key: &str| {
        KNOWN_KEYS.contains(&key)
            || (orq && ORQ_KEYS.contains(&key))
            || KNOWN_PREFIXES.iter().any(|prefix| key.starts_with(prefix))
    };
    let mut keys: Vec<&str> =
        view.span.attributes.iter().map(|pair| pair.key.as_str()).filter(|key| !known(key)).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}
