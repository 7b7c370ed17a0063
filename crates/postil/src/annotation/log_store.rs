//! The SQL of logs and of finding spans by what clients call them.

use std::sync::LazyLock;

use super::Judgements;
use super::log::{Log, LogFilter};
use crate::db::{Row, Tx, Value};
use crate::error::Result;
use crate::params;
use crate::project::Reader;
use crate::trace::call::STREAM;

/// The columns of a log. A streamed request shows what its reply says, which its client reports as a span beside it; only
/// spans of such calls look for one.
static COLUMNS: LazyLock<String> = LazyLock::new(|| {
    let of_reply = |column: &str| {
        format!(
            "coalesce(s.{column}, case when s.output_preview is null and s.call_key like '{STREAM}%' then
               (select r.{column} from span r where r.project = s.project and r.trace_id = s.trace_id
                  and r.call_key = s.call_key and r.output_preview is not null and r.start_ns >= s.start_ns
                order by r.start_ns limit 1) end)"
        )
    };
    let [input, output, total] = ["usage_input", "usage_output", "usage_total"].map(of_reply);
    let [cost, answer] = ["cost_total", "output_preview"].map(of_reply);
    format!(
        "s.log_id, s.trace_id, s.span_id, s.name, s.status, s.error_message, s.provider,
         coalesce(s.response_model, s.request_model), s.start_ns, s.end_ns, {input}, {output}, {total}, {cost},
         s.input_preview, {answer}, s.deployment_id, s.deployment_key"
    )
});

/// A generation whose parent is no deployment with a log of its own.
const IS_LOG: &str = "s.is_log = 1 and not exists (
    select 1 from span p where p.project = s.project and p.trace_id = s.trace_id and p.span_id = s.parent_span_id
      and p.is_log = 1 and (p.deployment_id is not null or p.deployment_key is not null))";

/// No reply to a streamed request that is shown itself.
static IS_NO_REPLY: LazyLock<String> = LazyLock::new(|| {
    format!(
        "not (s.call_key is not null and s.call_key like '{STREAM}%' and s.output_preview is not null and exists (
           select 1 from span q where q.project = s.project and q.trace_id = s.trace_id and q.call_key = s.call_key
             and q.output_preview is null and q.start_ns <= s.start_ns))"
    )
});

fn read(row: &Row) -> Result<Log> {
    let (trace_id, span_id) = (row.text(1)?, row.text(2)?);
    Ok(Log {
        id: row.opt_text(0)?.unwrap_or_else(|| format!("{trace_id}-{span_id}")),
        trace_id,
        span_id,
        name: row.text(3)?,
        status: row.text(4)?,
        error_message: row.opt_text(5)?,
        provider: row.opt_text(6)?,
        model: row.opt_text(7)?,
        start_ns: row.int(8)?,
        end_ns: row.int(9)?,
        usage_input: row.opt_int(10)?,
        usage_output: row.opt_int(11)?,
        usage_total: row.opt_int(12)?,
        cost_total: row.opt_real(13)?,
        input_preview: row.opt_text(14)?,
        output_preview: row.opt_text(15)?,
        deployment_id: row.opt_text(16)?,
        deployment_key: row.opt_text(17)?,
        judgements: Judgements::default(),
    })
}

/// Where a log stands in the order of the list.
pub(super) struct Place {
    start_ns: i64,
    trace_id: String,
    span_id: String,
}

pub(super) fn place(tx: &mut Tx<'_>, project: i64, trace_id: &str, span_id: &str) -> Result<Option<Place>> {
    let sql = "select start_ns from span where project = $1 and trace_id = $2 and span_id = $3";
    let row = tx.query_opt(sql, params![project, trace_id, span_id])?;
    row.map(|row| Ok(Place { start_ns: row.int(0)?, trace_id: trace_id.into(), span_id: span_id.into() })).transpose()
}

