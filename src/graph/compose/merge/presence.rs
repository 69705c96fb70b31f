//! What only some of the subgraphs that have a type say about it: nothing wrong, but often a slip.

use crate::graph::compose::subgraph::directives::Federation;
use crate::graph::compose::subgraph::model::{Annotated, Field, Type, is_root};
use crate::graph::language::ast::{TypeDefinition, TypeKind};
use crate::platform::base::diagnostic::Diagnostic;

use super::merger::{Merger, Source};

/// An entity in some subgraphs only. Whether it is one anywhere.
pub fn entity(merger: &mut Merger<'_>, merged: &TypeDefinition, sources: &[Source<'_, Type>]) -> bool {
    let is_entity = |source: &&Source<'_, Type>| source.item.has(Federation::Key);
    let entities = sources.iter().filter(is_entity).count();
    if entities > 0 && entities < sources.len() && merged.kind == TypeKind::Object {
        let message = format!("type \"{}\" has a key only in some subgraphs", merged.name.value);
        let hint = sources.iter().fold(Diagnostic::hint("INCONSISTENT_ENTITY", message), |hint, source| {
            let what = if is_entity(&source) { "with a key" } else { "without a key" };
            hint.label(source.item.name.span, format!("{what} in subgraph \"{}\"", source.subgraph.name))
        });
        merger.report(hint);
    }
    entities > 0
}

/// A field of a value type, or of an interface, that only some subgraphs have.
pub fn field(
    merger: &mut Merger<'_>,
    merged: &TypeDefinition,
    name: &str,
    known: &[Source<'_, Field>],
    sources: &[Source<'_, Type>],
) {
    let ty = &merged.name.value;
    let (code, what) = match merged.kind {
        TypeKind::Interface => ("INCONSISTENT_INTERFACE_VALUE_TYPE_FIELD", "interface field"),
        _ => ("INCONSISTENT_OBJECT_VALUE_TYPE_FIELD", "field"),
    };
    let by_interface_object =
        merged.kind == TypeKind::Interface && known.iter().any(|known| is_interface_object(sources, known.index));
    if is_root(ty) || by_interface_object {
        return;
    }
    let all_external = |source: &Source<'_, Type>| {
        !source.item.fields.is_empty()
            && source.item.fields.keys().all(|field| source.subgraph.facts.is_external(ty, field))
    };
    let missing: Vec<_> = sources
        .iter()
        .filter(|source| !source.item.fields.contains_key(name))
        .filter(|source| !source.item.is_interface_object() && !all_external(source))
        .collect();
    if missing.is_empty() {
        return;
    }
    let message = format!("{what} \"{ty}.{name}\" is not in all subgraphs that define its type");
    let hint = known.iter().fold(Diagnostic::hint(code, message), |hint, source| {
        hint.label(source.item.name.span, format!("in subgraph \"{}\"", source.subgraph.name))
    });
    let hint = missing.iter().fold(hint, |hint, source| {
        hint.label(source.item.name.span, format!("not in subgraph \"{}\"", source.subgraph.name))
    });
    merger.report(hint);
}

fn is_interface_object(sources: &[Source<'_, Type>], index: usize) -> bool {
    sources.iter().any(|source| source.index == index && source.item.is_interface_object())
}
