//! The names of those who said something, for those who read it.

use std::collections::HashMap;

use super::Caller;
use crate::db::{Tx, Value};
use crate::error::Result;

/// Ids asked for with one statement.
const AT_ONCE: usize = 50;

/// The names behind ids of members, API keys, automations and identities, as far as they have one. Members who were removed and keys
/// that were deleted keep theirs: it stands beside what they said. Of the workspace of the caller, and of identities
/// those its project knows.
pub fn names(tx: &mut Tx<'_>, caller: &Caller, ids: &[&str]) -> Result<HashMap<String, String>> {
    let mut wanted: Vec<&str> = ids.iter().copied().filter(|id| !id.is_empty()).collect();
    wanted.sort_unstable();
    wanted.dedup();
    if wanted.is_empty() {
        return Ok(HashMap::new());
    }
    let list = (3..AT_ONCE + 3).map(|at| format!("${at}")).collect::<Vec<_>>().join(", ");
    // What comes later wins: an application may call its end users by any id.
    let sql = format!(
        "select cast(0 as bigint), external_id, display_name from identity
         where workspace_id = $1 and project_id = '' and external_id in ({list}) and display_name is not null
         union all
         select cast(1 as bigint), external_id, display_name from identity
         where workspace_id = $1 and project_id = $2 and external_id in ({list}) and display_name is not null
         union all
         select cast(2 as bigint), id, name from api_key where workspace_id = $1 and id in ({list})
         union all
         select cast(2 as bigint), a.id, a.name from automation a join project p on p.number = a.project
         where p.workspace_id = $1 and a.id in ({list})
         union all
         select cast(3 as bigint), id, display_name from member where workspace_id = $1 and id in ({list})
         order by 1"
    );
    let mut names = HashMap::new();
    for some in wanted.chunks(AT_ONCE) {
        let mut params = vec![Value::from(caller.workspace_id.as_str()), Value::from(caller.project.id.as_str())];
        // One text for every number of ids: the last one fills up the rest.
        params.extend((0..AT_ONCE).map(|at| Value::from(*some.get(at).or(some.last()).unwrap_or(&""))));
        for row in tx.query(&sql, &params)? {
            names.insert(row.text(1)?, row.text(2)?);
        }
    }
    names.retain(|_, name: &mut String| !name.is_empty());
    Ok(names)
}
