//! Two calls of one GraphQL subgraph that enter other objects become one document with a list each.

use crate::gateway::plan::emit_fetches::{CallId, Dag};
use crate::gateway::plan::graph::Graph;
use crate::graph::federation::supergraph::SubgraphKind;

use super::same_list::absorb;
use super::without;

/// Joins `b` into `a` if both enter objects and the subgraph takes documents.
pub fn join(graph: &Graph<'_>, dag: &Dag, a: CallId, b: CallId) -> Option<Dag> {
    let connector = matches!(graph.supergraph.subgraphs[dag.calls[a].subgraph].kind, SubgraphKind::Connector(_));
    if connector || dag.calls[a].lists.is_empty() || dag.calls[b].lists.is_empty() {
        return None;
    }
    let mut joined = dag.clone();
    joined.calls[a].instances.extend(&dag.calls[b].instances);
    for list in &dag.calls[b].lists {
        absorb(graph, &mut joined.calls[a].lists, list.clone());
    }
    Some(without(&joined, b, a))
}
