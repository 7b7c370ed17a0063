//! Log records on their way into the database.

use std::collections::{BTreeMap, HashSet};

use opentelemetry_proto::tonic::logs::v1::{LogRecord, LogsData, ResourceLogs, ScopeLogs};
use prost::Message;
use sha2::{Digest, Sha256};

use super::super::arrival::Arrivals;
use super::super::evaluation::{self, Evaluation};
use super::super::media::{self as cutting, Cut};
use super::super::price::PriceTable;
use super::super::{settling, store};
use super::{Origin, derive_again, roll_up_again, roll_up_others};
use crate::db::{Tx, Value};
use crate::error::Result;
use crate::event::Event;
use crate::media;
use crate::params;

/// The log records of one request, ready to be written.
#[derive(Debug)]
pub struct PreparedLogs {
    project: i64,
    received_at: i64,
    rows: Vec<Vec<Value>>,
    /// The spans they belong to, by trace.
    spans: BTreeMap<String, HashSet<String>>,
    /// The media that were cut out of the records, and which span refers to which.
    media: Vec<Vec<Value>>,
    uses: Vec<media::Use>,
    /// The verdicts they carry; a higher room stores them in the same transaction.
    pub evaluations: Vec<Evaluation>,
    /// What came from which instrumentation; taken out by whoever knows the client.
    pub arrivals: Arrivals,
}

impl PreparedLogs {
    /// The project the records belong to.
    pub fn project(&self) -> i64 {
        self.project
    }

    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

/// Lays out the checked log records of a request. Clients that log content without a time give only the time they
/// observed it; the order inside the request decides then.
pub fn prepare_logs(resource_logs: Vec<ResourceLogs>, origin: Origin) -> PreparedLogs {
    let mut prepared = PreparedLogs {
        project: origin.project,
        received_at: origin.received_at,
        rows: Vec::new(),
        spans: BTreeMap::new(),
        media: Vec::new(),
        uses: Vec::new(),
        evaluations: Vec::new(),
        arrivals: Arrivals::default(),
    };
    let (mut cut, mut position) = (Cut::default(), 0_i64);
    for resource in resource_logs {
        for scope in resource.scope_logs {
            prepared.arrivals.records(resource.resource.as_ref(), scope.scope.as_ref(), &scope.log_records);
            for mut record in scope.log_records {
                let trace_id = hex::encode(&record.trace_id);
                let span_id = hex::encode(&record.span_id);
                let time = time_of(&record);
                prepared.evaluations.extend(evaluation::of_record(&record));
                let media = cut.record(&mut record);
                prepared.uses.extend(cutting::uses_of(&trace_id, &span_id, 0, media));
                let (event_name, severity) = (record.event_name.clone(), record.severity_number);
                let alone = LogsData {
                    resource_logs: vec![ResourceLogs {
                        resource: resource.resource.clone(),
                        scope_logs: vec![ScopeLogs {
                            scope: scope.scope.clone(),
                            log_records: vec![record],
                            schema_url: scope.schema_url.clone(),
                        }],
                        schema_url: resource.schema_url.clone(),
                    }],
                };
                let plain = alone.encode_to_vec();
                let mut digest = Sha256::new_with_prefix(&plain);
                digest.update(position.to_le_bytes());
                let record_id = digest.finalize().first_chunk().map_or(0, |bytes| i64::from_be_bytes(*bytes));
                let body = zstd::bulk::compress(&plain, 1).unwrap_or(plain);
                prepared.rows.push(
                    params![
                        origin.project,
                        &trace_id,
                        &span_id,
                        record_id,
                        time,
                        position,
                        (!event_name.is_empty()).then_some(event_name),
                        severity,
                        body,
                        origin.received_at
                    ]
                    .to_vec(),
                );
                position += 1;
                if !span_id.is_empty() {
                    prepared.spans.entry(trace_id).or_default().insert(span_id);
                }
            }
        }
    }
    prepared.media = cut.rows(origin.project, origin.received_at);
    prepared
}

/// When something was logged; when it was seen, where the client says no more.
fn time_of(record: &LogRecord) -> i64 {
    let time = if record.time_unix_nano == 0 { record.observed_time_unix_nano } else { record.time_unix_nano };
    i64::try_from(time).unwrap_or(i64::MAX)
}

/// Writes log records and joins them to the spans that are there already.
pub fn store_logs(tx: &mut Tx<'_>, prepared: &PreparedLogs, prices: &PriceTable) -> Result<()> {
    let project = prepared.project;
    media::keep(tx, project, &prepared.media, &prepared.uses)?;
    // Before the records, so that spans and records of one trace that come together see each other.
    let mut known = Vec::new();
    for trace_id in prepared.spans.keys() {
        if store::lock_trace(tx, project, trace_id)? {
            known.push(trace_id);
        }
    }
    store::insert_log_records(tx, &prepared.rows)?;
    for trace_id in known {
        let span_ids: Vec<_> = prepared.spans[trace_id].iter().cloned().collect();
        derive_again(tx, project, trace_id, &span_ids, prices)?;
        let ended = roll_up_again(tx, project, trace_id)?;
        settling::touch(tx, project, prepared.received_at, std::iter::once((trace_id.as_str(), ended)))?;
        // A span that now shows messages counts before one in another trace that shows none.
        roll_up_others(tx, project, trace_id)?;
        tx.emit(Event { project, kind: "trace.updated", trace_id: Some(trace_id.clone()), ..Event::default() });
    }
    Ok(())
}
