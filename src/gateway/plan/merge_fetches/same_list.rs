//! Two calls that enter the same objects by the same key become one list of representations.

use crate::gateway::plan::emit_fetches::{CallId, Dag, List, Way, can_be_one};
use crate::gateway::plan::graph::Graph;

use super::without;

/// Joins `b` into `a` if both have one list, entered alike, whose representations agree.
pub fn join(graph: &Graph<'_>, dag: &Dag, a: CallId, b: CallId) -> Option<Dag> {
    let ([into], [list]) = (&dag.calls[a].lists[..], &dag.calls[b].lists[..]) else { return None };
    let alike = into.key == list.key && !matches!(list.key.way, Way::FieldConnector(..));
    if !alike || !can_be_one(graph, into, list) {
        return None;
    }
    let mut joined = dag.clone();
    let call = &mut joined.calls[a];
    call.instances.extend(&dag.calls[b].instances);
    call.lists[0].enters.extend(&list.enters);
    call.lists[0].instances.extend(&list.instances);
    Some(without(&joined, b, a))
}

/// Adds a list to others: into one that is entered alike, if there is one.
pub fn absorb(graph: &Graph<'_>, lists: &mut Vec<List>, list: List) {
    match lists.iter_mut().find(|into| into.key == list.key && can_be_one(graph, into, &list)) {
        Some(into) => {
            into.enters.extend(&list.enters);
            into.instances.extend(&list.instances);
        }
        None => lists.push(list),
    }
}
