//! What can be filtered by, and which values it has.

use std::collections::BTreeMap;

use super::Window;
use super::about;
use super::aggregate::{Aggregate, Compute, Grouping, aggregate};
use crate::db::Tx;
use crate::error::Result;
use crate::project::Reader;
use crate::trace::filter::Filter;

/// How many traces of the window the values are counted over: the newest.
pub const COUNTED_TRACES: usize = 10_000;
/// How many traces are asked which metadata they carry.
const ASKED_TRACES: usize = 1000;

/// A value and how many traces have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FacetValue {
    /// The value.
    pub value: String,
    /// How many traces.
    pub count: u64,
}

/// The most frequent values of a field over the newest [`COUNTED_TRACES`] of a window, and whether there are more.
pub fn values(
    tx: &mut Tx<'_>,
    reader: impl Into<Reader>,
    grouping: &Grouping,
    filter: &Filter,
    window: Window,
    limit: usize,
) -> Result<(Vec<FacetValue>, bool)> {
    let reader = reader.into();
    // Where the newest ones end, so that the count below is over a range of the index.
    let from_ns = about::start_of_newest(tx, reader.project, window, COUNTED_TRACES)?.unwrap_or(window.from_ns);
    let wanted = Aggregate {
        filter: filter.clone(),
        window: Window { from_ns, ..window },
        groups: vec![grouping.clone()],
        computes: vec![Compute::count()],
        // One more than asked for, to know of more, and one for the traces without a value.
        limit: limit + 2,
    };
    let rows = aggregate(tx, reader, &wanted)?;
    let mut found: Vec<_> = rows
        .into_iter()
        .filter_map(|row| {
            let value = row.group.into_values().next()?;
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a count is whole and positive"
            )]
            let count = row.metrics.get("count").map_or(0, |count| *count as u64);
            Some(FacetValue { value, count })
        })
        .collect();
    let more = found.len() > limit;
    found.truncate(limit);
    Ok((found, more))
}

/// An evaluator whose verdicts can be filtered by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvaluatorFilter {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Who judges: `llm`, `code` and the like.
    pub annotator_kind: String,
    /// What a verdict is: a number, a boolean, text.
    pub output_type: String,
}

/// A human review whose annotations can be filtered by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnnotationFilter {
    /// Its id.
    pub id: String,
    /// Its key.
    pub key: String,
    /// Its title.
    pub display_name: String,
    /// Its type.
    pub kind: String,
    /// The values that can be chosen, for selects.
    pub options: Vec<String>,
}

/// What the data of a project can be filtered by, beyond the fields every trace has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filters {
    /// The evaluators.
    pub evaluators: Vec<EvaluatorFilter>,
    /// The metadata keys of the newest traces, and the type of their values.
    pub metadata: BTreeMap<String, &'static str>,
    /// The human reviews.
    pub annotations: Vec<AnnotationFilter>,
}

/// What the data of a project can be filtered by: human reviews only if they were used, unless all are wanted.
pub fn filters(tx: &mut Tx<'_>, project: i64, include_all: bool) -> Result<Filters> {
    let mut metadata = BTreeMap::new();
    for object in about::newest_metadata(tx, project, ASKED_TRACES)? {
        for (key, value) in object {
            let kind = match value {
                serde_json::Value::Bool(_) => "boolean",
                serde_json::Value::Number(_) => "number",
                _ => "string",
            };
            // Where traces disagree, everything can at least be read as text.
            metadata
                .entry(key)
                .and_modify(|known| *known = if *known == kind { kind } else { "string" })
                .or_insert(kind);
        }
    }
    let evaluators = about::evaluators(tx, project)?;
    let annotations = about::human_reviews(tx, project, include_all)?;
    Ok(Filters { evaluators, metadata, annotations })
}
