//! What of a span a queue shows its reviewers.

use postil::queue::{MessagesShown, View};
use serde_json::{Map, Value, json};

/// What stands in place of a value that reviewers must not see.
const MASK: &str = "•••";
/// Shorter values are masked where they stand, but not looked for elsewhere.
const TELLING: usize = 4;

/// What a queue shows one caller.
#[derive(Debug, Clone)]
pub(super) struct Lens {
    view: View,
    /// Whether the masks of the queue hold: not for those who may read the whole project.
    masks: bool,
    /// Whether what evaluators said is shown.
    evaluators: bool,
    /// Masked texts of the item, which may stand in other spans of its trace too.
    secrets: Vec<String>,
}

impl Lens {
    pub(super) fn new(view: &View, reads_all: bool, evaluators: bool) -> Lens {
        Lens { masks: !reads_all && !view.masked.is_empty(), view: view.clone(), evaluators, secrets: Vec::new() }
    }

    /// Whether something is masked.
    pub(super) fn masks(&self) -> bool {
        self.masks
    }

    /// The same for other spans of the trace: what is masked in this one is masked there too.
    #[must_use]
    pub(super) fn knowing(self, item: &Value) -> Lens {
        Lens { secrets: self.secrets(item), ..self }
    }

    /// A span as [`super::spans::SpanDetail`] writes it, with what the queue does not show left out.
    pub(super) fn span(&self, mut detail: Value) -> Value {
        let secrets = if self.masks { self.secrets(&detail) } else { Vec::new() };
        if let Some(attributes) = detail.get_mut("attributes").and_then(Value::as_object_mut) {
            attributes.retain(|name, _| self.view.attributes.contains(name));
        }
        for raw in ["events", "links"] {
            detail[raw] = json!([]);
        }
        for raw in ["resource", "scope", "otel"] {
            detail[raw] = json!({});
        }
        if !self.evaluators {
            detail["evaluations"] = json!([]);
        }
        if let Some(normalized) = detail.get_mut("normalized").and_then(Value::as_object_mut) {
            self.normalized(normalized);
        }
        if let Some(summary) = detail.get_mut("summary").and_then(Value::as_object_mut) {
            self.summary(summary);
        }
        if self.masks {
            mask_names(&mut detail, &self.view.masked);
            for path in &self.view.masked {
                for root in ["", "/normalized", "/summary"] {
                    let pointer = format!("{root}/{}", path.replace('.', "/"));
                    if let Some(value) = detail.pointer_mut(&pointer) {
                        *value = mask_of(value);
                    }
                }
            }
            mask_values(&mut detail, &secrets);
        }
        detail
    }

    /// A span in the list of its trace. Previews may hold what is masked, so they are left out where something is.
    pub(super) fn row(&self, mut row: Value) -> Value {
        if let Some(summary) = row.as_object_mut() {
            self.summary(summary);
            if self.masks {
                for name in ["input", "output", "error", "session_id", "user_id"] {
                    summary.remove(name);
                }
            }
        }
        mask_values(&mut row, &self.secrets);
        row
    }

    fn summary(&self, summary: &mut Map<String, Value>) {
        if self.view.messages == MessagesShown::None {
            summary.remove("input");
            summary.remove("output");
        }
    }

    fn normalized(&self, span: &mut Map<String, Value>) {
        if let Some(metadata) = span.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.retain(|name, _| self.view.metadata.contains(name));
        }
        let role = |message: &Value| message["role"].as_str().unwrap_or_default().to_owned();
        if let Some(input) = span.get_mut("input").and_then(Value::as_array_mut) {
            if self.view.messages == MessagesShown::Last {
                let last = input.iter().rposition(|message| role(message) == "user").unwrap_or(0);
                let system: Vec<Value> =
                    input.drain(..last).filter(|message| ["system", "developer"].contains(&&*role(message))).collect();
                input.splice(0..0, system);
            }
            if !self.view.system {
                input.retain(|message| !["system", "developer"].contains(&&*role(message)));
            }
        }
        if self.view.messages == MessagesShown::None {
            for name in ["input", "output", "input_raw", "output_raw", "prompt", "tool", "tools", "documents"] {
                span.remove(name);
            }
        }
    }

    /// The texts that stand under a masked name, so that they can be found where else they stand.
    fn secrets(&self, detail: &Value) -> Vec<String> {
        let mut found = self.secrets.clone();
        collect_named(detail, &self.view.masked, &mut found);
        for path in &self.view.masked {
            for root in ["", "/normalized", "/summary"] {
                let pointer = format!("{root}/{}", path.replace('.', "/"));
                if let Some(value) = detail.pointer(&pointer) {
                    collect_texts(value, &mut found);
                }
            }
        }
        found.sort_by_key(|text| std::cmp::Reverse(text.len()));
        found.dedup();
        found
    }
}

fn mask_of(value: &Value) -> Value {
    match value {
        // What has a shape keeps it, so that whoever reads it finds what they expect.
        Value::Array(_) => json!([]),
        Value::Object(_) => json!({}),
        Value::Null => Value::Null,
        _ => json!(MASK),
    }
}

fn mask_names(value: &mut Value, names: &[String]) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields.iter_mut() {
                if names.iter().any(|masked| masked == name) {
                    *field = mask_of(field);
                } else {
                    mask_names(field, names);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| mask_names(item, names)),
        _ => {}
    }
}

