//! Files that become datapoints.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, Path, Request, State};
use postil::dataset::import::{self, BadRow, Choice, File, MOST_BYTES, Plan, Report};
use postil::dataset::{Duplicates, datapoint::Input};
use postil::project::Caller;
use postil::{Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::body;
use super::caller::{ANNOTATE, By};
use super::error::{ApiError, ApiResult, ErrorBody};
use super::params::Params;
use crate::state::{App, Room};

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(preview)).routes(routes!(import_dataset))
}

/// A file that was uploaded, as it is. The memory it takes is set aside until it is dropped.
pub struct Upload {
    /// What it holds.
    pub bytes: Bytes,
    _room: Room,
}

impl FromRequest<App> for Upload {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &App) -> std::result::Result<Self, ApiError> {
        let room = app.room_for(&request, MOST_BYTES)?;
        let bytes = body::read(request.into_body(), MOST_BYTES).await?;
        Ok(Upload { bytes, _room: room })
    }
}

/// How the file is read.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ImportQuery {
    /// `jsonl` or `csv`; the file says so itself when nothing is said.
    format: Option<String>,
    /// A JSON object of columns and what they become, such as `{"Question": "messages.user", "notes": "ignore"}`. Columns
    /// that it does not name are guessed.
    mapping: Option<String>,
}

impl ImportQuery {
    fn file(self, bytes: &Bytes) -> Result<File> {
        let mapping = match self.mapping.as_deref().filter(|text| !text.is_empty()) {
            None => BTreeMap::new(),
            Some(text) => serde_json::from_str(text).map_err(|_| {
                let message = "mapping must be a JSON object whose values are texts.";
                Error::field("invalid_mapping", "mapping", message)
            })?,
        };
        Ok(File { bytes: Arc::from(bytes.as_ref()), format: self.format, mapping })
    }
}

/// What is done with what is wrong and with what is there.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ImportChoice {
    /// Imports the good rows when there are bad ones; otherwise one bad row refuses all.
    skip_bad_rows: Option<bool>,
    /// What becomes of rows whose content is in the dataset already: `add` (default) adds them, `skip` leaves them out.
    duplicates: Option<String>,
}

/// A column of a file.
#[derive(Serialize, ToSchema)]
struct ImportColumn {
    name: String,
    /// What it becomes: `ignore`, `inputs`, `inputs.<name>`, `messages`, `messages.<role>`, `chat`, `expected_output`,
    /// `evaluations`, `evaluations.<key>`, `origin`, `origin.<field>`, `chosen`, `rejected`, `completion` or `label`.
    target: String,
}

/// A row that cannot be imported.
#[derive(Serialize, ToSchema)]
pub struct ImportFault {
    /// The number of the row, from 1, without the head of a table.
    row: usize,
    /// The line of the file on which it begins.
    line: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<String>,
    message: String,
}

impl From<postil::annotation::import::BadRow> for ImportFault {
    fn from(bad: postil::annotation::import::BadRow) -> ImportFault {
        ImportFault { row: bad.row, line: bad.line, column: None, message: bad.message }
    }
}

impl From<BadRow> for ImportFault {
    fn from(bad: BadRow) -> ImportFault {
        ImportFault { row: bad.row, line: bad.line, column: bad.fault.column, message: bad.fault.message }
    }
}

/// What a row becomes.
#[derive(Serialize, ToSchema)]
struct ImportedDatapoint {
    #[serde(skip_serializing_if = "Option::is_none")]
    inputs: Option<Map<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    messages: Option<Vec<Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected_output: Option<String>,
}

impl From<Input> for ImportedDatapoint {
    fn from(input: Input) -> ImportedDatapoint {
        ImportedDatapoint { inputs: input.inputs, messages: input.messages, expected_output: input.expected_output }
    }
}

/// What a file would become.
#[derive(Serialize, ToSchema)]
struct ImportPreview {
    /// `jsonl` or `csv`.
    format: &'static str,
    columns: Vec<ImportColumn>,
    /// How many rows the file has.
    rows: usize,
    /// How many of them cannot be imported.
    bad_rows: usize,
    /// The first 100 of those.
    errors: Vec<ImportFault>,
    /// The first 10 datapoints.
    datapoints: Vec<ImportedDatapoint>,
}

