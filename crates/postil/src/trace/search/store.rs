//! The SQL of lists of traces.
//!
//! A list walks the newest traces and probes the filter. When the filter asks for the value of an annotation, the walk
//! goes along the index of those values instead, which carries the start of the trace for exactly this.

use std::collections::HashMap;

use super::cursor::{Cursor, Sorted};
use super::{Search, Sort, SortKey, Window};
use crate::db::{Tx, Value};
use crate::error::Result;
use crate::trace::filter::{Field, Filter, SqlBuilder, Test, Wanted};
use crate::trace::summary::{COLUMNS, TraceRow};
use crate::{id, params};

/// How many traces of a walk are looked at together.
const LOOKED_AT: usize = 60;
/// More values than this are probed instead of walked along.
const WALKED_VALUES: usize = 8;
/// An evaluator's value with fewer verdicts than this is looked up first.
const FEW_VERDICTS: usize = 500;

/// The summary of one trace.
pub fn find(tx: &mut Tx<'_>, project: i64, trace_id: &str) -> Result<Option<TraceRow>> {
    let text = format!("select {COLUMNS} from trace t where t.project = $1 and t.trace_id = $2");
    tx.query_opt(&text, params![project, trace_id])?.map(|row| TraceRow::read(&row)).transpose()
}

/// The first `count` traces of a search after a place.
pub(super) fn page(
    tx: &mut Tx<'_>,
    project: i64,
    search: &Search,
    after: Option<&Cursor>,
    count: usize,
) -> Result<Vec<TraceRow>> {
    if search.sort == Sort::default()
        && let Some(walk) = AnnotationWalk::of(tx, project, &search.filter)?
    {
        return walk.page(tx, project, search, after, count);
    }
    let ids = few_by_verdict(tx, project, &search.filter)?;
    let (text, sql) = page_sql(project, search, after, count, ids.as_deref());
    tx.query(&text, sql.params())?.iter().map(TraceRow::read).collect()
}

fn page_sql(
    project: i64,
    search: &Search,
    after: Option<&Cursor>,
    count: usize,
    ids: Option<&[String]>,
) -> (String, SqlBuilder) {
    let mut sql = SqlBuilder::default();
    let mut text = format!("select {COLUMNS} from trace t where {}", within(project, search.window, &mut sql));
    let mut order = order(search.sort);
    // A few traces are looked up and sorted; an expression keeps the walk along the newest out of it.
    if ids.is_some() {
        text = text.replace("t.start_ns", "(t.start_ns + 0)");
    }
    if ids.is_some() || of_session(&search.filter) {
        order = order.replace("t.start_ns", "(t.start_ns + 0)");
    }
    if let Some(ids) = ids {
        text.push_str(&format!(" and t.trace_id in ({})", sql.bind_list(padded(ids))));
    }
    if let Some(after) = after {
        text.push_str(" and ");
        text.push_str(&beyond(after, search.sort, &mut sql));
    }
    if search.filter != Filter::everything() {
        text.push_str(" and ");
        text.push_str(&search.filter.to_sql(&mut sql));
    }
    text.push_str(&format!(" order by {order} limit {}", sql.bind(count)));
    (text, sql)
}

/// How many traces of a window pass a filter.
pub(super) fn count(tx: &mut Tx<'_>, project: i64, filter: &Filter, window: Window) -> Result<i64> {
    let mut sql = SqlBuilder::default();
    let mut text = format!("select count(*) from trace t where {}", within(project, window, &mut sql));
    if *filter != Filter::everything() {
        text.push_str(" and ");
        text.push_str(&filter.to_sql(&mut sql));
    }
    tx.query_one(&text, sql.params())?.int(0)
}

/// Whether a filter asks for the traces of certain sessions, which have an index of their own.
fn of_session(filter: &Filter) -> bool {
    let by_session = |field: &Field| matches!(field, Field::Lifted(lifted) if lifted.name == "session_id");
    filter.required().iter().any(|condition| by_session(&condition.field) && matches!(condition.test, Test::OneOf(_)))
}

/// The traces of a project that started in a window.
pub(super) fn within(project: i64, window: Window, sql: &mut SqlBuilder) -> String {
    let (project, from, to) = (sql.bind(project), sql.bind(window.from_ns), sql.bind(window.to_ns));
    format!("t.project = {project} and t.start_ns >= {from} and t.start_ns < {to}")
}

fn sorted_by(key: SortKey) -> &'static str {
    match key {
        SortKey::StartedAt => "t.start_ns",
        SortKey::Duration => "(t.end_ns - t.start_ns)",
        SortKey::Cost => "t.cost_total",
        SortKey::TotalTokens => "t.usage_total",
    }
}

