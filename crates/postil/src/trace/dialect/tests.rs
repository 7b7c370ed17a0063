use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue, KeyValueList};
use opentelemetry_proto::tonic::trace::v1::span::Event;
use proptest::prelude::*;
use serde_json::json;

use super::vocabulary::{KEYS, WORDS};
use super::*;
use crate::trace::model::{Convention, CostSource, MediaSource, Part, Role, UsageScope};
use crate::trace::price::PriceTable;
use crate::trace::rollup::{facts, rollup};

mod clients;

fn pair(key: &str, value: Any) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
}

fn text(key: &str, value: &str) -> KeyValue {
    pair(key, Any::StringValue(value.to_owned()))
}

fn normal(scope: &str, attributes: Vec<KeyValue>) -> NormalizedSpan {
    let scope = InstrumentationScope { name: scope.to_owned(), ..InstrumentationScope::default() };
    let span = Span { name: "work".to_owned(), attributes, ..Span::default() };
    normalize(&SpanView { resource: None, scope: Some(&scope), span: &span, header_convention_version: None }, &[])
}

#[test]
fn a_span_without_a_name_is_named_after_what_it_did() {
    let span = Span { attributes: vec![text("gen_ai.operation.name", "chat")], ..Span::default() };
    let view = SpanView { resource: None, scope: None, span: &span, header_convention_version: None };
    assert_eq!(normalize(&view, &[]).display_name, "chat");
    let bare = Span::default();
    let view = SpanView { span: &bare, ..view };
    let normalized = normalize(&view, &[]);
    assert_eq!((normalized.display_name.as_str(), normalized.kind), ("generic", Kind::Generic));
    assert_eq!(normalized.convention, Convention::Otel);
}

#[test]
fn numbered_messages_come_in_the_order_of_their_numbers() {
    let span = normal(
        "",
        vec![
            text("gen_ai.prompt.10.content", "last"),
            text("gen_ai.prompt.10.role", "user"),
            text("gen_ai.prompt.2.content", "first"),
            text("gen_ai.prompt.2.role", "user"),
            text("gen_ai.prompt.99999999999999999999999.role", "user"),
        ],
    );
    let texts: Vec<String> = span.input.iter().map(Message::plain_text).collect();
    assert_eq!(texts, ["first", "last"]);
}

#[test]
fn cut_off_messages_show_what_is_left() {
    let cut = r#"[{"role":"user","parts":[{"type":"text","content":"Tell me about \ud83d"#;
    let span = normal("", vec![text("gen_ai.input.messages", cut)]);
    assert!(span.truncated);
    assert_eq!(span.input[0].plain_text(), "Tell me about ");
}

#[test]
fn a_text_that_looks_like_json_stays_a_text() {
    for answer in [r#"{"name": "Ada"}"#, "[INFO] started", "{", "\"quoted\" and more"] {
        let attributes =
            vec![text("langfuse.observation.type", "generation"), text("langfuse.observation.output", answer)];
        let span = normal("langfuse-sdk", attributes);
        assert_eq!(span.output[0].plain_text(), answer);
        assert!(!span.truncated, "{answer}");
    }
}

