//! Reads what was said.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::evaluator::StoredResult;
use super::read_store::{self, COLUMNS};
use super::{Annotation, HistoryEntry, evaluator_store, span_not_found, store};
use crate::db::{Tx, Value};
use crate::error::{Error, Result};
use crate::page::{Page, PageRequest};
use crate::project::{Caller, Reader};
use crate::{id, params};

/// What people and machines say of a span or a trace.
#[derive(Debug, Clone, Default)]
pub struct Judgements {
    /// The current values of people (and of automations), oldest first.
    pub annotations: Vec<Annotation>,
    /// The verdicts of machines.
    pub evaluator_results: Vec<StoredResult>,
}

impl Judgements {
    /// What is said of one span among these.
    pub fn of_span(&self, span_id: &str) -> Judgements {
        Judgements {
            annotations: self.annotations.iter().filter(|each| each.span_id == span_id).cloned().collect(),
            evaluator_results: self.evaluator_results.iter().filter(|each| each.span_id == span_id).cloned().collect(),
        }
    }
}

/// The current values of one span, oldest first. Those of a span whose time is over remain.
///
/// # Errors
/// [`Error::NotFound`] when there is no such span and nothing is said of one.
pub fn for_span(tx: &mut Tx<'_>, caller: &Caller, trace_id: &str, span_id: &str) -> Result<Vec<Annotation>> {
    let project = caller.project.number;
    let (given, trace_id, span_id) = (span_id, &*id::lower_hex(trace_id), &*id::lower_hex(span_id));
    let said = of_trace(tx, &caller.into(), trace_id, Some(span_id))?;
    if said.is_empty() && !store::span_exists(tx, project, trace_id, span_id)? {
        return Err(span_not_found(given, &caller.workspace_id));
    }
    Ok(said)
}

fn of_trace(tx: &mut Tx<'_>, reader: &Reader, trace_id: &str, span_id: Option<&str>) -> Result<Vec<Annotation>> {
    let sql = format!(
        "select {COLUMNS} from annotation a
         where a.project = $1 and a.trace_id = $2 and ($3 = '' or a.span_id = $3) and a.removed_at is null{}
         order by a.created_at, a.id{{bytes_order}}",
        reader.sees("$4")
    );
    let mut params = params![reader.project, trace_id, span_id.unwrap_or("")].to_vec();
    params.extend(reader.me().map(Value::from));
    tx.query(&sql, &params)?.iter().map(read_store::read).collect()
}

/// What is said of one span, or of all spans of a trace.
pub fn for_spans(
    tx: &mut Tx<'_>,
    reader: impl Into<Reader>,
    trace_id: &str,
    span_id: Option<&str>,
) -> Result<Judgements> {
    let reader = reader.into();
    Ok(Judgements {
        annotations: of_trace(tx, &reader, trace_id, span_id)?,
        evaluator_results: evaluator_store::of_trace(tx, reader.project, trace_id, span_id)?,
    })
}

/// Traces asked for with one statement: a page of a list.
const AT_ONCE: usize = 50;
static PLACEHOLDERS: LazyLock<String> =
    LazyLock::new(|| (2..AT_ONCE + 2).map(|at| format!("${at}")).collect::<Vec<_>>().join(", "));

/// What is said of these traces, for lists. Traces of which nothing is said are not in the map.
pub fn for_traces(
    tx: &mut Tx<'_>,
    reader: impl Into<Reader>,
    trace_ids: &[&str],
) -> Result<HashMap<String, Judgements>> {
    let reader = reader.into();
    let mut found: HashMap<String, Judgements> = HashMap::new();
    let sql = format!(
        "select {COLUMNS} from annotation a
         where a.project = $1 and a.trace_id in ({}) and a.removed_at is null{}
         order by a.created_at, a.id{{bytes_order}}",
        *PLACEHOLDERS,
        reader.sees(&format!("${}", AT_ONCE + 2))
    );
    for some in trace_ids.chunks(AT_ONCE) {
        let mut params = vec![Value::from(reader.project)];
        // One text for every number of traces: the last one fills up the rest.
        params.extend((0..AT_ONCE).map(|at| Value::from(*some.get(at).or(some.last()).unwrap_or(&""))));
        let mut with_me = params.clone();
        with_me.extend(reader.me().map(Value::from));
        for row in tx.query(&sql, &with_me)? {
            let annotation = read_store::read(&row)?;
            found.entry(annotation.trace_id.clone()).or_default().annotations.push(annotation);
        }
        for result in evaluator_store::of_traces(tx, &PLACEHOLDERS, &params)? {
            found.entry(result.trace_id.clone()).or_default().evaluator_results.push(result);
        }
    }
    Ok(found)
}

