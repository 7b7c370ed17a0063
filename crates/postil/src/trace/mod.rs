//! Traces and spans: how they come in, what they mean, how they are found again.

pub mod arrival;
pub mod call;
pub mod dialect;
pub mod evaluation;
pub mod filter;
pub mod intake;
mod lease;
mod media;
pub mod model;
pub mod otlp;
mod preview;
pub mod price;
pub mod remap;
mod resolve;
pub mod retention;
pub mod rollup;
mod row;
pub mod search;
pub mod session;
pub mod settling;
pub mod span;
mod store;
pub mod summary;
pub mod tag;
