//! Reads the captured requests in `tests/captures`.

use std::collections::HashMap;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList};
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::Event;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use postil::trace::dialect::{SpanView, normalize};
use postil::trace::model::NormalizedSpan;
use postil::trace::rollup::{SpanFacts, facts};
use prost::Message as _;
use serde_json::Value;

/// The captures there are.
pub const NAMES: [&str; 15] = [
    "langfuse-v5",
    "logfire-pydantic-ai",
    "mlflow",
    "openinference-langchain",
    "openinference-openai",
    "orq-native",
    "orq-otel",
    "otel-genai-openai-span",
    "otel-openai-v2-legacy-events",
    "plain-grpc",
    "plain-http",
    "plain-http-limits",
    "traceloop",
    "vercel-ai-v6-json",
    "vercel-ai-v7",
];

/// The requests of one client.
pub struct Capture {
    pub spans: Vec<ResourceSpans>,
    pub logs: Vec<LogRecord>,
    pub expected: Vec<Value>,
}

impl Capture {
    pub fn load(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures").join(name);
        let mut files: Vec<PathBuf> =
            fs::read_dir(&folder).expect("the capture").map(|entry| entry.expect("a file").path()).collect();
        files.sort();
        let expected = fs::read(folder.join("expected.json")).expect("the truth");
        let expected = serde_json::from_slice(&expected).expect("the truth is JSON");
        let mut capture = Self { spans: Vec::new(), logs: Vec::new(), expected };
        for file in files {
            let bytes = fs::read(&file).expect("a request");
            let name = file.file_name().and_then(|name| name.to_str()).expect("a name").to_owned();
            if name.ends_with("-traces.pb") {
                capture.add_traces(&bytes);
            } else if name.ends_with("-traces.pb.gz") {
                let mut plain = Vec::new();
                flate2::read::GzDecoder::new(bytes.as_slice()).read_to_end(&mut plain).expect("gzip");
                capture.add_traces(&plain);
            } else if name.ends_with("-logs.pb") {
                let request = ExportLogsServiceRequest::decode(bytes.as_slice()).expect("logs");
                let scopes = request.resource_logs.into_iter().flat_map(|resource| resource.scope_logs);
                capture.logs.extend(scopes.flat_map(|scope| scope.log_records));
            } else if name.ends_with("-traces.json") {
                capture.spans.extend(otlp_json(&serde_json::from_slice(&bytes).expect("JSON")));
            } else if name.ends_with("-nonotlp.json") {
                capture.spans.push(orq_json(&serde_json::from_slice(&bytes).expect("JSON")));
            }
        }
        capture
    }

    fn add_traces(&mut self, bytes: &[u8]) {
        let request = ExportTraceServiceRequest::decode(bytes).expect("traces");
        self.spans.extend(request.resource_spans);
    }

    /// Every span in the normal form, under `trace id/span id`, with what its trace's summary needs.
    pub fn normalized(&self) -> Vec<(String, SpanFacts, NormalizedSpan)> {
        let mut by_span: HashMap<String, Vec<&LogRecord>> = HashMap::new();
        for record in &self.logs {
            by_span.entry(key(&record.trace_id, &record.span_id)).or_default().push(record);
        }
        let mut found = Vec::new();
        for (resource, scope, span) in self.views() {
            let id = key(&span.trace_id, &span.span_id);
            let logs = by_span.get(&id).cloned().unwrap_or_default();
            let view = SpanView { resource, scope, span, header_convention_version: None };
            let normalized = normalize(&view, &logs);
            found.push((id, facts(&view, &normalized), normalized));
        }
        found
    }

    pub fn views(&self) -> impl Iterator<Item = (Option<&Resource>, Option<&InstrumentationScope>, &Span)> {
        self.spans.iter().flat_map(|resource| {
            resource.scope_spans.iter().flat_map(move |scope| {
                scope.spans.iter().map(move |span| (resource.resource.as_ref(), scope.scope.as_ref(), span))
            })
        })
    }
}

fn key(trace: &[u8], span: &[u8]) -> String {
    format!("{}/{}", hex::encode(trace), hex::encode(span))
}

fn any(value: Any) -> AnyValue {
    AnyValue { value: Some(value) }
}

fn pair(key: &str, value: AnyValue) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(value), ..KeyValue::default() }
}

/// A JSON value as an attribute value.
pub fn structured(value: &Value) -> AnyValue {
    match value {
        Value::Null => AnyValue { value: None },
        Value::Bool(flag) => any(Any::BoolValue(*flag)),
        Value::Number(number) => match number.as_i64() {
            Some(number) => any(Any::IntValue(number)),
            None => any(Any::DoubleValue(number.as_f64().unwrap_or_default())),
        },
        Value::String(text) => any(Any::StringValue(text.clone())),
        Value::Array(items) => any(Any::ArrayValue(ArrayValue { values: items.iter().map(structured).collect() })),
        Value::Object(map) => {
            let values = map.iter().map(|(key, value)| pair(key, structured(value))).collect();
            any(Any::KvlistValue(KeyValueList { values }))
        }
    }
}