#[test]
fn hidden_text_is_not_recovered_from_the_raw_request() {
    let span = normal(
        "openinference.instrumentation.openai",
        vec![
            text("openinference.span.kind", "LLM"),
            text("llm.input_messages.0.message.role", "user"),
            text("llm.input_messages.0.message.content", "__REDACTED__"),
            text("input.value", r#"{"messages":[{"role":"user","content":"my secret"}]}"#),
        ],
    );
    assert!(span.redacted);
    assert!(!serde_json::to_string(&span).expect("JSON").contains("secret"));
}

#[test]
fn counts_that_are_no_counts_are_absent() {
    let span = normal(
        "ai",
        vec![
            text("ai.operationId", "ai.streamText.doStream"),
            pair("ai.usage.promptTokens", Any::DoubleValue(f64::NAN)),
            pair("ai.usage.completionTokens", Any::IntValue(-4)),
        ],
    );
    assert!(span.usage.is_empty());
    let span = normal("", vec![pair("gen_ai.usage.input_tokens", Any::DoubleValue(1e300))]);
    assert_eq!(span.usage.input, Some(u64::MAX));
}

#[test]
fn langfuse_buckets_are_disjoint() {
    let usage = r#"{"input": 20, "output": 6, "cache_read_input_tokens": 4, "total": 30}"#;
    let cost = r#"{"input": 3e-06, "output": 3.6e-06, "total": 6.6e-06}"#;
    let span = normal(
        "langfuse-sdk",
        vec![
            text("langfuse.observation.type", "generation"),
            text("langfuse.observation.usage_details", usage),
            text("langfuse.observation.cost_details", cost),
        ],
    );
    assert_eq!((span.usage.input, span.usage.output, span.usage.cache_read), (Some(24), Some(6), Some(4)));
    assert_eq!(span.cost.map(|cost| (cost.total, cost.source)), Some((6.6e-06, CostSource::Client)));
}

#[test]
fn a_tag_key_that_repeats_gives_every_tag() {
    let tags =
        vec![text("langsmith.span.tags", "a"), text("langsmith.span.tags", "b"), text("langsmith.span.tags", "a")];
    assert_eq!(normal("langsmith", tags).tags, ["a", "b"]);
}

#[test]
fn an_image_keeps_its_bytes_wherever_its_client_puts_them() {
    let shapes = [
        r#"[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBO"}}]}]"#,
        r#"[{"role":"user","content":[{"type":"input_image","image_url":"data:image/png;base64,iVBO"}]}]"#,
        r#"[{"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBO"}}]}]"#,
        r#"[{"role":"user","parts":[{"type":"blob","mime_type":"image/png","modality":"image","content":"iVBO"}]}]"#,
        r#"[{"role":"user","content":[{"type":"file","mediaType":"image/png","data":"iVBO"}]}]"#,
        r#"[{"role":"user","content":[{"type":"image","mediaType":"image/png","image":{"type":"Buffer","data":[137,80,78]}}]}]"#,
        r#"[{"role":"user","parts":[{"inlineData":{"mimeType":"image/png","data":"iVBO"}}]}]"#,
    ];
    for shape in shapes {
        let span = normal("", vec![text("gen_ai.input.messages", shape)]);
        let Part::Media(media) = &span.input[0].parts[0] else { panic!("{shape}: {:?}", span.input) };
        assert_eq!(media.mime.as_deref(), Some("image/png"), "{shape}");
        assert_eq!(media.source, MediaSource::Inline { data: "iVBO".to_owned() }, "{shape}");
    }
}

#[test]
fn orq_attributes_have_their_fields() {
    let span = normal(
        "orq.native",
        vec![
            text("orq.type", "llm"),
            text("orq.input", "What now?"),
            text("orq.status", "error"),
            text("orq.error.message", "boom"),
            text("orq.session_id", "s"),
            text("orq.user_id", "u"),
            text("orq.deployment_key", "greeter"),
        ],
    );
    assert_eq!((span.kind, span.convention), (Kind::Llm, Convention::Orq));
    assert_eq!(span.input, [Message::text(Role::User, "What now?")]);
    assert_eq!(span.error.and_then(|error| error.message).as_deref(), Some("boom"));
    assert_eq!((span.session_id.as_deref(), span.user_id.as_deref()), (Some("s"), Some("u")));
    assert_eq!(span.metadata["deployment_key"], "greeter");
}

#[test]
fn a_langchain_callback_of_orq_shows_its_messages() {
    let completion = r#"{"choices":[{"message":{"role":"assistant","content":"Paris."},"finish_reason":"stop"}],"usage":{"prompt_tokens":7}}"#;
    let span = normal(
        "langsmith",
        vec![
            text("langsmith.span.kind", "llm"),
            text("gen_ai.prompt", r#"{"messages":[{"role":"user","content":"Capital?"}]}"#),
            text("gen_ai.completion", completion),
            text("langsmith.metadata.thread_id", "t-1"),
        ],
    );
    assert_eq!(span.input, [Message::text(Role::User, "Capital?")]);
    assert_eq!(span.output[0].plain_text(), "Paris.");
    assert_eq!((span.usage.input, span.session_id.as_deref()), (Some(7), Some("t-1")));
    assert_eq!(span.finish_reasons, ["stop"]);
}

#[test]
fn thinking_and_anthropic_blocks_of_older_clients_are_one_turn() {
    let results = r#"[{"type":"tool_result","tool_use_id":"t1","content":"{\"temp\": 18}"}]"#;
    let span = normal(
        "opentelemetry.instrumentation.anthropic",
        vec![
            text("llm.request.type", "completion"),
            text("gen_ai.prompt.0.role", "user"),
            text("gen_ai.prompt.0.content", results),
            text("gen_ai.completion.0.role", "thinking"),
            text("gen_ai.completion.0.content", "hm"),
            text("gen_ai.completion.1.role", "assistant"),
            text("gen_ai.completion.1.content", "18 degrees"),
        ],
    );
    let result = Part::ToolResult { id: Some("t1".to_owned()), result: json!({"temp": 18}), is_error: false };
    assert_eq!((span.input[0].role, &span.input[0].parts[0]), (Role::Tool, &result));
    assert_eq!(span.output.len(), 1);
    assert_eq!(span.output[0].parts[0], Part::Reasoning { text: "hm".to_owned() });
}

#[test]
fn an_outer_operation_of_the_ai_sdk_is_a_sum() {
    let span = normal(
        "ai",
        vec![
            text("ai.operationId", "ai.generateText"),
            text("ai.prompt", r#"{"system":"Be brief.","prompt":"Hi"}"#),
            text("ai.response.text", "Hello"),
            pair("ai.usage.inputTokens", Any::IntValue(3)),
        ],
    );
    assert_eq!((span.kind, span.usage_scope), (Kind::Chain, UsageScope::Aggregate));
    let roles: Vec<Role> = span.input.iter().map(|message| message.role).collect();
    assert_eq!(roles, [Role::System, Role::User]);
    assert_eq!(span.output[0].plain_text(), "Hello");
}

#[test]
fn attributes_without_a_place_are_named() {
    let span =
        Span { attributes: vec![text("mine", "1"), text("gen_ai.system", "x"), text("mine", "2")], ..Span::default() };
    let view = SpanView { resource: None, scope: None, span: &span, header_convention_version: None };
    assert_eq!(unmapped_keys(&view), ["mine"]);
}

fn words() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(WORDS).prop_map(str::to_owned),
        "[\\[{\"'(:,0-9a-z\\\\é\u{1f600} ]{0,24}",
        any::<String>()
    ]
}

fn any_value() -> impl Strategy<Value = AnyValue> {
    let leaf = prop_oneof![
        Just(None),
        words().prop_map(|text| Some(Any::StringValue(text))),
        any::<bool>().prop_map(|flag| Some(Any::BoolValue(flag))),
        any::<i64>().prop_map(|number| Some(Any::IntValue(number))),
        any::<f64>().prop_map(|number| Some(Any::DoubleValue(number))),
        prop::collection::vec(any::<u8>(), 0..6).prop_map(|bytes| Some(Any::BytesValue(bytes))),
    ]
    .prop_map(|value| AnyValue { value });
    leaf.prop_recursive(5, 40, 5, |inner| {
        let pairs = prop::collection::vec((words(), prop::option::of(inner.clone())), 0..5).prop_map(|pairs| {
            let values = pairs.into_iter().map(|(key, value)| KeyValue { key, value, ..KeyValue::default() }).collect();
            AnyValue { value: Some(Any::KvlistValue(KeyValueList { values })) }
        });
        let list = prop::collection::vec(inner, 0..5)
            .prop_map(|values| AnyValue { value: Some(Any::ArrayValue(ArrayValue { values })) });
        prop_oneof![pairs, list]
    })
}

fn attributes() -> impl Strategy<Value = Vec<KeyValue>> {
    let key = prop_oneof![8 => prop::sample::select(KEYS).prop_map(str::to_owned), 1 => any::<String>()];
    let pair =
        (key, prop::option::of(any_value())).prop_map(|(key, value)| KeyValue { key, value, ..KeyValue::default() });
    prop::collection::vec(pair, 0..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn no_span_makes_it_panic(
        attributes in attributes(),
        event in attributes(),
        body in prop::option::of(any_value()),
        orq in any::<bool>(),
        times in (any::<u64>(), any::<u64>()),
        name in prop::sample::select(&["gen_ai.choice", "gen_ai.user.message", "gen_ai.content.prompt", "exception", "mlflow.chunk.item.0"][..]),
    ) {
        let scope = InstrumentationScope { name: if orq { "orq.native".to_owned() } else { String::new() }, ..InstrumentationScope::default() };
        let log = LogRecord { event_name: name.to_owned(), body, attributes: event.clone(), ..LogRecord::default() };
        let event = Event { name: name.to_owned(), attributes: event, time_unix_nano: times.1, ..Event::default() };
        let span = Span {
            attributes,
            events: vec![event],
            start_time_unix_nano: times.0,
            end_time_unix_nano: times.1,
            ..Span::default()
        };
        let view = SpanView { resource: None, scope: Some(&scope), span: &span, header_convention_version: Some(4) };
        let mut normalized = normalize(&view, &[&log]);
        PriceTable::built_in().apply(&mut normalized);
        prop_assert!(!normalized.display_name.is_empty());
        prop_assert!(serde_json::to_string(&normalized).is_ok());
        let facts = facts(&view, &normalized);
        prop_assert!(facts.input_preview.as_ref().is_none_or(|line| line.chars().count() <= 400));
        rollup(&[facts]);
        unmapped_keys(&view);
    }

    #[test]
    fn a_cut_off_document_reads_as_its_beginning(cut in 1usize..200) {
        let whole = r#"[{"role":"system","parts":[{"type":"text","content":"Grüß \ud83d\ude00 dich"}]},{"role":"user","parts":[{"type":"tool_call","id":"a","name":"b","arguments":{"n":[1.5,-2e3,true,null]}}]}]"#;
        let cut = (0..=cut.min(whole.len())).rev().find(|at| whole.is_char_boundary(*at)).unwrap_or(0);
        let parsed = parse::structured(&whole[..cut]);
        if cut == whole.len() {
            prop_assert!(parsed.is_some_and(|parsed| !parsed.truncated));
        } else if cut > 12 {
            prop_assert!(parsed.is_some_and(|parsed| parsed.truncated));
        }
    }
}

#[test]
fn python_literals_are_read() {
    let parsed = parse::structured("{'a': True, 'b': [None, 'it\\'s', \"x\"], 'c': (1, -2.5), 'd': '\\xfc'}")
        .expect("a literal");
    assert_eq!(parsed.node.to_json(), json!({"a": true, "b": [null, "it's", "x"], "c": [1, -2.5], "d": "ü"}));
    assert!(parse::structured("{'a': <object at 0x1>}").is_none());
    assert!(parse::json_container("{'a': 1}").is_none());
}

#[test]
fn deep_nesting_is_refused_instead_of_followed() {
    assert!(parse::structured(&"[".repeat(100_000)).is_none());
    let mut deep = AnyValue { value: Some(Any::IntValue(1)) };
    for _ in 0..2_000 {
        deep = AnyValue { value: Some(Any::ArrayValue(ArrayValue { values: vec![deep] })) };
    }
    let attribute = KeyValue { key: "gen_ai.input.messages".to_owned(), value: Some(deep), ..KeyValue::default() };
    assert!(normal("", vec![attribute]).input.is_empty());
}
