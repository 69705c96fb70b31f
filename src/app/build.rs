//! A gateway from the library: for programs that mount schemas of their own, and for tests.

use std::fmt;
use std::path::PathBuf;

use crate::gateway::pipeline::Gateway;
use crate::platform::base::Name;
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::span::SourceMap;
use crate::sources::native::{Executor, NativeSubgraph};

use super::assemble::Assembler;
use super::config::load::Environment;
use super::config::places::Places;
use super::config::tree::Config;
use super::graph::{Origin, SubgraphText, Unloaded};

/// Says what a gateway is made of. Start with [`Gateway::builder`].
#[must_use]
#[derive(Default)]
pub struct GatewayBuilder {
    config: Config,
    origin: Option<Origin>,
    texts: Vec<SubgraphText>,
    natives: Vec<NativeSubgraph>,
    environment: Environment,
}

/// Why a gateway could not be built: all mistakes that were found, each with its place.
pub struct BuildError {
    /// The files the places are in.
    pub files: SourceMap,
    /// What was found, warnings included.
    pub findings: Vec<Diagnostic>,
}

// === impl Gateway ===

impl Gateway {
    /// Starts describing a gateway.
    pub fn builder() -> GatewayBuilder {
        GatewayBuilder::default()
    }
}

// === impl GatewayBuilder ===

impl GatewayBuilder {
    /// The configuration; its defaults when this is not called. What it says of where the graph
    /// comes from counts only if no other method here says it.
    pub fn config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// A folder with one SDL file per subgraph.
    pub fn schema_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.origin = Some(Origin::Schema(folder.into()));
        self
    }

    /// A supergraph composed elsewhere.
    pub fn supergraph_file(mut self, file: impl Into<PathBuf>) -> Self {
        self.origin = Some(Origin::Supergraph(file.into()));
        self
    }

    /// A subgraph given as text; `url` may be empty when the SDL or the configuration says it.
    pub fn subgraph(mut self, name: impl Into<String>, url: impl Into<String>, sdl: impl Into<String>) -> Self {
        self.texts.push(SubgraphText { name: name.into(), url: url.into(), sdl: sdl.into() });
        self
    }

    /// A schema of this process, built with federation enabled, as the subgraph `name`. It is
    /// planned like any other and called without HTTP.
    pub fn native(mut self, name: impl Into<Name>, schema: impl Executor) -> Self {
        self.natives.push(NativeSubgraph::new(name, schema));
        self
    }

    /// What mappings read as `$env`. Empty when this is not called: a library does not hand out
    /// its process's environment by itself.
    pub fn environment(mut self, variables: impl IntoIterator<Item = (String, String)>) -> Self {
        self.environment = variables.into_iter().collect();
        self
    }

    /// Composes the graph and builds the gateway. Needs a tokio runtime. Nothing is connected to
    /// before the first request.
    ///
    /// # Errors
    /// Everything that stands against it.
    pub async fn build(self) -> Result<Gateway, BuildError> {
        // The program has written it, in whatever place.
        let places = Places::default();
        let origin = match self.origin {
            Some(_) if !self.texts.is_empty() => {
                let message = "subgraphs are given as files and as text; give them in one way";
                let mistake = Diagnostic::error("CONFIG_INVALID", message);
                return Err(BuildError { files: SourceMap::new(), findings: vec![mistake] });
            }
            Some(origin) => origin,
            None if !self.texts.is_empty() || !self.natives.is_empty() => Origin::Texts(self.texts),
            None => Origin::configured(&self.config.graph)
                .map_err(|mistake| BuildError { files: SourceMap::new(), findings: vec![places.told(&mistake)] })?,
        };
        let assembler = Assembler::new(self.natives, self.environment);
        let assembled = assembler.assemble(SourceMap::new(), &self.config, &places, &origin).await?;
        Ok(Gateway::new(assembled.snapshot))
    }
}

// === impl BuildError ===

impl From<Unloaded> for BuildError {
    fn from(unloaded: Unloaded) -> Self {
        Self { files: unloaded.files, findings: unloaded.findings }
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut errors = self.findings.iter().filter(|finding| finding.is_error()).peekable();
        if errors.peek().is_none() {
            return write!(f, "the gateway could not be built");
        }
        errors.try_for_each(|error| writeln!(f, "{}", error.render(&self.files).trim_end()))
    }
}

/// The same: this is what a program prints that unwraps it or returns it from `main`.
impl fmt::Debug for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for BuildError {}
