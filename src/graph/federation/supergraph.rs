//! The supergraph: everything composition knows, as ids.

use std::collections::HashMap;
use std::sync::Arc;

use smallvec::SmallVec;

use crate::graph::connect::{ConnectSpec, ConnectedSubgraph};
use crate::graph::language::ast::{OperationKind, TypeKind};
use crate::graph::language::value::InputValue;
use crate::platform::base::Name;
use crate::platform::base::id::IdVec;

use super::field_set::FieldSet;
use super::ids::{
    AuthRuleId, ConnectorId, EntryId, FieldId, FieldSetId, LabelId, ProviderId, SubgraphId, SubgraphSet, TypeId,
    TypeSet,
};
use super::lookup::{Lookup, RequiredArguments};

/// Everything derived from one composed graph. Built once, then only read.
#[derive(Clone, Debug, Default)]
pub struct Supergraph {
    /// All named types, inaccessible ones included.
    pub types: IdVec<TypeId, TypeDef>,
    /// All fields of object and interface types.
    pub fields: IdVec<FieldId, FieldDef>,
    /// Where fetches go, sorted by name.
    pub subgraphs: IdVec<SubgraphId, SubgraphDef>,
    /// Resolved field sets, each once.
    pub field_sets: IdVec<FieldSetId, FieldSet>,
    /// Ways to produce fields.
    pub providers: IdVec<ProviderId, Provider>,
    /// Ways to land on types.
    pub entries: IdVec<EntryId, Entry>,
    /// Labels of progressive overrides.
    pub labels: IdVec<LabelId, Name>,
    /// Authorization rules, each once.
    pub auth_rules: IdVec<AuthRuleId, AuthRule>,
    /// Connectors, in the order of their virtual subgraphs.
    pub connectors: IdVec<ConnectorId, ConnectorDef>,
    /// The connected subgraphs, sorted by name: what their connectors do.
    pub connected: Vec<Arc<ConnectedSubgraph>>,
    /// Fields that look entities up, in subgraphs that have such fields instead of `_entities`.
    pub lookups: Vec<Lookup>,
    /// Arguments that are filled from other subgraphs.
    pub required_arguments: Vec<RequiredArguments>,
    /// The root types that exist.
    pub query: Option<TypeId>,
    /// `Mutation`, if any.
    pub mutation: Option<TypeId>,
    /// `Subscription`, if any.
    pub subscription: Option<TypeId>,
    /// Types by name.
    pub type_ids: HashMap<Name, TypeId>,
    /// The API schema's SDL: what clients see.
    pub api_sdl: Arc<str>,
    /// SHA-256 over everything planning depends on.
    pub hash: [u8; 32],
}

/// A named type of the supergraph.
#[derive(Clone, Debug)]
pub struct TypeDef {
    /// The name.
    pub name: Name,
    /// The merged kind.
    pub kind: TypeKind,
    /// Fields by name, for objects and interfaces.
    pub fields: HashMap<Name, FieldId>,
    /// Fields in merged order.
    pub field_order: Vec<FieldId>,
    /// Object types this type can be at run time (an object: itself).
    pub possible: TypeSet,
    /// Interfaces it implements, transitively.
    pub interfaces: Vec<TypeId>,
    /// Enum values in merged order.
    pub values: Vec<EnumValue>,
    /// Input object fields in merged order.
    pub inputs: Vec<InputDef>,
    /// Hidden from clients.
    pub inaccessible: bool,
    /// The rule on the type itself (already folded into fields that return or belong to it).
    pub auth: Option<AuthRuleId>,
    /// Ways to land here. A type also lists the [`EntryKind::InterfaceObject`] entries of the
    /// interfaces it implements: their [`Entry::ty`] is the interface.
    pub entries: Vec<EntryId>,
    /// How each subgraph that knows the type defines it, ordered by subgraph.
    pub local: Vec<LocalType>,
    /// `@cost(weight:)` on the type.
    pub cost: Option<i32>,
}

/// A type as one subgraph defines it.
#[derive(Clone, Debug)]
pub struct LocalType {
    /// The subgraph.
    pub subgraph: SubgraphId,
    /// The kind there: an interface object is an object in its subgraph.
    pub kind: TypeKind,
    /// `@interfaceObject`: arrivals are opaque, their `__typename` means nothing.
    pub interface_object: bool,
    /// Object types it can be at run time, as that subgraph knows; for an interface object all
    /// that implement the interface anywhere.
    pub possible: TypeSet,
    /// Interfaces it implements there.
    pub interfaces: Vec<TypeId>,
    /// Enum values known there, by position in [`TypeDef::values`]; empty for other kinds.
    pub values: Vec<u32>,
}

/// An enum value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EnumValue {
    /// The name.
    pub name: Name,
    /// Hidden from clients.
    pub inaccessible: bool,
}

