//! The whole of `pleach.yaml`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::gateway::auth::config::AuthConfig;
use crate::gateway::limits::config::LimitsConfig;
use crate::gateway::pipeline::config::{ErrorsConfig, PlanConfig};
use crate::inbound::transport::config::HttpConfig;
use crate::platform::telemetry::config::TelemetryConfig;
use crate::sources::config::{HeadersConfig, SourceConfig};

use super::graph::GraphConfig;
use super::listen::{ListenConfig, ShutdownConfig};

/// Everything has a default: without a file, `pleach serve` serves the folder `schema/`.
#[derive(Clone, PartialEq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where clients reach Pleach.
    pub listen: ListenConfig,
    /// Where the graph comes from, and how much of it is shown.
    pub graph: GraphConfig,
    /// Who may ask.
    pub auth: AuthConfig,
    /// Which headers travel on to sources. Nothing else does.
    pub headers: HeadersConfig,
    /// Bounds on what one request may ask and use.
    pub limits: LimitsConfig,
    /// Plans: which calls an operation takes.
    pub plan: PlanConfig,
    /// What clients learn of errors.
    pub errors: ErrorsConfig,
    /// How GraphQL is spoken over HTTP.
    pub http: HttpConfig,
    /// Settings of single sources, by subgraph (`reviews`) or source (`users.users_api`).
    pub sources: BTreeMap<String, SourceConfig>,
    /// Logs.
    pub telemetry: TelemetryConfig,
    /// How the process ends.
    pub shutdown: ShutdownConfig,
}
