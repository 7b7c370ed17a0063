//! From spans to the one row of a trace that lists show: pure, and independent of the order spans arrive in.

mod totals;

use std::collections::{BTreeSet, HashMap};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::call;
use super::dialect::SpanView;
use super::model::{Cost, Kind, NormalizedSpan, Status, Usage, UsageScope};
use super::preview;

/// What of a span its trace's summary is made from.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SpanFacts {
    /// The span's id.
    pub span_id: String,
    /// The id of the span above it.
    pub parent_span_id: Option<String>,
    /// The name to show.
    pub name: String,
    /// What it did.
    pub kind: Kind,
    /// When it began, in nanoseconds since 1970.
    pub start_ns: i64,
    /// When it ended, in nanoseconds since 1970.
    pub end_ns: i64,
    /// How it ended.
    pub status: Status,
    /// The class of its error.
    pub error_type: Option<String>,
    /// The message of its error.
    pub error_message: Option<String>,
    /// The model that was asked for.
    pub request_model: Option<String>,
    /// The model that answered.
    pub response_model: Option<String>,
    /// Who served the model.
    pub provider: Option<String>,
    /// The provider's id of the answer.
    pub response_id: Option<String>,
    /// The operation in the words of its convention.
    pub operation: Option<String>,
    /// Its token counts.
    pub usage: Usage,
    /// Whose tokens they are.
    pub usage_scope: UsageScope,
    /// What it cost.
    pub cost: Option<Cost>,
    /// The conversation it belongs to.
    pub session_id: Option<String>,
    /// The user it ran for.
    pub user_id: Option<String>,
    /// Its tags.
    pub tags: Vec<String>,
    /// Its metadata, scalars only.
    pub metadata: Map<String, Value>,
    /// The name its client gave to the trace.
    pub trace_name: Option<String>,
    /// Its input as one line of at most 400 characters.
    pub input_preview: Option<String>,
    /// Its output as one line of at most 400 characters.
    pub output_preview: Option<String>,
    /// It shows messages, input or output.
    pub has_messages: bool,
    /// Under which other reports of the same call are found, where its client makes several.
    pub call_key: Option<String>,
    /// Another trace reports the same call better and counts its tokens.
    pub usage_elsewhere: bool,
    /// Another trace reports the same call better and counts its cost.
    pub cost_elsewhere: bool,
}

/// A trace in one row.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TraceSummary {
    /// The name to show.
    pub name: String,
    /// The first question as one line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_preview: Option<String>,
    /// The last answer as one line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_preview: Option<String>,
    /// When the first span began, in nanoseconds since 1970.
    pub start_ns: i64,
    /// When the last span ended, in nanoseconds since 1970.
    pub end_ns: i64,
    /// The time between the two, never negative.
    pub duration_ns: i64,
    /// How many spans there are.
    pub span_count: u64,
    /// How many spans failed by themselves rather than because a span below them did.
    pub error_count: u64,
    /// How the trace ended.
    pub status: Status,
    /// The deepest error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<TraceError>,
    /// The span at the top: the root, or the earliest span whose parent is not here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root_span_id: Option<String>,
    /// The kind of that span.
    pub root_kind: Kind,
    /// Whether the real root, a span without a parent, is here.
    pub has_root: bool,
    /// The model call whose answer the trace shows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leading_span_id: Option<String>,
    /// Token counts, each call once.
    #[serde(skip_serializing_if = "Usage::is_empty")]
    pub usage: Usage,
    /// Cost, each call once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
    /// The models that answered, or were asked, sorted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<String>,
    /// Who served them, sorted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub providers: Vec<String>,
    /// The conversation the trace belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// The user it ran for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// The tags of all spans, those of the root first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// The metadata of all spans; of one key, the root's value, else the earliest.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub metadata: Map<String, Value>,
}

/// The error a trace shows.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TraceError {
    /// The span that failed.
    pub span_id: String,
    /// The class of the error.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// Takes from a span what its trace's summary needs.
