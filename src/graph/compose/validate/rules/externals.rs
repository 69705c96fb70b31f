//! `@external` only where something refers to the field, and never on interfaces.

use crate::graph::compose::subgraph::directives::Federation;
use crate::graph::compose::subgraph::model::{Annotated, Subgraph};
use crate::graph::language::ast::TypeKind;
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::span::SourceMap;

/// Checks every external field.
pub fn check(subgraph: &Subgraph, _: &SourceMap, diagnostics: &mut Vec<Diagnostic>) {
    for ty in subgraph.types.values() {
        for field in ty.fields.values() {
            let coordinate = format!("\"{}.{}\"", ty.name.value, field.name.value);
            let own = field.one(Federation::External);
            if let Some(external) = own.filter(|_| ty.kind == TypeKind::Interface) {
                let message = format!("{coordinate} cannot be external: it is a field of an interface");
                diagnostics.push(Diagnostic::error("EXTERNAL_ON_INTERFACE", message).at(external.directive.span));
            }
            let facts = &subgraph.facts;
            if !facts.is_external(&ty.name.value, &field.name.value) || facts.is_used(&ty.name.value, &field.name.value)
            {
                continue;
            }
            let message = format!("{coordinate} is external, but nothing in this subgraph refers to it");
            let at = own.or_else(|| ty.one(Federation::External));
            let finding = Diagnostic::error("EXTERNAL_UNUSED", message).at(field.name.span);
            let finding = at.into_iter().fold(finding, |finding, external| finding.label(external.directive.span, ""));
            diagnostics.push(finding.help("remove the field, or use it in a key, `@requires` or `@provides`"));
        }
    }
}
