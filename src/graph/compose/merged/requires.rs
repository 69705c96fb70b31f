//! What `@requires` passes as arguments must still exist in the merged schema.

use crate::graph::compose::merge::Merged;
use crate::graph::compose::subgraph::directives::Federation;
use crate::graph::compose::subgraph::field_set;
use crate::graph::compose::subgraph::model::{Annotated, Subgraph};
use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::span::SourceMap;

/// Checks the arguments in every `@requires`.
pub fn check(merged: &Merged, subgraphs: &[Subgraph], sources: &SourceMap, diagnostics: &mut Vec<Diagnostic>) {
    for subgraph in subgraphs {
        for ty in subgraph.types.values() {
            for requires in ty.fields.values().flat_map(|field| field.all(Federation::Requires)) {
                let Some(value) = requires.argument("fields") else { continue };
                let Ok(selections) = field_set::read(sources, value) else { continue };
                field_set::fields(subgraph, &ty.name.value, &selections, &mut |parent, field, selection| {
                    let target = merged.types.get(&parent.name.value);
                    let whole =
                        target.and_then(|ty| ty.fields.iter().find(|known| known.name.value == field.name.value));
                    let Some(whole) = whole else { return };
                    let given = |name: &str| selection.arguments.iter().any(|argument| &*argument.name.value == name);
                    let mandatory =
                        whole.arguments.iter().filter(|known| known.ty.is_non_null() && known.default.is_none());
                    // What the subgraph itself demands is another rule's.
                    let own = |name: &str| field.arguments.get(name).is_some_and(|own| own.ty.is_non_null());
                    for missing in mandatory.filter(|known| !given(&known.name.value) && !own(&known.name.value)) {
                        let message = format!(
                            "\"{}.{}\" needs its argument \"{}\": another subgraph demands it",
                            parent.name.value, field.name.value, missing.name.value
                        );
                        diagnostics.push(
                            Diagnostic::error("REQUIRES_INVALID_FIELDS", message)
                                .at(selection.name.span)
                                .label(missing.name.span, "the argument"),
                        );
                    }
                    for argument in &selection.arguments {
                        if whole.arguments.iter().any(|known| known.name.value == argument.name.value) {
                            continue;
                        }
                        let message = format!(
                            "\"{}.{}\" has no argument \"{}\" in all subgraphs",
                            parent.name.value, field.name.value, argument.name.value
                        );
                        diagnostics.push(
                            Diagnostic::error("REQUIRES_INVALID_FIELDS", message)
                                .at(argument.name.span)
                                .label(whole.name.span, "the field is resolved here"),
                        );
                    }
                });
            }
        }
    }
}
