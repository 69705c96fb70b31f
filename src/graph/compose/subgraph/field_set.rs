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
    let ValueKind::String(text) = &value.kind else { return Err(Unreadable::NotText) };
    let literal = sources.slice(value.span).to_owned();
    let trimmed = text.trim();
    // The braces may be written, too.
    let inner = trimmed.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    let body = inner.unwrap_or(text);
    let base = body.as_ptr() as usize - text.as_ptr() as usize;
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
