//! Annotations as files for other programs, and back.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use postil::annotation::export::{self, Format};
use postil::annotation::import::{self, File};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::annotations::AnnotationQuery;
use super::caller::{ANNOTATE, By, READ};
use super::dataset_import::{ImportFault, Upload};
use super::download::download;
use super::error::{ApiResult, ErrorBody};
use super::params::Params;
use crate::exports::AnnotationFile;
use crate::state::App;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(export_annotations)).routes(routes!(import_annotations))
}

/// How the file is written.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct AnnotationExportQuery {
    /// `jsonl` (default), `csv` or `parquet`.
    format: Option<String>,
}

/// Download annotations
///
/// A stream of lines, newest first: one for every value, with who said it, when, from where and under which version of the
/// definition. What is said after the download began is not in it.
#[utoipa::path(get, path = "/v3/annotations/export", tag = "annotations",
    params(AnnotationExportQuery, AnnotationQuery),
    responses((status = 200, description = "The file", content((String = "application/x-ndjson"), (String = "text/csv"), (Vec<u8> = "application/vnd.apache.parquet"))),
        (status = "4XX", body = ErrorBody)))]
async fn export_annotations(
    State(app): State<App>,
    By(caller): By<READ>,
    Params(query): Params<AnnotationExportQuery>,
    Params(given): Params<AnnotationQuery>,
) -> ApiResult<Response> {
    let format = Format::parse(query.format.as_deref().unwrap_or(""))?;
    let start = export::begin(&caller, given.filter()?, format)?;
    let (file, kept) = AnnotationFile::begin(start, format)?;
    let db = app.db.clone();
    Ok(download(&app, &kept.name, kept.content_type, file, move |file| {
        let db = db.clone();
        async move { file.next(&db).await }
    }))
}

/// How the file is read.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct AnnotationImportQuery {
    /// `jsonl` or `csv`; the file says so itself when nothing is said.
    format: Option<String>,
    /// Imports the good rows when there are bad ones; otherwise one bad row refuses all.
    skip_bad_rows: Option<bool>,
    /// Everything is said by whom the file names; only for API keys. Otherwise the caller says it.
    keep_authors: Option<bool>,
}

/// What an import did.
#[derive(Serialize, ToSchema)]
struct AnnotationsImported {
    /// How many values are said now; those that were said before among them.
    imported: usize,
    /// Rows that were wrong and left out, with `skip_bad_rows`.
    skipped: usize,
    /// The first 100 of those.
    errors: Vec<ImportFault>,
}

/// Import annotations
///
/// The body is a file as the download of annotations writes it, as JSON lines or CSV: at most 16 MiB and 10,000 rows. A row
/// needs `trace_id`, `span_id`, `key` (or `subject_id`, with `subject_kind` `evaluator_correction`) and `value`; the span
/// and the human review must be there. Times are set anew. All rows or none, unless `skip_bad_rows` is true.
#[utoipa::path(post, path = "/v3/annotations/import", tag = "annotations", params(AnnotationImportQuery),
    request_body(content((String = "text/csv"), (String = "application/x-ndjson"))),
    responses((status = 200, body = AnnotationsImported), (status = "4XX", body = ErrorBody)))]
async fn import_annotations(
    State(app): State<App>,
    By(caller): By<ANNOTATE>,
    Params(query): Params<AnnotationImportQuery>,
    upload: Upload,
) -> ApiResult<Json<AnnotationsImported>> {
    if upload.bytes.len() > import::MOST_BYTES {
        let message = format!("The file is larger than {} bytes. Send it in parts.", import::MOST_BYTES);
        return Err(postil::Error::TooLarge(message).into());
    }
    let file = File {
        bytes: Arc::from(upload.bytes.as_ref()),
        format: query.format,
        skip_bad_rows: query.skip_bad_rows.unwrap_or(false),
        keep_authors: query.keep_authors.unwrap_or(false),
    };
    let (clock, limit) = (app.clock.clone(), app.string_limit);
    let done = app.db.write(move |tx| import::run(tx, &clock, &caller, &file, limit)).await?;
    Ok(Json(AnnotationsImported {
        imported: done.imported,
        skipped: done.skipped,
        errors: done.faults.into_iter().map(ImportFault::from).collect(),
    }))
}
