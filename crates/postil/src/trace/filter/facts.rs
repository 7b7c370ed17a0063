//! The second reading: what is known of one trace, and whether a condition holds for it.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::condition::{Condition, Test};
use super::field::{Field, Source};
use crate::trace::summary::TraceRow;

/// The columns of a span that filters look at.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the fields are the columns of the table span")]
pub struct SpanColumns {
    pub span_id: String,
    pub name: String,
    pub kind: String,
    pub operation: Option<String>,
    pub status: String,
    pub error_message: Option<String>,
    pub request_model: Option<String>,
    pub response_model: Option<String>,
    pub response_id: Option<String>,
    pub finish_reasons: Vec<String>,
    pub deployment_id: Option<String>,
    pub deployment_key: Option<String>,
    pub log_id: Option<String>,
    pub convention: String,
    pub attributes: Map<String, Value>,
}

/// A value somebody or something gave: an annotation or an evaluator's verdict.
#[derive(Debug, Clone, Default)]
pub struct ValueFact {
    /// The key or the evaluator.
    pub key: String,
    /// What it may be called as well: the id of the human review, or the evaluator's name.
    pub other_key: String,
    /// The value as text.
    pub text: Option<String>,
    /// The value as a number.
    pub number: Option<f64>,
    /// The options of a multi select.
    pub elements: Vec<String>,
}

/// Everything a filter can look at in one trace.
#[derive(Debug, Clone, Default)]
pub struct TraceFacts {
    /// Its summary.
    pub trace: TraceRow,
    /// Its spans.
    pub spans: Vec<SpanColumns>,
    /// The current annotations on its spans.
    pub annotations: Vec<ValueFact>,
    /// The verdicts on its spans.
    pub verdicts: Vec<ValueFact>,
}

/// What of a trace, beside its summary, filters look at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needs {
    /// The columns of its spans.
    pub spans: bool,
    /// The attributes of its spans.
    pub attributes: Keys,
    /// What people said.
    pub annotations: bool,
    /// What machines said.
    pub verdicts: bool,
}

/// Which attributes are needed: reading all of every span takes longer than all the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Keys {
    /// Those with these names.
    Of(BTreeSet<String>),
    /// All of them.
    All,
}

impl Default for Keys {
    fn default() -> Keys {
        Keys::Of(BTreeSet::new())
    }
}

impl Keys {
    /// Whether none are needed.
    pub fn is_empty(&self) -> bool {
        matches!(self, Keys::Of(keys) if keys.is_empty())
    }

    pub(super) fn has(&self, key: &str) -> bool {
        match self {
            Keys::Of(keys) => keys.contains(key),
            Keys::All => true,
        }
    }

    fn and(self, other: Keys) -> Keys {
        match (self, other) {
            (Keys::Of(mut keys), Keys::Of(others)) => {
                keys.extend(others);
                Keys::Of(keys)
            }
            _ => Keys::All,
        }
    }
}

impl Needs {
    /// Everything.
    pub const ALL: Needs = Needs { spans: true, attributes: Keys::All, annotations: true, verdicts: true };

    /// What either needs.
    #[must_use]
    pub fn and(self, other: Needs) -> Needs {
        Needs {
            spans: self.spans || other.spans,
            attributes: self.attributes.and(other.attributes),
            annotations: self.annotations || other.annotations,
            verdicts: self.verdicts || other.verdicts,
        }
    }

    /// What a condition on a field needs.
    pub(super) fn of(field: &Field) -> Needs {
        let none = Needs::default();
        match field {
            Field::Lifted(lifted) if lifted.in_spans() => Needs { spans: true, ..none },
            Field::Lifted(lifted) if matches!(lifted.source, Source::Annotated) => Needs { annotations: true, ..none },
            Field::Lifted(_) | Field::Metadata(_) => none,
            Field::Attribute(key) => Needs { attributes: Keys::Of(BTreeSet::from([key.clone()])), ..none },
            Field::Annotation(_) => Needs { annotations: true, ..none },
            Field::Evaluator(_) => Needs { verdicts: true, ..none },
        }
    }
}

