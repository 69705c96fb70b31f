//! Which nodes of the graph can be had at all, by least fixpoint, and in which round: its *rank*.
//!
//! Every need of a node ranks below it, so choosing the option of least rank everywhere gives a
//! plan without cycles: what is live can always be planned.

use crate::platform::base::id::Id;

use super::graph::{Arrival, DemandId, EnterId, Graph, Instance, InstanceId, Needs, PositionId};

/// Ranks of the live nodes.
#[derive(Debug)]
pub struct Liveness {
    demands: Vec<Option<u32>>,
    instances: Vec<Option<u32>>,
    enters: Vec<Option<u32>>,
}

// === impl Liveness ===

impl Liveness {
    /// Computes the fixpoint, and turns the needs of types that may occur into firm ones.
    pub fn settle(graph: &mut Graph<'_>) -> Self {
        let first = Self::compute(graph);
        let needed: Vec<bool> = graph.demands.ids().map(|demand| first.is_needed(graph, demand)).collect();
        let settle = |needs: &mut Needs| {
            let possible = std::mem::take(&mut needs.possible);
            needs.all.extend(possible.into_iter().filter(|demand| needed[demand.index()]));
            needs.all.sort_unstable();
            needs.all.dedup();
        };
        graph.enters.iter_mut().for_each(|enter| settle(&mut enter.needs));
        graph.instances.iter_mut().for_each(|instance| settle(&mut instance.needs));
        Self::compute(graph)
    }

    /// Whether a value of one of several types must be had. Below what is dead the type of what is above
    /// decides.
    fn is_needed(&self, graph: &Graph<'_>, demand: DemandId) -> bool {
        let mut at = demand;
        while let Some(parent) = graph.positions[graph.demands[at].position].parent {
            if self.demand(parent).is_some() {
                return self.may_occur(graph, at);
            }
            at = parent;
        }
        true
    }

    /// Whether some live origin yields objects of a demand's class.
    pub fn may_occur(&self, graph: &Graph<'_>, demand: DemandId) -> bool {
        let class = graph.class_of(demand);
        graph.origins(graph.demands[demand].position).into_iter().any(|origin| {
            let (reached, nameless) = graph.reach(origin);
            self.instance(origin).is_some() && (nameless || class.nameless || class.types.is_subset(&reached))
        })
    }

    /// What could be had if the objects of a position came from one of its origins alone.
    pub fn from_one_origin(graph: &Graph<'_>, position: PositionId, origin: InstanceId) -> Self {
        Self::compute_where(graph, |instance| match instance.arrival {
            Arrival::Origin(other) => graph.demands[instance.demand].position != position || other == origin,
            Arrival::Root | Arrival::Enter(_) => true,
        })
    }

    fn compute(graph: &Graph<'_>) -> Self {
        Self::compute_where(graph, |_| true)
    }

    fn compute_where(graph: &Graph<'_>, allowed: impl Fn(&Instance<'_>) -> bool) -> Self {
        let mut live = Self {
            demands: vec![None; graph.demands.len()],
            instances: vec![None; graph.instances.len()],
            enters: vec![None; graph.enters.len()],
        };
        let mut rank = 0;
        loop {
            let enters: Vec<EnterId> = graph
                .enters
                .iter_enumerated()
                .filter(|(id, enter)| live.enters[id.index()].is_none() && live.holds(&enter.needs))
                .filter(|(_, enter)| {
                    graph.origins(enter.position).iter().any(|&origin| live.instance(origin).is_some())
                })
                .map(|(id, _)| id)
                .collect();
            let instances: Vec<InstanceId> = graph
                .instances
                .iter_enumerated()
                .filter(|(id, instance)| live.instances[id.index()].is_none() && live.holds(&instance.needs))
                .filter(|(_, instance)| allowed(instance))
                .filter(|(_, instance)| match instance.arrival {
                    Arrival::Root => true,
                    Arrival::Origin(origin) => live.instance(origin).is_some(),
                    Arrival::Enter(enter) => live.enters[enter.index()].is_some(),
                })
                .map(|(id, _)| id)
                .collect();
            if enters.is_empty() && instances.is_empty() {
                return live;
            }
            rank += 1;
            for enter in enters {
                live.enters[enter.index()] = Some(rank);
            }
            for instance in instances {
                live.instances[instance.index()] = Some(rank);
                live.demands[graph.instances[instance].demand.index()].get_or_insert(rank);
            }
        }
    }

    fn holds(&self, needs: &Needs) -> bool {
        !needs.impossible && needs.all.iter().all(|&demand| self.demand(demand).is_some())
    }

    /// The rank of a demand, if it is live.
    pub fn demand(&self, demand: DemandId) -> Option<u32> {
        self.demands[demand.index()]
    }

    /// The rank of an instance, if it is live.
    pub fn instance(&self, instance: InstanceId) -> Option<u32> {
        self.instances[instance.index()]
    }

    /// The rank of an enter, if it is live.
    pub fn enter(&self, enter: EnterId) -> Option<u32> {
        self.enters[enter.index()]
    }
}
