//! Rows of telemetry, put in place by SQL: for tests of what reads them.

use postil::db::{Tx, Value};
use postil::{Result, params};
use serde_json::{Value as Json, json};

/// A trace with the fields a test cares for; the rest is plain.
#[derive(Debug, Clone)]
pub struct Trace {
    pub project: i64,
    pub id: String,
    columns: Vec<(&'static str, Value)>,
}

/// A span of a trace.
#[derive(Debug, Clone)]
pub struct Span {
    project: i64,
    trace_id: String,
    pub id: String,
    columns: Vec<(&'static str, Value)>,
}

fn set(columns: &mut Vec<(&'static str, Value)>, column: &'static str, value: Value) {
    columns.retain(|(existing, _)| *existing != column);
    columns.push((column, value));
}

fn insert(tx: &mut Tx<'_>, table: &str, columns: &[(&'static str, Value)]) -> Result<()> {
    let names: Vec<_> = columns.iter().map(|(name, _)| *name).collect();
    let places: Vec<_> = (1..=columns.len()).map(|number| format!("${number}")).collect();
    let text = format!("insert into {table} ({}) values ({})", names.join(", "), places.join(", "));
    let values: Vec<_> = columns.iter().map(|(_, value)| value.clone()).collect();
    tx.execute(&text, &values).map(drop)
}

impl Trace {
    /// The trace `id` of project 1 that started at `start_ns` and took a millisecond.
    pub fn new(id: &str, start_ns: i64) -> Trace {
        let mut trace = Trace { project: 1, id: id.to_owned(), columns: Vec::new() };
        for (column, text) in [("name", "chat"), ("kind", "llm"), ("status", "ok")] {
            set(&mut trace.columns, column, text.into());
        }
        for (column, text) in [("models", "[]"), ("providers", "[]"), ("tags", "[]"), ("metadata", "{}")] {
            set(&mut trace.columns, column, text.into());
        }
        for (column, number) in [("span_count", 1), ("error_count", 0), ("received_at", 0)] {
            set(&mut trace.columns, column, i64::from(number).into());
        }
        trace.with("start_ns", start_ns).with("end_ns", start_ns + 1_000_000)
    }

    /// The same trace in another project.
    pub fn in_project(mut self, project: i64) -> Trace {
        self.project = project;
        self
    }

    /// The same trace with another value in a column.
    pub fn with(mut self, column: &'static str, value: impl Into<Value>) -> Trace {
        set(&mut self.columns, column, value.into());
        self
    }

    /// The same trace with JSON in a column.
    pub fn json(self, column: &'static str, value: &Json) -> Trace {
        self.with(column, value.to_string())
    }

    pub fn insert(&self, tx: &mut Tx<'_>) -> Result<()> {
        let mut columns = self.columns.clone();
        columns.extend([("project", self.project.into()), ("trace_id", Value::from(&self.id))]);
        insert(tx, "trace", &columns)
    }

    fn start_ns(&self) -> Value {
        self.columns.iter().find(|(name, _)| *name == "start_ns").map_or(Value::Null, |(_, value)| value.clone())
    }

    /// A plain span of this trace.
    pub fn span(&self, id: &str) -> Span {
        let mut span =
            Span { project: self.project, trace_id: self.id.clone(), id: id.to_owned(), columns: Vec::new() };
        for (column, text) in [("name", "chat"), ("kind", "llm"), ("status", "ok"), ("usage_scope", "own")] {
            set(&mut span.columns, column, text.into());
        }
        for (column, text) in [("convention", "otel"), ("attributes", "{}")] {
            set(&mut span.columns, column, text.into());
        }
        let numbers = ["start_ns", "end_ns", "has_messages", "is_log", "mapper_version", "chunk_id", "received_at"];
        for column in numbers {
            set(&mut span.columns, column, 0i64.into());
        }
        span
    }

