//! The `headers` and `sources` sections of the configuration.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::platform::base::quantity::TimeSpan;

/// Which headers travel on to every federated GraphQL subgraph. A source's own `propagate` and
/// `headers` come on top; nothing else travels.
#[derive(Clone, PartialEq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HeadersConfig {
    /// Client headers copied under the same name; a trailing `*` matches a prefix. Hop-by-hop
    /// headers, `host`, `content-*`, `cookie` and `authorization` are never matched by a `*`.
    pub propagate: Vec<String>,
    /// Headers added to every call.
    pub insert: BTreeMap<String, String>,
    /// Claims of the verified token that travel on: header name by claim name.
    pub claims: BTreeMap<String, String>,
}

/// Settings of one subgraph or source.
#[derive(Clone, PartialEq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SourceConfig {
    /// The address, instead of the one in the schema.
    pub url: Option<String>,
    /// Time one call may take, instead of the one in the schema (30s when neither says).
    pub timeout: Option<TimeSpan>,
    /// How many objects one call may look up, in a subgraph with `@lookup` (50 when it is not said).
    /// Each is an alias of a field of the query root, which servers limit.
    pub lookups: Option<NonZeroU32>,
    /// What mappings read as `$config`.
    #[serde(rename = "$config")]
    pub config: serde_json::Map<String, serde_json::Value>,
}
