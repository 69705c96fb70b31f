//! Types that are planned alike.
//!
//! Seventy implementers that differ in nothing the operation or a field set names are one class, so
//! they cost one. Field sets are compared by their text, in which the type itself does not occur.

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeSet, HashMap};
use std::fmt::Write;

use crate::gateway::operation::model::{Operation, SelectionKind, SelectionSet};
use crate::graph::federation::field_set::FieldSetNode;
use crate::graph::federation::ids::{FieldSetId, TypeId, TypeSet};
use crate::graph::federation::supergraph::Supergraph;
use crate::platform::base::Name;

/// Tells which object types are planned alike. Types are compared only where an operation meets
/// several: most meet few of a graph's types.
pub struct Classes<'a> {
    supergraph: &'a Supergraph,
    operation: &'a Operation,
    relevant: OnceCell<Relevant>,
    known: RefCell<Known>,
}

/// The types that were compared so far.
#[derive(Default)]
struct Known {
    /// Numbers by signature.
    signatures: HashMap<String, u32>,
    /// Types with equal numbers are planned alike.
    numbers: HashMap<TypeId, u32>,
}

/// What tells types apart in one operation.
#[derive(Default)]
struct Relevant {
    /// Names of fields the operation or some field set selects.
    names: BTreeSet<Name>,
    /// Type conditions.
    conditions: BTreeSet<TypeSet>,
    /// All abstract types.
    abstracts: Vec<TypeId>,
}

// === impl Classes ===

impl<'a> Classes<'a> {
    /// For one operation.
    pub fn new(supergraph: &'a Supergraph, operation: &'a Operation) -> Self {
        Self { supergraph, operation, relevant: OnceCell::new(), known: RefCell::default() }
    }

    /// Splits `types` into classes, keeping apart what one of `borders` tells apart; ordered by
    /// each class's first type.
    pub fn partition(&self, types: &TypeSet, borders: &[TypeSet]) -> Vec<TypeSet> {
        if types.len() < 2 {
            return types.iter().map(TypeSet::one).collect();
        }
        let mut found: Vec<((u32, Vec<bool>), TypeSet)> = Vec::new();
        for ty in types.iter() {
            let key = (self.number(ty), borders.iter().map(|border| border.contains(ty)).collect());
            match found.iter_mut().find(|(other, _)| *other == key) {
                Some((_, class)) => {
                    class.insert(ty);
                }
                None => found.push((key, TypeSet::one(ty))),
            }
        }
        found.into_iter().map(|(_, class)| class).collect()
    }

    fn number(&self, ty: TypeId) -> u32 {
        let Known { signatures, numbers } = &mut *self.known.borrow_mut();
        *numbers.entry(ty).or_insert_with(|| {
            let relevant = self.relevant.get_or_init(|| Relevant::new(self.supergraph, self.operation));
            let next = signatures.len() as u32;
            *signatures.entry(relevant.signature(self.supergraph, ty)).or_insert(next)
        })
    }
}

// === impl Relevant ===

impl Relevant {
    fn new(supergraph: &Supergraph, operation: &Operation) -> Self {
        let abstracts = supergraph.types.iter_enumerated().filter(|(_, def)| def.is_abstract()).map(|(id, _)| id);
        let mut relevant = Self { abstracts: abstracts.collect(), ..Self::default() };
        relevant.add_selections(supergraph, &operation.root);
        for set in supergraph.field_sets.iter() {
            relevant.add_nodes(supergraph, &set.selections);
        }
        let contexts = supergraph.providers.iter().flat_map(|provider| &provider.context_arguments);
        for (setter, _) in contexts.flat_map(|argument| &argument.selections) {
            relevant.conditions.insert(supergraph.types[*setter].possible.clone());
        }
        relevant
    }

    fn add_selections(&mut self, supergraph: &Supergraph, set: &SelectionSet) {
        for item in &set.items {
            self.conditions.insert(item.on.clone());
            if let SelectionKind::Field(field) = &item.kind {
                self.names.insert(supergraph.fields[field.field].name.clone());
                if let Some(below) = &field.selections {
                    self.add_selections(supergraph, below);
                }
            }
        }
    }

