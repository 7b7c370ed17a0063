//! Traces: how spans come in, what they say, and how they are kept.

pub mod otlp;
