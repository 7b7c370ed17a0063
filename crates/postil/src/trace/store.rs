//! The SQL of traces, spans, chunks and log records. Reads and writes, decides nothing.

use std::sync::LazyLock;

use opentelemetry_proto::tonic::logs::v1::{LogRecord, LogsData};
use opentelemetry_proto::tonic::trace::v1::TracesData;
use prost::Message;

use super::model::{Cost, CostSource, Usage};
use super::otlp;
use super::rollup::SpanFacts;
use super::row::Circumstances;
use super::span::SpanRow;
use crate::db::{Row, Tx, Value};
use crate::error::{Error, Result};
use crate::params;

/// The columns of [`SpanRow`], in the order [`span_row`] reads them.
const SPAN_ROW: &str = "trace_id, span_id, parent_span_id, name, kind, operation, status, error_type, error_message,
    start_ns, end_ns, provider, request_model, response_model, usage_input, usage_output, usage_total, usage_cache_read,
    usage_cache_write, usage_reasoning, cost_input, cost_output, cost_total, ttft_ns, finish_reasons, session_id, user_id,
    input_preview, output_preview, has_messages, deployment_key, convention, chunk_id, ingestion_version, call_key";

fn span_row(row: &Row) -> Result<SpanRow> {
    Ok(SpanRow {
        trace_id: row.text(0)?,
        span_id: row.text(1)?,
        parent_span_id: row.opt_text(2)?,
        name: row.text(3)?,
        kind: row.text(4)?,
        operation: row.opt_text(5)?,
        status: row.text(6)?,
        error_type: row.opt_text(7)?,
        error_message: row.opt_text(8)?,
        start_ns: row.int(9)?,
        end_ns: row.int(10)?,
        provider: row.opt_text(11)?,
        request_model: row.opt_text(12)?,
        response_model: row.opt_text(13)?,
        usage: [
            row.opt_int(14)?,
            row.opt_int(15)?,
            row.opt_int(16)?,
            row.opt_int(17)?,
            row.opt_int(18)?,
            row.opt_int(19)?,
        ],
        cost: [row.opt_real(20)?, row.opt_real(21)?, row.opt_real(22)?],
        ttft_ns: row.opt_int(23)?,
        finish_reasons: row.opt_json(24)?.unwrap_or_default(),
        session_id: row.opt_text(25)?,
        user_id: row.opt_text(26)?,
        input_preview: row.opt_text(27)?,
        output_preview: row.opt_text(28)?,
        has_messages: row.bool(29)?,
        deployment_key: row.opt_text(30)?,
        convention: row.text(31)?,
        chunk_id: row.int(32)?,
        ingestion_version: row.opt_int(33)?.and_then(|version| u32::try_from(version).ok()),
        call_key: row.opt_text(34)?,
        reply_span_id: None,
        reply_to_span_id: None,
    })
}

/// All spans of a trace by start and id.
pub(super) fn spans(tx: &mut Tx<'_>, project: i64, trace_id: &str) -> Result<Vec<SpanRow>> {
    let sql = format!(
        "select {SPAN_ROW} from span where project = $1 and trace_id = $2 order by start_ns, span_id{{bytes_order}}"
    );
    tx.query(&sql, params![project, trace_id])?.iter().map(span_row).collect()
}

/// One span.
pub(super) fn span(tx: &mut Tx<'_>, project: i64, trace_id: &str, span_id: &str) -> Result<Option<SpanRow>> {
    let sql = format!("select {SPAN_ROW} from span where project = $1 and trace_id = $2 and span_id = $3");
    tx.query_opt(&sql, params![project, trace_id, span_id])?.as_ref().map(span_row).transpose()
}

/// How deep a span stands below the top of its trace, and whether spans stand below it.
pub(super) fn place(tx: &mut Tx<'_>, project: i64, trace_id: &str, span_id: &str) -> Result<(usize, bool)> {
    // A chain of parents longer than this is a circle or not worth counting.
    let row = tx.query_one(
        "with recursive above (span_id, level) as (
           select parent_span_id, 1 from span where project = $1 and trace_id = $2 and span_id = $3
           union all
           select s.parent_span_id, a.level + 1 from above a
             join span s on s.project = $1 and s.trace_id = $2 and s.span_id = a.span_id
           where a.level < 1000)
         select cast(count(*) as bigint),
           (select cast(count(*) as bigint) from span where project = $1 and trace_id = $2 and parent_span_id = $3
              and span_id <> $3)
         from above a where exists
           (select 1 from span s where s.project = $1 and s.trace_id = $2 and s.span_id = a.span_id)",
        params![project, trace_id, span_id],
    )?;
    Ok((usize::try_from(row.int(0)?).unwrap_or(0), row.int(1)? > 0))
}

