//! The programs that build representations from slots.

use crate::gateway::operation::guards::{GuardId, Guards};
use crate::graph::federation::field_set::FieldSetNode;
use crate::graph::federation::ids::{SubgraphId, TypeSet};
use crate::platform::base::Name;
use crate::sources::rows::shape::SlotIndex;

use super::conditions::Conditions;
use super::emit_fetches::{List, Way};
use super::graph::{Graph, PositionId};
use super::layout::{Layouts, Numbering};
use super::model::{Representation, RepresentationField, RepresentationType, RepresentationValue};
use super::selection::list_types;
use super::sites::cell_key;

/// Compiles representations.
pub struct Compiler<'c, 'a> {
    /// What is planned.
    pub graph: &'c Graph<'a>,
    /// Where the values stand.
    pub layouts: &'c Layouts,
    /// Their final numbers.
    pub numbering: &'c mut Numbering,
    /// When each value is wanted.
    pub conditions: &'c Conditions,
    /// The guards.
    pub guards: &'c mut Guards,
    /// Who reads the representations.
    pub subgraph: SubgraphId,
}

/// What holds for all fields of one field set.
#[derive(Clone)]
struct Terms {
    key: bool,
    required_by: Vec<SlotIndex>,
    guard: GuardId,
    types: TypeSet,
}

// === impl Compiler ===

impl Compiler<'_, '_> {
    /// What is sent for each object of a list that is wanted under `guard`.
    pub fn representation(&mut self, list: &List, guard: GuardId) -> Representation {
        let graph = self.graph;
        let mut fields = Vec::new();
        for &enter in &list.enters {
            let enter = &graph.enters[enter];
            let class = &graph.positions[enter.position].classes[enter.class];
            let terms =
                Terms { key: true, required_by: Vec::new(), guard: GuardId::ALWAYS, types: class.types.clone() };
            let key = graph.supergraph.entries[enter.entry].key;
            let nodes = &graph.supergraph.field_sets[key].selections;
            self.add(enter.position, enter.class, nodes, &terms, &mut fields);
        }
        for &instance in &list.instances {
            let node = &graph.instances[instance];
            let requires = node.provider.and_then(|provider| graph.supergraph.providers[provider].requires);
            let Some(requires) = requires else { continue };
            let demand = &graph.demands[node.demand];
            let wanted = self.conditions.any(graph, self.guards, &[instance]);
            let terms = Terms {
                key: false,
                required_by: vec![self.numbering.slot(self.layouts, demand.cell)],
                guard: if wanted == guard { GuardId::ALWAYS } else { wanted },
                types: graph.class_of(node.demand).types.clone(),
            };
            let nodes = &graph.supergraph.field_sets[requires].selections;
            self.add(demand.position, demand.class, nodes, &terms, &mut fields);
        }
        let types = list_types(graph, list);
        self.settle(&mut fields, &types);
        let name = |ty| graph.supergraph.types[ty].name.clone();
        let typename = match list.key.way {
            Way::Connector(_) | Way::FieldConnector(..) => RepresentationType::None,
            Way::Interface(ty) | Way::InterfaceObject(ty) => RepresentationType::Fixed(name(ty)),
            Way::Entity => match (types.first(), types.len()) {
                (Some(only), 1) => RepresentationType::Fixed(name(only)),
                _ => RepresentationType::Runtime,
            },
        };
        Representation { typename, fields }
    }

    /// Where one value stands that a field set selects of objects of a class.
    pub(super) fn add_value(
        &mut self,
        position: PositionId,
        class: usize,
        nodes: &[FieldSetNode],
        (guard, types): (GuardId, TypeSet),
        into: &mut Vec<RepresentationField>,
    ) {
        let terms = Terms { key: false, required_by: Vec::new(), guard, types };
        self.add(position, class, nodes, &terms, into);
    }

