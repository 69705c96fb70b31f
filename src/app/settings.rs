//! Where the configuration comes from, so that it can be read again.

use std::path::{Path, PathBuf};

use crate::gateway::pipeline::config::{Introspection, Mask};
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::span::SourceMap;

use super::config::graph::{ContractConfig, Playground};
use super::config::load::{Environment, load};
use super::config::tree::Config;
use super::graph::Origin;

/// The file that is read when it exists and no other is named.
const USUAL_FILE: &str = "pleach.yaml";

/// Where the configuration comes from, and what the command line says on top.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The configuration's base.
    pub base: Base,
    /// What overrides it.
    pub overrides: Overrides,
    /// The process's environment; expanded in the file, and `$env` of mappings.
    pub environment: Environment,
}

/// The configuration's base.
#[derive(Clone, Debug, Default)]
pub enum Base {
    /// `pleach.yaml` in the working directory, or the defaults when there is none.
    #[default]
    Usual,
    /// A file that must exist.
    File(PathBuf),
    /// A configuration made by the program itself.
    Fixed(Box<Config>),
}

/// What the command line says.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// What the graph is made of.
    pub origin: Option<Origin>,
    /// What of it clients see.
    pub contract: ContractOverrides,
    /// The port to listen on.
    pub port: Option<u16>,
    /// Open introspection, playground and error messages.
    pub dev: bool,
}

/// What the command line says about the contract; each part replaces the configuration's.
#[derive(Clone, Debug, Default)]
pub struct ContractOverrides {
    /// Tags that are needed to be seen.
    pub include: Option<Vec<String>>,
    /// Tags that hide.
    pub exclude: Option<Vec<String>>,
    /// Whether types that no operation can reach are hidden.
    pub hide_unreachable: Option<bool>,
}

/// A configuration, read.
#[derive(Debug)]
pub struct Settled {
    /// The configuration, overrides applied.
    pub config: Config,
    /// What the graph is made of.
    pub origin: Origin,
    /// The file it came from, or would have come from if it had been there.
    pub file: Option<PathBuf>,
}

// === impl ContractOverrides ===

impl ContractOverrides {
    fn apply(&self, contract: &mut ContractConfig) {
        let Self { include, exclude, hide_unreachable } = self.clone();
        contract.include = include.unwrap_or(std::mem::take(&mut contract.include));
        contract.exclude = exclude.unwrap_or(std::mem::take(&mut contract.exclude));
        contract.hide_unreachable = hide_unreachable.unwrap_or(contract.hide_unreachable);
    }
}

// === impl Settings ===

impl Settings {
    /// Reads the configuration; its text is added to `files`.
    ///
    /// # Errors
    /// Mistakes, at their places.
    pub fn read(&self, files: &mut SourceMap) -> Result<Settled, Vec<Diagnostic>> {
        let path = self.file();
        let mut config = match &self.base {
            Base::Fixed(config) => (**config).clone(),
            base => {
                let is_optional = matches!(base, Base::Usual);
                let file = match &path {
                    Some(path) if !is_optional || path.is_file() => Some(read(files, path)?),
                    _ => None,
                };
                load(files, file, &self.environment)?
            }
        };
        if let Some(port) = self.overrides.port {
            config.listen.address.set_port(port);
        }
        self.overrides.contract.apply(&mut config.graph.contract);
        if self.overrides.dev {
            config.graph.introspection = Introspection::On;
            config.graph.playground = Playground::On;
            config.errors.mask = Mask::Off;
        }
        let origin = match &self.overrides.origin {
            Some(origin) => origin.clone(),
            None => relative_to(Origin::configured(&config.graph).map_err(|mistake| vec![mistake])?, path.as_deref()),
        };
        Ok(Settled { config, origin, file: path })
    }

    /// The file the configuration is read from, if it is read from one.
    fn file(&self) -> Option<PathBuf> {
        match &self.base {
            Base::Usual => Some(USUAL_FILE.into()),
            Base::File(path) => Some(path.clone()),
            Base::Fixed(_) => None,
        }
    }
}

fn read(files: &mut SourceMap, path: &Path) -> Result<crate::platform::base::span::FileId, Vec<Diagnostic>> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(files.add(path.display().to_string(), text)),
        Err(error) => {
            Err(vec![Diagnostic::error("FILE_UNREADABLE", format!("the configuration {}: {error}", path.display()))])
        }
    }
}

/// Paths in a configuration file are relative to the file.
fn relative_to(origin: Origin, file: Option<&Path>) -> Origin {
    let Some(folder) = file.and_then(Path::parent).filter(|folder| !folder.as_os_str().is_empty()) else {
        return origin;
    };
    match origin {
        Origin::Schema(path) => Origin::Schema(folder.join(path)),
        Origin::Supergraph(path) => Origin::Supergraph(folder.join(path)),
        Origin::Subgraphs(path) => Origin::Subgraphs(folder.join(path)),
        texts @ Origin::Texts(_) => texts,
    }
}
