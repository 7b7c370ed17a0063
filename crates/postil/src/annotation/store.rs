//! The SQL of annotations and their events.

use std::borrow::Cow;

use super::{Annotation, Annotator};
use crate::db::{Row, Tx, Value};
use crate::error::{Error, Result};
use crate::human_review::value::Accepted;
use crate::params;

/// What a call of annotate needs to know, from one statement.
pub(super) struct Found {
    pub(super) trace_start_ns: i64,
    /// Whether any webhook of the project wants to be told of anything: one look into an index that is mostly empty.
    pub(super) has_webhooks: bool,
    pub(super) reviews: Vec<Reviewed>,
    /// Whether somebody waits for what is said of traces.
    pub(super) has_automations: bool,
}

/// A human review by its key, and the annotator's current value for it.
pub(super) struct Reviewed {
    pub(super) id: String,
    pub(super) key: String,
    pub(super) kind: String,
    pub(super) version: i64,
    pub(super) config: String,
    pub(super) options: String,
    pub(super) display_name: String,
    pub(super) current: Option<Current>,
}

/// What of a stored annotation decides about a new value.
#[derive(Clone)]
pub(super) struct Current {
    pub(super) id: String,
    pub(super) value: String,
    pub(super) explanation: Option<String>,
    pub(super) identity_id: Option<String>,
    pub(super) source: String,
    pub(super) definition_version: i64,
    pub(super) created_at: i64,
    pub(super) updated_at: i64,
    pub(super) removed_at: Option<i64>,
}

/// An evaluator result that is to be corrected.
pub(super) struct Corrected {
    pub(super) evaluator: String,
    pub(super) output_type: String,
}

/// An annotation to store.
#[derive(Clone)]
pub(super) struct Write {
    pub(super) annotation: Annotation,
    pub(super) accepted: Accepted,
    pub(super) trace_start_ns: i64,
}

/// An event to append.
pub(super) struct Happened<'a> {
    pub(super) id: String,
    pub(super) action: &'static str,
    pub(super) annotation: Cow<'a, Annotation>,
    pub(super) actor: String,
    pub(super) client: Option<&'a str>,
    pub(super) duration_ms: Option<i64>,
    pub(super) queue_id: Option<&'a str>,
}

/// The span, the human review of one key, and the annotator's value for it. Every annotation from production runs this.
const LOOK_UP_ONE: &str = "
  select t.start_ns, h.id, h.key, h.type, h.version, h.config, h.options, h.display_name,
    a.id, a.value, a.explanation, a.identity_id, a.source, a.definition_version, a.created_at, a.updated_at,
    a.removed_at, (select l.feedback from trace_listener l where l.project = $1),
    (select w.event from webhook_subscription w where w.project = $1 limit 1)
  from span s
  join trace t on t.project = s.project and t.trace_id = s.trace_id
  left join human_review h on h.project = s.project and h.key = $6 and h.archived_at is null
  left join annotation a on a.project = s.project and a.trace_id = s.trace_id and a.span_id = s.span_id
    and a.subject = h.id and a.annotator_kind = $4 and a.annotator_id = $5
  where s.project = $1 and s.trace_id = $2 and s.span_id = $3";