/// An argument or an input object's field.
#[derive(Clone, PartialEq, Debug)]
pub struct InputDef {
    /// The name.
    pub name: Name,
    /// The merged type.
    pub ty: TypeRef,
    /// The merged default.
    pub default: Option<InputValue>,
    /// Hidden from clients.
    pub inaccessible: bool,
    /// `@cost(weight:)`.
    pub cost: Option<i32>,
}

/// A coordinate: a field of an object or interface type.
#[derive(Clone, Debug)]
pub struct FieldDef {
    /// The type it belongs to.
    pub parent: TypeId,
    /// The name.
    pub name: Name,
    /// The merged type.
    pub ty: TypeRef,
    /// Merged arguments in order.
    pub arguments: Vec<InputDef>,
    /// Ways to produce it. What an interface object provides is listed at the interface's
    /// coordinate and again at each implementer's, marked [`Provider::interface_object`].
    pub providers: Vec<ProviderId>,
    /// Hidden from clients.
    pub inaccessible: bool,
    /// What the caller must show to see it, type rules folded in.
    pub auth: Option<AuthRuleId>,
    /// `@cost(weight:)`.
    pub cost: Option<i32>,
    /// `@listSize`.
    pub list_size: Option<ListSize>,
}

/// `@listSize` of a field.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ListSize {
    /// The size to assume when no slicing argument is given.
    pub assumed: Option<u32>,
    /// Arguments that say how many items come.
    pub slicing_arguments: Vec<Name>,
    /// Fields of the result that are the lists meant; empty: the field itself.
    pub sized_fields: Vec<Name>,
    /// Whether exactly one slicing argument must be given.
    pub require_one_slicing_argument: bool,
}

/// A type with its list and non-null wrappers.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TypeRef {
    /// The named type.
    pub inner: TypeId,
    /// Whether the named type is non-null.
    pub inner_non_null: bool,
    /// One entry a list, outermost first: whether that list is non-null.
    pub lists: SmallVec<[bool; 2]>,
}

/// A place where fetches go.
#[derive(Clone, Debug)]
pub struct SubgraphDef {
    /// Unique; for a connector `subgraph.connector_id`.
    pub name: Name,
    /// The user's subgraph it belongs to, shown to people.
    pub service: Name,
    /// What it is.
    pub kind: SubgraphKind,
    /// The object type names at the root of this subgraph, where they differ from the merged ones.
    pub roots: Vec<(OperationKind, Name)>,
}

/// What stands behind a subgraph.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SubgraphKind {
    /// A federated GraphQL server.
    Graphql {
        /// Where it listens; empty when configuration must say.
        url: Name,
    },
    /// An in-process schema, mounted by name.
    Native,
    /// One connector of a connected subgraph.
    Connector(ConnectorId),
}

/// A connector's place in the graph; its specification is found by `id` in the connect module.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConnectorDef {
    /// The user's subgraph.
    pub service: Name,
    /// The connector's id within it.
    pub id: Name,
    /// The virtual subgraph.
    pub subgraph: SubgraphId,
    /// Where it stands.
    pub place: ConnectorPlace,
    /// Estimated calls: see [`BatchCaps`].
    pub batch: BatchCaps,
}

/// Where a `@connect` stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ConnectorPlace {
    /// On a root field (of Query, Mutation or Subscription).
    Root(FieldId),
    /// On a field of an object type: its rows come from the object's key fields.
    Field(FieldId),
    /// On a type, or on a root field with `entity: true`: it yields whole entities.
    Type(TypeId),
}

/// One way to produce a field in one subgraph.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Provider {
    /// The coordinate.
    pub field: FieldId,
    /// Where.
    pub subgraph: SubgraphId,
    /// The field's type there.
    pub local_type: TypeRef,
    /// Arguments that subgraph knows.
    pub arguments: Vec<Name>,
    /// What must be sent along to compute it.
    pub requires: Option<FieldSetId>,
    /// What else is available below it there.
    pub provides: Option<FieldSetId>,
    /// Only usable below a field that `@provides` it, or as a key field of a representation.
    pub external: bool,
    /// Usable only if the label was drawn so.
    pub override_gate: Option<(LabelId, bool)>,
    /// Arguments that clients do not give: they are filled from an object further up.
    pub context_arguments: Vec<ContextArgument>,
    /// The field is served for the interface as a whole, by an interface object. Its field sets
    /// are over the interface even when `field` is an implementer's coordinate.
    pub interface_object: bool,
}

/// An argument that is filled from the nearest object above that sets a context.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ContextArgument {
    /// The argument's name in the subgraph.
    pub name: Name,
    /// Its type there.
    pub ty: TypeRef,
    /// The context: `subgraph__name`.
    pub context: Name,
    /// What is selected of each type that sets the context; one value.
    pub selections: Vec<(TypeId, FieldSetId)>,
}