pub fn facts(view: &SpanView<'_>, span: &NormalizedSpan) -> SpanFacts {
    let raw = view.span;
    let nanoseconds = |time: u64| i64::try_from(time).unwrap_or(i64::MAX);
    let scalars =
        span.metadata.iter().filter(|(_, value)| !matches!(value, Value::Array(_) | Value::Object(_) | Value::Null));
    let error = span.error.as_ref();
    SpanFacts {
        span_id: hex::encode(&raw.span_id),
        parent_span_id: (raw.parent_span_id.iter().any(|byte| *byte != 0)).then(|| hex::encode(&raw.parent_span_id)),
        name: span.display_name.clone(),
        kind: span.kind,
        start_ns: nanoseconds(raw.start_time_unix_nano),
        end_ns: nanoseconds(raw.end_time_unix_nano),
        status: span.status,
        error_type: error.and_then(|error| error.kind.clone()),
        error_message: error.and_then(|error| error.message.clone()),
        request_model: span.request_model.clone(),
        response_model: span.response_model.clone(),
        provider: span.provider.clone(),
        response_id: span.response_id.clone(),
        operation: span.operation.clone(),
        usage: span.usage.clone(),
        usage_scope: span.usage_scope,
        cost: span.cost.clone(),
        session_id: span.session_id.clone(),
        user_id: span.user_id.clone(),
        tags: span.tags.clone(),
        metadata: scalars.map(|(key, value)| (key.clone(), value.clone())).collect(),
        trace_name: span.trace_name.clone(),
        input_preview: preview::input(span),
        output_preview: preview::output(span),
        has_messages: !span.input.is_empty() || !span.output.is_empty(),
        call_key: call::key(view, span),
        ..SpanFacts::default()
    }
}

/// Makes the summary of a trace from all of its spans, in any order.
pub fn rollup(spans: &[SpanFacts]) -> TraceSummary {
    let tree = Tree::new(spans);
    let Some(top) = tree.top else { return TraceSummary::default() };
    let root = tree.spans[top];
    let mut summary = TraceSummary {
        start_ns: tree.spans.iter().map(|span| span.start_ns).min().unwrap_or_default(),
        end_ns: tree.spans.iter().map(|span| span.end_ns.max(span.start_ns)).max().unwrap_or_default(),
        span_count: tree.spans.len() as u64,
        root_span_id: Some(root.span_id.clone()),
        root_kind: root.kind,
        has_root: root.parent_span_id.is_none(),
        ..TraceSummary::default()
    };
    summary.duration_ns = summary.end_ns.saturating_sub(summary.start_ns).max(0);
    names(&tree, root, &mut summary);
    labels(&tree, root, &mut summary);
    errors(&tree, root, &mut summary);
    totals::totals(&tree, &mut summary);
    summary
}

/// Spans in the order of their start, with their place below each other.
struct Tree<'a> {
    spans: Vec<&'a SpanFacts>,
    /// The index of the span above, if it is here.
    parents: Vec<Option<usize>>,
    depths: Vec<u32>,
    /// Parents before children.
    downward: Vec<usize>,
    top: Option<usize>,
}

impl<'a> Tree<'a> {
    fn new(facts: &'a [SpanFacts]) -> Self {
        let mut spans: Vec<&SpanFacts> = facts.iter().collect();
        spans.sort_by(|a, b| (a.start_ns, &a.span_id, a.end_ns).cmp(&(b.start_ns, &b.span_id, b.end_ns)));
        let index: HashMap<&str, usize> =
            spans.iter().enumerate().rev().map(|(at, span)| (span.span_id.as_str(), at)).collect();
        let mut parents: Vec<Option<usize>> = spans
            .iter()
            .enumerate()
            .map(|(at, span)| {
                let parent = span.parent_span_id.as_deref().and_then(|id| index.get(id)).copied();
                parent.filter(|parent| *parent != at)
            })
            .collect();
        // Children as linked lists in two arrays: a list of its own for every span costs more than all the rest.
        let mut first_child: Vec<Option<usize>> = vec![None; spans.len()];
        let mut next_sibling: Vec<Option<usize>> = vec![None; spans.len()];
        for (at, parent) in parents.iter().enumerate().rev() {
            if let Some(parent) = parent {
                next_sibling[at] = first_child[*parent].replace(at);
            }
        }
        let mut depths = vec![0; spans.len()];
        let mut seen = vec![false; spans.len()];
        let mut downward = Vec::with_capacity(spans.len());
        let visit = |start: usize, seen: &mut Vec<bool>, downward: &mut Vec<usize>, depths: &mut Vec<u32>| {
            seen[start] = true;
            let mut next = downward.len();
            downward.push(start);
            while let Some(&at) = downward.get(next) {
                next += 1;
                let mut below = first_child[at];
                while let Some(child) = below {
                    below = next_sibling[child];
                    if !seen[child] {
                        seen[child] = true;
                        depths[child] = depths[at] + 1;
                        downward.push(child);
                    }
                }
            }
        };
        for (at, parent) in parents.iter().enumerate() {
            if parent.is_none() {
                visit(at, &mut seen, &mut downward, &mut depths);
            }
        }
        // What is left hangs in a circle: its earliest span counts as a top.
        for (at, parent) in parents.iter_mut().enumerate() {
            if !seen[at] {
                visit(at, &mut seen, &mut downward, &mut depths);
                *parent = None;
            }
        }
        let root = (0..spans.len()).find(|at| spans[*at].parent_span_id.is_none());
        let top = root.or_else(|| (0..spans.len()).find(|at| parents[*at].is_none()));
        Self { spans, parents, depths, downward, top }
    }
}