/// Logs after `cursor`, newest first; before it, oldest first, when `backwards`.
pub(super) fn list(
    tx: &mut Tx<'_>,
    reader: &Reader,
    filter: &LogFilter,
    cursor: Option<&Place>,
    backwards: bool,
    limit: usize,
) -> Result<Vec<Log>> {
    let mut params = vec![Value::from(reader.project)];
    let mut sql = format!("select {} from span s where s.project = $1 and {IS_LOG} and {}", *COLUMNS, *IS_NO_REPLY);
    let mut also = |condition: &str, value: Value| {
        params.push(value);
        sql.push_str(" and ");
        sql.push_str(&condition.replace('?', &format!("${}", params.len())));
    };
    let texts = [
        ("s.status = ?", &filter.status),
        ("s.provider = ?", &filter.provider),
        ("(s.response_model = ? or s.request_model = ?)", &filter.model),
    ];
    for (condition, value) in texts {
        if let Some(value) = value {
            also(condition, value.into());
        }
    }
    for (condition, micros) in [("s.start_ns >= ?", filter.from), ("s.start_ns < ?", filter.to)] {
        if let Some(micros) = micros {
            also(condition, micros.saturating_mul(1000).into());
        }
    }
    for (condition, ms) in
        [("s.end_ns - s.start_ns >= ?", filter.min_duration_ms), ("s.end_ns - s.start_ns <= ?", filter.max_duration_ms)]
    {
        if let Some(ms) = ms {
            also(condition, ms.saturating_mul(1_000_000).into());
        }
    }
    for (condition, cost) in [("s.cost_total >= ?", filter.min_cost), ("s.cost_total <= ?", filter.max_cost)] {
        if let Some(cost) = cost {
            also(condition, cost.into());
        }
    }
    if let Some(query) = filter.query.as_deref().map(str::trim).filter(|query| !query.is_empty()) {
        let columns = ["s.name", "s.input_preview", "s.output_preview", "s.error_message", "s.request_model"];
        let anywhere =
            columns.map(|column| format!("{{position}}(lower(coalesce({column}, ''){{bytes_order}}), ?) > 0"));
        also(&format!("({})", anywhere.join(" or ")), query.to_ascii_lowercase().into());
    }
    if let Some(place) = cursor {
        let (newer, after) = if backwards { (">", "<") } else { ("<", ">") };
        also(&format!("s.start_ns {newer}= ?"), place.start_ns.into());
        let tie = params.len();
        params.extend([Value::from(&place.trace_id), Value::from(&place.span_id)]);
        sql.push_str(&format!(
            " and (s.start_ns {newer} ${tie} or s.trace_id{{bytes_order}} {after} ${}
               or (s.trace_id = ${} and s.span_id{{bytes_order}} {after} ${}))",
            tie + 1,
            tie + 1,
            tie + 2
        ));
    }
    if let Some(annotated) = filter.annotated {
        let me = format!("${}", params.len() + 1);
        let said = format!(
            "exists (select 1 from annotation a where a.project = s.project and a.trace_id = s.trace_id
               and a.span_id = s.span_id and a.removed_at is null{})",
            reader.sees(&me)
        );
        params.extend(reader.me().map(Value::from));
        sql.push_str(&format!(" and ({said}) = (cast(${} as bigint) = 1)", params.len() + 1));
        params.push(annotated.into());
    }
    let (time, text) = if backwards { ("asc", "desc") } else { ("desc", "asc") };
    sql.push_str(&format!(
        " order by s.start_ns {time}, s.trace_id{{bytes_order}} {text}, s.span_id{{bytes_order}} {text} limit {limit}"
    ));
    tx.query(&sql, &params)?.iter().map(read).collect()
}

pub(super) fn find(tx: &mut Tx<'_>, project: i64, trace_id: &str, span_id: &str) -> Result<Option<Log>> {
    let sql = format!(
        "select {} from span s where s.project = $1 and s.trace_id = $2 and s.span_id = $3 and {IS_LOG}",
        *COLUMNS
    );
    tx.query_opt(&sql, params![project, trace_id, span_id])?.as_ref().map(read).transpose()
}

fn pair(row: &Row) -> Result<(String, String)> {
    Ok((row.text(0)?, row.text(1)?))
}

/// The newest span under this client's log id.
pub(super) fn by_log_id(tx: &mut Tx<'_>, project: i64, log_id: &str) -> Result<Option<(String, String)>> {
    let sql = "select trace_id, span_id from span where project = $1 and log_id = $2 order by start_ns desc limit 1";
    tx.query_opt(sql, params![project, log_id])?.as_ref().map(pair).transpose()
}

/// The span of a trace that stands for it: its leading model call, else its root, else its first.
pub(super) fn leading_span(tx: &mut Tx<'_>, project: i64, trace_id: &str) -> Result<Option<(String, String)>> {
    let row = tx.query_opt(
        "select s.trace_id, s.span_id from span s
         left join trace t on t.project = s.project and t.trace_id = s.trace_id
         where s.project = $1 and s.trace_id = $2
         order by case when s.span_id = t.leading_span_id then 0 when s.span_id = t.root_span_id then 1 else 2 end,
           s.start_ns, s.span_id{bytes_order} limit 1",
        params![project, trace_id],
    )?;
    row.as_ref().map(pair).transpose()
}

/// How many of the newest logs are looked through for ids that have no index.
const RECENT: i64 = 1000;

/// The newest of the recent logs that a model provider or a deployment knows under this id.
pub(super) fn by_foreign_id(tx: &mut Tx<'_>, project: i64, id: &str) -> Result<Option<(String, String)>> {
    let row = tx.query_opt(
        "select r.trace_id, r.span_id from (
           select s.trace_id, s.span_id, s.start_ns, s.response_id, s.deployment_id from span s
           where s.project = $1 and s.is_log = 1 order by s.start_ns desc limit $3) r
         where r.response_id = $2 or r.deployment_id = $2 order by r.start_ns desc limit 1",
        params![project, id, RECENT],
    )?;
    row.as_ref().map(pair).transpose()
}

/// The deployment right above a model call, which is the log of both.
pub(super) fn deployment_above(
    tx: &mut Tx<'_>,
    project: i64,
    trace_id: &str,
    span_id: &str,
) -> Result<Option<(String, String)>> {
    let row = tx.query_opt(
        "select p.trace_id, p.span_id from span s
         join span p on p.project = s.project and p.trace_id = s.trace_id and p.span_id = s.parent_span_id
         where s.project = $1 and s.trace_id = $2 and s.span_id = $3 and s.is_log = 1 and p.is_log = 1
           and (p.deployment_id is not null or p.deployment_key is not null)",
        params![project, trace_id, span_id],
    )?;
    row.as_ref().map(pair).transpose()
}
