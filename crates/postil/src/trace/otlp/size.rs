//! How large a request becomes when it is decoded, known before it is.
//!
//! An empty span takes two bytes on the wire and hundreds in memory, so that a limit on the size of a body alone leaves
//! it free to fill the machine.

use super::DecodeError;

/// How many spans or log records one request may hold. Exporters send 512 at a time.
const MAX_ITEMS: usize = 100_000;

/// How many attributes, values, events and links one request may hold.
const MAX_PARTS: usize = 2_000_000;

/// How many commas and brackets a JSON body may contain, which bounds the number of its values.
const MAX_MARKS: usize = 5_000_000;

/// How deep messages are followed; protobuf decoding itself stops at 100.
const MAX_DEPTH: usize = 100;

/// The messages of OTLP as far as they contain others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Request,
    Group,
    Scoped,
    Span,
    LogRecord,
    Event,
    Link,
    Attributed,
    Scope,
    KeyValue,
    AnyValue,
    ArrayValue,
    KeyValueList,
    Leaf,
}

impl Kind {
    /// What a field of this message contains, if it is a message. `item` tells requests of spans from those of logs.
    fn child(self, field: u64, item: Self) -> Option<Self> {
        match (self, field) {
            (Self::Request, 1) => Some(Self::Group),
            (Self::Group, 1) => Some(Self::Attributed),
            (Self::Group, 2) => Some(Self::Scoped),
            (Self::Scoped, 1) => Some(Self::Scope),
            (Self::Scoped, 2) => Some(item),
            (Self::Span, 9)
            | (Self::LogRecord, 6)
            | (Self::Event | Self::Scope, 3)
            | (Self::Link, 4)
            | (Self::Attributed | Self::KeyValueList, 1) => Some(Self::KeyValue),
            (Self::Span, 11) => Some(Self::Event),
            (Self::Span, 13) => Some(Self::Link),
            (Self::LogRecord, 5) | (Self::KeyValue, 2) | (Self::ArrayValue, 1) => Some(Self::AnyValue),
            (Self::Attributed, 3) => Some(Self::Leaf),
            (Self::AnyValue, 5) => Some(Self::ArrayValue),
            (Self::AnyValue, 6) => Some(Self::KeyValueList),
            _ => None,
        }
    }
}

/// Refuses a protobuf request of spans that would take too much memory.
pub(super) fn check_traces_size(body: &[u8]) -> Result<(), DecodeError> {
    Count { items: 0, parts: 0, item: Kind::Span }.check(body, "spans")
}

/// Refuses a protobuf request of log records that would take too much memory.
pub(super) fn check_logs_size(body: &[u8]) -> Result<(), DecodeError> {
    Count { items: 0, parts: 0, item: Kind::LogRecord }.check(body, "log records")
}

/// Refuses JSON that would take too much memory.
pub(super) fn check_json_size(body: &[u8]) -> Result<(), DecodeError> {
    // Shorter bodies cannot reach the limit and need not be looked through.
    if body.len() > MAX_MARKS && body.iter().filter(|byte| matches!(byte, b',' | b'[' | b'{')).count() > MAX_MARKS {
        return Err(DecodeError::new(format!("the body has more than {MAX_MARKS} values; send fewer at a time")));
    }
    Ok(())
}

struct Count {
    items: usize,
    parts: usize,
    item: Kind,
}

impl Count {
    fn check(mut self, body: &[u8], what: &str) -> Result<(), DecodeError> {
        // A body that cannot hold too many even at two bytes each needs no counting.
        if body.len() > 2 * MAX_ITEMS && self.walk(Kind::Request, body, MAX_DEPTH).is_none() {
            let limits = format!("{MAX_ITEMS} {what} or {MAX_PARTS} attributes and values");
            return Err(DecodeError::new(format!("the body has more than {limits}; send fewer at a time")));
        }
        Ok(())
    }

    /// Counts what a message contains; `None` when that is too much. It stops where the message is malformed, as
    /// decoding will.
    fn walk(&mut self, kind: Kind, mut message: &[u8], depth: usize) -> Option<()> {
        while let Some((field, content)) = next_field(&mut message) {
            let Some(child) = content.and_then(|_| kind.child(field, self.item)) else { continue };
            if child == self.item {
                self.items += 1;
            } else {
                self.parts += 1;
            }
            if self.items > MAX_ITEMS || self.parts > MAX_PARTS {
                return None;
            }
            if depth > 0 {
                self.walk(child, content.unwrap_or_default(), depth - 1)?;
            }
        }
        Some(())
    }
}

/// Takes one field off a message: its number, and its bytes if it has a length. `None` at the end and at anything
/// malformed.
fn next_field<'a>(message: &mut &'a [u8]) -> Option<(u64, Option<&'a [u8]>)> {
    let key = varint(message)?;
    let content = match key & 7 {
        0 => {
            varint(message)?;
            None
        }
        1 => take(message, 8).map(|_| None)?,
        2 => {
            let length = usize::try_from(varint(message)?).ok()?;
            Some(take(message, length)?)
        }
        // Decoding skips groups; what lies between their marks is counted as if it were outside.
        3 | 4 => None,
        5 => take(message, 4).map(|_| None)?,
        _ => return None,
    };
    Some((key >> 3, content))
}

fn take<'a>(message: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, rest) = message.split_at_checked(length)?;
    *message = rest;
    Some(taken)
}

fn varint(message: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = message.split_first()?;
        *message = rest;
        number |= u64::from(byte & 0x7F) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}
