//! The SQL of items.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::items::{Item, ItemKind, ItemState};
use crate::db::{Row, Tx, Value};
use crate::error::{Error, Result};
use crate::params;
use crate::trace::filter::SqlBuilder;
use crate::trace::search::padded;

/// The columns of [`read`], of the table `queue_item` under the name `i`.
pub(super) const COLUMNS: &str = "i.id, i.project, i.queue_id, i.kind, i.trace_id, i.span_id, i.datapoint_id, i.state,
  i.priority, i.sort_key, i.assignee, i.overlap, i.taken, i.answered, i.lapses, i.declines, i.flags, i.added_by,
  i.added_at, i.updated_at, i.completed_at";

/// Ids asked for with one statement.
const AT_ONCE: usize = 250;

const INSERT: &str = "insert into queue_item (id, project, queue_id, kind, trace_id, span_id, datapoint_id, state,
    priority, sort_key, assignee, overlap, taken, answered, lapses, declines, flags, added_by, added_at, updated_at,
    completed_at, subject)
  values $rows";

/// Reads a row that was selected with [`COLUMNS`] first.
pub(super) fn read(row: &Row) -> Result<Item> {
    let (kind, state) = (row.text(3)?, row.text(7)?);
    Ok(Item {
        id: row.text(0)?,
        project: row.int(1)?,
        queue_id: row.text(2)?,
        kind: ItemKind::parse(&kind).ok_or_else(|| Error::internal(format!("an item of the kind {kind}")))?,
        trace_id: row.opt_text(4)?,
        span_id: row.opt_text(5)?,
        datapoint_id: row.opt_text(6)?,
        state: ItemState::parse(&state).ok_or_else(|| Error::internal(format!("an item in the state {state}")))?,
        priority: row.int(8)?,
        sort_key: row.int(9)?,
        assignee: row.opt_text(10)?,
        overlap: row.int(11)?,
        taken: row.int(12)?,
        answered: row.int(13)?,
        lapses: row.int(14)?,
        declines: row.int(15)?,
        flags: row.int(16)?,
        added_by: row.text(17)?,
        added_at: row.int(18)?,
        updated_at: row.int(19)?,
        completed_at: row.opt_int(20)?,
    })
}

fn values(item: &Item) -> Vec<Value> {
    params![
        &item.id,
        item.project,
        &item.queue_id,
        item.kind.name(),
        &item.trace_id,
        &item.span_id,
        &item.datapoint_id,
        item.state.name(),
        item.priority,
        item.sort_key,
        &item.assignee,
        item.overlap,
        item.taken,
        item.answered,
        item.lapses,
        item.declines,
        item.flags,
        &item.added_by,
        item.added_at,
        item.updated_at,
        item.completed_at,
        item.subject()
    ]
    .to_vec()
}

/// Stores new items, and returns the ids of those that were not there.
pub(super) fn insert(tx: &mut Tx<'_>, items: &[Item]) -> Result<HashSet<String>> {
    let sql = format!("{INSERT} on conflict (queue_id, subject) do nothing returning id");
    let rows: Vec<_> = items.iter().map(values).collect();
    tx.insert_many_returning(&sql, &rows)?.iter().map(|row| row.text(0)).collect()
}

/// Stores other places in the order for items that exist.
pub(super) fn set_keys(tx: &mut Tx<'_>, items: &[Item]) -> Result<()> {
    let sql = format!("{INSERT} on conflict (id) do update set sort_key = excluded.sort_key");
    let rows: Vec<_> = items.iter().map(values).collect();
    tx.insert_many(&sql, &rows).map(drop)
}

pub(super) fn count(tx: &mut Tx<'_>, queue_id: &str) -> Result<i64> {
    tx.query_one("select count(*) from queue_item where queue_id = $1", params![queue_id])?.int(0)
}

/// The item of a queue with this id.
pub(super) fn find(tx: &mut Tx<'_>, queue_id: &str, id: &str) -> Result<Option<Item>> {
    let sql = format!("select {COLUMNS} from queue_item i where i.id = $1 and i.queue_id = $2");
    tx.query_opt(&sql, params![id, queue_id])?.as_ref().map(read).transpose()
}

