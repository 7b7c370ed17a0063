//! Annotations as a file for other programs.

use axum::extract::State;
use axum::response::Response;
use postil::annotation::export::{self, Format};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::annotations::AnnotationQuery;
use super::caller::{By, READ};
use super::download::download;
use super::error::{ApiResult, ErrorBody};
use super::params::Params;
use crate::state::App;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(export_annotations))
}

/// How the file is written.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct AnnotationExportQuery {
    /// `jsonl` (default) or `csv`.
    format: Option<String>,
}

/// Download annotations
///
/// A stream of lines, newest first: one for every value, with who said it, when, from where and under which version of the
/// definition. What is said after the download began is not in it.
#[utoipa::path(get, path = "/v3/annotations/export", tag = "annotations",
    params(AnnotationExportQuery, AnnotationQuery),
    responses((status = 200, description = "The file", content((String = "application/x-ndjson"), (String = "text/csv"))),
        (status = "4XX", body = ErrorBody)))]
async fn export_annotations(
    State(app): State<App>,
    By(caller): By<READ>,
    Params(query): Params<AnnotationExportQuery>,
    Params(given): Params<AnnotationQuery>,
) -> ApiResult<Response> {
    let format = Format::parse(query.format.as_deref().unwrap_or(""))?;
    let start = export::begin(&caller, given.filter()?, format)?;
    let (content_type, name) = match format {
        Format::Csv => ("text/csv; charset=utf-8", "annotations.csv"),
        Format::Jsonl => ("application/x-ndjson", "annotations.jsonl"),
    };
    let db = app.db.clone();
    Ok(download(&app, name, content_type, start, move |at| {
        let db = db.clone();
        async move {
            let (bytes, rest) = db.read(move |tx| at.next(tx)).await?;
            Ok((bytes, (!rest.ended).then_some(rest)))
        }
    }))
}
