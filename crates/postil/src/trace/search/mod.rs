//! Finding traces: pages, facets and sums over what a filter lets through.

mod about;
pub mod aggregate;
mod cursor;
pub mod facet;
mod matching;
mod store;
pub mod survey;
mod users;

pub use about::{PageAnnotation, annotations_of};
pub use matching::Matching;
pub(crate) use store::padded;
pub use store::{find, plan};
pub use users::{UserUsage, usage_of};

use super::filter::Filter;
use super::summary::TraceRow;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::project::Reader;
use cursor::Cursor;

/// How many traces a page has when the request does not say.
pub const DEFAULT_LIMIT: usize = 50;
/// How many traces a page may have.
pub const MAX_LIMIT: i64 = 1000;

/// What a list of traces is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SortKey {
    /// When it started.
    #[default]
    StartedAt,
    /// How long it took.
    Duration,
    /// What it cost.
    Cost,
    /// How many tokens it used.
    TotalTokens,
}

/// The order of a list of traces. Traces without a value come last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort {
    /// By what.
    pub key: SortKey,
    /// The greatest first.
    pub descending: bool,
}

impl Default for Sort {
    fn default() -> Sort {
        Sort { key: SortKey::StartedAt, descending: true }
    }
}

impl Sort {
    /// Reads a field and an order; `place` is where they stand in the request.
    pub fn parse(field: &str, order: Option<&str>, place: &str) -> Result<Sort> {
        let key = match field {
            "started_at" | "timestamp" | "start_time" => SortKey::StartedAt,
            "duration_ms" | "duration" | "latency" => SortKey::Duration,
            "cost" | "total_cost" | "cost.total" => SortKey::Cost,
            "total_tokens" | "tokens" | "usage.total_tokens" => SortKey::TotalTokens,
            other => {
                let shown: String = other.chars().take(100).collect();
                let message = format!(
                    "Traces can be sorted by started_at, duration_ms, cost and total_tokens, not by '{shown}'."
                );
                return Err(Error::field("invalid_sort", place, message));
            }
        };
        let descending = match order.map(str::to_ascii_lowercase).as_deref() {
            None | Some("" | "desc") => true,
            Some("asc") => false,
            Some(_) => return Err(Error::field("invalid_sort", place, "The order must be 'asc' or 'desc'.")),
        };
        Ok(Sort { key, descending })
    }
}

/// A span of time, in nanoseconds: the start is part of it, the end is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The first nanosecond.
    pub from_ns: i64,
    /// The first nanosecond after it.
    pub to_ns: i64,
}

impl Window {
    /// All time.
    pub const EVER: Window = Window { from_ns: i64::MIN, to_ns: i64::MAX };

    /// From and to in microseconds, where given.
    pub fn of_micros(from: Option<i64>, to: Option<i64>) -> Window {
        Window {
            from_ns: from.map_or(i64::MIN, |micros| micros.saturating_mul(1000)),
            to_ns: to.map_or(i64::MAX, |micros| micros.saturating_mul(1000)),
        }
    }
}

/// Which traces, in which order, how many.
#[derive(Debug, Clone)]
pub struct Search {
    /// Which.
    pub filter: Filter,
    /// Started when.
    pub window: Window,
    /// In which order.
    pub sort: Sort,
    /// How many, 1 to [`MAX_LIMIT`].
    pub limit: usize,
    /// Where the page before ended.
    pub page_token: Option<String>,
}

impl Search {
    fn seen_by(&self, reader: &Reader) -> Search {
        Search { filter: self.filter.clone().seen_by(reader), ..self.clone() }
    }
}

/// One page of traces.
#[derive(Debug, Clone)]
pub struct Found {
    /// The traces.
    pub rows: Vec<TraceRow>,
    /// Where the next page begins, if there is more.
    pub next_page_token: Option<String>,
}

/// Checks a `limit`.
pub fn limit(limit: Option<i64>) -> Result<usize> {
    match limit {
        None => Ok(DEFAULT_LIMIT),
        Some(limit) if (1..=MAX_LIMIT).contains(&limit) => Ok(usize::try_from(limit).unwrap_or(DEFAULT_LIMIT)),
        Some(_) => Err(Error::field("invalid_limit", "limit", format!("limit must be from 1 to {MAX_LIMIT}."))),
    }
}

/// A page of the traces of a project.
///
/// # Errors
/// [`Error::Invalid`] when the page token belongs to another search.
pub fn search(tx: &mut Tx<'_>, reader: impl Into<Reader>, search: &Search) -> Result<Found> {
    let reader = reader.into();
    let project = reader.project;
    let purpose = cursor::purpose(project, &search.filter, search.sort);
    let after = search.page_token.as_deref().map(|token| Cursor::read(token, &purpose)).transpose()?;
    let mut rows = store::page(tx, project, &search.seen_by(&reader), after.as_ref(), search.limit + 1)?;
    let more = rows.len() > search.limit;
    rows.truncate(search.limit);
    let next_page_token = match rows.last() {
        Some(last) if more => Some(Cursor::after(last, search.sort.key).write(&purpose)),
        _ => None,
    };
    Ok(Found { rows, next_page_token })
}

/// The newest traces after a place (the start and the id of a trace), without a token: for work that goes on later.
fn newest_after(
    tx: &mut Tx<'_>,
    project: i64,
    filter: &Filter,
    window: Window,
    after: Option<(i64, String)>,
    count: usize,
) -> Result<Vec<TraceRow>> {
    let search = Search { filter: filter.clone(), window, sort: Sort::default(), limit: count, page_token: None };
    let after = after.map(|(start_ns, trace_id)| Cursor { start_ns, trace_id, value: None });
    store::page(tx, project, &search, after.as_ref(), count)
}

/// How many traces match.
fn count(tx: &mut Tx<'_>, project: i64, filter: &Filter, window: Window) -> Result<i64> {
    store::count(tx, project, filter, window)
}
