//! What the program says to people and scripts: standard output, line by line.

use std::io::Write;

/// Writes one line and flushes it. A reader that has gone away is no reason to stop.
pub fn say(line: impl std::fmt::Display) {
    let mut out = std::io::stdout().lock();
    drop(writeln!(out, "{line}").and_then(|()| out.flush()));
}

/// Writes one line to standard error.
pub fn warn(line: impl std::fmt::Display) {
    drop(writeln!(std::io::stderr().lock(), "{line}"));
}
