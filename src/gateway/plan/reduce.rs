//! What needs no search: demands with a single option, and options that cost nothing more.

use crate::platform::base::id::Id;

use super::choice::Choice;
use super::fixpoint::Liveness;
use super::graph::{Arrival, DemandId, Graph, InstanceId};

/// What reduction knows about a graph.
pub struct Reduction<'g, 'a> {
    graph: &'g Graph<'a>,
    live: &'g Liveness,
    /// Which demands some key or requirement reads.
    feeds: Vec<bool>,
    /// Options of each demand that no other one dominates from the start.
    kept: Vec<Vec<InstanceId>>,
}

/// What one pass over the open demands gives.
enum Pass {
    /// Something was decided.
    Progress,
    /// Nothing could be: a demand and its options.
    Choice(DemandId, Vec<InstanceId>),
}

// === impl Reduction ===

impl<'g, 'a> Reduction<'g, 'a> {
    /// Looks through the graph once.
    pub fn new(graph: &'g Graph<'a>, live: &'g Liveness) -> Self {
        let mut feeds = vec![false; graph.demands.len()];
        let of_enters = graph.enters.iter().map(|enter| &enter.needs);
        let of_instances = graph.instances.iter().map(|instance| &instance.needs);
        for need in of_enters.chain(of_instances).flat_map(|needs| &needs.all) {
            feeds[need.index()] = true;
        }
        let mut reduction = Self { graph, live, feeds, kept: vec![Vec::new(); graph.demands.len()] };
        // A position's demands come after the demand of its parent.
        for demand in graph.demands.ids() {
            reduction.kept[demand.index()] = reduction.undominated(demand);
        }
        reduction
    }

    /// Live options, without those dominated by a local one that is there in any case: where all
    /// objects come from one instance, every landing on them builds on it, so its own fields cost
    /// nothing more than themselves.
    fn undominated(&self, demand: DemandId) -> Vec<InstanceId> {
        let graph = self.graph;
        let all = graph.demands[demand].options.iter().copied();
        let mut live: Vec<InstanceId> = all.filter(|&id| self.live.instance(id).is_some()).collect();
        let Some(parent) = graph.positions[graph.demands[demand].position].parent else { return live };
        let [sole] = self.kept[parent.index()][..] else { return live };
        let is_local = |&id: &InstanceId| graph.instances[id].arrival == Arrival::Origin(sole);
        if let Some(local) = live.iter().copied().find(is_local) {
            if !self.feeds[demand.index()] && !graph.demands[demand].composite {
                return vec![local];
            }
            let subgraph = graph.instances[sole].subgraph;
            live.retain(|id| is_local(id) || graph.instances[*id].subgraph != subgraph);
        }
        live
    }

    /// Decides all that leaves no choice; the next demand that does, with its options.
    pub fn propagate(&self, choice: &mut Choice) -> Option<(DemandId, Vec<InstanceId>)> {
        while let Some(open) = self.pass(choice) {
            match open {
                Pass::Progress => {}
                Pass::Choice(demand, options) => return Some((demand, options)),
            }
        }
        None
    }

    /// Goes through all open demands once and decides those with a single option; if there are none,
    /// the one with the fewest. Objects come after what is in them, since that mostly settles where
    /// they come from.
    fn pass(&self, choice: &mut Choice) -> Option<Pass> {
        for composite in [false, true] {
            let open: Vec<DemandId> =
                choice.open().filter(|&demand| self.graph.demands[demand].composite == composite).collect();
            let mut fewest: Option<(DemandId, Vec<InstanceId>)> = None;
            let mut decided = false;
            for demand in open {
                let options = self.options(choice, demand);
                if let [only] = options[..] {
                    choice.decide(self.graph, demand, only);
                    decided = true;
                } else if fewest.as_ref().is_none_or(|(_, least)| options.len() < least.len()) {
                    fewest = Some((demand, options));
                }
            }
            if decided {
                return Some(Pass::Progress);
            }
            if let Some((demand, options)) = fewest {
                return Some(Pass::Choice(demand, options));
            }
        }
        None
    }

    /// Options of a demand. What nobody reads as an input is taken from where it costs nothing more,
    /// if there is such a place: every other option costs at least as much.
    fn options(&self, choice: &Choice, demand: DemandId) -> Vec<InstanceId> {
        let live = self.kept[demand.index()].clone();
        let composite = self.graph.demands[demand].composite;
        if composite
            && let Some(active) =
                live.iter().copied().filter(|&id| choice.is_active(id)).min_by_key(|&id| (self.live.instance(id), id))
        {
            return vec![active];
        }
        let is_free = |&id: &InstanceId| match self.graph.instances[id].arrival {
            Arrival::Origin(origin) => choice.is_active(origin),
            _ => choice.is_active(id),
        };
        if !self.feeds[demand.index()]
            && let Some(free) = live.iter().copied().find(is_free)
        {
            return vec![free];
        }
        live
    }
}
