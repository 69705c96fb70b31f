//! Arguments that are filled from a context need an object that sets it further up, of which what
//! they select can be had.

use std::collections::BTreeSet;

use crate::graph::federation::ids::{FieldId, FieldSetId, ProviderId, SubgraphId, TypeId};
use crate::graph::federation::supergraph::Supergraph;
use crate::graph::liveness::{Reach, StateId};

/// The arguments that can be filled at a place, by provider and position.
pub(super) type Filled = BTreeSet<(ProviderId, usize)>;

/// All arguments of a graph that are filled from contexts.
pub(super) struct Contexts {
    arguments: Vec<Contextual>,
}

struct Contextual {
    /// The provider and the argument's position.
    argument: (ProviderId, usize),
    /// Each type that sets the context, and what is selected of it.
    selections: Vec<(TypeId, FieldSetId)>,
}

// === impl Contexts ===

impl Contexts {
    pub(super) fn of(graph: &Supergraph) -> Self {
        let mut arguments = Vec::new();
        for (id, provider) in graph.providers.iter_enumerated() {
            let each = provider.context_arguments.iter().enumerate();
            arguments.extend(
                each.map(|(index, known)| Contextual { argument: (id, index), selections: known.selections.clone() }),
            );
        }
        Self { arguments }
    }

    /// What can be filled below an object of type `ty`. The nearest object that sets a context
    /// decides.
    pub(super) fn below(&self, reach: &mut Reach<'_>, state: StateId, ty: TypeId, above: &Filled) -> Filled {
        let graph = reach.graph();
        let mut filled = above.clone();
        for Contextual { argument, selections } in &self.arguments {
            let Some((_, set)) = selections.iter().find(|(setter, _)| graph.types[*setter].possible.contains(ty))
            else {
                continue;
            };
            if reach.gives(state, &graph.field_sets[*set].selections) {
                filled.insert(*argument);
            } else {
                filled.remove(argument);
            }
        }
        filled
    }
}

/// The subgraphs that cannot resolve `field` here, with the reason.
pub(super) fn unfilled(graph: &Supergraph, field: FieldId, filled: &Filled) -> Vec<(SubgraphId, String)> {
    let mut found = Vec::new();
    for &id in &graph.fields[field].providers {
        let provider = &graph.providers[id];
        for (index, argument) in provider.context_arguments.iter().enumerate() {
            if !filled.contains(&(id, index)) {
                let reason = format!(
                    "argument `{}` of `{}` in subgraph \"{}\" is filled from context `{}`, which is not set here",
                    argument.name,
                    graph.coordinate(field),
                    graph.subgraphs[provider.subgraph].name,
                    argument.context
                );
                found.push((provider.subgraph, reason));
            }
        }
    }
    found
}
