//! Evaluators: Postil runs none. The list is there, and empty, for clients that ask for it.

use axum::Json;
use axum::extract::Path;
use postil::Error;
use postil::page::PageRequest;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::caller::{By, READ};
use super::error::{ApiError, ApiResult, ErrorBody};
use super::params::Params;
use crate::state::App;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(get))
}

/// Which evaluators to list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// 1 to 200; 10 without.
    limit: Option<i64>,
    starting_after: Option<String>,
    ending_before: Option<String>,
}

/// An evaluator; there are none.
#[derive(Serialize, ToSchema)]
struct Evaluator {}

/// No evaluators.
#[derive(Serialize, ToSchema)]
struct EvaluatorList {
    #[schema(example = "list")]
    object: &'static str,
    data: Vec<Evaluator>,
    has_more: bool,
}

/// List evaluators: none
///
/// Results of evaluators arrive with traces or as annotations of the kinds `llm` and `code`.
#[utoipa::path(get, path = "/v2/evaluators", tag = "evaluators", params(ListQuery),
    responses((status = 200, body = EvaluatorList), (status = "4XX", body = ErrorBody)))]
async fn list(_: By<READ>, Params(given): Params<ListQuery>) -> ApiResult<Json<EvaluatorList>> {
    PageRequest::new(given.limit, given.starting_after, given.ending_before)?;
    Ok(Json(EvaluatorList { object: "list", data: Vec::new(), has_more: false }))
}

/// Make an evaluator: not offered
#[utoipa::path(post, path = "/v2/evaluators", tag = "evaluators", responses((status = "4XX", body = ErrorBody)))]
async fn create(_: By<READ>) -> ApiError {
    let message =
        "Postil runs no evaluators. Send their results with traces, or as annotations of the kinds llm and code.";
    ApiError(Error::not_found("evaluators_not_offered", message))
}

/// Read an evaluator: there are none
#[utoipa::path(get, path = "/v2/evaluators/{id}", tag = "evaluators", params(("id" = String, Path)),
    responses((status = "4XX", body = ErrorBody)))]
async fn get(_: By<READ>, Path(id): Path<String>) -> ApiError {
    ApiError(Error::not_found("evaluator_not_found", format!("The evaluator with id \"{id}\" was not found.")))
}
