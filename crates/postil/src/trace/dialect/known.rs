//! Which attributes the normal form has a place for, so that a user can be told what was not understood.

use super::SpanView;

/// First words of keys that some rule reads, or that are known to say nothing to a reader. Sorted: every attribute of every
/// span is looked up here.
const KNOWN_HEADS: &[&str] = &[
    "ai",
    "anthropic",
    "aws",
    "client",
    "code",
    "db",
    "embedding",
    "enduser",
    "error",
    "exception",
    "gen_ai",
    "http",
    "input",
    "langfuse",
    "langsmith",
    "llm",
    "logfire",
    "messaging",
    "metadata",
    "mlflow",
    "net",
    "network",
    "openai",
    "openinference",
    "operation",
    "orq",
    "output",
    "peer",
    "pydantic_ai",
    "reranker",
    "resource",
    "retrieval",
    "rpc",
    "server",
    "session",
    "tag",
    "thread",
    "tool",
    "traceloop",
    "url",
    "user",
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
            || key.split_once('.').is_some_and(|(head, _)| KNOWN_HEADS.binary_search(&head).is_ok())
    };
    let mut keys: Vec<&str> =
        view.span.attributes.iter().map(|pair| pair.key.as_str()).filter(|key| !known(key)).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}
