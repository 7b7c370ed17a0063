//! Every field a trace can be filtered by: one table for both readings, for the documentation and for the screens.

use super::condition::Op;
use super::facts::SpanColumns;
use crate::error::{Error, Result};
use crate::trace::summary::{TraceRow, milliseconds};

/// What the values of a field are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueKind {
    /// Text.
    Text,
    /// A number.
    Number,
    /// A point in time.
    Time,
    /// `true` or `false`.
    Truth,
    /// Text or a number, as it was sent.
    Any,
}

/// Where the values of a lifted field are found: in SQL, and in memory.
#[derive(Clone, Copy)]
pub(in crate::trace) enum Source {
    TraceText(&'static str, fn(&TraceRow) -> Option<&str>),
    TraceSet(&'static str, fn(&TraceRow) -> &[String]),
    TraceNumber(&'static str, fn(&TraceRow) -> Option<f64>),
    SpanText(&'static str, fn(&SpanColumns) -> Option<&str>),
    SpanSet(&'static str, fn(&SpanColumns) -> &[String]),
    /// Whether any annotation stands.
    Annotated,
    /// Every text a person would search in.
    FreeText,
}

/// A field that is a column.
pub struct Lifted {
    /// Its name.
    pub name: &'static str,
    /// Its name for people.
    pub label: &'static str,
    /// What its values are.
    pub kind: ValueKind,
    pub(in crate::trace) source: Source,
    /// Other names it answers to.
    pub aliases: &'static [&'static str],
    /// Its values, where they are few and known.
    pub values: &'static [&'static str],
    /// Whether counting its values makes a useful facet.
    pub facet: bool,
}

impl std::fmt::Debug for Lifted {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(self.name)
    }
}

impl Lifted {
    /// Whether the field is looked for in the spans of a trace.
    pub fn in_spans(&self) -> bool {
        matches!(self.source, Source::SpanText(..) | Source::SpanSet(..))
    }

    /// Whether traces can be grouped by it.
    pub fn groupable(&self) -> bool {
        matches!(self.source, Source::TraceText(..) | Source::TraceSet(..))
    }
}

/// A field that can be filtered by.
#[derive(Debug, Clone)]
pub enum Field {
    /// A column of the trace or its spans.
    Lifted(&'static Lifted),
    /// `attributes.<key>` of any span.
    Attribute(String),
    /// `metadata.<key>` of the trace.
    Metadata(String),
    /// `annotation.<key or id>`: the current values of a human review.
    Annotation(String),
    /// `evaluator.<id or name>`: the verdicts of an evaluator.
    Evaluator(String),
}

impl PartialEq for Field {
    fn eq(&self, other: &Field) -> bool {
        self.name() == other.name()
    }
}

impl Field {
    /// Finds a field by its name or an alias.
    pub fn parse(text: &str) -> Option<Field> {
        let prefixed = |prefixes: &[&str]| {
            let key = prefixes.iter().find_map(|prefix| text.strip_prefix(prefix))?;
            is_key(key).then(|| key.to_owned())
        };
        if let Some(key) = prefixed(&["attributes.", "attribute."]) {
            return Some(Field::Attribute(key));
        }
        if let Some(key) = prefixed(&["metadata."]) {
            return Some(Field::Metadata(key));
        }
        if let Some(key) = prefixed(&["annotation.", "annotations."]) {
            return Some(Field::Annotation(key));
        }
        if let Some(key) = prefixed(&["evaluator.", "evaluators."]) {
            return Some(Field::Evaluator(key));
        }
        LIFTED.iter().find(|lifted| lifted.name == text || lifted.aliases.contains(&text)).map(Field::Lifted)
    }

    /// [`Field::parse`], or the error that names the mistake.
    pub fn find(text: &str, place: &str) -> Result<Field> {
        Field::parse(text).ok_or_else(|| {
            let names: Vec<_> = LIFTED.iter().map(|lifted| lifted.name).collect();
            let shown: String = text.chars().take(100).collect();
            let message = format!(
                "'{shown}' is not a field. Fields are {}, attributes.<key>, metadata.<key>, annotation.<key or id> and \
                 evaluator.<id or name>.",
                names.join(", ")
            );
            Error::field("unknown_field", place, message)
        })
    }

    /// The name under which the field is known.
    pub fn name(&self) -> String {
        match self {
            Field::Lifted(lifted) => lifted.name.to_owned(),
            Field::Attribute(key) => format!("attributes.{key}"),
            Field::Metadata(key) => format!("metadata.{key}"),
            Field::Annotation(key) => format!("annotation.{key}"),
            Field::Evaluator(key) => format!("evaluator.{key}"),
        }
    }

    /// What its values are.
    pub fn kind(&self) -> ValueKind {
        match self {
            Field::Lifted(lifted) => lifted.kind,
            _ => ValueKind::Any,
        }
    }

    /// The operators it takes.
    pub fn operators(&self) -> &'static [Op] {
        match self {
            Field::Lifted(Lifted { source: Source::FreeText, .. }) => &[Op::Contains, Op::NotContains],
            _ => operators(self.kind()),
        }
    }

    /// Whether its values are ids of traces or spans, which clients spell in several ways.
    pub(super) fn is_telemetry_id(&self) -> bool {
        let names = ["trace_id", "root_span_id", "leading_span_id", "span_id"];
        matches!(self, Field::Lifted(lifted) if names.contains(&lifted.name))
    }
}

/// The operators that a kind of value takes.
pub fn operators(kind: ValueKind) -> &'static [Op] {
    match kind {
        ValueKind::Text => {
            &[Op::Eq, Op::Neq, Op::In, Op::NotIn, Op::Contains, Op::NotContains, Op::Exists, Op::NotExists]
        }
        ValueKind::Number | ValueKind::Time => &[
            Op::Eq,
            Op::Neq,
            Op::In,
            Op::NotIn,
            Op::Gt,
            Op::Gte,
            Op::Lt,
            Op::Lte,
            Op::Between,
            Op::Exists,
            Op::NotExists,
        ],
        ValueKind::Truth => &[Op::Eq, Op::Neq],
        ValueKind::Any => &Op::ALL,
    }
}

/// Keys are quoted into JSON paths by one of the databases, so what would end the quotes or begin a path is left out.
fn is_key(key: &str) -> bool {
    !key.is_empty()
        && key.chars().count() <= 200
        && !key.starts_with(['$', '['])
        && !key.chars().any(|character| matches!(character, '"' | '\\') || character.is_control())
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts of tokens and spans, and microseconds, need no more than 53 bits"
)]
fn real(value: i64) -> f64 {
    value as f64
}