/// What an import did.
#[derive(Serialize, ToSchema)]
struct ImportDone {
    imported: usize,
    /// Rows whose content was in the dataset, with `duplicates=skip`.
    already_there: usize,
    /// Rows that were wrong and left out, with `skip_bad_rows`.
    skipped: usize,
    /// The first 100 of those.
    errors: Vec<ImportFault>,
}

async fn understood(app: &App, caller: &Caller, id: &str, file: File) -> Result<(Plan, Report)> {
    let (clock, caller, id, limit) = (app.clock.clone(), caller.clone(), id.to_owned(), app.string_limit);
    let builder = app.db.read(move |tx| import::prepare(tx, &clock, &caller, &id, limit)).await?;
    app.preparing(move || {
        let plan = import::plan(&file, builder)?;
        let report = plan.report()?;
        Ok((plan, report))
    })
    .await?
}

/// Look at a file before it is imported
///
/// The body is the file: JSON lines, or CSV with a head, in UTF-8, at most 64 MiB and 50,000 rows. Nothing is stored.
#[utoipa::path(post, path = "/v3/datasets/{dataset_id}/import/preview", tag = "datasets",
    params(("dataset_id" = String, Path), ImportQuery),
    request_body(content((String = "text/csv"), (String = "application/x-ndjson"))),
    responses((status = 200, body = ImportPreview), (status = "4XX", body = ErrorBody)))]
async fn preview(
    State(app): State<App>,
    By(caller): By<ANNOTATE>,
    Path(id): Path<String>,
    Params(query): Params<ImportQuery>,
    upload: Upload,
) -> ApiResult<Json<ImportPreview>> {
    let (_, report) = understood(&app, &caller, &id, query.file(&upload.bytes)?).await?;
    let column = |(name, target): (String, import::Target)| ImportColumn { name, target: target.name() };
    Ok(Json(ImportPreview {
        format: report.format.name(),
        columns: report.mapping.into_iter().map(column).collect(),
        rows: report.rows,
        bad_rows: report.bad,
        errors: report.faults.into_iter().map(ImportFault::from).collect(),
        datapoints: report.first.into_iter().map(ImportedDatapoint::from).collect(),
    }))
}

/// Import a file into a dataset
///
/// The body is the file, as for the preview. All rows are imported or none, unless `skip_bad_rows` is true. Our own
/// exports of datasets (`jsonl`, `csv`, `openai`, `dpo`, `kto`) come back in as they went out.
#[utoipa::path(post, path = "/v3/datasets/{dataset_id}/import", tag = "datasets",
    params(("dataset_id" = String, Path), ImportQuery, ImportChoice),
    request_body(content((String = "text/csv"), (String = "application/x-ndjson"))),
    responses((status = 200, body = ImportDone), (status = "4XX", body = ErrorBody)))]
async fn import_dataset(
    State(app): State<App>,
    By(caller): By<ANNOTATE>,
    Path(id): Path<String>,
    Params(query): Params<ImportQuery>,
    Params(choice): Params<ImportChoice>,
    upload: Upload,
) -> ApiResult<Json<ImportDone>> {
    let choice = Choice {
        skip_bad_rows: choice.skip_bad_rows.unwrap_or(false),
        duplicates: match choice.duplicates.as_deref() {
            None | Some("") => Duplicates::Add,
            given => Duplicates::parse(given)?,
        },
    };
    let (plan, report) = understood(&app, &caller, &id, query.file(&upload.bytes)?).await?;
    report.require_good(choice)?;
    let clock = app.clock.clone();
    let importing = app.db.write(move |tx| import::run(tx, &clock, &caller, &id, (&plan, &report), choice));
    let done = importing.await?;
    Ok(Json(ImportDone {
        imported: done.imported,
        already_there: done.already_there,
        skipped: done.skipped,
        errors: done.faults.into_iter().map(ImportFault::from).collect(),
    }))
}
