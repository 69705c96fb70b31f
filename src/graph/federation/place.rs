//! Reading step: where fetches go. A GraphQL server is a subgraph, and so is each connector.

use std::sync::Arc;

use crate::graph::language::ast::ValueKind;
use crate::platform::base::Name;
use crate::platform::base::id::Id as _;

use super::build::Build;
use super::connected::{Connected, batch};
use super::ids::SubgraphId;
use super::join::GraphId;
use super::supergraph::{ConnectorDef, SubgraphDef, SubgraphKind};

/// What stands behind a subgraph to be.
enum Behind {
    Server { graph: GraphId, url: Name },
    Connector { service: usize, connector: usize },
}

// === impl Build ===

impl Build<'_> {
    /// All subgraphs, sorted by name. A connected one is expanded into its connectors, which are
    /// returned.
    pub(super) fn subgraphs(&mut self) -> Vec<Connected> {
        let read = self.read_connected();
        let mut behind: Vec<(Name, Behind)> = Vec::new();
        for (graph, def) in self.joined.graphs.iter_enumerated() {
            let connected = read.iter().find(|(of, _)| *of == graph).map(|(_, spec)| spec);
            let url = match connected {
                Some(spec) => spec.remote.and_then(|_| self.remote_url(graph)),
                None => Some(def.url.clone()),
            };
            behind.extend(url.map(|url| (def.name.clone(), Behind::Server { graph, url })));
        }
        let mut connected: Vec<Connected> = read
            .into_iter()
            .map(|(graph, spec)| Connected {
                graph,
                connectors: vec![None; spec.connectors.len()],
                spec: Arc::new(spec),
            })
            .collect();
        for (service, of) in connected.iter().enumerate() {
            for (connector, spec) in of.spec.connectors.iter().enumerate() {
                let name = format!("{}.{}", of.spec.name, spec.id);
                behind.push((name.into(), Behind::Connector { service, connector }));
            }
        }
        behind.sort_by(|(a, _), (b, _)| a.cmp(b));
        for (name, behind) in behind {
            match behind {
                Behind::Server { graph, url } => {
                    let kind = SubgraphKind::Graphql { url };
                    let def = SubgraphDef { service: name.clone(), name, kind, roots: Vec::new() };
                    let subgraph = self.graph.subgraphs.push(def);
                    self.subgraph_of.insert(graph, subgraph);
                }
                Behind::Connector { service, connector } => {
                    self.connector(name, &mut connected[service], connector);
                }
            }
        }
        self.graph.connected = connected.iter().map(|connected| connected.spec.clone()).collect();
        self.graph.connected.sort_by(|a, b| a.name.cmp(&b.name));
        connected
    }

    /// Where a connected subgraph that is a GraphQL server itself listens: a template, resolved by
    /// whoever has the environment.
    fn remote_url(&self, graph: GraphId) -> Option<Name> {
        let sources = self.joined.schema.iter().filter(|carried| carried.graphs.contains(&graph));
        let blocks = sources.flat_map(|carried| carried.arguments).filter(|(name, _)| &*name.value == "graphql");
        blocks.into_iter().find_map(|(_, block)| match &block.kind {
            ValueKind::Object(fields) => {
                let value = |key: &str| fields.iter().find(|(name, _)| &*name.value == key).map(|(_, value)| value);
                value("subgraph").filter(|value| value.kind == ValueKind::Boolean(true))?;
                value("url")?.as_str().map(Name::from)
            }
            _ => None,
        })
    }

    fn connector(&mut self, name: Name, connected: &mut Connected, index: usize) {
        let service = connected.spec.clone();
        let spec = &service.connectors[index];
        // What another subgraph overrides needs no connector any more.
        let Some(place) = self.place(connected.graph, spec) else { return };
        let subgraph = SubgraphId::from_index(self.graph.subgraphs.len());
        let field = spec.place.field().and_then(|name| {
            let on = self.graph.type_id(spec.place.on())?;
            self.graph.field(on, name)
        });
        self.connected_fields.extend(field.map(|field| (connected.graph, field)));
        let (service, id) = (service.name.clone(), spec.id.clone());
        let def = ConnectorDef { service: service.clone(), id, subgraph, place, batch: batch(spec) };
        let connector = self.graph.connectors.push(def);
        let kind = SubgraphKind::Connector(connector);
        self.graph.subgraphs.push(SubgraphDef { name, service, kind, roots: Vec::new() });
        connected.connectors[index] = Some(connector);
    }
}
