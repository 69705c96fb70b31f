//! The rules for one subgraph, in the order they are applied.

use crate::graph::compose::subgraph::model::Subgraph;
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::span::SourceMap;

/// One rule: looks at a subgraph and reports.
pub type Rule = fn(&Subgraph, &SourceMap, &mut Vec<Diagnostic>);

/// Every rule.
pub const ALL: &[Rule] = &[];
