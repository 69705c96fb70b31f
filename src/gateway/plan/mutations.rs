//! Mutations: root fields in order, each from exactly one subgraph.
//!
//! The next field starts only when the previous one's whole subtree is done. Neighbours of one
//! subgraph share a document if all but the last need no further call: the subgraph itself keeps
//! their order.

use crate::graph::federation::ids::SubgraphId;
use crate::graph::federation::supergraph::SubgraphKind;

use super::error::PlanError;
use super::planner::Planner;
use super::render::Part;
use crate::gateway::operation::model::{Operation, Place, Selection, SelectionKind};
use crate::graph::language::ast::OperationKind;

/// The root fields of a mutation, in the order in which they run. One that is written several times runs
/// where it is first wanted, which conditions decide: it stands at each of its places, under the
/// condition that it is this one.
pub fn in_order(operation: &Operation) -> Vec<Selection> {
    if operation.kind != OperationKind::Mutation {
        return Vec::new();
    }
    let at = |item: &Selection, place: Place| match item.places[..] {
        [_] => item.clone(),
        _ => Selection { guard: place.guard, places: [place].into_iter().collect(), ..item.clone() },
    };
    let items = operation.root.items.iter();
    let mut all: Vec<Selection> =
        items.flat_map(|item| item.places.iter().map(move |&place| at(item, place))).collect();
    all.sort_by_key(|item| item.places.first().map(|place| place.position));
    all
}

/// Plans each root field, and joins neighbours where that keeps the order.
pub fn plan<'a>(planner: &mut Planner<'a>, items: &'a [Selection]) -> Result<Vec<Part<'a>>, PlanError> {
    let mut parts = Vec::new();
    let mut start = 0;
    while start < items.len() {
        let (subgraph, mut part) = cheapest(planner, &items[start])?;
        let mut end = start + 1;
        let joins =
            |subgraph: SubgraphId| !matches!(planner.supergraph.subgraphs[subgraph].kind, SubgraphKind::Connector(_));
        // In one document a field would stand once.
        let is_new = |end: usize| items[start..end].iter().all(|item| item.response_key != items[end].response_key);
        while end < items.len() && is_new(end) && part.solution.dag.calls.len() == 1 && subgraph.is_some_and(joins) {
            let (next, _) = cheapest(planner, &items[end])?;
            if next != subgraph {
                break;
            }
            end += 1;
            part = planner.part(&items[start..end], subgraph)?;
        }
        if !part.solution.dag.calls.is_empty() {
            parts.push(part);
        }
        start = end;
    }
    Ok(parts)
}

/// A root field's cheapest subgraph and plan; no subgraph for what needs no call.
fn cheapest<'a>(planner: &mut Planner<'a>, item: &'a Selection) -> Result<(Option<SubgraphId>, Part<'a>), PlanError> {
    let supergraph = planner.supergraph;
    let items = std::slice::from_ref(item);
    let mut candidates: Vec<SubgraphId> = match &item.kind {
        SelectionKind::Field(field) if field.denied.is_none() => {
            let providers = supergraph.fields[field.field].providers.iter();
            providers.map(|&provider| supergraph.providers[provider].subgraph).collect()
        }
        _ => return Ok((None, planner.part(items, None)?)),
    };
    candidates.sort_unstable();
    candidates.dedup();
    let mut best: Option<(SubgraphId, Part<'a>)> = None;
    let mut failure = PlanError::Unsatisfiable(vec!["no subgraph provides the field".into()]);
    for subgraph in candidates {
        match planner.part(items, Some(subgraph)) {
            Ok(part) if best.as_ref().is_none_or(|(_, best)| part.solution.cost < best.solution.cost) => {
                best = Some((subgraph, part));
            }
            Ok(_) => {}
            Err(error) => failure = error,
        }
    }
    best.map(|(subgraph, part)| (Some(subgraph), part)).ok_or(failure)
}