fn otlp_value(value: &Value) -> AnyValue {
    let Some((kind, inner)) = value.as_object().and_then(|map| map.iter().next()) else {
        return AnyValue { value: None };
    };
    match kind.as_str() {
        "stringValue" => any(Any::StringValue(inner.as_str().unwrap_or_default().to_owned())),
        "boolValue" => any(Any::BoolValue(inner.as_bool().unwrap_or_default())),
        "intValue" => any(Any::IntValue(integer(inner))),
        "doubleValue" => any(Any::DoubleValue(inner.as_f64().unwrap_or(f64::NAN))),
        "arrayValue" => {
            let values = inner["values"].as_array().into_iter().flatten().map(otlp_value).collect();
            any(Any::ArrayValue(ArrayValue { values }))
        }
        "kvlistValue" => any(Any::KvlistValue(KeyValueList { values: otlp_pairs(&inner["values"]) })),
        _ => AnyValue { value: None },
    }
}

fn integer(value: &Value) -> i64 {
    value.as_i64().or_else(|| value.as_str().and_then(|text| text.parse().ok())).unwrap_or_default()
}

fn otlp_pairs(list: &Value) -> Vec<KeyValue> {
    let items = list.as_array().into_iter().flatten();
    items.map(|item| pair(item["key"].as_str().unwrap_or_default(), otlp_value(&item["value"]))).collect()
}

fn id(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().unwrap_or_default()).unwrap_or_default()
}

fn otlp_span(span: &Value) -> Span {
    let events = span["events"].as_array().into_iter().flatten().map(|event| Event {
        time_unix_nano: integer(&event["timeUnixNano"]).unsigned_abs(),
        name: event["name"].as_str().unwrap_or_default().to_owned(),
        attributes: otlp_pairs(&event["attributes"]),
        dropped_attributes_count: 0,
    });
    Span {
        trace_id: id(&span["traceId"]),
        span_id: id(&span["spanId"]),
        parent_span_id: id(&span["parentSpanId"]),
        name: span["name"].as_str().unwrap_or_default().to_owned(),
        start_time_unix_nano: integer(&span["startTimeUnixNano"]).unsigned_abs(),
        end_time_unix_nano: integer(&span["endTimeUnixNano"]).unsigned_abs(),
        attributes: otlp_pairs(&span["attributes"]),
        events: events.collect(),
        status: Some(Status {
            code: span["status"]["code"].as_i64().and_then(|code| i32::try_from(code).ok()).unwrap_or_default(),
            message: span["status"]["message"].as_str().unwrap_or_default().to_owned(),
        }),
        ..Span::default()
    }
}

fn otlp_json(request: &Value) -> Vec<ResourceSpans> {
    let scope_spans = |scope: &Value| ScopeSpans {
        scope: Some(InstrumentationScope {
            name: scope["scope"]["name"].as_str().unwrap_or_default().to_owned(),
            ..InstrumentationScope::default()
        }),
        spans: scope["spans"].as_array().into_iter().flatten().map(otlp_span).collect(),
        ..ScopeSpans::default()
    };
    let resources = request["resourceSpans"].as_array().into_iter().flatten();
    resources
        .map(|resource| ResourceSpans {
            resource: Some(Resource {
                attributes: otlp_pairs(&resource["resource"]["attributes"]),
                ..Resource::default()
            }),
            scope_spans: resource["scopeSpans"].as_array().into_iter().flatten().map(scope_spans).collect(),
            ..ResourceSpans::default()
        })
        .collect()
}

/// orq.ai's own JSON, as spans of the scope `orq.native`.
fn orq_json(request: &Value) -> ResourceSpans {
    let nanoseconds = |value: &Value| {
        let moment = value.as_str().and_then(|text| text.parse::<jiff::Timestamp>().ok());
        moment.and_then(|moment| u64::try_from(moment.as_nanosecond()).ok()).unwrap_or_default()
    };
    let spans = request["spans"].as_array().into_iter().flatten().map(|span| {
        let context = &span["context"];
        let mut attributes = Vec::new();
        let named = [
            ("orq.type", &span["type"]),
            ("orq.input", &span["input"]),
            ("orq.output", &span["output"]),
            ("orq.session_id", &context["session_id"]),
            ("orq.user_id", &context["user_id"]),
        ];
        for (key, value) in named {
            if !value.is_null() {
                attributes.push(pair(key, structured(value)));
            }
        }
        for (key, value) in span["attributes"].as_object().into_iter().flatten() {
            let key = match key.as_str() {
                key @ ("status" | "metrics" | "request" | "metadata" | "error.message") => format!("orq.{key}"),
                key => key.to_owned(),
            };
            attributes.push(pair(&key, structured(value)));
        }
        Span {
            trace_id: id(&context["trace_id"]),
            span_id: id(&context["span_id"]),
            parent_span_id: id(&span["parent_id"]),
            name: span["name"].as_str().unwrap_or_default().to_owned(),
            start_time_unix_nano: nanoseconds(&span["start_time"]),
            end_time_unix_nano: nanoseconds(&span["end_time"]),
            attributes,
            ..Span::default()
        }
    });
    let scope = InstrumentationScope { name: "orq.native".to_owned(), ..InstrumentationScope::default() };
    let scope_spans = ScopeSpans { scope: Some(scope), spans: spans.collect(), ..ScopeSpans::default() };
    ResourceSpans { resource: None, scope_spans: vec![scope_spans], ..ResourceSpans::default() }
}
