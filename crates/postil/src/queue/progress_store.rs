//! The SQL of progress.

use super::progress::Progress;
use crate::db::Tx;
use crate::error::Result;
use crate::params;

pub(super) fn progress(tx: &mut Tx<'_>, queue_id: &str, reviewer: &str, now: i64) -> Result<Progress> {
    let row = tx.query_one(
        "select count(*),
           cast(coalesce(sum(case when i.state = 'completed' then 1 else 0 end), 0) as bigint),
           cast(coalesce(sum(case when i.state = 'open' and i.answered > 0 and h.item_id is null then 1 else 0 end), 0)
             as bigint),
           cast(coalesce(sum(case when i.state = 'open' and h.item_id is not null then 1 else 0 end), 0) as bigint),
           cast(coalesce(sum(i.answered), 0) as bigint),
           cast(coalesce(sum(case when i.state = 'open' then 1 else 0 end), 0) as bigint)
         from queue_item i
         left join (select distinct item_id from queue_seat
           where queue_id = $1 and state = 'held' and lease_until >= $2) h on h.item_id = i.id
         where i.queue_id = $1",
        params![queue_id, now],
    )?;
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
    let (total, completed, needs_others, in_review) = (row.int(0)?, row.int(1)?, row.int(2)?, row.int(3)?);
    let open = row.int(5)?;
    Ok(Progress {
        total,
        completed,
        in_review,
        needs_others,
        to_do: open - in_review - needs_others,
        orphaned: orphaned(tx, queue_id)?,
        answers: row.int(4)?,
        submitted: own.int(0)?,
        skipped: own.int(1)?,
        declined: own.int(2)?,
        left: (open - own.int(3)? - others.int(0)?).max(0),
    })
}

fn orphaned(tx: &mut Tx<'_>, queue_id: &str) -> Result<i64> {
    tx.query_one(
        "select count(*) from queue_item i where i.queue_id = $1 and i.kind <> 'datapoint'
           and (i.state = 'orphaned'
                or not exists (select 1 from trace t where t.project = i.project and t.trace_id = i.trace_id))",
        params![queue_id],
    )?
    .int(0)
}
