//! A queue at one glance: how fast, by whom, with which answers, and where it hurts.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use super::{export, report_store as store};
use crate::clock::rfc3339;
use crate::db::Tx;
use crate::error::Result;
use crate::project::{Caller, Permission};
use crate::queue::{definitions, find};

/// Different values of one human review that are told apart.
const MOST_VALUES: usize = 50;
/// Items in trouble that are listed.
pub(super) const MOST_TROUBLE: usize = 100;

/// What was submitted on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    /// The day in UTC: `2026-11-21`.
    pub day: String,
    /// Submissions.
    pub submitted: i64,
}

/// What one reviewer did.
#[derive(Debug, Clone, Default)]
pub struct ReviewerWork {
    /// Who.
    pub reviewer: String,
    /// Items they submitted.
    pub submitted: i64,
    /// Items they skipped.
    pub skipped: i64,
    /// Items they declined.
    pub declined: i64,
    /// Milliseconds with an item on the screen, in the middle.
    pub median_ms: Option<i64>,
}

/// How often one value was given.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    /// The value; an option of several that were chosen counts by itself.
    pub value: Value,
    /// How often.
    pub count: i64,
}

/// The answers to one human review.
#[derive(Debug, Clone)]
pub struct ReviewBars {
    /// Its key.
    pub key: String,
    /// Its title; the key when it is not asked any more.
    pub display_name: String,
    /// Its type; none when it is not asked any more.
    pub kind: Option<&'static str>,
    /// Answers.
    pub total: i64,
    /// The values, the most frequent first; none of free text.
    pub values: Vec<Bar>,
}

/// An item that somebody should look at.
#[derive(Debug, Clone)]
pub struct Trouble {
    /// The item.
    pub item_id: String,
    /// How many declined it.
    pub declines: i64,
    /// How many flagged it.
    pub flags: i64,
    /// How often its lease lapsed.
    pub lapses: i64,
    /// The name of its span or trace.
    pub name: Option<String>,
    /// What went in, shortened.
    pub input: Option<String>,
    /// What reviewers wrote to whoever manages the queue.
    pub remarks: Vec<Remark>,
}

/// What a reviewer wrote to whoever manages the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// Who.
    pub reviewer: String,
    /// Whether they flagged the item.
    pub flagged: bool,
    /// What they noted.
    pub note: Option<String>,
    /// Why they declined the item.
    pub reason: Option<String>,
}

/// A queue at one glance.
#[derive(Debug, Clone, Default)]
pub struct Summary {
    /// The days on which something was submitted, in order.
    pub days: Vec<Day>,
    /// The reviewers, the busiest first.
    pub reviewers: Vec<ReviewerWork>,
    /// Milliseconds with an item on the screen, in the middle.
    pub median_ms: Option<i64>,
    /// The answers so far.
    pub answers: Vec<ReviewBars>,
    /// Items that were declined, flagged, or whose lease lapsed several times.
    pub trouble: Vec<Trouble>,
}

fn median(times: &mut [i64]) -> Option<i64> {
    times.sort_unstable();
    let (upper, lower) = (times.get(times.len() / 2)?, times.get(times.len().saturating_sub(1) / 2)?);
    Some(lower + (upper - lower) / 2)
}

/// What a value counts as: each chosen option, a number or a choice by itself, free text not at all.
fn counted(value: &Value, is_text: bool) -> Vec<Value> {
    match value {
        Value::Array(items) => items.clone(),
        _ if is_text => Vec::new(),
        other => vec![other.clone()],
    }
}

/// Sums a queue up. Of blind items that are not complete, answers count only for those who may know them.
pub fn summary(tx: &mut Tx<'_>, caller: &Caller, queue_id: &str) -> Result<Summary> {
    caller.require(Permission::Read)?;
    let queue = find(tx, caller, queue_id)?;
    let asked = definitions(tx, &queue)?;
    let mut days: BTreeMap<String, i64> = BTreeMap::new();
    let mut times: HashMap<String, Vec<i64>> = HashMap::new();
    for (reviewer, at, active_ms) in store::submissions(tx, &queue.id)? {
        let day = rfc3339(at).get(..10).unwrap_or_default().to_owned();
        *days.entry(day).or_default() += 1;
        times.entry(reviewer).or_default().push(active_ms);
    }
    let mut all: Vec<i64> = times.values().flatten().copied().collect();
    let mut reviewers = store::work(tx, &queue.id)?;
    for work in &mut reviewers {
        work.median_ms = times.get_mut(&work.reviewer).and_then(|times| median(times));
    }
    reviewers.sort_by(|a, b| b.submitted.cmp(&a.submitted).then_with(|| a.reviewer.cmp(&b.reviewer)));

    let mut counts: BTreeMap<String, (i64, HashMap<String, i64>)> = BTreeMap::new();
    let mut after = String::new();
    loop {
        let page = export::page(tx, caller, &queue, &after)?;
        for row in page.data.iter().flat_map(export::Answers::rows) {
            let kind = asked.iter().find(|(known, _)| known.key == row.said.key).map(|(known, _)| known.kind);
            let is_text = kind.is_none_or(|kind| !kind.has_options()) && row.said.value.is_string();
            let (total, values) = counts.entry(row.said.key).or_default();
            *total += 1;
            for value in counted(&row.said.value, is_text) {
                let text = value.to_string();
                if values.len() < MOST_VALUES || values.contains_key(&text) {
                    *values.entry(text).or_default() += 1;
                }
            }
        }
        match page.next {
            Some(next) => after = next,
            None => break,
        }
    }
    let bars = |key: String, (total, values): (i64, HashMap<String, i64>)| {
        let known = asked.iter().find(|(known, _)| known.key == key).map(|(known, _)| known);
        let mut values: Vec<_> = values.into_iter().collect();
        values.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        let bar = |(text, count): (String, i64)| Bar { value: serde_json::from_str(&text).unwrap_or_default(), count };
        ReviewBars {
            display_name: known.map_or_else(|| key.clone(), |known| known.display_name.clone()),
            kind: known.map(|known| known.kind.name()),
            key,
            total,
            values: values.into_iter().map(bar).collect(),
        }
    };
    let place = |key: &str| asked.iter().position(|(known, _)| known.key == key).unwrap_or(usize::MAX);
    let mut answers: Vec<_> = counts.into_iter().map(|(key, of_key)| bars(key, of_key)).collect();
    answers.sort_by_key(|bars| place(&bars.key));
    Ok(Summary {
        days: days.into_iter().map(|(day, submitted)| Day { day, submitted }).collect(),
        reviewers,
        median_ms: median(&mut all),
        answers,
        trouble: store::trouble(tx, &queue, caller)?,
    })
}
