//! Branch and bound over the choices that reduction leaves open.
//!
//! Complete choices are scored on the calls that are really made, joins included. Partial ones are
//! bounded by what no later choice or join can undo. The number of steps is limited; then the best
//! plan so far stands. Counts, not clocks, decide, so plans are reproducible.

use std::collections::{BTreeMap, BTreeSet};

use crate::gateway::operation::guards::GuardId;
use crate::graph::federation::ids::SubgraphId;
use crate::graph::federation::supergraph::{BatchCaps, SubgraphKind};
use crate::platform::base::id::Id;

use super::choice::Choice;
use super::conditions;
use super::cost::{Cost, base_latency, calls_of, enter_rows, instance_rows, score, sending};
use super::emit_fetches::{Call, CallId, Dag};
use super::fixpoint::Liveness;
use super::graph::{Arrival, DemandId, Graph, InstanceId};
use super::layout::CellId;
use super::merge_fetches::merge;
use super::reduce::Reduction;
use super::split_lists;

/// A complete, acyclic choice and its calls.
#[derive(Debug)]
pub struct Solution {
    /// What serves what.
    pub choice: Choice,
    /// The calls, joined.
    pub dag: Dag,
    /// What it costs.
    pub cost: Cost,
    /// No plan costs less than this.
    pub lower_bound: u64,
}

/// Steps one full scoring counts for.
const SCORING_STEPS: u64 = 20;

struct Search<'g, 'a> {
    graph: &'g Graph<'a>,
    live: &'g Liveness,
    reduction: Reduction<'g, 'a>,
    weights: Weights,
    best: Option<Solution>,
    steps: u64,
    /// Steps that may be taken.
    limit: u64,
}

/// What deriving each node costs on its own, roughly: an order for trying options.
struct Weights {
    demands: Vec<u64>,
    instances: Vec<u64>,
}

/// Finds the cheapest way to meet `wanted`. `None` only if nothing acyclic exists.
pub fn search(graph: &Graph<'_>, live: &Liveness, wanted: &[DemandId]) -> Option<Solution> {
    let reduction = Reduction::new(graph, live);
    let weights = Weights::new(graph, live);
    let limit = graph.options.max_expansions;
    let mut search = Search { graph, live, reduction, weights, best: None, steps: 0, limit };
    let start = Choice::new(graph, wanted);
    search.complete(start.clone(), |search, choice, options| search.cheapest(choice, options));
    search.complete(start.clone(), |search, _, options| search.least_rank(options));
    if search.best.is_none() {
        search.complete_by_rank(start.clone());
    }
    let bound = search.branch(start.clone());
    search.limit = search.steps + limit / 4;
    if search.best.as_ref().is_some_and(|best| bound < best.cost.total) {
        search.spare_calls(&start);
    }
    search.unite(&start);
    search.drop_filled(wanted);
    let best = search.best.as_mut()?;
    best.lower_bound = bound.min(best.cost.total);
    split_lists::split(graph, &best.choice, &mut best.dag);
    search.best
}

// === impl Search ===

