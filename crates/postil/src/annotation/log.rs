//! Logs: the view of generation spans that carries feedback and corrections.
//!
//! A log is known by the id its client sent for it, else by `{trace_id}-{span_id}`; both find it. A model call directly
//! under a deployment is not a log of its own: the deployment is.

use super::answer::{Annotate, Answer};
use super::remove::Remove;
use super::{Annotation, Judgements, SubjectKind, annotate, for_spans, for_traces, log_store as store, remove};
use crate::clock::Clock;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::id;
use crate::page::{Page, PageRequest};
use crate::project::{Caller, Reader};

/// The key of the human review that holds corrected answers.
pub const CORRECTION: &str = "correction";
/// Characters of a correction that is written in an annotation queue, or comes back from an export, unless its human review
/// says otherwise.
pub const MOST_CORRECTION: usize = 100_000;

/// A log with what was said of it.
#[derive(Debug, Clone)]
pub struct Log {
    /// Its id for clients.
    pub id: String,
    /// The trace of its span.
    pub trace_id: String,
    /// Its span.
    pub span_id: String,
    /// The name of its span.
    pub name: String,
    /// How it ended.
    pub status: String,
    /// What went wrong.
    pub error_message: Option<String>,
    /// Who made the model.
    pub provider: Option<String>,
    /// The model that answered, or that was asked for.
    pub model: Option<String>,
    /// When it began, in nanoseconds.
    pub start_ns: i64,
    /// When it ended, in nanoseconds.
    pub end_ns: i64,
    /// Tokens in.
    pub usage_input: Option<i64>,
    /// Tokens out.
    pub usage_output: Option<i64>,
    /// Tokens together.
    pub usage_total: Option<i64>,
    /// What it cost.
    pub cost_total: Option<f64>,
    /// The beginning of what was asked.
    pub input_preview: Option<String>,
    /// The beginning of what was answered.
    pub output_preview: Option<String>,
    /// The id of the deployment.
    pub deployment_id: Option<String>,
    /// The key of the deployment.
    pub deployment_key: Option<String>,
    /// What people and machines say of its span.
    pub judgements: Judgements,
}

impl Log {
    /// What people say, corrections apart.
    pub fn feedback(&self) -> impl Iterator<Item = &Annotation> {
        let reviews = |each: &&Annotation| each.subject_kind == SubjectKind::HumanReview && each.kind != CORRECTION;
        self.judgements.annotations.iter().filter(reviews)
    }

    /// What should have been answered, as the last person to correct it says.
    pub fn correction(&self) -> Option<&Annotation> {
        let corrections = |each: &&Annotation| {
            each.subject_kind == SubjectKind::HumanReview && each.kind == CORRECTION && each.key == CORRECTION
        };
        self.judgements.annotations.iter().filter(corrections).max_by_key(|each| each.updated_at)
    }
}

/// Which logs of a project a list shows.
#[derive(Debug, Clone, Default)]
pub struct LogFilter {
    /// How they ended.
    pub status: Option<String>,
    /// Who made the model.
    pub provider: Option<String>,
    /// The model that answered, or that was asked for.
    pub model: Option<String>,
    /// Began at or after this moment, in microseconds.
    pub from: Option<i64>,
    /// Began before this moment, in microseconds.
    pub to: Option<i64>,
    /// Whether people said anything of them.
    pub annotated: Option<bool>,
    /// Took at least so long, in milliseconds.
    pub min_duration_ms: Option<i64>,
    /// Took at most so long, in milliseconds.
    pub max_duration_ms: Option<i64>,
    /// Cost at least so much.
    pub min_cost: Option<f64>,
    /// Cost at most so much.
    pub max_cost: Option<f64>,
    /// Words in the name, the question, the answer, the error or the model; the case of ASCII letters does not matter.
    pub query: Option<String>,
}

