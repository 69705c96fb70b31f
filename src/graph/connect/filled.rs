//! Arguments that are filled from an object, in the spelling of Composite Schemas: `@is` of fields
//! that look entities up, and `@require`. Whoever reads that specification reports mistakes in them.

use crate::graph::language::ast::{Directive, FieldDefinition, InputValueDefinition};
use crate::graph::language::selection_map::{SelectedFields, SelectionMap};
use crate::platform::base::Name;
use crate::platform::base::span::Span;

use super::model::{FilledArgument, InputField};
use super::names::Names;
use super::types::Type;

/// The arguments of `field` that are taken from an object.
pub fn of(names: &Names, ty: &Type<'_>, field: &FieldDefinition) -> Vec<FilledArgument> {
    if names.lookup(&field.directives).is_none() {
        let required = field
            .arguments
            .iter()
            .filter_map(|argument| Some(filled(argument, map(names.require(&argument.directives)?)?)));
        return required.collect();
    }
    let renames = field.arguments.iter().any(|argument| names.is(&argument.directives).is_some());
    // Arguments that are named like the key need nothing said, unless nobody sees the field.
    if !renames && !names.is_internal(ty, field) {
        return Vec::new();
    }
    let all = field.arguments.iter().filter_map(|argument| {
        let map = match names.is(&argument.directives) {
            Some(is) => map(is)?,
            None => SelectionMap::field(argument.name.clone()),
        };
        Some(filled(argument, map))
    });
    all.collect()
}

/// What must be known of an object to fill `arguments`. `None` when these stand for several keys, or
/// for what is only known of some objects.
pub fn inputs(arguments: &[FilledArgument], span: Span) -> Option<Vec<InputField>> {
    let mut fields = SelectedFields::default();
    for argument in arguments {
        if has_alternatives(&argument.value) {
            return None;
        }
        fields.extend(argument.value.fields());
    }
    input_fields(&fields, span)
}

fn input_fields(fields: &SelectedFields, span: Span) -> Option<Vec<InputField>> {
    let fields = fields
        .plain()?
        .into_iter()
        .map(|(name, below)| Some(InputField { name: name.clone(), children: input_fields(below, span)?, span }));
    fields.collect()
}

fn has_alternatives(map: &SelectionMap) -> bool {
    let mut several = map.alternatives.len() > 1;
    map.each_below(&mut |below| several |= has_alternatives(below));
    several
}

fn filled(argument: &InputValueDefinition, value: SelectionMap) -> FilledArgument {
    let default = argument.default.as_ref().and_then(|value| value.to_input().to_json(&serde_json::Map::new()));
    FilledArgument { name: argument.name.value.clone(), value, non_null: argument.ty.is_non_null(), default }
}

fn map(directive: &Directive) -> Option<SelectionMap> {
    let value = directive.argument("field")?;
    SelectionMap::parse(value.as_str()?, &|_, _| value.span).ok()
}

/// The names of arguments that `field` requires of other subgraphs, with where they say so.
pub fn required<'a>(names: &Names, field: &'a FieldDefinition) -> Vec<(&'a Name, &'a Directive)> {
    let required = field.arguments.iter();
    required.filter_map(|argument| Some((&argument.name.value, names.require(&argument.directives)?))).collect()
}
