//! Datapoints that are taken from spans.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::datapoint::{Datapoint, Input, New, Origin, add};
use super::{Dataset, datapoint_store as points, message, store};
use crate::annotation::{self, log::CORRECTION};
use crate::clock::Clock;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::project::{Caller, Permission};
use crate::trace::price::PriceTable;
use crate::trace::span;

/// How many spans one call takes.
pub const MOST_TAKEN: usize = 1000;

/// A span to take a datapoint from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Source {
    /// The trace.
    pub trace_id: String,
    /// The span; the one whose answer the trace shows when none is named.
    pub span_id: Option<String>,
    /// The item of an annotation queue it is added from.
    pub queue_item_id: Option<String>,
}

/// What becomes of what is in the dataset already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Duplicates {
    /// It is not added again.
    #[default]
    Skip,
    /// It is added again.
    Add,
}

impl Duplicates {
    /// Reads the choice as it is sent.
    ///
    /// # Errors
    /// [`Error::Invalid`] with what is allowed.
    pub fn parse(text: Option<&str>) -> Result<Duplicates> {
        match text {
            None | Some("" | "skip") => Ok(Duplicates::Skip),
            Some("add") => Ok(Duplicates::Add),
            Some(other) => {
                let message = format!("Invalid value: {other}. Valid options are: skip, add.");
                Err(Error::field("invalid_value", "duplicates", message))
            }
        }
    }
}

/// What became of a source.
#[derive(Debug, Clone, PartialEq)]
pub struct Taken {
    /// The datapoint: a new one, or the one that was taken from the same span before.
    pub datapoint: Datapoint,
    /// Whether it was there before, or is named twice.
    pub already_there: bool,
}

/// What became of many sources of which some may be gone.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TakenThere {
    /// The new datapoints.
    pub added: Vec<Datapoint>,
    /// How many were there before.
    pub already_there: usize,
    /// How many spans are gone.
    pub not_found: usize,
}

/// Takes datapoints from spans: what went in becomes the messages, the newest correction that changes the answer (else the
/// answer) the expected output, variables of the prompt the inputs, and what people said comes along. All of them or none.
/// A span that was taken before, and would give the same again, is not taken twice, also when its datapoint was changed by hand since.
///
/// # Errors
/// [`Error::NotFound`] for a span that is not there.
pub fn take(
    tx: &mut Tx<'_>,
    clock: &Clock,
    caller: &Caller,
    dataset_id: &str,
    (sources, duplicates): (&[Source], Duplicates),
    prices: &PriceTable,
) -> Result<Vec<Taken>> {
    let dataset = open(tx, caller, dataset_id, sources.len())?;
    let mut new = Vec::with_capacity(sources.len());
    for source in sources {
        new.push(from_span(tx, caller, source, prices)?);
    }
    put(tx, clock, caller, &dataset, new, duplicates)
}

/// [`take`], which passes over spans and traces that are gone: for jobs and automations, in their transaction.
pub fn take_there(
    tx: &mut Tx<'_>,
    clock: &Clock,
    caller: &Caller,
    dataset_id: &str,
    sources: &[Source],
    prices: &PriceTable,
) -> Result<TakenThere> {
    if sources.is_empty() {
        return Ok(TakenThere::default());
    }
    let dataset = open(tx, caller, dataset_id, sources.len())?;
    let mut new = Vec::with_capacity(sources.len());
    let mut outcome = TakenThere::default();
    for source in sources {
        match from_span(tx, caller, source, prices) {
            Ok(one) => new.push(one),
            Err(Error::NotFound { .. }) => outcome.not_found += 1,
            Err(other) => return Err(other),
        }
    }
    for taken in put(tx, clock, caller, &dataset, new, Duplicates::Skip)? {
        if taken.already_there {
            outcome.already_there += 1;
        } else {
            outcome.added.push(taken.datapoint);
        }
    }
    Ok(outcome)
}

fn open(tx: &mut Tx<'_>, caller: &Caller, dataset_id: &str, count: usize) -> Result<Dataset> {
    caller.require(Permission::Annotate)?;
    caller.require(Permission::Read)?;
    if !(1..=MOST_TAKEN).contains(&count) {
        return Err(Error::field("invalid_count", "items", format!("items must have 1 to {MOST_TAKEN} entries.")));
    }
    store::lock(tx, dataset_id)?;
    super::find(tx, caller, dataset_id)
}

/// Where the datapoint of a source is found.
enum Place {
    New(usize),
    There(Box<Datapoint>),
    Again(usize),
}

