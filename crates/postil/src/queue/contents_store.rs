//! The SQL of pages of items.

use std::collections::HashMap;

use super::beside::InQueue;
use super::contents::{ItemFilter, Placed, SeatRow, Shown};
use super::item_store::{COLUMNS, read};
use super::items::{Item, ItemKind};
use crate::db::{Row, Tx};
use crate::error::Result;
use crate::project::Reader;
use crate::queue::Queue;
use crate::trace::filter::SqlBuilder;
use crate::trace::search::padded;

/// Where a page begins.
pub(super) struct Place<'a> {
    /// Behind this item.
    pub(super) after: Option<&'a Item>,
    /// In front of it instead, the nearest first.
    pub(super) backwards: bool,
}

fn selected() -> String {
    format!(
        "select {COLUMNS}, s.span_id, t.trace_id, s.name, s.input_preview, s.output_preview, t.name, t.input_preview,
           t.output_preview
         from queue_item i
         left join trace t on t.project = i.project and t.trace_id = i.trace_id
         left join span s on s.project = i.project and s.trace_id = i.trace_id
           and s.span_id = coalesce(i.span_id, t.leading_span_id, t.root_span_id)"
    )
}

fn placed_of(row: &Row) -> Result<Placed> {
    let item = read(row)?;
    let of_trace = item.kind == ItemKind::Trace;
    let (span_id, trace_id) = (row.opt_text(21)?, row.opt_text(22)?);
    let orphaned = match item.kind {
        ItemKind::Span | ItemKind::Datapoint => span_id.is_none(),
        ItemKind::Trace => trace_id.is_none(),
    };
    let column = |of_span: usize| row.opt_text(if of_trace { of_span + 3 } else { of_span });
    Ok(Placed {
        name: column(23)?,
        input: column(24)?,
        output: column(25)?,
        item,
        span_id,
        orphaned,
        seats: Vec::new(),
    })
}

pub(super) fn placed(tx: &mut Tx<'_>, queue_id: &str, id: &str) -> Result<Option<Placed>> {
    let mut sql = SqlBuilder::default();
    let text = format!("{} where i.id = {} and i.queue_id = {}", selected(), sql.bind(id), sql.bind(queue_id));
    tx.query_opt(&text, sql.params())?.as_ref().map(placed_of).transpose()
}

pub(super) fn page(
    tx: &mut Tx<'_>,
    (queue, reader): (&Queue, &Reader),
    filter: &ItemFilter,
    now: i64,
    place: &Place<'_>,
    count: usize,
) -> Result<Vec<Placed>> {
    let mut sql = SqlBuilder::default();
    let mut text = format!("{} where i.queue_id = {}", selected(), sql.bind(&queue.id));
    if let Some(after) = place.after {
        text.push_str(&beyond(after, place.backwards, &mut sql));
    }
    text.push_str(&conditions(filter, now, &mut sql));
    if let Some(flagged) = filter.flagged {
        let me = reader.me().filter(|_| queue.blind).map(|me| sql.bind(me));
        let flags = me.map_or_else(|| "i.flags".to_owned(), |me| reader.flags(&me));
        text.push_str(&format!(" and ({flags}) {} 0", if flagged { ">" } else { "=" }));
    }
    text.push_str(if place.backwards {
        " order by i.priority, i.sort_key desc, i.id{bytes_order} desc limit "
    } else {
        " order by i.priority desc, i.sort_key, i.id{bytes_order} limit "
    });
    text.push_str(&sql.bind(count));
    tx.query(&text, sql.params())?.iter().map(placed_of).collect()
}

fn beyond(after: &Item, backwards: bool, sql: &mut SqlBuilder) -> String {
    let (priority, key, id) = (sql.bind(after.priority), sql.bind(after.sort_key), sql.bind(&after.id));
    let (lower, higher) = if backwards { (">", "<") } else { ("<", ">") };
    format!(
        " and i.priority {lower}= {priority} and (i.priority {lower} {priority} or i.sort_key {higher} {key}
           or (i.sort_key = {key} and i.id{{bytes_order}} {higher} {id}))"
    )
}

