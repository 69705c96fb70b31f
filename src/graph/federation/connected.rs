//! Reading step: a connected subgraph becomes one virtual subgraph per connector.

use std::sync::Arc;

use crate::graph::connect::{self, ConnectSpec, ConnectedSubgraph, InputField, OutputField, Place};
use crate::graph::language::ast::{OperationKind, TypeKind};
use crate::graph::link::{Links, spec};
use crate::platform::base::Name;

use super::build::Build;
use super::extract;
use super::field_set::{FieldSet, FieldSetNode};
use super::ids::{ConnectorId, FieldId, FieldSetId, SubgraphId, TypeId, TypeSet};
use super::join::{FieldJoin, GraphId};
use super::resolve::canonical;
use super::spelled;
use super::supergraph::{BatchCaps, ConnectorPlace, Entry, EntryKind, ListSize, LocalType, Provider};
use super::view::View;

/// A connected subgraph and where its connectors' subgraphs are.
pub(super) struct Connected {
    pub(super) graph: GraphId,
    pub(super) spec: Arc<ConnectedSubgraph>,
    /// One per connector of the spec; none for those that stand on an overridden field.
    pub(super) connectors: Vec<Option<ConnectorId>>,
}

/// One connector while it is expanded.
struct Landing<'s> {
    graph: GraphId,
    subgraph: SubgraphId,
    connector: ConnectorId,
    spec: &'s ConnectSpec,
    view: View,
}

// === impl Build ===

impl<'a> Build<'a> {
    /// Reads the connectors of each subgraph that has some.
    pub(super) fn read_connected(&mut self) -> Vec<(GraphId, ConnectedSubgraph)> {
        let joined = self.joined;
        let mut found = Vec::new();
        for graph in joined.graphs.ids().filter(|&graph| extract::has_carried(joined, graph)) {
            let mut document = extract::document(joined, graph);
            let (links, _) = Links::read(&document);
            if let Some(connect) = links.by_identity(spec::PLEACH_CONNECT) {
                let connect = connect.directive_name("connect");
                spelled::spelled(&mut document, &connect.unwrap_or_else(|| "connect__connect".into()));
            }
            if links.by_identity(spec::PLEACH_CONNECT).or_else(|| links.by_identity(spec::APOLLO_CONNECT)).is_none() {
                continue;
            }
            let (connected, findings) =
                connect::read(&document, &joined.graphs[graph].name, &links, self.sources, None);
            self.diagnostics.extend(findings.into_iter().filter(|finding| finding.is_error()));
            found.extend(connected.map(|connected| (graph, connected)));
        }
        found
    }

    /// Types, providers and entries of all connectors.
    pub(super) fn connect(&mut self, connected: &[Connected]) {
        for service in connected {
            self.page_sizes(&service.spec.connectors);
            for (spec, connector) in service.spec.connectors.iter().zip(&service.connectors) {
                let &Some(connector) = connector else { continue };
                let subgraph = self.graph.connectors[connector].subgraph;
                let view = View::default();
                self.land(Landing { graph: service.graph, subgraph, connector, spec, view });
            }
        }
    }

    /// A field that pages says how many records come, unless `@listSize` does.
    fn page_sizes(&mut self, connectors: &[ConnectSpec]) {
        for spec in connectors {
            let Some(paginate) = &spec.paginate else { continue };
            let Some(field) = spec
                .place
                .field()
                .and_then(|name| self.graph.type_id(spec.place.on()).and_then(|on| self.graph.field(on, name)))
            else {
                continue;
            };
            let named = |names: &[&str], known: &dyn Fn(&str) -> bool| -> Vec<Name> {
                names.iter().filter(|name| known(name)).map(|&name| name.into()).collect()
            };
            let def = &self.graph.fields[field];
            let yielded = &self.graph.types[def.ty.inner].fields;
            let size = ListSize {
                assumed: Some(paginate.size),
                slicing_arguments: named(&["first", "last"], &|name| {
                    def.arguments.iter().any(|arg| &*arg.name == name)
                }),
                sized_fields: if paginate.connection {
                    named(&["edges", "nodes"], &|name| yielded.contains_key(name))
                } else {
                    Vec::new()
                },
                require_one_slicing_argument: false,
            };
            self.graph.fields[field].list_size.get_or_insert(size);
        }
    }

