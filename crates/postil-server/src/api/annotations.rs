//! Annotations of spans: say, take back, read, list.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use postil::annotation::{self, Annotate, Annotation, Annotator, AnnotatorKind, Answer, ListFilter, Metadata, Remove};
use postil::clock::parse_rfc3339;
use postil::{Error, Result, id};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::annotation_shapes::{AnnotationValue, AnnotationView, Names, names_of};
use super::body::Body;
use super::caller::{ANNOTATE, By, READ};
use super::error::{ApiResult, ErrorBody};
use super::params::{Cursor, Params};
use crate::state::App;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(create, remove, of_span)).routes(routes!(list))
}

/// One call that annotates one span; stored whole or not at all.
#[derive(Deserialize, ToSchema)]
struct AnnotationInput {
    /// 1 to 10 answers. Each names a human review by `key`, or an evaluator result to correct by `parent_annotation_id`.
    annotations: Vec<AnswerInput>,
    metadata: Option<AnnotationMetadata>,
    annotator: Option<AnnotatorInput>,
    /// How long the annotator took.
    duration_ms: Option<i64>,
}

/// One answer.
#[derive(Deserialize, ToSchema)]
pub(super) struct AnswerInput {
    /// The key of the human review.
    key: Option<String>,
    /// The evaluator result that is corrected.
    parent_annotation_id: Option<String>,
    #[schema(value_type = AnnotationValue)]
    value: Value,
    /// Why; at most 3000 characters.
    explanation: Option<String>,
    /// The number of a machine's verdict.
    score: Option<f64>,
    /// The name of a machine's verdict.
    label: Option<String>,
    /// Whether a machine's verdict is good enough.
    passed: Option<bool>,
}

/// Attribution. Unknown fields are ignored.
#[derive(Deserialize, Default, ToSchema)]
struct AnnotationMetadata {
    /// The end user. Without a reviewer they are the annotator, so that two users do not replace each other's values.
    identity_id: Option<String>,
    /// The same as `identity_id`, which wins.
    #[serde(rename = "identityId")]
    identity_id_camel: Option<String>,
    /// The reviewer: the annotator, where one is named.
    reviewer_id: Option<String>,
    /// The same as `reviewer_id`, which wins.
    #[serde(rename = "reviewerId")]
    reviewer_id_camel: Option<String>,
    /// Where it comes from.
    source: Option<String>,
}

/// For whom a call speaks. What `llm` and `code` say is stored as an evaluator result.
#[derive(Deserialize, ToSchema)]
struct AnnotatorInput {
    /// `human`, `llm`, `code` or `automation`.
    kind: String,
    /// Their id; without one whom the metadata names, or the API key.
    id: Option<String>,
}

/// One call that takes values back: at least one key or id, at most ten of each.
#[derive(Deserialize, ToSchema)]
struct AnnotationRemoval {
    /// The keys of human reviews.
    keys: Option<Vec<String>>,
    /// The evaluator results whose corrections are taken back.
    parent_annotation_ids: Option<Vec<String>>,
    metadata: Option<AnnotationMetadata>,
    annotator: Option<AnnotatorInput>,
    /// How long the annotator took.
    duration_ms: Option<i64>,
}

impl From<AnnotationMetadata> for Metadata {
    fn from(body: AnnotationMetadata) -> Metadata {
        let given = |text: Option<String>| text.filter(|text| !text.is_empty());
        Metadata {
            identity_id: given(body.identity_id).or(given(body.identity_id_camel)),
            reviewer_id: given(body.reviewer_id).or(given(body.reviewer_id_camel)),
            source: given(body.source),
        }
    }
}

impl AnnotatorInput {
    fn read(self) -> Result<Annotator> {
        let kind = AnnotatorKind::parse(&self.kind).ok_or_else(|| {
            let message = "annotator.kind must be human, llm, code or automation.";
            Error::field("invalid_annotator", "annotator.kind", message)
        })?;
        Ok(Annotator { kind, id: self.id.unwrap_or_default() })
    }
}

impl From<AnswerInput> for Answer {
    fn from(body: AnswerInput) -> Answer {
        Answer {
            key: body.key,
            parent_annotation_id: body.parent_annotation_id,
            value: body.value,
            explanation: body.explanation,
            score: body.score,
            label: body.label,
            passed: body.passed,
        }
    }
}

/// A moment in a query, in microseconds.
pub(super) fn moment(field: &'static str, given: Option<&String>) -> Result<Option<i64>> {
    let Some(text) = given else { return Ok(None) };
    let wrong = || {
        let message = format!("{field} must be a time such as 2026-11-21T10:00:00Z.");
        Error::field("invalid_time", field, message)
    };
    // A plus sign that was not encoded arrives as a space.
    parse_rfc3339(&text.replace(' ', "+")).map(Some).ok_or_else(wrong)
}

/// Annotate a span
///
/// Every value is checked before any is stored. A second value of the same annotator for the same human review replaces
/// the first; the history keeps both. The log of a generation span is annotated with it: it is the same record.
#[utoipa::path(post, path = "/v2/traces/{trace_id}/spans/{span_id}/annotation", tag = "annotations",
    params(("trace_id" = String, Path), ("span_id" = String, Path)), request_body = AnnotationInput,
    responses((status = 200, description = "Stored. No body."), (status = "4XX", body = ErrorBody)))]