fn put(
    tx: &mut Tx<'_>,
    clock: &Clock,
    caller: &Caller,
    dataset: &Dataset,
    given: Vec<New>,
    duplicates: Duplicates,
) -> Result<Vec<Taken>> {
    let (mut new, mut places) = (Vec::new(), Vec::with_capacity(given.len()));
    let mut named = HashMap::new();
    for one in given {
        let source = one.origin.as_ref().and_then(Origin::source);
        let known = source.filter(|_| duplicates == Duplicates::Skip).map(|source| (source, one.input.hash()));
        if let Some(known) = known {
            if let Some(at) = named.get(&known) {
                places.push(Place::Again(*at));
                continue;
            }
            if let Some(there) = points::find_taken(tx, &dataset.id, &known.0, &known.1)? {
                places.push(Place::There(Box::new(there)));
                continue;
            }
            named.insert(known, new.len());
        }
        places.push(Place::New(new.len()));
        new.push(one);
    }
    let made = if new.is_empty() { Vec::new() } else { add(tx, clock, caller, dataset, new)? };
    let taken = places.into_iter().map(|place| match place {
        Place::New(at) => Taken { datapoint: made[at].clone(), already_there: false },
        Place::Again(at) => Taken { datapoint: made[at].clone(), already_there: true },
        Place::There(there) => Taken { datapoint: *there, already_there: true },
    });
    Ok(taken.collect())
}

/// Variables as clients read them: texts, numbers and truth values; what is nested becomes its JSON text.
fn plain(variables: Map<String, Value>) -> Map<String, Value> {
    let filled = variables.into_iter().filter(|(_, value)| !value.is_null());
    let flat = filled.map(|(name, value)| match value {
        Value::Array(_) | Value::Object(_) => (name, Value::String(value.to_string())),
        plain => (name, plain),
    });
    flat.collect()
}

fn from_span(tx: &mut Tx<'_>, caller: &Caller, source: &Source, prices: &PriceTable) -> Result<New> {
    let project = caller.project.number;
    let span_id = match &source.span_id {
        Some(span_id) => span_id.clone(),
        None => span::leading(tx, project, &source.trace_id)?
            .ok_or_else(|| annotation::span_not_found(&source.trace_id, &caller.workspace_id))?,
    };
    let full = span::full(tx, project, &caller.workspace_id, &source.trace_id, &span_id, prices)?;
    let row = &full.tree.row;
    let judgements = annotation::for_spans(tx, caller, &row.trace_id, Some(&row.span_id))?;
    let said = full.normalized;
    let answer = match message::answer_text(&said.output) {
        Some(answer) => Some(answer),
        None => said.output_raw.as_ref().map(|raw| raw.as_str().map_or_else(|| raw.to_string(), ToOwned::to_owned)),
    };
    let corrections = judgements.annotations.iter().filter(|each| each.kind == CORRECTION);
    // Who found the answer right as it is corrected nothing.
    let corrects = |each: &annotation::Annotation| each.json().as_str() != answer.as_deref();
    let correction = corrections.max_by_key(|each| (corrects(each), each.updated_at));
    let corrected = correction.and_then(|each| each.json().as_str().map(ToOwned::to_owned));
    let mut messages = message::from_trace(tx, project, &said.input)?;
    if messages.is_empty()
        && let Some(raw) = &said.input_raw
    {
        let text = raw.as_str().map_or_else(|| raw.to_string(), ToOwned::to_owned);
        messages.push(serde_json::json!({"role": "user", "content": text}));
    }
    let inputs = match said.prompt.and_then(|prompt| prompt.variables) {
        Some(Value::Object(variables)) => Some(plain(variables)).filter(|variables| !variables.is_empty()),
        _ => None,
    };
    let origin = Origin {
        trace_id: row.trace_id.clone(),
        span_id: row.span_id.clone(),
        answer: answer.clone(),
        corrected_by: correction.map(|each| each.annotator.id.clone()),
        queue_item_id: source.queue_item_id.clone(),
    };
    let people = annotation::Judgements { evaluator_results: Vec::new(), ..judgements };
    let evaluations = match annotation::evaluations_json(&people) {
        Value::Array(list) if !list.is_empty() => Some(list),
        _ => None,
    };
    let input = Input { inputs, messages: Some(messages), expected_output: corrected.or(answer) };
    Ok(New { input: input.check("")?, evaluations, origin: Some(origin) })
}
