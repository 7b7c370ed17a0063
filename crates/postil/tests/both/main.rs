//! Every store test runs on SQLite and on PostgreSQL.
//!
//! A test is a function of a [`bed::Bed`]; `both!` makes one test of it for each database.

mod accounts;
mod bed;
mod captures;
mod db;
mod filter;
mod media;
mod reviews;
mod search;
#[path = "../captures/support.rs"]
mod support;
mod telemetry;
mod traces;
