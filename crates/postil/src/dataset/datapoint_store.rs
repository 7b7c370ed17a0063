//! The SQL of datapoints.

use std::collections::HashSet;

use super::Dataset;
use super::datapoint::{Datapoint, Origin};
use crate::db::{Row, Tx, Value};
use crate::error::{Error, Result};
use crate::page::{Page, PageRequest};
use crate::params;

pub(super) const COLUMNS: &str =
    "id, project, dataset_id, position, inputs, messages, expected_output, evaluations, origin,
  content_hash, created_by, updated_by, created_at, updated_at";

/// Hashes asked for with one statement.
const IN_LIST: usize = 100;

pub(super) fn read(row: &Row) -> Result<Datapoint> {
    Ok(Datapoint {
        id: row.text(0)?,
        project: row.int(1)?,
        dataset_id: row.text(2)?,
        position: row.int(3)?,
        inputs: row.opt_json(4)?,
        messages: row.opt_json(5)?,
        expected_output: row.opt_text(6)?,
        evaluations: row.opt_json(7)?,
        origin: row.opt_json(8)?,
        content_hash: row.text(9)?,
        created_by: row.text(10)?,
        updated_by: row.text(11)?,
        created_at: row.int(12)?,
        updated_at: row.int(13)?,
    })
}

fn json<T: serde::Serialize>(value: Option<&T>) -> Result<Option<String>> {
    value.map(|value| serde_json::to_string(value).map_err(Error::internal)).transpose()
}

pub(super) fn insert(tx: &mut Tx<'_>, datapoints: &[Datapoint], snapshots: i64) -> Result<()> {
    let row = |datapoint: &Datapoint| {
        let source = datapoint.origin.as_ref().and_then(Origin::source);
        let row = params![
            &datapoint.id,
            datapoint.project,
            &datapoint.dataset_id,
            datapoint.position,
            json(datapoint.inputs.as_ref())?,
            json(datapoint.messages.as_ref())?,
            &datapoint.expected_output,
            json(datapoint.evaluations.as_ref())?,
            json(datapoint.origin.as_ref())?,
            &datapoint.content_hash,
            &datapoint.created_by,
            &datapoint.updated_by,
            datapoint.created_at,
            datapoint.updated_at,
            &source,
            &datapoint.content_hash,
            snapshots
        ];
        Ok(row.to_vec())
    };
    let rows = datapoints.iter().map(row).collect::<Result<Vec<_>>>()?;
    let sql = format!("insert into datapoint ({COLUMNS}, source, source_hash, since) values $rows");
    tx.insert_many(&sql, &rows).map(drop)
}

pub(super) fn update(tx: &mut Tx<'_>, datapoint: &Datapoint, snapshots: i64) -> Result<()> {
    tx.execute(
        "update datapoint set inputs = $3, messages = $4, expected_output = $5, content_hash = $6, updated_by = $7,
           updated_at = $8, since = $9
         where dataset_id = $1 and id = $2",
        params![
            &datapoint.dataset_id,
            &datapoint.id,
            json(datapoint.inputs.as_ref())?,
            json(datapoint.messages.as_ref())?,
            &datapoint.expected_output,
            &datapoint.content_hash,
            &datapoint.updated_by,
            datapoint.updated_at,
            snapshots
        ],
    )
    .map(drop)
}

pub(super) fn find(tx: &mut Tx<'_>, dataset_id: &str, id: &str) -> Result<Option<Datapoint>> {
    let sql = format!("select {COLUMNS} from datapoint where dataset_id = $1 and id = $2");
    tx.query_opt(&sql, params![dataset_id, id])?.as_ref().map(read).transpose()
}

/// A datapoint of any dataset of a project.
pub(super) fn find_in_project(tx: &mut Tx<'_>, project: i64, id: &str) -> Result<Option<Datapoint>> {
    let sql = format!("select {COLUMNS} from datapoint where project = $1 and id = $2");
    tx.query_opt(&sql, params![project, id])?.as_ref().map(read).transpose()
}

/// The first datapoint that was taken from this span when its content was this, whatever it holds by now.
pub(super) fn find_taken(tx: &mut Tx<'_>, dataset_id: &str, source: &str, hash: &str) -> Result<Option<Datapoint>> {
    let sql = format!(
        "select {COLUMNS} from datapoint where dataset_id = $1 and source = $2 and source_hash = $3
         order by position limit 1"
    );
    tx.query_opt(&sql, params![dataset_id, source, hash])?.as_ref().map(read).transpose()
}

