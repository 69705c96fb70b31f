//! The `listen` and `shutdown` sections.

use std::net::SocketAddr;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::platform::base::quantity::TimeSpan;

/// Where clients reach Pleach.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ListenConfig {
    /// Address and port. On loopback by default; in a container listen on `0.0.0.0:4000`.
    pub address: SocketAddr,
    /// The path of the GraphQL endpoint.
    pub path: String,
}

/// How the process ends when it is told to.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ShutdownConfig {
    /// Time between reporting not ready and refusing connections, for load balancers to notice.
    pub delay: TimeSpan,
    /// Time requests in flight may still take.
    pub drain: TimeSpan,
}

impl Default for ListenConfig {
    fn default() -> Self {
        Self { address: SocketAddr::from(([127, 0, 0, 1], 4000)), path: "/graphql".into() }
    }
}

impl Default for ShutdownConfig {
    fn default() -> Self {
        Self { delay: TimeSpan(Duration::ZERO), drain: TimeSpan(Duration::from_secs(30)) }
    }
}
