//! Requirements stand on objects and their fields; those of interfaces follow from them.

use crate::graph::compose::subgraph::directives::{Applied, Federation};
use crate::graph::compose::subgraph::model::Subgraph;
use crate::graph::language::ast::TypeKind;
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::span::SourceMap;

/// Checks where `@authenticated`, `@requiresScopes` and `@policy` stand.
pub fn check(subgraph: &Subgraph, _: &SourceMap, diagnostics: &mut Vec<Diagnostic>) {
    for ty in subgraph.types.values() {
        let what = match ty.kind {
            TypeKind::Interface => "an interface or its fields",
            TypeKind::Object if ty.is_interface_object() => "an interface object",
            _ => continue,
        };
        // A field of an interface object is one of every implementation: it may be protected.
        let interface = ty.kind == TypeKind::Interface;
        let fields = ty.fields.values().filter(|_| interface).flat_map(|field| &field.applied);
        for applied in ty.applied.iter().chain(fields).filter(|applied| is_auth(applied)) {
            let message = format!("\"@{}\" cannot be applied to {what}", applied.directive.name);
            diagnostics.push(
                Diagnostic::error("AUTH_REQUIREMENTS_APPLIED_ON_INTERFACE", message)
                    .at(applied.directive.span)
                    .help("apply it to the objects that implement the interface, or to their fields"),
            );
        }
    }
}

fn is_auth(applied: &Applied) -> bool {
    matches!(applied.federation, Some(Federation::Authenticated | Federation::RequiresScopes | Federation::Policy))
}
