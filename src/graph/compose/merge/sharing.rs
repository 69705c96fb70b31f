//! A field that several subgraphs resolve must be shareable in all of them, and the objects it may
//! return must have something in common.

use std::collections::BTreeSet;

use crate::graph::compose::subgraph::model::{Field, Subgraph};
use crate::graph::language::ast::TypeKind;
use crate::platform::base::Name;
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::span::Span;

use super::merger::{Merger, Source};

/// A definition that a subgraph resolves.
struct Resolving<'a> {
    subgraph: &'a Subgraph,
    span: Span,
    shareable: bool,
    /// The interface object that has it, if the subgraph does not know the object type.
    through: Option<Name>,
}

/// Checks one field of an object type: `known` are its own definitions, to which those of
/// interface objects come.
pub fn check(merger: &mut Merger<'_>, ty: &Name, name: &Name, known: &[Source<'_, Field>]) {
    let own = resolving_themselves(merger, ty, name, known);
    let mut resolving: Vec<Resolving<'_>> = own
        .iter()
        .map(|source| Resolving {
            subgraph: source.subgraph,
            span: source.item.name.span,
            shareable: source.subgraph.facts.is_shareable(ty, name),
            through: None,
        })
        .collect();
    resolving.extend(through_interface_objects(merger, ty, name));
    if resolving.len() < 2 {
        return;
    }
    if resolving.iter().any(|resolving| !resolving.shareable) {
        let message = format!("\"{ty}.{name}\" is resolved by several subgraphs, but not shareable in all of them");
        let finding = Diagnostic::error("INVALID_FIELD_SHARING", message);
        let finding = resolving.iter().fold(finding, |finding, resolving| {
            let not = if resolving.shareable { "" } else { "not " };
            let through = resolving.through.as_ref().map(|ty| format!(", for interface object \"{ty}\""));
            let note =
                format!("{not}shareable in subgraph \"{}\"{}", resolving.subgraph.name, through.unwrap_or_default());
            finding.label(resolving.span, note)
        });
        merger.report(finding.help("mark it `@shareable` in each, or `@override` it in the one that shall resolve it"));
    }
}

/// Those that resolve the field, and whom no other subgraph overrides.
fn resolving_themselves<'s, 'a>(
    merger: &Merger<'_>,
    ty: &Name,
    name: &Name,
    known: &'s [Source<'a, Field>],
) -> Vec<&'s Source<'a, Field>> {
    let resolves = |source: &&Source<'_, Field>| {
        let overridden = merger.overrides.is_source(source.index, ty, name);
        !overridden && !source.subgraph.facts.is_fully_external(ty, name)
    };
    known.iter().filter(resolves).collect()
}

/// A subgraph that does not know an object may resolve the field for it as for any of an interface.
fn through_interface_objects<'a>(merger: &Merger<'a>, ty: &Name, name: &Name) -> Vec<Resolving<'a>> {
    let mut found = Vec::new();
    for subgraph in merger.subgraphs.iter().filter(|subgraph| !subgraph.types.contains_key(ty)) {
        for interface in merger.relations.interfaces(ty) {
            let object = subgraph.types.get(interface).filter(|ty| ty.is_interface_object());
            let Some(field) = object.and_then(|object| object.fields.get(name)) else { continue };
            if !subgraph.facts.is_fully_external(interface, name) {
                found.push(Resolving {
                    subgraph,
                    span: field.name.span,
                    shareable: subgraph.facts.is_shareable(interface, name),
                    through: Some(interface.clone()),
                });
            }
        }
    }
    found
}

/// What a shared field may return in one subgraph it should be able to return in the others. That they
/// have no type in common is a mistake only where one can arrive at the field in both: satisfiability
/// finds it.
pub fn check_runtime_types(merger: &mut Merger<'_>, ty: &Name, name: &Name, known: &[Source<'_, Field>]) {
    let resolving = resolving_themselves(merger, ty, name, known);
    let shareable = |source: &&Source<'_, Field>| source.subgraph.facts.is_shareable(ty, name);
    if resolving.len() < 2 || !resolving.iter().all(shareable) {
        return;
    }
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
    let message = format!("shared field \"{ty}.{name}\" may return different types in different subgraphs");
    let finding = Diagnostic::warning("INCONSISTENT_RUNTIME_TYPES_FOR_SHAREABLE_RETURN", message);
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
