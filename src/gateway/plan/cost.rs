//! What a plan costs: `latency of its longest chain + calls + rows`, weighted.

use std::collections::{BTreeMap, BTreeSet};

use crate::graph::federation::ids::SubgraphId;
use crate::graph::federation::supergraph::{BatchCaps, SubgraphKind};
use crate::platform::base::id::Id;

use super::emit_fetches::{Call, CallId, Dag, List};
use super::graph::{Enter, EnterId, Graph, InstanceId};
use super::model::FetchEstimate;

/// The parts of a cost.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Debug)]
pub struct Cost {
    /// The weighted sum.
    pub total: u64,
    /// Calls, as a tie breaker: fetches of the plan.
    pub fetches: usize,
    /// Upstream calls expected.
    pub calls: u64,
}

/// Objects of a class expected at a position: shared evenly among its types.
pub fn class_rows(graph: &Graph<'_>, position: super::graph::PositionId, class: usize) -> u64 {
    let position = &graph.positions[position];
    let class = &position.classes[class];
    if class.nameless || position.types.is_empty() {
        return position.rows.max(1);
    }
    (position.rows * class.types.len() as u64 / position.types.len() as u64).max(1)
}

/// Values an instance adds to an answer; each object of a list is one, so a list is not fetched
/// twice where its objects can be entered by their own key.
pub fn instance_rows(graph: &Graph<'_>, instance: InstanceId) -> u64 {
    let demand = &graph.demands[graph.instances[instance].demand];
    let rows = class_rows(graph, demand.position, demand.class);
    let Some(child) = demand.child else { return rows };
    let each = graph.positions[child].rows / graph.positions[demand.position].rows.max(1);
    rows.saturating_mul(each.max(1))
}

/// Representations an enter sends.
pub fn enter_rows(graph: &Graph<'_>, enter: EnterId) -> u64 {
    class_rows(graph, graph.enters[enter].position, graph.enters[enter].class)
}

/// The enters of these whose objects no other one sends: a nameless one sends all of its position.
pub fn sending(graph: &Graph<'_>, enters: &BTreeSet<EnterId>) -> Vec<EnterId> {
    let is_nameless = |enter: &Enter| graph.positions[enter.position].classes[enter.class].nameless;
    let of_all: BTreeSet<_> = enters
        .iter()
        .map(|&enter| &graph.enters[enter])
        .filter(|enter| is_nameless(enter))
        .map(|enter| (enter.position, enter.entry))
        .collect();
    let sends = |&enter: &EnterId| {
        let enter = &graph.enters[enter];
        is_nameless(enter) || !of_all.contains(&(enter.position, enter.entry))
    };
    enters.iter().copied().filter(sends).collect()
}

/// Representations a list sends.
fn list_rows(graph: &Graph<'_>, list: &List) -> u64 {
    sending(graph, &list.enters).into_iter().map(|enter| enter_rows(graph, enter)).fold(0, u64::saturating_add)
}

/// Latency of one call of a subgraph.
pub fn base_latency(graph: &Graph<'_>, subgraph: SubgraphId) -> u64 {
    match graph.supergraph.subgraphs[subgraph].kind {
        SubgraphKind::Native => graph.options.native_latency_ms,
        SubgraphKind::Graphql { .. } | SubgraphKind::Connector(_) => graph.options.call_latency_ms,
    }
}

/// How many calls so many rows take, and how many of them one after another.
pub fn calls_of(rows: u64, batch: BatchCaps) -> (u64, u64) {
    match batch {
        BatchCaps::One { concurrency } => (rows, rows.div_ceil(u64::from(concurrency.max(1)))),
        BatchCaps::Batch { max } => {
            let calls = rows.div_ceil(u64::from(max.max(1)));
            // Chunks of one batch run side by side.
            (calls, 1)
        }
    }
}

/// Upstream calls and latency of one fetch.
pub fn call_cost(graph: &Graph<'_>, call: &Call) -> (u64, u64) {
    let base = base_latency(graph, call.subgraph);
    let (mut calls, mut rounds) = (1, 1);
    for list in &call.lists {
        let rows = list_rows(graph, list);
        for &enter in list.enters.iter().take(1) {
            let (more, sequential) = calls_of(rows, graph.supergraph.entries[graph.enters[enter].entry].batch);
            calls = calls.max(more);
            rounds = rounds.max(sequential);
        }
    }
    (calls, base * rounds)
}

/// What each call adds to the cost of a plan; together they are the whole of it.
pub fn shares(graph: &Graph<'_>, dag: &Dag) -> BTreeMap<CallId, FetchEstimate> {
    let options = graph.options;
    let mut shares: BTreeMap<CallId, FetchEstimate> = BTreeMap::new();
    let mut done: BTreeMap<CallId, u64> = BTreeMap::new();
    let latest = |calls: &mut dyn Iterator<Item = CallId>, done: &BTreeMap<CallId, u64>| {
        calls.filter_map(|id| Some((*done.get(&id)?, std::cmp::Reverse(id)))).max().map(|(at, id)| (at, id.0))
    };
    for id in dag.order() {
        let call = &dag.calls[id];
        let (calls, latency_ms) = call_cost(graph, call);
        let sent = call.lists.iter().map(|list| list_rows(graph, list));
        let rows = sent.fold(call.value_rows, u64::saturating_add);
        let cost = options.call_weight.saturating_mul(calls).saturating_add(options.row_weight.saturating_mul(rows));
        let start = latest(&mut call.after.iter().copied(), &done).map_or(0, |(at, _)| at);
        done.insert(id, start + latency_ms);
        shares.insert(id, FetchEstimate { cost, calls, rows, latency_ms, is_on_longest_chain: false });
    }
    let mut at = latest(&mut dag.calls.ids(), &done);
    while let Some((_, id)) = at {
        if let Some(share) = shares.get_mut(&id) {
            share.is_on_longest_chain = true;
            share.cost = share.cost.saturating_add(options.latency_weight.saturating_mul(share.latency_ms));
        }
        at = latest(&mut dag.calls[id].after.iter().copied(), &done);
    }
    shares
}

/// The cost of a whole plan.
pub fn score(graph: &Graph<'_>, dag: &Dag) -> Cost {
    let options = graph.options;
    let mut done: Vec<u64> = Vec::with_capacity(dag.calls.len());
    let (mut total_calls, mut rows) = (0, dag.value_rows);
    for id in dag.order() {
        let call = &dag.calls[id];
        let (calls, latency) = call_cost(graph, call);
        total_calls += calls;
        let start = call.after.iter().filter_map(|&before| done.get(before.index())).max().copied().unwrap_or(0);
        if done.len() <= id.index() {
            done.resize(id.index() + 1, 0);
        }
        done[id.index()] = start + latency;
        for list in &call.lists {
            rows = rows.saturating_add(list_rows(graph, list));
        }
    }
    let longest = done.iter().max().copied().unwrap_or(0);
    let total = (options.latency_weight.saturating_mul(longest))
        .saturating_add(options.call_weight.saturating_mul(total_calls))
        .saturating_add(options.row_weight.saturating_mul(rows));
    Cost { total, fetches: dag.calls.len(), calls: total_calls }
}
