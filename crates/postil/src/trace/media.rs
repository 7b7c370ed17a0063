//! Media in spans and log records: cut out before they are stored, put back where a span is shown as it came.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};

use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::trace::v1::Span;

use crate::db::{Tx, Value};
use crate::error::Result;
use crate::media::{self, Form, Media, PREFIX, Reference, Use, cut, kind};

/// How many bytes of media are put back into a span that is shown as it came. Where there are more, references stay.
const MOST_PUT_BACK: u64 = 4 << 20;

/// What was cut out of one request.
#[derive(Debug, Default)]
pub(super) struct Cut {
    items: BTreeMap<String, Media>,
    count: usize,
}

impl Cut {
    /// Cuts media out of a span and says which.
    pub(super) fn span(&mut self, span: &mut Span) -> Vec<String> {
        let Span { attributes, events, .. } = span;
        let lists = std::iter::once(&*attributes).chain(events.iter().map(|event| &event.attributes));
        let found = self.find(lists.flatten().filter_map(value));
        if found.is_empty() {
            return Vec::new();
        }
        let lists = std::iter::once(attributes).chain(events.iter_mut().map(|event| &mut event.attributes));
        self.replace(lists.flatten().filter_map(|pair| pair.value.as_mut()), found)
    }

    /// Cuts media out of a log record and says which.
    pub(super) fn record(&mut self, record: &mut LogRecord) -> Vec<String> {
        let LogRecord { attributes, body, .. } = record;
        let found = self.find(attributes.iter().filter_map(value).chain(body.as_ref()));
        if found.is_empty() {
            return Vec::new();
        }
        let values = attributes.iter_mut().filter_map(|pair| pair.value.as_mut()).chain(body.as_mut());
        self.replace(values, found)
    }

    /// The texts that hold media, by their position among all texts, as they shall be. Changes nothing, so that the
    /// many spans without media cost a look and no memory.
    fn find<'a>(&self, values: impl Iterator<Item = &'a AnyValue> + Clone) -> Vec<(usize, Any, Vec<Media>)> {
        let (mut found, mut count, mut position) = (Vec::new(), self.count, 0);
        for value in values.clone() {
            each(value, &mut |value| {
                if let Some((value, media)) = without_media(value, media::MOST_PER_REQUEST.saturating_sub(count)) {
                    count += media.len();
                    found.push((position, value, media));
                }
                position += 1;
            });
        }
        // A text that holds a reference already could not be told from one whose media were cut out.
        let mut ambiguous = false;
        if !found.is_empty() {
            values.for_each(|value| each(value, &mut |value| ambiguous |= mentions(value)));
        }
        if ambiguous { Vec::new() } else { found }
    }

    fn replace<'a>(
        &mut self,
        values: impl Iterator<Item = &'a mut AnyValue>,
        found: Vec<(usize, Any, Vec<Media>)>,
    ) -> Vec<String> {
        let (mut found, mut position, mut ids) = (found.into_iter().peekable(), 0, Vec::new());
        for value in values {
            each_mut(value, &mut |value| {
                if let Some((_, without, media)) = found.next_if(|(at, ..)| *at == position) {
                    *value = without;
                    self.count += media.len();
                    for media in media {
                        ids.push(media.sha256.clone());
                        self.items.entry(media.sha256.clone()).or_insert(media);
                    }
                }
                position += 1;
            });
        }
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// The rows of everything that was cut out, in the order of their hashes: requests that bring the same wait for
    /// each other instead of deadlocking.
    pub(super) fn rows(self, project: i64, now: i64) -> Vec<Vec<Value>> {
        self.items.into_values().map(|media| media.row(project, None, now)).collect()
    }
}

fn value(pair: &KeyValue) -> Option<&AnyValue> {
    pair.value.as_ref()
}

/// Calls `visit` with every text and every byte string in a value.
fn each(value: &AnyValue, visit: &mut impl FnMut(&Any)) {
    match &value.value {
        Some(text @ (Any::StringValue(_) | Any::BytesValue(_))) => visit(text),
        Some(Any::ArrayValue(list)) => list.values.iter().for_each(|item| each(item, visit)),
        Some(Any::KvlistValue(list)) => {
            list.values.iter().filter_map(|pair| pair.value.as_ref()).for_each(|item| each(item, visit));
        }
        _ => {}
    }
}

