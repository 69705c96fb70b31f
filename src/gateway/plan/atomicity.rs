//! A field selected of all objects of a position, whatever their type, comes from one copy of them.
//!
//! Where the objects of an abstract position can come from several subgraphs, those are copies of one
//! thing. A field outside type conditions asks any such copy, so at least one origin must be able to
//! serve it for each runtime type that it yields, with hops from itself where needed. If each copy can
//! serve only a part, the answer would be stitched from copies that were never meant to be complete:
//! the operation is refused. Fields under different type conditions may use different origins.

use super::fixpoint::Liveness;
use super::graph::{Arrival, DemandId, Graph, InstanceId, PositionId};

/// Sentences about the fields that no single origin can serve.
pub fn split_fields(graph: &Graph<'_>, live: &Liveness) -> Vec<String> {
    let mut found = Vec::new();
    for (position, demands) in &graph.atomic {
        let wanted: Vec<DemandId> =
            demands.iter().copied().filter(|&demand| graph.demands[demand].client.is_some()).collect();
        // A dead demand is refused with better reasons.
        if wanted.len() < 2 || wanted.iter().any(|&demand| live.demand(demand).is_none()) {
            continue;
        }
        let origins = live_origins(graph, live, *position);
        if origins.len() < 2 || origins.iter().any(|&origin| serves_locally(graph, live, origin, &wanted)) {
            continue;
        }
        let alone = |origin: &InstanceId| {
            let alone = Liveness::from_one_origin(graph, *position, *origin);
            yielded(graph, *origin, &wanted).all(|demand| alone.demand(demand).is_some())
        };
        if !origins.iter().any(alone) {
            found.push(refusal(graph, &origins, wanted[0]));
        }
    }
    found
}

fn live_origins(graph: &Graph<'_>, live: &Liveness, position: PositionId) -> Vec<InstanceId> {
    graph.origins(position).into_iter().filter(|&origin| live.instance(origin).is_some()).collect()
}

/// The demands of classes that an origin yields; the others are vacuous there.
fn yielded<'d>(graph: &Graph<'_>, origin: InstanceId, demands: &'d [DemandId]) -> impl Iterator<Item = DemandId> + 'd {
    let (reached, nameless) = graph.reach(origin);
    let of_origin: Vec<bool> =
        demands.iter().map(|&demand| nameless || graph.class_of(demand).types.intersects(&reached)).collect();
    demands.iter().copied().zip(of_origin).filter(|(_, yields)| *yields).map(|(demand, _)| demand)
}

/// Whether an origin has the field of all its classes itself, which mostly needs no further look.
fn serves_locally(graph: &Graph<'_>, live: &Liveness, origin: InstanceId, demands: &[DemandId]) -> bool {
    yielded(graph, origin, demands).all(|demand| {
        graph.demands[demand].options.iter().any(|&option| {
            graph.instances[option].arrival == Arrival::Origin(origin) && live.instance(option).is_some()
        })
    })
}

fn refusal(graph: &Graph<'_>, origins: &[InstanceId], demand: DemandId) -> String {
    let supergraph = graph.supergraph;
    let node = &graph.demands[demand];
    let declared = &supergraph.types[graph.positions[node.position].declared].name;
    let field = node.field.map_or("__typename", |field| &supergraph.fields[field].name);
    let mut names: Vec<&str> =
        origins.iter().map(|&origin| &*supergraph.subgraphs[graph.instances[origin].subgraph].name).collect();
    names.sort_unstable();
    names.dedup();
    format!(
        "{declared}.{field}: of the subgraphs that give the objects ({}), none can serve it for all their types",
        names.join(", ")
    )
}
