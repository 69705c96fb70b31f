//! Default values: they must agree; one that only some subgraphs give is dropped.

use crate::graph::compose::subgraph::model::Input;
use crate::graph::language::ast::Value;
use crate::platform::base::diagnostic::Diagnostic;

use super::merger::{Merger, Source};

/// What a mismatch of defaults is called.
pub struct Defaults {
    code: &'static str,
}

// === impl Defaults ===

impl Defaults {
    /// Defaults of arguments.
    pub const ARGUMENT: Defaults = Defaults { code: "FIELD_ARGUMENT_DEFAULT_MISMATCH" };
    /// Defaults of input fields.
    pub const INPUT_FIELD: Defaults = Defaults { code: "INPUT_FIELD_DEFAULT_MISMATCH" };

    /// The default all agree on.
    pub fn merge(&self, merger: &mut Merger<'_>, coordinate: &str, all: &[Source<'_, Input>]) -> Option<Value> {
        let given: Vec<(&Source<'_, Input>, &Value)> =
            all.iter().filter_map(|source| Some((source, source.item.default.as_ref()?))).collect();
        let (_, first) = given.first()?;
        let label = |finding: Diagnostic| {
            all.iter().fold(finding, |finding, source| {
                let name = &source.subgraph.name;
                match &source.item.default {
                    Some(value) => finding.label(value.span, format!("{} in subgraph \"{name}\"", value.to_input())),
                    None => finding.label(source.item.name.span, format!("no default in subgraph \"{name}\"")),
                }
            })
        };
        if given.iter().any(|(_, value)| value.to_input() != first.to_input()) {
            let message = format!("the defaults of \"{coordinate}\" differ");
            merger.report(label(Diagnostic::error(self.code, message)));
            return None;
        }
        if given.len() < all.len() {
            let message = format!("\"{coordinate}\" has a default only in some subgraphs, so it has none");
            merger.report(label(Diagnostic::warning("INCONSISTENT_DEFAULT_VALUE_PRESENCE", message)));
            return None;
        }
        Some((*first).clone())
    }
}
