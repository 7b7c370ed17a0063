//! The server of Postil: HTTP, gRPC, the command line and the embedded web app.

pub mod api;
pub mod attempts;
pub mod grpc;
pub mod state;
pub mod web;

pub use state::App;
