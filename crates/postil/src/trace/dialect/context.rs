//! One span while it is being normalised: its attributes, and the values that several fields are read from.

use std::cell::OnceCell;

use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::logs::v1::LogRecord;

use super::SpanView;
use super::attributes::{self, Attributes, Family};
use super::message::Notes;
use super::node::Node;

/// Attributes that hold a request or an answer as a whole, parsed at most once.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Slot {
    InputValue,
    OutputValue,
    InvocationParameters,
    SpanInputs,
    SpanOutputs,
    LangfuseInput,
    LangfuseOutput,
    Prompt,
    Completion,
    OrqInput,
    OrqOutput,
    OrqRequest,
    OrqMetrics,
}

const SLOTS: usize = 13;

/// A span on its way to the normal form.
pub(crate) struct Context<'a> {
    pub(crate) view: SpanView<'a>,
    pub(crate) attributes: Attributes<'a>,
    pub(crate) logs: &'a [&'a LogRecord],
    pub(crate) notes: Notes,
    /// Written by orq.ai's decorator, whose attributes have no prefix.
    pub(crate) orq: bool,
    slots: [OnceCell<Option<Node<'a>>>; SLOTS],
}

impl<'a> Context<'a> {
    pub(crate) fn new(view: SpanView<'a>, logs: &'a [&'a LogRecord]) -> Self {
        let orq = view.scope.is_some_and(|scope| scope.name.starts_with("orq"));
        Self {
            attributes: Attributes::new(&view.span.attributes),
            view,
            logs,
            notes: Notes::default(),
            orq,
            slots: Default::default(),
        }
    }

    /// The name of the instrumentation.
    pub(crate) fn scope(&self) -> &'a str {
        self.view.scope.map_or("", |scope| scope.name.as_str())
    }

    pub(crate) fn has(&self, family: Family) -> bool {
        self.attributes.has(family)
    }

    /// The raw value of a slot.
    pub(crate) fn value(&self, slot: Slot) -> Option<&'a Any> {
        let attributes = &self.attributes;
        let orq = |prefixed: &str, bare: &str| {
            let prefixed = if self.has(Family::Orq) { attributes.get(prefixed) } else { None };
            prefixed.or_else(|| if self.orq { attributes.get(bare) } else { None })
        };
        let (family, key) = match slot {
            Slot::InputValue => (Family::Value, "input.value"),
            Slot::OutputValue => (Family::Value, "output.value"),
            Slot::InvocationParameters => (Family::Llm, "llm.invocation_parameters"),
            Slot::SpanInputs => (Family::Mlflow, "mlflow.spanInputs"),
            Slot::SpanOutputs => (Family::Mlflow, "mlflow.spanOutputs"),
            Slot::LangfuseInput => (Family::Langfuse, "langfuse.observation.input"),
            Slot::LangfuseOutput => (Family::Langfuse, "langfuse.observation.output"),
            Slot::Prompt => (Family::GenAi, "gen_ai.prompt"),
            Slot::Completion => (Family::GenAi, "gen_ai.completion"),
            Slot::OrqInput => return orq("orq.input", "input"),
            Slot::OrqOutput => return orq("orq.output", "output"),
            Slot::OrqRequest => return orq("orq.request", "request"),
            Slot::OrqMetrics => return orq("orq.metrics", "metrics"),
        };
        if self.has(family) { attributes.get(key) } else { None }
    }

    /// The value of a slot, parsed.
    pub(crate) fn slot(&self, slot: Slot) -> Option<&Node<'a>> {
        self.slots[slot as usize].get_or_init(|| self.value(slot).map(|value| self.parsed(value))).as_ref()
    }

    /// The value under a key, parsed.
    pub(crate) fn node(&self, key: &str) -> Option<Node<'a>> {
        self.attributes.get(key).map(|value| self.parsed(value)).filter(|node| !node.is_null())
    }

    /// A value, parsed; notes it if the value was cut off.
    pub(crate) fn parsed(&self, value: &'a Any) -> Node<'a> {
        let (node, truncated) = attributes::node(value);
        if truncated {
            self.notes.truncated.set(true);
        }
        node
    }

    /// A text attribute of the resource.
    pub(crate) fn resource_text(&self, key: &str) -> Option<&'a str> {
        let resource = self.view.resource?;
        let pair = resource.attributes.iter().find(|pair| pair.key == key)?;
        attributes::text(pair.value.as_ref()?.value.as_ref()?)
    }
}
