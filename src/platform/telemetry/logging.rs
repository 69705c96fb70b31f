//! Logs on standard error.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::FmtSpan;

use super::config::{LogFormat, LogsConfig};

/// Why logging could not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// `telemetry.logs.level` is neither a level nor directives.
    #[error("the level \"{level}\" cannot be read: {reason}")]
    Level {
        /// What was written.
        level: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Somebody else, such as an embedding program, has set up logging.
    #[error("logging is already set up")]
    AlreadySet,
}

/// Starts logging for the whole process.
///
/// # Errors
/// When the level cannot be read or logging has been started before.
pub fn start(config: &LogsConfig) -> Result<(), Error> {
    let filter = filter(config)?;
    let spans = if config.spans { FmtSpan::CLOSE } else { FmtSpan::NONE };
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_span_events(spans)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    let result = match config.format {
        LogFormat::Pretty => builder.try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    result.map_err(|_| Error::AlreadySet)
}

/// Whether logging can start with these settings.
///
/// # Errors
/// When the level cannot be read.
pub fn check(config: &LogsConfig) -> Result<(), Error> {
    filter(config).map(drop)
}

fn filter(config: &LogsConfig) -> Result<EnvFilter, Error> {
    EnvFilter::builder()
        .parse(&config.level)
        .map_err(|error| Error::Level { level: config.level.clone(), reason: error.to_string() })
}
