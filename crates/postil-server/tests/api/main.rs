//! The API through one harness: the real router on a real database, every answer checked against `openapi.json`.

mod app;
mod basics;
mod contract;
mod demo;
mod health;
mod ingest;
