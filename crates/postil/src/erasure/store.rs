//! The SQL of deletion. It knows the tables of every room, because a row that is forgotten here stays for ever; a test
//! compares these lists with the schema.

use super::Extent;
use crate::db::Tx;
use crate::error::Result;
use crate::params;

/// The datapoints that were taken from a trace.
const TAKEN: &str = "project = $1 and origin is not null and (origin{json} ->> 'trace_id') = $2";

/// Tables with a trace's id that [`crate::trace::retention::erase`] empties.
#[cfg(test)]
const OF_TELEMETRY: [&str; 7] =
    ["span", "log_record", "span_chunk", "trace_settling", "automation_run", "trace", "media_use"];

/// Tables with a trace's id that are emptied here, apart from the history, which goes by its annotations.
const OF_TRACES: [&str; 6] =
    ["annotation", "evaluator_result", "feedback", "queue_item", "media_link", "webhook_delivery"];

/// Removes what was said of a trace, taken from it and told of it.
pub(super) fn erase_of_trace(tx: &mut Tx<'_>, project: i64, trace_id: &str) -> Result<()> {
    let by = params![project, trace_id];
    let history = "delete from annotation_event where project = $1 and annotation_id in
      (select id from annotation where project = $1 and trace_id = $2)";
    tx.execute(history, by)?;
    let judged = format!(
        "delete from queue_item where project = $1 and trace_id is null
           and datapoint_id in (select id from datapoint where {TAKEN})"
    );
    tx.execute(&judged, by)?;
    for table in ["datapoint", "datapoint_past"] {
        tx.execute(&format!("delete from {table} where {TAKEN}"), by)?;
    }
    for table in OF_TRACES {
        tx.execute(&format!("delete from {table} where project = $1 and trace_id = $2"), by)?;
    }
    Ok(())
}

/// The ids of the datapoints that were taken from a trace.
pub(super) fn taken_from(tx: &mut Tx<'_>, project: i64, trace_id: &str) -> Result<Vec<String>> {
    let sql = format!("select id from datapoint where {TAKEN} union select id from datapoint_past where {TAKEN}");
    tx.query(&sql, params![project, trace_id])?.iter().map(|row| row.text(0)).collect()
}

pub(super) fn queues_of(tx: &mut Tx<'_>, project: i64, trace_id: &str) -> Result<Vec<String>> {
    let sql = "select distinct queue_id from queue_item where project = $1 and trace_id = $2";
    tx.query(sql, params![project, trace_id])?.iter().map(|row| row.text(0)).collect()
}

pub(super) fn extent(tx: &mut Tx<'_>, project: i64, trace_id: &str) -> Result<Extent> {
    let mut count = |table: &str, which: &str| -> Result<i64> {
        let sql = format!("select count(*) from {table} where {which}");
        tx.query_one(&sql, params![project, trace_id])?.int(0)
    };
    let here = "project = $1 and trace_id = $2";
    Ok(Extent {
        spans: count("span", here)?,
        annotations: count("annotation", here)?,
        evaluator_results: count("evaluator_result", here)?,
        queue_items: count("queue_item", here)?,
        datapoints: count("datapoint", TAKEN)?,
    })
}

/// The next traces of an end user.
pub(super) fn traces_of_user(tx: &mut Tx<'_>, project: i64, user_id: &str, most: i64) -> Result<Vec<String>> {
    let sql = "select trace_id from trace where project = $1 and user_id = $2 limit $3";
    tx.query(sql, params![project, user_id, most])?.iter().map(|row| row.text(0)).collect()
}

pub(super) fn count_traces_of_user(tx: &mut Tx<'_>, project: i64, user_id: &str) -> Result<i64> {
    let sql = "select count(*) from trace where project = $1 and user_id = $2";
    tx.query_one(sql, params![project, user_id])?.int(0)
}

/// A span: its trace and its id.
pub(super) type SpanPlace = (String, String);

