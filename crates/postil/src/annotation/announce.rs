//! Tells webhooks what people said, changed and took back.

use serde_json::{Value as Json, json};

use super::store::Happened;
use crate::clock::{Clock, rfc3339};
use crate::db::Tx;
use crate::error::Result;
use crate::webhook::{self, Fact, event};

/// Tells the webhooks of a project of these events.
pub(super) fn announce(tx: &mut Tx<'_>, clock: &Clock, project: i64, events: &[Happened<'_>]) -> Result<()> {
    for (name, action) in [
        (event::ANNOTATION_CREATED, "set"),
        (event::ANNOTATION_CHANGED, "change"),
        (event::ANNOTATION_REMOVED, "remove"),
    ] {
        if events.iter().any(|event| event.action == action) {
            let of_it = || events.iter().filter(|event| event.action == action).map(fact).collect();
            webhook::announce(tx, clock, project, name, of_it)?;
        }
    }
    Ok(())
}

fn fact(event: &Happened<'_>) -> Fact {
    let said = &event.annotation;
    let mut metadata = json!({
        "annotation_id": said.id,
        "trace_id": said.trace_id,
        "span_id": said.span_id,
        "key": said.key,
        "type": said.kind,
        "value": said.json(),
        "annotator": {"kind": said.annotator.kind.name(), "id": said.annotator.id},
        "source": said.source,
        "at": rfc3339(said.updated_at),
    });
    let optional = [
        ("explanation", said.explanation.as_deref()),
        ("identity_id", said.identity_id.as_deref()),
        ("queue_id", event.queue_id),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            metadata[name] = Json::String(value.to_owned());
        }
    }
    Fact { trace_id: Some(said.trace_id.clone()), metadata }
}