/// The leading span of a trace, else its root, else its first span.
pub(super) fn leading(tx: &mut Tx<'_>, project: i64, trace_id: &str) -> Result<Option<String>> {
    let row = tx.query_opt(
        "select coalesce(leading_span_id, root_span_id) from trace where project = $1 and trace_id = $2",
        params![project, trace_id],
    )?;
    row.map_or(Ok(None), |row| row.opt_text(0))
}

/// The spans of one request for one trace, as they came.
pub(super) fn chunk(tx: &mut Tx<'_>, project: i64, trace_id: &str, chunk_id: i64) -> Result<TracesData> {
    let row = tx.query_opt(
        "select body from span_chunk where project = $1 and trace_id = $2 and chunk_id = $3",
        params![project, trace_id, chunk_id],
    )?;
    let row = row.ok_or_else(|| Error::internal(format!("chunk {chunk_id} of trace {trace_id} is missing")))?;
    otlp::decode_chunk(row.blob(0)?).map_err(Error::internal)
}

/// A log record as it is kept.
#[derive(Debug, Clone)]
pub(super) struct StoredRecord {
    pub(super) span_id: String,
    pub(super) record: LogRecord,
}

/// The log records of a trace, or of one span of it, in the order they were made.
pub(super) fn log_records(
    tx: &mut Tx<'_>,
    project: i64,
    trace_id: &str,
    span_id: Option<&str>,
) -> Result<Vec<StoredRecord>> {
    let rows = tx.query(
        "select span_id, body from log_record
         where project = $1 and trace_id = $2 and ($3 = '' or span_id = $3)
         order by time_ns, position, record_id",
        params![project, trace_id, span_id.unwrap_or("")],
    )?;
    let records = rows.iter().map(|row| {
        let plain = zstd::decode_all(row.blob(1)?).map_err(Error::internal)?;
        let data = LogsData::decode(plain.as_slice()).map_err(Error::internal)?;
        let mut scopes = data.resource_logs.into_iter().flat_map(|resource| resource.scope_logs);
        let record = scopes.find_map(|scope| scope.log_records.into_iter().next());
        Ok(StoredRecord {
            span_id: row.text(0)?,
            record: record.ok_or_else(|| Error::internal("a stored log record is empty"))?,
        })
    });
    records.collect()
}

/// Stores log records; those that are there already stay as they are.
pub(super) fn insert_log_records(tx: &mut Tx<'_>, rows: &[Vec<Value>]) -> Result<u64> {
    tx.insert_many(
        "insert into log_record (project, trace_id, span_id, record_id, time_ns, position, event_name, severity_number,
           body, received_at) values $rows
         on conflict (project, trace_id, span_id, record_id) do nothing",
        rows,
    )
}

/// Which of these spans have log records, for spans whose content may be only there.
pub(super) fn spans_with_records(tx: &mut Tx<'_>, project: i64, trace_id: &str) -> Result<Vec<String>> {
    let rows = tx.query(
        "select distinct span_id from log_record where project = $1 and trace_id = $2 and span_id <> ''",
        params![project, trace_id],
    )?;
    rows.iter().map(|row| row.text(0)).collect()
}

/// Stores chunks; a chunk that is there already has the same content.
pub(super) fn insert_chunks(tx: &mut Tx<'_>, rows: &[Vec<Value>]) -> Result<u64> {
    tx.insert_many(
        "insert into span_chunk (project, trace_id, chunk_id, body) values $rows
         on conflict (project, trace_id, chunk_id) do nothing",
        rows,
    )
}

/// The columns of table `span`, in the order of [`super::row::span`].
pub(super) const SPAN_COLUMNS: &str = "project, trace_id, span_id, parent_span_id, name, kind, operation, status,
    error_type, error_message, start_ns, end_ns, provider, request_model, response_model, response_id, usage_input,
    usage_output, usage_total, usage_cache_read, usage_cache_write, usage_reasoning, usage_scope, cost_input, cost_output,
    cost_total, cost_source, ttft_ns, finish_reasons, session_id, user_id, tags, metadata, trace_name, agent_name, product,
    service, environment, input_preview, output_preview, has_messages, is_log, deployment_id, deployment_key, log_id,
    convention, call_key, mapper_version, ingestion_version, attributes, chunk_id, received_at";

