//! Reading OTLP fields from JSON values: generous about notation, exact about what is wrong and where.

use std::fmt;

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue, KeyValueList};
use serde_json::{Map, Value};

use super::MAX_VALUE_DEPTH;
use super::render::anyvalue_to_json;
use crate::id::ulid_bytes;

const BASE64_CONFIG: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const BASE64: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, BASE64_CONFIG);
const BASE64_URL: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, BASE64_CONFIG);

/// How much of a refused value a message repeats.
const SHOWN_VALUE: usize = 40;

/// What is wrong with a JSON value, and under which path it lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    path: String,
    what: String,
}

impl Fault {
    pub(super) fn new(what: impl Into<String>) -> Self {
        Self { path: String::new(), what: what.into() }
    }

    /// The same fault seen from one level further out.
    pub(super) fn under(mut self, outer: impl fmt::Display) -> Self {
        let joint = if self.path.is_empty() || self.path.starts_with('[') { "" } else { "." };
        self.path = format!("{outer}{joint}{}", self.path);
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            formatter.write_str(&self.what)
        } else {
            write!(formatter, "{}: {}", self.path, self.what)
        }
    }
}

pub(super) type Read<T> = Result<T, Fault>;

fn expected<T>(what: &str, found: &Value) -> Read<T> {
    let shown: String = match found {
        Value::Object(_) => "an object".into(),
        Value::Array(_) => "an array".into(),
        Value::String(text) => format!("'{}'", text.chars().take(SHOWN_VALUE).collect::<String>()),
        other => other.to_string(),
    };
    Err(Fault::new(format!("expected {what}, found {shown}")))
}

/// The fields of an object; those that are null count as absent.
pub(super) fn fields(value: Value) -> Read<impl Iterator<Item = (String, Value)>> {
    match value {
        Value::Object(map) => Ok(map.into_iter().filter(|(_, value)| !value.is_null())),
        other => expected("an object", &other),
    }
}

/// Any object, its nulls kept.
pub(super) fn object(value: Value) -> Read<Map<String, Value>> {
    match value {
        Value::Object(map) => Ok(map),
        other => expected("an object", &other),
    }
}

pub(super) fn array(value: Value) -> Read<Vec<Value>> {
    match value {
        Value::Array(items) => Ok(items),
        other => expected("an array", &other),
    }
}

pub(super) fn string(value: Value) -> Read<String> {
    match value {
        Value::String(text) => Ok(text),
        other => expected("a string", &other),
    }
}

/// Every item of an array, read by `read`.
pub(super) fn each<T>(value: Value, read: impl Fn(Value) -> Read<T>) -> Read<Vec<T>> {
    let items = array(value)?.into_iter().enumerate();
    items.map(|(index, item)| read(item).map_err(|fault| fault.under(format_args!("[{index}]")))).collect()
}

/// A 64-bit unsigned integer as a number or a string; what is out of range goes to its end.
pub(super) fn unsigned(value: &Value) -> Read<u64> {
    match value {
        Value::Number(number) => {
            Ok(number.as_u64().unwrap_or_else(|| saturating_unsigned(number.as_f64().unwrap_or(0.0))))
        }
        Value::String(text) if text.trim().is_empty() => Ok(0),
        Value::String(text) => match text.trim().parse::<u64>() {
            Ok(number) => Ok(number),
            Err(_) => match text.trim().parse::<f64>() {
                Ok(number) => Ok(saturating_unsigned(number)),
                Err(_) => expected("an integer", value),
            },
        },
        other => expected("an integer", other),
    }
}

/// Casts of floats saturate, and NaN becomes 0.
fn saturating_unsigned(number: f64) -> u64 {
    number as u64
}

/// A 32-bit unsigned integer, with the same tolerance.
pub(super) fn unsigned_32(value: &Value) -> Read<u32> {
    unsigned(value).map(|number| u32::try_from(number).unwrap_or(u32::MAX))
}

/// A 64-bit integer as a number or a string.
fn signed(value: &Value) -> Read<i64> {
    let exact = match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => return expected("an integer", value),
    };
    if let Some(exact) = exact {
        return Ok(exact);
    }
    match double(value) {
        Ok(number) if number.fract() == 0.0 => Ok(saturating_signed(number)),
        _ => expected("an integer", value),
    }
}

/// Casts of floats saturate.
fn saturating_signed(number: f64) -> i64 {
    number as i64
}

/// A double as a number or as a string; `NaN`, `Infinity` and `-Infinity` can only be strings.
fn double(value: &Value) -> Read<f64> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number.map_or_else(|| expected("a number", value), Ok)
}