impl<'a> Search<'_, 'a> {
    /// Decides everything by `pick` and keeps the result if it is the best so far.
    fn complete(&mut self, mut choice: Choice, pick: impl Fn(&Self, &Choice, &[InstanceId]) -> Option<InstanceId>) {
        while let Some((demand, options)) = self.reduction.propagate(&mut choice) {
            let Some(option) = pick(self, &choice, &options) else { return };
            choice.decide(self.graph, demand, option);
        }
        self.offer(choice);
    }

    /// Without reduction, whose free options may depend on what they feed: least rank everywhere
    /// never forms a cycle.
    fn complete_by_rank(&mut self, mut choice: Choice) {
        while let Some(demand) = choice.next_open() {
            let Some(option) = self.least_rank(&self.graph.demands[demand].options) else { return };
            choice.decide(self.graph, demand, option);
        }
        self.offer(choice);
    }

    /// Tries to do without each of the best plan's calls, as long as that makes it cheaper: where not all
    /// choices could be tried, what a call gives may well be had from others that are made anyway.
    fn spare_calls(&mut self, start: &Choice) {
        let mut at = 0;
        while let Some(best) = self.best.as_ref().filter(|best| at < best.dag.calls.len() && self.steps <= self.limit) {
            let (call, before) = (best.dag.calls[CallId::from_index(at)].clone(), best.cost);
            self.steps += best.choice.instances.len() as u64 / 10;
            self.complete(start.clone(), |search, choice, options| {
                let others: Vec<InstanceId> = options.iter().copied().filter(|&id| !search.is_by(id, &call)).collect();
                search.cheapest(choice, if others.is_empty() { options } else { &others })
            });
            let is_cheaper = self.best.as_ref().is_some_and(|best| best.cost < before);
            at = if is_cheaper { 0 } else { at + 1 };
        }
    }

    /// Whether an instance is arrived at by a call.
    fn is_by(&self, mut instance: InstanceId, call: &Call) -> bool {
        loop {
            let node = &self.graph.instances[instance];
            match node.arrival {
                Arrival::Origin(origin) => instance = origin,
                Arrival::Root => return call.lists.is_empty() && node.subgraph == call.subgraph,
                Arrival::Enter(enter) => return call.lists.iter().any(|list| list.enters.contains(&enter)),
            }
        }
    }

    /// Has each cell of the same objects filled by one subgraph where that costs no more: what is
    /// selected of all objects and of some types besides is decided for each on its own.
    fn unite(&mut self, start: &Choice) {
        let mut alike: BTreeMap<CellId, Vec<DemandId>> = BTreeMap::new();
        for (id, demand) in self.graph.demands.iter_enumerated().filter(|(_, demand)| !demand.composite) {
            alike.entry(demand.cell).or_default().push(id);
        }
        for demands in alike.values() {
            let Some(best) = &self.best else { return };
            let picks = demands.iter().filter_map(|&demand| best.choice.pick(demand));
            let subgraphs: BTreeSet<SubgraphId> = picks.map(|pick| self.graph.instances[pick].subgraph).collect();
            if subgraphs.len() < 2 {
                continue;
            }
            self.steps += (demands.len() * demands.len()) as u64 / 100;
            for (&one, &other) in demands.iter().flat_map(|one| demands.iter().map(move |other| (one, other))) {
                // Each choice that is offered takes steps.
                let within = self.steps <= self.limit;
                let Some(best) = self.best.as_ref().filter(|_| within) else { return };
                let (Some(pick), Some(model)) = (best.choice.pick(one), best.choice.pick(other)) else { continue };
                let subgraph = self.graph.instances[model].subgraph;
                let apart = self.graph.instances[pick].subgraph != subgraph
                    && self.graph.class_of(one).types.intersects(&self.graph.class_of(other).types);
                let mut options = self.graph.demands[one].options.iter().copied();
                let same = options.find(|&id| self.graph.instances[id].subgraph == subgraph);
                if let Some(option) = same.filter(|&id| apart && self.live.instance(id).is_some())
                    && let Some(choice) = self.completed(start.clone(), Some((one, option)))
                {
                    self.offer_instead(choice);
                }
            }
        }
    }

    /// A choice like the best one, but for what is decided otherwise.
    fn completed(&self, mut choice: Choice, otherwise: Option<(DemandId, InstanceId)>) -> Option<Choice> {
        let best = self.best.as_ref()?;
        while let Some(open) = choice.next_open() {
            let decided = otherwise.filter(|(demand, _)| *demand == open).map(|(_, option)| option);
            let pick = decided.or_else(|| best.choice.pick(open));
            let pick = pick.or_else(|| self.least_rank(&self.graph.demands[open].options))?;
            choice.decide(self.graph, open, pick);
        }
        Some(choice)
    }

    /// Takes a choice instead of the best one, unless it costs more; whether it was taken.
    fn offer_instead(&mut self, choice: Choice) -> bool {
        let best = self.best.take();
        self.offer(choice);
        let Some(best) = best else { return self.best.is_some() };
        let is_taken = self.best.as_ref().is_some_and(|other| other.cost <= best.cost);
        if !is_taken {
            self.best = Some(best);
        }
        is_taken
    }

    /// Gives up what the client wants of some objects where it is fetched of these, or of more, for
    /// another reason: what a type's field requires does not know that the client asks for it, too.
    fn drop_filled(&mut self, wanted: &[DemandId]) {
        let mut by_cell: BTreeMap<CellId, Vec<DemandId>> = BTreeMap::new();
        for (id, demand) in self.graph.demands.iter_enumerated().filter(|(_, demand)| !demand.composite) {
            by_cell.entry(demand.cell).or_default().push(id);
        }
        let mut left = wanted.to_vec();
        let mut readers: Option<Vec<Vec<DemandId>>> = None;
        for &one in wanted {
            let others = by_cell.get(&self.graph.demands[one].cell).map(Vec::as_slice).unwrap_or_default();
            let within = self.steps <= self.limit;
            let Some(best) = self.best.as_ref().filter(|_| within && others.len() > 1) else { continue };
            let mut others = others
                .iter()
                .copied()
                .filter(|&other| other != one && best.choice.pick(other).is_some() && covers(self.graph, other, one));
            let filler = others.find(|&other| {
                let readers = readers.get_or_insert_with(|| conditions::readers(self.graph, &best.choice));
                is_wanted_with(self.graph, readers, other, one)
            });
            let Some(filler) = filler else { continue };
            let without = left.iter().copied().filter(|&demand| demand != one).collect::<Vec<_>>();
            let choice = self.completed(Choice::new(self.graph, &without), None);
            if let Some(choice) = choice.filter(|choice| choice.pick(filler).is_some())
                && self.offer_instead(choice)
            {
                (left, readers) = (without, None);
            }
        }
    }

    fn least_rank(&self, options: &[InstanceId]) -> Option<InstanceId> {
        options.iter().copied().filter_map(|id| Some((self.live.instance(id)?, id))).min().map(|(_, id)| id)
    }

    fn cheapest(&self, choice: &Choice, options: &[InstanceId]) -> Option<InstanceId> {
        options.iter().copied().min_by_key(|&id| (self.marginal(choice, id), self.live.instance(id), id))
    }

    /// Roughly what an option adds to a choice.
    fn marginal(&self, choice: &Choice, instance: InstanceId) -> u64 {
        if choice.is_active(instance) {
            return 0;
        }
        let node = &self.graph.instances[instance];
        let of_need = |&need: &DemandId| match choice.pick(need) {
            Some(_) => 0,
            None => self.weights.demands[need.index()],
        };
        let own = instance_rows(self.graph, instance) + node.needs.all.iter().map(of_need).sum::<u64>();
        let arrival = match node.arrival {
            Arrival::Root => self.call_weight(node.subgraph, choice),
            Arrival::Origin(origin) => self.marginal(choice, origin),
            Arrival::Enter(enter) if choice.is_entered(enter) => 0,
            Arrival::Enter(enter) => {
                self.weights.own_call(self.graph, node.subgraph)
                    + self.graph.enters[enter].needs.all.iter().map(of_need).sum::<u64>()
            }
        };
        own.saturating_add(arrival)
    }

    fn call_weight(&self, subgraph: SubgraphId, choice: &Choice) -> u64 {
        let known = choice.instances.iter().any(|&id| {
            self.graph.instances[id].subgraph == subgraph && self.graph.instances[id].arrival == Arrival::Root
        });
        if known { 0 } else { self.weights.own_call(self.graph, subgraph) }
    }

    /// Scores a complete choice and keeps it if it is the best so far.
    fn offer(&mut self, choice: Choice) {
        self.steps += SCORING_STEPS;
        let Some(dag) = Dag::build(self.graph, &choice) else { return };
        self.steps += dag.calls.len() as u64 / 10;
        // Joining never costs more, so it starts from an upper bound.
        let unjoined = score(self.graph, &dag);
        let (dag, cost) = merge(self.graph, dag);
        debug_assert!(cost <= unjoined, "a join made the plan dearer");
        if self.best.as_ref().is_none_or(|best| cost < best.cost) {
            self.best = Some(Solution { choice, dag, cost, lower_bound: 0 });
        }
    }

    /// Depth first over what is open. Gives a proven lower bound: the best cost itself if all was
    /// tried, else the bound at the start.
    fn branch(&mut self, start: Choice) -> u64 {
        let mut stack: Vec<(Choice, DemandId, Vec<InstanceId>)> = Vec::new();
        let mut next = Some(start);
        let mut first_bound = None;
        loop {
            if let Some(mut choice) = next.take() {
                // Each step looks at the whole choice, so large ones count for more.
                self.steps += 1 + choice.instances.len() as u64 / 500;
                let decision = self.reduction.propagate(&mut choice);
                let bound = self.bound(&choice);
                let bound_here = bound.unwrap_or(u64::MAX);
                first_bound.get_or_insert(bound_here);
                if bound_here < self.best.as_ref().map_or(u64::MAX, |best| best.cost.total) {
                    match decision {
                        None => self.offer(choice),
                        Some((demand, mut options)) => {
                            // The last is tried first.
                            options.sort_by_key(|&id| {
                                std::cmp::Reverse((self.marginal(&choice, id), self.live.instance(id), id))
                            });
                            stack.push((choice, demand, options));
                        }
                    }
                }
            }
            if self.steps > self.limit {
                return first_bound.unwrap_or(0);
            }
            let Some((choice, demand, options)) = stack.last_mut() else { break };
            match options.pop() {
                Some(option) => {
                    let mut choice = choice.clone();
                    choice.decide(self.graph, *demand, option);
                    next = Some(choice);
                }
                None => {
                    stack.pop();
                }
            }
        }
        self.best.as_ref().map_or(0, |best| best.cost.total)
    }

    /// What a partial choice costs at least; `None` if it is cyclic.
    fn bound(&self, choice: &Choice) -> Option<u64> {
        let (graph, options) = (self.graph, self.graph.options);
        let mut latencies = vec![Latency::Unknown; graph.instances.len()];
        let (mut longest, mut rows) = (0, 0u64);
        for &instance in &choice.instances {
            let (latency, hops) = self.latency(choice, instance, &mut latencies)?;
            longest = longest.max(latency);
            rows = rows.saturating_add(instance_rows(graph, instance).saturating_mul(1 + hops));
        }
        let mut calls: BTreeSet<(SubgraphId, bool)> = BTreeSet::new();
        let mut used: BTreeSet<SubgraphId> = BTreeSet::new();
        let mut extra_calls = 0u64;
        for &instance in &choice.instances {
            let node = &graph.instances[instance];
            used.insert(node.subgraph);
            match node.arrival {
                Arrival::Root => drop(calls.insert((node.subgraph, true))),
                Arrival::Enter(_) => drop(calls.insert((node.subgraph, false))),
                Arrival::Origin(_) => {}
            }
        }
        for enter in sending(graph, &choice.enters.iter().copied().collect()) {
            let sent = enter_rows(graph, enter);
            rows = rows.saturating_add(sent);
            let entry = &graph.supergraph.entries[graph.enters[enter].entry];
            if let (BatchCaps::One { .. }, SubgraphKind::Connector(_)) =
                (entry.batch, &graph.supergraph.subgraphs[entry.subgraph].kind)
            {
                // Its calls are counted one by one; the set above has one of them already, for all
                // enters of the subgraph together.
                extra_calls += calls_of(sent, entry.batch).0 - 1;
            }
        }
        for demand in choice.open() {
            let candidates: BTreeSet<SubgraphId> = graph.demands[demand]
                .options
                .iter()
                .filter(|&&id| self.live.instance(id).is_some())
                .map(|&id| graph.instances[id].subgraph)
                .collect();
            if candidates.is_disjoint(&used) {
                extra_calls += 1;
                used.extend(candidates);
            }
        }
        Some(
            (options.latency_weight * longest)
                .saturating_add(options.call_weight * (calls.len() as u64 + extra_calls))
                .saturating_add(options.row_weight * rows),
        )
    }

    /// When an instance's answer is there, and the landings on the way to it, as far as decided;
    /// `None` in a cycle.
    fn latency(&self, choice: &Choice, instance: InstanceId, known: &mut [Latency]) -> Option<(u64, u64)> {
        match known[instance.index()] {
            Latency::Known(latency, hops) => return Some((latency, hops)),
            Latency::Open => return None,
            Latency::Unknown => known[instance.index()] = Latency::Open,
        }
        let node = &self.graph.instances[instance];
        let base = base_latency(self.graph, node.subgraph);
        let latency = match node.arrival {
            Arrival::Root => (base, 0),
            Arrival::Origin(origin) => self.latency(choice, origin, known)?,
            Arrival::Enter(enter) => {
                let (mut start, mut hops) = (0, 0);
                for &need in self.graph.enters[enter].needs.all.iter().chain(&node.needs.all) {
                    if let Some(pick) = choice.pick(need) {
                        let (latency, before) = self.latency(choice, pick, known)?;
                        start = start.max(latency);
                        hops = hops.max(before);
                    }
                }
                let entry = &self.graph.supergraph.entries[self.graph.enters[enter].entry];
                (start + base * calls_of(enter_rows(self.graph, enter), entry.batch).1.max(1), hops + 1)
            }
        };
        known[instance.index()] = Latency::Known(latency.0, latency.1);
        Some(latency)
    }
}

