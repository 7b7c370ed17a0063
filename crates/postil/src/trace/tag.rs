//! Tags that people and automations add to a trace. They stand among its tags, and stay when it is rolled up again.

use crate::db::Tx;
use crate::error::Result;
use crate::event::Event;
use crate::params;

/// How many tags may be added to one trace.
pub const MOST_ADDED: usize = 50;

/// What became of a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tagged {
    /// The trace has it now.
    Added,
    /// The trace had it before.
    HadIt,
    /// As many tags were added to the trace as may be.
    Full,
    /// There is no such trace.
    NotFound,
}

/// Adds a tag to a trace.
pub fn add(tx: &mut Tx<'_>, project: i64, trace_id: &str, tag: &str) -> Result<Tagged> {
    let sql = "select tags, added_tags from trace where project = $1 and trace_id = $2{for_update}";
    let Some(row) = tx.query_opt(sql, params![project, trace_id])? else { return Ok(Tagged::NotFound) };
    let (mut tags, mut added): (Vec<String>, Vec<String>) = (row.json(0)?, row.opt_json(1)?.unwrap_or_default());
    let has = tags.iter().any(|each| each == tag);
    if has && added.iter().any(|each| each == tag) {
        return Ok(Tagged::HadIt);
    }
    if added.len() >= MOST_ADDED {
        return Ok(Tagged::Full);
    }
    added.push(tag.to_owned());
    if !has {
        tags.push(tag.to_owned());
    }
    let sql = "update trace set tags = $3, added_tags = $4 where project = $1 and trace_id = $2";
    tx.execute(sql, params![project, trace_id, json(&tags), json(&added)])?;
    tx.emit(Event { project, kind: "trace.updated", trace_id: Some(trace_id.to_owned()), ..Event::default() });
    Ok(if has { Tagged::HadIt } else { Tagged::Added })
}

/// Puts the tags that were added back among those of the spans, after the trace was rolled up again.
pub(super) fn keep(
    tx: &mut Tx<'_>,
    project: i64,
    trace_id: &str,
    mut tags: Vec<String>,
    added: Vec<String>,
) -> Result<()> {
    for tag in added {
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    let sql = "update trace set tags = $3 where project = $1 and trace_id = $2";
    tx.execute(sql, params![project, trace_id, json(&tags)]).map(drop)
}

fn json(tags: &[String]) -> String {
    serde_json::to_string(tags).unwrap_or_default()
}
