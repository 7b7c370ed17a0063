//! The domain of Postil: its nouns, their rules and their SQL. Knows nothing of HTTP.
//!
//! Rooms, from the ground up: [`db`] (the only room that knows a database driver), [`id`], [`clock`], [`error`],
//! [`page`], [`event`] know no noun. Then each noun imports only what stands before it:
//! `project < trace < human_review < annotation`.

pub mod annotation;
pub mod clock;
pub mod db;
pub mod error;
pub mod event;
pub mod human_review;
pub mod id;
pub mod page;
pub mod project;
pub mod trace;

pub use clock::Clock;
pub use db::{Db, Tx, Value};
pub use error::{Error, Result};
