//! A span made of random bytes, with keys that the rules look for and values that look like messages.

use arbitrary::{Arbitrary, Result, Unstructured};
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList};
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::Event;
use opentelemetry_proto::tonic::trace::v1::{Span, Status};

use crate::vocabulary::{KEYS, WORDS};

/// Names of events and log records that are read.
const EVENTS: [&str; 9] = [
    "gen_ai.choice",
    "gen_ai.user.message",
    "gen_ai.assistant.message",
    "gen_ai.tool.message",
    "gen_ai.content.prompt",
    "gen_ai.content.completion",
    "gen_ai.client.inference.operation.details",
    "exception",
    "mlflow.chunk.item.0",
];

/// Names of instrumentations that are told apart.
const SCOPES: [&str; 7] =
    ["", "orq.native", "langfuse-sdk", "ai", "langsmith", "orq_ai_sdk.traced.decorators", "mlflow.tracing.provider"];

/// A span with everything around it.
#[derive(Debug)]
pub struct Call {
    /// The process.
    pub resource: Resource,
    /// The instrumentation.
    pub scope: InstrumentationScope,
    /// The span.
    pub span: Span,
    /// Log records of the span.
    pub records: Vec<LogRecord>,
    /// What the client states in a header.
    pub convention_version: Option<u32>,
    /// How many bytes its texts have.
    pub size: usize,
}

struct Maker<'u, 'a> {
    bytes: &'u mut Unstructured<'a>,
    size: usize,
}

impl Maker<'_, '_> {
    fn word(&mut self) -> Result<String> {
        let word = match self.bytes.int_in_range(0..=3)? {
            0 | 1 => (*self.bytes.choose(WORDS)?).to_owned(),
            2 => String::arbitrary(self.bytes)?,
            _ => {
                // Words in a row look like the documents that clients put into strings.
                let mut text = String::new();
                for _ in 0..self.bytes.int_in_range(0..=24)? {
                    text.push_str(self.bytes.choose(WORDS)?);
                    text.push_str(
                        self.bytes.choose(&["\"", ":", ",", "[", "{", "}", "]", "'", "\\", " ", "\\u00e9", "1"])?,
                    );
                }
                text
            }
        };
        self.size += word.len();
        Ok(word)
    }

    fn key(&mut self) -> Result<String> {
        let key = *self.bytes.choose(KEYS)?;
        // Keys with numbers in them belong to families: any number may come.
        let mut made = key.to_owned();
        if let Some(at) = key.find(".0")
            && self.bytes.arbitrary()?
        {
            let number: u16 = self.bytes.arbitrary()?;
            made.replace_range(at + 1..at + 2, &number.to_string());
        }
        self.size += made.len();
        Ok(made)
    }

    fn value(&mut self, depth: usize) -> Result<Option<AnyValue>> {
        self.size += 8;
        let kind = self.bytes.int_in_range(0..=if depth < 6 { 11 } else { 8 })?;
        let value = match kind {
            0 => return Ok(None),
            1 => None,
            2 => Some(Any::BoolValue(self.bytes.arbitrary()?)),
            3 => Some(Any::IntValue(self.bytes.arbitrary()?)),
            4 => Some(Any::DoubleValue(self.bytes.arbitrary()?)),
            5 => {
                let bytes = Vec::<u8>::arbitrary(self.bytes)?;
                self.size += bytes.len();
                Some(Any::BytesValue(bytes))
            }
            6..=8 => Some(Any::StringValue(self.word()?)),
            9 => {
                let mut values = Vec::new();
                for _ in 0..self.bytes.int_in_range(0..=6)? {
                    values.push(self.value(depth + 1)?.unwrap_or_default());
                }
                Some(Any::ArrayValue(ArrayValue { values }))
            }
            _ => {
                let mut values = Vec::new();
                for _ in 0..self.bytes.int_in_range(0..=6)? {
                    values.push(KeyValue { key: self.word()?, value: self.value(depth + 1)?, ..KeyValue::default() });
                }
                Some(Any::KvlistValue(KeyValueList { values }))
            }
        };
        Ok(Some(AnyValue { value }))
    }

    fn attributes(&mut self, most: usize) -> Result<Vec<KeyValue>> {
        let mut made = Vec::new();
        for _ in 0..self.bytes.int_in_range(0..=most)? {
            made.push(KeyValue { key: self.key()?, value: self.value(0)?, ..KeyValue::default() });
        }
        Ok(made)
    }

    fn event_name(&mut self) -> Result<String> {
        Ok((*self.bytes.choose(&EVENTS)?).to_owned())
    }
}

impl<'a> Arbitrary<'a> for Call {
    fn arbitrary(bytes: &mut Unstructured<'a>) -> Result<Self> {
        let scope = InstrumentationScope {
            name: (*bytes.choose(&SCOPES)?).to_owned(),
            version: (*bytes.choose(&["", "3.1", "5.0.4"])?).to_owned(),
            ..InstrumentationScope::default()
        };
        let convention_version = bytes.arbitrary()?;
        let mut maker = Maker { bytes, size: 0 };
        let resource = Resource { attributes: maker.attributes(2)?, ..Resource::default() };
        let mut span = Span {
            name: maker.word()?,
            attributes: maker.attributes(20)?,
            start_time_unix_nano: maker.bytes.arbitrary()?,
            end_time_unix_nano: maker.bytes.arbitrary()?,
            status: Some(Status { code: maker.bytes.int_in_range(0..=3)?, message: maker.word()? }),
            ..Span::default()
        };
        for _ in 0..maker.bytes.int_in_range(0..=4)? {
            let time_unix_nano = maker.bytes.arbitrary()?;
            let (name, attributes) = (maker.event_name()?, maker.attributes(4)?);
            span.events.push(Event { time_unix_nano, name, attributes, ..Event::default() });
        }
        let mut records = Vec::new();
        for _ in 0..maker.bytes.int_in_range(0..=3)? {
            let (event_name, attributes, body) = (maker.event_name()?, maker.attributes(4)?, maker.value(0)?);
            records.push(LogRecord { event_name, attributes, body, ..LogRecord::default() });
        }
        let size = maker.size;
        Ok(Call { resource, scope, span, records, convention_version, size })
    }
}
