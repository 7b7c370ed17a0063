//! Media in the normal form as it is read: references become addresses, and what clients sent elsewhere is found.

use std::collections::HashMap;

use serde_json::Value;

use super::dialect::media_at;
use super::model::{Media, MediaKind, MediaSource, NormalizedSpan, Part};
use crate::db::Tx;
use crate::error::Result;
use crate::media::{self, About, PREFIX, Reference, link};

/// How the references of Langfuse's clients begin and end.
const LANGFUSE: &str = "@@@langfuseMedia:";
const END: &str = "@@@";

/// How many different references of a span are looked up.
const MOST: usize = 500;

/// Finds the media of a span: those its client sent to us apart from the trace, and those in the midst of texts.
pub(super) fn resolve(tx: &mut Tx<'_>, project: i64, span: &mut NormalizedSpan) -> Result<()> {
    let mut asked = Vec::new();
    each_part(span, &mut |part| ask(part, &mut asked));
    each_value(span, &mut |text| ask_text(text, &mut asked));
    asked.sort_unstable();
    asked.dedup();
    asked.truncate(MOST);
    let mut known = Known::default();
    for name in asked {
        if let Some(about) = look_up(tx, project, &name)? {
            known.0.insert(name, about);
        }
    }
    each_part(span, &mut |part| answer(part, &known));
    each_value(span, &mut |text| {
        if let Some(shown) = known.shown(text) {
            *text = shown;
        }
    });
    Ok(())
}

/// What was found, by the id or the address that a span names it with.
#[derive(Default)]
struct Known(HashMap<String, About>);

fn look_up(tx: &mut Tx<'_>, project: i64, name: &str) -> Result<Option<About>> {
    if name.contains(link::UPLOADS) {
        let sha256 = link::uploaded(tx, project, name)?;
        return sha256.map_or(Ok(None), |sha256| media::find(tx, project, &sha256));
    }
    media::find_short(tx, project, name)
}

fn ask(part: &Part, asked: &mut Vec<String>) {
    match part {
        Part::Text { text } | Part::Reasoning { text } => ask_text(text, asked),
        Part::Media(Media { source: MediaSource::Ref { id }, .. }) => asked.push(id.clone()),
        Part::Media(Media { source: MediaSource::Url { url }, .. }) if url.contains(link::UPLOADS) => {
            asked.push(url.clone());
        }
        _ => {}
    }
}

fn ask_text(text: &str, asked: &mut Vec<String>) {
    for (_, id) in langfuse_references(text) {
        asked.push(id.to_owned());
    }
}

fn answer(part: &mut Part, known: &Known) {
    match part {
        Part::Text { text } => {
            // A message that is nothing but a reference is the thing itself.
            let whole = text.trim();
            let alone = whole.starts_with(END) && whole.ends_with(END) || whole.starts_with("data:");
            if alone && text.contains(END) && !whole.contains(char::is_whitespace) {
                let mut found = media_at(whole, MediaKind::File, None);
                found.resolve(known);
                if !matches!(found.source, MediaSource::Url { .. }) {
                    *part = Part::Media(found);
                }
            } else if let Some(shown) = known.shown(text) {
                *text = shown;
            }
        }
        Part::Reasoning { text } => {
            if let Some(shown) = known.shown(text) {
                *text = shown;
            }
        }
        Part::Media(found) => found.resolve(known),
        _ => {}
    }
}

impl Media {
    fn resolve(&mut self, known: &Known) {
        let name = match &self.source {
            MediaSource::Ref { id } => id,
            MediaSource::Url { url } => url,
            _ => return,
        };
        if let Some(about) = known.0.get(name) {
            *self = Media::stored(self.kind, self.mime.as_deref(), about);
        }
    }

    fn stored(kind: MediaKind, mime: Option<&str>, about: &About) -> Media {
        let reference = Reference {
            content_type: about.content_type.clone(),
            sha256: about.sha256.clone(),
            size: u64::try_from(about.size).unwrap_or(0),
            form: media::Form::Bytes,
        };
        Media::kept(kind, mime.or(about.declared_type.as_deref()), &reference)
    }
}

impl Known {
    /// A text with addresses in the place of references; none when there is nothing to replace.
    fn shown(&self, text: &str) -> Option<String> {
        if !text.contains(PREFIX) && !text.contains(LANGFUSE) {
            return None;
        }
        let mut places: Vec<(std::ops::Range<usize>, String)> = Reference::find(text)
            .into_iter()
            .map(|(range, reference)| (data_url_start(text, range.start)..range.end, reference.sha256))
            .collect();
        for (range, id) in langfuse_references(text) {
            places.extend(self.0.get(id).map(|about| (range, about.sha256.clone())));
        }
        places.sort_by_key(|(range, _)| range.start);
        let (mut shown, mut from) = (String::with_capacity(text.len()), 0);
        for (range, sha256) in places {
            shown.push_str(text.get(from..range.start)?);
            shown.push_str(&Reference::address(&sha256));
            from = range.end;
        }
        shown.push_str(text.get(from..)?);
        Some(shown)
    }
}

/// Where the data URL begins whose data stand at `at`; `at` itself when there is none.
fn data_url_start(text: &str, at: usize) -> usize {
    let Some(head) = text[..at].strip_suffix(";base64,") else { return at };
    let Some(start) = head.rfind("data:") else { return at };
    let of_a_type = |character: char| character.is_ascii_alphanumeric() || "/+-.;=\"".contains(character);
    if head[start + 5..].chars().all(of_a_type) { start } else { at }
}

/// The references of Langfuse's clients in a text, with where they stand.
fn langfuse_references(text: &str) -> Vec<(std::ops::Range<usize>, &str)> {
    let (mut found, mut from) = (Vec::new(), 0);
    while let Some(start) = text.get(from..).and_then(|rest| rest.find(LANGFUSE)).map(|at| at + from) {
        from = start + LANGFUSE.len();
        let Some(end) = text[from..].find(END).map(|at| at + from) else { break };
        let id = text[from..end].split('|').find_map(|field| field.strip_prefix("id="));
        found.extend(id.map(|id| (start..end + END.len(), id)));
        from = end + END.len();
    }
    found
}

fn each_part(span: &mut NormalizedSpan, visit: &mut impl FnMut(&mut Part)) {
    span.input.iter_mut().chain(&mut span.output).flat_map(|message| &mut message.parts).for_each(visit);
}

/// Calls `visit` with every text outside the texts of messages.
fn each_value(span: &mut NormalizedSpan, visit: &mut impl FnMut(&mut String)) {
    for part in span.input.iter_mut().chain(&mut span.output).flat_map(|message| &mut message.parts) {
        match part {
            Part::ToolCall { arguments: value, .. }
            | Part::ToolResult { result: value, .. }
            | Part::Other { raw: value } => {
                texts(value, visit);
            }
            _ => {}
        }
    }
    let run = span.tool.iter_mut().flat_map(|tool| [&mut tool.arguments, &mut tool.result]);
    let raw = [&mut span.input_raw, &mut span.output_raw].into_iter().chain(run);
    raw.flatten().chain(span.metadata.values_mut()).for_each(|value| texts(value, visit));
    span.documents.iter_mut().filter_map(|document| document.content.as_mut()).for_each(visit);
}

fn texts(value: &mut Value, visit: &mut impl FnMut(&mut String)) {
    match value {
        Value::String(text) => visit(text),
        Value::Array(items) => items.iter_mut().for_each(|item| texts(item, visit)),
        Value::Object(map) => map.values_mut().for_each(|item| texts(item, visit)),
        _ => {}
    }
}
