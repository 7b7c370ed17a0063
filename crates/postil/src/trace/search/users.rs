//! What end users used: sums over the traces that name them.

use std::collections::HashMap;

use super::store::padded;
use crate::db::Tx;
use crate::error::Result;
use crate::trace::filter::SqlBuilder;

/// What the traces of one end user add up to.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct UserUsage {
    /// How many traces.
    pub traces: i64,
    /// How many of them failed.
    pub failed: i64,
    /// Their tokens.
    pub tokens: i64,
    /// Their cost in US dollars.
    pub cost: f64,
}

/// What these users of a project used since `from_ns`, by user. Those without traces are not in the map.
pub fn usage_of(
    tx: &mut Tx<'_>,
    project: i64,
    user_ids: &[String],
    from_ns: i64,
) -> Result<HashMap<String, UserUsage>> {
    if user_ids.is_empty() {
        return Ok(HashMap::new());
    }
    let mut sql = SqlBuilder::default();
    let (project, from) = (sql.bind(project), sql.bind(from_ns));
    let list = sql.bind_list(padded(user_ids));
    let text = format!(
        "select user_id, count(*), sum(case when status = 'error' then 1 else 0 end),
           cast(sum(coalesce(usage_total, usage_input + usage_output, 0)) as bigint), sum(coalesce(cost_total, 0.0))
         from trace where project = {project} and user_id in ({list}) and start_ns >= {from} group by user_id"
    );
    let rows = tx.query(&text, sql.params())?;
    rows.iter()
        .map(|row| {
            let usage = UserUsage { traces: row.int(1)?, failed: row.int(2)?, tokens: row.int(3)?, cost: row.real(4)? };
            Ok((row.text(0)?, usage))
        })
        .collect()
}
