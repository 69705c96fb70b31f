//! Logs on standard error.

use std::io::IsTerminal;

use tracing_subscriber::filter::{EnvFilter, LevelFilter, filter_fn};
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};

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
/// Spans cost more than all else of a small request, so there are none unless somebody reads them: who
/// wants them logged, or what happens in them in detail. Lines about failed calls say themselves which
/// request and source they are about.
///
/// # Errors
/// When the level cannot be read or logging has been started before.
pub fn start(config: &LogsConfig) -> Result<(), Error> {
    let filter = filter(config)?;
    let is_detailed = filter.max_level_hint().is_none_or(|level| level >= LevelFilter::DEBUG);
    let has_spans = config.spans || is_detailed;
    let spans = if config.spans { FmtSpan::CLOSE } else { FmtSpan::NONE };
    let wanted = filter_fn(move |metadata| has_spans || !metadata.is_span());
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_span_events(spans)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    let result = match config.format {
        LogFormat::Pretty => builder.finish().with(wanted).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).finish().with(wanted).try_init(),
    };
    result.map_err(|_: TryInitError| Error::AlreadySet)
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
