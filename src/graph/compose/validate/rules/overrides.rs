//! `@override` is for fields of objects.

use crate::graph::compose::subgraph::directives::Federation;
use crate::graph::compose::subgraph::model::{Annotated, Subgraph};
use crate::graph::language::ast::TypeKind;
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::span::SourceMap;

/// Checks where overrides stand.
pub fn check(subgraph: &Subgraph, _: &SourceMap, diagnostics: &mut Vec<Diagnostic>) {
    for ty in subgraph.types.values().filter(|ty| ty.kind == TypeKind::Interface) {
        for field in ty.fields.values() {
            if let Some(applied) = field.one(Federation::Override) {
                let message = format!(
                    "\"{}.{}\" cannot override: it is a field of an interface",
                    ty.name.value, field.name.value
                );
                diagnostics.push(Diagnostic::error("OVERRIDE_ON_INTERFACE", message).at(applied.directive.span));
            }
        }
    }
}
