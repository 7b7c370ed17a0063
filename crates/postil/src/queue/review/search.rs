//! Finds the next item for a reviewer.
//!
//! The statement that finds an item takes the seat as well: on PostgreSQL the row is locked where it is found, and items
//! that another transaction is about to take are passed over.

use sha2::{Digest, Sha256};

use super::Desk;
use super::seat::{Place, SeatState, Task};
use super::store::{self, Counts, Hint, TASK, read_task};
use crate::db::{Tx, Value};
use crate::error::Result;
use crate::params;
use crate::queue::OrderBy;

/// Where many people judge each item, the front of a queue may be full of what a reviewer has judged already. So many
/// items are looked at before the search goes on where the last one ended.
const NEAR: usize = 128;
/// So many of them are tried to be taken at once: more than people are likely to claim at the same moment.
const TRIED: usize = 40;
/// So many items whose spans are gone are put aside by one search.
const MOST_GONE: usize = 64;

/// Items the reviewer of `$2` has no seat at, and that have one to give. The seat is looked up by its key for each item
/// until one fits; as `not exists` PostgreSQL may join with all seats of the reviewer instead.
const FREE: &str = "i.queue_id = $1 and i.state = 'open' and i.taken < i.overlap
  and coalesce((select s.state from queue_seat s where s.item_id = i.id and s.reviewer = $2), 'lapsed') = 'lapsed'";

/// How many spans or traces an item is about: one, or none when its time is over.
const STORED: &str = "case kind
  when 'trace' then (select count(*) from trace x where x.project = queue_item.project and x.trace_id = queue_item.trace_id)
  else (select count(*) from span x
        where x.project = queue_item.project and x.trace_id = queue_item.trace_id and x.span_id = queue_item.span_id) end";

/// Which of the free items.
enum Part {
    /// Those given to this reviewer alone.
    Assigned,
    /// Those with one of these ids.
    Named(Vec<String>),
    /// Those behind this place that have its priority.
    Behind(Hint),
    /// Those of this priority with at least this key.
    From(i64, i64),
    /// Those of this priority.
    Priority(i64),
    /// All.
    All,
}

impl Part {
    /// The condition, and its parameters from `$4` on.
    fn condition(&self) -> (String, Vec<Value>) {
        let free = "i.assignee is null";
        match self {
            Part::Assigned => ("i.assignee = $2".into(), Vec::new()),
            Part::Named(ids) => {
                let places: Vec<String> = (0..TRIED).map(|at| format!("${}", at + 4)).collect();
                let values = (0..TRIED).map(|at| ids.get(at).or(ids.last()).map(String::as_str).unwrap_or("").into());
                (format!("{free} and i.id in ({})", places.join(", ")), values.collect())
            }
            Part::Behind(hint) => (
                format!("{free} and i.priority = $4 and (i.sort_key, i.id{{bytes_order}}) > ($5, $6)"),
                params![hint.priority, hint.key, &hint.id].to_vec(),
            ),
            Part::From(priority, key) => {
                (format!("{free} and i.priority = $4 and i.sort_key >= $5"), params![*priority, *key].to_vec())
            }
            Part::Priority(priority) => (format!("{free} and i.priority = $4"), params![*priority].to_vec()),
            Part::All => (free.into(), Vec::new()),
        }
    }
}