/// The ids of the items of a queue behind a subject, in the order of their subjects, and the subject of the last one.
///
/// Subjects have an index with the queue in front, ids have none: to walk along those, a database would read all items
/// for every step.
pub(super) fn ids_behind(
    tx: &mut Tx<'_>,
    queue_id: &str,
    subject: &str,
    count: usize,
) -> Result<(Vec<String>, Option<String>)> {
    let sql = "select id, subject from queue_item where queue_id = $1 and subject > $2 order by subject limit $3";
    let rows = tx.query(sql, params![queue_id, subject, count])?;
    let last = rows.last().map(|row| row.text(1)).transpose()?;
    Ok((rows.iter().map(|row| row.text(0)).collect::<Result<_>>()?, last))
}

/// These items as far as they exist, which nobody removes until this transaction ends.
pub(super) fn lock_all(tx: &mut Tx<'_>, ids: &[String]) -> Result<Vec<Item>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut sql = SqlBuilder::default();
    let list = sql.bind_list(padded(ids));
    // Whoever takes several items takes them in this order.
    let text =
        format!("select {COLUMNS} from queue_item i where i.id in ({list}) order by i.id{{bytes_order}}{{for_update}}");
    tx.query(&text, sql.params())?.iter().map(read).collect()
}

/// When these traces started, in nanoseconds, as far as they exist.
pub(super) fn trace_starts(tx: &mut Tx<'_>, project: i64, trace_ids: &[String]) -> Result<HashMap<String, i64>> {
    let mut starts = HashMap::new();
    for some in trace_ids.chunks(AT_ONCE) {
        let mut sql = SqlBuilder::default();
        let project = sql.bind(project);
        let list = sql.bind_list(padded(some));
        // A column that no index of starts holds: else SQLite walks along all of them instead of looking each up.
        let text =
            format!("select trace_id, start_ns, kind from trace where project = {project} and trace_id in ({list})");
        for row in tx.query(&text, sql.params())? {
            starts.insert(row.text(0)?, row.int(1)?);
        }
    }
    Ok(starts)
}

/// Which of these spans, by trace, exist.
pub(super) fn known_spans(
    tx: &mut Tx<'_>,
    project: i64,
    by_trace: &BTreeMap<String, Vec<String>>,
) -> Result<HashSet<(String, String)>> {
    let mut known = HashSet::new();
    let pairs: Vec<(&String, &String)> =
        by_trace.iter().flat_map(|(trace_id, spans)| spans.iter().map(move |span_id| (trace_id, span_id))).collect();
    for some in pairs.chunks(AT_ONCE) {
        let mut sql = SqlBuilder::default();
        let project = sql.bind(project);
        let traces: Vec<String> = some.iter().map(|(trace_id, _)| (*trace_id).clone()).collect();
        let spans: Vec<String> = some.iter().map(|(_, span_id)| (*span_id).clone()).collect();
        let (traces, spans) = (sql.bind_list(padded(&traces)), sql.bind_list(padded(&spans)));
        // An expression, so that traces are looked up and their spans compared, rather than each trace with each span.
        let text = format!(
            "select trace_id, span_id from span
             where project = {project} and trace_id in ({traces}) and coalesce(span_id, '') in ({spans})"
        );
        for row in tx.query(&text, sql.params())? {
            known.insert((row.text(0)?, row.text(1)?));
        }
    }
    Ok(known)
}

/// Remembers which things are about to be taken out, for those who must not put them back.
fn remember(tx: &mut Tx<'_>, condition: &str, params: &[Value]) -> Result<()> {
    let text = format!(
        "insert into queue_removed (queue_id, subject) select queue_id, subject from queue_item where {condition}
         on conflict (queue_id, subject) do nothing"
    );
    tx.execute(&text, params).map(drop)
}

/// Which of these things, as [`Item::subject`] writes them, somebody has taken out of a queue.
pub(super) fn removed(tx: &mut Tx<'_>, queue_id: &str, subjects: &[String]) -> Result<HashSet<String>> {
    let mut removed = HashSet::new();
    for some in subjects.chunks(AT_ONCE) {
        let mut sql = SqlBuilder::default();
        let queue = sql.bind(queue_id);
        let list = sql.bind_list(padded(some));
        let text = format!("select subject from queue_removed where queue_id = {queue} and subject in ({list})");
        for row in tx.query(&text, sql.params())? {
            removed.insert(row.text(0)?);
        }
    }
    Ok(removed)
}

