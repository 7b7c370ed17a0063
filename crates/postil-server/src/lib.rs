//! The server of Postil: HTTP, gRPC, the command line and the embedded web app.

pub mod access_log;
pub mod api;
pub mod attempts;
pub mod automations;
pub mod backup;
pub mod cli;
pub mod config;
pub mod connections;
pub mod demo;
pub mod doctor;
pub mod exports;
pub mod greeting;
pub mod grpc;
pub mod jobs;
pub mod live;
pub mod metrics;
pub mod output;
pub mod queue_progress;
pub mod remap;
pub mod retention;
pub mod serve;
pub mod state;
pub mod telemetry;
pub mod web;
pub mod webhooks;

pub use state::App;
