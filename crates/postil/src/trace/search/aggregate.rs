//! Sums over traces: grouped by fields, by annotations, by time.

use std::collections::BTreeMap;

use super::Window;
use super::store::within;
use crate::clock;
use crate::db::{Row, Tx};
use crate::error::{Error, Result};
use crate::project::Reader;
use crate::trace::filter::field::{Lifted, Source};
use crate::trace::filter::{Field, Filter, SqlBuilder, seen};

/// How many fields traces can be grouped by at once.
pub const MAX_GROUPS: usize = 4;
/// How many numbers can be asked for at once.
pub const MAX_COMPUTES: usize = 20;

/// By what traces are grouped.
#[derive(Debug, Clone)]
pub enum Grouping {
    /// By the value of a field; a trace with several values counts for each.
    Field(Field),
    /// By the hour, day or minute they started in, told as its length in nanoseconds.
    Time(&'static str, i64),
}

impl Grouping {
    /// Reads a field's name or `time:day`, `time:hour`, `time:minute`.
    pub fn parse(text: &str, place: &str) -> Result<Grouping> {
        match text {
            "time:minute" => return Ok(Grouping::Time("time:minute", 60_000_000_000)),
            "time:hour" => return Ok(Grouping::Time("time:hour", 3_600_000_000_000)),
            "time:day" => return Ok(Grouping::Time("time:day", 86_400_000_000_000)),
            _ => {}
        }
        let field = Field::find(text, place)?;
        let groupable = match &field {
            Field::Lifted(lifted) => lifted.groupable(),
            Field::Metadata(_) | Field::Annotation(_) | Field::Evaluator(_) => true,
            Field::Attribute(_) => false,
        };
        if groupable {
            return Ok(Grouping::Field(field));
        }
        let message = format!("Traces cannot be grouped by {}.", field.name());
        Err(Error::field("invalid_group", place, message))
    }

    fn name(&self) -> String {
        match self {
            Grouping::Field(field) => field.name(),
            Grouping::Time(name, _) => (*name).to_owned(),
        }
    }

    /// What must be joined to the trace `t`, and the expression of the value as text.
    fn sql(&self, number: usize, (reader, project): (&Reader, &str), sql: &mut SqlBuilder) -> (String, String) {
        let each = |array: &str| format!(" cross join {{each_text}}({array}{{json}}) j{number}");
        let given = |table: &str, keys: [&str; 2], current: &str, key: &str| {
            format!(
                " join (select distinct trace_id, coalesce(value_text, value) as value from {table} a
                   where project = {project} and ({} = {key} or {} = {key}){current}) j{number}
                   on j{number}.trace_id = t.trace_id",
                keys[0], keys[1]
            )
        };
        match self {
            Grouping::Time(_, length) => (String::new(), format!("cast(t.start_ns / {length} as text)")),
            Grouping::Field(Field::Lifted(Lifted { source: Source::TraceSet(column, _), .. })) => {
                (each(column), format!("j{number}.value"))
            }
            Grouping::Field(Field::Lifted(Lifted { source: Source::TraceText(column, _), .. })) => {
                (String::new(), (*column).to_owned())
            }
            Grouping::Field(Field::Metadata(key)) => {
                let key = format!("cast({} as text)", sql.bind(key));
                let json = format!("cast(t.metadata{{json}} -> {key} as text)");
                let text = format!("cast(t.metadata{{json}} ->> {key} as text)");
                (
                    String::new(),
                    format!("(case when substr({json}, 1, 1) = '\"' then {text} else nullif({json}, 'null') end)"),
                )
            }
            Grouping::Field(Field::Annotation(key)) => {
                let key = sql.bind(key);
                let current = format!(" and removed_at is null{}", seen(reader, sql));
                (given("annotation", ["key", "subject"], &current, &key), format!("j{number}.value"))
            }
            Grouping::Field(Field::Evaluator(key)) => {
                let key = sql.bind(key);
                (given("evaluator_result", ["evaluator", "name"], "", &key), format!("j{number}.value"))
            }
            Grouping::Field(_) => (String::new(), "cast(null as text)".to_owned()),
        }
    }

