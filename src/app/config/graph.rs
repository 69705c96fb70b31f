//! The `graph` section.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::gateway::pipeline::config::Introspection;
use crate::gateway::pipeline::labels::LabelSetting;
use crate::platform::base::quantity::TimeSpan;
use crate::platform::base::secret::Secret;

/// Where the graph comes from (at most one of `schema`, `supergraph` and `subgraphs`; the folder
/// `schema/` when none is given), and how much of it is shown.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct GraphConfig {
    /// A folder with one SDL file per subgraph.
    pub schema: Option<PathBuf>,
    /// A supergraph composed elsewhere.
    pub supergraph: Option<PathBuf>,
    /// A list of subgraphs with their addresses and SDL files (the file Rover uses).
    pub subgraphs: Option<PathBuf>,
    /// Which part of the graph clients see, by `@tag`. Without tags: all of it.
    pub contract: ContractConfig,
    /// How often files are looked at for changes; `0s` never.
    pub watch: TimeSpan,
    /// Who may read the schema through `__schema` and `__type`.
    pub introspection: Introspection,
    /// Whether a browser gets the playground.
    pub playground: Playground,
    /// Which labels of `@override(label:)` hold: `on`, `off`, a number (for so many of a hundred
    /// requests) or `{ policy: NAME }` of `auth.policies`. A label `percent(N)` that is not listed
    /// decides itself; any other does not hold.
    pub override_labels: BTreeMap<String, LabelSetting>,
    /// What cursors of lists are signed with, at least 32 bytes. Servers of one graph must share it.
    /// By default each process makes its own, and its cursors end with it.
    pub cursor_key: Option<Secret>,
}

/// A contract: clients see only what its tags choose, and nothing else exists for them. What is
/// hidden still serves as key or requirement of what is seen.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ContractConfig {
    /// If there are any: fields of objects and interfaces, and unions, are seen only with one of
    /// these tags, on the field or on its type.
    pub include: Vec<String>,
    /// What has one of these tags is hidden, even if it is included.
    pub exclude: Vec<String>,
    /// Whether types that no operation can reach are hidden, too.
    pub hide_unreachable: bool,
}

impl Default for ContractConfig {
    fn default() -> Self {
        Self { include: Vec::new(), exclude: Vec::new(), hide_unreachable: true }
    }
}

/// Whether a browser gets the playground.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Playground {
    /// No.
    #[default]
    Off,
    /// Yes.
    On,
}

impl Default for GraphConfig {
    fn default() -> Self {
        Self {
            schema: None,
            supergraph: None,
            subgraphs: None,
            contract: ContractConfig::default(),
            watch: TimeSpan(Duration::from_secs(2)),
            introspection: Introspection::Off,
            playground: Playground::Off,
            override_labels: BTreeMap::new(),
            cursor_key: None,
        }
    }
}
