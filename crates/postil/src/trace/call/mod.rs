//! One call of a model that several spans report: which of them count, and which belong together.
//!
//! Two kinds of clients do that in ways the tree of one trace does not show:
//!
//! - Anthropic's own SDK emits a span beside the one of an instrumentation; for streams as the root of a trace of its own.
//!   Both carry the id of the response.
//! - Logfire ends the span of a streamed request at its first byte, without an answer; the reply is a second span, a
//!   sibling or the root of another trace. Both carry the same input.
//!
//! Only spans of these have a key, so only they cost a look-up when they come in: one row of `model_call` by its primary
//! key. The row is also what two transactions that bring the same call to two traces wait for, so that one of them sees
//! the other's span, whichever comes first. Response ids are unique to a provider; that of others is looked at inside a
//! trace only, because none of their clients is known to report a call to two traces, and most spans are theirs.

mod store;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use sha2::{Digest, Sha256};

use super::dialect::SpanView;
use super::model::{Convention, CostSource, Kind, NormalizedSpan, Status};
use super::rollup::SpanFacts;
use crate::db::Tx;
use crate::error::Result;
use crate::id;

/// How keys of calls with a response id begin: they count once.
const RESPONSE: &str = "anthropic ";
/// How keys of streamed calls begin: they are linked by their input, which others may have as well.
pub(crate) const STREAM: &str = "logfire ";
/// No response id is longer.
const MAX_ID: usize = 200;
/// Streams end within this, in nanoseconds: an hour. The same question at another time is another call.
const STREAM_TIME: i64 = 3_600_000_000_000;

/// The keys of calls, each with the traces that report it.
pub(super) type Calls = BTreeMap<String, BTreeSet<String>>;

/// The key under which other reports of the same call are found, for spans of clients that make several.
pub(super) fn key(view: &SpanView<'_>, span: &NormalizedSpan) -> Option<String> {
    if span.kind != Kind::Llm {
        return None;
    }
    if span.convention == Convention::Logfire {
        let is_request = span.output.is_empty() && span.status != Status::Error;
        let is_reply =
            view.span.attributes.iter().any(|attribute| attribute.key == "logfire.span_type" && is_log(attribute));
        if span.input.is_empty() || !(is_request || is_reply) {
            return None;
        }
        let hour = i64::try_from(view.span.start_time_unix_nano).unwrap_or(i64::MAX) / STREAM_TIME;
        let asked = serde_json::to_vec(&(&span.request_model, &span.input)).unwrap_or_default();
        return Some(format!("{STREAM}{hour} {}", &hex::encode(Sha256::digest(asked))[..32]));
    }
    let is_anthropic = span.provider.as_deref() == Some("anthropic");
    let response_id = span.response_id.as_deref().filter(|id| is_anthropic && !id.is_empty() && id.len() <= MAX_ID)?;
    Some(format!("{RESPONSE}{response_id}"))
}

fn is_log(attribute: &opentelemetry_proto::tonic::common::v1::KeyValue) -> bool {
    use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
    let value = attribute.value.as_ref().and_then(|value| value.value.as_ref());
    matches!(value, Some(Any::StringValue(text)) if text == "log")
}

/// Notes which traces report which calls. Answers with the traces whose sums depend on each other.
pub(super) fn join(tx: &mut Tx<'_>, project: i64, calls: &Calls) -> Result<BTreeSet<String>> {
    let mut shared = BTreeSet::new();
    if calls.is_empty() {
        return Ok(shared);
    }
    for (key, traces) in store::join(tx, project, calls)? {
        let own = calls.get(&key).into_iter().flatten().cloned();
        let all: BTreeSet<String> = traces.into_iter().chain(own).collect();
        if key.starts_with(RESPONSE) && all.len() > 1 {
            shared.extend(all);
        }
    }
    Ok(shared)
}

