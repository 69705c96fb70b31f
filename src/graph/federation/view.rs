//! What one connector yields, by type: the graph as seen through its output tree.
//!
//! A type that occurs at two places of one tree may have other fields at each. A field that is
//! missing at one of its type's places is *conditional*: external in the connector's subgraph and
//! opened, where it is there, by what the landing provides.

use std::collections::{BTreeMap, BTreeSet};

use crate::graph::connect::OutputField;
use crate::platform::base::span::Span;

use super::field_set::FieldSetNode;
use super::ids::{FieldId, TypeId, TypeSet};
use super::resolve::canonical;
use super::supergraph::Supergraph;

/// Types and fields that occur in an output tree.
#[derive(Debug, Default)]
pub(super) struct View {
    /// For each object type, the fields it has at each of its places.
    places: BTreeMap<TypeId, Vec<BTreeSet<FieldId>>>,
    /// For each abstract type, the object types that occur.
    possible: BTreeMap<TypeId, TypeSet>,
    /// Fields that the graph does not have.
    pub(super) unknown: Vec<(TypeId, Span)>,
}

// === impl View ===

impl View {
    /// Adds what `nodes` yield for a value of type `ty`.
    pub(super) fn add(&mut self, graph: &Supergraph, ty: TypeId, nodes: &[OutputField]) {
        if graph.types[ty].is_abstract() {
            for class in classes(graph, ty, nodes) {
                self.possible.entry(ty).or_default().insert(class);
                self.add_object(graph, class, &of_class(graph, class, nodes));
            }
        } else if graph.types[ty].is_composite() {
            self.add_object(graph, ty, &nodes.iter().collect::<Vec<_>>());
        }
    }

    fn add_object(&mut self, graph: &Supergraph, ty: TypeId, nodes: &[&OutputField]) {
        let mut here = BTreeSet::new();
        for node in nodes {
            match graph.field(ty, &node.name) {
                Some(field) => {
                    here.insert(field);
                    self.add(graph, graph.fields[field].ty.inner, &node.children);
                }
                None => self.unknown.push((ty, node.span)),
            }
        }
        self.places.entry(ty).or_default().push(here);
    }

    /// Object types in order, each with its fields.
    pub(super) fn objects(&self) -> impl Iterator<Item = (TypeId, BTreeSet<FieldId>)> + '_ {
        self.places.iter().map(|(&ty, places)| (ty, places.iter().flatten().copied().collect()))
    }

    /// Abstract types in order, each with the object types that occur.
    pub(super) fn abstracts(&self) -> impl Iterator<Item = (TypeId, &TypeSet)> {
        self.possible.iter().map(|(&ty, possible)| (ty, possible))
    }

    /// Whether an object type has `field` at some of its places only.
    pub(super) fn is_conditional(&self, ty: TypeId, field: FieldId) -> bool {
        self.places.get(&ty).is_some_and(|places| places.iter().any(|place| !place.contains(&field)))
    }

    /// The conditional fields that `nodes` do yield, with the way to them.
    pub(super) fn opened(&self, graph: &Supergraph, ty: TypeId, nodes: &[OutputField]) -> Vec<FieldSetNode> {
        if !graph.types[ty].is_abstract() {
            return self.opened_object(graph, ty, &nodes.iter().collect::<Vec<_>>());
        }
        let mut fragments = Vec::new();
        for class in classes(graph, ty, nodes) {
            let selections = self.opened_object(graph, class, &of_class(graph, class, nodes));
            if !selections.is_empty() {
                fragments.push(FieldSetNode::Fragment { on: class, selections });
            }
        }
        canonical(fragments)
    }

    fn opened_object(&self, graph: &Supergraph, ty: TypeId, nodes: &[&OutputField]) -> Vec<FieldSetNode> {
        let mut opened = Vec::new();
        for node in nodes {
            let Some(field) = graph.field(ty, &node.name) else { continue };
            let selections = self.opened(graph, graph.fields[field].ty.inner, &node.children);
            if self.is_conditional(ty, field) || !selections.is_empty() {
                opened.push(FieldSetNode::Field { field, arguments: Vec::new(), selections });
            }
        }
        canonical(opened)
    }
}

/// The object types an abstract value can be: those the nodes name, or all when they name none.
fn classes(graph: &Supergraph, ty: TypeId, nodes: &[OutputField]) -> Vec<TypeId> {
    let possible = &graph.types[ty].possible;
    let named = nodes.iter().filter_map(|node| graph.type_id(node.on.as_ref()?));
    let named: TypeSet = named.filter(|&class| possible.contains(class)).collect();
    if named.is_empty() { possible.iter().collect() } else { named.iter().collect() }
}

fn of_class<'n>(graph: &Supergraph, class: TypeId, nodes: &'n [OutputField]) -> Vec<&'n OutputField> {
    let name = &graph.types[class].name;
    nodes.iter().filter(|node| node.on.as_ref().is_none_or(|on| on == name)).collect()
}
