//! The SQL of what automations did.

use std::collections::HashMap;

use super::rule::{Automation, Outcome, Trigger};
use super::run::{Run, Totals};
use crate::db::{Row, Tx, Value};
use crate::error::{Error, Result};
use crate::page::{Page, PageRequest};
use crate::params;
use crate::trace::filter::SqlBuilder;
use crate::trace::search::padded;

/// Ids named by one statement.
const AT_ONCE: usize = 250;

fn outcome(text: &str) -> Result<Outcome> {
    Outcome::parse(text).ok_or_else(|| Error::internal(format!("a run ended {text}")))
}

/// What became of these traces when an automation looked at them before.
pub(super) fn outcomes(
    tx: &mut Tx<'_>,
    automation: &Automation,
    trace_ids: &[String],
) -> Result<HashMap<String, Outcome>> {
    let mut known = HashMap::new();
    for some in trace_ids.chunks(AT_ONCE) {
        let mut sql = SqlBuilder::default();
        let (project, id) = (sql.bind(automation.project), sql.bind(&automation.id));
        let text = format!(
            "select trace_id, outcome from automation_run
             where project = {project} and trace_id in ({}) and automation_id = {id}",
            sql.bind_list(padded(some))
        );
        for row in tx.query(&text, sql.params())? {
            known.insert(row.text(0)?, outcome(&row.text(1)?)?);
        }
    }
    Ok(known)
}

/// Stores what became of traces, in place of what was no last word.
pub(super) fn insert(tx: &mut Tx<'_>, automation: &Automation, runs: &[Run]) -> Result<()> {
    let row = |run: &Run| -> Result<Vec<Value>> {
        Ok(params![
            automation.project,
            &run.trace_id,
            &automation.id,
            &run.id,
            run.outcome.name(),
            &run.reason,
            &run.stratum,
            run.trigger.name(),
            serde_json::to_string(&run.actions).map_err(Error::internal)?,
            run.at
        ]
        .to_vec())
    };
    let rows = runs.iter().map(row).collect::<Result<Vec<_>>>()?;
    tx.insert_many(
        "insert into automation_run (project, trace_id, automation_id, id, outcome, reason, stratum, cause, actions, at)
         values $rows
         on conflict (project, trace_id, automation_id) do update set id = excluded.id, outcome = excluded.outcome,
           reason = excluded.reason, stratum = excluded.stratum, cause = excluded.cause, actions = excluded.actions,
           at = excluded.at
         where automation_run.outcome in ('not_sampled', 'over_quota')",
        &rows,
    )
    .map(drop)
}

/// How often an automation did what on a day, by stratum ('' for none).
pub(super) fn of_day(tx: &mut Tx<'_>, id: &str, day: i64) -> Result<Vec<(String, Outcome, i64)>> {
    let sql = "select stratum, outcome, count from automation_day where automation_id = $1 and day = $2";
    let rows = tx.query(sql, params![id, day])?;
    rows.iter().map(|row| Ok((row.text(0)?, outcome(&row.text(1)?)?, row.int(2)?))).collect()
}

/// Counts what an automation did on a day.
pub(super) fn count(tx: &mut Tx<'_>, id: &str, day: i64, at: i64, counts: &[((String, Outcome), i64)]) -> Result<()> {
    let row = |((stratum, outcome), count): &((String, Outcome), i64)| {
        params![id, day, stratum, outcome.name(), *count, at].to_vec()
    };
    let rows: Vec<_> = counts.iter().map(row).collect();
    tx.insert_many(
        "insert into automation_day (automation_id, day, stratum, outcome, count, last_at) values $rows
         on conflict (automation_id, day, stratum, outcome) do update set
           count = automation_day.count + excluded.count, last_at = excluded.last_at",
        &rows,
    )
    .map(drop)
}

