//! The summary of a trace as it is stored: what lists show and filters look at first.

use crate::db::Row;
use crate::error::Result;

/// One row of the table `trace`.
#[derive(Debug, Clone, PartialEq, Default)]
#[expect(missing_docs, reason = "the fields are the columns of the table trace, explained there")]
pub struct TraceRow {
    pub trace_id: String,
    pub root_span_id: Option<String>,
    pub leading_span_id: Option<String>,
    pub name: String,
    pub kind: String,
    pub operation: Option<String>,
    pub product: Option<String>,
    pub status: String,
    pub error_type: Option<String>,
    pub error_message: Option<String>,
    pub start_ns: i64,
    pub end_ns: i64,
    pub input_preview: Option<String>,
    pub output_preview: Option<String>,
    pub models: Vec<String>,
    pub providers: Vec<String>,
    pub agent_name: Option<String>,
    pub session_id: Option<String>,
    pub user_id: Option<String>,
    pub tags: Vec<String>,
    pub metadata: serde_json::Map<String, serde_json::Value>,
    pub service: Option<String>,
    pub environment: Option<String>,
    pub span_count: i64,
    pub error_count: i64,
    pub usage_input: Option<i64>,
    pub usage_output: Option<i64>,
    pub usage_total: Option<i64>,
    pub usage_cache_read: Option<i64>,
    pub usage_cache_write: Option<i64>,
    pub usage_reasoning: Option<i64>,
    pub cost_input: Option<f64>,
    pub cost_output: Option<f64>,
    pub cost_total: Option<f64>,
    pub ttft_ns: Option<i64>,
}

/// The columns of [`TraceRow::read`], of the table `trace` under the name `t`.
pub const COLUMNS: &str =
    "t.trace_id, t.root_span_id, t.leading_span_id, t.name, t.kind, t.operation, t.product, t.status,
  t.error_type, t.error_message, t.start_ns, t.end_ns, t.input_preview, t.output_preview, t.models, t.providers,
  t.agent_name, t.session_id, t.user_id, t.tags, t.metadata, t.service, t.environment, t.span_count, t.error_count,
  t.usage_input, t.usage_output, t.usage_total, t.usage_cache_read, t.usage_cache_write, t.usage_reasoning,
  t.cost_input, t.cost_output, t.cost_total, t.ttft_ns";

impl TraceRow {
    /// Reads a row that was selected with [`COLUMNS`] first.
    pub fn read(row: &Row) -> Result<TraceRow> {
        Ok(TraceRow {
            trace_id: row.text(0)?,
            root_span_id: row.opt_text(1)?,
            leading_span_id: row.opt_text(2)?,
            name: row.text(3)?,
            kind: row.text(4)?,
            operation: row.opt_text(5)?,
            product: row.opt_text(6)?,
            status: row.text(7)?,
            error_type: row.opt_text(8)?,
            error_message: row.opt_text(9)?,
            start_ns: row.int(10)?,
            end_ns: row.int(11)?,
            input_preview: row.opt_text(12)?,
            output_preview: row.opt_text(13)?,
            models: texts(row.opt_text(14)?),
            providers: texts(row.opt_text(15)?),
            agent_name: row.opt_text(16)?,
            session_id: row.opt_text(17)?,
            user_id: row.opt_text(18)?,
            tags: texts(row.opt_text(19)?),
            metadata: object(row.opt_text(20)?),
            service: row.opt_text(21)?,
            environment: row.opt_text(22)?,
            span_count: row.int(23)?,
            error_count: row.int(24)?,
            usage_input: row.opt_int(25)?,
            usage_output: row.opt_int(26)?,
            usage_total: row.opt_int(27)?,
            usage_cache_read: row.opt_int(28)?,
            usage_cache_write: row.opt_int(29)?,
            usage_reasoning: row.opt_int(30)?,
            cost_input: row.opt_real(31)?,
            cost_output: row.opt_real(32)?,
            cost_total: row.opt_real(33)?,
            ttft_ns: row.opt_int(34)?,
        })
    }

    /// How long it took, in milliseconds.
    pub fn duration_ms(&self) -> f64 {
        milliseconds(self.end_ns - self.start_ns)
    }
}

/// Nanoseconds as milliseconds, computed as the database does.
#[expect(clippy::cast_precision_loss, reason = "a duration needs no more than 53 bits")]
pub(super) fn milliseconds(nanos: i64) -> f64 {
    nanos as f64 / 1_000_000.0
}

/// The strings of a JSON array; none when the column is empty.
pub(super) fn texts(json: Option<String>) -> Vec<String> {
    json.and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default()
}

/// The members of a JSON object; none when the column is empty.
pub(super) fn object(json: Option<String>) -> serde_json::Map<String, serde_json::Value> {
    json.and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default()
}