fn conditions(filter: &ItemFilter, now: i64, sql: &mut SqlBuilder) -> String {
    let mut text = String::new();
    let held = |sql: &mut SqlBuilder| {
        let now = sql.bind(now);
        format!(
            "exists (select 1 from queue_seat h where h.item_id = i.id and h.state = 'held' and h.lease_until >= {now})"
        )
    };
    match filter.state.as_deref() {
        Some("completed") => text.push_str(" and i.state = 'completed'"),
        Some("in_review") => text.push_str(&format!(" and i.state = 'open' and {}", held(sql))),
        Some("needs_others") => {
            text.push_str(&format!(" and i.state = 'open' and i.answered > 0 and not {}", held(sql)));
        }
        Some("to_do") => text.push_str(&format!(" and i.state = 'open' and i.answered = 0 and not {}", held(sql))),
        Some(state) => {
            let state = sql.bind(state);
            let who = filter.reviewer.as_ref().map(|reviewer| sql.bind(reviewer));
            let who = who.map_or_else(String::new, |who| format!(" and z.reviewer = {who}"));
            text.push_str(&format!(
                " and exists (select 1 from queue_seat z where z.item_id = i.id and z.state = {state}{who})"
            ));
        }
        None => {}
    }
    if let Some(reviewer) = &filter.reviewer {
        let reviewer = sql.bind(reviewer);
        text.push_str(&format!(
            " and exists (select 1 from queue_seat r where r.item_id = i.id and r.reviewer = {reviewer})"
        ));
    }
    match filter.assignee.as_deref() {
        None => {}
        Some("") => text.push_str(" and i.assignee is null"),
        Some(assignee) => text.push_str(&format!(" and i.assignee = {}", sql.bind(assignee))),
    }
    if filter.live {
        text.push_str(" and (s.span_id is not null or i.kind = 'datapoint')");
    }
    text
}

/// The seats at these items, oldest first.
pub(super) fn seats(tx: &mut Tx<'_>, item_ids: &[String]) -> Result<Vec<SeatRow>> {
    let mut seats = Vec::new();
    for some in item_ids.chunks(250) {
        let mut sql = SqlBuilder::default();
        let text = format!(
            "select item_id, reviewer, state, lease_until, ended_at, active_ms, flagged, note, reason from queue_seat
             where item_id in ({}) order by claimed_at, reviewer{{bytes_order}}",
            sql.bind_list(padded(some))
        );
        for row in tx.query(&text, sql.params())? {
            seats.push(SeatRow {
                item_id: row.text(0)?,
                reviewer: row.text(1)?,
                state: row.text(2)?,
                lease_until: row.opt_int(3)?,
                ended_at: row.opt_int(4)?,
                active_ms: row.int(5)?,
                flagged: row.bool(6)?,
                note: row.opt_text(7)?,
                reason: row.opt_text(8)?,
            });
        }
    }
    Ok(seats)
}

/// The queues in which these traces and their spans are, by trace.
pub(super) fn of_traces(
    tx: &mut Tx<'_>,
    project: i64,
    trace_ids: &[String],
    now: i64,
) -> Result<HashMap<String, Vec<InQueue>>> {
    let mut sql = SqlBuilder::default();
    let (project, now) = (sql.bind(project), sql.bind(now));
    let text = format!(
        "select i.trace_id, q.id, q.display_name, i.id, i.span_id, i.state, i.answered,
           case when exists (select 1 from queue_seat h where h.item_id = i.id and h.state = 'held'
             and h.lease_until >= {now}) then 1 else 0 end
         from queue_item i join queue q on q.id = i.queue_id
         where i.project = {project} and i.trace_id in ({})
         order by q.created_at, q.id{{bytes_order}}, i.id{{bytes_order}}",
        sql.bind_list(padded(trace_ids))
    );
    let mut by_trace: HashMap<String, Vec<InQueue>> = HashMap::new();
    for row in tx.query(&text, sql.params())? {
        let completed = row.text(5)? == "completed";
        let queue = InQueue {
            queue_id: row.text(1)?,
            display_name: row.text(2)?,
            item_id: row.text(3)?,
            span_id: row.opt_text(4)?.filter(|span_id| !span_id.is_empty()),
            state: Shown::of(completed, row.int(7)? != 0, row.int(6)?),
        };
        by_trace.entry(row.text(0)?).or_default().push(queue);
    }
    Ok(by_trace)
}

/// The queues with items of traces that show an image, a recording or a file.
pub(super) fn queues_with_media(tx: &mut Tx<'_>, project: i64, sha256: &str) -> Result<Vec<String>> {
    let sql = "select distinct i.queue_id from media_use u
      join queue_item i on i.project = u.project and i.trace_id = u.trace_id
      where u.project = $1 and u.sha256 = $2";
    tx.query(sql, crate::params![project, sha256])?.iter().map(|row| row.text(0)).collect()
}