/// Whether the objects that `other` asks are all those that `one` asks, and perhaps more.
fn covers(graph: &Graph<'_>, other: DemandId, one: DemandId) -> bool {
    let (mut other, mut one) = (other, one);
    loop {
        let (around, inside) = (&graph.demands[other], &graph.demands[one]);
        if (around.position, around.class) == (inside.position, inside.class) {
            return true;
        }
        let (all, some) = (graph.class_of(other), graph.class_of(one));
        // Where the client asks for the type, objects that turn out to have none are not shown.
        let is_known = || {
            let types =
                graph.positions[inside.position].demands.iter().filter(|((class, _), _)| *class == inside.class);
            let mut types = types.map(|(_, &demand)| &graph.demands[demand]);
            types.any(|demand| demand.field.is_none() && demand.client.is_some())
        };
        let fits = all.nameless || (some.types.is_subset(&all.types) && (!some.nameless || is_known()));
        match (graph.positions[around.position].parent, graph.positions[inside.position].parent) {
            (Some(above), Some(top)) if fits => (other, one) = (above, top),
            _ => return false,
        }
    }
}

/// Whether `other` is wanted whenever the client wants `one`, by what reads it directly or on the way to
/// something else.
fn is_wanted_with(graph: &Graph<'_>, readers: &[Vec<DemandId>], other: DemandId, one: DemandId) -> bool {
    let when = graph.demands[one].client;
    let mut seen = BTreeSet::from([other]);
    let mut open = vec![other];
    while let Some(demand) = open.pop() {
        let client = graph.demands[demand].client;
        if client == Some(GuardId::ALWAYS) || (client.is_some() && client == when) {
            return true;
        }
        open.extend(readers[demand.index()].iter().copied().filter(|&reader| seen.insert(reader)));
    }
    false
}

