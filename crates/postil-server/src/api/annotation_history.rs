//! What happened to an annotation.

use axum::Json;
use axum::extract::{Path, State};
use postil::annotation::{self, HistoryEntry};
use postil::clock::rfc3339;
use postil::project::people;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::annotation_shapes::{AnnotationValue, AnnotatorView, Names};
use super::caller::{By, READ};
use super::error::{ApiResult, ErrorBody};
use crate::state::App;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(history))
}

/// One thing that happened to an annotation.
#[derive(Serialize, ToSchema)]
struct AnnotationHistoryEntry {
    id: String,
    /// `set`, `change` or `remove`.
    action: String,
    /// The value from then on.
    #[schema(value_type = Option<AnnotationValue>, nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation: Option<String>,
    definition_version: i64,
    annotator: AnnotatorView,
    /// Who sent it: `key:…` or `member:…`.
    actor: String,
    /// The name of who sent it.
    #[serde(skip_serializing_if = "Option::is_none")]
    actor_name: Option<String>,
    /// With which client.
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    identity_id: Option<String>,
    source: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_ms: Option<i64>,
    /// The annotation queue in which it was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    queue_id: Option<String>,
    at: String,
}

impl AnnotationHistoryEntry {
    fn new(entry: HistoryEntry, names: &Names) -> AnnotationHistoryEntry {
        AnnotationHistoryEntry {
            actor_name: names.get(actor_id(&entry.actor)).cloned(),
            id: entry.id,
            action: entry.action,
            value: entry.value.and_then(|json| serde_json::from_str(&json).ok()),
            explanation: entry.explanation,
            definition_version: entry.definition_version,
            annotator: AnnotatorView::named(entry.annotator, names),
            actor: entry.actor,
            client: entry.client,
            identity_id: entry.identity_id,
            source: entry.source,
            duration_ms: entry.duration_ms,
            queue_id: entry.queue_id,
            at: rfc3339(entry.at),
        }
    }
}

/// The id in `key:…` or `member:…`.
fn actor_id(actor: &str) -> &str {
    actor.split_once(':').map_or(actor, |(_, id)| id)
}

/// What happened to an annotation.
#[derive(Serialize, ToSchema)]
struct AnnotationHistory {
    #[schema(example = "list")]
    object: &'static str,
    data: Vec<AnnotationHistoryEntry>,
    has_more: bool,
}

/// Read what happened to an annotation, oldest first; also after it was taken back
#[utoipa::path(get, path = "/v2/annotations/{id}/history", tag = "annotations", params(("id" = String, Path)),
    responses((status = 200, body = AnnotationHistory), (status = "4XX", body = ErrorBody)))]
async fn history(
    State(app): State<App>,
    By(caller): By<READ>,
    Path(id): Path<String>,
) -> ApiResult<Json<AnnotationHistory>> {
    let reading = app.db.read(move |tx| {
        let entries = annotation::history(tx, &caller, &id)?;
        let people = entries.iter().flat_map(|entry| [entry.annotator.id.as_str(), actor_id(&entry.actor)]);
        let names = people::names(tx, &caller, &people.collect::<Vec<_>>())?;
        Ok((entries, names))
    });
    let (entries, names) = reading.await?;
    Ok(Json(AnnotationHistory {
        object: "list",
        data: entries.into_iter().map(|entry| AnnotationHistoryEntry::new(entry, &names)).collect(),
        has_more: false,
    }))
}
