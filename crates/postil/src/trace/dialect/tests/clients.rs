//! What applications with real clients were found to send.

use opentelemetry_proto::tonic::trace::v1::Status as SpanStatus;

use super::*;

fn failed(attributes: Vec<KeyValue>) -> NormalizedSpan {
    let status = Some(SpanStatus { code: 2, message: "RateLimitError: slow down".to_owned() });
    let span = Span { status, attributes, ..Span::default() };
    normalize(&SpanView { resource: None, scope: None, span: &span, header_convention_version: None }, &[])
}

#[test]
fn a_call_that_failed_had_no_model_that_answered_and_no_answer() {
    let kind = || text("openinference.span.kind", "LLM");
    let span = failed(vec![
        kind(),
        text("llm.model_name", "claude"),
        text("llm.invocation_parameters", r#"{"model": "claude"}"#),
        text("llm.output_messages.0.message.role", "assistant"),
    ]);
    assert_eq!((span.request_model.as_deref(), span.response_model, span.output), (Some("claude"), None, Vec::new()));
    let span = failed(vec![kind(), text("llm.model_name", "claude")]);
    assert_eq!((span.request_model.as_deref(), span.response_model), (Some("claude"), None));
    // What another model said before it failed stays.
    let span = failed(vec![
        kind(),
        text("llm.model_name", "claude-2026"),
        text("llm.invocation_parameters", r#"{"model": "claude"}"#),
        text("llm.output_messages.0.message.content", "Well,"),
    ]);
    assert_eq!((span.response_model.as_deref(), span.output.len()), (Some("claude-2026"), 1));
}

#[test]
fn tools_are_read_from_the_log_record_of_a_call() {
    let tools = r#"[{"type": "function", "name": "get_weather", "parameters": {"type": "object"}}]"#;
    let record = LogRecord {
        event_name: "gen_ai.client.inference.operation.details".to_owned(),
        attributes: vec![text("gen_ai.tool.definitions", tools)],
        ..LogRecord::default()
    };
    let span = Span { attributes: vec![text("gen_ai.operation.name", "chat")], ..Span::default() };
    let view = SpanView { resource: None, scope: None, span: &span, header_convention_version: None };
    assert_eq!(normalize(&view, &[&record]).tools[0].name, "get_weather");
}

#[test]
fn a_tool_under_a_decorator_was_called_with_its_keywords() {
    let span = normal(
        "langfuse-sdk",
        vec![
            text("langfuse.observation.type", "tool"),
            text("langfuse.observation.input", r#"{"args": [], "kwargs": {"city": "Paris"}}"#),
        ],
    );
    assert_eq!(span.tool.expect("a tool").arguments, Some(json!({"city": "Paris"})));
}

#[test]
fn counts_that_the_provider_added_are_read_where_the_ai_sdk_has_none() {
    let span = normal(
        "ai",
        vec![
            text("ai.operationId", "ai.generateText.doGenerate"),
            pair("ai.usage.promptTokens", Any::IntValue(40)),
            text("ai.response.providerMetadata", r#"{"openai":{"reasoningTokens":3,"cachedPromptTokens":30}}"#),
        ],
    );
    assert_eq!((span.usage.input, span.usage.cache_read, span.usage.reasoning), (Some(40), Some(30), Some(3)));
}

#[test]
fn the_answer_of_mlflow_says_which_model_gave_it() {
    let span = normal(
        "mlflow.tracing.provider",
        vec![
            text("mlflow.spanType", "\"CHAT_MODEL\""),
            text("mlflow.llm.model", "\"claude\""),
            text("mlflow.llm.provider", "\"anthropic\""),
            text("mlflow.spanInputs", r#"{"model": "claude", "messages": []}"#),
            text("mlflow.spanOutputs", r#"{"model": "claude-2026", "content": [{"type": "text", "text": "Yes."}]}"#),
        ],
    );
    assert_eq!((span.request_model.as_deref(), span.response_model.as_deref()), (Some("claude"), Some("claude-2026")));
    assert_eq!(span.provider.as_deref(), Some("anthropic"));
}

#[test]
fn a_number_that_json_does_not_have_is_absent() {
    let nan = || Any::DoubleValue(f64::NAN);
    for key in ["input.value", "output.value", "mlflow.spanInputs", "ai.value", "llm.prompt_template.variables"] {
        let shown = serde_json::to_value(normal("", vec![pair(key, nan())])).expect("a span is JSON");
        assert!(!shown.to_string().contains("null"), "{key}: {shown}");
    }
    let tools = Any::StringValue(r#"[{"name": "a", "parameters": NaN}]"#.to_owned());
    let span = normal("", vec![text("gen_ai.operation.name", "chat"), pair("gen_ai.tool.definitions", tools)]);
    assert_eq!((span.tools[0].name.as_str(), &span.tools[0].schema), ("a", &None));
}

#[test]
fn a_stream_of_langfuse_says_why_the_model_stopped() {
    for said in ["tool_calls", "\"tool_calls\""] {
        let kind = text("langfuse.observation.type", "generation");
        let span = normal("langfuse-sdk", vec![kind, text("langfuse.observation.metadata.finish_reason", said)]);
        assert_eq!(span.finish_reasons, ["tool_calls"]);
    }
}
