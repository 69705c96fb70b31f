//! Reading step: who can produce each field, and how one lands on a type, in GraphQL subgraphs.

use crate::graph::language::ast::TypeKind;
use crate::platform::base::Name;

use super::build::Build;
use super::field_set::FieldSetNode;
use super::ids::{FieldId, SubgraphId, TypeId};
use super::join::{ContextJoin, FieldJoin, JoinedType};
use super::supergraph::{BatchCaps, ContextArgument, Entry, EntryKind, Provider};

// === impl Build ===

impl Build<'_> {
    /// Entries first: they tell which external fields are key fields of extensions.
    pub(super) fn provide(&mut self) {
        let joined = self.joined;
        for ty in &joined.types {
            if let Some(id) = self.graph.type_id(&ty.definition.name.value) {
                self.entries_of(id, ty);
            }
        }
        for ty in &joined.types {
            if let Some(id) = self.graph.type_id(&ty.definition.name.value) {
                self.providers_of(id, ty);
            }
        }
    }

    fn entries_of(&mut self, id: TypeId, ty: &JoinedType<'_>) {
        for join in &ty.joins {
            let Some(&subgraph) = self.subgraph_of.get(&join.graph) else { continue };
            let Some(key) = join.key else { continue };
            if !matches!(ty.definition.kind, TypeKind::Object | TypeKind::Interface) {
                self.error(key.span, "only object and interface types have keys");
                continue;
            }
            let Some(key) = self.field_set(id, key) else { continue };
            if join.extension {
                let mut fields = Vec::new();
                collect(&self.graph.field_sets[key].selections, &mut fields);
                self.extension_keys.extend(fields.into_iter().map(|field| (join.graph, field)));
            }
            if !join.resolvable {
                continue;
            }
            let kind = match ty.definition.kind {
                TypeKind::Interface if ty.is_interface_object(join.graph) => EntryKind::InterfaceObject,
                TypeKind::Interface => EntryKind::InterfaceEntity,
                _ => EntryKind::Entity,
            };
            self.entries.push(Entry {
                ty: id,
                subgraph,
                key,
                kind,
                batch: BatchCaps::Batch { max: u32::MAX },
                provides: None,
            });
        }
    }

    fn providers_of(&mut self, id: TypeId, ty: &JoinedType<'_>) {
        if !matches!(ty.definition.kind, TypeKind::Object | TypeKind::Interface) {
            return;
        }
        for field in &ty.fields {
            let Some(coordinate) = self.graph.field(id, &field.definition.name.value) else { continue };
            for join in &field.joins {
                let Some(&subgraph) = self.subgraph_of.get(&join.graph) else { continue };
                // A field with a connector of its own is taken out of what the server is asked.
                if self.connected_fields.contains(&(join.graph, coordinate)) {
                    continue;
                }
                let interface_object = ty.is_interface_object(join.graph);
                self.provider(id, coordinate, join, subgraph, interface_object);
            }
        }
    }

    fn provider(
        &mut self,
        parent: TypeId,
        field: FieldId,
        join: &FieldJoin<'_>,
        subgraph: SubgraphId,
        interface_object: bool,
    ) {
        let merged = self.graph.fields[field].ty.clone();
        let local_type = match join.ty {
            None => merged,
            Some(written) => match self.type_ref_text(written.as_str().unwrap_or(""), written.span) {
                Some(ty) => ty,
                None => return,
            },
        };
        let requires = join.requires.and_then(|set| self.field_set(parent, set));
        let provides = join.provides.and_then(|set| self.field_set(local_type.inner, set));
        let override_gate = join.override_label.map(|label| {
            let label = self.label(label.as_str().unwrap_or(""));
            (label, join.overrides.is_some())
        });
        // An overridden field still used in the old place is like an external one there.
        let external = join.external || (join.used_overridden && join.override_label.is_none());
        let context_arguments = join.contexts.iter().filter_map(|join| self.context_argument(join)).collect();
        let arguments: Vec<Name> = self.graph.fields[field].arguments.iter().map(|arg| arg.name.clone()).collect();
        self.providers.push(Provider {
            field,
            subgraph,
            local_type,
            arguments,
            requires,
            provides,
            external: external && !self.extension_keys.contains(&(join.graph, field)),
            override_gate,
            context_arguments,
            interface_object,
        });
    }

    fn context_argument(&mut self, join: &ContextJoin<'_>) -> Option<ContextArgument> {
        let ty = self.type_ref_text(join.ty.as_str().unwrap_or(""), join.ty.span)?;
        let joined = self.joined;
        let mut selections = Vec::new();
        for setter in joined.types.iter().filter(|ty| ty.contexts.contains(&join.context)) {
            let setter = self.graph.type_id(&setter.definition.name.value)?;
            selections.push((setter, self.field_set(setter, join.selection)?));
        }
        if selections.is_empty() {
            self.error(join.selection.span, format!("no type sets the context `{}`", join.context));
        }
        Some(ContextArgument { name: join.name.clone(), ty, context: join.context.clone(), selections })
    }
}

/// All fields a field set names, nested ones included.
fn collect(nodes: &[FieldSetNode], into: &mut Vec<FieldId>) {
    for node in nodes {
        match node {
            FieldSetNode::Field { field, selections, .. } => {
                into.push(*field);
                collect(selections, into);
            }
            FieldSetNode::Fragment { selections, .. } => collect(selections, into),
            FieldSetNode::Typename => {}
        }
    }
}
