//! Usage and cost of a trace: every call once, however many spans report it.

use std::cmp::Ordering;
use std::collections::HashMap;

use super::{SpanFacts, TraceSummary, Tree};
use crate::trace::call::{self, Half};
use crate::trace::model::{Cost, CostSource, Kind, Usage, UsageScope};

fn has_counts(usage: &Usage) -> bool {
    usage.input.is_some() || usage.output.is_some() || usage.total.is_some()
}

/// Adds up usage and cost so that every call counts once.
pub(super) fn totals(tree: &Tree<'_>, summary: &mut TraceSummary) {
    let mut counts = counted(tree, |span| has_counts(&span.usage), |span| span.usage.input);
    duplicates(tree, &mut counts, |span| (span.has_messages, fields(&span.usage)));
    halves(tree, &mut counts, |span| has_counts(&span.usage));
    let mut usage = Usage::default();
    for at in (0..tree.spans.len()).filter(|at| counts[*at] && !tree.spans[*at].usage_elsewhere) {
        add(&mut usage, &tree.spans[at].usage);
    }
    summary.usage = usage;

    let mut pays = counted(tree, |span| span.cost.is_some(), |span| span.usage.input);
    // Of two reports of one call the client's own price is better than ours.
    duplicates(tree, &mut pays, |span| {
        (span.cost.as_ref().is_some_and(|cost| cost.source == CostSource::Client), u32::from(span.has_messages))
    });
    halves(tree, &mut pays, |span| span.cost.is_some());
    for at in (0..tree.spans.len()).filter(|at| pays[*at] && !tree.spans[*at].cost_elsewhere) {
        if let Some(cost) = &tree.spans[at].cost {
            add_cost(&mut summary.cost, cost);
        }
    }
}

/// Of a streamed call that is reported by its request and by its reply, the reply counts if it says anything.
fn halves(tree: &Tree<'_>, counts: &mut [bool], says: impl Fn(&SpanFacts) -> bool) {
    let halves = tree.spans.iter().map(|span| Half {
        span_id: &span.span_id,
        key: span.call_key.as_deref(),
        start_ns: span.start_ns,
        answered: span.output_preview.is_some(),
    });
    for (request, reply) in call::streamed(halves) {
        let place = |id: &str| tree.spans.iter().position(|span| span.span_id == id);
        if let (Some(request), Some(reply)) = (place(request), place(reply))
            && says(tree.spans[reply])
        {
            counts[request] = false;
        }
    }
}

/// Which spans count: not those that repeat what the spans below them say.
fn counted(tree: &Tree<'_>, says: impl Fn(&SpanFacts) -> bool, input: impl Fn(&SpanFacts) -> Option<u64>) -> Vec<bool> {
    let length = tree.spans.len();
    let mut counts: Vec<bool> = tree.spans.iter().map(|span| says(span)).collect();
    // A sum counts only while the spans it sums up are not here.
    let mut said_below = vec![false; length];
    for &at in tree.downward.iter().rev() {
        if counts[at] && tree.spans[at].usage_scope == UsageScope::Aggregate && said_below[at] {
            counts[at] = false;
        }
        if let Some(parent) = tree.parents[at]
            && (said_below[at] || says(tree.spans[at]))
        {
            said_below[parent] = true;
        }
    }
    // A call reported by two spans, one inside the other, without an id to tell: same operation and model, same sum.
    let mut above: Vec<Option<usize>> = vec![None; length];
    for &at in &tree.downward {
        if let Some(parent) = tree.parents[at] {
            above[at] = if counts[parent] { Some(parent) } else { above[parent] };
        }
    }
    let mut sums: HashMap<usize, u64> = HashMap::new();
    for &at in tree.downward.iter().rev() {
        if !counts[at] || !matches!(tree.spans[at].kind, Kind::Llm | Kind::Embedding) {
            continue;
        }
        let span = tree.spans[at];
        if sums.get(&at).is_some_and(|sum| Some(*sum) == input(span)) {
            counts[at] = false;
        }
        // The nearest span above that reports the same kind of call; a bound keeps a deep chain cheap.
        let mut next = above[at];
        for _ in 0..16 {
            let Some(outer) = next else { break };
            if same_call(tree.spans[outer], span) {
                let sum = sums.entry(outer).or_default();
                *sum = sum.saturating_add(input(span).unwrap_or(0));
                break;
            }
            next = above[outer];
        }
    }
    counts
}

/// Whether two spans, one inside the other, can be two reports of one call.
fn same_call(outer: &SpanFacts, inner: &SpanFacts) -> bool {
    if outer.kind != inner.kind || (outer.response_id.is_some() && inner.response_id.is_some()) {
        return false;
    }
    let same_operation = match (&outer.operation, &inner.operation) {
        (Some(outer), Some(inner)) => outer == inner,
        _ => true,
    };
    let names = |outer: &Option<String>, inner: &Option<String>| outer.is_some() && outer == inner;
    same_operation
        && (names(&outer.response_model, &inner.response_model)
            || names(&outer.request_model, &inner.request_model)
            || names(&outer.response_model, &inner.request_model)
            || names(&outer.request_model, &inner.response_model))
}

/// Of several spans with one response id, only the best keeps its mark.
fn duplicates<K: Ord>(tree: &Tree<'_>, counts: &mut [bool], rank: impl Fn(&SpanFacts) -> K) {
    let mut best: HashMap<&str, usize> = HashMap::new();
    for at in 0..tree.spans.len() {
        let span = tree.spans[at];
        let Some(id) = span.response_id.as_deref().filter(|_| counts[at]) else { continue };
        match best.get(id).copied() {
            None => {
                best.insert(id, at);
            }
            Some(other) => {
                let wins = rank(span).cmp(&rank(tree.spans[other])) == Ordering::Greater;
                let loser = if wins { other } else { at };
                counts[loser] = false;
                if wins {
                    best.insert(id, at);
                }
            }
        }
    }
}

fn fields(usage: &Usage) -> u32 {
    let known = [usage.input, usage.output, usage.total, usage.cache_read, usage.cache_write, usage.reasoning];
    known.iter().flatten().count() as u32
}

fn add(sum: &mut Usage, usage: &Usage) {
    let plus = |sum: &mut Option<u64>, count: Option<u64>| {
        if let Some(count) = count {
            *sum = Some(sum.unwrap_or(0).saturating_add(count));
        }
    };
    plus(&mut sum.input, usage.input);
    plus(&mut sum.output, usage.output);
    plus(&mut sum.cache_read, usage.cache_read);
    plus(&mut sum.cache_write, usage.cache_write);
    plus(&mut sum.reasoning, usage.reasoning);
    let total = match (usage.input, usage.output) {
        (None, None) => usage.total,
        (input, output) => usage.total.or(Some(input.unwrap_or(0).saturating_add(output.unwrap_or(0)))),
    };
    plus(&mut sum.total, total);
}

fn add_cost(sum: &mut Option<Cost>, cost: &Cost) {
    let Some(sum) = sum else {
        *sum = Some(cost.clone());
        return;
    };
    // Sums of different currencies mean nothing; the first one stands.
    if sum.currency != cost.currency {
        return;
    }
    let plus = |a: Option<f64>, b: Option<f64>| match (a, b) {
        (Some(a), Some(b)) => Some(a + b),
        _ => None,
    };
    sum.input = plus(sum.input, cost.input);
    sum.output = plus(sum.output, cost.output);
    sum.total += cost.total;
    if cost.source == CostSource::Computed {
        sum.source = CostSource::Computed;
    }
}