    fn add(
        &mut self,
        position: PositionId,
        class: usize,
        nodes: &[FieldSetNode],
        terms: &Terms,
        into: &mut Vec<RepresentationField>,
    ) {
        let (graph, supergraph) = (self.graph, self.graph.supergraph);
        let at = &graph.positions[position];
        let of_class = &at.classes[class];
        for node in nodes {
            match node {
                FieldSetNode::Typename => {}
                FieldSetNode::Fragment { on, selections } => {
                    if of_class.nameless || of_class.types.intersects(&supergraph.types[*on].possible) {
                        self.add(position, class, selections, terms, into);
                    }
                }
                FieldSetNode::Field { field, arguments, selections } => {
                    let name = supergraph.fields[*field].name.clone();
                    let Some(coordinate) = supergraph.field(of_class.representative, &name) else { continue };
                    let key = cell_key(supergraph, coordinate, arguments, None);
                    let Some(cell) = self.layouts.find(at.layout, &key) else { continue };
                    let Some(&demand) = at.demands.get(&(class, cell)) else { continue };
                    let slot = self.numbering.slot(self.layouts, cell);
                    let index = self.field(into, name, slot, terms, key.composite);
                    let ty = &supergraph.fields[coordinate].ty;
                    into[index].non_null = ty.lists.iter().copied().chain([ty.inner_non_null]).collect();
                    let child = graph.demands[demand].child;
                    if let (Some(child), RepresentationValue::Object(mut below)) =
                        (child, std::mem::replace(&mut into[index].value, RepresentationValue::Leaf))
                    {
                        self.add_below(child, selections, terms, &mut below);
                        into[index].value = RepresentationValue::Object(below);
                    }
                }
            }
        }
    }

    fn add_below(
        &mut self,
        child: PositionId,
        nodes: &[FieldSetNode],
        terms: &Terms,
        below: &mut Vec<RepresentationField>,
    ) {
        let (at, supergraph) = (&self.graph.positions[child], self.graph.supergraph);
        let is_abstract = supergraph.types[at.declared].is_abstract();
        // What fills arguments goes no further; the type decides which alternative does.
        let fills_arguments = || supergraph.lookups.iter().any(|lookup| lookup.subgraph == self.subgraph);
        let known = || supergraph.local(at.declared, self.subgraph).is_some() || fills_arguments();
        if is_abstract && known() {
            match below.iter_mut().find(|field| field.value == RepresentationValue::Typename) {
                // Each that reads something here reads the type, too.
                Some(typename) => {
                    typename.guard = self.guards.or(typename.guard, terms.guard);
                    typename.key |= terms.key;
                }
                None => below.push(RepresentationField {
                    name: "__typename".into(),
                    slot: SlotIndex(0),
                    key: terms.key,
                    required_by: Vec::new(),
                    non_null: Vec::new(),
                    guard: terms.guard,
                    on: Some(at.types.clone()),
                    value: RepresentationValue::Typename,
                }),
            }
        }
        for class in 0..at.classes.len() {
            let types = at.classes[class].types.clone();
            self.add(child, class, nodes, &Terms { types, ..terms.clone() }, below);
        }
        let all = at.types.clone();
        self.settle(below, &all);
    }

    /// The field called `name`, which all that select it share; fields of that name that are something
    /// else for other types have slots of their own.
    fn field(
        &mut self,
        into: &mut Vec<RepresentationField>,
        name: Name,
        slot: SlotIndex,
        terms: &Terms,
        composite: bool,
    ) -> usize {
        if let Some(index) = into.iter().position(|field| field.name == name && field.slot == slot) {
            let field = &mut into[index];
            let guard = self.guards.or(field.guard, terms.guard);
            field.guard = guard;
            field.key |= terms.key;
            let more = terms.required_by.iter().filter(|slot| !field.required_by.contains(slot));
            field.required_by.extend(more.copied().collect::<Vec<_>>());
            if let Some(on) = &mut field.on {
                on.extend_from(&terms.types);
            }
            return index;
        }
        into.push(RepresentationField {
            name,
            slot,
            key: terms.key,
            required_by: terms.required_by.clone(),
            non_null: Vec::new(),
            guard: terms.guard,
            on: Some(terms.types.clone()),
            value: if composite { RepresentationValue::Object(Vec::new()) } else { RepresentationValue::Leaf },
        });
        into.len() - 1
    }

    /// Drops conditions that all objects meet.
    fn settle(&self, fields: &mut [RepresentationField], all: &TypeSet) {
        for field in fields {
            if field.on.as_ref().is_some_and(|on| all.is_subset(on)) {
                field.on = None;
            }
        }
    }
}
