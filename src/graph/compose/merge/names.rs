//! A directive that federation merges has one name in the supergraph, so all subgraphs that apply
//! it must call it alike.

use crate::graph::compose::subgraph::directives::Federation;
use crate::graph::compose::subgraph::model::Subgraph;
use crate::platform::base::Name;
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::span::Span;

use super::applied::is_merged;

/// Compares the names under which directives are applied.
pub fn check(subgraphs: &[Subgraph], diagnostics: &mut Vec<Diagnostic>) {
    let merged = |federation: &Federation| is_merged(*federation) || *federation == Federation::Context;
    for federation in Federation::ALL.iter().copied().filter(merged) {
        let mut names: Vec<(&Name, Span, &Subgraph)> = Vec::new();
        for subgraph in subgraphs {
            let mut found: Option<(&Name, Span)> = None;
            subgraph.each_applied(&mut |applied| {
                if applied.federation == Some(federation) {
                    found.get_or_insert((&applied.directive.name, applied.directive.span));
                }
            });
            if let Some((name, span)) = found.filter(|(name, _)| names.iter().all(|(known, ..)| known != name)) {
                names.push((name, span, subgraph));
            }
        }
        if names.len() > 1 {
            let message = format!("\"@{}\" has different names in different subgraphs", federation.name());
            let finding = Diagnostic::error("LINK_IMPORT_NAME_MISMATCH", message);
            let finding = names.iter().fold(finding, |finding, (name, span, subgraph)| {
                finding.label(*span, format!("\"@{name}\" in subgraph \"{}\"", subgraph.name))
            });
            diagnostics.push(finding.help("import it under the same name everywhere"));
        }
    }
}
