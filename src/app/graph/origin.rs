//! The ways to say what the graph is made of.

use std::path::PathBuf;

use crate::app::config::graph::{ContractConfig, GraphConfig};
use crate::graph::compose::Contract;
use crate::platform::base::Name;
use crate::platform::base::setting::Mistake;

/// What the graph is made of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Origin {
    /// A folder with one SDL file per subgraph.
    Schema(PathBuf),
    /// A supergraph composed elsewhere.
    Supergraph(PathBuf),
    /// A list of subgraphs (the file Rover uses).
    Subgraphs(PathBuf),
    /// Subgraphs given as text.
    Texts(Vec<SubgraphText>),
}

/// A subgraph given as text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SubgraphText {
    /// Its name.
    pub name: String,
    /// Where it is served; may be empty.
    pub url: String,
    /// Its SDL.
    pub sdl: String,
}

// === impl Origin ===

impl Origin {
    /// What the configuration says: the folder `schema` when it says nothing.
    ///
    /// # Errors
    /// When it says more than one thing.
    pub fn configured(config: &GraphConfig) -> Result<Self, Mistake> {
        match (&config.schema, &config.supergraph, &config.subgraphs) {
            (None, None, None) => Ok(Self::Schema(PathBuf::from("schema"))),
            (Some(folder), None, None) => Ok(Self::Schema(folder.clone())),
            (None, Some(file), None) => Ok(Self::Supergraph(file.clone())),
            (None, None, Some(file)) => Ok(Self::Subgraphs(file.clone())),
            _ => {
                // The one that is given last in this order is one too many.
                let last = if config.subgraphs.is_some() { "subgraphs" } else { "supergraph" };
                Err(Mistake::at(["graph", last], "give only one of schema, supergraph and subgraphs"))
            }
        }
    }
}

/// The contract a configuration describes.
pub fn contract(config: &ContractConfig) -> Contract {
    let names = |tags: &[String]| tags.iter().map(|tag| Name::from(tag.as_str())).collect();
    Contract {
        include: names(&config.include),
        exclude: names(&config.exclude),
        hide_unreachable: config.hide_unreachable,
    }
}