    fn add_nodes(&mut self, supergraph: &Supergraph, nodes: &[FieldSetNode]) {
        for node in nodes {
            match node {
                FieldSetNode::Field { field, selections, .. } => {
                    self.names.insert(supergraph.fields[*field].name.clone());
                    self.add_nodes(supergraph, selections);
                }
                FieldSetNode::Fragment { on, selections } => {
                    self.conditions.insert(supergraph.types[*on].possible.clone());
                    self.add_nodes(supergraph, selections);
                }
                FieldSetNode::Typename => {}
            }
        }
    }

    /// Everything planning may ask of a type, as text without the type's own name.
    fn signature(&self, supergraph: &Supergraph, ty: TypeId) -> String {
        let def = &supergraph.types[ty];
        let mut text = String::new();
        for name in &self.names {
            let Some(&field) = def.fields.get(name) else { continue };
            let _ = write!(text, "{name}:{};", shown_type(supergraph, &supergraph.fields[field].ty, ty));
            for &provider in &supergraph.fields[field].providers {
                let provider = &supergraph.providers[provider];
                let _ = write!(
                    text,
                    "{}:{}:{}:{}:{}:{:?}:{}:{:?};",
                    provider.subgraph.0,
                    shown_type(supergraph, &provider.local_type, ty),
                    shown_set(supergraph, provider.requires),
                    shown_set(supergraph, provider.provides),
                    provider.external,
                    provider.override_gate,
                    provider.interface_object,
                    provider.context_arguments,
                );
            }
        }
        for &entry in &def.entries {
            let entry = &supergraph.entries[entry];
            let own = if entry.ty == ty { "self" } else { &supergraph.types[entry.ty].name };
            let key = shown_set(supergraph, Some(entry.key));
            let _ = write!(text, "@{own}:{}:{key}:{:?}:{:?};", entry.subgraph.0, entry.kind, entry.batch);
        }
        for condition in &self.conditions {
            // A set of one type is that type's own condition and differs from every other.
            text.push(if condition.contains(ty) { '1' } else { '0' });
        }
        for &other in &self.abstracts {
            let abstract_type = &supergraph.types[other];
            if abstract_type.possible.contains(ty) {
                let _ = write!(text, "&{}", other.0);
                for local in abstract_type.local.iter().filter(|local| local.possible.contains(ty)) {
                    let _ = write!(text, ":{}", local.subgraph.0);
                }
            }
        }
        text
    }
}

/// A type reference as text; `own` is written as `self`.
fn shown_type(supergraph: &Supergraph, ty: &crate::graph::federation::supergraph::TypeRef, own: TypeId) -> String {
    let text = supergraph.display_type(ty);
    if ty.inner == own { text.replace(&*supergraph.types[own].name, "self") } else { text }
}

fn shown_set(supergraph: &Supergraph, set: Option<FieldSetId>) -> String {
    set.map(|set| field_set_text(supergraph, &supergraph.field_sets[set].selections)).unwrap_or_default()
}

/// The selections of a field set as text.
pub fn field_set_text(supergraph: &Supergraph, nodes: &[FieldSetNode]) -> String {
    let mut parts = Vec::new();
    for node in nodes {
        parts.push(match node {
            FieldSetNode::Typename => "__typename".to_owned(),
            FieldSetNode::Fragment { on, selections } => {
                format!("... on {} {{ {} }}", supergraph.types[*on].name, field_set_text(supergraph, selections))
            }
            FieldSetNode::Field { field, arguments, selections } => {
                let mut text = supergraph.fields[*field].name.to_string();
                if !arguments.is_empty() {
                    let shown: Vec<String> = arguments.iter().map(|(name, value)| format!("{name}: {value}")).collect();
                    let _ = write!(text, "({})", shown.join(", "));
                }
                if !selections.is_empty() {
                    let _ = write!(text, " {{ {} }}", field_set_text(supergraph, selections));
                }
                text
            }
        });
    }
    parts.join(" ")
}
