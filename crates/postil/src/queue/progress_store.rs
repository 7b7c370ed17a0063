//! The SQL of progress.

use super::progress::Progress;
use crate::db::Tx;
use crate::error::Result;
use crate::params;

pub(super) fn progress(tx: &mut Tx<'_>, queue_id: &str, reviewer: &str, now: i64) -> Result<Progress> {
    let mut counted = Progress::default();
    let (mut open, mut open_answered) = (0, 0);
    // Read from an index alone: a submission does not wait for 100,000 rows.
    let sql = "select state, case when answered > 0 then 1 else 0 end, count(*), cast(sum(answered) as bigint)
      from queue_item where queue_id = $1 group by 1, 2";
    for row in tx.query(sql, params![queue_id])? {
        let count = row.int(2)?;
        counted.total += count;
        counted.answers += row.int(3)?;
        match row.text(0)?.as_str() {
            "completed" => counted.completed += count,
            "orphaned" => counted.orphaned += count,
            _ => {
                open += count;
                open_answered += count * row.int(1)?;
            }
        }
    }
    let held = tx.query_one(
        "select count(*), cast(coalesce(sum(case when answered > 0 then 1 else 0 end), 0) as bigint)
         from queue_item where state = 'open' and id in
           (select item_id from queue_seat where queue_id = $1 and state = 'held' and lease_until >= $2)",
        params![queue_id, now],
    )?;
    counted.in_review = held.int(0)?;
    counted.needs_others = open_answered - held.int(1)?;
    counted.to_do = open - counted.in_review - counted.needs_others;
    let own = tx.query_one(
        "select cast(coalesce(sum(case when z.state = 'submitted' then 1 else 0 end), 0) as bigint),
           cast(coalesce(sum(case when z.state = 'skipped' then 1 else 0 end), 0) as bigint),
           cast(coalesce(sum(case when z.state = 'declined' then 1 else 0 end), 0) as bigint),
           cast(coalesce(sum(case when z.state in ('submitted', 'declined') and i.state = 'open' then 1 else 0 end), 0)
             as bigint)
         from queue_seat z join queue_item i on i.id = z.item_id where z.queue_id = $1 and z.reviewer = $2",
        params![queue_id, reviewer],
    )?;
    let others = tx.query_one(
        "select count(*) from queue_item
         where queue_id = $1 and state = 'open' and assignee is not null and assignee <> $2",
        params![queue_id, reviewer],
    )?;
    Ok(Progress {
        submitted: own.int(0)?,
        skipped: own.int(1)?,
        declined: own.int(2)?,
        left: (open - own.int(3)? - others.int(0)?).max(0),
        ..counted
    })
}

/// Open items whose span or trace is gone, of any queue, at most so many.
pub(super) fn lost(tx: &mut Tx<'_>, most: usize) -> Result<Vec<String>> {
    let sql = format!(
        "select i.id from queue_item i where i.state = 'open' and i.kind <> 'datapoint'
           and not exists (select 1 from trace t where t.project = i.project and t.trace_id = i.trace_id)
         limit {most}"
    );
    tx.query(&sql, &[])?.iter().map(|row| row.text(0)).collect()
}

pub(super) fn put_aside(tx: &mut Tx<'_>, id: &str, now: i64) -> Result<()> {
    let sql = "update queue_item set state = 'orphaned', updated_at = $2 where id = $1 and state = 'open'";
    tx.execute(sql, params![id, now]).map(drop)
}