    fn shown(&self, value: String) -> String {
        match self {
            Grouping::Time(_, length) => {
                let bucket: i64 = value.parse().unwrap_or(0);
                clock::rfc3339(bucket.saturating_mul(*length) / 1000)
            }
            Grouping::Field(_) => value,
        }
    }
}

/// One number to compute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compute {
    metric: &'static str,
    expression: &'static str,
    op: &'static str,
}

const METRICS: [(&str, &str); 8] = [
    ("duration_ms", "(cast(t.end_ns - t.start_ns as double precision) / 1000000.0)"),
    ("cost", "t.cost_total"),
    ("total_tokens", "cast(t.usage_total as double precision)"),
    ("prompt_tokens", "cast(t.usage_input as double precision)"),
    ("completion_tokens", "cast(t.usage_output as double precision)"),
    ("error_count", "cast(t.error_count as double precision)"),
    ("span_count", "cast(t.span_count as double precision)"),
    ("ttft_ms", "(cast(t.ttft_ns as double precision) / 1000000.0)"),
];
const OPS: [&str; 7] = ["sum", "avg", "min", "max", "p50", "p95", "p99"];

impl Compute {
    /// How many traces.
    pub fn count() -> Compute {
        Compute { metric: "count", expression: "1", op: "count" }
    }

    /// Reads a metric and an operation, such as `duration_ms` and `p95`.
    pub fn parse(metric: Option<&str>, op: Option<&str>, place: &str) -> Result<Compute> {
        let (metric, op) = (metric.unwrap_or("count"), op.unwrap_or("count"));
        if op == "count" {
            return Ok(Compute::count());
        }
        let names: Vec<_> = METRICS.iter().map(|(name, _)| *name).collect();
        let found = METRICS.iter().find(|(name, _)| *name == metric).ok_or_else(|| {
            let message = format!("'metric' must be count or one of {}.", names.join(", "));
            Error::field("invalid_metric", format!("{place}.metric"), message)
        })?;
        let op = OPS.into_iter().find(|known| *known == op).ok_or_else(|| {
            let message = format!("'op' must be count or one of {}.", OPS.join(", "));
            Error::field("invalid_metric", format!("{place}.op"), message)
        })?;
        Ok(Compute { metric: found.0, expression: found.1, op })
    }

    /// The name of the number in the answer: `count`, `duration_ms.p95`.
    pub fn name(&self) -> String {
        if self.op == "count" { "count".to_owned() } else { format!("{}.{}", self.metric, self.op) }
    }

    /// The hundredth that is asked for, if one is.
    fn percent(&self) -> Option<u32> {
        self.op.strip_prefix('p').and_then(|number| number.parse().ok())
    }
}

/// What is to be summed up.
#[derive(Debug, Clone)]
pub struct Aggregate {
    /// Which traces.
    pub filter: Filter,
    /// Started when.
    pub window: Window,
    /// Grouped by what.
    pub groups: Vec<Grouping>,
    /// Which numbers.
    pub computes: Vec<Compute>,
    /// How many groups.
    pub limit: usize,
}

/// The numbers of one group.
#[derive(Debug, Clone, PartialEq)]
pub struct AggregateRow {
    /// The value of each field that was grouped by; a field without a value is left out.
    pub group: BTreeMap<String, String>,
    /// The numbers; one that has nothing to be computed from is left out.
    pub metrics: BTreeMap<String, f64>,
}