/// One way to land on a type in a subgraph from key values.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// The type landed on.
    pub ty: TypeId,
    /// Where.
    pub subgraph: SubgraphId,
    /// What must be known.
    pub key: FieldSetId,
    /// How.
    pub kind: EntryKind,
    /// How many rows one call takes.
    pub batch: BatchCaps,
    /// What is open where one lands, as [`Provider::provides`] is below a field.
    pub provides: Option<FieldSetId>,
}

/// How an entry is called.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EntryKind {
    /// `_entities` with the object type's name.
    Entity,
    /// `_entities` with an interface's name, into a subgraph that has the real interface.
    InterfaceEntity,
    /// `_entities` with an interface's name, into a subgraph that has an interface object.
    InterfaceObject,
    /// A connector.
    Connector(ConnectorId),
}

/// How many rows one call takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BatchCaps {
    /// One row a call, so many calls at a time.
    One {
        /// Calls in flight.
        concurrency: u32,
    },
    /// Up to `max` rows a call.
    Batch {
        /// Rows a call.
        max: u32,
    },
}

/// What a caller must show: any of the alternatives, all atoms of it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct AuthRule {
    /// Disjunction of conjunctions, sorted; `[[]]` is always true, `[]` never.
    pub alternatives: Vec<Vec<AuthAtom>>,
}

/// One fact about a caller.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum AuthAtom {
    /// Somebody known.
    Authenticated,
    /// Holds the scope.
    Scope(Name),
    /// The named policy says yes.
    Policy(Name),
}

// === impl Supergraph ===

impl Supergraph {
    /// The type called `name`.
    pub fn type_id(&self, name: &str) -> Option<TypeId> {
        self.type_ids.get(name).copied()
    }

    /// The root type of an operation kind.
    pub fn root(&self, kind: OperationKind) -> Option<TypeId> {
        match kind {
            OperationKind::Query => self.query,
            OperationKind::Mutation => self.mutation,
            OperationKind::Subscription => self.subscription,
        }
    }

    /// The field `name` of type `ty`.
    pub fn field(&self, ty: TypeId, name: &str) -> Option<FieldId> {
        self.types[ty].fields.get(name).copied()
    }

    /// `Type.field`.
    pub fn coordinate(&self, field: FieldId) -> String {
        let def = &self.fields[field];
        format!("{}.{}", self.types[def.parent].name, def.name)
    }

    /// How `subgraph` defines `ty`, if it knows it.
    pub fn local(&self, ty: TypeId, subgraph: SubgraphId) -> Option<&LocalType> {
        let local = &self.types[ty].local;
        local.binary_search_by_key(&subgraph, |known| known.subgraph).ok().map(|at| &local[at])
    }

    /// The provider of `field` in `subgraph`, if any.
    pub fn provider(&self, field: FieldId, subgraph: SubgraphId) -> Option<ProviderId> {
        self.fields[field].providers.iter().copied().find(|&id| self.providers[id].subgraph == subgraph)
    }

    /// What the connector does, and the connected subgraph it belongs to.
    pub fn connector_spec(&self, connector: ConnectorId) -> Option<(&ConnectedSubgraph, &ConnectSpec)> {
        let def = self.connectors.get(connector)?;
        let service = self.connected.iter().find(|service| service.name == def.service)?;
        Some((service, service.connector(&def.id)?))
    }

    /// The subgraphs that know `ty`.
    pub fn subgraphs_of(&self, ty: TypeId) -> SubgraphSet {
        self.types[ty].local.iter().map(|local| local.subgraph).collect()
    }

    /// The type as text: `[Product!]!`.
    pub fn display_type(&self, ty: &TypeRef) -> String {
        let mut text = self.types[ty.inner].name.to_string();
        if ty.inner_non_null {
            text.push('!');
        }
        for &non_null in ty.lists.iter().rev() {
            text = format!("[{text}]{}", if non_null { "!" } else { "" });
        }
        text
    }
}

// === impl Provider ===

impl Provider {
    /// Whether it needs more than the object: values that are sent along when the object is entered.
    pub fn needs_more(&self) -> bool {
        self.requires.is_some() || !self.context_arguments.is_empty()
    }
}

// === impl TypeDef ===

impl TypeDef {
    /// Interface or union.
    pub fn is_abstract(&self) -> bool {
        matches!(self.kind, TypeKind::Interface | TypeKind::Union)
    }

    /// Object, interface or union.
    pub fn is_composite(&self) -> bool {
        self.is_abstract() || self.kind == TypeKind::Object
    }
}

// === impl TypeRef ===

impl TypeRef {
    /// Whether the outermost level is non-null.
    pub fn is_non_null(&self) -> bool {
        self.lists.first().copied().unwrap_or(self.inner_non_null)
    }

    /// Whether it is a list.
    pub fn is_list(&self) -> bool {
        !self.lists.is_empty()
    }
}
