//! The SQL that reads what was done in a queue.

use std::collections::HashMap;

use super::export::{Answers, AnswersPage};
use super::summary::{MOST_TROUBLE, Remark, ReviewerWork, Trouble};
use crate::db::Tx;
use crate::error::Result;
use crate::params;
use crate::project::{Caller, Permission, Reader};
use crate::queue::Queue;
use crate::trace::filter::SqlBuilder;

/// What was submitted of the items behind `after` that `who` may know.
pub(super) fn answers(
    tx: &mut Tx<'_>,
    queue: &Queue,
    (me, manages): (&str, bool),
    after: &str,
    items: usize,
) -> Result<AnswersPage> {
    let sql = format!(
        "select i.subject, i.id, i.trace_id, i.span_id, s.reviewer, s.answers, s.active_ms, s.ended_at, s.flagged, s.note,
           coalesce(p.input_preview, t.input_preview), coalesce(p.output_preview, t.output_preview)
         from (select id, subject, kind, project, trace_id, span_id, state from queue_item
               where queue_id = $1 and subject > $2 order by subject limit {items}) i
         left join queue_seat s on s.item_id = i.id and s.state = 'submitted' and s.answers is not null
           and (cast($3 as bigint) = 0 or i.state = 'completed' or s.reviewer = $4
                or (cast($5 as bigint) = 1 and not exists
                     (select 1 from queue_seat m where m.item_id = i.id and m.reviewer = $4)))
         left join span p on p.project = i.project and p.trace_id = i.trace_id and p.span_id = i.span_id
         left join trace t on i.kind = 'trace' and t.project = i.project and t.trace_id = i.trace_id
         order by i.subject, s.ended_at, s.reviewer"
    );
    let rows = tx.query(&sql, params![&queue.id, after, queue.blind, me, manages])?;
    let mut data = Vec::new();
    let mut last: Option<String> = None;
    let mut seen = 0;
    for row in &rows {
        let subject = row.text(0)?;
        if last.as_ref() != Some(&subject) {
            seen += 1;
            last = Some(subject);
        }
        let Some(reviewer) = row.opt_text(4)? else { continue };
        data.push(Answers {
            item_id: row.text(1)?,
            trace_id: row.opt_text(2)?.unwrap_or_default(),
            span_id: row.opt_text(3)?,
            reviewer,
            given: row.json(5)?,
            active_ms: row.int(6)?,
            submitted_at: row.opt_int(7)?.unwrap_or_default(),
            flagged: row.opt_int(8)? == Some(1),
            note: row.opt_text(9)?,
            input: row.opt_text(10)?,
            output: row.opt_text(11)?,
        });
    }
    Ok(AnswersPage { data, next: last.filter(|_| seen == items) })
}

/// Every submission: who, when, milliseconds.
pub(super) fn submissions(tx: &mut Tx<'_>, queue_id: &str) -> Result<Vec<(String, i64, i64)>> {
    let sql = "select reviewer, ended_at, active_ms from queue_seat where queue_id = $1 and state = 'submitted'";
    let rows = tx.query(sql, params![queue_id])?;
    rows.iter().map(|row| Ok((row.text(0)?, row.opt_int(1)?.unwrap_or_default(), row.int(2)?))).collect()
}

/// What each reviewer did.
pub(super) fn work(tx: &mut Tx<'_>, queue_id: &str) -> Result<Vec<ReviewerWork>> {
    let sum = |state: &str| format!("cast(sum(case when state = '{state}' then 1 else 0 end) as bigint)");
    let sql = format!(
        "select reviewer, {}, {}, {} from queue_seat
         where queue_id = $1 and state in ('submitted', 'skipped', 'declined') group by reviewer",
        sum("submitted"),
        sum("skipped"),
        sum("declined")
    );
    let rows = tx.query(&sql, params![queue_id])?;
    rows.iter()
        .map(|row| {
            Ok(ReviewerWork {
                reviewer: row.text(0)?,
                submitted: row.int(1)?,
                skipped: row.int(2)?,
                declined: row.int(3)?,
                median_ms: None,
            })
        })
        .collect()
}

/// Items that were declined or flagged, or lapsed more than once; the worst first.
pub(super) fn trouble(tx: &mut Tx<'_>, queue: &Queue, caller: &Caller) -> Result<Vec<Trouble>> {
    let reader = Reader::from(caller);
    let mut sql = SqlBuilder::default();
    let queue_id = sql.bind(&queue.id);
    let me = reader.me().filter(|_| queue.blind).map(|me| sql.bind(me));
    let flags = me.map_or_else(|| "i.flags".to_owned(), |me| reader.flags(&me));
    let text = format!(
        "select * from (
           select i.id, i.declines, {flags} as flags, i.lapses, coalesce(p.name, t.name) as name,
             coalesce(p.input_preview, t.input_preview) as input
           from queue_item i
           left join span p on p.project = i.project and p.trace_id = i.trace_id and p.span_id = i.span_id
           left join trace t on i.kind = 'trace' and t.project = i.project and t.trace_id = i.trace_id
           where i.queue_id = {queue_id} and (i.declines > 0 or i.flags > 0 or i.lapses > 1)) known
         where declines > 0 or flags > 0 or lapses > 1
         order by flags desc, declines desc, lapses desc, id{{bytes_order}} limit {MOST_TROUBLE}"
    );
    let rows = tx.query(&text, sql.params())?;
    let mut remarks = remarks(tx, queue, caller)?;
    rows.iter()
        .map(|row| {
            Ok(Trouble {
                remarks: remarks.remove(&row.text(0)?).unwrap_or_default(),
                input: row.opt_text(5)?,
                item_id: row.text(0)?,
                declines: row.int(1)?,
                flags: row.int(2)?,
                lapses: row.int(3)?,
                name: row.opt_text(4)?,
            })
        })
        .collect()
}

/// What reviewers wrote of the items that are in trouble, by item. Of a blind queue, others' remarks on an item that is not
/// complete are told to those who manage queues and do not judge it too.
fn remarks(tx: &mut Tx<'_>, queue: &Queue, caller: &Caller) -> Result<HashMap<String, Vec<Remark>>> {
    let sql = "select s.item_id, s.reviewer, s.flagged, s.note, s.reason from queue_item i
      join queue_seat s on s.item_id = i.id
      where i.queue_id = $1 and (i.declines > 0 or i.flags > 0 or i.lapses > 1)
        and (s.flagged = 1 or s.note is not null or s.reason is not null)
        and (cast($2 as bigint) = 0 or i.state = 'completed' or s.reviewer = $3
             or (cast($4 as bigint) = 1 and not exists
                 (select 1 from queue_seat m where m.item_id = i.id and m.reviewer = $3)))
      order by s.item_id, s.reviewer";
    let mut by_item: HashMap<String, Vec<Remark>> = HashMap::new();
    for row in
        tx.query(sql, params![&queue.id, queue.blind, caller.actor.id(), caller.permissions.has(Permission::Define)])?
    {
        let remark = Remark {
            reviewer: row.text(1)?,
            flagged: row.int(2)? == 1,
            note: row.opt_text(3)?,
            reason: row.opt_text(4)?,
        };
        by_item.entry(row.text(0)?).or_default().push(remark);
    }
    Ok(by_item)
}