const fn text(
    name: &'static str,
    label: &'static str,
    column: &'static str,
    read: fn(&TraceRow) -> Option<&str>,
) -> Lifted {
    let source = Source::TraceText(column, read);
    Lifted { name, label, kind: ValueKind::Text, source, aliases: &[], values: &[], facet: false }
}

const fn set(
    name: &'static str,
    label: &'static str,
    column: &'static str,
    read: fn(&TraceRow) -> &[String],
) -> Lifted {
    let source = Source::TraceSet(column, read);
    Lifted { name, label, kind: ValueKind::Text, source, aliases: &[], values: &[], facet: true }
}

const fn number(
    name: &'static str,
    label: &'static str,
    expression: &'static str,
    read: fn(&TraceRow) -> Option<f64>,
) -> Lifted {
    let source = Source::TraceNumber(expression, read);
    Lifted { name, label, kind: ValueKind::Number, source, aliases: &[], values: &[], facet: false }
}

const fn span(
    name: &'static str,
    label: &'static str,
    column: &'static str,
    read: fn(&SpanColumns) -> Option<&str>,
) -> Lifted {
    let source = Source::SpanText(column, read);
    Lifted { name, label, kind: ValueKind::Text, source, aliases: &[], values: &[], facet: false }
}

impl Lifted {
    const fn or(mut self, aliases: &'static [&'static str]) -> Lifted {
        self.aliases = aliases;
        self
    }

    const fn facet(mut self) -> Lifted {
        self.facet = true;
        self
    }

    const fn one_of(mut self, values: &'static [&'static str]) -> Lifted {
        self.values = values;
        self
    }

    const fn time(mut self) -> Lifted {
        self.kind = ValueKind::Time;
        self
    }
}

const STATUSES: &[&str] = &["ok", "error", "unset"];
const KINDS: &[&str] = &[
    "llm",
    "agent",
    "tool",
    "chain",
    "retriever",
    "embedding",
    "reranker",
    "guardrail",
    "evaluator",
    "prompt",
    "event",
    "generic",
];

