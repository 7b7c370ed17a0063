//! Traces: what tracing clients send, in one normal form.

pub mod dialect;
pub mod model;
pub mod preview;
pub mod price;
pub mod rollup;
