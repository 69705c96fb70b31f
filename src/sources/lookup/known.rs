//! What is known of a subgraph's lookups.

use std::collections::{HashMap, HashSet};

use crate::graph::federation::ids::SubgraphId;
use crate::graph::federation::lookup::FilledArgument;
use crate::graph::federation::supergraph::Supergraph;
use crate::platform::base::Name;

/// The lookups and required arguments of one subgraph.
#[derive(Clone, Debug, Default)]
pub struct Lookups {
    /// By the name of an object type.
    pub(super) types: HashMap<Name, TypeLookups>,
    /// Which objects are of which abstract types.
    pub(super) kinds: Kinds,
}

/// How objects of one type are asked for.
#[derive(Clone, Debug, Default)]
pub(super) struct TypeLookups {
    pub(super) lookups: Vec<Way>,
    /// Required arguments by the field's name.
    pub(super) required: HashMap<Name, Vec<FilledArgument>>,
}

/// One lookup.
#[derive(Clone, Debug)]
pub(super) struct Way {
    /// The field, from the query root on.
    pub(super) path: Vec<Name>,
    /// The last field's arguments.
    pub(super) arguments: Vec<FilledArgument>,
}

/// Abstract types and the names of their objects.
#[derive(Clone, Debug, Default)]
pub(super) struct Kinds(HashMap<Name, HashSet<Name>>);

// === impl Lookups ===

impl Lookups {
    /// Those of `subgraph`; `None` if it has none, so that it can be asked as the plan says.
    pub fn of(supergraph: &Supergraph, subgraph: SubgraphId) -> Option<Self> {
        let mut types: HashMap<Name, TypeLookups> = HashMap::new();
        for lookup in supergraph.lookups.iter().filter(|lookup| lookup.subgraph == subgraph) {
            let of_type = types.entry(supergraph.types[lookup.ty].name.clone()).or_default();
            of_type.lookups.push(Way { path: lookup.path.clone(), arguments: lookup.arguments.clone() });
        }
        for required in supergraph.required_arguments.iter().filter(|required| required.subgraph == subgraph) {
            let field = &supergraph.fields[required.field];
            let of_type = types.entry(supergraph.types[field.parent].name.clone()).or_default();
            of_type.required.insert(field.name.clone(), required.arguments.clone());
        }
        (!types.is_empty()).then(|| Self { types, kinds: Kinds::of(supergraph) })
    }
}

// === impl Kinds ===

impl Kinds {
    fn of(supergraph: &Supergraph) -> Self {
        let kinds = supergraph.types.iter().filter(|ty| ty.is_abstract()).map(|ty| {
            let objects = ty.possible.iter().map(|object| supergraph.types[object].name.clone());
            (ty.name.clone(), objects.collect())
        });
        Self(kinds.collect())
    }

    /// Whether an object of type `object` is of the type `kind`.
    pub(super) fn is(&self, object: &str, kind: &str) -> bool {
        object == kind || self.0.get(kind).is_some_and(|objects| objects.contains(object))
    }
}
