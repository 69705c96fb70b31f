//! Why a demand cannot be met, in words.

use crate::graph::federation::supergraph::Supergraph;

use super::classes::field_set_text;
use super::fixpoint::Liveness;
use super::graph::{Arrival, DemandId, Graph};

/// One sentence: what cannot be had, and what is missing from each way to it.
pub fn why_dead(graph: &Graph<'_>, live: &Liveness, demand: DemandId) -> String {
    let supergraph = graph.supergraph;
    let node = &graph.demands[demand];
    let class = graph.class_of(demand);
    let Some(field) = node.field else {
        return format!(
            "no subgraph can tell which type the {} objects are of",
            type_name(supergraph, class.representative)
        );
    };
    let coordinate = supergraph.coordinate(field);
    let mut reasons: Vec<String> = Vec::new();
    for &option in &node.options {
        let instance = &graph.instances[option];
        let subgraph = &supergraph.subgraphs[instance.subgraph].name;
        let reason = match instance.arrival {
            Arrival::Enter(enter) if live.enter(enter).is_none() => {
                let entry = &supergraph.entries[graph.enters[enter].entry];
                let key = field_set_text(supergraph, &supergraph.field_sets[entry.key].selections);
                format!("{subgraph} needs the key `{key}`, which nobody gives here")
            }
            Arrival::Origin(_) | Arrival::Root | Arrival::Enter(_) => {
                let provider = instance.provider.map(|provider| &supergraph.providers[provider]);
                let contexts = provider.map(|provider| &provider.context_arguments[..]).unwrap_or_default();
                match provider.and_then(|provider| provider.requires) {
                    Some(set) => {
                        let set = field_set_text(supergraph, &supergraph.field_sets[set].selections);
                        format!("{subgraph} requires `{set}`, which nobody gives here")
                    }
                    None if !contexts.is_empty() => {
                        let names: Vec<&str> = contexts.iter().map(|argument| &*argument.name).collect();
                        format!("{subgraph} fills `{}` from a context, which nothing gives here", names.join("`, `"))
                    }
                    None => format!("{subgraph} has it, but its parent cannot be had there"),
                }
            }
        };
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    if reasons.is_empty() {
        let mut owners: Vec<&str> = supergraph.fields[field]
            .providers
            .iter()
            .map(|&provider| &*supergraph.subgraphs[supergraph.providers[provider].subgraph].name)
            .collect();
        owners.sort_unstable();
        owners.dedup();
        reasons.push(match owners[..] {
            [] => "no subgraph provides it".to_owned(),
            _ => format!("{} has it, but no key leads there from here", owners.join(" or ")),
        });
    }
    format!("{coordinate}: {}", reasons.join(", and "))
}

fn type_name(supergraph: &Supergraph, ty: crate::graph::federation::ids::TypeId) -> &str {
    &supergraph.types[ty].name
}
