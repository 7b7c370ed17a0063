//! The SQL of seats, and of items as far as reviewers change them.

use super::read::{Mine, Other};
use super::seat::{Place, Seat, SeatState, Task};
use crate::db::{Row, Tx};
use crate::error::{Error, Result};
use crate::params;
pub(super) use crate::queue::progress_store::put_aside;

/// Where a reviewer's last search ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hint {
    pub(super) priority: i64,
    pub(super) key: i64,
    pub(super) id: String,
}

pub(super) const TASK: &str =
    "i.id, i.kind, i.trace_id, i.span_id, i.state, i.priority, i.sort_key, i.assignee, i.overlap, i.taken,
  i.answered, i.added_at";
pub(super) const TASK_COLUMNS: usize = 12;
const SEAT: &str =
    "s.reviewer, s.state, s.lease_until, s.claimed_at, s.ended_at, s.active_ms, s.draft, s.answers, s.before,
  s.submission_id, s.note, s.flagged, s.reason";

pub(super) fn read_task(row: &Row) -> Result<Task> {
    Ok(Task {
        id: row.text(0)?,
        kind: row.text(1)?,
        trace_id: row.opt_text(2)?.unwrap_or_default(),
        span_id: row.opt_text(3)?.unwrap_or_default(),
        state: row.text(4)?,
        priority: row.int(5)?,
        sort_key: row.int(6)?,
        assignee: row.opt_text(7)?,
        overlap: row.int(8)?,
        taken: row.int(9)?,
        answered: row.int(10)?,
        added_at: row.int(11)?,
    })
}

fn read_seat(row: &Row, at: usize) -> Result<Seat> {
    let state = row.text(at + 1)?;
    Ok(Seat {
        reviewer: row.text(at)?,
        state: SeatState::parse(&state).ok_or_else(|| Error::internal(format!("a seat is {state}")))?,
        lease_until: row.opt_int(at + 2)?,
        claimed_at: row.int(at + 3)?,
        ended_at: row.opt_int(at + 4)?,
        active_ms: row.int(at + 5)?,
        draft: row.opt_json(at + 6)?,
        given: row.opt_json(at + 7)?,
        before: row.opt_json(at + 8)?.unwrap_or_default(),
        submission_id: row.opt_text(at + 9)?,
        note: row.opt_text(at + 10)?,
        flagged: row.bool(at + 11)?,
        reason: row.opt_text(at + 12)?,
    })
}

pub(super) fn read_place(row: &Row) -> Result<Place> {
    Ok(Place { task: read_task(row)?, seat: read_seat(row, TASK_COLUMNS)? })
}

/// Locks the reviewer's row of a queue, making it when there is none, so that what they do there happens one after the
/// other.
pub(super) fn lock_reviewer(tx: &mut Tx<'_>, queue_id: &str, reviewer: &str) -> Result<Option<Hint>> {
    let sql = "select cursor_priority, cursor_key, cursor_id from queue_reviewer
      where queue_id = $1 and reviewer = $2 {for_update}";
    let mut row = tx.query_opt(sql, params![queue_id, reviewer])?;
    if row.is_none() {
        let make = "insert into queue_reviewer (queue_id, reviewer, named) values ($1, $2, 0)
          on conflict (queue_id, reviewer) do nothing";
        tx.execute(make, params![queue_id, reviewer])?;
        row = tx.query_opt(sql, params![queue_id, reviewer])?;
    }
    let Some(row) = row else { return Err(Error::internal("a reviewer's row is missing")) };
    Ok(match (row.opt_int(0)?, row.opt_int(1)?, row.opt_text(2)?) {
        (Some(priority), Some(key), Some(id)) => Some(Hint { priority, key, id }),
        _ => None,
    })
}

pub(super) fn keep_hint(tx: &mut Tx<'_>, queue_id: &str, reviewer: &str, hint: &Hint) -> Result<()> {
    let sql = "update queue_reviewer set cursor_priority = $3, cursor_key = $4, cursor_id = $5
      where queue_id = $1 and reviewer = $2";
    tx.execute(sql, params![queue_id, reviewer, hint.priority, hint.key, &hint.id]).map(drop)
}

/// An item of a queue, held until this transaction ends.
pub(super) fn lock_task(tx: &mut Tx<'_>, queue_id: &str, item_id: &str) -> Result<Option<Task>> {
    let sql = format!("select {TASK} from queue_item i where i.id = $2 and i.queue_id = $1 {{for_update}}");
    tx.query_opt(&sql, params![queue_id, item_id])?.as_ref().map(read_task).transpose()
}