fn boolean(value: &Value) -> Read<bool> {
    match value {
        Value::Bool(truth) => Ok(*truth),
        Value::String(text) if text == "true" => Ok(true),
        Value::String(text) if text == "false" => Ok(false),
        other => expected("true or false", other),
    }
}

/// An enum by number or by name. An unknown name counts as 0: an odd kind is no reason to lose a span.
pub(super) fn enumeration(value: &Value, prefix: &str, by_name: impl Fn(&str) -> Option<i32>) -> Read<i32> {
    match value {
        Value::Number(number) => Ok(number.as_i64().and_then(|number| i32::try_from(number).ok()).unwrap_or(0)),
        Value::String(text) => {
            let name = text.trim().to_ascii_uppercase();
            let number = name.parse().ok().or_else(|| by_name(&name)).or_else(|| by_name(&format!("{prefix}{name}")));
            Ok(number.unwrap_or(0))
        }
        other => expected("a number or a name", other),
    }
}

/// A trace or span id. OTLP/JSON writes them in hex; generic protobuf-to-JSON writers use base64, some clients put a
/// UUID with its dashes, and orq's decorator a ULID until 4.6. The lengths of valid ids tell the notations apart.
pub(super) fn id(value: &Value) -> Read<Vec<u8>> {
    let Value::String(text) = value else { return expected("an id in hex", value) };
    let text = text.trim();
    let decoded = match text.len() {
        11 | 12 | 22 | 24 => base64(text).or_else(|| hex::decode(text).ok()),
        26 => ulid_bytes(text).map(Vec::from),
        36 => hex::decode(text.replace('-', "")).ok(),
        _ => hex::decode(text).ok().or_else(|| base64(text)),
    };
    decoded.map_or_else(|| expected("an id in hex", value), Ok)
}

fn base64(text: &str) -> Option<Vec<u8>> {
    BASE64.decode(text).or_else(|_| BASE64_URL.decode(text)).ok()
}

fn bytes(value: &Value) -> Read<Vec<u8>> {
    let Value::String(text) = value else { return expected("base64", value) };
    base64(text).map_or_else(|| expected("base64", value), Ok)
}

/// A list of attributes. Keys may repeat, and every repetition is kept.
pub(super) fn attributes(value: Value) -> Read<Vec<KeyValue>> {
    each(value, |item| key_value(item, 0))
}

fn key_value(value: Value, depth: usize) -> Read<KeyValue> {
    let mut pair = KeyValue::default();
    for (name, value) in fields(value)? {
        match name.as_str() {
            "key" => pair.key = string(value).map_err(|fault| fault.under("key"))?,
            "value" => pair.value = Some(any_value_at(value, depth).map_err(|fault| fault.under("value"))?),
            _ => {}
        }
    }
    Ok(pair)
}

/// An attribute value.
pub(super) fn any_value(value: Value) -> Read<AnyValue> {
    any_value_at(value, 0)
}

fn any_value_at(value: Value, depth: usize) -> Read<AnyValue> {
    let mut result = AnyValue::default();
    for (name, value) in fields(value)? {
        let read =
            match name.as_str() {
                "stringValue" | "string_value" => string(value).map(Any::StringValue),
                "boolValue" | "bool_value" => boolean(&value).map(Any::BoolValue),
                "intValue" | "int_value" => signed(&value).map(Any::IntValue),
                "doubleValue" | "double_value" => double(&value).map(Any::DoubleValue),
                "bytesValue" | "bytes_value" => bytes(&value).map(Any::BytesValue),
                "arrayValue" | "array_value" => values(value, |item| any_value_at(item, depth + 1))
                    .map(|values| Any::ArrayValue(ArrayValue { values })),
                "kvlistValue" | "kvlist_value" => values(value, |item| key_value(item, depth + 1))
                    .map(|values| Any::KvlistValue(KeyValueList { values })),
                _ => continue,
            };
        result.value = Some(read.map_err(|fault| fault.under(name))?);
    }
    if depth == MAX_VALUE_DEPTH && matches!(result.value, Some(Any::ArrayValue(_) | Any::KvlistValue(_))) {
        result.value = Some(Any::StringValue(anyvalue_to_json(&result).to_string()));
    }
    Ok(result)
}

/// The items under the `values` of an array or a key-value list.
fn values<T>(value: Value, read: impl Fn(Value) -> Read<T>) -> Read<Vec<T>> {
    let mut items = Vec::new();
    for (name, value) in fields(value)? {
        if name == "values" {
            items = each(value, &read).map_err(|fault| fault.under(name))?;
        }
    }
    Ok(items)
}
