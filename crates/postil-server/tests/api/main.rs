//! The API through one harness: the real router on a real database, every answer checked against `openapi.json`.

mod accounts;
mod annotation_queues;
mod annotations;
mod annotations_imported;
mod any_shape;
mod api_keys;
mod app;
mod automations;
mod basics;
mod captures;
mod contract;
mod datasets;
mod datasets_imported;
mod datasets_snapshots;
mod datasets_taken;
mod deletion;
mod demo;
mod events;
mod exports;
mod feedback;
mod grpc;
mod health;
mod hostile;
mod human_reviews;
mod identities;
mod ingest;
mod ingest_doctor;
mod invites;
mod jobs;
mod media;
mod operations;
mod projects;
mod queue_datapoints;
mod queue_review;
mod queues;
mod reviewed;
mod reviewers;
mod roles;
mod sessions;
mod sign_in;
mod strangers;
mod tables;
#[path = "../../../postil/tests/both/telemetry.rs"]
mod telemetry;
#[path = "../../../postil/tests/both/traces.rs"]
mod traces;
mod traces_search;
#[path = "../../../postil/tests/captures/truth.rs"]
mod truth;
mod views;
#[path = "../../../postil/src/trace/dialect/vocabulary.rs"]
mod vocabulary;
mod webhook_receivers;
mod webhooks;
