//! What datasets can do beyond the calls of the contract: taking datapoints from traces.

use axum::Json;
use axum::extract::{Path, State};
use postil::dataset::datapoint::{self, Source};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::body::Body;
use super::caller::{ANNOTATE, By};
use super::error::{ApiResult, ErrorBody};
use super::orq::datasets::{DatapointView, datapoint_views};
use crate::state::App;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(take))
}

/// A span to take a datapoint from.
#[derive(Deserialize, ToSchema)]
struct DatapointSource {
    trace_id: String,
    /// The one whose answer the trace shows when none is named.
    span_id: Option<String>,
}

/// Spans to take datapoints from.
#[derive(Deserialize, ToSchema)]
struct DatapointSources {
    /// 1 to 1000 spans.
    items: Vec<DatapointSource>,
}

/// Add spans to a dataset
///
/// What went in becomes the messages, the newest correction (or else the answer) the expected output, the variables of
/// the prompt the inputs; what people said comes along. All of them or none.
#[utoipa::path(post, path = "/v3/datasets/{dataset_id}/spans", tag = "datasets",
    params(("dataset_id" = String, Path)), request_body = DatapointSources,
    responses((status = 200, body = Vec<DatapointView>), (status = "4XX", body = ErrorBody)))]
async fn take(
    State(app): State<App>,
    By(caller): By<ANNOTATE>,
    Path(id): Path<String>,
    Body(body): Body<DatapointSources>,
) -> ApiResult<Json<Vec<DatapointView>>> {
    let (clock, workspace_id, prices) = (app.clock.clone(), caller.workspace_id.clone(), app.prices.clone());
    let source = |item: DatapointSource| Source { trace_id: item.trace_id, span_id: item.span_id, queue_item_id: None };
    let sources: Vec<_> = body.items.into_iter().map(source).collect();
    let made = app.db.write(move |tx| datapoint::take(tx, &clock, &caller, &id, &sources, &prices)).await?;
    Ok(Json(datapoint_views(made, &workspace_id)))
}
