//! Shapes that exist only for clients of orq.

mod annotation_queue_shapes;
pub mod annotation_queues;
pub mod feedback;
mod flat_span;
pub mod human_review_sets;
