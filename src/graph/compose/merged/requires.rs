//! What `@requires` passes as arguments must still exist in the merged schema.

use crate::graph::compose::composite::types::Types;
use crate::graph::compose::merge::Merged;
use crate::graph::compose::reads::constants;
use crate::graph::compose::subgraph::directives::Federation;
use crate::graph::compose::subgraph::field_set;
use crate::graph::compose::subgraph::model::{Annotated, Field, Subgraph, Type};
use crate::graph::language::ast::{self, FieldDefinition};
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::span::{SourceMap, Span};

/// Checks the arguments in every `@requires`.
pub fn check(merged: &Merged, subgraphs: &[Subgraph], sources: &SourceMap, diagnostics: &mut Vec<Diagnostic>) {
    let types = Types::of(merged.types.values());
    for subgraph in subgraphs {
        for ty in subgraph.types.values() {
            // What required arguments read is another rule's.
            let fields = ty.fields.values().filter(|field| !subgraph.has_required(&ty.name.value, &field.name.value));
            for requires in fields.flat_map(|field| field.all(Federation::Requires)) {
                let Some(value) = requires.argument("fields") else { continue };
                let Ok(selections) = field_set::read(sources, value) else { continue };
                field_set::fields(subgraph, &ty.name.value, &selections, &mut |parent, field, selection| {
                    let Some(whole) = types.field(&parent.name.value, &field.name.value) else { return };
                    arguments(&types, (parent, field), whole, selection, diagnostics);
                });
            }
        }
    }
}

fn arguments(
    types: &Types<'_>,
    (parent, field): (&Type, &Field),
    whole: &FieldDefinition,
    selection: &ast::Field,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let coordinate = format!("\"{}.{}\"", parent.name.value, field.name.value);
    let mut fail = |message: String, at: Span, (place, note): (Span, &str)| {
        diagnostics.push(Diagnostic::error("REQUIRES_INVALID_FIELDS", message).at(at).label(place, note));
    };
    let given = |name: &str| selection.arguments.iter().any(|argument| &*argument.name.value == name);
    let mandatory = whole.arguments.iter().filter(|known| known.ty.is_non_null() && known.default.is_none());
    // What the subgraph itself demands is another rule's.
    let own = |name: &str| field.arguments.get(name).is_some_and(|own| own.ty.is_non_null());
    for missing in mandatory.filter(|known| !given(&known.name.value) && !own(&known.name.value)) {
        let message =
            format!("{coordinate} needs its argument \"{}\": another subgraph demands it", missing.name.value);
        fail(message, selection.name.span, (missing.name.span, "the argument"));
    }
    for argument in &selection.arguments {
        let Some(known) = whole.arguments.iter().find(|known| known.name.value == argument.name.value) else {
            let message = format!("{coordinate} has no argument \"{}\" in all subgraphs", argument.name.value);
            fail(message, argument.name.span, (whole.name.span, "the field is resolved here"));
            continue;
        };
        if let Some(problem) = constants::problem(types, &known.ty, &argument.value) {
            let message = format!("{coordinate} cannot be read so in all subgraphs: {problem}");
            fail(message, argument.value.span, (known.name.span, "the argument"));
        }
    }
}