    fn land(&mut self, landing: Landing<'_>) {
        let Some(on) = self.graph.type_id(landing.spec.place.on()) else { return };
        let field = landing.spec.place.field().map(|name| self.graph.field(on, name));
        match (field, &landing.spec.place) {
            (None, _) => self.land_on_type(landing, on),
            (Some(Some(field)), Place::Root { .. }) => self.land_on_root(landing, on, field),
            (Some(Some(field)), _) => self.land_on_field(landing, on, field),
            // The place was checked before; a field that is gone has no connector.
            (Some(None), _) => {}
        }
    }

    fn land_on_type(&mut self, mut landing: Landing<'_>, on: TypeId) {
        let output = &landing.spec.output;
        let opened = self.look(&mut landing, on, output);
        self.entry_by_inputs(&landing, on, &landing.spec.inputs, opened);
    }

    fn land_on_root(&mut self, mut landing: Landing<'_>, on: TypeId, field: FieldId) {
        let output = &landing.spec.output;
        let yielded = self.graph.fields[field].ty.inner;
        let provides = self.look(&mut landing, yielded, output);
        self.local_object(landing.subgraph, on);
        self.local_leaf(&landing, yielded);
        let provider = self.connector_provider(&landing, field);
        self.providers.push(Provider { arguments: self.argument_names(field), provides, ..provider });
        if landing.spec.entity {
            self.entry_by_inputs(&landing, yielded, &landing.spec.inputs, provides);
        }
    }

    /// One lands on the object type with nothing but the field, even where the connector yields
    /// objects of that type with other fields below.
    fn land_on_field(&mut self, mut landing: Landing<'_>, on: TypeId, field: FieldId) {
        let spec = landing.spec;
        let name = self.graph.fields[field].name.clone();
        let tree = [OutputField { name, on: None, children: spec.output.clone(), span: spec.span }];
        let opened = self.look(&mut landing, on, &tree);
        let required = self.join(landing.graph, field).and_then(|join| join.requires);
        let required = required.and_then(|set| self.field_set(on, set));
        let (key, requires) = match required.filter(|_| !spec.filled.is_empty()) {
            Some(set) => {
                let selections = self.graph.field_sets[set].selections.clone();
                self.know_abstract(landing.subgraph, &selections);
                self.beside_required(on, &spec.inputs, set)
            }
            None => self.split_inputs(on, &spec.inputs, required),
        };
        let arguments = self.argument_names(field);
        let own = |provider: &&mut Provider| provider.field == field && provider.subgraph == landing.subgraph;
        if let Some(provider) = self.providers.iter_mut().find(own) {
            provider.arguments = arguments;
            provider.requires = requires;
        }
        self.entry_by_inputs(&landing, on, &key, opened);
    }

    /// Types and providers of what `tree` yields for type `ty`, and the conditional fields in it.
    fn look(&mut self, landing: &mut Landing<'_>, ty: TypeId, tree: &[OutputField]) -> Option<FieldSetId> {
        landing.view.add(&self.graph, ty, tree);
        for (ty, span) in std::mem::take(&mut landing.view.unknown) {
            let message = format!("the connector yields a field that `{}` does not have", self.graph.types[ty].name);
            self.error(span, message);
        }
        self.view_types(landing);
        self.view_providers(landing);
        let selections = landing.view.opened(&self.graph, ty, tree);
        (!selections.is_empty()).then(|| self.intern(FieldSet { on: ty, selections }))
    }

    fn argument_names(&self, field: FieldId) -> Vec<Name> {
        self.graph.fields[field].arguments.iter().map(|argument| argument.name.clone()).collect()
    }

    /// What `@requires` names is sent along even when it is null; the rest are key fields.
    fn split_inputs(
        &mut self,
        on: TypeId,
        inputs: &[InputField],
        required: Option<FieldSetId>,
    ) -> (Vec<InputField>, Option<FieldSetId>) {
        let Some(set) = required else { return (inputs.to_vec(), None) };
        let required: Vec<Name> = self.graph.field_sets[set]
            .selections
            .iter()
            .filter_map(|node| match node {
                FieldSetNode::Field { field, .. } => Some(self.graph.fields[*field].name.clone()),
                _ => None,
            })
            .collect();
        let (sent, key): (Vec<_>, Vec<_>) = inputs.iter().cloned().partition(|input| required.contains(&input.name));
        if key.is_empty() || sent.is_empty() {
            return (inputs.to_vec(), None);
        }
        let selections = self.input_nodes(on, &sent);
        let sent = selections.map(|selections| self.intern(FieldSet { on, selections }));
        (key, sent)
    }

