//! One subgraph by itself: first as GraphQL, then by the rules of federation, a rule a file.

mod graphql;
mod redefinitions;
pub mod rules;

pub use graphql::graphql;

use crate::graph::compose::subgraph::model::Subgraph;
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::span::SourceMap;

/// Applies every rule, in order; all findings are reported.
pub fn subgraph(subgraph: &Subgraph, sources: &SourceMap, diagnostics: &mut Vec<Diagnostic>) {
    rules::ALL.iter().for_each(|rule| rule(subgraph, sources, diagnostics));
}
