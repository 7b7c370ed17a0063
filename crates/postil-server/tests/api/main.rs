//! The API through one harness: the real router on a real database, every answer checked against `openapi.json`.

mod accounts;
mod annotations;
mod api_keys;
mod app;
mod basics;
mod contract;
mod demo;
mod feedback;
mod health;
mod human_reviews;
mod identities;
mod ingest;
mod invites;
mod media;
mod projects;
mod reviewed;
mod roles;
mod sessions;
mod sign_in;
#[path = "../../../postil/tests/both/telemetry.rs"]
mod telemetry;
#[path = "../../../postil/tests/both/traces.rs"]
mod traces;
mod traces_search;