/// The same for ten keys.
const LOOK_UP_TEN: &str = "
  select t.start_ns, h.id, h.key, h.type, h.version, h.config, h.options, h.display_name,
    a.id, a.value, a.explanation, a.identity_id, a.source, a.definition_version, a.created_at, a.updated_at,
    a.removed_at, (select l.feedback from trace_listener l where l.project = $1),
    (select w.event from webhook_subscription w where w.project = $1 limit 1)
  from span s
  join trace t on t.project = s.project and t.trace_id = s.trace_id
  left join human_review h on h.project = s.project and h.archived_at is null
    and h.key in ($6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
  left join annotation a on a.project = s.project and a.trace_id = s.trace_id and a.span_id = s.span_id
    and a.subject = h.id and a.annotator_kind = $4 and a.annotator_id = $5
  where s.project = $1 and s.trace_id = $2 and s.span_id = $3";

/// At most ten keys. None when the span does not exist.
pub(super) fn look_up(
    tx: &mut Tx<'_>,
    project: i64,
    trace_id: &str,
    span_id: &str,
    annotator: &Annotator,
    keys: &[&str],
) -> Result<Option<Found>> {
    let mut params = params![project, trace_id, span_id, annotator.kind.name(), &annotator.id].to_vec();
    // No human review has an empty key.
    let count = if keys.len() <= 1 { 1 } else { 10 };
    params.extend((0..count).map(|at| Value::from(*keys.get(at).or(keys.last()).unwrap_or(&""))));
    let rows = tx.query(if count == 1 { LOOK_UP_ONE } else { LOOK_UP_TEN }, &params)?;
    let Some(first) = rows.first() else { return Ok(None) };
    let mut found = Found {
        trace_start_ns: first.int(0)?,
        has_automations: first.opt_int(17)? == Some(1),
        has_webhooks: first.opt_text(18)?.is_some(),
        reviews: Vec::with_capacity(rows.len()),
    };
    for row in &rows {
        let Some(id) = row.opt_text(1)? else { continue };
        found.reviews.push(Reviewed {
            id,
            key: row.text(2)?,
            kind: row.text(3)?,
            version: row.int(4)?,
            config: row.text(5)?,
            options: row.text(6)?,
            display_name: row.text(7)?,
            current: read_current(row, 8)?,
        });
    }
    Ok(Some(found))
}

fn read_current(row: &Row, at: usize) -> Result<Option<Current>> {
    let Some(id) = row.opt_text(at)? else { return Ok(None) };
    Ok(Some(Current {
        id,
        value: row.text(at + 1)?,
        explanation: row.opt_text(at + 2)?,
        identity_id: row.opt_text(at + 3)?,
        source: row.text(at + 4)?,
        definition_version: row.int(at + 5)?,
        created_at: row.int(at + 6)?,
        updated_at: row.int(at + 7)?,
        removed_at: row.opt_int(at + 8)?,
    }))
}

/// An evaluator result on a span, and the annotator's correction of it.
pub(super) fn look_up_result(
    tx: &mut Tx<'_>,
    project: i64,
    (trace_id, span_id): (&str, &str),
    id: &str,
    annotator: &Annotator,
) -> Result<Option<(Corrected, Option<Current>)>> {
    let row = tx.query_opt(
        "select e.evaluator, e.output_type,
           a.id, a.value, a.explanation, a.identity_id, a.source, a.definition_version, a.created_at, a.updated_at,
           a.removed_at
         from evaluator_result e
         left join annotation a on a.project = e.project and a.trace_id = e.trace_id and a.span_id = $3
           and a.subject = e.id and a.annotator_kind = $5 and a.annotator_id = $6
         where e.project = $1 and e.trace_id = $2 and e.span_id in ($3, '') and e.id = $4",
        params![project, trace_id, span_id, id, annotator.kind.name(), &annotator.id],
    )?;
    row.map(|row| {
        let corrected = Corrected { evaluator: row.text(0)?, output_type: row.text(1)? };
        Ok((corrected, read_current(&row, 2)?))
    })
    .transpose()
}

/// Stores annotations that have no row yet, and returns the places of those that somebody else stored meanwhile.
pub(super) fn insert(tx: &mut Tx<'_>, project: i64, new: &[Write]) -> Result<Vec<usize>> {
    let rows: Vec<Vec<Value>> = new.iter().map(|write| row_of(project, write)).collect();
    let sql = "insert into annotation (project, trace_id, span_id, subject, annotator_kind, annotator_id, id, key,
        subject_kind, type, definition_version, value_text, value_number, value, explanation, identity_id, source,
        trace_start_ns, queue_id, created_at, updated_at)
      values $rows
      on conflict (project, trace_id, span_id, subject, annotator_kind, annotator_id) do nothing";
    if tx.insert_many(sql, &rows)? == rows.len() as u64 {
        return Ok(Vec::new());
    }
    let mut late = Vec::new();
    for (at, write) in new.iter().enumerate() {
        let sql = "select 1 from annotation where project = $1 and id{bytes_order} = $2";
        if tx.query_opt(sql, params![project, &write.annotation.id])?.is_none() {
            late.push(at);
        }
    }
    Ok(late)
}

fn row_of(project: i64, write: &Write) -> Vec<Value> {
    let (annotation, accepted) = (&write.annotation, &write.accepted);
    params![
        project,
        &annotation.trace_id,
        &annotation.span_id,
        &annotation.subject,
        annotation.annotator.kind.name(),
        &annotation.annotator.id,
        &annotation.id,
        &annotation.key,
        annotation.subject_kind.name(),
        &annotation.kind,
        annotation.definition_version,
        &accepted.text,
        accepted.number,
        &annotation.value,
        &annotation.explanation,
        &annotation.identity_id,
        &annotation.source,
        write.trace_start_ns,
        &annotation.queue_id,
        annotation.created_at,
        annotation.updated_at
    ]
    .to_vec()
}

/// Writes over the value that was last changed at `seen`; false when it has changed since.
pub(super) fn update(tx: &mut Tx<'_>, project: i64, write: &Write, seen: i64) -> Result<bool> {
    let (annotation, accepted) = (&write.annotation, &write.accepted);
    let changed = tx.execute(
        "update annotation set key = $7, type = $8, definition_version = $9, value_text = $10, value_number = $11,
           value = $12, explanation = $13, identity_id = $14, source = $15, trace_start_ns = $16, updated_at = $17,
           queue_id = $19, removed_at = null
         where project = $1 and trace_id = $2 and span_id = $3 and subject = $4 and annotator_kind = $5
           and annotator_id = $6 and updated_at = $18",
        params![
            project,
            &annotation.trace_id,
            &annotation.span_id,
            &annotation.subject,
            annotation.annotator.kind.name(),
            &annotation.annotator.id,
            &annotation.key,
            &annotation.kind,
            annotation.definition_version,
            &accepted.text,
            accepted.number,
            &annotation.value,
            &annotation.explanation,
            &annotation.identity_id,
            &annotation.source,
            write.trace_start_ns,
            annotation.updated_at,
            seen,
            &annotation.queue_id
        ],
    )?;
    Ok(changed == 1)
}