fn order(sort: Sort) -> String {
    let direction = if sort.descending { "desc" } else { "asc" };
    match sort.key {
        SortKey::StartedAt => format!("t.start_ns {direction}, t.trace_id{{bytes_order}}"),
        key => format!("{} {direction} nulls last, t.start_ns desc, t.trace_id{{bytes_order}}", sorted_by(key)),
    }
}

/// What comes after a place in the order.
fn beyond(after: &Cursor, sort: Sort, sql: &mut SqlBuilder) -> String {
    let (start, trace_id) = (sql.bind(after.start_ns), sql.bind(&after.trace_id));
    let sign = if sort.descending { "<" } else { ">" };
    if sort.key == SortKey::StartedAt {
        // The first half is a range of the index, the second picks within it.
        return format!(
            "t.start_ns {sign}= {start} and (t.start_ns {sign} {start} or t.trace_id{{bytes_order}} > {trace_id})"
        );
    }
    let tie = format!("(t.start_ns < {start} or (t.start_ns = {start} and t.trace_id{{bytes_order}} > {trace_id}))");
    let column = sorted_by(sort.key);
    let value = match after.value {
        None => return format!("{column} is null and {tie}"),
        Some(Sorted::Int(value)) => sql.bind(value),
        Some(Sorted::Real(value)) => sql.bind(value),
    };
    format!("({column} {sign} {value} or ({column} = {value} and {tie}) or {column} is null)")
}

/// Ids, filled up to one of a few lengths, so that few different texts reach the database.
pub(crate) fn padded(ids: &[String]) -> Vec<&str> {
    let length = [1, 10, 60, 250, 1001].into_iter().find(|length| *length >= ids.len()).unwrap_or(ids.len());
    let fill = ids.last().map_or("", String::as_str);
    ids.iter().map(String::as_str).chain(std::iter::repeat(fill)).take(length).collect()
}

/// A walk along the index of annotation values, newest trace first.
struct AnnotationWalk {
    key: String,
    values: Vec<String>,
}

/// The start of a trace and its id: a place in the walk.
type Place = (i64, String);

impl AnnotationWalk {
    /// The walk that meets every trace a filter lets through, if its conditions allow one.
    fn of(tx: &mut Tx<'_>, project: i64, filter: &Filter) -> Result<Option<AnnotationWalk>> {
        for condition in filter.required() {
            let (Field::Annotation(key), Test::OneOf(wanted)) = (&condition.field, &condition.test) else { continue };
            let values = spellings(wanted);
            if values.len() > WALKED_VALUES {
                continue;
            }
            if !id::is_ulid(key) {
                return Ok(Some(AnnotationWalk { key: key.clone(), values }));
            }
            let sql = "select key from human_review where id = $1 and project = $2";
            if let Some(row) = tx.query_opt(sql, params![key, project])? {
                return Ok(Some(AnnotationWalk { key: row.text(0)?, values }));
            }
        }
        Ok(None)
    }

    fn page(
        &self,
        tx: &mut Tx<'_>,
        project: i64,
        search: &Search,
        after: Option<&Cursor>,
        count: usize,
    ) -> Result<Vec<TraceRow>> {
        let mut found = Vec::new();
        let mut place: Option<Place> = after.map(|after| (after.start_ns, after.trace_id.clone()));
        // Some rows are second annotations of one trace, so more are taken than are wanted.
        let mut length = (count * 2).clamp(20, 1000);
        loop {
            let (text, sql) = self.step_sql(project, search.window, place.as_ref(), length);
            let rows = tx.query(&text, sql.params())?;
            let ended = rows.len() < length;
            let mut places = rows.iter().map(|row| Ok((row.int(0)?, row.text(1)?))).collect::<Result<Vec<Place>>>()?;
            places.dedup();
            place = places.last().cloned();
            let ids: Vec<_> = places.into_iter().map(|(_, trace_id)| trace_id).collect();
            for ids in ids.chunks(LOOKED_AT) {
                found.extend(passing(tx, project, ids, &search.filter)?);
                if found.len() >= count {
                    found.truncate(count);
                    return Ok(found);
                }
            }
            if ended {
                return Ok(found);
            }
            length = (length * 2).min(1000);
        }
    }