#[derive(Clone, Copy)]
enum Latency {
    Unknown,
    Open,
    Known(u64, u64),
}

// === impl Weights ===

impl Weights {
    fn new(graph: &Graph<'_>, live: &Liveness) -> Self {
        let mut weights = Self {
            demands: vec![u64::MAX / 4; graph.demands.len()],
            instances: vec![u64::MAX / 4; graph.instances.len()],
        };
        // In the order of ranks one pass settles most; a few more settle detours that pay.
        let mut order: Vec<InstanceId> = graph.instances.ids().filter(|&id| live.instance(id).is_some()).collect();
        order.sort_by_key(|&id| (live.instance(id), id));
        for _ in 0..4 {
            for &id in &order {
                let weight = weights.of(graph, id);
                weights.instances[id.index()] = weight;
                let demand = &mut weights.demands[graph.instances[id].demand.index()];
                *demand = weight.min(*demand);
            }
        }
        weights
    }

    fn of(&self, graph: &Graph<'_>, id: InstanceId) -> u64 {
        let node = &graph.instances[id];
        let needs = node.needs.all.iter().map(|need| self.demands[need.index()]);
        let own = needs.fold(instance_rows(graph, id), u64::saturating_add);
        let arrival = match node.arrival {
            Arrival::Root => self.own_call(graph, node.subgraph),
            Arrival::Origin(origin) => self.instances[origin.index()],
            Arrival::Enter(enter) => {
                let needs = graph.enters[enter].needs.all.iter().map(|need| self.demands[need.index()]);
                needs.fold(self.own_call(graph, node.subgraph), u64::saturating_add)
            }
        };
        own.saturating_add(arrival)
    }

    fn own_call(&self, graph: &Graph<'_>, subgraph: SubgraphId) -> u64 {
        graph.options.call_weight + graph.options.latency_weight * base_latency(graph, subgraph)
    }
}
