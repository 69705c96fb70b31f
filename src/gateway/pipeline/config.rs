//! The `errors` and `plan` sections of the configuration, and who may introspect.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What clients learn of errors that did not come from themselves.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ErrorsConfig {
    /// Whether texts and extensions of upstream errors are hidden. Codes always pass, and so does
    /// what a connector's `errors` says, since the schema's author wrote it for clients.
    pub mask: Mask,
    /// Exceptions by subgraph.
    pub sources: BTreeMap<String, SourceErrorsConfig>,
}

/// Whether upstream errors are hidden.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mask {
    /// Clients read a general sentence and the code.
    #[default]
    On,
    /// Clients read what the upstream said.
    Off,
}

/// Exceptions for one subgraph.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SourceErrorsConfig {
    /// Let this subgraph's messages pass although errors are masked.
    pub allow_messages: bool,
}

/// Plans: which calls an operation takes.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PlanConfig {
    /// Who gets the plan in `extensions.plan` of a response, on asking for it with the header
    /// `pleach-expose-plan: true`. A plan names systems, fields that clients cannot see, and costs.
    pub expose: Exposure,
    /// How many operations, those asked for most, are planned on a reloaded graph before it takes
    /// traffic; 0 for none. After ten seconds it takes traffic anyway.
    pub warm_up: usize,
}

impl Default for PlanConfig {
    fn default() -> Self {
        Self { expose: Exposure::default(), warm_up: 1000 }
    }
}

/// Who may see something.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Exposure {
    /// Nobody.
    #[default]
    Off,
    /// Everybody.
    On,
    /// Verified callers.
    Authenticated,
}

/// Who may read the schema through `__schema` and `__type`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Introspection {
    /// Nobody.
    #[default]
    Off,
    /// Everybody.
    On,
    /// Verified callers.
    Authenticated,
}
