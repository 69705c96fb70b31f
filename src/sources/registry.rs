//! Which protocols exist — the one list — and each source of a supergraph, built.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::graph::connect::model::{
    ConnectSpec, ConnectedSubgraph, DEFAULT_TIMEOUT, GrpcSource, HeaderSpec, PageStyle, RequestSpec, SourceProtocol,
    SourceSpec,
};
use crate::graph::federation::ids::SubgraphId;
use crate::graph::federation::supergraph::{SubgraphDef, SubgraphKind, Supergraph};
use crate::graph::mapping::{Mapping, Template, TemplatePiece, Variable, Variables};
use crate::platform::base::Name;
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::id::IdVec;
use crate::platform::base::setting::Mistake;
use crate::platform::base::span::Spanned;
use crate::platform::net::HttpClient;

use super::config::SourceConfig;
use super::connector::{Connector, ConnectorParts, CursorKey, HeaderPlan, Protocol, reads_response};
use super::contract::Source;
use super::graphql::{GraphqlEndpoint, GraphqlProtocol, GraphqlSubgraph};
use super::grpc::{Descriptors, GrpcAddress, GrpcClient, GrpcProtocol, ProtoFiles};
use super::headers::HeaderRules;
use super::http::{AnswerParts, HttpProtocol, HttpSourceParts, Url};
use super::lookup::{LookupSource, Lookups, MAX_ALIASES};
use super::native::NativeSubgraph;
use super::sql::{Address, Database, SqlProtocol};
use super::stack::{CallTimeout, SourceStack};

/// How long a connection to a gRPC server may take (connect language §6.2, `connectTimeout`).
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// How large a connector's answer may be (connect language §9, `maxBytes`).
const CONNECTOR_BYTES: usize = 8 * 1024 * 1024;

/// What is the same for all sources.
#[derive(Clone, Debug)]
pub struct SourceSettings {
    /// `$env`: read once at start.
    pub env: BTreeMap<String, String>,
    /// Settings by subgraph (`reviews`) or source (`users.users_api`).
    pub sources: BTreeMap<String, SourceConfig>,
    /// Headers for every federated subgraph.
    pub headers: HeaderRules,
    /// How large an answer may be; one to a connector has its own bound too.
    pub max_bytes: usize,
    /// What cursors are made with.
    pub cursors: CursorKey,
}

/// Each source of a supergraph.
#[derive(Clone)]
pub struct SourceRegistry {
    sources: Arc<IdVec<SubgraphId, Arc<dyn Source>>>,
}

// === impl SourceRegistry ===

impl SourceRegistry {
    /// Builds a source for every subgraph. Nothing is connected to yet.
    ///
    /// # Errors
    /// Everything that stands against it, such as an address that is not set.
    pub fn build(
        supergraph: &Supergraph,
        connected: &[Arc<ConnectedSubgraph>],
        settings: &SourceSettings,
        client: &HttpClient,
        natives: &[NativeSubgraph],
        protos: &ProtoFiles,
    ) -> Result<Self, Vec<Objection>> {
        let env = settings.env.iter().map(|(name, value)| (name.clone(), Value::String(value.clone()))).collect();
        let mut builder = Builder {
            supergraph,
            connected,
            settings,
            client,
            natives,
            protos,
            env: Arc::new(Value::Object(env)),
            systems: HashMap::new(),
            objections: Vec::new(),
        };
        let sources: Vec<_> =
            supergraph.subgraphs.iter_enumerated().map(|(id, subgraph)| builder.subgraph(id, subgraph)).collect();
        if builder.objections.is_empty() {
            Ok(Self { sources: Arc::new(sources.into_iter().flatten().collect()) })
        } else {
            Err(builder.objections)
        }
    }

    /// All sources, by subgraph.
    pub fn sources(&self) -> &Arc<IdVec<SubgraphId, Arc<dyn Source>>> {
        &self.sources
    }
}

/// What stands against a source.
#[derive(Clone, PartialEq, Debug)]
pub enum Objection {
    /// A mistake at its place in the schema.
    Finding(Diagnostic),
    /// A mistake in a setting.
    Setting(Mistake),
    /// Something about the user's subgraph of this name as a whole.
    Subgraph(Name, Diagnostic),
}

