//! A supergraph in the making: what the reading steps share, and how it is finished.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::graph::language::ast::TypeExpr;
use crate::platform::base::Name;
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::id::IdVec;
use crate::platform::base::span::{SourceMap, Span};

use super::field_set::FieldSet;
use super::ids::{FieldId, FieldSetId, LabelId, SubgraphId, TypeId};
use super::join::{GraphId, Joined};
use super::specs::{INVALID, Specs};
use super::supergraph::{AuthRule, Entry, EntryKind, LocalType, Provider, Supergraph, TypeRef};

/// The draft the steps of [`super::read_sdl`] fill in.
pub(super) struct Build<'a> {
    pub(super) sources: &'a SourceMap,
    pub(super) specs: &'a Specs,
    pub(super) joined: &'a Joined<'a>,
    pub(super) graph: Supergraph,
    /// Where fetches for a user's subgraph go; none for a connected one, which is expanded.
    pub(super) subgraph_of: HashMap<GraphId, SubgraphId>,
    /// Ways to produce fields, in any order until [`Self::finish`].
    pub(super) providers: Vec<Provider>,
    /// Ways to land on types, in any order until [`Self::finish`].
    pub(super) entries: Vec<Entry>,
    /// Types as subgraphs define them.
    pub(super) local: BTreeMap<(TypeId, SubgraphId), LocalType>,
    /// Fields whose `@external` is a formality: key fields of type extensions.
    pub(super) extension_keys: HashSet<(GraphId, FieldId)>,
    /// Fields with a connector of their own, in subgraphs that are GraphQL servers besides.
    pub(super) connected_fields: HashSet<(GraphId, FieldId)>,
    pub(super) diagnostics: Vec<Diagnostic>,
    field_set_ids: HashMap<FieldSet, FieldSetId>,
    label_ids: HashMap<Name, LabelId>,
    pub(super) rule_ids: HashMap<AuthRule, super::ids::AuthRuleId>,
}

// === impl Build ===

impl<'a> Build<'a> {
    pub(super) fn new(sources: &'a SourceMap, specs: &'a Specs, joined: &'a Joined<'a>) -> Self {
        Self {
            sources,
            specs,
            joined,
            graph: Supergraph::default(),
            subgraph_of: HashMap::new(),
            providers: Vec::new(),
            entries: Vec::new(),
            local: BTreeMap::new(),
            extension_keys: HashSet::new(),
            connected_fields: HashSet::new(),
            diagnostics: Vec::new(),
            field_set_ids: HashMap::new(),
            label_ids: HashMap::new(),
            rule_ids: HashMap::new(),
        }
    }

    /// Reports a defect of the supergraph.
    pub(super) fn error(&mut self, span: Span, message: impl Into<String>) {
        self.diagnostics.push(Diagnostic::error(INVALID, message).at(span));
    }

    /// The id of a field set; equal ones share it.
    pub(super) fn intern(&mut self, set: FieldSet) -> FieldSetId {
        if let Some(&id) = self.field_set_ids.get(&set) {
            return id;
        }
        let id = self.graph.field_sets.push(set.clone());
        self.field_set_ids.insert(set, id);
        id
    }

    /// The id of an override label.
    pub(super) fn label(&mut self, label: &str) -> LabelId {
        if let Some(&id) = self.label_ids.get(label) {
            return id;
        }
        let id = self.graph.labels.push(label.into());
        self.label_ids.insert(label.into(), id);
        id
    }

    /// A type as written; an unknown name is reported.
    pub(super) fn type_ref(&mut self, written: &TypeExpr) -> Option<TypeRef> {
        let name = written.name();
        let Some(inner) = self.graph.type_id(&name.value) else {
            self.error(name.span, format!("type `{}` is not defined", name.value));
            return None;
        };
        let mut ty = TypeRef { inner, inner_non_null: false, lists: Default::default() };
        let (mut rest, mut non_null) = (written, false);
        loop {
            match rest {
                TypeExpr::NonNull(of) => (rest, non_null) = (of, true),
                TypeExpr::List(of) => {
                    ty.lists.push(non_null);
                    (rest, non_null) = (of, false);
                }
                TypeExpr::Named(_) => {
                    ty.inner_non_null = non_null;
                    return Some(ty);
                }
            }
        }
    }

