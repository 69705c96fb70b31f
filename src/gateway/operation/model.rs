//! The normalised operation: fragments inlined, equal selections merged, conditions as guards,
//! every field a coordinate of the supergraph.

use smallvec::SmallVec;

use crate::graph::federation::ids::{AuthRuleId, FieldId, TypeId, TypeSet};
use crate::graph::language::ast::OperationKind;
use crate::graph::language::value::InputValue;
use crate::platform::base::Name;

use super::guards::{GuardId, Guards};

/// A normalised operation. After authorization, [`FieldSelection::denied`] marks what the caller
/// may not see; such selections are planned as nulls.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Query, mutation or subscription.
    pub kind: OperationKind,
    /// The name, if any.
    pub name: Option<Name>,
    /// Declared variables in order.
    pub variables: Vec<Variable>,
    /// The root selection set.
    pub root: SelectionSet,
    /// The conditions the selections refer to.
    pub guards: Guards,
}

/// A declared variable.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Variable {
    /// The name, without `$`.
    pub name: Name,
    /// The type as text: `[ID!]!`.
    pub ty: Name,
    /// The default, if any.
    pub default: Option<InputValue>,
}

/// What is selected of objects of one declared type.
///
/// Invariants: items stand in the order of their first places; two items with the same response key
/// have disjoint `on` sets, and at most one of them is `nameless`; each applies to some type or is
/// `nameless`, and none has the guard `NEVER`.
#[derive(Clone, Debug)]
pub struct SelectionSet {
    /// The declared type.
    pub parent: TypeId,
    /// What is selected.
    pub items: Vec<Selection>,
}

/// One item of a selection set.
#[derive(Clone, Debug)]
pub struct Selection {
    /// The key in the response.
    pub response_key: Name,
    /// The runtime types it applies to, a subset of the parent's possible types.
    pub on: TypeSet,
    /// It also applies to objects whose runtime type is not known: all that it selects was written
    /// outside type conditions.
    pub nameless: bool,
    /// Some of what it selects was written outside type conditions.
    pub unconditional: bool,
    /// When it is wanted.
    pub guard: GuardId,
    /// Where it stands in the response. At most one place holds for a request, and one does if the
    /// guard holds.
    pub places: SmallVec<[Place; 1]>,
    /// What it is.
    pub kind: SelectionKind,
}

/// A place in a selection set. A key that is written several times stands where it is first wanted
/// (`CollectFields` of the specification), so that conditions decide the order, too.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    /// Orders the places of one selection set.
    pub position: u32,
    /// When the item stands here.
    pub guard: GuardId,
}

/// What an item selects.
#[derive(Clone, Debug)]
pub enum SelectionKind {
    /// `__typename`
    Typename,
    /// `__schema` or `__type` at the query root; answered from the API schema.
    Introspection,
    /// A field.
    Field(FieldSelection),
}

/// A selected field.
#[derive(Clone, Debug)]
pub struct FieldSelection {
    /// The coordinate, on the declared type of the selection set it was written in.
    pub field: FieldId,
    /// Arguments as written, sorted by name; argument defaults of the schema are not filled in.
    pub arguments: Vec<(Name, InputValue)>,
    /// What is selected below; `None` for leaves. An empty set (nothing applies) yields `{}`.
    pub selections: Option<SelectionSet>,
    /// The rule the caller does not satisfy.
    pub denied: Option<AuthRuleId>,
}
