//! `@shareable` where it can mean something.

use crate::graph::compose::subgraph::directives::Federation;
use crate::graph::compose::subgraph::model::{Annotated, Subgraph, Type};
use crate::graph::language::ast::TypeKind;
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::span::{SourceMap, Span};

const CODE: &str = "INVALID_SHAREABLE_USAGE";

/// Checks every `@shareable`.
pub fn check(subgraph: &Subgraph, _: &SourceMap, diagnostics: &mut Vec<Diagnostic>) {
    for ty in subgraph.types.values() {
        for field in ty.fields.values() {
            let mut shareables = field.all(Federation::Shareable);
            let Some(first) = shareables.next() else { continue };
            let coordinate = format!("\"{}.{}\"", ty.name.value, field.name.value);
            let at = first.directive.span;
            if ty.kind == TypeKind::Interface {
                let message = format!("{coordinate} cannot be shareable: it is a field of an interface");
                let finding = Diagnostic::error(CODE, message).at(at);
                diagnostics.push(finding.help("apply it to the fields of the objects that implement it"));
            } else if &*ty.name.value == "Subscription" {
                let message = format!("{coordinate} cannot be shareable: a subscription has one source");
                diagnostics.push(Diagnostic::error("INVALID_FIELD_SHARING", message).at(at));
            }
            if let Some(second) = shareables.next() {
                let message = format!("{coordinate} is marked shareable twice");
                diagnostics.push(Diagnostic::error(CODE, message).at(second.directive.span).label(at, "already here"));
            }
        }
        check_type(ty, diagnostics);
    }
}

/// Once each definition or extension is enough.
fn check_type(ty: &Type, diagnostics: &mut Vec<Diagnostic>) {
    for part in ty.definition.iter().chain(&ty.extensions) {
        let inside = |span: Span| span.file == part.file && part.start <= span.start && span.end <= part.end;
        let mut here = ty.all(Federation::Shareable).filter(|applied| inside(applied.directive.span));
        if let (Some(first), Some(second)) = (here.next(), here.next()) {
            let message = format!("type \"{}\" is marked shareable twice", ty.name.value);
            let finding = Diagnostic::error(CODE, message).at(second.directive.span);
            diagnostics.push(finding.label(first.directive.span, "already here"));
        }
    }
}
