//! The image call of the traceloop SDK: without an answer its spans lose their whole prompt.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use postil::Error;
use postil::media::link::{self, Link};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::body::Body;
use super::caller::{By, INGEST};
use super::error::{ApiResult, ErrorBody};
use super::media::base;
use crate::state::App;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(announce))
}

/// An image that a span will name.
#[derive(Deserialize, ToSchema)]
struct ImageAnnouncement {
    /// Such as `message_0_content_1.png`. Not looked at.
    #[expect(dead_code, reason = "required, as its client sends it")]
    image_name: String,
}

/// Where to send it, and the address that the span will name it by.
#[derive(Serialize, ToSchema)]
struct ImageAddress {
    url: String,
}

/// Announce an image (traceloop)
///
/// Answers the address to which the SDK posts the image, and which it puts into the span. The ids are decimal numbers.
#[utoipa::path(post, path = "/v2/traces/{trace_id}/spans/{span_id}/images", tag = "Ingest",
    operation_id = "TraceloopAnnounceImage", request_body = ImageAnnouncement,
    params(("trace_id" = String, Path, description = "In decimal"), ("span_id" = String, Path, description = "In decimal")),
    responses((status = 200, body = ImageAddress), (status = "4XX", body = ErrorBody)))]
async fn announce(
    State(app): State<App>,
    By(caller): By<INGEST>,
    Path((trace_id, span_id)): Path<(String, String)>,
    headers: HeaderMap,
    Body(_given): Body<ImageAnnouncement>,
) -> ApiResult<Json<ImageAddress>> {
    let wrong = |field: &'static str| {
        Error::field(
            "invalid_id",
            field,
            format!("{field} is the id as a decimal number, as the traceloop SDK sends it."),
        )
    };
    let trace: u128 = trace_id.parse().map_err(|_| wrong("trace_id"))?;
    let span: u64 = span_id.parse().map_err(|_| wrong("span_id"))?;
    let wanted = Link {
        project: caller.project.number,
        trace_id: format!("{trace:032x}"),
        span_id: format!("{span:016x}"),
        ..Link::default()
    };
    let (clock, base) = (app.clock.clone(), base(&app, &headers)?);
    let token = app.db.write(move |tx| link::for_upload(tx, &clock, &wanted)).await?;
    Ok(Json(ImageAddress { url: format!("{base}{}{token}", link::UPLOADS) }))
}
