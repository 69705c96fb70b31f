//! Contexts in the supergraph: a context is one subgraph's, so its name there carries the
//! subgraph's; the arguments it fills are no arguments to clients.

use crate::graph::compose::subgraph::context::FromContext;
use crate::graph::compose::subgraph::directives::Federation;
use crate::graph::compose::subgraph::model::{Annotated, Field, Subgraph, Type};
use crate::graph::language::ast::{Directive, Value, ValueKind};
use crate::platform::base::Name;
use crate::platform::base::span::Spanned;

use super::build;
use super::merger::Source;

/// `@context` of a type, of all subgraphs.
pub fn set(sources: &[Source<'_, Type>]) -> Vec<Directive> {
    let mut directives = Vec::new();
    for source in sources {
        for applied in source.item.all(Federation::Context) {
            let Some(name) = applied.text("name") else { continue };
            let name = build::text(qualified(source.subgraph, &name));
            directives.push(build::directive(Federation::Context.name(), vec![("name", name)], applied.directive.span));
        }
    }
    directives
}

/// Whether a field has arguments that are filled from a context.
pub fn is_contextual(field: &Field) -> bool {
    field.arguments.values().any(|argument| argument.has(Federation::FromContext))
}

/// `contextArguments` of `@join__field`, if there are any.
pub fn arguments(source: &Source<'_, Field>) -> Option<ValueKind> {
    let mut all = Vec::new();
    for argument in source.item.arguments.values() {
        let Some(applied) = argument.one(Federation::FromContext) else { continue };
        let Some(from) = FromContext::read(applied) else { continue };
        let span = applied.directive.span;
        let field = |name: &str, text: String| {
            (Spanned { value: Name::from(name), span }, Value { kind: build::text(text), span })
        };
        all.push(ValueKind::Object(vec![
            field("context", qualified(source.subgraph, &from.context)),
            field("name", argument.name.value.to_string()),
            field("type", argument.ty.to_string()),
            field("selection", from.selection.to_string()),
        ]));
    }
    (!all.is_empty()).then(|| build::list(all, source.item.name.span))
}

fn qualified(subgraph: &Subgraph, context: &str) -> String {
    format!("{}__{context}", subgraph.name)
}
