//! Fields of abstract types that only some selections can have.
//!
//! Where the objects at a place can come from several subgraphs, those are copies of one thing, and
//! the planner takes a field that is selected of all of them from one copy. And an interface without
//! implementations in a subgraph yields objects of which nothing is known but the interface. Both
//! compose, since each type can be asked by itself; what cannot be asked is told here.

use std::collections::BTreeSet;

use crate::graph::federation::ids::{FieldId, SubgraphId, TypeId};
use crate::graph::federation::supergraph::Supergraph;
use crate::graph::liveness::{Arrival, Reach};

/// A field that cannot be had of all objects at a place.
pub(super) struct Partial {
    /// The field of the abstract type.
    pub(super) field: FieldId,
    /// Why, a sentence for each subgraph that yields the objects.
    pub(super) reasons: Vec<String>,
}

/// The fields of `declared` that cannot be selected of all objects which these arrivals yield.
pub(super) fn fields(reach: &mut Reach<'_>, declared: TypeId, arrivals: &[Arrival]) -> Vec<Partial> {
    let graph = reach.graph();
    let def = &graph.types[declared];
    if !def.is_abstract() || def.field_order.is_empty() {
        return Vec::new();
    }
    let asked: Vec<FieldId> =
        def.field_order.iter().copied().filter(|&field| !graph.fields[field].inaccessible).collect();
    if reach.classes(declared, arrivals).is_empty() {
        return asked.into_iter().filter_map(|field| nameless(reach, declared, arrivals, field)).collect();
    }
    let copies: BTreeSet<SubgraphId> = arrivals.iter().map(|arrival| arrival.subgraph).collect();
    if copies.len() < 2 {
        return Vec::new();
    }
    asked.into_iter().filter_map(|field| split(reach, declared, arrivals, field)).collect()
}

/// A field of objects of which only the interface is known.
fn nameless(reach: &mut Reach<'_>, declared: TypeId, arrivals: &[Arrival], field: FieldId) -> Option<Partial> {
    let graph = reach.graph();
    let is_opaque =
        |arrival: &Arrival| graph.local(arrival.local, arrival.subgraph).is_some_and(|local| local.interface_object);
    let here = arrivals.iter().map(|arrival| Arrival { opaque: is_opaque(arrival), ..*arrival });
    let state = reach.settled(declared, here.collect());
    if !reach.advance(state, field).is_empty() {
        return None;
    }
    let subgraphs: BTreeSet<SubgraphId> = arrivals.iter().map(|arrival| arrival.subgraph).collect();
    let reasons = subgraphs.into_iter().map(|subgraph| {
        let (name, ty) = (&graph.subgraphs[subgraph].name, &graph.types[declared].name);
        format!("subgraph \"{name}\" has no implementation of `{ty}`, nor the field itself")
    });
    Some(Partial { field, reasons: reasons.collect() })
}

/// A field that no copy has for all of its types, but one for some.
fn split(reach: &mut Reach<'_>, declared: TypeId, arrivals: &[Arrival], field: FieldId) -> Option<Partial> {
    let graph = reach.graph();
    let mut reasons = Vec::new();
    let mut partly = false;
    for &arrival in arrivals {
        let (has, lacks): (Vec<TypeId>, Vec<TypeId>) =
            yielded(reach, declared, arrival).into_iter().partition(|&class| serves(reach, class, arrival, field));
        if lacks.is_empty() {
            return None;
        }
        partly |= !has.is_empty();
        reasons.push(reason(graph, arrival.subgraph, &lacks));
    }
    reasons.sort();
    reasons.dedup();
    partly.then_some(Partial { field, reasons })
}

fn reason(graph: &Supergraph, subgraph: SubgraphId, lacks: &[TypeId]) -> String {
    let types: Vec<String> = lacks.iter().map(|&class| format!("`{}`", graph.types[class].name)).collect();
    format!("from subgraph \"{}\" it cannot be had of {}", graph.subgraphs[subgraph].name, types.join(", "))
}

/// The types that clients can meet of one copy.
fn yielded(reach: &Reach<'_>, declared: TypeId, arrival: Arrival) -> Vec<TypeId> {
    let graph = reach.graph();
    let classes = reach.classes(declared, &[arrival]).into_iter().map(|(class, _)| class);
    classes.filter(|&class| !graph.types[class].inaccessible).collect()
}

/// Whether the field can be had of objects of one type, starting from one copy alone.
fn serves(reach: &mut Reach<'_>, class: TypeId, arrival: Arrival, field: FieldId) -> bool {
    let graph = reach.graph();
    let Some(own) = graph.field(class, &graph.fields[field].name) else { return true };
    let Some((_, arrivals)) = reach.classes(class, &[arrival]).pop() else { return true };
    let state = reach.settled(class, arrivals);
    !reach.advance(state, own).is_empty()
}
