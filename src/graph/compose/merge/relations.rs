//! Which types stand below which in the merged schema, known before fields are merged.

use std::collections::{BTreeSet, HashMap};

use crate::graph::compose::subgraph::model::Subgraph;
use crate::graph::language::ast::{TypeExpr, TypeKind};
use crate::platform::base::Name;

/// Implementations and memberships over all subgraphs.
#[derive(Debug, Default)]
pub struct Relations {
    implements: HashMap<Name, BTreeSet<Name>>,
    members: HashMap<Name, BTreeSet<Name>>,
}

// === impl Relations ===

impl Relations {
    /// Gathers what the subgraphs say together.
    pub fn of(subgraphs: &[Subgraph]) -> Self {
        let mut relations = Self::default();
        for ty in subgraphs.iter().flat_map(|subgraph| subgraph.types.values()) {
            let interfaces = relations.implements.entry(ty.name.value.clone()).or_default();
            interfaces.extend(ty.interfaces.iter().map(|interface| interface.value.clone()));
            if ty.kind == TypeKind::Union {
                let members = relations.members.entry(ty.name.value.clone()).or_default();
                members.extend(ty.members.iter().map(|member| member.value.clone()));
            }
        }
        relations
    }

    /// Whether every value of type `below` is one of type `above`.
    pub fn is_subtype(&self, above: &TypeExpr, below: &TypeExpr) -> bool {
        match (above, below) {
            (TypeExpr::NonNull(above), TypeExpr::NonNull(below)) => self.is_subtype(above, below),
            (TypeExpr::NonNull(_), _) => false,
            (_, TypeExpr::NonNull(below)) => self.is_subtype(above, below),
            (TypeExpr::List(above), TypeExpr::List(below)) => self.is_subtype(above, below),
            (TypeExpr::Named(above), TypeExpr::Named(below)) => self.is_named_subtype(&above.value, &below.value),
            _ => false,
        }
    }

    /// Whether the type `below` is the type `above`, one of its members or implements it.
    pub fn is_named_subtype(&self, above: &str, below: &str) -> bool {
        above == below
            || self.implements.get(below).is_some_and(|interfaces| interfaces.contains(above))
            || self.members.get(above).is_some_and(|members| members.contains(below))
    }

    /// What a type implements.
    pub fn interfaces(&self, ty: &str) -> impl Iterator<Item = &Name> {
        self.implements.get(ty).into_iter().flatten()
    }

    /// The types that implement an interface.
    pub fn implementers<'a>(&'a self, interface: &'a str) -> Vec<&'a Name> {
        let mut found: Vec<&Name> =
            self.implements.iter().filter(|(_, all)| all.contains(interface)).map(|(name, _)| name).collect();
        found.sort();
        found
    }
}
