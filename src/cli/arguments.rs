//! Arguments that several commands share.

use std::path::PathBuf;

use clap::Args;

use crate::app::config::load::Environment;
use crate::app::graph::Origin;
use crate::app::settings::{Base, Overrides, Settings};

/// Which graph, and which configuration.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct GraphArguments {
    /// A folder with one SDL file per subgraph [default: schema/, or what the configuration says]
    #[arg(long, value_name = "FOLDER", group = "origin")]
    schema: Option<PathBuf>,
    /// A supergraph composed elsewhere
    #[arg(long, value_name = "FILE", group = "origin")]
    supergraph: Option<PathBuf>,
    /// A list of subgraphs with addresses and SDL files: the file Rover uses
    #[arg(long, value_name = "FILE", group = "origin")]
    subgraphs: Option<PathBuf>,
    /// The configuration [default: pleach.yaml, if there is one]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

// === impl GraphArguments ===

impl GraphArguments {
    /// The settings these arguments mean.
    pub(super) fn settings(&self) -> Settings {
        let origin = match (&self.schema, &self.supergraph, &self.subgraphs) {
            (Some(folder), ..) => Some(Origin::Schema(folder.clone())),
            (_, Some(file), _) => Some(Origin::Supergraph(file.clone())),
            (.., Some(file)) => Some(Origin::Subgraphs(file.clone())),
            _ => None,
        };
        Settings {
            base: self.config.clone().map_or(Base::Usual, Base::File),
            overrides: Overrides { origin, ..Overrides::default() },
            environment: environment(),
        }
    }
}

/// The process's environment; variables that are not text are left out.
pub(super) fn environment() -> Environment {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}
