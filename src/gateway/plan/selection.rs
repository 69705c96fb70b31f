//! What one call selects: a tree that becomes both the document and the shape of its answer.

use std::collections::{BTreeMap, BTreeSet};

use crate::graph::federation::ids::{SubgraphId, TypeId, TypeSet};
use crate::graph::federation::supergraph::{Supergraph, TypeRef};
use crate::graph::language::value::InputValue;
use crate::platform::base::Name;

use super::contexts::{ContextKey, variable};
use super::emit_fetches::{Call, List, Way};
use super::graph::{Arrival, Graph, InstanceId, reach};
use super::layout::{CellId, LayoutId, Layouts};

/// What is selected of objects at one position of one call.
#[derive(Clone, Debug)]
pub struct Selected {
    /// The layout of the objects.
    pub layout: LayoutId,
    /// Where.
    pub subgraph: SubgraphId,
    /// The type the selection set stands on there; none directly under `_entities`.
    pub declared: Option<TypeId>,
    /// Runtime types the subgraph may answer with.
    pub possible: TypeSet,
    /// The subgraph cannot name the runtime type.
    pub opaque: bool,
    /// Fields, each response key once.
    pub fields: Vec<SelectedField>,
}

/// One response key.
#[derive(Clone, Debug)]
pub struct SelectedField {
    /// The response key.
    pub key: Name,
    /// The field's name.
    pub name: Name,
    /// Its arguments.
    pub arguments: Vec<(Name, InputValue)>,
    /// Arguments filled from contexts, and the variables that carry them.
    pub contexts: Vec<(Name, Name)>,
    /// The cell it fills.
    pub cell: CellId,
    /// Its type there.
    pub local_type: TypeRef,
    /// What it serves; classes tell for which runtime types it is selected.
    pub instances: Vec<InstanceId>,
    /// What is selected below.
    pub child: Option<Box<Selected>>,
}

struct Builder<'g, 'a> {
    graph: &'g Graph<'a>,
    layouts: &'g Layouts,
    children: BTreeMap<InstanceId, Vec<InstanceId>>,
    /// What contexts give, and the variables that carry it.
    contexts: Vec<(ContextKey, Name)>,
}

/// What a root call selects.
pub fn of_root(graph: &Graph<'_>, layouts: &Layouts, call: &Call) -> Selected {
    let builder = Builder::new(graph, layouts, call);
    let top: Vec<InstanceId> =
        call.instances.iter().copied().filter(|&id| graph.instances[id].arrival == Arrival::Root).collect();
    let root = &graph.positions[Graph::ROOT];
    builder.select(root.layout, call.subgraph, Some(root.declared), (root.types.clone(), false), &top)
}

/// What an entity call selects of one of its lists.
pub fn of_list(graph: &Graph<'_>, layouts: &Layouts, call: &Call, at: usize) -> Selected {
    let list = &call.lists[at];
    let mut builder = Builder::new(graph, layouts, call);
    let contexts = list.key.contexts.iter().enumerate();
    builder.contexts.extend(contexts.map(|(nth, key)| (key.clone(), variable(graph.operation, at, nth))));
    let (declared, possible, opaque) = match list.key.way {
        Way::Interface(ty) => (Some(ty), reach(graph.supergraph, ty, call.subgraph).0, false),
        Way::InterfaceObject(ty) => (Some(ty), list_types(graph, list), true),
        Way::Entity | Way::Connector(_) | Way::FieldConnector(..) => (None, list_types(graph, list), false),
    };
    builder.select(list.key.layout, call.subgraph, declared, (possible, opaque), &list.instances)
}

/// Runtime types of the objects a list completes.
pub fn list_types(graph: &Graph<'_>, list: &List) -> TypeSet {
    let mut types = TypeSet::new();
    for &enter in &list.enters {
        let enter = &graph.enters[enter];
        types.extend_from(&graph.positions[enter.position].classes[enter.class].types);
    }
    types
}

// === impl Builder ===

