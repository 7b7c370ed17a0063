//! Scores of Langfuse's clients: verdicts of machines on spans and traces, one per name.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use postil::annotation::AnnotatorKind;
use postil::annotation::evaluator::{self, EvaluatorResult, OutputType};
use postil::{Error, Result, id};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::body::Body;
use crate::api::caller::{By, INGEST};
use crate::api::error::{self, ApiResult, ErrorBody};
use crate::state::App;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(create)).routes(routes!(ingest))
}

/// How many scores or events one request may hold.
const MOST: usize = 1000;

/// How long names and ids may be, in characters.
const MOST_NAME: usize = 255;

/// A score.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LangfuseScore {
    id: Option<String>,
    trace_id: Option<String>,
    /// The span; the whole trace when there is none.
    observation_id: Option<String>,
    name: String,
    /// A number, a text, or for `BOOLEAN` 0 or 1.
    value: Value,
    /// `NUMERIC`, `BOOLEAN`, `CATEGORICAL`, `TEXT` or `CORRECTION`; by the value when it is not said.
    data_type: Option<String>,
    comment: Option<String>,
}

/// A score on its way into the database.
struct Verdict {
    trace_id: String,
    span_id: String,
    result: EvaluatorResult,
}

impl LangfuseScore {
    /// The score as a verdict.
    fn verdict(self) -> Result<Verdict> {
        let trace_id = id::lower_hex(self.trace_id.as_deref().unwrap_or_default());
        if trace_id.is_empty() {
            let message = "traceId must be given: scores of sessions and dataset runs are not kept.";
            return Err(Error::field("missing_field", "traceId", message));
        }
        let span_id = id::lower_hex(self.observation_id.as_deref().unwrap_or_default());
        if trace_id.chars().count() > MOST_NAME || span_id.chars().count() > MOST_NAME {
            return Err(Error::field("invalid_id", "traceId", "traceId and observationId are ids of OpenTelemetry."));
        }
        if self.name.is_empty() || self.name.chars().count() > MOST_NAME {
            let message = format!("name has 1 to {MOST_NAME} characters.");
            return Err(Error::field("invalid_name", "name", message));
        }
        let (output_type, value) = typed(self.data_type.as_deref(), self.value)?;
        let result = EvaluatorResult {
            evaluator: self.name,
            kind: AnnotatorKind::Code,
            output_type,
            passed: value.as_bool(),
            value: evaluator::verdict(&value),
            explanation: self.comment.filter(|comment| !comment.is_empty()),
            source: "langfuse".into(),
            ..EvaluatorResult::default()
        };
        Ok(Verdict { trace_id, span_id, result })
    }
}

fn typed(data_type: Option<&str>, value: Value) -> Result<(OutputType, Value)> {
    let wrong = |expected: &str| Error::field("invalid_value", "value", format!("value is {expected}."));
    match (data_type, &value) {
        (Some("BOOLEAN"), Value::Bool(_)) => Ok((OutputType::Boolean, value)),
        (Some("BOOLEAN"), Value::Number(number)) => match number.as_f64() {
            Some(1.0) => Ok((OutputType::Boolean, Value::Bool(true))),
            Some(0.0) => Ok((OutputType::Boolean, Value::Bool(false))),
            _ => Err(wrong("0 or 1 for BOOLEAN")),
        },
        (Some("BOOLEAN"), _) => Err(wrong("0 or 1 for BOOLEAN")),
        (Some("NUMERIC") | None, Value::Number(_)) => Ok((OutputType::Number, value)),
        (Some("NUMERIC"), _) => Err(wrong("a number for NUMERIC")),
        (Some("CATEGORICAL") | None, Value::String(_)) => Ok((OutputType::Categorical, value)),
        (Some("TEXT" | "CORRECTION"), Value::String(_)) => Ok((OutputType::String, value)),
        (None, Value::Bool(_)) => Ok((OutputType::Boolean, value)),
        (None | Some("CATEGORICAL" | "TEXT" | "CORRECTION"), _) => Err(wrong("a number or a text")),
        (Some(other), _) => {
            let message = format!("dataType {:?} is not known.", other.chars().take(40).collect::<String>());
            Err(Error::field("invalid_data_type", "dataType", message))
        }
    }
}

fn score(value: Value) -> Result<LangfuseScore> {
    serde_json::from_value(value).map_err(|cause| Error::invalid("invalid_score", format!("{cause}.")))
}

async fn store(app: &App, project: i64, verdicts: Vec<Verdict>) -> Result<()> {
    if verdicts.is_empty() {
        return Ok(());
    }
    let clock = app.clock.clone();
    app.db
        .write(move |tx| {
            for Verdict { trace_id, span_id, result } in &verdicts {
                evaluator::store(tx, &clock, project, trace_id, span_id, result)?;
                tx.emit(postil::event::Event {
                    project,
                    kind: "evaluator_result.created",
                    trace_id: Some(trace_id.clone()),
                    span_id: (!span_id.is_empty()).then(|| span_id.clone()),
                    ..postil::event::Event::default()
                });
            }
            Ok(())
        })
        .await
}

