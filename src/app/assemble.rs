//! A configuration and a graph become a snapshot, in the order of the tiers.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::gateway::auth::authenticate::Authenticator;
use crate::gateway::auth::policy::Policies;
use crate::gateway::pipeline::{Snapshot, SnapshotParts};
use crate::graph::federation::supergraph::{AuthAtom, Supergraph};
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::secret::Secret;
use crate::platform::base::span::SourceMap;
use crate::platform::net::{HttpClient, HttpClientConfig};
use crate::platform::telemetry::logging;
use crate::sources::connector::CursorKey;
use crate::sources::headers::HeaderRules;
use crate::sources::native::NativeSubgraph;
use crate::sources::registry::{SourceRegistry, SourceSettings};

use super::config::load::Environment;
use super::config::tree::Config;
use super::graph::{self, Graph, Origin, Unloaded};
use super::routes;

/// Shorter keys could be guessed.
const CURSOR_KEY_BYTES: usize = 32;

/// What outlives a reload.
pub struct Assembler {
    natives: Vec<NativeSubgraph>,
    environment: Environment,
    client: HttpClient,
    /// Signs cursors unless the configuration has a key.
    own_cursor_key: Secret,
}

/// Everything that was made of one configuration and one graph.
pub struct Assembled {
    /// Ready to be put into service.
    pub snapshot: Snapshot,
    /// Every file that was read; findings point into them.
    pub files: SourceMap,
    /// Warnings and hints.
    pub findings: Vec<Diagnostic>,
    /// Files and folders whose change changes the graph.
    pub watched: Vec<PathBuf>,
}

// === impl Assembler ===

impl Assembler {
    /// An assembler of graphs with these native subgraphs; `environment` is `$env` of mappings.
    pub fn new(natives: Vec<NativeSubgraph>, environment: Environment) -> Self {
        let half = || uuid::Uuid::new_v4().simple();
        Self {
            natives,
            environment,
            client: HttpClient::new(&HttpClientConfig::default()),
            own_cursor_key: Secret::new(format!("{}{}", half(), half())),
        }
    }

    /// Reads and composes the graph, and builds everything a request needs. Nothing is connected
    /// to yet.
    ///
    /// # Errors
    /// All mistakes of the graph; or, if it has none, all of the configuration.
    pub async fn assemble(&self, files: SourceMap, config: &Config, origin: &Origin) -> Result<Assembled, Unloaded> {
        let contract = graph::contract(&config.graph.contract);
        let graph = graph::load(files, origin, &contract, &self.natives, &self.environment, &self.client).await?;
        let unsupported = graph.unsupported();
        let built = if unsupported.is_empty() { self.snapshot(config, &graph) } else { Err(unsupported) };
        let (snapshot, mut findings) = match built {
            Ok(built) => built,
            Err(mistakes) => {
                let Graph { files, mut findings, watched, .. } = graph;
                findings.extend(mistakes);
                return Err(Unloaded { files, findings, watched });
            }
        };
        findings.splice(0..0, graph.findings);
        Ok(Assembled { snapshot, files: graph.files, findings, watched: graph.watched })
    }

    fn snapshot(&self, config: &Config, graph: &Graph) -> Result<(Snapshot, Vec<Diagnostic>), Vec<Diagnostic>> {
        let mut mistakes = Vec::new();
        let mut invalid = |sentences: Vec<String>| mistakes.extend(sentences.into_iter().map(config_mistake));
        let authenticator = Authenticator::new(&config.auth, &self.client).map_err(&mut invalid).ok();
        let policies = Policies::compile(&config.auth.policies).map_err(&mut invalid).ok();
        let headers =
            HeaderRules::new(&config.headers).map_err(|error| invalid(vec![format!("headers: {error}")])).ok();
        let cursors = self.cursor_key(config).map_err(|sentence| invalid(vec![sentence])).ok();
        invalid(unknown_sources(config, &graph.supergraph));
        invalid(routes::mistakes(config));
        invalid(logging::check(&config.telemetry.logs).err().map(|error| error.to_string()).into_iter().collect());
        let (Some(authenticator), Some(policies), Some(headers), Some(cursors)) =
            (authenticator, policies, headers, cursors)
        else {
            return Err(mistakes);
        };
        let settings = SourceSettings {
            env: self.environment.clone().into_iter().collect(),
            sources: config.sources.clone(),
            headers,
            max_bytes: usize::try_from(config.limits.source_body.0).unwrap_or(usize::MAX),
            cursors,
        };
        let supergraph = &graph.supergraph;
        let registry = SourceRegistry::build(
            supergraph,
            &supergraph.connected,
            &settings,
            &self.client,
            &self.natives,
            &graph.protos,
        );
        let registry = match registry {
            Ok(registry) if mistakes.is_empty() => registry,
            Ok(_) => return Err(mistakes),
            Err(found) => {
                mistakes.extend(found);
                return Err(mistakes);
            }
        };
        let findings = missing_policies(supergraph, &policies);
        let snapshot = Snapshot::new(SnapshotParts {
            supergraph: supergraph.clone(),
            sources: registry.sources().clone(),
            authenticator,
            policies,
            unauthorized: config.auth.unauthorized,
            limits: config.limits.clone(),
            errors: config.errors.clone(),
            introspection: config.graph.introspection,
        })?;
        Ok((snapshot, findings))
    }

    fn cursor_key(&self, config: &Config) -> Result<CursorKey, String> {
        match &config.graph.cursor_key {
            Some(key) if key.reveal().len() < CURSOR_KEY_BYTES => {
                Err(format!("graph.cursor_key has fewer than {CURSOR_KEY_BYTES} bytes"))
            }
            Some(key) => Ok(CursorKey::new(key.clone())),
            None => Ok(CursorKey::new(self.own_cursor_key.clone())),
        }
    }
}

fn config_mistake(sentence: String) -> Diagnostic {
    Diagnostic::error("CONFIG_INVALID", sentence)
}

/// Settings of sources that the graph does not have would be ignored in silence.
fn unknown_sources(config: &Config, supergraph: &Supergraph) -> Vec<String> {
    let mut known: BTreeSet<String> = supergraph.subgraphs.iter().map(|s| s.service.to_string()).collect();
    for owner in &supergraph.connected {
        known.extend(owner.sources.iter().map(|source| format!("{}.{}", owner.name, source.name.value)));
    }
    let unknown = config.sources.keys().filter(|name| !known.contains(*name));
    unknown.map(|name| format!("sources.{name}: the graph has no such subgraph or source")).collect()
}

/// A policy without an expression denies; that should not be a surprise.
fn missing_policies(supergraph: &Supergraph, policies: &Policies) -> Vec<Diagnostic> {
    let atoms = supergraph.auth_rules.iter().flat_map(|rule| rule.alternatives.iter().flatten());
    let missing: BTreeSet<&str> = atoms
        .filter_map(|atom| match atom {
            AuthAtom::Policy(name) if !policies.contains(name) => Some(&**name),
            _ => None,
        })
        .collect();
    let warn = |name| {
        let message = format!("the schema asks for the policy \"{name}\", which auth.policies does not have");
        Diagnostic::warning("POLICY_MISSING", message).help("fields that need it are denied to everybody")
    };
    missing.into_iter().map(warn).collect()
}