impl<'g, 'a> Builder<'g, 'a> {
    fn new(graph: &'g Graph<'a>, layouts: &'g Layouts, call: &Call) -> Self {
        let mut children: BTreeMap<InstanceId, Vec<InstanceId>> = BTreeMap::new();
        for &instance in &call.instances {
            if let Arrival::Origin(origin) = graph.instances[instance].arrival {
                children.entry(origin).or_default().push(instance);
            }
        }
        Self { graph, layouts, children, contexts: Vec::new() }
    }

    fn select(
        &self,
        layout: LayoutId,
        subgraph: SubgraphId,
        declared: Option<TypeId>,
        (possible, opaque): (TypeSet, bool),
        instances: &[InstanceId],
    ) -> Selected {
        let graph = self.graph;
        let mut instances = instances.to_vec();
        instances.sort_by_key(|&id| (graph.instances[id].demand, id));
        instances.dedup();
        let mut fields: Vec<SelectedField> = Vec::new();
        let mut keys: BTreeSet<Name> = BTreeSet::new();
        for id in instances {
            // The runtime type is told by the typing of the selection itself.
            let Some(local_type) = graph.local_type(id) else { continue };
            let demand = &graph.demands[graph.instances[id].demand];
            let contexts = self.context_arguments(id);
            let same = |field: &&mut SelectedField| {
                field.cell == demand.cell && field.local_type == *local_type && field.contexts == contexts
            };
            if let Some(field) = fields.iter_mut().find(same) {
                field.instances.push(id);
                continue;
            }
            let name = self.layouts.get(demand.cell).key.name.clone();
            let mut key = name.clone();
            let mut number = 0;
            while !keys.insert(key.clone()) {
                key = format!("_h{number}").into();
                number += 1;
            }
            fields.push(SelectedField {
                key,
                name,
                arguments: demand.arguments.clone(),
                contexts,
                cell: demand.cell,
                local_type: local_type.clone(),
                instances: vec![id],
                child: None,
            });
        }
        for field in &mut fields {
            if let Some(child) = self.layouts.get(field.cell).child {
                let below: Vec<InstanceId> =
                    field.instances.iter().filter_map(|id| self.children.get(id)).flatten().copied().collect();
                let reached = reach(graph.supergraph, field.local_type.inner, subgraph);
                let declared = Some(field.local_type.inner);
                field.child = Some(Box::new(self.select(child, subgraph, declared, reached, &below)));
            }
        }
        Selected { layout, subgraph, declared, possible, opaque, fields }
    }

    /// An instance's arguments that are filled from contexts, with their variables. Only fields that
    /// are entered by key have any.
    fn context_arguments(&self, id: InstanceId) -> Vec<(Name, Name)> {
        let Some(provider) = self.graph.instances[id].provider else { return Vec::new() };
        let arguments = self.graph.supergraph.providers[provider].context_arguments.iter();
        arguments
            .filter_map(|argument| {
                let key = ContextKey::of(argument);
                let (_, variable) = self.contexts.iter().find(|(known, _)| *known == key)?;
                Some((argument.name.clone(), variable.clone()))
            })
            .collect()
    }
}

// === impl Selected ===

impl Selected {
    /// Whether answers must say each object's type.
    pub fn needs_typename(&self) -> bool {
        !self.opaque && self.possible.len() > 1
    }

    /// Whether a field can be selected on the declared type itself, with the same type.
    pub fn has_field(&self, supergraph: &Supergraph, field: &SelectedField) -> bool {
        let Some(declared) = self.declared else { return false };
        supergraph
            .field(declared, &field.name)
            .and_then(|id| supergraph.provider(id, self.subgraph))
            .is_some_and(|provider| supergraph.providers[provider].local_type == field.local_type)
    }

    /// All layouts whose objects the selection writes to.
    pub fn layouts(&self, into: &mut BTreeSet<LayoutId>) {
        if !self.fields.is_empty() || self.needs_typename() {
            into.insert(self.layout);
        }
        for child in self.fields.iter().filter_map(|field| field.child.as_ref()) {
            child.layouts(into);
        }
    }
}
