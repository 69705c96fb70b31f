//! What the client's demands come to once it is known what can be had: preferences between an
//! interface's own fields and its types', vacuous types, partial unions; and refusals with reasons.

use crate::gateway::operation::guards::GuardId;
use crate::graph::federation::ids::TypeSet;
use crate::graph::language::ast::TypeKind;

use super::atomicity;
use super::error::PlanError;
use super::fixpoint::Liveness;
use super::graph::{Demand, DemandId, Graph, PositionId};
use super::reasons;

/// Settles which client demands stand, and refuses those that nobody can meet.
///
/// The demands that must be met, in order.
pub fn settle(graph: &mut Graph<'_>, live: &Liveness) -> Result<Vec<DemandId>, PlanError> {
    prefer_interfaces(graph, live);
    drop_vacuous(graph, live);
    let split = atomicity::split_fields(graph, live);
    if !split.is_empty() {
        return Err(PlanError::Unsatisfiable(split));
    }
    let mut wanted = Vec::new();
    let mut dead = Vec::new();
    for (id, demand) in graph.demands.iter_enumerated() {
        match (demand.client, live.demand(id)) {
            (None, _) => {}
            (Some(_), Some(_)) => wanted.push(id),
            (Some(_), None) => dead.push(id),
        }
    }
    if dead.is_empty() {
        return Ok(wanted);
    }
    // What lies below something dead says nothing new.
    let is_top = |id: &DemandId| {
        graph.positions[graph.demands[*id].position].parent.is_none_or(|parent| live.demand(parent).is_some())
    };
    Err(PlanError::Unsatisfiable(
        dead.iter().copied().filter(is_top).map(|id| reasons::why_dead(graph, live, id)).collect(),
    ))
}

/// A field wanted of all objects where some have no name is the interface's own if that is live with
/// all that is wanted below it, and each type's otherwise. Where no type can have a name there is
/// nothing else to turn to.
fn prefer_interfaces(graph: &mut Graph<'_>, live: &Liveness) {
    // What is further down, which was demanded later, is settled first: it decides whether all is live there.
    for of_interface in std::mem::take(&mut graph.either).into_iter().rev() {
        let Demand { position, cell, client: filled, .. } = graph.demands[of_interface];
        let of_classes: Vec<DemandId> = (0..graph.positions[position].classes.len())
            .filter_map(|class| graph.positions[position].demands.get(&(class, cell)).copied())
            .filter(|&demand| demand != of_interface)
            .collect();
        let mut of_types = of_classes.iter().filter(|&&demand| live.may_occur(graph, demand));
        let interface_will_do = live.demand(of_interface).is_some()
            && (is_whole(graph, live, of_interface) || !of_types.all(|&demand| is_whole(graph, live, demand)));
        if interface_will_do {
            // What a type condition selects besides is still the class's own, unless it is a leaf
            // whose cell the interface's value fills whenever it is wanted.
            for demand in of_classes {
                let own = graph.conditional.get(&demand).copied();
                let is_filled = filled == Some(GuardId::ALWAYS) || filled == own;
                let composite = graph.demands[demand].composite;
                graph.demands[demand].client = own.filter(|_| composite || !is_filled);
                if composite && own.is_some() {
                    drop_filled(graph, live, of_interface, demand);
                }
            }
        } else if graph.positions[position].classes.len() > 1 {
            unmark_below(graph, of_interface);
        }
    }
}

/// Whether a demand is live with all that the client wants below it.
fn is_whole(graph: &Graph<'_>, live: &Liveness, top: DemandId) -> bool {
    let mut open = vec![top];
    while let Some(demand) = open.pop() {
        if live.demand(demand).is_none() {
            return false;
        }
        let below = graph.demands[demand].child.map(|child| graph.positions[child].demands.values());
        let wanted = |&&demand: &&DemandId| graph.demands[demand].client.is_some() && live.may_occur(graph, demand);
        open.extend(below.into_iter().flatten().filter(wanted));
    }
    true
}

/// Drops what is wanted below one type's objects where the interface's objects, which are the same
/// ones and more, are asked for it whenever it is wanted.
fn drop_filled(graph: &mut Graph<'_>, live: &Liveness, of_interface: DemandId, of_class: DemandId) {
    let mut open = vec![(of_interface, of_class)];
    while let Some((of_interface, of_class)) = open.pop() {
        let children = (graph.demands[of_interface].child, graph.demands[of_class].child);
        let (Some(filling), Some(position)) = children else { continue };
        for demand in graph.positions[position].demands.values().copied().collect::<Vec<_>>() {
            let Demand { cell, client: wanted @ Some(_), composite, .. } = graph.demands[demand] else { continue };
            let types = &graph.class_of(demand).types;
            let classes = graph.positions[filling].classes.iter().enumerate();
            let mut fillers = classes
                .filter(|(_, class)| class.nameless || types.is_subset(&class.types))
                .filter_map(|(class, _)| graph.positions[filling].demands.get(&(class, cell)).copied());
            let fills = |&filler: &DemandId| {
                let when = graph.demands[filler].client;
                (when == wanted || when == Some(GuardId::ALWAYS)) && live.may_occur(graph, filler)
            };
            let Some(filler) = fillers.find(fills) else { continue };
            if composite {
                open.push((filler, demand));
            } else {
                graph.demands[demand].client = None;
            }
        }
    }
}

fn unmark_below(graph: &mut Graph<'_>, top: DemandId) {
    let mut open = vec![top];
    while let Some(demand) = open.pop() {
        graph.demands[demand].client = None;
        if let Some(child) = graph.demands[demand].child {
            open.extend(graph.positions[child].demands.values().copied());
        }
    }
}

/// Drops demands of types that no live origin can yield, of excluded members of partial unions, and
/// all that lies below a dropped demand.
fn drop_vacuous(graph: &mut Graph<'_>, live: &Liveness) {
    for position in graph.positions.ids() {
        let Some(parent) = graph.positions[position].parent else { continue };
        let dropped_above = graph.demands[parent].client.is_none();
        let common = common_members(graph, live, position);
        for demand in graph.positions[position].demands.values().copied().collect::<Vec<_>>() {
            let class = graph.class_of(demand);
            let excluded = common.as_ref().is_some_and(|common| !class.nameless && !class.types.is_subset(common));
            // A dead parent keeps its children's marks: the refusal names the parent.
            let vacuous = (!live.may_occur(graph, demand) && live.demand(parent).is_some()) || excluded;
            if dropped_above || vacuous {
                graph.demands[demand].client = None;
            }
        }
    }
}

/// Where a union can come from several subgraphs whose members differ, only the common members can
/// be relied upon.
fn common_members(graph: &Graph<'_>, live: &Liveness, position: PositionId) -> Option<TypeSet> {
    if graph.supergraph.types[graph.positions[position].declared].kind != TypeKind::Union {
        return None;
    }
    let mut sets: Vec<TypeSet> = Vec::new();
    for origin in graph.origins(position) {
        let (reached, nameless) = graph.reach(origin);
        if live.instance(origin).is_some() && !nameless {
            sets.push(reached);
        }
    }
    let first = sets.first()?.clone();
    Some(sets.iter().fold(first, |common, set| common.intersection(set)))
}
