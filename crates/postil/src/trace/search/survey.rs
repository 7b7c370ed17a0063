//! Which of many traces match, without reading them: for trials and for work on what is stored already.

use super::Window;
use super::store::within;
use crate::db::{Row, Tx};
use crate::error::Result;
use crate::params;
use crate::trace::filter::{Filter, SqlBuilder};

/// A trace that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Surveyed {
    /// Its id.
    pub trace_id: String,
    /// When it started.
    pub start_ns: i64,
    /// Whether it passes the filter.
    pub matches: bool,
    /// The first of the strata it belongs to, by its place in the list.
    pub stratum: Option<usize>,
}

/// What is looked for.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Which traces match.
    pub filter: &'a Filter,
    /// Into which of these those that match fall.
    pub strata: &'a [Filter],
    /// When they started.
    pub window: Window,
}

impl Wanted<'_> {
    fn stratum(&self, sql: &mut SqlBuilder) -> String {
        if self.strata.is_empty() {
            return "cast(null as bigint)".into();
        }
        let tests = self.strata.iter().enumerate().map(|(at, filter)| {
            let test = filter.to_sql(sql);
            format!("when {test} then cast({at} as bigint)")
        });
        let tests: Vec<_> = tests.collect();
        format!("case {} end", tests.join(" "))
    }
}

/// Every trace that matches, the newest first.
pub fn matching(tx: &mut Tx<'_>, project: i64, wanted: Wanted<'_>) -> Result<Vec<Surveyed>> {
    let mut sql = SqlBuilder::default();
    let stratum = wanted.stratum(&mut sql);
    let text = format!(
        "select t.trace_id, t.start_ns, cast(1 as bigint), {stratum} from trace t where {} and {}
         order by t.start_ns desc, t.trace_id{{bytes_order}}",
        within(project, wanted.window, &mut sql),
        wanted.filter.to_sql(&mut sql)
    );
    tx.query(&text, sql.params())?.iter().map(read).collect()
}

/// The next traces, the newest first, behind a place (the start and the id of a trace): those that match and all others.
pub fn next(
    tx: &mut Tx<'_>,
    project: i64,
    wanted: Wanted<'_>,
    after: Option<&(i64, String)>,
    count: usize,
) -> Result<Vec<Surveyed>> {
    let mut sql = SqlBuilder::default();
    let stratum = wanted.stratum(&mut sql);
    let filter = wanted.filter.to_sql(&mut sql);
    let within = within(project, wanted.window, &mut sql);
    let beyond = after.map_or_else(String::new, |(start_ns, trace_id)| {
        let (start, trace_id) = (sql.bind(*start_ns), sql.bind(trace_id));
        format!(" and t.start_ns <= {start} and (t.start_ns < {start} or t.trace_id{{bytes_order}} > {trace_id})")
    });
    let text = format!(
        "select t.trace_id, t.start_ns, case when {filter} then cast(1 as bigint) else cast(0 as bigint) end, {stratum}
         from trace t where {within}{beyond} order by t.start_ns desc, t.trace_id{{bytes_order}} limit {}",
        sql.bind(count)
    );
    tx.query(&text, sql.params())?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Surveyed> {
    Ok(Surveyed {
        trace_id: row.text(0)?,
        start_ns: row.int(1)?,
        matches: row.bool(2)?,
        stratum: row.opt_int(3)?.and_then(|at| usize::try_from(at).ok()),
    })
}

/// The part of a window that holds its newest traces, at most about so many, and how many there are.
pub fn newest(tx: &mut Tx<'_>, project: i64, window: Window, most: usize) -> Result<(Window, i64)> {
    let mut sql = SqlBuilder::default();
    let within_window = within(project, window, &mut sql);
    let text = format!(
        "select t.start_ns from trace t where {within_window} order by t.start_ns desc limit 1 offset {}",
        sql.bind(most)
    );
    let narrowed = match tx.query_opt(&text, sql.params())? {
        Some(row) => Window { from_ns: row.int(0)?.saturating_add(1), ..window },
        None => window,
    };
    let sql = "select cast(count(*) as bigint) from trace where project = $1 and start_ns >= $2 and start_ns < $3";
    let count = tx.query_one(sql, params![project, narrowed.from_ns, narrowed.to_ns])?.int(0)?;
    Ok((narrowed, count))
}
