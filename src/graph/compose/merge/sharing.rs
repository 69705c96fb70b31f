//! A field that several subgraphs resolve must be shareable in all of them, and the objects it may
//! return must have something in common.

use std::collections::BTreeSet;

use crate::graph::compose::subgraph::model::Field;
use crate::graph::language::ast::TypeKind;
use crate::platform::base::Name;
use crate::platform::base::diagnostic::Diagnostic;

use super::merger::{Merger, Source};

/// Checks one field of an object type.
pub fn check(merger: &mut Merger<'_>, ty: &Name, known: &[Source<'_, Field>]) {
    let resolving: Vec<&Source<'_, Field>> = known
        .iter()
        .filter(|source| {
            let name = &source.item.name.value;
            let overridden = merger.overrides.is_source(source.index, ty, name);
            !overridden && !source.subgraph.facts.is_fully_external(ty, name)
        })
        .collect();
    if resolving.len() < 2 {
        return;
    }
    let is_shareable = |source: &&&Source<'_, Field>| source.subgraph.facts.is_shareable(ty, &source.item.name.value);
    let name = &resolving[0].item.name.value;
    if !resolving.iter().all(|source| is_shareable(&source)) {
        let message = format!("\"{ty}.{name}\" is resolved by several subgraphs, but not shareable in all of them");
        let finding = resolving.iter().fold(Diagnostic::error("INVALID_FIELD_SHARING", message), |finding, source| {
            let not = if is_shareable(&source) { "" } else { "not " };
            finding.label(source.item.name.span, format!("{not}shareable in subgraph \"{}\"", source.subgraph.name))
        });
        merger.report(finding.help("mark it `@shareable` in each, or `@override` it in the one that shall resolve it"));
        return;
    }
    check_runtime_types(merger, ty, name, &resolving);
}

fn check_runtime_types(merger: &mut Merger<'_>, ty: &Name, name: &Name, resolving: &[&Source<'_, Field>]) {
    let mut sets: Vec<(&Source<'_, Field>, BTreeSet<Name>)> = Vec::new();
    for source in resolving {
        let returned = &source.item.ty.name().value;
        let Some(kind) = source.subgraph.types.get(returned) else { continue };
        if !kind.is_composite() {
            return;
        }
        // What an interface object stands for is only known elsewhere.
        if kind.is_interface_object() {
            return;
        }
        sets.push((source, source.subgraph.possible(returned).into_iter().cloned().collect()));
    }
    let Some((_, first)) = sets.first() else { return };
    if sets.iter().all(|(_, set)| set == first) || sets.iter().any(|(_, set)| set.is_empty()) {
        return;
    }
    let common = sets.iter().fold(first.clone(), |common, (_, set)| common.intersection(set).cloned().collect());
    let finding = if common.is_empty() {
        let message = format!("shared field \"{ty}.{name}\" has no runtime type in common");
        Diagnostic::error("SHAREABLE_HAS_MISMATCHED_RUNTIME_TYPES", message)
    } else {
        let message = format!("shared field \"{ty}.{name}\" may return different types in different subgraphs");
        Diagnostic::warning("INCONSISTENT_RUNTIME_TYPES_FOR_SHAREABLE_RETURN", message)
    };
    let finding = sets.iter().fold(finding, |finding, (source, set)| {
        let names: Vec<&str> = set.iter().map(|name| &**name).collect();
        let kind = source.subgraph.types.get(&source.item.ty.name().value).map(|ty| ty.kind);
        let what = if kind == Some(TypeKind::Object) { "always" } else { "one of" };
        finding.label(
            source.item.ty.name().span,
            format!("{what} {} in subgraph \"{}\"", names.join(", "), source.subgraph.name),
        )
    });
    merger.report(finding);
}