    /// Objects of abstract types are sent with their `__typename` to a subgraph that knows these:
    /// conditions are decided by it.
    fn know_abstract(&mut self, subgraph: SubgraphId, required: &[FieldSetNode]) {
        for node in required {
            match node {
                FieldSetNode::Field { field, selections, .. } => {
                    let ty = self.graph.fields[*field].ty.inner;
                    if self.graph.types[ty].is_abstract() {
                        let (kind, possible) = (self.graph.types[ty].kind, self.graph.types[ty].possible.clone());
                        self.local_type_of_connector(subgraph, ty, kind, possible);
                    }
                    self.know_abstract(subgraph, selections);
                }
                FieldSetNode::Fragment { selections, .. } => self.know_abstract(subgraph, selections),
                FieldSetNode::Typename => {}
            }
        }
    }

    /// What arguments are filled with is sent along as a whole, with what else is read of its fields;
    /// the rest are key fields.
    fn beside_required(
        &mut self,
        on: TypeId,
        inputs: &[InputField],
        required: FieldSetId,
    ) -> (Vec<InputField>, Option<FieldSetId>) {
        let mut sent = self.graph.field_sets[required].selections.clone();
        let is_sent = |input: &InputField| {
            sent.iter().any(|node| match node {
                FieldSetNode::Field { field, .. } => self.graph.fields[*field].name == input.name,
                _ => false,
            })
        };
        let (more, key): (Vec<_>, Vec<_>) = inputs.iter().cloned().partition(is_sent);
        sent.extend(self.input_nodes(on, &more).unwrap_or_default());
        let sent = self.intern(FieldSet { on, selections: canonical(sent) });
        (key, Some(sent))
    }

    fn entry_by_inputs(
        &mut self,
        landing: &Landing<'_>,
        ty: TypeId,
        inputs: &[InputField],
        opened: Option<FieldSetId>,
    ) {
        let Some(selections) = self.input_nodes(ty, inputs) else { return };
        self.local_object(landing.subgraph, ty);
        let key = self.intern(FieldSet { on: ty, selections });
        self.entries.push(Entry {
            ty,
            subgraph: landing.subgraph,
            key,
            kind: EntryKind::Connector(landing.connector),
            batch: batch(landing.spec),
            provides: opened,
        });
    }

    fn input_nodes(&mut self, on: TypeId, inputs: &[InputField]) -> Option<Vec<FieldSetNode>> {
        let mut nodes = Vec::with_capacity(inputs.len());
        for input in inputs {
            let Some(field) = self.graph.field(on, &input.name) else {
                let message = format!("`{}` has no field `{}`", self.graph.types[on].name, input.name);
                self.error(input.span, message);
                return None;
            };
            let selections = self.input_nodes(self.graph.fields[field].ty.inner, &input.children)?;
            nodes.push(FieldSetNode::Field { field, arguments: Vec::new(), selections });
        }
        Some(canonical(nodes))
    }

    fn view_providers(&mut self, landing: &Landing<'_>) {
        for (ty, fields) in landing.view.objects() {
            for field in fields {
                if self.join(landing.graph, field).is_some() {
                    let external = landing.view.is_conditional(ty, field);
                    let provider = Provider { external, ..self.connector_provider(landing, field) };
                    self.providers.push(provider);
                }
            }
        }
        for (ty, possible) in landing.view.abstracts() {
            for field in self.graph.types[ty].field_order.clone() {
                let name = self.graph.fields[field].name.clone();
                let everywhere = possible.iter().all(|class| {
                    let own = self.graph.field(class, &name);
                    own.is_some_and(|own| {
                        let known =
                            |provider: &Provider| provider.field == own && provider.subgraph == landing.subgraph;
                        self.providers.iter().any(|provider| known(provider) && !provider.external)
                    })
                });
                if everywhere && self.join(landing.graph, field).is_some() {
                    let provider = self.connector_provider(landing, field);
                    self.providers.push(provider);
                }
            }
        }
    }