fn each_mut(value: &mut AnyValue, visit: &mut impl FnMut(&mut Any)) {
    match &mut value.value {
        Some(text @ (Any::StringValue(_) | Any::BytesValue(_))) => visit(text),
        Some(Any::ArrayValue(list)) => list.values.iter_mut().for_each(|item| each_mut(item, visit)),
        Some(Any::KvlistValue(list)) => {
            list.values.iter_mut().filter_map(|pair| pair.value.as_mut()).for_each(|item| each_mut(item, visit));
        }
        _ => {}
    }
}

fn without_media(value: &Any, most: usize) -> Option<(Any, Vec<Media>)> {
    match value {
        Any::StringValue(text) if text.len() >= cut::SHORTEST => {
            cut::out_of_text(text, most).map(|(text, media)| (Any::StringValue(text), media))
        }
        Any::BytesValue(bytes)
            if bytes.len() >= cut::SHORTEST && most > 0 && kind::content_type(bytes) != kind::UNKNOWN =>
        {
            let media = Media::new(bytes.clone());
            Some((Any::BytesValue(media.reference(Form::Bytes).to_string().into_bytes()), vec![media]))
        }
        _ => None,
    }
}

fn mentions(value: &Any) -> bool {
    match value {
        Any::StringValue(text) => text.contains(PREFIX),
        Any::BytesValue(bytes) => bytes.starts_with(PREFIX.as_bytes()),
        _ => false,
    }
}

fn references(value: &Any) -> Vec<Reference> {
    match value {
        Any::StringValue(text) => Reference::find(text).into_iter().map(|(_, reference)| reference).collect(),
        Any::BytesValue(bytes) => std::str::from_utf8(bytes).ok().and_then(Reference::parse).into_iter().collect(),
        _ => Vec::new(),
    }
}

/// Puts the media back that were cut out of this span, as far as that is a sensible size.
pub(super) fn put_back(tx: &mut Tx<'_>, project: i64, trace_id: &str, chunk_id: i64, span: &mut Span) -> Result<()> {
    let own = media::uses(tx, project, trace_id, &hex::encode(&span.span_id), chunk_id)?;
    if own.is_empty() {
        return Ok(());
    }
    let mut wanted = Vec::new();
    each_of(span, &mut |value| wanted.extend(references(value)));
    let (mut bytes, mut room): (HashMap<String, Vec<u8>>, _) = (HashMap::new(), MOST_PUT_BACK);
    for reference in wanted.into_iter().filter(|reference| own.contains(&reference.sha256)) {
        // Every place takes room, also of bytes that stand in several.
        let Some(left) = room.checked_sub(reference.size) else {
            bytes.remove(&reference.sha256);
            continue;
        };
        room = left;
        if let Entry::Vacant(place) = bytes.entry(reference.sha256) {
            let (_, body) = media::read(tx, project, place.key())?;
            place.insert(body);
        }
    }
    let known = |sha256: &str| bytes.get(sha256).map(Vec::as_slice);
    each_of(span, &mut |value| match value {
        Any::StringValue(text) => {
            if let Some(whole) = cut::into_text(text, known) {
                *text = whole;
            }
        }
        Any::BytesValue(raw) => {
            let reference = std::str::from_utf8(raw).ok().and_then(Reference::parse);
            if let Some(whole) = reference.and_then(|reference| known(&reference.sha256)) {
                *raw = whole.to_vec();
            }
        }
        _ => {}
    });
    Ok(())
}

fn each_of(span: &mut Span, visit: &mut impl FnMut(&mut Any)) {
    let lists = std::iter::once(&mut span.attributes).chain(span.events.iter_mut().map(|event| &mut event.attributes));
    lists.flatten().filter_map(|pair| pair.value.as_mut()).for_each(|value| each_mut(value, visit));
}

/// Who refers to what was cut out of a span.
pub(super) fn uses_of(trace_id: &str, span_id: &str, chunk_id: i64, ids: Vec<String>) -> impl Iterator<Item = Use> {
    let (trace_id, span_id) = (trace_id.to_owned(), span_id.to_owned());
    ids.into_iter().map(move |sha256| Use { trace_id: trace_id.clone(), span_id: span_id.clone(), chunk_id, sha256 })
}
