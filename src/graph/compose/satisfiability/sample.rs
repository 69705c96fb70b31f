//! A sample operation that leads to a place.

use std::fmt::Write as _;

use crate::graph::federation::ids::{FieldId, TypeId};
use crate::graph::federation::supergraph::{InputDef, Supergraph, TypeRef};
use crate::graph::language::ast::{OperationKind, TypeKind};

/// One step of a path through the API schema.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Step {
    /// A field is selected.
    Field(FieldId),
    /// The object's type is narrowed.
    Type(TypeId),
}

/// The operation that takes these steps, indented.
pub(super) fn operation(graph: &Supergraph, kind: OperationKind, steps: &[Step]) -> String {
    let mut out = match kind {
        OperationKind::Query => "{\n".to_owned(),
        kind => format!("{} {{\n", kind.as_str()),
    };
    for (depth, step) in steps.iter().enumerate() {
        let indent = "  ".repeat(depth + 1);
        // Writing to a string cannot fail.
        let _ = match step {
            Step::Type(ty) => write!(out, "{indent}... on {}", graph.types[*ty].name),
            Step::Field(field) => write!(out, "{indent}{}{}", graph.fields[*field].name, arguments(graph, *field)),
        };
        out.push_str(if depth + 1 < steps.len() { " {\n" } else { "" });
    }
    match steps.last() {
        Some(Step::Type(_)) => out.push_str(" { __typename }"),
        Some(Step::Field(field)) if graph.types[graph.fields[*field].ty.inner].is_composite() => {
            out.push_str(" { ... }")
        }
        _ => {}
    }
    for depth in (0..steps.len()).rev() {
        let _ = write!(out, "\n{}}}", "  ".repeat(depth));
    }
    out
}

/// Only what must be given.
fn arguments(graph: &Supergraph, field: FieldId) -> String {
    let mandatory = |input: &&InputDef| input.ty.is_non_null() && input.default.is_none() && !input.inaccessible;
    let given: Vec<String> = graph.fields[field]
        .arguments
        .iter()
        .filter(mandatory)
        .map(|input| format!("{}: {}", input.name, sample(graph, &input.ty)))
        .collect();
    if given.is_empty() { String::new() } else { format!("({})", given.join(", ")) }
}

fn sample(graph: &Supergraph, ty: &TypeRef) -> String {
    if ty.is_list() {
        return "[]".into();
    }
    let def = &graph.types[ty.inner];
    match (def.kind, &*def.name) {
        (_, "ID" | "String") => "\"…\"".into(),
        (_, "Int") => "1".into(),
        (_, "Float") => "1.5".into(),
        (_, "Boolean") => "true".into(),
        (TypeKind::Enum, _) => def.values.first().map_or_else(|| "…".into(), |value| value.name.to_string()),
        _ => "…".into(),
    }
}