    /// The connector's provider of `field`, unconditional and without arguments.
    fn connector_provider(&mut self, landing: &Landing<'_>, field: FieldId) -> Provider {
        let (local, label) = match self.join(landing.graph, field) {
            Some(join) => (join.ty, join.override_label.map(|label| (label, join.overrides.is_some()))),
            None => (None, None),
        };
        let local = local.and_then(|ty| self.type_ref_text(ty.as_str().unwrap_or(""), ty.span));
        Provider {
            field,
            subgraph: landing.subgraph,
            local_type: local.unwrap_or_else(|| self.graph.fields[field].ty.clone()),
            arguments: Vec::new(),
            requires: None,
            provides: None,
            external: false,
            override_gate: label.map(|(label, drawn)| (self.label(label.as_str().unwrap_or("")), drawn)),
            context_arguments: Vec::new(),
            interface_object: false,
        }
    }

    fn view_types(&mut self, landing: &Landing<'_>) {
        let mut leaves = Vec::new();
        for (ty, fields) in landing.view.objects() {
            self.local_object(landing.subgraph, ty);
            leaves.extend(fields.into_iter().map(|field| self.graph.fields[field].ty.inner));
        }
        for (ty, possible) in landing.view.abstracts() {
            let kind = self.graph.types[ty].kind;
            self.local_type_of_connector(landing.subgraph, ty, kind, possible.clone());
        }
        for ty in leaves {
            self.local_leaf(landing, ty);
        }
    }

    /// A scalar or enum as the connector's subgraph knows it; other types are left alone.
    fn local_leaf(&mut self, landing: &Landing<'_>, ty: TypeId) {
        let kind = self.graph.types[ty].kind;
        if matches!(kind, TypeKind::Enum | TypeKind::Scalar) {
            self.local_type_of_connector(landing.subgraph, ty, kind, TypeSet::new());
            let values = self.known_values(landing.graph, ty);
            if let Some(local) = self.local.get_mut(&(ty, landing.subgraph)) {
                local.values = values;
            }
        }
    }

    fn local_object(&mut self, subgraph: SubgraphId, ty: TypeId) {
        let kind = self.graph.types[ty].kind;
        if kind == TypeKind::Object {
            self.local_type_of_connector(subgraph, ty, kind, TypeSet::one(ty));
        }
    }

    fn local_type_of_connector(&mut self, subgraph: SubgraphId, ty: TypeId, kind: TypeKind, possible: TypeSet) {
        let interfaces = self.graph.types[ty].interfaces.clone();
        let new = || LocalType {
            subgraph,
            kind,
            interface_object: false,
            possible: TypeSet::new(),
            interfaces,
            values: Vec::new(),
        };
        self.local.entry((ty, subgraph)).or_insert_with(new).possible.extend_from(&possible);
    }

    fn known_values(&self, graph: GraphId, ty: TypeId) -> Vec<u32> {
        let name = &self.graph.types[ty].name;
        let Some(joined) = self.joined.types.iter().find(|joined| joined.definition.name.value == *name) else {
            return Vec::new();
        };
        let known = joined.values.iter().enumerate().filter(|(_, graphs)| graphs.contains(&graph));
        known.map(|(at, _)| at as u32).collect()
    }

    /// What `graph` says about `field`.
    fn join(&self, graph: GraphId, field: FieldId) -> Option<&'a FieldJoin<'a>> {
        let joined = self.joined;
        let def = &self.graph.fields[field];
        let parent = &self.graph.types[def.parent].name;
        let ty = joined.types.iter().find(|ty| ty.definition.name.value == *parent)?;
        let field = ty.fields.iter().find(|field| field.definition.name.value == def.name)?;
        field.joins.iter().find(|join| join.graph == graph)
    }

    /// Where the connector stands, in ids; `None` when its subgraph does not have the place any more.
    pub(super) fn place(&self, graph: GraphId, spec: &ConnectSpec) -> Option<ConnectorPlace> {
        let on = self.graph.type_id(spec.place.on())?;
        let Some(name) = spec.place.field() else { return Some(ConnectorPlace::Type(on)) };
        let field = self.graph.field(on, name)?;
        self.join(graph, field)?;
        Some(match spec.place {
            Place::Root { operation: OperationKind::Query, .. } if spec.entity => {
                ConnectorPlace::Type(self.graph.fields[field].ty.inner)
            }
            Place::Root { .. } => ConnectorPlace::Root(field),
            _ => ConnectorPlace::Field(field),
        })
    }
}

/// How many rows one call of a connector takes.
pub(super) fn batch(spec: &ConnectSpec) -> BatchCaps {
    match &spec.batch {
        Some(batch) => BatchCaps::Batch { max: batch.max_size },
        None => BatchCaps::One { concurrency: spec.concurrency },
    }
}