/// The next spans behind a place, with whether each names an end user.
pub(super) fn spans_after(
    tx: &mut Tx<'_>,
    project: i64,
    after: &SpanPlace,
    user_id: &str,
    most: i64,
) -> Result<Vec<(SpanPlace, bool)>> {
    let rows = tx.query(
        "select trace_id, span_id, coalesce(user_id, '') from span
         where project = $1 and (trace_id > $2 or (trace_id = $2 and span_id > $3))
         order by trace_id, span_id limit $4",
        params![project, &after.0, &after.1, most],
    )?;
    rows.iter().map(|row| Ok(((row.text(0)?, row.text(1)?), row.text(2)? == user_id))).collect()
}

/// The next annotations behind an id, with whether each comes from an end user or was said by somebody of that name.
pub(super) fn annotations_after(
    tx: &mut Tx<'_>,
    project: i64,
    after: &str,
    user_id: &str,
    most: i64,
) -> Result<Vec<(String, bool)>> {
    let rows = tx.query(
        "select id, coalesce(identity_id, ''), annotator_id from annotation
         where project = $1 and id{bytes_order} > $2 order by id{bytes_order} limit $3",
        params![project, after, most],
    )?;
    rows.iter().map(|row| Ok((row.text(0)?, row.text(1)? == user_id || row.text(2)? == user_id))).collect()
}

/// Whether any annotation comes from an end user. Looks at all of them when none does, which is rare: it is asked for
/// names that nothing else knows.
pub(super) fn has_said_anything(tx: &mut Tx<'_>, project: i64, user_id: &str) -> Result<bool> {
    let sql = "select 1 from annotation where project = $1 and (identity_id = $2 or annotator_id = $2) limit 1";
    Ok(tx.query_opt(sql, params![project, user_id])?.is_some())
}

/// Removes one annotation with its history and what webhooks were told of it.
pub(super) fn erase_annotation(tx: &mut Tx<'_>, project: i64, id: &str) -> Result<()> {
    let by = params![project, id];
    // A delivery names its annotation in what it says.
    tx.execute(
        "delete from webhook_delivery where project = $1 and (metadata{json} ->> 'annotation_id') = $2
           and trace_id in (select trace_id from annotation where project = $1 and id{bytes_order} = $2)",
        by,
    )?;
    for sql in [
        "delete from annotation_event where project = $1 and annotation_id = $2",
        "delete from feedback where project = $1 and annotation_id = $2
           and trace_id in (select trace_id from annotation where project = $1 and id{bytes_order} = $2)",
        "delete from annotation where project = $1 and id{bytes_order} = $2",
    ] {
        tx.execute(sql, by)?;
    }
    Ok(())
}

/// The next sessions behind an id, with what clients said of them.
pub(super) fn sessions_after(
    tx: &mut Tx<'_>,
    project: i64,
    after: &str,
    most: i64,
) -> Result<Vec<(String, serde_json::Value)>> {
    let sql =
        "select id, data from session where project = $1 and id{bytes_order} > $2 order by id{bytes_order} limit $3";
    let rows = tx.query(sql, params![project, after, most])?;
    rows.iter().map(|row| Ok((row.text(0)?, row.json(1)?))).collect()
}

pub(super) fn erase_session(tx: &mut Tx<'_>, project: i64, id: &str) -> Result<()> {
    tx.execute("delete from session where project = $1 and id = $2", params![project, id]).map(drop)
}

