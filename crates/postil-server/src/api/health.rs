//! For the machines that watch: is it alive, can it serve, how is it doing.

use std::sync::atomic::{AtomicI64, Ordering};

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use postil::db::health;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::error::{ApiResult, ErrorBody};
use crate::state::App;

/// For how long, in microseconds, a database that could be written to is believed to be so: whoever asks cannot make
/// the server write more often.
const BELIEVED: i64 = 1_000_000;

/// The documented routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(alive)).routes(routes!(ready)).routes(routes!(metrics))
}

/// How the server is.
#[derive(Serialize, ToSchema)]
struct Health {
    /// Always `ok`.
    #[schema(example = "ok")]
    status: &'static str,
}

const OK: Json<Health> = Json(Health { status: "ok" });

/// Whether the process answers; says nothing about the database.
#[utoipa::path(get, path = "/healthz", tag = "Health", operation_id = "alive", security(()),
    responses((status = 200, body = Health)))]
async fn alive() -> Json<Health> {
    OK
}

/// Whether requests can be served: the database can be read and written.
#[utoipa::path(get, path = "/readyz", tag = "Health", operation_id = "ready", security(()),
    responses((status = 200, body = Health), (status = 503, body = ErrorBody)))]
async fn ready(State(app): State<App>) -> ApiResult<Json<Health>> {
    static WRITTEN: AtomicI64 = AtomicI64::new(i64::MIN);
    app.db.read(health::check_reading).await?;
    let now = app.clock.now();
    if now.saturating_sub(WRITTEN.load(Ordering::Relaxed)) > BELIEVED {
        app.db.write(move |tx| health::check_writing(tx, now)).await?;
        WRITTEN.store(now, Ordering::Relaxed);
    }
    Ok(OK)
}

/// Figures for Prometheus.
#[utoipa::path(get, path = "/metrics", tag = "Health", operation_id = "metrics", security(()),
    responses((status = 200, body = String, content_type = "text/plain")))]
async fn metrics(State(app): State<App>) -> impl IntoResponse {
    // A database that is away is one of the things one wants to see here.
    let size = app.db.read(health::size).await.ok();
    let page = app.metrics.page(app.counted.spans(), app.db.waiting_writes(), size);
    ([(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], page)
}