/// Sums up. The greatest groups come first, or the earliest when the first grouping is by time.
pub fn aggregate(tx: &mut Tx<'_>, reader: impl Into<Reader>, wanted: &Aggregate) -> Result<Vec<AggregateRow>> {
    let (rows, sql) = rows_sql(&reader.into(), wanted);
    let columns = group_columns(wanted.groups.len());
    let sums: String = wanted
        .computes
        .iter()
        .enumerate()
        .map(|(at, compute)| match compute.op {
            "sum" | "avg" | "min" | "max" => format!(", cast({}(m{at}) as double precision)", compute.op),
            "count" => ", cast(count(*) as double precision)".to_owned(),
            _ => ", cast(null as double precision)".to_owned(),
        })
        .collect();
    let by_time = matches!(wanted.groups.first(), Some(Grouping::Time(..)));
    let mut order: Vec<_> = columns.iter().map(|column| format!("{column}{{bytes_order}} nulls last")).collect();
    order.insert(if by_time { order.len() } else { 0 }, "count(*) desc".to_owned());
    let listed = columns.iter().map(|column| format!("{column}, ")).collect::<String>();
    let grouped = if columns.is_empty() { String::new() } else { format!("group by {}", columns.join(", ")) };
    let limit = wanted.limit;
    let text = format!(
        "select {listed}cast(count(*) as bigint){sums} from ({rows}) x {grouped} order by {} limit {limit}",
        order.join(", ")
    );
    let percentiles = percentiles(tx, wanted, &rows, sql.params())?;
    let mut answer = Vec::new();
    for row in tx.query(&text, sql.params())? {
        let key = group_key(&row, wanted.groups.len())?;
        let mut metrics = BTreeMap::new();
        for (at, compute) in wanted.computes.iter().enumerate() {
            let number = match percentiles.get(&(key.clone(), at)) {
                Some(number) => Some(*number),
                None => row.opt_real(wanted.groups.len() + 1 + at)?,
            };
            if let Some(number) = number {
                metrics.insert(compute.name(), number);
            }
        }
        let named = wanted.groups.iter().zip(key);
        let group =
            named.filter_map(|(group, value)| Some((group.name(), group.shown(value?)))).collect::<BTreeMap<_, _>>();
        answer.push(AggregateRow { group, metrics });
    }
    Ok(answer)
}

/// One row for each trace and group: the groups as `g0`, `g1`, …, the numbers as `m0`, `m1`, ….
fn rows_sql(reader: &Reader, wanted: &Aggregate) -> (String, SqlBuilder) {
    let mut sql = SqlBuilder::default();
    let among = within(reader.project, wanted.window, &mut sql);
    let (mut joins, mut columns) = (String::new(), Vec::new());
    for (number, group) in wanted.groups.iter().enumerate() {
        // The project is the first parameter of `within`.
        let (join, value) = group.sql(number, (reader, "$1"), &mut sql);
        joins.push_str(&join);
        columns.push(format!("{value} as g{number}"));
    }
    columns.extend(wanted.computes.iter().enumerate().map(|(at, compute)| format!("{} as m{at}", compute.expression)));
    let filter = wanted.filter.clone().seen_by(reader).to_sql(&mut sql);
    (format!("select {} from trace t{joins} where {among} and {filter}", columns.join(", ")), sql)
}

fn group_columns(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("g{number}")).collect()
}

fn group_key(row: &Row, groups: usize) -> Result<Vec<Option<String>>> {
    (0..groups).map(|at| row.opt_text(at)).collect()
}

type Percentiles = BTreeMap<(Vec<Option<String>>, usize), f64>;

/// The percentiles by nearest rank: the smallest number that at least so many hundredths do not exceed.
fn percentiles(tx: &mut Tx<'_>, wanted: &Aggregate, rows: &str, params: &[crate::db::Value]) -> Result<Percentiles> {
    let groups = group_columns(wanted.groups.len());
    let listed = groups.iter().map(|column| format!("{column}, ")).collect::<String>();
    let partition = if groups.is_empty() { String::new() } else { format!("partition by {}", groups.join(", ")) };
    let mut found = BTreeMap::new();
    for (at, compute) in wanted.computes.iter().enumerate() {
        let Some(percent) = compute.percent() else { continue };
        let text = format!(
            "select {listed}m{at} from (select {listed}m{at}, row_number() over ({partition} order by m{at}) as place,
               count(*) over ({partition}) as total from ({rows}) x where m{at} is not null) y
             where place = (total * {percent} + 99) / 100"
        );
        for row in tx.query(&text, params)? {
            found.insert((group_key(&row, groups.len())?, at), row.real(groups.len())?);
        }
    }
    Ok(found)
}
