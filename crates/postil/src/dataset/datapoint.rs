//! Datapoints: inputs, messages, the output that is expected, and what people said of where it was taken from.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::{Dataset, datapoint_store as points, message, snapshot_store as kept, store};
use crate::clock::Clock;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::id;
use crate::page::{Page, PageRequest};
use crate::project::{Caller, Permission};
use crate::webhook::{self, Fact, event};

/// How many datapoints one call makes.
pub const MOST_AT_ONCE: usize = 5000;
/// How many datapoints one call removes.
pub const MOST_REMOVED: usize = 5000;
/// How many datapoints a dataset may hold.
pub const MOST: i64 = 1_000_000;
/// The size of one datapoint, in bytes of JSON.
pub const MOST_BYTES: usize = 3 << 20;

/// What a datapoint is to hold. At least one of the three.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Input {
    /// Variables.
    pub inputs: Option<Map<String, Value>>,
    /// Messages.
    pub messages: Option<Vec<Value>>,
    /// The output that is expected. An empty one is none: a client that cannot send nothing takes it away so.
    pub expected_output: Option<String>,
}

/// Where a datapoint was taken from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The trace; empty when it was no trace.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub trace_id: String,
    /// The span.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub span_id: String,
    /// What the model answered there; the expected output may be a correction of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    /// Who corrected it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrected_by: Option<String>,
    /// The item of an annotation queue it was added from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue_item_id: Option<String>,
}

/// A datapoint.
#[derive(Debug, Clone, PartialEq)]
pub struct Datapoint {
    /// Its id, a ULID.
    pub id: String,
    /// The number of its project.
    pub project: i64,
    /// Its dataset.
    pub dataset_id: String,
    /// Its place in the dataset.
    pub position: i64,
    /// Variables.
    pub inputs: Option<Map<String, Value>>,
    /// Messages.
    pub messages: Option<Vec<Value>>,
    /// The output that is expected.
    pub expected_output: Option<String>,
    /// What people said of its span when it was taken, in the shape of the contract (A.3).
    pub evaluations: Option<Vec<Value>>,
    /// Where it was taken from.
    pub origin: Option<Origin>,
    /// The hash of inputs, messages and expected output.
    pub content_hash: String,
    /// Who made it.
    pub created_by: String,
    /// Who changed it last.
    pub updated_by: String,
    /// When it was made.
    pub created_at: i64,
    /// When it was changed last.
    pub updated_at: i64,
}

fn not_found(id: &str) -> Error {
    Error::not_found("datapoint_not_found", format!("The datapoint with id \"{id}\" was not found."))
}

/// The error of a dataset that has no room for as many.
pub(super) fn full() -> Error {
    Error::conflict("dataset_is_full", format!("A dataset holds at most {MOST} datapoints."))
}

impl Input {
    /// Checks and tidies what a client sends; `field` stands before the names of the fields, as in `[3].`.
    pub(super) fn check(mut self, field: &str) -> Result<Input> {
        self.expected_output = self.expected_output.filter(|text| !text.is_empty());
        if let Some(messages) = &self.messages {
            self.messages = Some(message::check(messages, &format!("{field}messages"))?);
        }
        let size = |value: &Value| value.to_string().len();
        let bytes = self.inputs.as_ref().map_or(0, |inputs| inputs.values().map(size).sum::<usize>())
            + self.messages.as_ref().map_or(0, |messages| messages.iter().map(size).sum())
            + self.expected_output.as_ref().map_or(0, String::len);
        if bytes > MOST_BYTES {
            let place = field.trim_end_matches('.');
            let message = format!("A datapoint holds at most {MOST_BYTES} bytes.");
            return Err(Error::Invalid {
                name: "invalid_size",
                field: (!place.is_empty()).then(|| place.to_owned()),
                message,
            });
        }
        Ok(self)
    }