    /// A type in a string, as `@join__field(type:)` has it.
    pub(super) fn type_ref_text(&mut self, text: &str, span: Span) -> Option<TypeRef> {
        let mut lists = smallvec::SmallVec::new();
        let mut rest = text.trim();
        loop {
            let (body, non_null) = match rest.strip_suffix('!') {
                Some(body) => (body.trim_end(), true),
                None => (rest, false),
            };
            let Some(of) = body.strip_prefix('[').and_then(|body| body.strip_suffix(']')) else {
                let Some(inner) = self.graph.type_id(body) else {
                    self.error(span, format!("\"{text}\" is not a type of this graph"));
                    return None;
                };
                return Some(TypeRef { inner, inner_non_null: non_null, lists });
            };
            lists.push(non_null);
            rest = of.trim();
        }
    }

    /// Sorts what was collected, gives it ids, and hands the supergraph over.
    ///
    /// # Errors
    /// All defects found on the way.
    pub(super) fn finish(mut self) -> Result<Supergraph, Vec<Diagnostic>> {
        if self.diagnostics.iter().any(Diagnostic::is_error) {
            return Err(self.diagnostics);
        }
        for ((ty, _), local) in std::mem::take(&mut self.local) {
            self.graph.types[ty].local.push(local);
        }
        self.spread_interface_objects();
        self.providers.sort_by_key(|provider| (provider.field, provider.subgraph));
        self.entries.sort_by_key(|entry| (entry.ty, entry.subgraph, entry.key));
        self.entries.dedup();
        self.graph.providers = self.providers.into_iter().collect();
        self.graph.entries = self.entries.into_iter().collect();
        for (id, provider) in self.graph.providers.iter_enumerated() {
            self.graph.fields[provider.field].providers.push(id);
        }
        list_entries(&mut self.graph);
        Ok(self.graph)
    }

    /// What an interface object gives, each implementer has: its coordinates list those providers
    /// as their own.
    fn spread_interface_objects(&mut self) {
        let mut spread = Vec::new();
        for provider in self.providers.iter().filter(|provider| provider.interface_object) {
            let def = &self.graph.fields[provider.field];
            for (id, ty) in self.graph.types.iter_enumerated() {
                if id == def.parent || !ty.interfaces.contains(&def.parent) {
                    continue;
                }
                if let Some(&field) = ty.fields.get(&def.name) {
                    spread.push(Provider { field, ..provider.clone() });
                }
            }
        }
        let known: HashSet<_> = self.providers.iter().map(|provider| (provider.field, provider.subgraph)).collect();
        self.providers.extend(spread.into_iter().filter(|p| !known.contains(&(p.field, p.subgraph))));
    }
}

/// A type lists its own entries and those of the interface objects it is covered by.
fn list_entries(graph: &mut Supergraph) {
    let mut listed: IdVec<TypeId, Vec<_>> = graph.types.iter().map(|_| Vec::new()).collect();
    for (id, entry) in graph.entries.iter_enumerated() {
        listed[entry.ty].push(id);
    }
    for (id, entry) in graph.entries.iter_enumerated().filter(|(_, entry)| entry.kind == EntryKind::InterfaceObject) {
        for (ty, def) in graph.types.iter_enumerated() {
            if def.interfaces.contains(&entry.ty) {
                listed[ty].push(id);
            }
        }
    }
    for (def, entries) in graph.types.iter_mut().zip(listed.iter()) {
        def.entries.clone_from(entries);
    }
}
