//! Workspaces, projects, members, roles, API keys and identities: who may do what, where.

pub mod caller;
pub mod key;
pub mod member;
pub mod operator;
pub mod password;
pub mod start;

pub use caller::{Actor, Caller, Permission, Permissions, ProjectRef, Role};
