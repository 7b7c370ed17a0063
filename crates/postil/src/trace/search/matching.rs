//! All traces that match, for jobs: a filter that can be stored, and a walk along what it lets through.

use serde::{Deserialize, Serialize};

use super::{Window, count, newest_after};
use crate::clock::Clock;
use crate::db::Tx;
use crate::error::Result;
use crate::project::Reader;
use crate::trace::filter::{Filter, Join, WireCondition};
use crate::trace::summary::TraceRow;

/// What starts this much after the moment of asking is still meant: clocks differ.
const AHEAD_NS: i64 = 60_000_000_000;

/// A filter as it came, so that it can be stored and read again.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Matching {
    /// The conditions.
    pub conditions: Vec<WireCondition>,
    /// Whether one of them is enough.
    pub any: bool,
    /// Words to find.
    pub query: Option<String>,
    /// Started at or after, in nanoseconds.
    pub from_ns: i64,
    /// Started before, in nanoseconds.
    pub to_ns: i64,
}

impl Matching {
    fn filter(&self) -> Result<Filter> {
        let join = if self.any { Join::Or } else { Join::And };
        let filter = Filter::from_wire(&self.conditions, join, "filters")?;
        match self.query.as_deref().map(str::trim).filter(|query| !query.is_empty()) {
            Some(query) => Ok(Filter::All(vec![filter, Filter::free_text(query)?])),
            None => Ok(filter),
        }
    }

    fn window(&self) -> Window {
        Window { from_ns: self.from_ns, to_ns: self.to_ns }
    }

    /// The same, without what starts after this moment, which was not meant by who asked.
    #[must_use]
    pub fn until_now(self, clock: &Clock) -> Matching {
        let now_ns = clock.now().saturating_mul(1000).saturating_add(AHEAD_NS);
        Matching { to_ns: self.to_ns.min(now_ns), ..self }
    }

    /// How many traces match, as far as a reader may know.
    pub fn count(&self, tx: &mut Tx<'_>, reader: &Reader) -> Result<i64> {
        count(tx, reader.project, &self.filter()?.seen_by(reader), self.window())
    }

    /// The next traces that match, the newest first, behind a place, which moves on: the start and the id of a trace.
    pub fn next(
        &self,
        tx: &mut Tx<'_>,
        reader: &Reader,
        after: &mut Option<(i64, String)>,
        count: usize,
    ) -> Result<Vec<TraceRow>> {
        let rows =
            newest_after(tx, reader.project, &self.filter()?.seen_by(reader), self.window(), after.clone(), count)?;
        if let Some(last) = rows.last() {
            *after = Some((last.start_ns, last.trace_id.clone()));
        }
        Ok(rows)
    }
}
