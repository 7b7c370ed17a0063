//! What datasets can do beyond the calls of the contract: datapoints taken from traces, and files for other programs.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use postil::dataset::datapoint::{self, Source};
use postil::dataset::export::{self, Format, Split};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::body::Body;
use super::caller::{ANNOTATE, By, READ};
use super::download::download;
use super::error::{ApiResult, ErrorBody};
use super::orq::datasets::{DatapointView, datapoint_views};
use super::params::Params;
use crate::state::App;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(take)).routes(routes!(export_dataset))
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

/// What the file holds, and how it is written.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct DatasetExportQuery {
    /// `jsonl` (default), `csv`, `openai` or `sft` (chat fine-tuning), `dpo` (preference pairs), `kto` (verdicts).
    format: Option<String>,
    /// How many of a hundred datapoints are for testing, 0 to 100; 0 unless given.
    test_percent: Option<u32>,
    /// `train` or `test`; both unless given.
    split: Option<String>,
}

/// Download a dataset
///
/// A stream of lines. `openai` writes `{messages}` that end with the expected output; `dpo` writes
/// `{prompt, chosen, rejected}` of corrected answers, `kto` `{prompt, completion, label}` of judged ones, both in TRL's
/// conversational form. What a datapoint lacks for a format leaves it out. The split depends on what a datapoint asks
/// alone, so that it stays when others are added and when an answer is corrected.
#[utoipa::path(get, path = "/v3/datasets/{dataset_id}/export", tag = "datasets",
    params(("dataset_id" = String, Path), DatasetExportQuery),
    responses((status = 200, description = "The file", content((String = "application/x-ndjson"), (String = "text/csv"))),
        (status = "4XX", body = ErrorBody)))]
async fn export_dataset(
    State(app): State<App>,
    By(caller): By<READ>,
    Path(id): Path<String>,
    Params(query): Params<DatasetExportQuery>,
) -> ApiResult<Response> {
    let format = Format::parse(query.format.as_deref().unwrap_or(""))?;
    let split = Split::new(query.test_percent, query.split.as_deref())?;
    let start = app.db.read(move |tx| export::begin(tx, &caller, &id, format, split)).await?;
    let (content_type, ending) = match format {
        Format::Csv => ("text/csv; charset=utf-8", "csv"),
        _ => ("application/x-ndjson", "jsonl"),
    };
    let db = app.db.clone();
    let name = format!("{}.{ending}", start.name());
    Ok(download(&app, &name, content_type, start, move |at| {
        let db = db.clone();
        async move {
            let (bytes, rest) = db.read(move |tx| at.next(tx)).await?;
            Ok((bytes, (!rest.ended).then_some(rest)))
        }
    }))
}
