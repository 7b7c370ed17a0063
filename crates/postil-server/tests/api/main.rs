//! The API through one harness: the real router on a real database, every answer checked against `openapi.json`.

mod accounts;
mod api_keys;
mod app;
mod basics;
mod contract;
mod identities;
mod ingest;
mod invites;
mod projects;
mod roles;
mod sign_in;
