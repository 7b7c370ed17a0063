//! The API through one harness: the real router on a real database, every answer checked against `openapi.json`.

mod annotations;
mod app;
mod basics;
mod contract;
mod feedback;
mod human_reviews;
mod reviewed;
#[path = "../../../postil/tests/both/telemetry.rs"]
mod telemetry;