/// How often automations did what, ever.
pub(super) fn totals(tx: &mut Tx<'_>, ids: &[String]) -> Result<HashMap<String, Totals>> {
    let mut all: HashMap<String, Totals> = HashMap::new();
    for some in ids.chunks(AT_ONCE) {
        let mut sql = SqlBuilder::default();
        let text = format!(
            "select automation_id, outcome, cast(sum(count) as bigint), max(last_at) from automation_day
             where automation_id in ({}) group by automation_id, outcome",
            sql.bind_list(padded(some))
        );
        for row in tx.query(&text, sql.params())? {
            let totals = all.entry(row.text(0)?).or_default();
            let (outcome, count) = (outcome(&row.text(1)?)?, row.int(2)?);
            match outcome {
                Outcome::Acted => (totals.acted, totals.last_acted_at) = (count, row.opt_int(3)?),
                Outcome::NotSampled => totals.not_sampled = count,
                Outcome::OverQuota => totals.over_quota = count,
                Outcome::Failed => totals.failed = count,
            }
        }
    }
    Ok(all)
}

fn read(row: &Row) -> Result<Run> {
    Ok(Run {
        id: row.text(0)?,
        trace_id: row.text(1)?,
        trace_name: row.opt_text(2)?,
        outcome: outcome(&row.text(3)?)?,
        reason: row.text(4)?,
        stratum: row.opt_text(5)?,
        trigger: Trigger::parse(&row.text(6)?)?,
        actions: row.json(7)?,
        at: row.int(8)?,
        trace_input: row.opt_text(9)?,
    })
}

/// What an automation did, newest first: each outcome along its index, and merged.
pub(super) fn list(
    tx: &mut Tx<'_>,
    automation: &Automation,
    wanted: Option<Outcome>,
    page: &PageRequest,
) -> Result<Page<Run>> {
    let mut sql = SqlBuilder::default();
    let (id, length) = (sql.bind(&automation.id), sql.bind(page.limit + 1));
    let backwards = page.ending_before.is_some();
    let beyond = page.starting_after.as_ref().or(page.ending_before.as_ref()).map_or_else(String::new, |cursor| {
        format!(" and r.id{{bytes_order}} {} {}", if backwards { '>' } else { '<' }, sql.bind(cursor))
    });
    let order = if backwards { "asc" } else { "desc" };
    let walks: Vec<_> = Outcome::ALL
        .iter()
        .filter(|outcome| wanted.is_none_or(|wanted| wanted == **outcome))
        .map(|outcome| {
            format!(
                "select * from (select r.id, r.trace_id, r.project, r.outcome, r.reason, r.stratum, r.cause, r.actions, r.at
                 from automation_run r where r.automation_id = {id} and r.outcome = {}{beyond}
                 order by r.id{{bytes_order}} {order} limit {length}) x{}",
                sql.bind(outcome.name()),
                outcome.name()
            )
        })
        .collect();
    let text = format!(
        "select y.id, y.trace_id, t.name, y.outcome, y.reason, y.stratum, y.cause, y.actions, y.at, t.input_preview
         from ({}) y left join trace t on t.project = y.project and t.trace_id = y.trace_id
         order by y.id{{bytes_order}} {order} limit {length}",
        walks.join(" union all ")
    );
    let mut data = tx.query(&text, sql.params())?.iter().map(read).collect::<Result<Vec<_>>>()?;
    let has_more = data.len() > page.limit;
    data.truncate(page.limit);
    if backwards {
        data.reverse();
    }
    Ok(Page { data, has_more })
}

pub(super) fn delete_all(tx: &mut Tx<'_>, id: &str) -> Result<()> {
    for table in ["automation_run", "automation_day"] {
        tx.execute(&format!("delete from {table} where automation_id = $1"), params![id])?;
    }
    Ok(())
}

/// Forgets what was not acted on, up to an id.
pub(super) fn forget(tx: &mut Tx<'_>, before: &str) -> Result<()> {
    let ids = tx.query("select id from automation", params![])?;
    for row in ids {
        for outcome in [Outcome::NotSampled, Outcome::OverQuota] {
            tx.execute(
                "delete from automation_run where automation_id = $1 and outcome = $2 and id{bytes_order} < $3",
                params![row.text(0)?, outcome.name(), before],
            )?;
        }
    }
    Ok(())
}