/// The columns of table `trace`, in the order of [`super::row::trace`].
pub(super) const TRACE_COLUMNS: &str =
    "project, trace_id, root_span_id, leading_span_id, name, kind, operation, product,
    status, error_type, error_message, start_ns, end_ns, input_preview, output_preview, models, providers, agent_name,
    session_id, user_id, tags, metadata, service, environment, span_count, error_count, usage_input, usage_output,
    usage_total, usage_cache_read, usage_cache_write, usage_reasoning, cost_input, cost_output, cost_total, cost_source,
    ttft_ns, mapper_version, received_at";

/// `a = excluded.a` for every column but the keys and the time the row first came.
pub(super) fn overwrite(columns: &str, keys: &[&str]) -> String {
    let columns = columns.split(',').map(str::trim).filter(|column| !keys.contains(column) && *column != "received_at");
    columns.map(|column| format!("{column} = excluded.{column}")).collect::<Vec<_>>().join(", ")
}

/// Stores spans; the last word on a span wins, the time it first came stays.
pub(super) fn upsert_spans(tx: &mut Tx<'_>, rows: &[Vec<Value>]) -> Result<u64> {
    static SQL: LazyLock<String> = LazyLock::new(|| {
        let set = overwrite(SPAN_COLUMNS, &["project", "trace_id", "span_id"]);
        format!(
            "insert into span ({SPAN_COLUMNS}) values $rows on conflict (project, trace_id, span_id) do update set {set}"
        )
    });
    tx.insert_many(&SQL, rows)
}

/// Stores the summaries of traces that are not known yet, and says which were not.
pub(super) fn insert_new_traces(tx: &mut Tx<'_>, rows: &[Vec<Value>]) -> Result<Vec<String>> {
    static SQL: LazyLock<String> = LazyLock::new(|| {
        format!(
            "insert into trace ({TRACE_COLUMNS}) values $rows on conflict (project, trace_id) do nothing returning trace_id"
        )
    });
    tx.insert_many_returning(&SQL, rows)?.iter().map(|row| row.text(0)).collect()
}

/// Overwrites the summary of a trace, and returns the tags that were added to it by others than its spans.
pub(super) fn update_trace(tx: &mut Tx<'_>, row: Vec<Value>) -> Result<Option<Vec<String>>> {
    static SQL: LazyLock<String> = LazyLock::new(|| {
        let set = overwrite(TRACE_COLUMNS, &["project", "trace_id"]);
        format!(
            "insert into trace ({TRACE_COLUMNS}) values $rows on conflict (project, trace_id) do update set {set}
             returning added_tags"
        )
    });
    tx.insert_many_returning(&SQL, &[row])?.first().map_or(Ok(None), |row| row.opt_json(0))
}

/// Takes a trace for this transaction, so that no other changes its spans meanwhile. False when it is not known.
pub(super) fn lock_trace(tx: &mut Tx<'_>, project: i64, trace_id: &str) -> Result<bool> {
    let sql = "select 1 from trace where project = $1 and trace_id = $2{for_update}";
    Ok(tx.query_opt(sql, params![project, trace_id])?.is_some())
}

/// Keeps the copy of a trace's start that its annotations carry, see table `annotation`.
pub(super) fn move_annotations(tx: &mut Tx<'_>, project: i64, trace_id: &str, start_ns: i64) -> Result<()> {
    tx.execute(
        "update annotation set trace_start_ns = $3 where project = $1 and trace_id = $2 and trace_start_ns <> $3",
        params![project, trace_id, start_ns],
    )
    .map(drop)
}

/// The columns that [`read_facts`] reads.
const FACTS: &str = "span_id, parent_span_id, name, kind, start_ns, end_ns, status, error_type, error_message, request_model,
    response_model, provider, response_id, operation, usage_input, usage_output, usage_total, usage_cache_read,
    usage_cache_write, usage_reasoning, usage_scope, cost_input, cost_output, cost_total, cost_source, session_id, user_id,
    tags, metadata, trace_name, input_preview, output_preview, has_messages, product, service, environment, agent_name,
    ttft_ns, mapper_version, call_key";

