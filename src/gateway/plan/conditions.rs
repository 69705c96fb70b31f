//! When each chosen demand is wanted: by the client, or by what needs it.

use crate::gateway::operation::guards::{GuardId, Guards};
use crate::platform::base::id::Id;

use super::choice::Choice;
use super::graph::{Arrival, DemandId, Graph, InstanceId};

/// The guard of each demand of a chosen plan.
#[derive(Debug)]
pub struct Conditions {
    demands: Vec<GuardId>,
}

// === impl Conditions ===

impl Conditions {
    /// A demand is wanted when the client wants it, when something below it is wanted, or when a key
    /// or a requirement of something wanted reads it.
    pub fn new(graph: &Graph<'_>, choice: &Choice, guards: &mut Guards) -> Self {
        let readers = readers(graph, choice);
        let mut conditions = Self { demands: vec![GuardId::NEVER; graph.demands.len()] };
        // Guards only grow, by disjunction over finitely many conditions, so this ends.
        let mut changed = true;
        while changed {
            changed = false;
            for (demand, readers) in graph.demands.ids().zip(&readers).rev() {
                let mut guard = graph.demands[demand].client.unwrap_or(GuardId::NEVER);
                for reader in readers {
                    guard = guards.or(guard, conditions.demands[reader.index()]);
                }
                if guard != conditions.demands[demand.index()] {
                    conditions.demands[demand.index()] = guard;
                    changed = true;
                }
            }
        }
        conditions
    }

    /// When any of some instances is wanted.
    pub fn any(&self, graph: &Graph<'_>, guards: &mut Guards, instances: &[InstanceId]) -> GuardId {
        instances.iter().fold(GuardId::NEVER, |guard, &instance| {
            guards.or(guard, self.demands[graph.instances[instance].demand.index()])
        })
    }
}

/// For each demand what reads it in a choice, as its key or requirement, or below it.
pub fn readers(graph: &Graph<'_>, choice: &Choice) -> Vec<Vec<DemandId>> {
    let mut readers: Vec<Vec<DemandId>> = vec![Vec::new(); graph.demands.len()];
    for &instance in &choice.instances {
        let node = &graph.instances[instance];
        node.needs.all.iter().for_each(|need| readers[need.index()].push(node.demand));
        match node.arrival {
            Arrival::Enter(enter) => {
                graph.enters[enter].needs.all.iter().for_each(|need| readers[need.index()].push(node.demand));
            }
            Arrival::Origin(origin) => readers[graph.instances[origin].demand.index()].push(node.demand),
            Arrival::Root => {}
        }
    }
    readers
}