/// Removes the items of these spans, and those of whole traces that these spans stand for.
pub(super) fn remove_spans(tx: &mut Tx<'_>, queue_id: &str, span_ids: &[String], guarded: bool) -> Result<u64> {
    let mut removed = 0;
    for some in span_ids.chunks(AT_ONCE) {
        let mut sql = SqlBuilder::default();
        let queue = sql.bind(queue_id);
        let list = sql.bind_list(padded(some));
        let meant = format!(
            "queue_id = {queue} and (span_id in ({list}) or (kind = 'trace' and exists (
               select 1 from trace t where t.project = queue_item.project and t.trace_id = queue_item.trace_id
                 and coalesce(t.leading_span_id, t.root_span_id) in ({list}))))"
        );
        if guarded {
            refuse_answered(tx, &meant, sql.params())?;
        }
        remember(tx, &meant, sql.params())?;
        removed += tx.execute(&format!("delete from queue_item where {meant}"), sql.params())?;
    }
    Ok(removed)
}

/// Takes items out; with `guarded` not those that are answered and not complete.
pub(super) fn remove(tx: &mut Tx<'_>, queue_id: &str, item_ids: &[String], guarded: bool) -> Result<u64> {
    let mut removed = 0;
    for some in item_ids.chunks(AT_ONCE) {
        let mut sql = SqlBuilder::default();
        let queue = sql.bind(queue_id);
        let meant = format!("queue_id = {queue} and id in ({})", sql.bind_list(padded(some)));
        if guarded {
            refuse_answered(tx, &meant, sql.params())?;
        }
        remember(tx, &meant, sql.params())?;
        removed += tx.execute(&format!("delete from queue_item where {meant}"), sql.params())?;
    }
    Ok(removed)
}

fn refuse_answered(tx: &mut Tx<'_>, meant: &str, params: &[Value]) -> Result<()> {
    let sql = format!("select 1 from queue_item where {meant} and answered > 0 and state <> 'completed' limit 1");
    if tx.query_opt(&sql, params)?.is_none() {
        return Ok(());
    }
    let message = "Somebody has answered one of these items, which others have yet to judge without knowing the answer. \
                   Only those who manage queues may take it out.";
    Err(Error::Forbidden(message.into()))
}

pub(super) fn clear(tx: &mut Tx<'_>, queue_id: &str) -> Result<u64> {
    remember(tx, "queue_id = $1", params![queue_id])?;
    tx.execute("delete from queue_item where queue_id = $1", params![queue_id])
}

/// Those of these items that are in the queue, in the order in which they are judged.
pub(super) fn in_order(tx: &mut Tx<'_>, queue_id: &str, item_ids: &[String]) -> Result<Vec<String>> {
    let mut sql = SqlBuilder::default();
    let text = format!(
        "select id from queue_item where queue_id = {} and id in ({})
         order by priority desc, sort_key, id{{bytes_order}}",
        sql.bind(queue_id),
        sql.bind_list(padded(item_ids))
    );
    tx.query(&text, sql.params())?.iter().map(|row| row.text(0)).collect()
}

/// The first open items that are assigned to nobody.
pub(super) fn open_for_anybody(tx: &mut Tx<'_>, queue_id: &str, count: usize) -> Result<Vec<String>> {
    let sql = "select id from queue_item where queue_id = $1 and state = 'open' and assignee is null
      order by priority desc, sort_key, id{bytes_order} limit $2";
    tx.query(sql, params![queue_id, count])?.iter().map(|row| row.text(0)).collect()
}

/// Changes the priority of an item, its assignee, or both.
pub(super) fn arrange(
    tx: &mut Tx<'_>,
    id: &str,
    priority: Option<i64>,
    assignee: Option<Option<&str>>,
    at: i64,
) -> Result<()> {
    if let Some(priority) = priority {
        let sql = "update queue_item set priority = $2, updated_at = $3 where id = $1";
        tx.execute(sql, params![id, priority, at])?;
    }
    if let Some(assignee) = assignee {
        let sql = "update queue_item set assignee = $2, updated_at = $3 where id = $1";
        tx.execute(sql, params![id, assignee, at])?;
    }
    Ok(())
}