/// The tables of a project, each with the column by which its rows are removed some at a time. Those before others that
/// they point to.
pub(super) const OF_PROJECTS: [(&str, &str); 30] = [
    ("trace", "trace_id"),
    ("span", "trace_id"),
    ("span_chunk", "trace_id"),
    ("log_record", "trace_id"),
    ("trace_settling", "trace_id"),
    ("trace_listener", "project"),
    ("automation_run", "trace_id"),
    ("automation", "id"),
    ("model_call", "call_key"),
    ("ingest_statistics", "hour"),
    ("media", "sha256"),
    ("media_use", "trace_id"),
    ("media_link", "token_hash"),
    ("annotation_event", "annotation_id"),
    ("annotation", "trace_id"),
    ("evaluator_result", "trace_id"),
    ("feedback", "id"),
    ("session", "id"),
    ("saved_view", "id"),
    ("job", "id"),
    ("webhook_subscription", "webhook_id"),
    ("webhook_delivery", "id"),
    ("webhook", "id"),
    ("queue_item", "id"),
    ("queue", "id"),
    ("datapoint_past", "id"),
    ("datapoint", "id"),
    ("dataset", "id"),
    ("human_review_set", "id"),
    ("human_review", "id"),
];

/// Removes some rows of a project from a table; says whether there may be more.
pub(super) fn empty(tx: &mut Tx<'_>, project: i64, (table, key): (&str, &str), most: i64) -> Result<bool> {
    let sql = format!(
        "delete from {table} where project = $1 and {key} in (select {key} from {table} where project = $1 limit $2)"
    );
    Ok(tx.execute(&sql, params![project, most])? > 0)
}

/// The number and the id of a project that was archived before a moment, or of which something went already, the longest
/// ago first. None that a job of this kind is at.
pub(super) fn next_to_go(tx: &mut Tx<'_>, before: i64, kind: &str) -> Result<Option<(i64, String)>> {
    let sql = "select number, id from project p
      where (archived_at < $1 or deleting_since is not null) and is_default = 0
        and not exists (select 1 from job where kind = $2 and ended_at is null and (input{json} ->> 'id') = p.id)
      order by archived_at limit 1";
    tx.query_opt(sql, params![before, kind])?.map(|row| Ok((row.int(0)?, row.text(1)?))).transpose()
}

/// Says that a project goes from now on, so that nobody brings it back any more; whether it is still there to go.
pub(super) fn begin(tx: &mut Tx<'_>, project_id: &str, now: i64) -> Result<bool> {
    let sql = "update project set deleting_since = coalesce(deleting_since, $2)
      where id = $1 and archived_at is not null";
    Ok(tx.execute(sql, params![project_id, now])? == 1)
}

pub(super) fn count_traces(tx: &mut Tx<'_>, project: i64) -> Result<i64> {
    tx.query_one("select count(*) from trace where project = $1", params![project])?.int(0)
}

/// Removes a project itself, with its keys, invites, roles and identities.
pub(super) fn delete_project(tx: &mut Tx<'_>, project_id: &str) -> Result<()> {
    tx.execute("delete from automation_day where automation_id not in (select id from automation)", &[])?;
    for sql in ["delete from identity where project_id = $1", "delete from project where id = $1"] {
        tx.execute(sql, params![project_id])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{OF_PROJECTS, OF_TELEMETRY, OF_TRACES};
    use crate::db::{Db, Location};
    use crate::params;

    /// The tables of the schema that have a column of this name.
    fn tables_with(column: &str) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&Location::Sqlite(folder.path().join("postil.db"))).unwrap();
        let column = column.to_owned();
        let rows = db.read_blocking(move |tx| {
            let sql = "select m.name from sqlite_schema m join pragma_table_info(m.name) c
              where m.type = 'table' and c.name = $1 order by m.name";
            tx.query(sql, params![&column])
        });
        rows.unwrap().iter().map(|row| row.text(0).unwrap()).collect()
    }

    #[test]
    fn every_table_that_names_a_trace_is_emptied_of_it() {
        let known: Vec<_> = OF_TELEMETRY.iter().chain(&OF_TRACES).chain(&["annotation_event"]).collect();
        for table in tables_with("trace_id") {
            assert!(known.iter().any(|name| **name == table), "deleting a trace forgets the table {table}");
        }
    }

    #[test]
    fn every_table_of_a_project_is_emptied() {
        for table in tables_with("project") {
            assert!(OF_PROJECTS.iter().any(|(name, _)| *name == table), "deleting a project forgets the table {table}");
        }
    }
}
