//! What the tags themselves choose.

use std::collections::BTreeSet;

use crate::graph::language::ast::{Directive, TypeDefinition, TypeKind};
use crate::platform::base::Name;
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::span::Span;

use super::view::{View, argument, member};
use super::{Contract, tags};

/// Hides by tags; warns of tags that nothing has.
pub(super) fn apply(view: &mut View<'_>, contract: &Contract, tag: &str) -> Vec<Diagnostic> {
    let mut filter = Filter { contract, tag, seen: BTreeSet::new(), hidden: Vec::new() };
    let types: Vec<&TypeDefinition> = view.types.values().copied().collect();
    for ty in types {
        filter.ty(ty);
    }
    for (coordinate, span) in std::mem::take(&mut filter.hidden) {
        view.hide(coordinate, span);
    }
    let named = contract.include.iter().chain(&contract.exclude);
    named.filter(|name| !filter.seen.contains(&***name)).map(unused).collect()
}

fn unused(tag: &Name) -> Diagnostic {
    Diagnostic::warning("CONTRACT_TAG_UNUSED", format!("nothing has the tag \"{tag}\", which the contract names"))
}

struct Filter<'a> {
    contract: &'a Contract,
    tag: &'a str,
    /// Tags that something has.
    seen: BTreeSet<&'a str>,
    hidden: Vec<(String, Span)>,
}

// === impl Filter ===

impl<'a> Filter<'a> {
    fn ty(&mut self, ty: &'a TypeDefinition) {
        self.element(ty.name.value.to_string(), &ty.directives);
        if ty.kind == TypeKind::Union {
            self.wanted(ty.name.value.to_string(), ty.name.span, &[&ty.directives]);
        }
        for field in &ty.fields {
            let coordinate = member(ty, &field.name.value);
            self.element(coordinate.clone(), &field.directives);
            // A tag on the type is one on each of its fields.
            self.wanted(coordinate, field.name.span, &[&field.directives, &ty.directives]);
            for input in &field.arguments {
                self.element(argument(ty, &field.name.value, &input.name.value), &input.directives);
            }
        }
        for input in &ty.inputs {
            self.element(member(ty, &input.name.value), &input.directives);
        }
        for value in &ty.values {
            self.element(member(ty, &value.name.value), &value.directives);
        }
    }

    /// Hides an element with an excluded tag.
    fn element(&mut self, coordinate: String, directives: &'a [Directive]) {
        for (tag, directive) in tags(directives, self.tag) {
            self.seen.insert(tag);
            if self.contract.exclude.iter().any(|excluded| &**excluded == tag) {
                self.hidden.push((coordinate.clone(), directive.span));
            }
        }
    }

    /// Hides an element without an included tag, if there are included ones.
    fn wanted(&mut self, coordinate: String, at: Span, directives: &[&[Directive]]) {
        let included = |tag: &str| self.contract.include.iter().any(|included| &**included == tag);
        let mut own = directives.iter().flat_map(|directives| tags(directives, self.tag));
        if !self.contract.include.is_empty() && !own.any(|(tag, _)| included(tag)) {
            self.hidden.push((coordinate, at));
        }
    }
}
