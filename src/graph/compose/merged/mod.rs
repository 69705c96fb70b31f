//! The merged schema as a whole: what only shows once all subgraphs are together.

mod auth;
mod implementations;
pub(super) mod inaccessible;
mod interfaces;
mod queries;
mod required;
mod requires;

use crate::graph::compose::merge::Merged;
use crate::graph::compose::subgraph::model::Subgraph;
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::span::SourceMap;

/// Checks and completes the merged schema.
pub fn check(merged: &mut Merged, subgraphs: &[Subgraph], sources: &SourceMap, diagnostics: &mut Vec<Diagnostic>) {
    queries::check(merged, diagnostics);
    interfaces::check(merged, subgraphs, diagnostics);
    implementations::check(merged, subgraphs, diagnostics);
    requires::check(merged, subgraphs, sources, diagnostics);
    required::check(merged, subgraphs, diagnostics);
    inaccessible::check(merged, diagnostics);
    auth::spread(merged, subgraphs, diagnostics);
    auth::check_read(merged, subgraphs, sources, diagnostics);
}
