//! Which labels of progressive overrides an operation's plan can depend on.

use std::collections::BTreeSet;

use crate::gateway::operation::model::{Operation, SelectionKind, SelectionSet};
use crate::graph::federation::field_set::FieldSetNode;
use crate::graph::federation::ids::{FieldId, LabelId, TypeId};
use crate::graph::federation::supergraph::Supergraph;
use crate::platform::base::Name;

/// The labels of all fields that planning the operation may look at: those it selects, those that
/// keys on the way consist of, and those that any of these require; each on every type that an
/// object there may have. Some may not matter after all; none that does is missing.
pub fn labels_of(supergraph: &Supergraph, operation: &Operation) -> Vec<LabelId> {
    if supergraph.labels.is_empty() {
        return Vec::new();
    }
    let mut reader = Reader { supergraph, labels: BTreeSet::new(), seen: BTreeSet::new(), types: BTreeSet::new() };
    let mut open = Vec::new();
    reader.selections(&operation.root, &mut open);
    while let Some(field) = open.pop() {
        reader.field(field, &mut open);
    }
    reader.labels.into_iter().collect()
}

struct Reader<'s> {
    supergraph: &'s Supergraph,
    labels: BTreeSet<LabelId>,
    seen: BTreeSet<FieldId>,
    types: BTreeSet<TypeId>,
}

// === impl Reader ===

impl Reader<'_> {
    fn selections(&mut self, set: &SelectionSet, open: &mut Vec<FieldId>) {
        for item in &set.items {
            if let SelectionKind::Field(field) = &item.kind {
                self.find(set.parent, &self.supergraph.fields[field.field].name, open);
                if let Some(below) = &field.selections {
                    self.selections(below, open);
                }
            }
        }
    }

    /// The field of that name on a type, and on all types its objects may have or are covered by.
    fn find(&mut self, ty: TypeId, name: &Name, open: &mut Vec<FieldId>) {
        for related in related(self.supergraph, ty) {
            if let Some(field) = self.supergraph.field(related, name).filter(|&field| self.seen.insert(field)) {
                open.push(field);
            }
        }
    }

    fn field(&mut self, field: FieldId, open: &mut Vec<FieldId>) {
        let supergraph = self.supergraph;
        let def = &supergraph.fields[field];
        for &provider in &def.providers {
            let provider = &supergraph.providers[provider];
            self.labels.extend(provider.override_gate.map(|(label, _)| label));
            let contexts = provider.context_arguments.iter().flat_map(|argument| &argument.selections);
            for set in provider.requires.into_iter().chain(contexts.map(|(_, set)| *set)) {
                self.nodes(supergraph.field_sets[set].on, &supergraph.field_sets[set].selections, open);
            }
        }
        self.keys(def.parent, open);
        if supergraph.types[def.ty.inner].is_composite() {
            self.keys(def.ty.inner, open);
        }
    }

    /// What one enters objects of a type by.
    fn keys(&mut self, ty: TypeId, open: &mut Vec<FieldId>) {
        let supergraph = self.supergraph;
        for related in related(supergraph, ty) {
            if self.types.insert(related) {
                for &entry in &supergraph.types[related].entries {
                    let key = &supergraph.field_sets[supergraph.entries[entry].key];
                    self.nodes(key.on, &key.selections, open);
                }
            }
        }
    }

    fn nodes(&mut self, on: TypeId, nodes: &[FieldSetNode], open: &mut Vec<FieldId>) {
        let supergraph = self.supergraph;
        for node in nodes {
            match node {
                FieldSetNode::Typename => {}
                FieldSetNode::Fragment { on, selections } => self.nodes(*on, selections, open),
                FieldSetNode::Field { field, selections, .. } => {
                    self.find(on, &supergraph.fields[*field].name, open);
                    self.nodes(supergraph.fields[*field].ty.inner, selections, open);
                }
            }
        }
    }
}

/// A type, what its objects may be, and the interfaces of all of these.
fn related(supergraph: &Supergraph, ty: TypeId) -> BTreeSet<TypeId> {
    let mut all: BTreeSet<TypeId> = supergraph.types[ty].possible.iter().collect();
    all.insert(ty);
    let interfaces = all.iter().flat_map(|&ty| supergraph.types[ty].interfaces.iter().copied());
    let interfaces: Vec<TypeId> = interfaces.collect();
    all.extend(interfaces);
    all
}
