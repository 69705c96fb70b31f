//! A subgraph's schema as composition reads it: one entry a type, whatever it was split into.

use indexmap::IndexMap;

use crate::graph::compose::composite::Composite;
use crate::graph::language::ast::{Directive, DirectiveDefinition, OperationKind, TypeExpr, TypeKind, Value};
use crate::graph::link::{Links, Version};
use crate::platform::base::Name;
use crate::platform::base::span::{FileId, Span, Spanned};

use super::directives::{Applied, Federation};
use super::facts::Facts;

/// A subgraph, read.
#[derive(Clone, Debug)]
pub struct Subgraph {
    /// Unique among the subgraphs of one composition.
    pub name: Name,
    /// Where it is served; may be empty.
    pub url: Name,
    /// Its value of `join__Graph`.
    pub graph: Name,
    /// Its file.
    pub file: FileId,
    /// What it links.
    pub links: Links,
    /// Its version of federation.
    pub version: Version,
    /// The schema's description.
    pub description: Option<Name>,
    /// Directives on the schema definition and its extensions.
    pub schema: Vec<Applied>,
    /// Root types, by the names they have in the subgraph.
    pub roots: Vec<(OperationKind, Name)>,
    /// The subgraph's own types; root types are called `Query`, `Mutation` and `Subscription`.
    pub types: IndexMap<Name, Type>,
    /// The directives it defines itself.
    pub directives: IndexMap<Name, DirectiveDefinition>,
    /// What it requires through arguments, if it is spelled by the Composite Schemas specification.
    pub composite: Option<Composite>,
    /// What its federation directives say about its fields.
    pub facts: Facts,
}

/// A named type of a subgraph.
#[derive(Clone, Debug)]
pub struct Type {
    /// The kind.
    pub kind: TypeKind,
    /// The name, at its first definition (or extension).
    pub name: Spanned<Name>,
    /// The description, if any.
    pub description: Option<Name>,
    /// Where the type is defined, if it is not only extended.
    pub definition: Option<Span>,
    /// Where it is extended.
    pub extensions: Vec<Span>,
    /// What it implements.
    pub interfaces: Vec<Spanned<Name>>,
    /// Directives of definition and extensions.
    pub applied: Vec<Applied>,
    /// Fields of an object or interface.
    pub fields: IndexMap<Name, Field>,
    /// Members of a union.
    pub members: Vec<Spanned<Name>>,
    /// Values of an enum.
    pub values: IndexMap<Name, EnumValue>,
    /// Fields of an input object.
    pub inputs: IndexMap<Name, Input>,
}

/// A field of an object or interface type.
#[derive(Clone, Debug)]
pub struct Field {
    /// The name and its place.
    pub name: Spanned<Name>,
    /// The description, if any.
    pub description: Option<Name>,
    /// Arguments in order.
    pub arguments: IndexMap<Name, Input>,
    /// The type.
    pub ty: TypeExpr,
    /// Directives applied to the field.
    pub applied: Vec<Applied>,
}

/// An argument or an input object's field.
#[derive(Clone, Debug)]
pub struct Input {
    /// The name and its place.
    pub name: Spanned<Name>,
    /// The description, if any.
    pub description: Option<Name>,
    /// The type.
    pub ty: TypeExpr,
    /// The default, if any.
    pub default: Option<Value>,
    /// Directives applied to it.
    pub applied: Vec<Applied>,
}

/// A value of an enum type.
#[derive(Clone, Debug)]
pub struct EnumValue {
    /// The name and its place.
    pub name: Spanned<Name>,
    /// The description, if any.
    pub description: Option<Name>,
    /// Directives applied to it.
    pub applied: Vec<Applied>,
}

/// Anything directives are applied to.
pub trait Annotated {
    /// The directives applied, in order.
    fn applied(&self) -> &[Applied];

