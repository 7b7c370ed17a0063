//! The SQL of calls that several traces may report.

use super::Calls;
use crate::db::{Row, Tx};
use crate::error::Result;
use crate::params;

/// How long the list of traces of a call may grow, in characters: about sixteen traces. Further ones are not noted.
const MAX_LIST: i64 = 16 * 33;

/// Notes the traces of calls, and says which traces report each. The rows are taken in the order of their keys.
pub(super) fn join(tx: &mut Tx<'_>, project: i64, calls: &Calls) -> Result<Vec<(String, Vec<String>)>> {
    let list = |traces: &std::collections::BTreeSet<String>| traces.iter().cloned().collect::<Vec<_>>().join(",");
    let rows: Vec<_> = calls.iter().map(|(key, traces)| params![project, key, list(traces)].to_vec()).collect();
    let sql = format!(
        "insert into model_call (project, call_key, traces) values $rows
         on conflict (project, call_key) do update set traces =
           case when {{position}}(model_call.traces, excluded.traces) > 0 or length(model_call.traces) > {MAX_LIST}
             then model_call.traces else model_call.traces || ',' || excluded.traces end
         returning call_key, traces"
    );
    tx.insert_many_returning(&sql, &rows)?.iter().map(read).collect()
}

/// The calls of a trace that other traces report as well.
pub(super) fn shared(tx: &mut Tx<'_>, project: i64, trace_id: &str) -> Result<Vec<(String, Vec<String>)>> {
    let rows = tx.query(
        "select call_key, traces from model_call where project = $1 and traces <> $2 and call_key in
           (select call_key from span where project = $1 and trace_id = $2 and call_key is not null)
         order by call_key",
        params![project, trace_id],
    )?;
    rows.iter().map(read).collect()
}

fn read(row: &Row) -> Result<(String, Vec<String>)> {
    let mut traces: Vec<String> = row.text(1)?.split(',').map(str::to_owned).collect();
    traces.sort();
    traces.dedup();
    Ok((row.text(0)?, traces))
}

/// Takes a trace out of the lists of the calls it reports; a call that no other trace reports goes.
pub(super) fn forget(tx: &mut Tx<'_>, project: i64, trace_id: &str) -> Result<()> {
    tx.execute(
        "delete from model_call where project = $1 and traces = $2 and call_key in
           (select call_key from span where project = $1 and trace_id = $2 and call_key is not null)",
        params![project, trace_id],
    )?;
    tx.execute(
        "update model_call set traces = substr(replace(',' || traces || ',', ',' || $2 || ',', ','), 2,
             length(replace(',' || traces || ',', ',' || $2 || ',', ',')) - 2)
         where project = $1 and call_key in
           (select call_key from span where project = $1 and trace_id = $2 and call_key is not null)",
        params![project, trace_id],
    )
    .map(drop)
}
