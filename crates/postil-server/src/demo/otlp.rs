//! OTLP out of placed steps: what the two OpenTelemetry conventions share.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, SpanKind};
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};

use super::data::{Convention, Evaluation, Kind};
use super::placed::{Placed, Trace};
use super::{genai, openinference};

/// Attributes in the order they are set.
#[derive(Debug, Default)]
pub(super) struct Attributes(Vec<KeyValue>);

impl Attributes {
    fn set(&mut self, key: impl Into<String>, value: Any) {
        self.0.push(KeyValue { key: key.into(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() });
    }

    pub(super) fn text(&mut self, key: impl Into<String>, value: impl Into<String>) {
        self.set(key, Any::StringValue(value.into()));
    }

    pub(super) fn opt_text(&mut self, key: impl Into<String>, value: Option<&str>) {
        if let Some(value) = value {
            self.text(key, value);
        }
    }

    pub(super) fn int(&mut self, key: impl Into<String>, value: i64) {
        self.set(key, Any::IntValue(value));
    }

    pub(super) fn real(&mut self, key: impl Into<String>, value: f64) {
        self.set(key, Any::DoubleValue(value));
    }

    pub(super) fn flag(&mut self, key: impl Into<String>, value: bool) {
        self.set(key, Any::BoolValue(value));
    }

    pub(super) fn texts(&mut self, key: impl Into<String>, values: &[String]) {
        let values = values.iter().map(|text| AnyValue { value: Some(Any::StringValue(text.clone())) }).collect();
        self.set(key, Any::ArrayValue(ArrayValue { values }));
    }

    /// A JSON scalar as it is, everything else as JSON text.
    pub(super) fn json(&mut self, key: impl Into<String>, value: &serde_json::Value) {
        use serde_json::Value;
        match value {
            Value::String(text) => self.text(key, text.clone()),
            Value::Bool(truth) => self.flag(key, *truth),
            Value::Number(number) => match (number.as_i64(), number.as_f64()) {
                (Some(whole), _) => self.int(key, whole),
                (None, Some(real)) => self.real(key, real),
                (None, None) => self.text(key, number.to_string()),
            },
            other => self.text(key, other.to_string()),
        }
    }
}

/// The request that carries a conversation.
pub(super) fn request(trace: &Trace<'_>) -> ExportTraceServiceRequest {
    let conversation = trace.conversation;
    let mut resource = Attributes::default();
    resource.text("service.name", conversation.service.clone());
    resource.text("deployment.environment.name", conversation.environment.clone());
    resource.text("telemetry.sdk.language", "python");
    let scope = match conversation.convention {
        Convention::Openinference => "openinference.instrumentation.openai",
        Convention::Genai | Convention::Orq => "opentelemetry.instrumentation.genai.openai",
    };
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: Some(Resource { attributes: resource.0, ..Resource::default() }),
            scope_spans: vec![ScopeSpans {
                scope: Some(InstrumentationScope { name: scope.into(), version: "1.0".into(), ..Default::default() }),
                // Children end before their parents, and are sent so.
                spans: trace.spans.iter().rev().map(|placed| span(trace, placed)).collect(),
                ..ScopeSpans::default()
            }],
            ..ResourceSpans::default()
        }],
    }
}

fn span(trace: &Trace<'_>, placed: &Placed<'_>) -> Span {
    let step = placed.step;
    let mut attributes = Attributes::default();
    let name = match trace.conversation.convention {
        Convention::Openinference => openinference::describe(trace, placed, &mut attributes),
        Convention::Genai | Convention::Orq => genai::describe(trace, placed, &mut attributes),
    };
    let mut events: Vec<Event> = step.evaluations.iter().map(|evaluation| verdict(evaluation, placed.end)).collect();
    if let Some(error) = &step.error {
        let mut details = Attributes::default();
        details.text("exception.type", error.kind.clone());
        details.text("exception.message", error.message.clone());
        attributes.text("error.type", error.kind.clone());
        events.push(event("exception", placed.end, details));
    }
    if let (Some(stream), Convention::Openinference) = (&step.stream, trace.conversation.convention) {
        let at = placed.start + i64::try_from(stream.first_token_milliseconds).unwrap_or(0) * 1000;
        events.push(event("First Token Stream Event", at, Attributes::default()));
    }
    let status = step
        .error
        .as_ref()
        .map(|error| Status { code: StatusCode::Error as i32, message: format!("{}: {}", error.kind, error.message) });
    let is_remote = matches!(step.kind, Kind::Llm | Kind::Embedding);
    Span {
        trace_id: trace.trace_id.to_vec(),
        span_id: placed.span_id.to_vec(),
        parent_span_id: placed.parent_id.map(Vec::from).unwrap_or_default(),
        name,
        kind: if is_remote { SpanKind::Client } else { SpanKind::Internal } as i32,
        start_time_unix_nano: nanoseconds(placed.start),
        end_time_unix_nano: nanoseconds(placed.end),
        attributes: attributes.0,
        events,
        status,
        ..Span::default()
    }
}

/// A machine's verdict, as the conventions of OpenTelemetry have it.
fn verdict(evaluation: &Evaluation, at: i64) -> Event {
    let mut details = Attributes::default();
    for (key, value) in verdict_values(evaluation) {
        details.json(key, &value);
    }
    event("gen_ai.evaluation.result", at, details)
}

/// The attributes of a verdict.
pub(super) fn verdict_values(evaluation: &Evaluation) -> Vec<(&'static str, serde_json::Value)> {
    let passed = evaluation.passed.map(|passed| if passed { "pass" } else { "fail" });
    let label = evaluation.label.as_deref().or(passed);
    let mut values = vec![("gen_ai.evaluation.name", evaluation.name.clone().into())];
    values.extend(evaluation.score.map(|score| ("gen_ai.evaluation.score.value", score.into())));
    values.extend(label.map(|label| ("gen_ai.evaluation.score.label", label.into())));
    values.extend(evaluation.passed.map(|passed| ("gen_ai.evaluation.passed", passed.into())));
    values.extend(evaluation.explanation.clone().map(|text| ("gen_ai.evaluation.explanation", text.into())));
    values
}

fn event(name: &str, at: i64, attributes: Attributes) -> Event {
    Event { name: name.into(), time_unix_nano: nanoseconds(at), attributes: attributes.0, ..Event::default() }
}

fn nanoseconds(micros: i64) -> u64 {
    u64::try_from(micros).unwrap_or(0).saturating_mul(1000)
}
