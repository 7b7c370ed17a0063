//! The attributes of a span, sorted once so that every rule finds its keys without scanning.

use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;

use super::node::Node;
use super::parse;

/// One attribute.
pub(crate) type Entry<'a> = (&'a str, &'a Any);

/// Attributes in the order of their keys; a repeated key stands several times, in the order it was sent.
pub(crate) struct Attributes<'a> {
    entries: Vec<Entry<'a>>,
    families: u32,
}

/// Groups of keys that a span has or has not, so that whole conventions are skipped with one test.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Family {
    GenAi = 1,
    Llm = 1 << 1,
    Ai = 1 << 2,
    Langfuse = 1 << 3,
    Mlflow = 1 << 4,
    Traceloop = 1 << 5,
    Langsmith = 1 << 6,
    Orq = 1 << 7,
    OpenInference = 1 << 8,
    Logfire = 1 << 9,
    Pydantic = 1 << 10,
    Retrieval = 1 << 11,
    Metadata = 1 << 12,
    Tool = 1 << 13,
    Value = 1 << 14,
}

fn family(key: &str) -> u32 {
    let head = key.split_once('.').map_or(key, |(head, _)| head);
    (match head {
        "gen_ai" => Family::GenAi,
        "llm" => Family::Llm,
        "ai" => Family::Ai,
        "langfuse" => Family::Langfuse,
        "mlflow" => Family::Mlflow,
        "traceloop" => Family::Traceloop,
        "langsmith" => Family::Langsmith,
        "orq" => Family::Orq,
        "openinference" => Family::OpenInference,
        "logfire" => Family::Logfire,
        "pydantic_ai" => Family::Pydantic,
        "retrieval" | "reranker" | "embedding" => Family::Retrieval,
        "metadata" => Family::Metadata,
        "tool" => Family::Tool,
        "input" | "output" => Family::Value,
        _ => return 0,
    }) as u32
}

impl<'a> Attributes<'a> {
    pub(crate) fn new(pairs: &'a [KeyValue]) -> Self {
        let mut entries = Vec::with_capacity(pairs.len());
        let mut families = 0;
        for pair in pairs {
            if let Some(value) = pair.value.as_ref().and_then(|value| value.value.as_ref()) {
                families |= family(&pair.key);
                entries.push((pair.key.as_str(), value));
            }
        }
        entries.sort_by_key(|(key, _)| *key);
        Self { entries, families }
    }

    /// Whether any key of the family is there.
    pub(crate) fn has(&self, family: Family) -> bool {
        self.families & family as u32 != 0
    }

    /// The value under a key; of a repeated key, the first.
    pub(crate) fn get(&self, key: &str) -> Option<&'a Any> {
        let at = self.entries.partition_point(|(name, _)| *name < key);
        self.entries.get(at).filter(|(name, _)| *name == key).map(|(_, value)| *value)
    }

    /// All values under a key.
    pub(crate) fn all(&self, key: &str) -> impl Iterator<Item = &'a Any> + '_ {
        let start = self.entries.partition_point(|(name, _)| *name < key);
        let key = key.to_owned();
        self.entries[start..].iter().take_while(move |(name, _)| *name == key).map(|(_, value)| *value)
    }

    /// The attributes whose keys begin with a prefix.
    pub(crate) fn under(&self, prefix: &str) -> &[Entry<'a>] {
        under(&self.entries, 0, prefix)
    }

    /// A text with at least one character, unless the client has scrubbed it.
    pub(crate) fn text(&self, key: &str) -> Option<&'a str> {
        text(self.get(key)?)
    }

    /// The first of several keys that holds a text.
    pub(crate) fn first_text(&self, keys: &[&str]) -> Option<&'a str> {
        keys.iter().find_map(|key| self.text(key))
    }

    /// The value under a key, parsed if it is a string that holds a structure.
    pub(crate) fn node(&self, key: &str) -> Option<(Node<'a>, bool)> {
        self.get(key).map(node)
    }

    /// A finite number.
    pub(crate) fn number(&self, key: &str) -> Option<f64> {
        Node::from_any(self.get(key)?).number()
    }

    /// Every attribute.
    pub(crate) fn entries(&self) -> &[Entry<'a>] {
        &self.entries
    }
}

