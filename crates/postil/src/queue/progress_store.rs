//! The SQL of progress.

use super::definition::Queue;
use super::progress::{Own, Team};
use crate::db::Tx;
use crate::error::Result;
use crate::params;

pub(super) fn team(tx: &mut Tx<'_>, queue_id: &str, now: i64) -> Result<Team> {
    let mut team = Team::default();
    let (mut open, mut open_answered) = (0, 0);
    // Read from an index alone, in its order.
    let sql = "select state, answered, count(*) from queue_item where queue_id = $1 group by state, answered";
    for row in tx.query(sql, params![queue_id])? {
        let (answered, items) = (row.int(1)?, row.int(2)?);
        team.total += items;
        team.answers += items * answered;
        match row.text(0)?.as_str() {
            "completed" => team.completed += items,
            "orphaned" => team.orphaned += items,
            _ => {
                open += items;
                open_answered += if answered > 0 { items } else { 0 };
            }
        }
    }
    let held = tx.query_one(
        "select count(*), cast(coalesce(sum(case when answered > 0 then 1 else 0 end), 0) as bigint)
         from queue_item where state = 'open' and id in
           (select item_id from queue_seat where queue_id = $1 and state = 'held' and lease_until >= $2)",
        params![queue_id, now],
    )?;
    team.in_review = held.int(0)?;
    team.needs_others = open_answered - held.int(1)?;
    team.to_do = open - team.in_review - team.needs_others;
    let sql = "select assignee, count(*) from queue_item
      where queue_id = $1 and state = 'open' and assignee is not null group by assignee";
    for row in tx.query(sql, params![queue_id])? {
        team.assigned.insert(row.text(0)?, row.int(1)?);
    }
    Ok(team)
}

pub(super) fn own(tx: &mut Tx<'_>, queue: &Queue, reviewer: &str) -> Result<Own> {
    let sql = "select state, count(*) from queue_seat where queue_id = $1 and reviewer = $2 group by state";
    let mut own = Own::default();
    for row in tx.query(sql, params![&queue.id, reviewer])? {
        let items = row.int(1)?;
        match row.text(0)?.as_str() {
            "submitted" => own.submitted = items,
            "skipped" => own.skipped = items,
            "declined" => own.declined = items,
            _ => {}
        }
    }
    // An item that needs one answer is complete with it.
    let may_be_open = if queue.overlap > 1 { "('submitted', 'declined')" } else { "('declined')" };
    let sql = format!(
        "select count(*) from queue_seat s join queue_item i on i.id = s.item_id
         where s.queue_id = $1 and s.reviewer = $2 and s.state in {may_be_open} and i.state = 'open'
           and (i.assignee is null or i.assignee = $2)"
    );
    own.done_and_open = tx.query_one(&sql, params![&queue.id, reviewer])?.int(0)?;
    Ok(own)
}

/// Open items whose span or trace is gone, of any queue, at most so many.
pub(super) fn lost(tx: &mut Tx<'_>, most: usize) -> Result<Vec<String>> {
    let sql = format!(
        "select i.id from queue_item i where i.state = 'open'
           and not exists (select 1 from trace t where t.project = i.project and t.trace_id = i.trace_id)
         limit {most}"
    );
    tx.query(&sql, &[])?.iter().map(|row| row.text(0)).collect()
}

pub(super) fn put_aside(tx: &mut Tx<'_>, id: &str, now: i64) -> Result<()> {
    let sql = "update queue_item set state = 'orphaned', updated_at = $2 where id = $1 and state = 'open'";
    tx.execute(sql, params![id, now]).map(drop)
}
