//! What datasets can do beyond the calls of the contract: datapoints taken from traces, and files for other programs.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use postil::dataset::export::{self, Split};
use postil::dataset::{self, Duplicates, Source, Taken};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::body::Body;
use super::caller::{ANNOTATE, By, READ};
use super::download::download;
use super::error::{ApiResult, ErrorBody};
use super::jobs::{JobView, matching};
use super::orq::datasets::DatapointView;
use super::params::Params;
use super::trace_fields::TraceFilter;
use crate::exports::{DatasetFile, Form};
use crate::state::App;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(take)).routes(routes!(take_matching)).routes(routes!(export_dataset))
}

/// A span to take a datapoint from.
#[derive(Deserialize, ToSchema)]
struct DatapointSource {
    trace_id: String,
    /// The one whose answer the trace shows when none is named.
    span_id: Option<String>,
    /// The item of an annotation queue it is added from.
    queue_item_id: Option<String>,
}

/// Spans to take datapoints from.
#[derive(Deserialize, ToSchema)]
struct DatapointSources {
    /// 1 to 1000 spans.
    items: Vec<DatapointSource>,
    /// What becomes of spans that were added before: `skip` (default) leaves it at that, `add` adds them again.
    duplicates: Option<String>,
}

/// A datapoint that was taken from a span.
#[derive(Serialize, ToSchema)]
struct TakenDatapoint {
    #[serde(flatten)]
    datapoint: DatapointView,
    /// Whether it was in the dataset before, or is named twice; absent for a new one.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    already_there: bool,
}

/// Add spans to a dataset
///
/// What went in becomes the messages, the newest correction that changes the answer (or else the answer) the expected
/// output, the variables of the prompt the inputs; what people said comes along. All of them or none. A span that was added
/// before is answered with the datapoint it became, `already_there`, and adds nothing; unless it was corrected since, or
/// `duplicates` is `add`.
#[utoipa::path(post, path = "/v3/datasets/{dataset_id}/spans", tag = "datasets",
    params(("dataset_id" = String, Path)), request_body = DatapointSources,
    responses((status = 200, body = Vec<TakenDatapoint>), (status = "4XX", body = ErrorBody)))]
async fn take(
    State(app): State<App>,
    By(caller): By<ANNOTATE>,
    Path(id): Path<String>,
    Body(body): Body<DatapointSources>,
) -> ApiResult<Json<Vec<TakenDatapoint>>> {
    let (clock, workspace_id, prices) = (app.clock.clone(), caller.workspace_id.clone(), app.prices.clone());
    let duplicates = Duplicates::parse(body.duplicates.as_deref())?;
    let source = |item: DatapointSource| {
        let DatapointSource { trace_id, span_id, queue_item_id } = item;
        Source { trace_id, span_id, queue_item_id: queue_item_id.filter(|id| !id.is_empty() && id.len() <= 64) }
    };
    let sources: Vec<_> = body.items.into_iter().map(source).collect();
    let taking = app.db.write(move |tx| dataset::take(tx, &clock, &caller, &id, (&sources, duplicates), &prices));
    let view = |taken: Taken| TakenDatapoint {
        datapoint: DatapointView::new(taken.datapoint, &workspace_id),
        already_there: taken.already_there,
    };
    Ok(Json(taking.await?.into_iter().map(view).collect()))
}

/// Which traces to add.
#[derive(Deserialize, ToSchema)]
struct DatasetMatchingInput {
    /// The earliest start; required.
    #[schema(format = DateTime, required)]
    from: Option<String>,
    /// Before which they started; required.
    #[schema(format = DateTime, required)]
    to: Option<String>,
    /// What must hold.
    filters: Option<Vec<TraceFilter>>,
    /// `and` (default): all filters hold; `or`: one does.
    filter_operator: Option<String>,
    /// Text that occurs in the trace.
    query: Option<String>,
}

/// Add everything that matches to a dataset
///
/// Of every trace, the span whose answer it shows. The answer counts exactly what matches; the work goes on in the
/// background, as a job that can be followed and canceled. What was added before is not added again.
#[utoipa::path(post, path = "/v3/datasets/{dataset_id}/matching", tag = "datasets",
    params(("dataset_id" = String, Path)), request_body = DatasetMatchingInput,
    responses((status = 202, body = JobView), (status = "4XX", body = ErrorBody)))]
async fn take_matching(
    State(app): State<App>,
    By(caller): By<ANNOTATE>,
    Path(id): Path<String>,
    Body(given): Body<DatasetMatchingInput>,
) -> ApiResult<(StatusCode, Json<JobView>)> {
    let times = (given.from.as_deref(), given.to.as_deref());
    let wanted = matching(times, given.filters, given.filter_operator.as_deref(), given.query)?;
    let clock = app.clock.clone();
    let starting = app.db.write(move |tx| dataset::matching::start(tx, &clock, &caller, &id, wanted.clone()));
    Ok((StatusCode::ACCEPTED, Json(starting.await?.into())))
}

/// What the file holds, and how it is written.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct DatasetExportQuery {
    /// `jsonl` (default), `csv`, `parquet`, `openai` or `sft` (chat fine-tuning), `dpo` (preference pairs), `kto`
    /// (verdicts), or `huggingface`: a zip with a file for each part and a card.
    format: Option<String>,
    /// What the files of `huggingface` hold: `jsonl` (default), `parquet`, `openai`, `sft`, `dpo` or `kto`.
    files: Option<String>,
    /// How many of a hundred datapoints are for testing, 0 to 100; 0 unless given.
    test_percent: Option<u32>,
    /// `train` or `test`; both unless given.
    split: Option<String>,
    /// The id of a snapshot; the dataset as it is when none is named.
    snapshot_id: Option<String>,
}

/// Download a dataset
///
/// A stream of lines. `openai` writes `{messages}` that end with the expected output; `dpo` writes
/// `{prompt, chosen, rejected}` of corrected answers, `kto` `{prompt, completion, label}` of judged ones, both in TRL's
/// conversational form. What a datapoint lacks for a format leaves it out. The split depends on what a datapoint asks
/// alone, so that it stays when others are added and when an answer is corrected.
#[utoipa::path(get, path = "/v3/datasets/{dataset_id}/export", tag = "datasets",
    params(("dataset_id" = String, Path), DatasetExportQuery),
    responses((status = 200, description = "The file", content((String = "application/x-ndjson"), (String = "text/csv"),
        (Vec<u8> = "application/vnd.apache.parquet"), (Vec<u8> = "application/zip"))),
        (status = "4XX", body = ErrorBody)))]
async fn export_dataset(
    State(app): State<App>,
    By(caller): By<READ>,
    Path(id): Path<String>,
    Params(query): Params<DatasetExportQuery>,
) -> ApiResult<Response> {
    let form = Form::parse(query.format.as_deref(), query.files.as_deref())?;
    let split = Split::new(query.test_percent, query.split.as_deref())?;
    let snapshot_id = query.snapshot_id.filter(|id| !id.is_empty());
    let export =
        app.db.scan(move |tx| export::begin(tx, &caller, (&id, snapshot_id.as_deref()), form.format, split)).await?;
    let (file, kept) = DatasetFile::begin(export, form)?;
    let db = app.db.clone();
    Ok(download(&app, &kept.name, kept.content_type, file, move |file| {
        let db = db.clone();
        async move { file.next(&db).await }
    }))
}
