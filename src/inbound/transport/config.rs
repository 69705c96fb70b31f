//! The `http` section of the configuration.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::platform::base::quantity::TimeSpan;

/// How GraphQL is spoken over HTTP.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HttpConfig {
    /// Which web pages of other origins may read answers. None by default.
    pub cors: CorsConfig,
    /// Compress answers of more than 1 KiB as the client accepts (zstd, br, gzip).
    pub compression: Switch,
}

/// Cross-origin resource sharing.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CorsConfig {
    /// Allowed origins, such as `https://shop.example.com`; `*` alone allows any, without credentials.
    pub origins: Vec<String>,
    /// Allowed request headers besides `content-type` and `authorization`.
    pub headers: Vec<String>,
    /// Whether cookies and HTTP authentication may be sent.
    pub credentials: bool,
    /// How long a browser may remember a preflight answer.
    pub max_age: TimeSpan,
}

/// A feature that is on or off.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Switch {
    /// In use.
    #[default]
    On,
    /// Not in use.
    Off,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self { cors: CorsConfig::default(), compression: Switch::On }
    }
}

impl Default for CorsConfig {
    fn default() -> Self {
        Self {
            origins: Vec::new(),
            headers: Vec::new(),
            credentials: false,
            max_age: TimeSpan(Duration::from_secs(600)),
        }
    }
}
