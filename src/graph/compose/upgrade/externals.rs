//! `@external` in federation 1 was written more often than it meant something.

use crate::graph::compose::subgraph::directives::Federation;
use crate::graph::compose::subgraph::field_set;
use crate::graph::compose::subgraph::model::{Annotated, Subgraph, Type};
use crate::graph::language::ast::{Selection, TypeKind};
use crate::platform::base::Name;
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::span::SourceMap;

use super::extensions::is_extension;
use super::steps::Upgrade;

fn remove(applied: &mut Vec<crate::graph::compose::subgraph::directives::Applied>) {
    applied.retain(|applied| applied.federation != Some(Federation::External));
}

/// A field of an interface is resolved by no subgraph, so it is not external either.
pub(super) fn drop_on_interfaces(upgrade: &mut Upgrade<'_>) {
    for ty in upgrade.subgraph.types.values_mut().filter(|ty| ty.kind == TypeKind::Interface) {
        ty.fields.values_mut().for_each(|field| remove(&mut field.applied));
    }
}

/// On a whole type it meant nothing.
pub(super) fn drop_on_types(upgrade: &mut Upgrade<'_>) {
    for ty in upgrade.subgraph.types.values_mut().filter(|ty| ty.kind == TypeKind::Object) {
        remove(&mut ty.applied);
    }
}

/// The key of an extension is resolved by the extending subgraph, too: whoever enters brings it.
/// An extension without a key has the first key of another subgraph.
pub(super) fn drop_on_keys_of_extensions(upgrade: &mut Upgrade<'_>) {
    let mut resolved: Vec<(Name, Name)> = Vec::new();
    for ty in upgrade.subgraph.types.values().filter(|ty| is_extension(ty)) {
        let mut fields: Vec<Name> =
            ty.all(Federation::Key).flat_map(|key| key_fields(ty, key, upgrade.sources)).collect();
        if !ty.has(Federation::Key) {
            for (_, other) in upgrade.elsewhere(&ty.name.value) {
                let key = other.one(Federation::Key);
                fields.extend(key.into_iter().flat_map(|key| key_fields(other, key, upgrade.sources)));
            }
        }
        resolved.extend(fields.into_iter().map(|field| (ty.name.value.clone(), field)));
    }
    for (ty, field) in resolved {
        if let Some(field) = upgrade.subgraph.types.get_mut(&ty).and_then(|ty| ty.fields.get_mut(&field)) {
            remove(&mut field.applied);
        }
    }
}

/// The fields of `ty` itself that a key of it selects.
fn key_fields(ty: &Type, key: &crate::graph::compose::subgraph::directives::Applied, sources: &SourceMap) -> Vec<Name> {
    fn own(ty: &Type, selections: &[Selection], found: &mut Vec<Name>) {
        for selection in selections {
            match selection {
                Selection::Field(field) => found.push(field.name.value.clone()),
                Selection::InlineFragment { on, selections, .. } => {
                    if on.as_ref().is_none_or(|on| on.value == ty.name.value) {
                        own(ty, selections, found);
                    }
                }
                Selection::FragmentSpread { .. } => {}
            }
        }
    }
    let mut found = Vec::new();
    if let Some(Ok(selections)) = key.argument("fields").map(|value| field_set::read(sources, value)) {
        own(ty, &selections, &mut found);
    }
    found
}

/// External fields that nothing refers to go, and types of which nothing is left.
pub(super) fn drop_unused(upgrade: &mut Upgrade<'_>) {
    let facts = upgrade.facts();
    let mut emptied = Vec::new();
    for ty in upgrade.subgraph.types.values_mut() {
        if !matches!(ty.kind, TypeKind::Object | TypeKind::Interface) || ty.fields.is_empty() {
            continue;
        }
        let name = ty.name.value.clone();
        ty.fields.retain(|field, _| !facts.is_external(&name, field) || facts.is_used(&name, field));
        if ty.fields.is_empty() && &*name != "Query" {
            emptied.push(name);
        }
    }
    for name in emptied {
        let Some(ty) = upgrade.subgraph.types.get(&name) else { continue };
        if is_referenced(upgrade.subgraph, &name) {
            let message = format!("type \"{name}\" has only external fields, and nothing refers to them");
            let finding = Diagnostic::error("TYPE_WITH_ONLY_UNUSED_EXTERNAL", message).at(ty.name.span);
            upgrade.diagnostics.push(finding.help("remove the type, or resolve a field of it here"));
        } else {
            upgrade.subgraph.types.shift_remove(&name);
        }
    }
}

fn is_referenced(subgraph: &Subgraph, name: &Name) -> bool {
    subgraph.types.values().any(|ty| {
        ty.fields.values().any(|field| field.ty.name().value == *name)
            || ty.members.iter().any(|member| member.value == *name)
            || ty.interfaces.iter().any(|interface| interface.value == *name)
    })
}
