//! The SQL of queues and of who may review in them.

use serde::Serialize;

use super::definition::{Correction, Order, OrderBy, Queue};
use crate::db::{Row, Tx, Value};
use crate::error::{Error, Result};
use crate::params;
use crate::project::ProjectRef;

const COLUMNS: &str = "q.id, p.id, q.project, q.display_name, q.description, q.instructions, q.questions, q.overlap,
  q.blind, q.lease_seconds, q.order_by, q.order_field, q.order_descending, q.correction, q.open_to_all, q.view,
  q.due_at, q.created_by, q.updated_by, q.created_at, q.updated_at";

fn read(row: &Row) -> Result<Queue> {
    let (by, correction) = (row.text(10)?, row.text(13)?);
    Ok(Queue {
        id: row.text(0)?,
        project: ProjectRef { id: row.text(1)?, number: row.int(2)? },
        display_name: row.text(3)?,
        description: row.text(4)?,
        instructions: row.text(5)?,
        questions: row.json(6)?,
        overlap: row.int(7)?,
        blind: row.bool(8)?,
        lease_seconds: row.int(9)?,
        order: Order {
            by: OrderBy::parse(&by).ok_or_else(|| Error::internal(format!("a queue is ordered by {by}")))?,
            field: row.opt_text(11)?,
            descending: row.bool(12)?,
        },
        correction: Correction::parse(&correction)
            .ok_or_else(|| Error::internal(format!("a queue has the correction {correction}")))?,
        open_to_all: row.bool(14)?,
        view: row.json(15)?,
        due_at: row.opt_int(16)?,
        created_by: row.text(17)?,
        updated_by: row.text(18)?,
        created_at: row.int(19)?,
        updated_at: row.int(20)?,
    })
}

fn json<T: Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(Error::internal)
}

/// The settings, in the order of both statements below.
fn settings(queue: &Queue) -> Result<Vec<Value>> {
    Ok(params![
        &queue.id,
        &queue.display_name,
        &queue.description,
        &queue.instructions,
        json(&queue.questions)?,
        queue.overlap,
        queue.blind,
        queue.lease_seconds,
        queue.order.by.name(),
        &queue.order.field,
        queue.order.descending,
        queue.correction.name(),
        queue.open_to_all,
        json(&queue.view)?,
        queue.due_at,
        &queue.updated_by,
        queue.updated_at
    ]
    .to_vec())
}

/// A queue of a workspace, of one project of it if one is given.
pub(super) fn find(tx: &mut Tx<'_>, workspace_id: &str, project: Option<i64>, id: &str) -> Result<Option<Queue>> {
    let sql = format!(
        "select {COLUMNS} from queue q join project p on p.number = q.project
         where q.id = $1 and p.workspace_id = $2 and p.archived_at is null
           and (cast($3 as bigint) is null or q.project = $3)"
    );
    tx.query_opt(&sql, params![id, workspace_id, project])?.as_ref().map(read).transpose()
}

/// The queues of a workspace or of one project of it, newest first.
pub(super) fn list(tx: &mut Tx<'_>, workspace_id: &str, project: Option<i64>) -> Result<Vec<Queue>> {
    let sql = format!(
        "select {COLUMNS} from queue q join project p on p.number = q.project
         where p.workspace_id = $1 and p.archived_at is null and (cast($2 as bigint) is null or q.project = $2)
         order by q.created_at desc, q.id{{bytes_order}} desc"
    );
    tx.query(&sql, params![workspace_id, project])?.iter().map(read).collect()
}

pub(super) fn exists(tx: &mut Tx<'_>, id: &str) -> Result<bool> {
    Ok(tx.query_opt("select 1 from queue where id = $1", params![id])?.is_some())
}

pub(super) fn count(tx: &mut Tx<'_>, project: i64) -> Result<usize> {
    let row = tx.query_one("select count(*) from queue where project = $1", params![project])?;
    Ok(usize::try_from(row.int(0)?).unwrap_or(usize::MAX))
}

pub(super) fn insert(tx: &mut Tx<'_>, queue: &Queue) -> Result<()> {
    let mut values = settings(queue)?;
    values.extend_from_slice(params![queue.project.number, &queue.created_by, queue.created_at]);
    tx.execute(
        "insert into queue (id, display_name, description, instructions, questions, overlap, blind, lease_seconds,
           order_by, order_field, order_descending, correction, open_to_all, view, due_at, updated_by, updated_at,
           project, created_by, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)",
        &values,
    )
    .map(drop)
}

pub(super) fn update(tx: &mut Tx<'_>, queue: &Queue) -> Result<()> {
    tx.execute(
        "update queue set display_name = $2, description = $3, instructions = $4, questions = $5, overlap = $6,
           blind = $7, lease_seconds = $8, order_by = $9, order_field = $10, order_descending = $11, correction = $12,
           open_to_all = $13, view = $14, due_at = $15, updated_by = $16, updated_at = $17
         where id = $1",
        &settings(queue)?,
    )
    .map(drop)
}

pub(super) fn delete(tx: &mut Tx<'_>, id: &str) -> Result<()> {
    tx.execute("delete from queue where id = $1", params![id]).map(drop)
}

/// Lets every item of a queue need as many answers as the queue says.
pub(super) fn set_overlap(tx: &mut Tx<'_>, queue: &Queue) -> Result<()> {
    tx.execute(
        "update queue_item set overlap = $2, updated_at = $3,
           state = case when answered >= $2 then 'completed' else 'open' end,
           completed_at = case when answered >= $2 then coalesce(completed_at, $3) end
         where queue_id = $1 and state in ('open', 'completed')",
        params![&queue.id, queue.overlap, queue.updated_at],
    )
    .map(drop)
}

/// Whether a queue names somebody as its reviewer.
pub(super) fn is_named(tx: &mut Tx<'_>, queue_id: &str, reviewer: &str) -> Result<bool> {
    let sql = "select 1 from queue_reviewer where queue_id = $1 and reviewer = $2 and named = 1";
    Ok(tx.query_opt(sql, params![queue_id, reviewer])?.is_some())
}

/// Whether a member was let into a project for the queues that name them, and no others.
pub(super) fn only_named_queues(tx: &mut Tx<'_>, project_id: &str, member_id: &str) -> Result<bool> {
    let sql = "select 1 from member_role where member_id = $1 and project_id = $2 and queues_named = 1";
    Ok(tx.query_opt(sql, params![member_id, project_id])?.is_some())
}

/// Those whom a queue names as its reviewers.
pub(super) fn reviewers(tx: &mut Tx<'_>, queue_id: &str) -> Result<Vec<String>> {
    let sql = "select reviewer from queue_reviewer where queue_id = $1 and named = 1 order by reviewer{bytes_order}";
    tx.query(sql, params![queue_id])?.iter().map(|row| row.text(0)).collect()
}

/// Lets a queue name somebody as its reviewer, or no longer; the hint of their last search stays.
pub(super) fn name_reviewer(tx: &mut Tx<'_>, queue_id: &str, reviewer: &str, named: bool) -> Result<()> {
    tx.execute(
        "insert into queue_reviewer (queue_id, reviewer, named) values ($1, $2, $3)
         on conflict (queue_id, reviewer) do update set named = excluded.named",
        params![queue_id, reviewer, named],
    )
    .map(drop)
}
