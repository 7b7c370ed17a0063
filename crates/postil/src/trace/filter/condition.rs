//! One condition: a field, and the test that some value of it must pass.

use super::field::{Field, ValueKind};
use super::{MAX_VALUE_LENGTH, MAX_VALUES};
use crate::clock;
use crate::error::{Error, Result};
use crate::id;
use crate::project::Reader;

/// An operator, as clients write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Op {
    Eq,
    Neq,
    In,
    NotIn,
    Gt,
    Gte,
    Lt,
    Lte,
    Between,
    Contains,
    NotContains,
    Exists,
    NotExists,
}

impl Op {
    /// All of them.
    pub const ALL: [Op; 13] = [
        Op::Eq,
        Op::Neq,
        Op::In,
        Op::NotIn,
        Op::Gt,
        Op::Gte,
        Op::Lt,
        Op::Lte,
        Op::Between,
        Op::Contains,
        Op::NotContains,
        Op::Exists,
        Op::NotExists,
    ];

    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Op::Eq => "eq",
            Op::Neq => "neq",
            Op::In => "in",
            Op::NotIn => "not_in",
            Op::Gt => "gt",
            Op::Gte => "gte",
            Op::Lt => "lt",
            Op::Lte => "lte",
            Op::Between => "between",
            Op::Contains => "contains",
            Op::NotContains => "not_contains",
            Op::Exists => "exists",
            Op::NotExists => "not_exists",
        }
    }

    /// Reads the name on the wire.
    pub fn parse(text: &str) -> Option<Op> {
        Op::ALL.into_iter().find(|op| op.name() == text)
    }

    /// Whether it holds when no value passes the test.
    fn negated(self) -> bool {
        matches!(self, Op::Neq | Op::NotIn | Op::NotContains | Op::NotExists)
    }

    /// How many values it takes, from and to, and how that is said.
    fn values(self) -> (usize, usize, &'static str) {
        match self {
            Op::In | Op::NotIn => (1, MAX_VALUES, "from 1 to 100 values"),
            Op::Between => (2, 2, "two values"),
            Op::Exists | Op::NotExists => (0, 0, "no value"),
            _ => (1, 1, "one value"),
        }
    }
}

/// A value that is looked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// As text.
    pub text: String,
    /// As a number, if it reads as one.
    pub number: Option<f64>,
}

/// What some value of the field must be.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// One of these.
    OneOf(Vec<Wanted>),
    /// A number that compares so.
    Compare(Comparison, f64),
    /// A number from one to the other, both included.
    Between(f64, f64),
    /// Text with this in it; in lower case.
    Contains(String),
    /// Anything.
    Exists,
}

/// A comparison of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

impl Comparison {
    pub(super) fn sql(self) -> &'static str {
        match self {
            Comparison::Greater => ">",
            Comparison::GreaterOrEqual => ">=",
            Comparison::Less => "<",
            Comparison::LessOrEqual => "<=",
        }
    }

    pub(super) fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Comparison::Greater => left > right,
            Comparison::GreaterOrEqual => left >= right,
            Comparison::Less => left < right,
            Comparison::LessOrEqual => left <= right,
        }
    }
}

/// A field and the test that some value of it must pass.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// The field.
    pub field: Field,
    /// The test.
    pub test: Test,
    /// For whom annotations are tested: what is not yet to be known to them does not count. None: all count.
    pub(super) reader: Option<Reader>,
}

