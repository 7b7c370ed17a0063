//! Every store test runs on SQLite and on PostgreSQL.
//!
//! A test is a function of a [`bed::Bed`]; `both!` makes one test of it for each database.

mod accounts;
mod arrival;
mod automation_quotas;
mod automations;
mod automations_blind;
mod bed;
mod calls;
mod captures;
mod datasets;
mod db;
mod erasure;
mod filter;
mod jobs;
mod media;
mod queue_review;
mod queue_review_many;
mod queue_review_model;
mod queues;
mod remap;
mod retention;
mod reviews;
mod search;
#[path = "../captures/support.rs"]
mod support;
mod telemetry;
mod traces;
mod views;
mod webhooks;
