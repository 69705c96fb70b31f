//! Arguments that are filled from the nearest object above that sets a context.
//!
//! The object itself counts as the nearest. A field with such arguments is always entered by key:
//! its value depends on where the object stands, and is known only when that object's own values
//! are. Fields that read the same values share a list; others have lists of their own, so that what
//! fails for one of them leaves the rest alone.

use std::collections::BTreeMap;

use crate::gateway::operation::guards::GuardId;
use crate::gateway::operation::model::Operation;
use crate::graph::federation::ids::{FieldSetId, ProviderId, TypeId, TypeSet};
use crate::graph::federation::supergraph::{ContextArgument, Supergraph, TypeRef};
use crate::graph::language::ast::OperationKind;
use crate::platform::base::Name;

use super::documents::free_prefix;
use super::emit_fetches::List;
use super::graph::{Graph, PositionId};
use super::model::{ContextSource, ContextVariable, RepresentationField};
use super::representations::Compiler;

/// What tells one filled argument from another: its type, and what is selected of which types.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ContextKey {
    /// The type the subgraph wants.
    pub ty: TypeRef,
    /// What is selected of each type that sets the context.
    pub selections: Vec<(TypeId, FieldSetId)>,
}

/// Objects that set a context.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Setter {
    /// Where they stand.
    pub position: PositionId,
    /// Which of them.
    pub class: usize,
    /// What is selected of them.
    pub set: FieldSetId,
}

// === impl ContextKey ===

impl ContextKey {
    /// What identifies an argument's value.
    pub fn of(argument: &ContextArgument) -> Self {
        Self { ty: argument.ty.clone(), selections: argument.selections.clone() }
    }
}

/// What fills the arguments of a provider's field, each value once.
pub fn keys_of(supergraph: &Supergraph, provider: Option<ProviderId>) -> Vec<ContextKey> {
    let arguments = provider.map(|provider| &supergraph.providers[provider].context_arguments[..]);
    let mut keys: Vec<ContextKey> = arguments.unwrap_or_default().iter().map(ContextKey::of).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// The objects that set a context for those of a class: the nearest upwards, those of the class
/// itself first. Several where the nearest depends on a type that is not known yet.
#[derive(Debug, Default)]
pub struct Setters {
    /// The objects, from the nearest on.
    pub found: Vec<Setter>,
    /// Positions of which the type of each object decides.
    pub revealed: Vec<PositionId>,
    /// Whether one of them is there in any case.
    pub certain: bool,
}

/// Finds the objects that set a context. The root of a mutation is none of them: reading it would
/// write.
pub fn setters(graph: &Graph<'_>, position: PositionId, class: usize, selections: &[(TypeId, FieldSetId)]) -> Setters {
    let mut setters = Setters::default();
    let mut at = (position, class);
    loop {
        let (position, class) = at;
        let of_position = &graph.positions[position];
        let writes = position == Graph::ROOT && graph.operation.kind == OperationKind::Mutation;
        let set = |class: usize| set_by(graph, position, class, selections).filter(|_| !writes);
        let own = set(class).map(|set| Setter { position, class, set });
        if of_position.classes.iter().any(|class| class.nameless) && own.is_none_or(|own| !is_nameless(graph, own)) {
            let each = 0..of_position.classes.len();
            let of_types = each.filter_map(|class| Some(Setter { position, class, set: set(class)? }));
            let of_types: Vec<Setter> = of_types.collect();
            if !of_types.is_empty() {
                setters.revealed.push(position);
            }
            if of_position.classes[class].nameless {
                setters.found.extend(of_types);
            }
        }
        if let Some(own) = own {
            setters.found.push(own);
            setters.certain = true;
            return setters;
        }
        let Some(parent) = of_position.parent else { return setters };
        at = (graph.demands[parent].position, graph.demands[parent].class);
    }
}

/// What a context takes of the objects of a class, if they all set it.
fn set_by(
    graph: &Graph<'_>,
    position: PositionId,
    class: usize,
    selections: &[(TypeId, FieldSetId)],
) -> Option<FieldSetId> {
    let class = &graph.positions[position].classes[class];
    let possible = |setter: TypeId| &graph.supergraph.types[setter].possible;
    let own = selections.iter().find(|(setter, _)| *setter == class.representative);
    let found = own.or_else(|| selections.iter().find(|(setter, _)| class.types.is_subset(possible(*setter))));
    found.map(|(_, set)| *set)
}

fn is_nameless(graph: &Graph<'_>, setter: Setter) -> bool {
    graph.positions[setter.position].classes[setter.class].nameless
}

/// The variable that carries the value of a list's `nth` context argument.
pub fn variable(operation: &Operation, list: usize, nth: usize) -> Name {
    free_prefix(operation, format!("_c{list}_{nth}"))
}

// === impl Compiler ===

impl Compiler<'_, '_> {
    /// What the context arguments of a list's fields are filled from; `at` is the list's number.
    pub fn context_variables(&mut self, list: &List, at: usize) -> Vec<ContextVariable> {
        let keys = list.key.contexts.iter().enumerate();
        keys.map(|(nth, key)| self.context_variable(list, key, variable(self.graph.operation, at, nth))).collect()
    }

    fn context_variable(&mut self, list: &List, key: &ContextKey, name: Name) -> ContextVariable {
        let graph = self.graph;
        let mut found: Vec<Setter> = Vec::new();
        for &enter in &list.enters {
            let enter = &graph.enters[enter];
            found.extend(setters(graph, enter.position, enter.class, &key.selections).found);
        }
        found.sort_unstable();
        found.dedup();
        // Types of one position of which the same is selected are one source.
        let mut sources: BTreeMap<(u32, u32), ContextSource> = BTreeMap::new();
        for setter in found {
            let at = &graph.positions[setter.position];
            let class = &at.classes[setter.class];
            let site = self.numbering.site(self.layouts, at.layout);
            let source = sources.entry((site.0, setter.set.0)).or_insert_with(|| ContextSource {
                site,
                types: TypeSet::new(),
                nameless: false,
                value: Vec::new(),
            });
            source.types.extend_from(&class.types);
            source.nameless |= class.nameless;
            let nodes = &graph.supergraph.field_sets[setter.set].selections;
            let mut value: Vec<RepresentationField> = std::mem::take(&mut source.value);
            self.context_value(setter, nodes, &mut value);
            source.value = value;
        }
        let ty = &key.ty;
        ContextVariable {
            name,
            ty: graph.supergraph.display_type(ty).into(),
            non_null: ty.lists.iter().copied().chain([ty.inner_non_null]).collect(),
            sources: sources.into_values().collect(),
        }
    }

    fn context_value(
        &mut self,
        setter: Setter,
        nodes: &[crate::graph::federation::field_set::FieldSetNode],
        into: &mut Vec<RepresentationField>,
    ) {
        let types = self.graph.positions[setter.position].classes[setter.class].types.clone();
        self.add_value(setter.position, setter.class, nodes, (GuardId::ALWAYS, types), into);
    }
}