    pub(super) fn hash(&self) -> String {
        let mut hasher = Sha256::new();
        let inputs = self.inputs.as_ref().map(|inputs| sorted(&Value::Object(inputs.clone())));
        let messages = self.messages.as_ref().map(|messages| sorted(&Value::Array(messages.clone())));
        for part in [inputs, messages] {
            hasher.update(part.unwrap_or_default().to_string());
            hasher.update([0]);
        }
        hasher.update(self.expected_output.as_deref().unwrap_or("\0"));
        hex::encode(&hasher.finalize()[..16])
    }
}

impl Origin {
    /// Its span as one text; none when it names no span.
    pub(super) fn source(&self) -> Option<String> {
        (!self.trace_id.is_empty()).then(|| format!("{}/{}", self.trace_id, self.span_id))
    }
}

impl Datapoint {
    /// The hash of what is asked, without the answer that is expected: it stays when the answer is corrected. Of a datapoint
    /// that asks nothing, the hash of everything.
    pub(super) fn asked_hash(&self) -> String {
        if self.inputs.is_none() && self.messages.is_none() {
            return self.content_hash.clone();
        }
        Input { inputs: self.inputs.clone(), messages: self.messages.clone(), expected_output: None }.hash()
    }
}

/// The same value with the names of every object in one order.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(name, _)| *name);
            Value::Object(entries.into_iter().map(|(name, value)| (name.clone(), sorted(value))).collect())
        }
        Value::Array(list) => Value::Array(list.iter().map(sorted).collect()),
        other => other.clone(),
    }
}

/// A datapoint that is not numbered yet.
pub(super) struct New {
    pub(super) input: Input,
    pub(super) evaluations: Option<Vec<Value>>,
    pub(super) origin: Option<Origin>,
}

/// Puts datapoints behind those that are there.
pub(super) fn add(
    tx: &mut Tx<'_>,
    clock: &Clock,
    caller: &Caller,
    dataset: &Dataset,
    new: Vec<New>,
) -> Result<Vec<Datapoint>> {
    let count = i64::try_from(new.len()).unwrap_or(i64::MAX);
    if dataset.datapoints.saturating_add(count) > MOST {
        return Err(full());
    }
    let (by, now) = (caller.actor.id(), clock.now());
    let (first, snapshots) = store::take_positions(tx, &dataset.id, count, by, now)?;
    let made = (first..).zip(new).map(|(position, new)| Datapoint {
        id: id::ulid(clock),
        project: dataset.project,
        dataset_id: dataset.id.clone(),
        position,
        content_hash: new.input.hash(),
        inputs: new.input.inputs,
        messages: new.input.messages,
        expected_output: new.input.expected_output,
        evaluations: new.evaluations,
        origin: new.origin,
        created_by: by.to_owned(),
        updated_by: by.to_owned(),
        created_at: now,
        updated_at: now,
    });
    let made: Vec<_> = made.collect();
    points::insert(tx, &made, snapshots)?;
    webhook::announce(tx, clock, dataset.project, event::DATAPOINT_CREATED, || made.iter().map(fact).collect())?;
    Ok(made)
}

/// What webhooks are told of a new datapoint.
fn fact(made: &Datapoint) -> Fact {
    let mut metadata = json!({"dataset_id": made.dataset_id, "datapoint_id": made.id, "position": made.position});
    let Some(origin) = &made.origin else { return Fact { trace_id: None, metadata } };
    metadata["trace_id"] = origin.trace_id.clone().into();
    metadata["span_id"] = origin.span_id.clone().into();
    Fact { trace_id: Some(origin.trace_id.clone()), metadata }
}

/// The datapoints of a dataset in the order in which they came.
pub fn list(tx: &mut Tx<'_>, caller: &Caller, dataset_id: &str, page: &PageRequest) -> Result<Page<Datapoint>> {
    let dataset = super::get(tx, caller, dataset_id)?;
    points::list(tx, &dataset.id, page)
}

