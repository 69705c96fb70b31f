//! Types by name, whatever they were split into.

use std::collections::BTreeMap;

use crate::graph::language::ast::{FieldDefinition, InputValueDefinition, TypeDefinition, TypeKind};
use crate::platform::base::Name;
use crate::platform::base::span::Spanned;

/// Types by name.
#[derive(Default)]
pub struct Types<'a> {
    by_name: BTreeMap<&'a str, Vec<&'a TypeDefinition>>,
}

// === impl Types ===

impl<'a> Types<'a> {
    /// The types of these definitions and extensions.
    pub fn of(definitions: impl IntoIterator<Item = &'a TypeDefinition>) -> Self {
        let mut types = Self::default();
        for definition in definitions {
            types.by_name.entry(&definition.name.value).or_default().push(definition);
        }
        types
    }

    /// All definitions and extensions of a type.
    pub fn parts(&self, name: &str) -> &[&'a TypeDefinition] {
        self.by_name.get(name).map_or(&[], Vec::as_slice)
    }

    /// All definitions and extensions.
    pub fn all(&self) -> impl Iterator<Item = &'a TypeDefinition> {
        self.by_name.values().flatten().copied()
    }

    /// The kind of a type.
    pub fn kind(&self, name: &str) -> Option<TypeKind> {
        Some(self.parts(name).first()?.kind)
    }

    /// Whether a type has fields to select.
    pub fn is_composite(&self, name: &str) -> bool {
        matches!(self.kind(name), Some(TypeKind::Object | TypeKind::Interface | TypeKind::Union))
    }

    /// The field of an object or interface type.
    pub fn field(&self, ty: &str, name: &str) -> Option<&'a FieldDefinition> {
        let mut fields = self.parts(ty).iter().flat_map(|part| &part.fields);
        fields.find(|field| &*field.name.value == name)
    }

    /// The fields of an input object type.
    pub fn inputs(&self, ty: &str) -> impl Iterator<Item = &'a InputValueDefinition> {
        self.parts(ty).iter().flat_map(|part| &part.inputs)
    }

    /// The object types that a composite type can be.
    pub fn possible(&self, name: &str) -> Vec<&'a Name> {
        match self.kind(name) {
            Some(TypeKind::Object) => self.parts(name).first().map(|part| &part.name.value).into_iter().collect(),
            Some(TypeKind::Union) => {
                self.parts(name).iter().flat_map(|part| &part.members).map(|member| &member.value).collect()
            }
            Some(TypeKind::Interface) => {
                let implements = |part: &&&TypeDefinition| {
                    part.kind == TypeKind::Object
                        && part.interfaces.iter().any(|known: &Spanned<Name>| &*known.value == name)
                };
                let all = self.by_name.values().filter_map(|parts| parts.iter().find(implements));
                all.map(|part| &part.name.value).collect()
            }
            _ => Vec::new(),
        }
    }
}
