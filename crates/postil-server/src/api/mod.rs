//! The HTTP API: every route in one list, one file per noun.

pub mod annotation_export;
pub mod annotation_history;
pub mod annotation_shapes;
pub mod annotations;
pub mod api_keys;
pub mod audit;
mod automation_runs;
mod automation_shapes;
pub mod automations;
pub mod body;
pub mod caller;
pub mod dataset_import;
pub mod dataset_snapshots;
pub mod datasets;
pub mod deletion;
pub mod docs;
pub mod download;
pub mod encoding;
pub mod error;
pub mod evaluators;
pub mod events;
pub mod health;
pub mod human_reviews;
pub mod identities;
pub mod ingest;
pub mod ingest_doctor;
pub mod invites;
pub mod jobs;
pub mod langfuse;
pub mod logs;
pub mod me;
pub mod media;
pub mod members;
pub mod orq;
pub mod params;
pub mod projects;
pub mod queue_items;
pub mod queue_report;
pub mod queue_review;
mod queue_review_lens;
mod queue_review_shapes;
pub mod queue_shapes;
pub mod queues;
pub mod request_id;
pub mod session;
mod session_shapes;
pub mod sessions;
pub mod sign_in;
pub mod spans;
pub mod trace_fields;
pub mod trace_summary;
pub mod traceloop;
pub mod traces_aggregate;
pub mod traces_search;
pub mod users;
pub mod views;
pub mod webhooks;
pub mod workspaces;

use axum::Router;
use axum::middleware;
use axum::response::IntoResponse;
use postil::Error;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::state::App;
use error::ApiError;

/// Title, security and the error body of the document; the operations come from the routes.
#[derive(OpenApi)]
#[openapi(
    info(title = "Postil", description = "Traces in, human judgement on them, data out.", license(name = "Apache-2.0", identifier = "Apache-2.0")),
    components(schemas(error::ErrorBody)),
    security(("api_key" = [])),
    modifiers(&Security)
)]
struct Document;

struct Security;

impl utoipa::Modify for Security {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("An API key.")).build();
        let components = openapi.components.get_or_insert_default();
        components.add_security_scheme("api_key", SecurityScheme::Http(scheme));
    }
}

/// Every documented route.
fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Document::openapi())
        .merge(ingest::routes())
        .merge(ingest_doctor::routes())
        .merge(spans::routes())
        .merge(sign_in::routes())
        .merge(me::routes())
        .merge(members::routes())
        .merge(invites::routes())
        .merge(projects::routes())
        .merge(api_keys::routes())
        .merge(identities::routes())
        .merge(users::routes())
        .merge(workspaces::routes())
        .merge(health::routes())
        .merge(docs::routes())
        .merge(human_reviews::routes())
        .merge(annotations::routes())
        .merge(annotation_export::routes())
        .merge(annotation_history::routes())
        .merge(logs::routes())
        .merge(evaluators::routes())
        .merge(orq::datasets::routes())
        .merge(datasets::routes())
        .merge(dataset_import::routes())
        .merge(dataset_snapshots::routes())
        .merge(orq::feedback::routes())
        .merge(orq::human_review_sets::routes())
        .merge(orq::annotation_queues::routes())
        .merge(traces_search::routes())
        .merge(sessions::routes())
        .merge(events::routes())
        .merge(jobs::routes())
        .merge(views::routes())
        .merge(automations::routes())
        .merge(deletion::routes())
        .merge(orq::webhooks::routes())
        .merge(webhooks::routes())
        .merge(queue_review::routes())
        .merge(queue_report::routes())
        .merge(queues::routes())
        .merge(queue_items::routes())
        .merge(media::routes())
        .merge(traceloop::routes())
        .merge(langfuse::media::routes())
        .merge(langfuse::projects::routes())
        .merge(langfuse::scores::routes())
}

/// The document that `openapi.json` holds.
pub fn openapi() -> utoipa::openapi::OpenApi {
    routes().into_openapi()
}

/// The whole HTTP server as a service: API, health, web app.
pub fn router(app: &App) -> Router {
    let (router, _) = routes().split_for_parts();
    router
        .fallback(crate::web::serve)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(middleware::from_fn(params::refuse_unreadable))
        .layer(tower_http::catch_panic::CatchPanicLayer::custom(crate::access_log::panicked))
        .layer(middleware::from_fn_with_state(app.clone(), crate::access_log::layer))
        .layer(middleware::from_fn_with_state(app.clone(), request_id::layer))
        .with_state(app.clone())
}

async fn method_not_allowed() -> impl IntoResponse {
    let error = Error::not_found("method_not_allowed", "This path does not answer this method.");
    (axum::http::StatusCode::METHOD_NOT_ALLOWED, ApiError(error))
}