/// One datapoint.
pub fn get(tx: &mut Tx<'_>, caller: &Caller, dataset_id: &str, id: &str) -> Result<Datapoint> {
    let dataset = super::get(tx, caller, dataset_id)?;
    points::find(tx, &dataset.id, id)?.ok_or_else(|| not_found(id))
}

/// Makes datapoints, all of them or none.
///
/// # Errors
/// [`Error::Invalid`] naming the field, with the number of the entry before it.
pub fn create(
    tx: &mut Tx<'_>,
    clock: &Clock,
    caller: &Caller,
    dataset_id: &str,
    given: &[Input],
) -> Result<Vec<Datapoint>> {
    caller.require(Permission::Annotate)?;
    let dataset = super::find(tx, caller, dataset_id)?;
    if !(1..=MOST_AT_ONCE).contains(&given.len()) {
        let message = format!("A call makes 1 to {MOST_AT_ONCE} datapoints; this one has {}.", given.len());
        return Err(Error::invalid("invalid_count", message));
    }
    let new = given.iter().enumerate().map(|(at, input)| {
        let input = input.clone().check(&format!("[{at}]."))?;
        Ok(New { input, evaluations: None, origin: None })
    });
    let new = new.collect::<Result<Vec<_>>>()?;
    add(tx, clock, caller, &dataset, new)
}

/// Changes what a datapoint holds; what is not mentioned stays as it is.
pub fn update(
    tx: &mut Tx<'_>,
    clock: &Clock,
    caller: &Caller,
    (dataset_id, id): (&str, &str),
    change: &Input,
) -> Result<Datapoint> {
    caller.require(Permission::Annotate)?;
    let dataset = super::find(tx, caller, dataset_id)?;
    let snapshots = store::touch(tx, &dataset.id, caller.actor.id(), clock.now())?;
    let old = points::find(tx, &dataset.id, id)?.ok_or_else(|| not_found(id))?;
    let change = change.clone();
    let input = Input {
        inputs: change.inputs.or(old.inputs.clone()),
        messages: change.messages.or(old.messages.clone()),
        expected_output: change.expected_output.or(old.expected_output.clone()),
    };
    let input = input.check("")?;
    let changed = Datapoint {
        content_hash: input.hash(),
        inputs: input.inputs,
        messages: input.messages,
        expected_output: input.expected_output,
        updated_by: caller.actor.id().to_owned(),
        updated_at: clock.now(),
        ..old
    };
    kept::keep(tx, &dataset.id, id, snapshots)?;
    points::update(tx, &changed, snapshots)?;
    Ok(changed)
}

/// Removes datapoints; those that are not there are passed over.
pub fn remove(tx: &mut Tx<'_>, clock: &Clock, caller: &Caller, dataset_id: &str, ids: &[String]) -> Result<u64> {
    caller.require(Permission::Annotate)?;
    let dataset = super::find(tx, caller, dataset_id)?;
    if !(1..=MOST_REMOVED).contains(&ids.len()) {
        let message = format!("item_ids must have 1 to {MOST_REMOVED} entries.");
        return Err(Error::field("invalid_count", "item_ids", message));
    }
    let snapshots = store::touch(tx, &dataset.id, caller.actor.id(), clock.now())?;
    let mut removed = 0;
    for id in ids {
        kept::keep(tx, &dataset.id, id, snapshots)?;
        removed += points::delete(tx, &dataset.id, id)?;
    }
    Ok(removed)
}

/// Removes one datapoint.
///
/// # Errors
/// [`Error::NotFound`] when it is not in the dataset.
pub fn remove_one(tx: &mut Tx<'_>, clock: &Clock, caller: &Caller, dataset_id: &str, id: &str) -> Result<()> {
    if remove(tx, clock, caller, dataset_id, &[id.to_owned()])? == 0 {
        return Err(not_found(id));
    }
    Ok(())
}
