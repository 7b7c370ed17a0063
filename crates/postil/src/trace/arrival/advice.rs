//! What to do when something is missing: the exact setting of the client at hand.

use super::report::{Report, Source};

/// How pressing an advice is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// Good to know.
    Info,
    /// Something is missing or lost.
    Warning,
}

/// One thing to know or to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    /// A word for programs.
    pub code: &'static str,
    /// How pressing it is.
    pub severity: Severity,
    /// A sentence for people.
    pub message: String,
    /// What to set in the client, if that helps.
    pub setting: Option<&'static str>,
}

fn advice(code: &'static str, severity: Severity, message: impl Into<String>, setting: Option<&'static str>) -> Advice {
    Advice { code, severity, message: message.into(), setting }
}

/// What holds for one instrumentation.
pub(super) fn of_source(source: &Source) -> Vec<Advice> {
    let mut found = Vec::new();
    let (absent, calls) = (source.without_content, source.model_calls);
    if absent > 0 {
        let (setting, note) = content(&source.sender.convention, &source.sender.scope);
        let message = format!("{absent} of {calls} model calls came without messages. {note}");
        found.push(advice("content_absent", Severity::Warning, message, setting));
    }
    if source.redacted > 0 {
        let (setting, note) = hidden(&source.sender.convention);
        let message = format!("The client hid content of {} spans. {note}", source.redacted);
        found.push(advice("content_redacted", Severity::Info, message, setting));
    }
    if !source.unmapped.is_empty() {
        let message = "Some attributes have no place in the normal form. They are kept as they came, can be read on the \
                       span and filtered by as attributes.<name>.";
        found.push(advice("unmapped_attributes", Severity::Info, message, None));
    }
    found
}

/// The setting that turns content on, and a sentence about it, by convention and instrumentation.
fn content(convention: &str, scope: &str) -> (Option<&'static str>, &'static str) {
    const CAPTURE: &str = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true";
    match convention {
        "anthropic_sdk" => (
            None,
            "The SDK's own spans never carry messages. Add an instrumentation of Anthropic's SDK, of OpenInference or \
             OpenLLMetry for one: its span and this one count as one call.",
        ),
        "openinference" => (
            Some("OPENINFERENCE_HIDE_INPUTS=false OPENINFERENCE_HIDE_OUTPUTS=false"),
            "OpenInference sends them unless variables that begin with OPENINFERENCE_HIDE_ or a TraceConfig hide them.",
        ),
        "openllmetry" => (Some("TRACELOOP_TRACE_CONTENT=true"), "OpenLLMetry sends them unless that is false."),
        "vercel_ai" => (
            Some("experimental_telemetry: { isEnabled: true, recordInputs: true, recordOutputs: true }"),
            "The AI SDK records both unless the call says otherwise; with version 7 the key is telemetry.",
        ),
        "langfuse" => (
            Some("LANGFUSE_OBSERVE_DECORATOR_IO_CAPTURE_ENABLED=true"),
            "Look for @observe(capture_input=False, capture_output=False), a mask function, and generations that are \
             never updated with their output.",
        ),
        "pydantic_ai" => (
            Some("Agent.instrument_all(InstrumentationSettings(include_content=True))"),
            "Pydantic AI sends them unless include_content is off. A call that failed has none.",
        ),
        "logfire" => (
            Some("logfire.configure(scrubbing=False)"),
            "A streamed call carries its reply on a span of its own; values that look like secrets are scrubbed.",
        ),
        "mlflow" => (
            Some("mlflow.openai.autolog(log_traces=True)"),
            "MLflow sends them with autologging, unless span processors in mlflow.tracing.configure take them away.",
        ),
        "orq" => (
            Some("@traced(type=\"llm\", capture_input=True, capture_output=True)"),
            "The decorator sends arguments and result unless it is told not to.",
        ),
        "langsmith" => (
            Some("LANGSMITH_HIDE_INPUTS=false LANGSMITH_HIDE_OUTPUTS=false"),
            "LangChain callbacks send them unless these are true.",
        ),
        _ if scope.starts_with("opentelemetry.util.genai") || scope.contains(".genai.") => (
            Some(
                "OTEL_SEMCONV_STABILITY_OPT_IN=gen_ai_latest_experimental \
                 OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=SPAN_AND_EVENT",
            ),
            "OpenTelemetry captures no content unless told to. With EVENT_ONLY it comes as log records: export those too.",
        ),
        "otel_genai" => (
            Some(CAPTURE),
            "OpenTelemetry captures no content unless told to. Older instrumentations send it as log records: export \
             those too (OTEL_PYTHON_LOGGING_AUTO_INSTRUMENTATION_ENABLED=true, a LoggerProvider).",
        ),
        _ => (
            Some("span.set_attribute(\"gen_ai.input.messages\", …), span.set_attribute(\"gen_ai.output.messages\", …)"),
            "Spans that are made by hand carry what they are given.",
        ),
    }
}

/// The setting that shows hidden content, and a sentence about it.
fn hidden(convention: &str) -> (Option<&'static str>, &'static str) {
    match convention {
        "openinference" => (
            Some("OPENINFERENCE_HIDE_INPUT_TEXT=false OPENINFERENCE_HIDE_OUTPUT_TEXT=false"),
            "Variables that begin with OPENINFERENCE_HIDE_, or a TraceConfig, replace it by __REDACTED__.",
        ),
        "logfire" | "pydantic_ai" => (
            Some("logfire.configure(scrubbing=False)"),
            "Logfire scrubs values whose names look like secrets, session among them.",
        ),
        _ => (None, "Postil never rebuilds it from elsewhere."),
    }
}

/// What holds for a project as a whole.
pub(super) fn of_project(report: &Report) -> Vec<Advice> {
    let mut found = Vec::new();
    let spans: i64 = report.sources.iter().map(|source| source.spans).sum();
    let records: i64 = report.sources.iter().map(|source| source.log_records).sum();
    if !report.rejected.is_empty() {
        let message = "Some of what arrived was not stored; rejected says what and why.";
        found.push(advice("rejected", Severity::Warning, message, None));
    }
    if spans > 0 {
        return found;
    }
    if records > 0 || report.metrics_requests > 0 {
        let message = "Log records or metrics arrived, but no spans: the client exports no traces.";
        found.push(advice("no_spans", Severity::Warning, message, Some("OTEL_TRACES_EXPORTER=otlp")));
    } else if report.rejected.is_empty() {
        let message = "Nothing arrived. Check that the application uses the address of this server and an API key of this \
                       project with the scope ingest, and that it ends its spans: exporters send them every few seconds, \
                       and a short program must flush before it ends. The client's own log tells whether its exports fail.";
        let setting = "OTEL_EXPORTER_OTLP_ENDPOINT=<address of this server> \
                       OTEL_EXPORTER_OTLP_HEADERS=\"Authorization=Bearer%20<key>\" \
                       OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf";
        found.push(advice("nothing_arrived", Severity::Warning, message, Some(setting)));
    }
    found
}