fn mask_values(value: &mut Value, secrets: &[String]) {
    match value {
        Value::String(text) => {
            for secret in secrets {
                mask_within(text, secret);
            }
        }
        Value::Object(fields) => fields.values_mut().for_each(|field| mask_values(field, secrets)),
        Value::Array(items) => items.iter_mut().for_each(|item| mask_values(item, secrets)),
        _ => {}
    }
}

/// Replaces a text wherever it stands, in small letters or large ones.
fn mask_within(text: &mut String, secret: &str) {
    let (in_small, secret) = (text.to_ascii_lowercase(), secret.to_ascii_lowercase());
    // Letters beyond ASCII stay as they are, so that every place in the one is that place in the other.
    for (at, _) in in_small.rmatch_indices(secret.as_str()) {
        text.replace_range(at..at + secret.len(), MASK);
    }
}

fn collect_named(value: &Value, names: &[String], found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                if names.contains(name) {
                    collect_texts(field, found);
                } else {
                    collect_named(field, names, found);
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect_named(item, names, found)),
        _ => {}
    }
}

fn collect_texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) if text.chars().count() >= TELLING => found.push(text.clone()),
        Value::Object(fields) => fields.values().for_each(|field| collect_texts(field, found)),
        Value::Array(items) => items.iter().for_each(|item| collect_texts(item, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detail() -> Value {
        json!({
            "summary": {"input": "I am ann@example.com", "name": "chat", "user_id": "ann@example.com"},
            "attributes": {"user.email": "ann@example.com", "plan": "gold", "secret.id": 7},
            "events": [{"name": "x"}], "links": [], "resource": {"attributes": {"host": "h"}}, "scope": {}, "otel": {},
            "normalized": {
                "display_name": "chat",
                "metadata": {"team": "blue", "phone": "555-1234"},
                "input": [
                    {"role": "system", "parts": [{"type": "text", "text": "Be kind."}]},
                    {"role": "user", "parts": [{"type": "text", "text": "first"}]},
                    {"role": "assistant", "parts": [{"type": "text", "text": "reply"}]},
                    {"role": "user", "parts": [{"type": "text", "text": "write to ann@example.com or 555-1234"}]},
                ],
                "output": [{"role": "assistant", "parts": [{"type": "text", "text": "done"}]}],
                "tool": {"name": "mail", "arguments": {"to": "ann@example.com"}}, "documents": [{"text": "Ann"}],
            },
            "annotations": [], "evaluations": [{"id": "e"}],
        })
    }

    fn texts(detail: &Value) -> Vec<&str> {
        let input = detail["normalized"]["input"].as_array().unwrap();
        input.iter().map(|message| message["parts"][0]["text"].as_str().unwrap()).collect()
    }

    #[test]
    fn only_what_is_named_of_attributes_and_metadata_is_shown() {
        let view = View { attributes: vec!["plan".into()], metadata: vec!["team".into()], ..View::default() };
        let shown = Lens::new(&view, true, true).span(detail());
        assert_eq!(shown["attributes"], json!({"plan": "gold"}));
        assert_eq!(shown["normalized"]["metadata"], json!({"team": "blue"}));
        assert_eq!((&shown["events"], &shown["resource"]), (&json!([]), &json!({})));
        assert_eq!(shown["evaluations"].as_array().unwrap().len(), 1);
        assert_eq!(Lens::new(&view, true, false).span(detail())["evaluations"], json!([]));
    }

    #[test]
    fn messages_are_shown_as_the_queue_says() {
        let shown = |messages, system| {
            let view = View { messages, system, ..View::default() };
            Lens::new(&view, true, true).span(detail())
        };
        assert_eq!(texts(&shown(MessagesShown::All, false)).len(), 3);
        let last = shown(MessagesShown::Last, true);
        assert_eq!(texts(&last), ["Be kind.", "write to ann@example.com or 555-1234"]);
        assert_eq!(texts(&shown(MessagesShown::Last, false)).len(), 1);
        let none = shown(MessagesShown::None, true);
        assert!(none["normalized"].get("input").is_none() && none["summary"].get("input").is_none());
        assert!(none["normalized"].get("tool").is_none() && none["normalized"].get("documents").is_none());
    }

    #[test]
    fn a_masked_value_is_nowhere_in_what_a_reviewer_gets() {
        let view = View {
            attributes: vec!["user.email".into(), "secret.id".into()],
            metadata: vec!["phone".into()],
            masked: vec!["user.email".into(), "phone".into(), "secret.id".into()],
            ..View::default()
        };
        let shown = Lens::new(&view, false, true).span(detail());
        let text = shown.to_string();
        assert!(!text.contains("ann@example.com") && !text.contains("555-1234"), "{text}");
        assert_eq!(shown["attributes"], json!({"user.email": MASK, "secret.id": MASK}));
        assert!(texts(&shown).last().unwrap().contains("write to ••• or •••"));
        let whole = Lens::new(&view, true, true).span(detail());
        assert!(whole.to_string().contains("ann@example.com"), "those who read everything anyway are not masked");
        let row = Lens::new(&view, false, true).row(detail()["summary"].clone());
        assert_eq!(row, json!({"name": "chat"}));
        let lens = Lens::new(&view, false, true).knowing(&detail());
        let other =
            json!({"name": "to Ann@Example.COM", "normalized": {"output": [{"text": "ann@example.com, 555-1234"}]}});
        assert_eq!(lens.row(json!({"name": "to Ann@Example.COM"})), json!({"name": format!("to {MASK}")}));
        let shown = lens.span(other);
        assert_eq!(shown["normalized"]["output"][0]["text"], format!("{MASK}, {MASK}"));
        assert_eq!(shown["name"], format!("to {MASK}"), "in large letters too");
    }
}