    /// Whether a federation directive is applied.
    fn has(&self, federation: Federation) -> bool {
        self.applied().iter().any(|applied| applied.federation == Some(federation))
    }

    /// The applications of one federation directive.
    fn all(&self, federation: Federation) -> impl Iterator<Item = &Applied> {
        self.applied().iter().filter(move |applied| applied.federation == Some(federation))
    }

    /// The first application of a federation directive.
    fn one(&self, federation: Federation) -> Option<&Applied> {
        self.applied().iter().find(|applied| applied.federation == Some(federation))
    }

    /// The first application of a directive that no specification brings, such as `@deprecated`.
    fn plain(&self, name: &str) -> Option<&Directive> {
        self.applied()
            .iter()
            .find(|applied| applied.federation.is_none() && &*applied.directive.name == name)
            .map(|applied| &applied.directive)
    }
}

macro_rules! annotated {
    ($($ty:ty),+) => {$(
        impl Annotated for $ty {
            fn applied(&self) -> &[Applied] {
                &self.applied
            }
        }
    )+};
}

annotated!(Type, Field, Input, EnumValue);

// === impl Type ===

impl Type {
    /// Object, interface or union.
    pub fn is_composite(&self) -> bool {
        matches!(self.kind, TypeKind::Object | TypeKind::Interface | TypeKind::Union)
    }

    /// Whether it is an object that stands for an interface of other subgraphs.
    pub fn is_interface_object(&self) -> bool {
        self.kind == TypeKind::Object && self.has(Federation::InterfaceObject)
    }

    /// The kind in the supergraph.
    pub fn merged_kind(&self) -> TypeKind {
        if self.is_interface_object() { TypeKind::Interface } else { self.kind }
    }

    /// Whether it is only extended here, by `extend` or `@extends`.
    pub fn is_extension_only(&self) -> bool {
        self.definition.is_none()
    }
}

// === impl Subgraph ===

impl Subgraph {
    /// Whether a field has arguments that other subgraphs fill.
    pub fn has_required(&self, ty: &str, field: &str) -> bool {
        self.composite.as_ref().is_some_and(|composite| composite.requires(ty, field))
    }

    /// Calls `visit` with every application of a directive, on whatever it stands.
    pub fn each_applied<'a>(&'a self, visit: &mut dyn FnMut(&'a Applied)) {
        self.schema.iter().for_each(&mut *visit);
        for ty in self.types.values() {
            ty.applied.iter().for_each(&mut *visit);
            for field in ty.fields.values() {
                field.applied.iter().for_each(&mut *visit);
                let arguments = field.arguments.values().flat_map(|argument| &argument.applied);
                arguments.for_each(&mut *visit);
            }
            ty.inputs.values().flat_map(|input| &input.applied).for_each(&mut *visit);
            ty.values.values().flat_map(|value| &value.applied).for_each(&mut *visit);
        }
    }

    /// Whether a federation directive stands anywhere.
    pub fn applies(&self, federation: Federation) -> bool {
        let mut found = false;
        self.each_applied(&mut |applied| found |= applied.federation == Some(federation));
        found
    }

    /// The objects a composite type can be at run time, as this subgraph knows.
    pub fn possible(&self, name: &str) -> Vec<&Name> {
        match self.types.get(name) {
            Some(ty) if ty.kind == TypeKind::Object => vec![&ty.name.value],
            Some(ty) if ty.kind == TypeKind::Union => ty.members.iter().map(|member| &member.value).collect(),
            Some(ty) if ty.kind == TypeKind::Interface => self
                .types
                .values()
                .filter(|object| object.kind == TypeKind::Object)
                .filter(|object| object.interfaces.iter().any(|interface| interface.value == ty.name.value))
                .map(|object| &object.name.value)
                .collect(),
            _ => Vec::new(),
        }
    }
}

/// Whether `name` is a root operation type's.
pub fn is_root(name: &str) -> bool {
    matches!(name, "Query" | "Mutation" | "Subscription")
}
