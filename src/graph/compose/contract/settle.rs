//! What follows from what is hidden: interfaces lose the fields that one of their types lost, and
//! a type of which nothing is left goes as a whole. One may lead to the other, so both are repeated
//! until nothing changes.

use crate::graph::language::ast::{TypeDefinition, TypeKind};
use crate::platform::base::span::Span;

use super::view::{View, member};

/// Hides what follows. The query root type stays: without fields there is no graph.
pub(super) fn apply(view: &mut View<'_>) {
    let query = view.query().map(|query| query.name.value.clone());
    let emptied = |view: &View<'_>, ty: &TypeDefinition| -> Vec<(String, Span)> {
        let is_empty = query.as_ref() != Some(&ty.name.value) && is_emptied(view, ty);
        is_empty.then(|| (ty.name.value.to_string(), ty.name.span)).into_iter().collect()
    };
    loop {
        // A type that goes as a whole takes nothing from its interfaces.
        while hide_all(view, emptied) {}
        if !hide_all(view, lost_by_interfaces) {
            return;
        }
    }
}

/// Hides what `find` finds at each visible type, and says whether that was anything.
fn hide_all(view: &mut View<'_>, find: impl Fn(&View<'_>, &TypeDefinition) -> Vec<(String, Span)>) -> bool {
    let visible = view.types.values().filter(|ty| view.shows_type(ty));
    let found: Vec<_> = visible.flat_map(|ty| find(view, ty)).collect();
    let any = !found.is_empty();
    for (coordinate, span) in found {
        view.hide(coordinate, span);
    }
    any
}

/// Fields that the visible type `ty` hides, though its interfaces show them.
fn lost_by_interfaces(view: &View<'_>, ty: &TypeDefinition) -> Vec<(String, Span)> {
    let mut lost = Vec::new();
    for interface in ty.interfaces.iter().filter_map(|name| view.types.get(&*name.value)) {
        for wanted in
            interface.fields.iter().filter(|field| view.shows(interface, &field.name.value, &field.directives))
        {
            let coordinate = member(ty, &wanted.name.value);
            if let Some(span) = view.hidden_at(&coordinate) {
                lost.push((member(interface, &wanted.name.value), span));
            }
        }
    }
    lost
}

/// Whether nothing of what `ty` holds is visible.
fn is_emptied(view: &View<'_>, ty: &TypeDefinition) -> bool {
    match ty.kind {
        TypeKind::Scalar => false,
        TypeKind::Object | TypeKind::Interface => {
            !ty.fields.iter().any(|field| view.shows(ty, &field.name.value, &field.directives))
        }
        TypeKind::InputObject => !ty.inputs.iter().any(|input| view.shows(ty, &input.name.value, &input.directives)),
        TypeKind::Enum => !ty.values.iter().any(|value| view.shows(ty, &value.name.value, &value.directives)),
        TypeKind::Union => !ty.members.iter().any(|member| view.shows_named(&member.value)),
    }
}
