//! `@context` and `@fromContext` are known but not composed: they are refused, never ignored.

use crate::graph::compose::subgraph::directives::{Applied, Federation};
use crate::graph::compose::subgraph::model::Subgraph;
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::span::SourceMap;

/// Refuses every use.
pub fn check(subgraph: &Subgraph, _: &SourceMap, diagnostics: &mut Vec<Diagnostic>) {
    for ty in subgraph.types.values() {
        let arguments = ty.fields.values().flat_map(|field| field.arguments.values());
        let all = ty.applied.iter().chain(arguments.flat_map(|argument| &argument.applied));
        for applied in all.filter(|applied| is_context(applied)) {
            let message = format!("\"@{}\" is not supported", applied.directive.name);
            diagnostics.push(Diagnostic::error("UNSUPPORTED_FEATURE", message).at(applied.directive.span));
        }
    }
}

fn is_context(applied: &Applied) -> bool {
    matches!(applied.federation, Some(Federation::Context | Federation::FromContext))
}
