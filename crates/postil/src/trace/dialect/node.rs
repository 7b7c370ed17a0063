//! One borrowed tree for every way a client can write a structured value: attribute values, JSON, Python literals.
//!
//! Strings stay borrowed from the request until a field of the normal form takes its copy.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use serde_json::{Map, Number, Value};

/// Deeper values are cut off: nothing legitimate nests so far, and recursion must be bounded.
pub(crate) const MAX_DEPTH: usize = 96;

/// A structured value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Cow<'a, str>),
    Bytes(&'a [u8]),
    List(Vec<Node<'a>>),
    Map(Vec<(Cow<'a, str>, Node<'a>)>),
}

impl<'a> Node<'a> {
    /// An attribute's value as it is, strings unparsed.
    pub(crate) fn from_any(value: &'a Any) -> Self {
        Self::from_any_at(value, 0)
    }

    fn from_any_at(value: &'a Any, depth: usize) -> Self {
        if depth > MAX_DEPTH {
            return Node::Null;
        }
        match value {
            Any::StringValue(text) => Node::Text(Cow::Borrowed(text)),
            Any::BoolValue(flag) => Node::Bool(*flag),
            Any::IntValue(number) => Node::Int(*number),
            Any::DoubleValue(number) => Node::Float(*number),
            Any::BytesValue(bytes) => Node::Bytes(bytes),
            Any::ArrayValue(list) => {
                Node::List(list.values.iter().map(|item| Self::from_maybe(item, depth + 1)).collect())
            }
            Any::KvlistValue(list) => Node::Map(
                list.values
                    .iter()
                    .map(|pair| {
                        let value = pair.value.as_ref().map_or(Node::Null, |value| Self::from_maybe(value, depth + 1));
                        (Cow::Borrowed(pair.key.as_str()), value)
                    })
                    .collect(),
            ),
            Any::StringValueStrindex(_) => Node::Null,
        }
    }

    fn from_maybe(value: &'a AnyValue, depth: usize) -> Self {
        value.value.as_ref().map_or(Node::Null, |value| Self::from_any_at(value, depth))
    }

    /// A list of attributes as a map.
    pub(crate) fn from_pairs(pairs: &'a [KeyValue]) -> Self {
        Node::Map(
            pairs
                .iter()
                .map(|pair| {
                    let value = pair.value.as_ref().map_or(Node::Null, |value| Self::from_maybe(value, 1));
                    (Cow::Borrowed(pair.key.as_str()), value)
                })
                .collect(),
        )
    }

    /// The member of a map.
    pub(crate) fn get(&self, key: &str) -> Option<&Node<'a>> {
        match self {
            Node::Map(pairs) => pairs.iter().find(|(name, _)| name == key).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The first member of a map that is there and not null.
    pub(crate) fn first(&self, keys: &[&str]) -> Option<&Node<'a>> {
        keys.iter().find_map(|key| self.get(key).filter(|value| !value.is_null()))
    }

    /// A member of a map that is a text with at least one character.
    pub(crate) fn text_of(&self, key: &str) -> Option<&str> {
        self.get(key).and_then(Node::text)
    }

    /// A text with at least one character.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Node::Text(text) if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    /// The items of a list.
    pub(crate) fn list(&self) -> Option<&[Node<'a>]> {
        match self {
            Node::List(items) => Some(items),
            _ => None,
        }
    }

    /// The members of a map.
    pub(crate) fn pairs(&self) -> Option<&[(Cow<'a, str>, Node<'a>)]> {
        match self {
            Node::Map(pairs) => Some(pairs),
            _ => None,
        }
    }

    pub(crate) fn is_map(&self) -> bool {
        matches!(self, Node::Map(_))
    }

    /// Null, or a number that JSON does not have.
    pub(crate) fn is_null(&self) -> bool {
        match self {
            Node::Null => true,
            Node::Float(number) => !number.is_finite(),
            _ => false,
        }
    }

    /// Null, or a text, list or map without content.
    pub(crate) fn is_blank(&self) -> bool {
        match self {
            Node::Text(text) => text.is_empty(),
            Node::List(items) => items.is_empty(),
            Node::Map(pairs) => pairs.is_empty(),
            _ => self.is_null(),
        }
    }

    /// A finite number.
    pub(crate) fn number(&self) -> Option<f64> {
        match self {
            Node::Int(number) => Some(*number as f64),
            Node::Float(number) if number.is_finite() => Some(*number),
            _ => None,
        }
    }

    /// A count: a number that is not negative. Clients send doubles, and NaN for unknown.
    pub(crate) fn count(&self) -> Option<u64> {
        match self {
            Node::Int(number) => u64::try_from(*number).ok(),
            // `as` saturates, and the guard has removed NaN and negative numbers.
            Node::Float(number) if number.is_finite() && *number >= 0.0 => Some(*number as u64),
            _ => None,
        }
    }

    /// A text or a number written out: ids and versions come as either.
    pub(crate) fn label(&self) -> Option<String> {
        match self {
            Node::Text(text) if !text.is_empty() => Some(text.to_string()),
            Node::Int(number) => Some(number.to_string()),
            Node::Float(number) if number.is_finite() => Some(number.to_string()),
            Node::Bool(flag) => Some(flag.to_string()),
            _ => None,
        }
    }

    /// The value as JSON, if it is one that is there.
    pub(crate) fn some_json(&self) -> Option<Value> {
        (!self.is_null()).then(|| self.to_json())
    }

    /// The value as JSON. Numbers that JSON does not have become null, bytes become base64.
    pub(crate) fn to_json(&self) -> Value {
        match self {
            Node::Null => Value::Null,
            Node::Bool(flag) => Value::Bool(*flag),
            Node::Int(number) => Value::from(*number),
            Node::Float(number) => Number::from_f64(*number).map_or(Value::Null, Value::Number),
            Node::Text(text) => Value::String(text.to_string()),
            Node::Bytes(bytes) => Value::String(STANDARD.encode(bytes)),
            Node::List(items) => Value::Array(items.iter().map(Node::to_json).collect()),
            Node::Map(pairs) => {
                let mut map = Map::with_capacity(pairs.len());
                for (key, value) in pairs {
                    map.insert(key.to_string(), value.to_json());
                }
                Value::Object(map)
            }
        }
    }
}
