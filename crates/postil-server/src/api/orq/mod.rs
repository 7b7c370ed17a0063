//! Shapes that exist only for clients of orq.

mod annotation_queue_shapes;
pub mod annotation_queues;
pub mod datasets;
pub mod feedback;
mod flat_span;
pub mod human_review_sets;
mod webhook_shapes;
pub mod webhooks;
