//! There must be something to ask.

use crate::graph::compose::merge::Merged;
use crate::platform::base::diagnostic::Diagnostic;

/// Reports a graph without query fields.
pub fn check(merged: &Merged, diagnostics: &mut Vec<Diagnostic>) {
    let query = merged.types.get("Query");
    if query.is_none_or(|query| query.fields.is_empty()) {
        let finding = Diagnostic::error("NO_QUERIES", "no subgraph has a query field");
        let finding = query.into_iter().fold(finding, |finding, query| finding.at(query.name.span));
        diagnostics.push(finding.help("define a field of `type Query` in a subgraph"));
    }
}