/// One score that was stored.
#[derive(Serialize, ToSchema)]
struct LangfuseScoreId {
    id: String,
}

/// All scores of a list were stored.
#[derive(Serialize, ToSchema)]
struct LangfuseAccepted {
    #[schema(example = "Accepted")]
    message: &'static str,
}

/// Some scores of a list were stored.
#[derive(Serialize, ToSchema)]
struct LangfuseScoreResults {
    accepted: usize,
    rejected: usize,
    errors: Vec<LangfuseScoreError>,
}

#[derive(Serialize, ToSchema)]
struct LangfuseScoreError {
    message: String,
}

/// Store scores (Langfuse)
///
/// One score, answered with its id, or a list of up to 1000, answered 202 when all were stored and 207 when some were
/// not. A score becomes a verdict of the evaluator of its name on the span, or on the trace when it names no span;
/// another of the same name replaces it.
#[utoipa::path(post, path = "/api/public/scores", tag = "Langfuse", operation_id = "LangfuseScores",
    request_body(content = Vec<LangfuseScore>, description = "A list of scores, or one"),
    responses((status = 200, body = LangfuseScoreId), (status = 202, body = LangfuseAccepted),
        (status = 207, body = LangfuseScoreResults), (status = "4XX", body = ErrorBody)))]
async fn create(State(app): State<App>, By(caller): By<INGEST>, Body(given): Body<Value>) -> ApiResult<Response> {
    let project = caller.project.number;
    let Value::Array(scores) = given else {
        let score = score(given)?;
        let id = score.id.clone().unwrap_or_else(|| id::ulid(&app.clock));
        store(&app, project, vec![score.verdict()?]).await?;
        return Ok(Json(LangfuseScoreId { id }).into_response());
    };
    if scores.len() > MOST {
        return Err(Error::TooLarge(format!("A request holds at most {MOST} scores.")).into());
    }
    let (mut verdicts, mut errors) = (Vec::new(), Vec::new());
    for (at, given) in scores.into_iter().enumerate() {
        match score(given).and_then(LangfuseScore::verdict) {
            Ok(verdict) => verdicts.push(verdict),
            Err(error) => errors.push(LangfuseScoreError { message: format!("[{at}]: {error}") }),
        }
    }
    let accepted = verdicts.len();
    store(&app, project, verdicts).await?;
    if errors.is_empty() {
        return Ok((StatusCode::ACCEPTED, Json(LangfuseAccepted { message: "Accepted" })).into_response());
    }
    let results = LangfuseScoreResults { accepted, rejected: errors.len(), errors };
    Ok((StatusCode::MULTI_STATUS, Json(results)).into_response())
}

/// Events of an older client.
#[derive(Deserialize, ToSchema)]
struct LangfuseBatch {
    /// `{id, type, timestamp, body}`.
    batch: Vec<LangfuseEvent>,
}

#[derive(Deserialize, ToSchema)]
struct LangfuseEvent {
    id: String,
    r#type: String,
    #[serde(default)]
    body: Value,
}

/// What became of each event.
#[derive(Serialize, ToSchema)]
struct LangfuseBatchAnswer {
    successes: Vec<LangfuseEventStored>,
    errors: Vec<LangfuseEventRefused>,
}

#[derive(Serialize, ToSchema)]
struct LangfuseEventStored {
    id: String,
    status: u16,
}

#[derive(Serialize, ToSchema)]
struct LangfuseEventRefused {
    id: String,
    status: u16,
    message: String,
    error: String,
}

/// Ingest events (Langfuse)
///
/// The scores of version 3 come here, as events of the type `score-create`. Events of other types are acknowledged and
/// not kept: traces come over OpenTelemetry.
#[utoipa::path(post, path = "/api/public/ingestion", tag = "Langfuse", operation_id = "LangfuseIngestion",
    request_body = LangfuseBatch,
    responses((status = 207, body = LangfuseBatchAnswer), (status = "4XX", body = ErrorBody)))]
async fn ingest(
    State(app): State<App>,
    By(caller): By<INGEST>,
    Body(given): Body<LangfuseBatch>,
) -> ApiResult<(StatusCode, Json<LangfuseBatchAnswer>)> {
    if given.batch.len() > MOST {
        return Err(Error::TooLarge(format!("A request holds at most {MOST} events.")).into());
    }
    let (mut verdicts, mut successes, mut errors) = (Vec::new(), Vec::new(), Vec::new());
    for event in given.batch {
        let read = match event.r#type.as_str() {
            "score-create" => score(event.body).and_then(LangfuseScore::verdict).map(Some),
            _ => Ok(None),
        };
        match read {
            Ok(verdict) => {
                verdicts.extend(verdict);
                successes.push(LangfuseEventStored { id: event.id, status: 201 });
            }
            Err(error) => errors.push(LangfuseEventRefused {
                id: event.id,
                status: error::status(&error).as_u16(),
                message: error.to_string(),
                error: error.name().into(),
            }),
        }
    }
    store(&app, caller.project.number, verdicts).await?;
    Ok((StatusCode::MULTI_STATUS, Json(LangfuseBatchAnswer { successes, errors })))
}