/// The entries whose keys, from `offset` on, begin with `prefix`; `entries` are sorted and agree up to `offset`.
pub(crate) fn under<'s, 'a>(entries: &'s [Entry<'a>], offset: usize, prefix: &str) -> &'s [Entry<'a>] {
    let tail = |entry: &Entry<'a>| -> &'a str { entry.0.get(offset..).unwrap_or("") };
    let start = entries.partition_point(|entry| tail(entry) < prefix);
    let rest = &entries[start..];
    let end = rest.partition_point(|entry| tail(entry).starts_with(prefix));
    &rest[..end]
}

/// A text with at least one character, unless the client has scrubbed it.
pub(crate) fn text(value: &Any) -> Option<&str> {
    match value {
        Any::StringValue(text) if !text.is_empty() && !text.starts_with("[Scrubbed due to ") => Some(text),
        _ => None,
    }
}

/// A value, parsed if it is a string that holds a structure, and whether it was cut off.
pub(crate) fn node(value: &Any) -> (Node<'_>, bool) {
    if let Any::StringValue(text) = value
        && let Some(parsed) = parse::structured(text)
    {
        return (parsed.node, parsed.truncated);
    }
    (Node::from_any(value), false)
}

/// The members of one number in a family of keys such as `llm.input_messages.3.message.role`.
pub(crate) struct Group<'s, 'a> {
    /// The number.
    pub(crate) number: u64,
    entries: &'s [Entry<'a>],
    offset: usize,
}

/// Collects the keys `PREFIX.N.REST` by their number, in the order of the numbers. Numbers may be missing.
pub(crate) fn groups<'s, 'a>(entries: &'s [Entry<'a>], offset: usize, prefix: &str) -> Vec<Group<'s, 'a>> {
    let entries = under(entries, offset, prefix);
    let offset = offset + prefix.len();
    let mut found: Vec<Group<'s, 'a>> = Vec::new();
    let mut at = 0;
    while at < entries.len() {
        let tail = &entries[at].0[offset..];
        let digits = tail.bytes().take_while(u8::is_ascii_digit).count();
        let whole = digits > 0 && matches!(tail.as_bytes().get(digits), None | Some(b'.'));
        let number = if whole { tail[..digits].parse::<u64>().ok() } else { None };
        let Some(number) = number else {
            at += 1;
            continue;
        };
        // Equal numbers stand together: the keys are sorted, and '.' sorts before the digits.
        let head = &tail[..digits];
        let same = |key: &str| {
            let tail = &key[offset..];
            tail.starts_with(head) && matches!(tail.as_bytes().get(digits), None | Some(b'.'))
        };
        let length = entries[at..].iter().take_while(|(key, _)| same(key)).count();
        found.push(Group { number, entries: &entries[at..at + length], offset: offset + digits + 1 });
        at += length;
    }
    found.sort_by_key(|group| group.number);
    found
}

impl<'s, 'a> Group<'s, 'a> {
    /// The value under the rest of a key.
    pub(crate) fn get(&self, rest: &str) -> Option<&'a Any> {
        self.entries.iter().find(|(key, _)| key.get(self.offset..) == Some(rest)).map(|(_, value)| *value)
    }

    /// A text with at least one character.
    pub(crate) fn text(&self, rest: &str) -> Option<&'a str> {
        text(self.get(rest)?)
    }

    /// The groups of a numbered family inside this one.
    pub(crate) fn groups(&self, prefix: &str) -> Vec<Group<'s, 'a>> {
        let whole = self.entries.iter().position(|(key, _)| key.len() >= self.offset).unwrap_or(self.entries.len());
        groups(&self.entries[whole..], self.offset, prefix)
    }
}
