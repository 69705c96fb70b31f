//! Arguments that are filled from a context need an object that sets it further up, of which what
//! they select can be had.

use std::collections::BTreeSet;

use crate::graph::federation::field_set::FieldSetNode;
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

    /// The subgraphs that cannot resolve `field` here, with the reason: an argument of it, or of what
    /// it requires, cannot be filled.
    pub(super) fn unfilled(&self, graph: &Supergraph, field: FieldId, filled: &Filled) -> Vec<(SubgraphId, String)> {
        if self.arguments.is_empty() {
            return Vec::new();
        }
        let providers = graph.fields[field].providers.iter();
        let lacks = |&id: &ProviderId| {
            let reason = self.lacks(graph, id, filled, &mut BTreeSet::new())?;
            Some((graph.providers[id].subgraph, reason))
        };
        providers.filter_map(lacks).collect()
    }

    /// Why a provider cannot be asked. `open` are those that are being looked at already: what
    /// requires itself is refused elsewhere.
    fn lacks(
        &self,
        graph: &Supergraph,
        id: ProviderId,
        filled: &Filled,
        open: &mut BTreeSet<ProviderId>,
    ) -> Option<String> {
        let provider = &graph.providers[id];
        let mut arguments = provider.context_arguments.iter().enumerate();
        if let Some((_, argument)) = arguments.find(|(index, _)| !filled.contains(&(id, *index))) {
            return Some(format!(
                "argument `{}` of `{}` in subgraph \"{}\" is filled from context `{}`, which is not set here",
                argument.name,
                graph.coordinate(provider.field),
                graph.subgraphs[provider.subgraph].name,
                argument.context
            ));
        }
        let required = &graph.field_sets[provider.requires?].selections;
        if !open.insert(id) {
            return None;
        }
        let reason = self.lacking_below(graph, required, filled, open);
        open.remove(&id);
        reason
    }

    /// Why some field of a set can be had from nobody.
    fn lacking_below(
        &self,
        graph: &Supergraph,
        set: &[FieldSetNode],
        filled: &Filled,
        open: &mut BTreeSet<ProviderId>,
    ) -> Option<String> {
        set.iter().find_map(|node| match node {
            FieldSetNode::Typename => None,
            FieldSetNode::Fragment { selections, .. } => self.lacking_below(graph, selections, filled, open),
            FieldSetNode::Field { field, selections, .. } => {
                let (mut resolvable, mut reason) = (false, None);
                for &id in graph.fields[*field].providers.iter().filter(|id| !graph.providers[**id].external) {
                    match self.lacks(graph, id, filled, open) {
                        Some(lacking) => reason = Some(lacking),
                        None => resolvable = true,
                    }
                }
                if !resolvable {
                    return reason;
                }
                let below = self.set_by(graph, graph.fields[*field].ty.inner, filled);
                self.lacking_below(graph, selections, &below, open)
            }
        })
    }

    /// What is filled already, and what objects of a type may set.
    fn set_by(&self, graph: &Supergraph, ty: TypeId, filled: &Filled) -> Filled {
        let objects = &graph.types[ty].possible;
        let sets = |known: &&Contextual| {
            known.selections.iter().any(|(setter, _)| graph.types[*setter].possible.intersects(objects))
        };
        let own = self.arguments.iter().filter(sets).map(|known| known.argument);
        filled.iter().copied().chain(own).collect()
    }
}