impl Condition {
    /// Checks a condition; beside it, whether it is to be negated. `place` is where it stands in the request.
    pub(super) fn new(field: &str, op: &str, values: &[String], place: &str) -> Result<(Condition, bool)> {
        let at = |part: &str| if place.ends_with(']') { format!("{place}.{part}") } else { place.to_owned() };
        let field = Field::find(field, &at("field"))?;
        let allowed = field.operators();
        let op = Op::parse(op).filter(|op| allowed.contains(op)).ok_or_else(|| {
            let names: Vec<_> = allowed.iter().map(|op| op.name()).collect();
            let shown: String = op.chars().take(50).collect();
            let message = format!("{} does not take '{shown}'; it takes {}.", field.name(), names.join(", "));
            Error::field("invalid_operator", at("op"), message)
        })?;
        check_values(op, values, &at("values"))?;
        let place = at("values");
        let read = |value: &String| wanted(&field, value, &place);
        let number = |at: usize| number(&field, &values[at], &place);
        let test = match op {
            Op::Eq | Op::Neq | Op::In | Op::NotIn => Test::OneOf(values.iter().map(read).collect::<Result<_>>()?),
            Op::Gt => Test::Compare(Comparison::Greater, number(0)?),
            Op::Gte => Test::Compare(Comparison::GreaterOrEqual, number(0)?),
            Op::Lt => Test::Compare(Comparison::Less, number(0)?),
            Op::Lte => Test::Compare(Comparison::LessOrEqual, number(0)?),
            Op::Between => Test::Between(number(0)?, number(1)?),
            Op::Contains | Op::NotContains => Test::Contains(spelling(&field, &values[0]).to_ascii_lowercase()),
            Op::Exists | Op::NotExists => Test::Exists,
        };
        Ok((Condition { field, test, reader: None }, op.negated()))
    }
}

fn check_values(op: Op, values: &[String], place: &str) -> Result<()> {
    let (least, most, said) = op.values();
    if !(least..=most).contains(&values.len()) {
        let message = format!("'{}' takes {said}, not {}.", op.name(), values.len());
        return Err(Error::field("invalid_value", place, message));
    }
    if values.iter().any(|value| value.chars().count() > MAX_VALUE_LENGTH) {
        let message = format!("A value is longer than {MAX_VALUE_LENGTH} characters.");
        return Err(Error::field("invalid_value", place, message));
    }
    Ok(())
}

fn wanted(field: &Field, value: &str, place: &str) -> Result<Wanted> {
    let number = match field.kind() {
        ValueKind::Number | ValueKind::Time => Some(number(field, value, place)?),
        ValueKind::Any => plain_number(value),
        ValueKind::Text => None,
        ValueKind::Truth if matches!(value, "true" | "false") => None,
        ValueKind::Truth => {
            let message = format!("{} is 'true' or 'false', not '{}'.", field.name(), shortened(value));
            return Err(Error::field("invalid_value", place, message));
        }
    };
    Ok(Wanted { text: spelling(field, value), number })
}

/// A value as it is stored: ids of traces and spans are looked for however they are spelled.
fn spelling(field: &Field, value: &str) -> String {
    if field.is_telemetry_id() { id::lower_hex(value) } else { value.to_owned() }
}

fn number(field: &Field, value: &str, place: &str) -> Result<f64> {
    if field.kind() == ValueKind::Time {
        return instant(value).ok_or_else(|| {
            let message =
                format!("{} needs a time such as 2026-11-21T10:00:00Z, not '{}'.", field.name(), shortened(value));
            Error::field("invalid_value", place, message)
        });
    }
    plain_number(value).ok_or_else(|| {
        let message = format!("{} is compared with a number, and '{}' is none.", field.name(), shortened(value));
        Error::field("invalid_value", place, message)
    })
}

fn plain_number(value: &str) -> Option<f64> {
    let number: f64 = value.trim().parse().ok()?;
    number.is_finite().then_some(number)
}

/// A time with an offset, or a day, as microseconds.
#[expect(clippy::cast_precision_loss, reason = "microseconds of this era need no more than 53 bits")]
fn instant(value: &str) -> Option<f64> {
    let value = value.trim();
    let micros = clock::parse_rfc3339(value).or_else(|| clock::parse_rfc3339(&format!("{value}T00:00:00Z")))?;
    Some(micros as f64)
}

fn shortened(value: &str) -> String {
    value.chars().take(100).collect()
}
