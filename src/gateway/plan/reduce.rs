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
        Self { graph, live, feeds }
    }

    /// Decides all that leaves no choice; the next demand that does, with its options.
    pub fn propagate(&self, choice: &mut Choice) -> Option<(DemandId, Vec<InstanceId>)> {
        while let Some((demand, options)) = self.next(choice) {
            match options[..] {
                [only] => choice.decide(self.graph, demand, only),
                _ => return Some((demand, options)),
            }
        }
        None
    }

    /// The demand with the fewest options. Objects come after what is in them, since that mostly
    /// settles where they come from.
    fn next(&self, choice: &Choice) -> Option<(DemandId, Vec<InstanceId>)> {
        for composite in [false, true] {
            let mut best: Option<(DemandId, Vec<InstanceId>)> = None;
            for &demand in choice.open().iter().filter(|&&demand| self.graph.demands[demand].composite == composite) {
                let options = self.options(choice, demand);
                if best.as_ref().is_none_or(|(_, least)| options.len() < least.len()) {
                    let sole = options.len() <= 1;
                    best = Some((demand, options));
                    if sole {
                        break;
                    }
                }
            }
            if best.is_some() {
                return best;
            }
        }
        None
    }

    /// Options of a demand. What nobody reads as an input is taken from where it costs nothing more,
    /// if there is such a place: every other option costs at least as much.
    fn options(&self, choice: &Choice, demand: DemandId) -> Vec<InstanceId> {
        let all = &self.graph.demands[demand].options;
        let live: Vec<InstanceId> = all.iter().copied().filter(|&id| self.live.instance(id).is_some()).collect();
        let composite = self.graph.demands[demand].composite;
        if composite && let Some(active) = live.iter().copied().filter(|&id| choice.is_active(id)).min_by_key(|&id| (self.live.instance(id), id)) {
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
