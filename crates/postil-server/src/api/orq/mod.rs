//! Shapes that exist only for clients of orq.

pub mod datasets;
pub mod feedback;
pub mod human_review_sets;
