//! The place of an item among those of its priority.

use std::collections::HashMap;

use serde_json::{Value as Json, json};

use super::definition::{OrderBy, OrderField, Queue};
use super::items::Item;
use super::{item_store, not_found, store};
use crate::clock::Clock;
use crate::db::Tx;
use crate::error::Result;
use crate::id;
use crate::job::{self, Job, Step};
use crate::project::Caller;
use crate::trace::filter::SqlBuilder;
use crate::trace::search::padded;

/// Behind everything that has a value.
const LAST: i64 = i64::MAX;
/// Values are kept with so many parts of one.
const PARTS: f64 = 1e6;
/// Items that are given a place with one statement.
const AT_ONCE: usize = 250;

/// The kind of jobs that give items their places anew.
pub const SORT_KIND: &str = "sort_queue";
/// Queues with more items are sorted by a job.
const AT_ONCE_MOST: i64 = 1000;

/// What was said of a span: trace, span, value.
type Said = (String, String, Json);

/// Gives items their places. `starts` says when their traces started, in nanoseconds.
pub(super) fn set_keys(
    tx: &mut Tx<'_>,
    queue: &Queue,
    items: &mut [Item],
    starts: &HashMap<String, i64>,
) -> Result<()> {
    let start = |item: &Item| {
        let start_ns = item.trace_id.as_ref().and_then(|trace_id| starts.get(trace_id));
        start_ns.map_or(item.added_at, |start_ns| start_ns / 1000)
    };
    match queue.order.by {
        OrderBy::Oldest => items.iter_mut().for_each(|item| item.sort_key = start(item)),
        OrderBy::Newest => items.iter_mut().for_each(|item| item.sort_key = -start(item)),
        OrderBy::Random => items.iter_mut().for_each(|item| item.sort_key = by_chance(&item.id)),
        OrderBy::Field => {
            let Some(field) = queue.order.parsed_field() else { return Ok(()) };
            for some in items.chunks_mut(AT_ONCE) {
                by_field(tx, &field, queue.order.descending, some)?;
            }
        }
    }
    Ok(())
}

/// The random part of an id: by chance, and the same whenever it is asked.
fn by_chance(id: &str) -> i64 {
    let bytes = id::ulid_bytes(id).unwrap_or_default();
    bytes[10..].iter().fold(0, |number, byte| (number << 8) | i64::from(*byte))
}

/// Gives every item of a queue its place anew: at once when they are few, else by a job, so that nobody waits.
pub(super) fn sort_again(tx: &mut Tx<'_>, clock: &Clock, caller: &Caller, queue: &Queue) -> Result<()> {
    let total = item_store::count(tx, &queue.id)?;
    if total > AT_ONCE_MOST {
        let there = Caller { project: queue.project.clone(), ..caller.clone() };
        return job::add(tx, clock, &there, SORT_KIND, json!({ "queue_id": queue.id }), total).map(drop);
    }
    let mut last = None;
    loop {
        let sorted = sort_some(tx, queue, last.as_deref())?;
        match sorted.1 {
            Some(newest) => last = Some(newest),
            None => return Ok(()),
        }
    }
}

/// One step of a job that gives items their places anew, in the order that their queue has by then.
pub fn sort_step(tx: &mut Tx<'_>, job: &Job) -> Result<Step> {
    let id = job.input["queue_id"].as_str().unwrap_or_default();
    let queue = store::find(tx, &job.caller.workspace_id, Some(job.project), id)?.ok_or_else(|| not_found(id))?;
    let (done, last) = sort_some(tx, &queue, job.position.as_str())?;
    if last.is_none() {
        super::tell(tx, &queue);
    }
    let done = i64::try_from(done).unwrap_or(i64::MAX);
    Ok(Step { ended: last.is_none(), position: json!(last), done, failed: 0 })
}

/// Gives the next items behind a subject their places; how many there were, and the last subject, if there may be more.
fn sort_some(tx: &mut Tx<'_>, queue: &Queue, last: Option<&str>) -> Result<(usize, Option<String>)> {
    let (ids, last) = item_store::ids_behind(tx, &queue.id, last.unwrap_or(""), AT_ONCE)?;
    let mut items = item_store::lock_all(tx, &ids)?;
    let mut traces: Vec<String> = items.iter().filter_map(|item| item.trace_id.clone()).collect();
    traces.sort_unstable();
    traces.dedup();
    let starts = item_store::trace_starts(tx, queue.project.number, &traces)?;
    set_keys(tx, queue, &mut items, &starts)?;
    item_store::set_keys(tx, &items)?;
    Ok((items.len(), last.filter(|_| ids.len() == AT_ONCE)))
}

