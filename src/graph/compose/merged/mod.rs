//! The merged schema as a whole: what only shows once all subgraphs are together.

use crate::graph::compose::merge::Merged;
use crate::graph::compose::subgraph::model::Subgraph;
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::span::SourceMap;

/// Checks and completes the merged schema.
pub fn check(merged: &mut Merged, subgraphs: &[Subgraph], sources: &SourceMap, diagnostics: &mut Vec<Diagnostic>) {
    let _ = (merged, subgraphs, sources, diagnostics);
}