/// The same, if nobody else holds it.
pub(super) fn try_lock_task(tx: &mut Tx<'_>, queue_id: &str, item_id: &str) -> Result<Option<Task>> {
    let sql = format!("select {TASK} from queue_item i where i.id = $2 and i.queue_id = $1 {{skip_locked}}");
    tx.query_opt(&sql, params![queue_id, item_id])?.as_ref().map(read_task).transpose()
}

pub(super) fn seat(tx: &mut Tx<'_>, item_id: &str, reviewer: &str) -> Result<Option<Seat>> {
    let sql = format!("select {SEAT} from queue_seat s where s.item_id = $1 and s.reviewer = $2");
    tx.query_opt(&sql, params![item_id, reviewer])?.as_ref().map(|row| read_seat(row, 0)).transpose()
}

/// An item with a reviewer's seat at it.
pub(super) fn place(tx: &mut Tx<'_>, queue_id: &str, item_id: &str, reviewer: &str) -> Result<Option<Place>> {
    let sql = format!(
        "select {TASK}, {SEAT} from queue_item i join queue_seat s on s.item_id = i.id and s.reviewer = $3
         where i.id = $2 and i.queue_id = $1"
    );
    tx.query_opt(&sql, params![queue_id, item_id, reviewer])?.as_ref().map(read_place).transpose()
}

/// Whether the queue has this item.
pub(super) fn has_item(tx: &mut Tx<'_>, queue_id: &str, item_id: &str) -> Result<bool> {
    let sql = "select 1 from queue_item where id = $2 and queue_id = $1";
    Ok(tx.query_opt(sql, params![queue_id, item_id])?.is_some())
}

/// What a reviewer holds and has reserved: what was put on the screen last first, then what was reserved first.
pub(super) fn live(tx: &mut Tx<'_>, queue_id: &str, reviewer: &str) -> Result<Vec<Place>> {
    let sql = format!(
        "select {TASK}, {SEAT} from queue_seat s join queue_item i on i.id = s.item_id
         where s.queue_id = $1 and s.reviewer = $2 and s.state in ('held', 'reserved')"
    );
    let mut found: Vec<Place> =
        tx.query(&sql, params![queue_id, reviewer])?.iter().map(read_place).collect::<Result<_>>()?;
    found.sort_by(|a, b| {
        let order = |place: &Place| match place.seat.state {
            SeatState::Held => (0, -place.seat.claimed_at),
            _ => (1, place.seat.claimed_at),
        };
        let task = |place: &Place| (-place.task.priority, place.task.sort_key, place.task.id.clone());
        order(a).cmp(&order(b)).then_with(|| task(a).cmp(&task(b)))
    });
    Ok(found)
}

/// Keeps everything a reviewer has in a queue for longer.
pub(super) fn renew(tx: &mut Tx<'_>, queue_id: &str, reviewer: &str, until: i64) -> Result<()> {
    let sql = "update queue_seat set lease_until = $3
      where queue_id = $1 and reviewer = $2 and state in ('held', 'reserved')";
    tx.execute(sql, params![queue_id, reviewer, until]).map(drop)
}

/// Leases of others that are over: item and reviewer.
pub(super) fn lapsed(
    tx: &mut Tx<'_>,
    queue_id: &str,
    but: &str,
    now: i64,
    limit: usize,
) -> Result<Vec<(String, String)>> {
    let sql = format!(
        "select item_id, reviewer from queue_seat where queue_id = $1 and lease_until < $2 and reviewer <> $3
           and state in ('held', 'reserved')
         order by lease_until, item_id limit {limit}"
    );
    tx.query(&sql, params![queue_id, now, but])?.iter().map(|row| Ok((row.text(0)?, row.text(1)?))).collect()
}

/// Takes a lease that is over away. A seat that was skipped before is skipped again.
pub(super) fn lapse(tx: &mut Tx<'_>, item_id: &str, reviewer: &str, now: i64) -> Result<bool> {
    let sql = "update queue_seat set lease_until = null,
        state = case when ended_at is null then 'lapsed' else 'skipped' end
      where item_id = $1 and reviewer = $2 and state in ('held', 'reserved') and lease_until < $3";
    Ok(tx.execute(sql, params![item_id, reviewer, now])? == 1)
}

