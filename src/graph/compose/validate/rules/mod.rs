//! The rules for one subgraph, in the order they are applied.

mod auth;
mod cache_tags;
mod context_selections;
mod contexts;
mod costs;
mod externals;
mod field_sets;
mod interface_objects;
mod keys;
mod shareables;
mod tags;

use crate::graph::compose::subgraph::model::Subgraph;
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::span::SourceMap;

/// One rule: looks at a subgraph and reports.
pub type Rule = fn(&Subgraph, &SourceMap, &mut Vec<Diagnostic>);

/// Every rule.
pub const ALL: &[Rule] = &[
    field_sets::check,
    keys::check,
    externals::check,
    shareables::check,
    interface_objects::check,
    tags::check,
    auth::check,
    costs::check,
    contexts::check,
    cache_tags::check,
];
