//! Calls of one GraphQL subgraph that wait for the same calls become one document at once: such a
//! join saves a call and delays nothing, so it needs no scoring.

use std::collections::{BTreeMap, BTreeSet};

use crate::gateway::plan::emit_fetches::{Call, CallId, Dag};
use crate::gateway::plan::graph::Graph;
use crate::graph::federation::ids::SubgraphId;
use crate::graph::federation::supergraph::SubgraphKind;
use crate::platform::base::id::IdVec;

use super::same_list::absorb;

/// Joins all such calls. Calls come after what they wait for, before and after.
pub fn join_all(graph: &Graph<'_>, dag: Dag) -> Dag {
    let mut calls: IdVec<CallId, Call> = IdVec::new();
    let mut known: BTreeMap<(SubgraphId, BTreeSet<CallId>), CallId> = BTreeMap::new();
    let mut moved: BTreeMap<CallId, CallId> = BTreeMap::new();
    for id in dag.order() {
        let mut call = dag.calls[id].clone();
        call.after = call.after.iter().filter_map(|before| moved.get(before).copied()).collect();
        let takes_documents = !matches!(graph.supergraph.subgraphs[call.subgraph].kind, SubgraphKind::Connector(_));
        let key = (call.subgraph, call.after.clone());
        let place = match known.get(&key).filter(|_| takes_documents && !call.lists.is_empty()) {
            Some(&into) => {
                let target = &mut calls[into];
                target.instances.extend(call.instances);
                target.value_rows = target.value_rows.saturating_add(call.value_rows);
                for list in call.lists {
                    absorb(graph, &mut target.lists, list);
                }
                into
            }
            None => {
                let is_joinable = takes_documents && !call.lists.is_empty();
                let place = calls.push(call);
                if is_joinable {
                    known.insert(key, place);
                }
                place
            }
        };
        moved.insert(id, place);
    }
    Dag { calls, ..dag }
}
