//! What goes into a statement and comes out of a row, the same for both databases.

use crate::error::{Error, Result};

/// One value: the four types that both databases store alike, and null. Truth is stored as 0 and 1.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// SQL null.
    Null,
    /// A `bigint`.
    Int(i64),
    /// A `double precision`.
    Real(f64),
    /// A `text`.
    Text(String),
    /// A `{blob}`.
    Blob(Vec<u8>),
}

impl From<i64> for Value {
    fn from(value: i64) -> Value {
        Value::Int(value)
    }
}
impl From<i32> for Value {
    fn from(value: i32) -> Value {
        Value::Int(i64::from(value))
    }
}
impl From<u32> for Value {
    fn from(value: u32) -> Value {
        Value::Int(i64::from(value))
    }
}
impl From<usize> for Value {
    fn from(value: usize) -> Value {
        Value::Int(i64::try_from(value).unwrap_or(i64::MAX))
    }
}
impl From<bool> for Value {
    fn from(value: bool) -> Value {
        Value::Int(i64::from(value))
    }
}
impl From<f64> for Value {
    fn from(value: f64) -> Value {
        Value::Real(value)
    }
}
impl From<&str> for Value {
    fn from(value: &str) -> Value {
        Value::Text(value.to_owned())
    }
}
impl From<String> for Value {
    fn from(value: String) -> Value {
        Value::Text(value)
    }
}
impl From<&String> for Value {
    fn from(value: &String) -> Value {
        Value::Text(value.clone())
    }
}
impl From<Vec<u8>> for Value {
    fn from(value: Vec<u8>) -> Value {
        Value::Blob(value)
    }
}
impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Value {
        value.map_or(Value::Null, Into::into)
    }
}
impl<T: Clone + Into<Value>> From<&Option<T>> for Value {
    fn from(value: &Option<T>) -> Value {
        value.clone().map_or(Value::Null, Into::into)
    }
}

/// The parameters of a statement: `params![project, &trace_id, 3]`.
#[macro_export]
macro_rules! params {
    () => { &[] as &[$crate::db::Value] };
    ($($value:expr),+ $(,)?) => { &[$($crate::db::Value::from($value)),+] as &[$crate::db::Value] };
}

/// One row of an answer, read by position in the order of the select list.
#[derive(Debug, Clone)]
pub struct Row(pub(super) Vec<Value>);

impl Row {
    fn at(&self, column: usize) -> Result<&Value> {
        self.0.get(column).ok_or_else(|| Error::internal(format!("row has no column {column}")))
    }

    fn wrong<T>(&self, column: usize, wanted: &str) -> Result<T> {
        Err(Error::internal(format!("column {column} is not {wanted}: {:?}", self.0.get(column))))
    }

    /// A `bigint` that is not null.
    pub fn int(&self, column: usize) -> Result<i64> {
        match self.at(column)? {
            Value::Int(value) => Ok(*value),
            _ => self.wrong(column, "an integer"),
        }
    }

    /// A `bigint` or null.
    pub fn opt_int(&self, column: usize) -> Result<Option<i64>> {
        match self.at(column)? {
            Value::Null => Ok(None),
            _ => self.int(column).map(Some),
        }
    }

    /// A `bigint` that stands for truth.
    pub fn bool(&self, column: usize) -> Result<bool> {
        Ok(self.int(column)? != 0)
    }

    /// A `double precision` that is not null; whole numbers count.
    pub fn real(&self, column: usize) -> Result<f64> {
        match self.at(column)? {
            Value::Real(value) => Ok(*value),
            #[expect(clippy::cast_precision_loss, reason = "a column of numbers may hold whole ones on SQLite")]
            Value::Int(value) => Ok(*value as f64),
            _ => self.wrong(column, "a number"),
        }
    }

    /// A `double precision` or null.
    pub fn opt_real(&self, column: usize) -> Result<Option<f64>> {
        match self.at(column)? {
            Value::Null => Ok(None),
            _ => self.real(column).map(Some),
        }
    }

    /// A `text` that is not null.
    pub fn text(&self, column: usize) -> Result<String> {
        match self.at(column)? {
            Value::Text(value) => Ok(value.clone()),
            _ => self.wrong(column, "text"),
        }
    }

    /// A `text` or null.
    pub fn opt_text(&self, column: usize) -> Result<Option<String>> {
        match self.at(column)? {
            Value::Null => Ok(None),
            _ => self.text(column).map(Some),
        }
    }

    /// A `{blob}` that is not null.
    pub fn blob(&self, column: usize) -> Result<&[u8]> {
        match self.at(column)? {
            Value::Blob(value) => Ok(value),
            _ => self.wrong(column, "bytes"),
        }
    }

    /// A `text` column that holds JSON.
    pub fn json<T: serde::de::DeserializeOwned>(&self, column: usize) -> Result<T> {
        match self.at(column)? {
            Value::Text(value) => {
                serde_json::from_str(value).map_err(|cause| Error::internal(format!("column {column}: {cause}")))
            }
            _ => self.wrong(column, "JSON text"),
        }
    }

    /// A `text` column that holds JSON, or null.
    pub fn opt_json<T: serde::de::DeserializeOwned>(&self, column: usize) -> Result<Option<T>> {
        match self.at(column)? {
            Value::Null => Ok(None),
            _ => self.json(column).map(Some),
        }
    }
}