struct Builder<'b> {
    supergraph: &'b Supergraph,
    connected: &'b [Arc<ConnectedSubgraph>],
    settings: &'b SourceSettings,
    client: &'b HttpClient,
    natives: &'b [NativeSubgraph],
    protos: &'b ProtoFiles,
    env: Arc<Value>,
    /// Each system once, though many connectors use it; `None` when it cannot be reached, which
    /// has been reported.
    systems: HashMap<(Name, usize), Option<System>>,
    objections: Vec<Objection>,
}

/// A source ready to be called: the one list of protocols.
#[derive(Clone)]
enum System {
    Http(Arc<Url>),
    Grpc(Arc<GrpcClient>, Descriptors),
    Sql(Arc<Database>),
    Graphql(Arc<GraphqlEndpoint>),
}

// === impl Builder ===

impl Builder<'_> {
    fn subgraph(&mut self, id: SubgraphId, subgraph: &SubgraphDef) -> Option<Arc<dyn Source>> {
        let mut source: Arc<dyn Source> = match &subgraph.kind {
            SubgraphKind::Native => {
                let native = Arc::new(self.native(subgraph)?);
                Arc::new(CallTimeout::new(native, self.timeout(&subgraph.service, None)))
            }
            SubgraphKind::Graphql { url } => self.remote(subgraph, url)?,
            SubgraphKind::Connector(id) => {
                let service = &self.supergraph.connectors[*id].service;
                let connector = self.supergraph.connectors[*id].id.clone();
                let Some(owner) = self.connected.iter().find(|owner| owner.name == *service).cloned() else {
                    return self.missing(subgraph);
                };
                let Some(at) = owner.connectors.iter().position(|spec| spec.id == connector) else {
                    return self.missing(subgraph);
                };
                self.connector(subgraph, &owner, at)?
            }
        };
        if let Some(lookups) = Lookups::of(self.supergraph, id) {
            let configured = self.config(&subgraph.service, None).and_then(|(_, config)| config.lookups);
            let most = configured.map_or(MAX_ALIASES, |most| most.get() as usize);
            source = Arc::new(LookupSource::new(source, lookups, most));
        }
        Some(Arc::new(SourceStack::new(source)))
    }

    fn missing<T>(&mut self, subgraph: &SubgraphDef) -> Option<T> {
        let message = format!("nothing is known of the subgraph \"{}\"", subgraph.name);
        let finding = Diagnostic::error("SOURCE_NAME_MISMATCH", message);
        self.objections.push(Objection::Subgraph(subgraph.service.clone(), finding));
        None
    }

    fn native(&mut self, subgraph: &SubgraphDef) -> Option<NativeSubgraph> {
        let native = self.natives.iter().find(|native| *native.subgraph() == subgraph.name).cloned();
        native.or_else(|| self.missing(subgraph))
    }

    // --- federated subgraphs

    fn remote(&mut self, subgraph: &SubgraphDef, routing_url: &str) -> Option<Arc<dyn Source>> {
        let owner = self.connected.iter().find(|owner| owner.name == subgraph.service).cloned();
        let declared = owner.as_ref().and_then(|owner| owner.remote_source());
        let configured = self.config(&subgraph.service, declared.map(|(source, _)| &*source.name.value));
        let config = configured.as_ref().map(|(_, config)| config.config.clone());
        let config = Value::Object(config.unwrap_or_default());
        let configured = configured.and_then(|(name, config)| Some((name, config.url.clone()?)));
        let url = match (&configured, declared) {
            (Some((_, url)), _) => url.clone(),
            (None, Some((_, graphql))) => self.address(&graphql.url, &config)?,
            (None, None) if routing_url.is_empty() => {
                let message = format!("the subgraph \"{}\" has no URL", subgraph.name);
                let help = format!("set sources.{}.url in the configuration", subgraph.name);
                let finding = Diagnostic::error("INVALID_URL", message).help(help);
                self.objections.push(Objection::Subgraph(subgraph.service.clone(), finding));
                return None;
            }
            (None, None) => routing_url.to_owned(),
        };
        let endpoint = match GraphqlEndpoint::new(self.client.clone(), &url, self.settings.max_bytes) {
            Ok(endpoint) => endpoint,
            Err(reason) => {
                let finding = Diagnostic::error("INVALID_URL", format!("subgraph \"{}\": {reason}", subgraph.name));
                self.objections.push(match (configured, declared) {
                    (Some((name, _)), _) => url_setting(&name, reason),
                    (None, Some((_, graphql))) => Objection::Finding(finding.at(graphql.url.span)),
                    (None, None) => Objection::Subgraph(subgraph.service.clone(), finding),
                });
                return None;
            }
        };
        let own = match declared {
            Some((_, graphql)) => self.headers(&graphql.propagate, &graphql.headers, &[])?,
            None => HeaderPlan::default(),
        };
        let timeout = self.timeout(&subgraph.service, declared.map(|(source, _)| source));
        let rules = self.settings.headers.clone();
        let (env, config) = (self.env.clone(), Arc::new(config));
        let source = GraphqlSubgraph::new(subgraph.name.clone(), endpoint, rules, own, env, config);
        Some(Arc::new(CallTimeout::new(Arc::new(source), timeout)))
    }

    // --- connectors

    fn connector(
        &mut self,
        subgraph: &SubgraphDef,
        owner: &Arc<ConnectedSubgraph>,
        position: usize,
    ) -> Option<Arc<dyn Source>> {
        let spec = owner.connectors.get(position)?;
        let source = owner.source_of(spec);
        let config = Value::Object(self.config_of(owner, source));
        let protocol = match &spec.request {
            RequestSpec::Computed => None,
            _ => Some(self.protocol(owner, spec, &config)?),
        };
        let configured = source.and_then(|source| self.config(&owner.name, Some(&source.name.value)));
        let timeout = spec.timeout.or(configured.and_then(|(_, config)| Some(config.timeout?.0)));
        let connector = Connector::new(ConnectorParts {
            name: subgraph.name.clone(),
            subgraph: owner.clone(),
            position,
            protocol,
            env: self.env.clone(),
            config: Arc::new(config),
            cursors: self.settings.cursors.clone(),
            timeout: timeout.unwrap_or_else(|| owner.timeout(spec)),
        })?;
        Some(Arc::new(connector))
    }

    fn protocol(
        &mut self,
        owner: &Arc<ConnectedSubgraph>,
        spec: &ConnectSpec,
        config: &Value,
    ) -> Option<Arc<dyn Protocol>> {
        let system = match spec.source {
            Some(at) => Some(self.system(owner, at, config)?),
            None => None,
        };
        let answers =
            AnswerParts { max_bytes: self.connector_bytes(), headers: reads_response(spec, owner.source_of(spec)) };
        let source = owner.source_of(spec).map(|source| &source.protocol);
        Some(match (&spec.request, system, source) {
            (RequestSpec::Http(request), Some(System::Http(base)), Some(SourceProtocol::Http(source))) => {
                let headers = self.headers(&source.propagate, &source.headers, &request.headers)?;
                let mapping =
                    |mapping: &Option<Spanned<Mapping>>| mapping.as_ref().map(|mapping| mapping.value.clone());
                let parts = HttpSourceParts {
                    base: Some((*base).clone()),
                    path: mapping(&source.path),
                    query_params: mapping(&source.query_params),
                };
                Arc::new(HttpProtocol::new(self.client.clone(), parts, (**request).clone(), headers, answers))
            }
            (RequestSpec::Http(request), None, _) => {
                let headers = self.headers(&[], &[], &request.headers)?;
                let parts = HttpSourceParts::default();
                Arc::new(HttpProtocol::new(self.client.clone(), parts, (**request).clone(), headers, answers))
            }
            (
                RequestSpec::Grpc(request),
                Some(System::Grpc(client, descriptors)),
                Some(SourceProtocol::Grpc(source)),
            ) => {
                let metadata = self.headers(&source.propagate, &source.metadata, &request.metadata)?;
                let method = match descriptors.method(&request.call.value) {
                    Ok(method) => method,
                    Err(error) => {
                        let finding = Diagnostic::error("GRPC_METHOD_NOT_FOUND", error.to_string());
                        self.objections.push(Objection::Finding(finding.at(request.call.span)));
                        return None;
                    }
                };
                let message = request.message.as_ref().map(|message| message.value.clone());
                Arc::new(GrpcProtocol::new(client, method, message, metadata))
            }
            (RequestSpec::Sql(request), Some(System::Sql(database)), _) => {
                let seek = spec.paginate.as_ref().filter(|page| page.style == PageStyle::Seek);
                let key = seek.map(|page| page.key.clone()).unwrap_or_default();
                Arc::new(SqlProtocol::new(database, request.clone(), key, self.connector_bytes()))
            }
            (RequestSpec::Graphql(request), Some(System::Graphql(endpoint)), Some(SourceProtocol::Graphql(source))) => {
                let headers = self.headers(&source.propagate, &source.headers, &[])?;
                let endpoint = (*endpoint).clone();
                Arc::new(GraphqlProtocol::new(endpoint, request.clone(), spec, owner.source_of(spec), headers))
            }
            _ => {
                let message = format!("the connector {} and its source speak different protocols", spec.id);
                self.objections.push(Objection::Finding(Diagnostic::error("PROTOCOL_MISMATCH", message).at(spec.span)));
                return None;
            }
        })
    }

    /// How large an answer to a connector may be.
    fn connector_bytes(&self) -> usize {
        self.settings.max_bytes.min(CONNECTOR_BYTES)
    }

    fn system(&mut self, owner: &Arc<ConnectedSubgraph>, position: usize, config: &Value) -> Option<System> {
        let key = (owner.name.clone(), position);
        if let Some(known) = self.systems.get(&key) {
            return known.clone();
        }
        let system = self.reach(owner, position, config);
        self.systems.insert(key, system.clone());
        system
    }

    fn reach(&mut self, owner: &ConnectedSubgraph, position: usize, config: &Value) -> Option<System> {
        let source = owner.sources.get(position)?;
        let template = match &source.protocol {
            SourceProtocol::Http(http) => &http.base_url,
            SourceProtocol::Grpc(grpc) => &grpc.url,
            SourceProtocol::Sql(sql) => &sql.url,
            SourceProtocol::Graphql(graphql) => &graphql.url,
        };
        let configured = self.config(&owner.name, Some(&source.name.value));
        let configured = configured.and_then(|(name, config)| Some((name, config.url.clone()?)));
        let address = match &configured {
            Some((_, url)) => url.clone(),
            None => self.address(template, config)?,
        };
        let timeout = self.timeout(&owner.name, Some(source));
        let system = match &source.protocol {
            SourceProtocol::Http(_) => {
                Url::absolute(&address).map(|url| System::Http(Arc::new(url))).map_err(|error| error.to_string())
            }
            SourceProtocol::Sql(_) => Address::parse(&address)
                .map(|address| System::Sql(Arc::new(Database::new(address, longest(owner, position, timeout)))))
                .map_err(|error| error.to_string()),
            SourceProtocol::Graphql(_) => GraphqlEndpoint::new(self.client.clone(), &address, self.connector_bytes())
                .map(|endpoint| System::Graphql(Arc::new(endpoint))),
            SourceProtocol::Grpc(grpc) => {
                let descriptors = self.descriptors(grpc)?;
                GrpcAddress::parse(&address, CONNECT_TIMEOUT).map(|address| {
                    let client = GrpcClient::new(address, descriptors.clone(), self.connector_bytes());
                    System::Grpc(Arc::new(client), descriptors)
                })
            }
        };
        system
            .map_err(|reason| {
                self.objections.push(match configured {
                    Some((name, _)) => url_setting(&name, reason),
                    None => {
                        let message = format!("source \"{}.{}\": {reason}", owner.name, source.name.value);
                        Objection::Finding(Diagnostic::error("INVALID_URL", message).at(template.span))
                    }
                });
            })
            .ok()
    }

    fn descriptors(&mut self, grpc: &GrpcSource) -> Option<Descriptors> {
        let files: Vec<Name> = grpc.proto.iter().map(|file| file.value.clone()).collect();
        let first = grpc.proto.first()?;
        match self.protos.descriptors(first.span.file, &files) {
            Ok(descriptors) => Some(descriptors),
            Err((file, error)) => {
                let code = match error {
                    super::grpc::ProtoError::NotFound(_) => "PROTO_NOT_FOUND",
                    super::grpc::ProtoError::Invalid(_) => "PROTO_INVALID",
                };
                let span = grpc.proto.get(file).unwrap_or(first).span;
                self.objections.push(Objection::Finding(Diagnostic::error(code, error.to_string()).at(span)));
                None
            }
        }
    }

    // --- shared parts

    /// An address, its holes filled from `$env` and `$config` as text: who runs the router may write
    /// whatever part of it.
    fn address(&mut self, template: &Spanned<Template>, config: &Value) -> Option<String> {
        let env = self.env.clone();
        let variables = Variables::new().with(Variable::Env, &env).with(Variable::Config, config);
        let mut text = String::new();
        for piece in template.value.pieces() {
            match piece {
                TemplatePiece::Literal { text: literal, .. } => text.push_str(literal),
                TemplatePiece::Hole(hole) => match hole.mapping.evaluate(None, &variables).value {
                    Some(Value::String(value)) => text.push_str(&value),
                    Some(value @ (Value::Number(_) | Value::Bool(_))) => text.push_str(&value.to_string()),
                    _ => {
                        let message = format!("{} is not set", hole.mapping);
                        let span = template.span.within(hole.range.start, hole.range.end);
                        self.objections.push(Objection::Finding(Diagnostic::error("INVALID_URL", message).at(span)));
                        return None;
                    }
                },
            }
        }
        Some(text)
    }

    fn headers(
        &mut self,
        propagate: &[Spanned<Name>],
        source: &[HeaderSpec],
        own: &[HeaderSpec],
    ) -> Option<HeaderPlan> {
        HeaderPlan::new(propagate, source, own)
            .map_err(|error| {
                self.objections.push(Objection::Finding(
                    Diagnostic::error("INVALID_HEADER", error.value.to_string()).at(error.span),
                ));
            })
            .ok()
    }

    /// The settings of a source or, if it has none, of its subgraph; and their key.
    fn config(&self, subgraph: &str, source: Option<&str>) -> Option<(String, &SourceConfig)> {
        let names = source.map(|source| format!("{subgraph}.{source}")).into_iter().chain([subgraph.to_owned()]);
        names.into_iter().find_map(|name| {
            let config = self.settings.sources.get(&name)?;
            Some((name, config))
        })
    }

    fn config_of(&self, owner: &ConnectedSubgraph, source: Option<&SourceSpec>) -> Map<String, Value> {
        let config = source.and_then(|source| self.config(&owner.name, Some(&source.name.value)));
        config.map(|(_, config)| config.config.clone()).unwrap_or_default()
    }

    fn timeout(&self, subgraph: &str, source: Option<&SourceSpec>) -> Duration {
        let configured = self.config(subgraph, source.map(|source| &*source.name.value));
        let configured = configured.and_then(|(_, config)| Some(config.timeout?.0));
        configured.or_else(|| source?.timeout).unwrap_or(DEFAULT_TIMEOUT)
    }
}

/// The longest time that a connector of a source may take, which the system must allow.
fn longest(owner: &ConnectedSubgraph, position: usize, timeout: Duration) -> Duration {
    let own = owner.connectors.iter().filter(|spec| spec.source == Some(position));
    own.filter_map(|spec| spec.timeout).fold(timeout, Duration::max)
}

/// An address in the configuration that cannot be used.
fn url_setting(name: &str, reason: String) -> Objection {
    Objection::Setting(Mistake { code: "INVALID_URL", ..Mistake::at(["sources", name, "url"], reason) })
}