/// One value of a field.
struct Candidate<'a> {
    text: Option<Cow<'a, str>>,
    number: Option<f64>,
}

impl<'a> Candidate<'a> {
    fn text(text: &'a str) -> Candidate<'a> {
        Candidate { text: Some(Cow::Borrowed(text)), number: None }
    }

    fn number(number: f64) -> Candidate<'a> {
        Candidate { text: None, number: Some(number) }
    }

    /// A JSON value: strings as they are, the rest as it is written; none for null.
    fn json(value: &'a Value) -> Option<Candidate<'a>> {
        match value {
            Value::Null => None,
            Value::String(text) => Some(Candidate::text(text)),
            Value::Number(number) => {
                Some(Candidate { text: Some(Cow::Owned(number.to_string())), number: number.as_f64() })
            }
            other => Some(Candidate { text: Some(Cow::Owned(other.to_string())), number: None }),
        }
    }

    fn passes(&self, test: &Test) -> bool {
        match test {
            Test::Exists => true,
            Test::OneOf(values) => values.iter().any(|wanted| {
                self.text.as_deref() == Some(wanted.text.as_str())
                    || (self.number.is_some() && self.number == wanted.number)
            }),
            Test::Compare(comparison, number) => self.number.is_some_and(|value| comparison.holds(value, *number)),
            Test::Between(from, to) => self.number.is_some_and(|value| *from <= value && value <= *to),
            Test::Contains(part) => {
                self.text.as_deref().is_some_and(|text| text.to_ascii_lowercase().contains(part.as_str()))
            }
        }
    }
}

impl TraceFacts {
    /// Whether some value of the condition's field passes its test.
    pub(super) fn some(&self, condition: &Condition) -> bool {
        self.values(&condition.field).iter().any(|value| value.passes(&condition.test))
    }

    fn values(&self, field: &Field) -> Vec<Candidate<'_>> {
        match field {
            Field::Lifted(lifted) => self.lifted(lifted.source),
            Field::Attribute(key) => {
                self.spans.iter().filter_map(|span| span.attributes.get(key)).filter_map(Candidate::json).collect()
            }
            Field::Metadata(key) => self.trace.metadata.get(key).and_then(Candidate::json).into_iter().collect(),
            Field::Annotation(key) => given(&self.annotations, key),
            Field::Evaluator(key) => given(&self.verdicts, key),
        }
    }

    fn lifted(&self, source: Source) -> Vec<Candidate<'_>> {
        match source {
            Source::TraceText(_, read) => read(&self.trace).map(Candidate::text).into_iter().collect(),
            Source::TraceSet(_, read) => read(&self.trace).iter().map(|text| Candidate::text(text)).collect(),
            Source::TraceNumber(_, read) => read(&self.trace).map(Candidate::number).into_iter().collect(),
            Source::SpanText(_, read) => self.spans.iter().filter_map(read).map(Candidate::text).collect(),
            Source::SpanSet(_, read) => self.spans.iter().flat_map(read).map(|text| Candidate::text(text)).collect(),
            Source::Annotated => vec![Candidate::text(if self.annotations.is_empty() { "false" } else { "true" })],
            Source::FreeText => {
                let trace = &self.trace;
                let optional = [
                    &trace.input_preview,
                    &trace.output_preview,
                    &trace.error_message,
                    &trace.session_id,
                    &trace.user_id,
                ];
                let optional = optional.into_iter().filter_map(Option::as_deref);
                let always = [trace.name.as_str(), trace.trace_id.as_str()];
                let models = trace.models.iter().map(String::as_str);
                always.into_iter().chain(optional).chain(models).map(Candidate::text).collect()
            }
        }
    }
}

fn given<'a>(facts: &'a [ValueFact], key: &str) -> Vec<Candidate<'a>> {
    let mut values = Vec::new();
    for fact in facts.iter().filter(|fact| fact.key == key || fact.other_key == key) {
        values.push(Candidate { text: fact.text.as_deref().map(Cow::Borrowed), number: fact.number });
        values.extend(fact.elements.iter().map(|text| Candidate::text(text)));
    }
    values
}
