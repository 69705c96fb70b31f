//! Field sets: the strings of `@key`, `@requires` and `@provides`, with places inside them.

use crate::graph::language::ast::{Selection, Value, ValueKind};
use crate::graph::language::{parse, string};
use crate::platform::base::Name;
use crate::platform::base::diagnostic::{Diagnostic, Label};
use crate::platform::base::span::{SourceMap, Span};

use super::model::{Field, Subgraph, Type};

/// How deep a field set may nest.
const MAX_DEPTH: usize = 32;

/// Why a string is no field set.
pub enum Unreadable {
    /// It is not even a string.
    NotText,
    /// Its syntax is wrong, at these places.
    Syntax(Vec<Label>),
}

/// Parses the `fields` argument. Spans point into the file, inside the string.
pub fn read(sources: &SourceMap, value: &Value) -> Result<Vec<Selection>, Unreadable> {
    read_from(sources, value, 0)
}

/// Parses what stands in a string from a byte on, which must be a character's first.
pub fn read_from(sources: &SourceMap, value: &Value, start: usize) -> Result<Vec<Selection>, Unreadable> {
    let ValueKind::String(whole) = &value.kind else { return Err(Unreadable::NotText) };
    let text = whole.get(start..).unwrap_or_default();
    let literal = sources.slice(value.span).to_owned();
    let trimmed = text.trim();
    // The braces may be written, too.
    let inner = trimmed.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    let body = inner.unwrap_or(text);
    let base = body.as_ptr() as usize - whole.as_ptr() as usize;
    let place = |span: Span| {
        let (start, end) = (base + span.start as usize, base + span.end as usize);
        value.span.within(string::offset(&literal, start), string::offset(&literal, end.max(start)))
    };
    match parse::field_set(body, value.span.file) {
        Ok(mut selections) => {
            selections.iter_mut().for_each(|selection| shift(selection, &place));
            Ok(selections)
        }
        Err(found) => Err(Unreadable::Syntax(
            found
                .into_iter()
                .flat_map(|diagnostic: Diagnostic| {
                    let note = diagnostic.message;
                    diagnostic
                        .labels
                        .into_iter()
                        .take(1)
                        .map(move |label| Label { span: label.span, note: note.clone() })
                })
                .map(|label| Label { span: place(label.span), note: label.note })
                .collect(),
        )),
    }
}

fn shift(selection: &mut Selection, place: &impl Fn(Span) -> Span) {
    match selection {
        Selection::Field(field) => {
            field.span = place(field.span);
            field.name.span = place(field.name.span);
            for argument in &mut field.arguments {
                argument.name.span = place(argument.name.span);
                argument.value.span = place(argument.value.span);
            }
            field.directives.iter_mut().for_each(|directive| directive.span = place(directive.span));
            field.selections.iter_mut().flatten().for_each(|selection| shift(selection, place));
        }
        Selection::FragmentSpread { name, .. } => name.span = place(name.span),
        Selection::InlineFragment { on, directives, selections, span } => {
            *span = place(*span);
            if let Some(on) = on {
                on.span = place(on.span);
            }
            directives.iter_mut().for_each(|directive| directive.span = place(directive.span));
            selections.iter_mut().for_each(|selection| shift(selection, place));
        }
    }
}

/// A field set as its specification wants it in a supergraph: without the outer braces.
pub fn canonical(text: &str) -> Name {
    let trimmed = text.trim();
    match trimmed.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
        Some(inner) => inner.trim().into(),
        None => text.into(),
    }
}

/// The selections as text.
pub fn write(selections: &[Selection]) -> String {
    let mut parts = Vec::new();
    for selection in selections {
        parts.push(match selection {
            Selection::Field(field) => {
                let arguments: Vec<String> = field
                    .arguments
                    .iter()
                    .map(|argument| format!("{}: {}", argument.name.value, argument.value.to_input()))
                    .collect();
                let arguments =
                    if arguments.is_empty() { String::new() } else { format!("({})", arguments.join(", ")) };
                let below = field.selections.as_deref().map(braced).unwrap_or_default();
                format!("{}{arguments}{below}", field.name.value)
            }
            Selection::InlineFragment { on, selections, .. } => {
                let on = on.as_ref().map(|on| format!(" on {}", on.value)).unwrap_or_default();
                format!("...{on}{}", braced(selections))
            }
            Selection::FragmentSpread { name, .. } => format!("...{}", name.value),
        });
    }
    parts.join(" ")
}

fn braced(selections: &[Selection]) -> String {
    format!(" {{ {} }}", write(selections))
}

/// Calls `visit` with each field a field set selects: its parent type, its definition and the
/// selection. What does not exist is passed over: the validation rules tell of it.
pub fn fields<'a>(
    subgraph: &'a Subgraph,
    parent: &str,
    selections: &[Selection],
    visit: &mut dyn FnMut(&'a Type, &'a Field, &crate::graph::language::ast::Field),
) {
    walk(subgraph, parent, selections, MAX_DEPTH, visit);
}

fn walk<'a>(
    subgraph: &'a Subgraph,
    parent: &str,
    selections: &[Selection],
    depth: usize,
    visit: &mut dyn FnMut(&'a Type, &'a Field, &crate::graph::language::ast::Field),
) {
    let (Some(ty), Some(depth)) = (subgraph.types.get(parent), depth.checked_sub(1)) else { return };
    for selection in selections {
        match selection {
            Selection::Field(field) => {
                let Some(definition) = ty.fields.get(&field.name.value) else { continue };
                visit(ty, definition, field);
                if let Some(inner) = &field.selections {
                    walk(subgraph, &definition.ty.name().value, inner, depth, visit);
                }
            }
            Selection::InlineFragment { on, selections, .. } => {
                let on = on.as_ref().map_or(parent, |on| &on.value);
                walk(subgraph, on, selections, depth, visit);
            }
            Selection::FragmentSpread { .. } => {}
        }
    }
}
