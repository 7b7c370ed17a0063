//! How the span ended: status, error, severity, time to the first token.

use jiff::Timestamp;
use opentelemetry_proto::tonic::trace::v1::span::Event;

use super::attributes::{self, Family};
use super::context::Context;
use super::orq;
use super::parse;
use crate::trace::model::{SpanError, Status};

fn event_text<'a>(event: &'a Event, key: &str) -> Option<&'a str> {
    let pair = event.attributes.iter().find(|pair| pair.key == key)?;
    attributes::text(pair.value.as_ref()?.value.as_ref()?)
}

/// Status and error of the span.
pub(crate) fn status(context: &Context<'_>) -> (Status, Option<SpanError>) {
    let span = context.view.span;
    let attributes = &context.attributes;
    let code = span.status.as_ref().map_or(0, |status| status.code);
    let langfuse = if context.has(Family::Langfuse) { attributes.text("langfuse.observation.level") } else { None };
    let orq_status = orq::status(context);
    let failed = code == 2 || langfuse == Some("ERROR") || orq_status == Some("error");
    if !failed {
        let status = if code == 1 || orq_status == Some("success") { Status::Ok } else { Status::Unset };
        return (status, None);
    }
    let exception = span.events.iter().rev().find(|event| event.name == "exception");
    let from_event = |key: &str| exception.and_then(|event| event_text(event, key));
    let message = span
        .status
        .as_ref()
        .map(|status| status.message.as_str())
        .filter(|message| !message.is_empty())
        .or_else(|| if langfuse.is_some() { attributes.text("langfuse.observation.status_message") } else { None })
        .or_else(|| from_event("exception.message"))
        .or_else(|| attributes.first_text(&["orq.error.message", "error.message"]));
    let kind = attributes.text("error.type").or_else(|| from_event("exception.type"));
    let error = SpanError {
        kind: kind.map(str::to_owned),
        message: message.map(str::to_owned),
        stack: from_event("exception.stacktrace").map(str::to_owned),
    };
    (Status::Error, Some(error))
}

/// Severity in lower case.
pub(crate) fn level(context: &Context<'_>) -> Option<String> {
    if context.has(Family::Langfuse)
        && let Some(level) = context.attributes.text("langfuse.observation.level")
    {
        return Some(level.to_ascii_lowercase());
    }
    if !context.has(Family::Logfire) {
        return None;
    }
    let number = context.attributes.number("logfire.level_num")?;
    // OpenTelemetry severity numbers: four to a level.
    let level = match number as i64 {
        ..=4 => "trace",
        5..=8 => "debug",
        9..=12 => "info",
        13..=16 => "warning",
        17..=20 => "error",
        _ => "fatal",
    };
    Some(level.to_owned())
}

/// Nanoseconds from the start to the first part of the answer.
pub(crate) fn first_token(context: &Context<'_>) -> Option<i64> {
    let attributes = &context.attributes;
    let scaled = |value: f64, unit: f64| {
        let nanoseconds = value * unit;
        (nanoseconds >= 0.0 && nanoseconds < i64::MAX as f64).then_some(nanoseconds as i64)
    };
    if context.has(Family::GenAi) {
        let seconds = [
            "gen_ai.response.time_to_first_chunk",
            "gen_ai.client.operation.time_to_first_chunk",
            "gen_ai.server.time_to_first_token",
        ];
        if let Some(value) = seconds.iter().find_map(|key| attributes.number(key)) {
            return scaled(value, 1e9);
        }
    }
    if context.has(Family::Ai)
        && let Some(value) = attributes.number("ai.response.msToFirstChunk")
    {
        return scaled(value, 1e6);
    }
    let start = context.view.span.start_time_unix_nano;
    if context.has(Family::Langfuse)
        && let Some(text) = attributes.text("langfuse.observation.completion_start_time")
    {
        let quoted = parse::structured(text);
        let text = quoted.as_ref().and_then(|parsed| parsed.node.text()).unwrap_or(text);
        let moment = text.parse::<Timestamp>().ok()?.as_nanosecond();
        return i64::try_from(moment - i128::from(start)).ok().filter(|wait| *wait >= 0);
    }
    let first = context.view.span.events.iter().find(|event| {
        matches!(
            event.name.as_str(),
            "First Token Stream Event"
                | "gen_ai.content.completion.chunk"
                | "llm.content.completion.chunk"
                | "ai.stream.firstChunk"
                | "mlflow.chunk.item.0"
        )
    })?;
    i64::try_from(first.time_unix_nano.checked_sub(start)?).ok()
}