/// Takes what is reserved, and not yet on anybody's screen, away.
pub(super) fn take_reserved(tx: &mut Tx<'_>, item_id: &str, reviewer: &str) -> Result<bool> {
    let sql = "update queue_seat set lease_until = null,
        state = case when ended_at is null then 'lapsed' else 'skipped' end
      where item_id = $1 and reviewer = $2 and state = 'reserved'";
    Ok(tx.execute(sql, params![item_id, reviewer])? == 1)
}

/// Seats others have reserved at items the reviewer could judge, the oldest first: item and reviewer.
pub(super) fn reserved_by_others(tx: &mut Tx<'_>, queue_id: &str, me: &str, now: i64) -> Result<Vec<(String, String)>> {
    let sql = "select s.item_id, s.reviewer from queue_seat s join queue_item i on i.id = s.item_id
      where s.queue_id = $1 and s.lease_until >= $3 and s.state = 'reserved' and s.reviewer <> $2 and i.state = 'open'
        and (i.assignee is null or i.assignee = $2)
        and not exists (select 1 from queue_seat m
                        where m.item_id = s.item_id and m.reviewer = $2 and m.state <> 'lapsed')
      order by s.claimed_at, s.item_id, s.reviewer limit 8";
    tx.query(sql, params![queue_id, me, now])?.iter().map(|row| Ok((row.text(0)?, row.text(1)?))).collect()
}

/// Gives a reviewer a seat; what they typed and how long they took stays.
pub(super) fn sit(
    tx: &mut Tx<'_>,
    queue_id: &str,
    item_id: &str,
    reviewer: &str,
    (state, until, now): (SeatState, i64, i64),
) -> Result<Seat> {
    let sql = format!(
        "insert into queue_seat as s (queue_id, item_id, reviewer, state, lease_until, claimed_at, active_ms, flagged)
         values ($1, $2, $3, $4, $5, $6, 0, 0)
         on conflict (item_id, reviewer) do update set state = excluded.state, lease_until = excluded.lease_until,
           claimed_at = excluded.claimed_at
         returning {}",
        SEAT.replace("s.", "")
    );
    let row = tx.query_one(&sql, params![queue_id, item_id, reviewer, state.name(), until, now])?;
    read_seat(&row, 0)
}

/// Changes the counts of an item.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) taken: i64,
    pub(super) answered: i64,
    pub(super) lapses: i64,
    pub(super) declines: i64,
    pub(super) flags: i64,
}

/// Adds to the counts of an item, and says whether it is complete by them.
pub(super) fn count(tx: &mut Tx<'_>, item_id: &str, by: Counts, now: i64) -> Result<Task> {
    let sql = format!(
        "update queue_item set taken = taken + cast($2 as bigint), answered = answered + cast($3 as bigint),
           lapses = lapses + cast($4 as bigint), declines = declines + cast($5 as bigint),
           flags = flags + cast($6 as bigint), updated_at = $7,
           state = case when answered + cast($3 as bigint) >= overlap then 'completed'
                        when state = 'orphaned' then state else 'open' end,
           completed_at = case when answered + cast($3 as bigint) < overlap then null
                               when completed_at is null then $7 else completed_at end
         where id = $1 returning {}",
        TASK.replace("i.", "")
    );
    let row = tx.query_one(&sql, params![item_id, by.taken, by.answered, by.lapses, by.declines, by.flags, now])?;
    read_task(&row)
}

/// Whether anything of a queue is left to judge. Takes the queue's row, so that of two who complete its last two items at
/// the same time the later one finds nothing left.
pub(super) fn has_open_items(tx: &mut Tx<'_>, queue_id: &str) -> Result<bool> {
    tx.query("select id from queue where id = $1{for_update}", params![queue_id])?;
    let sql = "select 1 from queue_item where queue_id = $1 and state = 'open' limit 1";
    Ok(tx.query_opt(sql, params![queue_id])?.is_some())
}

/// Writes what a reviewer did with their seat.
pub(super) fn write_seat(tx: &mut Tx<'_>, item_id: &str, seat: &Seat) -> Result<()> {
    let text = |value: &serde_json::Value| value.to_string();
    let given = seat.given.as_ref().map(serde_json::to_string).transpose().map_err(Error::internal)?;
    let before = match seat.before.is_empty() {
        true => None,
        false => Some(serde_json::to_string(&seat.before).map_err(Error::internal)?),
    };
    let sql = "update queue_seat set state = $3, lease_until = $4, claimed_at = $5, ended_at = $6, active_ms = $7,
        draft = $8, answers = $9, before = $10, submission_id = $11, note = $12, flagged = $13, reason = $14
      where item_id = $1 and reviewer = $2";
    let params = params![
        item_id,
        &seat.reviewer,
        seat.state.name(),
        seat.lease_until,
        seat.claimed_at,
        seat.ended_at,
        seat.active_ms,
        seat.draft.as_ref().map(text),
        given,
        before,
        &seat.submission_id,
        &seat.note,
        seat.flagged,
        &seat.reason
    ];
    tx.execute(sql, params).map(drop)
}

