//! Resolved field sets: the selections of `@key`, `@requires` and `@provides`.

use crate::graph::language::value::InputValue;
use crate::platform::base::Name;

use super::ids::{FieldId, TypeId};

/// A selection set over the supergraph's coordinates, in a canonical order: two field sets that
/// select the same are equal.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FieldSet {
    /// The type it applies to.
    pub on: TypeId,
    /// What it selects.
    pub selections: Vec<FieldSetNode>,
}

/// One item of a field set.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum FieldSetNode {
    /// A field, with literal arguments sorted by name.
    Field {
        /// The coordinate, on the type the enclosing selection applies to.
        field: FieldId,
        /// Literal arguments, sorted by name.
        arguments: Vec<(Name, InputValue)>,
        /// What is selected below; empty for leaves.
        selections: Vec<FieldSetNode>,
    },
    /// `... on Type { … }`
    Fragment {
        /// The type condition.
        on: TypeId,
        /// What it selects.
        selections: Vec<FieldSetNode>,
    },
    /// `__typename`
    Typename,
}
