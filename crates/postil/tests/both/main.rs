//! Every store test runs on SQLite and on PostgreSQL.
//!
//! A test is a function of a [`bed::Bed`]; `both!` makes one test of it for each database.

mod bed;
mod db;
mod filter;
mod search;
mod telemetry;