    /// Says something about a span: the value of a human review by an annotator.
    pub fn annotate(&self, tx: &mut Tx<'_>, span_id: &str, key: &str, annotator: &str, value: &Json) -> Result<()> {
        let (text, number) = forms(value);
        let defined = "select id from human_review where project = $1 and key = $2";
        let defined = tx.query_opt(defined, params![self.project, key])?.map(|row| row.text(0)).transpose()?;
        let columns = [
            ("project", self.project.into()),
            ("trace_id", (&self.id).into()),
            ("span_id", span_id.into()),
            ("subject", defined.unwrap_or_else(|| subject(key)).into()),
            ("annotator_kind", "human".into()),
            ("annotator_id", annotator.into()),
            ("id", format!("{}/{span_id}/{key}/{annotator}", self.id).into()),
            ("key", key.into()),
            ("subject_kind", "human_review".into()),
            ("type", "text".into()),
            ("definition_version", 1i64.into()),
            ("value_text", text),
            ("value_number", number),
            ("value", value.to_string().into()),
            ("source", "api".into()),
            ("trace_start_ns", self.start_ns()),
            ("created_at", 0i64.into()),
            ("updated_at", 0i64.into()),
        ];
        insert(tx, "annotation", &columns)
    }

    /// A verdict of an evaluator on a span.
    pub fn judge(&self, tx: &mut Tx<'_>, span_id: &str, evaluator: &str, value: &Json) -> Result<()> {
        let (text, number) = forms(value);
        let columns = [
            ("project", self.project.into()),
            ("trace_id", (&self.id).into()),
            ("span_id", span_id.into()),
            ("id", format!("{}/{span_id}/{evaluator}", self.id).into()),
            ("evaluator", evaluator.into()),
            ("name", format!("name of {evaluator}").into()),
            ("annotator_kind", "llm".into()),
            ("output_type", "string".into()),
            ("status", "completed".into()),
            ("value_text", text),
            ("value_number", number),
            ("value", value.to_string().into()),
            ("source", "api".into()),
            ("created_at", 0i64.into()),
            ("updated_at", 0i64.into()),
        ];
        insert(tx, "evaluator_result", &columns)
    }
}

/// The id of the human review `key`, where none is defined: a ULID, as all of them are.
pub fn subject(key: &str) -> String {
    let bytes: String = key.bytes().take(3).map(|byte| format!("{byte:02X}")).collect();
    format!("01ARZ3NDEKTSV4RRFFQ6{bytes:0>6}")
}

/// How a value stands in `value_text` and `value_number`.
fn forms(value: &Json) -> (Value, Value) {
    match value {
        Json::String(text) => (text.into(), Value::Null),
        Json::Bool(truth) => (truth.to_string().into(), Value::Null),
        Json::Number(number) => {
            let number = number.as_f64().unwrap_or_default();
            (format!("{number}").into(), number.into())
        }
        _ => (Value::Null, Value::Null),
    }
}

impl Span {
    /// The same span with another value in a column.
    pub fn with(mut self, column: &'static str, value: impl Into<Value>) -> Span {
        set(&mut self.columns, column, value.into());
        self
    }

    pub fn insert(&self, tx: &mut Tx<'_>) -> Result<()> {
        let mut columns = self.columns.clone();
        columns.push(("project", self.project.into()));
        columns.push(("trace_id", (&self.trace_id).into()));
        columns.push(("span_id", (&self.id).into()));
        insert(tx, "span", &columns)
    }
}

/// A definition that people answer.
pub fn human_review(tx: &mut Tx<'_>, id: &str, key: &str, kind: &str, options: &[&str]) -> Result<()> {
    let options: Vec<_> = options.iter().map(|value| json!({"value": value})).collect();
    tx.execute(
        "insert into human_review (id, project, key, type, display_name, description, version, config, options,
           position, created_by, updated_by, created_at, updated_at)
         values ($1, 1, $2, $3, $4, '', 1, '{}', $5, 0, 'test', 'test', 0, 0)",
        params![id, key, kind, format!("Title of {key}"), Json::from(options).to_string()],
    )
    .map(drop)
}
