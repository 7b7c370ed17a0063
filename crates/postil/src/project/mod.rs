//! Workspaces, projects, members, roles, API keys and identities: who may do what, where.

pub mod access;
pub mod caller;
pub mod identity;
pub mod invite;
pub mod key;
pub mod keys;
pub mod member;
pub mod operator;
pub mod password;
pub mod people;
pub mod projects;
mod reader;
pub mod sign_in;
pub mod start;
pub mod workspace;

pub use caller::{Actor, Caller, Permission, Permissions, ProjectRef, Role};
pub use projects::{Project, create, speak_to};
pub use reader::Reader;
