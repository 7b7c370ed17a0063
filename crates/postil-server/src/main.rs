//! The `postil` program.
fn main() {}
