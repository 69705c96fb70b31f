//! Where the configuration comes from, so that it can be read again.

use std::path::{Path, PathBuf};

use crate::gateway::pipeline::config::{Exposure, Introspection, Mask};
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::span::{FileId, SourceMap};

use super::assemble::{Assembled, Assembler};
use super::config::graph::{ContractConfig, Playground};
use super::config::load::{Environment, Loaded, load};
use super::config::places::Places;
use super::config::tree::Config;
use super::graph::{Origin, Unloaded};

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
    /// The configuration, overrides applied; a setting with a mistake has its default.
    pub config: Config,
    /// What the graph is made of; nothing when that cannot be told.
    pub origin: Option<Origin>,
    /// Where each setting was written.
    pub places: Places,
    /// The file it came from, or would have come from if it had been there, and those of secrets.
    pub watched: Vec<PathBuf>,
    /// Mistakes, at their places.
    pub mistakes: Vec<Diagnostic>,
}

// === impl Settled ===

impl Settled {
    /// Everything that is made of it. What is right is looked at although something is wrong, so
    /// that all mistakes are told.
    ///
    /// # Errors
    /// All mistakes of configuration and graph.
    pub async fn assemble(&self, assembler: &Assembler, files: SourceMap) -> Result<Assembled, Unloaded> {
        let assembled = match &self.origin {
            Some(origin) => assembler.assemble(files, &self.config, &self.places, origin).await,
            None => Err(Unloaded { files, findings: Vec::new(), watched: Vec::new() }),
        };
        match assembled {
            Ok(mut assembled) if self.mistakes.is_empty() => {
                assembled.watched.extend(self.watched.iter().cloned());
                Ok(assembled)
            }
            Ok(Assembled { files, mut findings, mut watched, .. })
            | Err(Unloaded { files, mut findings, mut watched }) => {
                findings.splice(0..0, self.mistakes.iter().cloned());
                watched.extend(self.watched.iter().cloned());
                Err(Unloaded { files, findings, watched })
            }
        }
    }

    /// The configuration and the graph's origin, if there are no mistakes.
    ///
    /// # Errors
    /// All mistakes.
    pub fn whole(&self) -> Result<(&Config, &Origin), Vec<Diagnostic>> {
        match &self.origin {
            Some(origin) if self.mistakes.is_empty() => Ok((&self.config, origin)),
            _ => Err(self.mistakes.clone()),
        }
    }
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
    pub fn read(&self, files: &mut SourceMap) -> Settled {
        let path = self.file();
        let Loaded { mut config, places, mut mistakes, secret_files, is_whole } = match &self.base {
            Base::Fixed(config) => Loaded { config: (**config).clone(), is_whole: true, ..Loaded::default() },
            base => self.load(files, matches!(base, Base::Usual), path.as_deref()),
        };
        if let Some(port) = self.overrides.port {
            config.listen.address.set_port(port);
        }
        self.overrides.contract.apply(&mut config.graph.contract);
        if self.overrides.dev {
            config.graph.introspection = Introspection::On;
            config.graph.playground = Playground::On;
            config.errors.mask = Mask::Off;
            config.plan.expose = Exposure::On;
        }
        let origin = match &self.overrides.origin {
            Some(origin) => Some(origin.clone()),
            None if !is_whole => None,
            None => match Origin::configured(&config.graph) {
                Ok(origin) => Some(relative_to(origin, path.as_deref())),
                Err(mistake) => {
                    mistakes.push(places.told(&mistake));
                    None
                }
            },
        };
        let watched = path.into_iter().chain(secret_files).collect();
        Settled { config, origin, places, watched, mistakes }
    }

    fn load(&self, files: &mut SourceMap, is_optional: bool, path: Option<&Path>) -> Loaded {
        let mut file = None;
        if let Some(path) = path.filter(|path| !is_optional || path.is_file()) {
            match read(files, path) {
                Ok(id) => file = Some(id),
                Err(mistake) => return Loaded { mistakes: vec![mistake], ..Loaded::default() },
            }
        }
        let folder = path.and_then(Path::parent).unwrap_or(Path::new(""));
        load(files, file, folder, &self.environment)
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

fn read(files: &mut SourceMap, path: &Path) -> Result<FileId, Diagnostic> {
    std::fs::read_to_string(path)
        .map(|text| files.add(path.display().to_string(), text))
        .map_err(|error| Diagnostic::error("FILE_UNREADABLE", format!("the configuration {}: {error}", path.display())))
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
