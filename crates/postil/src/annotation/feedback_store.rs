//! The SQL of feedback.

use super::feedback::Message;
use crate::db::Tx;
use crate::error::Result;
use crate::params;
use crate::project::Caller;

/// Remembers which annotation a feedback made; false when the id is taken.
pub(super) fn insert(
    tx: &mut Tx<'_>,
    project: i64,
    id: &str,
    (trace_id, span_id): (&str, &str),
    annotation_id: &str,
    now: i64,
) -> Result<bool> {
    let inserted = tx.execute(
        "insert into feedback (project, id, trace_id, span_id, annotation_id, created_at)
         values ($1, $2, $3, $4, $5, $6) on conflict (project, id) do nothing",
        params![project, id, trace_id, span_id, annotation_id, now],
    )?;
    Ok(inserted == 1)
}

/// The trace and the annotation of a feedback.
pub(super) fn find(tx: &mut Tx<'_>, project: i64, id: &str) -> Result<Option<(String, String)>> {
    let sql = "select trace_id, annotation_id from feedback where project = $1 and id = $2";
    tx.query_opt(sql, params![project, id])?.map(|row| Ok((row.text(0)?, row.text(1)?))).transpose()
}

pub(super) fn delete(tx: &mut Tx<'_>, project: i64, id: &str) -> Result<()> {
    tx.execute("delete from feedback where project = $1 and id = $2", params![project, id]).map(drop)
}

pub(super) fn insert_message(tx: &mut Tx<'_>, id: &str, caller: &Caller, message: &Message, now: i64) -> Result<()> {
    tx.execute(
        "insert into feedback_message (id, workspace_id, message, category, request_id, url, created_by, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        params![
            id,
            &caller.workspace_id,
            &message.message,
            &message.category,
            &message.request_id,
            &message.url,
            caller.actor.id(),
            now
        ],
    )
    .map(drop)
}
