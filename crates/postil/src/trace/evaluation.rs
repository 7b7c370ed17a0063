//! Machine verdicts that come inside traces: who judged, and what they said. Pure.
//!
//! Three ways are understood: OpenTelemetry's `gen_ai.evaluation.result` (a span event, or a log record of the span that
//! was judged), `eval.<name>.score|label|explanation` as OpenInference users write it, and `orq.evaluator.*`.

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::trace::v1::Span;

/// The event that carries a verdict in OpenTelemetry's conventions for generative AI.
pub const EVENT: &str = "gen_ai.evaluation.result";

/// No verdict is longer than this; the rest is cut off. In characters.
const MAX_TEXT: usize = 3000;

/// One verdict of a machine on one span.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Evaluation {
    /// The trace, in lower-case hex.
    pub trace_id: String,
    /// The span that was judged, in lower-case hex.
    pub span_id: String,
    /// The evaluator's name.
    pub name: String,
    /// The number it gave.
    pub score: Option<f64>,
    /// The word it gave.
    pub label: Option<String>,
    /// Whether the span passed.
    pub passed: Option<bool>,
    /// Why, in its own words.
    pub explanation: Option<String>,
}

/// The verdicts that a span carries on itself.
pub fn of_span(span: &Span) -> Vec<Evaluation> {
    let blank = || Evaluation {
        trace_id: hex::encode(&span.trace_id),
        span_id: hex::encode(&span.span_id),
        ..Evaluation::default()
    };
    let mut found: Vec<Evaluation> = span
        .events
        .iter()
        .filter(|event| event.name == EVENT)
        .filter_map(|event| from_event(blank(), &event.attributes))
        .collect();
    let mut named: BTreeMap<&str, Evaluation> = BTreeMap::new();
    for attribute in &span.attributes {
        if let Some((name, field)) = attribute.key.strip_prefix("eval.").and_then(|rest| rest.rsplit_once('.')) {
            set(named.entry(name).or_insert_with(blank), field, attribute);
        } else if let Some(field) = attribute.key.strip_prefix("orq.evaluator.") {
            set(named.entry("").or_insert_with(blank), field, attribute);
        }
    }
    for (name, mut evaluation) in named {
        if !name.is_empty() {
            evaluation.name = name.to_owned();
        }
        found.extend(said_something(evaluation));
    }
    found
}

/// The verdict that a log record carries on the span it belongs to.
pub fn of_record(record: &LogRecord) -> Option<Evaluation> {
    if record.event_name != EVENT || record.span_id.is_empty() {
        return None;
    }
    let blank = Evaluation {
        trace_id: hex::encode(&record.trace_id),
        span_id: hex::encode(&record.span_id),
        ..Evaluation::default()
    };
    from_event(blank, &record.attributes)
}

fn from_event(mut evaluation: Evaluation, attributes: &[KeyValue]) -> Option<Evaluation> {
    for attribute in attributes {
        if let Some(field) = attribute.key.strip_prefix("gen_ai.evaluation.") {
            set(&mut evaluation, field, attribute);
        }
    }
    said_something(evaluation)
}

/// A verdict needs a name and something said.
fn said_something(evaluation: Evaluation) -> Option<Evaluation> {
    let said = evaluation.score.is_some() || evaluation.label.is_some() || evaluation.passed.is_some();
    (said && !evaluation.name.is_empty()).then_some(evaluation)
}

fn set(evaluation: &mut Evaluation, field: &str, attribute: &KeyValue) {
    let Some(value) = attribute.value.as_ref().and_then(|value| value.value.as_ref()) else { return };
    match (field, value) {
        ("name" | "key" | "display_name", Any::StringValue(text)) if evaluation.name.is_empty() => {
            evaluation.name = cut(text);
        }
        ("score.label" | "label" | "value", Any::StringValue(text)) => evaluation.label = Some(cut(text)),
        ("explanation" | "reason", Any::StringValue(text)) => evaluation.explanation = Some(cut(text)),
        ("passed" | "value", Any::BoolValue(passed)) => evaluation.passed = Some(*passed),
        ("score.value" | "score" | "value", Any::DoubleValue(score)) if score.is_finite() => {
            evaluation.score = Some(*score);
        }
        #[expect(clippy::cast_precision_loss, reason = "scores are small numbers")]
        ("score.value" | "score" | "value", Any::IntValue(score)) => evaluation.score = Some(*score as f64),
        _ => {}
    }
}

fn cut(text: &str) -> String {
    text.chars().take(MAX_TEXT).collect()
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::common::v1::AnyValue;
    use opentelemetry_proto::tonic::trace::v1::span::Event;

    use super::*;

    fn attribute(key: &str, value: Any) -> KeyValue {
        KeyValue { key: key.into(), value: Some(AnyValue { value: Some(value) }), ..Default::default() }
    }

    #[test]
    fn the_three_ways_are_understood() {
        let event = Event {
            name: EVENT.into(),
            attributes: vec![
                attribute("gen_ai.evaluation.name", Any::StringValue("faithful".into())),
                attribute("gen_ai.evaluation.score.value", Any::DoubleValue(0.92)),
                attribute("gen_ai.evaluation.score.label", Any::StringValue("pass".into())),
            ],
            ..Event::default()
        };
        let span = Span {
            events: vec![event],
            attributes: vec![
                attribute("eval.tone.label", Any::StringValue("rude".into())),
                attribute("eval.tone.explanation", Any::StringValue("swears".into())),
                attribute("orq.evaluator.name", Any::StringValue("pii".into())),
                attribute("orq.evaluator.value", Any::BoolValue(false)),
            ],
            ..Span::default()
        };
        let found = of_span(&span);
        let short: Vec<_> =
            found.iter().map(|one| (one.name.as_str(), one.score, one.label.as_deref(), one.passed)).collect();
        assert_eq!(
            short,
            [
                ("faithful", Some(0.92), Some("pass"), None),
                ("pii", None, None, Some(false)),
                ("tone", None, Some("rude"), None)
            ]
        );
    }

    #[test]
    fn a_verdict_without_a_name_or_a_word_is_none() {
        let span = Span { attributes: vec![attribute("eval.x", Any::IntValue(1))], ..Span::default() };
        assert!(of_span(&span).is_empty());
        let span = Span {
            attributes: vec![attribute("eval.tone.explanation", Any::StringValue("?".into()))],
            ..Span::default()
        };
        assert!(of_span(&span).is_empty());
    }
}
