//! Feedback: the older calls that name a log or a trace. They become annotations.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use postil::Error;
use postil::annotation::feedback::{self, Evaluation, Feedback, Message};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::annotation_shapes::AnnotationValue;
use crate::api::body::Body;
use crate::api::caller::{ANNOTATE, By, READ};
use crate::api::error::{ApiResult, ErrorBody};
use crate::state::App;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(create))
        .routes(routes!(remove))
        .routes(routes!(create_evaluation))
        .routes(routes!(remove_evaluation))
        .routes(routes!(submit))
}

/// Feedback to store.
#[derive(Deserialize, ToSchema)]
struct FeedbackInput {
    /// The key of the human review.
    property: Option<String>,
    /// The same as `property`, which wins.
    field: Option<String>,
    #[schema(value_type = Option<AnnotationValue>)]
    value: Option<Value>,
    /// The same as `value`, which wins.
    #[schema(value_type = Option<AnnotationValue>)]
    values: Option<Value>,
    /// A log, a model's response, or a trace, whose leading model call is meant.
    trace_id: String,
    /// A ULID to know the feedback by; made when there is none.
    id: Option<String>,
    /// The part of the product the feedback is about; any text.
    product: Option<String>,
}

/// Feedback as it was stored.
#[derive(Serialize, ToSchema)]
struct FeedbackAnswer {
    id: String,
    property: String,
    #[schema(value_type = AnnotationValue)]
    value: Value,
    trace_id: String,
    product: String,
}

const PRODUCT: &str = "deployments";

/// Give feedback on a log or a trace
#[utoipa::path(post, path = "/v2/feedback", tag = "feedback", request_body = FeedbackInput,
    responses((status = 200, body = FeedbackAnswer), (status = "4XX", body = ErrorBody)))]
async fn create(
    State(app): State<App>,
    By(caller): By<ANNOTATE>,
    Body(body): Body<FeedbackInput>,
) -> ApiResult<Json<FeedbackAnswer>> {
    let missing = |field: &'static str| Error::field("missing_field", field, format!("{field} must be given."));
    let feedback = Feedback {
        id: body.id,
        property: body.property.or(body.field).ok_or_else(|| missing("property"))?,
        value: body.value.or(body.values).ok_or_else(|| missing("value"))?,
        trace_id: body.trace_id.clone(),
    };
    let mut view = FeedbackAnswer {
        id: String::new(),
        property: feedback.property.clone(),
        value: feedback.value.clone(),
        trace_id: body.trace_id,
        product: body.product.unwrap_or_else(|| PRODUCT.into()),
    };
    let (clock, limit) = (app.clock.clone(), app.string_limit);
    view.id = app.db.write(move |tx| feedback::create(tx, &clock, &caller, &feedback, limit)).await?;
    Ok(Json(view))
}

/// Feedback to take back.
#[derive(Deserialize, ToSchema)]
struct FeedbackRemoval {
    /// The id of the feedback, or of its annotation.
    id: String,
    trace_id: String,
    product: Option<String>,
}

/// Feedback that was taken back.
#[derive(Serialize, ToSchema)]
struct FeedbackRemoved {
    id: String,
    trace_id: String,
    product: String,
}

/// Take feedback back
#[utoipa::path(post, path = "/v2/feedback/remove", tag = "feedback", request_body = FeedbackRemoval,
    responses((status = 200, body = FeedbackRemoved), (status = "4XX", body = ErrorBody)))]
async fn remove(
    State(app): State<App>,
    By(caller): By<ANNOTATE>,
    Body(body): Body<FeedbackRemoval>,
) -> ApiResult<Json<FeedbackRemoved>> {
    let (clock, id, trace_id) = (app.clock.clone(), body.id.clone(), body.trace_id.clone());
    app.db.write(move |tx| feedback::remove(tx, &clock, &caller, &id, &trace_id)).await?;
    let product = body.product.unwrap_or_else(|| PRODUCT.into());
    Ok(Json(FeedbackRemoved { id: body.id, trace_id: body.trace_id, product }))
}

