//! A choice: which instance serves each demand, closed under what the chosen ones need.

use crate::platform::base::id::Id;

use super::graph::{Arrival, DemandId, EnterId, Graph, InstanceId};

/// Decided demands and what follows from them; demands that follow and are not decided are *open*.
#[derive(Clone, Debug)]
pub struct Choice {
    picks: Vec<Option<InstanceId>>,
    active: Vec<bool>,
    entered: Vec<bool>,
    required: Vec<bool>,
    open: Vec<DemandId>,
    /// Active instances, in the order they became so.
    pub instances: Vec<InstanceId>,
    /// Enters in use, in the order they became so.
    pub enters: Vec<EnterId>,
}

// === impl Choice ===

impl Choice {
    /// Nothing decided; `wanted` is open.
    pub fn new(graph: &Graph<'_>, wanted: &[DemandId]) -> Self {
        let mut choice = Self {
            picks: vec![None; graph.demands.len()],
            active: vec![false; graph.instances.len()],
            entered: vec![false; graph.enters.len()],
            required: vec![false; graph.demands.len()],
            open: Vec::new(),
            instances: Vec::new(),
            enters: Vec::new(),
        };
        wanted.iter().for_each(|&demand| choice.require(demand));
        choice
    }

    /// The instance that serves a demand.
    pub fn pick(&self, demand: DemandId) -> Option<InstanceId> {
        self.picks[demand.index()]
    }

    /// Whether an instance is part of the plan.
    pub fn is_active(&self, instance: InstanceId) -> bool {
        self.active[instance.index()]
    }

    /// Whether an enter is part of the plan.
    pub fn is_entered(&self, enter: EnterId) -> bool {
        self.entered[enter.index()]
    }

    /// Demands still to decide. Objects that hold something follow from what is in them, so they
    /// come last.
    pub fn open(&self) -> impl Iterator<Item = DemandId> + '_ {
        self.open.iter().copied().filter(|demand| self.picks[demand.index()].is_none())
    }

    /// Some demand still to decide.
    pub fn next_open(&self) -> Option<DemandId> {
        self.open().next()
    }

    fn require(&mut self, demand: DemandId) {
        if !std::mem::replace(&mut self.required[demand.index()], true) {
            self.open.push(demand);
        }
    }

    /// Decides one open demand, and activates all that the instance needs.
    pub fn decide(&mut self, graph: &Graph<'_>, demand: DemandId, pick: InstanceId) {
        self.picks[demand.index()] = Some(pick);
        self.activate(graph, pick);
    }

    fn activate(&mut self, graph: &Graph<'_>, instance: InstanceId) {
        let mut at = Some(instance);
        while let Some(instance) = at {
            if std::mem::replace(&mut self.active[instance.index()], true) {
                return;
            }
            self.instances.push(instance);
            let node = &graph.instances[instance];
            node.needs.all.iter().for_each(|&need| self.require(need));
            at = match node.arrival {
                Arrival::Root => None,
                Arrival::Origin(origin) => Some(origin),
                Arrival::Enter(enter) => {
                    if !std::mem::replace(&mut self.entered[enter.index()], true) {
                        self.enters.push(enter);
                        graph.enters[enter].needs.all.iter().for_each(|&need| self.require(need));
                    }
                    None
                }
            };
        }
    }
}
