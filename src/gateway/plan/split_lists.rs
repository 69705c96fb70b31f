//! Takes lists apart again that join objects of several positions, where an object of one would be
//! asked for what only those of another lack, or for what requires something only those have.

use std::collections::BTreeSet;

use crate::graph::federation::supergraph::SubgraphKind;

use super::choice::Choice;
use super::emit_fetches::{Call, CallId, Dag, List, requires_too_much};
use super::graph::{Arrival, Graph, InstanceId, PositionId};

/// Splits such lists of GraphQL calls by position. The calls stay the same ones.
pub fn split(graph: &Graph<'_>, choice: &Choice, dag: &mut Dag) {
    let calls: Vec<CallId> = dag.calls.ids().collect();
    for id in calls {
        let call = &dag.calls[id];
        if matches!(graph.supergraph.subgraphs[call.subgraph].kind, SubgraphKind::Connector(_)) {
            continue;
        }
        let split = |list: &List| match requires_too_much(graph, list) || asks_again(graph, choice, call, list) {
            true => by_position(graph, list),
            false => vec![list.clone()],
        };
        dag.calls[id].lists = call.lists.iter().flat_map(split).collect();
    }
}

/// Whether an object the list completes has from another call what the list asks for.
fn asks_again(graph: &Graph<'_>, choice: &Choice, call: &Call, list: &List) -> bool {
    let positions: BTreeSet<PositionId> = list.enters.iter().map(|&enter| graph.enters[enter].position).collect();
    if positions.len() < 2 {
        return false;
    }
    let tree = tree(graph, call, list);
    let reached: BTreeSet<PositionId> =
        tree.iter().map(|&id| graph.demands[graph.instances[id].demand].position).collect();
    tree.iter().any(|&id| {
        let demand = &graph.demands[graph.instances[id].demand];
        let (layout, types) =
            (graph.positions[demand.position].layout, &graph.class_of(graph.instances[id].demand).types);
        let others = reached.iter().filter(|&&other| other != demand.position);
        others.map(|&other| &graph.positions[other]).filter(|other| other.layout == layout).any(|other| {
            other.classes.iter().enumerate().any(|(class, of)| {
                let same = other.demands.get(&(class, demand.cell)).filter(|_| of.types.intersects(types));
                same.and_then(|&same| choice.pick(same)).is_some_and(|pick| !tree.contains(&pick))
            })
        })
    })
}

/// What a call produces of the objects of a list, and below them.
fn tree(graph: &Graph<'_>, call: &Call, list: &List) -> BTreeSet<InstanceId> {
    let mut tree: BTreeSet<InstanceId> = list.instances.iter().copied().collect();
    loop {
        let below = |&id: &InstanceId| match graph.instances[id].arrival {
            Arrival::Origin(origin) => tree.contains(&origin) && !tree.contains(&id),
            Arrival::Root | Arrival::Enter(_) => false,
        };
        let more: Vec<InstanceId> = call.instances.iter().copied().filter(below).collect();
        if more.is_empty() {
            return tree;
        }
        tree.extend(more);
    }
}

fn by_position(graph: &Graph<'_>, list: &List) -> Vec<List> {
    let positions: BTreeSet<PositionId> = list.enters.iter().map(|&enter| graph.enters[enter].position).collect();
    let of = |position: PositionId| List {
        key: list.key.clone(),
        enters: list.enters.iter().copied().filter(|&enter| graph.enters[enter].position == position).collect(),
        instances: list
            .instances
            .iter()
            .copied()
            .filter(|&id| graph.demands[graph.instances[id].demand].position == position)
            .collect(),
    };
    positions.into_iter().map(of).collect()
}