    /// The next places: the values one after the other, each in the order of the index, and several options at once
    /// (which have no text of their own), merged.
    fn step_sql(&self, project: i64, window: Window, after: Option<&Place>, length: usize) -> (String, SqlBuilder) {
        let mut sql = SqlBuilder::default();
        let (project, key) = (sql.bind(project), sql.bind(&self.key));
        let (from, to, length) = (sql.bind(window.from_ns), sql.bind(window.to_ns), sql.bind(length));
        let beyond = after.map_or_else(String::new, |(start_ns, trace_id)| {
            let (start, trace_id) = (sql.bind(*start_ns), sql.bind(trace_id));
            format!(
                " and a.trace_start_ns <= {start}
                  and (a.trace_start_ns < {start} or a.trace_id{{bytes_order}} > {trace_id})"
            )
        });
        let mut tests: Vec<_> = self.values.iter().map(|value| format!("= {}", sql.bind(value))).collect();
        tests.push("is null".into());
        let walks: Vec<_> = tests
            .iter()
            .map(|test| {
                format!(
                    "select * from (select a.trace_start_ns as start_ns, a.trace_id{{bytes_order}} as trace_id
                       from annotation a
                       where a.project = {project} and a.key = {key} and a.value_text {test} and a.removed_at is null
                         and a.trace_start_ns >= {from} and a.trace_start_ns < {to}{beyond}
                       order by a.trace_start_ns desc, a.trace_id{{bytes_order}} limit {length}) x"
                )
            })
            .collect();
        let text = format!(
            "select start_ns, trace_id from ({}) y order by start_ns desc, trace_id limit {length}",
            walks.join(" union all ")
        );
        (text, sql)
    }
}

/// How a value may be written in the index: as it was asked for, and a number with and without its fraction.
fn spellings(wanted: &[Wanted]) -> Vec<String> {
    let mut all = Vec::new();
    for value in wanted {
        let number = value.number.map(|number| [format!("{number}"), format!("{number:?}")]);
        for spelling in std::iter::once(value.text.clone()).chain(number.into_iter().flatten()) {
            if !all.contains(&spelling) {
                all.push(spelling);
            }
        }
    }
    all
}

/// Those of these traces that pass the filter, in the order given.
fn passing(tx: &mut Tx<'_>, project: i64, ids: &[String], filter: &Filter) -> Result<Vec<TraceRow>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut sql = SqlBuilder::default();
    let project = sql.bind(project);
    let list = sql.bind_list(padded(ids));
    let text = format!(
        "select {COLUMNS} from trace t where t.project = {project} and t.trace_id in ({list}) and {}",
        filter.to_sql(&mut sql)
    );
    let mut by_id = HashMap::new();
    for row in tx.query(&text, sql.params())? {
        let row = TraceRow::read(&row)?;
        by_id.insert(row.trace_id.clone(), row);
    }
    Ok(ids.iter().filter_map(|trace_id| by_id.remove(trace_id)).collect())
}

/// The traces with an evaluator's value that the filter asks for, when they are few.
fn few_by_verdict(tx: &mut Tx<'_>, project: i64, filter: &Filter) -> Result<Option<Vec<String>>> {
    for condition in filter.required() {
        let (Field::Evaluator(evaluator), Test::OneOf(wanted)) = (&condition.field, &condition.test) else { continue };
        // A name is not in the index.
        let known = "select 1 from evaluator_result where project = $1 and evaluator = $2 limit 1";
        if tx.query_opt(known, params![project, evaluator])?.is_none() {
            continue;
        }
        let mut sql = SqlBuilder::default();
        let (project, evaluator) = (sql.bind(project), sql.bind(evaluator));
        let spellings = spellings(wanted);
        let list = sql.bind_list(spellings.iter().map(String::as_str));
        let limit = sql.bind(FEW_VERDICTS + 1);
        let base = format!(
            "select r.trace_id from evaluator_result r where r.project = {project} and r.evaluator = {evaluator}"
        );
        let text = format!(
            "select trace_id from ({base} and r.value_text in ({list}) limit {limit}) x
             union all select trace_id from ({base} and r.value_text is null limit {limit}) y"
        );
        let rows = tx.query(&text, sql.params())?;
        if rows.len() <= FEW_VERDICTS {
            let mut ids = rows.iter().map(|row| row.text(0)).collect::<Result<Vec<_>>>()?;
            ids.sort();
            ids.dedup();
            return Ok(Some(if ids.is_empty() { vec![String::new()] } else { ids }));
        }
    }
    Ok(None)
}

/// The plan of a statement, for the tests that prove which index a list walks along.
pub fn plan(tx: &mut Tx<'_>, project: i64, search: &Search) -> Result<Vec<String>> {
    let (text, sql) = match AnnotationWalk::of(tx, project, &search.filter)? {
        Some(walk) => walk.step_sql(project, search.window, None, search.limit),
        None => {
            let ids = few_by_verdict(tx, project, &search.filter)?;
            page_sql(project, search, None, search.limit, ids.as_deref())
        }
    };
    let params: &[Value] = sql.params();
    let rows = tx.query(&format!("explain query plan {text}"), params)?;
    rows.iter().map(|row| row.text(3)).collect()
}