/// The logs of a project, newest first, with what was said of them.
pub fn list(tx: &mut Tx<'_>, reader: impl Into<Reader>, filter: &LogFilter, page: &PageRequest) -> Result<Page<Log>> {
    let reader = reader.into();
    let project = reader.project;
    let cursor = match page.starting_after.as_ref().or(page.ending_before.as_ref()) {
        None => None,
        Some(id) => match find_span(tx, project, id)? {
            Some((trace_id, span_id)) => store::place(tx, project, &trace_id, &span_id)?,
            None => None,
        },
    };
    if cursor.is_none() && (page.starting_after.is_some() || page.ending_before.is_some()) {
        let field = if page.starting_after.is_some() { "starting_after" } else { "ending_before" };
        return Err(Error::field("invalid_cursor", field, format!("{field} is not the id of a log.")));
    }
    let backwards = page.ending_before.is_some();
    let mut data = store::list(tx, &reader, filter, cursor.as_ref(), backwards, page.limit + 1)?;
    let has_more = data.len() > page.limit;
    data.truncate(page.limit);
    if backwards {
        data.reverse();
    }
    let mut trace_ids: Vec<&str> = data.iter().map(|log| log.trace_id.as_str()).collect();
    trace_ids.sort_unstable();
    trace_ids.dedup();
    let judgements = for_traces(tx, reader, &trace_ids)?;
    for log in &mut data {
        if let Some(of_trace) = judgements.get(&log.trace_id) {
            log.judgements = of_trace.of_span(&log.span_id);
        }
    }
    Ok(Page { data, has_more })
}

/// One log by either of its ids.
pub fn get(tx: &mut Tx<'_>, reader: impl Into<Reader>, id: &str) -> Result<Log> {
    let reader = reader.into();
    let project = reader.project;
    let not_found = || Error::not_found("log_not_found", format!("The log with id \"{id}\" was not found."));
    let (trace_id, span_id) = find_span(tx, project, id)?.ok_or_else(not_found)?;
    let mut log = store::find(tx, project, &trace_id, &span_id)?.ok_or_else(not_found)?;
    log.judgements = for_spans(tx, reader, &trace_id, Some(&span_id))?;
    Ok(log)
}

/// The span of a log: by the id the client knows, or by `{trace_id}-{span_id}`.
pub(super) fn find_span(tx: &mut Tx<'_>, project: i64, log_id: &str) -> Result<Option<(String, String)>> {
    if let Some(found) = store::by_log_id(tx, project, log_id)? {
        return Ok(Some(found));
    }
    let Some((trace_id, span_id)) = log_id.rsplit_once('-') else { return Ok(None) };
    let (trace_id, span_id) = (id::lower_hex(trace_id), id::lower_hex(span_id));
    let exists = super::store::span_exists(tx, project, &trace_id, &span_id)?;
    Ok(exists.then_some((trace_id, span_id)))
}

/// Stores what a log should have answered, as an annotation of its span, and returns the log.
pub fn correct(
    tx: &mut Tx<'_>,
    clock: &Clock,
    caller: &Caller,
    id: &str,
    value: &str,
    string_limit: usize,
) -> Result<Log> {
    let log = get(tx, caller, id)?;
    let answer = Answer { key: Some(CORRECTION.into()), value: value.into(), ..Answer::default() };
    let call = Annotate { answers: vec![answer], ..Annotate::default() };
    annotate(tx, clock, caller, &log.trace_id, &log.span_id, &call, string_limit).map_err(|error| match error {
        Error::Invalid { name, message, .. } => Error::field(name, "value", message),
        other => other,
    })?;
    get(tx, caller.project.number, id)
}

/// Takes the correction of a log back: a member their own, a key everybody's.
pub fn remove_correction(tx: &mut Tx<'_>, clock: &Clock, caller: &Caller, id: &str) -> Result<()> {
    let log = get(tx, caller, id)?;
    let call = Remove { keys: vec![CORRECTION.into()], ..Remove::default() };
    remove(tx, clock, caller, &log.trace_id, &log.span_id, &call).map(drop)
}