/// Feedback that names the human review by its id.
#[derive(Deserialize, ToSchema)]
struct EvaluationInput {
    id: String,
    /// Always `human_review`.
    evaluation_type: String,
    human_review_id: Option<String>,
    /// `orq` or `external`; `orq` without.
    source: Option<String>,
    explanation: Option<String>,
    trace_id: String,
    /// `string`, `number`, `boolean` or `string_array`.
    r#type: String,
    #[schema(value_type = Option<AnnotationValue>)]
    value: Option<Value>,
    /// The value of a `string_array`.
    #[schema(value_type = Option<AnnotationValue>)]
    values: Option<Value>,
}

/// Answer a human review on a log or a trace
///
/// `reviewed_at` is ignored: generated clients send the time they were built. The server's time is kept.
#[utoipa::path(post, path = "/v2/feedback/evaluation", tag = "feedback", request_body = EvaluationInput,
    responses((status = 200, description = "Stored. No body."), (status = "4XX", body = ErrorBody)))]
async fn create_evaluation(
    State(app): State<App>,
    By(caller): By<ANNOTATE>,
    Body(body): Body<EvaluationInput>,
) -> ApiResult<StatusCode> {
    if body.evaluation_type != "human_review" {
        let message = "evaluation_type must be human_review.";
        return Err(Error::field("invalid_type", "evaluation_type", message).into());
    }
    let value = body.value.or(body.values);
    let value = value.ok_or_else(|| Error::field("missing_field", "value", "value or values must be given."))?;
    let evaluation = Evaluation {
        id: body.id,
        human_review_id: body.human_review_id,
        source: body.source,
        explanation: body.explanation,
        trace_id: body.trace_id,
        kind: body.r#type,
        value,
    };
    let (clock, limit) = (app.clock.clone(), app.string_limit);
    app.db.write(move |tx| feedback::create_evaluation(tx, &clock, &caller, &evaluation, limit)).await?;
    Ok(StatusCode::OK)
}

/// Take the answer to a human review back
#[utoipa::path(post, path = "/v2/feedback/evaluation/remove", tag = "feedback", request_body = FeedbackRemoval,
    responses((status = 200, description = "Taken back. No body."), (status = "4XX", body = ErrorBody)))]
async fn remove_evaluation(
    State(app): State<App>,
    By(caller): By<ANNOTATE>,
    Body(body): Body<FeedbackRemoval>,
) -> ApiResult<StatusCode> {
    let (clock, trace_id) = (app.clock.clone(), body.trace_id);
    app.db.write(move |tx| feedback::remove(tx, &clock, &caller, &body.id, &trace_id)).await?;
    Ok(StatusCode::OK)
}

/// A report about the product itself.
#[derive(Deserialize, ToSchema)]
struct ProductFeedback {
    message: String,
    category: String,
    request_id: Option<String>,
    url: Option<String>,
}

/// The report was kept.
#[derive(Serialize, ToSchema)]
struct ProductFeedbackAnswer {
    feedback_id: String,
}

/// Report a problem or a wish about the product itself; it is kept in the database
#[utoipa::path(post, path = "/v3/submit-feedback", tag = "feedback", request_body = ProductFeedback,
    responses((status = 200, body = ProductFeedbackAnswer), (status = "4XX", body = ErrorBody)))]
async fn submit(
    State(app): State<App>,
    By(caller): By<READ>,
    Body(body): Body<ProductFeedback>,
) -> ApiResult<Json<ProductFeedbackAnswer>> {
    let message =
        Message { message: body.message, category: body.category, request_id: body.request_id, url: body.url };
    let clock = app.clock.clone();
    let feedback_id = app.db.write(move |tx| feedback::submit(tx, &clock, &caller, &message)).await?;
    Ok(Json(ProductFeedbackAnswer { feedback_id }))
}
