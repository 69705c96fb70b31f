//! The types of one subgraph, definitions and extensions taken together.

use indexmap::IndexMap;

use crate::graph::language::ast::{
    Definition, Directive, Document, FieldDefinition, InputValueDefinition, OperationKind, TypeExpr, TypeKind,
};
use crate::platform::base::Name;
use crate::platform::base::span::Spanned;

/// The types of one subgraph by name, in document order.
#[derive(Debug)]
pub struct Types<'a> {
    types: IndexMap<&'a str, Type<'a>>,
    roots: Vec<(OperationKind, &'a str)>,
    /// Directives on `schema` and its extensions, in document order.
    pub schema_directives: Vec<&'a Directive>,
}

/// A type with its extensions.
#[derive(Debug)]
pub struct Type<'a> {
    /// Where it is named first.
    pub name: &'a Spanned<Name>,
    /// The kind.
    pub kind: TypeKind,
    /// Directives on all of its definitions.
    pub directives: Vec<&'a Directive>,
    /// Fields of an object or interface.
    pub fields: Vec<&'a FieldDefinition>,
    /// Fields of an input object.
    pub inputs: Vec<&'a InputValueDefinition>,
    /// Values of an enum.
    pub values: Vec<&'a str>,
    /// Members of a union.
    pub members: Vec<&'a str>,
    /// Interfaces it implements.
    pub interfaces: Vec<&'a str>,
}

// === impl Types ===

impl<'a> Types<'a> {
    /// The types of `document`.
    pub fn of(document: &'a Document) -> Self {
        let mut types: IndexMap<&'a str, Type<'a>> = IndexMap::new();
        let mut roots = Vec::new();
        let mut schema_directives = Vec::new();
        for definition in &document.definitions {
            match definition {
                Definition::Schema(schema) => {
                    schema_directives.extend(&schema.directives);
                    roots.extend(schema.roots.iter().map(|(kind, name)| (*kind, &*name.value)));
                }
                Definition::Type(ty) => {
                    let entry = types.entry(&*ty.name.value).or_insert_with(|| Type {
                        name: &ty.name,
                        kind: ty.kind,
                        directives: Vec::new(),
                        fields: Vec::new(),
                        inputs: Vec::new(),
                        values: Vec::new(),
                        members: Vec::new(),
                        interfaces: Vec::new(),
                    });
                    entry.directives.extend(&ty.directives);
                    entry.fields.extend(&ty.fields);
                    entry.inputs.extend(&ty.inputs);
                    entry.values.extend(ty.values.iter().map(|value| &*value.name.value));
                    entry.members.extend(ty.members.iter().map(|member| &*member.value));
                    entry.interfaces.extend(ty.interfaces.iter().map(|interface| &*interface.value));
                }
                Definition::Directive(_) => {}
            }
        }
        for (kind, name) in [
            (OperationKind::Query, "Query"),
            (OperationKind::Mutation, "Mutation"),
            (OperationKind::Subscription, "Subscription"),
        ] {
            if !roots.iter().any(|(known, _)| *known == kind) && types.contains_key(name) {
                roots.push((kind, name));
            }
        }
        Self { types, roots, schema_directives }
    }

    /// The type called `name`.
    pub fn get(&self, name: &str) -> Option<&Type<'a>> {
        self.types.get(name)
    }

    /// All types, in document order.
    pub fn iter(&self) -> impl Iterator<Item = &Type<'a>> {
        self.types.values()
    }

    /// The operation whose root type is called `name`, if it is one.
    pub fn operation(&self, name: &str) -> Option<OperationKind> {
        self.roots.iter().find(|(_, root)| *root == name).map(|(kind, _)| *kind)
    }

    /// Whether values of type `name` have no fields: scalars, the built-in ones included, and
    /// enums. Unknown names count as leaves.
    pub fn is_leaf(&self, name: &str) -> bool {
        self.get(name).is_none_or(|ty| matches!(ty.kind, TypeKind::Scalar | TypeKind::Enum))
    }

    /// The object types that a value of type `name` can be.
    pub fn possible(&self, name: &str) -> Vec<&Type<'a>> {
        let Some(ty) = self.get(name) else { return Vec::new() };
        match ty.kind {
            TypeKind::Object => vec![ty],
            TypeKind::Union => ty.members.iter().filter_map(|member| self.get(member)).collect(),
            TypeKind::Interface => {
                let implements = |object: &&Type<'a>| {
                    object.kind == TypeKind::Object && object.interfaces.contains(&&*ty.name.value)
                };
                self.iter().filter(implements).collect()
            }
            _ => Vec::new(),
        }
    }
}

// === impl Type ===

impl<'a> Type<'a> {
    /// The name.
    pub fn name(&self) -> &'a str {
        &self.name.value
    }

    /// The field called `name`.
    pub fn field(&self, name: &str) -> Option<&'a FieldDefinition> {
        self.fields.iter().copied().find(|field| &*field.name.value == name)
    }

    /// The input field called `name`.
    pub fn input(&self, name: &str) -> Option<&'a InputValueDefinition> {
        self.inputs.iter().copied().find(|input| &*input.name.value == name)
    }
}

/// Whether two types are written alike, nullability of the outermost level aside.
pub fn same_type(a: &TypeExpr, b: &TypeExpr) -> bool {
    fn nullable(ty: &TypeExpr) -> &TypeExpr {
        match ty {
            TypeExpr::NonNull(inner) => inner,
            other => other,
        }
    }
    match (nullable(a), nullable(b)) {
        (TypeExpr::Named(a), TypeExpr::Named(b)) => a.value == b.value,
        (TypeExpr::List(a), TypeExpr::List(b)) => same_type(a, b),
        _ => false,
    }
}