async fn create(
    State(app): State<App>,
    By(caller): By<ANNOTATE>,
    Path((trace_id, span_id)): Path<(String, String)>,
    Body(body): Body<AnnotationInput>,
) -> ApiResult<StatusCode> {
    let call = Annotate {
        answers: body.annotations.into_iter().map(Answer::from).collect(),
        metadata: body.metadata.map(Metadata::from).unwrap_or_default(),
        annotator: body.annotator.map(AnnotatorInput::read).transpose()?,
        duration_ms: body.duration_ms,
        queue_id: None,
    };
    let (clock, limit) = (app.clock.clone(), app.string_limit);
    app.db
        .write(move |tx| annotation::annotate(tx, &clock, &caller, &trace_id, &span_id, &call, limit).map(drop))
        .await?;
    Ok(StatusCode::OK)
}

/// Take annotations back
///
/// Of the annotator that is named, or else of all. The history remains. A value that is not set is no error.
#[utoipa::path(delete, path = "/v2/traces/{trace_id}/spans/{span_id}/annotation", tag = "annotations",
    params(("trace_id" = String, Path), ("span_id" = String, Path)), request_body = AnnotationRemoval,
    responses((status = 200, description = "Taken back. No body."), (status = "4XX", body = ErrorBody)))]
async fn remove(
    State(app): State<App>,
    By(caller): By<ANNOTATE>,
    Path((trace_id, span_id)): Path<(String, String)>,
    Body(body): Body<AnnotationRemoval>,
) -> ApiResult<StatusCode> {
    let call = Remove {
        keys: body.keys.unwrap_or_default(),
        parent_annotation_ids: body.parent_annotation_ids.unwrap_or_default(),
        metadata: body.metadata.map(Metadata::from).unwrap_or_default(),
        annotator: body.annotator.map(AnnotatorInput::read).transpose()?,
        duration_ms: body.duration_ms,
    };
    let clock = app.clock.clone();
    app.db.write(move |tx| annotation::remove(tx, &clock, &caller, &trace_id, &span_id, &call).map(drop)).await?;
    Ok(StatusCode::OK)
}

/// A list of annotations.
#[derive(Serialize, ToSchema)]
struct AnnotationList {
    #[schema(example = "list")]
    object: &'static str,
    data: Vec<AnnotationView>,
    has_more: bool,
}

impl AnnotationList {
    fn new(annotations: Vec<Annotation>, names: &Names, has_more: bool) -> Json<AnnotationList> {
        let data = annotations.into_iter().map(|each| AnnotationView::named(each, names)).collect();
        Json(AnnotationList { object: "list", data, has_more })
    }
}

/// Read the annotations of a span
#[utoipa::path(get, path = "/v2/traces/{trace_id}/spans/{span_id}/annotation", tag = "annotations",
    params(("trace_id" = String, Path), ("span_id" = String, Path)),
    responses((status = 200, body = AnnotationList), (status = "4XX", body = ErrorBody)))]
async fn of_span(
    State(app): State<App>,
    By(caller): By<READ>,
    Path((trace_id, span_id)): Path<(String, String)>,
) -> ApiResult<Json<AnnotationList>> {
    let reading = app.db.read(move |tx| {
        let found = annotation::for_span(tx, &caller, &trace_id, &span_id)?;
        let names = names_of(tx, &caller, &found)?;
        Ok((found, names))
    });
    let (found, names) = reading.await?;
    Ok(AnnotationList::new(found, &names, false))
}

/// Which annotations are meant.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct AnnotationQuery {
    /// The key of a human review.
    key: Option<String>,
    /// An option that is chosen, a number, `true` or `false`, or a whole text.
    value: Option<String>,
    trace_id: Option<String>,
    span_id: Option<String>,
    annotator_kind: Option<String>,
    annotator_id: Option<String>,
    identity_id: Option<String>,
    source: Option<String>,
    /// Last changed at or after this time.
    from: Option<String>,
    /// Last changed before this time.
    to: Option<String>,
}

impl AnnotationQuery {
    /// The same for the domain.
    pub(super) fn filter(self) -> postil::Result<ListFilter> {
        Ok(ListFilter {
            from: moment("from", self.from.as_ref())?,
            to: moment("to", self.to.as_ref())?,
            key: self.key,
            value: self.value,
            trace_id: self.trace_id.as_deref().map(id::lower_hex),
            span_id: self.span_id.as_deref().map(id::lower_hex),
            annotator_kind: self.annotator_kind,
            annotator_id: self.annotator_id,
            identity_id: self.identity_id,
            source: self.source,
        })
    }
}

/// List the annotations of a project, newest first
#[utoipa::path(get, path = "/v2/annotations", tag = "annotations", params(Cursor, AnnotationQuery),
    responses((status = 200, body = AnnotationList), (status = "4XX", body = ErrorBody)))]
async fn list(
    State(app): State<App>,
    By(caller): By<READ>,
    Params(cursor): Params<Cursor>,
    Params(given): Params<AnnotationQuery>,
) -> ApiResult<Json<AnnotationList>> {
    let (page, filter) = (cursor.page()?, given.filter()?);
    let reading = app.db.scan(move |tx| {
        let found = annotation::list(tx, &caller, &filter, &page)?;
        let names = names_of(tx, &caller, &found.data)?;
        Ok((found, names))
    });
    let (found, names) = reading.await?;
    Ok(AnnotationList::new(found.data, &names, found.has_more))
}
