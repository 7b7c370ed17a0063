//! The calls that Langfuse's clients make beside their traces, answered in their shapes.

pub mod media;
pub mod projects;
pub mod scores;
