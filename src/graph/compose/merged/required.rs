//! What required arguments are filled with must exist in other subgraphs, and fit.

use crate::graph::compose::composite::Required;
use crate::graph::compose::composite::shapes::Shapes;
use crate::graph::compose::composite::types::Types;
use crate::graph::compose::merge::Merged;
use crate::graph::compose::subgraph::directives::Federation;
use crate::graph::compose::subgraph::model::{Annotated, Subgraph};
use crate::graph::language::ast::TypeDefinition;
use crate::platform::base::diagnostic::Diagnostic;

/// Checks every argument with `@require`.
pub fn check(merged: &Merged, subgraphs: &[Subgraph], diagnostics: &mut Vec<Diagnostic>) {
    for (index, subgraph) in subgraphs.iter().enumerate() {
        each(merged, subgraph, &mut |required, shapes| {
            let own =
                shapes.read.iter().filter(|(on, field, _)| !is_elsewhere(subgraphs, index, on, &field.name.value));
            let own = own
                .map(|(on, field, span)| (*span, format!("no other subgraph resolves \"{on}.{}\"", field.name.value)));
            for (span, problem) in own.chain(shapes.problems.iter().cloned()) {
                let message = format!(
                    "the argument \"{}\" of \"{}.{}\" cannot be filled: {problem}",
                    required.argument.name.value, required.ty, required.field
                );
                diagnostics.push(Diagnostic::error("REQUIRE_INVALID_FIELDS", message).at(span));
            }
        });
    }
}

/// Calls `visit` with each required argument of a subgraph, compared with the merged types.
pub fn each(merged: &Merged, subgraph: &Subgraph, visit: &mut dyn FnMut(&Required, &Shapes<'_>)) {
    let Some(composite) = &subgraph.composite else { return };
    let outputs = Types::of(merged.types.values());
    let inputs = inputs(merged, &composite.inputs);
    for required in &composite.required {
        let mut shapes = Shapes::new(&outputs, &inputs);
        shapes.compare(&required.ty, &required.map, &required.argument.ty, required.argument.name.span);
        visit(required, &shapes);
    }
}

/// A subgraph's own input types; scalars and enums are the whole graph's.
fn inputs<'a>(merged: &'a Merged, own: &'a [TypeDefinition]) -> Types<'a> {
    let others = merged.types.values().filter(|ty| own.iter().all(|own| own.name.value != ty.name.value));
    Types::of(own.iter().chain(others))
}

/// Whether another subgraph than that at `index` resolves a field.
fn is_elsewhere(subgraphs: &[Subgraph], index: usize, ty: &str, field: &str) -> bool {
    let others = subgraphs.iter().enumerate().filter(|(other, _)| *other != index);
    let mut found = others.filter_map(|(_, other)| other.types.get(ty)?.fields.get(field));
    found.any(|field| !field.has(Federation::External))
}
