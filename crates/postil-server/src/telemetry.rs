//! Log lines: structured, to standard error, never with content, keys or query strings.

use tracing_subscriber::EnvFilter;

use crate::config::{Config, LogFormat};

/// Starts writing log lines. A second call changes nothing.
pub fn start(config: &Config) {
    let level = config.log_level;
    // Libraries may warn; what they do in detail interests nobody who did not ask for it.
    let others = if level == tracing::Level::TRACE { "debug" } else { "warn" };
    let filter = EnvFilter::new(format!("{others},postil={level},postil_server={level}"));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    drop(match config.log_format {
        LogFormat::Text => lines.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    });
}
