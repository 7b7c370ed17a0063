//! The domain of Postil.

pub mod trace;
