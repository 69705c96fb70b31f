//! Unions: the union of members, remembering which subgraph knows which.

use crate::graph::compose::subgraph::model::Type;
use crate::graph::language::ast::{Directive, TypeDefinition};
use crate::platform::base::diagnostic::Diagnostic;

use super::build;
use super::merger::{Merger, Source};

/// Merges members into `merged`, one `@join__unionMember` a subgraph and member.
pub fn merge(
    merger: &mut Merger<'_>,
    sources: &[Source<'_, Type>],
    merged: &mut TypeDefinition,
    join: &mut Vec<Directive>,
) {
    for source in sources {
        for member in &source.item.members {
            if merged.members.iter().all(|known| known.value != member.value) {
                merged.members.push(member.clone());
            }
        }
    }
    for member in &merged.members {
        let mut missing = Vec::new();
        for source in sources {
            match source.item.members.iter().find(|known| known.value == member.value) {
                Some(known) => join.push(build::directive(
                    "join__unionMember",
                    vec![
                        ("graph", build::symbol(&source.subgraph.graph)),
                        ("member", build::text(member.value.clone())),
                    ],
                    known.span,
                )),
                None => missing.push(source),
            }
        }
        if !missing.is_empty() {
            let message = format!(
                "union \"{}\" has member \"{}\" only in some of its subgraphs",
                merged.name.value, member.value
            );
            let hint = Diagnostic::warning("INCONSISTENT_UNION_MEMBER", message).label(member.span, "defined here");
            let hint = missing.iter().fold(hint, |hint, source| {
                hint.label(source.item.name.span, format!("but not in subgraph \"{}\"", source.subgraph.name))
            });
            merger.report(hint);
        }
    }
}