/// The other traces whose sums depend on those of this one.
pub(super) fn others(tx: &mut Tx<'_>, project: i64, trace_id: &str) -> Result<BTreeSet<String>> {
    let rows = store::shared(tx, project, trace_id)?;
    let counted = rows.into_iter().filter(|(key, _)| key.starts_with(RESPONSE));
    Ok(counted.flat_map(|(_, traces)| traces).filter(|other| other != trace_id).collect())
}

/// Takes a trace that goes out of the calls it reports.
pub(super) fn forget(tx: &mut Tx<'_>, project: i64, trace_id: &str) -> Result<()> {
    store::forget(tx, project, trace_id)
}

/// Marks the spans whose call counts in another trace.
pub(super) fn settle(tx: &mut Tx<'_>, project: i64, trace_id: &str, facts: &mut [SpanFacts]) -> Result<()> {
    let counted = |facts: &SpanFacts| facts.call_key.as_deref().is_some_and(|key| key.starts_with(RESPONSE));
    if !facts.iter().any(counted) {
        return Ok(());
    }
    for (key, traces) in store::shared(tx, project, trace_id)? {
        for other in traces.iter().filter(|other| *other != trace_id && key.starts_with(RESPONSE)) {
            let theirs = super::store::facts_of_call(tx, project, other, &key)?;
            give_way(facts, trace_id, &key, other, &theirs);
        }
    }
    Ok(())
}

/// Of two traces that report a call, the one with the better report counts it: the one that shows messages, then the one
/// that says more, then the one whose id is smaller. A pure function of both, so the order of arrival changes nothing.
fn give_way(mine: &mut [SpanFacts], trace_id: &str, key: &str, other: &str, theirs: &[SpanFacts]) {
    let best_usage = |spans: &[SpanFacts]| spans.iter().filter(|span| is_of(span, key)).filter_map(usage_rank).max();
    let best_cost = |spans: &[SpanFacts]| spans.iter().filter(|span| is_of(span, key)).filter_map(cost_rank).max();
    let loses = |own: Option<(bool, u32)>, other_rank: Option<(bool, u32)>| {
        other_rank.is_some_and(|rank| (Some(rank), Reverse(other)) > (own, Reverse(trace_id)))
    };
    let usage = loses(best_usage(mine), best_usage(theirs));
    let cost = loses(best_cost(mine), best_cost(theirs));
    for span in mine.iter_mut().filter(|span| span.call_key.as_deref() == Some(key)) {
        span.usage_elsewhere |= usage;
        span.cost_elsewhere |= cost;
    }
}

fn is_of(span: &SpanFacts, key: &str) -> bool {
    span.call_key.as_deref() == Some(key)
}

fn usage_rank(span: &SpanFacts) -> Option<(bool, u32)> {
    let usage = &span.usage;
    let counts = [usage.input, usage.output, usage.total, usage.cache_read, usage.cache_write, usage.reasoning];
    let known = counts.iter().flatten().count() as u32;
    (known > 0).then_some((span.has_messages, known))
}

fn cost_rank(span: &SpanFacts) -> Option<(bool, u32)> {
    let cost = span.cost.as_ref()?;
    // The client's own price is better than ours.
    Some((cost.source == CostSource::Client, u32::from(span.has_messages)))
}

/// What tells the two halves of a streamed call apart.
#[derive(Debug, Clone)]
pub(super) struct Half<'a> {
    pub(super) span_id: &'a str,
    pub(super) key: Option<&'a str>,
    pub(super) start_ns: i64,
    pub(super) answered: bool,
}

/// Requests without an answer and the spans of their answers, in one trace: the first request with the first answer.
pub(super) fn streamed<'a>(halves: impl Iterator<Item = Half<'a>>) -> Vec<(&'a str, &'a str)> {
    let mut calls: HashMap<&str, [Vec<(i64, &str)>; 2]> = HashMap::new();
    for half in halves {
        if let Some(key) = half.key.filter(|key| key.starts_with(STREAM)) {
            calls.entry(key).or_default()[usize::from(half.answered)].push((half.start_ns, half.span_id));
        }
    }
    let mut pairs = Vec::new();
    for [mut requests, mut replies] in calls.into_values() {
        requests.sort_unstable();
        replies.sort_unstable();
        pairs.extend(requests.into_iter().zip(replies).map(|((_, request), (_, reply))| (request, reply)));
    }
    pairs.sort_unstable();
    pairs
}