/// Which of these contents the dataset holds.
pub(super) fn known_contents(tx: &mut Tx<'_>, dataset_id: &str, hashes: &[String]) -> Result<HashSet<String>> {
    let places = (2..IN_LIST + 2).map(|at| format!("${at}")).collect::<Vec<_>>().join(", ");
    let sql =
        format!("select distinct content_hash from datapoint where dataset_id = $1 and content_hash in ({places})");
    let mut known = HashSet::new();
    for some in hashes.chunks(IN_LIST) {
        // One text for every number of hashes: the last one fills up the rest.
        let mut params = vec![Value::from(dataset_id)];
        params.extend((0..IN_LIST).map(|at| Value::from(some.get(at).or(some.last()).map_or("", String::as_str))));
        for row in tx.query(&sql, &params)? {
            known.insert(row.text(0)?);
        }
    }
    Ok(known)
}

/// A page in the order in which they came. A cursor that names none of them leads nowhere.
pub(super) fn list(tx: &mut Tx<'_>, dataset_id: &str, page: &PageRequest) -> Result<Page<Datapoint>> {
    let backwards = page.ending_before.is_some();
    let mut params = vec![Value::from(dataset_id)];
    let mut cursor = String::new();
    if let Some(id) = page.starting_after.as_ref().or(page.ending_before.as_ref()) {
        params.push(id.into());
        let sign = if backwards { '<' } else { '>' };
        cursor =
            format!(" and position {sign} (select position from datapoint c where c.dataset_id = $1 and c.id = $2)");
    }
    let order = if backwards { "desc" } else { "asc" };
    let sql = format!(
        "select {COLUMNS} from datapoint where dataset_id = $1{cursor} order by position {order} limit {}",
        page.limit + 1
    );
    let mut data: Vec<Datapoint> = tx.query(&sql, &params)?.iter().map(read).collect::<Result<_>>()?;
    let has_more = data.len() > page.limit;
    data.truncate(page.limit);
    if backwards {
        data.reverse();
    }
    Ok(Page { data, has_more })
}

pub(super) fn delete(tx: &mut Tx<'_>, dataset_id: &str, id: &str) -> Result<u64> {
    tx.execute("delete from datapoint where dataset_id = $1 and id = $2", params![dataset_id, id])
}

pub(super) fn clear(tx: &mut Tx<'_>, dataset_id: &str) -> Result<()> {
    tx.execute("delete from datapoint where dataset_id = $1", params![dataset_id]).map(drop)
}

/// Lets the datapoints follow their dataset into another project.
pub(super) fn move_all(tx: &mut Tx<'_>, dataset: &Dataset) -> Result<()> {
    for table in ["datapoint", "datapoint_past"] {
        let sql = format!("update {table} set project = $2 where dataset_id = $1");
        tx.execute(&sql, params![&dataset.id, dataset.project])?;
    }
    Ok(())
}

/// Contents that are there more than once, with how often, in the order of the first of each.
pub(super) fn repeated(tx: &mut Tx<'_>, dataset_id: &str, limit: usize) -> Result<Vec<(String, i64)>> {
    let sql = format!(
        "select content_hash, count(*) from datapoint where dataset_id = $1
         group by content_hash having count(*) > 1 order by min(position) limit {limit}"
    );
    tx.query(&sql, params![dataset_id])?.iter().map(|row| Ok((row.text(0)?, row.int(1)?))).collect()
}

/// The ids of datapoints with this content, in their order.
pub(super) fn with_content(tx: &mut Tx<'_>, dataset_id: &str, hash: &str, limit: usize) -> Result<Vec<String>> {
    let sql =
        format!("select id from datapoint where dataset_id = $1 and content_hash = $2 order by position limit {limit}");
    tx.query(&sql, params![dataset_id, hash])?.iter().map(|row| row.text(0)).collect()
}

/// How many datapoints repeat an earlier one.
pub(super) fn surplus(tx: &mut Tx<'_>, dataset_id: &str) -> Result<i64> {
    let sql = "select count(*) - count(distinct content_hash) from datapoint where dataset_id = $1";
    tx.query_one(sql, params![dataset_id])?.int(0)
}

/// Removes datapoints that repeat an earlier one.
pub(super) fn delete_repeated(tx: &mut Tx<'_>, dataset_id: &str) -> Result<u64> {
    let sql = "delete from datapoint where dataset_id = $1 and exists (select 1 from datapoint f
      where f.dataset_id = $1 and f.content_hash = datapoint.content_hash and f.position < datapoint.position)";
    tx.execute(sql, params![dataset_id])
}
