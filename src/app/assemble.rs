//! A configuration and a graph become a snapshot, in the order of the tiers.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::gateway::auth::authenticate::Authenticator;
use crate::gateway::auth::policy::Policies;
use crate::gateway::pipeline::{Snapshot, SnapshotParts, labels};
use crate::graph::federation::supergraph::{AuthAtom, Supergraph};
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::secret::Secret;
use crate::platform::base::setting::Mistake;
use crate::platform::base::span::SourceMap;
use crate::platform::net::{HttpClient, HttpClientConfig};
use crate::platform::telemetry::logging;
use crate::sources::connector::CursorKey;
use crate::sources::headers::HeaderRules;
use crate::sources::native::NativeSubgraph;
use crate::sources::registry::{Objection, SourceRegistry, SourceSettings};

use super::config::load::Environment;
use super::config::places::Places;
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
    /// to yet. `places` knows where the settings of `config` were written.
    ///
    /// # Errors
    /// All mistakes of the graph and of the configuration.
    pub async fn assemble(
        &self,
        files: SourceMap,
        config: &Config,
        places: &Places,
        origin: &Origin,
    ) -> Result<Assembled, Unloaded> {
        let told = |mistakes: Vec<Mistake>| places.all_told(&mistakes);
        let contract = graph::contract(&config.graph.contract);
        let parts = self.parts(config).map_err(told);
        let loaded = graph::load(files, origin, &contract, &self.natives, &self.environment, &self.client).await;
        let (graph, parts) = match (loaded, parts) {
            (Ok(graph), parts) => (graph, parts),
            (Err(mut unloaded), parts) => {
                unloaded.findings.splice(0..0, parts.err().unwrap_or_default());
                unloaded.watched.extend(files_named(config));
                return Err(unloaded);
            }
        };
        let mistakes = told(unknown_sources(config, &graph.supergraph));
        // Sources are judged although something else is wrong.
        let registry = self.registry(config, &graph, parts.as_ref().ok());
        let built = match (registry, parts) {
            (Ok(registry), Ok(parts)) => self.snapshot(config, &graph, parts, &registry),
            (registry, parts) => {
                let objections = registry.err().unwrap_or_default().into_iter();
                let mut found = parts.err().unwrap_or_default();
                found.extend(objections.map(|objection| finding(objection, places, &graph)));
                Err(found)
            }
        };
        let Graph { files, mut findings, mut watched, ref protos, .. } = graph;
        // Some are compiled only when a source is built.
        watched.extend(protos.read());
        watched.extend(files_named(config));
        match built {
            Ok((snapshot, warnings)) if mistakes.is_empty() => {
                findings.extend(warnings);
                Ok(Assembled { snapshot, files, findings, watched })
            }
            built => {
                findings.extend(mistakes);
                findings.extend(built.err().unwrap_or_default());
                Err(Unloaded { files, findings, watched })
            }
        }
    }

    /// What is made of the configuration alone.
    fn parts(&self, config: &Config) -> Result<Parts, Vec<Mistake>> {
        let mut mistakes = Vec::new();
        let mut invalid = |found: Vec<Mistake>| mistakes.extend(found);
        let authenticator = Authenticator::new(&config.auth, &self.client).map_err(&mut invalid);
        let policies = Policies::compile(&config.auth.policies).map_err(&mut invalid);
        let headers = HeaderRules::new(&config.headers)
            .map_err(|found| invalid(found.into_iter().map(|mistake| mistake.below(["headers"])).collect()));
        let cursors = self.cursor_key(config).map_err(|mistake| invalid(vec![mistake]));
        if let Ok(policies) = &policies {
            invalid(labels::mistakes(&config.graph.override_labels, policies));
        }
        invalid(routes::mistakes(config));
        if let Err(error) = logging::check(&config.telemetry.logs) {
            invalid(vec![Mistake::at(["telemetry", "logs", "level"], error.to_string())]);
        }
        match (authenticator, policies, headers, cursors) {
            (Ok(authenticator), Ok(policies), Ok(headers), Ok(cursors)) if mistakes.is_empty() => {
                Ok(Parts { authenticator, policies, headers, cursors })
            }
            _ => Err(mistakes),
        }
    }

    fn registry(
        &self,
        config: &Config,
        graph: &Graph,
        parts: Option<&Parts>,
    ) -> Result<SourceRegistry, Vec<Objection>> {
        let own = || CursorKey::new(self.own_cursor_key.clone());
        let settings = SourceSettings {
            env: self.environment.clone().into_iter().collect(),
            sources: config.sources.clone(),
            headers: parts.map(|parts| parts.headers.clone()).unwrap_or_default(),
            max_bytes: usize::try_from(config.limits.source_body.0).unwrap_or(usize::MAX),
            cursors: parts.map_or_else(own, |parts| parts.cursors.clone()),
        };
        let Graph { supergraph, protos, .. } = graph;
        SourceRegistry::build(supergraph, &supergraph.connected, &settings, &self.client, &self.natives, protos)
    }

    fn snapshot(
        &self,
        config: &Config,
        graph: &Graph,
        parts: Parts,
        registry: &SourceRegistry,
    ) -> Result<(Snapshot, Vec<Diagnostic>), Vec<Diagnostic>> {
        let Parts { authenticator, policies, .. } = parts;
        let mut findings = missing_policies(&graph.supergraph, &policies);
        findings.extend(labels::findings(&graph.supergraph, &config.graph.override_labels));
        let snapshot = Snapshot::new(SnapshotParts {
            supergraph: graph.supergraph.clone(),
            sources: registry.sources().clone(),
            authenticator,
            policies,
            unauthorized: config.auth.unauthorized,
            limits: config.limits.clone(),
            errors: config.errors.clone(),
            introspection: config.graph.introspection,
            labels: config.graph.override_labels.clone(),
            plan: config.plan.clone(),
        })?;
        Ok((snapshot, findings))
    }

    fn cursor_key(&self, config: &Config) -> Result<CursorKey, Mistake> {
        match &config.graph.cursor_key {
            Some(key) if key.reveal().len() < CURSOR_KEY_BYTES => {
                let message = format!("this has fewer than {CURSOR_KEY_BYTES} bytes");
                Err(Mistake::at(["graph", "cursor_key"], message))
            }
            Some(key) => Ok(CursorKey::new(key.clone())),
            None => Ok(CursorKey::new(self.own_cursor_key.clone())),
        }
    }
}