/// Whether what an item is about is still stored.
pub(super) fn is_stored(tx: &mut Tx<'_>, project: i64, task: &Task) -> Result<bool> {
    match task.kind.as_str() {
        "trace" => {
            let sql = "select 1 from trace where project = $1 and trace_id = $2";
            Ok(tx.query_opt(sql, params![project, &task.trace_id])?.is_some())
        }
        _ => span_exists(tx, project, &task.trace_id, &task.span_id),
    }
}

pub(super) fn span_exists(tx: &mut Tx<'_>, project: i64, trace_id: &str, span_id: &str) -> Result<bool> {
    let sql = "select 1 from span where project = $1 and trace_id = $2 and span_id = $3";
    Ok(tx.query_opt(sql, params![project, trace_id, span_id])?.is_some())
}

/// The reviewers of all live seats of others.
pub(super) fn holders(tx: &mut Tx<'_>, queue_id: &str, but: &str, now: i64) -> Result<Vec<String>> {
    let sql = "select reviewer from queue_seat
      where queue_id = $1 and lease_until >= $3 and reviewer <> $2 and state in ('held', 'reserved')";
    tx.query(sql, params![queue_id, but, now])?.iter().map(|row| row.text(0)).collect()
}

/// Keeps a draft; the lease of a seat that is live begins anew.
pub(super) fn write_draft(
    tx: &mut Tx<'_>,
    item_id: &str,
    reviewer: &str,
    (draft, active_ms, now, lease): (&str, i64, i64, i64),
) -> Result<()> {
    let sql = "update queue_seat set draft = $3, active_ms = {greatest}(active_ms, $4), draft_at = $5,
        lease_until = case when state in ('held', 'reserved') then cast($6 as bigint) else lease_until end
      where item_id = $1 and reviewer = $2";
    tx.execute(sql, params![item_id, reviewer, draft, active_ms, now, lease]).map(drop)
}

/// What others submitted of an item, the first first.
pub(super) fn others(tx: &mut Tx<'_>, item_id: &str, but: &str) -> Result<Vec<Other>> {
    let sql = "select reviewer, answers, ended_at from queue_seat
      where item_id = $1 and reviewer <> $2 and state = 'submitted' and answers is not null
      order by ended_at, reviewer";
    let rows = tx.query(sql, params![item_id, but])?;
    rows.iter()
        .map(|row| {
            let submitted_at = row.opt_int(2)?.unwrap_or_default();
            Ok(Other { reviewer: row.text(0)?, given: row.json(1)?, submitted_at })
        })
        .collect()
}

/// What a reviewer submitted, skipped and declined, the last first.
pub(super) fn done(tx: &mut Tx<'_>, queue_id: &str, reviewer: &str, limit: usize) -> Result<Vec<Mine>> {
    let sql = format!(
        "select s.item_id, s.state, s.ended_at, s.active_ms, coalesce(p.name, t.name)
         from queue_seat s join queue_item i on i.id = s.item_id
         left join span p on p.project = i.project and p.trace_id = i.trace_id and p.span_id = i.span_id
         left join trace t on i.kind = 'trace' and t.project = i.project and t.trace_id = i.trace_id
         where s.queue_id = $1 and s.reviewer = $2 and s.state in ('submitted', 'skipped', 'declined')
         order by s.ended_at desc nulls last, s.item_id{{bytes_order}} desc limit {limit}"
    );
    let rows = tx.query(&sql, params![queue_id, reviewer])?;
    rows.iter()
        .map(|row| {
            let state = row.text(1)?;
            Ok(Mine {
                item_id: row.text(0)?,
                state: SeatState::parse(&state).ok_or_else(|| Error::internal(format!("a seat is {state}")))?,
                at: row.opt_int(2)?.unwrap_or_default(),
                active_ms: row.int(3)?,
                name: row.opt_text(4)?,
            })
        })
        .collect()
}
