//! Joins calls that need not be apart, the best saving first.
//!
//! One legality test: neither call waits for the other. Equal or later depth would not be enough: a
//! group delayed behind its own descendant is a cycle.

mod alike;
mod same_list;
mod same_subgraph;

use crate::gateway::plan::cost::{Cost, score};
use crate::gateway::plan::emit_fetches::{CallId, Dag};
use crate::gateway::plan::graph::Graph;
use crate::platform::base::id::{Id, IdVec};

/// A join: the first call takes the second one's work. `None` if the two cannot be joined so.
type Join = fn(&Graph<'_>, &Dag, CallId, CallId) -> Option<Dag>;

/// All joins, in the order they are preferred at equal cost.
const JOINS: [Join; 2] = [same_list::join, same_subgraph::join];

/// Pairs tried before the calls stay as they are: a count, so that plans are reproducible.
const MAX_TRIES: usize = 2_000;

/// Joins until no join saves anything; the joined calls and their cost.
pub fn merge(graph: &Graph<'_>, dag: Dag) -> (Dag, Cost) {
    let mut dag = alike::join_all(graph, dag);
    let mut cost = score(graph, &dag);
    let mut tries = 0;
    while let Some((better, less)) = best_join(graph, &dag, cost, &mut tries) {
        (dag, cost) = (better, less);
    }
    (dag, cost)
}

fn best_join(graph: &Graph<'_>, dag: &Dag, cost: Cost, tries: &mut usize) -> Option<(Dag, Cost)> {
    let mut best: Option<(Dag, Cost)> = None;
    let ids: Vec<CallId> = dag.calls.ids().collect();
    let waits = dag.waits();
    for (at, &a) in ids.iter().enumerate() {
        for &b in &ids[at + 1..] {
            let ordered = waits[a.index()].contains(b) || waits[b.index()].contains(a);
            if ordered || dag.calls[a].subgraph != dag.calls[b].subgraph {
                continue;
            }
            let Some(joined) = JOINS.iter().find_map(|join| join(graph, dag, a, b)) else { continue };
            *tries += 1;
            if *tries > MAX_TRIES {
                return best;
            }
            let less = score(graph, &joined);
            if less < best.as_ref().map_or(cost, |(_, best)| *best) {
                best = Some((joined, less));
            }
        }
    }
    best
}

/// The calls without `gone`, whose followers wait for `into` instead.
fn without(dag: &Dag, gone: CallId, into: CallId) -> Dag {
    let moved = |id: CallId| {
        let id = if id == gone { into } else { id };
        if id > gone { CallId::from_index(id.index() - 1) } else { id }
    };
    let mut calls = IdVec::new();
    for (id, call) in dag.calls.iter_enumerated().filter(|(id, _)| *id != gone) {
        let mut call = call.clone();
        if id == into {
            call.after.extend(&dag.calls[gone].after);
            call.value_rows = call.value_rows.saturating_add(dag.calls[gone].value_rows);
        }
        call.after = call.after.iter().map(|&before| moved(before)).collect();
        calls.push(call);
    }
    Dag { calls, value_rows: dag.value_rows }
}