/// What is made of the configuration alone.
struct Parts {
    authenticator: Authenticator,
    policies: Policies,
    headers: HeaderRules,
    cursors: CursorKey,
}

fn finding(objection: Objection, places: &Places, graph: &Graph) -> Diagnostic {
    match objection {
        Objection::Finding(finding) => finding,
        Objection::Setting(mistake) => places.told(&mistake),
        Objection::Subgraph(name, finding) => match graph.declared.get(&name) {
            Some(span) => finding.at(*span),
            None => finding,
        },
    }
}

/// Files that the configuration names and that are read to serve it.
fn files_named(config: &Config) -> Vec<PathBuf> {
    let issuers = config.auth.jwt.iter().flat_map(|jwt| &jwt.issuers);
    issuers.flat_map(|issuer| issuer.keys.iter().filter_map(|key| key.pem_file.clone())).collect()
}

/// Settings of sources that the graph does not have would be ignored in silence.
fn unknown_sources(config: &Config, supergraph: &Supergraph) -> Vec<Mistake> {
    let mut known: BTreeSet<String> = supergraph.subgraphs.iter().map(|s| s.service.to_string()).collect();
    for owner in &supergraph.connected {
        known.extend(owner.sources.iter().map(|source| format!("{}.{}", owner.name, source.name.value)));
    }
    let unknown = config.sources.keys().filter(|name| !known.contains(*name));
    unknown.map(|name| Mistake::at(["sources", name], "the graph has no such subgraph or source")).collect()
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