impl Desk<'_> {
    /// Takes a seat at the next item: one that is given to the reviewer alone, else the first free one in the order of
    /// the queue, else what they skipped first.
    pub(super) fn next(&mut self, tx: &mut Tx<'_>, state: SeatState) -> Result<Option<Place>> {
        for _ in 0..MOST_GONE {
            let found = match self.take(tx, &Part::Assigned)? {
                Some(found) => Some(found),
                None => self.next_free(tx)?,
            };
            let found = match found {
                Some(found) => Some(found),
                None => self.take_skipped(tx)?,
            };
            let Some((task, is_stored)) = found else { return Ok(None) };
            if is_stored {
                let seat = store::sit(tx, &self.queue.id, &task.id, self.me, (state, self.lease(), self.now))?;
                return Ok(Some(Place { task, seat }));
            }
            store::count(tx, &task.id, Counts { taken: -1, ..Counts::default() }, self.now)?;
            store::put_aside(tx, &task.id, self.now)?;
        }
        Ok(None)
    }

    fn next_free(&mut self, tx: &mut Tx<'_>) -> Result<Option<(Task, bool)>> {
        let begin = (self.queue.order.by == OrderBy::Random).then(|| self.begin());
        if self.queue.overlap == 1 {
            return match begin {
                None => self.take(tx, &Part::All),
                Some(key) => self.around(tx, key),
            };
        }
        if begin.is_none() {
            let near = self.near(tx)?;
            if !near.is_empty()
                && let Some(found) = self.take(tx, &Part::Named(near))?
            {
                return self.remember(tx, found).map(Some);
            }
        }
        if let Some(hint) = self.hint.clone()
            && (begin.is_none() || self.top_priority(tx)? == Some(hint.priority))
            && let Some(found) = self.take(tx, &Part::Behind(hint))?
        {
            return self.remember(tx, found).map(Some);
        }
        let found = match begin {
            None => self.take(tx, &Part::All)?,
            Some(key) => self.around(tx, key)?,
        };
        found.map(|found| self.remember(tx, found)).transpose()
    }

    /// The items of a queue in random order begin somewhere else for every reviewer, so that two of them seldom want
    /// the same one, and for the same reviewer always at the same place.
    fn begin(&self) -> i64 {
        let hash = Sha256::digest(format!("{} {}", self.queue.id, self.me));
        hash[..6].iter().fold(0, |number, byte| (number << 8) | i64::from(*byte))
    }

    /// From `key` to the end, then from the front, in the greatest priority that has an item to give.
    fn around(&self, tx: &mut Tx<'_>, key: i64) -> Result<Option<(Task, bool)>> {
        let Some(priority) = self.top_priority(tx)? else { return Ok(None) };
        for part in [Part::From(priority, key), Part::Priority(priority), Part::All] {
            if let Some(found) = self.take(tx, &part)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    fn top_priority(&self, tx: &mut Tx<'_>) -> Result<Option<i64>> {
        let sql = format!(
            "select i.priority from queue_item i where {FREE} and i.assignee is null
             order by i.priority desc, i.sort_key, i.id{{bytes_order}} limit 1"
        );
        tx.query_opt(&sql, params![&self.queue.id, self.me])?.map(|row| row.int(0)).transpose()
    }

    /// The first free items among those at the front of the queue.
    fn near(&self, tx: &mut Tx<'_>) -> Result<Vec<String>> {
        let sql = format!(
            "select n.id from
               (select i.id, i.priority, i.sort_key from queue_item i
                where i.queue_id = $1 and i.state = 'open' and i.taken < i.overlap and i.assignee is null
                order by i.priority desc, i.sort_key, i.id{{bytes_order}} limit {NEAR}) n
             where coalesce((select s.state from queue_seat s where s.item_id = n.id and s.reviewer = $2), 'lapsed')
               = 'lapsed'
             order by n.priority desc, n.sort_key, n.id{{bytes_order}} limit {TRIED}"
        );
        tx.query(&sql, params![&self.queue.id, self.me])?.iter().map(|row| row.text(0)).collect()
    }

    fn take(&self, tx: &mut Tx<'_>, part: &Part) -> Result<Option<(Task, bool)>> {
        let (condition, values) = part.condition();
        let sql = format!(
            "update queue_item set taken = taken + 1, updated_at = $3
             where id = (select i.id from queue_item i where {FREE} and {condition}
                           order by i.priority desc, i.sort_key, i.id{{bytes_order}} limit 1 {{skip_locked}})
               and taken < overlap
             returning {}, {STORED}",
            TASK.replace("i.", "")
        );
        let mut params = params![&self.queue.id, self.me, self.now].to_vec();
        params.extend(values);
        read_taken(tx, &sql, &params)
    }

    /// What the reviewer skipped first, of what still needs somebody.
    fn take_skipped(&self, tx: &mut Tx<'_>) -> Result<Option<(Task, bool)>> {
        let sql = format!(
            "update queue_item set taken = taken + 1, updated_at = $3
             where id = (select i.id from queue_seat s join queue_item i on i.id = s.item_id
                           where s.queue_id = $1 and s.reviewer = $2 and s.state = 'skipped' and i.state = 'open'
                             and i.taken < i.overlap and (i.assignee is null or i.assignee = $2)
                           order by s.ended_at, s.item_id{{bytes_order}} limit 1)
               and state = 'open' and taken < overlap
             returning {}, {STORED}",
            TASK.replace("i.", "")
        );
        read_taken(tx, &sql, params![&self.queue.id, self.me, self.now])
    }

    fn remember(&mut self, tx: &mut Tx<'_>, found: (Task, bool)) -> Result<(Task, bool)> {
        let hint = Hint { priority: found.0.priority, key: found.0.sort_key, id: found.0.id.clone() };
        store::keep_hint(tx, &self.queue.id, self.me, &hint)?;
        self.hint = Some(hint);
        Ok(found)
    }

    /// Takes over what somebody has reserved and not yet on their screen.
    pub(super) fn take_over(&self, tx: &mut Tx<'_>) -> Result<Option<Place>> {
        for (item_id, reviewer) in store::reserved_by_others(tx, &self.queue.id, self.me, self.now)? {
            let Some(task) = store::try_lock_task(tx, &self.queue.id, &item_id)? else { continue };
            if !task.is_open() || !store::take_reserved(tx, &item_id, &reviewer)? {
                continue;
            }
            let seat = store::sit(tx, &self.queue.id, &item_id, self.me, (SeatState::Held, self.lease(), self.now))?;
            return Ok(Some(Place { task, seat }));
        }
        Ok(None)
    }
}

fn read_taken(tx: &mut Tx<'_>, sql: &str, params: &[Value]) -> Result<Option<(Task, bool)>> {
    let Some(row) = tx.query_opt(sql, params)? else { return Ok(None) };
    Ok(Some((read_task(&row)?, row.int(store::TASK_COLUMNS)? > 0)))
}
