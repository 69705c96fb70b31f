//! What operations can reach.

use std::collections::BTreeSet;

use crate::graph::language::ast::TypeDefinition;

use super::view::View;

/// Hides the types that no operation can reach, nor the directives that operations may use.
pub(super) fn apply(view: &mut View<'_>) {
    let mut walk = Walk { view, reached: BTreeSet::new(), open: Vec::new() };
    view.roots().for_each(|root| walk.reach(&root.name.value));
    let arguments = view.directives.iter().flat_map(|directive| &directive.arguments);
    arguments.for_each(|argument| walk.reach(&argument.ty.name().value));
    while let Some(ty) = walk.open.pop() {
        walk.step(ty);
    }
    let reached = walk.reached;
    let is_lost = |ty: &&&TypeDefinition| !reached.contains(&*ty.name.value) && !is_built_in(ty);
    let lost: Vec<_> =
        view.types.values().filter(is_lost).map(|ty| (ty.name.value.to_string(), ty.name.span)).collect();
    for (coordinate, span) in lost {
        view.hide(coordinate, span);
    }
}

fn is_built_in(ty: &TypeDefinition) -> bool {
    ["Int", "Float", "String", "Boolean", "ID"].contains(&&*ty.name.value)
}

struct Walk<'a, 'b> {
    view: &'a View<'b>,
    reached: BTreeSet<&'a str>,
    open: Vec<&'a TypeDefinition>,
}

// === impl Walk ===

impl<'a> Walk<'a, '_> {
    fn reach(&mut self, name: &str) {
        let Some(ty) = self.view.types.get(name).filter(|ty| self.view.shows_type(ty)) else { return };
        if self.reached.insert(&ty.name.value) {
            self.open.push(ty);
        }
    }

    fn step(&mut self, ty: &'a TypeDefinition) {
        let view = self.view;
        for field in ty.fields.iter().filter(|field| view.shows(ty, &field.name.value, &field.directives)) {
            self.reach(&field.ty.name().value);
            let arguments = field.arguments.iter();
            for argument in arguments.filter(|argument| view.shows_argument(ty, &field.name.value, argument)) {
                self.reach(&argument.ty.name().value);
            }
        }
        for input in ty.inputs.iter().filter(|input| view.shows(ty, &input.name.value, &input.directives)) {
            self.reach(&input.ty.name().value);
        }
        ty.interfaces.iter().chain(&ty.members).for_each(|name| self.reach(&name.value));
        let name = &ty.name.value;
        let implementers =
            view.types.values().filter(|other| other.interfaces.iter().any(|known| known.value == *name));
        implementers.for_each(|other| self.reach(&other.name.value));
    }
}
