//! Traces: how they are found and summed up.

pub mod filter;
pub mod row;
pub mod search;
pub mod session;
