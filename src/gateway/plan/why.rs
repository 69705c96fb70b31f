//! Why each call of a plan is there, in words: what it is made for, who else could have done it, and
//! who reads what it gives.

use std::collections::{BTreeMap, BTreeSet};

use crate::platform::base::Name;

use super::emit_fetches::{Call, CallId, List, Way};
use super::graph::{Arrival, DemandId, Graph, InstanceId};
use super::layout::Layouts;
use super::model::FetchId;
use super::render::{Part, step};

/// More names than these are a number.
const MAX_NAMES: usize = 4;

/// Why a call is made, in a line.
pub fn reason(graph: &Graph<'_>, layouts: &Layouts, call: &Call) -> String {
    let fields = |instances: &[InstanceId]| names(graph, instances);
    if call.lists.is_empty() {
        let roots: Vec<InstanceId> =
            call.instances.iter().copied().filter(|&id| graph.instances[id].arrival == Arrival::Root).collect();
        return format!("starts with {}{}", fields(&roots), elsewhere(graph, call, &roots));
    }
    let place = |list: &List| {
        let way = match list.key.way {
            Way::Interface(_) | Way::InterfaceObject(_) => "by the interface's key",
            Way::Entity | Way::Connector(_) | Way::FieldConnector(..) => "by key",
        };
        let key = if list.key.key.is_empty() { String::new() } else { format!(" {way} `{}`", list.key.key) };
        format!("adds {} to {}{key}", fields(&list.instances), layouts.path(list.key.layout))
    };
    let entered: Vec<InstanceId> = call.lists.iter().flat_map(|list| list.instances.iter().copied()).collect();
    let places = call.lists.iter().map(place).collect::<Vec<_>>().join("; ");
    format!("{places}{}", elsewhere(graph, call, &entered))
}

/// Who else has what a call is made for: that it is here was a choice.
fn elsewhere(graph: &Graph<'_>, call: &Call, made_for: &[InstanceId]) -> String {
    let mut others: BTreeMap<Vec<&str>, Vec<InstanceId>> = BTreeMap::new();
    for &id in made_for {
        let options = graph.demands[graph.instances[id].demand].options.iter();
        let subgraphs = options.map(|&option| graph.instances[option].subgraph);
        let subgraphs: BTreeSet<_> = subgraphs.filter(|&subgraph| subgraph != call.subgraph).collect();
        if !subgraphs.is_empty() {
            let names = subgraphs.into_iter().map(|subgraph| &*graph.supergraph.subgraphs[subgraph].name);
            others.entry(names.collect()).or_default().push(id);
        }
    }
    let told = others.into_iter().map(|(subgraphs, ids)| {
        let has = if subgraphs.len() == 1 { "has" } else { "have" };
        format!(" ({} {has} {}, too)", listed(subgraphs), names(graph, &ids))
    });
    told.collect()
}

/// Who reads what a call gives: the client, and the steps that wait for it.
pub fn serves(part: &Part<'_>, call: CallId, steps: &[(CallId, FetchId)]) -> Vec<Name> {
    let (graph, dag) = (&part.graph, &part.solution.dag);
    let own: BTreeSet<InstanceId> = dag.calls[call].instances.iter().copied().collect();
    let mut serves: Vec<Name> = Vec::new();
    let of_client = |leaves: bool| -> Vec<InstanceId> {
        let wanted = |&id: &InstanceId| {
            let demand = &graph.demands[graph.instances[id].demand];
            demand.client.is_some() && !(leaves && demand.child.is_some())
        };
        own.iter().copied().filter(wanted).collect()
    };
    let leaves = of_client(true);
    if !leaves.is_empty() {
        serves.push(format!("the client {}", names(graph, &leaves)).into());
    }
    for (other, fetch) in steps.iter().filter(|(other, _)| dag.calls[*other].after.contains(&call)) {
        let (mut keys, mut required) = (Vec::new(), Vec::new());
        let pick = |&need: &DemandId| part.solution.choice.pick(need).filter(|pick| own.contains(pick));
        for list in &dag.calls[*other].lists {
            keys.extend(list.enters.iter().flat_map(|&enter| &graph.enters[enter].needs.all).filter_map(pick));
            let needs = list.instances.iter().flat_map(|&id| &graph.instances[id].needs.all);
            required.extend(needs.filter_map(pick));
        }
        for (what, ids) in [("the key", keys), ("the required", required)] {
            if !ids.is_empty() {
                serves.push(format!("step {} {what} {}", step(*fetch), names(graph, &ids)).into());
            }
        }
    }
    // Where nobody wants more than the objects, these are what it gives.
    if serves.is_empty() {
        serves.push(format!("the client {}", names(graph, &of_client(false))).into());
    }
    serves
}

/// The coordinates of some instances, each once.
fn names(graph: &Graph<'_>, instances: &[InstanceId]) -> String {
    let mut names: Vec<String> = Vec::new();
    for &id in instances {
        let name = match graph.demands[graph.instances[id].demand].field {
            Some(field) => graph.supergraph.coordinate(field),
            None => "the objects' type".to_owned(),
        };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    listed(names.iter().map(String::as_str).collect())
}

fn listed(mut names: Vec<&str>) -> String {
    let more = names.len().saturating_sub(MAX_NAMES);
    names.truncate(MAX_NAMES);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", names.join(", "))
}