fn by_field(tx: &mut Tx<'_>, field: &OrderField, descending: bool, items: &mut [Item]) -> Result<()> {
    let Some(project) = items.first().map(|item| item.project) else { return Ok(()) };
    let mut traces: Vec<String> = items.iter().filter_map(|item| item.trace_id.clone()).collect();
    traces.sort_unstable();
    traces.dedup();
    let said = said(tx, project, field, &traces)?;
    for item in items {
        let of_trace = || said.iter().filter(|(trace_id, _, _)| Some(trace_id) == item.trace_id.as_ref());
        let mut of_item: Vec<&Json> = of_trace()
            .filter(|(_, span_id, _)| item.span_id.as_ref().is_none_or(|wanted| wanted == span_id))
            .map(|(_, _, value)| value)
            .collect();
        if of_item.is_empty() {
            // An evaluator often judges another span of the same trace.
            of_item = of_trace().map(|(_, _, value)| value).collect();
        }
        let number = match field {
            OrderField::Disagreement(_) => apart(&of_item),
            _ => mean(&of_item),
        };
        item.sort_key = number.map_or(LAST, |number| {
            let key = scaled(number);
            if descending { -key } else { key }
        });
    }
    Ok(())
}

#[expect(clippy::cast_possible_truncation, reason = "clamped to what fits before")]
fn scaled(number: f64) -> i64 {
    (number * PARTS).clamp(-9e18, 9e18) as i64
}

/// A value as a number: truth counts as one.
fn number(value: &Json) -> Option<f64> {
    match value {
        Json::Bool(truth) => Some(f64::from(u8::from(*truth))),
        other => other.as_f64(),
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of annotators are small")]
fn mean(values: &[&Json]) -> Option<f64> {
    let numbers: Vec<f64> = values.iter().filter_map(|value| number(value)).collect();
    (!numbers.is_empty()).then(|| numbers.iter().sum::<f64>() / numbers.len() as f64)
}

/// How far values are apart: numbers by their distance, others by how many different ones there are.
#[expect(clippy::cast_precision_loss, reason = "counts of annotators are small")]
fn apart(values: &[&Json]) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    let numbers: Vec<f64> = values.iter().filter_map(|value| value.as_f64()).collect();
    if numbers.len() == values.len() {
        let (least, most) =
            numbers.iter().fold((f64::MAX, f64::MIN), |(least, most), number| (least.min(*number), most.max(*number)));
        return Some(most - least);
    }
    let mut different: Vec<String> = values.iter().map(ToString::to_string).collect();
    different.sort_unstable();
    different.dedup();
    Some((different.len() - 1) as f64)
}

fn said(tx: &mut Tx<'_>, project: i64, field: &OrderField, traces: &[String]) -> Result<Vec<Said>> {
    let mut sql = SqlBuilder::default();
    let project = sql.bind(project);
    let list = sql.bind_list(padded(traces));
    let text = match field {
        OrderField::Evaluator(name) => {
            let name = sql.bind(name);
            format!(
                "select trace_id, span_id, value, passed from evaluator_result
                 where project = {project} and trace_id in ({list}) and (evaluator = {name} or name = {name})"
            )
        }
        OrderField::Annotation(key) | OrderField::Disagreement(key) => {
            let key = sql.bind(key);
            format!(
                "select trace_id, span_id, value, cast(null as bigint) from annotation
                 where project = {project} and trace_id in ({list}) and (key = {key} or subject = {key})
                   and subject_kind = 'human_review' and removed_at is null"
            )
        }
    };
    let mut said = Vec::new();
    for row in tx.query(&text, sql.params())? {
        let value: Json = row.opt_json(2)?.unwrap_or_default();
        let passed = row.opt_int(3)?.map(|passed| Json::Bool(passed != 0));
        let value = if number(&value).is_some() { value } else { passed.unwrap_or(value) };
        said.push((row.text(0)?, row.text(1)?, value));
    }
    Ok(said)
}
