//! Objects and interfaces: the union of fields and of what they implement.

use crate::graph::compose::subgraph::model::{Field, Type};
use crate::graph::language::ast::{Directive, TypeDefinition, TypeKind};
use crate::platform::base::diagnostic::Diagnostic;

use super::build;
use super::merger::{Merger, Source, union_of_names};
use super::{fields, presence};

/// Merges fields and interfaces into `merged`, with one `@join__implements` each.
pub fn merge(
    merger: &mut Merger<'_>,
    sources: &[Source<'_, Type>],
    merged: &mut TypeDefinition,
    join: &mut Vec<Directive>,
) {
    let mut implements = Vec::new();
    for source in sources {
        for interface in &source.item.interfaces {
            if merged.interfaces.iter().all(|known| known.value != interface.value) {
                merged.interfaces.push(interface.clone());
            }
            let arguments = vec![
                ("graph", build::symbol(&source.subgraph.graph)),
                ("interface", build::text(interface.value.clone())),
            ];
            implements.push(build::directive("join__implements", arguments, interface.span));
        }
    }
    join.splice(0..0, implements);
    check_interface_object(merger, sources, merged);
    let entity = presence::entity(merger, merged, sources);
    for name in union_of_names(sources, |ty| &ty.fields) {
        let known: Vec<Source<'_, Field>> = sources
            .iter()
            .filter_map(|source| {
                let item = source.item.fields.get(&name)?;
                Some(Source { index: source.index, subgraph: source.subgraph, item })
            })
            .collect();
        merged.fields.extend(fields::merge(merger, merged, sources, &known));
        if !entity {
            presence::field(merger, merged, &name, &known, sources);
        }
    }
}

/// An interface object needs the interface somewhere.
fn check_interface_object(merger: &mut Merger<'_>, sources: &[Source<'_, Type>], merged: &TypeDefinition) {
    if merged.kind != TypeKind::Interface || sources.iter().any(|source| source.item.kind == TypeKind::Interface) {
        return;
    }
    let message = format!("\"{}\" is an interface object, but no subgraph defines the interface", merged.name.value);
    let finding = sources.iter().fold(Diagnostic::error("INTERFACE_OBJECT_USAGE_ERROR", message), |finding, source| {
        finding.label(source.item.name.span, format!("in subgraph \"{}\"", source.subgraph.name))
    });
    merger.report(finding);
}