/// The stored value of the same annotator for the same subject, held until this transaction ends.
pub(super) fn lock_current(tx: &mut Tx<'_>, project: i64, annotation: &Annotation) -> Result<Current> {
    let row = tx.query_one(
        "select id, value, explanation, identity_id, source, definition_version, created_at, updated_at, removed_at
         from annotation
         where project = $1 and trace_id = $2 and span_id = $3 and subject = $4 and annotator_kind = $5
           and annotator_id = $6 {for_update}",
        params![
            project,
            &annotation.trace_id,
            &annotation.span_id,
            &annotation.subject,
            annotation.annotator.kind.name(),
            &annotation.annotator.id
        ],
    )?;
    read_current(&row, 0)?.ok_or_else(|| Error::internal("an annotation without an id"))
}

/// Appends events. An event of a removal has no value.
pub(super) fn insert_events(tx: &mut Tx<'_>, project: i64, events: &[Happened<'_>]) -> Result<()> {
    let rows: Vec<Vec<Value>> = events
        .iter()
        .map(|event| {
            let annotation = &event.annotation;
            params![
                project,
                &annotation.trace_id,
                &event.id,
                &annotation.span_id,
                &annotation.id,
                event.action,
                annotation.removed_at.is_none().then_some(annotation.value.as_str()),
                &annotation.explanation,
                annotation.definition_version,
                annotation.annotator.kind.name(),
                &annotation.annotator.id,
                &event.actor,
                event.client,
                &annotation.identity_id,
                &annotation.source,
                event.duration_ms,
                annotation.updated_at,
                event.queue_id
            ]
            .to_vec()
        })
        .collect();
    let sql = "insert into annotation_event (project, trace_id, id, span_id, annotation_id, action, value, explanation,
        definition_version, annotator_kind, annotator_id, actor, client, identity_id, source, duration_ms, at, queue_id)
      values $rows";
    tx.insert_many(sql, &rows).map(drop)
}

pub(super) fn mark_removed(tx: &mut Tx<'_>, project: i64, annotation: &Annotation) -> Result<()> {
    let sql = "update annotation set removed_at = $7, updated_at = $7
      where project = $1 and trace_id = $2 and span_id = $3 and subject = $4 and annotator_kind = $5
        and annotator_id = $6";
    tx.execute(
        sql,
        params![
            project,
            &annotation.trace_id,
            &annotation.span_id,
            &annotation.subject,
            annotation.annotator.kind.name(),
            &annotation.annotator.id,
            annotation.updated_at
        ],
    )
    .map(drop)
}

pub(super) fn span_exists(tx: &mut Tx<'_>, project: i64, trace_id: &str, span_id: &str) -> Result<bool> {
    let sql = "select 1 from span where project = $1 and trace_id = $2 and span_id = $3";
    Ok(tx.query_opt(sql, params![project, trace_id, span_id])?.is_some())
}

pub(super) fn review_id(tx: &mut Tx<'_>, project: i64, key: &str) -> Result<Option<String>> {
    let sql = "select id from human_review where project = $1 and key = $2 and archived_at is null";
    tx.query_opt(sql, params![project, key])?.map(|row| row.text(0)).transpose()
}

/// The key of a definition in use.
pub(super) fn review_key(tx: &mut Tx<'_>, project: i64, id: &str) -> Result<Option<String>> {
    let sql = "select key from human_review where project = $1 and id = $2 and archived_at is null";
    tx.query_opt(sql, params![project, id])?.map(|row| row.text(0)).transpose()
}

pub(super) fn result_exists(
    tx: &mut Tx<'_>,
    project: i64,
    (trace_id, span_id): (&str, &str),
    id: &str,
) -> Result<bool> {
    let sql = "select 1 from evaluator_result
      where project = $1 and trace_id = $2 and span_id in ($3, '') and id = $4";
    Ok(tx.query_opt(sql, params![project, trace_id, span_id, id])?.is_some())
}

pub(super) fn move_trace(tx: &mut Tx<'_>, project: i64, trace_id: &str, start_ns: i64) -> Result<()> {
    let sql = "update annotation set trace_start_ns = $3
      where project = $1 and trace_id = $2 and trace_start_ns <> $3";
    tx.execute(sql, params![project, trace_id, start_ns]).map(drop)
}
