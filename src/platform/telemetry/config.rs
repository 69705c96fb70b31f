//! The `telemetry` section of the configuration.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is told about the running process.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TelemetryConfig {
    /// Logs, written to standard error.
    pub logs: LogsConfig,
}

/// How logs look and how much there is of them.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LogsConfig {
    /// For people or for machines.
    pub format: LogFormat,
    /// A level (`error`, `warn`, `info`, `debug`, `trace`) or directives such as
    /// `info,pleach::gateway=debug`.
    pub level: String,
    /// Log each finished span (request, stage, upstream call) with its duration, at level `info`.
    pub spans: bool,
}

/// How a log line looks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    #[default]
    Pretty,
    /// One JSON object a line.
    Json,
}

impl Default for LogsConfig {
    fn default() -> Self {
        Self { format: LogFormat::Pretty, level: "info".into(), spans: false }
    }
}
