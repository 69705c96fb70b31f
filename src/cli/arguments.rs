//! Arguments that several commands share.

use std::path::PathBuf;

use clap::Args;

use crate::app::config::load::Environment;
use crate::app::graph::Origin;
use crate::app::settings::{Base, ContractOverrides, Overrides, Settings};

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
    /// Show clients only fields and unions with this tag; may be given several times [default: what
    /// the configuration says]
    #[arg(long, value_name = "TAG")]
    include_tag: Vec<String>,
    /// Hide what has this tag from clients; may be given several times
    #[arg(long, value_name = "TAG")]
    exclude_tag: Vec<String>,
    /// With tags: whether to hide types that no operation can reach
    #[arg(long, value_name = "BOOL")]
    hide_unreachable: Option<bool>,
    /// The configuration [default: pleach.yaml, if there is one]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

// === impl GraphArguments ===

impl GraphArguments {
    fn contract(&self) -> ContractOverrides {
        let tags = |tags: &Vec<String>| (!tags.is_empty()).then(|| tags.clone());
        ContractOverrides {
            include: tags(&self.include_tag),
            exclude: tags(&self.exclude_tag),
            hide_unreachable: self.hide_unreachable,
        }
    }

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
            overrides: Overrides { origin, contract: self.contract(), ..Overrides::default() },
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