/// Every field that is a column.
pub static LIFTED: &[Lifted] = &[
    text("name", "Name", "t.name", |t| Some(&t.name)).or(&["trace_name"]).facet(),
    text("status", "Status", "t.status", |t| Some(&t.status)).one_of(STATUSES).facet(),
    text("kind", "Kind", "t.kind", |t| Some(&t.kind)).or(&["type"]).one_of(KINDS).facet(),
    text("operation", "Operation", "t.operation", |t| t.operation.as_deref()).facet(),
    text("product", "Product", "t.product", |t| t.product.as_deref()).facet(),
    set("model", "Model", "t.models", |t| &t.models).or(&["models"]),
    set("provider", "Provider", "t.providers", |t| &t.providers).or(&["providers"]),
    set("tags", "Tags", "t.tags", |t| &t.tags).or(&["tag"]),
    text("agent", "Agent", "t.agent_name", |t| t.agent_name.as_deref()).or(&["agent_name", "agent.name"]).facet(),
    text("environment", "Environment", "t.environment", |t| t.environment.as_deref())
        .or(&["deployment_environment"])
        .facet(),
    text("service", "Service", "t.service", |t| t.service.as_deref()).or(&["service_name", "service.name"]).facet(),
    text("session_id", "Session", "t.session_id", |t| t.session_id.as_deref()).or(&["thread_id"]),
    text("identity_id", "User", "t.user_id", |t| t.user_id.as_deref()).or(&["user_id", "contact_id"]),
    text("error_type", "Error type", "t.error_type", |t| t.error_type.as_deref()).facet(),
    text("error", "Error", "t.error_message", |t| t.error_message.as_deref()).or(&["error_message"]),
    text("input", "Input", "t.input_preview", |t| t.input_preview.as_deref()),
    text("output", "Output", "t.output_preview", |t| t.output_preview.as_deref()),
    text("trace_id", "Trace", "t.trace_id", |t| Some(&t.trace_id)),
    text("root_span_id", "Root span", "t.root_span_id", |t| t.root_span_id.as_deref()),
    text("leading_span_id", "Leading span", "t.leading_span_id", |t| t.leading_span_id.as_deref()),
    number("started_at", "Started", "cast(t.start_ns / 1000 as double precision)", |t| Some(real(t.start_ns / 1000)))
        .or(&["timestamp", "start_time"])
        .time(),
    number("ended_at", "Ended", "cast(t.end_ns / 1000 as double precision)", |t| Some(real(t.end_ns / 1000)))
        .or(&["end_time"])
        .time(),
    number("duration_ms", "Duration (ms)", "(cast(t.end_ns - t.start_ns as double precision) / 1000000.0)", |t| {
        Some(t.duration_ms())
    })
    .or(&["duration", "latency"]),
    number("ttft_ms", "Time to first token (ms)", "(cast(t.ttft_ns as double precision) / 1000000.0)", |t| {
        t.ttft_ns.map(milliseconds)
    })
    .or(&["time_to_first_token"]),
    number("total_tokens", "Tokens", "cast(t.usage_total as double precision)", |t| t.usage_total.map(real))
        .or(&["tokens", "usage.total_tokens"]),
    number("prompt_tokens", "Input tokens", "cast(t.usage_input as double precision)", |t| t.usage_input.map(real))
        .or(&["input_tokens", "usage.prompt_tokens"]),
    number("completion_tokens", "Output tokens", "cast(t.usage_output as double precision)", |t| {
        t.usage_output.map(real)
    })
    .or(&["output_tokens", "usage.completion_tokens"]),
    number("cached_tokens", "Cached tokens", "cast(t.usage_cache_read as double precision)", |t| {
        t.usage_cache_read.map(real)
    })
    .or(&["usage.prompt_cached_tokens"]),
    number("reasoning_tokens", "Reasoning tokens", "cast(t.usage_reasoning as double precision)", |t| {
        t.usage_reasoning.map(real)
    })
    .or(&["usage.completion_reasoning_tokens"]),
    number("cost", "Cost", "t.cost_total", |t| t.cost_total).or(&["cost.total", "total_cost"]),
    number("input_cost", "Input cost", "t.cost_input", |t| t.cost_input).or(&["cost.input"]),
    number("output_cost", "Output cost", "t.cost_output", |t| t.cost_output).or(&["cost.output"]),
    number("span_count", "Spans", "cast(t.span_count as double precision)", |t| Some(real(t.span_count))),
    number("error_count", "Failed spans", "cast(t.error_count as double precision)", |t| Some(real(t.error_count))),
    span("span_id", "Span", "s.span_id", |s| Some(&s.span_id)),
    span("span_name", "Span name", "s.name", |s| Some(&s.name)).or(&["span.name"]),
    span("span_kind", "Span kind", "s.kind", |s| Some(&s.kind)).or(&["span.kind", "span_type"]).one_of(KINDS),
    span("span_status", "Span status", "s.status", |s| Some(&s.status)).or(&["span.status"]).one_of(STATUSES),
    span("span_operation", "Span operation", "s.operation", |s| s.operation.as_deref()).or(&["span.operation"]),
    span("span_error", "Span error", "s.error_message", |s| s.error_message.as_deref()),
    span("request_model", "Requested model", "s.request_model", |s| s.request_model.as_deref()),
    span("response_model", "Answering model", "s.response_model", |s| s.response_model.as_deref()),
    span("response_id", "Response", "s.response_id", |s| s.response_id.as_deref()),
    span("deployment_key", "Deployment", "s.deployment_key", |s| s.deployment_key.as_deref()).or(&["deployment"]),
    span("deployment_id", "Deployment id", "s.deployment_id", |s| s.deployment_id.as_deref()),
    span("log_id", "Log", "s.log_id", |s| s.log_id.as_deref()),
    span("convention", "Convention", "s.convention", |s| Some(&s.convention)),
    Lifted {
        name: "finish_reason",
        label: "Finish reason",
        kind: ValueKind::Text,
        source: Source::SpanSet("s.finish_reasons", |s| &s.finish_reasons),
        aliases: &["finish_reasons"],
        values: &["stop", "length", "tool_call", "content_filter", "error"],
        facet: false,
    },
    Lifted {
        name: "annotated",
        label: "Annotated",
        kind: ValueKind::Truth,
        source: Source::Annotated,
        aliases: &[],
        values: &["true", "false"],
        facet: false,
    },
    Lifted {
        name: "text",
        label: "Text",
        kind: ValueKind::Text,
        source: Source::FreeText,
        aliases: &[],
        values: &[],
        facet: false,
    },
];