/// Which annotations of a project a list shows.
#[derive(Debug, Clone, Default)]
pub struct ListFilter {
    /// The key of a human review.
    pub key: Option<String>,
    /// The value: an option that is chosen, a number, `true` or `false`, or a whole text.
    pub value: Option<String>,
    /// The trace.
    pub trace_id: Option<String>,
    /// The span.
    pub span_id: Option<String>,
    /// `human` or `automation`.
    pub annotator_kind: Option<String>,
    /// The annotator.
    pub annotator_id: Option<String>,
    /// The end user.
    pub identity_id: Option<String>,
    /// Where it comes from.
    pub source: Option<String>,
    /// Last changed at or after this moment, in microseconds.
    pub from: Option<i64>,
    /// Last changed before this moment, in microseconds.
    pub to: Option<i64>,
}

impl ListFilter {
    /// The conditions and their parameters, after `$1` for the project.
    fn conditions(&self) -> (String, Vec<Value>) {
        let mut sql = String::new();
        let mut params = Vec::new();
        let mut also = |condition: &str, value: Value| {
            params.push(value);
            sql.push_str(" and ");
            sql.push_str(&condition.replace('?', &format!("${}", params.len() + 1)));
        };
        let texts = [
            ("a.key = ?", &self.key),
            ("a.trace_id = ?", &self.trace_id),
            ("a.span_id = ?", &self.span_id),
            ("a.annotator_kind = ?", &self.annotator_kind),
            ("a.annotator_id = ?", &self.annotator_id),
            ("a.identity_id = ?", &self.identity_id),
            ("a.source = ?", &self.source),
        ];
        for (condition, value) in texts {
            if let Some(value) = value {
                also(condition, value.into());
            }
        }
        for (condition, value) in [("a.updated_at >= ?", self.from), ("a.updated_at < ?", self.to)] {
            if let Some(value) = value {
                also(condition, value.into());
            }
        }
        if let Some(value) = &self.value {
            let number = value.parse::<f64>().ok().filter(|number| number.is_finite());
            // What is chosen stands in a list as JSON text, quotes included.
            let json = serde_json::Value::from(value.as_str()).to_string();
            let first = params.len() + 2;
            params.extend([value.into(), number.into(), json.into()]);
            sql.push_str(&format!(
                " and (a.value_text = ${first} or a.value_number = cast(${} as double precision) or a.value = ${json}
                  or (a.type = 'multi_select' and replace(a.value, ${json}, '') <> a.value))",
                first + 1,
                json = first + 2
            ));
        }
        (sql, params)
    }
}

/// The annotations of a project, newest first by id.
pub fn list(
    tx: &mut Tx<'_>,
    reader: impl Into<Reader>,
    filter: &ListFilter,
    page: &PageRequest,
) -> Result<Page<Annotation>> {
    let reader = reader.into();
    let (conditions, own) = filter.conditions();
    let mut params = vec![Value::from(reader.project)];
    params.extend(own);
    params.extend(reader.me().map(Value::from));
    let sees = reader.sees(&format!("${}", params.len()));
    let backwards = page.ending_before.is_some();
    let cursor = page.starting_after.as_ref().or(page.ending_before.as_ref());
    let cursor = cursor.map_or_else(String::new, |id| {
        params.push(id.into());
        let sign = if backwards { '>' } else { '<' };
        format!(" and a.id{{bytes_order}} {sign} ${}", params.len())
    });
    let order = if backwards { "asc" } else { "desc" };
    let sql = format!(
        "select {COLUMNS} from annotation a where a.project = $1 and a.removed_at is null{conditions}{sees}{cursor}
         order by a.id{{bytes_order}} {order} limit {}",
        page.limit + 1
    );
    let mut data: Vec<Annotation> = tx.query(&sql, &params)?.iter().map(read_store::read).collect::<Result<_>>()?;
    let has_more = data.len() > page.limit;
    data.truncate(page.limit);
    if backwards {
        data.reverse();
    }
    Ok(Page { data, has_more })
}

/// What happened to one annotation, oldest first; also after it was removed.
pub fn history(tx: &mut Tx<'_>, reader: impl Into<Reader>, id: &str) -> Result<Vec<HistoryEntry>> {
    let reader = reader.into();
    let annotation = read_store::find(tx, &reader, id)?.ok_or_else(|| {
        Error::not_found("annotation_not_found", format!("The annotation with id \"{id}\" was not found."))
    })?;
    read_store::events(tx, &reader, &annotation)
}
