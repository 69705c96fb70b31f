//! What required arguments are filled with must exist in other subgraphs, and fit.

use std::collections::BTreeMap;

use crate::graph::compose::composite::Required;
use crate::graph::compose::composite::shapes::Shapes;
use crate::graph::compose::composite::types::Types;
use crate::graph::compose::merge::Merged;
use crate::graph::compose::reads::merging::Reads;
use crate::graph::compose::subgraph::directives::Federation;
use crate::graph::compose::subgraph::model::{Annotated, Subgraph};
use crate::graph::language::ast::{TypeDefinition, TypeKind};
use crate::graph::language::selection_map::{Selected, SelectionMap};
use crate::platform::base::Name;
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::span::Span;

/// Checks every argument with `@require`.
pub fn check(merged: &Merged, subgraphs: &[Subgraph], diagnostics: &mut Vec<Diagnostic>) {
    for (index, subgraph) in subgraphs.iter().enumerate() {
        each(merged, subgraph, &mut |required, shapes| {
            let own =
                shapes.read.iter().filter(|(on, field, _)| !is_elsewhere(subgraphs, index, on, &field.name.value));
            let own = own
                .map(|(on, field, span)| (*span, format!("no other subgraph resolves \"{on}.{}\"", field.name.value)));
            let abstract_conditions = if required.connected { conditions(merged, &required.map) } else { Vec::new() };
            for (span, problem) in own.chain(shapes.problems.iter().cloned()).chain(abstract_conditions) {
                let message = format!(
                    "the argument \"{}\" of \"{}.{}\" cannot be filled: {problem}",
                    required.argument.name.value, required.ty, required.field
                );
                diagnostics.push(Diagnostic::error("REQUIRE_INVALID_FIELDS", message).at(span));
            }
        });
        conflicts(merged, subgraph, diagnostics);
    }
}

/// Connectors know of an object which type it is, and no types that it belongs to.
fn conditions(merged: &Merged, map: &SelectionMap) -> Vec<(Span, String)> {
    let mut problems = Vec::new();
    for selected in &map.alternatives {
        let Selected::Path { path, .. } = selected else { continue };
        for on in path.on.iter().chain(path.steps.iter().filter_map(|step| step.on.as_ref())) {
            if merged.types.get(&on.value).is_some_and(|ty| ty.kind != TypeKind::Object) {
                let problem =
                    format!("for a connector a condition names an object type, which \"{}\" is not", on.value);
                problems.push((on.span, problem));
            }
        }
    }
    map.each_below(&mut |below| problems.extend(conditions(merged, below)));
    problems
}

/// All that one field requires comes in one representation.
fn conflicts(merged: &Merged, subgraph: &Subgraph, diagnostics: &mut Vec<Diagnostic>) {
    let required = subgraph.composite.iter().flat_map(|composite| &composite.required);
    let mut fields: BTreeMap<(&Name, &Name), Vec<&Required>> = BTreeMap::new();
    required.for_each(|required| fields.entry((&required.ty, &required.field)).or_default().push(required));
    let is_object = |name: &str| merged.types.get(name).is_some_and(|ty| ty.kind == TypeKind::Object);
    for ((ty, field), required) in fields {
        let mut reads = Reads::new(&is_object);
        required.iter().for_each(|required| reads.map(&required.map));
        for conflict in reads.conflicts() {
            let message = format!(
                "the arguments of \"{ty}.{field}\" cannot be filled: they read \"{}\" with other arguments, too",
                conflict.field
            );
            let finding = Diagnostic::error("REQUIRE_INVALID_FIELDS", message).at(conflict.span);
            diagnostics.push(finding.label(conflict.first, "read here first"));
        }
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