/// What the summary of a trace is made from: all its spans.
pub(super) fn facts(tx: &mut Tx<'_>, project: i64, trace_id: &str) -> Result<Vec<(SpanFacts, Circumstances)>> {
    let sql = format!("select {FACTS} from span where project = $1 and trace_id = $2");
    tx.query(&sql, params![project, trace_id])?.iter().map(read_facts).collect()
}

/// What the spans of a trace that report one call say.
pub(super) fn facts_of_call(tx: &mut Tx<'_>, project: i64, trace_id: &str, key: &str) -> Result<Vec<SpanFacts>> {
    let sql = format!("select {FACTS} from span where project = $1 and trace_id = $2 and call_key = $3");
    let rows = tx.query(&sql, params![project, trace_id, key])?;
    rows.iter().map(|row| read_facts(row).map(|(facts, _)| facts)).collect()
}

fn read_facts(row: &Row) -> Result<(SpanFacts, Circumstances)> {
    let count = |column| row.opt_int(column).map(|count| count.and_then(|count| u64::try_from(count).ok()));
    let usage = Usage {
        input: count(14)?,
        output: count(15)?,
        total: count(16)?,
        cache_read: count(17)?,
        cache_write: count(18)?,
        reasoning: count(19)?,
        ..Usage::default()
    };
    let cost = row.opt_real(23)?.map(|total| -> Result<Cost> {
        let computed = row.opt_text(24)?.as_deref() == Some("computed");
        Ok(Cost {
            input: row.opt_real(21)?,
            output: row.opt_real(22)?,
            total,
            currency: "USD".into(),
            source: if computed { CostSource::Computed } else { CostSource::Client },
        })
    });
    let (span_id, start_ns) = (row.text(0)?, row.int(4)?);
    let circumstances = Circumstances {
        span_id: span_id.clone(),
        start_ns,
        product: row.opt_text(33)?,
        service: row.opt_text(34)?,
        environment: row.opt_text(35)?,
        agent_name: row.opt_text(36)?,
        ttft_ns: row.opt_int(37)?,
        mapper_version: row.int(38)?,
    };
    let facts = SpanFacts {
        span_id,
        parent_span_id: row.opt_text(1)?,
        name: row.text(2)?,
        kind: word(&row.text(3)?)?,
        start_ns,
        end_ns: row.int(5)?,
        status: word(&row.text(6)?)?,
        error_type: row.opt_text(7)?,
        error_message: row.opt_text(8)?,
        request_model: row.opt_text(9)?,
        response_model: row.opt_text(10)?,
        provider: row.opt_text(11)?,
        response_id: row.opt_text(12)?,
        operation: row.opt_text(13)?,
        usage,
        usage_scope: word(&row.text(20)?)?,
        cost: cost.transpose()?,
        session_id: row.opt_text(25)?,
        user_id: row.opt_text(26)?,
        tags: row.opt_json(27)?.unwrap_or_default(),
        metadata: row.opt_json(28)?.unwrap_or_default(),
        trace_name: row.opt_text(29)?,
        input_preview: row.opt_text(30)?,
        output_preview: row.opt_text(31)?,
        has_messages: row.bool(32)?,
        call_key: row.opt_text(39)?,
        ..SpanFacts::default()
    };
    Ok((facts, circumstances))
}

/// Reads a word that the normal form writes, such as `llm` or `aggregate`.
fn word<T: serde::de::DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_value(serde_json::Value::from(text)).map_err(Error::internal)
}

/// The value of a setting of the database itself, held until the transaction ends.
pub(super) fn setting(tx: &mut Tx<'_>, name: &str) -> Result<Option<String>> {
    // The row must be there to be held: two that find none would both write one.
    tx.execute("insert into setting (name, value) values ($1, '') on conflict (name) do nothing", params![name])?;
    let row = tx.query_one("select value from setting where name = $1{for_update}", params![name])?;
    Ok(Some(row.text(0)?).filter(|value| !value.is_empty()))
}

/// Overwrites a setting that [`setting`] has read.
pub(super) fn set(tx: &mut Tx<'_>, name: &str, value: &str) -> Result<()> {
    tx.execute("update setting set value = $2 where name = $1", params![name, value]).map(drop)
}