/// The model call whose answer the trace shows, and the one that holds its question.
fn names(tree: &Tree<'_>, root: &SpanFacts, summary: &mut TraceSummary) {
    let models = || tree.spans.iter().copied().filter(|span| span.kind == Kind::Llm);
    let answers = |a: &&SpanFacts, b: &&SpanFacts| {
        let key = |span: &SpanFacts| (span.output_preview.is_some(), span.end_ns, span.start_ns);
        key(a).cmp(&key(b)).then_with(|| b.span_id.cmp(&a.span_id))
    };
    let leading = if root.kind == Kind::Llm { Some(root) } else { models().max_by(answers) };
    summary.leading_span_id = leading.map(|span| span.span_id.clone());
    let named = tree.spans.iter().find_map(|span| span.trace_name.clone());
    summary.name = root.trace_name.clone().or(named).unwrap_or_else(|| root.name.clone());
    let first = || {
        let asked = |span: &&SpanFacts| matches!(span.kind, Kind::Llm | Kind::Agent) && span.input_preview.is_some();
        tree.spans.iter().copied().find(asked).and_then(|span| span.input_preview.clone())
    };
    summary.input_preview = root.input_preview.clone().or_else(first);
    summary.output_preview =
        root.output_preview.clone().or_else(|| leading.and_then(|span| span.output_preview.clone()));
}

/// Session, user, tags and metadata of all spans: the root's first, then by start.
fn labels(tree: &Tree<'_>, root: &SpanFacts, summary: &mut TraceSummary) {
    let mut tags: BTreeSet<&str> = BTreeSet::new();
    let calls = |span: &&SpanFacts| matches!(span.kind, Kind::Llm | Kind::Embedding | Kind::Reranker);
    let called = tree.spans.iter().any(|span| calls(span) && span.response_model.is_some());
    let mut models = BTreeSet::new();
    let mut providers = BTreeSet::new();
    for span in std::iter::once(root).chain(tree.spans.iter().copied()) {
        if summary.session_id.is_none() {
            summary.session_id.clone_from(&span.session_id);
        }
        if summary.user_id.is_none() {
            summary.user_id.clone_from(&span.user_id);
        }
        for tag in &span.tags {
            if tags.insert(tag) {
                summary.tags.push(tag.clone());
            }
        }
        // Clients repeat the metadata of a trace on every span: most of it is there already.
        for (key, value) in &span.metadata {
            if !summary.metadata.contains_key(key) {
                summary.metadata.insert(key.clone(), value.clone());
            }
        }
        // Steps around a call repeat the name it was asked by, without the one that answered.
        if calls(&span) || !called {
            models.extend(span.response_model.as_ref().or(span.request_model.as_ref()));
        }
        providers.extend(span.provider.as_ref());
    }
    summary.models = models.into_iter().cloned().collect();
    summary.providers = providers.into_iter().cloned().collect();
}

/// Status and errors. An error is repeated on every span above it, so only the lowest counts.
fn errors(tree: &Tree<'_>, root: &SpanFacts, summary: &mut TraceSummary) {
    let failed = |at: usize| tree.spans[at].status == Status::Error;
    let mut passed_on = vec![false; tree.spans.len()];
    for at in 0..tree.spans.len() {
        if failed(at)
            && let Some(parent) = tree.parents[at]
        {
            passed_on[parent] = true;
        }
    }
    summary.error_count = (0..tree.spans.len()).filter(|at| failed(*at) && !passed_on[*at]).count() as u64;
    let deepest = (0..tree.spans.len())
        .filter(|at| failed(*at))
        .max_by(|a, b| tree.depths[*a].cmp(&tree.depths[*b]).then(b.cmp(a)));
    let any_failed = deepest.is_some();
    summary.error = deepest.map(|at| TraceError {
        span_id: tree.spans[at].span_id.clone(),
        kind: tree.spans[at].error_type.clone(),
        message: tree.spans[at].error_message.clone(),
    });
    summary.status = if summary.has_root {
        root.status
    } else if any_failed {
        Status::Error
    } else if tree.spans.iter().any(|span| span.status == Status::Ok) {
        Status::Ok
    } else {
        Status::Unset
    };
}

#[cfg(test)]
mod tests;
