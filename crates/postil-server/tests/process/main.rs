//! The real program as a child process: its command line, and what it keeps when it is killed or its disk or database
//! goes away.

mod acknowledged;
mod automations;
mod command_line;
mod files;
mod grpc;
mod outage;
mod queues;
mod remap;
mod server;
mod webhooks;