/// A span of another trace that belongs to one of this.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Link {
    /// The other trace.
    pub trace_id: String,
    /// The span there.
    pub linked_span_id: String,
    /// The span here.
    pub span_id: String,
    /// Why: both report the response of one id; else the one asks and the other answers the same.
    pub same_response: bool,
}

/// The spans of other traces that report calls of this one.
pub fn links(tx: &mut Tx<'_>, project: i64, trace_id: &str) -> Result<Vec<Link>> {
    let trace_id = &*id::lower_hex(trace_id);
    let mut links = BTreeSet::new();
    for (key, traces) in store::shared(tx, project, trace_id)? {
        let own = super::store::facts_of_call(tx, project, trace_id, &key)?;
        for other in traces.iter().filter(|other| *other != trace_id) {
            let theirs = super::store::facts_of_call(tx, project, other, &key)?;
            for mine in &own {
                let same_response = key.starts_with(RESPONSE);
                let matching = theirs.iter().filter(|one| same_response || is_other_half(mine, one, own.len()));
                links.extend(matching.map(|one| Link {
                    trace_id: other.clone(),
                    linked_span_id: one.span_id.clone(),
                    span_id: mine.span_id.clone(),
                    same_response,
                }));
            }
        }
    }
    Ok(links.into_iter().collect())
}

/// Whether one asks and the other answers. A request that has its answer beside it needs no other.
fn is_other_half(mine: &SpanFacts, theirs: &SpanFacts, own: usize) -> bool {
    let (mine_answers, they_answer) = (mine.output_preview.is_some(), theirs.output_preview.is_some());
    let (request, reply) = if mine_answers { (theirs, mine) } else { (mine, theirs) };
    own == 1 && mine_answers != they_answer && reply.start_ns >= request.start_ns
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::model::Usage;

    fn report(span_id: &str, has_messages: bool) -> SpanFacts {
        SpanFacts {
            span_id: span_id.into(),
            call_key: Some("anthropic msg_1".into()),
            usage: Usage { input: Some(5), ..Usage::default() },
            has_messages,
            ..SpanFacts::default()
        }
    }

    #[test]
    fn exactly_one_of_two_traces_counts_a_call() {
        for (a, b) in [(true, true), (true, false), (false, true), (false, false)] {
            let (mut mine, mut theirs) = (vec![report("1", a)], vec![report("2", b)]);
            let (before, other) = (mine.clone(), theirs.clone());
            give_way(&mut mine, "aa", "anthropic msg_1", "bb", &other);
            give_way(&mut theirs, "bb", "anthropic msg_1", "aa", &before);
            assert!(mine[0].usage_elsewhere != theirs[0].usage_elsewhere, "{a} {b}");
            assert_eq!(mine[0].usage_elsewhere, b && !a, "messages first, then the smaller id: {a} {b}");
        }
    }

    #[test]
    fn a_report_without_counts_takes_nothing_away() {
        let mut mine = vec![report("1", false)];
        let theirs = [SpanFacts { usage: Usage::default(), ..report("2", true) }];
        give_way(&mut mine, "bb", "anthropic msg_1", "aa", &theirs);
        assert!(!mine[0].usage_elsewhere && !mine[0].cost_elsewhere);
    }

    #[test]
    fn the_same_question_twice_is_two_pairs() {
        let half = |span_id, start_ns, answered| Half { span_id, key: Some("logfire 1 x"), start_ns, answered };
        let halves =
            [half("reply 2", 40, true), half("ask 1", 1, false), half("ask 2", 30, false), half("reply 1", 9, true)];
        assert_eq!(streamed(halves.into_iter()), [("ask 1", "reply 1"), ("ask 2", "reply 2")]);
        let other = Half { key: Some("anthropic msg_1"), ..half("x", 1, false) };
        assert!(streamed([other].into_iter()).is_empty());
    }
}
