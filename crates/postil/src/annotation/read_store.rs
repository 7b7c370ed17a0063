//! The SQL that reads whole annotations and their history.

use super::{Annotation, Annotator, AnnotatorKind, HistoryEntry, SubjectKind};
use crate::db::{Row, Tx, Value};
use crate::error::{Error, Result};
use crate::params;
use crate::project::Reader;

/// The columns of an annotation in the order of [`read`].
pub(super) const COLUMNS: &str = "a.id, a.trace_id, a.span_id, a.subject, a.subject_kind, a.key, a.type,
  a.definition_version, a.value, a.explanation, a.annotator_kind, a.annotator_id, a.identity_id, a.source,
  a.created_at, a.updated_at, a.removed_at, a.queue_id";

/// Reads a row of [`COLUMNS`].
pub(super) fn read(row: &Row) -> Result<Annotation> {
    let correction = row.text(4)? == SubjectKind::EvaluatorCorrection.name();
    Ok(Annotation {
        id: row.text(0)?,
        trace_id: row.text(1)?,
        span_id: row.text(2)?,
        subject: row.text(3)?,
        subject_kind: if correction { SubjectKind::EvaluatorCorrection } else { SubjectKind::HumanReview },
        key: row.text(5)?,
        kind: row.text(6)?,
        definition_version: row.int(7)?,
        value: row.text(8)?,
        explanation: row.opt_text(9)?,
        annotator: annotator(&row.text(10)?, row.text(11)?)?,
        identity_id: row.opt_text(12)?,
        source: row.text(13)?,
        created_at: row.int(14)?,
        updated_at: row.int(15)?,
        removed_at: row.opt_int(16)?,
        queue_id: row.opt_text(17)?,
    })
}

pub(super) fn annotator(kind: &str, id: String) -> Result<Annotator> {
    let known = AnnotatorKind::parse(kind);
    let kind = known.ok_or_else(|| Error::internal(format!("an annotation is by a {kind}")))?;
    Ok(Annotator { kind, id })
}

/// What everybody says of one subject now, held until this transaction ends.
pub(super) fn current_of_subject(
    tx: &mut Tx<'_>,
    project: i64,
    (trace_id, span_id): (&str, &str),
    subject: &str,
) -> Result<Vec<Annotation>> {
    let sql = format!(
        "select {COLUMNS} from annotation a
         where a.project = $1 and a.trace_id = $2 and a.span_id = $3 and a.subject = $4 and a.removed_at is null
         order by a.annotator_kind, a.annotator_id {{for_update}}"
    );
    tx.query(&sql, params![project, trace_id, span_id, subject])?.iter().map(read).collect()
}

/// One annotation by its id, removed ones too.
pub(super) fn find(tx: &mut Tx<'_>, reader: &Reader, id: &str) -> Result<Option<Annotation>> {
    let sees = reader.sees("$3");
    let sql = format!("select {COLUMNS} from annotation a where a.project = $1 and a.id{{bytes_order}} = $2{sees}");
    let mut params = params![reader.project, id].to_vec();
    params.extend(reader.me().map(Value::from));
    tx.query_opt(&sql, &params)?.as_ref().map(read).transpose()
}

/// [`find`], held until this transaction ends.
pub(super) fn lock(tx: &mut Tx<'_>, project: i64, id: &str) -> Result<Option<Annotation>> {
    let sql =
        format!("select {COLUMNS} from annotation a where a.project = $1 and a.id{{bytes_order}} = $2 {{for_update}}");
    tx.query_opt(&sql, params![project, id])?.as_ref().map(read).transpose()
}

/// What happened to one annotation, oldest first.
pub(super) fn events(tx: &mut Tx<'_>, reader: &Reader, annotation: &Annotation) -> Result<Vec<HistoryEntry>> {
    let sees = reader.sees_event("$4");
    let sql = format!(
        "select id, action, value, explanation, definition_version, annotator_kind, annotator_id, actor, client,
           identity_id, source, duration_ms, at, queue_id
         from annotation_event e
         where project = $1 and annotation_id = $3 and trace_id = $2{sees}
         order by at, id{{bytes_order}}"
    );
    let mut params = params![reader.project, &annotation.trace_id, &annotation.id].to_vec();
    params.extend(reader.me().map(Value::from));
    let rows = tx.query(&sql, &params)?;
    rows.iter()
        .map(|row| {
            Ok(HistoryEntry {
                id: row.text(0)?,
                action: row.text(1)?,
                value: row.opt_text(2)?,
                explanation: row.opt_text(3)?,
                definition_version: row.int(4)?,
                annotator: annotator(&row.text(5)?, row.text(6)?)?,
                actor: row.text(7)?,
                client: row.opt_text(8)?,
                identity_id: row.opt_text(9)?,
                source: row.text(10)?,
                duration_ms: row.opt_int(11)?,
                at: row.int(12)?,
                queue_id: row.opt_text(13)?,
            })
        })
        .collect()
}
